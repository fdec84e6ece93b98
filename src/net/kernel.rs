//! What the system knows of a stream's connection: how much is on its way.
//!
//! Belongs to a sender thread, and never waits: Linux answers a question while it
//! is being written. Elsewhere, and where there is no answer, nothing is known,
//! and a slow client shows only by its full socket.

use std::net::SocketAddr;
#[cfg(target_os = "linux")]
use std::time::{Duration, Instant};

use crate::proto::sock_diag::TcpState;
#[cfg(target_os = "linux")]
use crate::proto::sock_diag::Told;

/// The way to ask.
pub(crate) struct Kernel {
    #[cfg(target_os = "linux")]
    netlink: Option<linux::Netlink>,
    #[cfg(target_os = "linux")]
    trust: Trust,
}

#[cfg(target_os = "linux")]
impl Kernel {
    /// Opens the way, where there is one.
    pub(crate) fn new() -> Self {
        let netlink = linux::Netlink::open();
        if let Err(error) = &netlink {
            log::debug!("what clients have not read cannot be asked: {error}");
        }
        Self { netlink: netlink.ok(), trust: Trust::default() }
    }

    /// The state of the connection between two addresses, if it is to be had.
    pub(crate) fn ask(&mut self, local: SocketAddr, peer: SocketAddr) -> Option<TcpState> {
        if self.trust.rests(Instant::now) {
            return None;
        }
        if self.netlink.is_none() {
            self.netlink = linux::Netlink::open().ok();
        }
        let told = self.netlink.as_mut().and_then(|netlink| netlink.ask(local, peer));
        if self.trust.learn(told.is_some(), Instant::now) {
            log::debug!("the system does not say what clients have not read");
            // It may be this socket that is broken.
            self.netlink = None;
        }
        match told {
            Some(Told::State(state)) => Some(state),
            Some(Told::Gone) | None => None,
        }
    }
}

/// Whether it is worth asking: a system that does not answer is left alone for a while.
#[cfg(target_os = "linux")]
#[derive(Debug, Default)]
struct Trust {
    /// Questions without an answer, one after another.
    failures: u32,
    rest: Duration,
    until: Option<Instant>,
}

#[cfg(target_os = "linux")]
impl Trust {
    /// Whether nothing is asked now.
    fn rests(&self, now: impl FnOnce() -> Instant) -> bool {
        self.until.is_some_and(|until| now() < until)
    }

    /// Takes in whether there was an answer. Returns whether a rest begins.
    fn learn(&mut self, answered: bool, now: impl FnOnce() -> Instant) -> bool {
        if answered {
            *self = Self::default();
            return false;
        }
        self.failures += 1;
        // After a rest one question decides.
        if self.until.is_none() && self.failures < MAX_FAILURES {
            return false;
        }
        self.rest = (self.rest * 2).clamp(SHORTEST_REST, LONGEST_REST);
        self.until = Some(now() + self.rest);
        true
    }
}

#[cfg(not(target_os = "linux"))]
impl Kernel {
    /// Nothing to open.
    pub(crate) fn new() -> Self {
        Self {}
    }

    /// Nothing is known.
    pub(crate) fn ask(&mut self, _: SocketAddr, _: SocketAddr) -> Option<TcpState> {
        None
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io::{Read, Result, Write};
    use std::net::SocketAddr;

    use socket2::{Domain, Protocol, Socket, Type};

    use crate::proto::sock_diag::{Told, parse_reply, request};

    pub(crate) struct Netlink {
        socket: Socket,
        sequence: u32,
    }

    impl Netlink {
        pub(crate) fn open() -> Result<Self> {
            let (domain, protocol) = (Domain::from(AF_NETLINK), Protocol::from(NETLINK_SOCK_DIAG));
            let socket = Socket::new(domain, Type::RAW, Some(protocol))?;
            socket.set_nonblocking(true)?;
            Ok(Self { socket, sequence: 0 })
        }

        pub(crate) fn ask(&mut self, local: SocketAddr, peer: SocketAddr) -> Option<Told> {
            self.sequence = self.sequence.wrapping_add(1);
            self.exchange(&request(local, peer, self.sequence))
        }

        fn exchange(&mut self, question: &[u8]) -> Option<Told> {
            let mut answer = [0; ANSWER_BYTES];
            self.socket.write_all(question).ok()?;
            // Until there is none left: what answers an earlier question is passed over.
            loop {
                let length = self.socket.read(&mut answer).ok()?;
                if let Some(told) = parse_reply(&answer[..length], self.sequence) {
                    return Some(told);
                }
            }
        }
    }

    const AF_NETLINK: i32 = 16;
    const NETLINK_SOCK_DIAG: i32 = 4;
    const ANSWER_BYTES: usize = 2048;
}

/// An answer may be lost now and then.
#[cfg(target_os = "linux")]
const MAX_FAILURES: u32 = 32;
#[cfg(target_os = "linux")]
const SHORTEST_REST: Duration = Duration::from_secs(1);
#[cfg(target_os = "linux")]
const LONGEST_REST: Duration = Duration::from_secs(60);

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn what_a_client_has_not_read_is_known() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut stream, peer) = listener.accept().unwrap();
        let local = stream.local_addr().unwrap();
        let mut kernel = Kernel::new();
        // A sandbox may have no netlink; then there is nothing to see here.
        let Some(before) = kernel.ask(local, peer) else { return };
        assert_eq!(before.queued_bytes, 0);
        stream.set_nonblocking(true).unwrap();
        let mut written = 0;
        while let Ok(bytes) = stream.write(&[0; 4096]) {
            written += bytes as u32;
        }
        let after = kernel.ask(local, peer).unwrap();
        assert!(after.queued_bytes > 0 && after.queued_bytes <= written, "{after:?}");
    }

    #[test]
    fn questions_about_connections_that_are_gone_end_and_do_not_end_the_knowledge_of_others() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let mut kernel = Kernel::new();
        let (local, peer) = (client.local_addr().unwrap(), client.peer_addr().unwrap());
        // A sandbox may have no netlink; then there is nothing to see here.
        if kernel.ask(local, peer).is_none() {
            return;
        }
        let gone = ("127.0.0.1:1".parse().unwrap(), "127.0.0.1:2".parse().unwrap());
        for _ in 0..1000 {
            assert_eq!(kernel.ask(gone.0, gone.1), None);
        }
        // In the place of a connection that is gone, what listened for it answers.
        for _ in 0..1000 {
            assert_eq!(kernel.ask(listener.local_addr().unwrap(), gone.1), None);
        }
        assert!(kernel.ask(local, peer).is_some());
    }

    #[test]
    fn a_system_without_answers_is_asked_ever_less_and_never_given_up() {
        let mut trust = Trust::default();
        let start = Instant::now();
        let mut asked = Vec::new();
        for second in 0..600 {
            let now = || start + Duration::from_secs(second);
            for _ in 0..100 {
                if !trust.rests(now) {
                    asked.push(second);
                    trust.learn(false, now);
                }
            }
        }
        assert_eq!(asked[..32], [0; 32]);
        assert_eq!(asked[32..41], [1, 3, 7, 15, 31, 63, 123, 183, 243]);
        assert!(!trust.learn(true, || start) && !trust.rests(|| start));
    }
}
