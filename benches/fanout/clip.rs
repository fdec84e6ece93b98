//! The pictures that are shown: made on the spot, the same for every server.

#![allow(dead_code, reason = "each bench is a crate of its own and uses a part")]

use std::fs;
use std::path::{Path, PathBuf};

use crate::picture::{PERIOD, QUALITY, picture};
use livestream::media::codec::Encoder;

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
        let mut whole = Vec::new();
        for number in 0..PERIOD {
            let jpeg = encoder.encode(&picture(number), QUALITY).expect("a picture is encoded");
            fs::write(folder.join(format!("{number:05}.jpg")), &jpeg).expect("it can be written");
            whole.extend_from_slice(&jpeg);
        }
        let file = folder.join("clip.mjpeg");
        fs::write(&file, &whole).expect("it can be written");
        Self { file, folder, mean_bytes: whole.len() / PERIOD }
    }

    /// So many copies of it, each a file of its own, and so a source of its own.
    pub(crate) fn copies(&self, count: usize) -> Vec<PathBuf> {
        let copy = |number| {
            let path = self.folder.join(format!("copy-{number}.mjpeg"));
            fs::copy(&self.file, &path).expect("it can be written");
            path
        };
        (1..=count).map(copy).collect()
    }
}
