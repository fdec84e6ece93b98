//! `Range`: which bytes of a representation are asked for (RFC 9110 §14).
//!
//! Pure. Ranges of one list that touch or overlap are one; where several are left the list is passed
//! over, as a server may (§14.2).

use std::ops::Range;

/// What a `Range` field asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// All of it: there is no such field, or one that says nothing that is served.
    All,
    /// These bytes, which are there.
    Part {
        /// From the first to before this one.
        range: Range<u64>,
        /// Whether the client left it to the server where they end: it takes fewer, too
        /// (§15.3.7).
        open: bool,
    },
    /// Bytes that are not there: `416`.
    Nothing,
}

/// Reads a `Range` field, of a representation of `length` bytes.
pub fn parse_range(field: &str, length: u64) -> Asked {
    let Some((unit, set)) = field.split_once('=') else { return Asked::All };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Asked::All;
    }
    let mut parts: Vec<(Range<u64>, bool)> = Vec::new();
    let mut named = 0;
    // Elements of a list may be empty (§5.6.1.2).
    for spec in set.split(',').map(|spec| spec.trim_matches([' ', '\t'])) {
        if spec.is_empty() {
            continue;
        }
        named += 1;
        let Some(part) = parse_spec(spec, length).filter(|_| named <= MOST_RANGES) else {
            return Asked::All;
        };
        if !part.0.is_empty() {
            parts.push(part);
        }
    }
    match joined(parts) {
        _ if named == 0 => Asked::All,
        None => Asked::Nothing,
        Some((range, open)) => range.map_or(Asked::All, |range| Asked::Part { range, open }),
    }
}

/// One `range-spec` within what there is, and whether it has no end; `None` if it is none.
fn parse_spec(spec: &str, length: u64) -> Option<(Range<u64>, bool)> {
    let (first, last) = spec.split_once('-')?;
    Some(match (number(first), number(last)) {
        (Number::Absent, Number::Is(suffix)) => (length.saturating_sub(suffix)..length, false),
        (Number::Is(first), Number::Absent) => (first.min(length)..length, true),
        (Number::Is(first), Number::Is(last)) if first <= last => {
            (first.min(length)..last.saturating_add(1).min(length), false)
        }
        _ => return None,
    })
}

/// The one range that these come to; the outer `None` if there are none, the inner one if several
/// are left.
fn joined(mut parts: Vec<(Range<u64>, bool)>) -> Option<(Option<Range<u64>>, bool)> {
    parts.sort_by_key(|(range, _)| range.start);
    let mut parts = parts.into_iter();
    let (mut whole, mut open) = parts.next()?;
    for (range, is_open) in parts {
        if range.start > whole.end {
            return Some((None, false));
        }
        whole.end = whole.end.max(range.end);
        open |= is_open;
    }
    Some((Some(whole), open))
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

/// A list of more is an attack (§17.15), and is passed over.
const MOST_RANGES: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn part(range: Range<u64>, open: bool) -> Asked {
        Asked::Part { range, open }
    }

    #[test]
    fn one_range_is_served_within_what_there_is() {
        for (field, range, open) in [
            ("bytes=0-0", 0..1, false),
            ("bytes=0-99", 0..100, false),
            ("bytes=90-1000", 90..100, false),
            ("bytes=99-", 99..100, true),
            ("bytes=-1", 99..100, false),
            ("bytes=-1000", 0..100, false),
            ("Bytes=5-6", 5..7, false),
            ("bytes= 5-6 ,", 5..7, false),
            ("bytes=0-99999999999999999999999", 0..100, false),
        ] {
            assert_eq!(parse_range(field, 100), part(range, open), "{field}");
        }
    }

    #[test]
    fn ranges_that_touch_are_one_and_several_are_passed_over() {
        for (field, range, open) in [
            ("bytes=0-1,2-5", 0..6, false),
            ("bytes=2-5, 0-1", 0..6, false),
            ("bytes=0-9,,3-4", 0..10, false),
            ("bytes=0-9,5-", 0..100, true),
            ("bytes=0-9,200-300", 0..10, false),
            ("bytes=98-,-5", 95..100, true),
        ] {
            assert_eq!(parse_range(field, 100), part(range, open), "{field}");
        }
        assert_eq!(parse_range("bytes=0-1,3-4", 100), Asked::All);
        let many = format!("bytes={}", vec!["0-1"; 17].join(","));
        assert_eq!(parse_range(&many, 100), Asked::All);
        assert_eq!(parse_range(&many[..many.len() - 4], 100), part(0..2, false));
    }

    #[test]
    fn bytes_that_are_not_there_cannot_be_served() {
        for field in ["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=100-,200-300"] {
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
            "bytes=,",
            "bytes=5-4",
            "bytes=a-b",
            "bytes=0-1,x",
            "rows=1-2",
            "bytes=+1-2",
            "bytes=1--2",
        ] {
            assert_eq!(parse_range(field, 100), Asked::All, "{field}");
        }
    }

    /// A list is what its ranges are one by one: a byte is served if one of them has it.
    #[test]
    fn a_list_serves_what_its_ranges_have_and_nothing_else() {
        let mut seed: u32 = 7;
        let mut dice = |sides: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 16) % sides
        };
        for _ in 0..20_000 {
            let length = u64::from(dice(12));
            let spec = |dice: &mut dyn FnMut(u32) -> u32| match dice(3) {
                0 => format!("-{}", dice(14)),
                1 => format!("{}-", dice(14)),
                _ => {
                    let first = dice(14);
                    format!("{first}-{}", first + dice(5))
                }
            };
            let specs: Vec<_> = (0..=dice(3)).map(|_| spec(&mut dice)).collect();
            let has = |byte: u64| {
                specs.iter().any(|spec| match parse_range(&format!("bytes={spec}"), length) {
                    Asked::Part { range, .. } => range.contains(&byte),
                    _ => false,
                })
            };
            let wanted: Vec<u64> = (0..length).filter(|&byte| has(byte)).collect();
            let field = format!("bytes={}", specs.join(", "));
            match parse_range(&field, length) {
                Asked::Part { range, .. } => assert!(range.eq(wanted), "{field} of {length}"),
                Asked::Nothing => assert!(wanted.is_empty(), "{field} of {length}"),
                Asked::All => {
                    let runs = wanted.windows(2).filter(|two| two[0] + 1 != two[1]).count();
                    assert!(runs > 0, "{field} of {length} is one range");
                }
            }
        }
    }
}
