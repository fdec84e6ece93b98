//! Whose arithmetic TLS is made of: named here, and nowhere else.
//!
//! AWS-LC's by `aws-lc-rs`: on the machine of the README the records of a picture take a quarter less
//! of the processor than by `ring`, and so does a handshake. It takes a minute more to build, once,
//! with a C compiler and no other tool.

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::ProducesTickets;

/// What encrypts, signs and agrees on keys, for servers and for clients.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// Tickets by keys that only this run of the program has, and that it changes every few hours.
///
/// # Errors
///
/// If the system has no random bytes.
pub fn tickets() -> Result<Arc<dyn ProducesTickets>, rustls::Error> {
    aws_lc_rs::Ticketer::new()
}
