//! What is said of a title, as it is searched. Pure.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::store::title::Details;

/// What is said of a title, as it is searched: without case and marks.
pub(super) struct Searched {
    pub(super) text: String,
    pub(super) tags: Vec<String>,
    /// What it is called.
    pub(super) title: String,
}

impl Searched {
    pub(super) fn of(details: &Details) -> Self {
        let Details { title, description, director, year, tags } = details;
        let year = year.map(|year| year.to_string()).unwrap_or_default();
        let text = [title, director, &year, &tags.join("\n"), description].map(|part| folded(part));
        Self {
            text: text.join("\n"),
            tags: tags.iter().map(|tag| folded(tag)).collect(),
            title: folded(title),
        }
    }
}

/// Text without case and marks, as people search it.
pub(super) fn folded(text: &str) -> String {
    text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}
