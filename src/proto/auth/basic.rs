//! Basic: a user and a password, as a client sends them.

use super::{Unread, Who};

/// Reads what stands behind the scheme (RFC 7617 §2).
pub(super) fn basic(text: &str) -> Result<Who, Unread> {
    let bytes = from_base64(text).ok_or(Unread("token68"))?;
    let text = String::from_utf8(bytes).map_err(|_| Unread("user-pass: UTF-8"))?;
    if text.contains(char::is_control) {
        return Err(Unread("user-pass: control character"));
    }
    match text.contains(':') {
        true => Ok(Who::of_userinfo(&text)),
        false => Err(Unread("user-pass: colon")),
    }
}

/// The bytes that a text stands for, whether its padding was written or left out; `None` if it
/// stands for none. What is left over of the last digit is 0, so that each has one text alone.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let digits = match text.len() % 4 {
        0 => text.strip_suffix("==").or_else(|| text.strip_suffix('=')).unwrap_or(text),
        _ => text,
    };
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3 + 2);
    for group in digits.as_bytes().chunks(4) {
        let mut bits: u32 = 0;
        for digit in group {
            let value = match digit {
                b'A'..=b'Z' => digit - b'A',
                b'a'..=b'z' => digit - b'a' + 26,
                b'0'..=b'9' => digit - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                _ => return None,
            };
            bits = bits << 6 | u32::from(value);
        }
        let count = group.len().checked_sub(1).filter(|count| *count > 0)?;
        let [_, three @ ..] = (bits << (6 * (4 - group.len()))).to_be_bytes();
        let (some, over) = three.split_at(count);
        if over.iter().any(|byte| *byte != 0) {
            return None;
        }
        bytes.extend_from_slice(some);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::base64::base64;

    #[test]
    fn what_is_written_is_read() {
        let bytes: Vec<u8> = (0..=255).collect();
        for length in 0..bytes.len() {
            let text = base64(&bytes[..length]);
            assert_eq!(from_base64(&text).as_deref(), Some(&bytes[..length]));
            assert_eq!(from_base64(text.trim_end_matches('=')).as_deref(), Some(&bytes[..length]));
        }
    }

    #[test]
    fn a_text_that_stands_for_no_bytes_is_none() {
        for text in ["Z", "Zm9vY", "Zh==", "Zm9=", "Z===", "Zg=", "====", "Zm 9", "Zm9v=", "\u{e9}"]
        {
            assert_eq!(from_base64(text), None, "{text}");
        }
    }
}
