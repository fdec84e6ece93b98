//! Makes planes of pixels, for JPEGs whose components are no luma and chroma.
//!
//! Pure arithmetic on samples: full-range BT.601, as JFIF has it. No camera's picture comes
//! this way; what it costs matters little.

use super::frame::{Chroma, Planar, Size};

/// The planes of pixels of red, green and blue.
pub(super) fn planar(size: Size, rgb: &[u8]) -> Planar {
    let (pixels, _) = rgb.as_chunks::<3>();
    let mut samples = Vec::with_capacity(Chroma::Yuv444.bytes(size));
    for [red, green, blue] in ROWS {
        let offset = if red + green + blue == 0 { 128 << 16 } else { 0 };
        samples.extend(pixels.iter().map(|&[r, g, b]| {
            let sum = red * i32::from(r) + green * i32::from(g) + blue * i32::from(b) + offset;
            ((sum + (1 << 15)) >> 16).clamp(0, 255) as u8
        }));
    }
    Planar { size, chroma: Chroma::Yuv444, samples }
}

/// Red, green and blue of pixels of cyan, magenta, yellow and black.
///
/// All are taken as Adobe's programs write them, 255 for no ink: so do browsers, libjpeg's
/// tools and ffmpeg, whether the file says that Adobe's wrote it or not.
pub(super) fn from_inks(inks: &[u8]) -> Vec<u8> {
    let (pixels, _) = inks.as_chunks::<4>();
    let mixed = |&[c, m, y, k]: &[u8; 4]| {
        [c, m, y].map(|ink| ((u32::from(ink) * u32::from(k) + 127) / 255) as u8)
    };
    pixels.iter().flat_map(mixed).collect()
}

/// Parts of red, green and blue in Y, Cb and Cr, times 65536.
const ROWS: [[i32; 3]; 3] = [[19595, 38470, 7471], [-11059, -21709, 32768], [32768, -27439, -5329]];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_those_of_jfif() {
        let size = Size::new(5, 1).unwrap();
        let rgb = [255, 255, 255, 0, 0, 0, 255, 0, 0, 0, 0, 255, 0, 255, 0];
        let planar = planar(size, &rgb);
        assert_eq!(planar.luma(), [255, 0, 76, 29, 150]);
        assert_eq!(planar.samples[5..10], [128, 128, 85, 255, 44]);
        assert_eq!(planar.samples[10..], [128, 128, 255, 107, 21]);
    }

    #[test]
    fn full_black_is_black_and_no_ink_is_white() {
        let inks = [255, 255, 255, 255, 255, 255, 255, 0, 0, 255, 255, 255, 255, 128, 0, 128];
        assert_eq!(from_inks(&inks), [255, 255, 255, 0, 0, 0, 0, 255, 255, 128, 64, 0]);
    }
}
