//! A network between a client and the server that a test can cut and mend: what is under way then
//! stays there, as on a phone that goes out of the house.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// The network, until it is dropped.
pub(crate) struct Relay {
    address: SocketAddr,
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct State {
    is_cut: AtomicBool,
    is_over: AtomicBool,
}

impl Relay {
    /// One that leads to this address.
    pub(crate) fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let address = listener.local_addr().expect("its own");
        let state = Arc::<State>::default();
        let own = Arc::clone(&state);
        let thread = std::thread::spawn(move || {
            let mut ends = Vec::new();
            for client in listener.incoming() {
                if own.is_over.load(Ordering::Acquire) {
                    break;
                }
                let (Ok(client), Ok(upstream)) = (client, TcpStream::connect(server)) else {
                    continue;
                };
                let copies = [(&client, &upstream), (&upstream, &client)];
                let copies = copies.map(|(from, to)| {
                    let pair = from.try_clone().and_then(|from| Ok((from, to.try_clone()?)));
                    let (from, to) = pair.expect("a descriptor");
                    let own = Arc::clone(&own);
                    std::thread::spawn(move || copy(&own, from, to))
                });
                ends.extend(copies);
            }
            ends.into_iter().for_each(|end| drop(end.join()));
        });
        Self { address, state, thread: Some(thread) }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// From now on nothing goes either way, and nobody is told.
    pub(crate) fn cut(&self) {
        self.state.is_cut.store(true, Ordering::Release);
    }

    /// There is a network again; what went by the old one has no end that anybody hears.
    pub(crate) fn mend(&self) {
        self.state.is_cut.store(false, Ordering::Release);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.state.is_over.store(true, Ordering::Release);
        // It waits for the next to come.
        drop(TcpStream::connect(self.address));
        self.thread.take().map(JoinHandle::join);
    }
}

/// Copies until either end is over; what was under way when it was cut is lost, and all after it.
fn copy(state: &State, mut from: TcpStream, mut to: TcpStream) {
    from.set_read_timeout(Some(LOOK_EACH)).expect("a time-out");
    let (mut chunk, mut is_lost) = ([0; 16 * 1024], false);
    while !state.is_over.load(Ordering::Acquire) {
        is_lost |= state.is_cut.load(Ordering::Acquire);
        match from.read(&mut chunk) {
            Ok(0) => break,
            Ok(_) if is_lost => {}
            Ok(bytes) => {
                if to.write_all(&chunk[..bytes]).is_err() {
                    break;
                }
            }
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(_) => break,
        }
    }
    if !is_lost {
        let _ = to.shutdown(Shutdown::Both);
    }
}

const LOOK_EACH: Duration = Duration::from_millis(50);
