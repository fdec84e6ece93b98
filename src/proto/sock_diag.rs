//! What Linux knows of one TCP connection: the question and the answer of `sock_diag(7)`.
//!
//! Both are netlink messages in the byte order of this machine. Here they are
//! bytes; the socket that they go through is `net`'s.

use std::net::{IpAddr, SocketAddr};

/// What the system knows of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TcpState {
    /// What was written and is not acknowledged, in bytes.
    pub queued_bytes: u32,
    /// What the peer last said it has room for, in bytes.
    pub window_bytes: u32,
    /// The peer tells of its room in multiples of so many bytes.
    pub window_step: u32,
    /// The shortest time that an acknowledgement took lately; nothing if there was none.
    pub min_rtt_us: u32,
    /// How fast the peer's system acknowledged what was sent last, in bytes per second.
    pub delivery_bytes_per_sec: u64,
}

/// What the system said of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// This is its state.
    State(TcpState),
    /// There is no such connection.
    Gone,
}

/// The question for the state of the connection between two addresses.
pub fn request(local: SocketAddr, peer: SocketAddr, sequence: u32) -> [u8; REQUEST_BYTES] {
    let (local_ip, peer_ip) = (local.ip().to_canonical(), peer.ip().to_canonical());
    let family = if local_ip.is_ipv4() { AF_INET } else { AF_INET6 };
    // A link-local address means something on one interface only.
    let interface = match peer {
        SocketAddr::V6(peer) => peer.scope_id(),
        SocketAddr::V4(_) => 0,
    };
    let mut out = [0; REQUEST_BYTES];
    let mut rest = &mut out[..];
    let mut put = |bytes: &[u8]| {
        let (front, back) = std::mem::take(&mut rest).split_at_mut(bytes.len());
        front.copy_from_slice(bytes);
        rest = back;
    };
    // struct nlmsghdr
    put(&(REQUEST_BYTES as u32).to_ne_bytes());
    put(&SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    put(&NLM_F_REQUEST.to_ne_bytes());
    put(&sequence.to_ne_bytes());
    put(&0_u32.to_ne_bytes());
    // struct inet_diag_req_v2
    put(&[family, IPPROTO_TCP, 1 << (INET_DIAG_INFO - 1), 0]);
    put(&u32::MAX.to_ne_bytes());
    put(&local.port().to_be_bytes());
    put(&peer.port().to_be_bytes());
    put(&sixteen(local_ip));
    put(&sixteen(peer_ip));
    put(&interface.to_ne_bytes());
    put(&INET_DIAG_NOCOOKIE.to_ne_bytes());
    out
}

/// The answer to the question of this sequence number: `None` if it is to another, says that it
/// cannot be answered, is cut, or comes from a system that does not know the peer's window (Linux
/// before 5.4).
pub fn parse_reply(reply: &[u8], sequence: u32) -> Option<Told> {
    let length = usize::try_from(u32_at(reply, 0)?).ok()?;
    let reply = reply.get(..length)?;
    let message = reply.get(HEADER_BYTES..)?;
    match u16_at(reply, 4)? {
        _ if u32_at(reply, 8)? != sequence => return None,
        NLMSG_ERROR => return (u32_at(message, 0)? == NO_ENTRY).then_some(Told::Gone),
        SOCK_DIAG_BY_FAMILY => {}
        _ => return None,
    }
    // In the place of a connection that is gone, what listened for it answers.
    if *message.get(IDIAG_STATE)? == TCP_LISTEN {
        return Some(Told::Gone);
    }
    let info = attribute(message.get(INET_DIAG_MSG_BYTES..)?, u16::from(INET_DIAG_INFO))?;
    let scales = *info.get(TCPI_WSCALES)?;
    // A bit field, whose first member lies where the machine's byte order begins.
    let scale = if cfg!(target_endian = "little") { scales & 0xf } else { scales >> 4 };
    let min_rtt_us = u32_at(info, TCPI_MIN_RTT)?;
    Some(Told::State(TcpState {
        queued_bytes: u32_at(message, IDIAG_WQUEUE)?,
        window_bytes: u32_at(info, TCPI_SND_WND)?,
        window_step: 1 << scale,
        min_rtt_us: if min_rtt_us == u32::MAX { 0 } else { min_rtt_us },
        delivery_bytes_per_sec: u64_at(info, TCPI_DELIVERY_RATE)?,
    }))
}

/// The value of the first attribute of a kind.
fn attribute(mut attributes: &[u8], kind: u16) -> Option<&[u8]> {
    loop {
        let length = usize::from(u16_at(attributes, 0)?);
        let value = attributes.get(4..length)?;
        if u16_at(attributes, 2)? == kind {
            return Some(value);
        }
        attributes = attributes.get(length.next_multiple_of(4)..)?;
    }
}

fn sixteen(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(ip) => {
            let mut bytes = [0; 16];
            bytes[..4].copy_from_slice(&ip.octets());
            bytes
        }
        IpAddr::V6(ip) => ip.octets(),
    }
}

fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    bytes.get(offset..)?.first_chunk().map(|bytes| u16::from_ne_bytes(*bytes))
}

fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    bytes.get(offset..)?.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes))
}

fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    bytes.get(offset..)?.first_chunk().map(|bytes| u64::from_ne_bytes(*bytes))
}

/// A question's length.
pub const REQUEST_BYTES: usize = HEADER_BYTES + 56;

// linux/netlink.h, linux/sock_diag.h
const HEADER_BYTES: usize = 16;
const NLM_F_REQUEST: u16 = 1;
const NLMSG_ERROR: u16 = 2;
/// Minus `ENOENT` (asm-generic/errno-base.h).
const NO_ENTRY: u32 = 2_u32.wrapping_neg();
const SOCK_DIAG_BY_FAMILY: u16 = 20;
// linux/inet_diag.h
const INET_DIAG_INFO: u8 = 2;
const INET_DIAG_MSG_BYTES: usize = 72;
const INET_DIAG_NOCOOKIE: u64 = u64::MAX;
const IDIAG_STATE: usize = 1;
/// For TCP: `write_seq - snd_una`, to the byte.
const IDIAG_WQUEUE: usize = 60;
// linux/tcp.h
const TCPI_WSCALES: usize = 6;
const TCPI_MIN_RTT: usize = 148;
const TCPI_DELIVERY_RATE: usize = 160;
const TCPI_SND_WND: usize = 228;
const TCP_LISTEN: u8 = 10;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const IPPROTO_TCP: u8 = 6;

#[cfg(test)]
mod tests;
