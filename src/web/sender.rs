//! The sender threads: a few of them serve all streams.
//!
//! Each owns its streams outright, waits for news from the hub or room in a
//! socket, and never waits for one client. What a stream sends is [`super::stream`]'s.

use std::collections::HashMap;
use std::io::{ErrorKind, IoSlice, Read, Write};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, unbounded};
use log::{debug, error};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token, Waker};
use parking_lot::Mutex;

use super::stream::{Look, Outlet, Stream};
use crate::base::shutdown::Shutdown;
use crate::live::hub::Hub;
use crate::net::kernel::Kernel;
use crate::proto::sock_diag::TcpState;

/// The sender threads, as others see them.
pub struct Senders {
    lanes: Vec<Lane>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// The way to one thread.
struct Lane {
    // Bounded by the seats of the audience: who has none is not handed over.
    inbox: Sender<(TcpStream, Stream)>,
    waker: Arc<Waker>,
    streams: Arc<AtomicUsize>,
}

impl Senders {
    /// Starts the threads, one for each core up to four.
    ///
    /// # Errors
    ///
    /// The system's error if a thread or its poll cannot be made.
    pub fn start(hub: &Arc<Hub>, shutdown: &Shutdown) -> std::io::Result<Self> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let (mut lanes, mut threads) = (Vec::new(), Vec::new());
        for number in 0..cores.min(MAX_THREADS) {
            let poll = Poll::new()?;
            let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
            let (inbox, arrivals) = unbounded();
            let streams = Arc::new(AtomicUsize::new(0));
            lanes.push(Lane { inbox, waker: Arc::clone(&waker), streams: Arc::clone(&streams) });
            let worker = Worker {
                poll,
                kernel: Kernel::new(),
                hub: Arc::clone(hub),
                shutdown: shutdown.clone(),
                arrivals,
                streams: HashMap::new(),
                next_token: WAKE.0 + 1,
                count: Arc::clone(&streams),
            };
            let name = format!("sender-{number}");
            threads.push(thread::Builder::new().name(name).spawn(move || worker.run())?);
            let (counted, ending) = (Arc::clone(&streams), shutdown.clone());
            hub.on_news(Arc::new(move || {
                // Who serves nobody sleeps on; a stream that comes wakes it.
                let idle = counted.load(Ordering::Relaxed) == 0 && !ending.asked();
                if !idle && let Err(error) = waker.wake() {
                    error!("cannot wake a sender: {error}");
                }
            }));
        }
        Ok(Self { lanes, threads: Mutex::new(threads) })
    }

    /// Takes over a socket on which the stream begins.
    pub(super) fn add(&self, socket: TcpStream, stream: Stream) {
        let idlest = self.lanes.iter().min_by_key(|lane| lane.streams.load(Ordering::Relaxed));
        let Some(lane) = idlest else { return };
        lane.streams.fetch_add(1, Ordering::Relaxed);
        // After shutdown nobody receives; the socket is then closed by being dropped.
        if lane.inbox.send((socket, stream)).is_ok()
            && let Err(error) = lane.waker.wake()
        {
            error!("cannot wake a sender: {error}");
        }
    }

    /// Waits for the threads to end, after shutdown was asked and the hub stopped.
    pub fn join(&self) {
        for thread in self.threads.lock().drain(..) {
            if thread.join().is_err() {
                error!("a sender failed");
            }
        }
    }
}

/// What one thread owns.
struct Worker {
    poll: Poll,
    kernel: Kernel,
    hub: Arc<Hub>,
    shutdown: Shutdown,
    arrivals: Receiver<(TcpStream, Stream)>,
    streams: HashMap<Token, Served>,
    next_token: usize,
    count: Arc<AtomicUsize>,
}

struct Served {
    socket: TcpStream,
    /// The server's address and the client's.
    ends: Option<(SocketAddr, SocketAddr)>,
    stream: Stream,
    /// Bytes that the client said since the stream began.
    heard: usize,
}

impl Worker {
    fn run(mut self) {
        let mut events = Events::with_capacity(1024);
        let mut timeout = None;
        while !self.shutdown.asked() {
            if let Err(error) = self.poll.poll(&mut events, timeout) {
                if error.kind() != ErrorKind::Interrupted {
                    error!("cannot wait for sockets: {error}");
                    return;
                }
                continue;
            }
            for event in events.iter().filter(|event| event.is_writable()) {
                if let Some(served) = self.streams.get_mut(&event.token()) {
                    served.stream.unblock();
                }
            }
            let heard: Vec<Token> = events
                .iter()
                .filter(|event| event.is_readable())
                .map(|event| event.token())
                .collect();
            for token in heard {
                if self.streams.get_mut(&token).is_some_and(|served| served.hung_up()) {
                    self.drop_stream(token);
                }
            }
            self.take_arrivals();
            timeout = self.pump_all();
        }
    }

    fn take_arrivals(&mut self) {
        while let Ok((mut socket, stream)) = self.arrivals.try_recv() {
            let token = Token(self.next_token);
            self.next_token += 1;
            let interest = Interest::READABLE | Interest::WRITABLE;
            match self.poll.registry().register(&mut socket, token, interest) {
                Ok(()) => {
                    let ends =
                        socket.local_addr().and_then(|local| Ok((local, socket.peer_addr()?)));
                    let ends = ends.ok();
                    self.streams.insert(token, Served { socket, ends, stream, heard: 0 });
                }
                Err(error) => {
                    error!("cannot wait for a stream: {error}");
                    self.count.fetch_sub(1, Ordering::Relaxed);
                }
            }
        }
    }

    /// Looks at every stream. Returns how long nothing will be due.
    fn pump_all(&mut self) -> Option<Duration> {
        let now = Instant::now();
        let mut next: Option<Instant> = None;
        let mut over = Vec::new();
        for (token, served) in &mut self.streams {
            match served.pump(&mut self.kernel, &self.hub, now) {
                Look::Again(at) => next = Some(next.map_or(at, |next| next.min(at))),
                Look::Over => over.push(*token),
            }
        }
        over.into_iter().for_each(|token| self.drop_stream(token));
        next.map(|at| at.saturating_duration_since(Instant::now()))
    }

    fn drop_stream(&mut self, token: Token) {
        if let Some(mut served) = self.streams.remove(&token) {
            self.count.fetch_sub(1, Ordering::Relaxed);
            if let Err(error) = self.poll.registry().deregister(&mut served.socket) {
                debug!("deregister: {error}");
            }
        }
    }
}

impl Served {
    /// A stream that fails takes no other with it.
    fn pump(&mut self, kernel: &mut Kernel, hub: &Hub, now: Instant) -> Look {
        let mut way = Way { socket: &mut self.socket, ends: self.ends, kernel };
        let pump = || self.stream.pump(&mut way, hub, now);
        catch_unwind(AssertUnwindSafe(pump)).unwrap_or(Look::Over)
    }

    /// Whether the client closed, broke, or talks where it should listen.
    fn hung_up(&mut self) -> bool {
        let mut scratch = [0; 1024];
        loop {
            match self.socket.read(&mut scratch) {
                Ok(0) => return true,
                Ok(bytes) => {
                    self.heard += bytes;
                    if self.heard > MAX_HEARD_BYTES {
                        return true;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return true,
            }
        }
    }
}

/// A stream's way out, for as long as it is looked at.
struct Way<'a> {
    socket: &'a mut TcpStream,
    ends: Option<(SocketAddr, SocketAddr)>,
    kernel: &'a mut Kernel,
}

impl Write for Way<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.socket.write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> std::io::Result<usize> {
        self.socket.write_vectored(slices)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.socket.flush()
    }
}

impl Outlet for Way<'_> {
    fn state(&mut self) -> Option<TcpState> {
        let (local, peer) = self.ends?;
        self.kernel.ask(local, peer)
    }
}

const WAKE: Token = Token(0);
const MAX_THREADS: usize = 4;
const MAX_HEARD_BYTES: usize = 64 * 1024;
