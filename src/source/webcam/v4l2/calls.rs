//! What is asked of a V4L2 device: each is a system call, or a few of a kind.
//!
//! A trait, so that settling a mode, controls, times and errors are tested without a device.
//! Values only: [`super::kernel`] asks the kernel for them.

use std::io;
use std::time::Duration;

use crate::media::frame::Size;
use crate::source::webcam::controls::Control;
use crate::source::webcam::rates::{Rate, Rates, Sizes};

/// A V4L2 device that is open.
pub(super) trait Calls {
    /// What the node is for.
    fn role(&self) -> io::Result<Role>;

    /// Formats that it sends, in its own order.
    fn formats(&self) -> Vec<Described>;

    /// Sizes of a format, in its own order; empty if it lists none.
    fn sizes(&self, code: [u8; 4]) -> Vec<Sizes>;

    /// Rates of a format and size, in its own order; empty if it lists none.
    fn rates(&self, code: [u8; 4], size: Size) -> Vec<Rates>;

    /// Its controls, with their values.
    fn controls(&self) -> Vec<Control>;

    /// Sets a control.
    fn set_control(&self, id: u32, value: i32) -> io::Result<()>;

    /// Asks for a format, whatever it stands in now. Returns what it took, which may be another.
    fn set_format(&mut self, code: [u8; 4], size: Size) -> io::Result<Taken>;

    /// Asks for a rate, after a format. Returns what it took, if it tells.
    fn set_rate(&mut self, rate: Rate) -> io::Result<Option<Rate>>;

    /// Has buffers for pictures made, and begins.
    fn start(&mut self) -> io::Result<()>;

    /// Waits for a buffer or an error; false if the time passed first.
    fn wait(&self, time: Duration) -> io::Result<bool>;

    /// Takes the next full buffer, `None` if there is none.
    fn take(&mut self) -> io::Result<Option<Full>>;

    /// All bytes of a buffer that was taken.
    fn bytes(&self, index: usize) -> &[u8];

    /// Gives a buffer back, to be filled anew.
    fn give_back(&mut self, index: usize) -> io::Result<()>;

    /// The monotonic clock by which drivers time.
    fn now(&self) -> Duration;
}

/// What a node is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It sends pictures.
    Camera,
    /// It sends pictures whose planes lie in buffers of their own.
    MultiPlanar,
    /// It sends pictures that can only be read as from a file.
    ReadOnly,
    /// Anything else: metadata, a codec, an output.
    Other,
}

/// A format as a driver describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Described {
    pub(super) code: [u8; 4],
    pub(super) name: String,
}

/// What a driver took for a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) code: [u8; 4],
    pub(super) size: Size,
    /// Bytes from row to row; 0 if it does not tell.
    pub(super) stride: u32,
    /// Bytes that a picture takes at most; 0 if it does not tell.
    pub(super) bytes: u32,
    /// `enum v4l2_colorspace`.
    pub(super) colorspace: u32,
    /// `enum v4l2_ycbcr_encoding`.
    pub(super) ycbcr_enc: u32,
    /// `enum v4l2_quantization`.
    pub(super) quantization: u32,
}

/// A buffer that a driver has filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full {
    pub(super) index: usize,
    /// How many bytes it wrote.
    pub(super) used: usize,
    /// Whether it says that they are not whole.
    pub(super) broken: bool,
    /// When it took the picture, by [`Calls::now`]; `None` if it times by something else.
    pub(super) stamp: Option<Duration>,
}
