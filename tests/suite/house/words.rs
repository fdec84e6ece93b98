//! What people read stands in `www/words/`: documents and scripts hold no words of their own.
//!
//! All of a document is looked at; of a script only what begins like a sentence, as names of events
//! and selectors are texts too. The page of components, which only developers see, is not.

use std::fs;
use std::path::Path;

/// The words that stand in a document itself, each with its line.
fn in_document(html: &str) -> Vec<(usize, String)> {
    let html = without_slots(html);
    let line_at = |rest: &str| html[..html.len() - rest.len()].matches('\n').count() + 1;
    let (mut found, mut in_code) = (Vec::new(), false);
    let mut rest = &*html;
    while !rest.is_empty() {
        let start = rest.trim_start();
        let (text, after) = start.split_once('<').unwrap_or((start, ""));
        if !in_code && has_letters(text) {
            found.push((line_at(start), text.trim_end().to_owned()));
        }
        let line = line_at(after);
        let (tag, after) = after.split_once('>').unwrap_or((after, ""));
        let said = ATTRIBUTES.iter().filter_map(|name| attribute(tag, name));
        found.extend(said.filter(|said| has_letters(said)).map(|said| (line, said.to_owned())));
        match tag.split_whitespace().next() {
            Some("code") => in_code = true,
            Some("/code") => in_code = false,
            _ => {}
        }
        rest = after;
    }
    found
}

/// The sentences that stand in a script itself, each with its line.
fn in_script(script: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, line) in script.lines().enumerate() {
        if ["//", "/*", "*"].iter().any(|comment| line.trim_start().starts_with(comment)) {
            continue;
        }
        for quote in ['"', '`'] {
            // What stands between two quotes is within one text or between two.
            let texts = line.split(quote).skip(1).filter(|text| is_sentence(text));
            found.extend(texts.map(|text| (at + 1, text.to_owned())));
        }
    }
    found
}

/// The document, with nothing where something is filled in.
fn without_slots(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        rest = after.split_once("}}").map_or("", |(_, after)| after);
    }
    out + rest
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let start = format!("{name}=\"");
    let is_it = |at: &usize| tag[..*at].ends_with(char::is_whitespace);
    let at = tag.match_indices(&start).map(|(at, _)| at).find(is_it)?;
    tag[at + start.len()..].split('"').next()
}

fn has_letters(text: &str) -> bool {
    text.contains(char::is_alphabetic)
}

fn is_sentence(text: &str) -> bool {
    text.starts_with(char::is_uppercase) && text.contains(' ')
}

/// Looks into all files of a kind below `www/`; `look` finds words in one.
fn faults(kind: &str, look: fn(&str) -> Vec<(usize, String)>) -> Vec<String> {
    let www = Path::new(env!("CARGO_MANIFEST_DIR")).join("www");
    let mut faults = Vec::new();
    for folder in www.read_dir().expect("the pages") {
        let folder = folder.expect("its entry").path();
        for file in folder.read_dir().expect("a page's files") {
            let file = file.expect("its entry").path();
            if folder.ends_with("styleguide") || file.extension().is_none_or(|end| end != kind) {
                continue;
            }
            let found = look(&fs::read_to_string(&file).expect("a text"));
            let name = file.strip_prefix(&www).expect("it is below").display();
            faults.extend(found.iter().map(|(line, text)| format!("www/{name}:{line}: {text}")));
        }
    }
    faults
}

#[test]
fn documents_and_scripts_have_their_words_from_the_file_of_words() {
    let faults = [faults("html", in_document), faults("js", in_script)].concat();
    assert!(faults.is_empty(), "not in www/words/:\n{}", faults.join("\n"));
}

#[test]
fn words_in_a_document_are_found() {
    for (html, found) in [
        ("<p>{{word a.b}}, 3 × {{count}}</p>", None),
        ("<p>\n<b>Pause</b>", Some((2, "Pause"))),
        ("<p>{{word a.b}}\n\nnow</p>", Some((3, "now"))),
        ("<img\nalt=\"Live\">", Some((1, "Live"))),
        ("<b data-tip=\"{{word a.b}}\" aria-label=\"Über\">", Some((1, "Über"))),
        ("<code>ffplay {{page}}</code> <kbd>?</kbd>", None),
        ("<code>ffplay</code> plays", Some((1, "plays"))),
    ] {
        let first = in_document(html).into_iter().next();
        let found = found.map(|(line, text)| (line, text.to_owned()));
        assert_eq!(first, found, "{html}");
    }
}

#[test]
fn sentences_in_a_script_are_found() {
    let script =
        "// \"A comment\"\nsay(\"Nothing is sent\");\nf(\"ArrowUp\", \".a b\");\n`Quality ${q}`";
    let found = in_script(script);
    let expected = [(2, "Nothing is sent".to_owned()), (4, "Quality ${q}".to_owned())];
    assert_eq!(found, expected);
}

/// The attributes that people read or hear.
const ATTRIBUTES: [&str; 5] = ["aria-label", "alt", "title", "data-tip", "placeholder"];
