//! How much a picture moves.
//!
//! Pure arithmetic on small luma pictures, done once for each frame and only
//! while somebody is in gaming mode.

use super::frame::{Planar, Size};

/// The luma of a picture at an eighth of its size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thumbnail {
    /// Its own size.
    pub size: Size,
    /// Row by row, without padding.
    pub luma: Vec<u8>,
}

impl Thumbnail {
    /// The thumbnail of uncompressed planes: the mean of each block of 8 by 8, as the
    /// scaled decoding of a JPEG gives it.
    pub fn of(planar: &Planar) -> Thumbnail {
        let width = planar.size.width as usize;
        let columns = planar.size.width.div_ceil(BLOCK as u32);
        let rows = planar.size.height.div_ceil(BLOCK as u32);
        let mut luma = Vec::with_capacity(columns as usize * rows as usize);
        let mut sums = vec![0u32; columns as usize];
        for band in planar.luma().chunks(width * BLOCK) {
            sums.fill(0);
            for row in band.chunks_exact(width) {
                for (sum, block) in sums.iter_mut().zip(row.chunks(BLOCK)) {
                    *sum += block.iter().map(|&sample| u32::from(sample)).sum::<u32>();
                }
            }
            let lines = band.len() / width;
            luma.extend(sums.iter().enumerate().map(|(column, sum)| {
                let across = BLOCK.min(width - column * BLOCK);
                (sum / (across * lines) as u32) as u8
            }));
        }
        Thumbnail { size: Size { width: columns, height: rows }, luma }
    }

    /// Mean absolute difference to another picture, as a part of full scale: 0 to 1.
    ///
    /// Pictures of different sizes differ wholly.
    pub fn difference(&self, other: &Thumbnail) -> f64 {
        if self.size != other.size || self.luma.is_empty() {
            return 1.0;
        }
        let sum: u64 =
            self.luma.iter().zip(&other.luma).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        sum as f64 / (self.luma.len() as f64 * 255.0)
    }
}

const BLOCK: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::frame::Chroma;

    fn plain(width: u32, height: u32, luma: u8) -> Planar {
        let size = Size::new(width, height).unwrap();
        Planar { size, chroma: Chroma::Gray, samples: vec![luma; Chroma::Gray.bytes(size)] }
    }

    #[test]
    fn a_thumbnail_holds_the_mean_of_each_block() {
        let mut planar = plain(20, 9, 100);
        planar.samples[0] = 164;
        let thumbnail = Thumbnail::of(&planar);
        assert_eq!(thumbnail.size, Size::new(3, 2).unwrap());
        assert_eq!(thumbnail.luma, [101, 100, 100, 100, 100, 100]);
    }

    #[test]
    fn black_to_white_is_one_and_rest_is_nothing() {
        let (black, white) = (Thumbnail::of(&plain(64, 64, 0)), Thumbnail::of(&plain(64, 64, 255)));
        assert_eq!(black.difference(&white), 1.0);
        assert_eq!(black.difference(&black), 0.0);
    }

    #[test]
    fn another_size_is_another_picture() {
        let small = Thumbnail::of(&plain(8, 8, 9));
        assert_eq!(small.difference(&Thumbnail::of(&plain(16, 8, 9))), 1.0);
    }
}
