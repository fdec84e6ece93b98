//! Common encryption (ISO 23001-7): keys as they are written, what of a sample is secret, and AES.
//!
//! Pure. `cbcs` leaves nine blocks of ten of pictures in clear and takes whole blocks of sound, always
//! from the same IV; `cenc` takes all, and counts on from an IV that no other sample has. What stands
//! before the first coded byte of a slice is never touched: decoders read it before they decrypt.

use std::fmt;

use aes::Aes128;
use aes::cipher::{
    Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit, KeyIvInit, StreamCipher,
};
use ctr::Ctr64BE;

use super::nal::{Slices, Unreadable};

/// Which of the schemes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// AES-CBC by a pattern (§10.4).
    Cbcs,
    /// AES-CTR (§10.1).
    Cenc,
}

/// 128 bits: a key, or its name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key(pub [u8; 16]);

/// How tracks are encrypted.
#[derive(Clone)]
pub struct Protection {
    /// Which scheme.
    pub scheme: Scheme,
    /// The key itself.
    pub key: Key,
    /// What it is called.
    pub key_id: [u8; 16],
    /// Of `cbcs`.
    pub constant_iv: [u8; 16],
}

/// What is said of a sample that is encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Guarded {
    /// Its own IV, if the track has none.
    pub iv: Option<[u8; 8]>,
    /// Bytes in clear and bytes that are not, in turn; none if all are encrypted.
    pub parts: Vec<(u16, u32)>,
}

impl Scheme {
    /// Its four letters.
    pub fn name(self) -> &'static str {
        match self {
            Scheme::Cbcs => "cbcs",
            Scheme::Cenc => "cenc",
        }
    }

    /// The one of these four letters.
    pub fn parse(name: &str) -> Option<Self> {
        [Scheme::Cbcs, Scheme::Cenc].into_iter().find(|scheme| scheme.name() == name)
    }
}

impl Key {
    /// Reads 32 hexadecimal digits, or 22 or 24 characters of base64 in either alphabet.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = match text.len() {
            32 => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                let pair = |pair: &[u8]| Some((digit(pair[0])? << 4 | digit(pair[1])?) as u8);
                text.as_bytes().chunks(2).map(pair).collect::<Option<Vec<u8>>>()?
            }
            22 | 24 => from_base64(text)?,
            _ => return None,
        };
        bytes.try_into().ok().map(Self)
    }

    /// As 32 hexadecimal digits.
    pub fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A key is shown to nobody.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

impl fmt::Debug for Protection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Protection").field("scheme", &self.scheme).finish_non_exhaustive()
    }
}

impl Protection {
    /// The box by which a player asks for the key (§8.1), of the system that all know.
    pub fn pssh(&self) -> Vec<u8> {
        let mut pssh = Vec::with_capacity(52);
        pssh.extend(52_u32.to_be_bytes());
        pssh.extend(b"pssh");
        pssh.extend(0x0100_0000_u32.to_be_bytes());
        pssh.extend(COMMON_SYSTEM);
        pssh.extend(1_u32.to_be_bytes());
        pssh.extend(self.key_id);
        pssh.extend(0_u32.to_be_bytes());
        pssh
    }

    /// Encrypts a packet of sound in its place.
    pub fn sound(&self, iv: u64, sample: &mut [u8]) {
        let parts = [(0, sample.len())];
        self.encrypt(iv, sample, &parts, Stripes::Whole);
    }

    /// What is said of a packet of sound.
    pub fn packet(&self, iv: u64) -> Guarded {
        Guarded { iv: self.own_iv(iv), parts: Vec::new() }
    }

    /// What of a picture is secret.
    ///
    /// # Errors
    ///
    /// [`Unreadable`] if its units cannot be told apart, or are too many to be said.
    pub fn look(&self, iv: u64, slices: &mut Slices, sample: &[u8]) -> Result<Guarded, Unreadable> {
        let (mut parts, mut clear) = (Vec::new(), 0);
        slices.walk(sample, |whole, head| {
            let secret = head.map_or(0, |head| self.secret(whole - head));
            clear += whole - secret;
            if secret > 0 {
                part(&mut parts, std::mem::take(&mut clear), secret);
            }
        })?;
        part(&mut parts, clear, 0);
        let guarded = Guarded { iv: self.own_iv(iv), parts };
        // A sample's word is at most 255 bytes long (`saiz`).
        if guarded.length() > 255 { Err(Unreadable) } else { Ok(guarded) }
    }

    /// Encrypts a picture in its place, as [`Protection::look`] found it.
    pub fn picture(&self, iv: u64, sample: &mut [u8], guarded: &Guarded) {
        let parts = guarded.parts.iter();
        let parts: Vec<_> =
            parts.map(|(clear, secret)| (usize::from(*clear), *secret as usize)).collect();
        self.encrypt(iv, sample, &parts, Stripes::OneInTen);
    }

    /// How much of a slice's data is secret.
    fn secret(&self, data: usize) -> usize {
        match self.scheme {
            Scheme::Cbcs => data,
            // Whole blocks, so that each part begins with one (§9.5.2.2).
            Scheme::Cenc => data - data % BLOCK,
        }
    }

    fn own_iv(&self, iv: u64) -> Option<[u8; 8]> {
        (self.scheme == Scheme::Cenc).then(|| iv.to_be_bytes())
    }

    fn encrypt(&self, iv: u64, sample: &mut [u8], parts: &[(usize, usize)], stripes: Stripes) {
        match self.scheme {
            Scheme::Cenc => self.count(iv, sample, parts),
            Scheme::Cbcs => {
                let cipher = Aes128::new(&Array::from(self.key.0));
                secret_parts(sample, parts, |part| {
                    chain(&cipher, self.constant_iv, part, stripes);
                });
            }
        }
    }

    /// Decrypts a sample in its place: parts in clear and parts that are not, in turn.
    pub(super) fn decrypt(
        &self,
        iv: u64,
        sample: &mut [u8],
        parts: &[(usize, usize)],
        stripes: Stripes,
    ) {
        match self.scheme {
            // What counts back is what counted there.
            Scheme::Cenc => self.count(iv, sample, parts),
            Scheme::Cbcs => {
                let cipher = Aes128::new(&Array::from(self.key.0));
                secret_parts(sample, parts, |part| {
                    unchain(&cipher, self.constant_iv, part, stripes);
                });
            }
        }
    }

    /// AES-CTR over all parts.
    fn count(&self, iv: u64, sample: &mut [u8], parts: &[(usize, usize)]) {
        let mut counter = [0; BLOCK];
        counter[..8].copy_from_slice(&iv.to_be_bytes());
        let key = Array::from(self.key.0);
        let mut cipher = Ctr64BE::<Aes128>::new(&key, &Array::from(counter));
        secret_parts(sample, parts, |part| cipher.apply_keystream(part));
    }
}

/// Which blocks of a part are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stripes {
    /// All.
    Whole,
    /// The first of each ten.
    OneInTen,
}

/// AES-CBC over the blocks that are encrypted; what is no whole block stays in clear.
fn chain(cipher: &Aes128, iv: [u8; BLOCK], part: &mut [u8], stripes: Stripes) {
    let step = if stripes == Stripes::Whole { 1 } else { 10 };
    let mut last = Array::from(iv);
    for block in part.chunks_exact_mut(BLOCK).step_by(step) {
        last.iter_mut().zip(block.iter()).for_each(|(mixed, byte)| *mixed ^= byte);
        cipher.encrypt_block(&mut last);
        block.copy_from_slice(&last);
    }
}

/// The same back.
fn unchain(cipher: &Aes128, iv: [u8; BLOCK], part: &mut [u8], stripes: Stripes) {
    let step = if stripes == Stripes::Whole { 1 } else { 10 };
    let mut last = Array::from(iv);
    for block in part.chunks_exact_mut(BLOCK).step_by(step) {
        let secret = Array::try_from(&*block).expect("a block has 16 bytes");
        let mut plain = secret;
        cipher.decrypt_block(&mut plain);
        block.iter_mut().zip(plain.iter().zip(&last)).for_each(|(byte, (a, b))| *byte = a ^ b);
        last = secret;
    }
}

/// Does something to each part that is secret; a sample may be shorter than is said.
fn secret_parts(sample: &mut [u8], parts: &[(usize, usize)], mut each: impl FnMut(&mut [u8])) {
    let mut rest = sample;
    for (clear, secret) in parts {
        let (_, behind) = rest.split_at_mut((*clear).min(rest.len()));
        let (part, behind) = behind.split_at_mut((*secret).min(behind.len()));
        each(part);
        rest = behind;
    }
}

/// A part, or several where more is in clear than a number holds.
fn part(parts: &mut Vec<(u16, u32)>, clear: usize, secret: usize) {
    let mut clear = clear;
    while clear > usize::from(u16::MAX) {
        parts.push((u16::MAX, 0));
        clear -= usize::from(u16::MAX);
    }
    if clear > 0 || secret > 0 {
        parts.push((clear as u16, secret as u32));
    }
}

impl Guarded {
    /// How many bytes it takes in `senc`.
    pub fn length(&self) -> usize {
        let parts = if self.parts.is_empty() { 0 } else { 2 + 6 * self.parts.len() };
        self.iv.map_or(0, |iv| iv.len()) + parts
    }
}

/// Base64 in either alphabet, padded or not (RFC 4648 §4, §5).
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    let padding = text.len() - digits.len();
    if padding > 2 || (padding > 0 && !text.len().is_multiple_of(4)) {
        return None;
    }
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::with_capacity(text.len()));
    for digit in digits.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(value)) & 0xfff;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    // Bits that are left over say nothing: a key is written in one way.
    let is_whole = count < 6 && bits & ((1 << count) - 1) == 0;
    is_whole.then_some(bytes)
}

const BLOCK: usize = 16;
/// W3C's common system.
pub const COMMON_SYSTEM: [u8; 16] = [
    0x10, 0x77, 0xef, 0xec, 0xc0, 0xb2, 0x4d, 0x02, 0xac, 0xe3, 0x3c, 0x1e, 0x52, 0xe2, 0xfb, 0x4b,
];

#[cfg(test)]
mod tests {
    use super::super::nal::Standard;
    use super::*;

    fn protection(scheme: Scheme) -> Protection {
        let key = Key::parse("2b7e151628aed2a6abf7158809cf4f3c").unwrap();
        Protection { scheme, key, key_id: [7; 16], constant_iv: IV }
    }

    /// SP 800-38A, F.2.1.
    const IV: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

    #[test]
    fn keys_come_as_hex_or_base64_in_either_alphabet() {
        let key = Key::parse("a16e402b9056e371f36d348aa62bb749").unwrap();
        assert_eq!(Key::parse("oW5AK5BW43HzbTSKpiu3SQ"), Some(key));
        assert_eq!(Key::parse("oW5AK5BW43HzbTSKpiu3SQ=="), Some(key));
        assert_eq!(Key::parse("A16E402B9056E371F36D348AA62BB749"), Some(key));
        assert_eq!(key.hex(), "a16e402b9056e371f36d348aa62bb749");
        assert_eq!(Key::parse("-_-_-_-_-_-_-_-_-_-_-w"), Key::parse("+/+/+/+/+/+/+/+/+/+/+w=="));
        for bad in [
            "",
            "a16e",
            "oW5AK5BW43HzbTSKpiu3S!",
            "oW5AK5BW43HzbTSKpiu3SR",
            "é16e402b9056e371f36d348aa62bb74",
        ] {
            assert_eq!(Key::parse(bad), None, "{bad}");
        }
        assert!(!format!("{key:?}{:?}", protection(Scheme::Cbcs)).contains("a1"));
    }

    #[test]
    fn sound_is_chained_in_whole_blocks_and_its_tail_is_clear() {
        // SP 800-38A, F.2.1: the first two blocks of CBC-AES128.
        let plain = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51";
        let secret = "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2";
        let block = |hex: &str| {
            [Key::parse(&hex[..32]).unwrap().0, Key::parse(&hex[32..]).unwrap().0].concat()
        };
        let mut sample = [block(plain), vec![1, 2, 3]].concat();
        protection(Scheme::Cbcs).sound(9, &mut sample);
        let guarded = protection(Scheme::Cbcs).packet(9);
        assert_eq!(sample, [block(secret), vec![1, 2, 3]].concat());
        assert_eq!((guarded.length(), guarded), (0, Guarded::default()));
    }

    #[test]
    fn cenc_counts_on_through_a_sample() {
        let mut sample = [0_u8; 40];
        protection(Scheme::Cenc).sound(0x0102, &mut sample);
        let guarded = protection(Scheme::Cenc).packet(0x0102);
        assert_eq!(guarded.iv, Some([0, 0, 0, 0, 0, 0, 1, 2]));
        let cipher = Aes128::new(&Array::from(protection(Scheme::Cenc).key.0));
        for (number, block) in sample.chunks(16).enumerate() {
            let mut counter = Array::from([0_u8; 16]);
            counter[6..8].copy_from_slice(&[1, 2]);
            counter[15] = number as u8;
            cipher.encrypt_block(&mut counter);
            assert_eq!(block, &counter[..block.len()]);
        }
    }

    #[test]
    fn one_block_in_ten_is_chained_in_pictures() {
        let mut data = vec![5_u8; 16 * 21 + 4];
        let cipher = Aes128::new(&Array::from([1; 16]));
        chain(&cipher, IV, &mut data, Stripes::OneInTen);
        let changed: Vec<_> =
            (0..22).filter(|at| data[at * 16..].iter().take(16).any(|byte| *byte != 5)).collect();
        assert_eq!(changed, [0, 10, 20]);
    }

    #[test]
    fn much_in_clear_is_said_in_several_parts() {
        let mut parts = Vec::new();
        part(&mut parts, 2 * 65_535 + 3, 16);
        part(&mut parts, 65_535, 0);
        assert_eq!(parts, [(65_535, 0), (65_535, 0), (3, 16), (65_535, 0)]);
        let mut slices = Slices::new(Standard::Avc, 4, &[]);
        let mut sample = 70_000_u32.to_be_bytes().to_vec();
        sample.resize(70_004, 6);
        let guarded = protection(Scheme::Cbcs).look(0, &mut slices, &sample).unwrap();
        assert_eq!(guarded.parts, [(65_535, 0), (4469, 0)]);
    }
}
