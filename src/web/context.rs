//! What every request may use.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::RwLock;

use super::access::Access;
use super::chats::Chats;
use super::gate::Gate;
use super::givers::Givers;
use super::identity::Identities;
use super::issuer::Issuer;
use super::newsroom::Newsroom;
use super::onlookers::Onlookers;
use super::opened::OpenedFiles;
use super::providers::Providers;
use super::snapshot::Snapshots;
use super::studio::Studio;
use crate::account::{Caller, Capability};
use crate::base::clock::Clock;
use crate::base::shutdown::Shutdown;
use crate::library::Library;
use crate::live::audience::Audience;
use crate::live::crowd::Crowd;
use crate::net::Engine;
use crate::room::{Room, Rooms};
use crate::store::MaybeStore;

/// The parts of the running server, shared by all lanes.
pub struct Context {
    /// The rooms.
    pub rooms: Arc<Rooms>,
    /// The viewers.
    pub audience: Arc<Audience>,
    /// What the server says of itself.
    pub about: About,
    /// By which name the server is asked, and of whom.
    pub access: Access,
    /// Who is let in.
    pub gate: Gate,
    /// By whom people may sign in.
    pub providers: Providers,
    /// Who changes rooms and settings.
    pub studio: Arc<dyn Studio>,
    /// What outlives the program, if there is a place for it.
    pub store: MaybeStore,
    /// The library, if there is a place for it.
    pub library: Option<Arc<Library>>,
    /// What drives the connections.
    pub engine: Arc<Engine>,
    /// Who loads titles of the library: each with a share of the budget.
    pub(super) loaders: Arc<Crowd>,
    /// Who watches which of them.
    pub(super) onlookers: Onlookers,
    /// Files of the library that are open.
    pub(super) opened: OpenedFiles,
    /// Single pictures.
    pub(super) snapshots: Snapshots,
    /// Who is who.
    pub(super) identities: Identities,
    /// Who gave of late.
    pub(super) givers: Givers,
    /// What pages are told.
    pub(super) newsroom: Newsroom,
    /// What is said in rooms.
    pub chats: Chats,
    /// What time it is.
    pub clock: Clock,
    /// Asked to end or not.
    pub shutdown: Shutdown,
}

/// By what requests do what they ask.
pub struct Means {
    /// Who is let in.
    pub gate: Gate,
    /// By whom people may sign in.
    pub providers: Providers,
    /// Who changes rooms and settings.
    pub studio: Arc<dyn Studio>,
    /// What outlives the program, if there is a place for it.
    pub store: MaybeStore,
    /// The library, if there is a place for it.
    pub library: Option<Arc<Library>>,
    /// What drives the connections.
    pub engine: Arc<Engine>,
    /// How long what is said in rooms is kept.
    pub keep_chat: Duration,
}

/// What the server says of itself.
pub struct About {
    /// The machine's name.
    pub name: String,
    /// `http://ADDRESS:PORT/` of each address it can be reached at, then those of `https`.
    pub addresses: Vec<String>,
    /// How browsers reach it from anywhere, if somebody said so; without a slash at its end.
    pub public_url: Option<String>,
    /// `rtsp://ADDRESS:PORT/` and `rtsps` likewise; empty without RTSP.
    pub rtsp_addresses: Vec<String>,
    /// Whom devices are asked to trust, if the certificate for TLS is this machine's own.
    pub issuer: Option<Arc<Issuer>>,
    /// Whether TLS is spoken at the ports of HTTP.
    pub speaks_tls: bool,
    /// A payment page, which may be another one later.
    pub donate_url: Arc<RwLock<Option<String>>>,
    /// When it started.
    pub started: Instant,
}

impl Context {
    /// Puts the parts together.
    pub fn new(
        rooms: Arc<Rooms>,
        audience: Arc<Audience>,
        about: About,
        access: Access,
        means: Means,
        shutdown: Shutdown,
    ) -> Self {
        let Means { gate, providers, studio, store, library, engine, keep_chat } = means;
        let clock = rooms.default().hub().clock().clone();
        let chats = Chats::new(&store, &clock, &engine, keep_chat);
        let loaders = audience.gather(rooms.default().crowd.channel());
        Self {
            loaders,
            onlookers: Onlookers::default(),
            opened: OpenedFiles::default(),
            rooms,
            audience,
            about,
            access,
            gate,
            providers,
            studio,
            store,
            library,
            engine,
            snapshots: Snapshots::default(),
            identities: Identities::new(),
            givers: Givers::default(),
            newsroom: Newsroom::default(),
            chats,
            clock,
            shutdown,
        }
    }

    /// Lets go of what nobody asked for lately.
    pub fn let_go(&self) {
        self.chats.tidy();
        self.opened.let_go(self.clock.now());
    }

    /// The rooms that somebody may watch.
    pub(super) fn watchable(&self, caller: &Caller) -> Vec<Arc<Room>> {
        let mut rooms = self.rooms.all();
        rooms.retain(|room| caller.may(Capability::Watch, room.plain_name()));
        rooms
    }
}
