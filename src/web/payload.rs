//! The bytes of an answer's body, wherever they live.

use std::borrow::Cow;
use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

/// A body.
pub(super) enum Payload {
    None,
    Bytes(Cow<'static, [u8]>),
    Shared(Arc<[u8]>),
    /// A part of a file, which workers read.
    File {
        file: Arc<File>,
        range: Range<u64>,
    },
}

impl Payload {
    /// How long it is.
    pub(super) fn length(&self) -> u64 {
        match self {
            Payload::File { range, .. } => range.end - range.start,
            memory => memory.bytes().len() as u64,
        }
    }

    /// A text that was written for this answer.
    pub(super) fn owned(text: String) -> Self {
        Payload::Bytes(Cow::Owned(text.into_bytes()))
    }

    /// What of it lies in memory.
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Payload::None | Payload::File { .. } => &[],
            Payload::Bytes(bytes) => bytes,
            Payload::Shared(bytes) => bytes,
        }
    }
}
