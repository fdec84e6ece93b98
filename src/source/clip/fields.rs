//! Pictures that were recorded as two fields, each a JPEG of half the height.
//!
//! Capture cards wrote them so, into AVI and QuickTime files: both in one chunk, one field the odd
//! rows of the picture and the other the even ones. They are woven together here.

use crate::jpeg::{self, Broken, Jpeg};
use crate::media::codec::{Decoder, Encoder, Failed};
use crate::media::frame::{Planar, Quality, Size};
use crate::media::gate;

/// The picture in a chunk, of a video that is said to be `height` rows high (0 if nothing is said).
///
/// # Errors
///
/// [`Broken`] if its first JPEG is.
pub(super) fn picture(chunk: &[u8], height: u32) -> Result<Jpeg, Broken> {
    let first = gate::take(chunk)?;
    let is_field = height > first.size.height && height.div_ceil(2) <= first.size.height;
    let second = is_field.then(|| second_of(chunk)).flatten();
    let Some(second) = second.filter(|second| second.size == first.size) else {
        return Ok(first);
    };
    // The first alone is better than nothing.
    Ok(weave(&first, &second, is_bottom(chunk), height).unwrap_or(first))
}

/// What follows the first JPEG of a chunk; there may be filling between.
fn second_of(chunk: &[u8]) -> Option<Jpeg> {
    let rest = chunk.get(jpeg::length(chunk).ok()??..)?;
    let start = memchr::memmem::find(rest, &[0xFF, 0xD8, 0xFF])?;
    gate::take(rest.get(start..)?).ok()
}

/// Whether the first field says that it is the lower one: the polarity in its APP0 segment
/// `AVI1` (OpenDML AVI File Format Extensions 1.02, "Motion JPEG DIB Format") is 2.
fn is_bottom(chunk: &[u8]) -> bool {
    matches!(chunk, [0xFF, 0xD8, 0xFF, 0xE0, _, _, b'A', b'V', b'I', b'1', 2, ..])
}

fn weave(first: &Jpeg, second: &Jpeg, is_bottom: bool, height: u32) -> Result<Jpeg, Failed> {
    let mut decoder = Decoder::new()?;
    let (first_field, second_field) =
        (decoder.decode(&first.bytes)?, decoder.decode(&second.bytes)?);
    let (top, bottom) =
        if is_bottom { (second_field, first_field) } else { (first_field, second_field) };
    let woven = woven(&top, &bottom, height)
        .ok_or_else(|| Failed("two fields that do not match".to_owned()))?;
    let quality = first.quality.or(GOOD).ok_or_else(|| Failed("no quality".to_owned()))?;
    let bytes = Encoder::new()?.encode(&woven, quality)?;
    gate::take(&bytes).map_err(|broken| Failed(broken.to_string()))
}

/// The rows of two fields in turn; `None` if they are not alike.
fn woven(top: &Planar, bottom: &Planar, height: u32) -> Option<Planar> {
    if (top.size, top.chroma) != (bottom.size, bottom.chroma) {
        return None;
    }
    let size = Size::new(top.size.width, height)?;
    let chroma = top.chroma;
    let mut samples = Vec::with_capacity(chroma.bytes(size));
    let luma = |size: Size| (size.width as usize, size.height as usize);
    let mut from = 0;
    for plane in 0..3 {
        let ((width, field_rows), (_, rows)) = match plane {
            0 => (luma(top.size), luma(size)),
            _ => (chroma.plane(top.size), chroma.plane(size)),
        };
        let length = width * field_rows;
        let of = |field: &'_ Planar| field.samples.get(from..from + length).map(<[u8]>::to_vec);
        let (odd, even) = (of(top)?, of(bottom)?);
        if width > 0 {
            let pairs = odd.chunks_exact(width).zip(even.chunks_exact(width));
            pairs.flat_map(|(odd, even)| [odd, even]).take(rows).for_each(|row| {
                samples.extend_from_slice(row);
            });
        }
        from += length;
    }
    (samples.len() == chroma.bytes(size)).then_some(Planar { size, chroma, samples })
}

/// For fields that do not say which they have.
const GOOD: Option<Quality> = Quality::new(90);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::frame::Chroma;

    /// A field all of one luma.
    fn field(luma: u8, height: u32, polarity: u8) -> Vec<u8> {
        let size = Size::new(32, height).unwrap();
        let chroma = Chroma::Yuv422;
        let mut samples = vec![128; chroma.bytes(size)];
        samples[..32 * height as usize].fill(luma);
        let planar = Planar { size, chroma, samples };
        let jpeg = Encoder::new().unwrap().encode(&planar, Quality::new(95).unwrap()).unwrap();
        let segment = [0xFF, 0xE0, 0, 16, b'A', b'V', b'I', b'1', polarity, 0];
        [&jpeg[..2], &segment, &[0; 8], &jpeg[2..]].concat()
    }

    fn rows(chunk: &[u8], height: u32) -> Vec<u8> {
        let jpeg = picture(chunk, height).unwrap();
        let planar = Decoder::new().unwrap().decode(&jpeg.bytes).unwrap();
        planar.luma().chunks_exact(32).map(|row| row[5]).collect()
    }

    #[track_caller]
    fn alternate(rows: &[u8], first: u8, second: u8) {
        for (at, row) in rows.iter().enumerate() {
            let expected = if at % 2 == 0 { first } else { second };
            assert!(row.abs_diff(expected) < 6, "row {at}: {row}, not {expected}");
        }
    }

    #[test]
    fn two_fields_are_one_picture_of_full_height() {
        let filling = [0; 5];
        let chunk = [field(200, 24, 1), filling.to_vec(), field(50, 24, 2)].concat();
        let upper_first = rows(&chunk, 48);
        assert_eq!(upper_first.len(), 48);
        alternate(&upper_first, 200, 50);
        let lower_first = rows(&[field(50, 24, 2), field(200, 24, 1)].concat(), 48);
        alternate(&lower_first, 200, 50);
        assert_eq!(rows(&chunk, 47).len(), 47);
    }

    #[test]
    fn what_is_no_pair_of_fields_stays_as_it_is() {
        let one = field(200, 24, 0);
        for (chunk, height) in [
            (one.clone(), 48),
            ([one.clone(), field(50, 16, 0)].concat(), 48),
            ([one.clone(), one.clone()].concat(), 24),
            ([one.clone(), one.clone()].concat(), 0),
            ([one.clone(), one.clone()].concat(), 500),
            ([one.clone(), one[..200].to_vec()].concat(), 48),
        ] {
            assert_eq!(*picture(&chunk, height).unwrap().bytes, *one, "{height}");
        }
        assert!(picture(b"nothing", 48).is_err());
    }
}
