//! Turned, grey, softer, inverted and covered: held against libjpeg-turbo's own transforms, and
//! against the arithmetic on decoded samples.

use super::*;
use crate::jpeg::coefficients::{COVER, Patch, SHARPNESS};
use turbojpeg::{Transform, TransformOp};

/// What libjpeg-turbo calls each way to turn, by Exif's tag.
const TURNS: [(u16, TransformOp); 7] = [
    (2, TransformOp::Hflip),
    (3, TransformOp::Rot180),
    (4, TransformOp::Vflip),
    (5, TransformOp::Transpose),
    (6, TransformOp::Rot90),
    (7, TransformOp::Transverse),
    (8, TransformOp::Rot270),
];

fn by(tag: u16) -> Orientation {
    Orientation::from_tag(tag).unwrap()
}

fn whole(coefficients: &Coefficients) -> Vec<u8> {
    coefficients.requantized(Quality::BEST).to_vec()
}

fn transformed(jpeg: &[u8], op: TransformOp, gray: bool) -> Vec<u8> {
    let mut transform = Transform::op(op);
    (transform.trim, transform.gray) = (true, gray);
    turbojpeg::transform(&transform, jpeg).unwrap().to_vec()
}

#[test]
fn turned_it_is_what_jpegtran_makes_of_it() {
    for chroma in CHROMAS {
        for (width, height) in [(96, 64), (75, 53), (33, 48), (48, 33), (32, 16)] {
            let source = jpeg(&picture(width, height, chroma), 85);
            let coefficients = Coefficients::read(&source).unwrap();
            for (tag, op) in TURNS {
                let reference = transformed(&source, op, false);
                let ours = coefficients.turned(by(tag)).unwrap();
                let (mine, its) = (decoded(&whole(&ours)), decoded(&reference));
                let what = format!("{chroma:?} {width}x{height} {op:?}");
                assert_eq!((mine.width, mine.height), (its.width, its.height), "{what}");
                assert_eq!((mine.subsamp, mine.pixels), (its.subsamp, its.pixels), "{what}");
                if width % 16 == 0 && height % 16 == 0 {
                    // Coefficient by coefficient, and table by table.
                    let again = Coefficients::read(&reference).unwrap();
                    assert_eq!(ours.entries, again.entries, "{what}");
                    assert_eq!(ours.layout.components.len(), again.layout.components.len());
                    assert_eq!(ours.layout.tables[0], again.layout.tables[0], "{what}");
                }
            }
        }
    }
}

#[test]
fn with_restart_markers_and_rare_samplings_it_is_the_same() {
    for name in
        ["restart", "411", "411-restart", "441", "410", "420", "422", "444", "gray22", "3x1"]
    {
        let path = format!("{}/tests/data/jpeg/{name}.jpg", env!("CARGO_MANIFEST_DIR"));
        let source = std::fs::read(path).unwrap();
        let Ok(coefficients) = Coefficients::read(&source) else {
            panic!("{name} is a baseline JPEG");
        };
        for (tag, op) in TURNS {
            let (Some(ours), reference) =
                (coefficients.turned(by(tag)), transformed(&source, op, false))
            else {
                continue;
            };
            let pixels = |jpeg: &[u8]| {
                turbojpeg::decompress(jpeg, PixelFormat::RGB).map(|image| image.pixels)
            };
            let (mine, its) = (pixels(&whole(&ours)).unwrap(), pixels(&reference).unwrap());
            assert!(mine == its, "{name} {op:?}");
        }
    }
}

#[test]
fn turns_add_up_and_four_quarters_change_nothing() {
    for chroma in CHROMAS {
        let source = jpeg(&picture(96, 64, chroma), 80);
        let coefficients = Coefficients::read(&source).unwrap();
        for one in Orientation::all() {
            for other in Orientation::all() {
                let steps = coefficients.turned(one).unwrap().turned(other).unwrap();
                assert_eq!(steps, coefficients.turned(one.then(other)).unwrap());
            }
        }
    }
}

#[test]
fn of_less_than_an_mcu_nothing_can_come_to_the_other_side() {
    let source = jpeg(&picture(9, 40, Subsamp::Sub2x2), 80);
    let coefficients = Coefficients::read(&source).unwrap();
    assert!(coefficients.turned(by(2)).is_none());
    let flipped = coefficients.turned(by(4)).unwrap();
    assert_eq!(flipped.layout.size, Size::new(9, 32).unwrap(), "a partial MCU is cut off");
}

#[test]
fn grey_is_what_jpegtran_makes_of_it() {
    for chroma in CHROMAS {
        for (width, height) in [(96, 64), (75, 53)] {
            let source = jpeg(&picture(width, height, chroma), 85);
            let ours = Coefficients::read(&source).unwrap().grey().unwrap();
            let reference = decoded(&transformed(&source, TransformOp::None, true));
            assert_eq!(decoded(&whole(&ours)).pixels, reference.pixels, "{chroma:?}");
        }
    }
    let path = format!("{}/tests/data/jpeg/rgb.jpg", env!("CARGO_MANIFEST_DIR"));
    let rgb = Coefficients::read(&std::fs::read(path).unwrap()).unwrap();
    assert!(rgb.grey().is_none(), "of red, green and blue none is luma");
}

#[test]
fn inverted_it_is_255_less_what_it_was() {
    for chroma in CHROMAS {
        let source = jpeg(&picture(96, 64, chroma), 95);
        let before = decoded(&source);
        let after = decoded(&whole(&Coefficients::read(&source).unwrap().inverted()));
        let (luma, rest) = (96 * 64, before.pixels.len());
        for at in 0..rest {
            let wished = if at < luma { 255 } else { 256 } - i32::from(before.pixels[at]);
            let off = (wished.min(255) - i32::from(after.pixels[at])).abs();
            assert!(off <= 1, "{chroma:?} at {at}: {off}");
        }
    }
}

/// Each block of 8 by 8 through the kernel, its samples mirrored at its edges.
fn by_kernel(plane: &[u8], width: usize, gain: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let height = plane.len() / width;
    let mirrored = |at: isize| if at < 0 { -1 - at } else if at > 7 { 15 - at } else { at } as usize;
    let weights = [1.0, 4.0, 6.0, 4.0, 1.0].map(|weight| weight / 16.0);
    let mut out = vec![0.0; plane.len()];
    for y in 0..height {
        for x in 0..width {
            let (left, top) = (x / 8 * 8, y / 8 * 8);
            let mut soft = 0.0;
            for (dy, down) in weights.iter().enumerate() {
                for (dx, across) in weights.iter().enumerate() {
                    let row = top + mirrored((y - top + dy) as isize - 2);
                    let column = left + mirrored((x - left + dx) as isize - 2);
                    soft += down * across * f64::from(plane[row * width + column]);
                }
            }
            out[y * width + x] = gain(f64::from(plane[y * width + x]), soft).clamp(0.0, 255.0);
        }
    }
    out
}

#[test]
fn softer_and_sharper_are_what_the_kernel_makes_of_each_block() {
    let source = jpeg(&picture(96, 64, Subsamp::Gray), 100);
    let coefficients = Coefficients::read(&source).unwrap();
    let before = decoded(&source).pixels;
    let soft: fn(f64, f64) -> f64 = |_, soft| soft;
    let sharp: fn(f64, f64) -> f64 = |whole, soft| whole + SHARPNESS * (whole - soft);
    for (what, ours, gain) in
        [("softer", coefficients.softer(), soft), ("sharper", coefficients.sharper(), sharp)]
    {
        let wished = by_kernel(&before, 96, gain);
        let after = decoded(&whole(&ours)).pixels;
        let pairs = wished.iter().zip(&after).map(|(one, other)| (one - f64::from(*other)).abs());
        let (most, sum) = pairs.fold((0.0_f64, 0.0), |(most, sum), off| (most.max(off), sum + off));
        let mean = sum / after.len() as f64;
        assert!(most < 4.0 && mean < 0.8, "{what}: {most:.2} at most, {mean:.2} on average");
        assert_ne!(after, before);
    }
}

#[test]
fn what_is_covered_is_gone_and_the_rest_is_as_it_was() {
    for chroma in CHROMAS {
        let source = jpeg(&picture(75, 53, chroma), 90);
        let coefficients = Coefficients::read(&source).unwrap();
        let (mcu_width, mcu_height) = coefficients.layout.mcu_pixels();
        let patch = Patch { left: 17, top: 9, right: 41, bottom: 30 };
        let covered = coefficients.covered(&[patch]);
        let (before, after) = (decoded(&source).pixels, decoded(&whole(&covered)).pixels);
        let (left, top) = (17 / mcu_width * mcu_width, 9 / mcu_height * mcu_height);
        let (right, bottom) =
            (41_u32.next_multiple_of(mcu_width), 30_u32.next_multiple_of(mcu_height));
        // Rows of what is decoded are aligned.
        let width = 75_usize.next_multiple_of(4);
        for y in 0..53_u32 {
            for x in 0..75_u32 {
                let at = y as usize * width + x as usize;
                let inside = (left..right).contains(&x) && (top..bottom).contains(&y);
                match inside {
                    true => assert!(after[at].abs_diff(COVER) <= 2, "{chroma:?} {x},{y}"),
                    false => assert_eq!(after[at], before[at], "{chroma:?} {x},{y}"),
                }
            }
        }
        let everywhere = Patch { left: 0, top: 0, right: 75, bottom: 53 };
        assert!(coefficients.covered(&[everywhere]).entries.iter().all(|entry| entry.place == 0));
        let outside = Patch { left: 500, top: 500, right: 600, bottom: 600 };
        assert_eq!(coefficients.covered(&[outside]), coefficients);
    }
}
