//! What a camera tells of itself: what it offers, what of that can't be read here, its controls.

use super::controls::Control;
use super::encoding::Encoding;
use super::rates::{Rates, Sizes};

/// What a camera tells of itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct About {
    /// What can be asked of it, best first.
    pub(super) offers: Vec<Offer>,
    /// What else it sends.
    pub(super) unreadable: Vec<Unreadable>,
    /// What can be set.
    pub(super) controls: Vec<Control>,
}

/// An encoding and sizes, with the rates that go with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// How a picture is laid out.
    pub encoding: Encoding,
    /// Sizes of the pictures.
    pub sizes: Sizes,
    /// Pictures a second, highest first; empty if that is not told.
    pub rates: Vec<Rates>,
}

/// A format that can't be read here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// V4L2's code of it.
    pub code: String,
    /// Its name, if the driver has one.
    pub name: String,
}
