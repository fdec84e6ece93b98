//! What hosts change of rooms: who may what there, and the keys by which somebody goes live in one.

use std::time::Duration;

use super::Accounts;
use super::actor::Actor;
use super::changes::Made;
use super::refused::Refused;
use super::rooms::RoomRules;
use super::secret::{hash_of, random_text};
use crate::store::room::{self, KeptKey};
use crate::store::session::Hash;

impl Accounts {
    /// Changes what is said of a room; an empty name is the default one.
    ///
    /// # Errors
    ///
    /// [`Refused`] if it cannot be stored.
    pub fn rule_room(
        &self,
        actor: &Actor,
        name: &str,
        change: impl FnOnce(&mut RoomRules) + Send + 'static,
    ) -> Result<(), Refused> {
        let (what, name) = (format!("changed what is said of the room /{name}"), name.to_owned());
        self.noted(actor, &what, move |connection| {
            let kept = room::all(connection)?.into_iter().find(|kept| kept.name == name);
            let mut rules = kept.map(|kept| RoomRules::of_kept(kept).1).unwrap_or_default();
            change(&mut rules);
            Ok(room::put(connection, &rules.to_kept(&name))?)
        })
    }

    /// Makes a key by which somebody comes into a room and goes live there, for a day. `label` is
    /// whom it is given.
    ///
    /// # Errors
    ///
    /// [`Refused`] if there are too many, or it cannot be stored.
    pub fn make_key(&self, actor: &Actor, room: &str, label: &str) -> Result<Made, Refused> {
        let secret = random_text::<16>();
        let made = self.clock.wall();
        let key = KeptKey {
            hash: hash_of(&secret),
            room: room.to_owned(),
            label: label.to_owned(),
            by: actor.account,
            made,
            until: made + KEY_LASTS,
        };
        let whom = if label.is_empty() { "somebody" } else { label };
        let what = format!("made a link by which {whom} goes live in /{room}");
        self.noted(actor, &what, move |connection| {
            room::forget_keys(connection, made)?;
            if room::keys(connection)?.len() >= MOST_KEYS {
                return Err(Refused::TooMany);
            }
            Ok(room::add_key(connection, &key)?)
        })?;
        Ok(Made { secret, id: 0 })
    }

    /// Takes a key back.
    ///
    /// # Errors
    ///
    /// [`Refused::NoSuch`] if there is none.
    pub fn take_key(&self, actor: &Actor, hash: Hash) -> Result<(), Refused> {
        self.noted(actor, "took back a link to go live", move |connection| {
            if room::delete_key(connection, &hash)? { Ok(()) } else { Err(Refused::NoSuch) }
        })
    }
}

/// How long a key is good.
const KEY_LASTS: Duration = Duration::from_secs(24 * 3600);
const MOST_KEYS: usize = 500;
