//! The work of the library: a queue of jobs, those who do them, and who may see and steer that.
//!
//! ```text
//! a title is made of an upload ──► job `publish`: probe, first rendition, package ──► it plays
//!                                     └─► job `ladder`: each other rendition, package ──► more to choose
//! queue ──► worker: a lease, a token, a heartbeat ──► step.tmp, sync, rename, and only then it is said
//! ```
//!
//! Whatever kills the server or a worker, the job is begun again and goes on from what is whole; what
//! it makes is the same, byte for byte. Who lost a job by its lease changes nothing any more.

mod desk;
mod hold;
mod means;
mod publish;
mod queue;
#[cfg(test)]
mod tests;
mod works;

pub use desk::{Desk, Job, Refused};
pub use means::Means;
pub use queue::{LEASE, OwnQueue, Queue};
pub use works::Works;
