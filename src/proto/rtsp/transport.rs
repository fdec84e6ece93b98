//! `Transport` (RFC 2326 §12.39): how packets travel, offered by a client and
//! fixed by a server.
//!
//! Says what was offered and what could be served. Whether it is granted is the
//! server's to decide, which sends packets to nobody but who asked:
//! [`Transport::asks_elsewhere`] and [`Chosen::is_privileged`] help.

use std::fmt;
use std::net::IpAddr;

use super::Invalid;
use super::message::{decimal, split_unquoted};

/// One way for packets to travel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transport {
    /// Below RTP.
    pub lower: Lower,
    /// To one or to many; none if it is not said.
    pub delivery: Option<Delivery>,
    /// Where the client takes RTP and RTCP.
    pub client_port: Option<(u16, u16)>,
    /// Where the server sends from.
    pub server_port: Option<(u16, u16)>,
    /// Which `$` channels carry RTP and RTCP.
    pub interleaved: Option<(u8, u8)>,
    /// Where to send to, if not to who asks.
    pub destination: Option<String>,
    /// Where packets come from.
    pub source: Option<String>,
    /// The server's synchronization source.
    pub ssrc: Option<u32>,
    /// To which end.
    pub mode: Mode,
}

/// What carries RTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lower {
    /// `RTP/AVP` or `RTP/AVP/UDP`.
    #[default]
    Udp,
    /// `RTP/AVP/TCP`: this connection.
    Tcp,
}

/// To one or to many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name is the parameter's own")]
pub enum Delivery {
    Unicast,
    Multicast,
}

/// To which end a stream is set up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// To be watched.
    #[default]
    Play,
    /// To be published.
    Record,
}

/// What a server needs to know to serve a transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// Over UDP to these ports of the client.
    Udp {
        /// For RTP and RTCP.
        client_port: (u16, u16),
    },
    /// Over this connection.
    Interleaved {
        /// For RTP and RTCP; the server picks them if the client did not.
        channels: Option<(u8, u8)>,
    },
}

impl Transport {
    /// What a client offers to take over UDP.
    pub fn udp(client_port: (u16, u16)) -> Self {
        let delivery = Some(Delivery::Unicast);
        Self { delivery, client_port: Some(client_port), ..Self::default() }
    }

    /// What a client offers to take over this connection.
    pub fn tcp(channels: (u8, u8)) -> Self {
        let (lower, delivery) = (Lower::Tcp, Some(Delivery::Unicast));
        Self { lower, delivery, interleaved: Some(channels), ..Self::default() }
    }

    /// Parses every alternative, best first. Those over what is not known here
    /// (`RAW/RAW/UDP`, `RTP/SAVP`, …) are left out, so that the list may be empty.
    ///
    /// # Errors
    ///
    /// [`Invalid`] if ports or channels are none, or there are more than
    /// [`MAX_ALTERNATIVES`].
    pub fn parse_list(value: &str) -> Result<Vec<Self>, Invalid> {
        let mut list = Vec::new();
        for alternative in split_unquoted(value, ',') {
            if list.len() == MAX_ALTERNATIVES {
                return Err(Invalid::new(0, "Transport: too many alternatives"));
            }
            list.extend(Self::alternative(alternative)?);
        }
        Ok(list)
    }

    /// Parses the one transport that a server has fixed.
    ///
    /// # Errors
    ///
    /// As [`Transport::parse_list`], and if the transport is not known here.
    pub fn parse(value: &str) -> Result<Self, Invalid> {
        let first = Self::parse_list(value)?.into_iter().next();
        first.ok_or(Invalid::new(0, "transport-protocol"))
    }

    /// The first of `list` that can be served: unicast, to be watched, and over
    /// UDP with ports or over TCP.
    pub fn choose(list: &[Self]) -> Option<(&Self, Chosen)> {
        list.iter().find_map(|transport| Some((transport, transport.chosen()?)))
    }

    /// What is needed to serve this, or `None` if it can't be: 461.
    pub fn chosen(&self) -> Option<Chosen> {
        // §12.39 has multicast as the default; who names ports or channels of
        // their own and forgets the word means unicast all the same.
        if self.delivery == Some(Delivery::Multicast) || self.mode == Mode::Record {
            return None;
        }
        match self.lower {
            Lower::Tcp => Some(Chosen::Interleaved { channels: self.interleaved }),
            Lower::Udp => self.client_port.map(|client_port| Chosen::Udp { client_port }),
        }
    }

    /// True if packets are asked to go to another than `peer`; a name counts as
    /// another, since it is not looked up.
    pub fn asks_elsewhere(&self, peer: IpAddr) -> bool {
        let asked = self.destination.as_deref().map(|host| host.trim_matches(['[', ']']));
        asked.is_some_and(|host| {
            host.parse::<IpAddr>().ok().map(|ip| ip.to_canonical()) != Some(peer.to_canonical())
        })
    }

    fn alternative(text: &str) -> Result<Option<Self>, Invalid> {
        let mut pieces = split_unquoted(text, ';');
        let lower = match pieces.next().unwrap_or_default().to_ascii_uppercase().as_str() {
            "RTP/AVP" | "RTP/AVP/UDP" => Lower::Udp,
            "RTP/AVP/TCP" => Lower::Tcp,
            _ => return Ok(None),
        };
        let mut transport = Self { lower, ..Self::default() };
        for piece in pieces {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            transport.note(name.trim(), value.trim().trim_matches('"'))?;
        }
        Ok(Some(transport))
    }

    /// Takes in one parameter; unknown ones are passed over.
    fn note(&mut self, name: &str, value: &str) -> Result<(), Invalid> {
        let port = |rule| pair(value).ok_or(Invalid::new(0, rule)).map(Some);
        match name.to_ascii_lowercase().as_str() {
            "unicast" => self.delivery = Some(Delivery::Unicast),
            "multicast" => self.delivery = Some(Delivery::Multicast),
            "client_port" => self.client_port = port("client_port")?,
            "server_port" => self.server_port = port("server_port")?,
            "interleaved" => {
                let channels = pair(value).ok_or(Invalid::new(0, "interleaved"))?;
                self.interleaved = Some(channels);
            }
            "destination" if !value.is_empty() => self.destination = Some(value.to_owned()),
            "source" if !value.is_empty() => self.source = Some(value.to_owned()),
            // Cameras send what is no hexadecimal number: the packets tell.
            "ssrc" => self.ssrc = u32::from_str_radix(value, 16).ok(),
            "mode" if value.eq_ignore_ascii_case("record") => self.mode = Mode::Record,
            "mode" if value.eq_ignore_ascii_case("receive") => self.mode = Mode::Record,
            _ => {}
        }
        Ok(())
    }
}

impl Chosen {
    /// True if a port is one that only the system's own services use.
    pub fn is_privileged(&self) -> bool {
        match self {
            Self::Udp { client_port: (rtp, rtcp) } => *rtp < 1024 || *rtcp < 1024,
            Self::Interleaved { .. } => false,
        }
    }
}

/// Reads `a-b`, or `a` alone with the next number as `b` (§12.39).
fn pair<T: std::str::FromStr + TryFrom<u32>>(value: &str) -> Option<(T, T)> {
    let (first, second) = value.split_once('-').unwrap_or((value, ""));
    let first: u32 = decimal(first)?;
    let second = if second.is_empty() { first.checked_add(1)? } else { decimal(second)? };
    Some((T::try_from(first).ok()?, T::try_from(second).ok()?))
}

/// As in the field.
impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.lower == Lower::Tcp { "RTP/AVP/TCP" } else { "RTP/AVP" })?;
        match self.delivery {
            Some(Delivery::Unicast) => f.write_str(";unicast")?,
            Some(Delivery::Multicast) => f.write_str(";multicast")?,
            None => {}
        }
        for (name, value) in [("destination", &self.destination), ("source", &self.source)] {
            if let Some(value) = value {
                write!(f, ";{name}={value}")?;
            }
        }
        if let Some((rtp, rtcp)) = self.interleaved {
            write!(f, ";interleaved={rtp}-{rtcp}")?;
        }
        for (name, value) in [("client_port", self.client_port), ("server_port", self.server_port)]
        {
            if let Some((rtp, rtcp)) = value {
                write!(f, ";{name}={rtp}-{rtcp}")?;
            }
        }
        if let Some(ssrc) = self.ssrc {
            write!(f, ";ssrc={ssrc:08X}")?;
        }
        if self.mode == Mode::Record { f.write_str(";mode=record") } else { Ok(()) }
    }
}

/// Most alternatives in one field.
pub const MAX_ALTERNATIVES: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(value: &str) -> Option<Chosen> {
        let list = Transport::parse_list(value).unwrap();
        Transport::choose(&list).map(|(_, chosen)| chosen)
    }

    #[test]
    fn what_players_offer_can_be_served() {
        let udp = |client_port| Some(Chosen::Udp { client_port });
        let tcp = |channels| Some(Chosen::Interleaved { channels });
        // ffmpeg, GStreamer, VLC, and one that names RTP's port alone.
        assert_eq!(chosen("RTP/AVP/UDP;unicast;client_port=14380-14381"), udp((14380, 14381)));
        assert_eq!(chosen("RTP/AVP/TCP;unicast;interleaved=0-1"), tcp(Some((0, 1))));
        assert_eq!(chosen("RTP/AVP;unicast;client_port=64312-64313"), udp((64312, 64313)));
        assert_eq!(chosen("rtp/avp; Client_Port = 5000"), udp((5000, 5001)));
        assert_eq!(chosen("RTP/AVP/TCP"), tcp(None));
        let many = "RTP/AVPF;unicast;client_port=1-2,RTP/AVP;multicast,\
                    RTP/AVP;unicast;client_port=7000-7001;mode=\"PLAY\",RTP/AVP/TCP;unicast";
        assert_eq!(chosen(many), udp((7000, 7001)));
    }

    #[test]
    fn what_can_not_be_served_is_told_from_what_is_broken() {
        for value in [
            "RTP/AVP;multicast;port=5000-5001",
            "RTP/AVP;unicast",
            "RTP/AVP/TCP;unicast;interleaved=0-1;mode=record",
            "RAW/RAW/UDP;unicast;client_port=1234-1235",
            "",
        ] {
            assert_eq!(chosen(value), None, "{value}");
        }
        let rule = |value: &str| Transport::parse_list(value).unwrap_err().rule;
        for port in ["", "a", "-1", "1-2-3", "65536", "65535", "+1-2", "1-65536"] {
            assert_eq!(rule(&format!("RTP/AVP;client_port={port}")), "client_port", "{port}");
        }
        assert_eq!(rule("RTP/AVP/TCP;interleaved=255"), "interleaved");
        assert_eq!(rule("RTP/AVP/TCP;interleaved=256-257"), "interleaved");
        assert_eq!(Transport::parse("RAW").unwrap_err().rule, "transport-protocol");
        let many = vec!["RTP/AVP"; MAX_ALTERNATIVES + 1].join(",");
        assert_eq!(rule(&many), "Transport: too many alternatives");
        assert!(Transport::parse_list(&many[8..]).is_ok());
    }

    #[test]
    fn who_asks_for_another_host_or_a_systems_port_is_known() {
        let peer: IpAddr = "192.168.1.7".parse().unwrap();
        let asks = |value: &str| Transport::parse(value).unwrap().asks_elsewhere(peer);
        assert!(!asks("RTP/AVP;client_port=5000-5001"));
        assert!(!asks("RTP/AVP;destination=192.168.1.7;client_port=5000-5001"));
        assert!(!asks("RTP/AVP;destination=[::ffff:192.168.1.7]"));
        assert!(asks("RTP/AVP;destination=192.168.1.8"));
        assert!(asks("RTP/AVP;destination=printer.local"));
        assert!(chosen("RTP/AVP;client_port=1023-1024").unwrap().is_privileged());
        assert!(chosen("RTP/AVP;client_port=1024-0").unwrap().is_privileged());
        assert!(!chosen("RTP/AVP;client_port=1024-1025").unwrap().is_privileged());
    }

    #[test]
    fn transports_are_written_as_they_are_read() {
        for text in [
            "RTP/AVP;unicast;client_port=64312-64313;server_port=6970-6971;ssrc=0A3B4C5D",
            "RTP/AVP/TCP;unicast;interleaved=2-3;mode=record",
            "RTP/AVP;unicast;destination=10.0.0.1;source=10.0.0.2;client_port=5000-5001",
        ] {
            assert_eq!(Transport::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Transport::udp((4, 5)).to_string(), "RTP/AVP;unicast;client_port=4-5");
        let tcp = Transport::tcp((0, 1));
        assert_eq!(tcp.to_string(), "RTP/AVP/TCP;unicast;interleaved=0-1");
        assert_eq!(Transport::parse("RTP/AVP;ssrc=-12").unwrap().ssrc, None);
    }
}
