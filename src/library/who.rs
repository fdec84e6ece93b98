//! Who asks the library for something.

use crate::store::account::AccountId;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Who {
    /// `None` for a guest, and for a token that is nobody's.
    pub account: Option<AccountId>,
    /// Whether it sees all, and no quota holds for it.
    pub is_host: bool,
}

impl Who {
    /// Whether it brought an upload of this owner, or sees all. What a token that is nobody's brought,
    /// such tokens see.
    pub(super) fn brought(&self, owner: Option<AccountId>) -> bool {
        self.is_host || owner == self.account
    }

    /// Whether something is its own, or it is a host. What is nobody's belongs to hosts.
    pub(super) fn owns(&self, owner: Option<AccountId>) -> bool {
        self.is_host || (owner.is_some() && owner == self.account)
    }
}
