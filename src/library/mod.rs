//! Videos that people bring: what is found in them, what is made of it, and how that is made ready to be
//! played by everybody.
//!
//! No sockets, no pages. What waits for a disk or the store is for workers, as [`uploads`] is
//! throughout. Whatever reads what somebody brought with a program that others wrote runs in
//! [`cage`]; [`package`] makes segments and manifests of what was encoded.

pub mod cage;
pub mod catalogue;
pub mod encode;
mod house;
pub mod import;
pub mod jobs;
pub mod ladder;
pub mod package;
pub mod probe;
mod publication;
pub mod storage;
pub mod uploads;
mod who;

pub use house::{Library, NoVideo, Work};
pub use publication::Publication;
pub use who::Who;
