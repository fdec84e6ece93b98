//! Bytes to text. Stands alone: what builds the pages has it too.

/// RFC 4648 §4, with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0, |bits, &byte| bits << 8 | usize::from(byte));
        let bits = bits << (8 * (3 - group.len()));
        for digit in 0..4 {
            let value = bits >> (18 - 6 * digit) & 0x3f;
            text.push(if digit <= group.len() { char::from(BASE64[value]) } else { '=' });
        }
    }
    text
}

/// RFC 4648 §4 or §5, with padding or without; nothing but the one way to write bytes.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    let padding = text.len() - digits.len();
    if padding > 0 && (text.len() % 4 != 0 || padding > 2) {
        return None;
    }
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::with_capacity(text.len()));
    for digit in digits.bytes() {
        let value = match digit {
            b'-' => 62,
            b'_' => 63,
            other => BASE64.iter().position(|known| *known == other)? as u32,
        };
        bits = (bits << 6 | value) & 0xfff;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    let is_whole = count < 6 && bits & ((1 << count) - 1) == 0;
    is_whole.then_some(bytes)
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
