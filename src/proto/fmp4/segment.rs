//! Writes the head of a media segment: a CMAF fragment (ISO 23000-19 §7.3.2.3) up to its data.

use super::init::TRACK;
use super::write::Writer;
use super::{Invalid, invalid};
use crate::proto::cenc::Guarded;

/// A sample as a segment has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// How many bytes it has.
    pub bytes: u32,
    /// How long it lasts, in units of its track.
    pub lasts: u32,
    /// How much later it is shown than decoded; earlier if below zero.
    pub offset: i32,
    /// Whether decoding can begin with it.
    pub is_sync: bool,
    /// What of it is encrypted, in an encrypted track.
    pub guarded: Option<Guarded>,
}

/// The bytes of a segment in front of its samples'.
///
/// `number` is its own, the first 1; `decoded` is when its first sample is, in units of the track.
///
/// # Errors
///
/// [`Invalid`] if it would have 4 GiB or more.
pub fn head(
    number: u32,
    decoded: u64,
    is_aac: bool,
    samples: &[Written],
) -> Result<Vec<u8>, Invalid> {
    let data: u64 = samples.iter().map(|sample| u64::from(sample.bytes)).sum();
    let data = u32::try_from(data + 8).map_err(|_| invalid("a segment has 4 GiB or more"))?;
    let mut writer = Writer::default();
    writer.part(b"styp", |styp| {
        styp.put(b"msdh");
        styp.u32(0);
        styp.put(b"msdhcmfc");
    });
    let start = writer.here();
    let mut places = Places::default();
    writer.part(b"moof", |moof| {
        moof.full(b"mfhd", 0, 0, |mfhd| mfhd.u32(number));
        moof.part(b"traf", |traf| {
            traf.full(b"tfhd", 0, DEFAULT_BASE_IS_MOOF, |tfhd| tfhd.u32(TRACK));
            traf.full(b"tfdt", 1, 0, |tfdt| tfdt.u64(decoded));
            run(traf, samples, &mut places);
            if is_aac {
                traf.full(b"sbgp", 0, 0, |sbgp| {
                    sbgp.put(b"roll");
                    sbgp.u32(1);
                    sbgp.u32(samples.len() as u32);
                    sbgp.u32(1);
                });
            }
            guards(traf, samples, &mut places);
        });
    });
    let end = writer.here();
    let within = |at: usize| u32::try_from(at - start).expect("heads are small");
    // Behind the head of `mdat`, from the beginning of `moof`.
    writer.patch(places.data, within(end + 8));
    if let Some((stated, meant)) = places.guards {
        writer.patch(stated, within(meant));
    }
    writer.u32(data);
    writer.put(b"mdat");
    Ok(writer.bytes)
}

/// What is known once all of a fragment is written.
#[derive(Default)]
struct Places {
    data: usize,
    guards: Option<(usize, usize)>,
}

fn run(traf: &mut Writer, samples: &[Written], places: &mut Places) {
    let has_offsets = samples.iter().any(|sample| sample.offset != 0);
    let has_flags = samples.iter().any(|sample| !sample.is_sync);
    let flags = 0x301 | if has_flags { 0x400 } else { 0 } | if has_offsets { 0x800 } else { 0 };
    traf.full(b"trun", 1, flags, |trun| {
        trun.u32(samples.len() as u32);
        places.data = trun.here();
        trun.u32(0);
        for sample in samples {
            trun.u32(sample.lasts);
            trun.u32(sample.bytes);
            if has_flags {
                trun.u32(if sample.is_sync { SYNC } else { NOT_SYNC });
            }
            if has_offsets {
                trun.u32(sample.offset as u32);
            }
        }
    });
}

/// `saiz`, `saio` and `senc` (ISO 23001-7 §7); none where samples need no word of their own.
fn guards(traf: &mut Writer, samples: &[Written], places: &mut Places) {
    let guarded = || samples.iter().filter_map(|sample| sample.guarded.as_ref());
    if guarded().all(|guarded| guarded.length() == 0) {
        return;
    }
    let has_parts = guarded().any(|guarded| !guarded.parts.is_empty());
    let first = guarded().next().map_or(0, Guarded::length);
    let is_even = guarded().all(|guarded| guarded.length() == first);
    let small = |length: usize| u8::try_from(length).unwrap_or(u8::MAX);
    traf.full(b"saiz", 0, 0, |saiz| {
        saiz.u8(if is_even { small(first) } else { 0 });
        saiz.u32(samples.len() as u32);
        if !is_even {
            guarded().for_each(|guarded| saiz.u8(small(guarded.length())));
        }
    });
    let mut stated = 0;
    traf.full(b"saio", 0, 0, |saio| {
        saio.u32(1);
        stated = saio.here();
        saio.u32(0);
    });
    traf.full(b"senc", 0, if has_parts { 2 } else { 0 }, |senc| {
        senc.u32(samples.len() as u32);
        places.guards = Some((stated, senc.here()));
        for guarded in guarded() {
            guarded.iv.iter().for_each(|iv| senc.put(iv));
            if has_parts {
                senc.u16(guarded.parts.len() as u16);
                for (clear, secret) in &guarded.parts {
                    senc.u16(*clear);
                    senc.u32(*secret);
                }
            }
        }
    });
}

const DEFAULT_BASE_IS_MOOF: u32 = 0x2_0000;
/// Depends on no other (ISO 14496-12 §8.8.3.1).
const SYNC: u32 = 0x200_0000;
/// Depends on others, and is no place to begin.
const NOT_SYNC: u32 = 0x101_0000;
