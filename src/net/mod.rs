//! Sockets and the threads that drive them.
//!
//! ```text
//! accept ──► a lane: reads, answers and writes for its connections, and waits for none
//!              │ what may block            ▲ its outcome
//!              └────────► workers ─────────┘
//! ```
//!
//! Knows no protocol: what a connection says is a [`Talk`](lane::Talk)'s, of HTTP or of RTSP.
//! [`registry`] knows how all of them stand, and who gives way when one of the [`limits`] is
//! reached; a [`wire`] carries a connection's bytes in clear or by TLS; [`backlog`] keeps what a slow client has not read small, from what [`kernel`] tells.

pub(crate) mod accept;
pub(crate) mod backlog;
mod certificate;
mod engine;
pub(crate) mod kernel;
pub(crate) mod lane;
pub(crate) mod limits;
pub(crate) mod listener;
pub(crate) mod registry;
pub(crate) mod socket;
mod tls;
pub(crate) mod wire;
pub(crate) mod workers;

pub use certificate::{Certificate, NoCertificate};
pub use engine::Engine;
pub use lane::Topics;
pub use limits::Limits;
pub use listener::{Bound, bind};
