//! Who is in a room's chat: unlike each other by name, known again for a while after they left.
//!
//! Who came and who went is told together, once a second at most; who is back in five seconds was
//! never away.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Refused;
use crate::account::{Account, Capability, Looks, Name};
use crate::base::subnet::Group;
use crate::store::account::AccountId;
use crate::store::session::Hash;

/// By what somebody is known in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Who {
    /// Who has an account.
    Account(AccountId),
    /// A browser of nobody's, for as long as the server runs.
    Guest(u64),
}

/// What somebody is, as others see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Nobody signed in.
    Guest,
    /// Has an account.
    Member,
    /// Keeps order in this room.
    Moderator,
    /// Runs the server.
    Host,
}

/// Somebody in the room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// By what it is known.
    pub who: Who,
    /// As others see it.
    pub name: String,
    /// What it is.
    pub role: Role,
}

/// Somebody who comes to the door.
#[derive(Debug, Clone)]
pub struct Applicant {
    /// Who it is.
    pub person: Person,
    /// What its name looks like.
    pub looks: Looks,
    /// Where it comes from.
    pub address: IpAddr,
    /// By which its browser is known, if it has an id.
    pub browser: Option<Hash>,
}

/// Whose a seat is. Those of an earlier generation were sent out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Holder {
    pub(super) who: Who,
    pub(super) generation: u64,
}

/// All of them.
#[derive(Default)]
pub(super) struct People {
    present: HashMap<Who, Present>,
    /// Who was here, for who is to be sent out that left just now; and since when it was known.
    before: HashMap<Who, (Applicant, Instant)>,
    /// Guests who had to go, as their names are somebody's who has an account.
    renamed: HashSet<Who>,
    /// By which somebody here may go live, the last ones.
    keys: VecDeque<(Who, Hash)>,
    generations: u64,
    joined: Vec<Who>,
    left: Vec<Who>,
    told_at: Option<Instant>,
}

struct Present {
    applicant: Applicant,
    /// When it came for the first time.
    since: Instant,
    /// Of its seats; others were sent out.
    generation: u64,
    seats: usize,
    /// Since when it has no seat.
    empty_since: Option<Instant>,
    /// Whether it asks to go live.
    hand: bool,
    /// The key by which it may.
    key: Option<Arc<str>>,
}

impl Applicant {
    /// A guest of this name.
    ///
    /// # Errors
    ///
    /// [`Refused`] if it is none, or could be taken for the server's or a host's.
    pub fn guest(
        who: Who,
        name: &str,
        role: Role,
        address: IpAddr,
        browser: Option<Hash>,
    ) -> Result<Self, Refused> {
        let name = Name::new(name).map_err(Refused::Name)?;
        let looks = name.looks().clone();
        if role == Role::Guest && is_an_office(&looks) {
            return Err(Refused::NameTaken);
        }
        let person = Person { who, name: name.as_str().to_owned(), role };
        Ok(Self { person, looks, address, browser })
    }
}

impl People {
    /// Lets somebody in.
    pub(super) fn enter(&mut self, applicant: Applicant, now: Instant) -> Result<Holder, Refused> {
        let who = applicant.person.who;
        let is_other = |present: &&Present| {
            present.applicant.person.who != who && present.applicant.looks.is_like(&applicant.looks)
        };
        if let Some(other) = self.present.values().find(is_other).map(|other| other.who()) {
            // Whoever has an account has its name; a guest gives way.
            if applicant.person.role == Role::Guest || matches!(other, Who::Account(_)) {
                return Err(Refused::NameTaken);
            }
            self.rename(other);
        }
        if self.present.len() >= MOST && !self.present.contains_key(&who) {
            return Err(Refused::Full);
        }
        self.generations += 1;
        let generation = self.generations;
        let since = self.before.get(&who).map_or(now, |(_, since)| *since);
        let present = self.present.entry(who).or_insert_with(|| {
            self.joined.push(who);
            let (hand, key) = (false, None);
            Present {
                applicant: applicant.clone(),
                since,
                generation,
                seats: 0,
                empty_since: None,
                hand,
                key,
            }
        });
        if present.applicant.person != applicant.person {
            self.joined.push(who);
        }
        present.applicant = applicant;
        present.seats += 1;
        present.empty_since = None;
        self.left.retain(|left| *left != who);
        self.renamed.remove(&who);
        self.told_at.get_or_insert(now);
        Ok(Holder { who, generation: present.generation })
    }

    /// Takes a seat back.
    pub(super) fn leave(&mut self, holder: Holder, now: Instant) {
        let Some(present) = self.present.get_mut(&holder.who) else { return };
        if present.generation == holder.generation {
            present.seats = present.seats.saturating_sub(1);
            if present.seats == 0 {
                present.empty_since = Some(now);
            }
        }
    }

    /// Sends somebody out.
    pub(super) fn expel(&mut self, who: Who) -> Option<Applicant> {
        let out = match self.present.remove(&who) {
            Some(present) => {
                self.gone(who, present.applicant.clone(), present.since);
                Some(present.applicant)
            }
            None => self.before.get(&who).map(|(applicant, _)| applicant.clone()),
        };
        self.joined.retain(|joined| *joined != who);
        out
    }

    /// Has a guest go whose name is somebody's who has an account: it comes again by another.
    fn rename(&mut self, guest: Who) {
        self.expel(guest);
        if self.renamed.len() >= MOST {
            self.renamed.clear();
        }
        self.renamed.insert(guest);
    }

    /// Whether it had to go for its name alone.
    pub(super) fn is_renamed(&self, who: Who) -> bool {
        self.renamed.contains(&who)
    }

    fn gone(&mut self, who: Who, applicant: Applicant, since: Instant) {
        self.left.push(who);
        if self.before.len() >= MOST {
            self.before.clear();
        }
        self.before.insert(who, (applicant, since));
    }

    /// Who sits there, unless that one was sent out.
    pub(super) fn here(&self, holder: Holder) -> Option<&Person> {
        let present = self.present.get(&holder.who)?;
        (present.generation == holder.generation).then_some(&present.applicant.person)
    }

    /// The same, as what it is now; others are told if that is another.
    pub(super) fn renewed(&mut self, holder: Holder, role: Role) -> Option<Person> {
        let present = self.present.get_mut(&holder.who)?;
        if present.generation != holder.generation {
            return None;
        }
        if present.applicant.person.role != role {
            present.applicant.person.role = role;
            self.joined.push(holder.who);
        }
        Some(present.applicant.person.clone())
    }

    /// Behind which address a guest is.
    pub(super) fn group_of_guest(&self, who: Who) -> Option<Group> {
        let present = self.present.get(&who).filter(|_| matches!(who, Who::Guest(_)))?;
        Some(Group::of(present.applicant.address))
    }

    /// Whether somebody else is here whose name looks so.
    pub(super) fn has_other(&self, who: Who, looks: &Looks) -> bool {
        let is_it = |one: &Present| one.who() != who && one.applicant.looks.is_like(looks);
        self.present.values().any(is_it)
    }

    /// Where somebody comes from, and when it came for the first time.
    pub(super) fn origin(&self, who: Who) -> Option<(IpAddr, Instant)> {
        let present = self.present.get(&who).map(|one| (one.applicant.address, one.since));
        present.or_else(|| self.before.get(&who).map(|(one, since)| (one.address, *since)))
    }

    /// Who is or was here.
    pub(super) fn known(&self, who: Who) -> Option<&Person> {
        self.applicant(who).map(|applicant| &applicant.person)
    }

    /// The same, as it came to the door.
    pub(super) fn applicant(&self, who: Who) -> Option<&Applicant> {
        let present = self.present.get(&who).map(|present| &present.applicant);
        present.or_else(|| self.before.get(&who).map(|(applicant, _)| applicant))
    }

    /// Who is here, those who keep order first, as they are told.
    pub(super) fn all(&self) -> Vec<Value> {
        let mut all: Vec<_> = self.present.values().collect();
        all.sort_by(|one, other| {
            let (one, other) = (&one.applicant.person, &other.applicant.person);
            other
                .role
                .cmp(&one.role)
                .then_with(|| (&one.name, one.who).cmp(&(&other.name, other.who)))
        });
        all.into_iter().map(Present::as_json).collect()
    }

    /// Notes that somebody asks to go live, or does no longer.
    pub(super) fn raise(&mut self, holder: Holder, hand: bool) -> Result<(), Refused> {
        let present = self.present.get_mut(&holder.who);
        let present = present.filter(|present| present.generation == holder.generation);
        let present = present.ok_or(Refused::NotHere)?;
        if std::mem::replace(&mut present.hand, hand) != hand && !self.joined.contains(&holder.who)
        {
            self.joined.push(holder.who);
        }
        Ok(())
    }

    /// Gives somebody who is here a key by which it goes live.
    pub(super) fn admit(&mut self, who: Who, key: &str, hash: Hash) -> Result<(), Refused> {
        let present = self.present.get_mut(&who).ok_or(Refused::NoSuch)?;
        if self.keys.len() >= MOST {
            self.keys.pop_front();
        }
        self.keys.push_back((who, hash));
        present.key = Some(key.into());
        if std::mem::take(&mut present.hand) && !self.joined.contains(&who) {
            self.joined.push(who);
        }
        Ok(())
    }

    /// The keys that were given to somebody, whether or not it is here still.
    pub(super) fn keys_of(&self, who: Who) -> Vec<Hash> {
        self.keys.iter().filter(|(whose, _)| *whose == who).map(|(_, hash)| *hash).collect()
    }

    /// The key that somebody was given.
    pub(super) fn key(&self, holder: Holder) -> Option<&Arc<str>> {
        self.present.get(&holder.who)?.key.as_ref()
    }

    /// Who came and went since the last time, if it is time to tell that.
    pub(super) fn tick(&mut self, now: Instant) -> Option<Value> {
        if self.told_at.is_some_and(|at| now < at + TOLD_EACH) {
            return None;
        }
        let is_over = |present: &Present| {
            present.empty_since.is_some_and(|at| now.saturating_duration_since(at) >= GRACE)
        };
        let over: Vec<_> = self
            .present
            .iter()
            .filter(|(_, present)| is_over(present))
            .map(|(who, present)| (*who, present.applicant.clone(), present.since))
            .collect();
        for (who, applicant, since) in over {
            self.present.remove(&who);
            self.joined.retain(|joined| *joined != who);
            self.gone(who, applicant, since);
        }
        if self.joined.is_empty() && self.left.is_empty() {
            return None;
        }
        self.told_at = Some(now);
        let joined = std::mem::take(&mut self.joined);
        let joined: Vec<_> =
            joined.into_iter().filter_map(|who| Some(self.present.get(&who)?.as_json())).collect();
        let left: Vec<_> =
            std::mem::take(&mut self.left).iter().map(|who| Value::from(who.to_string())).collect();
        Some(json!({ "type": "people", "joined": joined, "left": left }))
    }
}

impl Present {
    fn who(&self) -> Who {
        self.applicant.person.who
    }

    fn as_json(&self) -> Value {
        let mut told = self.applicant.person.as_json();
        if self.hand {
            told["hand"] = json!(true);
        }
        told
    }
}

impl Person {
    /// As it is told.
    pub(super) fn as_json(&self) -> Value {
        json!({ "who": self.who.to_string(), "name": self.name, "role": self.role.as_str() })
    }
}

impl Role {
    /// What an account is in a room at this moment.
    pub fn of(account: &Account, room: &str) -> Self {
        if account.is_host {
            Role::Host
        } else if account.may(room).has(Capability::Moderate) {
            Role::Moderator
        } else {
            Role::Member
        }
    }

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Guest => "guest",
            Role::Member => "member",
            Role::Moderator => "moderator",
            Role::Host => "host",
        }
    }

    /// Whether it keeps order.
    pub fn keeps_order(self) -> bool {
        self >= Role::Moderator
    }

    /// Whether who has this role is one about whom another may decide: nobody touches a host, and
    /// moderators not each other.
    pub(super) fn may_be_moved_by(self, other: Role) -> bool {
        self != Role::Host && other.keeps_order() && (other == Role::Host || self < other)
    }

    /// One that was written.
    pub(super) fn parse(text: &str) -> Self {
        let all = [Role::Member, Role::Moderator, Role::Host];
        all.into_iter().find(|role| role.as_str() == text).unwrap_or(Role::Guest)
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Who::Account(AccountId(id)) => write!(f, "a{id}"),
            Who::Guest(id) => write!(f, "g{id:x}"),
        }
    }
}

/// The text names nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAWho;

impl FromStr for Who {
    type Err = NotAWho;

    fn from_str(text: &str) -> Result<Self, NotAWho> {
        let of_guest = |digits| u64::from_str_radix(digits, 16).ok().map(Who::Guest);
        let of_account = |digits: &str| digits.parse().ok().map(|id| Who::Account(AccountId(id)));
        let who = match text.split_at_checked(1) {
            Some(("a", digits)) => of_account(digits),
            Some(("g", digits)) => of_guest(digits),
            _ => None,
        };
        who.filter(|who| who.to_string() == text).ok_or(NotAWho)
    }
}

/// Whether a name could be taken for that of who runs the server or keeps order.
pub fn is_an_office(looks: &Looks) -> bool {
    OFFICES.iter().any(|office| Looks::of(office).is_like(looks))
}

/// What no guest is called.
const OFFICES: [&str; 8] =
    ["host", "the host", "moderator", "mod", "admin", "administrator", "owner", "operator"];
/// How many may be in one chat.
const MOST: usize = 5000;
const TOLD_EACH: Duration = Duration::from_secs(1);
/// A connection that ended may be back.
const GRACE: Duration = Duration::from_secs(5);
