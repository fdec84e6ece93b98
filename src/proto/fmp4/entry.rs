//! What decodes a track: its sample entry (ISO 14496-12 §8.5.2), and how manifests call it (RFC 6381).
//!
//! An entry goes into segments as it came, colour and pixels' shape with it; only `hev1` and `avc3` are
//! called `hvc1` and `avc1`, which Apple's players ask for, where all parameter sets are in it.

use super::{Invalid, be32_at, content, invalid};
use crate::proto::boxes::Walk;

/// A sample entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its four letters.
    pub kind: [u8; 4],
    /// What is in its box.
    pub content: Vec<u8>,
    /// As `codecs` of a manifest has it.
    pub codecs: String,
    /// By what its samples are coded.
    pub codec: Codec,
    /// What it says beyond that.
    pub looks: Looks,
}

/// What a track holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Pictures.
    Video,
    /// Sound.
    Audio,
}

/// By what samples are coded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Codec {
    /// H.264.
    Avc(Units),
    /// H.265.
    Hevc(Units),
    /// AV1.
    Av1,
    /// Sound by AAC.
    Aac,
    /// Sound by another.
    Sound,
}

/// NAL units in samples: how long their length is, and the parameter sets in front of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Units {
    /// 1, 2 or 4.
    pub length_bytes: usize,
    /// Each without its length.
    pub sets: Vec<Vec<u8>>,
}

/// What pictures or sound look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looks {
    /// Pictures.
    Picture {
        /// In pixels.
        width: u16,
        /// In pixels.
        height: u16,
        /// A pixel's width and height.
        pixel: (u32, u32),
        /// How light is coded.
        range: Range,
    },
    /// Sound.
    Sound {
        /// As the entry counts them.
        channels: u16,
        /// Samples a second.
        rate: u32,
    },
}

/// How light is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// As ever.
    Sdr,
    /// SMPTE ST 2084.
    Pq,
    /// ARIB STD-B67.
    Hlg,
}

impl Entry {
    /// Reads one from the front; `None` if it is of no codec that is packaged.
    ///
    /// # Errors
    ///
    /// [`Invalid`] if it is of one, and broken.
    pub(super) fn parse(kind: Kind, stsd: &[u8]) -> Result<Option<Self>, Invalid> {
        let Some(part) = Walk::new(0, stsd.len() as u64).next(&mut { stsd }) else {
            return Err(invalid("stsd is empty"));
        };
        let whole = content(stsd, part);
        let head = match kind {
            Kind::Video => PICTURE_HEAD,
            Kind::Audio => SOUND_HEAD,
        };
        if whole.len() < head || whole.len() > MOST_BYTES {
            return Err(invalid("a sample entry has a bad size"));
        }
        let boxes = Boxes::of(&whole[head..]);
        // A version of QuickTime's, whose boxes lie elsewhere.
        if kind == Kind::Audio && whole[8..10] != [0, 0] {
            return Ok(None);
        }
        let Some((name, codecs, codec)) = codec(part.kind, &boxes)? else { return Ok(None) };
        let be16 = |at| u16::from_be_bytes([whole[at], whole[at + 1]]);
        let looks = match kind {
            Kind::Video => Looks::Picture {
                width: be16(24),
                height: be16(26),
                pixel: boxes.pixel(),
                range: boxes.range(),
            },
            Kind::Audio => {
                Looks::Sound { channels: boxes.channels(be16(16)), rate: be16(24).into() }
            }
        };
        Ok(Some(Self { kind: name, content: whole.to_vec(), codecs, codec, looks }))
    }
}

/// The boxes of an entry that mean something here.
#[derive(Default)]
struct Boxes<'a> {
    config: Option<([u8; 4], &'a [u8])>,
    pasp: &'a [u8],
    colr: &'a [u8],
}

impl<'a> Boxes<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        let mut boxes = Self::default();
        let mut walk = Walk::new(0, bytes.len() as u64);
        while let Some(part) = walk.next(&mut { bytes }) {
            let content = content(bytes, part);
            match &part.kind {
                b"avcC" | b"hvcC" | b"av1C" | b"esds" => boxes.config = Some((part.kind, content)),
                b"pasp" => boxes.pasp = content,
                b"colr" if content.starts_with(b"nclx") => boxes.colr = content,
                _ => {}
            }
        }
        boxes
    }

    fn config(&self, kind: &[u8; 4]) -> Result<&'a [u8], Invalid> {
        let found = self.config.filter(|(found, _)| found == kind);
        found.map(|(_, config)| config).ok_or(invalid("a sample entry has no configuration"))
    }

    fn pixel(&self) -> (u32, u32) {
        match (be32_at(self.pasp, 0), be32_at(self.pasp, 4)) {
            (Some(width), Some(height)) if width > 0 && height > 0 => (width, height),
            _ => (1, 1),
        }
    }

    fn range(&self) -> Range {
        match self.colr.get(6..8) {
            Some([0, 16]) => Range::Pq,
            Some([0, 18]) => Range::Hlg,
            _ => Range::Sdr,
        }
    }

    /// As AAC's own configuration has them, where that says it.
    fn channels(&self, stated: u16) -> u16 {
        let esds = self.config(b"esds").ok().and_then(aac);
        match esds.and_then(|aac| aac.channels) {
            Some(7) => 8,
            Some(channels @ 1..=6) => channels,
            _ => stated,
        }
    }
}

type Known = Option<([u8; 4], String, Codec)>;

fn codec(kind: [u8; 4], boxes: &Boxes<'_>) -> Result<Known, Invalid> {
    Ok(Some(match &kind {
        b"avc1" | b"avc3" => {
            let config = boxes.config(b"avcC")?;
            let (codecs, units) = avc(config).ok_or(invalid("avcC cannot be read"))?;
            (*b"avc1", codecs, Codec::Avc(units))
        }
        b"hvc1" | b"hev1" => {
            let config = boxes.config(b"hvcC")?;
            let (codecs, units) = hevc(config).ok_or(invalid("hvcC cannot be read"))?;
            (*b"hvc1", codecs, Codec::Hevc(units))
        }
        b"av01" => {
            let config = boxes.config(b"av1C")?;
            (kind, av1(config).ok_or(invalid("av1C cannot be read"))?, Codec::Av1)
        }
        b"mp4a" => {
            let aac = aac(boxes.config(b"esds")?).ok_or(invalid("esds cannot be read"))?;
            match aac.object {
                Some(object) => (kind, format!("mp4a.{:02X}.{object}", aac.sort), Codec::Aac),
                None => (kind, format!("mp4a.{:02X}", aac.sort), Codec::Sound),
            }
        }
        b"Opus" => (kind, "opus".to_owned(), Codec::Sound),
        b"fLaC" => (kind, "flac".to_owned(), Codec::Sound),
        b"ac-3" | b"ec-3" => (kind, String::from_utf8_lossy(&kind).into_owned(), Codec::Sound),
        _ => return Ok(None),
    }))
}

/// `avcC` (ISO 14496-15 §5.3.3).
fn avc(config: &[u8]) -> Option<(String, Units)> {
    let [_, profile, compatible, level, lengths, counts, ..] = *config else { return None };
    let mut at = 6;
    let mut sets = Vec::new();
    let mut take = |count: usize, at: &mut usize| {
        for _ in 0..count {
            let length = usize::from(u16::from_be_bytes(*config.get(*at..)?.first_chunk()?));
            sets.push(config.get(*at + 2..*at + 2 + length)?.to_vec());
            *at += 2 + length;
        }
        Some(())
    };
    take(usize::from(counts & 0x1f), &mut at)?;
    let pictures = usize::from(*config.get(at)?);
    at += 1;
    take(pictures, &mut at)?;
    let codecs = format!("avc1.{profile:02x}{compatible:02x}{level:02x}");
    units(lengths, sets).map(|units| (codecs, units))
}

/// `hvcC` (ISO 14496-15 §8.3.3), and its name (annex E.3).
fn hevc(config: &[u8]) -> Option<(String, Units)> {
    let [_, profile, flags @ ..] = *config.first_chunk::<13>()?;
    let compatible = u32::from_be_bytes(*flags.first_chunk()?).reverse_bits();
    let constraints = &flags[4..10];
    let level = flags[10];
    let space = ["", "A", "B", "C"][usize::from(profile >> 6)];
    let tier = if profile & 0x20 == 0 { 'L' } else { 'H' };
    let mut codecs = format!("hvc1.{space}{}.{compatible:X}.{tier}{level}", profile & 0x1f);
    let last = constraints.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    constraints[..last].iter().for_each(|byte| codecs.push_str(&format!(".{byte:X}")));
    let mut at = 23;
    let mut sets = Vec::new();
    for _ in 0..*config.get(22)? {
        let count = u16::from_be_bytes(*config.get(at + 1..)?.first_chunk()?);
        at += 3;
        for _ in 0..count {
            let length = usize::from(u16::from_be_bytes(*config.get(at..)?.first_chunk()?));
            sets.push(config.get(at + 2..at + 2 + length)?.to_vec());
            at += 2 + length;
        }
    }
    units(*config.get(21)?, sets).map(|units| (codecs, units))
}

/// Nothing if there are no parameter sets: they would have to be sought in the samples.
fn units(lengths: u8, sets: Vec<Vec<u8>>) -> Option<Units> {
    let length_bytes = usize::from(lengths & 3) + 1;
    (length_bytes != 3 && sets.len() >= 2).then_some(Units { length_bytes, sets })
}

/// `av1C` (AV1 in ISO base media §2.3).
fn av1(config: &[u8]) -> Option<String> {
    let [_, sort, depths, ..] = *config else { return None };
    let tier = if depths & 0x80 == 0 { 'M' } else { 'H' };
    let bits = match depths >> 5 & 3 {
        3 => 12,
        2 => 10,
        _ => 8,
    };
    Some(format!("av01.{}.{:02}{tier}.{bits:02}", sort >> 5, sort & 0x1f))
}

struct Aac {
    sort: u8,
    object: Option<u8>,
    channels: Option<u16>,
}

/// `esds` (ISO 14496-1 §7.2.6): the decoder's sort, and of AAC its own configuration.
fn aac(esds: &[u8]) -> Option<Aac> {
    let mut rest = esds.get(4..)?;
    let mut sort = None;
    loop {
        let (&tag, after) = rest.split_first()?;
        let mut length = 0;
        let mut at = 0;
        loop {
            let byte = *after.get(at)?;
            length = length << 7 | usize::from(byte & 0x7f);
            at += 1;
            if byte & 0x80 == 0 || at == 4 {
                break;
            }
        }
        let body = after.get(at..)?;
        match tag {
            3 => {
                let flags = *body.get(2)?;
                let more = 2 * usize::from(flags >> 7) + 2 * usize::from(flags >> 5 & 1);
                let name = if flags & 0x40 != 0 { 1 + usize::from(*body.get(3)?) } else { 0 };
                rest = body.get(3 + more + name..)?;
            }
            4 => {
                let found = *body.first()?;
                if found != MPEG4_AUDIO {
                    return Some(Aac { sort: found, object: None, channels: None });
                }
                sort = Some(found);
                rest = body.get(13..)?;
            }
            5 => {
                let [first, second] = *body.first_chunk()?;
                let bits = u16::from_be_bytes([first, second]);
                let object = match first >> 3 {
                    31 => 32 + (bits >> 5 & 0x3f) as u8,
                    object => object,
                };
                // With a rate that is written out, or a long object's number, they come later.
                let is_plain = bits >> 7 & 0xf != 15 && first >> 3 != 31;
                let channels = is_plain.then_some(bits >> 3 & 0xf);
                return Some(Aac { sort: sort?, object: Some(object), channels });
            }
            _ => rest = body.get(length..)?,
        }
    }
}

const MPEG4_AUDIO: u8 = 0x40;
const PICTURE_HEAD: usize = 78;
const SOUND_HEAD: usize = 28;
const MOST_BYTES: usize = 64 * 1024;
