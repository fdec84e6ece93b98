//! What all levels of a frame are made from, got ready once.
//!
//! A baseline JPEG gives its coefficients, which need not be decoded further; any other
//! picture its planes. What has to be turned says so at every quality, as it did before. Used by the encode threads and for snapshots.

use std::sync::Arc;

use super::codec::{Decoder, Encoder, Failed};
use super::frame::{Picture, Planar, Quality};
use super::motion::Thumbnail;
use crate::jpeg::coefficients::Coefficients;
use crate::jpeg::{Orientation, with_orientation};

/// A frame, ready to be encoded at any quality.
#[derive(Debug, Clone)]
pub enum Raw {
    /// Of a JPEG that is quantised anew.
    Coefficients(Arc<Coefficients>),
    /// Of anything else, with how it has to be turned to be seen upright.
    Planes(Arc<Planar>, Orientation),
}

impl Raw {
    /// Gets a picture ready.
    ///
    /// # Errors
    ///
    /// [`Failed`] if it is a JPEG that cannot be decoded.
    pub fn of(picture: &Picture, decoder: &mut Decoder) -> Result<Self, Failed> {
        match picture {
            Picture::Planar(planar) => Ok(Raw::Planes(Arc::clone(planar), Orientation::UPRIGHT)),
            Picture::Jpeg(jpeg) => match Coefficients::read(&jpeg.bytes) {
                Ok(coefficients) => Ok(Raw::Coefficients(Arc::new(coefficients))),
                // libjpeg-turbo knows more sorts, and bears more that is broken.
                Err(_) => {
                    let planar = decoder.decode(&jpeg.bytes)?;
                    Ok(Raw::Planes(Arc::new(planar), jpeg.orientation))
                }
            },
        }
    }

    /// The picture as JPEG.
    ///
    /// # Errors
    ///
    /// [`Failed`] with libjpeg-turbo's words.
    pub fn encode(&self, quality: Quality, encoder: &mut Encoder) -> Result<Arc<[u8]>, Failed> {
        match self {
            Raw::Coefficients(coefficients) => Ok(coefficients.requantized(quality)),
            Raw::Planes(planes, Orientation::UPRIGHT) => encoder.encode(planes, quality),
            Raw::Planes(planes, orientation) => {
                Ok(with_orientation(&encoder.encode(planes, quality)?, *orientation))
            }
        }
    }

    /// The luma at an eighth of its size.
    pub fn thumbnail(&self) -> Thumbnail {
        match self {
            Raw::Coefficients(coefficients) => {
                let (size, luma) = coefficients.thumbnail();
                Thumbnail { size, luma }
            }
            Raw::Planes(planes, _) => Thumbnail::of(planes),
        }
    }
}
