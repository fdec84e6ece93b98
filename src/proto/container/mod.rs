//! What a film's file says of itself: of which sort it is, how long it plays, what is in it.
//!
//! Pure: bytes are asked for by their place ([`Bytes`]), and nothing of the pictures or the sound is
//! decoded. Bounded in steps whatever the file claims; what breaks off is taken as far as it goes.
//! What a browser does with it the browser knows.

use std::time::Duration;

pub use super::boxes::Bytes;
use super::boxes::{be16, be32, take};

mod mp3;
mod mp4;
mod ogg;
mod webm;

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// The sort of file.
    pub container: Container,
    /// Whether there are pictures in it.
    pub has_video: bool,
    /// How long it plays; `None` if that cannot be known.
    pub duration: Option<Duration>,
    /// What its tracks are encoded by, as the file names it.
    pub codecs: Vec<String>,
}

/// The sorts of files that browsers play.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// ISO base media: mp4, m4a, fragmented or not.
    Mp4,
    /// Matroska's subset for the web.
    WebM,
    /// Matroska itself, which not all browsers play.
    Matroska,
    /// Ogg: Vorbis, Opus, Theora, FLAC.
    Ogg,
    /// MPEG audio, layer III.
    Mp3,
}

impl About {
    /// The media type.
    pub fn media_type(&self) -> &'static str {
        match (self.container, self.has_video) {
            (Container::Mp4, true) => "video/mp4",
            (Container::Mp4, false) => "audio/mp4",
            (Container::WebM, true) => "video/webm",
            (Container::WebM, false) => "audio/webm",
            (Container::Matroska, true) => "video/x-matroska",
            (Container::Matroska, false) => "audio/x-matroska",
            (Container::Ogg, true) => "video/ogg",
            (Container::Ogg, false) => "audio/ogg",
            (Container::Mp3, _) => "audio/mpeg",
        }
    }
}

/// Reads what a file says of itself; `None` if it is of no sort that is known here.
pub fn about(bytes: &mut dyn Bytes) -> Option<About> {
    let mut head = [0; 12];
    if !bytes.fill(0, &mut head) {
        return None;
    }
    match head {
        [_, _, _, _, b'f', b't', b'y', b'p', ..] | [_, _, _, _, b'm', b'o', b'o', b'v', ..] => {
            mp4::about(bytes)
        }
        [0x1a, 0x45, 0xdf, 0xa3, ..] => webm::about(bytes),
        [b'O', b'g', b'g', b'S', ..] => ogg::about(bytes),
        _ => mp3::about(bytes),
    }
}

/// So many units, of which a second has so many; none if that is no time that a film has.
fn duration(units: f64, a_second: f64) -> Option<Duration> {
    let seconds = units / a_second;
    let is_one = seconds.is_finite() && (LEAST_SECONDS..MOST_SECONDS).contains(&seconds);
    is_one.then(|| Duration::from_secs_f64(seconds))
}

/// A name as a file has it, as far as it can be shown.
fn name(bytes: &[u8]) -> String {
    let graphic = |byte: &&u8| byte.is_ascii_graphic();
    bytes.iter().take(MOST_NAME).take_while(graphic).map(|&byte| char::from(byte)).collect()
}

/// A month: what claims to be longer has a broken head.
const MOST_SECONDS: f64 = 31.0 * 24.0 * 3600.0;
/// What claims to be shorter shows nothing to anybody.
const LEAST_SECONDS: f64 = 0.001;
const MOST_NAME: usize = 32;
/// Tracks that are looked at.
const MOST_TRACKS: usize = 32;

#[cfg(test)]
mod tests;
