//! Parts of a picture that nobody may see: covered before anything else is done with it.
//!
//! Called by the source's thread with every picture, between the source and the hub. A JPEG is
//! written anew without being decoded, and none of what came with it is kept: no thumbnail, no
//! comment, nothing behind its end. Fails closed: what cannot be covered is not shown.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::jpeg::coefficients::{COVER, Coefficients, Patch};
use crate::jpeg::{Orientation, Quality};
use crate::media::codec::{Decoder, Failed};
use crate::media::frame::{Jpeg, Picture, Planar, Size};
use crate::media::planes::turned;

/// The parts, as they are typed: `LEFT,TOP,WIDTH,HEIGHT`, with `+` between them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mask {
    rects: Vec<Rect>,
}

/// A part of a picture as it is seen, in hundredths of a percent of its sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rect {
    left: u16,
    top: u16,
    width: u16,
    height: u16,
}

/// The text names no parts of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAMask;

/// A picture could not be covered, and must not be shown.
pub type MaskFault = Failed;

impl Mask {
    /// Whether everything may be seen.
    pub fn is_empty(&self) -> bool {
        self.rects.is_empty()
    }

    /// What either covers.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let more = other.rects.iter().filter(|rect| !self.rects.contains(rect));
        Self { rects: self.rects.iter().chain(more).copied().collect() }
    }

    /// The picture with the parts covered; their edges go outward to whole MCUs of a JPEG, and to
    /// whole pairs of pixels else.
    ///
    /// # Errors
    ///
    /// [`MaskFault`] if it is a JPEG that cannot be read.
    pub fn cover(&self, picture: &Picture) -> Result<Picture, MaskFault> {
        match picture {
            _ if self.is_empty() => Ok(picture.clone()),
            Picture::Jpeg(jpeg) => match Coefficients::read(&jpeg.bytes) {
                Ok(coefficients) => Ok(Picture::Jpeg(self.of_jpeg(jpeg, &coefficients))),
                // A sort that is seldom: it goes on as planes, or not at all.
                Err(_) => {
                    let planar = Decoder::new()?.decode(&jpeg.bytes)?;
                    let planar = turned(planar, jpeg.orientation);
                    Ok(Picture::Planar(Arc::new(self.of_planes(planar))))
                }
            },
            Picture::Planar(planar) => {
                Ok(Picture::Planar(Arc::new(self.of_planes(Planar::clone(planar)))))
            }
        }
    }

    fn of_jpeg(&self, jpeg: &Jpeg, coefficients: &Coefficients) -> Jpeg {
        let stored = jpeg.stored_size();
        let orientation = coefficients.orientation();
        let patches: Vec<Patch> =
            self.rects.iter().map(|rect| rect.patch(stored, orientation)).collect();
        let bytes = coefficients.covered(&patches).requantized(Quality::BEST);
        Jpeg { bytes, ..jpeg.clone() }
    }

    fn of_planes(&self, mut planar: Planar) -> Planar {
        let luma = planar.luma().len();
        let (across, down) = planar.chroma.plane(planar.size);
        let width = planar.size.width as usize;
        let (y_plane, chroma) = planar.samples.split_at_mut(luma);
        for rect in &self.rects {
            let patch = rect.patch(planar.size, Orientation::UPRIGHT);
            // Chroma's samples are of two pixels each: the luma of both goes with them.
            let even = |patch: Patch| Patch {
                left: patch.left & !1,
                top: patch.top & !1,
                right: patch.right.next_multiple_of(2).min(planar.size.width),
                bottom: patch.bottom.next_multiple_of(2).min(planar.size.height),
            };
            let patch = even(patch);
            fill(y_plane, width, &patch, COVER);
            if across > 0 {
                let scale = |at: u32, side: usize, of: u32| match side as u32 == of {
                    true => at,
                    false => at.div_ceil(2),
                };
                let (Size { width, height }, of) = (planar.size, patch);
                let patch = Patch {
                    left: scale(of.left, across, width),
                    top: scale(of.top, down, height),
                    right: scale(of.right, across, width),
                    bottom: scale(of.bottom, down, height),
                };
                let planes = chroma.chunks_exact_mut(across * down);
                planes.for_each(|plane| fill(plane, across, &patch, 128));
            }
        }
        planar
    }
}

fn fill(plane: &mut [u8], width: usize, patch: &Patch, sample: u8) {
    let rows = plane.chunks_exact_mut(width).take(patch.bottom as usize).skip(patch.top as usize);
    for row in rows {
        let right = (patch.right as usize).min(row.len());
        row[(patch.left as usize).min(right)..right].fill(sample);
    }
}

impl Rect {
    /// The part of a stored picture of this size, rounded outward.
    fn patch(self, stored: Size, orientation: Orientation) -> Patch {
        let seen = orientation.turned(stored);
        let start = |at: u16, side: u32| u32::from(at) * side / WHOLE;
        let end = |at: u16, side: u32| (u32::from(at) * side).div_ceil(WHOLE);
        let (left, right) = (start(self.left, seen.width), end(self.left + self.width, seen.width));
        let (top, bottom) =
            (start(self.top, seen.height), end(self.top + self.height, seen.height));
        let ((left, right), (top, bottom)) = match orientation.swaps_sides() {
            true => ((top, bottom), (left, right)),
            false => ((left, right), (top, bottom)),
        };
        let from_far = |is_far: bool, (first, end): (u32, u32), side: u32| match is_far {
            true => (side - end, side - first),
            false => (first, end),
        };
        let (far_right, far_bottom) = orientation.from_far();
        let (left, right) = from_far(far_right, (left, right), stored.width);
        let (top, bottom) = from_far(far_bottom, (top, bottom), stored.height);
        Patch { left, top, right, bottom }
    }
}

impl fmt::Display for NotAMask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "takes up to {MOST_RECTS} parts LEFT,TOP,WIDTH,HEIGHT in percent of the picture, `+` \
             between them, as in 0,0,25,40+60,50,10.5,20"
        )
    }
}

impl std::error::Error for NotAMask {}

impl FromStr for Mask {
    type Err = NotAMask;

    /// Reads parts with `+` between them; nothing covers nothing.
    fn from_str(text: &str) -> Result<Self, NotAMask> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let rects: Vec<Rect> = text.split('+').map(Rect::from_str).collect::<Result<_, _>>()?;
        if rects.len() > MOST_RECTS { Err(NotAMask) } else { Ok(Self { rects }) }
    }
}

impl FromStr for Rect {
    type Err = NotAMask;

    fn from_str(text: &str) -> Result<Self, NotAMask> {
        let sides: Vec<u16> =
            text.split(',').map(hundredths).collect::<Option<_>>().ok_or(NotAMask)?;
        let [left, top, width, height] = *sides else { return Err(NotAMask) };
        let fits =
            |start: u16, length: u16| length > 0 && u32::from(start) + u32::from(length) <= WHOLE;
        let fits = fits(left, width) && fits(top, height);
        if fits { Ok(Self { left, top, width, height }) } else { Err(NotAMask) }
    }
}

/// A percentage of up to two decimals, in hundredths.
fn hundredths(text: &str) -> Option<u16> {
    let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !(1..=3).contains(&whole.len()) || part.len() > 2 || !are_digits(whole) || !are_digits(part)
    {
        return None;
    }
    let part: u16 = format!("{part:0<2}").parse().ok()?;
    let value = whole.parse::<u16>().ok()? * 100 + part;
    (u32::from(value) <= WHOLE).then_some(value)
}

impl fmt::Display for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, rect) in self.rects.iter().enumerate() {
            let joint = if at > 0 { "+" } else { "" };
            write!(f, "{joint}{rect}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Rect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sides = [self.left, self.top, self.width, self.height];
        for (at, side) in sides.into_iter().enumerate() {
            let joint = if at > 0 { "," } else { "" };
            write!(f, "{joint}{}", side / 100)?;
            match side % 100 {
                0 => {}
                tens if tens % 10 == 0 => write!(f, ".{}", tens / 10)?,
                part => write!(f, ".{part:02}")?,
            }
        }
        Ok(())
    }
}

/// A whole side, in hundredths of a percent.
const WHOLE: u32 = 10_000;
const MOST_RECTS: usize = 16;
