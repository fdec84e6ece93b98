//! Sockets and threads: what a client's bytes become, and what becomes of them.
//!
//! ```text
//! accept ──► a connection thread: parse, route, answer ──► (a stream) ──► a sender thread
//! ```
//!
//! [`connection`] talks HTTP with one client at a time until it asks for the live
//! stream; the socket then goes to [`sender`], where a few threads serve all
//! streams. [`backlog`] keeps what a slow client has not read small, from what
//! [`kernel`] tells. [`routes`] holds the table of requests, and each kind of answer
//! has a file of its own.

mod answer;
mod backlog;
mod connection;
mod context;
mod kernel;
mod listener;
mod metrics;
mod pages;
mod qr;
mod routes;
pub mod rtsp;
mod sender;
mod settings;
mod snapshot;
mod socket;
mod state;
mod stream;

pub use context::{About, Context};
pub use listener::{Bound, bind};
pub use qr::for_terminal;
pub use sender::Senders;

use std::sync::Arc;
use std::thread::JoinHandle;

/// Starts accepting connections on what was bound.
///
/// # Errors
///
/// The system's error if a thread or its poll cannot be made.
pub fn start(bound: Bound, context: Arc<Context>) -> std::io::Result<Running> {
    let shutdown = context.shutdown.clone();
    let serve = move |socket| connection::serve(socket, &context);
    let (thread, waker) = listener::start(bound, "accept", shutdown, serve)?;
    Ok(Running { thread, waker })
}

/// The accepting thread.
pub struct Running {
    thread: JoinHandle<()>,
    waker: mio::Waker,
}

impl Running {
    /// Waits for the accepting thread and all connections to end, after shutdown was asked.
    pub fn join(self) {
        if let Err(error) = self.waker.wake() {
            log::error!("cannot wake the accepting thread: {error}");
            return;
        }
        if self.thread.join().is_err() {
            log::error!("the accepting thread failed");
        }
    }
}
