//! What a file is that somebody brought, before anything is promised of it.
//!
//! On the thread that asks; ffprobe reads the file, locked in. What is no video and no sound is
//! told in words that help ([`instead`]).

mod instead;
mod parse;

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::cage::{Bounds, Cage, Failure, Seen, Task, Tool};

pub use parse::{
    Audio, Colour, Fields, PixelAspect, Rate, Rotation, Source, Subtitle, Video, parse,
};

/// Why a file is no source.
#[derive(Debug)]
pub enum Unusable {
    /// What it is instead, or what is wrong with it: a sentence for who brought it.
    Not(String),
    /// It could not be found out.
    Failed(Failure),
    /// It cannot be read.
    System(io::Error),
}

/// Finds out what a file is. `path` leads to it from the root, without links.
///
/// # Errors
///
/// [`Unusable`].
pub fn probe(cage: &Cage, path: &Path, stop: &dyn Fn() -> bool) -> Result<Source, Unusable> {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(HEAD_BYTES).read_to_end(&mut head));
    read.map_err(Unusable::System)?;
    if let Some(words) = instead::by_head(&head) {
        return Err(Unusable::Not(words.to_owned()));
    }
    let shown = ["-print_format", "json", "-show_format", "-show_streams"];
    let json = match cage.ask(&task(path, &shown), stop) {
        Ok(json) => json,
        Err(Failure::Tool { said, .. }) => {
            return Err(Unusable::Not(instead::by_words(&head, &said).to_owned()));
        }
        Err(failure) => return Err(Unusable::Failed(failure)),
    };
    let source = parse(&json).ok_or_else(|| Unusable::Not(instead::NOT_UNDERSTOOD.to_owned()))?;
    match source.video.is_none() && source.audio.is_empty() {
        true => Err(Unusable::Not(instead::NOTHING_IN_IT.to_owned())),
        false => Ok(source),
    }
}

/// The times at which a file's picture can be entered, from the file's beginning: of those that are
/// near each other the first.
///
/// # Errors
///
/// The tool's.
pub fn key_times(
    cage: &Cage,
    path: &Path,
    source: &Source,
    stop: &dyn Fn() -> bool,
) -> Result<Vec<Duration>, Failure> {
    let Some(video) = &source.video else { return Ok(Vec::new()) };
    let index = video.index.to_string();
    let shown =
        ["-select_streams", &index, "-show_entries", "packet=pts_time,flags", "-of", "csv=p=0"];
    let mut times = Vec::new();
    let mut take = |line: &str| {
        let key = line.split_once(',').filter(|(_, flags)| flags.starts_with('K'));
        let time = key.and_then(|(time, _)| parse::seconds(time));
        let from_start =
            time.and_then(|time| Duration::try_from_secs_f64(time - source.start_s).ok());
        let sooner =
            |time: &Duration| times.last().is_some_and(|last| *time < *last + BETWEEN_KEYS);
        let wanted = from_start.filter(|time| times.len() < MOST_KEYS && !sooner(time));
        times.extend(wanted);
        Seen::Taken
    };
    let mut task = task(path, &shown);
    // Reads the whole file, be it as long as it may.
    task.bounds.time = Duration::from_secs(1800);
    cage.run(&task, &mut take, stop)?;
    Ok(times)
}

/// The time of the first picture in a file of our own, in microseconds; `None` if there is none. (The
/// start of a file that has one picture or two is not known to the tool.)
///
/// # Errors
///
/// The tool's; also if it tells of a picture and not of its time.
pub fn start_of(cage: &Cage, path: &Path, stop: &dyn Fn() -> bool) -> Result<Option<i64>, Failure> {
    let shown = ["-read_intervals", "%+#1", "-show_entries", "packet=pts_time", "-of", "csv=p=0"];
    let said = cage.ask(&task(path, &shown), stop)?;
    let said = String::from_utf8_lossy(&said);
    match said.lines().next().map(|line| (line, parse::seconds(line))) {
        None => Ok(None),
        // A film's times are small beside what a float holds exactly.
        #[expect(clippy::cast_possible_truncation, reason = "bounded by `seconds`")]
        Some((_, Some(seconds))) => Ok(Some((seconds * 1e6).round() as i64)),
        Some((line, None)) => Err(Failure::Tool {
            tool: Tool::Ffprobe,
            how: "told no time of the first picture".to_owned(),
            said: line.to_owned(),
        }),
    }
}

fn task(path: &Path, shown: &[&str]) -> Task {
    let guards = ["-v", "error", "-protocol_whitelist", "file", "-format_whitelist", FORMATS];
    let mut arguments: Vec<OsString> = guards.iter().chain(shown).map(OsString::from).collect();
    arguments.push("-i".into());
    arguments.push(named(path));
    Task {
        tool: Tool::Ffprobe,
        arguments,
        reads: vec![PathBuf::from(path)],
        writes: None,
        bounds: BOUNDS,
    }
}

/// A file as the tools are told of it: never taken for an option or for an address.
pub fn named(path: &Path) -> OsString {
    let mut named = OsString::from("file:");
    named.push(path);
    named
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Not(words) => f.write_str(words),
            Self::Failed(failure) => failure.fmt(f),
            Self::System(error) => error.fmt(f),
        }
    }
}

/// What holds pictures and sound by itself. No playlists, and nothing that names other files.
pub const FORMATS: &str = "mov,mp4,matroska,webm,nut,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg,mp3,wav,flac,\
                           aac,aiff,w64,caf,mxf,dv,rm,amr,ac3,eac3,dts,h264,hevc,ivf,obu,gxf,swf,nsv,wtv";
const HEAD_BYTES: u64 = 4096;
const BOUNDS: Bounds = Bounds {
    time: Duration::from_secs(60),
    cpu: Duration::from_secs(60),
    memory_bytes: 2 << 30,
    folder_bytes: 0,
    output_bytes: 1 << 20,
};
/// Two days; of what is longer, the rest cannot be entered.
const MOST_KEYS: usize = 200_000;
const BETWEEN_KEYS: Duration = Duration::from_millis(900);
