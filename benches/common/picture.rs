//! What the benches look at: a picture that weighs about what a camera's does.

use livestream::media::frame::{Chroma, Planar, Quality, Size};

/// Waves that move, with a little grain: about what a camera in a room weighs.
pub(crate) fn picture(number: usize) -> Planar {
    let size = Size::new(1280, 720).expect("a size");
    let chroma = Chroma::Yuv422;
    let time = number as f64 * std::f64::consts::TAU / PERIOD as f64;
    let mut seed = number as u32 + 1;
    let mut samples = Vec::with_capacity(chroma.bytes(size));
    for y in 0..720 {
        for x in 0..1280 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let grain = if seed >> 26 == 0 { 2.0 } else { 0.0 };
            let (x, y) = (f64::from(x) / 60.0, f64::from(y) / 60.0);
            let wave = (x + time.sin() * 2.0).sin() * (y + time.cos()).cos();
            samples.push((128.0 + 80.0 * wave + grain) as u8);
        }
    }
    for plane in 0..2 {
        for y in 0..720 {
            for x in 0..640 {
                let (x, y) = (f64::from(x) / 90.0, f64::from(y) / 90.0);
                samples.push((128.0 + 40.0 * (x + y + f64::from(plane) + time).sin()) as u8);
            }
        }
    }
    Planar { size, chroma, samples }
}

/// What webcams use, or near it.
pub(crate) const QUALITY: Quality = Quality::new(92).expect("92 is a quality");
/// After so many pictures they repeat.
pub(crate) const PERIOD: usize = 60;
