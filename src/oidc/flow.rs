//! A sign-in that was begun, and a newcomer of whom a provider told, as a browser keeps them between
//! two requests. Pure.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use subtle::ConstantTimeEq;

use super::fault::Fault;
use super::person::Person;
use super::returned::Returned;
use super::seal::Sealer;
use crate::base::clock::unix_seconds;

/// What somebody is led to a provider for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To sign in.
    SignIn,
    /// To sign in to this account that way, too, from now on.
    Link(i64),
    /// To show that it is still who is signed in to this account.
    Confirm(i64),
}

/// A sign-in that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// The name of the provider.
    pub provider: String,
    /// What for.
    pub purpose: Purpose,
    /// Comes back with the answer, by which it is known to be that of this browser.
    pub state: String,
    /// Comes back in the ID token.
    pub nonce: String,
    /// Whose hash the provider has: who does not know it has no use for the code (RFC 7636).
    pub verifier: String,
    /// Where it goes on afterwards: a path, or nothing.
    pub next: String,
    /// When it was begun, to the second.
    pub begun: SystemTime,
}

/// Somebody of whom a provider told, and who has no account yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newcomer {
    /// The name of the provider.
    pub provider: String,
    /// Who says so.
    pub issuer: String,
    /// Who that is there.
    pub subject: String,
    /// As that one knows the account there.
    pub label: String,
    /// A name for the account here.
    pub name: String,
    /// Where it goes on afterwards: a path, or nothing.
    pub next: String,
    /// When the provider told, to the second.
    pub told: SystemTime,
}

impl Flow {
    /// For a cookie.
    pub fn seal(&self, sealer: &Sealer) -> String {
        let Self { provider, state, nonce, verifier, next, begun, purpose } = self;
        let (purpose, account) = purpose.written();
        let (account, begun) = (account.to_string(), unix_seconds(*begun).to_string());
        sealer.seal(FLOW, &[provider, purpose, &account, state, nonce, verifier, next, &begun])
    }

    /// That of a cookie; `None` if it is none, or too old.
    pub fn open(sealer: &Sealer, text: &str, now: SystemTime) -> Option<Self> {
        let [provider, purpose, account, state, nonce, verifier, next, begun] =
            sealer.open(FLOW, text)?;
        let purpose = Purpose::read(&purpose, account.parse().ok()?)?;
        let begun = moment(&begun)?;
        let flow = Self { provider, purpose, state, nonce, verifier, next, begun };
        is_recent(begun, now).then_some(flow)
    }

    /// Whether this is the answer to what was begun, of the provider of this name and issuer
    /// (RFC 6749 §10.12, RFC 9207 §2.4). `names_itself` is whether it said that it names itself.
    /// The code is returned.
    ///
    /// # Errors
    ///
    /// What is wrong with it, or what the provider says.
    pub fn accepts<'a>(
        &self,
        returned: &'a Returned,
        provider: &str,
        issuer: &str,
        names_itself: bool,
    ) -> Result<&'a str, Fault> {
        let is_ours: bool = self.state.as_bytes().ct_eq(returned.state.as_bytes()).into();
        if !is_ours || returned.state.is_empty() {
            return Err(Fault::NotBegun);
        }
        let named = returned.issuer.as_deref();
        let is_asked = named.map_or(!names_itself, |named| named == issuer);
        if provider != self.provider || !is_asked {
            return Err(Fault::MixedUp);
        }
        match (&returned.error, &returned.code) {
            (Some(error), _) => Err(Fault::of_code(error)),
            (None, Some(code)) => Ok(code),
            (None, None) => Err(Fault::NotBegun),
        }
    }
}

impl Newcomer {
    /// Somebody, told of by the provider of this name.
    pub fn of(person: &Person, provider: &str, next: &str, now: SystemTime) -> Self {
        Self {
            provider: provider.to_owned(),
            issuer: person.issuer.clone(),
            subject: person.subject.clone(),
            label: person.label(),
            name: person.suggestion(),
            next: next.to_owned(),
            told: now,
        }
    }

    /// For a cookie.
    pub fn seal(&self, sealer: &Sealer) -> String {
        let Self { provider, issuer, subject, label, name, next, told } = self;
        let told = unix_seconds(*told).to_string();
        sealer.seal(NEWCOMER, &[provider, issuer, subject, label, name, next, &told])
    }

    /// That of a cookie; `None` if it is none, or too old.
    pub fn open(sealer: &Sealer, text: &str, now: SystemTime) -> Option<Self> {
        let [provider, issuer, subject, label, name, next, told] = sealer.open(NEWCOMER, text)?;
        let told = moment(&told)?;
        let newcomer = Self { provider, issuer, subject, label, name, next, told };
        is_recent(told, now).then_some(newcomer)
    }
}

impl Purpose {
    fn written(self) -> (&'static str, i64) {
        match self {
            Purpose::SignIn => ("sign-in", 0),
            Purpose::Link(account) => ("link", account),
            Purpose::Confirm(account) => ("confirm", account),
        }
    }

    fn read(word: &str, account: i64) -> Option<Self> {
        let all = [Purpose::SignIn, Purpose::Link(account), Purpose::Confirm(account)];
        all.into_iter().find(|purpose| purpose.written().0 == word)
    }
}

/// For how long what was begun may be gone on with.
pub const LASTS: Duration = Duration::from_secs(10 * 60);

fn moment(seconds: &str) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds.parse().ok()?))
}

/// A clock that was set back in between does not make it good for longer.
fn is_recent(at: SystemTime, now: SystemTime) -> bool {
    let apart = now.duration_since(at).unwrap_or_else(|ahead| ahead.duration());
    apart <= LASTS
}

const FLOW: &str = "flow";
const NEWCOMER: &str = "newcomer";

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn flow() -> Flow {
        Flow {
            provider: "corp".to_owned(),
            purpose: Purpose::Link(7),
            state: "s1".to_owned(),
            nonce: "n1".to_owned(),
            verifier: "v1".to_owned(),
            next: "/r/door/?a=1|2".to_owned(),
            begun: at(1000),
        }
    }

    #[test]
    fn what_was_begun_is_gone_on_with_for_ten_minutes() {
        let sealer = Sealer::new();
        for purpose in [Purpose::SignIn, Purpose::Link(7), Purpose::Confirm(9)] {
            let flow = match purpose {
                Purpose::SignIn => Flow { purpose, ..flow() },
                _ => Flow { purpose, ..flow() },
            };
            let sealed = flow.seal(&sealer);
            let opened = Flow::open(&sealer, &sealed, at(1600)).unwrap();
            let same = opened.purpose.written().0 == purpose.written().0;
            assert!(same && opened.next == flow.next, "{opened:?}");
            assert!(Flow::open(&sealer, &sealed, at(1601)).is_none(), "too late");
            assert!(Flow::open(&sealer, &sealed, at(399)).is_none(), "the clock was set back");
            assert!(Newcomer::open(&sealer, &sealed, at(1000)).is_none(), "another kind");
        }
    }

    #[test]
    fn an_answer_is_taken_from_who_was_asked_alone() {
        let returned = |query: &[(&str, &str)]| {
            let fields: Vec<_> = query
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
            Returned::of(&fields)
        };
        let issuer = "https://id.example";
        let good = returned(&[("state", "s1"), ("code", "c1")]);
        assert_eq!(flow().accepts(&good, "corp", issuer, false).unwrap(), "c1");
        let named = returned(&[("state", "s1"), ("code", "c1"), ("iss", issuer)]);
        assert_eq!(flow().accepts(&named, "corp", issuer, true).unwrap(), "c1");
        let fault = |query: &[(&str, &str)], provider: &str, names_itself| {
            flow().accepts(&returned(query), provider, issuer, names_itself).unwrap_err()
        };
        for (query, provider, names_itself, expected) in [
            (&[("code", "c1")][..], "corp", false, Fault::NotBegun),
            (&[("state", ""), ("code", "c1")], "corp", false, Fault::NotBegun),
            (&[("state", "s2"), ("code", "c1")], "corp", false, Fault::NotBegun),
            (&[("state", "s1")], "corp", false, Fault::NotBegun),
            (&[("state", "s1"), ("code", "c1")], "other", false, Fault::MixedUp),
            (&[("state", "s1"), ("code", "c1")], "corp", true, Fault::MixedUp),
            (
                &[("state", "s1"), ("code", "c"), ("iss", "https://e/")],
                "corp",
                false,
                Fault::MixedUp,
            ),
            (&[("state", "s1"), ("error", "access_denied")], "corp", false, Fault::Declined),
            (&[("state", "s2"), ("error", "access_denied")], "corp", false, Fault::NotBegun),
        ] {
            assert_eq!(fault(query, provider, names_itself), expected, "{query:?}");
        }
    }
}
