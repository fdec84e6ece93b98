//! Emoji by their names, as people type them between colons. Pure.

use unicode_properties::UnicodeEmoji;

/// A text with its `:name:`s as emoji; what is no name stays.
pub(super) fn named(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(':') {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        out.push_str(before);
        let name = after.split(':').next().unwrap_or_default();
        let is_closed = after.len() > name.len();
        match of_name(name).filter(|_| is_closed) {
            Some(emoji) => {
                out.push_str(emoji);
                rest = &after[name.len() + 1..];
            }
            None => {
                out.push(':');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// A text that is one emoji, or the name of one.
pub(super) fn one(text: &str) -> Option<String> {
    let text = text.trim();
    let name = text.strip_prefix(':').and_then(|text| text.strip_suffix(':'));
    if let Some(emoji) = name.and_then(of_name) {
        return Some(emoji.to_owned());
    }
    if text.len() > MOST_BYTES || !text.split(JOINER).all(is_emoji) {
        return None;
    }
    // What is drawn in colour anyway needs no word about that: the same is written in one way.
    let needless =
        |c: char| c == IN_COLOUR && text.chars().all(|c| c == IN_COLOUR || c as u32 >= 0x1f000);
    Some(text.chars().filter(|c| !needless(*c)).collect())
}

/// Whether it is one emoji by itself: a sign with what says how it is drawn, or the two letters of a flag.
fn is_emoji(text: &str) -> bool {
    let mut chars = text.chars();
    let Some(first) = chars.next().filter(|c| !c.is_ascii() && c.is_emoji_char()) else {
        return false;
    };
    let is_letter = |c: char| ('\u{1f1e6}'..='\u{1f1ff}').contains(&c);
    let is_style = |c: char| c == IN_COLOUR || ('\u{1f3fb}'..='\u{1f3ff}').contains(&c);
    let rest: Vec<char> = chars.collect();
    match is_letter(first) {
        true => rest.len() == 1 && is_letter(rest[0]),
        false => first != IN_COLOUR && rest.len() <= 2 && rest.into_iter().all(is_style),
    }
}

fn of_name(name: &str) -> Option<&'static str> {
    let at = NAMED.binary_search_by_key(&name, |(name, _)| name).ok()?;
    Some(NAMED[at].1)
}

const JOINER: char = '\u{200d}';
/// Says that a sign is drawn as an emoji.
const IN_COLOUR: char = '\u{fe0f}';
/// The longest in use are families of four, with their joiners.
const MOST_BYTES: usize = 32;

/// By name, sorted.
const NAMED: [(&str, &str); 64] = [
    ("+1", "👍"),
    ("-1", "👎"),
    ("100", "💯"),
    ("angry", "😠"),
    ("beer", "🍺"),
    ("bell", "🔔"),
    ("birthday", "🎂"),
    ("blush", "😊"),
    ("boom", "💥"),
    ("bug", "🐛"),
    ("camera", "📷"),
    ("cat", "🐱"),
    ("clap", "👏"),
    ("coffee", "☕"),
    ("confused", "😕"),
    ("construction", "🚧"),
    ("cool", "😎"),
    ("cry", "😢"),
    ("dog", "🐶"),
    ("eyes", "👀"),
    ("facepalm", "🤦"),
    ("fire", "🔥"),
    ("flower", "🌸"),
    ("ghost", "👻"),
    ("gift", "🎁"),
    ("grin", "😁"),
    ("hand", "✋"),
    ("heart", "❤\u{fe0f}"),
    ("hourglass", "⏳"),
    ("hug", "🤗"),
    ("joy", "😂"),
    ("key", "🔑"),
    ("kiss", "😘"),
    ("laugh", "😆"),
    ("lock", "🔒"),
    ("moon", "🌙"),
    ("muscle", "💪"),
    ("music", "🎵"),
    ("neutral", "😐"),
    ("ok", "👌"),
    ("party", "🎉"),
    ("pizza", "🍕"),
    ("pray", "🙏"),
    ("printer", "🖨\u{fe0f}"),
    ("question", "❓"),
    ("rainbow", "🌈"),
    ("robot", "🤖"),
    ("rocket", "🚀"),
    ("sad", "😞"),
    ("scream", "😱"),
    ("shrug", "🤷"),
    ("sleep", "😴"),
    ("smile", "😄"),
    ("smirk", "😏"),
    ("snow", "❄\u{fe0f}"),
    ("star", "⭐"),
    ("sun", "☀\u{fe0f}"),
    ("tada", "🎉"),
    ("think", "🤔"),
    ("tree", "🌳"),
    ("warning", "⚠\u{fe0f}"),
    ("wave", "👋"),
    ("wink", "😉"),
    ("zzz", "💤"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_emoji_and_all_else_stays() {
        for (text, expected) in [
            ("hi :wave:", "hi 👋"),
            (":tada::tada:", "🎉🎉"),
            ("10:30:45", "10:30:45"),
            ("::heart::", ":❤\u{fe0f}:"),
            (":nothing:smile:", ":nothing😄"),
            ("http://a:80/:smile", "http://a:80/:smile"),
            (":", ":"),
            ("", ""),
        ] {
            assert_eq!(named(text), expected, "{text}");
        }
        assert!(NAMED.is_sorted());
    }

    #[test]
    fn a_reaction_is_one_emoji() {
        for (text, expected) in [
            ("👍", Some("👍")),
            ("👍\u{fe0f}", Some("👍")),
            ("🇫🇷", Some("🇫🇷")),
            ("👍🏽", Some("👍🏽")),
            (":heart:", Some("❤\u{fe0f}")),
            ("👨‍👩‍👧‍👦", Some("👨‍👩‍👧‍👦")),
        ] {
            assert_eq!(one(text).as_deref(), expected, "{text}");
        }
        for text in [
            "",
            "a",
            "1",
            ":nothing:",
            "👍 no",
            "<b>",
            &"👍".repeat(2),
            "12👍",
            "\u{200d}👍",
            "👍\u{200d}",
        ] {
            assert_eq!(one(text), None, "{text}");
        }
    }
}
