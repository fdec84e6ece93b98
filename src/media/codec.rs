//! JPEG to planes and back, by libjpeg-turbo.
//!
//! Called by the encode threads and for snapshots; each has its own [`Encoder`] and
//! [`Decoder`]. What is sent goes through RGB only where its JPEG is of a rare sort; else a
//! window asks for it ([`Decoder::rgba`]).

use std::borrow::Cow;
use std::sync::Arc;

use turbojpeg::{
    Colorspace, Compressor, DecompressHeader, Decompressor, Image, PixelFormat, ScalingFactor,
    Subsamp, YuvImage,
};

use super::frame::{Chroma, Planar, Quality, Size};
use super::motion::Thumbnail;
use super::rgb;
use crate::jpeg;

/// Encodes planes as baseline JPEG.
pub struct Encoder {
    compressor: Compressor,
}

impl Encoder {
    /// An encoder of its own state.
    ///
    /// # Errors
    ///
    /// [`Failed`] if libjpeg-turbo has no memory for it.
    pub fn new() -> Result<Self, Failed> {
        Ok(Self { compressor: Compressor::new()? })
    }

    /// The JPEG of a picture, sampled as its planes are.
    ///
    /// # Errors
    ///
    /// [`Failed`] with libjpeg-turbo's words.
    pub fn encode(&mut self, planar: &Planar, quality: Quality) -> Result<Arc<[u8]>, Failed> {
        self.compressor.set_quality(i32::from(quality.percent()))?;
        let samples = padded(planar);
        let image = YuvImage {
            pixels: &*samples,
            width: planar.size.width as usize,
            align: 1,
            height: planar.size.height as usize,
            subsamp: subsamp(planar.chroma),
        };
        Ok(Arc::from(&*self.compressor.compress_yuv_to_owned(image)?))
    }
}

/// Decodes JPEG.
pub struct Decoder {
    decompressor: Decompressor,
}

impl Decoder {
    /// A decoder of its own state.
    ///
    /// # Errors
    ///
    /// [`Failed`] if libjpeg-turbo has no memory for it.
    pub fn new() -> Result<Self, Failed> {
        Ok(Self { decompressor: decompressor()? })
    }

    /// Forgets the pictures before: libjpeg-turbo would give their tables to one that lacks its
    /// own, and show that as nobody else does.
    fn forget(&mut self) -> Result<(), Failed> {
        self.decompressor = decompressor()?;
        Ok(())
    }

    /// The planes of a JPEG: sampled as they are in it, or whole if it is sampled in a way that
    /// [`Chroma`] lacks or has no chroma but red, green and blue, or four inks.
    ///
    /// # Errors
    ///
    /// [`Failed`] if it is broken.
    pub fn decode(&mut self, jpeg: &[u8]) -> Result<Planar, Failed> {
        self.decode_scaled(jpeg, 8)
    }

    /// As [`decode`](Self::decode), at 1 to 8 eighths of its size, rounded up; costs less the
    /// smaller it gets.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode).
    pub fn decode_scaled(&mut self, jpeg: &[u8], eighths: u8) -> Result<Planar, Failed> {
        self.forget()?;
        let factor = ScalingFactor::new(eighths.clamp(1, 8).into(), 8);
        self.decompressor.set_scaling_factor(factor)?;
        let (header, jpeg) = self.header(jpeg)?;
        let header = header.scaled(factor);
        let by_planes = matches!(header.colorspace, Colorspace::YCbCr | Colorspace::Gray)
            && !header.is_lossless;
        if by_planes && let Ok(planar) = self.planes(&jpeg, header) {
            return Ok(planar);
        }
        self.pixels(&jpeg, header)
    }

    /// The planes as they are stored.
    fn planes(&mut self, jpeg: &[u8], header: DecompressHeader) -> Result<Planar, Failed> {
        let size = size(header.width, header.height)?;
        let chroma = chroma(header.subsamp)?;
        let mut samples = vec![0; padded_luma(size, chroma).2 + chroma.bytes(size)];
        let output = YuvImage {
            pixels: samples.as_mut_slice(),
            width: header.width,
            align: 1,
            height: header.height,
            subsamp: header.subsamp,
        };
        bear_warnings(self.decompressor.decompress_to_yuv(jpeg, output))?;
        let samples = cropped(samples, size, chroma);
        Ok(Planar { size, chroma, samples })
    }

    /// Planes of what can be had as pixels only.
    fn pixels(&mut self, jpeg: &[u8], header: DecompressHeader) -> Result<Planar, Failed> {
        let size = size(header.width, header.height)?;
        if header.width * header.height > MAX_PIXELS {
            let why = "it is too large for a JPEG of a rare sort";
            return Err(Failed(format!("a picture of {size} pixels: {why}")));
        }
        let format = match header.colorspace {
            Colorspace::Gray => PixelFormat::GRAY,
            Colorspace::CMYK | Colorspace::YCCK => PixelFormat::CMYK,
            _ => PixelFormat::RGB,
        };
        let pitch = header.width * format.size();
        let mut pixels = vec![0; pitch * header.height];
        let (width, height) = (header.width, header.height);
        let output = Image { pixels: pixels.as_mut_slice(), width, pitch, height, format };
        bear_warnings(self.decompressor.decompress(jpeg, output))?;
        Ok(match format {
            PixelFormat::GRAY => Planar { size, chroma: Chroma::Gray, samples: pixels },
            PixelFormat::CMYK => rgb::planar(size, &rgb::from_inks(&pixels)),
            _ => rgb::planar(size, &pixels),
        })
    }

    /// The header of a JPEG, and what to decode: it itself, or it without what libjpeg-turbo warns
    /// of in headers and then decodes nothing.
    fn header<'a>(&mut self, jpeg: &'a [u8]) -> Result<(DecompressHeader, Cow<'a, [u8]>), Failed> {
        match self.decompressor.read_header(jpeg) {
            Ok(header) => Ok((header, Cow::Borrowed(jpeg))),
            Err(error) => {
                let words = Failed(error.to_string());
                bear_warnings(Err(error))?;
                let clean = jpeg::clean(jpeg).ok_or(words)?;
                Ok((self.decompressor.read_header(&clean)?, Cow::Owned(clean)))
            }
        }
    }

    /// The luma of a JPEG at an eighth of its size, which costs little more than reading it.
    ///
    /// # Errors
    ///
    /// [`Failed`] if it is broken.
    pub fn thumbnail(&mut self, jpeg: &[u8]) -> Result<Thumbnail, Failed> {
        self.forget()?;
        self.decompressor.set_scaling_factor(ScalingFactor::ONE_EIGHTH)?;
        let header = self.decompressor.read_header(jpeg)?.scaled(ScalingFactor::ONE_EIGHTH);
        let mut luma = vec![0; header.width * header.height];
        let output = Image {
            pixels: luma.as_mut_slice(),
            width: header.width,
            pitch: header.width,
            height: header.height,
            format: PixelFormat::GRAY,
        };
        bear_warnings(self.decompressor.decompress(jpeg, output))?;
        Ok(Thumbnail { size: size(header.width, header.height)?, luma })
    }

    /// The pixels of a JPEG as a window takes them, red, green, blue and 255, at the largest
    /// size in eighths of its own that has no side above `max_side`.
    ///
    /// # Errors
    ///
    /// [`Failed`] if it is broken or larger than eight times `max_side`.
    pub fn rgba(&mut self, jpeg: &[u8], max_side: u32) -> Result<(Size, Vec<u8>), Failed> {
        self.forget()?;
        let header = self.decompressor.read_header(jpeg)?;
        let whole = size(header.width, header.height)?;
        let side = whole.width.max(whole.height) as usize;
        let fits = |eighths: &usize| (side * eighths).div_ceil(8) <= max_side as usize;
        let Some(eighths) = (1..=8).rev().find(fits) else {
            return Err(Failed(format!("a picture of {}x{} pixels", whole.width, whole.height)));
        };
        let factor = ScalingFactor::new(eighths, 8);
        self.decompressor.set_scaling_factor(factor)?;
        let scaled = header.scaled(factor);
        let mut pixels = vec![0; scaled.width * scaled.height * 4];
        let output = Image {
            pixels: pixels.as_mut_slice(),
            width: scaled.width,
            pitch: scaled.width * 4,
            height: scaled.height,
            format: PixelFormat::RGBA,
        };
        bear_warnings(self.decompressor.decompress(jpeg, output))?;
        Ok((size(scaled.width, scaled.height)?, pixels))
    }
}

/// Sees whether libjpeg-turbo decodes a JPEG to pixels, at an eighth of its size if `small`.
/// The pixels come into `scratch`.
///
/// # Errors
///
/// [`Failed`] if it does not.
pub fn try_out(jpeg: &[u8], small: bool, scratch: &mut Vec<u8>) -> Result<Tried, Failed> {
    let mut decoder = Decoder::new()?;
    let factor = if small { ScalingFactor::ONE_EIGHTH } else { ScalingFactor::ONE };
    decoder.decompressor.set_scaling_factor(factor)?;
    let (header, jpeg) = decoder.header(jpeg)?;
    let header = header.scaled(factor);
    let inks = matches!(header.colorspace, Colorspace::CMYK | Colorspace::YCCK);
    let format = if inks { PixelFormat::CMYK } else { PixelFormat::RGB };
    let (width, height) = (header.width, header.height);
    let pitch = width * format.size();
    scratch.resize(pitch * height, 0);
    let pixels = scratch.as_mut_slice();
    let image = Image { pixels, width, pitch, height, format };
    let outcome = decoder.decompressor.decompress(&jpeg, image);
    let tried = if outcome.is_ok() { Tried::Well } else { Tried::Warned };
    bear_warnings(outcome).map(|()| tried)
}

fn decompressor() -> Result<Decompressor, Failed> {
    let mut decompressor = Decompressor::new()?;
    decompressor.set_scan_limit(MAX_SCANS)?;
    Ok(decompressor)
}

/// How decoding a JPEG for the sake of it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tried {
    /// Without a word.
    Well,
    /// With a warning that something of its data is missing or wrong.
    Warned,
}

/// libjpeg-turbo could not do it; its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed(pub String);

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failed {}

impl From<turbojpeg::Error> for Failed {
    fn from(error: turbojpeg::Error) -> Self {
        Failed(error.to_string())
    }
}

/// Takes what libjpeg only warns of as done: the picture is whole or nearly so, and some
/// cameras leave stray bytes in every one.
fn bear_warnings(outcome: Result<(), turbojpeg::Error>) -> Result<(), Failed> {
    match outcome {
        Err(turbojpeg::Error::TurboJpegError(words)) if is_warning(&words) => Ok(()),
        other => Ok(other?),
    }
}

/// Whether libjpeg's words are a warning's, after which it goes on.
///
/// turbojpeg gives a warning as an error, and does not tell the two apart.
fn is_warning(words: &str) -> bool {
    let warnings = [
        "Corrupt JPEG data",
        "Inconsistent progression sequence",
        "Invalid SOS parameters for sequential JPEG",
        "Premature end of JPEG file",
        "Unknown Adobe color transform code",
        "Warning: unknown JFIF revision number",
    ];
    warnings.iter().any(|warning| words.starts_with(warning))
}

/// Width and height that libjpeg-turbo gives the Y plane: multiples of the chroma's step. Then
/// how many samples that adds.
fn padded_luma(size: Size, chroma: Chroma) -> (usize, usize, usize) {
    let (width, height) = (size.width as usize, size.height as usize);
    let (across, down) = match chroma {
        Chroma::Yuv420 => (2, 2),
        Chroma::Yuv422 => (2, 1),
        Chroma::Yuv440 => (1, 2),
        Chroma::Yuv444 | Chroma::Gray => (1, 1),
    };
    let (wide, high) = (width.next_multiple_of(across), height.next_multiple_of(down));
    (wide, high, wide * high - width * height)
}

/// The samples as libjpeg-turbo takes them: at odd sizes, the last column and row of Y twice.
fn padded(planar: &Planar) -> Cow<'_, [u8]> {
    let (wide, high, added) = padded_luma(planar.size, planar.chroma);
    if added == 0 {
        return Cow::Borrowed(&planar.samples);
    }
    let width = planar.size.width as usize;
    let mut samples = Vec::with_capacity(planar.samples.len() + added);
    let rows = planar.luma().chunks_exact(width);
    let last = rows.clone().next_back();
    for row in rows.chain(last).take(high) {
        samples.extend_from_slice(row);
        samples.extend(row.last().filter(|_| wide > width));
    }
    samples.extend_from_slice(&planar.samples[planar.luma().len()..]);
    Cow::Owned(samples)
}

/// The samples without what libjpeg-turbo added.
fn cropped(mut samples: Vec<u8>, size: Size, chroma: Chroma) -> Vec<u8> {
    let (wide, high, added) = padded_luma(size, chroma);
    if added > 0 {
        let (width, height) = (size.width as usize, size.height as usize);
        for row in 0..height {
            samples.copy_within(row * wide..row * wide + width, row * width);
        }
        samples.copy_within(wide * high.., width * height);
        samples.truncate(chroma.bytes(size));
    }
    samples
}

fn size(width: usize, height: usize) -> Result<Size, Failed> {
    let narrow = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
    Size::new(narrow(width), narrow(height))
        .ok_or_else(|| Failed(format!("a picture of {width}x{height} pixels")))
}

fn subsamp(chroma: Chroma) -> Subsamp {
    match chroma {
        Chroma::Yuv420 => Subsamp::Sub2x2,
        Chroma::Yuv422 => Subsamp::Sub2x1,
        Chroma::Yuv444 => Subsamp::None,
        Chroma::Yuv440 => Subsamp::Sub1x2,
        Chroma::Gray => Subsamp::Gray,
    }
}

fn chroma(subsamp: Subsamp) -> Result<Chroma, Failed> {
    match subsamp {
        Subsamp::Sub2x2 => Ok(Chroma::Yuv420),
        Subsamp::Sub2x1 => Ok(Chroma::Yuv422),
        Subsamp::None => Ok(Chroma::Yuv444),
        Subsamp::Sub1x2 => Ok(Chroma::Yuv440),
        Subsamp::Gray => Ok(Chroma::Gray),
        other => Err(Failed(format!("chroma sampled as {other:?}"))),
    }
}

/// Of what is decoded to pixels first, which takes eight bytes for each.
const MAX_PIXELS: usize = 1 << 25;
/// As many as [`jpeg::info`] bears.
const MAX_SCANS: u32 = 100;

#[cfg(test)]
mod tests {
    use super::*;

    fn gradient(size: Size, chroma: Chroma) -> Planar {
        let width = size.width as usize;
        let samples = (0..chroma.bytes(size)).map(|i| ((i % width) * 255 / width) as u8).collect();
        Planar { size, chroma, samples }
    }

    #[test]
    fn every_sampling_survives_a_round_trip() {
        let size = Size::new(67, 45).unwrap();
        for chroma in [Chroma::Yuv420, Chroma::Yuv422, Chroma::Yuv444, Chroma::Yuv440, Chroma::Gray]
        {
            let planar = gradient(size, chroma);
            let jpeg = Encoder::new().unwrap().encode(&planar, Quality::new(95).unwrap()).unwrap();
            let decoded = Decoder::new().unwrap().decode(&jpeg).unwrap();
            assert_eq!((decoded.size, decoded.chroma), (size, chroma));
            let error: u64 = planar
                .luma()
                .iter()
                .zip(decoded.luma())
                .map(|(a, b)| u64::from(a.abs_diff(*b)))
                .sum();
            assert!(error / (67 * 45) < 3, "{chroma:?}: {error}");
        }
    }

    #[test]
    fn lower_qualities_are_smaller() {
        let planar = gradient(Size::new(320, 240).unwrap(), Chroma::Yuv422);
        let mut encoder = Encoder::new().unwrap();
        let mut length =
            |percent| encoder.encode(&planar, Quality::new(percent).unwrap()).unwrap().len();
        assert!(length(20) < length(50) && length(50) < length(90));
    }

    #[test]
    fn a_thumbnail_is_an_eighth_of_the_luma() {
        let planar = gradient(Size::new(161, 97).unwrap(), Chroma::Yuv420);
        let jpeg = Encoder::new().unwrap().encode(&planar, Quality::new(90).unwrap()).unwrap();
        let thumbnail = Decoder::new().unwrap().thumbnail(&jpeg).unwrap();
        assert_eq!(thumbnail.size, Size::new(21, 13).unwrap());
        assert!(thumbnail.luma[0] < 20 && thumbnail.luma[19] > 220);
    }

    #[test]
    fn pixels_are_as_large_as_a_window_can_show() {
        let planar = gradient(Size::new(161, 97).unwrap(), Chroma::Gray);
        let jpeg = Encoder::new().unwrap().encode(&planar, Quality::new(90).unwrap()).unwrap();
        let mut decoder = Decoder::new().unwrap();
        let (size, pixels) = decoder.rgba(&jpeg, 161).unwrap();
        assert_eq!((size, pixels.len()), (planar.size, 161 * 97 * 4));
        assert!(pixels[0] < 20 && pixels[160 * 4] > 220 && pixels[3] == 255);
        assert_eq!(decoder.rgba(&jpeg, 160).unwrap().0, Size::new(141, 85).unwrap());
        assert!(decoder.rgba(&jpeg, 20).is_err());
    }

    #[test]
    fn garbage_is_refused() {
        let mut decoder = Decoder::new().unwrap();
        assert!(decoder.decode(b"").is_err());
        assert!(decoder.decode(&[0xFF, 0xD8, 0xFF, 0xD9]).is_err());
        assert!(decoder.thumbnail(&[0; 100]).is_err());
    }
}
