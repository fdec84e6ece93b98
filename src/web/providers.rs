//! By whom people may sign in, and the threads that wait for them.

use std::io::Result;
use std::sync::Arc;

use super::client::Client;
use crate::net::workers::Workers;
use crate::oidc::{Provider, Sealer};

/// All of them.
pub struct Providers {
    desks: Vec<Desk>,
    /// Where they lead back to: an address without a slash at its end.
    public_url: String,
    /// What browsers keep meanwhile is sealed by it.
    pub(super) sealer: Sealer,
}

/// One of them. One that never answers keeps nobody waiting for another.
pub(super) struct Desk {
    pub(super) provider: Arc<Provider>,
    pub(super) workers: Workers,
}

impl Providers {
    /// Nobody.
    pub fn none() -> Self {
        Self { desks: Vec::new(), public_url: String::new(), sealer: Sealer::new() }
    }

    /// These, which lead back to `public_url`. Each has two threads.
    ///
    /// # Errors
    ///
    /// The system's error if a thread cannot be made.
    pub fn start(providers: Vec<Provider>, public_url: String) -> Result<Self> {
        let desk = |provider| {
            let workers = Workers::start(AT_ONCE, MOST_WAITING)?;
            Ok(Desk { provider: Arc::new(provider), workers })
        };
        let desks = providers.into_iter().map(desk).collect::<Result<_>>()?;
        Ok(Self { desks, public_url, sealer: Sealer::new() })
    }

    /// Begins nothing any more. Whoever still waits for a provider does so for ten seconds at most,
    /// and keeps nobody.
    pub fn stop(&self) {
        self.desks.iter().for_each(|desk| desk.workers.stop());
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

const AT_ONCE: usize = 2;
/// Behind those that are asked.
const MOST_WAITING: usize = 8;
