//! Quantises coefficients anew and writes the JPEG (T.81 Annex B, F.1.2).

use std::sync::{Arc, LazyLock};

use super::bits::BitWriter;
use super::huffman::{Encoder, Lengths};
use super::{Coefficients, Layout};
use crate::jpeg::annex_k::{CHROMA_TABLE, HUFFMAN_TABLES, LUMA_TABLE, scaled};
use crate::jpeg::{Colours, JFIF, Orientation, Quality, adobe, exif};

/// The JPEG of the coefficients at a quality.
pub(super) fn jpeg(of: &Coefficients, quality: Quality) -> Arc<[u8]> {
    let layout = &of.layout;
    let tables = coarser(layout, quality);
    let mut head = Vec::with_capacity(of.entries.len() + 1024);
    write_head(&mut head, layout, &tables);
    let mut bits = BitWriter::after(head);
    let mut lanes: Vec<Lane> = layout
        .components
        .iter()
        .enumerate()
        .map(|(index, component)| {
            let which = usize::from(component.table);
            let factors = factors(&layout.tables[which], &layout.gains, &tables[which]);
            Lane { factors, codes: &CODES[index.min(1)], last_dc: 0 }
        })
        .collect();
    write_blocks(of, &mut lanes, &mut bits);
    let mut out = bits.finish();
    out.extend_from_slice(&[0xFF, 0xD9]);
    Arc::from(out)
}

/// What one component needs on the way.
struct Lane {
    /// By place: new value for old, in parts of 65536.
    factors: [u32; 64],
    codes: &'static Codes,
    last_dc: i32,
}

fn write_blocks(of: &Coefficients, lanes: &mut [Lane], bits: &mut BitWriter) {
    let mut pattern = of.layout.pattern().into_iter().cycle();
    for block in of.entries.chunk_by(|_, next| next.place != 0) {
        let Some(lane) = pattern.next().and_then(|component| lanes.get_mut(component)) else {
            return;
        };
        let mut last = 0;
        for entry in block {
            let value = requantize(entry.value, lane.factors[usize::from(entry.place & 63)]);
            if entry.place == 0 {
                let dc = value.clamp(-1024, 1023);
                let (size, raw) = magnitude(dc - lane.last_dc);
                let (code, length) = lane.codes.dc.code(size as u8);
                bits.put(code << size | raw, length + size);
                lane.last_dc = dc;
            } else if value != 0 {
                let value = value.clamp(-1023, 1023);
                let mut run = u32::from(entry.place - last) - 1;
                while run > 15 {
                    let (code, length) = lane.codes.ac.code(SIXTEEN_ZEROS);
                    bits.put(code, length);
                    run -= 16;
                }
                let (size, raw) = magnitude(value);
                let (code, length) = lane.codes.ac.code((run << 4 | size) as u8);
                bits.put(code << size | raw, length + size);
                last = entry.place;
            }
        }
        if last < 63 {
            let (code, length) = lane.codes.ac.code(END_OF_BLOCK);
            bits.put(code, length);
        }
    }
}

/// Rounds to the nearest; the sign apart, so that it is the same on both sides of zero.
#[inline]
fn requantize(value: i16, factor: u32) -> i32 {
    let size = (u32::from(value.unsigned_abs()) * factor + (1 << 15)) >> 16;
    // A longer one has no code (F.1.2.2); only those of 12-bit samples can be.
    let size = size.min(1024);
    if value < 0 { -(size as i32) } else { size as i32 }
}

/// How many bits a value has, and these (F.1.2.1): of a negative one, those of the value less 1.
#[inline]
fn magnitude(value: i32) -> (u32, u32) {
    let size = 32 - value.unsigned_abs().leading_zeros();
    let raw = value - i32::from(value < 0);
    (size, raw as u32 & ((1 << size) - 1))
}

/// The tables of a quality, with the source's steps where those are coarser.
fn coarser(layout: &Layout, quality: Quality) -> [[u8; 64]; 4] {
    let of_luma = layout.components.first().map_or(0, |component| usize::from(component.table));
    std::array::from_fn(|which| {
        // Red, green and blue are as fine as luma.
        let fine = which == of_luma || layout.colours == Colours::Rgb;
        let base = if fine { &LUMA_TABLE } else { &CHROMA_TABLE };
        let wished = base.map(|step| scaled(step, quality.percent()));
        std::array::from_fn(|place| {
            let own = layout.tables[which][place].div_ceil(16);
            wished[place].max(u8::try_from(own).unwrap_or(u8::MAX))
        })
    })
}

/// None is above the gain of its place, which is below 2, as no step gets finer. Old steps are in
/// sixteenths.
fn factors(old: &[u16; 64], gains: &[u32; 64], new: &[u8; 64]) -> [u32; 64] {
    std::array::from_fn(|place| {
        let (old, new) = (u64::from(old[place]), u64::from(new[place]));
        ((old * u64::from(gains[place]) / 16 + new / 2) / new) as u32
    })
}

fn write_head(out: &mut Vec<u8>, layout: &Layout, tables: &[[u8; 64]; 4]) {
    out.extend_from_slice(&[0xFF, 0xD8]);
    if layout.colours == Colours::Rgb {
        out.extend_from_slice(&adobe(0));
    } else {
        out.extend_from_slice(JFIF);
    }
    if layout.orientation != Orientation::UPRIGHT {
        out.extend_from_slice(&exif::segment(layout.orientation));
    }
    let used = |which: &u8| layout.components.iter().any(|component| component.table == *which);
    for which in (0..4).filter(used) {
        segment(out, 0xDB, &[&[which], &tables[usize::from(which)][..]].concat());
    }
    let (height, width) = (layout.size.height as u16, layout.size.width as u16);
    let count = layout.components.len() as u8;
    let mut frame = vec![8];
    frame.extend_from_slice(&height.to_be_bytes());
    frame.extend_from_slice(&width.to_be_bytes());
    frame.push(count);
    let mut scan = vec![count];
    for (index, component) in layout.components.iter().enumerate() {
        frame.extend_from_slice(&[
            component.id,
            component.across << 4 | component.down,
            component.table,
        ]);
        scan.extend_from_slice(&[component.id, if index == 0 { 0x00 } else { 0x11 }]);
    }
    scan.extend_from_slice(&[0, 63, 0]);
    segment(out, 0xC0, &frame);
    out.extend_from_slice(HUFFMAN_TABLES);
    segment(out, 0xDA, &scan);
}

/// A marker with its length and payload (B.1.1.4).
fn segment(out: &mut Vec<u8>, marker: u8, payload: &[u8]) {
    out.extend_from_slice(&[0xFF, marker]);
    out.extend_from_slice(&(payload.len() as u16 + 2).to_be_bytes());
    out.extend_from_slice(payload);
}

/// The codes of luma or chroma.
struct Codes {
    dc: Encoder,
    ac: Encoder,
}

/// Of luma, then of chroma: the standard tables, as a picture is written once and read on the fly.
static CODES: LazyLock<[Codes; 2]> = LazyLock::new(|| {
    let mut rest = &HUFFMAN_TABLES[4..];
    let mut next = || {
        let (lengths, after) = Lengths::parse(&rest[1..]).expect("the standard tables are whole");
        rest = after;
        Encoder::new(lengths)
    };
    let mut codes = || Codes { dc: next(), ac: next() };
    [codes(), codes()]
});

const END_OF_BLOCK: u8 = 0x00;
const SIXTEEN_ZEROS: u8 = 0xF0;
