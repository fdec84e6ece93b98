//! The chats of all rooms, each opened when somebody first enters it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use log::warn;
use parking_lot::Mutex;
use siphasher::sip;

use crate::base::clock::Clock;
use crate::chat::{Chat, Who};
use crate::live::settings::ViewerId;
use crate::net::Engine;
use crate::net::lane::Topics;
use crate::room::Room;
use crate::store::account::AccountId;
use crate::store::{Durability, MaybeStore, NotKept, chat};

/// All of them.
pub struct Chats {
    store: MaybeStore,
    clock: Clock,
    engine: Arc<Engine>,
    open: Mutex<HashMap<u32, Arc<Chat>>>,
    /// By which guests get their numbers, which tell nothing of their cookies.
    of_guests: [u8; 16],
    /// How long what is said is kept, and an address that was sent out.
    pub(super) kept: Duration,
    tidied_at: Mutex<Option<Instant>>,
}

impl Chats {
    /// None yet.
    pub(super) fn new(
        store: &MaybeStore,
        clock: &Clock,
        engine: &Arc<Engine>,
        kept: Duration,
    ) -> Self {
        let mut of_guests = [0; 16];
        getrandom::fill(&mut of_guests).expect("the system has random numbers");
        let (store, clock, engine) = (store.clone(), clock.clone(), Arc::clone(engine));
        let (open, tidied_at) = (Mutex::default(), Mutex::default());
        Self { store, clock, engine, open, of_guests, kept, tidied_at }
    }

    /// That of a room. The first time it reads the disk.
    pub(super) fn of(&self, room: &Room) -> Arc<Chat> {
        let mut open = self.open.lock();
        let opened = open.entry(room.crowd.number()).or_insert_with(|| {
            let bells = self.engine.bells(topics(room));
            Chat::open(room.plain_name(), &self.store, &self.clock, bells)
        });
        Arc::clone(opened)
    }

    /// Forgets that of a room that was closed.
    pub(super) fn close(&self, number: u32) {
        self.open.lock().remove(&number);
    }

    /// Forgets what somebody said, everywhere, whose account was deleted.
    pub(super) fn forget(&self, account: AccountId) {
        let open: Vec<_> = self.open.lock().values().cloned().collect();
        open.iter().for_each(|chat| chat.forget(Who::Account(account)));
    }

    /// The number of a guest, as others know it.
    pub(super) fn guest(&self, id: ViewerId) -> Who {
        let hasher = sip::SipHasher24::new_with_key(&self.of_guests);
        Who::Guest(hasher.hash(&id.to_bits().to_be_bytes()))
    }

    /// Deletes what is too old, once an hour.
    pub fn tidy(&self) {
        let (now, wall) = (self.clock.now(), self.clock.wall());
        let Some(store) = &self.store else { return };
        let mut tidied_at = self.tidied_at.lock();
        if tidied_at.is_some_and(|at| now.saturating_duration_since(at) < TIDIED_EACH) {
            return;
        }
        *tidied_at = Some(now);
        let Some(before) = wall.checked_sub(self.kept) else { return };
        let done = |outcome: Result<(), NotKept>| {
            if let Err(why) = outcome {
                warn!("old messages are not deleted: {why}");
            }
        };
        let open: Vec<_> = self.open.lock().values().cloned().collect();
        open.iter().for_each(|chat| chat.tidy(before));
        let change = move |connection: &_| chat::forget_before(connection, before);
        if let Err(why) = store.change(Durability::Program, change, done) {
            warn!("old messages are not deleted: {why}");
        }
    }
}

/// Whose news that of a room is. Those of pictures have the lower numbers.
pub(super) fn topics(room: &Room) -> Topics {
    Topics::of(FIRST_TOPIC + room.crowd.number() % FIRST_TOPIC)
}

const FIRST_TOPIC: u32 = 32;
const TIDIED_EACH: Duration = Duration::from_secs(3600);
