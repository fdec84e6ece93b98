//! The bytes of an answer's body, wherever they live.

use std::borrow::Cow;
use std::fs::File;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use crate::film::{Edition, Warm};

/// A body.
pub(super) enum Payload {
    None,
    Bytes(Cow<'static, [u8]>),
    /// One after the other: what a page is made of. Who does not read it holds only what was
    /// written for it, and not what the binary has anyway.
    Pieces(Vec<Cow<'static, [u8]>>),
    Shared(Arc<[u8]>),
    /// A part of a file, which workers read.
    File(Box<FilePart>),
}

/// A part of a file.
pub(super) struct FilePart {
    pub(super) file: Arc<File>,
    pub(super) range: Range<u64>,
    /// The state of it that is told of.
    pub(super) edition: Edition,
    /// Which of its bytes are in the system's memory.
    pub(super) warm: Arc<Warm>,
    /// By what right and how fast it is sent; none if whoever asked may have it at once.
    pub(super) fare: Option<Box<dyn Fare>>,
}

/// By what right, and how fast, something is sent.
pub(super) trait Fare: Send {
    /// Whether the right still holds.
    fn holds(&mut self) -> bool;

    /// How much may go now.
    fn room(&mut self, now: Instant) -> Room;

    /// So many bytes went.
    fn went(&mut self, bytes: u64);
}

/// How much may go now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// As much as there is.
    Any,
    /// So many bytes.
    Bytes(u64),
    /// None before this time.
    At(Instant),
}

impl Payload {
    /// How long it is.
    pub(super) fn length(&self) -> u64 {
        match self {
            Payload::File(part) => part.range.end - part.range.start,
            memory => memory.pieces().map(|piece| piece.len() as u64).sum(),
        }
    }

    /// A text that was written for this answer.
    pub(super) fn owned(text: String) -> Self {
        Payload::Bytes(Cow::Owned(text.into_bytes()))
    }

    /// What of it lies in memory.
    pub(super) fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let (whole, pieces): (&[u8], &[Cow<'static, [u8]>]) = match self {
            Payload::None | Payload::File(_) => (&[], &[]),
            Payload::Bytes(bytes) => (bytes, &[]),
            Payload::Shared(bytes) => (bytes, &[]),
            Payload::Pieces(pieces) => (&[], pieces),
        };
        std::iter::once(whole).chain(pieces.iter().map(|piece| &**piece))
    }
}
