//! Documents of `www/`, with what a request fills in.
//!
//! One pass over the document: what was filled in is never looked at again, whatever braces
//! somebody has in a title.

use std::borrow::Cow;

/// What stands for a name in a document.
pub(super) enum Slot {
    /// A text, written so that it is no markup.
    Text(String),
    /// Markup that the server wrote itself.
    Markup(String),
    /// Whether what stands between `{{#name}}` and `{{/name}}` does.
    Shown(bool),
}

/// Fills a document: `{{name}}` becomes what stands for it. Returns its pieces; what the document
/// has itself is not copied.
///
/// What has no slot is left out.
pub(super) fn fill(document: &'static str, slots: Slots) -> Vec<Cow<'static, str>> {
    let slot = |name: &str| slots.iter().find(|(other, _)| *other == name).map(|(_, slot)| slot);
    let mut out = Vec::new();
    let mut rest = document;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push(before.into());
        let Some((name, after)) = after.split_once("}}") else { return out };
        rest = after;
        if let Some(section) = name.strip_prefix('#') {
            let end = format!("{{{{/{section}}}}}");
            if !matches!(slot(section), Some(Slot::Shown(true)))
                && let Some((_, after)) = rest.split_once(&end)
            {
                rest = after;
            }
        } else if let Some(slot) = slot(name) {
            match slot {
                Slot::Text(text) => out.push(escape(text).into()),
                Slot::Markup(markup) => out.push(markup.clone().into()),
                Slot::Shown(_) => {}
            }
        }
    }
    out.push(rest.into());
    out
}

/// What stands for the names in a document.
pub(super) type Slots = Vec<(&'static str, Slot)>;

/// A text as it stands on a page.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_wrote_cannot_become_markup() {
        assert_eq!(escape("<b>\"&'"), "&lt;b&gt;&quot;&amp;&#39;");
    }

    fn text(text: &str) -> Slot {
        Slot::Text(text.to_owned())
    }

    fn filled(document: &'static str, slots: Slots) -> String {
        fill(document, slots).concat()
    }

    #[test]
    fn names_become_what_stands_for_them() {
        let slots = vec![("a", text("1 < 2")), ("b", Slot::Markup("<b>".to_owned()))];
        assert_eq!(filled("{{a}}, {{b}}, {{c}}.", slots), "1 &lt; 2, <b>, .");
        assert_eq!(filled("plain", Vec::new()), "plain");
    }

    #[test]
    fn what_was_filled_in_is_not_filled_again() {
        let slots = vec![("a", text("{{b}} {{#c}}")), ("b", text("no")), ("c", Slot::Shown(false))];
        assert_eq!(filled("{{a}}{{#c}}x{{/c}}", slots), "{{b}} {{#c}}");
    }

    #[test]
    fn sections_stand_or_do_not() {
        let of = |shown| {
            filled("a{{#s}}b{{t}}{{/s}}c", vec![("s", Slot::Shown(shown)), ("t", text("!"))])
        };
        assert_eq!((of(true), of(false)), ("ab!c".to_owned(), "ac".to_owned()));
        assert_eq!(filled("a{{#s}}b{{/s}}c", Vec::new()), "ac");
    }
}
