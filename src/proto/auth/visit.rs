//! One server's refusals and what follows from them, for HTTP and RTSP alike.
//!
//! The owner keeps one for as long as it asks the same server, so that a nonce is used for more
//! than one request. Does not know how long to wait after the last refusal.

use super::{Challenge, Covered, Login, Who, parse_challenges, parse_parameters};

/// What a server has asked of us, and was told.
#[derive(Clone, Debug, Default)]
pub struct Visit {
    who: Option<Who>,
    login: Option<Login>,
    /// It let us in with what is sent now.
    accepted: bool,
    /// New nonces since it last let us in.
    renewals: u8,
}

/// What to do after a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Ask the same again, with what [`Visit::authorization`] gives now.
    Again,
    /// There is nothing better to say.
    Denied(Denial),
}

/// Why a server does not let us in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denial {
    /// The address has no name and password.
    Anonymous,
    /// It has, and they are wrong.
    Wrong,
    /// It wants to be told in another way than is known here: by this scheme.
    Scheme(String),
}

impl Visit {
    /// Of somebody, or of nobody.
    pub fn of(who: Option<Who>) -> Self {
        Self { who, ..Self::default() }
    }

    /// Whether there is a name and a password to send.
    pub fn has_login(&self) -> bool {
        self.who.is_some()
    }

    /// The value of `Authorization` for the next request, once the server has asked for one.
    pub fn authorization(&mut self, request: Covered<'_>) -> Option<String> {
        let who = self.who.as_ref()?;
        self.login.as_mut().map(|login| login.authorize(who, request))
    }

    /// The server refused (401, 403), with the values of all its `WWW-Authenticate` fields.
    /// `cnonce` is for a new Digest, and should be random.
    pub fn refused<'a>(&mut self, fields: impl Iterator<Item = &'a str>, cnonce: &str) -> Next {
        let challenges: Vec<Challenge> =
            fields.take(MAX_FIELDS).flat_map(parse_challenges).collect();
        let offered = Login::strongest(&challenges, cnonce);
        if let (None, Some(first)) = (&offered, challenges.first()) {
            return self.denied(Denial::Scheme(shown(&first.scheme)));
        }
        if self.who.is_none() {
            return self.denied(Denial::Anonymous);
        }
        let goes_on = match (&self.login, &offered) {
            // Some do not say what they want: what can it be.
            (None, _) => true,
            (Some(Login::Basic), Some(Login::Digest(_))) => self.renewals < MAX_RENEWALS,
            (Some(Login::Digest(old)), Some(Login::Digest(new))) => {
                // A nonce has its time; not every server says that it is over.
                let is_over = new.stale || self.accepted && new.nonce() != old.nonce();
                is_over && self.renewals < MAX_RENEWALS
            }
            _ => false,
        };
        if !goes_on {
            return self.denied(Denial::Wrong);
        }
        self.renewals += u8::from(self.login.is_some());
        self.accepted = false;
        self.login = Some(offered.unwrap_or(Login::Basic));
        Next::Again
    }

    /// The server let us in, perhaps with `Authentication-Info`.
    pub fn accepted(&mut self, info: Option<&str>) {
        (self.accepted, self.renewals) = (true, 0);
        let Some(Login::Digest(digest)) = &mut self.login else {
            return;
        };
        let is_next = |(name, _): &(String, String)| name.eq_ignore_ascii_case("nextnonce");
        let parameters = info.map(parse_parameters).unwrap_or_default();
        if let Some((_, nonce)) = parameters.into_iter().find(is_next) {
            digest.renew(&nonce);
        }
    }

    /// The next visit starts anew.
    fn denied(&mut self, denial: Denial) -> Next {
        (self.login, self.accepted, self.renewals) = (None, false, 0);
        Next::Denied(denial)
    }
}

/// A foreign word, fit for a line.
fn shown(scheme: &str) -> String {
    scheme.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(MAX_SHOWN).collect()
}

/// One refusal after another that only a new nonce is to blame for.
const MAX_RENEWALS: u8 = 2;
const MAX_FIELDS: usize = 16;
const MAX_SHOWN: usize = 40;
