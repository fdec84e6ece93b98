//! Takes the encryption off what is written here ([`super::segment`], [`super::init`]): in its place, so that no size and no
//! offset is another. Boxes that speak of encryption become `free`, which players pass over.
//!
//! Pure. What is not such a file is refused, and never read beyond its end.

use crate::proto::boxes::{Part, Walk};
use crate::proto::cenc::{Protection, Scheme, Stripes};

/// It is no segment, or none that is encrypted so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken;

/// What a track holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// Pictures: one block in ten is encrypted by `cbcs`.
    Pictures,
    /// Sound: all whole blocks.
    Sound,
}

/// Makes what stands before all segments that of a track in clear.
///
/// # Errors
///
/// [`Broken`] if there is no encrypted track in it.
pub fn uncover_init(bytes: &mut [u8]) -> Result<(), Broken> {
    let moov = child(bytes, whole(bytes), b"moov")?;
    while let Ok(pssh) = child(bytes, moov, b"pssh") {
        rename(bytes, pssh, b"free");
    }
    let mut place = moov;
    for kind in [b"trak", b"mdia", b"minf", b"stbl", b"stsd"] {
        place = child(bytes, place, kind)?;
    }
    // Version, flags and the number of entries stand first.
    let entry = Walk::new(place.start + 8, place.end).next(&mut &*bytes).ok_or(Broken)?;
    let head = match &entry.kind {
        b"encv" => 78,
        b"enca" => 28,
        _ => return Err(Broken),
    };
    let inner = Part { start: entry.start + head, ..entry };
    let sinf = child(bytes, inner, b"sinf")?;
    let frma = child(bytes, sinf, b"frma")?;
    let kind: [u8; 4] = at(bytes, frma.start)?;
    rename(bytes, entry, &kind);
    rename(bytes, sinf, b"free");
    Ok(())
}

/// Decrypts a segment.
///
/// # Errors
///
/// [`Broken`]; what it is then is worth nothing.
pub fn uncover(bytes: &mut [u8], protection: &Protection, media: Media) -> Result<(), Broken> {
    let moof = child(bytes, whole(bytes), b"moof")?;
    let traf = child(bytes, moof, b"traf")?;
    let samples = samples(bytes, moof, child(bytes, traf, b"trun")?)?;
    let guards = match child(bytes, traf, b"senc") {
        Ok(senc) => Some(guards(bytes, senc, protection.scheme, samples.len())?),
        Err(Broken) if protection.scheme == Scheme::Cenc => return Err(Broken),
        Err(Broken) => None,
    };
    let stripes = if media == Media::Pictures { Stripes::OneInTen } else { Stripes::Whole };
    for (number, (start, end)) in samples.iter().copied().enumerate() {
        let sample = bytes.get_mut(start..end).ok_or(Broken)?;
        let (iv, parts) = match &guards {
            Some(guards) => (guards[number].0, guards[number].1.as_slice()),
            None => (0, &[][..]),
        };
        let all = [(0, sample.len())];
        let parts = if parts.is_empty() { &all[..] } else { parts };
        protection.decrypt(iv, sample, parts, stripes);
    }
    for kind in [b"senc", b"saiz", b"saio"] {
        if let Ok(part) = child(bytes, traf, kind) {
            rename(bytes, part, b"free");
        }
    }
    Ok(())
}

/// Where each sample begins and ends.
fn samples(bytes: &[u8], moof: Part, trun: Part) -> Result<Vec<(usize, usize)>, Broken> {
    let flags = u32::from_be_bytes(at(bytes, trun.start)?) & 0xff_ffff;
    let count = u32::from_be_bytes(at(bytes, trun.start + 4)?);
    // As our own writer has it: an offset, and of each sample how long it lasts and its size.
    if flags & 0x301 != 0x301 || flags & 0x4 != 0 {
        return Err(Broken);
    }
    let offset = u64::from(u32::from_be_bytes(at(bytes, trun.start + 8)?));
    let words = u64::from((flags & 0xf00).count_ones());
    let first = trun.start + 12;
    if u64::from(count) * words * 4 > trun.end.saturating_sub(first) {
        return Err(Broken);
    }
    let mut from = moof.at + offset;
    let mut samples = Vec::new();
    for number in 0..u64::from(count) {
        let size = u32::from_be_bytes(at(bytes, first + number * words * 4 + 4)?);
        let to = from + u64::from(size);
        let place = |at: u64| usize::try_from(at).map_err(|_| Broken);
        samples.push((place(from)?, place(to)?));
        from = to;
    }
    Ok(samples)
}

/// The IV and the parts of a sample.
type Guard = (u64, Vec<(usize, usize)>);

fn guards(bytes: &[u8], senc: Part, scheme: Scheme, count: usize) -> Result<Vec<Guard>, Broken> {
    let has_parts = u32::from_be_bytes(at(bytes, senc.start)?) & 2 != 0;
    let stated = u32::from_be_bytes(at(bytes, senc.start + 4)?);
    if usize::try_from(stated) != Ok(count) {
        return Err(Broken);
    }
    let mut place = senc.start + 8;
    let mut guards = Vec::new();
    for _ in 0..count {
        let mut iv = 0;
        if scheme == Scheme::Cenc {
            iv = u64::from_be_bytes(at(bytes, place)?);
            place += 8;
        }
        let mut parts = Vec::new();
        if has_parts {
            let number = u16::from_be_bytes(at(bytes, place)?);
            place += 2;
            for _ in 0..number {
                let clear = u16::from_be_bytes(at(bytes, place)?);
                let secret = u32::from_be_bytes(at(bytes, place + 2)?);
                let secret = usize::try_from(secret).map_err(|_| Broken)?;
                parts.push((usize::from(clear), secret));
                place += 6;
            }
        }
        if place > senc.end {
            return Err(Broken);
        }
        guards.push((iv, parts));
    }
    Ok(guards)
}

fn whole(bytes: &[u8]) -> Part {
    Part { kind: *b"file", at: 0, start: 0, end: bytes.len() as u64 }
}

fn child(mut bytes: &[u8], part: Part, kind: &[u8; 4]) -> Result<Part, Broken> {
    let mut walk = Walk::within(part);
    while let Some(part) = walk.next(&mut bytes) {
        if &part.kind == kind {
            return Ok(part);
        }
    }
    Err(Broken)
}

/// The bytes at a place.
fn at<const COUNT: usize>(bytes: &[u8], place: u64) -> Result<[u8; COUNT], Broken> {
    let place = usize::try_from(place).map_err(|_| Broken)?;
    let found = bytes.get(place..).and_then(|rest| rest.first_chunk::<COUNT>());
    found.copied().ok_or(Broken)
}

/// Gives a box another name. It was found: its head is there.
fn rename(bytes: &mut [u8], part: Part, kind: &[u8; 4]) {
    let name = usize::try_from(part.at + 4).ok().and_then(|at| bytes.get_mut(at..at + 4));
    if let Some(name) = name {
        name.copy_from_slice(kind);
    }
}

#[cfg(test)]
mod tests {
    use super::super::segment::{Written, head};
    use super::*;
    use crate::proto::cenc::{Guarded, Key};

    fn protection(scheme: Scheme) -> Protection {
        let key = Key::parse("2b7e151628aed2a6abf7158809cf4f3c").unwrap();
        Protection { scheme, key, key_id: [7; 16], constant_iv: [9; 16] }
    }

    fn segment(samples: &[Vec<u8>], guards: &[Option<Guarded>]) -> Vec<u8> {
        let written: Vec<Written> = samples
            .iter()
            .zip(guards)
            .map(|(sample, guarded)| Written {
                bytes: sample.len() as u32,
                lasts: 1024,
                offset: 0,
                is_sync: true,
                guarded: guarded.clone(),
            })
            .collect();
        let mut bytes = head(1, 0, true, &written).unwrap();
        samples.iter().for_each(|sample| bytes.extend_from_slice(sample));
        bytes
    }

    /// A packet of sound and pictures of one unit each.
    fn plain() -> [Vec<u8>; 3] {
        let unit = |length: u32, kind: u8| {
            let mut sample = length.to_be_bytes().to_vec();
            sample.push(kind);
            sample.extend((1..length).map(|at| (at % 251) as u8));
            sample
        };
        [unit(41, 6), unit(700, 0x65), unit(333, 0x41)]
    }

    #[test]
    fn what_was_encrypted_is_as_it_was() {
        for (scheme, media) in [
            (Scheme::Cbcs, Media::Sound),
            (Scheme::Cenc, Media::Sound),
            (Scheme::Cbcs, Media::Pictures),
            (Scheme::Cenc, Media::Pictures),
        ] {
            let protection = protection(scheme);
            let mut samples = plain();
            let mut guards = Vec::new();
            for (number, sample) in samples.iter_mut().enumerate() {
                let iv = 40 + number as u64;
                let guarded = match media {
                    Media::Sound => protection.packet(iv),
                    // As a picture of two slices has it, with its heads in clear.
                    Media::Pictures => {
                        let secret = |bytes: usize| match scheme {
                            Scheme::Cbcs => bytes as u32,
                            Scheme::Cenc => (bytes / 16 * 16) as u32,
                        };
                        let half = sample.len() / 2;
                        let parts = vec![(3, secret(half - 3)), (5, secret(half - 9))];
                        Guarded { iv: protection.packet(iv).iv, parts }
                    }
                };
                match media {
                    Media::Sound => protection.sound(iv, sample),
                    Media::Pictures => protection.picture(iv, sample, &guarded),
                }
                guards.push(Some(guarded));
            }
            let mut bytes = segment(&samples, &guards);
            let size = bytes.len();
            uncover(&mut bytes, &protection, media).unwrap();
            let plain = plain().concat();
            assert_eq!(&bytes[size - plain.len()..], plain, "{scheme:?} {media:?}");
            assert_eq!(bytes.len(), size);
            for kind in [b"senc", b"saiz", b"saio"] {
                assert!(!bytes.windows(4).any(|four| four == kind), "{scheme:?} {media:?}");
            }
        }
    }

    #[test]
    fn what_is_broken_is_refused_and_never_read_beyond_its_end() {
        let protection = protection(Scheme::Cenc);
        let guards: Vec<_> = (0..3).map(|iv| Some(protection.packet(iv))).collect();
        let bytes = segment(&plain(), &guards);
        let mut refused = 0;
        let mut seed = 1_u64;
        for _ in 0..20_000 {
            let mut broken = bytes.clone();
            for _ in 0..1 + seed % 4 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let at = (seed >> 33) as usize % broken.len();
                match seed >> 62 {
                    0 => broken.truncate(at.max(1)),
                    _ => broken[at] = (seed >> 24) as u8,
                }
            }
            let mut of_segment = broken.clone();
            refused += u32::from(uncover(&mut of_segment, &protection, Media::Sound).is_err());
            let mut of_init = broken;
            assert!(uncover_init(&mut of_init).is_err());
        }
        assert!(refused > 100, "{refused}");
        assert_eq!(uncover(&mut [], &protection, Media::Sound), Err(Broken));
    }
}
