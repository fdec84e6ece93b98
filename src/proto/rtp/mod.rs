//! RTP and RTCP (RFC 3550), and JPEG carried in them (RFC 2435).
//!
//! Both sides: the server sends, a player and an `rtsp://` source receive. No
//! socket and no clock: what time it is comes in as a [`Duration`](std::time::Duration)
//! since the UNIX epoch, and random numbers come in as they were drawn.
//!
//! | module | what | side |
//! | --- | --- | --- |
//! | [`packet`] | the RTP header | both |
//! | [`time`] | 90 kHz timestamps, NTP time, round trips | both |
//! | [`rtcp`] | compound packets: reports, CNAME, BYE | both |
//! | [`jpeg`] | a JPEG to payloads, and payloads to a JPEG | both |
//! | [`Sender`] | numbers packets, makes sender reports | sends |
//! | [`Reception`] | counts what is lost, makes report blocks | receives |
//! | [`Reorder`] | puts packets in order again | receives |
//!
//! Does not choose ports, pace packets or know sessions: those are the server's.

use std::fmt;

pub mod jpeg;
pub mod packet;
mod reception;
mod reorder;
pub mod rtcp;
mod sender;
pub mod time;

pub use packet::{Header, Packet};
pub use reception::{Arrival, Reception};
pub use reorder::Reorder;
pub use sender::Sender;
pub use time::{Anchor, NtpTime, timestamp_90k};

/// The static payload type of JPEG (RFC 3551 table 5).
pub const JPEG_PAYLOAD_TYPE: u8 = 26;

/// Why bytes are not what they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// Bytes from the start of the datagram, or of the payload where only that is read.
    pub offset: usize,
    /// The section that has the rule, and what it asks for.
    pub rule: &'static str,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bad RTP at byte {}: {}", self.offset, self.rule)
    }
}

impl std::error::Error for Invalid {}
