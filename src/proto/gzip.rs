//! gzip (RFC 1952) put together from pieces that were packed before, each by itself.
//!
//! Deflate (RFC 1951) is a row of blocks: what was packed apart, without looking back and up to the
//! end of a byte, stands behind anything; what is new is stored as it is. So a document costs no
//! more to pack than to sum up what is new in it. Also part of the build script, which packs the
//! pieces: `build/`.

/// The checksum of some bytes (RFC 1952 §8), to which that of others can be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sum {
    crc: u32,
    /// How the checksum of what stands before these bytes is moved by them: x to the power of eight
    /// times their count, as a polynomial.
    shift: u32,
    /// How many bytes, modulo 2^32.
    bytes: u32,
}

impl Sum {
    /// That of no bytes.
    pub(crate) const NONE: Self = Self { crc: 0, shift: ONE, bytes: 0 };

    /// That of these bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let crc = bytes
            .iter()
            .fold(u32::MAX, |crc, byte| TABLE[usize::from(crc as u8 ^ byte)] ^ crc >> 8);
        let (mut shift, mut square, mut left) = (ONE, OF_A_BYTE, bytes.len());
        while left > 0 {
            if left & 1 == 1 {
                shift = product(shift, square);
            }
            square = product(square, square);
            left >>= 1;
        }
        Self { crc: !crc, shift, bytes: bytes.len() as u32 }
    }

    /// One that was told by [`parts`](Self::parts).
    pub(crate) const fn from_parts([crc, shift, bytes]: [u32; 3]) -> Self {
        Self { crc, shift, bytes }
    }

    /// What it is made of.
    #[allow(dead_code, reason = "the build script calls it, and tests")]
    pub(crate) fn parts(self) -> [u32; 3] {
        [self.crc, self.shift, self.bytes]
    }

    /// That of these bytes and of others behind them.
    pub(crate) fn then(self, next: Self) -> Self {
        Self {
            crc: product(self.crc, next.shift) ^ next.crc,
            shift: product(self.shift, next.shift),
            bytes: self.bytes.wrapping_add(next.bytes),
        }
    }
}

/// What stands first: deflate, no name, no time, of no system (RFC 1952 §2.3).
pub(crate) const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// Adds bytes as they are (RFC 1951 §3.2.4), behind what ends with a byte.
pub(crate) fn store(bytes: &[u8], out: &mut Vec<u8>) {
    for block in bytes.chunks(usize::from(u16::MAX)) {
        let length = block.len() as u16;
        out.push(0);
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend_from_slice(block);
    }
}

/// What stands last, after bytes with this sum: a block that is the last and empty, and the sum.
pub(crate) fn end(sum: Sum) -> [u8; 10] {
    let ([c0, c1, c2, c3], [b0, b1, b2, b3]) = (sum.crc.to_le_bytes(), sum.bytes.to_le_bytes());
    [3, 0, c0, c1, c2, c3, b0, b1, b2, b3]
}

/// The product of two polynomials modulo the checksum's; the highest bit is the lowest power.
fn product(one: u32, mut other: u32) -> u32 {
    let mut out = 0;
    for power in 0..u32::BITS {
        if one & ONE >> power != 0 {
            out ^= other;
        }
        other = times_x(other);
    }
    out
}

const fn times_x(of: u32) -> u32 {
    if of & 1 == 1 { POLYNOMIAL ^ of >> 1 } else { of >> 1 }
}

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut crc, mut bit) = (byte as u32, 0);
        while bit < 8 {
            crc = times_x(crc);
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
}

static TABLE: [u32; 256] = table();
const POLYNOMIAL: u32 = 0xedb8_8320;
const ONE: u32 = 1 << 31;
/// x to the power of eight.
const OF_A_BYTE: u32 = 1 << 23;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_everybody() {
        // The check value of CRC-32/ISO-HDLC in the catalogue of parametrised CRCs.
        let sum = Sum::of(b"123456789");
        assert_eq!((sum.crc, sum.bytes), (0xcbf4_3926, 9));
        assert_eq!(Sum::of(b""), Sum::NONE);
    }

    #[test]
    fn sums_of_pieces_make_that_of_the_whole_at_every_cut() {
        let whole: Vec<u8> = (0..600u32).map(|at| ((at * at) >> 3) as u8).collect();
        let sum = Sum::of(&whole);
        for cut in 0..=whole.len() {
            let (before, after) = whole.split_at(cut);
            assert_eq!(Sum::of(before).then(Sum::of(after)), sum, "cut at {cut}");
        }
        assert_eq!(Sum::from_parts(sum.parts()), sum);
    }

    #[test]
    fn what_is_long_is_stored_in_several_blocks() {
        let (mut out, long) = (Vec::new(), vec![7; 65_536]);
        store(&long, &mut out);
        assert_eq!(out.len(), long.len() + 2 * 5);
        assert_eq!(out[..6], [0, 0xff, 0xff, 0, 0, 7]);
        assert_eq!(out[5 + 65_535..], [0, 1, 0, 0xfe, 0xff, 7]);
        out.clear();
        store(b"", &mut out);
        assert!(out.is_empty());
    }
}
