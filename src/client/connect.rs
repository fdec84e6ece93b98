//! Connects, on a thread of its own: a name may take long to resolve, and nobody waits for it.

use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded};
use mio::Waker;

use super::fault::Fault;
use crate::proto::rtsp::RtspUrl;

/// Starts to connect; what comes of it is received, with `waker` woken.
///
/// The thread ends by itself, when the system has an answer; nobody waits for it.
pub(super) fn begin(
    url: &RtspUrl,
    timeout: Duration,
    waker: Arc<Waker>,
) -> io::Result<Receiver<Result<TcpStream, Fault>>> {
    let (done, outcome) = bounded(1);
    let (host, port) = (url.host().to_owned(), url.port());
    thread::Builder::new().name("rtsp connect".into()).spawn(move || {
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

/// The shortest wait: a time-out of zero would mean none.
const TICK: Duration = Duration::from_millis(1);
