//! What the system's memory holds for a server's sockets, as Linux tells it (`sock_diag(7)`).
//!
//! Written from `linux/inet_diag.h` and none of the server's own code. Stands alone: the
//! hostile tests and the benches look with it.

use std::io::{Read, Result, Write};

use socket2::{Domain, Protocol, Socket, Type};

/// Bytes that the system holds for all IPv4 connections whose own port is this: what was not sent
/// or not acknowledged, what was not read, and what is kept in reserve for them.
///
/// # Errors
///
/// The system's, where it does not answer such questions.
pub(crate) fn memory_bytes(port: u16) -> Result<u64> {
    let mut socket =
        Socket::new(Domain::from(AF_NETLINK), Type::RAW, Some(Protocol::from(NETLINK_SOCK_DIAG)))?;
    socket.write_all(&question(port))?;
    let mut sum = 0;
    let mut answer = vec![0; 1 << 16];
    loop {
        let length = socket.read(&mut answer)?;
        let mut rest = &answer[..length];
        while let Some((kind, message, after)) = next_message(rest) {
            match kind {
                NLMSG_DONE => return Ok(sum),
                NLMSG_ERROR => return Err(std::io::Error::other("sock_diag refuses the question")),
                _ => sum += connection_bytes(message, port).unwrap_or_default(),
            }
            rest = after;
        }
    }
}

/// `struct nlmsghdr` and `struct inet_diag_req_v2`: all connections of a port, with their memory.
fn question(port: u16) -> Vec<u8> {
    let mut out = Vec::with_capacity(QUESTION_BYTES);
    out.extend((QUESTION_BYTES as u32).to_ne_bytes());
    out.extend(SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    out.extend((NLM_F_REQUEST | NLM_F_DUMP).to_ne_bytes());
    out.extend([0; 8]);
    out.extend([AF_INET, IPPROTO_TCP, 1 << (INET_DIAG_SKMEMINFO - 1), 0]);
    out.extend(CONNECTED_STATES.to_ne_bytes());
    out.extend(port.to_be_bytes());
    out.resize(QUESTION_BYTES - 8, 0);
    // No cookie is meant.
    out.extend([0xFF; 8]);
    out
}

/// The first netlink message: its kind, what it says, and what comes after it.
fn next_message(bytes: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let length = u32_at(bytes, 0)? as usize;
    let message = bytes.get(HEADER_BYTES..length)?;
    let after = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    Some((u16_at(bytes, 4)?, message, after))
}

/// What one `struct inet_diag_msg` tells of a connection of this port.
fn connection_bytes(message: &[u8], port: u16) -> Option<u64> {
    if message.get(4..6)? != port.to_be_bytes() {
        return None;
    }
    let mut attributes = message.get(INET_DIAG_MSG_BYTES..)?;
    loop {
        let length = usize::from(u16_at(attributes, 0)?);
        let value = attributes.get(4..length)?;
        if u16_at(attributes, 2)? == u16::from(INET_DIAG_SKMEMINFO) {
            // Unread, in reserve, unsent or unacknowledged, options, and not yet looked at.
            let parts = [0, 4, 5, 6, 7].map(|number| u32_at(value, number * 4).map(u64::from));
            return Some(parts.into_iter().flatten().sum());
        }
        attributes = attributes.get(length.next_multiple_of(4)..)?;
    }
}

fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    bytes.get(offset..)?.first_chunk().map(|bytes| u16::from_ne_bytes(*bytes))
}

fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    bytes.get(offset..)?.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes))
}

// linux/netlink.h, linux/sock_diag.h
const AF_NETLINK: i32 = 16;
const NETLINK_SOCK_DIAG: i32 = 4;
const HEADER_BYTES: usize = 16;
const NLM_F_REQUEST: u16 = 1;
const NLM_F_DUMP: u16 = 0x300;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const SOCK_DIAG_BY_FAMILY: u16 = 20;
// linux/inet_diag.h
const QUESTION_BYTES: usize = HEADER_BYTES + 56;
const INET_DIAG_MSG_BYTES: usize = 72;
const INET_DIAG_SKMEMINFO: u8 = 7;
const AF_INET: u8 = 2;
const IPPROTO_TCP: u8 = 6;
/// All but `TIME_WAIT`, `SYN_RECV` and `LISTEN` (net/tcp_states.h).
const CONNECTED_STATES: u32 = 0xFFF & !(1 << 6 | 1 << 3 | 1 << 10 | 1);
