//! Text to bytes.

/// The bytes that a text stands for, whether its padding was written or left out; `None` if it
/// stands for none. What is left over of the last digit is 0, so that each has one text alone.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
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
    use super::super::base64;
    use super::*;

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
