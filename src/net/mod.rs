//! Sockets: listening, what a connection's is set to, and what its client has not read.

pub(crate) mod backlog;
pub(crate) mod kernel;
pub(crate) mod listener;
pub(crate) mod socket;

pub use listener::{Bound, bind};
