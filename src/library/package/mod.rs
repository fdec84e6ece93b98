//! Makes segments of what was encoded, and the manifests of DASH and HLS over one set of them.
//!
//! [`package`] runs on whichever thread calls it, and waits for the disk; it asks between segments
//! whether to stop. Each input is streamed, track by track; memory stays bounded whatever the inputs
//! claim. Does not decode or encode: what does not fit is refused in words.
//!
//! ```text
//! FOLDER/stream.mpd, master.m3u8
//!        video-1/init.mp4, 1.m4s …, index.m3u8
//!        audio-1/…
//!        text-1/all.vtt, 1.vtt …, index.m3u8
//! ```

mod failed;
mod file;
mod folder;
mod plan;
mod text;
mod track;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::proto::cenc::Protection;
use crate::proto::fmp4::entry::Codec;
use crate::proto::fmp4::entry::Kind;
use crate::proto::presentation::Presentation;
use crate::proto::{m3u8, mpd};

pub use failed::Failed;
use file::Input;
use folder::Folder;
use plan::{Plan, Stream};
use track::Rendering;

/// What is to be packaged, and how.
#[derive(Debug, Clone)]
pub struct Order<'a> {
    /// Films in MP4, fragmented or not: the renditions of one film, and its sound.
    pub films: &'a [PathBuf],
    /// Which of the renditions that there will be each film is, from 1: so it is called, however many
    /// there are by now. In the order of `films`; empty if these are all.
    pub ranks: &'a [usize],
    /// Subtitles in WebVTT, each named as in `film.en.vtt`.
    pub texts: &'a [PathBuf],
    /// How to encrypt it, if at all.
    pub secret: Option<Secret>,
    /// How long a segment is at least, but for the last.
    pub segment: Duration,
    /// The folder to write, which is not there yet.
    pub out: &'a Path,
    /// Whether it outlives the power when it is done.
    pub durability: Durability,
}

/// How to encrypt.
#[derive(Debug, Clone)]
pub struct Secret {
    /// By what.
    pub protection: Protection,
    /// The first IV of `cenc`: no other title of this key may have one of the 2^40 from here on.
    pub first_iv: u64,
    /// Which tracks.
    pub of: Protected,
}

/// Which tracks are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protected {
    /// All.
    All,
    /// Pictures: who has no key hears the sound.
    Video,
}

/// Whether it outlives the power when it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// It does.
    Synced,
    /// When the system comes to it.
    Left,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of samples that are written.
    pub done: u64,
    /// Of about so many.
    pub of: u64,
}

/// What was written.
#[derive(Debug)]
pub struct Packaged {
    /// As the manifests have it.
    pub film: Presentation,
    /// Tracks that were left out, since nothing plays them.
    pub left_out: usize,
}

/// Packages a film.
///
/// # Errors
///
/// [`Failed`]; nothing is left of it then.
pub fn package(
    order: &Order<'_>,
    stop: &AtomicBool,
    progress: &mut dyn FnMut(Progress),
) -> Result<Packaged, Failed> {
    let mut inputs =
        order.films.iter().map(|path| Input::open(path)).collect::<Result<Vec<_>, _>>()?;
    if inputs.iter().map(Input::held_bytes).sum::<usize>() > MOST_HEADS_BYTES {
        return Err(Failed::Heads);
    }
    let left_out = inputs.iter().map(Input::left_out).sum();
    let plan = Plan::make(&mut inputs, order.segment, stop)?;
    refuse(order, &inputs, &plan)?;
    let folder = Folder::create(order.out)?;
    let of = inputs.iter().map(|input| input.tape.size()).sum();
    let mut done = 0;
    let mut film = Presentation {
        protection: order.secret.as_ref().map(|secret| secret.protection.clone()),
        ..Presentation::default()
    };
    let mut counts = [0; 2];
    for (number, stream) in plan.streams.iter().enumerate() {
        let count = &mut counts[usize::from(stream.kind == Kind::Audio)];
        *count += 1;
        let rank = order.ranks.get(stream.input).filter(|_| stream.kind == Kind::Video);
        let rank = *rank.unwrap_or(count);
        let (name, block) = match stream.kind {
            Kind::Video => (format!("video-{rank}"), rank),
            Kind::Audio => (format!("audio-{rank}"), MOST_STREAMS + rank),
        };
        let secret = order.secret.as_ref().filter(|secret| is_secret(secret, stream));
        let secret = secret.map(|secret| (secret, (block as u64) << 32));
        let mut rendering = Rendering {
            plan: &plan,
            stream,
            input: &mut inputs[stream.input],
            folder: folder.inner(&name)?,
            secret,
            stop,
            told: &mut |bytes| {
                done += bytes;
                progress(Progress { done, of });
            },
        };
        let mut rendition = rendering.write(name)?;
        rendition.is_default = plan.is_default(number);
        let list = m3u8::media(&rendition, film.protection.as_ref());
        rendering.folder.put("index.m3u8", list.as_bytes())?;
        match stream.kind {
            Kind::Video => film.videos.push(rendition),
            Kind::Audio => film.audios.push(rendition),
        }
    }
    for (number, path) in order.texts.iter().enumerate() {
        let name = format!("text-{}", number + 1);
        let inner = folder.inner(&name)?;
        let written = text::write(path, name, &plan, film.lasts_us(), &inner)?;
        film.texts.push(written);
    }
    folder.put("stream.mpd", mpd::write(&film).as_bytes())?;
    folder.put("master.m3u8", m3u8::master(&film).as_bytes())?;
    ask(stop)?;
    folder.finish(order.durability)?;
    Ok(Packaged { film, left_out })
}

/// What can be read and still not be packaged as it was ordered.
fn refuse(order: &Order<'_>, inputs: &[Input], plan: &Plan) -> Result<(), Failed> {
    if plan.streams.len() >= MOST_STREAMS || order.ranks.iter().any(|rank| *rank >= MOST_STREAMS) {
        return Err(Failed::TooMany(MOST_STREAMS));
    }
    for stream in &plan.streams {
        let input = &inputs[stream.input];
        if stream.entry.codec == Codec::Av1
            && order.secret.as_ref().is_some_and(|secret| is_secret(secret, stream))
        {
            return Err(Failed::Av1(input.path.clone()));
        }
        if input.track(stream.track).is_turned && stream.kind == Kind::Video {
            return Err(Failed::Turned(input.path.clone()));
        }
    }
    Ok(())
}

fn is_secret(secret: &Secret, stream: &Stream) -> bool {
    secret.of == Protected::All || stream.kind == Kind::Video
}

fn ask(stop: &AtomicBool) -> Result<(), Failed> {
    if stop.load(Ordering::Relaxed) { Err(Failed::Stopped) } else { Ok(()) }
}

/// Of pictures, and of sound: each has 2^32 IVs of the 2^40.
const MOST_STREAMS: usize = 128;
/// Of all inputs' heads, which stay in memory.
const MOST_HEADS_BYTES: usize = 12 * 1024 * 1024;

#[cfg(test)]
mod tests;
