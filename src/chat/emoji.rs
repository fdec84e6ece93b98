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
    let is_part = |c: char| c.is_emoji_char() || ['\u{fe0f}', '\u{200d}'].contains(&c);
    let is_emoji = text.chars().any(|c| c.is_emoji_char() && !c.is_ascii());
    let fits = !text.is_empty() && text.len() <= MOST_BYTES && text.chars().all(is_part);
    (fits && is_emoji).then(|| text.to_owned())
}

fn of_name(name: &str) -> Option<&'static str> {
    let at = NAMED.binary_search_by_key(&name, |(name, _)| name).ok()?;
    Some(NAMED[at].1)
}

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
        for (text, expected) in
            [("👍", Some("👍")), (":heart:", Some("❤\u{fe0f}")), ("👨‍👩‍👧‍👦", Some("👨‍👩‍👧‍👦"))]
        {
            assert_eq!(one(text).as_deref(), expected, "{text}");
        }
        for text in ["", "a", "1", ":nothing:", "👍 no", "<b>", &"👍".repeat(9)] {
            assert_eq!(one(text), None, "{text}");
        }
    }
}
