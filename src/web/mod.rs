//! Sockets and threads: what a client's bytes become, and what becomes of them.
//!
//! ```text
//! accept ──► a connection thread: parse, plan, answer ──► (a stream) ──► a sender thread
//! ```
//!
//! [`connection`] talks HTTP with one client at a time until it asks for the live
//! stream; the socket then goes to [`sender`], where a few threads serve all
//! streams. [`backlog`](crate::net::backlog) keeps what a slow client has not read small, from what
//! [`kernel`](crate::net::kernel) tells. [`routes`] holds the table of requests, [`plan`] decides
//! about one from its head, and each resource has a file of its own.

mod answer;
mod connection;
pub(crate) mod context;
mod donate;
mod form;
mod identity;
mod metrics;
mod pages;
mod plan;
mod qr;
mod request;
mod routes;
mod sender;
pub(crate) mod settings;
mod snapshot;
mod snapshot_answer;
mod state;
mod stream;
mod viewer;
mod watch;

pub use context::{About, Context};

pub use qr::for_terminal;
pub use sender::Senders;

use std::sync::Arc;

use crate::net::Bound;
use crate::net::listener::Running;

/// Starts accepting connections on what was bound.
///
/// # Errors
///
/// The system's error if a thread or its poll cannot be made.
pub fn start(bound: Bound, context: Arc<Context>) -> std::io::Result<Running> {
    let shutdown = context.shutdown.clone();
    let serve = move |socket| connection::serve(socket, &context);
    let (thread, waker) = crate::net::listener::start(bound, "accept", shutdown, serve)?;
    Ok(Running { thread, waker })
}
