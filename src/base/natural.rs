//! The order of names as people count: `frame2.jpg` before `frame10.jpg`.

use std::cmp::Ordering;

/// Compares byte by byte, but runs of digits by the number that they mean.
pub fn natural(a: &[u8], b: &[u8]) -> Ordering {
    let (mut left, mut right) = (a, b);
    loop {
        match (left, right) {
            ([x, ..], [y, ..]) if x.is_ascii_digit() && y.is_ascii_digit() => {
                let (x, y) = (number(&mut left), number(&mut right));
                let by_value = x.len().cmp(&y.len()).then_with(|| x.cmp(y));
                if by_value.is_ne() {
                    return by_value;
                }
            }
            ([x, after_x @ ..], [y, after_y @ ..]) => {
                if x != y {
                    return x.cmp(y);
                }
                (left, right) = (after_x, after_y);
            }
            // `01` and `1` mean the same; some order there must be.
            ([], []) => return a.cmp(b),
            _ => return left.len().cmp(&right.len()),
        }
    }
}

/// Takes the digits at the front of `bytes`, and gives them without leading zeros.
fn number<'a>(bytes: &mut &'a [u8]) -> &'a [u8] {
    let end = bytes.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len());
    let (digits, rest) = bytes.split_at(end);
    *bytes = rest;
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    digits.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ordered_as_people_count() {
        let ordered = ["1.jpg", "01.jpg", "2.jpg", "10.jpg", "a9b2.jpg", "a9b10.jpg", "a10.jpg"];
        let mut names = ordered.map(str::as_bytes);
        names.reverse();
        names.sort_by(|a, b| natural(a, b));
        // Equal numbers are ordered by their bytes.
        assert_eq!(names[..2], [b"01.jpg".as_slice(), b"1.jpg"]);
        assert_eq!(names[2..], ordered.map(str::as_bytes)[2..]);
        let long = format!("{}1", "0".repeat(300)).repeat(2);
        assert_eq!(natural(long.as_bytes(), long.as_bytes()), Ordering::Equal);
    }
}
