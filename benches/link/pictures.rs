//! Pictures of the sizes that are asked for: small JPEGs, made heavier by comments.

use std::fs;
use std::path::{Path, PathBuf};

use livestream::media::codec::Encoder;
use livestream::media::frame::{Chroma, Planar, Quality, Size};

/// A folder of pictures.
pub(crate) struct Pictures {
    pub(crate) folder: PathBuf,
    pub(crate) mean_bytes: usize,
}

/// What pictures weigh, in turn, by name.
pub(crate) const SIZES: &[(&str, &[usize])] = &[
    ("tiny", &[700, 720, 690, 740]),
    ("small", &[2000, 8000, 3000, 5000]),
    ("middle", &[20_000]),
    ("large", &[70_000]),
    ("huge", &[3_000_000]),
    ("alternating", &[700, 300_000]),
    ("mixed", &[700, 2000, 8000, 70_000, 300_000, 1000]),
];

impl Pictures {
    /// Makes them in the build's own folder.
    pub(crate) fn make(name: &str, sizes: &[usize]) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("link").join(name);
        fs::create_dir_all(&folder).expect("the build's folder can be written");
        let mut all = 0;
        // More than one round, so that no two pictures that follow each other are the same.
        for number in 0..sizes.len() * ROUNDS {
            let jpeg = of_size(sizes[number % sizes.len()], number);
            all += jpeg.len();
            fs::write(folder.join(format!("{number:05}.jpg")), jpeg).expect("it can be written");
        }
        Self { folder, mean_bytes: all / (sizes.len() * ROUNDS) }
    }
}

/// A JPEG of so many bytes, or of the least that it takes.
fn of_size(bytes: usize, number: usize) -> Vec<u8> {
    let size = Size::new(16, 16).expect("a size");
    let chroma = Chroma::Yuv420;
    let samples = vec![(number * 20 % 200) as u8 + 20; chroma.bytes(size)];
    let quality = Quality::new(90).expect("a quality");
    let planar = Planar { size, chroma, samples };
    let jpeg = Encoder::new().and_then(|mut encoder| encoder.encode(&planar, quality));
    let jpeg = jpeg.expect("it can be encoded").to_vec();
    let (start, rest) = jpeg.split_at(2);
    let mut whole = start.to_vec();
    let mut missing = bytes.saturating_sub(jpeg.len());
    while missing > COMMENT_HEAD {
        let length = (missing - COMMENT_HEAD).min(MAX_COMMENT);
        whole.extend([0xff, 0xfe]);
        whole.extend(((length + 2) as u16).to_be_bytes());
        whole.extend(std::iter::repeat_n(b'x', length));
        missing -= length + COMMENT_HEAD;
    }
    whole.extend_from_slice(rest);
    whole
}

const ROUNDS: usize = 8;
/// A comment's marker and length.
const COMMENT_HEAD: usize = 4;
const MAX_COMMENT: usize = 65_533;
