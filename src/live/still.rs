//! A picture that is ready to be sent.

use std::sync::Arc;
use std::time::Instant;

use crate::media::frame::{Frame, Picture};

/// One level's picture, as all its viewers get it.
#[derive(Debug)]
pub struct Still {
    /// The sequence number of its frame.
    pub sequence: u64,
    /// The capture time of its frame.
    pub captured: Instant,
    /// The JPEG.
    pub jpeg: Arc<[u8]>,
    /// See [`Frame::masked`].
    pub masked: u64,
}

impl Still {
    /// The picture that a frame's own JPEG is, if it is one.
    pub(super) fn own(frame: &Frame) -> Option<Arc<Still>> {
        let Picture::Jpeg(jpeg) = &frame.picture else {
            return None;
        };
        Some(Arc::new(Still::of(frame, Arc::clone(&jpeg.bytes))))
    }

    /// What was made of a frame.
    pub(super) fn of(frame: &Frame, jpeg: Arc<[u8]>) -> Still {
        let Frame { sequence, captured, masked, .. } = *frame;
        Still { sequence, captured, jpeg, masked }
    }
}
