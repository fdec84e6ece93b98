//! SETUP (RFC 2326 §10.4): a session, and the way that its packets go.

use super::{Asked, Known, Looked, Waits, name_of};
use crate::proto::rtp::{JPEG_PAYLOAD_TYPE, Sender};
use crate::proto::rtsp::transport::{Delivery, Lower};
use crate::proto::rtsp::{Chosen, Response, State, Status, Transport};
use crate::rtsp::client::{Asking, Plan, Resource, session_id};
use crate::rtsp::clip_feed::ClipFeed;
use crate::rtsp::destination::Destination;
use crate::rtsp::due::Preferences;
use crate::rtsp::feed::Feed;
use crate::rtsp::mail::Ask;
use crate::rtsp::packing::Format;
use crate::rtsp::stream::Packetizer;
use crate::rtsp::udp::Path;
use crate::rtsp::{TRACK, random, random_u32};

/// What a SETUP gets, as far as it is known before its session is.
pub(super) struct Granted {
    id: String,
    resource: Resource,
    preferences: Preferences,
    destination: Destination,
    transport: Transport,
}

impl Asked<'_> {
    pub(super) fn setup(&self, resource: Resource, at: &mut Asking<'_>) -> Looked {
        let (target, _) = self.request.uri.without_track(TRACK);
        let before = match self.request.headers.get("Session") {
            Some(_) => Some(self.session(at)?),
            None => None,
        };
        if let Some(entry) = &before {
            if entry.state() == State::Playing {
                return Err(self.say(Status::MethodNotValidInThisState));
            }
            if entry.terms.target != name_of(&target) {
                // One picture is all that a session has.
                return Err(self.say(Status::AggregateOperationNotAllowed));
            }
        }
        let preferences = self.preferences(&target)?;
        let (destination, transport) = self.destination(at)?;
        let id = before.as_ref().map_or_else(session_id, |entry| entry.terms.id.clone());
        let granted = Granted { id, resource, preferences, destination, transport };
        match before {
            // What is set up again stays the session that it was (§10.4).
            Some(entry) => {
                let ticket = at.ask(&entry, Ask::Replace).map_err(|status| self.say(status))?;
                Ok(Known::NotYet(Waits::Room(ticket, Box::new(granted))))
            }
            None => self.set_up(granted, at),
        }
    }

    pub(super) fn set_up(&self, granted: Granted, at: &mut Asking<'_>) -> Looked {
        let Granted { id, resource, preferences, destination, mut transport } = granted;
        let (target, _) = self.request.uri.without_track(TRACK);
        let (rtcp, bound) = match destination {
            Destination::Udp { rtcp, .. } => (Some(rtcp), false),
            Destination::Interleaved { .. } => (None, true),
        };
        let feed = match resource {
            Resource::Live(room) => Feed::live(room, preferences, at.now),
            Resource::Clip(clip) => {
                let feed = ClipFeed::new(clip, preferences, None, Format::Rtp, at.now);
                Feed::Clip(Box::new(feed))
            }
        };
        if bound {
            at.messages.wire.fit_for_streaming();
        }
        let ssrc = random_u32();
        let [a, b] = random::<2>();
        let sender = Sender::new(JPEG_PAYLOAD_TYPE, ssrc, u16::from_be_bytes([a, b]), random_u32());
        let packetizer = Packetizer::Rtp { destination, sender, reported_at: None };
        let target = name_of(&target);
        let pass = self.pass.clone();
        let plan = Plan { id, target, pass, feed, packetizer, ssrc: Some(ssrc), rtcp, bound };
        let entry = at.set_up(plan).map_err(|status| self.say(status))?;
        transport.ssrc = Some(ssrc);
        Ok(Known::Is(self.ok_in(&entry.terms.id).header("Transport", transport)))
    }

    /// The way that the client offers and can have, and what to tell it of that.
    fn destination(&self, at: &Asking<'_>) -> Result<(Destination, Transport), Response> {
        let offered = self.request.headers.get("Transport");
        let offered = offered.ok_or_else(|| self.say(Status::BadRequest))?;
        let list = Transport::parse_list(offered).map_err(|_| self.say(Status::BadRequest))?;
        // Over UDP, what TLS hides would go in clear.
        let udp = at.server.ports.as_ref().filter(|_| !at.messages.wire.is_secure());
        let possible: Vec<Transport> = list
            .into_iter()
            .filter(|one| one.lower == Lower::Tcp || udp.is_some())
            .filter(|one| !one.asks_elsewhere(at.client.peer.ip()))
            .filter(|one| one.chosen().is_some_and(|chosen| !chosen.is_privileged()))
            .collect();
        let none = || self.say(Status::UnsupportedTransport);
        let (_, chosen) = Transport::choose(&possible).ok_or_else(none)?;
        let delivery = Some(Delivery::Unicast);
        match chosen {
            Chosen::Udp { client_port } => {
                let server_port = Some(udp.ok_or_else(none)?.numbers());
                let [to, rtcp] = [client_port.0, client_port.1].map(|port| {
                    // With the zone that a link-local address has.
                    let mut to = at.client.peer;
                    to.set_port(port);
                    to
                });
                let rtp = Path { to, from: at.client.local.ip() };
                let client_port = Some(client_port);
                let granted =
                    Transport { delivery, client_port, server_port, ..Transport::default() };
                Ok((Destination::Udp { rtp, rtcp }, granted))
            }
            Chosen::Interleaved { channels } => {
                let (rtp, rtcp) = channels.unwrap_or((0, 1));
                let interleaved = Some((rtp, rtcp));
                let lower = Lower::Tcp;
                let granted = Transport { lower, delivery, interleaved, ..Transport::default() };
                Ok((Destination::Interleaved { rtp, rtcp }, granted))
            }
        }
    }
}
