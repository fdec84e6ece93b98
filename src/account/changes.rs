//! What is changed without a password: by hosts about others, by everybody about their own.
//!
//! Each waits until it is stored, and what gives or takes rights is noted for the hosts.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rusqlite::Connection;

use super::Accounts;
use super::actor::{Actor, note};
use super::book::Book;
use super::capability::Capabilities;
use super::refused::Refused;
use super::secret::{hash_of, in_groups, random_text};
use crate::base::rate::TooSoon;
use crate::proto::auth::Ha1;
use crate::store::account::{self, AccountId, KeptAccount};
use crate::store::ban;
use crate::store::chat;
use crate::store::installation;
use crate::store::journal::{self, Entry};
use crate::store::pass::{self, KeptPass, PassKind};
use crate::store::program::{self, KeptDevice, KeptProgram};
use crate::store::room;
use crate::store::session::{self, Hash};

/// What a host decides about an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ruling {
    /// Whether it is a host's.
    pub is_host: Option<bool>,
    /// What it may do besides.
    pub grants: Option<Capabilities>,
    /// Where it keeps order; an empty name is the default room.
    pub moderates: Option<Vec<String>>,
    /// Whether it may not sign in.
    pub disabled: Option<bool>,
}

/// A secret that was made, shown once, and by what it is named from then on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// As it is shown.
    pub secret: String,
    /// Its number, if it has one.
    pub id: i64,
}

/// A device's password that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeDevice {
    /// The name that it signs in by.
    pub user: String,
    /// Shown once.
    pub password: String,
    /// Its number.
    pub id: i64,
}

impl Accounts {
    /// Signs a browser out.
    ///
    /// # Errors
    ///
    /// [`Refused`] if that cannot be stored.
    pub fn sign_out(&self, actor: &Actor, hash: Hash) -> Result<(), Refused> {
        self.noted(actor, "signed out", move |connection| Ok(session::end(connection, &hash)?))
    }

    /// Ends one browser of an account.
    ///
    /// # Errors
    ///
    /// [`Refused::NoSuch`] if it is none of its browsers.
    pub fn end_session(&self, actor: &Actor, of: AccountId, id: i64) -> Result<(), Refused> {
        let now = self.clock.wall();
        self.noted(actor, "ended one of its browsers", move |connection| {
            let book = Book::read(connection)?;
            let session = book.sessions_of(of, now).into_iter().find(|session| session.id == id);
            let hash = session.ok_or(Refused::NoSuch)?.hash;
            Ok(session::end(connection, &hash)?)
        })
    }

    /// Makes a link that is good once, a day long: to become a host, to make an account, or to set
    /// the password of one.
    ///
    /// # Errors
    ///
    /// [`Refused`] if there are too many, or it cannot be stored.
    pub fn make_pass(
        &self,
        actor: &Actor,
        kind: PassKind,
        of: Option<AccountId>,
    ) -> Result<Made, Refused> {
        let secret = random_text::<16>();
        let made = self.clock.wall();
        let lasts = if kind == PassKind::Invitation { INVITATION_LASTS } else { LINK_LASTS };
        let pass = KeptPass {
            hash: hash_of(&secret),
            kind,
            account: of,
            by: actor.account,
            made,
            until: made + lasts,
        };
        let what = match kind {
            PassKind::Host => "made a link by which somebody becomes a host".to_owned(),
            PassKind::Invitation => "made an invitation".to_owned(),
            PassKind::Reset => {
                let book = self.book();
                let name = of.and_then(|id| book.account(id)).ok_or(Refused::NoSuch)?;
                format!("made a link by which {} sets a new password", name.name)
            }
        };
        self.noted(actor, &what, move |connection| {
            pass::forget(connection, made)?;
            if kind != PassKind::Invitation {
                // The last that was made is the one that is good.
                pass::delete_like(connection, kind, of)?;
            }
            if pass::all(connection)?.len() >= MOST_PASSES {
                return Err(Refused::TooMany);
            }
            Ok(pass::add(connection, &pass)?)
        })?;
        Ok(Made { secret: in_groups(&secret), id: 0 })
    }

    /// Takes a link back.
    ///
    /// # Errors
    ///
    /// [`Refused::NoSuch`] if there is none of this hash.
    pub fn take_back(&self, actor: &Actor, hash: Hash) -> Result<(), Refused> {
        self.noted(actor, "took a link back", move |connection| {
            if pass::delete(connection, &hash)? { Ok(()) } else { Err(Refused::NoSuch) }
        })
    }

    /// Does what a host decides about an account, whose browsers have to sign in again then.
    ///
    /// # Errors
    ///
    /// [`Refused::LastHost`] if nobody would run the server any more; [`Refused::NoSuch`].
    pub fn rule(&self, actor: &Actor, id: AccountId, ruling: Ruling) -> Result<(), Refused> {
        let name = self.name_of(id)?;
        let what = format!("changed what {name} may do: {}", in_words(&ruling));
        self.noted(actor, &what, move |connection| {
            let all = account::all(connection)?;
            let kept = all.iter().find(|kept| kept.id == id).cloned().ok_or(Refused::NoSuch)?;
            let changed = KeptAccount {
                is_host: ruling.is_host.unwrap_or(kept.is_host),
                grants: ruling.grants.map_or(kept.grants.clone(), |grants| grants.to_string()),
                disabled: ruling.disabled.unwrap_or(kept.disabled),
                ..kept.clone()
            };
            let is_host = |kept: &KeptAccount| kept.is_host && !kept.disabled;
            if is_host(&kept) && !is_host(&changed) {
                keep_a_host(&all, id)?;
            }
            if let Some(rooms) = &ruling.moderates {
                account::put_moderator(connection, id, rooms)?;
            }
            account::put(connection, &changed)?;
            if changed.is_host {
                ban::lift_of(connection, id)?;
            }
            Ok(session::end_all(connection, id)?)
        })
    }

    /// Notes that a room was closed: who kept order in it does so in no other of its name, and devices
    /// for it watch nothing.
    ///
    /// # Errors
    ///
    /// [`Refused`] if it cannot be stored.
    pub fn room_closed(&self, actor: &Actor, room: &str) -> Result<(), Refused> {
        let (what, room) = (format!("closed the room {room}"), room.to_owned());
        self.noted(actor, &what, move |connection| {
            account::take_moderators(connection, &room)?;
            ban::delete_of_room(connection, &room)?;
            chat::forget_room(connection, &room)?;
            room::forget(connection, &room)?;
            Ok(program::delete_of_room(connection, &room)?)
        })
    }

    /// Deletes an account with all that is its own.
    ///
    /// # Errors
    ///
    /// [`Refused::LastHost`] if nobody would run the server any more; [`Refused::NoSuch`].
    pub fn delete_account(&self, actor: &Actor, id: AccountId) -> Result<(), Refused> {
        let (actor, what) = match actor.account {
            Some(own) if own == id => (&Actor::new(None, DELETED, ""), "deleted itself".to_owned()),
            _ => (actor, format!("deleted the account of {}", self.name_of(id)?)),
        };
        self.noted(actor, &what, move |connection| {
            let all = account::all(connection)?;
            let kept = all.iter().find(|kept| kept.id == id).ok_or(Refused::NoSuch)?;
            if kept.is_host && !kept.disabled {
                keep_a_host(&all, id)?;
            }
            journal::forget_who(connection, id, DELETED)?;
            chat::forget_account(connection, id)?;
            Ok(account::delete(connection, id)?)
        })
    }

    /// Makes a password for a device of an account, which may watch one room or all.
    ///
    /// # Errors
    ///
    /// [`Refused`] if there are too many, or it cannot be stored.
    pub fn make_device(
        &self,
        actor: &Actor,
        of: AccountId,
        label: String,
        room: Option<String>,
    ) -> Result<MadeDevice, Refused> {
        let (user, password) = (random_text::<5>(), random_text::<16>());
        let Ha1 { md5, sha256 } = Ha1::of(&user, &password);
        let device = KeptDevice { user: user.clone(), ha1_md5: md5, ha1_sha256: sha256, room };
        let what = format!("made a password for the device \u{201c}{label}\u{201d}");
        let scopes = super::Capability::Watch.as_str().to_owned();
        let id =
            self.make_program(actor, Some(of), label, &password, Some(device), scopes, &what)?;
        Ok(MadeDevice { user, password, id })
    }

    /// Makes a token, of an account or of this machine, which may do no more than both.
    ///
    /// # Errors
    ///
    /// [`Refused`] if there are too many, or it cannot be stored.
    pub fn make_token(
        &self,
        actor: &Actor,
        of: Option<AccountId>,
        label: String,
        scopes: Capabilities,
    ) -> Result<Made, Refused> {
        let secret = random_text::<32>();
        let scopes = scopes.to_string();
        let what = format!("made the token \u{201c}{label}\u{201d}, which may {scopes}");
        let id = self.make_program(actor, of, label, &secret, None, scopes, &what)?;
        Ok(Made { secret, id })
    }

    #[expect(clippy::too_many_arguments, reason = "a row, and who makes it")]
    fn make_program(
        &self,
        actor: &Actor,
        account: Option<AccountId>,
        label: String,
        secret: &str,
        device: Option<KeptDevice>,
        scopes: String,
        what: &str,
    ) -> Result<i64, Refused> {
        if let (Some(id), true) = (account, account == actor.account) {
            let (mut made, now) = (self.own_changes.lock(), self.clock.now());
            made.may(&id, now).map_err(|TooSoon(wait)| Refused::Often(wait))?;
            made.did(id, now);
        }
        let (hash, made) = (hash_of(secret), self.clock.wall());
        let kept = KeptProgram { id: 0, account, label, hash, device, scopes, made, seen: None };
        self.noted(actor, what, move |connection| {
            let of_account = program::all(connection)?;
            if of_account.iter().filter(|other| other.account == account).count() >= MOST_PROGRAMS {
                return Err(Refused::TooMany);
            }
            Ok(program::add(connection, &kept)?)
        })
    }

    /// Deletes a device's password or a token: any, or only one of an account.
    ///
    /// # Errors
    ///
    /// [`Refused::NoSuch`] if there is none.
    pub fn delete_program(
        &self,
        actor: &Actor,
        id: i64,
        of: Option<AccountId>,
    ) -> Result<(), Refused> {
        let book = self.book();
        let is_it = |program: &&Arc<KeptProgram>| {
            program.id == id && of.is_none_or(|of| program.account == Some(of))
        };
        let program = book.programs().into_iter().find(is_it).ok_or(Refused::NoSuch)?;
        let kind = if program.device.is_some() { "device" } else { "token" };
        let what = format!("removed the {kind} \u{201c}{}\u{201d}", program.label);
        self.noted(actor, &what, move |connection| Ok(program::delete(connection, id)?))
    }

    /// Makes another key for the link that lets watch: who came by the one before has to have it.
    ///
    /// # Errors
    ///
    /// [`Refused`] if it cannot be stored.
    pub fn renew_watch_key(&self, actor: &Actor) -> Result<(), Refused> {
        let key = random_text::<16>();
        self.noted(actor, "replaced the link that lets watch", move |connection| {
            Ok(installation::put_watch_key(connection, &key)?)
        })
    }

    /// Notes how this server is reached, for what is printed on this machine.
    ///
    /// # Errors
    ///
    /// [`Refused`] if it cannot be stored.
    pub fn put_address(&self, origin: String) -> Result<(), Refused> {
        self.change(move |connection| Ok(installation::put_address(connection, &origin)?))
    }

    /// Notes that a browser or a program was seen, if that is an hour ago.
    pub fn saw(&self, credential: super::Credential) {
        let (book, now) = (self.book(), self.clock.wall());
        let is_due = |seen: SystemTime| now.duration_since(seen).is_ok_and(|ago| ago >= SEEN_EACH);
        match credential {
            super::Credential::Session(hash) => {
                let Some(session) = book.session(&hash, now).filter(|one| is_due(one.seen)) else {
                    return;
                };
                let id = session.id;
                self.change_later(move |connection| Ok(session::saw(connection, id, now)?));
            }
            super::Credential::Program(hash) => {
                let due = |program: &&Arc<KeptProgram>| program.seen.is_none_or(is_due);
                let Some(program) = book.program(&hash).filter(due) else { return };
                let id = program.id;
                self.change_later(move |connection| Ok(program::saw(connection, id, now)?));
            }
            super::Credential::None => {}
        }
    }

    /// What was done with rights of late, the newest first.
    ///
    /// # Errors
    ///
    /// [`Refused`] if it cannot be read.
    pub fn journal(&self, most: u32) -> Result<Vec<Entry>, Refused> {
        self.read(|connection| journal::newest(connection, most))
    }

    /// Notes what was done elsewhere, for the hosts.
    ///
    /// # Errors
    ///
    /// [`Refused`] if it cannot be stored.
    pub fn write_down(&self, actor: &Actor, what: &str) -> Result<(), Refused> {
        self.noted(actor, what, |_| Ok(()))
    }

    /// The same, and waits for nothing.
    pub fn note_later(&self, actor: &Actor, what: &str) {
        let (actor, what, at) = (actor.clone(), what.to_owned(), self.clock.wall());
        self.change_later(move |connection| Ok(note(connection, &actor, at, &what)?));
    }

    pub(super) fn name_of(&self, id: AccountId) -> Result<String, Refused> {
        self.book().account(id).map(|account| account.name.clone()).ok_or(Refused::NoSuch)
    }

    /// Changes something that the hosts see in their log.
    pub(super) fn noted<T: Send + 'static>(
        &self,
        actor: &Actor,
        what: &str,
        change: impl FnOnce(&Connection) -> Result<T, Refused> + Send + 'static,
    ) -> Result<T, Refused> {
        let (actor, what, at) = (actor.clone(), what.to_owned(), self.clock.wall());
        self.change(move |connection| {
            let value = change(connection)?;
            note(connection, &actor, at, &what)?;
            Ok(value)
        })
    }
}

/// Whether there is a host besides this one.
fn keep_a_host(all: &[KeptAccount], but: AccountId) -> Result<(), Refused> {
    let is_another = |kept: &KeptAccount| kept.id != but && kept.is_host && !kept.disabled;
    if all.iter().any(is_another) { Ok(()) } else { Err(Refused::LastHost) }
}

fn in_words(ruling: &Ruling) -> String {
    let Ruling { is_host, grants, moderates, disabled } = ruling;
    let host = is_host.map(|is| if is { "a host" } else { "no host" }.to_owned());
    let grants = grants.map(|grants| {
        format!(
            "may {}",
            if grants.is_empty() { "nothing else".into() } else { grants.to_string() }
        )
    });
    let rooms = moderates.as_ref().map(|rooms| {
        let rooms: Vec<_> = rooms.iter().map(|room| format!("/{room}")).collect();
        format!(
            "keeps order in {}",
            if rooms.is_empty() { "no room".into() } else { rooms.join(" ") }
        )
    });
    let disabled = disabled.map(|is| if is { "disabled" } else { "enabled" }.to_owned());
    [host, grants, rooms, disabled].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Whose name is not kept any more.
const DELETED: &str = "a deleted account";
/// How long a link is good that makes a host, or sets a password.
const LINK_LASTS: Duration = Duration::from_secs(24 * 3600);
const INVITATION_LASTS: Duration = Duration::from_secs(7 * 24 * 3600);
/// How exactly it is noted when somebody was seen.
const SEEN_EACH: Duration = Duration::from_secs(3600);
const MOST_PASSES: usize = 500;
/// Of one account.
const MOST_PROGRAMS: usize = 50;
