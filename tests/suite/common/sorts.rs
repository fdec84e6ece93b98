//! JPEGs of any sort: each sampling, each coding, with and without restart markers.

use std::process::Command;

use livestream::media::codec::Encoder;
use livestream::media::frame::{Chroma, Planar, Quality, Size};
use turbojpeg::{Compressor, Subsamp, YuvImage};

use super::LONG;
use super::program::Program;

/// How a JPEG is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    /// Baseline with the tables of Annex K.
    Standard,
    /// Baseline with tables of its own.
    Optimised,
    Progressive,
}

/// What sort of JPEG.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sort {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) chroma: Chroma,
    pub(crate) coding: Coding,
}

impl Sort {
    /// Baseline with the tables of Annex K.
    pub(crate) fn standard(width: u32, height: u32, chroma: Chroma) -> Self {
        Self { width, height, chroma, coding: Coding::Standard }
    }

    /// Picture `number`: soft colours, and a light bar that stands at another place in each.
    pub(crate) fn picture(self, number: u32) -> Vec<u8> {
        let Self { width, height, chroma, coding } = self;
        let size = Size::new(width, height).expect("a size");
        let mut pixels = Vec::with_capacity(chroma.bytes(size));
        for y in 0..height {
            let luma = |x: u32| {
                let bar = x * 8 / width == number % 8;
                if bar { 200 } else { 40 + (x * 70 / width + y * 70 / height) as u8 }
            };
            pixels.extend((0..width).map(luma));
        }
        let planes = chroma.bytes(size) - pixels.len();
        pixels.extend((0..planes).map(|at| 100 + (at * 50 / planes) as u8));
        if coding == Coding::Standard {
            let planar = Planar { size, chroma, samples: pixels };
            let quality = Quality::new(90).expect("1 to 100");
            let jpeg = Encoder::new().and_then(|mut encoder| encoder.encode(&planar, quality));
            return jpeg.expect("it can be encoded").to_vec();
        }
        assert_eq!((chroma, width % 16, height % 16), (Chroma::Yuv420, 0, 0), "is in a test");
        let subsamp = Subsamp::Sub2x2;
        let (width, height) = (width as usize, height as usize);
        let image = YuvImage { pixels: &pixels[..], width, align: 1, height, subsamp };
        let mut compressor = Compressor::new().expect("memory");
        compressor.set_quality(90).expect("1 to 100");
        compressor.set_optimize(coding == Coding::Optimised).expect("a choice");
        compressor.set_progressive(coding == Coding::Progressive).expect("a choice");
        compressor.compress_yuv_to_vec(image).expect("it can be encoded")
    }

    /// So many pictures.
    pub(crate) fn pictures(self, count: u32) -> Vec<Vec<u8>> {
        (0..count).map(|number| self.picture(number)).collect()
    }
}

/// Pictures with restart markers, which FFmpeg puts between its slices.
pub(crate) fn with_restarts(format: &str, size: &str, count: u32) -> Vec<Vec<u8>> {
    let mut ffmpeg = Command::new("ffmpeg");
    let source = format!("testsrc=s={size}:r=5");
    ffmpeg.args(["-nostdin", "-v", "error", "-f", "lavfi", "-i", &source, "-pix_fmt", format]);
    ffmpeg.args(["-c:v", "mjpeg", "-huffman", "default", "-q:v", "3"]);
    ffmpeg.args(["-threads", "4", "-slices", "4", "-thread_type", "slice"]);
    ffmpeg.args(["-frames:v", &count.to_string(), "-f", "mjpeg", "-"]);
    let ended = Program::run(&mut ffmpeg, "apt-get install ffmpeg", LONG);
    assert!(ended.status.success(), "{}", ended.stderr);
    // No marker of a scan is an SOI.
    let starts: Vec<usize> = memchr::memmem::find_iter(&ended.stdout, b"\xff\xd8\xff").collect();
    let ends = starts.iter().copied().skip(1).chain([ended.stdout.len()]);
    let pictures: Vec<Vec<u8>> =
        starts.iter().zip(ends).map(|(&start, end)| ended.stdout[start..end].to_vec()).collect();
    assert_eq!(pictures.len(), count as usize);
    for picture in &pictures {
        assert!(memchr::memmem::find(picture, b"\xff\xdd\x00\x04").is_some(), "DRI");
        assert!(memchr::memmem::find(picture, b"\xff\xd0").is_some(), "RST0");
    }
    pictures
}
