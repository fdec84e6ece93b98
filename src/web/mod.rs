//! HTTP: what a client's bytes become, and what becomes of them.
//!
//! ```text
//! accept ──► a connection: head ──► plan ──► body ──► answer ──► (a stream)
//! ```
//!
//! A [`connection`] is a state machine on a [lane](crate::net::lane), from accept to close, also
//! as a live [`stream`]. [`routes`] holds the table of requests, [`plan`] decides about one from
//! its head, and each resource has a file of its own. What takes longer than a lane has time
//! for is done by [workers](crate::net::workers).

mod access;
mod address;
mod answer;
mod api;
mod assets;
mod broadcast;
mod built;
mod chats;
mod client;
mod command;
mod connection;
pub(crate) mod context;
mod document;
mod entry;
mod fare;
pub(crate) mod fields;
mod file;
mod film;
mod form;
mod gate;
mod givers;
mod hosts;
mod identity;
mod issuer;
mod metrics;
mod needs;
mod newsroom;
mod onlookers;
mod opened;
mod page;
mod pages;
mod pass;
mod payload;
mod people;
mod plan;
mod providers;
mod qr;
mod refusal;
mod request;
mod rooms;
mod routes;
mod sending;
mod snapshot;
mod snapshot_answer;
mod socket;
mod state;
mod stream;
mod studio;
mod titles;
mod trust;
mod upgrade;
mod uploads;
mod viewer;
mod watch;
mod words;

pub use access::{Access, Proxies, ProxyHeader, Readers, Secrecy};
pub use context::{About, Context, Means};
pub use gate::{Entry, Gate};
pub use issuer::Issuer;
pub use providers::Providers;
#[cfg(test)]
pub(crate) use studio::closed::Closed;
pub use studio::{
    Effect, MAX_ROOMS, NewRoom, NoSource, NotChanged, Offer, RoomChange, RoomSettings, SaidBy,
    Setting, Studio,
};

pub use qr::for_terminal;

#[cfg(fuzzing)]
pub use socket::refusal_of_command;

use std::sync::Arc;

use crate::net::Bound;
use crate::net::lane::Talk;

use connection::Connection;

/// Accepts connections on what was bound, and speaks HTTP on them.
pub fn start(bound: Bound, context: &Arc<Context>) {
    let of_connections = Arc::clone(context);
    let welcome = move |newcomer| -> Box<dyn Talk> {
        let context = Arc::clone(&of_connections);
        let now = context.clock.now();
        Box::new(Connection::new(newcomer, context, now))
    };
    context.engine.accept(bound, Box::new(welcome));
}
