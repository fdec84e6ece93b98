//! Samples as fragments have them: `moof` (ISO 14496-12 §8.8).

use super::movie::{Track, Usual};
use super::{Invalid, Sample, be32_at, be64_at, content, invalid};
use crate::proto::boxes::{Part, Walk, child};

/// Reads the content of a `moof` that begins at `place` in its file, as far as it is of `track`, of
/// which the next sample is decoded at `next` if the fragment does not say; returns when the one
/// behind these is.
///
/// # Errors
///
/// [`Invalid`] if it cannot be understood; what was read before is in `into` then.
pub fn read(
    moof: &[u8],
    place: u64,
    track: &Track,
    next: u64,
    into: &mut Vec<Sample>,
) -> Result<u64, Invalid> {
    let mut next = next;
    let mut walk = Walk::new(0, moof.len() as u64);
    let mut number = 0;
    while let Some(part) = walk.next(&mut { moof }) {
        if part.kind != *b"traf" {
            continue;
        }
        number += 1;
        let tfhd = child(&mut { moof }, part, b"tfhd").ok_or(invalid("traf has no tfhd"))?;
        let head = Head::parse(content(moof, tfhd), track.usual)?;
        if head.track != track.id {
            continue;
        }
        let base = match head.base {
            Base::Stated(at) => at,
            Base::Fragment => place,
            Base::Before if number == 1 => place,
            // What the traf before it ends with: no writer of one file a rendition does so.
            Base::Before => return Err(invalid("tfhd has no place of its data")),
        };
        next = fragment(moof, part, head.usual, base, next, into)?;
    }
    Ok(next)
}

struct Head {
    track: u32,
    base: Base,
    usual: Usual,
}

enum Base {
    Stated(u64),
    Fragment,
    Before,
}

impl Head {
    fn parse(tfhd: &[u8], mut usual: Usual) -> Result<Self, Invalid> {
        let short = invalid("tfhd is too short");
        let flags = be32_at(tfhd, 0).ok_or(short)?;
        let track = be32_at(tfhd, 4).ok_or(short)?;
        let mut at = 8;
        let mut base = if flags & 0x02_0000 != 0 { Base::Fragment } else { Base::Before };
        if flags & 1 != 0 {
            base = Base::Stated(be64_at(tfhd, at).ok_or(short)?);
            at += 8;
        }
        let mut field = |flag: u32| {
            let found = (flags & flag != 0).then(|| be32_at(tfhd, at).ok_or(short));
            at += if flags & flag != 0 { 4 } else { 0 };
            found.transpose()
        };
        if field(2)?.is_some_and(|description| description > 1) {
            return Err(invalid("tfhd has another description"));
        }
        usual.lasts = field(8)?.unwrap_or(usual.lasts);
        usual.bytes = field(0x10)?.unwrap_or(usual.bytes);
        usual.flags = field(0x20)?.unwrap_or(usual.flags);
        Ok(Self { track, base, usual })
    }
}

fn fragment(
    moof: &[u8],
    traf: Part,
    usual: Usual,
    base: u64,
    next: u64,
    into: &mut Vec<Sample>,
) -> Result<u64, Invalid> {
    let mut next = next;
    if let Some(part) = child(&mut { moof }, traf, b"tfdt") {
        let tfdt = content(moof, part);
        let stated = match tfdt.first() {
            Some(1) => be64_at(tfdt, 4),
            _ => be32_at(tfdt, 4).map(u64::from),
        };
        next = stated.ok_or(invalid("tfdt is too short"))?;
    }
    let mut at = base;
    let mut walk = Walk::within(traf);
    while let Some(part) = walk.next(&mut { moof }) {
        if part.kind == *b"trun" {
            run(content(moof, part), usual, base, (&mut at, &mut next), into)?;
        }
    }
    Ok(next)
}

/// A `trun`; its data begins where the last one's ended if it does not say where.
fn run(
    trun: &[u8],
    usual: Usual,
    base: u64,
    (at, next): (&mut u64, &mut u64),
    into: &mut Vec<Sample>,
) -> Result<(), Invalid> {
    let short = invalid("trun is too short");
    let flags = be32_at(trun, 0).ok_or(short)?;
    let count = be32_at(trun, 4).ok_or(short)? as usize;
    let mut place = 8;
    if flags & 1 != 0 {
        let offset = be32_at(trun, place).ok_or(short)? as i32;
        *at = base.checked_add_signed(offset.into()).ok_or(invalid("trun is out of bounds"))?;
        place += 4;
    }
    let first = (flags & 4 != 0).then(|| be32_at(trun, place).ok_or(short)).transpose()?;
    place += if flags & 4 != 0 { 4 } else { 0 };
    let each = 4 * (flags >> 8 & 0xf).count_ones() as usize;
    if count > MOST_SAMPLES.saturating_sub(into.len()) {
        return Err(invalid("moof has too many samples"));
    }
    for number in 0..count {
        let mut field = place + number * each;
        let mut take = |flag: u32| {
            let found = (flags & flag != 0).then(|| be32_at(trun, field).ok_or(short));
            field += if flags & flag != 0 { 4 } else { 0 };
            found.transpose()
        };
        let lasts = take(0x100)?.unwrap_or(usual.lasts);
        let bytes = take(0x200)?.unwrap_or(usual.bytes);
        let flags = take(0x400)?.or(first.filter(|_| number == 0)).unwrap_or(usual.flags);
        let offset = take(0x800)?.unwrap_or(0) as i32;
        let is_sync = flags & NOT_SYNC == 0;
        into.push(Sample { at: *at, bytes, decoded: *next, lasts, offset, is_sync });
        *at = at.checked_add(bytes.into()).ok_or(invalid("trun is out of bounds"))?;
        *next = next.checked_add(lasts.into()).ok_or(invalid("trun is out of bounds"))?;
    }
    Ok(())
}

/// `sample_is_non_sync_sample` (§8.8.3.1).
const NOT_SYNC: u32 = 0x1_0000;
/// Of one fragment: half an hour of pictures.
const MOST_SAMPLES: usize = 100_000;
