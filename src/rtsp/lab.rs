//! The networking lab's dialect (Kurose and Ross): what its requests do.
//!
//! One session for each connection, whose number stands in every reply. How requests and
//! replies are written is [`crate::proto::rtsp::lab`]'s.

use std::sync::Arc;
use std::time::Duration;

use log::{debug, warn};

use super::feed::{Feed, Wish};
use super::requests::{Client, random_u32};
use super::session::{Phase, Session, Terms};
use super::show::{Show, Way};
use super::{Resource, Studio};
use crate::media::fit::Fit;
use crate::proto::rtsp::lab::{LabRequest, Style, write_description, write_reply};
use crate::proto::rtsp::{Method, Refused, State, Status};

/// What a connection has in the lab's dialect.
pub(super) struct Lab {
    /// Below 2^31, as Java's clients read an `int`.
    number: u32,
    id: String,
}

impl Lab {
    pub(super) fn new(connection: u64) -> Self {
        // Six digits, as the lab's own server draws them.
        let number = 100_000 + random_u32() % 900_000;
        Self { number, id: format!("lab {connection}") }
    }

    /// The reply to what is no request.
    pub(super) fn refuse(&self, style: Style, refused: &Refused) -> Vec<u8> {
        write_reply(style, refused.status, refused.cseq.unwrap_or(0), self.number)
    }

    /// Does what is asked, and says so.
    pub(super) fn answer(
        &self,
        studio: &Arc<Studio>,
        client: &Client,
        request: &LabRequest,
    ) -> Vec<u8> {
        let session = studio.sessions.find(&self.id, client.peer.ip());
        let outcome = match (&request.method, &session) {
            (Method::Options, _) => Ok(()),
            (Method::Describe, _) => {
                let name = request.name.clone().or_else(|| Some(session?.target.clone()));
                let name = name.unwrap_or_else(|| LIVE.into());
                return match find(studio, &name) {
                    Ok(_) => write_description(request, &name, self.number),
                    Err(status) => write_reply(request.style, status, request.cseq, self.number),
                };
            }
            (Method::Setup, _) => self.setup(studio, client, request, session.as_deref()),
            (Method::Play, Some(session)) => play(studio, session),
            (Method::Pause, Some(session)) => pause(session),
            // Also before SETUP: nothing is there, and nothing is left.
            (Method::Teardown, _) => {
                if let Some(session) = studio.sessions.remove(&self.id) {
                    session.end();
                }
                Ok(())
            }
            (Method::Play | Method::Pause, None) => Err(Status::MethodNotValidInThisState),
            _ => Err(Status::NotImplemented),
        };
        let status = outcome.err().unwrap_or(Status::Ok);
        debug!("lab {} {:?}: {status}", request.method, request.name);
        write_reply(request.style, status, request.cseq, self.number)
    }

    /// Does what comes after the reply has been written.
    pub(super) fn after(&self, studio: &Studio, client: &Client) {
        if let Some(session) = studio.sessions.find(&self.id, client.peer.ip()) {
            session.go();
        }
    }

    fn setup(
        &self,
        studio: &Arc<Studio>,
        client: &Client,
        request: &LabRequest,
        before: Option<&Session>,
    ) -> Result<(), Status> {
        if before.is_some_and(|session| session.state() == State::Playing) {
            return Err(Status::MethodNotValidInThisState);
        }
        let name = request.name.clone().unwrap_or_else(|| LIVE.into());
        let resource = find(studio, &name)?;
        let port = request.client_port.filter(|port| *port >= 1024);
        let port = port.ok_or(Status::UnsupportedTransport)?;
        let ports = Arc::clone(studio.ports.as_ref().ok_or(Status::UnsupportedTransport)?);
        let wish = Wish { fps: Some(FPS), ..Wish::default() };
        let now = studio.context.clock.now();
        let feed = match resource {
            Resource::Live => Feed::live(&studio.context.hub, wish, now),
            Resource::Clip(clip) => Feed::clip(clip, wish, Some(FPS), now),
        };
        if let Some(old) = studio.sessions.remove(&self.id) {
            old.end();
        }
        let mut to = client.peer;
        to.set_port(port);
        let way = Way::Datagrams { ports, to, number: 0, ssrc: random_u32(), fit: Fit::default() };
        let terms = Terms {
            id: self.id.clone(),
            target: name,
            client: client.peer.ip(),
            ssrc: 0,
            rtcp: None,
            bound_to: Some(client.number),
        };
        let session = Session::new(terms, Show::new(feed, way, studio.context.clock.clone()), now);
        studio.sessions.add(Arc::new(session)).map_err(|_| Status::NotEnoughBandwidth)
    }
}

fn play(studio: &Studio, session: &Session) -> Result<(), Status> {
    if session.state() == State::Playing {
        return Ok(());
    }
    let outcome = session.change(|mut show| {
        if let Feed::Clip(clip) = &mut show.feed
            && let Err(trouble) = clip.start(None, None, 1.0, FIRST_WAIT, &studio.context.clock)
        {
            warn!("{trouble}");
            return (Phase::Ready(show), Err(Status::NotFound));
        }
        match studio.put_on(show) {
            Ok(playing) => (Phase::Playing(playing), Ok(())),
            Err((show, _)) => (Phase::Ready(show), Err(Status::NotEnoughBandwidth)),
        }
    });
    outcome.unwrap_or(Err(Status::SessionNotFound))
}

fn pause(session: &Session) -> Result<(), Status> {
    if !session.is_on() {
        return Err(Status::MethodNotValidInThisState);
    }
    session.change(|show| (Phase::Ready(show), ())).ok_or(Status::SessionNotFound)
}

fn find(studio: &Studio, name: &str) -> Result<Resource, Status> {
    match studio.find(&format!("/{name}")) {
        Ok(Some(resource)) => Ok(resource),
        Ok(None) => Err(Status::NotFound),
        Err(trouble) => {
            warn!("{trouble}");
            Err(Status::NotFound)
        }
    }
}

const LIVE: &str = "live";
/// A picture each 50 ms.
const FPS: f64 = 20.0;
/// Some clients bind their port only after the reply to PLAY.
const FIRST_WAIT: Duration = Duration::from_millis(50);
