//! By whom people may sign in, and the threads that wait for them.

use std::collections::HashMap;
use std::io::Result;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::client::Client;
use crate::base::rate::{Rate, Rates};
use crate::base::subnet::Group;
use crate::net::workers::Workers;
use crate::oidc::{Provider, Sealer};

/// All of them.
pub struct Providers {
    desks: Vec<Desk>,
    /// How often one is asked for somebody at an address.
    asked: Mutex<Rates<Group>>,
    /// Where they lead back to: an address without a slash at its end.
    public_url: String,
    /// What browsers keep meanwhile is sealed by it.
    pub(super) sealer: Sealer,
}

/// One of them. One that never answers keeps nobody waiting for another.
pub(super) struct Desk {
    pub(super) provider: Arc<Provider>,
    pub(super) workers: Workers,
    /// For whom it is being asked.
    asking: Arc<Mutex<HashMap<Group, usize>>>,
}

/// One of the places that an address may have at a desk, given back when it is dropped.
pub(super) struct Place {
    asking: Arc<Mutex<HashMap<Group, usize>>>,
    group: Group,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut asking = self.asking.lock();
        if let Some(count) = asking.get_mut(&self.group) {
            *count -= 1;
            if *count == 0 {
                asking.remove(&self.group);
            }
        }
    }
}

impl Desk {
    /// A place for who comes from there; `None` if others from there have all that it may have.
    fn place(&self, group: Group) -> Option<Place> {
        let mut asking = self.asking.lock();
        let count = asking.entry(group).or_default();
        if *count >= MOST_OF_A_GROUP {
            return None;
        }
        *count += 1;
        Some(Place { asking: Arc::clone(&self.asking), group })
    }
}

impl Providers {
    /// Nobody.
    pub fn none() -> Self {
        let asked = Mutex::new(Rates::new(ASKED, MOST_REMEMBERED));
        Self { desks: Vec::new(), asked, public_url: String::new(), sealer: Sealer::new() }
    }

    /// These, which lead back to `public_url`. Each has two threads.
    ///
    /// # Errors
    ///
    /// The system's error if a thread cannot be made.
    pub fn start(providers: Vec<Provider>, public_url: String) -> Result<Self> {
        let desk = |provider| {
            let workers = Workers::start(AT_ONCE, MOST_WAITING)?;
            Ok(Desk { provider: Arc::new(provider), workers, asking: Arc::default() })
        };
        let desks = providers.into_iter().map(desk).collect::<Result<_>>()?;
        Ok(Self { desks, public_url, ..Self::none() })
    }

    /// Begins nothing any more. Whoever still waits for a provider does so for ten seconds at most,
    /// and keeps nobody.
    pub fn stop(&self) {
        self.desks.iter().for_each(|desk| desk.workers.stop());
    }

    /// Whether a provider may be asked for who comes from there, and a place at its desk then. Whoever
    /// has no account here can cause it, and so nobody may often.
    pub(super) fn place(&self, desk: &Desk, from: IpAddr, now: Instant) -> Option<Place> {
        let group = Group::of(from);
        let mut asked = self.asked.lock();
        asked.may(&group, now).ok()?;
        let place = desk.place(group)?;
        asked.did(group, now);
        Some(place)
    }

    /// The one of this name.
    pub(super) fn desk(&self, name: &str) -> Option<&Desk> {
        self.desks.iter().find(|desk| desk.provider.name == name)
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Provider>> {
        self.desks.iter().map(|desk| &desk.provider)
    }

    /// What people call the one of this issuer.
    pub(super) fn title<'a>(&'a self, issuer: &'a str) -> &'a str {
        let is_it = |desk: &&Desk| desk.provider.issuer == issuer;
        self.desks.iter().find(is_it).map_or(issuer, |desk| &desk.provider.title)
    }

    /// Where a page of this server has to be for a provider to lead back to it, if that is not where
    /// the client has it: an address without a slash at its end.
    pub(super) fn elsewhere(&self, client: &Client) -> Option<&str> {
        let here = client.outer_origin().map(|origin| format!("{origin}{}", client.prefix()));
        let is_here = here.is_some_and(|here| here.eq_ignore_ascii_case(&self.public_url));
        (!is_here).then_some(self.public_url.as_str())
    }
}

/// A class may sign in behind one address.
const ASKED: Rate = Rate { burst: 100, each: Duration::from_secs(1) };
const MOST_REMEMBERED: usize = 4096;
/// How many from one address wait for a provider.
const MOST_OF_A_GROUP: usize = 4;
const AT_ONCE: usize = 2;
/// Behind those that are asked.
const MOST_WAITING: usize = 8;
