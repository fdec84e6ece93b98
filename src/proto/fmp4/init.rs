//! Writes what stands before all segments of a track: a CMAF header (ISO 23000-19 §7.3).

use super::entry::{Codec, Entry, Kind, Looks};
use super::write::Writer;
use crate::proto::cenc::{Protection, Scheme};

/// One track as its header says it.
#[derive(Debug, Clone)]
pub struct Header<'a> {
    /// Pictures or sound.
    pub kind: Kind,
    /// Units in a second.
    pub timescale: u32,
    /// ISO 639-2.
    pub language: &'a str,
    /// What decodes it.
    pub entry: &'a Entry,
    /// Units that a decoder makes at first and nobody hears.
    pub priming: u64,
    /// How its samples are encrypted, if they are.
    pub protection: Option<&'a Protection>,
}

impl Header<'_> {
    /// `ftyp` and `moov`.
    pub fn write(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.part(b"ftyp", |ftyp| {
            // Pictures that are shown before they are decoded (§7.7.3): offsets below zero.
            let own = if self.kind == Kind::Video { b"cmf2" } else { b"cmfc" };
            ftyp.put(own);
            ftyp.u32(0);
            ftyp.put(b"iso6cmfc");
            if self.kind == Kind::Video {
                ftyp.put(own);
            }
        });
        writer.part(b"moov", |moov| self.movie(moov));
        writer.bytes
    }

    fn movie(&self, moov: &mut Writer) {
        moov.full(b"mvhd", 0, 0, |mvhd| {
            mvhd.zeros(8);
            mvhd.u32(self.timescale);
            mvhd.u32(0);
            mvhd.u32(0x1_0000);
            mvhd.u16(0x100);
            mvhd.zeros(10);
            matrix(mvhd);
            mvhd.zeros(24);
            mvhd.u32(TRACK + 1);
        });
        moov.part(b"trak", |trak| self.track(trak));
        moov.part(b"mvex", |mvex| {
            mvex.full(b"trex", 0, 0, |trex| {
                trex.u32(TRACK);
                trex.u32(1);
                trex.zeros(12);
            });
        });
        if let Some(protection) = self.protection {
            moov.put(&protection.pssh());
        }
    }

    fn track(&self, trak: &mut Writer) {
        let (size, volume) = match self.entry.looks {
            Looks::Picture { width, height, pixel, .. } => {
                let shown = u64::from(width) * u64::from(pixel.0) / u64::from(pixel.1.max(1));
                ((u16::try_from(shown).unwrap_or(width), height), 0)
            }
            Looks::Sound { .. } => ((0, 0), 0x100),
        };
        trak.full(b"tkhd", 0, 7, |tkhd| {
            tkhd.zeros(8);
            tkhd.u32(TRACK);
            tkhd.zeros(20);
            tkhd.u16(volume);
            tkhd.u16(0);
            matrix(tkhd);
            tkhd.u32(u32::from(size.0) << 16);
            tkhd.u32(u32::from(size.1) << 16);
        });
        if self.priming > 0 {
            trak.part(b"edts", |edts| {
                edts.full(b"elst", 1, 0, |elst| {
                    elst.u32(1);
                    elst.u64(0);
                    elst.u64(self.priming);
                    elst.u32(0x1_0000);
                });
            });
        }
        trak.part(b"mdia", |mdia| {
            mdia.full(b"mdhd", 0, 0, |mdhd| {
                mdhd.zeros(8);
                mdhd.u32(self.timescale);
                mdhd.u32(0);
                mdhd.u16(packed(self.language));
                mdhd.u16(0);
            });
            mdia.full(b"hdlr", 0, 0, |hdlr| {
                hdlr.u32(0);
                hdlr.put(if self.kind == Kind::Video { b"vide" } else { b"soun" });
                hdlr.zeros(12);
                hdlr.put(if self.kind == Kind::Video { b"video\0" } else { b"sound\0" });
            });
            mdia.part(b"minf", |minf| self.media(minf));
        });
    }

    fn media(&self, minf: &mut Writer) {
        match self.kind {
            Kind::Video => minf.full(b"vmhd", 0, 1, |vmhd| vmhd.zeros(8)),
            Kind::Audio => minf.full(b"smhd", 0, 0, |smhd| smhd.zeros(4)),
        }
        minf.part(b"dinf", |dinf| {
            dinf.full(b"dref", 0, 0, |dref| {
                dref.u32(1);
                dref.full(b"url ", 0, 1, |_| ());
            });
        });
        minf.part(b"stbl", |stbl| {
            stbl.full(b"stsd", 0, 0, |stsd| {
                stsd.u32(1);
                self.entry(stsd);
            });
            stbl.full(b"stts", 0, 0, |stts| stts.u32(0));
            stbl.full(b"stsc", 0, 0, |stsc| stsc.u32(0));
            stbl.full(b"stsz", 0, 0, |stsz| stsz.zeros(8));
            stbl.full(b"stco", 0, 0, |stco| stco.u32(0));
            if self.entry.codec == Codec::Aac {
                // A frame is right once the one before it was decoded.
                stbl.full(b"sgpd", 1, 0, |sgpd| {
                    sgpd.put(b"roll");
                    sgpd.u32(2);
                    sgpd.u32(1);
                    sgpd.put(&(-1_i16).to_be_bytes());
                });
            }
        });
    }

    fn entry(&self, stsd: &mut Writer) {
        let Some(protection) = self.protection else {
            return stsd.part(&self.entry.kind, |entry| entry.put(&self.entry.content));
        };
        let kind = if self.kind == Kind::Video { b"encv" } else { b"enca" };
        stsd.part(kind, |entry| {
            entry.put(&self.entry.content);
            entry.part(b"sinf", |sinf| {
                sinf.part(b"frma", |frma| frma.put(&self.entry.kind));
                sinf.full(b"schm", 0, 0, |schm| {
                    schm.put(protection.scheme.name().as_bytes());
                    schm.u32(0x1_0000);
                });
                sinf.part(b"schi", |schi| self.encryption(schi, protection));
            });
        });
    }

    /// `tenc` (ISO 23001-7 §8.2).
    fn encryption(&self, schi: &mut Writer, protection: &Protection) {
        let is_cbcs = protection.scheme == Scheme::Cbcs;
        schi.full(b"tenc", u8::from(is_cbcs), 0, |tenc| {
            let is_striped = is_cbcs && self.kind == Kind::Video;
            tenc.u8(0);
            tenc.u8(if is_striped { 0x19 } else { 0 });
            tenc.u8(1);
            tenc.u8(if is_cbcs { 0 } else { 8 });
            tenc.put(&protection.key_id);
            if is_cbcs {
                tenc.u8(16);
                tenc.put(&protection.constant_iv);
            }
        });
    }
}

fn matrix(writer: &mut Writer) {
    [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000].into_iter().for_each(|of| writer.u32(of));
}

fn packed(language: &str) -> u16 {
    let letters = language.bytes().take(3);
    letters.fold(0, |packed, letter| packed << 5 | u16::from(letter.wrapping_sub(0x60) & 0x1f))
}

/// The only one in its file.
pub(super) const TRACK: u32 = 1;
