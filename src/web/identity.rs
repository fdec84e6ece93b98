//! Whose request it is: the cookie `viewer`, given, and known again.
//!
//! Its value is an id of 128 random bits and a tag of 64, by which this server knows that it gave
//! the id itself: nobody can make one up, and so be many who are remembered, or be the same as
//! somebody else. The keys are of this run, as the settings that an id stands for are. What a
//! browser kept from an earlier run is replaced by an id that follows from it, so that all
//! requests that are on their way agree.

use std::time::Duration;

use siphasher::{sip, sip128};

use super::answer::Answer;
use crate::live::settings::ViewerId;
use crate::proto::cookie;
use crate::proto::http::Head;

/// Gives ids, and knows them again.
pub(super) struct Identities {
    of_tags: [u8; 16],
    of_ids: [u8; 16],
}

/// Who a request says that it is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Identity {
    /// One to whom this id was given.
    Known(ViewerId),
    /// One whose cookie is not of this run, and who gets this id for it.
    Renewed(ViewerId),
    /// Nobody yet.
    Stranger,
}

impl Identity {
    /// The viewer, if it is one.
    pub(super) fn id(self) -> Option<ViewerId> {
        match self {
            Identity::Known(id) | Identity::Renewed(id) => Some(id),
            Identity::Stranger => None,
        }
    }
}

impl Identities {
    /// With keys that nobody knows.
    pub(super) fn new() -> Self {
        let mut keys = [[0; 16]; 2];
        getrandom::fill(keys.as_flattened_mut()).expect("the system has random numbers");
        Self { of_tags: keys[0], of_ids: keys[1] }
    }

    /// A name of this run: whoever knows the server by another knows one that is gone.
    pub(super) fn run(&self) -> String {
        format!("{:016x}", sip::SipHasher24::new_with_key(&self.of_ids).hash(b"run"))
    }

    /// Who sends a request.
    pub(super) fn of(&self, head: &Head) -> Identity {
        let sent = cookie::find(head.headers.all("Cookie"), NAME);
        sent.map_or(Identity::Stranger, |value| self.read(value))
    }

    /// Gives a viewer its cookie. By TLS it is the same and without `Secure`: a browser knows no
    /// cookie by scheme or port, so that it would no longer be sent to this server in clear, and
    /// who changes from one to the other would be another viewer each time.
    pub(super) fn give(&self, answer: Answer, id: ViewerId) -> Answer {
        let value = format!("{id}{:016x}", self.tag(id));
        answer.header("Set-Cookie", cookie::set_cookie(NAME, &value, LASTS))
    }

    fn read(&self, value: &str) -> Identity {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if ![ID_DIGITS, ID_DIGITS + TAG_DIGITS].contains(&value.len()) || !value.bytes().all(digit)
        {
            // Another program's: it may be the same for everybody who comes.
            return Identity::Stranger;
        }
        let (id, tag) = value.split_at(ID_DIGITS);
        match id.parse::<ViewerId>() {
            Ok(id) if u64::from_str_radix(tag, 16) == Ok(self.tag(id)) => Identity::Known(id),
            _ => Identity::Renewed(self.follows_from(value)),
        }
    }

    fn tag(&self, id: ViewerId) -> u64 {
        sip::SipHasher24::new_with_key(&self.of_tags).hash(&id.to_bits().to_be_bytes())
    }

    fn follows_from(&self, value: &str) -> ViewerId {
        let hash = sip128::SipHasher24::new_with_key(&self.of_ids).hash(value.as_bytes());
        ViewerId::from_bits(hash.into())
    }
}

const NAME: &str = "viewer";
const LASTS: Duration = Duration::from_secs(365 * 24 * 3600);
const ID_DIGITS: usize = 32;
const TAG_DIGITS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::http::Status;

    fn given(identities: &Identities, id: ViewerId) -> String {
        let now = std::time::Instant::now();
        let answer = identities.give(Answer::empty(Status::Ok), id);
        let method = crate::proto::http::Method::Get;
        let wall = std::time::SystemTime::UNIX_EPOCH;
        let head = answer.into_sending(&method, false, wall, now).in_memory();
        let head = String::from_utf8(head).unwrap();
        let (_, cookie) = head.split_once("viewer=").unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    #[test]
    fn what_was_given_is_known_again_and_by_nobody_else() {
        let (identities, others) = (Identities::new(), Identities::new());
        let id = ViewerId::random();
        let value = given(&identities, id);
        assert_eq!(value.len(), 48);
        assert_eq!(identities.read(&value), Identity::Known(id));
        assert!(matches!(others.read(&value), Identity::Renewed(other) if other != id));
    }

    #[test]
    fn one_bit_that_differs_is_another() {
        let identities = Identities::new();
        let value = given(&identities, ViewerId::random());
        for at in 0..value.len() {
            let mut made_up = value.clone().into_bytes();
            made_up[at] = if made_up[at] == b'0' { b'1' } else { b'0' };
            let made_up = String::from_utf8(made_up).unwrap();
            assert!(matches!(identities.read(&made_up), Identity::Renewed(_)), "digit {at}");
        }
        for cut in 0..value.len() {
            let read = identities.read(&value[..cut]);
            assert_eq!(matches!(read, Identity::Renewed(_)), cut == ID_DIGITS, "cut at {cut}");
        }
    }

    #[test]
    fn what_is_refused_is_replaced_by_the_same_each_time() {
        let identities = Identities::new();
        let (one, two) = ("0".repeat(48), "0".repeat(32));
        assert_eq!(identities.read(&one), identities.read(&one));
        assert_ne!(identities.read(&one), identities.read(&two));
        let id = identities.read(&one).id().unwrap();
        assert_ne!(id, ViewerId::from_bits(0));
        assert_eq!(identities.read(&given(&identities, id)), Identity::Known(id));
    }

    #[test]
    fn what_is_no_id_is_nobodys() {
        for value in ["", "0", "guest", &"g".repeat(48), &"A".repeat(48), &"0".repeat(49)] {
            assert_eq!(Identities::new().read(value), Identity::Stranger, "{value}");
        }
    }
}
