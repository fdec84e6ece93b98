//! What ffprobe prints of a file, as values. Pure: text in, values out.
//!
//! What it prints comes from the file, and so from a stranger: every number has bounds, and what is
//! out of them is as if it were not there.

use serde_json::Value;

use crate::proto::text::clean_line;

/// What is in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Names of its format, as in `mov,mp4,m4a,3gp,3g2,mj2`.
    pub format: String,
    /// Seconds; 0 if it is not known.
    pub duration_s: f64,
    /// The time of its beginning, in seconds.
    pub start_s: f64,
    /// Bits a second of all of it, if that is known.
    pub bits_per_sec: Option<u64>,
    /// The picture that moves: the default one, or else the first.
    pub video: Option<Video>,
    /// Its sound, in its order.
    pub audio: Vec<Audio>,
    /// Subtitles that are text, in their order.
    pub subtitles: Vec<Subtitle>,
    /// The stream of an attached picture, as of an album's cover.
    pub cover: Option<u32>,
}

/// A picture that moves.
#[derive(Debug, Clone, PartialEq)]
pub struct Video {
    /// The stream's number in its file.
    pub index: u32,
    /// As in `h264`.
    pub codec: String,
    /// As in `High`.
    pub profile: String,
    /// Ten times the level that codecs have, as in 40; 0 if it is not known.
    pub level: u32,
    /// As in `yuv420p`.
    pub pixels: String,
    /// Pixels from left to right, as they are kept.
    pub width: u32,
    /// Pixels from top to bottom, as they are kept.
    pub height: u32,
    /// How it is to be turned.
    pub rotation: Rotation,
    /// A pixel's shape.
    pub aspect: PixelAspect,
    /// Whether each picture is two halves of two moments.
    pub fields: Fields,
    /// Which light its numbers mean.
    pub colour: Colour,
    /// Pictures a second in the mean, if that is known.
    pub rate: Option<Rate>,
    /// Whether the time between two pictures changes.
    pub varies: bool,
    /// Units a second of its times, if one is such a part of a second.
    pub timescale: Option<u32>,
    /// Of this stream, if that is known.
    pub bits_per_sec: Option<u64>,
}

/// Sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audio {
    /// The stream's number in its file.
    pub index: u32,
    /// As in `aac`.
    pub codec: String,
    /// As in `LC`.
    pub profile: String,
    /// Samples a second.
    pub rate: u32,
    /// How many.
    pub channels: u32,
    /// Of this stream, if that is known.
    pub bits_per_sec: Option<u64>,
    /// Three letters (ISO 639-2), as in `deu`; `None` for what is not said.
    pub language: Option<String>,
    /// What to call it, if that is said.
    pub title: Option<String>,
    /// Whether it is played if nothing else is asked for.
    pub default: bool,
}

/// Words to a film.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subtitle {
    /// The stream's number in its file.
    pub index: u32,
    /// Three letters (ISO 639-2); `None` for what is not said.
    pub language: Option<String>,
    /// What to call them, if that is said.
    pub title: Option<String>,
    /// Whether they are shown if nothing else is asked for.
    pub default: bool,
}

/// How a picture is to be turned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// Not at all.
    Level,
    /// Upside down, mirrored or moved: width stays width.
    Half,
    /// By a quarter: width becomes height.
    Quarter,
}

/// Width and height of a pixel; both are above 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PixelAspect {
    /// Parts.
    pub width: u32,
    /// Parts.
    pub height: u32,
}

/// What a picture holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fields {
    /// One moment.
    Whole,
    /// Two, in every second line.
    Interlaced,
}

/// Which light the numbers of a picture mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// What every screen shows.
    Usual,
    /// More light than that, by SMPTE ST 2084: it has to be mapped.
    Perceptual,
    /// More light than that, by ARIB STD-B67: it has to be mapped.
    HybridLog,
    /// More colours than that (BT.2020), with usual light.
    Wide,
}

/// A fraction a second; both parts are above 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Pictures
    pub count: u32,
    /// in so many seconds.
    pub seconds: u32,
}

/// Reads what `ffprobe -print_format json -show_format -show_streams` prints; `None` if it is not
/// that.
pub fn parse(json: &[u8]) -> Option<Source> {
    let all: Value = serde_json::from_slice(json).ok()?;
    let format = all.get("format")?;
    let streams = all.get("streams")?.as_array()?;
    let streams: Vec<&Value> = streams.iter().take(MOST_STREAMS).collect();
    let of_kind = |kind: &'static str| {
        streams.iter().copied().filter(move |stream| text(stream, "codec_type") == kind)
    };
    let (covers, moving): (Vec<&Value>, Vec<&Value>) =
        of_kind("video").partition(|stream| is(stream, "attached_pic"));
    let videos: Vec<(bool, Video)> = moving
        .into_iter()
        .filter_map(|stream| Some((is(stream, "default"), video(stream)?)))
        .collect();
    let chosen = videos.iter().position(|(default, _)| *default).unwrap_or(0);
    let subtitle = |stream: &Value| {
        let known = TEXT_CODECS.contains(&text(stream, "codec_name"));
        let of = (language(stream), title(stream), is(stream, "default"));
        let index = index(stream)?;
        let subtitle = Subtitle { index, language: of.0, title: of.1, default: of.2 };
        known.then_some(subtitle)
    };
    let start_s = number(format, "start_time").unwrap_or(0.0);
    Some(Source {
        format: text(format, "format_name").to_owned(),
        duration_s: duration_s(format, &streams, start_s),
        start_s,
        bits_per_sec: whole(format, "bit_rate"),
        video: videos.into_iter().nth(chosen).map(|(_, video)| video),
        audio: of_kind("audio").filter_map(audio).take(MOST_TRACKS).collect(),
        subtitles: of_kind("subtitle").filter_map(subtitle).take(MOST_TRACKS).collect(),
        cover: covers.into_iter().find_map(index),
    })
}

/// How long a film lasts from its first picture or sound; 0 if nothing says it. The whole may say that it
/// lasts longer than each of its tracks, which is not so.
fn duration_s(format: &Value, streams: &[&Value], start_s: f64) -> f64 {
    let tracks = streams.iter().filter(|stream| {
        matches!(text(stream, "codec_type"), "video" | "audio") && !is(stream, "attached_pic")
    });
    let tracks: Vec<Option<f64>> = tracks.map(|stream| number(stream, "duration")).collect();
    let longest = tracks.iter().flatten().copied().fold(0.0, f64::max);
    let all_say = longest > 0.0 && tracks.iter().all(Option::is_some);
    match number(format, "duration").filter(|seconds| *seconds > 0.0) {
        Some(whole) if all_say => whole.min(longest),
        // Here it is the time at which the last one ends.
        Some(end) if text(format, "format_name").contains("matroska") && start_s < end => {
            end - start_s.max(0.0)
        }
        Some(whole) => whole,
        None => longest,
    }
}

fn video(stream: &Value) -> Option<Video> {
    let side = |width: &str| {
        whole(stream, width)
            .and_then(|side| u32::try_from(side).ok())
            .filter(|side| MOST_SIDE.contains(side))
    };
    let mean = rate(text(stream, "avg_frame_rate"));
    let least = rate(text(stream, "r_frame_rate"));
    let timescale =
        text(stream, "time_base").strip_prefix("1/").and_then(|units| units.parse().ok());
    Some(Video {
        index: index(stream)?,
        codec: text(stream, "codec_name").to_owned(),
        profile: text(stream, "profile").to_owned(),
        level: whole(stream, "level").and_then(|level| u32::try_from(level).ok()).unwrap_or(0),
        pixels: text(stream, "pix_fmt").to_owned(),
        width: side("width")?,
        height: side("height")?,
        rotation: rotation(stream),
        aspect: aspect(text(stream, "sample_aspect_ratio")),
        fields: match text(stream, "field_order") {
            "tt" | "bb" | "tb" | "bt" => Fields::Interlaced,
            _ => Fields::Whole,
        },
        colour: match (text(stream, "color_transfer"), text(stream, "color_primaries")) {
            ("smpte2084", _) => Colour::Perceptual,
            ("arib-std-b67", _) => Colour::HybridLog,
            (_, "bt2020") => Colour::Wide,
            _ => Colour::Usual,
        },
        rate: mean,
        varies: match (mean, least) {
            (Some(mean), Some(least)) => (mean.per_sec() / least.per_sec() - 1.0).abs() > 0.001,
            _ => true,
        },
        timescale: timescale.filter(|units| *units > 0),
        bits_per_sec: whole(stream, "bit_rate"),
    })
}

fn audio(stream: &Value) -> Option<Audio> {
    let small = |key| whole(stream, key).and_then(|value| u32::try_from(value).ok());
    Some(Audio {
        index: index(stream)?,
        codec: text(stream, "codec_name").to_owned(),
        profile: text(stream, "profile").to_owned(),
        rate: small("sample_rate").filter(|rate| *rate > 0)?,
        channels: small("channels").filter(|channels| *channels > 0)?,
        bits_per_sec: whole(stream, "bit_rate"),
        language: language(stream),
        title: title(stream),
        default: is(stream, "default"),
    })
}

fn index(stream: &Value) -> Option<u32> {
    u32::try_from(stream.get("index")?.as_u64()?).ok()
}

/// A text of the tool's own, as a codec's name is; empty if there is none.
fn text<'a>(of: &'a Value, key: &str) -> &'a str {
    of.get(key)
        .and_then(Value::as_str)
        .filter(|text| text.len() <= MOST_NAME_BYTES)
        .unwrap_or_default()
}

fn tag<'a>(stream: &'a Value, key: &str) -> Option<&'a str> {
    stream.get("tags")?.get(key)?.as_str()
}

fn language(stream: &Value) -> Option<String> {
    let said = tag(stream, "language").or_else(|| tag(stream, "LANGUAGE"))?;
    let letters = said.len() == 3 && said.bytes().all(|byte| byte.is_ascii_lowercase());
    (letters && said != "und").then(|| said.to_owned())
}

fn title(stream: &Value) -> Option<String> {
    let said = tag(stream, "title")?;
    clean_line(said.trim(), MOST_TITLE_CHARS).ok().filter(|title| !title.is_empty())
}

fn is(stream: &Value, disposition: &str) -> bool {
    let said = stream.get("disposition").and_then(|all| all.get(disposition));
    said.and_then(Value::as_u64) == Some(1)
}

/// A number that stands as text.
fn number(of: &Value, key: &str) -> Option<f64> {
    seconds(of.get(key)?.as_str()?)
}

/// Seconds of no more than a year, before or after 0.
pub(super) fn seconds(text: &str) -> Option<f64> {
    let seconds: f64 = text.trim().trim_end_matches(',').parse().ok()?;
    (seconds.abs() <= A_YEAR_S).then_some(seconds)
}

/// A number that stands as text or as itself.
fn whole(of: &Value, key: &str) -> Option<u64> {
    let value = of.get(key)?;
    value.as_u64().or_else(|| value.as_str()?.parse().ok()).filter(|number| *number <= MOST_NUMBER)
}

fn rotation(stream: &Value) -> Rotation {
    let sides = stream.get("side_data_list").and_then(Value::as_array);
    // It is said of a matrix alone that does something.
    let turned = sides.into_iter().flatten().find_map(|side| side.get("rotation"));
    match turned.map(|degrees| degrees.as_i64().unwrap_or(0).rem_euclid(180)) {
        None => Rotation::Level,
        Some(45..135) => Rotation::Quarter,
        Some(_) => Rotation::Half,
    }
}

fn pair(text: &str, between: char) -> Option<(u32, u32)> {
    let (first, second) = text.split_once(between)?;
    let both = (first.parse().ok()?, second.parse().ok()?);
    (both.0 > 0 && both.1 > 0).then_some(both)
}

/// What is far from a square is a fault of the file.
fn aspect(text: &str) -> PixelAspect {
    let said = pair(text, ':').map(|(width, height)| PixelAspect { width, height });
    let sane = |aspect: &PixelAspect| (0.1..=10.0).contains(&aspect.of_square());
    said.filter(sane).unwrap_or(PixelAspect::SQUARE)
}

fn rate(text: &str) -> Option<Rate> {
    let (count, seconds) = pair(text, '/')?;
    Some(Rate { count, seconds })
}

impl PixelAspect {
    /// As wide as high.
    pub const SQUARE: Self = Self { width: 1, height: 1 };

    /// A pixel's width in parts of its height.
    pub fn of_square(self) -> f64 {
        f64::from(self.width) / f64::from(self.height)
    }
}

impl Rate {
    /// Pictures a second.
    pub fn per_sec(self) -> f64 {
        f64::from(self.count) / f64::from(self.seconds)
    }
}

const TEXT_CODECS: [&str; 7] = ["subrip", "srt", "ass", "ssa", "mov_text", "webvtt", "text"];
const MOST_STREAMS: usize = 256;
/// Of sound, and of subtitles.
const MOST_TRACKS: usize = 32;
const MOST_NAME_BYTES: usize = 64;
const MOST_TITLE_CHARS: usize = 80;
const MOST_SIDE: std::ops::RangeInclusive<u32> = 16..=16_384;
const MOST_NUMBER: u64 = 1 << 50;
const A_YEAR_S: f64 = 366.0 * 86_400.0;

#[cfg(test)]
mod tests;
