//! Pictures that stand for titles: hostile until they are decoded, and made small.

use super::Refused;
use crate::media::codec::{Decoder, Encoder, Failed};
use crate::media::fit::small;
use crate::media::frame::{Picture, Quality};
use crate::media::gate;

/// The picture of a JPEG, small and encoded anew: nothing else that was in the file is left in it.
///
/// # Errors
///
/// [`Refused::Poster`] if it is none, or too large.
pub(super) fn cleaned(jpeg: &[u8]) -> Result<Vec<u8>, Refused> {
    let refused = |_: Failed| Refused::Poster;
    let jpeg = gate::take_bounded(jpeg, LEAST_SIDE, MOST_PIXELS).map_err(|_| Refused::Poster)?;
    let mut encoder = Encoder::new().map_err(refused)?;
    let mut decoder = Decoder::new().map_err(refused)?;
    let made = small(&Picture::Jpeg(jpeg), SIDE, QUALITY, &mut encoder, &mut decoder);
    made.map(|jpeg| jpeg.to_vec()).map_err(refused)
}

const LEAST_SIDE: u32 = 16;
const MOST_PIXELS: u64 = 4096 * 2304;
/// Pixels of its longer side: of a card at the density of most phones.
const SIDE: u32 = 720;
const QUALITY: Quality = Quality::new(75).expect("75 is a quality");
