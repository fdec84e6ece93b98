//! The words that people read on pages, as `www/words/` has them, and who names which.
//!
//! | in | a word is named | and becomes |
//! | --- | --- | --- |
//! | a document | `{{word watch.pause}}` | HTML; `*this*` in it is bold, `{this}` is the request's slot |
//! | a script | `word("watch.pause")` | part of the one object with all that a page's script names |
//! | `src/web` | `words::WATCH_PAUSE` | a constant |
//!
//! A script may name a word that has plural forms (`shared.viewers.one`, `shared.viewers.other`)
//! without the form. Who names a word that there is not is refused, and so is a word that nobody
//! names.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// The words of one language, by their keys.
pub(crate) struct Words {
    all: BTreeMap<String, String>,
    named: BTreeSet<String>,
}

impl Words {
    /// Reads a file of words.
    ///
    /// # Errors
    ///
    /// It is no flat object of texts, or its keys, a line each, do not stand in order.
    pub(crate) fn parse(json: &str) -> Result<Self, String> {
        let all: BTreeMap<String, String> =
            serde_json::from_str(json).map_err(|error| error.to_string())?;
        let written: Vec<&str> = json.lines().filter_map(key_of_line).collect();
        if let Some(pair) = written.windows(2).find(|pair| pair[0] >= pair[1]) {
            return Err(format!("{} is to stand before {}, and once", pair[1], pair[0]));
        }
        Ok(Self { all, named: BTreeSet::new() })
    }

    /// A word as it stands in a document.
    ///
    /// # Errors
    ///
    /// There is no such word.
    pub(crate) fn in_document(&mut self, key: &str) -> Result<String, String> {
        let text = self.name(key).ok_or_else(|| unknown(key))?;
        let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let text = text.replace('"', "&quot;").replace('{', "{{").replace('}', "}}");
        Ok(with_bold(&text))
    }

    /// The words that a module names, with all their forms.
    ///
    /// # Errors
    ///
    /// There is no such word, or it is not named by a text that stands there.
    pub(crate) fn in_script(&mut self, source: &str) -> Result<BTreeMap<String, String>, String> {
        let mut found = BTreeMap::new();
        for (at, _) in source.match_indices(CALL) {
            if source[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
                continue;
            }
            let key = literal(&source[at + CALL.len()..])
                .ok_or("the key of a word must be a text, so that it is found")?;
            let forms = self.forms(key);
            if forms.is_empty() {
                return Err(unknown(key));
            }
            for form in forms {
                let text = self.name(&form).unwrap_or_default().to_owned();
                found.insert(form, text);
            }
        }
        Ok(found)
    }

    /// The constants for all words that sources of Rust name.
    ///
    /// # Errors
    ///
    /// There is no such word.
    pub(crate) fn constants(&mut self, sources: &str) -> Result<String, String> {
        let mut out = String::new();
        let after = sources.split(MODULE).skip(1);
        let names: BTreeSet<&str> =
            after.map(constant_at).filter(|name| !name.is_empty()).collect();
        for name in names {
            let key = self.all.keys().find(|key| constant(key) == name).cloned();
            let key = key.ok_or_else(|| unknown(name))?;
            let text = self.name(&key).unwrap_or_default();
            let _ = writeln!(out, "pub(super) const {name}: &str = {text:?};");
        }
        Ok(out)
    }

    /// Checks that each word was named.
    ///
    /// # Errors
    ///
    /// The words that were not.
    pub(crate) fn check_all_named(&self) -> Result<(), String> {
        let idle: Vec<&str> =
            self.all.keys().filter(|key| !self.named.contains(*key)).map(String::as_str).collect();
        if idle.is_empty() {
            return Ok(());
        }
        Err(format!("nobody says {}", idle.join(", ")))
    }

    fn name(&mut self, key: &str) -> Option<&str> {
        let text = self.all.get(key)?;
        self.named.insert(key.to_owned());
        Some(text)
    }

    /// The keys that a script means by one.
    fn forms(&self, key: &str) -> Vec<String> {
        if self.all.contains_key(key) {
            return vec![key.to_owned()];
        }
        let forms = PLURALS.map(|form| format!("{key}.{form}"));
        forms.into_iter().filter(|form| self.all.contains_key(form)).collect()
    }
}

/// The words of a page's script, as the script's first line.
pub(crate) fn object(words: &BTreeMap<String, String>) -> String {
    if words.is_empty() {
        return String::new();
    }
    let words = words.iter().map(|(key, text)| format!("{}:{}", quoted(key), quoted(text)));
    let words: Vec<String> = words.collect();
    format!("const WORDS = Object.freeze({{{}}});\n", words.join(","))
}

fn key_of_line(line: &str) -> Option<&str> {
    line.trim_start().strip_prefix('"')?.split('"').next()
}

/// What stands between stars is bold.
fn with_bold(text: &str) -> String {
    let mut parts = text.split('*');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for (at, part) in parts.enumerate() {
        out.push_str(if at % 2 == 0 { "<b>" } else { "</b>" });
        out.push_str(part);
    }
    out
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The text in quotes that is the whole first argument of a call.
fn literal(arguments: &str) -> Option<&str> {
    let (text, rest) = arguments.trim_start().strip_prefix('"')?.split_once('"')?;
    rest.trim_start().starts_with([')', ',']).then_some(text)
}

/// The constant's name that a source goes on with; empty if it is something else.
fn constant_at(source: &str) -> &str {
    let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let end = source.find(|c| !is_part(c)).unwrap_or(source.len());
    &source[..end]
}

/// `watch.full-screen` is `WATCH_FULL_SCREEN`.
fn constant(key: &str) -> String {
    key.replace(['.', '-'], "_").to_uppercase()
}

fn unknown(key: &str) -> String {
    format!("there is no word {key}")
}

/// How scripts ask for a word.
const CALL: &str = "word(";
/// What stands before the constants in sources of Rust.
const MODULE: &str = "words::";
/// The forms of a plural (Unicode CLDR), as `Intl.PluralRules` has them.
const PLURALS: [&str; 6] = ["zero", "one", "two", "few", "many", "other"];

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> Words {
        let json = "{\n\"a.many.one\": \"{count} thing\",\n\"a.many.other\": \"{count} things\",\n\
                    \"a.two-parts\": \"<\\\"*bold* & {this}\"\n}\n";
        Words::parse(json).unwrap()
    }

    #[test]
    fn a_file_is_flat_and_its_keys_stand_in_order_and_once() {
        for (json, why) in [
            ("[]", "invalid type"),
            ("{\n\"a\": {\"b\": \"c\"}\n}", "invalid type"),
            ("{\n\"b\": \"\",\n\"a\": \"\"\n}", "a is to stand before b"),
            ("{\n\"a\": \"\",\n\"a\": \"\"\n}", "a is to stand before a, and once"),
        ] {
            let error = Words::parse(json).err().unwrap_or_default();
            assert!(error.contains(why), "{json}: {error}");
        }
    }

    #[test]
    fn in_a_document_a_word_is_html_with_the_requests_slots() {
        let text = words().in_document("a.two-parts").unwrap();
        assert_eq!(text, "&lt;&quot;<b>bold</b> &amp; {{this}}");
        assert_eq!(words().in_document("a.many"), Err("there is no word a.many".to_owned()));
    }

    #[test]
    fn a_script_gets_what_it_names_with_all_forms() {
        let found = words().in_script("say(word(\"a.many\", { count: 1 }));\nsword(key);").unwrap();
        assert_eq!(found.keys().collect::<Vec<_>>(), ["a.many.one", "a.many.other"]);
        let object = object(&found);
        let expected = "const WORDS = Object.freeze({\"a.many.one\":\"{count} thing\",\
                        \"a.many.other\":\"{count} things\"});\n";
        assert_eq!(object, expected);
        assert_eq!(super::object(&BTreeMap::new()), "");
    }

    #[test]
    fn a_key_that_cannot_be_found_is_refused() {
        for (call, why) in [
            ("word(\"a.few\")", "there is no word a.few"),
            ("word(key)", "must be a text"),
            ("word(`a.${b}`)", "must be a text"),
            ("word(\"a.\" + b)", "must be a text"),
        ] {
            let error = words().in_script(call).unwrap_err();
            assert!(error.contains(why), "{call}: {error}");
        }
    }

    #[test]
    fn rust_has_a_constant_for_each_word_that_it_names() {
        let sources = "f(words::A_TWO_PARTS, words::counted(words::A_MANY_ONE)); words::A_MANY_ONE";
        let expected = "pub(super) const A_MANY_ONE: &str = \"{count} thing\";\n\
                        pub(super) const A_TWO_PARTS: &str = \"<\\\"*bold* & {this}\";\n";
        assert_eq!(words().constants(sources).unwrap(), expected);
        assert_eq!(words().constants("words::A_B"), Err("there is no word A_B".to_owned()));
    }

    #[test]
    fn a_word_that_nobody_names_is_told() {
        let mut words = words();
        words.in_document("a.two-parts").unwrap();
        let idle = Err("nobody says a.many.one, a.many.other".to_owned());
        assert_eq!(words.check_all_named(), idle);
        words.in_script("word(\"a.many\")").unwrap();
        assert_eq!(words.check_all_named(), Ok(()));
    }
}
