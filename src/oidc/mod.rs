//! Sign-in with somebody else's account: the client's part of OAuth 2.0 (RFC 6749) and OpenID
//! Connect Core 1.0, by authorization code with PKCE (RFC 7636).
//!
//! ```text
//! browser ──► begin ──► the provider's page, by an address with state, nonce and challenge
//!                └────► a cookie: what was begun, sealed ([`Flow`])
//! provider ─► browser ──► what the provider answers ([`Returned`]), compared with the cookie
//!                └──► finish: code ──► tokens ──► who that is, checked ([`Person`])
//! ```
//!
//! What a provider says is hostile until it is checked: its answers are bounded in bytes and time, it
//! is followed nowhere, and of its keys none counts that another server named. What a person becomes
//! here is [`crate::account`]'s; this knows no accounts.

mod agent;
mod exchange;
mod fault;
mod flow;
mod person;
mod plain;
mod preset;
mod provider;
mod returned;
mod seal;

pub use fault::Fault;
pub use flow::{Flow, LASTS, Newcomer, Purpose};
pub use person::{Person, Rules};
pub use preset::Preset;
pub use provider::{Begun, NotAProvider, Provider, Settings};
pub use returned::{FIELDS, Returned};
pub use seal::Sealer;
