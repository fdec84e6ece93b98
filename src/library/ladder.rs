//! Which renditions are made of a source: how large, at how many bits, and what is taken as it is.
//!
//! Pure rules. Does not know how a tool is told of them: [`super::encode`] does.

use super::probe::{Audio, Colour, Fields, PixelAspect, Rotation, Video};

/// One rendition of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rung {
    /// Its shorter side, as in the 720 of `720p`: what it is called by.
    pub lines: u32,
    /// Pixels from left to right, even.
    pub width: u32,
    /// Pixels from top to bottom, even.
    pub height: u32,
    /// The most bits a second.
    pub most_bits_per_sec: u32,
}

/// What becomes of the sound of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sound {
    /// It is taken as it is.
    Copied,
    /// It is made anew.
    Encoded,
}

/// The renditions of a picture, the smallest first; one at least, none larger than the source.
///
/// By the shorter side, so that a picture from a phone held upright has rungs of the same worth. A
/// source between two steps is a step of its own where it is well above the lower one.
pub fn rungs(video: &Video) -> Vec<Rung> {
    let (width, height) = shown_size(video);
    let source = width.min(height);
    let fast = video.rate.is_some_and(|rate| rate.per_sec() > FAST_PER_SEC);
    let rung = |lines: f64| Rung::of((width, height), lines, fast);
    let mut rungs: Vec<Rung> = STEPS
        .iter()
        .map(|(lines, _)| f64::from(*lines))
        .filter(|lines| *lines <= source)
        .map(rung)
        .collect();
    let highest = rungs.last().map_or(0.0, |rung| f64::from(rung.lines));
    let most = STEPS.last().map_or(0, |(lines, _)| *lines);
    if source > highest * WELL_ABOVE && highest < f64::from(most) {
        rungs.push(rung(source));
    }
    rungs
}

/// Whether a picture can be the rendition of its size as it is, if it can be entered at `keys`
/// (seconds from the source's beginning, in order).
pub fn fits(video: &Video, keys: &[f64], duration_s: f64) -> bool {
    let rungs = rungs(video);
    let Some(rung) = rungs.last() else { return false };
    let bits = video.bits_per_sec.unwrap_or(u64::MAX);
    let upright = (video.rotation, video.aspect) == (Rotation::Level, PixelAspect::SQUARE);
    let usual =
        matches!(video.profile.as_str(), "Constrained Baseline" | "Baseline" | "Main" | "High");
    let gaps = keys.windows(2).map(|pair| pair[1] - pair[0]);
    let last = keys.last().map(|last| duration_s - last);
    video.codec == "h264"
        && usual
        && (1..=MOST_LEVEL).contains(&video.level)
        && video.pixels == "yuv420p"
        && video.fields == Fields::Whole
        && video.colour == Colour::Usual
        && upright
        && (video.width, video.height) == (rung.width, rung.height)
        && bits <= u64::from(rung.most_bits_per_sec) * 3 / 2
        && last.is_some()
        && gaps.chain(last).all(|gap| gap <= MOST_GAP_S)
}

/// Whether sound can stay as it is.
pub fn sound(audio: &Audio) -> Sound {
    let fits = audio.codec == "aac"
        && audio.profile == "LC"
        && audio.channels <= 2
        && matches!(audio.rate, 44_100 | 48_000)
        && audio.bits_per_sec.is_some_and(|bits| bits <= MOST_SOUND_BITS_PER_SEC);
    if fits { Sound::Copied } else { Sound::Encoded }
}

/// Where segments of a film may begin if its picture is entered at `keys`: the first of them, and
/// then each that is [`GROUP_S`] behind the one before.
pub fn boundaries(keys: &[f64]) -> Vec<f64> {
    let mut chosen: Vec<f64> = Vec::new();
    for key in keys {
        // What is due a rounded moment early is due.
        if chosen.last().is_none_or(|last| key - last >= GROUP_S - 0.001) {
            chosen.push(*key);
        }
    }
    chosen
}

/// Width and height on a screen of square pixels.
fn shown_size(video: &Video) -> (f64, f64) {
    let (width, height) = (f64::from(video.width), f64::from(video.height));
    let (width, height) = match video.aspect.of_square() {
        // One side grows and none shrinks, but never beyond what is kept in the other.
        wide if wide >= 1.0 => (width * wide, height),
        narrow => (width, height / narrow),
    };
    match video.rotation {
        Rotation::Level | Rotation::Half => (width, height),
        Rotation::Quarter => (height, width),
    }
}

impl Rung {
    /// What a picture that is shown at this size is at so many lines.
    fn of((width, height): (f64, f64), lines: f64, fast: bool) -> Self {
        let scale = lines / width.min(height);
        let (width, height) = (even(width * scale), even(height * scale));
        let bits = bits_per_sec(f64::from(width) * f64::from(height));
        let bits = if fast { bits * FAST_COSTS } else { bits };
        Self { lines: width.min(height), width, height, most_bits_per_sec: rounded(bits) }
    }
}

/// The most bits a second of a picture of so many pixels: between two steps by their pixels.
fn bits_per_sec(pixels: f64) -> f64 {
    let step = |(lines, bits): &(u32, f64)| (f64::from(lines * lines) * 16.0 / 9.0, *bits);
    let (mut below, mut above) = ((0.0, 0.0), (f64::INFINITY, 0.0));
    for at in STEPS.iter().map(step) {
        above = at;
        if at.0 >= pixels {
            break;
        }
        below = at;
    }
    if pixels >= above.0 {
        return above.1;
    }
    let part = (pixels - below.0) / (above.0 - below.0);
    below.1 + (above.1 - below.1) * part
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "far below 2^31")]
fn rounded(bits: f64) -> u32 {
    (bits.max(LEAST_BITS_PER_SEC) / 1000.0).round() as u32 * 1000
}

/// The even number below a side; no codec of this kind has odd ones.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sides are bounded")]
fn even(side: f64) -> u32 {
    ((side + 0.001) / 2.0).floor().clamp(8.0, 8192.0) as u32 * 2
}

/// Seconds from one picture that can be entered to the next.
pub const GROUP_S: f64 = 2.0;
/// Lines, and the most bits a second that a picture of 16:9 has at them.
const STEPS: [(u32, f64); 6] = [
    (360, 800_000.0),
    (480, 1_400_000.0),
    (720, 2_800_000.0),
    (1080, 5_350_000.0),
    (1440, 9_000_000.0),
    (2160, 16_000_000.0),
];
const LEAST_BITS_PER_SEC: f64 = 100_000.0;
const WELL_ABOVE: f64 = 1.15;
const FAST_PER_SEC: f64 = 32.0;
const FAST_COSTS: f64 = 1.4;
/// What a device of some years plays: 5.1.
const MOST_LEVEL: u32 = 51;
/// Between two pictures that can be entered.
const MOST_GAP_S: f64 = 10.0;
const MOST_SOUND_BITS_PER_SEC: u64 = 200_000;

#[cfg(test)]
mod tests;
