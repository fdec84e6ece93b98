//! A picture of two colours, laid out as V4L2's documentation has each format.

use livestream::media::codec::Decoder;
use livestream::media::frame::{Chroma, Planar};

pub(crate) const WIDTH: usize = 64;
pub(crate) const HEIGHT: usize = 48;

/// Red, green and blue, 0 to 1.
pub(crate) type Colour = [f64; 3];

/// The left half and the right.
pub(crate) const HALVES: [Colour; 2] = [[0.78, 0.16, 0.16], [0.16, 0.24, 0.78]];

/// What luma and chroma mean: the parts of red and blue in luma, and whether they have all values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meaning {
    pub(crate) parts: (f64, f64),
    pub(crate) full: bool,
}

pub(crate) const BT601: Meaning = Meaning { parts: (0.299, 0.114), full: false };
pub(crate) const BT709: Meaning = Meaning { parts: (0.2126, 0.0722), full: false };
pub(crate) const BT2020: Meaning = Meaning { parts: (0.2627, 0.0593), full: false };

impl Meaning {
    /// The same with all values.
    pub(crate) const fn full(self) -> Self {
        Self { full: true, ..self }
    }

    fn samples(self, [r, g, b]: Colour) -> [u8; 3] {
        let (red, blue) = self.parts;
        let luma = red * r + (1.0 - red - blue) * g + blue * b;
        let chroma = [(b - luma) / (2.0 - 2.0 * blue), (r - luma) / (2.0 - 2.0 * red)];
        let (black, high, wide) =
            if self.full { (0.0, 255.0, 255.0) } else { (16.0, 219.0, 224.0) };
        let [cb, cr] = chroma.map(|part| (128.0 + wide * part).round().clamp(0.0, 255.0) as u8);
        [(black + high * luma).round() as u8, cb, cr]
    }
}

/// The bytes of a picture, each row of the first plane padded by so many.
pub(crate) fn picture(code: &str, meaning: Meaning, padding: usize) -> Vec<u8> {
    let colour = |x: usize| HALVES[usize::from(x >= WIDTH / 2)];
    let yuv = |x| meaning.samples(colour(x));
    let level = |part: f64| (part * 255.0).round() as u8;
    let rgb = |x| colour(x).map(level);
    let quads = |order: [usize; 4]| -> Vec<u8> {
        let of = |x| {
            let [luma, cb, cr] = yuv(x);
            order.map(|which| [luma, cb, luma, cr][which])
        };
        (0..WIDTH / 2).flat_map(|pair| of(pair * 2)).collect()
    };
    let chroma = |order: &[usize]| -> Vec<u8> {
        (0..WIDTH / 2)
            .flat_map(|pair| order.iter().map(move |&which| yuv(pair * 2)[which]))
            .collect()
    };
    let row = |y: usize| -> Vec<u8> {
        match code {
            "YUYV" => quads([0, 1, 2, 3]),
            "UYVY" => quads([1, 0, 3, 2]),
            "YVYU" => quads([0, 3, 2, 1]),
            "VYUY" => quads([3, 0, 1, 2]),
            "RGB3" => (0..WIDTH).flat_map(rgb).collect(),
            "BGR3" => (0..WIDTH).flat_map(|x| rgb(x).into_iter().rev()).collect(),
            "RGBP" => {
                let bits = |part: f64, most: f64| (part * most).round() as u16;
                let word =
                    |[r, g, b]: Colour| bits(r, 31.0) << 11 | bits(g, 63.0) << 5 | bits(b, 31.0);
                (0..WIDTH).flat_map(|x| word(colour(x)).to_le_bytes()).collect()
            }
            "BA81" => (0..WIDTH).map(|x| rgb(x)[[[2, 1], [1, 0]][y % 2][x % 2]]).collect(),
            "GBRG" => (0..WIDTH).map(|x| rgb(x)[[[1, 2], [0, 1]][y % 2][x % 2]]).collect(),
            "GRBG" => (0..WIDTH).map(|x| rgb(x)[[[1, 0], [2, 1]][y % 2][x % 2]]).collect(),
            "RGGB" => (0..WIDTH).map(|x| rgb(x)[[[0, 1], [1, 2]][y % 2][x % 2]]).collect(),
            _ => (0..WIDTH).map(|x| yuv(x)[0]).collect(),
        }
    };
    let padded = |mut bytes: Vec<u8>, by| {
        bytes.resize(bytes.len() + by, 0xEE);
        bytes
    };
    let mut bytes: Vec<u8> = (0..HEIGHT).flat_map(|y| padded(row(y), padding)).collect();
    let planes: &[&[usize]] = match code {
        "NV12" => &[&[1, 2]],
        "NV21" => &[&[2, 1]],
        "YU12" => &[&[1], &[2]],
        "YV12" => &[&[2], &[1]],
        _ => &[],
    };
    let padding = padding / planes.len().max(1);
    for order in planes {
        bytes.extend((0..HEIGHT / 2).flat_map(|_| padded(chroma(order), padding)));
    }
    bytes
}

/// The bytes of a row of the first plane.
pub(crate) fn row_bytes(code: &str) -> usize {
    match code {
        "YUYV" | "UYVY" | "YVYU" | "VYUY" | "RGBP" => WIDTH * 2,
        "RGB3" | "BGR3" => WIDTH * 3,
        _ => WIDTH,
    }
}

/// The colour in the middle of each half of a JPEG, 0 to 1.
#[track_caller]
pub(crate) fn halves(jpeg: &[u8]) -> [Colour; 2] {
    let planar: Planar =
        Decoder::new().and_then(|mut one| one.decode(jpeg)).expect("a JPEG that can be decoded");
    assert_eq!((planar.size.width as usize, planar.size.height as usize), (WIDTH, HEIGHT));
    let at = |x: usize| {
        let y = HEIGHT / 2;
        let luma = f64::from(planar.samples[y * WIDTH + x]) / 255.0;
        if planar.chroma == Chroma::Gray {
            return [luma; 3];
        }
        let (width, height) = planar.chroma.plane(planar.size);
        let place = y * height / HEIGHT * width + x * width / WIDTH;
        let [cb, cr] = [0, 1].map(|which| {
            let plane = &planar.samples[WIDTH * HEIGHT + which * width * height..];
            (f64::from(plane[place]) - 128.0) / 255.0
        });
        let (r, b) = (luma + 1.402 * cr, luma + 1.772 * cb);
        [r, (luma - 0.299 * r - 0.114 * b) / 0.587, b]
    };
    [at(WIDTH / 4), at(WIDTH * 3 / 4)]
}
