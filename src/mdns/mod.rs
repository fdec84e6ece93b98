//! Says on the network that there is a camera: multicast DNS (RFC 6762) and service discovery by it
//! (RFC 6763), on a thread of its own.
//!
//! `livestream-HOST.local` leads here from any phone or computer on the same network, and who looks
//! for cameras finds this one by its title. The name is not the machine's own, which avahi or the
//! system holds already: claiming that too would make them look for another.
//!
//! It only answers. What others say of themselves is not kept, so nothing grows with what the
//! network sends. [`responder`] has the protocol, without sockets and clock; [`run`] has these.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use log::{error, warn};
use mio::Waker;
use parking_lot::Mutex;

use crate::base::threads;

pub use records::{Kind, Service};

mod links;
mod name;
mod records;
mod responder;
mod run;

/// What there is to announce.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The machine's short name, of which the host name is made.
    pub machine: String,
    /// By which people find it in a list of what is on their network.
    pub title: String,
    /// What is served, and at which port.
    pub services: Vec<Service>,
    /// The address that was listened on, or all: no other is announced.
    pub bind: Option<IpAddr>,
}

/// A server that is announced, until it is stopped.
#[derive(Debug)]
pub struct Announcer {
    host: Arc<Mutex<String>>,
    stop: Arc<AtomicBool>,
    waker: Arc<Waker>,
    thread: JoinHandle<()>,
}

/// The host name that a machine of this name is announced by, if no neighbour has it.
pub fn host_of(machine: &str) -> String {
    format!("{}.local", name::Numbered::host(machine).label())
}

impl Announcer {
    /// Starts to announce; `None` if nobody else could come by what is listened on, or if the system
    /// gives no thread, which is in the log then and costs nothing else.
    pub fn start(offer: Offer) -> Option<Self> {
        if offer.bind.is_some_and(|ip| ip.is_loopback()) {
            return None;
        }
        let started = Self::try_start(offer);
        started.inspect_err(|error| warn!("not announced on the network: {error}")).ok()
    }

    fn try_start(offer: Offer) -> std::io::Result<Self> {
        let poll = mio::Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), run::WAKE)?);
        let seed = getrandom::u64().map_err(std::io::Error::other)?;
        let responder = responder::Responder::new(&offer, seed);
        let host = Arc::new(Mutex::new(responder.host()));
        let stop = Arc::new(AtomicBool::new(false));
        let run = run::Run::new(poll, responder, offer.bind, Arc::clone(&host), Arc::clone(&stop));
        let thread = threads::start("mdns", move || run.run())?;
        Ok(Self { host, stop, waker, thread })
    }

    /// The host name as it is now, as in `livestream-cam.local`; another one once a neighbour turned
    /// out to have that.
    pub fn host(&self) -> String {
        self.host.lock().clone()
    }

    /// Takes it all back, with one packet for each interface, and waits for no answer.
    pub fn stop(self) {
        self.stop.store(true, Ordering::Release);
        // Unwoken, it would look by itself within some seconds.
        if let Err(error) = self.waker.wake() {
            error!("the mDNS thread cannot be woken: {error}");
        } else if self.thread.join().is_err() {
            error!("mdns failed");
        }
    }
}
