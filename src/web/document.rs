//! Documents of `www/`, with what a request fills in.
//!
//! `build/` takes a document apart where a request fills something in, and packs what stands
//! between: a filled document is packed without packing anything. What is filled in is stored in it
//! as it is, so that its length tells nobody what else stands in the page.

use std::borrow::Cow;

use crate::proto::gzip::{self, Sum};

/// A piece of a document.
pub(super) enum Part {
    /// What always stands there.
    Text(Text),
    /// What the request has under this name.
    Slot(&'static str),
    /// What stands there if the request shows it.
    Section(&'static str, &'static [Part]),
}

/// A text that was packed.
pub(super) struct Text {
    pub(super) plain: &'static str,
    /// By deflate (RFC 1951), in blocks of which none is the last, and by itself; empty if that is no
    /// shorter.
    pub(super) packed: &'static [u8],
    /// Of the plain text.
    pub(super) sum: Sum,
}

/// What stands for a name in a document.
pub(super) enum Slot {
    /// A text, written so that it is no markup.
    Text(String),
    /// Markup that the server wrote itself.
    Markup(String),
    /// Whether a section does.
    Shown(bool),
}

/// What stands for the names in a document.
pub(super) type Slots = Vec<(&'static str, Slot)>;

/// A document with all that is filled in, of which nothing was copied that it has itself.
pub(super) struct Filled(Vec<Piece>);

enum Piece {
    Known(&'static Text),
    New(String),
}

/// Fills a document. What has no slot is left out.
pub(super) fn fill(document: &'static [Part], slots: &Slots) -> Filled {
    let mut pieces = Vec::new();
    add(document, slots, &mut pieces);
    Filled(pieces)
}

fn add(parts: &'static [Part], slots: &Slots, pieces: &mut Vec<Piece>) {
    let slot = |name: &str| slots.iter().find(|(other, _)| *other == name).map(|(_, slot)| slot);
    for part in parts {
        match part {
            Part::Text(text) => pieces.push(Piece::Known(text)),
            Part::Slot(name) => match slot(name) {
                Some(Slot::Text(text)) => pieces.push(Piece::New(escape(text))),
                Some(Slot::Markup(markup)) => pieces.push(Piece::New(markup.clone())),
                Some(Slot::Shown(_)) | None => {}
            },
            Part::Section(name, inside) => {
                if matches!(slot(name), Some(Slot::Shown(true))) {
                    add(inside, slots, pieces);
                }
            }
        }
    }
}

impl Filled {
    /// Its bytes.
    pub(super) fn plain(self) -> Vec<Cow<'static, [u8]>> {
        let bytes = |piece| match piece {
            Piece::Known(text) => Cow::Borrowed(text.plain.as_bytes()),
            Piece::New(text) => Cow::Owned(text.into_bytes()),
        };
        self.0.into_iter().map(bytes).collect()
    }

    /// The same by gzip.
    pub(super) fn packed(self) -> Vec<Cow<'static, [u8]>> {
        let mut out: Vec<Cow<'static, [u8]>> = vec![Cow::Borrowed(&gzip::HEADER)];
        let (mut sum, mut new) = (Sum::NONE, Vec::new());
        for piece in self.0 {
            match piece {
                Piece::Known(text) if !text.packed.is_empty() => {
                    sum = sum.then(store(&mut new, &mut out)).then(text.sum);
                    out.push(Cow::Borrowed(text.packed));
                }
                Piece::Known(text) => new.extend_from_slice(text.plain.as_bytes()),
                Piece::New(text) => new.extend_from_slice(text.as_bytes()),
            }
        }
        sum = sum.then(store(&mut new, &mut out));
        out.push(Cow::Owned(gzip::end(sum).to_vec()));
        out
    }
}

/// Moves what is new behind the rest. Returns its sum.
fn store(new: &mut Vec<u8>, out: &mut Vec<Cow<'static, [u8]>>) -> Sum {
    let sum = Sum::of(new);
    if !new.is_empty() {
        let mut stored = Vec::with_capacity(new.len() + 5);
        gzip::store(new, &mut stored);
        new.clear();
        out.push(Cow::Owned(stored));
    }
    sum
}

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

    const fn known(plain: &'static str) -> Part {
        Part::Text(Text { plain, packed: &[], sum: Sum::NONE })
    }

    fn filled(document: &'static [Part], slots: Slots) -> String {
        String::from_utf8(fill(document, &slots).plain().concat()).unwrap()
    }

    #[test]
    fn names_become_what_stands_for_them() {
        const DOCUMENT: &[Part] =
            &[Part::Slot("a"), known(", "), Part::Slot("b"), known(", "), Part::Slot("c")];
        let slots = vec![("a", text("1 < 2")), ("b", Slot::Markup("<b>".to_owned()))];
        assert_eq!(filled(DOCUMENT, slots), "1 &lt; 2, <b>, ");
    }

    #[test]
    fn what_was_filled_in_is_not_filled_again() {
        const DOCUMENT: &[Part] = &[Part::Slot("a"), Part::Section("c", &[known("x")])];
        let slots = vec![("a", text("{{b}} {{#c}}")), ("b", text("no")), ("c", Slot::Shown(false))];
        assert_eq!(filled(DOCUMENT, slots), "{{b}} {{#c}}");
    }

    #[test]
    fn sections_stand_or_do_not() {
        const DOCUMENT: &[Part] =
            &[known("a"), Part::Section("s", &[known("b"), Part::Slot("t")]), known("c")];
        let of = |shown| filled(DOCUMENT, vec![("s", Slot::Shown(shown)), ("t", text("!"))]);
        assert_eq!((of(true), of(false)), ("ab!c".to_owned(), "ac".to_owned()));
        assert_eq!(filled(DOCUMENT, Vec::new()), "ac");
    }

    #[test]
    fn packed_it_has_what_was_packed_before_and_stores_the_rest_between() {
        // "Ground " by Python's zlib: `compressobj(9, DEFLATED, -15)` and a flush that is not the last.
        const GROUND: Part = Part::Text(Text {
            plain: "Ground ",
            packed: b"\x72/\xca/\xcdKQ\0\0\0\0\xff\xff",
            sum: Sum::from_parts([0xdead_beef, 0, 0]),
        });
        const DOCUMENT: &[Part] = &[known("a"), Part::Slot("s"), GROUND, GROUND];
        let packed = fill(DOCUMENT, &vec![("s", text("b"))]).packed();
        let stored = [0, 2, 0, 0xfd, 0xff, b'a', b'b'];
        let Part::Text(ground) = &GROUND else { unreachable!("it is a text") };
        let middle = [&stored[..], ground.packed, ground.packed].concat();
        assert_eq!(packed[1..packed.len() - 1].concat(), middle);
        assert_eq!(*packed[0], gzip::HEADER);
        let sum = Sum::of(b"ab").then(ground.sum).then(ground.sum);
        assert_eq!(*packed[packed.len() - 1], gzip::end(sum));
    }
}
