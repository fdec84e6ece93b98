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
use super::name::Name;
use super::password::Password;
use super::refused::Refused;
use super::secret::{hash_of, random_text};
use super::{Accounts, SignUp};
use crate::store::account::{self, AccountId, KeptAccount};
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
    pub fn with_passwords(&self, job: impl FnOnce() + Send + 'static) -> Result<(), Refused> {
        if self.hasher.submit(job) { Ok(()) } else { Err(Refused::Busy) }
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
            Ok(begin(connection, account.id, &browser, now)?)
        })
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
        let id = attempt.judge(old)?.id;
        self.put_password(id, new.hash(), browser, "changed the password", |_| Ok(()))
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
        self.put_password(id, new.hash(), browser, "set a new password by a link", take)
    }

    fn put_password(
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
            Ok(begin(connection, id, &browser, now)?)
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
        let hash = match (self.sign_up, invitation) {
            (SignUp::Off, _) | (SignUp::Invitation, None) => return Err(Refused::NoSignUp),
            (SignUp::Open, None) => None,
            (_, Some(secret)) => Some(hash_of(secret)),
        };
        if let Some(hash) = &hash {
            self.pass_for(hash, PassKind::Invitation)?;
        }
        self.put_new(name, password, browser, hash, false)
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
        self.put_new(name, password, browser, Some(hash), true)
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
            take(connection, &hash)?;
            let kept = account::all(connection)?.into_iter().find(|kept| kept.id == id);
            let kept = kept.filter(|kept| !kept.disabled).ok_or(Refused::NoSuch)?;
            let kept = KeptAccount { is_host: true, ..kept };
            account::put(connection, &kept)?;
            session::end_all(connection, id)?;
            let actor = Actor::new(Some(id), &kept.name, &browser.address.to_string());
            note(connection, &actor, now, "became a host by a link")?;
            Ok(begin(connection, id, &browser, now)?)
        })
    }

    fn put_new(
        &self,
        name: &Name,
        password: &Password,
        browser: &Browser,
        pass: Option<Hash>,
        is_host: bool,
    ) -> Result<SignedIn, Refused> {
        if self.book().named(name.skeleton()).is_some() {
            return Err(Refused::NameTaken);
        }
        let now = self.clock.wall();
        let kept = KeptAccount {
            id: AccountId(0),
            name: name.as_str().to_owned(),
            skeleton: name.skeleton().to_owned(),
            password: Some(password.hash()),
            is_host,
            grants: Capabilities::NONE.to_string(),
            made: now,
            disabled: false,
        };
        let browser = browser.clone();
        self.change(move |connection| {
            if let Some(hash) = &pass {
                take(connection, hash)?;
            }
            let all = account::all(connection)?;
            if all.iter().any(|other| other.skeleton == kept.skeleton) {
                return Err(Refused::NameTaken);
            }
            if all.len() >= MOST_ACCOUNTS {
                return Err(Refused::TooMany);
            }
            let id = account::add(connection, &kept)?;
            let actor = Actor::new(Some(id), &kept.name, &browser.address.to_string());
            let what = if is_host { "made this account, a host's" } else { "made this account" };
            note(connection, &actor, now, what)?;
            Ok(begin(connection, id, &browser, now)?)
        })
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

/// Uses a pass up: of two who have it one is too late.
fn take(connection: &Connection, hash: &Hash) -> Result<(), Refused> {
    if pass::delete(connection, hash)? { Ok(()) } else { Err(Refused::NoPass) }
}

/// Signs a browser in under a new secret: the cookie that it had is worth nothing then.
pub(super) fn begin(
    connection: &Connection,
    account: AccountId,
    browser: &Browser,
    now: SystemTime,
) -> rusqlite::Result<SignedIn> {
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
        sure: now,
        over: false,
        device: browser.device.clone(),
        address: browser.address.to_string(),
    };
    session::add(connection, &session)?;
    Ok(SignedIn { secret, account })
}

/// How many accounts there may be.
const MOST_ACCOUNTS: usize = 10_000;
