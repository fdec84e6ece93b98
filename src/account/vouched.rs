//! An account elsewhere, for which a provider vouches.

use std::time::SystemTime;

use rusqlite::Connection;

use super::book::Book;
use super::refused::Refused;
use crate::store::account::AccountId;
use crate::store::identity::{self, KeptIdentity};

/// An account elsewhere, as a provider vouched for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vouched {
    /// Who vouches.
    pub issuer: String,
    /// Who that is there.
    pub subject: String,
    /// As its owner knows it.
    pub label: String,
}

/// Stores an account elsewhere that leads to one here.
pub(super) fn put_identity(
    connection: &Connection,
    account: AccountId,
    vouched: &Vouched,
    now: SystemTime,
) -> Result<(), Refused> {
    if Book::read(connection)?.identity(&vouched.issuer, &vouched.subject).is_some() {
        return Err(Refused::Linked);
    }
    let Vouched { issuer, subject, label } = vouched.clone();
    Ok(identity::add(
        connection,
        &KeptIdentity { id: 0, account, issuer, subject, label, made: now },
    )?)
}
