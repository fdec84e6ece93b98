//! Who may not come in, everywhere or into a room.

use std::time::Duration;

use super::Accounts;
use super::actor::Actor;
use super::refused::Refused;
use crate::store::account::{self, AccountId};
use crate::store::ban::{self, KeptBan};
use crate::store::session::Hash;

/// Who is banned: an account, or else whoever comes from an address or by a browser.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Whom {
    /// An account.
    pub account: Option<AccountId>,
    /// An address or a network.
    pub address: Option<String>,
    /// A browser that is nobody's.
    pub browser: Option<Hash>,
    /// What that one called itself; may be empty.
    pub name: String,
    /// From which room; `None` for all, an empty name is the default one.
    pub room: Option<String>,
}

impl Accounts {
    /// Bans somebody, everywhere or from a room.
    ///
    /// # Errors
    ///
    /// [`Refused`] if there are too many, the account is a host's, or it cannot be stored.
    pub fn ban(
        &self,
        actor: &Actor,
        whom: Whom,
        why: String,
        lasts: Option<Duration>,
    ) -> Result<(), Refused> {
        let Whom { account, address, browser, name, room } = whom;
        let called = match (account, &address) {
            (Some(id), _) => self.name_of(id)?,
            (None, Some(address)) if name.is_empty() => address.clone(),
            (None, Some(address)) => format!("\u{201c}{name}\u{201d} ({address})"),
            (None, None) => return Err(Refused::NoSuch),
        };
        let made = self.clock.wall();
        let until = lasts.map(|lasts| made + lasts);
        let what = match &room {
            Some(room) => format!("banned {called} from /{room}"),
            None => format!("banned {called}"),
        };
        let kept = KeptBan { id: 0, account, address, why, made, until, room, browser, name };
        self.noted(actor, &what, move |connection| {
            ban::forget(connection, made)?;
            let all = account::all(connection)?;
            if all.iter().any(|kept| Some(kept.id) == account && kept.is_host) {
                return Err(Refused::LastHost);
            }
            if ban::all(connection)?.len() >= MOST_BANS {
                return Err(Refused::TooMany);
            }
            Ok(ban::add(connection, &kept).map(drop)?)
        })
    }

    /// Lifts a ban; `room` is the only one of which it may be.
    ///
    /// # Errors
    ///
    /// [`Refused::NoSuch`] if there is none.
    pub fn lift(&self, actor: &Actor, id: i64, room: Option<&str>) -> Result<(), Refused> {
        let (book, now) = (self.book(), self.clock.wall());
        let is_it = |ban: &&KeptBan| {
            ban.id == id && room.is_none_or(|room| ban.room.as_deref() == Some(room))
        };
        let ban = book.bans(now).into_iter().find(is_it).ok_or(Refused::NoSuch)?;
        let named = ban.account.and_then(|id| book.account(id)).map(|account| account.name.clone());
        let whom = named.or_else(|| ban.address.clone()).unwrap_or_default();
        let what = format!("lifted the ban of {whom}");
        self.noted(actor, &what, move |connection| Ok(ban::delete(connection, id)?))
    }
}

const MOST_BANS: usize = 2000;
