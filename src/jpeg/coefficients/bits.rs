//! Bits of entropy-coded data, in and out, with the zero bytes stuffed after each 0xFF
//! (T.81 F.1.2.3).
//!
//! Knows no codes: that is [`super::huffman`].

/// Takes bits from entropy-coded data.
pub(super) struct BitReader<'a> {
    data: &'a [u8],
    /// The first byte that was not taken.
    at: usize,
    /// The bits at hand, the next one highest.
    word: u64,
    count: u32,
    /// How many of those were made up because the data ended.
    padding: u32,
}

impl<'a> BitReader<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0, word: 0, count: 0, padding: 0 }
    }

    /// Sees to it that 32 bits are at hand, zeros if the data ends at a marker.
    #[inline]
    pub(super) fn refill(&mut self) {
        if self.count >= 32 {
            return;
        }
        let ahead = self.data.get(self.at..).and_then(|rest| rest.first_chunk::<8>());
        match ahead.map(|bytes| u64::from_be_bytes(*bytes)) {
            Some(bytes) if !has_ff(bytes) => {
                // What does not fit whole is taken again next time, to the same bits.
                self.word |= bytes >> self.count;
                let taken = (63 - self.count) / 8;
                self.at += taken as usize;
                self.count += taken * 8;
            }
            _ => self.refill_bytewise(),
        }
    }

    #[cold]
    fn refill_bytewise(&mut self) {
        while self.count <= 56 {
            let byte = match self.data.get(self.at..).unwrap_or_default() {
                [0xFF, 0x00, ..] => {
                    self.at += 2;
                    0xFF
                }
                [0xFF, ..] | [] => {
                    self.padding += 8;
                    0
                }
                [byte, ..] => {
                    self.at += 1;
                    *byte
                }
            };
            self.word |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
    }

    /// The next `count` bits, 1 to 32, which must be at hand.
    #[inline]
    pub(super) fn peek(&self, count: u32) -> u32 {
        (self.word >> (64 - count)) as u32
    }

    /// Goes past bits that were looked at.
    #[inline]
    pub(super) fn skip(&mut self, count: u32) {
        self.word <<= count;
        self.count -= count;
    }

    /// Whether more bits were taken than there are.
    pub(super) fn overdrawn(&self) -> bool {
        self.padding > self.count
    }

    /// Goes past the restart marker that must be next; whether it is.
    pub(super) fn restart(&mut self, number: u8) -> bool {
        let real = self.count.saturating_sub(self.padding);
        let rest = self.data.get(self.at..).unwrap_or_default();
        if real >= 8 || !rest.starts_with(&[0xFF, 0xD0 + number]) {
            return false;
        }
        *self = Self { at: self.at + 2, ..Self::new(self.data) };
        true
    }
}

/// Gathers bits to entropy-coded data.
pub(super) struct BitWriter {
    out: Vec<u8>,
    /// The bits not yet written, the last one lowest.
    word: u64,
    count: u32,
}

impl BitWriter {
    /// Goes on behind what `out` holds.
    pub(super) fn after(out: Vec<u8>) -> Self {
        Self { out, word: 0, count: 0 }
    }

    /// Adds the lowest `count` bits of `bits`, 32 at most; those above must be zero.
    #[inline]
    pub(super) fn put(&mut self, bits: u32, count: u32) {
        self.word = self.word << count | u64::from(bits);
        self.count += count;
        if self.count >= 32 {
            self.count -= 32;
            self.write((self.word >> self.count) as u32);
        }
    }

    #[inline]
    fn write(&mut self, bits: u32) {
        let bytes = bits.to_be_bytes();
        if has_ff(u64::from(bits)) {
            bytes.iter().for_each(|byte| self.write_stuffed(*byte));
        } else {
            self.out.extend_from_slice(&bytes);
        }
    }

    fn write_stuffed(&mut self, byte: u8) {
        self.out.push(byte);
        if byte == 0xFF {
            self.out.push(0);
        }
    }

    /// Fills the last byte with ones, and gives everything back.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let fill = self.count.wrapping_neg() % 8;
        self.word = self.word << fill | ((1 << fill) - 1);
        self.count += fill;
        while self.count > 0 {
            self.count -= 8;
            self.write_stuffed((self.word >> self.count) as u8);
        }
        self.out
    }
}

/// Whether one of the bytes is 0xFF.
fn has_ff(bytes: u64) -> bool {
    const LOW: u64 = u64::MAX / 255;
    // A byte of the complement is zero where it borrows and had no high bit.
    (!bytes).wrapping_sub(LOW) & bytes & (LOW << 7) != 0
}
