//! The pictures that are shown: made on the spot, the same for every server.

use std::fs;
use std::path::{Path, PathBuf};

use livestream::media::codec::Encoder;
use livestream::media::frame::{Chroma, Planar, Quality, Size};

/// Two seconds of pictures, as a clip and as a folder.
pub(crate) struct Clip {
    /// JPEGs one after another.
    pub file: PathBuf,
    /// The same, a file each: `00000.jpg`…
    pub folder: PathBuf,
    /// What one weighs.
    pub mean_bytes: usize,
}

impl Clip {
    /// Makes it in the build's own folder.
    pub(crate) fn make() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fanout");
        fs::create_dir_all(&folder).expect("the build's folder can be written");
        let mut encoder = Encoder::new().expect("an encoder");
        let quality = Quality::new(92).expect("a quality");
        let mut whole = Vec::new();
        for number in 0..FRAMES {
            let jpeg = encoder.encode(&picture(number), quality).expect("a picture is encoded");
            fs::write(folder.join(format!("{number:05}.jpg")), &jpeg).expect("it can be written");
            whole.extend_from_slice(&jpeg);
        }
        let file = folder.join("clip.mjpeg");
        fs::write(&file, &whole).expect("it can be written");
        Self { file, folder, mean_bytes: whole.len() / FRAMES }
    }
}

/// Waves that move, with a little grain: about what a camera in a room weighs.
fn picture(number: usize) -> Planar {
    let size = Size::new(1280, 720).expect("a size");
    let chroma = Chroma::Yuv422;
    let time = number as f64 * std::f64::consts::TAU / FRAMES as f64;
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

const FRAMES: usize = 60;
