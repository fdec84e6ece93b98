//! JPEGs one after another; what stands between two is passed over.

use std::io::{self, Read, Seek};

use super::super::reel::{MAX_PICTURE_BYTES, Step};
use super::window::{Found, Window};
use crate::jpeg::Walker;
use crate::media::gate;

/// Where the reading of such a file is: nowhere but in the window.
#[derive(Debug, Clone, Default)]
pub(super) struct Concat;

impl Concat {
    pub(super) fn step<F: Read + Seek>(&self, window: &mut Window<F>) -> io::Result<Step> {
        match window.seek_to(SOI.len(), |bytes| memchr::memmem::find(bytes, SOI))? {
            Found::Here => {}
            Found::NotYet => return Ok(Step::Searching),
            Found::Nowhere => return Ok(Step::End),
        }
        let mut walker = Walker::new();
        let length = loop {
            match walker.advance(window.bytes()) {
                Ok(Some(length)) => break length,
                Ok(None) if window.bytes().len() <= MAX_PICTURE_BYTES && window.more()? => {}
                // The end of the file may have come before the picture's.
                Ok(None) if window.bytes().len() <= MAX_PICTURE_BYTES && walker.has_scan() => {
                    return without_end(window, window.bytes().len(), SOI.len());
                }
                // It is no picture, or far too long.
                Ok(None) => return broken(window, SOI.len()),
                Err(error) if walker.has_scan() => {
                    let length = error.offset.max(1);
                    return without_end(window, length, length);
                }
                Err(error) => return broken(window, error.offset.max(1)),
            }
        };
        match gate::take(window.bytes().get(..length).unwrap_or_default()) {
            Ok(picture) => {
                window.skip(length as u64)?;
                Ok(Step::Picture(picture))
            }
            Err(_) => broken(window, length),
        }
    }
}

/// Takes a picture without EOI, in what comes before the next or the end of the file. If it is
/// none, goes past `else_skip` bytes.
fn without_end<F: Read + Seek>(
    window: &mut Window<F>,
    length: usize,
    else_skip: usize,
) -> io::Result<Step> {
    match gate::take(window.bytes().get(..length).unwrap_or_default()) {
        Ok(picture) => {
            window.skip(length as u64)?;
            Ok(Step::Picture(picture))
        }
        Err(_) => broken(window, else_skip),
    }
}

fn broken<F: Read + Seek>(window: &mut Window<F>, length: usize) -> io::Result<Step> {
    window.skip(length as u64)?;
    Ok(Step::Broken)
}

/// SOI and the start of whichever marker follows.
const SOI: &[u8] = &[0xFF, 0xD8, 0xFF];
