//! A session over UDP: a talk of its own on its lane, without a socket.

use std::sync::Arc;

use log::debug;
use mio::event::Source;

use super::Server;
use super::mailbox::Inbox;
use super::session::{Session, Surroundings};
use super::sessions::Mail;
use crate::net::lane::{Handle, Moment, Talk, Turn};

/// What drives a session that its connection does not.
pub(super) struct UdpSession {
    server: Arc<Server>,
    handle: Handle,
    session: Session,
    inbox: Inbox<Mail>,
}

impl UdpSession {
    pub(super) fn new(
        server: Arc<Server>,
        handle: Handle,
        session: Session,
        inbox: Inbox<Mail>,
    ) -> Self {
        Self { server, handle, session, inbox }
    }

    /// Ends the session; who has written meanwhile is told by the mail that is dropped.
    fn over(&mut self, moment: &Moment<'_>) -> Turn {
        self.session.end(&mut Surroundings { host: &self.handle, messages: None, now: moment.now });
        Turn::Over
    }
}

impl Talk for UdpSession {
    fn source(&mut self) -> Option<&mut dyn Source> {
        None
    }

    fn turn(&mut self, moment: &mut Moment<'_>) -> Turn {
        let host = self.handle.clone();
        let mut around = Surroundings { host: &host, messages: None, now: moment.now };
        for Mail { ask, reply, .. } in self.inbox.take() {
            if !self.session.ask(ask, reply, &mut around) {
                return Turn::Over;
            }
        }
        let ends_at = self.session.entry.ends_at();
        if self.session.must_end() || ends_at.is_some_and(|at| moment.now >= at) {
            return self.over(moment);
        }
        let next = match self.session.go_on(&mut around) {
            Ok(next) => next,
            Err(error) => {
                debug!("a session's client is gone: {error}");
                return self.over(moment);
            }
        };
        let until = next.until.into_iter().chain(ends_at).min();
        let weight = if next.plays { PLAYING_WEIGHT } else { 1 };
        Turn::Wait { until, news: next.news, weight }
    }

    fn end(&mut self) {
        let now = self.server.context.clock.now();
        self.session.end(&mut Surroundings { host: &self.handle, messages: None, now });
    }
}

/// What a session that plays weighs beside one that is set up.
pub(super) const PLAYING_WEIGHT: u32 = 16;
