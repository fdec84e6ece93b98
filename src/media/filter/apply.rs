//! Does to a picture what a filter says.
//!
//! Called by the encode threads and by workers, once for each frame and filter.

use std::sync::Arc;

use super::pixels::{blurred, edges, inverted, sharpened, without_colour};
use super::{Detail, Filter, Marks, marks};
use crate::jpeg::coefficients::Coefficients;
use crate::media::codec::{Decoder, Failed};
use crate::media::frame::{Orientation, Picture, Planar};
use crate::media::planes::turned;
use crate::media::raw::Raw;

/// The picture of which `raw` is what was got ready, filtered and upright.
///
/// # Errors
///
/// [`Failed`] if it has to be decoded and cannot be.
pub fn apply(
    filter: Filter,
    marks: &Marks<'_>,
    picture: &Picture,
    raw: &Raw,
    decoder: &mut Decoder,
) -> Result<Raw, Failed> {
    if let Raw::Coefficients(coefficients) = raw
        && !filter.draws()
        && let Some(changed) = of_coefficients(filter, coefficients)
    {
        return Ok(Raw::Coefficients(Arc::new(changed)));
    }
    let (planar, orientation) = match (raw, picture) {
        (Raw::Planes(planar, orientation), _) => (Planar::clone(planar), *orientation),
        (Raw::Coefficients(_), Picture::Jpeg(jpeg)) => {
            (decoder.decode(&jpeg.bytes)?, jpeg.orientation)
        }
        (Raw::Coefficients(coefficients), Picture::Planar(_)) => {
            let whole = coefficients.requantized(crate::jpeg::Quality::BEST);
            (decoder.decode(&whole)?, coefficients.orientation())
        }
    };
    let planar = of_planes(filter, marks, planar, orientation);
    Ok(Raw::Planes(Arc::new(planar), Orientation::UPRIGHT))
}

/// `None` if there is no telling what the coefficients would be.
fn of_coefficients(filter: Filter, coefficients: &Coefficients) -> Option<Coefficients> {
    // Without colour its MCUs are smaller, and less of an edge is cut off.
    let mut changed = match filter.grey {
        true => coefficients.grey()?,
        false => coefficients.clone(),
    };
    let turn = changed.orientation().then(filter.turn);
    if turn != Orientation::UPRIGHT {
        changed = changed.turned(turn)?;
    }
    changed = match filter.detail {
        Detail::Whole => changed,
        Detail::Softer => changed.softer(),
        Detail::Sharper => changed.sharper(),
        Detail::Edges => return None,
    };
    Some(if filter.invert { changed.inverted() } else { changed }.upright())
}

fn of_planes(
    filter: Filter,
    marks: &Marks<'_>,
    planar: Planar,
    orientation: Orientation,
) -> Planar {
    let planar = if filter.grey { without_colour(planar) } else { planar };
    let planar = turned(planar, orientation.then(filter.turn));
    let planar = match filter.detail {
        Detail::Whole => planar,
        Detail::Softer => blurred(planar),
        Detail::Sharper => sharpened(planar),
        Detail::Edges => edges(planar),
    };
    let mut planar = if filter.invert { inverted(planar) } else { planar };
    marks::write(&mut planar, marks);
    planar
}
