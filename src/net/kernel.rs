//! What the system knows of a stream's connection: how much is on its way.
//!
//! Belongs to a sender thread, and never waits: Linux answers a question while it
//! is being written. Elsewhere, and where there is no answer, nothing is known,
//! and a slow client shows only by its full socket.

use std::net::SocketAddr;

use crate::proto::sock_diag::TcpState;

/// The way to ask.
pub(crate) struct Kernel {
    #[cfg(target_os = "linux")]
    netlink: Option<linux::Netlink>,
}

#[cfg(target_os = "linux")]
impl Kernel {
    /// Opens the way, where there is one.
    pub(crate) fn new() -> Self {
        let netlink = linux::Netlink::open();
        if let Err(error) = &netlink {
            log::debug!("what clients have not read cannot be asked: {error}");
        }
        Self { netlink: netlink.ok() }
    }

    /// The state of the connection between two addresses, if it is to be had.
    pub(crate) fn ask(&mut self, local: SocketAddr, peer: SocketAddr) -> Option<TcpState> {
        let netlink = self.netlink.as_mut()?;
        let state = netlink.ask(local, peer);
        if netlink.is_useless() {
            log::debug!("the system does not say what clients have not read");
            self.netlink = None;
        }
        state
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

    use crate::proto::sock_diag::{TcpState, parse_reply, request};

    pub(crate) struct Netlink {
        socket: Socket,
        sequence: u32,
        /// Questions without an answer, one after another.
        failures: u32,
    }

    impl Netlink {
        pub(crate) fn open() -> Result<Self> {
            let (domain, protocol) = (Domain::from(AF_NETLINK), Protocol::from(NETLINK_SOCK_DIAG));
            let socket = Socket::new(domain, Type::RAW, Some(protocol))?;
            socket.set_nonblocking(true)?;
            Ok(Self { socket, sequence: 0, failures: 0 })
        }

        pub(crate) fn ask(&mut self, local: SocketAddr, peer: SocketAddr) -> Option<TcpState> {
            self.sequence = self.sequence.wrapping_add(1);
            let state = self.exchange(&request(local, peer, self.sequence));
            self.failures = if state.is_some() { 0 } else { self.failures + 1 };
            state
        }

        fn exchange(&mut self, question: &[u8]) -> Option<TcpState> {
            let mut answer = [0; ANSWER_BYTES];
            self.socket.write_all(question).ok()?;
            // Until there is none left: what answers an earlier question is passed over.
            loop {
                let length = self.socket.read(&mut answer).ok()?;
                if let Some(state) = parse_reply(&answer[..length], self.sequence) {
                    return Some(state);
                }
            }
        }

        /// Whether it failed so often that the system, not a closed connection, is why.
        pub(crate) fn is_useless(&self) -> bool {
            self.failures >= MAX_FAILURES
        }
    }

    const AF_NETLINK: i32 = 16;
    const NETLINK_SOCK_DIAG: i32 = 4;
    const ANSWER_BYTES: usize = 2048;
    const MAX_FAILURES: u32 = 32;
}

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
    fn a_connection_that_is_not_there_has_no_state_and_asking_for_it_ends() {
        let mut kernel = Kernel::new();
        let (local, peer) = ("127.0.0.1:1".parse().unwrap(), "127.0.0.1:2".parse().unwrap());
        for _ in 0..1000 {
            assert_eq!(kernel.ask(local, peer), None);
        }
        assert!(kernel.netlink.is_none());
    }
}
