//! Videos that people bring: what is found in them, what is made of it, and how that is made ready to be
//! played by everybody.
//!
//! No sockets, no pages. Whatever reads what somebody brought with a program that others wrote runs
//! in [`cage`]; [`package`] makes segments and manifests of what was encoded.

pub mod cage;
pub mod encode;
pub mod ladder;
pub mod package;
pub mod probe;
