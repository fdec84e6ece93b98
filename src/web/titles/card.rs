//! A title as it stands in a list: its picture, what it is called, how long and how fine it is.

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use super::super::document::escape;
use super::super::words;
use super::icon::icon;
use super::job_row as work;
use crate::library::catalogue::Title;
use crate::store::job::{KeptJob, State};
use crate::store::title::KeptTitle;

/// What a card says besides what is said of the title itself.
pub(super) struct Card {
    pub(super) title: Arc<Title>,
    /// Whether there is a picture that stands for it.
    pub(super) has_picture: bool,
    /// Where who asks is in it.
    pub(super) place_ms: Option<u64>,
    /// The newest job on it, for who may change it.
    pub(super) job: Option<KeptJob>,
}

impl Card {
    /// In a list; `root` is the server's from there.
    pub(super) fn markup(&self, root: &str) -> String {
        let kept = &self.title.kept;
        let id = kept.id;
        let picture = match self.has_picture {
            true => format!(
                "<img src=\"{root}library/{id}/poster?v={}\" alt=\"\" loading=\"lazy\">",
                version(kept)
            ),
            false => format!("<span class=\"title-none\">{}</span>", icon("clapperboard", "large")),
        };
        let length = kept.shown.length_ms.map_or_else(String::new, |length_ms| {
            format!("<span class=\"title-length number\">{}</span>", time(length_ms))
        });
        let making = if self.is_being_made() { " data-making" } else { "" };
        format!(
            "<li class=\"title-card\" data-id=\"{id}\" data-length=\"{length_s}\"{making}>\
             <a class=\"card title-link\" href=\"{root}library/{id}\">\
             <span class=\"title-picture\">{picture}{length}{place}</span>\
             <span class=\"card-body title-words\"><span class=\"card-title\">{called}</span>\
             <span class=\"title-about muted\">{about}</span>{marks}{work}</span></a></li>\n",
            length_s = kept.shown.length_ms.unwrap_or_default() / 1000,
            place = self.place(),
            called = escape(&kept.details.title),
            about = escape(&about(kept)),
            marks = marks(kept),
            work = self.work(),
        )
    }

    /// Whether more becomes of it by itself.
    fn is_being_made(&self) -> bool {
        self.job.as_ref().is_some_and(|job| !job.state.is_over())
    }

    fn place(&self) -> String {
        let (Some(place), Some(length)) = (self.place_ms, self.title.kept.shown.length_ms) else {
            return String::new();
        };
        format!(
            "<progress class=\"progress title-place\" max=\"{length}\" value=\"{place}\" \
             aria-label=\"{}\"></progress>",
            escape(words::LIBRARY_PLACE)
        )
    }

    /// How the work on it stands, or why it failed.
    fn work(&self) -> String {
        let Some(job) = self.job.as_ref().filter(|job| job.state != State::Done) else {
            return String::new();
        };
        let is_failure = job.state == State::Failed;
        let said = match job.state {
            State::Failed => job.words.clone(),
            _ => work::standing(job),
        };
        let class = if is_failure { "title-failed" } else { "title-making muted number" };
        let progress = match job.state {
            State::Running => work::progress(job),
            _ => String::new(),
        };
        format!("<span class=\"{class}\">{}</span>{progress}", escape(&said))
    }
}

/// As in *1999 · 360p–720p*.
pub(super) fn about(kept: &KeptTitle) -> String {
    let year = kept.details.year.map(|year| year.to_string());
    let parts: Vec<String> = [year, lines(kept)].into_iter().flatten().collect();
    parts.join(" \u{b7} ")
}

/// How fine it is: *360p–720p*.
pub(super) fn lines(kept: &KeptTitle) -> Option<String> {
    let shown = &kept.shown;
    match (shown.lines.first(), shown.lines.last()) {
        (Some(few), Some(many)) if few != many => Some(format!("{few}p\u{2013}{many}p")),
        (Some(few), _) => Some(format!("{few}p")),
        (None, _) if kept.url.is_some() => Some(words::LIBRARY_ELSEWHERE.to_owned()),
        (None, _) if shown.generation > 0 => Some(words::LIBRARY_SOUND.to_owned()),
        (None, _) => None,
    }
}

/// That it is encrypted, and not for everybody.
pub(super) fn marks(kept: &KeptTitle) -> String {
    let secret = kept.scheme.as_ref().map(|_| badge("lock", words::LIBRARY_ENCRYPTED));
    let watch = match kept.watch.as_str() {
        "members" => Some(badge("users", words::LIBRARY_MEMBERS)),
        "owner" => Some(badge("user", words::LIBRARY_OWNER)),
        _ => None,
    };
    let marks: String = [secret, watch].into_iter().flatten().collect();
    if marks.is_empty() { marks } else { format!("<span class=\"title-marks\">{marks}</span>") }
}

fn badge(name: &str, word: &str) -> String {
    format!("<span class=\"badge\">{}{}</span>", icon(name, "small"), escape(word))
}

/// A time within a film: *1:02:03*, *4:05*.
pub(super) fn time(ms: u64) -> String {
    let seconds = ms / 1000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

/// What is another in an address whenever the title is.
pub(super) fn version(kept: &KeptTitle) -> u128 {
    kept.changed.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_hours_only_where_there_are_some() {
        assert_eq!(time(0), "0:00");
        assert_eq!(time(245_999), "4:05");
        assert_eq!(time(3_723_000), "1:02:03");
    }
}
