//! `Scale` (RFC 2326 §12.34): how fast, and which way.
//!
//! Does not know which scales a clip can be played at: the server answers with
//! the nearest that it has.

use super::Invalid;

/// Reads the ratio of playing to viewing time: 2 is twice as fast, -1 backwards.
///
/// # Errors
///
/// [`Invalid`] for what is no number, and for 0, at which nothing would move.
pub fn parse_scale(value: &str) -> Result<f64, Invalid> {
    let plain = value.bytes().all(|byte| byte.is_ascii_digit() || b"+-.".contains(&byte));
    let scale = if plain { value.parse::<f64>().ok() } else { None };
    let scale = scale.filter(|scale| scale.is_finite() && *scale != 0.0);
    scale.ok_or(Invalid::new(0, "Scale"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_are_plain_numbers() {
        for (text, scale) in [("1.000000", 1.0), ("2", 2.0), ("-0.5", -0.5), (".5", 0.5)] {
            assert_eq!(parse_scale(text), Ok(scale));
        }
        for text in ["", "0", "-0.0", "inf", "NaN", "1e3", "1,5", "fast", &"9".repeat(400)] {
            assert_eq!(parse_scale(text).unwrap_err().rule, "Scale", "{text}");
        }
    }
}
