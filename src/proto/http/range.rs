//! `Range`: which bytes of a representation are asked for (RFC 9110 §14).
//!
//! Pure. One range is served; a list of several is passed over, as a server may (§14.2).

use std::ops::Range;

/// What a `Range` field asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// All of it: there is no such field, or one that says nothing that is served.
    All,
    /// These bytes, which are there.
    Part(Range<u64>),
    /// Bytes that are not there: `416`.
    Nothing,
}

/// Reads a `Range` field, of a representation of `length` bytes.
pub fn parse_range(field: &str, length: u64) -> Asked {
    let Some((unit, set)) = field.split_once('=') else { return Asked::All };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Asked::All;
    }
    let Some((first, last)) = set.trim().split_once('-') else { return Asked::All };
    let part = match (number(first), number(last)) {
        (Number::Absent, Number::Is(suffix)) => length.saturating_sub(suffix)..length,
        (Number::Is(first), Number::Absent) => first..length,
        (Number::Is(first), Number::Is(last)) if first <= last => {
            first..last.saturating_add(1).min(length)
        }
        _ => return Asked::All,
    };
    if part.is_empty() { Asked::Nothing } else { Asked::Part(part) }
}

enum Number {
    Absent,
    Is(u64),
    Wrong,
}

fn number(text: &str) -> Number {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match (text, digits) {
        ("", _) => Number::Absent,
        // More than any file has is as good as the most that there is.
        (_, true) => Number::Is(text.parse().unwrap_or(u64::MAX)),
        _ => Number::Wrong,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_served_within_what_there_is() {
        for (field, part) in [
            ("bytes=0-0", 0..1),
            ("bytes=0-99", 0..100),
            ("bytes=90-1000", 90..100),
            ("bytes=99-", 99..100),
            ("bytes=-1", 99..100),
            ("bytes=-1000", 0..100),
            ("Bytes=5-6", 5..7),
            ("bytes=0-99999999999999999999999", 0..100),
        ] {
            assert_eq!(parse_range(field, 100), Asked::Part(part), "{field}");
        }
    }

    #[test]
    fn bytes_that_are_not_there_cannot_be_served() {
        for field in ["bytes=100-", "bytes=100-200", "bytes=-0"] {
            assert_eq!(parse_range(field, 100), Asked::Nothing, "{field}");
        }
        assert_eq!(parse_range("bytes=0-", 0), Asked::Nothing);
    }

    #[test]
    fn what_is_not_understood_is_passed_over() {
        for field in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=5-4",
            "bytes=a-b",
            "bytes=0-1,5-6",
            "rows=1-2",
            "bytes=+1-2",
            "bytes=1--2",
        ] {
            assert_eq!(parse_range(field, 100), Asked::All, "{field}");
        }
    }
}
