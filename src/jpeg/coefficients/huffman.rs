//! Huffman codes as T.81 Annex C makes them from a DHT segment, for reading and for writing.

use super::bits::BitReader;

/// How many codes of each length, 1 to 16 bits, and what they stand for, shortest first: as a
/// DHT segment has it.
#[derive(Clone, Copy)]
pub(super) struct Lengths<'a> {
    pub(super) counts: &'a [u8; 16],
    pub(super) values: &'a [u8],
}

/// For reading.
#[derive(Clone)]
pub(super) struct Decoder {
    /// By the next bits: the length of the code that they start with, above the value that it
    /// stands for; 0 if the code is longer.
    short: Vec<u16>,
    /// For each length, the first code beyond those of that length, as 16 bits.
    limits: [u32; 17],
    /// For each length, what to add to a code to have the place of its value.
    offsets: [i32; 17],
    values: Vec<u8>,
}

/// For writing: the code and its length in bits by the value that it stands for; a length of 0 if
/// there is none.
pub(super) struct Encoder {
    codes: [(u16, u8); 256],
}

impl<'a> Lengths<'a> {
    /// Reads a table of a DHT segment (B.2.4.2) behind its first byte. Returns it and the rest of
    /// the segment, or `None` if the table is not whole or its codes do not fit.
    pub(super) fn parse(payload: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (counts, rest) = payload.split_first_chunk::<16>()?;
        let total: usize = counts.iter().map(|&count| usize::from(count)).sum();
        let (values, rest) = rest.split_at_checked(total)?;
        let mut room = 1i32;
        for count in counts {
            room = room * 2 - i32::from(*count);
            if room < 0 {
                return None;
            }
        }
        Some((Self { counts, values }, rest))
    }

    /// Each value with its code and the code's length (C.2).
    fn codes(self) -> impl Iterator<Item = (u8, u16, u8)> {
        let lengths = (1u8..).zip(self.counts);
        let lengths = lengths.flat_map(|(length, &count)| (0..count).map(move |_| length));
        let (mut next, mut last) = (0u32, 1);
        self.values.iter().zip(lengths).map(move |(value, length)| {
            next <<= length - last;
            last = length;
            next += 1;
            (*value, (next - 1) as u16, length)
        })
    }
}

impl Decoder {
    pub(super) fn new(lengths: Lengths<'_>) -> Self {
        let mut decoder = Self {
            short: vec![0; 1 << SHORT],
            limits: [0; 17],
            offsets: [0; 17],
            values: lengths.values.to_vec(),
        };
        for (place, (value, code, length)) in (0..).zip(lengths.codes()) {
            let (code, long) = (u32::from(code), usize::from(length));
            decoder.limits[long] = (code + 1) << (16 - length);
            decoder.offsets[long] = place - code as i32;
            if u32::from(length) <= SHORT {
                let free = SHORT - u32::from(length);
                let entry = u16::from(length) << 8 | u16::from(value);
                let start = (code << free) as usize;
                decoder.short[start..start + (1 << free)].fill(entry);
            }
        }
        decoder
    }

    /// Takes the next code; `None` if no code starts like that. 16 bits must be at hand.
    #[inline]
    pub(super) fn next(&self, bits: &mut BitReader<'_>) -> Option<u8> {
        let entry = self.short[bits.peek(SHORT) as usize];
        if entry != 0 {
            bits.skip(u32::from(entry >> 8));
            return Some(entry as u8);
        }
        self.next_long(bits)
    }

    #[cold]
    fn next_long(&self, bits: &mut BitReader<'_>) -> Option<u8> {
        let code = bits.peek(16);
        let length = (SHORT as usize + 1..=16).find(|&length| code < self.limits[length])?;
        let place = (code >> (16 - length)) as i32 + self.offsets[length];
        bits.skip(length as u32);
        self.values.get(usize::try_from(place).ok()?).copied()
    }
}

impl Encoder {
    pub(super) fn new(lengths: Lengths<'_>) -> Self {
        let mut codes = [(0, 0); 256];
        for (value, code, length) in lengths.codes() {
            codes[usize::from(value)] = (code, length);
        }
        Self { codes }
    }

    /// The code of a value, and its length in bits.
    #[inline]
    pub(super) fn code(&self, value: u8) -> (u32, u32) {
        let (code, length) = self.codes[usize::from(value)];
        (u32::from(code), u32::from(length))
    }
}

/// Codes of up to so many bits are found at one look.
const SHORT: u32 = 10;
