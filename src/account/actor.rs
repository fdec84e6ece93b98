//! Whose doing something is, and the log of it.

use std::net::IpAddr;
use std::time::SystemTime;

use rusqlite::Connection;

use super::book::Account;
use crate::store::account::AccountId;
use crate::store::journal::{self, Entry};
use crate::store::session::Hash;

/// Whose doing something is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub(super) account: Option<AccountId>,
    who: String,
    address: String,
}

/// The browser of a person, as far as it is known.
#[derive(Debug, Clone)]
pub struct Browser {
    /// What it says that it is.
    pub device: String,
    /// Where it comes from.
    pub address: IpAddr,
    /// Of the cookie that it has, whether that is good or not.
    pub cookie: Option<Hash>,
}

impl Actor {
    /// Somebody, by name, at an address.
    pub fn new(account: Option<AccountId>, who: &str, address: &str) -> Self {
        Self { account, who: who.to_owned(), address: address.to_owned() }
    }

    /// A person in a browser.
    pub fn of(account: &Account, browser: &Browser) -> Self {
        Self::new(Some(account.id), &account.name, &browser.address.to_string())
    }

    /// Whoever runs a command on this machine.
    pub fn on_this_machine() -> Self {
        Self::new(None, "this machine", "")
    }
}

/// Adds a line to the hosts' log.
pub(super) fn note(
    connection: &Connection,
    actor: &Actor,
    at: SystemTime,
    what: &str,
) -> rusqlite::Result<()> {
    let Actor { account, who, address } = actor.clone();
    journal::add(connection, &Entry { at, account, who, address, what: what.to_owned() })
}
