//! Connects, on a thread of its own: a name may take long to resolve, and nobody waits for it.

use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded};
use mio::Waker;

use super::fault::Fault;
use crate::base::threads;
use crate::proto::rtsp::RtspUrl;

/// Starts to connect; what comes of it is received, with `waker` woken.
///
/// The thread ends by itself, when the system has an answer; nobody waits for it.
///
/// # Errors
///
/// If there can be no thread, or as many hang already as may.
pub(super) fn begin(
    url: &RtspUrl,
    timeout: Duration,
    waker: Arc<Waker>,
) -> io::Result<Receiver<Result<TcpStream, Fault>>> {
    let (done, outcome) = bounded(1);
    let (host, port) = (url.host().to_owned(), url.port());
    let place = Place::take().ok_or_else(|| io::Error::other("too many names are looked up"))?;
    threads::start("rtsp connect", move || {
        let _place = place;
        let connected = connect(&host, port, timeout);
        // Whoever asked may have gone.
        if done.send(connected).is_ok()
            && let Err(error) = waker.wake()
        {
            log::debug!("a connection is not told of: {error}");
        }
    })?;
    Ok(outcome)
}

/// One of those that connect. A name whose look-up hangs holds its own for as long.
struct Place;

impl Place {
    fn take() -> Option<Self> {
        let add = |count| (count < MAX_CONNECTING).then_some(count + 1);
        let added = CONNECTING.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
        added.is_ok().then(|| Self)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        CONNECTING.fetch_sub(1, Ordering::Relaxed);
    }
}

static CONNECTING: AtomicUsize = AtomicUsize::new(0);

fn connect(host: &str, port: u16, timeout: Duration) -> Result<TcpStream, Fault> {
    let addresses = (host, port).to_socket_addrs().map_err(|e| Fault::Name(e.to_string()))?;
    let addresses: Vec<_> = addresses.collect();
    let deadline = Instant::now() + timeout;
    let mut failed = Fault::Name("none found".into());
    for (tried, address) in addresses.iter().enumerate() {
        // Each gets its part, so that one which swallows packets leaves time for the rest.
        let left = deadline.saturating_duration_since(Instant::now());
        let part = left / u32::try_from(addresses.len() - tried).unwrap_or(1);
        match TcpStream::connect_timeout(address, part.max(TICK)) {
            Ok(socket) => return Ok(socket),
            Err(error) => failed = Fault::Connect(error.kind(), error.to_string()),
        }
    }
    Err(failed)
}

/// In the whole program; more than ever connect at once where names are looked up in time.
const MAX_CONNECTING: usize = 16;
/// The shortest wait: a time-out of zero would mean none.
const TICK: Duration = Duration::from_millis(1);
