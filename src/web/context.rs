//! What every request may use.

use std::sync::Arc;
use std::time::Instant;

use super::access::Access;
use super::givers::Givers;
use super::identity::Identities;
use super::snapshot::Snapshots;
use crate::base::clock::Clock;
use crate::base::shutdown::Shutdown;
use crate::live::audience::Audience;
use crate::live::hub::Hub;
use crate::live::supervisor::Condition;
use crate::net::Engine;

/// The parts of the running server, shared by all lanes.
pub struct Context {
    /// The pictures.
    pub hub: Arc<Hub>,
    /// The viewers.
    pub audience: Arc<Audience>,
    /// How the source is.
    pub source: Arc<Condition>,
    /// What the server says of itself.
    pub about: About,
    /// Who is let in, and by which name.
    pub access: Access,
    /// What drives the connections.
    pub engine: Arc<Engine>,
    /// Single pictures.
    pub(super) snapshots: Snapshots,
    /// Who is who.
    pub(super) identities: Identities,
    /// Who gave of late.
    pub(super) givers: Givers,
    /// What time it is.
    pub clock: Clock,
    /// Asked to end or not.
    pub shutdown: Shutdown,
}

/// What the server says of itself.
pub struct About {
    /// The machine's name.
    pub name: String,
    /// `http://ADDRESS:PORT/` of each address it can be reached at.
    pub addresses: Vec<String>,
    /// `rtsp://ADDRESS:PORT/` likewise; empty without RTSP.
    pub rtsp_addresses: Vec<String>,
    /// A payment page.
    pub donate_url: Option<String>,
    /// When it started.
    pub started: Instant,
}

impl Context {
    /// Puts the parts together.
    pub fn new(
        hub: Arc<Hub>,
        audience: Arc<Audience>,
        source: Arc<Condition>,
        about: About,
        access: Access,
        engine: Arc<Engine>,
        shutdown: Shutdown,
    ) -> Self {
        let clock = hub.clock().clone();
        Self {
            hub,
            audience,
            source,
            about,
            access,
            engine,
            snapshots: Snapshots::default(),
            identities: Identities::new(),
            givers: Givers::default(),
            clock,
            shutdown,
        }
    }
}
