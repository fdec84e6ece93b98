//! Pictures in the form that they are sent in, made once for all sessions of a level.

use std::array;
use std::sync::Arc;

use parking_lot::Mutex;

use super::feed::{Shot, Shown};
use crate::jpeg;
use crate::live::hub::Still;
use crate::live::level::{LEVELS, Level};
use crate::media::codec::Failed;
use crate::media::fit::{Fit, Fitter};
use crate::media::frame::{Jpeg, Picture, Size};
use crate::proto::rtp::jpeg::{PacketBytes, Packets};

/// The newest picture of each level, packed.
pub(super) struct Shelf {
    levels: [Mutex<Newest>; LEVELS],
}

/// What was made of a level's newest picture.
#[derive(Default)]
struct Newest {
    sequence: u64,
    packets: Option<Arc<Packets>>,
    /// Nobody need try again.
    unsendable: Option<Failed>,
    datagram: Option<Arc<[u8]>>,
    fit: Fit,
}

impl Shelf {
    pub(super) fn new() -> Self {
        Self { levels: array::from_fn(|_| Mutex::default()) }
    }

    /// The packets of a picture.
    ///
    /// # Errors
    ///
    /// [`Failed`] if it has to be encoded anew and cannot be.
    pub(super) fn packets(&self, shot: &Shot, fitter: &mut Fitter) -> Result<Arc<Packets>, Failed> {
        match &shot.picture {
            Shown::Own(jpeg) => {
                let jpeg = at_level(jpeg, shot.level, fitter)?;
                pack(jpeg, shot.level, fitter).map(Arc::new)
            }
            Shown::Still(still) => {
                // Held across the work on purpose: it is done once, however many wait for it.
                let mut newest = self.newest(shot.level, still);
                if let Some(packets) = &newest.packets {
                    return Ok(Arc::clone(packets));
                }
                if let Some(failed) = &newest.unsendable {
                    return Err(failed.clone());
                }
                match picture(still).and_then(|jpeg| pack(jpeg, shot.level, fitter)) {
                    Ok(packets) => Ok(Arc::clone(newest.packets.insert(Arc::new(packets)))),
                    Err(failed) => Err(newest.unsendable.insert(failed).clone()),
                }
            }
        }
    }

    /// The picture as a JPEG of at most `most` bytes; `last` is how the session's last one was made
    /// to fit, if the picture is its own.
    ///
    /// # Errors
    ///
    /// As [`packets`](Self::packets).
    pub(super) fn datagram(
        &self,
        shot: &Shot,
        most: usize,
        fitter: &mut Fitter,
        last: &mut Fit,
    ) -> Result<Arc<[u8]>, Failed> {
        let best = shot.level.quality();
        match &shot.picture {
            Shown::Own(jpeg) => {
                let picture = Picture::Jpeg(at_level(jpeg, shot.level, fitter)?);
                fitter.fit_bytes(&picture, best, most, last)
            }
            Shown::Still(still) => {
                let mut newest = self.newest(shot.level, still);
                if let Some(datagram) = &newest.datagram {
                    return Ok(Arc::clone(datagram));
                }
                let picture = Picture::Jpeg(picture(still)?);
                let datagram = fitter.fit_bytes(&picture, best, most, &mut newest.fit)?;
                Ok(Arc::clone(newest.datagram.insert(datagram)))
            }
        }
    }

    fn newest(&self, level: Level, still: &Still) -> parking_lot::MutexGuard<'_, Newest> {
        let mut newest = self.levels[level.index()].lock();
        if newest.sequence != still.sequence {
            let fit = newest.fit;
            *newest = Newest { sequence: still.sequence, fit, ..Newest::default() };
        }
        newest
    }
}

/// A clip's picture at a level.
fn at_level(jpeg: &Jpeg, level: Level, fitter: &mut Fitter) -> Result<Jpeg, Failed> {
    if level.is_served_by(jpeg.quality) {
        return Ok(jpeg.clone());
    }
    fitter.at_quality(jpeg, level.quality())
}

fn pack(jpeg: Jpeg, level: Level, fitter: &mut Fitter) -> Result<Packets, Failed> {
    let carried = fitter.fit_rtp(&Picture::Jpeg(jpeg), level.quality())?;
    Ok(Packets::new(carried.bytes, &carried.parts, PacketBytes::DEFAULT))
}

/// A level's picture, with what its headers say.
fn picture(still: &Still) -> Result<Jpeg, Failed> {
    let info = jpeg::info(&still.jpeg).map_err(|broken| Failed(broken.to_string()))?;
    let size = Size::new(info.size.width, info.size.height);
    let size = size.ok_or_else(|| Failed("a picture without a size".into()))?;
    Ok(Jpeg { bytes: Arc::clone(&still.jpeg), size, quality: Some(info.quality) })
}
