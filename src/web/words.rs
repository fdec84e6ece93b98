//! The words of pages that the server writes itself, as `build/` took them from `www/words/`.

include!(concat!(env!("OUT_DIR"), "/words.rs"));

/// A word for so many, with the number in it.
pub(super) fn counted(count: usize, one: &str, other: &str) -> String {
    let word = if count == 1 { one } else { other };
    word.replace("{count}", &count.to_string())
}
