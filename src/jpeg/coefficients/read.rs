//! Undoes the Huffman code of a scan (T.81 F.2.2).

use super::Entry;
use super::bits::BitReader;
use super::header::Header;
use super::huffman::Decoder;
use crate::jpeg::Broken;

/// All coefficients of the scan that are not zero.
pub(super) fn entries(header: &Header, jpeg: &[u8]) -> Result<Vec<Entry>, Broken> {
    let broken = |rule| Broken { offset: header.data, rule };
    let (across, down) = header.layout.mcus();
    let pattern = header.layout.pattern();
    let data = jpeg.get(header.data..).unwrap_or_default();
    // A block of zeros takes at least two codes of one bit: more blocks than that are a lie.
    if across * down * pattern.len() > data.len() * 4 {
        return Err(broken("F.2.2: the scan ends early"));
    }
    let mut bits = BitReader::new(data);
    let mut entries = Vec::with_capacity(across * down * pattern.len() * 3);
    let mut sums = vec![0i16; header.codes.len()];
    for mcu in 0..across * down {
        if header.restart_interval > 0 && mcu > 0 && mcu % header.restart_interval == 0 {
            let number = (mcu / header.restart_interval - 1) % 8;
            if !bits.restart(number as u8) {
                return Err(broken("F.2.2.5: a restart marker in its place"));
            }
            sums.fill(0);
        }
        for &component in &pattern {
            let (dc, ac) = &header.codes[component];
            block(&mut bits, (dc, ac), header.max_bits, &mut sums[component], &mut entries)
                .ok_or(broken("F.2.2: codes that the tables hold"))?;
        }
        if bits.overdrawn() {
            return Err(broken("F.2.2: the scan ends early"));
        }
    }
    Ok(entries)
}

/// One block of 8 by 8 (F.2.2.1, F.2.2.2); `None` if a code is none.
fn block(
    bits: &mut BitReader<'_>,
    (dc, ac): (&Decoder, &Decoder),
    (max_dc_bits, max_ac_bits): (u8, u8),
    sum: &mut i16,
    entries: &mut Vec<Entry>,
) -> Option<()> {
    bits.refill();
    let size = dc.next(bits).filter(|size| *size <= max_dc_bits)?;
    *sum = sum.checked_add(value(bits, size))?;
    entries.push(Entry { place: 0, value: *sum });
    let mut place = 1;
    while place < 64 {
        bits.refill();
        let symbol = ac.next(bits)?;
        let (run, size) = (symbol >> 4, symbol & 15);
        match (run, size) {
            (15, 0) => place += 16,
            (_, 0) => break,
            (_, bits) if bits > max_ac_bits => return None,
            _ => {
                place += run;
                if place > 63 {
                    return None;
                }
                entries.push(Entry { place, value: value(bits, size) });
                place += 1;
            }
        }
    }
    (place <= 64).then_some(())
}

/// Takes the bits of a value of this size in bits and extends its sign (F.2.2.1).
#[inline]
fn value(bits: &mut BitReader<'_>, size: u8) -> i16 {
    if size == 0 {
        return 0;
    }
    let size = u32::from(size);
    let raw = bits.peek(size) as i32;
    bits.skip(size);
    let negative = raw >> (size - 1) == 0;
    (raw - if negative { (1 << size) - 1 } else { 0 }) as i16
}
