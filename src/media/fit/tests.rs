//! Tests of what is encoded anew: that it fits then, and still shows the same.

use super::*;
use crate::media::frame::{Chroma, Jpeg, Size};
use crate::proto::rtp::jpeg::Sampling;

const BASELINE_420: &[u8] = include_bytes!("../../../tests/data/jpeg/420.jpg");
const BASELINE_422: &[u8] = include_bytes!("../../../tests/data/jpeg/422.jpg");
const BASELINE_444: &[u8] = include_bytes!("../../../tests/data/jpeg/444.jpg");
const GRAY: &[u8] = include_bytes!("../../../tests/data/jpeg/gray.jpg");
const PROGRESSIVE: &[u8] = include_bytes!("../../../tests/data/jpeg/progressive.jpg");
const RESTART: &[u8] = include_bytes!("../../../tests/data/jpeg/restart.jpg");
const NO_DHT: &[u8] = include_bytes!("../../../tests/data/jpeg/no_dht.jpg");
const FFMPEG: &[u8] = include_bytes!("../../../tests/data/jpeg/ffmpeg.jpg");

const HIGH: Quality = Quality::new(95).unwrap();

fn picture(bytes: &[u8]) -> Picture {
    Picture::Jpeg(jpeg::complete(bytes).unwrap())
}

/// A smooth picture with a fine pattern over it.
fn planar(width: u32, height: u32, chroma: Chroma) -> Planar {
    let size = Size::new(width, height).unwrap();
    let across = width as usize;
    let shade = |at: usize| (at % across * 160 / across + at / across % 64 + at % 7) as u8;
    Planar { size, chroma, samples: (0..chroma.bytes(size)).map(shade).collect() }
}

fn encoded(planar: &Planar, quality: Quality) -> Picture {
    let bytes = Encoder::new().unwrap().encode(planar, quality).unwrap();
    Picture::Jpeg(Jpeg {
        bytes,
        size: planar.size,
        quality: Some(quality),
        orientation: Orientation::UPRIGHT,
    })
}

/// Peak signal-to-noise ratio in dB, where both pictures are; of luma only unless they are
/// sampled alike.
fn psnr(one: &Planar, two: &Planar) -> f64 {
    let (mut sum, mut count) = (1e-9, 0.0);
    let alike = one.chroma == two.chroma;
    for plane in 0..if alike { 3 } else { 1 } {
        let rows = |planar: &Planar| {
            let (width, height) = planar.chroma.plane(planar.size);
            let luma = planar.luma().len();
            let (start, width, height) = match plane {
                0 => (0, planar.size.width as usize, planar.size.height as usize),
                index => (luma + (index - 1) * width * height, width, height),
            };
            let samples = &planar.samples[start..start + width * height];
            samples.chunks(width).map(<[u8]>::to_vec).collect::<Vec<_>>()
        };
        for (a, b) in rows(one).iter().zip(rows(two)) {
            for (a, b) in a.iter().zip(b) {
                sum += f64::from(a.abs_diff(b)).powi(2);
                count += 1.0;
            }
        }
    }
    10.0 * (255.0 * 255.0 * count / sum).log10()
}

#[test]
fn what_rtp_carries_passes_through() {
    let mut fitter = Fitter::new().unwrap();
    for (bytes, sampling, restarts) in [
        (BASELINE_420, Sampling::Yuv420, 0),
        (BASELINE_422, Sampling::Yuv422, 0),
        (RESTART, Sampling::Yuv420, 1),
        (NO_DHT, Sampling::Yuv420, 0),
    ] {
        let parts = rtp_parts(bytes).unwrap();
        assert_eq!((parts.sampling, parts.restart_interval), (sampling, restarts));
        let Picture::Jpeg(jpeg) = picture(bytes) else { unreachable!() };
        let carried = fitter.fit_rtp(&Picture::Jpeg(jpeg.clone()), HIGH).unwrap();
        assert!(Arc::ptr_eq(&carried.bytes, &jpeg.bytes));
    }
}

#[test]
fn whatever_does_not_fit_is_encoded_so_that_it_does() {
    let mut fitter = Fitter::new().unwrap();
    for bytes in [BASELINE_444, GRAY, PROGRESSIVE, FFMPEG] {
        let carried = fitter.fit_rtp(&picture(bytes), HIGH).unwrap();
        assert_eq!(rtp_parts(&carried.bytes), Ok(carried.parts));
        let mut decoder = Decoder::new().unwrap();
        let sent = decoder.decode(bytes).unwrap();
        assert!(psnr(&sent, &decoder.decode(&carried.bytes).unwrap()) > 40.0);
    }
}

#[test]
fn odd_sizes_are_padded_and_large_ones_made_smaller() {
    let mut fitter = Fitter::new().unwrap();
    for chroma in [Chroma::Yuv420, Chroma::Yuv422, Chroma::Yuv444, Chroma::Yuv440, Chroma::Gray] {
        for (size, wanted) in [
            ((1281, 721), (1288, 728)),
            ((3, 1), (8, 8)),
            ((2040, 24), (2040, 24)),
            ((2041, 24), (1792, 24)),
            ((3840, 160), (1920, 80)),
            ((16, 16384), (8, 1024)),
        ] {
            let planar = planar(size.0, size.1, chroma);
            let carried = fitter.fit_rtp(&encoded(&planar, HIGH), HIGH).unwrap();
            let pixels = carried.parts.blocks.pixels();
            assert_eq!((pixels.width, pixels.height), wanted, "{chroma:?} {size:?}");
            let direct = fitter.fit_rtp(&Picture::Planar(Arc::new(planar)), HIGH).unwrap();
            let pixels = direct.parts.blocks.pixels();
            assert!(pixels.width >= 8 && pixels.height >= 8, "{size:?}");
        }
    }
}

#[test]
fn padded_picture_shows_the_same() {
    for chroma in [Chroma::Yuv420, Chroma::Yuv422] {
        let planar = planar(1281, 721, chroma);
        let best = Quality::new(100).unwrap();
        let mut fitter = Fitter::new().unwrap();
        let direct = fitter.fit_rtp(&Picture::Planar(Arc::new(planar.clone())), best).unwrap();
        let again = fitter.fit_rtp(&encoded(&planar, best), best).unwrap();
        for carried in [direct, again] {
            let decoded = Decoder::new().unwrap().decode(&carried.bytes).unwrap();
            assert_eq!(decoded.chroma, chroma);
            assert!(psnr(&planar, &decoded) > 40.0);
        }
    }
}

#[test]
fn picture_gets_as_few_bytes_as_a_datagram_holds() {
    let mut fitter = Fitter::new().unwrap();
    let best = Quality::new(90).unwrap();
    for picture in [
        encoded(&planar(1280, 720, Chroma::Yuv420), HIGH),
        encoded(&planar(3000, 40, Chroma::Yuv444), HIGH),
        Picture::Planar(Arc::new(planar(640, 480, Chroma::Yuv422))),
        picture(PROGRESSIVE),
    ] {
        for max_bytes in [20_468, 5000, 1500] {
            let mut last = Fit::default();
            for _ in 0..3 {
                let jpeg = fitter.fit_bytes(&picture, best, max_bytes, &mut last).unwrap();
                assert!(jpeg.len() <= max_bytes, "{}", jpeg.len());
                assert!(jpeg::info(&jpeg).unwrap().is_plain());
            }
        }
        assert!(fitter.fit_bytes(&picture, best, 100, &mut Fit::default()).is_err());
    }
}

#[test]
fn small_picture_stays_as_it_is() {
    let Picture::Jpeg(jpeg) = picture(GRAY) else { unreachable!() };
    let mut fitter = Fitter::new().unwrap();
    let mut last = Fit::default();
    let fit = fitter.fit_bytes(&Picture::Jpeg(jpeg.clone()), HIGH, 20_468, &mut last).unwrap();
    assert!(Arc::ptr_eq(&fit, &jpeg.bytes));
}
