use super::*;
use crate::media::frame::Chroma;

const FULL: Colours = Colours { matrix: Matrix::Bt601, range: Range::Full };

fn size(width: u32, height: u32) -> Size {
    Size::new(width, height).unwrap()
}

fn usual(encoding: Encoding, size: Size) -> Layout {
    Layout { encoding, size, stride: None, colours: Colours::USUAL }
}

/// What a picture is before a camera lays it out: samples of each pixel, and what they mean.
struct Scene {
    size: Size,
    bytes: Vec<u8>,
}

/// Not random, but as good: no two neighbours alike, all values.
fn noise(length: usize, seed: u32) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..length).map(next).collect()
}

impl Scene {
    fn new(size: Size, seed: u32) -> Self {
        let pixels = size.width as usize * size.height as usize;
        Self { size, bytes: noise(pixels * 3, seed) }
    }

    /// One of the three samples of a pixel; beyond the edge, of the last one.
    fn at(&self, x: usize, y: usize, which: usize) -> u8 {
        let (width, height) = (self.size.width as usize, self.size.height as usize);
        self.bytes[(y.min(height - 1) * width + x.min(width - 1)) * 3 + which]
    }

    fn rows(&self) -> std::ops::Range<usize> {
        0..self.size.height as usize
    }

    fn columns(&self) -> std::ops::Range<usize> {
        0..self.size.width as usize
    }
}

/// Lays a scene out as V4L2's documentation has it, each row padded by so many bytes. Where
/// chroma is subsampled it is that of the first pixel.
fn laid_out(scene: &Scene, encoding: Encoding, padding: usize) -> (Vec<u8>, usize) {
    let (width, height) = (scene.size.width as usize, scene.size.height as usize);
    let (pairs, pair_rows) = (width.div_ceil(2), height.div_ceil(2));
    let mut out = Vec::new();
    let mut row = |bytes: Vec<u8>, stride: usize| {
        out.extend_from_slice(&bytes);
        out.resize(out.len() + stride - bytes.len(), 0xEE);
    };
    let stride = padding
        + match encoding {
            Encoding::Yuyv | Encoding::Uyvy | Encoding::Yvyu | Encoding::Vyuy => pairs * 4,
            Encoding::Rgb | Encoding::Bgr => width * 3,
            Encoding::Rgb565 => width * 2,
            _ => width,
        };
    for y in scene.rows() {
        let pixel = |x| [0, 1, 2].map(|which| scene.at(x, y, which));
        let quad = |x: usize, order: fn([u8; 4]) -> [u8; 4]| {
            let [luma, cb, cr] = pixel(2 * x);
            order([luma, cb, scene.at(2 * x + 1, y, 0), cr])
        };
        let quads =
            |order: fn([u8; 4]) -> [u8; 4]| (0..pairs).flat_map(|x| quad(x, order)).collect();
        let bytes: Vec<u8> = match encoding {
            Encoding::Yuyv => quads(|quad| quad),
            Encoding::Uyvy => quads(|[a, cb, b, cr]| [cb, a, cr, b]),
            Encoding::Yvyu => quads(|[a, cb, b, cr]| [a, cr, b, cb]),
            Encoding::Vyuy => quads(|[a, cb, b, cr]| [cr, a, cb, b]),
            Encoding::Rgb => scene.columns().flat_map(pixel).collect(),
            Encoding::Bgr => scene.columns().flat_map(|x| pixel(x).into_iter().rev()).collect(),
            Encoding::Rgb565 => {
                let word = |[r, g, b]: [u8; 3]| {
                    u16::from(r >> 3) << 11 | u16::from(g >> 2) << 5 | u16::from(b >> 3)
                };
                scene.columns().flat_map(|x| word(pixel(x)).to_le_bytes()).collect()
            }
            _ => scene.columns().map(|x| pixel(x)[filter(encoding, x, y)]).collect(),
        };
        row(bytes, stride);
    }
    let chroma = |x: usize, y: usize, which| scene.at(2 * x, 2 * y, which);
    match encoding {
        Encoding::Nv12 | Encoding::Nv21 => {
            let order = if encoding == Encoding::Nv12 { [1, 2] } else { [2, 1] };
            for y in 0..pair_rows {
                let both = |x| order.map(|which| chroma(x, y, which));
                row((0..pairs).flat_map(both).collect(), stride.max(pairs * 2));
            }
        }
        Encoding::Yu12 | Encoding::Yv12 => {
            for which in if encoding == Encoding::Yu12 { [1, 2] } else { [2, 1] } {
                for y in 0..pair_rows {
                    let bytes = (0..pairs).map(|x| chroma(x, y, which)).collect();
                    row(bytes, stride.div_ceil(2));
                }
            }
        }
        _ => {}
    }
    (out, stride)
}

/// Which of red, green and blue a sensor sees at a place; luma of what is no sensor's.
fn filter(encoding: Encoding, x: usize, y: usize) -> usize {
    let corner = (y % 2) * 2 + x % 2;
    match encoding {
        Encoding::BayerBggr => [2, 1, 1, 0][corner],
        Encoding::BayerGbrg => [1, 2, 0, 1][corner],
        Encoding::BayerGrbg => [1, 0, 2, 1][corner],
        Encoding::BayerRggb => [0, 1, 1, 2][corner],
        _ => 0,
    }
}

/// Red, green and blue, 0 to 1, of luma and chroma that a camera sent, by the formulas of the
/// standards.
fn light(colours: Colours, [luma, cb, cr]: [u8; 3]) -> [f64; 3] {
    let (red, blue) = match colours.matrix {
        Matrix::Bt601 => (0.299, 0.114),
        Matrix::Bt709 => (0.2126, 0.0722),
        Matrix::Bt2020 => (0.2627, 0.0593),
        Matrix::Smpte240M => (0.212, 0.087),
    };
    let (luma, cb, cr) = match colours.range {
        Range::Full => (
            f64::from(luma) / 255.0,
            (f64::from(cb) - 128.0) / 255.0,
            (f64::from(cr) - 128.0) / 255.0,
        ),
        Range::Limited => (
            (f64::from(luma) - 16.0) / 219.0,
            (f64::from(cb) - 128.0) / 224.0,
            (f64::from(cr) - 128.0) / 224.0,
        ),
    };
    let (r, b) = (luma + 2.0 * (1.0 - red) * cr, luma + 2.0 * (1.0 - blue) * cb);
    [r, (luma - red * r - blue * b) / (1.0 - red - blue), b]
}

/// JFIF's luma and chroma of light.
fn jfif([r, g, b]: [f64; 3]) -> [f64; 3] {
    let luma = 0.299 * r + 0.587 * g + 0.114 * b;
    [luma * 255.0, (b - luma) / 1.772 * 255.0 + 128.0, (r - luma) / 1.402 * 255.0 + 128.0]
}

/// The light of a pixel as the camera's bytes have it.
fn seen(scene: &Scene, layout: &Layout, x: usize, y: usize) -> [f64; 3] {
    let level = |sample: f64| match layout.colours.range {
        Range::Full => sample / 255.0,
        Range::Limited => ((sample - 16.0) / 219.0).clamp(0.0, 1.0),
    };
    let value = |sample: u8| level(f64::from(sample));
    let pixel = [0, 1, 2].map(|which| scene.at(x, y, which));
    match layout.encoding {
        Encoding::Rgb | Encoding::Bgr => pixel.map(value),
        Encoding::Rgb565 => {
            let [r, g, b] = pixel;
            [(r >> 3, 31.0), (g >> 2, 63.0), (b >> 3, 31.0)]
                .map(|(bits, most)| level(f64::from(bits) * 255.0 / most))
        }
        encoding => [0, 1, 2].map(|colour| level(interpolated(scene, encoding, x, y, colour))),
    }
}

/// The mean of the neighbours that have a colour, the picture mirrored at its edges.
fn interpolated(scene: &Scene, encoding: Encoding, x: usize, y: usize, colour: usize) -> f64 {
    let mirrored = |at: usize, by: isize, count: usize| {
        let to = at as isize + by;
        let to = if to < 0 {
            1
        } else if to >= count as isize {
            at as isize - 1
        } else {
            to
        };
        to.clamp(0, count as isize - 1) as usize
    };
    let own = |x, y| filter(encoding, x, y);
    if own(x, y) == colour {
        return f64::from(scene.at(x, y, colour));
    }
    let (width, height) = (scene.size.width as usize, scene.size.height as usize);
    let around = (-1..=1).flat_map(|down| (-1..=1).map(move |across| (across, down)));
    let places =
        around.map(|(across, down)| (mirrored(x, across, width), mirrored(y, down, height)));
    let values: Vec<f64> = places
        .filter(|&(x, y)| own(x, y) == colour)
        .map(|(x, y)| f64::from(scene.at(x, y, colour)))
        .collect();
    values.iter().sum::<f64>() / values.len() as f64
}

/// What should come out, luma and each chroma by its place.
fn expected(scene: &Scene, layout: &Layout, chroma: Chroma) -> Vec<f64> {
    let luma_and_chroma = !layout.encoding.is_rgb();
    let grey = layout.encoding == Encoding::Grey;
    let step_y = if chroma == Chroma::Yuv420 { 2 } else { 1 };
    let of = |x: usize, y: usize| {
        let (from_x, from_y) = (x / 2 * 2, y / step_y * step_y);
        let [cb, cr] = [1, 2].map(|which| if grey { 128 } else { scene.at(from_x, from_y, which) });
        jfif(light(layout.colours, [scene.at(x, y, 0), cb, cr]))
    };
    let mut out = Vec::new();
    for y in scene.rows() {
        for x in scene.columns() {
            out.push(if luma_and_chroma {
                of(x, y)[0]
            } else {
                jfif(seen(scene, layout, x, y))[0]
            });
        }
    }
    let (pairs, pair_rows) = chroma.plane(scene.size);
    for which in [1, 2] {
        for (y, x) in (0..pair_rows).flat_map(|y| (0..pairs).map(move |x| (y, x))) {
            out.push(if luma_and_chroma {
                of(x * 2, y * step_y)[which]
            } else {
                let clamp = |x: usize, y: usize| {
                    (x.min(scene.columns().end - 1), y.min(scene.rows().end - 1))
                };
                let four = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(across, down)| {
                    let (x, y) = clamp(2 * x + across, 2 * y + down);
                    jfif(seen(scene, layout, x, y))[which]
                });
                four.iter().sum::<f64>() / 4.0
            });
        }
    }
    out.into_iter().map(|value| value.clamp(0.0, 255.0)).collect()
}

fn all_colours() -> impl Iterator<Item = Colours> {
    [Matrix::Bt601, Matrix::Bt709, Matrix::Bt2020, Matrix::Smpte240M].into_iter().flat_map(
        |matrix| [Range::Full, Range::Limited].map(move |range| Colours { matrix, range }),
    )
}

#[test]
fn every_format_is_right_to_two_levels_at_odd_sizes_and_padded_strides() {
    let sizes = [(1, 1), (2, 2), (3, 3), (2, 5), (7, 2), (33, 17), (64, 48), (101, 31)];
    for encoding in Encoding::ALL.into_iter().filter(|encoding| !encoding.is_jpeg()) {
        for (colours, (width, height)) in all_colours().flat_map(|c| sizes.map(|s| (c, s))) {
            // A sensor of one row or column sees no more than one or two colours.
            let whole = width > 1 && height > 1;
            if encoding.is_rgb() && !whole && !matches!(encoding, Encoding::Rgb | Encoding::Bgr) {
                continue;
            }
            for padding in [0, 2, 30, 64] {
                let scene = Scene::new(size(width, height), width * 31 + height);
                let (bytes, stride) = laid_out(&scene, encoding, padding);
                let layout = Layout { encoding, size: scene.size, stride: Some(stride), colours };
                let case = format!("{layout:?}");
                let planar = planes(&layout, &bytes).unwrap_or_else(|| panic!("{case}"));
                let expected = expected(&scene, &layout, planar.chroma);
                assert_eq!(planar.samples.len(), expected.len(), "{case}");
                for (at, (got, want)) in planar.samples.iter().zip(expected).enumerate() {
                    let off = (f64::from(*got) - want).abs();
                    assert!(off <= 2.0, "{case}: {got} for {want} at {at}");
                }
            }
        }
    }
}

#[test]
fn the_last_rows_padding_may_be_missing_and_a_byte_of_the_picture_not() {
    for encoding in Encoding::ALL.into_iter().filter(|encoding| !encoding.is_jpeg()) {
        for padding in [0, 2, 30] {
            let scene = Scene::new(size(6, 4), 1);
            let (mut bytes, stride) = laid_out(&scene, encoding, padding);
            let layout = Layout { stride: Some(stride), ..usual(encoding, scene.size) };
            let half = matches!(encoding, Encoding::Yu12 | Encoding::Yv12);
            bytes.truncate(bytes.len() - if half { padding / 2 } else { padding });
            assert!(planes(&layout, &bytes).is_some(), "{encoding:?}");
            bytes.pop();
            assert_eq!(planes(&layout, &bytes), None, "{encoding:?}");
            assert_eq!(planes(&layout, &[]), None, "{encoding:?}");
        }
    }
}

#[test]
fn a_driver_that_tells_no_stride_is_read_by_the_buffers_length() {
    for encoding in Encoding::ALL.into_iter().filter(|encoding| !encoding.is_jpeg()) {
        for padding in [0, 2, 30] {
            let scene = Scene::new(size(64, 48), 1);
            let (bytes, stride) = laid_out(&scene, encoding, padding);
            let told = Layout { stride: Some(stride), ..usual(encoding, scene.size) };
            // Less than a row cannot be meant.
            for silent in [None, Some(0), Some(3)] {
                let layout = Layout { stride: silent, ..told };
                assert_eq!(planes(&layout, &bytes), planes(&told, &bytes), "{layout:?} {padding}");
            }
        }
    }
    let layout = usual(Encoding::Grey, size(4, 2));
    assert_eq!(planes(&layout, &[0; 10_000]), None, "far too long");
}

#[test]
fn black_and_white_of_each_range_are_black_and_white() {
    for (colours, black, white) in [(FULL, 0, 255), (Colours::USUAL, 16, 235)] {
        for encoding in Encoding::ALL.into_iter().filter(|encoding| !encoding.is_jpeg()) {
            let layout = Layout { colours, ..usual(encoding, size(4, 4)) };
            for (level, out) in [(black, 0), (white, 255)] {
                let chroma = if encoding.is_rgb() { level } else { 128 };
                let bytes = [level, chroma, chroma].repeat(16);
                let scene = Scene { size: layout.size, bytes };
                let (bytes, stride) = laid_out(&scene, encoding, 0);
                let planar = planes(&Layout { stride: Some(stride), ..layout }, &bytes).unwrap();
                // Five bits have no 16 and no 235.
                let slack = if encoding == Encoding::Rgb565 { 9 } else { 0 };
                let far = |sample: u8| i32::from(sample).abs_diff(out) > slack;
                assert!(!planar.luma().iter().any(|&sample| far(sample)), "{layout:?} {level}");
            }
        }
    }
}

#[test]
fn red_green_blue_become_the_primaries_of_jpeg() {
    for (rgb, ycc) in [
        ([255, 0, 0], [76, 85, 255]),
        ([0, 255, 0], [150, 43, 21]),
        ([0, 0, 255], [29, 255, 107]),
        ([255, 255, 255], [255, 128, 128]),
        ([0, 0, 0], [0, 128, 128]),
    ] {
        let layout = Layout { colours: FULL, ..usual(Encoding::Rgb, size(3, 3)) };
        let bytes = rgb.repeat(9);
        let planar = planes(&layout, &bytes).unwrap();
        let expected = [[ycc[0]; 9].as_slice(), &[ycc[1]; 4], &[ycc[2]; 4]].concat();
        assert_eq!(planar.samples, expected, "{rgb:?}");
        let turned: Vec<u8> = bytes.iter().rev().copied().collect();
        let layout = Layout { encoding: Encoding::Bgr, ..layout };
        assert_eq!(planes(&layout, &turned), Some(planar));
    }
}
