//! Sign-in by an account elsewhere, for which a provider vouches: it leads to one account here.
//!
//! Nothing of what a provider says of a person finds an account but its number there: an address or a
//! name that is the same says nothing, and linking is up to who is signed in.

use rusqlite::Connection;

use super::Accounts;
use super::actor::{Actor, Browser, note};
use super::book::Book;
use super::name::Name;
use super::password::Password;
use super::refused::Refused;
use super::sign_in::{Entered, New, SignedIn, WayIn, begin, still_in};
use super::vouched::{Vouched, put_identity};
use crate::store::account::{self, AccountId};
use crate::store::identity;
use crate::store::session;

impl Accounts {
    /// Signs a browser in to the account to which one elsewhere leads. `None` if it leads to none.
    ///
    /// # Errors
    ///
    /// [`Refused`] if that account may not sign in, or nothing can be stored.
    pub fn sign_in_by(
        &self,
        vouched: &Vouched,
        browser: &Browser,
    ) -> Result<Option<SignedIn>, Refused> {
        self.enter_by(vouched, browser, Entered::unsure(self.clock.wall()), None)
    }

    /// The same; `signed_in` is whose browser it has to be still, if anybody's.
    fn enter_by(
        &self,
        vouched: &Vouched,
        browser: &Browser,
        entered: Entered,
        signed_in: Option<AccountId>,
    ) -> Result<Option<SignedIn>, Refused> {
        let (vouched, browser, now) = (vouched.clone(), browser.clone(), self.clock.wall());
        if self.book().identity(&vouched.issuer, &vouched.subject).is_none() {
            return Ok(None);
        }
        self.change(move |connection| {
            let book = Book::read(connection)?;
            let Some(kept) = book.identity(&vouched.issuer, &vouched.subject) else {
                return Ok(None);
            };
            let account = book.account(kept.account).filter(|account| !account.disabled);
            let account = account.ok_or(Refused::Disabled)?;
            if let Some(id) = signed_in {
                still_in(&book, id, &browser, now)?;
            }
            let what = format!("signed in by {}", vouched.issuer);
            note(connection, &Actor::of(account, &browser), now, &what)?;
            Ok(Some(begin(connection, account.id, &browser, entered)?))
        })
    }

    /// Makes an account without a password for who has one elsewhere, and signs in to it; `open` is
    /// whether that needs no invitation.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the name is taken, the invitation is not good, or nothing can be stored.
    pub fn make_account_by(
        &self,
        vouched: Vouched,
        name: &Name,
        invitation: Option<&str>,
        open: bool,
        browser: &Browser,
    ) -> Result<SignedIn, Refused> {
        let pass = self.invited(invitation, open)?;
        self.put_new(name, New { way: WayIn::Vouched(vouched), pass, is_host: false }, browser)
    }

    /// Links an account elsewhere to the one that a browser is signed in to, which goes on under a
    /// new secret.
    ///
    /// # Errors
    ///
    /// [`Refused::Linked`] if it leads to another one; [`Refused`] if nothing can be stored.
    pub fn link(
        &self,
        id: AccountId,
        vouched: &Vouched,
        browser: &Browser,
    ) -> Result<SignedIn, Refused> {
        let (vouched, browser, now) = (vouched.clone(), browser.clone(), self.clock.wall());
        self.change(move |connection| {
            let book = Book::read(connection)?;
            let account = book.account(id).filter(|account| !account.disabled);
            let account = account.ok_or(Refused::NoSuch)?;
            still_in(&book, id, &browser, now)?;
            match book.identity(&vouched.issuer, &vouched.subject) {
                Some(kept) if kept.account != id => return Err(Refused::Linked),
                Some(_) => {}
                None if book.identities_of(id).len() >= MOST_IDENTITIES => {
                    return Err(Refused::TooMany);
                }
                None => put_identity(connection, id, &vouched, now)?,
            }
            let what = format!("signs in by {}, too, from now on", vouched.issuer);
            note(connection, &Actor::of(account, &browser), now, &what)?;
            Ok(begin(connection, id, &browser, Entered::sure(now))?)
        })
    }

    /// That an account elsewhere no longer leads to one here, whose other browsers are signed out.
    ///
    /// # Errors
    ///
    /// [`Refused::LastWayIn`] if nobody could sign in to it any more; [`Refused::NoSuch`].
    pub fn unlink(
        &self,
        id: AccountId,
        identity: i64,
        browser: &Browser,
    ) -> Result<SignedIn, Refused> {
        let (browser, now) = (browser.clone(), self.clock.wall());
        self.change(move |connection| {
            let book = Book::read(connection)?;
            let account = book.account(id).ok_or(Refused::NoSuch)?;
            still_in(&book, id, &browser, now)?;
            let linked = book.identities_of(id);
            let kept = linked.iter().find(|kept| kept.id == identity).ok_or(Refused::NoSuch)?;
            if !account.has_password() && linked.len() == 1 {
                return Err(Refused::LastWayIn);
            }
            identity::delete(connection, kept.id)?;
            session::end_all(connection, id)?;
            let what = format!("no longer signs in by {}", kept.issuer);
            note(connection, &Actor::of(account, &browser), now, &what)?;
            Ok(begin(connection, id, &browser, Entered::unsure(now))?)
        })
    }

    /// Notes that who is signed in showed by a provider just now who that is.
    ///
    /// # Errors
    ///
    /// [`Refused::Linked`] if the account elsewhere does not lead to this one; [`Refused`] if nothing
    /// can be stored.
    pub fn confirm_by(
        &self,
        id: AccountId,
        vouched: &Vouched,
        browser: &Browser,
    ) -> Result<SignedIn, Refused> {
        match self.book().identity(&vouched.issuer, &vouched.subject) {
            Some(kept) if kept.account == id => {
                let sure = Entered::sure(self.clock.wall());
                self.enter_by(vouched, browser, sure, Some(id))?.ok_or(Refused::NoSuch)
            }
            _ => Err(Refused::Linked),
        }
    }

    /// Sets the first password of an account that has none, which ends all its other browsers.
    ///
    /// # Errors
    ///
    /// [`Refused::NoSuch`] if it has one; [`Refused`] if nothing can be stored.
    pub fn set_first_password(
        &self,
        id: AccountId,
        new: &Password,
        browser: &Browser,
    ) -> Result<SignedIn, Refused> {
        let (of_browser, now) = (browser.clone(), self.clock.wall());
        let has_none = move |connection: &Connection| {
            still_in(&Book::read(connection)?, id, &of_browser, now)?;
            let all = account::all(connection)?;
            let is_it = |kept: &&account::KeptAccount| kept.id == id && kept.password.is_none();
            if all.iter().any(|kept| is_it(&kept)) { Ok(()) } else { Err(Refused::NoSuch) }
        };
        let new = new.hash_new(&self.name_of(id)?)?;
        self.put_password(id, new, browser, "set a password", has_none)
    }
}

const MOST_IDENTITIES: usize = 10;
