//! Why somebody cannot sign in by a provider, as that one and the host are told.

use std::fmt;
use std::time::Duration;

/// Why it did not work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The answer is to nothing that this browser began, or that was begun too long ago.
    NotBegun,
    /// The answer is of another provider than the one that was asked.
    MixedUp,
    /// Who was asked said no.
    Declined,
    /// The provider says that it cannot at this moment.
    Unavailable,
    /// The provider refuses what was asked: its word for that.
    Refused(String),
    /// The code was used, or is too old.
    Used,
    /// The provider does not know this server, or not so.
    Unknown,
    /// It cannot be reached: the system's word for that.
    Unreachable(String),
    /// It did not answer in time.
    Silent,
    /// Too many wait for it.
    Busy,
    /// It answers something else than a provider does: what.
    Broken(String),
    /// What it says of who that is cannot be believed: why.
    NotBelieved(String),
    /// Its clock and ours are so far apart.
    Clock(Duration),
    /// Who that is may not enter: whoever may.
    NotAllowed(String),
    /// It is somebody else than who is signed in here.
    SomebodyElse,
}

impl Fault {
    /// What a word of RFC 6749 §4.1.2.1, §5.2 or OpenID Connect Core §3.1.2.6 means.
    pub(super) fn of_code(code: &str) -> Self {
        match code {
            "access_denied" | "consent_required" | "login_required" | "interaction_required" => {
                Fault::Declined
            }
            "server_error" | "temporarily_unavailable" => Fault::Unavailable,
            "invalid_grant" | "bad_verification_code" => Fault::Used,
            "invalid_client"
            | "unauthorized_client"
            | "incorrect_client_credentials"
            | "redirect_uri_mismatch" => Fault::Unknown,
            other => Fault::Refused(word(other)),
        }
    }

    /// Whether nobody tried to pass for somebody else.
    pub(super) fn is_no_lie(&self) -> bool {
        !matches!(self, Fault::NotBelieved(_) | Fault::MixedUp)
    }

    /// What happened and what to do, of a provider that is called so.
    pub fn words(&self, provider: &str) -> String {
        match self {
            Fault::NotBegun => {
                "This sign-in was not begun in this browser, or more than ten minutes \
                                ago. Begin again."
                    .to_owned()
            }
            Fault::MixedUp => format!(
                "The answer is not that of {provider}, which was asked. Begin again; if it happens \
                 twice, tell the host."
            ),
            Fault::Declined => format!(
                "{provider} says that you did not agree. Begin again if you want to, or sign in \
                 otherwise."
            ),
            Fault::Unavailable => {
                format!("{provider} cannot do it at this moment. Try again in a minute.")
            }
            Fault::Used => format!(
                "{provider} takes each sign-in once, and soon after it was begun. Begin again."
            ),
            Fault::Refused(_) | Fault::Unknown | Fault::Broken(_) => format!(
                "{provider} and this server do not understand each other. The host finds the reason \
                 in the log; until then sign in otherwise."
            ),
            Fault::Unreachable(_) => format!(
                "{provider} cannot be reached from here. Try again in a minute, or sign in otherwise."
            ),
            Fault::Silent => format!(
                "{provider} did not answer in time. Try again in a minute, or sign in otherwise."
            ),
            Fault::Busy => {
                format!("Many sign in by {provider} at this moment. Try again in a few seconds.")
            }
            Fault::NotBelieved(_) => format!(
                "What came from {provider} cannot be believed, and nobody was signed in. Begin again; \
                 if it happens twice, tell the host."
            ),
            Fault::Clock(apart) => format!(
                "This server's clock and that of {provider} are {} minutes apart. The host has to set \
                 the clock; until then sign in otherwise.",
                (apart.as_secs() + 30) / 60
            ),
            Fault::NotAllowed(who) => format!(
                "By {provider} only {who} may enter, and you are signed in there as somebody else. \
                 Sign in there with another account, or ask the host."
            ),
            Fault::SomebodyElse => format!(
                "That is another account of {provider} than the one that belongs to yours here. Sign \
                 in there with the right one, and begin again."
            ),
        }
    }
}

/// For the log: without anything secret.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::NotBegun => f.write_str("an answer to nothing that was begun"),
            Fault::MixedUp => f.write_str("an answer of another provider than was asked"),
            Fault::Declined => f.write_str("the person declined"),
            Fault::Unavailable => f.write_str("it says that it cannot at this moment"),
            Fault::Used => f.write_str("the code was used, or is too old"),
            Fault::Refused(code) => write!(f, "it refuses, with {code}"),
            Fault::Unknown => f.write_str(
                "it does not know this client: look at client-id, client-secret-file, and the \
                 redirect address that it was told",
            ),
            Fault::Unreachable(why) => write!(f, "it cannot be reached: {why}"),
            Fault::Silent => f.write_str("it does not answer in time"),
            Fault::Busy => f.write_str("too many wait for it"),
            Fault::Broken(why) => write!(f, "it answers what no provider does: {why}"),
            Fault::NotBelieved(why) => write!(f, "what it says is not believed: {why}"),
            Fault::Clock(apart) => write!(f, "its clock and ours are {} s apart", apart.as_secs()),
            Fault::NotAllowed(who) => write!(f, "somebody who is none of {who}"),
            Fault::SomebodyElse => f.write_str("somebody else than who is signed in"),
        }
    }
}

/// A word that somebody sent, as it may stand in a log.
pub(super) fn word(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(MOST_CHARS).collect()
}

const MOST_CHARS: usize = 120;
