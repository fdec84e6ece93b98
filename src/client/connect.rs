//! Connects, on a thread of its own: a name may take long to resolve, and nobody waits for it.

use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded};
use mio::Waker;

use super::fault::Fault;
use super::tls::Trust;
use super::wire::{Wire, reach};
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
    trust: Trust,
    timeout: Duration,
    waker: Arc<Waker>,
) -> io::Result<Receiver<Result<Wire<TcpStream>, Fault>>> {
    let (done, outcome) = bounded(1);
    let url = url.clone();
    let place = Place::take().ok_or_else(|| io::Error::other("too many names are looked up"))?;
    threads::start("rtsp connect", move || {
        let _place = place;
        let connected = connect(&url, trust, timeout);
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

fn connect(url: &RtspUrl, trust: Trust, timeout: Duration) -> Result<Wire<TcpStream>, Fault> {
    let addresses = (url.host(), url.port()).to_socket_addrs();
    let addresses: Vec<_> = addresses.map_err(|e| Fault::Name(e.to_string()))?.collect();
    let deadline = Instant::now() + timeout;
    let socket = reach(&addresses, deadline).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Fault::Name("none found".into()),
        kind => Fault::Connect(kind, error.to_string()),
    })?;
    if !url.is_secure() {
        return Ok(Wire::plain(socket));
    }
    let written = socket.set_write_timeout(Some(timeout));
    written.map_err(|error| Fault::Connect(error.kind(), error.to_string()))?;
    Wire::secure(socket, url.host(), trust, deadline).map_err(Fault::Tls)
}

/// In the whole program; more than ever connect at once where names are looked up in time.
const MAX_CONNECTING: usize = 16;
