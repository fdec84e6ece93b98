//! What stands at the front of what came over a connection that carries messages and binary data
//! alike (RFC 2326 §10.12).
//!
//! Finds the borders only: what is in a frame is RTP or RTCP, by its channel.

/// What stands at the front of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Front<'a> {
    /// One whole `$` frame of `length` bytes, its header included.
    Frame {
        /// Which of the channels that `Transport` named.
        channel: u8,
        /// What the frame carries.
        payload: &'a [u8],
        /// How many bytes to take from the buffer.
        length: usize,
    },
    /// A request, or its beginning: see [`super::parse_request`].
    Request,
    /// A reply, or its beginning: see [`super::parse_reply`].
    Reply,
    /// Line ends that belong to no message, which some clients send to keep the
    /// connection alive, of `length` bytes.
    Nothing {
        /// How many bytes to take from the buffer.
        length: usize,
    },
}

/// Tells what `input` starts with, or `None` if too little has come to tell.
///
/// A frame is at most 65 539 bytes long; a length past the end of `input` means
/// that the rest is still to come.
pub fn front(input: &[u8]) -> Option<Front<'_>> {
    match input {
        [] => None,
        [b'$', channel, high, low, rest @ ..] => {
            let size = usize::from(u16::from_be_bytes([*high, *low]));
            let payload = rest.get(..size)?;
            Some(Front::Frame { channel: *channel, payload, length: HEADER_BYTES + size })
        }
        [b'$', ..] => None,
        [b'\r' | b'\n', ..] => {
            let ends = input.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
            Some(Front::Nothing { length: ends.count() })
        }
        _ if input.starts_with(REPLY) => Some(Front::Reply),
        _ if REPLY.starts_with(input) => None,
        _ => Some(Front::Request),
    }
}

/// The four bytes in front of a payload of `size` bytes.
pub const fn frame_header(channel: u8, size: u16) -> [u8; HEADER_BYTES] {
    let [high, low] = size.to_be_bytes();
    [b'$', channel, high, low]
}

/// How many bytes stand in front of a frame's payload.
pub const HEADER_BYTES: usize = 4;

/// No method has a slash in its name.
const REPLY: &[u8] = b"RTSP/";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_found_once_it_is_whole() {
        let mut whole = frame_header(1, 300).to_vec();
        whole.extend_from_slice(&[7; 300]);
        for cut in 0..whole.len() {
            assert_eq!(front(&whole[..cut]), None, "cut at {cut}");
        }
        let payload = &[7; 300][..];
        whole.extend_from_slice(b"OPTIONS");
        assert_eq!(front(&whole), Some(Front::Frame { channel: 1, payload, length: 304 }));
    }

    #[test]
    fn frames_may_be_empty_or_as_large_as_their_length_says() {
        let empty = Front::Frame { channel: 255, payload: &[], length: 4 };
        assert_eq!(front(&frame_header(255, 0)), Some(empty));
        let mut largest = frame_header(0, u16::MAX).to_vec();
        largest.resize(HEADER_BYTES + usize::from(u16::MAX), 0);
        assert!(matches!(front(&largest), Some(Front::Frame { length: 65_539, .. })));
    }

    #[test]
    fn messages_are_told_apart_as_soon_as_they_differ() {
        assert_eq!(front(b"RTSP/"), Some(Front::Reply));
        assert_eq!(front(b"RTS"), None);
        assert_eq!(front(b"RE"), Some(Front::Request));
        assert_eq!(front(b"O"), Some(Front::Request));
        assert_eq!(front(b"\x16\x03"), Some(Front::Request));
        assert_eq!(front(b"\r\n\r\n$"), Some(Front::Nothing { length: 4 }));
    }
}
