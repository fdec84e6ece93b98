//! How a source is, for all who show it: written by its supervisor alone.

use std::time::Instant;

use parking_lot::Mutex;

use crate::source::{Format, Source, Trouble};

/// What the source does, for `/state` and the metrics.
pub struct Condition {
    /// What sort of source it is.
    pub kind: &'static str,
    inner: Mutex<Report>,
}

/// A copy of what a [`Condition`] holds.
#[derive(Debug, Clone)]
pub struct Report {
    /// What to call the source.
    pub name: String,
    /// What it does.
    pub status: Status,
    /// What it delivers, once it was open.
    pub format: Option<Format>,
    /// What is wrong, and since when.
    pub trouble: Option<(Trouble, Instant)>,
    /// Frames that came.
    pub frames: u64,
    /// Frames that were broken.
    pub broken: u64,
    /// How often it was opened.
    pub opened: u64,
}

/// What a source does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Closed, because nobody watches.
    Idle,
    /// Being opened; no frame yet.
    Opening,
    /// Frames come.
    Live,
    /// There is trouble; it is tried again.
    Lost,
}

impl Status {
    /// As `/state` has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Idle => "idle",
            Status::Opening => "opening",
            Status::Live => "live",
            Status::Lost => "lost",
        }
    }
}

impl Condition {
    /// Of a source that was not opened yet.
    pub fn new(source: &dyn Source) -> Self {
        let report = Report {
            name: source.name(),
            status: Status::Idle,
            format: None,
            trouble: None,
            frames: 0,
            broken: 0,
            opened: 0,
        };
        Self { kind: source.kind().as_str(), inner: Mutex::new(report) }
    }

    /// How it is now.
    pub fn report(&self) -> Report {
        self.inner.lock().clone()
    }

    pub(super) fn change(&self, edit: impl FnOnce(&mut Report)) {
        edit(&mut self.inner.lock());
    }
}
