//! `RTP-Info` (RFC 2326 §12.33): with which packet a stream goes on after PLAY.

use std::fmt;

use super::Invalid;
use crate::proto::http::headers::trim;

/// What one stream starts with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtpInfo {
    /// The URL that the stream was set up with.
    pub url: String,
    /// The sequence number of the first packet.
    pub seq: Option<u16>,
    /// The RTP time that the start of the range stands for.
    pub rtptime: Option<u32>,
}

impl RtpInfo {
    /// Parses the whole list; what a server does not say or says wrongly is left out.
    ///
    /// # Errors
    ///
    /// [`Invalid`] if a member has no URL, or there are more than [`MAX_STREAMS`].
    pub fn parse_list(value: &str) -> Result<Vec<Self>, Invalid> {
        let mut list = Vec::new();
        let mut start = 0;
        while start < value.len() {
            let end = next_member(value, start);
            if list.len() == MAX_STREAMS {
                return Err(Invalid::new(start, "RTP-Info: too many streams"));
            }
            list.push(Self::parse(&value[start..end]).ok_or(Invalid::new(start, "stream-url"))?);
            start = end + 1;
        }
        Ok(list)
    }

    fn parse(member: &str) -> Option<Self> {
        let mut info = Self { url: String::new(), seq: None, rtptime: None };
        for piece in member.split(';') {
            let (name, value) = piece.split_once('=')?;
            let value = trim(value);
            match trim(name).to_ascii_lowercase().as_str() {
                "url" => info.url = value.trim_matches('"').to_owned(),
                "seq" => info.seq = value.parse().ok(),
                "rtptime" => info.rtptime = value.parse().ok(),
                // A semicolon of the URL's own.
                _ if info.seq.is_none() && info.rtptime.is_none() => {
                    info.url.push(';');
                    info.url.push_str(piece);
                }
                _ => {}
            }
        }
        (!info.url.is_empty()).then_some(info)
    }
}

/// Where the member that starts at `start` ends: URLs may hold commas themselves.
fn next_member(value: &str, start: usize) -> usize {
    let commas = value[start..].match_indices(',').map(|(at, _)| start + at);
    let is_border = |comma: &usize| {
        let after = value[comma + 1..].trim_start_matches([' ', '\t']);
        after.get(..4).is_some_and(|name| name.eq_ignore_ascii_case("url="))
    };
    commas.into_iter().find(is_border).unwrap_or(value.len())
}

/// As one member of the list.
impl fmt::Display for RtpInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "url={}", self.url)?;
        if let Some(seq) = self.seq {
            write!(f, ";seq={seq}")?;
        }
        match self.rtptime {
            Some(rtptime) => write!(f, ";rtptime={rtptime}"),
            None => Ok(()),
        }
    }
}

/// Most streams in one field.
pub const MAX_STREAMS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_and_written() {
        let text = "url=rtsp://a/movie/track1?x=1,2;seq=65535;rtptime=4294967295, \
                    url=rtsp://a/audio;seq=1";
        let list = RtpInfo::parse_list(text).unwrap();
        assert_eq!((list[0].seq, list[0].rtptime), (Some(u16::MAX), Some(u32::MAX)));
        assert_eq!(list[1].rtptime, None);
        let again: Vec<String> = list.iter().map(RtpInfo::to_string).collect();
        assert_eq!(again.join(", "), text);
    }

    #[test]
    fn what_cameras_send_is_understood() {
        let read = |text: &str| RtpInfo::parse_list(text).unwrap().remove(0);
        assert_eq!(read("url=\"track1\"; Seq=7 ;rtptime=-1").seq, Some(7));
        assert_eq!(read("url=rtsp://a/b;c=d;seq=7").url, "rtsp://a/b;c=d");
        assert_eq!(RtpInfo::parse_list(""), Ok(Vec::new()));
        for text in ["seq=1", "url", "url=;seq=1", ","] {
            assert_eq!(RtpInfo::parse_list(text).unwrap_err().rule, "stream-url", "{text}");
        }
    }

    #[test]
    fn streams_are_counted() {
        let whole = vec!["url=a"; MAX_STREAMS].join(",");
        assert_eq!(RtpInfo::parse_list(&whole).unwrap().len(), MAX_STREAMS);
        assert!(RtpInfo::parse_list(&format!("{whole},url=a")).is_err());
    }
}
