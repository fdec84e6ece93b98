//! Who may watch over RTSP: every request but OPTIONS asks here first, in both dialects, and every
//! session asks again when rights have changed.
//!
//! Does not know who there is, nor what they may: a [`Doorkeeper`] does. Who logs in does so by a
//! device's password, as [`crate::proto::auth`] has it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::{TRACK, random};
use crate::base::rate::{Rate, Rates, TooSoon};
use crate::base::subnet::Group;
use crate::base::warn_rate::WarnRate;
use crate::proto::auth::{
    Age, Credentials, Ha1, Nonces, Proof, Reason, Who, challenges, parse_credentials,
};
use crate::proto::rtsp::Uri;

/// Knows who may watch. Asked on a lane, and so may not wait for anything.
///
/// A room that there is not is asked about like any other: what is said of it has to be what is
/// said of one that must not be known.
pub trait Doorkeeper: Send + Sync {
    /// Whether who has no login may watch this room (`None`: the default one, or a clip).
    fn lets_guests_watch(&self, room: Option<&str>, address: IpAddr) -> bool;
    /// The device of this user name, if there is one, and whether it may watch this room from there.
    fn device(&self, user: &str, room: Option<&str>, address: IpAddr) -> Option<Device>;
    /// A number that changes whenever any right changes.
    fn revision(&self) -> u64;
    /// Whether the device of this number may still watch this room from there.
    fn still(&self, device: u64, room: Option<&str>, address: IpAddr) -> bool;
}

/// A program or a recorder that has a password of its own.
#[derive(Clone, Debug)]
pub struct Device {
    /// No other has had it.
    pub number: u64,
    /// What is kept of its password.
    pub ha1: Ha1,
    /// Whether it may watch the room that was asked for.
    pub may_watch: bool,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Identity {
    /// Somebody without a login.
    Guest,
    /// The device of this number.
    Device(u64),
}

/// What somebody was let in for.
#[derive(Clone, Debug)]
pub(super) struct Pass {
    pub(super) who: Identity,
    room: Option<String>,
}

/// What a request asks, as far as it matters who may.
pub(super) struct Wish<'a> {
    pub(super) method: &'a str,
    /// As it stands in the first line; the lab's dialect has none.
    pub(super) uri: Option<&'a Uri>,
    /// The value of `Authorization`.
    pub(super) login: Option<&'a str>,
    pub(super) room: Option<&'a str>,
    /// Whose session it names, if there is such a one.
    pub(super) session: Option<Identity>,
}

/// Why somebody is not let in, and what to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// 401, with these values of `WWW-Authenticate`.
    LogIn([String; 2]),
    /// 403: a login cannot help, or did not.
    Forbidden,
    /// 404: the login is right, and must not know that there is such a room.
    Unknown,
    /// 454: the session is another's.
    NotTheirs,
    /// 503: too many wrong logins came from there. In this time one is looked at again.
    TooOften(Duration),
}

/// A connection, as far as it has logged in.
pub(super) struct Visitor {
    /// No other connection has it.
    number: u64,
    address: IpAddr,
    known: Option<Known>,
    /// Its wrong logins.
    wrong: u32,
    is_turned_away: bool,
}

/// The last login of a connection that was right.
struct Known {
    device: u64,
    nonce: Option<String>,
}

/// Where all of a server's connections come to.
pub(super) struct Door {
    /// None lets everybody in.
    keeper: Option<Arc<dyn Doorkeeper>>,
    nonces: Nonces,
    /// The nonces count from there.
    opened: Instant,
    wrong: Mutex<Rates<Group>>,
}

/// Whether a request's sender may watch what it asks for, and who that is.
///
/// A wrong login is refused also where guests may watch: otherwise it could be told from what
/// follows which one is right, and nobody would have counted.
///
/// # Errors
///
/// [`Refusal`] if not.
pub(super) fn may_watch(
    door: &Door,
    visitor: &mut Visitor,
    wish: &Wish<'_>,
    now: Instant,
) -> Result<Pass, Refusal> {
    let who = match &door.keeper {
        Some(keeper) => door.identify(&**keeper, visitor, wish, now)?,
        None => Identity::Guest,
    };
    match wish.session {
        // An id that was overheard is of no use; of a guest's there is nothing to be had by it.
        Some(owner @ Identity::Device(_)) if owner != who => Err(Refusal::NotTheirs),
        _ => Ok(Pass { who, room: wish.room.map(str::to_owned) }),
    }
}

impl Door {
    pub(super) fn new(keeper: Option<Arc<dyn Doorkeeper>>, now: Instant) -> Self {
        let wrong = Mutex::new(Rates::new(WRONG, MOST_REMEMBERED));
        Self { keeper, nonces: Nonces::new(random()), opened: now, wrong }
    }

    /// When a session is to look again whether it may go on, if nothing else happens before.
    pub(super) fn next_look(&self, now: Instant) -> Option<Instant> {
        self.keeper.is_some().then_some(now + LOOK)
    }

    /// Whether what a pass was given for is still allowed. `seen` is the revision at which that was
    /// found out last.
    pub(super) fn lets_stay(&self, pass: &Pass, address: IpAddr, seen: &mut Option<u64>) -> bool {
        let Some(keeper) = &self.keeper else { return true };
        // Before the rights: what changes after it is found at the next look.
        let revision = keeper.revision();
        if *seen == Some(revision) {
            return true;
        }
        *seen = Some(revision);
        let room = pass.room();
        match pass.who {
            Identity::Guest => keeper.lets_guests_watch(room, address),
            Identity::Device(number) => keeper.still(number, room, address),
        }
    }

    fn identify(
        &self,
        keeper: &dyn Doorkeeper,
        visitor: &mut Visitor,
        wish: &Wish<'_>,
        now: Instant,
    ) -> Result<Identity, Refusal> {
        let lets_guests = || keeper.lets_guests_watch(wish.room, visitor.address);
        let Some(login) = wish.login else {
            return match (wish.session, &visitor.known) {
                // Some players leave it out within a session. Nobody else writes into their
                // connection, which has logged in.
                (Some(owner), Some(known))
                    if owner == Identity::Device(known.device)
                        && keeper.still(known.device, wish.room, visitor.address) =>
                {
                    Ok(owner)
                }
                _ if lets_guests() => Ok(Identity::Guest),
                _ if wish.uri.is_none() => Err(Refusal::Forbidden),
                _ => Err(self.ask(visitor, Reason::NoLogin, now)),
            };
        };
        let device = self.check(keeper, visitor, wish, login, now)?;
        match (device.may_watch, wish.room) {
            (true, _) => Ok(Identity::Device(device.number)),
            _ if keeper.lets_guests_watch(wish.room, visitor.address) => Ok(Identity::Guest),
            (false, None) => Err(Refusal::Forbidden),
            (false, Some(_)) => Err(Refusal::Unknown),
        }
    }

    /// The device whose login this is.
    fn check(
        &self,
        keeper: &dyn Doorkeeper,
        visitor: &mut Visitor,
        wish: &Wish<'_>,
        login: &str,
        now: Instant,
    ) -> Result<Device, Refusal> {
        let group = Group::of(visitor.address);
        if let Err(TooSoon(wait)) = self.wrong.lock().may(&group, now) {
            visitor.is_turned_away = true;
            return Err(Refusal::TooOften(wait));
        }
        let device = match parse_credentials(login) {
            Ok(Credentials::Digest(proof)) => {
                match self.age(proof.nonce(), visitor, now) {
                    Age::Fresh => {}
                    // Nothing was tried by these.
                    Age::Stale => return Err(self.ask(visitor, Reason::Stale, now)),
                    Age::Foreign => return Err(self.ask(visitor, Reason::NoLogin, now)),
                }
                let device = shown(keeper, wish, visitor.address, &proof);
                device.map(|device| (device, Some(proof.nonce().to_owned())))
            }
            Ok(Credentials::Basic(who)) => {
                told(keeper, wish, visitor.address, &who).map(|device| (device, None))
            }
            // Tokens are for HTTP.
            Ok(Credentials::Bearer(_)) | Err(_) => None,
        };
        let Some((device, nonce)) = device else {
            self.wrong.lock().did(group, now);
            visitor.wrong += 1;
            visitor.is_turned_away |= visitor.wrong >= MAX_WRONG;
            GUESSED.warn(now, format_args!("a wrong login over RTSP from {}", visitor.address));
            return Err(self.ask(visitor, Reason::NoLogin, now));
        };
        visitor.known = Some(Known { device: device.number, nonce });
        Ok(device)
    }

    /// As [`Nonces::age`], but a nonce that has let this connection in does not grow old: FFmpeg
    /// does not listen to what its TEARDOWN is answered, and would be sent packets on.
    fn age(&self, nonce: &str, visitor: &Visitor, now: Instant) -> Age {
        let known = visitor.known.as_ref().and_then(|known| known.nonce.as_deref());
        if known == Some(nonce) {
            return Age::Fresh;
        }
        self.nonces.age(nonce, visitor.number, self.time(now))
    }

    fn ask(&self, visitor: &Visitor, reason: Reason, now: Instant) -> Refusal {
        let nonce = self.nonces.give(visitor.number, self.time(now));
        Refusal::LogIn(challenges(&nonce, reason))
    }

    fn time(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.opened)
    }
}

impl Pass {
    /// For what everybody may ask.
    pub(super) fn of_nobody() -> Self {
        Self { who: Identity::Guest, room: None }
    }

    /// The room; none if it is the default one, or a clip.
    pub(super) fn room(&self) -> Option<&str> {
        self.room.as_deref()
    }
}

impl Visitor {
    /// A connection that has just come.
    pub(super) fn new(number: u64, address: IpAddr) -> Self {
        Self { number, address, known: None, wrong: 0, is_turned_away: false }
    }

    /// Whether its connection is to be closed once it is answered: it guesses.
    pub(super) fn is_turned_away(&self) -> bool {
        self.is_turned_away
    }
}

/// The device that shows its password.
fn shown(
    keeper: &dyn Doorkeeper,
    wish: &Wish<'_>,
    address: IpAddr,
    proof: &Proof,
) -> Option<Device> {
    let device = keeper.device(proof.user(), wish.room, address);
    // Who there is not takes as long.
    let kept = device.as_ref().map_or(&NOBODY, |device| &device.ha1);
    let is_asked = |uri: &str| wish.uri.is_some_and(|asked| asked.is_also(uri, TRACK));
    let is_shown = proof.shows(kept, wish.method, is_asked);
    device.filter(|_| is_shown)
}

/// The device that tells its password.
fn told(keeper: &dyn Doorkeeper, wish: &Wish<'_>, address: IpAddr, who: &Who) -> Option<Device> {
    let device = keeper.device(who.name(), wish.room, address);
    let is_told = device.as_ref().map_or(&NOBODY, |device| &device.ha1).is_of(who);
    device.filter(|_| is_told)
}

/// No password has it.
static NOBODY: Ha1 = Ha1 { md5: [0; 16], sha256: [0; 32] };
static GUESSED: WarnRate = WarnRate::new(module_path!());

/// Of one connection, before it is closed.
const MAX_WRONG: u32 = 5;
/// Wrong logins from one address. GStreamer tries a wrong password eight times before it says so,
/// and a recorder that has not been told the newest one comes back every few seconds.
const WRONG: Rate = Rate { burst: 30, each: Duration::from_secs(5) };
const MOST_REMEMBERED: usize = 1024;
/// Twice a second.
const LOOK: Duration = Duration::from_millis(500);

#[cfg(test)]
pub(super) mod tests;
