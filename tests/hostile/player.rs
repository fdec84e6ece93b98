//! A player of RTSP that receives over its connection, and when its pictures came.
//!
//! Stands alone: the hostile tests and the benches play with it.

use std::io::{Error, Read, Result, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use super::neighbours::connect_from;
use super::witness::Witness;

/// Plays the live source from an address of this machine.
pub(crate) fn play(server: SocketAddr, from: Ipv4Addr) -> Result<Witness> {
    let mut socket = connect_from(server, from)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1";
    let answer = ask(&mut socket, server, "SETUP", transport)?;
    let session = answer.lines().find(|line| line.starts_with("Session: "));
    let session = session.and_then(|line| line.split(';').next()).unwrap_or_default();
    ask(&mut socket, server, "PLAY", session)?;
    socket.set_read_timeout(None)?;
    let mut frames = Frames(Vec::new());
    Witness::over(socket, move |bytes| frames.count(bytes))
}

/// Sends a request with one field. Returns the head of the answer, which must be a success.
fn ask(socket: &mut TcpStream, server: SocketAddr, method: &str, field: &str) -> Result<String> {
    write!(socket, "{method} rtsp://{server}/live RTSP/1.0\r\nCSeq: 1\r\n{field}\r\n\r\n")?;
    let mut head = Vec::new();
    // To its end, and not a byte further: packets may follow at once.
    while !head.ends_with(b"\r\n\r\n") && head.len() < MAX_HEAD_BYTES {
        let mut byte = [0];
        socket.read_exact(&mut byte)?;
        head.extend(byte);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    if head.starts_with("RTSP/1.0 200 ") { Ok(head) } else { Err(Error::other(head)) }
}

/// `$` frames (RFC 2326 §10.12), cut anywhere.
struct Frames(Vec<u8>);

impl Frames {
    /// How many pictures ended in these bytes: packets of RTP with their marker.
    fn count(&mut self, bytes: &[u8]) -> usize {
        self.0.extend_from_slice(bytes);
        let (mut at, mut pictures) = (0, 0);
        while let [b'$', channel, high, low, rest @ ..] = &self.0[at..] {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            let Some(packet) = rest.get(..length) else { break };
            let marker = packet.get(1).is_some_and(|byte| byte & 0x80 != 0);
            pictures += usize::from(*channel == 0 && marker);
            at += 4 + length;
        }
        self.0.drain(..at);
        pictures
    }
}

const PATIENCE: Duration = Duration::from_secs(5);
const MAX_HEAD_BYTES: usize = 16 * 1024;
