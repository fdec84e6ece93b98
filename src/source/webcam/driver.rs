//! What an open camera is to whoever reads it, whichever library opened it.
//!
//! On the device thread. Does not open anything: `v4l2` does on Linux, and `portable` elsewhere.

use std::time::Duration;

use super::pixels::Layout;
use crate::source::{Format, Trouble};

/// An open camera, as far as it is used.
pub(super) trait Driver {
    /// What it sends.
    fn format(&self) -> Format;

    /// Waits until [`Driver::frame`] will not wait; false if `timeout` passed first.
    ///
    /// True as well where that can't be told.
    fn ready(&mut self, timeout: Duration) -> bool;

    /// Takes the next buffer; `None` if there is none after all.
    ///
    /// # Errors
    ///
    /// [`Trouble`], after which the camera must be opened again.
    fn frame(&mut self) -> Result<Option<Buffer<'_>>, Trouble>;
}

/// What a camera wrote for one picture.
#[derive(Debug, Clone, Copy)]
pub(super) struct Buffer<'a> {
    /// As many bytes as it says that it wrote.
    pub(super) bytes: &'a [u8],
    /// Whether it says itself that they are not whole.
    pub(super) broken: bool,
    /// When it says that it took the picture.
    pub(super) taken: Option<Taken>,
    /// How they are laid out.
    pub(super) layout: Layout,
}

/// When a driver says that it took a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// So long ago, by the monotonic clock.
    Ago(Duration),
    /// So long after the Unix epoch, by the wall clock.
    #[cfg_attr(
        all(target_os = "linux", not(test)),
        expect(dead_code, reason = "V4L2 tells monotonic time")
    )]
    Wall(Duration),
}
