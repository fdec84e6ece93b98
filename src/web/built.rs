//! What `build/` made of `www/`: files by their names, and documents.

use super::document::{Part, Text};
use crate::proto::gzip::Sum;

/// A file that pages load.
pub(super) struct Asset {
    /// With a hash of the content.
    pub(super) name: &'static str,
    pub(super) media_type: &'static str,
    pub(super) plain: &'static [u8],
    /// The same by gzip (RFC 1952).
    pub(super) packed: &'static [u8],
    /// The same by Brotli (RFC 7932).
    pub(super) brotli: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));
