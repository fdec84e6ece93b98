//! The head of a file, `moov` (ISO 14496-12 §8.2): its tracks, and how they lie on one timeline.

use super::entry::{Entry, Kind};
use super::table::Table;
use super::{Invalid, be32_at, be64_at, content, invalid};
use crate::proto::boxes::{Part, Walk, child};

/// What a head says.
#[derive(Debug, Clone)]
pub struct Movie {
    /// Its tracks of pictures and of sound.
    pub tracks: Vec<Track>,
}

/// One stream of samples.
#[derive(Debug, Clone)]
pub struct Track {
    /// By which fragments name it.
    pub id: u32,
    /// Pictures or sound.
    pub kind: Kind,
    /// Units in a second, never 0.
    pub timescale: u32,
    /// ISO 639-2, `und` where nothing is said.
    pub language: String,
    /// Whether it plays if nobody chooses.
    pub is_enabled: bool,
    /// Whether its pictures are to be turned or mirrored.
    pub is_turned: bool,
    /// When it begins.
    pub edit: Edit,
    /// What decodes it; `None` if that is not known here.
    pub entry: Option<Entry>,
    /// What its fragments leave out.
    pub usual: Usual,
    /// Its samples that are in no fragment.
    pub table: Table,
}

/// How a track lies on the film's timeline (§8.6.6), in its own units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Edit {
    /// It begins so much later.
    pub delay: u64,
    /// The time of its own that is shown first.
    pub skip: u64,
}

/// What a sample of a fragment is if that does not say (`trex`, §8.8.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usual {
    /// Units of its track.
    pub lasts: u32,
    /// Bytes.
    pub bytes: u32,
    /// §8.8.3.1.
    pub flags: u32,
}

impl Movie {
    /// Reads the content of a `moov`.
    ///
    /// # Errors
    ///
    /// [`Invalid`] if a track of pictures or sound cannot be understood.
    pub fn parse(moov: &[u8]) -> Result<Self, Invalid> {
        let mut tracks: Vec<Track> = Vec::new();
        let (mut timescale, mut usual) = (None, Vec::new());
        let mut walk = Walk::new(0, moov.len() as u64);
        let mut source = moov;
        while let Some(part) = walk.next(&mut source) {
            match &part.kind {
                b"mvhd" => timescale = header(content(moov, part)).map(|(timescale, _)| timescale),
                b"trak" if tracks.len() >= MOST_TRACKS => {
                    return Err(invalid("moov has too many tracks"));
                }
                b"trak" => tracks.extend(track(moov, part, timescale)?),
                b"mvex" => usual.extend(extends(moov, part)),
                _ => {}
            }
        }
        for (id, usual) in usual {
            for track in tracks.iter_mut().filter(|track| track.id == id) {
                track.usual = usual;
            }
        }
        let is_twice =
            |track: &Track| tracks.iter().filter(|other| other.id == track.id).count() > 1;
        if tracks.iter().any(is_twice) {
            return Err(invalid("moov has two tracks of one number"));
        }
        Ok(Self { tracks })
    }
}

/// Timescale, and the bytes behind the duration, of an `mvhd` or `mdhd`.
fn header(content: &[u8]) -> Option<(u32, &[u8])> {
    let (timescale, behind) = if *content.first()? == 1 { (20, 32) } else { (12, 20) };
    Some((be32_at(content, timescale)?, content.get(behind..)?))
}

fn extends(moov: &[u8], mvex: Part) -> Vec<(u32, Usual)> {
    let mut usual = Vec::new();
    let mut walk = Walk::within(mvex);
    while let Some(part) = walk.next(&mut { moov }) {
        let trex = content(moov, part);
        let at = |at| be32_at(trex, at);
        if part.kind == *b"trex"
            && usual.len() < MOST_TRACKS
            && let (Some(id), Some(lasts), Some(bytes), Some(flags)) =
                (at(4), at(12), at(16), at(20))
        {
            usual.push((id, Usual { lasts, bytes, flags }));
        }
    }
    usual
}

/// A track; `None` if it has neither pictures nor sound.
fn track(moov: &[u8], trak: Part, of_film: Option<u32>) -> Result<Option<Track>, Invalid> {
    let within = |parent, kind| child(&mut { moov }, parent, kind);
    let need = |found: Option<Part>, rule| found.ok_or(invalid(rule));
    let mdia = need(within(trak, b"mdia"), "trak has no mdia")?;
    let hdlr = need(within(mdia, b"hdlr"), "mdia has no hdlr")?;
    let kind = match content(moov, hdlr).get(8..12) {
        Some(b"vide") => Kind::Video,
        Some(b"soun") => Kind::Audio,
        _ => return Ok(None),
    };
    let tkhd = content(moov, need(within(trak, b"tkhd"), "trak has no tkhd")?);
    let long = if tkhd.first() == Some(&1) { 12 } else { 0 };
    let id = be32_at(tkhd, if long > 0 { 20 } else { 12 }).ok_or(invalid("tkhd is too short"))?;
    let matrix = tkhd.get(40 + long..76 + long);
    let mdhd = content(moov, need(within(mdia, b"mdhd"), "mdia has no mdhd")?);
    let (timescale, rest) = header(mdhd).ok_or(invalid("mdhd is too short"))?;
    if timescale == 0 {
        return Err(invalid("mdhd has no timescale"));
    }
    let minf = need(within(mdia, b"minf"), "mdia has no minf")?;
    let stbl = need(within(minf, b"stbl"), "minf has no stbl")?;
    let stsd = content(moov, need(within(stbl, b"stsd"), "stbl has no stsd")?);
    if be32_at(stsd, 4) != Some(1) {
        return Err(invalid("stsd has not just one description"));
    }
    let edit = match within(trak, b"edts").and_then(|edts| within(edts, b"elst")) {
        Some(elst) => edit(content(moov, elst), of_film, timescale)?,
        None => Edit::default(),
    };
    Ok(Some(Track {
        id,
        kind,
        timescale,
        language: language(rest),
        is_enabled: tkhd.get(3).is_some_and(|flags| flags & 1 == 1),
        is_turned: matrix.is_some_and(|matrix| matrix != UNTURNED && matrix != [0; 36]),
        edit,
        entry: Entry::parse(kind, stsd.get(8..).unwrap_or_default())?,
        usual: Usual::default(),
        table: Table::find(moov, stbl),
    }))
}

/// Three letters of five bits each (§8.4.2.3).
fn language(bytes: &[u8]) -> String {
    let packed = bytes.first_chunk().map_or(0, |packed| u16::from_be_bytes(*packed));
    let letter = |shift: u16| char::from(((packed >> shift & 0x1f) as u8).saturating_add(0x60));
    let name: String = [10, 5, 0].map(letter).iter().collect();
    let is_name = name.bytes().all(|letter| letter.is_ascii_lowercase());
    if is_name { name } else { "und".to_owned() }
}

/// An edit list: a pause at most, and one part of the track from some time on.
fn edit(elst: &[u8], of_film: Option<u32>, timescale: u32) -> Result<Edit, Invalid> {
    let is_long = elst.first() == Some(&1);
    let count = be32_at(elst, 4).ok_or(invalid("elst is too short"))?;
    let size = if is_long { 20 } else { 12 };
    let mut edit = Edit::default();
    let mut is_placed = false;
    for entry in elst.get(8..).unwrap_or_default().chunks_exact(size).take(count.min(8) as usize) {
        let (lasts, from) = match is_long {
            true => (be64_at(entry, 0), be64_at(entry, 8).map(|from| from as i64)),
            false => (
                be32_at(entry, 0).map(u64::from),
                be32_at(entry, 4).map(|from| i64::from(from as i32)),
            ),
        };
        let (Some(lasts), Some(from)) = (lasts, from) else { break };
        if is_placed {
            return Err(invalid("elst has several parts"));
        }
        match u64::try_from(from) {
            Ok(from) => (edit.skip, is_placed) = (from, true),
            Err(_) => {
                let of_film =
                    of_film.filter(|scale| *scale > 0).ok_or(invalid("mvhd is missing"))?;
                let units = u128::from(lasts) * u128::from(timescale) / u128::from(of_film);
                let units = u64::try_from(units).unwrap_or(u64::MAX);
                edit.delay = edit.delay.saturating_add(units);
            }
        }
    }
    if edit.delay.max(edit.skip) / u64::from(timescale) > MOST_SECONDS {
        return Err(invalid("elst moves a track by more than a day"));
    }
    Ok(edit)
}

/// Of pictures that stay as they are (§8.3.2).
const UNTURNED: [u8; 36] = {
    let mut matrix = [0; 36];
    (matrix[1], matrix[17], matrix[32]) = (1, 1, 0x40);
    matrix
};
const MOST_TRACKS: usize = 64;
const MOST_SECONDS: u64 = 86_400;
