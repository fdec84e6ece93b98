//! How like each other two pictures are.

use livestream::media::codec::Decoder;
use livestream::media::frame::Planar;

/// The luma of a picture, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Luma {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) samples: Vec<u8>,
}

impl Luma {
    /// Of a JPEG.
    #[track_caller]
    pub(crate) fn of(jpeg: &[u8]) -> Self {
        let planar: Planar = Decoder::new()
            .and_then(|mut one| one.decode(jpeg))
            .expect("a JPEG that can be decoded");
        let (width, height) = (planar.size.width as usize, planar.size.height as usize);
        let samples = planar.samples[..width * height].to_vec();
        Self { width, height, samples }
    }

    /// The first of some raw pictures, of which luma is the first plane.
    pub(crate) fn of_raw(raw: &[u8], width: usize, height: usize) -> Self {
        Self { width, height, samples: raw[..width * height].to_vec() }
    }

    /// The upper left part.
    pub(crate) fn cropped(&self, width: usize, height: usize) -> Self {
        let rows = self.samples.chunks(self.width).take(height);
        let samples = rows.flat_map(|row| &row[..width]).copied().collect();
        Self { width, height, samples }
    }

    /// The peak signal-to-noise ratio in dB; infinite if they are the same.
    #[track_caller]
    pub(crate) fn psnr(&self, other: &Self) -> f64 {
        assert_eq!((self.width, self.height), (other.width, other.height));
        let pairs = self.samples.iter().zip(&other.samples);
        let squares: u64 = pairs.map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2)).sum();
        10.0 * (255.0 * 255.0 * self.samples.len() as f64 / squares as f64).log10()
    }
}
