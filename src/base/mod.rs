//! What everything may use: the clock, the one signal to end, threads, warnings, the machine.

pub mod cipher;
pub mod clock;
pub mod natural;
pub mod outside;
pub mod place;
pub mod rate;
pub mod regular;
pub mod replace;
#[cfg(test)]
pub(crate) mod scratch;
pub mod shutdown;
pub mod signals;
pub mod subnet;
pub mod system;
pub mod threads;
pub mod warn_rate;
