//! What a viewer has done to its pictures: turned, without colour, softer, with a clock…
//!
//! A [`Filter`] is a small value, read from a list such as `mirror,grey` and always in one form:
//! filters that look the same are equal, however they were spelled, and so are what is made of
//! them. What [`apply()`] does is done by whoever encodes. A camera's JPEG is changed as it is,
//! without being decoded, but for edges and for what is written onto it.

mod apply;
mod marks;
mod mask;
mod pixels;

use std::fmt;
use std::str::FromStr;

use crate::jpeg::Orientation;

pub use apply::apply;
pub use mask::{Mask, MaskFault, NotAMask, Rect};

/// What is done to each picture, in this order whatever the order in which it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Filter {
    /// Mirrored, flipped and turned.
    pub turn: Orientation,
    /// Whether without colour.
    pub grey: bool,
    /// How finely it is drawn.
    pub detail: Detail,
    /// Whether dark is light and light is dark.
    pub invert: bool,
    /// Whether the time at which it was taken is written onto it.
    pub clock: bool,
    /// Whether the room's name is written onto it.
    pub name: bool,
}

/// How finely a picture is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Detail {
    /// As it is.
    #[default]
    Whole,
    /// Without the finest.
    Softer,
    /// With more of it.
    Sharper,
    /// Where it changes, and nothing else.
    Edges,
}

/// What is written onto a picture; nothing where nothing is to be.
#[derive(Debug, Clone, Copy, Default)]
pub struct Marks<'a> {
    /// The room's name.
    pub name: Option<&'a str>,
    /// The time.
    pub clock: Option<&'a str>,
}

impl Filter {
    /// Nothing is done.
    pub const NONE: Self = Self {
        turn: Orientation::UPRIGHT,
        grey: false,
        detail: Detail::Whole,
        invert: false,
        clock: false,
        name: false,
    };

    /// Whether nothing is done.
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }

    /// Whether it has to be done on pixels, as something is drawn.
    pub fn draws(self) -> bool {
        self.detail == Detail::Edges || self.clock || self.name
    }

    /// The filter as a number, from which [`Filter::from_bits`] makes it again.
    pub fn bits(self) -> u16 {
        let flags = [self.grey, self.invert, self.clock, self.name];
        let flags = flags.iter().rev().fold(0, |bits, flag| bits << 1 | u16::from(*flag));
        u16::from(self.turn.tag() - 1) | (self.detail as u16) << 3 | flags << 5
    }

    /// The filter of which these are the bits.
    pub fn from_bits(bits: u16) -> Self {
        let flag = |at: u16| bits >> at & 1 == 1;
        let details = [Detail::Whole, Detail::Softer, Detail::Sharper, Detail::Edges];
        Self {
            turn: Orientation::from_tag((bits & 7) + 1).unwrap_or_default(),
            detail: details[usize::from(bits >> 3 & 3)],
            grey: flag(5),
            invert: flag(6),
            clock: flag(7),
            name: flag(8),
        }
    }

    fn words(self) -> impl Iterator<Item = &'static str> {
        let turn: &[&str] = match self.turn.tag() {
            2 => &["mirror"],
            3 => &["turn180"],
            4 => &["flip"],
            5 => &["mirror", "turn270"],
            6 => &["turn90"],
            7 => &["mirror", "turn90"],
            8 => &["turn270"],
            _ => &[],
        };
        let detail = match self.detail {
            Detail::Whole => None,
            Detail::Softer => Some("softer"),
            Detail::Sharper => Some("sharper"),
            Detail::Edges => Some("edges"),
        };
        let flag = |is_there: bool, word| is_there.then_some(word);
        let rest =
            [flag(self.invert, "invert"), flag(self.clock, "clock"), flag(self.name, "name")];
        let first = flag(self.grey, "grey").into_iter().chain(detail);
        turn.iter().copied().chain(first).chain(rest.into_iter().flatten())
    }
}

/// The text is no list of filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAFilter {
    /// There is another word in it.
    Unknown,
    /// A picture cannot be softer and sharper, or be both and edges.
    Both,
}

impl fmt::Display for NotAFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NotAFilter::Unknown => {
                "takes a list of mirror, flip, turn90, turn180, turn270, grey, softer, sharper, \
                 edges, invert, clock and name"
            }
            NotAFilter::Both => "takes one of softer, sharper and edges",
        })
    }
}

impl std::error::Error for NotAFilter {}

impl FromStr for Filter {
    type Err = NotAFilter;

    /// Reads words with commas between; `none` and nothing at all do nothing. Turns are done one
    /// after another.
    fn from_str(text: &str) -> Result<Self, NotAFilter> {
        let mut filter = Self::NONE;
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            let turned = |tag| Orientation::from_tag(tag).unwrap_or_default();
            let (turn, detail) = match word {
                "none" => (1, Detail::Whole),
                "mirror" => (2, Detail::Whole),
                "turn180" => (3, Detail::Whole),
                "flip" => (4, Detail::Whole),
                "turn90" => (6, Detail::Whole),
                "turn270" => (8, Detail::Whole),
                "softer" => (1, Detail::Softer),
                "sharper" => (1, Detail::Sharper),
                "edges" => (1, Detail::Edges),
                _ => {
                    let flag = match word {
                        "grey" => &mut filter.grey,
                        "invert" => &mut filter.invert,
                        "clock" => &mut filter.clock,
                        "name" => &mut filter.name,
                        _ => return Err(NotAFilter::Unknown),
                    };
                    *flag = true;
                    continue;
                }
            };
            filter.turn = filter.turn.then(turned(turn));
            if detail != Detail::Whole {
                if ![Detail::Whole, detail].contains(&filter.detail) {
                    return Err(NotAFilter::Both);
                }
                filter.detail = detail;
            }
        }
        Ok(filter)
    }
}

impl fmt::Display for Filter {
    /// The list in the one order that it has; `none` if nothing is done.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_none() {
            return f.write_str("none");
        }
        for (at, word) in self.words().enumerate() {
            if at > 0 {
                f.write_str(",")?;
            }
            f.write_str(word)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
