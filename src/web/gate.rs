//! Who is let in: the one place that says of a request, a message on a socket or an RTSP player who
//! it is from and what that one may do.
//!
//! What an account may is [`crate::account`]'s; here are its cookies, and what guests may.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use siphasher::sip128;
use subtle::ConstantTimeEq;

use super::answer::Answer;
use super::client::Client;
use crate::account::{
    Account, Accounts, Browser, Caller, Capabilities, Capability, Credential, Looks, RoomRules,
    SlowDown, Whence, hash_of, random_text,
};
use crate::base::rate::{Rate, Rates, TooSoon};
use crate::base::subnet::Group;
use crate::oidc;
use crate::proto::auth::{Credentials, Ha1, parse_credentials};
use crate::proto::cookie;
use crate::proto::http::Head;
use crate::room::Room;
use crate::store::session::Hash;

/// Who may watch without an account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Entry {
    /// Everybody.
    #[default]
    Open,
    /// Who came by the link that has the key.
    Link,
    /// Nobody.
    Members,
}

/// The rules, and the accounts if there is a place for them.
pub struct Gate {
    accounts: Option<Arc<Accounts>>,
    entry: Entry,
    /// One word for all who watch.
    word: Option<String>,
    /// What the link has where no accounts are kept: of this run.
    own_key: String,
    /// How often a word is tried.
    tries: Mutex<Rates<Group>>,
    /// How often an account is made by whoever wants one.
    sign_ups: Mutex<Rates<Group>>,
}

/// What a browser keeps while somebody signs in by a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keepsake {
    /// What was begun.
    Flow,
    /// Of whom the provider told.
    Newcomer,
}

/// What a watch cookie says, whatever it says.
pub(super) type WatchCookie = Option<String>;

impl Gate {
    /// The rules of a server.
    pub fn new(accounts: Option<Arc<Accounts>>, entry: Entry, word: Option<String>) -> Self {
        let tries = Mutex::new(Rates::new(TRIES, MOST_TRIERS));
        let sign_ups = Mutex::new(Rates::new(SIGN_UPS, MOST_TRIERS));
        Self { accounts, entry, word, own_key: random_text::<16>(), tries, sign_ups }
    }

    /// Where everybody is a guest who may watch.
    pub fn open() -> Self {
        Self::new(None, Entry::Open, None)
    }

    /// The accounts, if there is a place for them.
    pub fn accounts(&self) -> Option<&Arc<Accounts>> {
        self.accounts.as_ref()
    }

    /// Another number after anything changed of who may what.
    pub fn revision(&self) -> u64 {
        self.accounts.as_ref().map_or(0, |accounts| accounts.revision())
    }

    /// Whether a guest's name could be taken for that of an account.
    pub(super) fn is_an_accounts(&self, guest: &Looks) -> bool {
        let book = self.accounts.as_ref().map(|accounts| accounts.book());
        let is_like = |account: &&Arc<Account>| Looks::of(&account.name).is_like(guest);
        book.is_some_and(|book| book.accounts().iter().any(is_like))
    }

    /// What its hosts say of a room.
    pub(super) fn rules(&self, room: &Room) -> RoomRules {
        let book = self.accounts.as_ref().map(|accounts| accounts.book());
        book.map(|book| book.rules(room.plain_name())).unwrap_or_default()
    }

    /// What guests need to come in.
    pub(super) fn entry(&self) -> Entry {
        self.entry
    }

    /// Whether a word lets guests in.
    pub(super) fn has_word(&self) -> bool {
        self.word.is_some() && self.entry != Entry::Members
    }

    /// Whether everybody may watch.
    pub(super) fn is_open(&self) -> bool {
        self.entry == Entry::Open && self.word.is_none()
    }

    /// Whether somebody without cookies and logins may watch a room; an empty name is the default one.
    pub fn guest_watches(&self, room: &str, address: IpAddr, now: SystemTime) -> bool {
        let caller = self.again(Credential::None, &None, &Whence::at(address), now);
        caller.is_some_and(|caller| caller.may(Capability::Watch, room))
    }

    /// Whether the same may be told that there is no room of a name: elsewhere that would tell which
    /// of those there are that it must not know.
    pub fn guest_sees_nowhere(&self, address: IpAddr, now: SystemTime) -> bool {
        let caller = self.again(Credential::None, &None, &Whence::at(address), now);
        caller.is_some_and(|caller| !caller.is_banned() && !caller.is_kept_from_some())
    }

    /// The address of a page, with the key in it where guests are let in by a link.
    pub fn with_key(&self, address: String) -> String {
        match self.entry {
            Entry::Link => format!("{address}?{KEY}={}", self.key()),
            Entry::Open | Entry::Members => address,
        }
    }

    /// Who sends a request.
    pub(super) fn caller(
        &self,
        head: &Head,
        client: &Client,
        whence: &Whence,
        now: SystemTime,
    ) -> Caller {
        let guest = self.guest(&self.watch_cookie(head));
        let Some(accounts) = &self.accounts else { return Caller::guest(guest) };
        let book = accounts.book();
        let known = |credential| Caller::of(&book, credential, guest, whence, now);
        let credentials = [self.program(head, client), self.session(head, client)];
        let mut found = credentials.into_iter().flatten().filter_map(known);
        let caller = found.next();
        if let Some(caller) = &caller {
            accounts.saw(caller.credential);
        }
        caller
            .or_else(|| known(Credential::None))
            .unwrap_or_else(|| Caller::guest(Capabilities::NONE))
    }

    /// Who that is now who was let in before, if it is still anybody.
    pub(super) fn again(
        &self,
        credential: Credential,
        watch: &WatchCookie,
        whence: &Whence,
        now: SystemTime,
    ) -> Option<Caller> {
        let guest = self.guest(watch);
        match &self.accounts {
            None => Some(Caller::guest(guest)),
            Some(accounts) => Caller::of(&accounts.book(), credential, guest, whence, now),
        }
    }

    /// What a guest may do who has this cookie.
    fn guest(&self, watch: &WatchCookie) -> Capabilities {
        let has_right = || watch.as_ref().is_some_and(|value| self.is_watch_value(value));
        match self.entry {
            Entry::Members => Capabilities::NONE,
            _ if self.is_open() || has_right() => Capabilities::LET_IN,
            _ => Capabilities::NONE,
        }
    }

    /// A token, or a device's password.
    fn program(&self, head: &Head, client: &Client) -> Option<Credential> {
        match parse_credentials(head.header("Authorization")?).ok()? {
            // Whoever listens could use it again.
            Credentials::Bearer(_) if !client.is_secure() => None,
            Credentials::Bearer(token) => {
                let hash = hash_of(token.as_str());
                let book = self.accounts.as_ref()?.book();
                // A device's password is none.
                let is_token = book.program(&hash).is_some_and(|program| program.device.is_none());
                is_token.then_some(Credential::Program(hash))
            }
            Credentials::Basic(who) => {
                let book = self.accounts.as_ref()?.book();
                let program = book.device(who.name())?;
                let device = program.device.as_ref()?;
                let kept = Ha1 { md5: device.ha1_md5, sha256: device.ha1_sha256 };
                kept.is_of(&who).then_some(Credential::Program(program.hash))
            }
            Credentials::Digest(_) => None,
        }
    }

    /// A browser that signed in.
    fn session(&self, head: &Head, client: &Client) -> Option<Credential> {
        client.is_secure().then(|| self.session_cookie(head).map(Credential::Session))?
    }

    /// Of the session's cookie, whether it is good or not.
    pub(super) fn session_cookie(&self, head: &Head) -> Option<Hash> {
        let name = self.session_name()?;
        cookie::find(head.headers.all("Cookie"), &name).map(hash_of)
    }

    /// The browser that sends a request.
    pub(super) fn browser(&self, head: &Head, client: &Client, device: String) -> Browser {
        let cookie = self.session_cookie(head).filter(|_| client.is_secure());
        Browser { device, address: client.address, cookie }
    }

    /// Gives a browser the cookie of its session.
    pub(super) fn sign_in(&self, answer: Answer, secret: &str) -> Answer {
        match self.session_name() {
            Some(name) => {
                answer.header("Set-Cookie", cookie::set_secure_cookie(&name, secret, SESSION_LASTS))
            }
            None => answer,
        }
    }

    /// Gives a browser something to keep for a while, or takes it away.
    pub(super) fn keep(&self, answer: Answer, what: Keepsake, value: Option<&str>) -> Answer {
        let Some(name) = self.keepsake_name(what) else { return answer };
        let cookie = match value {
            Some(value) => cookie::set_secure_cookie(&name, value, oidc::LASTS),
            None => cookie::take_secure_cookie(&name),
        };
        answer.header("Set-Cookie", cookie)
    }

    /// What a browser keeps.
    pub(super) fn kept<'a>(&self, head: &'a Head, what: Keepsake) -> Option<&'a str> {
        let name = self.keepsake_name(what)?;
        cookie::find(head.headers.all("Cookie"), &name).filter(|value| !value.is_empty())
    }

    fn keepsake_name(&self, what: Keepsake) -> Option<String> {
        let kind = match what {
            Keepsake::Flow => "sign-in",
            Keepsake::Newcomer => "newcomer",
        };
        let accounts = self.accounts.as_ref()?;
        Some(format!("__Host-{kind}-{}", accounts.book().installation))
    }

    /// Gives a browser the cookie with which it may watch.
    pub(super) fn let_in(&self, answer: Answer, client: &Client) -> Answer {
        let id = random_text::<16>();
        let value = format!("{id}{}", self.watch_tag(&id));
        let name = self.watch_name();
        let cookie = match client.is_by_tls() {
            true => cookie::set_secure_cookie(&name, &value, WATCH_LASTS),
            false => cookie::set_cookie(&name, &value, WATCH_LASTS),
        };
        answer.header("Set-Cookie", cookie)
    }

    /// Gives a browser the cookie with which it may go live in a room.
    pub(super) fn let_on(&self, answer: Answer, client: &Client, secret: &str) -> Answer {
        let Some(name) = self.key_name() else { return answer };
        let cookie = match client.is_by_tls() {
            true => cookie::set_secure_cookie(&name, secret, KEY_LASTS),
            false => cookie::set_cookie(&name, secret, KEY_LASTS),
        };
        answer.header("Set-Cookie", cookie)
    }

    /// Of the key to a room that a request has, whether it is good or not.
    pub(super) fn room_key(&self, head: &Head) -> Option<Hash> {
        let name = self.key_name()?;
        cookie::find(head.headers.all("Cookie"), &name).map(hash_of)
    }

    /// Whether this is a key by which somebody goes live in a room.
    pub(super) fn is_room_key(&self, typed: &str, room: &str, now: SystemTime) -> bool {
        let book = self.accounts.as_ref().map(|accounts| accounts.book());
        book.is_some_and(|book| book.key(&hash_of(typed), now).is_some_and(|key| key.room == room))
    }

    fn key_name(&self) -> Option<String> {
        Some(format!("stage-{}", self.accounts.as_ref()?.book().installation))
    }

    /// What a request has of the right to watch.
    pub(super) fn watch_cookie(&self, head: &Head) -> WatchCookie {
        if self.is_open() {
            return None;
        }
        cookie::find(head.headers.all("Cookie"), &self.watch_name()).map(str::to_owned)
    }

    /// Whether this is the key of the link.
    pub(super) fn is_key(&self, typed: &str) -> bool {
        self.entry == Entry::Link && hash_of(typed) == hash_of(&self.key())
    }

    /// Whether this is the word, of who tries it.
    ///
    /// # Errors
    ///
    /// [`TooSoon`] if it was wrong too often from there.
    pub(super) fn try_word(
        &self,
        typed: &str,
        from: IpAddr,
        now: Instant,
    ) -> Result<bool, TooSoon> {
        let group = Group::of(from);
        let mut tries = self.tries.lock();
        tries.may(&group, now)?;
        let right = self.is_word(typed);
        if !right {
            tries.did(group, now);
        }
        Ok(right)
    }

    /// Counts an account that somebody wants to make.
    ///
    /// # Errors
    ///
    /// [`SlowDown`] if there were too many from there.
    pub(super) fn may_sign_up(&self, from: IpAddr, now: Instant) -> Result<(), SlowDown> {
        let mut rates = self.sign_ups.lock();
        rates.may(&Group::of(from), now).map_err(|TooSoon(wait)| SlowDown(wait))?;
        rates.did(Group::of(from), now);
        Ok(())
    }

    fn is_word(&self, typed: &str) -> bool {
        let digest = |text: &str| -> Hash { Sha256::digest(text.trim()).into() };
        self.has_word() && self.word.as_ref().is_some_and(|word| digest(word) == digest(typed))
    }

    fn key(&self) -> String {
        let kept = self.accounts.as_ref().map(|accounts| accounts.book().watch_key.clone());
        kept.unwrap_or_else(|| self.own_key.clone())
    }

    fn is_watch_value(&self, value: &str) -> bool {
        let Some((id, tag)) = value.split_at_checked(ID_DIGITS) else { return false };
        tag.as_bytes().ct_eq(self.watch_tag(id).as_bytes()).into()
    }

    /// By which a cookie is known to be this server's, for as long as the key and the word are.
    fn watch_tag(&self, id: &str) -> String {
        let mut key = Sha256::new();
        key.update(self.key());
        key.update([0]);
        key.update(self.word.as_deref().unwrap_or_default());
        let mut half = [0; 16];
        half.copy_from_slice(&key.finalize()[..16]);
        let hash = sip128::SipHasher24::new_with_key(&half).hash(id.as_bytes());
        format!("{:032x}", u128::from(hash))
    }

    fn session_name(&self) -> Option<String> {
        let accounts = self.accounts.as_ref()?;
        Some(format!("__Host-session-{}", accounts.book().installation))
    }

    fn watch_name(&self) -> String {
        let id = match &self.accounts {
            Some(accounts) => accounts.book().installation.clone(),
            None => self.own_key[..INSTALLATION_DIGITS].to_owned(),
        };
        format!("watch-{id}")
    }
}

/// In the query of the link that lets watch.
pub(super) const KEY: &str = "key";
const SESSION_LASTS: Duration = Duration::from_secs(30 * 24 * 3600);
/// As long as the key itself at the most.
const KEY_LASTS: Duration = Duration::from_secs(24 * 3600);
const WATCH_LASTS: Duration = Duration::from_secs(365 * 24 * 3600);
/// 16 bytes in base 32.
const ID_DIGITS: usize = 26;
const INSTALLATION_DIGITS: usize = 8;
const TRIES: Rate = Rate { burst: 10, each: Duration::from_secs(10) };
/// A class may sign up behind one address.
const SIGN_UPS: Rate = Rate { burst: 30, each: Duration::from_secs(60) };
const MOST_TRIERS: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watch_cookie_is_good_for_as_long_as_key_and_word_are() {
        let gate = Gate::new(None, Entry::Link, None);
        let value = |gate: &Gate| {
            let id = random_text::<16>();
            format!("{id}{}", gate.watch_tag(&id))
        };
        let given = value(&gate);
        assert!(gate.is_watch_value(&given));
        assert!(!Gate::new(None, Entry::Link, None).is_watch_value(&given), "another key");
        for at in 0..given.len() {
            let mut other = given.clone().into_bytes();
            other[at] = if other[at] == b'0' { b'1' } else { b'0' };
            assert!(!gate.is_watch_value(&String::from_utf8(other).unwrap()), "digit {at}");
            assert!(!gate.is_watch_value(&given[..at]), "cut at {at}");
        }
    }

    #[test]
    fn guests_may_what_the_rules_say() {
        let word = || Some("open sesame".to_owned());
        for (entry, word, right, nothing) in [
            (Entry::Open, None, true, true),
            (Entry::Open, word(), true, false),
            (Entry::Link, None, true, false),
            (Entry::Link, word(), true, false),
            (Entry::Members, word(), false, false),
        ] {
            let gate = Gate::new(None, entry, word);
            let id = random_text::<16>();
            let cookie = Some(format!("{id}{}", gate.watch_tag(&id)));
            let may = |cookie| gate.guest(cookie) == Capabilities::LET_IN;
            assert_eq!((may(&cookie), may(&None)), (right, nothing), "{entry:?}");
        }
        let gate = Gate::new(None, Entry::Open, word());
        assert!(gate.is_word(" open sesame\n") && !gate.is_word("open") && !gate.is_word(""));
        let gate = Gate::new(None, Entry::Link, None);
        assert!(gate.is_key(&gate.key()) && !gate.is_key("") && !gate.is_word(""));
    }
}
