//! What lies in the folder, for whoever plays or packs it.

use std::path::Path;

use serde_json::{Value, json};

use super::recipe::{Recipe, Rendition};
use crate::library::ladder::Sound;
use crate::library::probe::Subtitle;

/// The report's own name.
pub(super) const FILE: &str = "encoded.json";
pub(super) const POSTER: &str = "poster.jpg";
pub(super) const STRIP: &str = "strip.jpg";
pub(super) const STRIP_LIST: &str = "strip.vtt";

pub(super) fn video_file(rendition: &Rendition) -> String {
    format!("{}.mp4", rendition.name())
}

pub(super) fn sound_file(number: usize) -> String {
    format!("audio-{number}.mp4")
}

/// With the language, as packers read it from a name.
pub(super) fn subtitles_file(number: usize, track: &Subtitle) -> String {
    format!("subtitles-{number}.{}.vtt", track.language.as_deref().unwrap_or("und"))
}

/// All that is there of a recipe by now.
pub(super) fn report(recipe: &Recipe, out: &Path) -> String {
    let there = |name: &str| out.join(name).exists();
    let one = |name: &str| if there(name) { Value::from(name) } else { Value::Null };
    let video = |rendition: &Rendition| {
        let file = video_file(rendition);
        let rung = rendition.rung;
        there(&file).then(|| {
            json!({
                "file": file,
                "width": rung.width,
                "height": rung.height,
                "copied": rendition.chunks.is_empty(),
            })
        })
    };
    let sound = |(number, track): (usize, &super::recipe::Track)| {
        let file = sound_file(number);
        let audio = &track.audio;
        there(&file).then(|| {
            json!({
                "file": file,
                "language": audio.language,
                "title": audio.title,
                "default": audio.default,
                "copied": track.sound == Sound::Copied,
            })
        })
    };
    let words = |(number, track): (usize, &Subtitle)| {
        let file = subtitles_file(number, track);
        there(&file).then(|| {
            json!({
                "file": file,
                "language": track.language,
                "title": track.title,
                "default": track.default,
            })
        })
    };
    let report = json!({
        "duration_s": recipe.source.duration_s,
        "video": recipe.renditions.iter().filter_map(video).collect::<Vec<_>>(),
        "audio": recipe.sounds.iter().enumerate().filter_map(sound).collect::<Vec<_>>(),
        "subtitles": recipe.subtitles.iter().enumerate().filter_map(words).collect::<Vec<_>>(),
        "poster": one(POSTER),
        "strip": one(STRIP),
        "strip_list": one(STRIP_LIST),
    });
    format!("{report:#}\n")
}
