//! How much of the machine connections may have: every limit, in one place.
//!
//! Pure values. Who has to give way when one is reached is [`super::registry`]'s.

use std::time::Duration;

/// The limits of a running server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once, HTTP and RTSP together.
    pub connections: usize,
    /// RTSP sessions at once, playing or not.
    pub rtsp_sessions: usize,
    /// Bytes that the system may hold for clients that do not read, over all connections.
    pub unread_bytes: usize,
    /// Jobs that wait for a worker.
    pub jobs: usize,
}

impl Limits {
    /// What a process may have that may open so many files.
    pub fn of_descriptors(descriptors: usize) -> Self {
        // Cameras, clips, listeners and polls need some too.
        let reserved = RESERVED_DESCRIPTORS.min(descriptors / 4);
        Self {
            connections: (descriptors - reserved).clamp(1, MOST_CONNECTIONS),
            rtsp_sessions: RTSP_SESSIONS,
            unread_bytes: UNREAD_BYTES,
            jobs: JOBS,
        }
    }
}

/// What the system is asked to hold of what was written and is not on its way (Linux takes twice
/// that, for its own books), before a connection is a stream.
pub(crate) const SEND_BUFFER_BYTES: usize = 32 * 1024;
/// The same of what was received and not read.
pub(crate) const RECEIVE_BUFFER_BYTES: usize = 32 * 1024;
/// What a client that does not read is taken to hold of the system's memory.
pub(crate) const UNREAD_BYTES_EACH: usize = 2 * SEND_BUFFER_BYTES;
/// A reply of which a client takes nothing for so long is given up.
pub(crate) const REPLY_TIME: Duration = Duration::from_secs(20);
/// A stream whose client took nothing for so long may have to give way.
pub(crate) const UNREAD_TIME: Duration = Duration::from_secs(2);

const RESERVED_DESCRIPTORS: usize = 128;
/// So many take a gigabyte of the system's memory, idle as they may be.
const MOST_CONNECTIONS: usize = 100_000;
const RTSP_SESSIONS: usize = 4096;
const UNREAD_BYTES: usize = 128 * 1024 * 1024;
const JOBS: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_descriptors_for_the_rest() {
        for (descriptors, connections) in
            [(4, 3), (64, 48), (1024, 896), (1 << 20, MOST_CONNECTIONS), (0, 1)]
        {
            assert_eq!(Limits::of_descriptors(descriptors).connections, connections);
        }
    }
}
