//! Subtitles: whole for DASH, in pieces for HLS.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::Failed;
use super::folder::Inner;
use super::plan::Plan;
use crate::proto::fmp4::Invalid;
use crate::proto::m3u8;
use crate::proto::presentation::Text;
use crate::proto::webvtt::Subtitles;

/// Reads a file of subtitles and writes it for a film of this length.
pub(super) fn write(
    path: &Path,
    name: String,
    plan: &Plan,
    film_us: u64,
    folder: &Inner,
) -> Result<Text, Failed> {
    let mut subtitles = read(path)?;
    subtitles.shift(plan.moved_ms());
    let whole = subtitles.whole();
    folder.put("all.vtt", whole.as_bytes())?;
    let cuts = plan.cuts_us(film_us);
    let ends = cuts.iter().skip(1).copied().chain([film_us]);
    let mut pieces = Vec::new();
    for (number, (from, to)) in cuts.iter().copied().zip(ends).enumerate() {
        let ms = |us: u64| i64::try_from(us / 1000).unwrap_or(i64::MAX);
        let piece = subtitles.piece(ms(from), ms(to));
        folder.put(&format!("{}.vtt", number + 1), piece.as_bytes())?;
        pieces.push(to.saturating_sub(from));
    }
    let bytes = whole.len() as u64;
    let text = Text { folder: name, language: language(path), pieces, bytes };
    folder.put("index.m3u8", m3u8::subtitles(&text).as_bytes())?;
    Ok(text)
}

fn read(path: &Path) -> Result<Subtitles, Failed> {
    let failed = |error| Failed::Read { path: path.to_owned(), error };
    let invalid = |why| Failed::Input { path: path.to_owned(), why };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(invalid(Invalid { rule: "a file of subtitles is larger than 4 MiB" }));
    }
    let text = String::from_utf8(bytes);
    let text = text.map_err(|_| invalid(Invalid { rule: "subtitles are no text in UTF-8" }))?;
    Subtitles::parse(&text).map_err(invalid)
}

/// What a name has between its last two dots, if that can be a language.
fn language(path: &Path) -> String {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let last = stem.rsplit_once('.').map(|(_, last)| last.to_ascii_lowercase());
    let is_language = |last: &String| {
        (2..=3).contains(&last.len()) && last.bytes().all(|letter| letter.is_ascii_lowercase())
    };
    last.filter(is_language).unwrap_or_else(|| "und".to_owned())
}

const MOST_BYTES: u64 = 4 * 1024 * 1024;
