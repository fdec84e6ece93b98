//! The networking lab's `movie.Mjpeg`: each JPEG after its length in five digits.

use std::io::{self, Read, Seek};

use super::super::reel::Step;
use super::window::{Found, Window};
use crate::media::gate;

/// Where the reading of such a file is.
#[derive(Debug, Clone, Default)]
pub(super) struct Lab {
    /// Whether the next length has to be searched for.
    lost: bool,
}

impl Lab {
    pub(super) fn step<F: Read + Seek>(&mut self, window: &mut Window<F>) -> io::Result<Step> {
        if self.lost {
            match window.seek_to(HEAD_BYTES, find)? {
                Found::Here => {
                    // What is found is a step of its own: whoever goes on there is not lost.
                    self.lost = false;
                    return Ok(Step::Searching);
                }
                Found::NotYet => return Ok(Step::Searching),
                Found::Nowhere => return Ok(Step::End),
            }
        }
        if !window.need(1)? {
            return Ok(Step::End);
        }
        window.need(HEAD_BYTES)?;
        if let Some(length) = length(window.bytes()) {
            window.need(DIGITS + length)?;
            // The file may end before the picture's EOI.
            let there = window.bytes().get(DIGITS..).unwrap_or_default();
            let there = there.get(..length).unwrap_or(there);
            let end = DIGITS + there.len();
            if let Ok(picture) = gate::take(there) {
                window.skip(end as u64)?;
                return Ok(Step::Picture(picture));
            }
        }
        // Its length may be as wrong as the rest.
        window.skip(1)?;
        self.lost = true;
        Ok(Step::Broken)
    }
}

/// Whether a file that starts so is of this form.
pub(super) fn starts(head: &[u8]) -> bool {
    length(head).is_some()
}

/// The length at the front of `bytes`, if a JPEG follows it.
fn length(bytes: &[u8]) -> Option<usize> {
    let (digits, rest) = bytes.split_at_checked(DIGITS)?;
    let all_digits = digits.iter().all(u8::is_ascii_digit) && rest.starts_with(SOI);
    all_digits.then(|| digits.iter().fold(0, |sum, digit| 10 * sum + usize::from(digit - b'0')))
}

/// Where a length with its JPEG starts.
fn find(bytes: &[u8]) -> Option<usize> {
    let starts = memchr::memmem::find_iter(bytes, SOI);
    let mut lengths = starts.filter_map(|soi| soi.checked_sub(DIGITS));
    lengths.find(|at| bytes.get(*at..).and_then(length).is_some())
}

const DIGITS: usize = 5;
/// SOI and the start of whichever marker follows.
const SOI: &[u8] = &[0xFF, 0xD8, 0xFF];
const HEAD_BYTES: usize = DIGITS + SOI.len();
