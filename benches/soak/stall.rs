//! A page that stalls now and then, as laptops do: how soon it is live again.

use std::io::{Read, Result, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long after its waking a page had a picture of now, for each stall while the source was
/// live.
pub(crate) struct Wakings {
    pub(crate) all: Vec<(Duration, Duration)>,
}

/// Watches, stalls and wakes until it is stopped. `is_live` says whether there are pictures of now
/// to be had at all.
pub(crate) fn live(address: SocketAddr, is_live: impl Fn() -> bool, stop: &AtomicBool) -> Wakings {
    let mut all = Vec::new();
    for stall in STALLS.iter().cycle() {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let Ok(mut page) = Page::open(address) else { continue };
        page.read_until(stop, |page| page.since.elapsed() >= BETWEEN_STALLS);
        let was_live = is_live();
        thread::sleep(*stall);
        let woke = Instant::now();
        // What came before it slept is old; a connection that is gone is opened anew.
        while !page.read_until(stop, |page| page.age < FRESH || woke.elapsed() > LONGEST) {
            match Page::open(address) {
                Ok(new) => page = new,
                Err(_) => thread::sleep(BETWEEN_TRIES),
            }
            if stop.load(Ordering::Relaxed) || woke.elapsed() > LONGEST {
                break;
            }
        }
        if was_live && is_live() && !stop.load(Ordering::Relaxed) {
            all.push((*stall, woke.elapsed()));
        }
    }
    Wakings { all }
}

impl Wakings {
    /// Prints the longest for each stall. Returns whether that is well.
    #[expect(clippy::print_stdout, reason = "a bench prints its tables")]
    pub(crate) fn verdict(&self) -> bool {
        let mut well = true;
        for stall in STALLS {
            let taken = self.all.iter().filter(|(of, _)| *of == stall).map(|(_, taken)| *taken);
            let Some(longest) = taken.max() else { continue };
            let soon = longest <= Duration::from_secs(1);
            let word = if soon { "" } else { ": TOO LATE" };
            println!("a page that stalled for {stall:?}: live after {longest:.1?} at most{word}");
            well &= soon;
        }
        well
    }
}

struct Page {
    socket: TcpStream,
    since: Instant,
    head: Vec<u8>,
    /// How old the newest picture was when its head came.
    age: Duration,
}

impl Page {
    fn open(address: SocketAddr) -> Result<Self> {
        let mut socket = TcpStream::connect_timeout(&address, PATIENCE)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        write!(socket, "GET /stream HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
        Ok(Self { socket, since: Instant::now(), head: Vec::new(), age: Duration::MAX })
    }

    /// Reads on until it is so, or it is stopped. Returns whether the stream lasted so long.
    fn read_until(&mut self, stop: &AtomicBool, is_so: impl Fn(&Self) -> bool) -> bool {
        let mut chunk = vec![0; 16 * 1024];
        self.age = Duration::MAX;
        while !is_so(self) && !stop.load(Ordering::Relaxed) {
            let Ok(count @ 1..) = self.socket.read(&mut chunk) else { return false };
            self.head.extend_from_slice(&chunk[..count]);
            while let Some(at) = memchr::memmem::find(&self.head, MARK) {
                let rest = &self.head[at + MARK.len()..];
                let Some(end) = memchr::memchr(b'\r', rest) else { break };
                let stamp = String::from_utf8_lossy(&rest[..end]).parse().unwrap_or_default();
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                self.age = now.saturating_sub(Duration::from_secs_f64(stamp));
                self.head.drain(..at + MARK.len() + end);
            }
            let kept = self.head.len().min(KEPT_BYTES);
            self.head.drain(..self.head.len() - kept);
        }
        true
    }
}

/// The longest is longer than the system keeps a connection whose peer takes nothing.
const STALLS: [Duration; 4] = [
    Duration::from_millis(500),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(25),
];
const BETWEEN_STALLS: Duration = Duration::from_secs(6);
const BETWEEN_TRIES: Duration = Duration::from_millis(50);
const FRESH: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_secs(5);
const MARK: &[u8] = b"\r\nX-Timestamp: ";
/// A mark and its number may be cut anywhere.
const KEPT_BYTES: usize = 64;
