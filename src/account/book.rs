//! All that is stored of who may what, as it is looked up for each request. Immutable.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rusqlite::Connection;

use super::capability::{Capabilities, Capability};
use super::rooms::{self, AllRules, RoomRules};
use super::whence::Whence;
use crate::base::subnet::Subnet;
use crate::store::account::{self, AccountId, KeptAccount};
use crate::store::ban::{self, KeptBan};
use crate::store::identity::{self, KeptIdentity};
use crate::store::installation;
use crate::store::pass::{self, KeptPass};
use crate::store::program::{self, KeptProgram};
use crate::store::room::{self, KeptKey};
use crate::store::session::{self, Hash, KeptSession};

/// What is stored.
pub struct Book {
    /// Stands in the names of this installation's cookies.
    pub installation: String,
    /// Who has it may watch where a link is asked for.
    pub watch_key: String,
    /// How the server was reached last, an origin; may be empty.
    pub address: String,
    /// Rises with each change.
    pub revision: u64,
    accounts: HashMap<AccountId, Arc<Account>>,
    by_skeleton: HashMap<String, AccountId>,
    sessions: HashMap<Hash, Arc<KeptSession>>,
    programs: HashMap<Hash, Arc<KeptProgram>>,
    users: HashMap<String, Hash>,
    passes: HashMap<Hash, KeptPass>,
    identities: Vec<KeptIdentity>,
    bans: Vec<Ban>,
    pub(super) rules: Arc<AllRules>,
    keys: HashMap<Hash, KeptKey>,
}

/// An account.
pub struct Account {
    /// Its number.
    pub id: AccountId,
    /// As it is shown to all.
    pub name: String,
    /// A PHC string; `None` if it signs in otherwise.
    pub(super) password: Option<String>,
    /// Whether it is a host's.
    pub is_host: bool,
    /// What it may do besides.
    pub grants: Capabilities,
    /// When it was made.
    pub made: SystemTime,
    /// Whether it may not sign in.
    pub disabled: bool,
    /// The rooms in which it keeps order; an empty name is the default one.
    pub moderates: Vec<String>,
}

/// What somebody is, as far as bans of addresses go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nobody who is known.
    Guest,
    /// Has an account, or a token.
    Known,
    /// Runs the server.
    Host,
}

/// A ban, and whom it is about.
struct Ban {
    kept: KeptBan,
    subnet: Option<Subnet>,
}

impl Account {
    /// Whether it signs in with a password.
    pub fn has_password(&self) -> bool {
        self.password.is_some()
    }

    /// What it may do in a room; an empty name is the default one.
    pub fn may(&self, room: &str) -> Capabilities {
        if self.disabled {
            return Capabilities::NONE;
        }
        if self.is_host {
            return Capabilities::ALL;
        }
        let member = Capabilities::LET_IN.or(self.grants);
        match self.moderates.iter().any(|name| name == room) {
            true => member.with(Capability::Moderate),
            false => member,
        }
    }
}

impl Book {
    /// Reads all of it.
    ///
    /// # Errors
    ///
    /// The database's.
    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let kept = installation::read(connection)?;
        let kept = kept.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        let moderators = account::moderators(connection)?;
        let rooms_of = |id: AccountId| {
            let rooms = moderators.iter().filter(|(of, _)| *of == id);
            rooms.map(|(_, room)| room.clone()).collect()
        };
        let all = account::all(connection)?;
        let by_skeleton =
            all.iter().map(|account| (account.skeleton.clone(), account.id)).collect();
        let accounts = all.into_iter().map(|account| {
            let moderates = rooms_of(account.id);
            (account.id, Arc::new(Account::of_kept(account, moderates)))
        });
        let programs: Vec<_> = program::all(connection)?.into_iter().map(Arc::new).collect();
        let user = |program: &Arc<KeptProgram>| {
            program.device.as_ref().map(|device| (device.user.clone(), program.hash))
        };
        let sessions = session::all(connection)?.into_iter().map(Arc::new);
        let rules = room::all(connection)?.into_iter().map(RoomRules::of_kept);
        let rules = Arc::new(rules.collect());
        let keys = room::keys(connection)?.into_iter().map(|key| (key.hash, key)).collect();
        let bans = ban::all(connection)?.into_iter().map(|kept| {
            let subnet = kept.address.as_ref().and_then(|address| address.parse().ok());
            Ban { kept, subnet }
        });
        Ok(Self {
            installation: kept.name,
            watch_key: kept.watch_key,
            address: kept.address,
            revision: kept.revision,
            accounts: accounts.collect(),
            by_skeleton,
            sessions: sessions.map(|session| (session.hash, session)).collect(),
            users: programs.iter().filter_map(user).collect(),
            programs: programs.into_iter().map(|program| (program.hash, program)).collect(),
            passes: pass::all(connection)?.into_iter().map(|pass| (pass.hash, pass)).collect(),
            identities: identity::all(connection)?,
            bans: bans.collect(),
            rules,
            keys,
        })
    }

    /// What is said of a room; an empty name is the default one.
    pub fn rules(&self, room: &str) -> RoomRules {
        self.rules.get(room).cloned().unwrap_or_default()
    }

    /// The key of this hash, if it is good.
    pub fn key(&self, hash: &Hash, now: SystemTime) -> Option<&KeptKey> {
        self.keys.get(hash).filter(|key| rooms::is_good(key, now))
    }

    /// The keys to all rooms, the newest first.
    pub fn keys(&self, now: SystemTime) -> Vec<&KeptKey> {
        let mut keys: Vec<_> = self.keys.values().filter(|key| rooms::is_good(key, now)).collect();
        keys.sort_by_key(|key| std::cmp::Reverse((key.made, key.hash)));
        keys
    }

    /// The account of this number.
    pub fn account(&self, id: AccountId) -> Option<&Arc<Account>> {
        self.accounts.get(&id)
    }

    /// The account whose name looks like this.
    pub fn named(&self, skeleton: &str) -> Option<&Arc<Account>> {
        self.accounts.get(self.by_skeleton.get(skeleton)?)
    }

    /// All accounts, the oldest first.
    pub fn accounts(&self) -> Vec<&Arc<Account>> {
        let mut all: Vec<_> = self.accounts.values().collect();
        all.sort_by_key(|account| account.id);
        all
    }

    /// Whether there is somebody who runs this server.
    pub fn has_host(&self) -> bool {
        self.accounts.values().any(|account| account.is_host && !account.disabled)
    }

    /// A browser that is signed in.
    pub fn session(&self, hash: &Hash, now: SystemTime) -> Option<&Arc<KeptSession>> {
        let session = self.sessions.get(hash)?;
        (!session.over && is_within(session.seen, SESSION_LASTS, now)).then_some(session)
    }

    /// The account that a browser had signed in to, whether it still is or not.
    pub fn had_signed_in(&self, hash: &Hash) -> Option<AccountId> {
        self.sessions.get(hash).map(|session| session.account)
    }

    /// The browsers that are signed in to an account, the newest first.
    pub fn sessions_of(&self, id: AccountId, now: SystemTime) -> Vec<&Arc<KeptSession>> {
        let is_in = |session: &&Arc<KeptSession>| {
            session.account == id && !session.over && is_within(session.seen, SESSION_LASTS, now)
        };
        let mut sessions: Vec<_> = self.sessions.values().filter(is_in).collect();
        sessions.sort_by_key(|session| std::cmp::Reverse(session.id));
        sessions
    }

    /// The program whose password or token has this hash.
    pub fn program(&self, hash: &Hash) -> Option<&Arc<KeptProgram>> {
        self.programs.get(hash)
    }

    /// The device that signs in by this name.
    pub fn device(&self, user: &str) -> Option<&Arc<KeptProgram>> {
        self.programs.get(self.users.get(user)?)
    }

    /// The programs of an account, or those that were made on this machine; the oldest first.
    pub fn programs_of(&self, id: Option<AccountId>) -> Vec<&Arc<KeptProgram>> {
        let of = |program: &&Arc<KeptProgram>| program.account == id;
        let mut programs: Vec<_> = self.programs.values().filter(of).collect();
        programs.sort_by_key(|program| program.id);
        programs
    }

    /// All programs; the oldest first.
    pub fn programs(&self) -> Vec<&Arc<KeptProgram>> {
        let mut programs: Vec<_> = self.programs.values().collect();
        programs.sort_by_key(|program| program.id);
        programs
    }

    /// The account elsewhere of which a provider told, if it leads to one here.
    pub fn identity(&self, issuer: &str, subject: &str) -> Option<&KeptIdentity> {
        let is_it = |kept: &&KeptIdentity| kept.issuer == issuer && kept.subject == subject;
        self.identities.iter().find(is_it)
    }

    /// The accounts elsewhere that lead to one, the oldest first.
    pub fn identities_of(&self, id: AccountId) -> Vec<&KeptIdentity> {
        self.identities.iter().filter(|kept| kept.account == id).collect()
    }

    /// A pass that is good at this time.
    pub fn pass(&self, hash: &Hash, now: SystemTime) -> Option<&KeptPass> {
        self.passes.get(hash).filter(|pass| now < pass.until)
    }

    /// The passes that are good at this time, the newest first.
    pub fn passes(&self, now: SystemTime) -> Vec<&KeptPass> {
        let mut passes: Vec<_> = self.passes.values().filter(|pass| now < pass.until).collect();
        passes.sort_by_key(|pass| (std::cmp::Reverse(pass.made), pass.hash));
        passes
    }

    /// The bans that hold at this time, the newest first.
    pub fn bans(&self, now: SystemTime) -> Vec<&KeptBan> {
        self.bans.iter().map(|ban| &ban.kept).filter(|ban| holds(ban, now)).collect()
    }

    /// The bans of somebody: of an account, or of whoever comes from an address or by a browser. What is
    /// about those two is not about hosts: who runs the server shall not be kept out by a neighbour's.
    /// From one room they keep guests alone, as who is known is banned by its account.
    pub fn bans_of(
        &self,
        account: Option<&Account>,
        standing: Standing,
        whence: &Whence,
        now: SystemTime,
    ) -> impl Iterator<Item = &KeptBan> {
        let id = account.map(|account| account.id);
        let is_of = move |ban: &&Ban| {
            let of_account = ban.kept.account.is_some() && ban.kept.account == id;
            let of_address = ban.subnet.is_some_and(|subnet| subnet.contains(whence.address));
            let of_browser = ban.kept.browser.is_some() && ban.kept.browser == whence.browser;
            let holds = match standing {
                Standing::Guest => true,
                Standing::Known => ban.kept.room.is_none(),
                Standing::Host => false,
            };
            of_account || (of_address || of_browser) && holds
        };
        self.bans.iter().filter(is_of).map(|ban| &ban.kept).filter(move |ban| holds(ban, now))
    }
}

impl Account {
    fn of_kept(kept: KeptAccount, moderates: Vec<String>) -> Self {
        let KeptAccount { id, name, password, is_host, grants, made, disabled, .. } = kept;
        let grants = Capabilities::parse(&grants).unwrap_or_default();
        Self { id, name, password, is_host, grants, made, disabled, moderates }
    }
}

fn holds(ban: &KeptBan, now: SystemTime) -> bool {
    ban.until.is_none_or(|until| now < until)
}

/// Whether no more than `span` has passed since `at`. A clock that was set back changes nothing.
fn is_within(at: SystemTime, span: Duration, now: SystemTime) -> bool {
    now.duration_since(at).is_ok_and(|since| since < span) || at > now
}

/// A browser that was not seen for so long is no longer signed in.
pub(super) const SESSION_LASTS: Duration = Duration::from_secs(30 * 24 * 3600);
