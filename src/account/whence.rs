//! Where somebody comes from.

use std::net::IpAddr;

use crate::store::session::Hash;

/// Where somebody comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whence {
    /// The client's own address.
    pub address: IpAddr,
    /// By which its browser is known, if it has an id.
    pub browser: Option<Hash>,
    /// Of the key to a room by which it came, whether that is good or not.
    pub key: Option<Hash>,
}

impl Whence {
    /// From an address, by no browser.
    pub fn at(address: IpAddr) -> Self {
        Self { address, browser: None, key: None }
    }
}
