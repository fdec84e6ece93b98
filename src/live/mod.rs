//! Who gets which picture.
//!
//! No sockets and no HTTP: [`crate::web`] moves the bytes. Data flows one way,
//! from the [`supervisor`] that owns the source, through the [`hub`] where each
//! level has a slot for its newest picture, to whoever sends. What flows back is
//! only which levels are wanted.

pub mod audience;
pub mod bandwidth;
pub mod channel;
pub mod condition;
pub mod crowd;
pub mod cursor;
mod desk;
mod device;
pub mod encode;
pub mod gaming;
pub mod governor;
pub mod hub;
pub mod level;
pub mod link;
pub mod look;
pub mod meter;
pub mod orders;
mod pace;
mod register;
pub mod settings;
mod shelf;
pub mod sight;
mod still;
pub mod supervisor;
pub mod thanks;
pub mod unmade;
mod veil;
pub mod viewer;
