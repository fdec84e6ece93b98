//! What takes a password: to sign in, to make an account, to set another password.
//!
//! All of it takes long: whoever may not wait has it done by [`Accounts::with_passwords`]. Whether a
//! password may be tried at all is known at once ([`Accounts::attempt`]).

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use rusqlite::Connection;

use super::actor::{Actor, Browser, note};
use super::book::{Account, Book};
use super::capability::Capabilities;
use super::guesses::Origin;
use super::hasher::Asker;
use super::name::{Looks, Name};
use super::password::Password;
use super::refused::Refused;
use super::secret::{hash_of, random_text};
use super::vouched::{Vouched, put_identity};
use super::{Accounts, SignUp};
use crate::base::subnet::Group;
use crate::store::account::{self, AccountId, KeptAccount};
use crate::store::ban;
use crate::store::pass::{self, PassKind};
use crate::store::session::{self, Hash, KeptSession};

/// A browser that is signed in now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The value of its cookie.
    pub secret: String,
    /// Whose it is.
    pub account: AccountId,
}

/// How an account comes to be.
pub(super) struct New {
    pub(super) way: WayIn,
    /// What is used up by it.
    pub(super) pass: Option<Hash>,
    pub(super) is_host: bool,
}

/// By what one signs in.
pub(super) enum WayIn {
    /// The hash of a password, a PHC string.
    Password(String),
    /// An account elsewhere.
    Vouched(Vouched),
}

/// A password that may be tried for a name. It counts as wrong if it is found wrong, and not if
/// nobody looked at it.
pub struct Attempt {
    accounts: Arc<Accounts>,
    account: Option<Arc<Account>>,
    name: u64,
    origin: Origin,
    wrong: bool,
}

impl Attempt {
    /// Looks at it.
    fn judge(&mut self, password: &Password) -> Result<Arc<Account>, Refused> {
        let stored = self.account.as_ref().and_then(|account| account.password.as_deref());
        let right = password.is(stored);
        match self.account.as_ref().filter(|account| right && !account.disabled) {
            Some(account) => Ok(Arc::clone(account)),
            None => {
                self.wrong = true;
                Err(Refused::Wrong)
            }
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if !self.wrong {
            self.accounts.guesses.lock().right(self.name, self.origin);
        }
    }
}

impl Accounts {
    /// Has something done that takes a password, after those that wait.
    ///
    /// # Errors
    ///
    /// [`Refused::Busy`] if too many wait; it is dropped then.
    pub fn with_passwords(
        &self,
        asker: Asker,
        job: impl FnOnce() + Send + 'static,
    ) -> Result<(), Refused> {
        if self.hasher.submit(asker, job) { Ok(()) } else { Err(Refused::Busy) }
    }

    /// Who a browser is among those that wait for passwords: one that had signed in to an account is
    /// known by it.
    pub fn asker(&self, browser: &Browser) -> Asker {
        let had = browser.cookie.and_then(|hash| self.book().had_signed_in(&hash));
        had.map_or_else(|| Asker::At(Group::of(browser.address)), Asker::Known)
    }

    /// Whether a password may be tried for a name, be there such an account or not.
    ///
    /// # Errors
    ///
    /// [`Refused::Slow`] if not yet.
    pub fn attempt(self: &Arc<Self>, name: &str, browser: &Browser) -> Result<Attempt, Refused> {
        let book = self.book();
        let skeleton = Name::new(name).map(|name| name.skeleton().to_owned()).unwrap_or_default();
        let account = book.named(&skeleton).cloned();
        let had = browser.cookie.and_then(|hash| book.had_signed_in(&hash));
        let is_known = had.is_some() && had == account.as_ref().map(|account| account.id);
        let known = browser.cookie.filter(|_| is_known);
        let mut hasher = DefaultHasher::new();
        skeleton.hash(&mut hasher);
        let (name, origin) = (hasher.finish(), Origin { address: browser.address, known });
        self.guesses.lock().ask(name, origin, self.clock.now())?;
        Ok(Attempt { accounts: Arc::clone(self), account, name, origin, wrong: false })
    }

    /// Signs a browser in.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the password is wrong, or nothing can be stored.
    pub fn sign_in(
        &self,
        mut attempt: Attempt,
        password: &Password,
        browser: &Browser,
    ) -> Result<SignedIn, Refused> {
        let account = attempt.judge(password)?;
        let (browser, now) = (browser.clone(), self.clock.wall());
        self.change(move |connection| {
            // It may have been another password, or nobody's, since it was looked at.
            let same = |stored: &Account| stored.password == account.password;
            let book = Book::read(connection)?;
            let account = book.account(account.id).filter(|stored| same(stored));
            let account = account.ok_or(Refused::Wrong)?;
            note(connection, &Actor::of(account, &browser), now, "signed in")?;
            Ok(begin(connection, account.id, &browser, Entered::sure(now))?)
        })
    }

    /// Signs a browser in anew that is signed in, as its password was given once more.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the password is wrong, or nothing can be stored.
    pub fn confirm(
        &self,
        attempt: Attempt,
        password: &Password,
        browser: &Browser,
    ) -> Result<SignedIn, Refused> {
        self.sign_in(attempt, password, browser).map_err(of_own_password)
    }

    /// Deletes the account of who gives its password once more.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the password is wrong, nobody would run the server any more, or nothing can be
    /// stored.
    pub fn delete_own(
        &self,
        mut attempt: Attempt,
        password: &Password,
        actor: &Actor,
    ) -> Result<(), Refused> {
        let account = attempt.judge(password).map_err(of_own_password)?;
        self.delete_account(actor, account.id)
    }

    /// Sets another password, which ends all other browsers of the account.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the old one is wrong, or nothing can be stored.
    pub fn change_password(
        &self,
        mut attempt: Attempt,
        old: &Password,
        new: &Password,
        browser: &Browser,
    ) -> Result<SignedIn, Refused> {
        let account = attempt.judge(old).map_err(of_own_password)?;
        let hash = new.hash_new(&account.name)?;
        self.put_password(account.id, hash, browser, "changed the password", |_| Ok(()))
    }

    /// Sets a forgotten password by a link that a host made.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the link is not good, or nothing can be stored.
    pub fn reset_password(
        &self,
        secret: &str,
        new: &Password,
        browser: &Browser,
    ) -> Result<SignedIn, Refused> {
        let hash = hash_of(secret);
        let id = self.pass_for(&hash, PassKind::Reset)?.ok_or(Refused::NoPass)?;
        let take = move |connection: &Connection| take(connection, &hash);
        let new = new.hash_new(&self.name_of(id)?)?;
        self.put_password(id, new, browser, "set a new password by a link", take)
    }

    pub(super) fn put_password(
        &self,
        id: AccountId,
        password: String,
        browser: &Browser,
        what: &'static str,
        first: impl FnOnce(&Connection) -> Result<(), Refused> + Send + 'static,
    ) -> Result<SignedIn, Refused> {
        let (browser, now) = (browser.clone(), self.clock.wall());
        self.change(move |connection| {
            first(connection)?;
            let kept = account::all(connection)?.into_iter().find(|kept| kept.id == id);
            let kept = kept.filter(|kept| !kept.disabled).ok_or(Refused::NoSuch)?;
            let kept = KeptAccount { password: Some(password), ..kept };
            account::put(connection, &kept)?;
            session::end_all(connection, id)?;
            let actor = Actor::new(Some(id), &kept.name, &browser.address.to_string());
            note(connection, &actor, now, what)?;
            Ok(begin(connection, id, &browser, Entered::sure(now))?)
        })
    }

    /// Makes an account, by an invitation where one is asked for, and signs in to it.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the name is taken, the invitation is not good, or nothing can be stored.
    pub fn make_account(
        &self,
        name: &Name,
        password: &Password,
        invitation: Option<&str>,
        browser: &Browser,
    ) -> Result<SignedIn, Refused> {
        let pass = self.invited(invitation, self.sign_up == SignUp::Open)?;
        self.is_free(name)?;
        let how =
            New { way: WayIn::Password(password.hash_new(name.as_str())?), pass, is_host: false };
        self.put_new(name, how, browser)
    }

    /// The invitation by which somebody makes an account, if one is needed.
    pub(super) fn invited(
        &self,
        invitation: Option<&str>,
        open: bool,
    ) -> Result<Option<Hash>, Refused> {
        match invitation.map(hash_of) {
            None if open => Ok(None),
            Some(hash) if open || self.sign_up != SignUp::Off => {
                self.pass_for(&hash, PassKind::Invitation)?;
                Ok(Some(hash))
            }
            _ => Err(Refused::NoSignUp),
        }
    }

    /// Makes the account of a host by the secret that the program printed, or makes a host of the
    /// account that is signed in and has this name and password.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the secret is not good, the name is taken, or nothing can be stored.
    pub fn claim(
        &self,
        secret: &str,
        name: &Name,
        password: &Password,
        browser: &Browser,
    ) -> Result<SignedIn, Refused> {
        let hash = hash_of(secret);
        self.pass_for(&hash, PassKind::Host)?;
        self.is_free(name)?;
        let way = WayIn::Password(password.hash_new(name.as_str())?);
        let how = New { way, pass: Some(hash), is_host: true };
        self.put_new(name, how, browser)
    }

    /// Makes a host of an account that is signed in.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the secret is not good, or nothing can be stored.
    pub fn claim_for(
        &self,
        secret: &str,
        id: AccountId,
        browser: &Browser,
    ) -> Result<SignedIn, Refused> {
        let hash = hash_of(secret);
        self.pass_for(&hash, PassKind::Host)?;
        let (browser, now) = (browser.clone(), self.clock.wall());
        self.change(move |connection| {
            still_in(&Book::read(connection)?, id, &browser, now)?;
            take(connection, &hash)?;
            let kept = account::all(connection)?.into_iter().find(|kept| kept.id == id);
            let kept = kept.filter(|kept| !kept.disabled).ok_or(Refused::NoSuch)?;
            let kept = KeptAccount { is_host: true, ..kept };
            account::put(connection, &kept)?;
            ban::lift_of(connection, id)?;
            session::end_all(connection, id)?;
            let actor = Actor::new(Some(id), &kept.name, &browser.address.to_string());
            note(connection, &actor, now, "became a host by a link")?;
            Ok(begin(connection, id, &browser, Entered::sure(now))?)
        })
    }

    /// Makes an account, and signs in to it.
    pub(super) fn put_new(
        &self,
        name: &Name,
        how: New,
        browser: &Browser,
    ) -> Result<SignedIn, Refused> {
        self.is_free(name)?;
        let New { way, pass, is_host } = how;
        let (password, vouched) = match way {
            WayIn::Password(hash) => (Some(hash), None),
            WayIn::Vouched(vouched) => (None, Some(vouched)),
        };
        let now = self.clock.wall();
        let kept = KeptAccount {
            id: AccountId(0),
            name: name.as_str().to_owned(),
            skeleton: name.skeleton().to_owned(),
            password,
            is_host,
            grants: Capabilities::NONE.to_string(),
            made: now,
            disabled: false,
        };
        let (browser, looks) = (browser.clone(), name.looks().clone());
        self.change(move |connection| {
            if let Some(hash) = &pass {
                take(connection, hash)?;
            }
            let all = account::all(connection)?;
            let is_like = |other: &KeptAccount| {
                other.skeleton == kept.skeleton || Looks::of(&other.name).is_like(&looks)
            };
            if all.iter().any(is_like) {
                return Err(Refused::NameTaken);
            }
            if all.len() >= MOST_ACCOUNTS {
                return Err(Refused::TooMany);
            }
            let id = account::add(connection, &kept)?;
            if let Some(vouched) = &vouched {
                put_identity(connection, id, vouched, now)?;
            }
            let actor = Actor::new(Some(id), &kept.name, &browser.address.to_string());
            let what = if is_host { "made this account, a host's" } else { "made this account" };
            note(connection, &actor, now, what)?;
            Ok(begin(connection, id, &browser, Entered::sure(now))?)
        })
    }

    /// Whether no other has a name, which is looked at before a password is.
    fn is_free(&self, name: &Name) -> Result<(), Refused> {
        let taken = self.book().named(name.skeleton()).is_some();
        if taken { Err(Refused::NameTaken) } else { Ok(()) }
    }

    /// Whether a pass is good for this, and whose password it sets.
    fn pass_for(&self, hash: &Hash, kind: PassKind) -> Result<Option<AccountId>, Refused> {
        let book = self.book();
        let pass = book.pass(hash, self.clock.wall()).filter(|pass| pass.kind == kind);
        pass.map(|pass| pass.account).ok_or(Refused::NoPass)
    }

    /// What is the time, for who asks how long to wait.
    pub fn now(&self) -> (SystemTime, Instant) {
        (self.clock.wall(), self.clock.now())
    }
}

/// Whether a browser is still signed in to the account in whose name something goes on: it may have been
/// signed out while that waited.
pub(super) fn still_in(
    book: &Book,
    id: AccountId,
    browser: &Browser,
    now: SystemTime,
) -> Result<(), Refused> {
    let session = browser.cookie.and_then(|hash| book.session(&hash, now).cloned());
    match session.is_some_and(|session| session.account == id) {
        true => Ok(()),
        false => Err(Refused::NoSuch),
    }
}

/// No name was typed that could be wrong.
fn of_own_password(refused: Refused) -> Refused {
    if matches!(refused, Refused::Wrong) { Refused::WrongPassword } else { refused }
}

/// Uses a pass up: of two who have it one is too late.
fn take(connection: &Connection, hash: &Hash) -> Result<(), Refused> {
    if pass::delete(connection, hash)? { Ok(()) } else { Err(Refused::NoPass) }
}

/// When somebody came in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entered {
    at: SystemTime,
    /// Whether that one just showed who that is: rights may be given away for a while.
    is_sure: bool,
}

impl Entered {
    /// By a password, or otherwise just now.
    pub(super) fn sure(at: SystemTime) -> Self {
        Self { at, is_sure: true }
    }

    /// By a provider, which may have let in whoever sits there.
    pub(super) fn unsure(at: SystemTime) -> Self {
        Self { at, is_sure: false }
    }
}

/// Signs a browser in under a new secret: the cookie that it had is worth nothing then.
pub(super) fn begin(
    connection: &Connection,
    account: AccountId,
    browser: &Browser,
    entered: Entered,
) -> rusqlite::Result<SignedIn> {
    let Entered { at: now, is_sure } = entered;
    if let Some(before) = browser.cookie {
        session::delete_by_hash(connection, &before)?;
    }
    let secret = random_text::<32>();
    let session = KeptSession {
        id: 0,
        hash: hash_of(&secret),
        account,
        made: now,
        seen: now,
        sure: if is_sure { now } else { SystemTime::UNIX_EPOCH },
        over: false,
        device: browser.device.clone(),
        address: browser.address.to_string(),
    };
    session::add(connection, &session)?;
    Ok(SignedIn { secret, account })
}

/// How many accounts there may be.
const MOST_ACCOUNTS: usize = 10_000;
