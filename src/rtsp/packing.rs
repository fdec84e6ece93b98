//! Pictures in the form that they are sent in.
//!
//! Of what cannot be sent, a card says so. What can travel as it is needs a look at its headers. What has to be encoded anew is
//! [a worker's](super::encodes), and a session waits for it as it waits for anything: until it
//! is notified. A level's picture of a channel is made once for all sessions of that level.

use std::array;
use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::encodes::Encodes;
use crate::jpeg;
use crate::live::hub::{Hub, Still};
use crate::live::level::{LEVELS, Level};
use crate::live::look::Look;
use crate::media::card;
use crate::media::codec::Failed;
use crate::media::filter::{Filter, Marks};
use crate::media::fit::{Fit, Fitter};
use crate::media::frame::{Jpeg, Orientation, Picture, Size};
use crate::net::lane::Handle;
use crate::net::workers::{Busy, Ticket, Workers, owe};
use crate::proto::rtp::Header;
use crate::proto::rtp::jpeg::{PacketBytes, Packets, rtp_parts};

/// How a picture is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// As RTP's packets.
    Rtp,
    /// As one JPEG that fits the lab's datagram.
    Lab,
}

/// A picture that is ready to be sent.
#[derive(Clone)]
pub(super) enum Packed {
    Rtp(Arc<Packets>),
    Lab(Arc<[u8]>),
}

/// Packs pictures.
pub(super) struct Packing {
    encodes: Encodes,
    /// Of clips that are played for one session.
    clips: Arc<Shelf>,
    /// By the numbers of their hubs and by what they look like.
    shelves: Mutex<HashMap<(u32, Look), Arc<Shelf>>>,
}

/// What is done to a clip's picture before it is packed.
#[derive(Debug, Clone, Default)]
pub(super) struct Dress {
    pub(super) filter: Filter,
    /// What is written, if the filter writes it.
    pub(super) name: Option<Arc<str>>,
    pub(super) place: Option<String>,
}

/// What was made of one channel's pictures of one look.
struct Shelf {
    hub: Arc<Hub>,
    levels: [[Mutex<Newest>; 2]; LEVELS],
}

/// What was made of a level's pictures.
#[derive(Default)]
struct Newest {
    /// The newest that is packed, or cannot be, by its sequence number.
    made: Option<(u64, Option<Packed>)>,
    /// Whether one is being encoded.
    underway: bool,
    /// Whom to notify when it is.
    waiting: Vec<Handle>,
    fit: Fit,
}

/// What asking for a picture came to.
pub(super) enum Asked {
    Packed(Packed),
    /// It cannot be sent, or a newer one was sent to others meanwhile.
    Never,
    /// Who asked is notified when it is time to ask again.
    Later,
    /// Too much is asked for; nobody is notified.
    Busy,
}

impl Packing {
    /// Packs with the help of `workers`; `hub` is told what cannot be sent of clips.
    pub(super) fn new(workers: Arc<Workers>, hub: &Arc<Hub>) -> Self {
        let clips = Arc::new(Shelf::new(hub));
        Self { encodes: Encodes::new(workers), clips, shelves: Mutex::default() }
    }

    /// A level's picture of a channel, packed, for a session that `asker` drives.
    pub(super) fn of_level(
        &self,
        hub: &Arc<Hub>,
        still: &Still,
        (level, look): (Level, &Look),
        format: Format,
        asker: &Handle,
    ) -> Asked {
        let shelf = self.shelf(hub, look);
        let sequence = still.sequence;
        let jpeg = {
            let mut newest = shelf.newest(level, format).lock();
            match &newest.made {
                Some((made, packed)) if *made == sequence => {
                    return packed.clone().map_or(Asked::Never, Asked::Packed);
                }
                Some((made, _)) if *made > sequence => return Asked::Never,
                _ => {}
            }
            if newest.underway {
                if newest.waiting.len() >= MAX_WAITING {
                    return Asked::Busy;
                }
                newest.waiting.push(asker.clone());
                return Asked::Later;
            }
            let jpeg = picture(still);
            let unchanged = jpeg.as_ref().ok().and_then(|jpeg| as_it_is(jpeg, level, format));
            if let Some(packed) = unchanged {
                newest.made = Some((sequence, Some(packed.clone())));
                return Asked::Packed(packed);
            }
            newest.underway = true;
            newest.waiting.push(asker.clone());
            jpeg
        };
        let mut making = Making { shelf, level, format, sequence, packed: None };
        let encode = move |fitter: Result<&mut Fitter, Failed>| {
            let mut fit = making.newest().lock().fit;
            making.packed = making.shelf.packed(jpeg, level, format, fitter, &mut fit);
            making.newest().lock().fit = fit;
        };
        // One that is refused is made as far as it will be: the next picture is tried anew.
        match self.encodes.add(asker, Box::new(encode)) {
            Ok(()) => Asked::Later,
            Err(Busy) => Asked::Busy,
        }
    }

    /// Filters and encodes a clip's picture for a session that `asker` drives, which is notified.
    ///
    /// # Errors
    ///
    /// [`Busy`] if too much is asked for; nobody is notified then.
    pub(super) fn of_clip(
        &self,
        (jpeg, dress): (Jpeg, Dress),
        level: Level,
        format: Format,
        mut fit: Fit,
        asker: &Handle,
    ) -> Result<Ticket<(Option<Packed>, Fit)>, Busy> {
        let (owed, ticket) = owe(asker);
        let shelf = Arc::clone(&self.clips);
        let work = move |mut fitter: Result<&mut Fitter, Failed>| {
            if owed.is_given_up() {
                return;
            }
            let jpeg = match &mut fitter {
                Ok(fitter) => dress.put_on(jpeg, level, fitter),
                Err(_) => Ok(jpeg),
            };
            let packed = shelf.packed(jpeg, level, format, fitter, &mut fit);
            owed.pay(Ok((packed, fit)));
        };
        self.encodes.add(asker, Box::new(work)).map(|()| ticket)
    }

    fn shelf(&self, hub: &Arc<Hub>, look: &Look) -> Arc<Shelf> {
        let mut shelves = self.shelves.lock();
        let key = (hub.number(), look.clone());
        if !shelves.contains_key(&key) {
            // Those of channels that were closed, and of looks that nobody watches.
            shelves.retain(|(_, look), shelf| {
                !shelf.hub.is_stopped() && (look.is_plain() || shelf.hub.makes(look))
            });
        }
        Arc::clone(shelves.entry(key).or_insert_with(|| Arc::new(Shelf::new(hub))))
    }
}

impl Dress {
    fn put_on(&self, jpeg: Jpeg, level: Level, fitter: &mut Fitter) -> Result<Jpeg, Failed> {
        if self.filter.is_none() {
            return Ok(jpeg);
        }
        let marks = Marks { name: self.name.as_deref(), clock: self.place.as_deref() };
        let quality = (!level.is_served_by(jpeg.quality)).then_some(level.quality());
        fitter.filtered(&jpeg, (self.filter, &marks), quality)
    }
}

impl Shelf {
    fn new(hub: &Arc<Hub>) -> Self {
        let levels = array::from_fn(|_| array::from_fn(|_| Mutex::default()));
        Self { hub: Arc::clone(hub), levels }
    }

    /// A picture encoded anew; where that cannot be done, a card that says so. Nothing at all only
    /// where there is no encoder.
    fn packed(
        &self,
        jpeg: Result<Jpeg, Failed>,
        level: Level,
        format: Format,
        fitter: Result<&mut Fitter, Failed>,
        fit: &mut Fit,
    ) -> Option<Packed> {
        let unmade = self.hub.unmade();
        let fitter = fitter.inspect_err(|failed| unmade.note(&failed.0)).ok()?;
        let size = jpeg.as_ref().map_or(CARD_SIZE, |jpeg| jpeg.size);
        let packed = jpeg.and_then(|jpeg| encode(&jpeg, level, format, fitter, fit));
        packed
            .or_else(|failed| {
                unmade.note(&failed.0);
                let clock = card::clock(self.hub.clock().wall());
                let card = card::card(size, "This picture cannot be sent", &failed.0, &clock);
                pack(&Picture::Planar(Arc::new(card)), level, format, fitter, &mut Fit::default())
            })
            .inspect_err(|failed| unmade.note(&failed.0))
            .ok()
    }

    fn newest(&self, level: Level, format: Format) -> &Mutex<Newest> {
        &self.levels[level.index()][usize::from(format == Format::Lab)]
    }
}

/// A level's picture that is being encoded. Whoever waits is told in any case, also if the work
/// fails or is never done.
struct Making {
    shelf: Arc<Shelf>,
    level: Level,
    format: Format,
    sequence: u64,
    packed: Option<Packed>,
}

impl Making {
    fn newest(&self) -> &Mutex<Newest> {
        self.shelf.newest(self.level, self.format)
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        let waiting = {
            let packed = self.packed.take();
            let mut newest = self.newest().lock();
            newest.made = Some((self.sequence, packed));
            newest.underway = false;
            std::mem::take(&mut newest.waiting)
        };
        waiting.iter().for_each(Handle::notify);
    }
}

/// A picture as it is, if it can be sent so at this level.
pub(super) fn as_it_is(jpeg: &Jpeg, level: Level, format: Format) -> Option<Packed> {
    if !level.is_served_by(jpeg.quality) || jpeg.orientation != Orientation::UPRIGHT {
        return None;
    }
    let bytes = || Arc::clone(&jpeg.bytes);
    match format {
        Format::Rtp => {
            let parts = rtp_parts(&jpeg.bytes).ok()?;
            Some(Packed::Rtp(Arc::new(Packets::new(bytes(), &parts, PacketBytes::DEFAULT))))
        }
        Format::Lab => {
            let small = jpeg.bytes.len() <= LAB_JPEG_BYTES;
            let fits = small && jpeg::info(&jpeg.bytes).is_ok_and(|info| info.is_plain());
            fits.then(|| Packed::Lab(bytes()))
        }
    }
}

/// A picture encoded anew, as far as that is needed.
fn encode(
    jpeg: &Jpeg,
    level: Level,
    format: Format,
    fitter: &mut Fitter,
    fit: &mut Fit,
) -> Result<Packed, Failed> {
    let served = level.is_served_by(jpeg.quality);
    let jpeg = if served { jpeg.clone() } else { fitter.at_quality(jpeg, level.quality())? };
    pack(&Picture::Jpeg(jpeg), level, format, fitter, fit)
}

fn pack(
    picture: &Picture,
    level: Level,
    format: Format,
    fitter: &mut Fitter,
    fit: &mut Fit,
) -> Result<Packed, Failed> {
    Ok(match format {
        Format::Rtp => {
            let carried = fitter.fit_rtp(picture, level.quality())?;
            let packets = Packets::new(carried.bytes, &carried.parts, PacketBytes::DEFAULT);
            Packed::Rtp(Arc::new(packets))
        }
        Format::Lab => {
            Packed::Lab(fitter.fit_bytes(picture, level.quality(), LAB_JPEG_BYTES, fit)?)
        }
    })
}

/// A level's picture, with what its headers say.
fn picture(still: &Still) -> Result<Jpeg, Failed> {
    let info = jpeg::info(&still.jpeg).map_err(|broken| Failed(broken.to_string()))?;
    Ok(Jpeg::of(Arc::clone(&still.jpeg), &info))
}

/// The lab's clients read 20480 bytes, RTP header included.
const LAB_JPEG_BYTES: usize = 20480 - Header::BYTES;
/// Of a card in place of a picture whose size is not known.
const CARD_SIZE: Size = Size { width: 640, height: 480 };
/// Sessions of one level.
const MAX_WAITING: usize = 10_000;

#[cfg(test)]
mod tests;
