//! Session descriptions (RFC 8866), as the answer to DESCRIBE (RFC 2326 Appendix C).
//!
//! Written for one JPEG video; read with patience, for what a player needs to
//! set up the media of other servers. Lines that mean nothing here are passed over.

use super::message::decimal;
use super::{Invalid, MAX_BODY_BYTES, Range};
use crate::proto::http::response::one_line;

/// What is said about one JPEG video.
#[derive(Clone, Debug)]
pub struct JpegSession<'a> {
    /// Its name, for a person.
    pub name: &'a str,
    /// A number that no other description of this server has (§5.2).
    pub session_id: u64,
    /// True if the client came over IPv6.
    pub ipv6: bool,
    /// The whole of a clip, or [`Range::now`].
    pub range: Range,
    /// Frames a second, if it is known.
    pub frame_rate: Option<f64>,
    /// Width and height, if they are known.
    pub size: Option<(u16, u16)>,
    /// The URL to set the track up with; see [`super::Uri::track`].
    pub control: &'a str,
}

impl JpegSession<'_> {
    /// The description.
    pub fn write(&self) -> String {
        let (family, anywhere) = if self.ipv6 { ("IP6", "::") } else { ("IP4", "0.0.0.0") };
        let name = one_line(self.name);
        let name = if name.trim().is_empty() { "-" } else { &name };
        let mut text = format!(
            "v=0\r\no=- {id} 1 IN {family} {anywhere}\r\ns={name}\r\nc=IN {family} {anywhere}\r\n\
             t=0 0\r\na=control:*\r\na=range:{range}\r\nm=video 0 RTP/AVP {JPEG}\r\n\
             a=rtpmap:{JPEG} JPEG/90000\r\na=control:{control}\r\n",
            id = self.session_id,
            range = self.range,
            control = one_line(self.control),
        );
        if let Some(rate) = self.frame_rate.filter(|rate| rate.is_finite() && *rate > 0.0) {
            text.push_str(&format!("a=framerate:{rate:.3}\r\n"));
        }
        if let Some((width, height)) = self.size {
            text.push_str(&format!("a=framesize:{JPEG} {width}-{height}\r\n"));
        }
        text
    }
}

/// A description, as far as a player needs it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Description {
    /// Its name, for a person.
    pub name: String,
    /// The URL that controls all media at once; see [`resolve_control`].
    pub control: Option<String>,
    /// What can be played.
    pub range: Option<Range>,
    /// The media, in order.
    pub medias: Vec<Media>,
}

/// One stream of a description.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Media {
    /// `video`, `audio`, …
    pub kind: String,
    /// `RTP/AVP`, …
    pub protocol: String,
    /// Which payload types its packets may have, best first.
    pub payload_types: Vec<u8>,
    /// What the payload types stand for, where it is said.
    pub rtpmap: Vec<RtpMap>,
    /// The URL to set it up with; see [`resolve_control`].
    pub control: Option<String>,
    /// What can be played, if it differs from the whole.
    pub range: Option<Range>,
    /// Frames a second.
    pub frame_rate: Option<f64>,
    /// Width and height.
    pub size: Option<(u16, u16)>,
}

/// What a payload type stands for (§6.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtpMap {
    /// As in each packet.
    pub payload_type: u8,
    /// `JPEG`, `H264`, …
    pub encoding: String,
    /// Ticks of the RTP time a second.
    pub clock_rate: u32,
}

/// Parses a description.
///
/// # Errors
///
/// [`Invalid`] if it does not begin with `v=`, is larger than
/// [`MAX_BODY_BYTES`] or has more than [`MAX_MEDIAS`] media. A line that is
/// broken is passed over.
pub fn parse_sdp(input: &[u8]) -> Result<Description, Invalid> {
    if input.len() > MAX_BODY_BYTES {
        return Err(Invalid::new(MAX_BODY_BYTES, "description: too long"));
    }
    let text = String::from_utf8_lossy(input);
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    if !lines.next().is_some_and(|line| line.starts_with("v=")) {
        return Err(Invalid::new(0, "proto-version"));
    }
    let mut description = Description::default();
    for line in lines {
        let Some((kind, value)) = line.split_once('=') else {
            continue;
        };
        match kind {
            "s" => description.name = value.to_owned(),
            "m" if description.medias.len() == MAX_MEDIAS => {
                return Err(Invalid::new(0, "media-field: too many"));
            }
            "m" => description.medias.push(Media::parse(value)),
            "a" => description.attribute(value),
            _ => {}
        }
    }
    Ok(description)
}

impl Description {
    /// The first video of JPEG pictures over plain RTP, with its payload type.
    pub fn jpeg(&self) -> Option<(&Media, u8)> {
        self.medias.iter().find_map(|media| Some((media, media.jpeg_payload_type()?)))
    }

    /// Takes in an attribute of the last medium, or of the whole before the first.
    fn attribute(&mut self, attribute: &str) {
        let (name, value) = attribute.split_once(':').unwrap_or((attribute, ""));
        let value = value.trim();
        match (name, self.medias.last_mut()) {
            ("control", Some(media)) => media.control = Some(value.to_owned()),
            ("control", None) => self.control = Some(value.to_owned()),
            ("range", Some(media)) => media.range = Range::parse(value).ok(),
            ("range", None) => self.range = Range::parse(value).ok(),
            (_, Some(media)) => media.attribute(name, value),
            (_, None) => {}
        }
    }
}

impl Media {
    /// Reads `m=`: kind, port, protocol, formats (§5.14).
    fn parse(value: &str) -> Self {
        let mut words = value.split_ascii_whitespace();
        let mut word = || words.next().unwrap_or_default().to_owned();
        let (kind, _port, protocol) = (word(), word(), word());
        let payload_types = words.filter_map(decimal).take(MAX_FORMATS).collect();
        Self { kind, protocol, payload_types, ..Self::default() }
    }

    /// Which payload type carries JPEG: 26 always does (RFC 3551 §6), another
    /// by its map.
    pub fn jpeg_payload_type(&self) -> Option<u8> {
        let plain = ["RTP/AVP", "RTP/AVP/UDP", "RTP/AVP/TCP"].contains(&self.protocol.as_str());
        let is_jpeg = |payload_type: &u8| {
            let maps = |map: &&RtpMap| map.payload_type == *payload_type;
            match self.rtpmap.iter().find(maps) {
                // RFC 2435 knows no other clock.
                Some(map) => map.encoding.eq_ignore_ascii_case("JPEG") && map.clock_rate == 90_000,
                None => *payload_type == JPEG,
            }
        };
        let found = self.payload_types.iter().copied().find(is_jpeg);
        found.filter(|_| plain && self.kind.eq_ignore_ascii_case("video"))
    }

    fn attribute(&mut self, name: &str, value: &str) {
        match name {
            "rtpmap" if self.rtpmap.len() < MAX_FORMATS => self.rtpmap.extend(rtp_map(value)),
            "framerate" => {
                let rate = value.parse::<f64>().ok();
                self.frame_rate = rate.filter(|rate| rate.is_finite() && *rate > 0.0);
            }
            // `26 640-480`
            "framesize" => {
                let size = value.split_once(' ').and_then(|(_, size)| size.split_once('-'));
                self.size = size.and_then(dimensions);
            }
            // live555 and GStreamer: `640,480`
            "x-dimensions" => self.size = value.split_once(',').and_then(dimensions),
            _ => {}
        }
    }
}

/// Reads `26 JPEG/90000[/parameters]`.
fn rtp_map(value: &str) -> Option<RtpMap> {
    let (payload_type, rest) = value.split_once(' ')?;
    let mut pieces = rest.trim().split('/');
    let encoding = pieces.next().filter(|name| !name.is_empty())?.to_owned();
    let clock_rate = decimal(pieces.next()?)?;
    Some(RtpMap { payload_type: decimal(payload_type)?, encoding, clock_rate })
}

fn dimensions((width, height): (&str, &str)) -> Option<(u16, u16)> {
    Some((decimal(width)?, decimal(height)?))
}

/// The URL that `control` stands for, relative to `base` (RFC 2326 §C.1.1).
///
/// The RFC wants the rules of relative URLs; servers and players alike append
/// behind a slash, also behind a query, and so does this.
pub fn resolve_control(base: &str, control: Option<&str>) -> String {
    match control.unwrap_or("*") {
        "" | "*" => base.to_owned(),
        absolute if absolute.contains("://") => absolute.to_owned(),
        relative => {
            format!("{}/{}", base.trim_end_matches('/'), relative.trim_start_matches('/'))
        }
    }
}

/// The payload type of JPEG (RFC 3551 §6).
pub const JPEG: u8 = 26;

/// Most media in one description.
pub const MAX_MEDIAS: usize = 32;

/// Most formats of one medium.
const MAX_FORMATS: usize = 32;

#[cfg(test)]
mod tests;
