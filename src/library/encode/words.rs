//! How ffmpeg is asked for each thing. Pure: a recipe in, arguments out.
//!
//! Each run has one thread and leaves out what changes from run to run, so that the same piece is
//! the same bytes again.

use std::ffi::OsString;
use std::fmt::Write;
use std::path::Path;

use super::recipe::{BEFORE_S, Chunk, Keys, Recipe, Rendition, Track};
use crate::library::ladder::{GROUP_S, Rung, Sound};
use crate::library::probe::{self, Colour, FORMATS, Fields, Video};

/// A piece of a rendition, to `out` in NUT, whose times are those of the source and a constant more.
pub(super) fn chunk(
    recipe: &Recipe,
    rendition: &Rendition,
    chunk: Chunk,
    (input, out): (&Path, &str),
) -> Option<Vec<OsString>> {
    let video = recipe.video()?;
    let mut words = before_input();
    if chunk.from_s > LEAD_S {
        words.push_one("-noaccurate_seek").push("-ss", &seconds(chunk.from_s - LEAD_S));
    }
    words.input(input);
    let rung = rendition.rung;
    let mut filters = String::new();
    if chunk.from_s > 0.0 || chunk.to_s.is_some() {
        let _ = write!(filters, "trim=start={}", seconds(chunk.from_s));
        if let Some(to) = chunk.to_s {
            let _ = write!(filters, ":end={}", seconds(to));
        }
        filters.push(',');
    }
    filters.push_str(&made_right(video, rung));
    filters.push_str("format=yuv420p");
    words.push("-map", &format!("0:{}", video.index)).push("-vf", &filters);
    words.push("-fps_mode", "passthrough");
    words.push("-enc_time_base", &format!("1/{}", timescale(video)));
    words.push("-c:v", "libx264").push("-preset", "veryfast").push("-profile:v", "high");
    let (most, buffer) = (rung.most_bits_per_sec, u64::from(rung.most_bits_per_sec) * 2);
    words
        .push("-crf", "23")
        .push("-maxrate", &most.to_string())
        .push("-bufsize", &buffer.to_string());
    words.push("-threads", "1").push("-flags", "+bitexact+cgop").push("-fflags", "+bitexact");
    words.push("-sc_threshold", "0").push("-g", "99999").push("-forced-idr", "1");
    words.push("-force_key_frames", &forced(&recipe.keys, chunk));
    if video.varies {
        // Times of decoding are then those of showing: nothing can overlap where pieces meet.
        words.push("-bf", "0");
    }
    words.nothing_else().push("-output_ts_offset", &seconds(OFFSET_S)).push("-f", "nut");
    Some(words.out(out))
}

/// The pieces that `list` names, one after another, in fragments of one group each.
pub(super) fn join(list: &Path, video: &Video, start_us: i64, out: &str) -> Vec<OsString> {
    let mut words = guarded("concat,nut");
    words.push("-f", "concat").push("-safe", "0").input(list);
    words.push("-map", "0:v").push("-c", "copy");
    words.push("-video_track_timescale", &timescale(video).to_string());
    // No film lasts so long that a float could not say it.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52 microseconds")]
    let start_s = start_us as f64 / 1e6 - OFFSET_S;
    words.push("-output_ts_offset", &seconds(start_s)).fragments().nothing_else();
    words.push("-movflags", "+frag_keyframe+delay_moov+default_base_moof").push("-f", "mp4");
    words.out(out)
}

/// The list of pieces for [`join`]: each with the time of its first picture, in microseconds.
pub(super) fn list<'a>(pieces: impl IntoIterator<Item = (&'a Path, i64)>) -> Option<String> {
    let mut list = "ffconcat version 1.0\n".to_owned();
    let mut before: Option<i64> = None;
    for (path, start_us) in pieces {
        if let Some(before) = before {
            // By how much the next is later, so that each keeps the times that it has.
            let length = u64::try_from(start_us.checked_sub(before)?).ok()?;
            let _ = writeln!(list, "duration {}.{:06}", length / 1_000_000, length % 1_000_000);
        }
        let path = path.to_str().filter(|path| !path.contains(['\n', '\r']))?;
        let _ = writeln!(list, "file '{}'", path.replace('\'', r"'\''"));
        before = Some(start_us);
    }
    before.map(|_| list)
}

/// The picture as it is.
pub(super) fn copy(video: &Video, input: &Path, out: &str) -> Vec<OsString> {
    let mut words = before_input();
    words.input(input).push("-map", &format!("0:{}", video.index)).push("-c", "copy");
    words.fragments().nothing_else();
    words.push("-movflags", "+frag_keyframe+delay_moov+default_base_moof").push("-f", "mp4");
    words.out(out)
}

/// A track of sound, whole.
pub(super) fn sound(track: &Track, input: &Path, out: &str) -> Vec<OsString> {
    let mut words = before_input();
    words.input(input).push("-map", &format!("0:{}", track.audio.index));
    match track.sound {
        // MPEG-TS has AAC with a head at each frame (ISO/IEC 13818-7 §6.2), MP4 one for all.
        Sound::Copied => words.push("-c:a", "copy").push("-bsf:a", "aac_adtstoasc"),
        Sound::Encoded => words
            // What is missing in between is silence, not a jump of all that follows.
            .push("-af", "aresample=48000:async=1000")
            .push("-c:a", "aac")
            .push("-b:a", "128k")
            .push("-ac", "2")
            .push("-threads", "1"),
    };
    let language = track.audio.language.as_deref().unwrap_or("und");
    words.fragments().nothing_else();
    words.push("-metadata:s:a:0", &format!("language={language}"));
    words.push("-frag_duration", "2000000").push("-movflags", "+delay_moov+default_base_moof");
    words.push("-f", "mp4").out(out)
}

/// Subtitles as WebVTT.
pub(super) fn subtitles(index: u32, input: &Path, out: &str) -> Vec<OsString> {
    let mut words = before_input();
    words.input(input).push("-map", &format!("0:{index}")).push("-c:s", "webvtt").nothing_else();
    words.push("-f", "webvtt").out(out)
}

/// One picture of a film, at `at_s` or soon after.
pub(super) fn poster(
    video: &Video,
    rung: Rung,
    at_s: f64,
    (input, out): (&Path, &str),
) -> Vec<OsString> {
    let mut words = guarded(FORMATS);
    words.push("-threads", "1");
    if at_s > 0.0 {
        words.push("-ss", &seconds(at_s));
    }
    words.input(input).push("-map", &format!("0:{}", video.index));
    let filters = format!("{}thumbnail=n=30,{JPEG}", made_right(video, rung));
    words.push("-vf", &filters).jpeg().out(out)
}

/// An attached picture as a poster.
pub(super) fn cover(index: u32, input: &Path, out: &str) -> Vec<OsString> {
    let mut words = guarded(FORMATS);
    words.push("-threads", "1").input(input).push("-map", &format!("0:{index}"));
    let within = "scale=w='min(1280,iw)':h='min(1280,ih)':force_original_aspect_ratio=decrease";
    words.push("-vf", &format!("{within},{JPEG}")).jpeg().out(out)
}

/// Small pictures of a rendition beside and below each other, one for each `every_s` seconds.
pub(super) fn strip(
    (columns, rows): (u32, u32),
    (width, height): (u32, u32),
    every_s: f64,
    (input, out): (&Path, &str),
) -> Vec<OsString> {
    let mut words = guarded("mov");
    // One in two seconds is all that is needed, and costs nothing to come by.
    words.push("-threads", "1").push("-skip_frame", "nokey").input(input);
    let filters = format!(
        "fps=fps=1/{}:start_time=0:round=near:eof_action=pass,scale={width}:{height},setsar=1,tile={columns}x{rows},{JPEG}",
        seconds(every_s)
    );
    words.push("-map", "0:v").push("-vf", &filters).jpeg().out(out)
}

/// What makes a picture one that every screen shows: whole, of its size, of usual light, of square
/// pixels. Ffmpeg turns it by itself, before all of this.
fn made_right(video: &Video, rung: Rung) -> String {
    let mut filters = String::new();
    if video.fields == Fields::Interlaced {
        filters.push_str("bwdif=mode=send_frame:parity=auto:deint=interlaced,");
    }
    let _ = write!(filters, "scale={}:{}:flags=bicubic,", rung.width, rung.height);
    let light = |transfer| {
        format!(
            "zscale=tin={transfer}:pin=bt2020:min=bt2020nc:t=linear:npl=100,format=gbrpf32le,\
             zscale=p=bt709,tonemap=tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=limited,"
        )
    };
    match video.colour {
        Colour::Usual => {}
        Colour::Perceptual => filters.push_str(&light("smpte2084")),
        Colour::HybridLog => filters.push_str(&light("arib-std-b67")),
        Colour::Wide => filters.push_str(
            "zscale=tin=bt709:pin=bt2020:min=bt2020nc:t=bt709:p=bt709:m=bt709:r=limited,",
        ),
    }
    filters.push_str("setsar=1,");
    filters
}

/// Which pictures others can be entered at, for the encoder.
fn forced(keys: &Keys, chunk: Chunk) -> String {
    match keys {
        // The first of each group's time, whenever it comes: the same in every piece and rung.
        Keys::Grid => format!(
            "expr:if(isnan(prev_forced_t),1,gt(floor(t/{GROUP_S}),floor(prev_forced_t/{GROUP_S})))"
        ),
        Keys::At(times) => {
            let inside =
                |time: &&f64| **time >= chunk.from_s && chunk.to_s.is_none_or(|end| **time < end);
            let inside = times.iter().filter(inside);
            let times: Vec<_> = inside.map(|time| seconds((time - BEFORE_S).max(0.0))).collect();
            if times.is_empty() { "0".to_owned() } else { times.join(",") }
        }
    }
}

/// Units a second of the times of all renditions: the source's own, so that none is rounded.
fn timescale(video: &Video) -> u32 {
    let Some(units) = video.timescale.filter(|units| *units <= MOST_UNITS) else {
        return USUAL_UNITS;
    };
    let mut fine = units;
    while fine < FINE_UNITS {
        fine *= 2;
    }
    fine
}

fn seconds(seconds: f64) -> String {
    format!("{seconds:.6}")
}

/// Arguments that are being put together.
struct Words(Vec<OsString>);

/// What every run begins with: no questions, no network, nothing but these formats.
fn guarded(formats: &str) -> Words {
    let mut words = Words(Vec::new());
    words.push("-v", "error").push_one("-nostdin").push("-progress", "pipe:1");
    words.push_one("-nostats").push("-filter_threads", "1");
    words.push("-protocol_whitelist", "file").push("-format_whitelist", formats);
    words
}

/// Of a source whose times are wanted from its beginning.
fn before_input() -> Words {
    let mut words = guarded(FORMATS);
    words.push_one("-copyts").push_one("-start_at_zero").push("-threads", "1");
    words
}

impl Words {
    fn push(&mut self, name: &str, value: &str) -> &mut Self {
        self.0.extend([name.into(), value.into()]);
        self
    }

    fn push_one(&mut self, word: impl Into<OsString>) -> &mut Self {
        self.0.push(word.into());
        self
    }

    fn input(&mut self, path: &Path) -> &mut Self {
        self.0.extend(["-i".into(), probe::named(path)]);
        self
    }

    /// Nothing of a source's notes goes on.
    fn nothing_else(&mut self) -> &mut Self {
        self.push("-map_metadata", "-1").push("-map_chapters", "-1")
    }

    fn fragments(&mut self) -> &mut Self {
        self.push("-flags", "+bitexact").push("-fflags", "+bitexact")
    }

    fn jpeg(&mut self) -> &mut Self {
        self.push("-frames:v", "1").push("-c:v", "mjpeg").push("-q:v", "4").push("-threads", "1");
        self.push("-flags", "+bitexact").push("-fflags", "+bitexact");
        self.nothing_else().push("-f", "mjpeg")
    }

    fn out(&mut self, name: &str) -> Vec<OsString> {
        self.push_one(name);
        std::mem::take(&mut self.0)
    }
}

/// Where pieces' times begin, so that none is below 0 in a format that knows no such.
pub(super) const OFFSET_S: f64 = 10.0;
/// So much is read before a piece, since what is shown then may be kept after what is shown later.
const LEAD_S: f64 = 1.0;
const JPEG: &str = "scale=out_range=pc,format=yuvj420p";
const MOST_UNITS: u32 = 1_000_000;
const FINE_UNITS: u32 = 10_000;
/// Of MPEG.
const USUAL_UNITS: u32 = 90_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_listed_by_how_much_later_each_is() {
        let pieces =
            [("/a b's/0.nut", 10_000_000), ("/a b's/1.nut", 20_010_001), ("/x", 20_010_002)];
        let list = list(pieces.map(|(path, start)| (Path::new(path), start)));
        let expected = "ffconcat version 1.0\nfile '/a b'\\''s/0.nut'\nduration 10.010001\n\
                        file '/a b'\\''s/1.nut'\nduration 0.000001\nfile '/x'\n";
        assert_eq!(list.as_deref(), Some(expected));
        assert_eq!(super::list([]), None);
        assert_eq!(super::list([(Path::new("/a\nfile /etc/passwd"), 0)]), None);
        let back = [(Path::new("/a"), 5), (Path::new("/b"), 4)];
        assert_eq!(super::list(back), None, "times go on");
    }

    #[test]
    fn keys_of_a_piece_are_those_within_it() {
        let keys = Keys::At(vec![0.0, 4.0, 8.0, 12.0]);
        let chunk = Chunk { from_s: 4.0 - BEFORE_S, to_s: Some(12.0 - BEFORE_S) };
        assert_eq!(forced(&keys, chunk), "3.999500,7.999500");
        let last = Chunk { from_s: 50.0, to_s: None };
        assert_eq!(forced(&keys, last), "0");
    }
}
