//! What is asked of a session from other connections, and what it answers.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::proto::rtsp::{NptRange, Range, Status};

/// What is asked of a session.
pub(super) enum Ask {
    Play(Play),
    Pause,
    /// To make room for another of the same name, unless it plays.
    Replace,
    Teardown,
}

/// How to play.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Play {
    pub(super) range: Option<NptRange>,
    pub(super) scale: Option<f64>,
    /// Until the first picture of a clip.
    pub(super) wait: Duration,
}

/// What a session says.
pub(super) enum Answer {
    Done,
    Plays(Playing),
    Refused(Status),
}

/// What PLAY began.
pub(super) struct Playing {
    pub(super) range: Range,
    /// The numbers of the first packet: sequence and timestamp.
    pub(super) first: Option<(u16, u32)>,
    pub(super) gate: Gate,
}

/// Opens when a reply has been written.
pub(super) type Gate = Arc<AtomicBool>;
