//! Pictures in the form that they are sent in, made once for all sessions of a level.

use std::array;
use std::sync::Arc;

use parking_lot::Mutex;

use super::feed::{Shot, Shown};
use crate::live::hub::Still;
use crate::live::level::{LEVELS, Level};
use crate::media::codec::{Decoder, Encoder, Failed};
use crate::media::fit::{Fit, Fitter};
use crate::media::frame::{Jpeg, Picture, Size};
use crate::media::jpeg;
use crate::media::raw::Raw;
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

/// What a session needs to pack pictures of its own.
#[derive(Default)]
pub(super) struct Packer {
    codecs: Option<(Encoder, Decoder)>,
    fitter: Option<Fitter>,
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
    pub(super) fn packets(&self, shot: &Shot, packer: &mut Packer) -> Result<Arc<Packets>, Failed> {
        match &shot.picture {
            Shown::Own(jpeg) => {
                let jpeg = packer.at_level(jpeg, shot.level)?;
                packer.packets(jpeg, shot.level).map(Arc::new)
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
                match picture(still).and_then(|jpeg| packer.packets(jpeg, shot.level)) {
                    Ok(packets) => Ok(Arc::clone(newest.packets.insert(Arc::new(packets)))),
                    Err(failed) => Err(newest.unsendable.insert(failed).clone()),
                }
            }
        }
    }

    /// The picture as a JPEG of at most `most` bytes.
    ///
    /// # Errors
    ///
    /// As [`packets`](Self::packets).
    pub(super) fn datagram(
        &self,
        shot: &Shot,
        most: usize,
        packer: &mut Packer,
    ) -> Result<Arc<[u8]>, Failed> {
        let best = shot.level.quality();
        match &shot.picture {
            Shown::Own(jpeg) => {
                let picture = Picture::Jpeg(packer.at_level(jpeg, shot.level)?);
                let mut fit = packer.fit;
                let datagram = packer.fitter()?.fit_bytes(&picture, best, most, &mut fit);
                packer.fit = fit;
                datagram
            }
            Shown::Still(still) => {
                let mut newest = self.newest(shot.level, still);
                if let Some(datagram) = &newest.datagram {
                    return Ok(Arc::clone(datagram));
                }
                let picture = Picture::Jpeg(picture(still)?);
                let fit = &mut newest.fit;
                let datagram = packer.fitter()?.fit_bytes(&picture, best, most, fit)?;
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

impl Packer {
    /// A clip's picture at a level: as it is, where encoding anew would bring nothing.
    fn at_level(&mut self, jpeg: &Jpeg, level: Level) -> Result<Jpeg, Failed> {
        let own = jpeg.quality.is_some_and(|own| level.quality() >= own);
        if level == Level::TOP || own {
            return Ok(jpeg.clone());
        }
        let (encoder, decoder) = match &mut self.codecs {
            Some(codecs) => codecs,
            none => none.insert((Encoder::new()?, Decoder::new()?)),
        };
        let raw = Raw::of(&Picture::Jpeg(jpeg.clone()), decoder)?;
        let bytes = raw.encode(level.quality(), encoder)?;
        Ok(Jpeg { bytes, size: jpeg.size, quality: Some(level.quality()) })
    }

    fn packets(&mut self, jpeg: Jpeg, level: Level) -> Result<Packets, Failed> {
        let carried = self.fitter()?.fit_rtp(&Picture::Jpeg(jpeg), level.quality())?;
        Ok(Packets::new(carried.bytes, &carried.parts, PacketBytes::DEFAULT))
    }

    fn fitter(&mut self) -> Result<&mut Fitter, Failed> {
        match &mut self.fitter {
            Some(fitter) => Ok(fitter),
            none => Ok(none.insert(Fitter::new()?)),
        }
    }
}

/// A level's picture, with what its headers say.
fn picture(still: &Still) -> Result<Jpeg, Failed> {
    let info = jpeg::info(&still.jpeg).map_err(|broken| Failed(broken.to_string()))?;
    let size = Size::new(info.size.width, info.size.height);
    let size = size.ok_or_else(|| Failed("a picture without a size".into()))?;
    Ok(Jpeg { bytes: Arc::clone(&still.jpeg), size, quality: Some(info.quality) })
}
