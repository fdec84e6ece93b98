//! Who asks for something, and what that one may do.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::book::{Account, Book, Standing};
use super::capability::{Capabilities, Capability};
use super::rooms::{AllRules, Circle, RoomRules};
use super::whence::Whence;
use crate::store::session::Hash;

/// By what somebody is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// By nothing: a guest.
    None,
    /// By the cookie of a browser that signed in.
    Session(Hash),
    /// By a device's password, or a token.
    Program(Hash),
}

/// Who asks, as the book had it at that moment.
#[derive(Clone)]
pub struct Caller {
    /// By what it is known.
    pub credential: Credential,
    /// Whose name it comes in, if it is anybody's.
    pub account: Option<Arc<Account>>,
    /// What it is told that it is: the limits of a program.
    limits: Limits,
    /// What a guest may do.
    guest: Capabilities,
    bans: Vec<Shut>,
    /// When its password was given last.
    sure: Option<SystemTime>,
    /// The room to which it has a key.
    key: Option<String>,
    /// Who may what in which room.
    rules: Arc<AllRules>,
}

/// Where somebody may not come in, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shut {
    /// A room by name, or anywhere.
    room: Option<String>,
    /// For ever if it has no end.
    until: Option<SystemTime>,
}

/// What a credential has of its account's rights.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Limits {
    None,
    /// A token's scopes; with no account they are its rights.
    Scopes(Capabilities),
    /// A device watches, in one room or in all.
    Watches(Option<String>),
}

impl Caller {
    /// Who comes with this from somewhere. `None` if the credential is none (any more); `guest` is
    /// what guests may do.
    pub fn of(
        book: &Book,
        credential: Credential,
        guest: Capabilities,
        whence: &Whence,
        now: SystemTime,
    ) -> Option<Self> {
        let (account, limits, sure) = match credential {
            Credential::None => (None, Limits::None, None),
            Credential::Session(hash) => {
                let session = book.session(&hash, now)?;
                let account = book.account(session.account).filter(|account| !account.disabled)?;
                (Some(Arc::clone(account)), Limits::None, Some(session.sure))
            }
            Credential::Program(hash) => {
                let program = book.program(&hash)?;
                let account = match program.account {
                    Some(id) => Some(book.account(id).filter(|account| !account.disabled)?),
                    None => None,
                };
                let limits = match &program.device {
                    Some(device) => Limits::Watches(device.room.clone()),
                    None => {
                        let scopes = Capabilities::parse(&program.scopes).unwrap_or_default();
                        Limits::Scopes(scopes.with_what_they_need())
                    }
                };
                (account.cloned(), limits, None)
            }
        };
        let standing = match (&account, &limits) {
            (Some(account), _) if account.is_host => Standing::Host,
            (None, Limits::Scopes(scopes)) if scopes.has(Capability::Host) => Standing::Host,
            (None, Limits::None) => Standing::Guest,
            _ => Standing::Known,
        };
        let bans = book.bans_of(account.as_deref(), standing, whence, now);
        let bans = bans.map(|ban| Shut { room: ban.room.clone(), until: ban.until }).collect();
        let key = whence.key.and_then(|hash| book.key(&hash, now)).map(|key| key.room.clone());
        Some(Self {
            credential,
            account,
            limits,
            guest,
            bans,
            sure,
            key,
            rules: Arc::clone(&book.rules),
        })
    }

    /// A guest, where there are no accounts.
    pub fn guest(guest: Capabilities) -> Self {
        let (credential, limits) = (Credential::None, Limits::None);
        Self {
            credential,
            account: None,
            limits,
            guest,
            bans: Vec::new(),
            sure: None,
            key: None,
            rules: Arc::default(),
        }
    }

    /// What it may do in a room; an empty name is the default one.
    pub fn rights(&self, room: &str) -> Capabilities {
        match self.is_banned_in(room) {
            true => Capabilities::NONE,
            false => self.rights_but_for_bans(room),
        }
    }

    /// Whether it may learn that there is a room of this name: it may do something there, or might were
    /// it not banned.
    pub fn knows(&self, room: &str) -> bool {
        room.is_empty() || self.rights_but_for_bans(room) != Capabilities::NONE
    }

    /// Whether there may be rooms that it must not learn of, and that it might be let into if it said
    /// who it is.
    pub fn is_kept_from_some(&self) -> bool {
        let is_nobody = self.account.is_none() && self.limits == Limits::None;
        let is_closed =
            |(name, rules): (&String, &RoomRules)| !name.is_empty() && rules.enter != Circle::All;
        is_nobody && (self.guest == Capabilities::NONE || self.rules.iter().any(is_closed))
    }

    fn rights_but_for_bans(&self, room: &str) -> Capabilities {
        let watches = Capabilities::NONE.with(Capability::Watch);
        let as_guest = || self.ruled(room, self.guest, false);
        let rights = match &self.limits {
            Limits::None => self.own(room).unwrap_or_else(as_guest),
            // Where everybody may watch, so may a program.
            Limits::Scopes(scopes) => self
                .own(room)
                .map_or_else(|| self.ruled(room, *scopes, true), |own| own.and(*scopes))
                .or(as_guest().and(watches)),
            Limits::Watches(only) if only.as_ref().is_none_or(|only| only == room) => {
                let own = self.own(room);
                own.unwrap_or_else(|| self.ruled(room, watches, true)).and(watches)
            }
            // Where everybody may watch, so may a device of another room.
            Limits::Watches(_) => as_guest().and(watches),
        };
        match self.has_key(room) {
            true => rights.or(Capabilities::LET_IN).with(Capability::Publish),
            false => rights,
        }
    }

    /// Whether it has a key to a room, which is a browser's alone.
    pub fn has_key(&self, room: &str) -> bool {
        self.limits == Limits::None && self.key.as_deref() == Some(room)
    }

    /// What its account may do in a room, if it has one.
    fn own(&self, room: &str) -> Option<Capabilities> {
        self.account.as_ref().map(|account| self.ruled(room, account.may(room), true))
    }

    /// What is left of rights by the rules of a room.
    fn ruled(&self, room: &str, rights: Capabilities, is_member: bool) -> Capabilities {
        self.rules.get(room).map_or(rights, |rules| rules.apply(rights, is_member))
    }

    /// Whether it may do something in a room.
    pub fn may(&self, capability: Capability, room: &str) -> bool {
        self.rights(room).has(capability)
    }

    /// Whether it may not come in, whoever it is.
    pub fn is_banned(&self) -> bool {
        self.bans.iter().any(|shut| shut.room.is_none())
    }

    /// The same of a room.
    pub fn is_banned_in(&self, room: &str) -> bool {
        self.bans_in(room).next().is_some()
    }

    /// When the last of the bans ends by which it may not come into a room; `None` if one is for ever.
    pub fn banned_until(&self, room: &str) -> Option<SystemTime> {
        let ends: Option<Vec<_>> = self.bans_in(room).map(|shut| shut.until).collect();
        ends?.into_iter().max()
    }

    fn bans_in<'a>(&'a self, room: &'a str) -> impl Iterator<Item = &'a Shut> {
        self.bans.iter().filter(move |shut| shut.room.as_deref().is_none_or(|name| name == room))
    }

    /// Whether it is a person in a browser, who signed in.
    pub fn is_signed_in(&self) -> bool {
        matches!(self.credential, Credential::Session(_))
    }

    /// Whether it is a device with a password of its own.
    pub fn is_device(&self) -> bool {
        matches!(self.limits, Limits::Watches(_))
    }

    /// Whether the password was given so short a time ago that rights may be given away.
    pub fn is_sure(&self, now: SystemTime) -> bool {
        // A time that is ahead is no time: the clock was set back, as that of a machine without one is.
        let is_recent = |at: SystemTime| now.duration_since(at).is_ok_and(|ago| ago < SURE_LASTS);
        self.sure.is_some_and(is_recent)
    }

    /// What it is called before a host.
    pub fn name(&self) -> &str {
        self.account.as_ref().map_or("", |account| &account.name)
    }
}

/// How long a password that was given is enough.
const SURE_LASTS: Duration = Duration::from_secs(10 * 60);
