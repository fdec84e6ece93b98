//! Puts documents together: the frame that all pages share around what is a page's own, with what
//! is known when the binary is built.
//!
//! | in a document | becomes |
//! | --- | --- |
//! | `{{icon pause}}`, `{{icon pause small}}` | an icon of the sprite, of a size |
//! | `{{word watch.pause}}` | a word, in the page's language: [`super::words`] |
//! | `{{asset watch.js}}` | the address of a file, from the page's root |
//! | `{{boot}}`, `{{icons}}`, `{{style}}` | in the frame: the first script, the sprite, the sheet |
//! | `{{here watch}}` | in the frame: says that the page is this one, if it is |
//!
//! A document is made of parts, each begun by a line `{{part NAME}}`; where the frame has
//! `{{part NAME}}`, that part of the document stands, or nothing.
//!
//! All else in braces is left to the request.

use super::words::Words;

/// What documents are made of.
pub(crate) struct Parts {
    /// The frame around them.
    pub(crate) frame: String,
    /// The script that stands in it.
    pub(crate) boot: String,
    /// The sprite.
    pub(crate) icons: String,
    /// The files' names, with their hashes.
    pub(crate) names: Vec<String>,
}

/// A page of one document or several.
pub(crate) struct Page {
    /// Its name, and its folder's.
    pub(crate) name: &'static str,
    pub(crate) style: String,
    /// Empty if it has none.
    pub(crate) script: String,
}

/// A whole document of a page.
///
/// # Errors
///
/// What it names that there is not.
pub(crate) fn fill(
    parts: &Parts,
    page: &Page,
    source: &str,
    words: &mut Words,
) -> Result<String, String> {
    let name = page.name;
    // A document that begins as one has a frame of its own.
    let frame = if source.starts_with("<!doctype") { source } else { &parts.frame };
    let own = parts_of(source);
    let framed = frame.lines().map(|line| match part_name(line) {
        Some(name) => own.iter().find(|(own, _)| *own == name).map_or("", |(_, text)| text).into(),
        None => format!("{line}\n"),
    });
    let framed: String = framed.collect();
    let (mut out, mut rest) = (String::new(), &*framed);
    while let Some((before, after)) = rest.split_once("{{") {
        let (slot, after) = after.split_once("}}").ok_or(format!("{name}: braces stay open"))?;
        out.push_str(before);
        let terms: Vec<&str> = slot.split(' ').collect();
        match terms[..] {
            ["boot"] => out.push_str(&parts.boot),
            ["icons"] => out.push_str(&sprite(&parts.icons, &framed, &page.script)),
            ["style"] => out.push_str(&page.style),
            ["word", key] => {
                let word = words.in_document(key).map_err(|why| format!("{name}: {why}"))?;
                out.push_str(&word);
            }
            ["asset", file] => out.push_str(&address(parts, file)?),
            ["here", area] if area == name => out.push_str(" aria-current=\"page\""),
            ["here", _] => {}
            ["icon", id] => out.push_str(&icon(parts, id, "icon")?),
            ["icon", id, size] => out.push_str(&icon(parts, id, &format!("icon {size}"))?),
            [_] => {
                out.push_str("{{");
                out.push_str(slot);
                out.push_str("}}");
            }
            _ => return Err(format!("{name}: {{{{{slot}}}}} means nothing")),
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// The parts of a document, with their names.
fn parts_of(source: &str) -> Vec<(&str, String)> {
    let mut parts = Vec::<(&str, String)>::new();
    for line in source.lines() {
        match (part_name(line), parts.last_mut()) {
            (Some(name), _) => parts.push((name, String::new())),
            (None, Some((_, text))) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    parts
}

fn part_name(line: &str) -> Option<&str> {
    line.strip_prefix("{{part ")?.strip_suffix("}}")
}

fn icon(parts: &Parts, id: &str, class: &str) -> Result<String, String> {
    if !parts.icons.contains(&format!("id=\"{id}\"")) {
        return Err(format!("there is no icon {id}"));
    }
    Ok(format!("<svg class=\"{class}\" aria-hidden=\"true\"><use href=\"#i-{id}\"/></svg>"))
}

/// The file `stem.kind` is named `stem-hash.kind`.
fn address(parts: &Parts, file: &str) -> Result<String, String> {
    let (stem, kind) = file.rsplit_once('.').ok_or(format!("{file} has no kind"))?;
    let is_it = |name: &&String| {
        let rest = name.strip_prefix(stem).and_then(|rest| rest.strip_prefix('-'));
        rest.and_then(|rest| rest.strip_suffix(kind)).is_some_and(|rest| rest.ends_with('.'))
    };
    let name = parts.names.iter().find(is_it).ok_or(format!("there is no file {file}"))?;
    Ok(format!("{{{{root}}}}assets/{name}"))
}

/// The sprite as it stands inside of a page: nothing of it shows by itself. Only what the page or
/// its script names is in it, under names of their own among the page's.
fn sprite(icons: &str, document: &str, script: &str) -> String {
    let is_used = |line: &&str| match line.strip_prefix("<symbol id=\"") {
        Some(rest) => {
            let id = rest.split('"').next().unwrap_or_default();
            let marks =
                [format!("{{{{icon {id}}}}}"), format!("{{{{icon {id} "), format!("#i-{id}\"")];
            marks.iter().any(|mark| document.contains(mark))
                || script.contains(&format!("\"{id}\""))
        }
        None => true,
    };
    let used: String = icons.lines().filter(is_used).collect();
    let named = used.replace("<symbol id=\"", "<symbol id=\"i-");
    named.replacen("<svg ", "<svg class=\"sprite\" aria-hidden=\"true\" ", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(source: &str) -> Result<String, String> {
        let parts = Parts {
            frame: "<b>{{here a}}{{boot}}{{style}}\n{{part body}}\n{{part foot}}\n".to_owned(),
            boot: "run();".to_owned(),
            icons: "<svg xmlns=\"svg\">\n<symbol id=\"x\"/>\n<symbol id=\"y\"/>\n</svg>\n"
                .to_owned(),
            names: vec!["a-0123.js".to_owned()],
        };
        let page = Page { name: "a", style: "p{}".to_owned(), script: "icon(\"y\")".to_owned() };
        let mut words = Words::parse("{\"a.say\": \"More & {seconds} s\"}").unwrap();
        fill(&parts, &page, source, &mut words)
    }

    #[test]
    fn a_document_stands_in_the_frame_with_its_words_and_the_requests_slots() {
        let frame = "<b> aria-current=\"page\"run();p{}\n";
        let body = filled("{{part body}}\n<p>{{word a.say}}, {{title}}</p>\n").unwrap();
        assert_eq!(body, format!("{frame}<p>More &amp; {{{{seconds}}}} s, {{{{title}}}}</p>\n"));
    }

    #[test]
    fn a_document_with_a_frame_of_its_own_has_files_and_only_its_icons() {
        let document = filled("<!doctype html>\n{{asset a.js}}\n{{icons}}\n").unwrap();
        let expected = "<!doctype html>\n{{root}}assets/a-0123.js\n\
                        <svg class=\"sprite\" aria-hidden=\"true\" xmlns=\"svg\"><symbol id=\"i-y\"/></svg>\n";
        assert_eq!(document, expected);
    }

    #[test]
    fn what_there_is_not_is_refused() {
        for (slot, why) in [
            ("{{word a.b}}", "a: there is no word a.b"),
            ("{{icon z}}", "there is no icon z"),
            ("{{asset b.js}}", "there is no file b.js"),
            ("{{a b c d}}", "means nothing"),
            ("{{a", "braces stay open"),
        ] {
            let error = filled(&format!("<!doctype html>\n{slot}\n")).unwrap_err();
            assert!(error.contains(why), "{slot}: {error}");
        }
    }
}
