//! Pictures, and the three forms of clips that hold them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use livestream::media::codec::Encoder;
use livestream::media::frame::{Chroma, Planar, Quality, Size};

/// The forms of a clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Five digits of length before each JPEG, as the networking lab's `movie.Mjpeg`.
    Lab,
    /// JPEGs one after another.
    Concat,
    /// AVI with MJPEG, at this rate.
    Avi { fps: u32 },
}

/// So many different pictures: a light bar that stands at another place in each.
pub(crate) fn jpegs(width: u32, height: u32, count: u32, quality: u8) -> Vec<Vec<u8>> {
    let picture = |number: u32| {
        encode(width, height, quality, |x, y| {
            let bar = x * count / width == number;
            if bar { 220 } else { (x * 3 + y * 5) as u8 / 2 }
        })
    };
    (0..count).map(picture).collect()
}

/// A picture that no encoder makes small.
pub(crate) fn noise(width: u32, height: u32, seed: u32, quality: u8) -> Vec<u8> {
    let mut random = Random::new(u64::from(seed));
    encode(width, height, quality, |_, _| random.byte())
}

fn encode(width: u32, height: u32, quality: u8, mut luma: impl FnMut(u32, u32) -> u8) -> Vec<u8> {
    let size = Size::new(width, height).expect("a size");
    let chroma = Chroma::Yuv420;
    let mut samples = Vec::with_capacity(chroma.bytes(size));
    for y in 0..height {
        samples.extend((0..width).map(|x| luma(x, y)));
    }
    samples.resize(chroma.bytes(size), 110);
    let quality = Quality::new(quality).expect("1 to 100");
    let planar = Planar { size, chroma, samples };
    let jpeg = Encoder::new().and_then(|mut encoder| encoder.encode(&planar, quality));
    jpeg.expect("it can be encoded").to_vec()
}

/// A clip's bytes.
pub(crate) fn clip(form: Form, jpegs: &[Vec<u8>]) -> Vec<u8> {
    match form {
        Form::Lab => {
            let with_length = |jpeg: &Vec<u8>| {
                assert!(jpeg.len() < 100_000, "five digits hold no more");
                [format!("{:05}", jpeg.len()).as_bytes(), jpeg].concat()
            };
            jpegs.iter().flat_map(with_length).collect()
        }
        Form::Concat => jpegs.concat(),
        Form::Avi { fps } => avi(fps, jpegs),
    }
}

/// An AVI 1.0 file: headers, the pictures, an index.
fn avi(fps: u32, jpegs: &[Vec<u8>]) -> Vec<u8> {
    let longest = jpegs.iter().map(Vec::len).max().unwrap_or_default() as u32;
    let size = super::picture::look(&jpegs[0]);
    let (width, height) = (u32::from(size.width), u32::from(size.height));
    let count = jpegs.len() as u32;
    // AVIMAINHEADER: HASINDEX, one stream.
    let main = [1_000_000 / fps, 0, 0, 0x10, count, 0, 1, longest, width, height, 0, 0, 0, 0];
    let mut stream = b"vidsMJPG".to_vec();
    // AVISTREAMHEADER: scale 1, rate fps, so many pictures, and the rectangle.
    stream.extend(numbers(&[0, 0, 0, 1, fps, 0, count, longest, u32::MAX, 0]));
    stream.extend(numbers(&[0, width | height << 16]));
    // BITMAPINFOHEADER: one plane of 24 bits.
    let mut format = numbers(&[40, width, height, 1 | 24 << 16]);
    format.extend(b"MJPG");
    format.extend(numbers(&[width * height * 3, 0, 0, 0, 0]));
    let stream_list = list(b"strl", &[chunk(b"strh", &stream), chunk(b"strf", &format)].concat());
    let headers = list(b"hdrl", &[chunk(b"avih", &numbers(&main)), stream_list].concat());
    let (mut pictures, mut index) = (Vec::new(), Vec::new());
    for jpeg in jpegs {
        index.extend(b"00dc");
        // A key frame, and where it lies from the word `movi` on.
        index.extend(numbers(&[0x10, pictures.len() as u32 + 4, jpeg.len() as u32]));
        pictures.extend(chunk(b"00dc", jpeg));
    }
    let body = [headers, list(b"movi", &pictures), chunk(b"idx1", &index)].concat();
    chunk(b"RIFF", &[b"AVI ", &body[..]].concat())
}

fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut out = name.to_vec();
    out.extend((body.len() as u32).to_le_bytes());
    out.extend_from_slice(body);
    out.resize(out.len().next_multiple_of(2), 0);
    out
}

fn list(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    chunk(b"LIST", &[name, body].concat())
}

fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// The same bytes each time (Knuth's MMIX generator).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 56) as u8
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (usize::from(self.byte()) << 8 | usize::from(self.byte())) % bound
    }
}

/// A folder of its own for one test, gone when the test is over.
pub(crate) struct Scratch {
    path: PathBuf,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}-{number}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&path).expect("a folder can be made");
        Self { path }
    }

    pub(crate) fn path(&self) -> &str {
        self.path.to_str().expect("the path is text")
    }

    /// Writes a file. Returns its path.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.path.join(name);
        std::fs::write(&path, bytes).expect("a file can be written");
        path.to_str().expect("the path is text").to_owned()
    }

    /// Takes a file away.
    pub(crate) fn remove(&self, name: &str) {
        std::fs::remove_file(self.path.join(name)).expect("the file is there");
    }

    /// Writes a clip. Returns its path.
    pub(crate) fn clip(&self, form: Form, jpegs: &[Vec<u8>]) -> String {
        self.write("clip", &clip(form, jpegs))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left over lies in the build's own folder.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}
