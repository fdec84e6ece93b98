//! A viewer that reads all at once, and when each of its pictures came.
//!
//! Reads on a thread of its own until it is dropped. Stands alone: the hostile tests and
//! the benches watch with it.

#![allow(dead_code, reason = "each bench is a crate of its own and uses a part")]

use std::io::{Read, Result, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::neighbours::connect_from;

/// One who watches.
pub(crate) struct Witness {
    socket: TcpStream,
    came: Arc<Mutex<Vec<Instant>>>,
    thread: Option<JoinHandle<()>>,
}

impl Witness {
    /// Opens a stream from an address of this machine.
    pub(crate) fn watch(server: SocketAddr, from: Ipv4Addr, target: &str) -> Result<Self> {
        let mut socket = connect_from(server, from)?;
        // Who is turned away is not kept waiting for what will not come.
        let fields = format!("Host: {server}\r\nConnection: close");
        write!(socket, "GET {target} HTTP/1.1\r\n{fields}\r\n\r\n")?;
        let mut search = Search::default();
        Self::over(socket, move |bytes| search.count(bytes))
    }

    /// Plays over a connection; `count` finds the pictures in its bytes, which are cut anywhere.
    pub(crate) fn over(
        socket: TcpStream,
        mut count: impl FnMut(&[u8]) -> usize + Send + 'static,
    ) -> Result<Self> {
        let came = Arc::new(Mutex::new(Vec::new()));
        let (kept, mut reading) = (Arc::clone(&came), socket.try_clone()?);
        let thread = thread::spawn(move || {
            let mut chunk = vec![0; 256 * 1024];
            while let Ok(bytes @ 1..) = reading.read(&mut chunk) {
                let pictures = count(&chunk[..bytes]);
                let now = Instant::now();
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.extend(std::iter::repeat_n(now, pictures));
            }
        });
        Ok(Self { socket, came, thread: Some(thread) })
    }

    /// How many pictures came.
    pub(crate) fn count(&self) -> usize {
        self.came.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// How many pictures came in each second from `since` on, up to now.
    pub(crate) fn each_second(&self, since: Instant) -> Vec<usize> {
        let mut seconds = vec![0; since.elapsed().as_secs() as usize];
        for came in self.came.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let second = came.checked_duration_since(since).map(|after| after.as_secs() as usize);
            if let Some(count) = second.and_then(|second| seconds.get_mut(second)) {
                *count += 1;
            }
        }
        seconds
    }

    /// The longest time without a picture from `since` on, up to now.
    pub(crate) fn longest_gap(&self, since: Instant) -> Duration {
        let came = self.came.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut last, mut longest) = (since, Duration::ZERO);
        for came in came.iter().copied().filter(|came| *came > since).chain([Instant::now()]) {
            longest = longest.max(came.saturating_duration_since(last));
            last = came;
        }
        longest
    }

    /// Whether the server ended the stream.
    pub(crate) fn is_over(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        // It may be closed from the other end already.
        let _ = self.socket.shutdown(Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Finds the heads of parts in bytes that are cut anywhere.
#[derive(Default)]
struct Search {
    /// The end of what was searched.
    tail: Vec<u8>,
}

impl Search {
    fn count(&mut self, bytes: &[u8]) -> usize {
        self.tail.extend_from_slice(bytes);
        let found = memchr::memmem::find_iter(&self.tail, MARK).count();
        let kept = self.tail.len().min(MARK.len() - 1);
        self.tail.drain(..self.tail.len() - kept);
        found
    }
}

/// Each part's head has it once, and no JPEG that an encoder makes.
const MARK: &[u8] = b"\r\nX-Timestamp: ";
