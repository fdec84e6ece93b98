//! `livestream.toml`: what flags say, in a file. Pure.
//!
//! A key is a flag's name without its dashes, `port` is the port; a flag that may be given several
//! times takes a list, one without a value takes `true`. A room may be a table of its own, as
//! `[[room]]` with `name`, `source`, `mask` and `title`. By whom people may sign in stands in `[[sign-in]]`,
//! and nowhere else.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::values::{RoomParts, TITLE};

/// What a file says of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) key: String,
    pub(super) said: Said,
    /// The line of the key, the first is 1.
    pub(super) line: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    /// Of a flag that takes no value.
    Switch(bool),
    /// As they would be typed.
    Values(Vec<String>),
    /// Tables that are never typed: by whom people may sign in.
    SignIns(Vec<SignInTable>),
}

/// A `[[sign-in]]` as it is written: each key, and the texts that it has.
pub(super) type SignInTable = BTreeMap<String, Vec<String>>;

/// What is wrong with a file, and in which line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Invalid {
    pub(super) line: usize,
    /// A sentence in which no value is repeated: one may be a password.
    pub(super) why: String,
}

/// Reads a file.
///
/// # Errors
///
/// [`Invalid`] if it is no TOML, or has a value that no flag could have.
pub(super) fn parse(text: &str) -> Result<Vec<Setting>, Invalid> {
    let at = |range: Range<usize>| line_of(text, range.start);
    let table = DeTable::parse(text).map_err(|error| {
        let line = error.span().map_or(1, at);
        // What stands there is not repeated, so neither are the parser's words beyond the first.
        let why = error.message().lines().next().unwrap_or("this is no TOML").to_owned();
        Invalid { line, why }
    })?;
    let mut settings: Vec<Setting> = Vec::new();
    for (key, value) in table.get_ref() {
        let (name, line) = (key.get_ref().to_string(), at(key.span()));
        let said = read(&name, value).map_err(|(range, why)| Invalid { line: at(range), why })?;
        settings.push(Setting { key: name, said, line });
    }
    settings.sort_by_key(|setting| setting.line);
    Ok(settings)
}

type Wrong = (Range<usize>, String);

fn read(key: &str, value: &Spanned<DeValue<'_>>) -> Result<Said, Wrong> {
    match value.get_ref() {
        DeValue::Array(list) if key == SIGN_IN => {
            list.iter().map(sign_in).collect::<Result<_, _>>().map(Said::SignIns)
        }
        _ if key == SIGN_IN => Err((value.span(), "it is written as [[sign-in]]".to_owned())),
        DeValue::Boolean(on) => Ok(Said::Switch(*on)),
        DeValue::Array(list) => {
            list.iter().map(|one| single(key, one)).collect::<Result<_, _>>().map(Said::Values)
        }
        _ => single(key, value).map(|value| Said::Values(vec![value])),
    }
}

/// One value, as it would be typed.
fn single(key: &str, value: &Spanned<DeValue<'_>>) -> Result<String, Wrong> {
    let wrong = |why: &str| (value.span(), format!("`{key}` {why}"));
    match value.get_ref() {
        DeValue::String(text) if text.contains('\0') => Err(wrong("takes no NUL")),
        DeValue::String(text) => Ok(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Ok(number.as_str().to_owned()),
        DeValue::Float(number) => Ok(number.as_str().to_owned()),
        DeValue::Table(table) if key == "room" => room(table).map_err(|why| (value.span(), why)),
        _ => Err(wrong("takes a text, a number, true, or a list of texts")),
    }
}

/// A room's table, as it would be typed.
fn room(table: &DeTable<'_>) -> Result<String, String> {
    let unknown = table.iter().find(|(key, _)| {
        let key: &str = key.get_ref().borrow();
        !["name", "source", "redirects", "mask", "title"].contains(&key)
    });
    if let Some((key, _)) = unknown {
        let key: &str = key.get_ref().borrow();
        return Err(format!(
            "a room has `name`, `source`, `redirects`, `mask` and `title`, and no `{key}`"
        ));
    }
    let text = |key: &str| match table.get(key).map(Spanned::get_ref) {
        Some(DeValue::String(text)) if !text.contains('\0') => Ok(Some(text.to_string())),
        None => Ok(None),
        Some(_) => Err(format!("a room's `{key}` is a text")),
    };
    let (Some(name), Some(source)) = (text("name")?, text("source")?) else {
        return Err("a room has a `name` and a `source`".to_owned());
    };
    let (redirects, mask, title) = (text("redirects")?, text("mask")?, text("title")?);
    // The parts are written one behind the other: none may look like the next.
    let parts = [Some(&source), redirects.as_ref(), mask.as_ref(), title.as_ref()];
    if name.contains('=') || parts.iter().flatten().any(|text| RoomParts::begin_in(text)) {
        return Err(format!("a room's `name` has no `=`, and its `source` no `{TITLE}`"));
    }
    let (redirects, mask, title) = (redirects.as_deref(), mask.as_deref(), title.as_deref());
    Ok(RoomParts { source: &source, redirects, mask, title }.typed(&name))
}

/// A `[[sign-in]]`.
fn sign_in(value: &Spanned<DeValue<'_>>) -> Result<SignInTable, Wrong> {
    let DeValue::Table(table) = value.get_ref() else {
        return Err((value.span(), "it is written as [[sign-in]]".to_owned()));
    };
    let keys = table.iter().map(|(key, value)| {
        let texts = match value.get_ref() {
            DeValue::Boolean(on) => vec![on.to_string()],
            DeValue::Array(list) => {
                let texts = list.iter().map(|one| single(key.get_ref(), one));
                texts.collect::<Result<_, _>>()?
            }
            _ => vec![single(key.get_ref(), value)?],
        };
        Ok((key.get_ref().to_string(), texts))
    });
    keys.collect()
}

/// The key of a `[[sign-in]]`.
pub(super) const SIGN_IN: &str = "sign-in";
fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<(usize, String, Said)> {
        let settings = parse(text).unwrap();
        settings.into_iter().map(|Setting { key, said, line }| (line, key, said)).collect()
    }

    fn values(values: &[&str]) -> Said {
        Said::Values(values.iter().map(|value| (*value).to_owned()).collect())
    }

    #[test]
    fn texts_numbers_lists_and_switches_are_what_would_be_typed() {
        let text = "# A camera\nport = 9_000\nsource = 'webcam:1'\nbandwidth = \"20M\"\n\n\
                    host = [\"a.example\", \"b\"]\nno-rtsp = true\nsource-insecure = false\n";
        let expected = [
            (2, "port".to_owned(), values(&["9000"])),
            (3, "source".to_owned(), values(&["webcam:1"])),
            (4, "bandwidth".to_owned(), values(&["20M"])),
            (6, "host".to_owned(), values(&["a.example", "b"])),
            (7, "no-rtsp".to_owned(), Said::Switch(true)),
            (8, "source-insecure".to_owned(), Said::Switch(false)),
        ];
        assert_eq!(said(text), expected);
    }

    #[test]
    fn rooms_are_tables_or_texts() {
        let tables = "[[room]]\nname = \"door\"\nsource = \"webcam:1\"\ntitle = \"The door\"\n\
                      [[room]]\nname = \"hall\"\nsource = \"http://a/\"\n\
                      redirects = \"same-host\"\nmask = \"0,0,10,10\"\ntitle = \"Hall\"\n";
        let hall = "hall=http://a/;redirects=same-host;mask=0,0,10,10;title=Hall";
        let typed = format!("room = [\"door=webcam:1;title=The door\", \"{hall}\"]");
        let rooms = values(&["door=webcam:1;title=The door", hall]);
        for text in [tables, &typed] {
            let all = said(text);
            assert_eq!((all.len(), &all[0].2), (1, &rooms), "{text}");
        }
    }

    #[test]
    fn by_whom_people_sign_in_is_a_table_each() {
        let text = "[[sign-in]]\nname = 'a'\nsign-up = true\ndomains = ['x.org', 'y.org']\n\
                    [[sign-in]]\nname = 'b'\n";
        let table = |pairs: &[(&str, &[&str])]| -> SignInTable {
            let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
            pairs.iter().map(|(key, texts)| ((*key).to_owned(), owned(texts))).collect()
        };
        let first: &[(&str, &[&str])] =
            &[("name", &["a"]), ("sign-up", &["true"]), ("domains", &["x.org", "y.org"])];
        let expected = Said::SignIns(vec![table(first), table(&[("name", &["b"])])]);
        assert_eq!(parse(text).unwrap()[0].said, expected);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_without_its_value() {
        for (text, line, words) in [
            ("port = 1\nsource = http://me:secret@cam/", 2, ""),
            ("a = 1\na = 'secret'", 2, "duplicate"),
            ("port = 1\n[camera]\nsecret = 1", 2, "takes a text"),
            ("\n\nbind = 1979-05-27", 3, "takes a text"),
            ("host = ['a', ['secret']]", 1, "takes a text"),
            ("port = 0x50", 1, "takes a text"),
            ("source = \"sec\\u0000ret\"", 1, "NUL"),
            ("[[room]]\nname = 'a'", 1, "`source`"),
            ("[[room]]\nname = 'a'\nsource = 'pattern'\ncolour = 'secret'", 1, "no `colour`"),
            ("[[room]]\nname = 1\nsource = 'secret'", 1, "is a text"),
            ("[[room]]\nname = 'a=secret'\nsource = 'pattern'", 1, "no `=`"),
            ("[[room]]\nname = 'a'\nsource = 'secret;title=x'", 1, "no `;title=`"),
            ("sign-in = 'secret'", 1, "[[sign-in]]"),
            ("sign-in = ['secret']", 1, "[[sign-in]]"),
            ("\n[[sign-in]]\nname = { secret = 1 }", 3, "`name` takes"),
        ] {
            let invalid = parse(text).unwrap_err();
            assert_eq!(invalid.line, line, "{text}: {invalid:?}");
            assert!(invalid.why.contains(words), "{text}: {invalid:?}");
            assert!(!invalid.why.contains("secret"), "{text}: {invalid:?}");
        }
    }
}
