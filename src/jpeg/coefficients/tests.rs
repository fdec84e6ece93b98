mod changed;

use super::*;
use turbojpeg::{Decompressor, Image, PixelFormat, ScalingFactor, Subsamp, YuvImage};

fn quality(percent: u8) -> Quality {
    Quality::new(percent).unwrap()
}

/// Waves, edges and grain.
fn picture(width: usize, height: usize, subsamp: Subsamp) -> YuvImage<Vec<u8>> {
    let mut picture = YuvImage { pixels: Vec::new(), width, align: 1, height, subsamp };
    let mut seed = 1u32;
    picture.pixels = (0..turbojpeg::yuv_pixels_len(width, 1, height, subsamp).unwrap())
        .map(|at| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (x, y) = ((at % width) as u32, (at / width) as u32);
            let wave = (f64::from(x) / 9.0).sin() * (f64::from(y) / 7.0).cos() * 70.0;
            let edge = if (x / 13 + y / 11) % 2 == 0 { 40 } else { 0 };
            (110 + wave as i32 + edge + (seed >> 29) as i32).clamp(0, 255) as u8
        })
        .collect();
    picture
}

fn jpeg(picture: &YuvImage<Vec<u8>>, percent: u8) -> Vec<u8> {
    turbojpeg::compress_yuv(picture.as_deref(), percent.into()).unwrap().to_vec()
}

fn decoded(jpeg: &[u8]) -> YuvImage<Vec<u8>> {
    turbojpeg::decompress_to_yuv(jpeg).unwrap()
}

/// The luma as libjpeg-turbo makes it at an eighth of its size.
fn eighth(jpeg: &[u8]) -> Image<Vec<u8>> {
    let mut decompressor = Decompressor::new().unwrap();
    decompressor.set_scaling_factor(ScalingFactor::ONE_EIGHTH).unwrap();
    let header = decompressor.read_header(jpeg).unwrap().scaled(ScalingFactor::ONE_EIGHTH);
    let (width, height) = (header.width, header.height);
    let pixels = vec![0; width * height];
    let mut image = Image { pixels, width, pitch: width, height, format: PixelFormat::GRAY };
    decompressor.decompress(jpeg, image.as_deref_mut()).unwrap();
    image
}

/// Peak signal-to-noise ratio of all planes together, dB.
fn psnr(one: &YuvImage<Vec<u8>>, other: &YuvImage<Vec<u8>>) -> f64 {
    let squares = one.pixels.iter().zip(&other.pixels);
    let sum: f64 = squares.map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2)).sum();
    10.0 * (255.0f64.powi(2) / (sum / one.pixels.len() as f64).max(1e-9)).log10()
}

const CHROMAS: [Subsamp; 5] =
    [Subsamp::Sub2x2, Subsamp::Sub2x1, Subsamp::Sub1x2, Subsamp::None, Subsamp::Gray];

#[test]
fn at_its_own_quality_a_picture_stays_the_same() {
    for chroma in CHROMAS {
        let source = jpeg(&picture(75, 53, chroma), 90);
        let again = Coefficients::read(&source).unwrap().requantized(quality(100));
        assert_eq!(decoded(&again).pixels, decoded(&source).pixels, "{chroma:?}");
    }
}

#[test]
fn it_is_as_good_and_as_small_as_decoding_and_encoding() {
    for chroma in CHROMAS {
        let original = picture(203, 117, chroma);
        let source = jpeg(&original, 92);
        let coefficients = Coefficients::read(&source).unwrap();
        for percent in [10, 20, 35, 50, 65, 80, 90] {
            let ours = coefficients.requantized(quality(percent));
            let reference = jpeg(&decoded(&source), percent);
            let (mine, its) =
                (psnr(&original, &decoded(&ours)), psnr(&original, &decoded(&reference)));
            assert!(mine > its - 0.15, "{chroma:?} at {percent}: {mine:.2} dB, not {its:.2}");
            let (mine, its) = (ours.len(), reference.len());
            // Of grey, libjpeg leaves out the chroma's Huffman tables.
            assert!(
                mine < its + its / 50 + 256,
                "{chroma:?} at {percent}: {mine} bytes, not {its}"
            );
        }
    }
}

#[test]
fn a_thumbnail_is_what_a_decoder_makes() {
    for chroma in CHROMAS {
        let source = jpeg(&picture(203, 117, chroma), 85);
        let (size, ours) = Coefficients::read(&source).unwrap().thumbnail();
        let reference = eighth(&source);
        assert_eq!(size, Size::new(reference.width as u32, reference.height as u32).unwrap());
        let pairs = ours.iter().zip(&reference.pixels);
        assert!(pairs.map(|(a, b)| a.abs_diff(*b)).max() <= Some(1), "{chroma:?}");
    }
}

#[test]
fn a_cut_anywhere_is_an_error() {
    let source = jpeg(&picture(48, 40, Subsamp::Sub2x2), 80);
    for cut in 0..source.len() - 3 {
        assert!(Coefficients::read(&source[..cut]).is_err(), "cut at {cut}");
    }
}

#[test]
fn changed_bytes_never_panic() {
    let source = jpeg(&picture(48, 40, Subsamp::Sub2x1), 80);
    let mut seed = 7u32;
    for round in 0..20_000 {
        let mut bytes = source.to_vec();
        for _ in 0..1 + round % 4 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let at = (seed >> 8) as usize % bytes.len();
            bytes[at] = seed as u8;
        }
        if let Ok(coefficients) = Coefficients::read(&bytes) {
            coefficients.requantized(quality(35));
            coefficients.thumbnail();
            let patch = Patch { left: 3, top: 20, right: 21, bottom: 99 };
            coefficients.covered(&[patch]).requantized(quality(100));
            for orientation in Orientation::all() {
                if let Some(turned) = coefficients.turned(orientation) {
                    turned.sharper().inverted().requantized(quality(100));
                }
            }
            coefficients.grey().map(|grey| grey.softer().requantized(quality(35)));
        }
    }
}
