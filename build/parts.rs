//! Takes a document apart where a request fills something in, and packs what stands between.
//!
//! | in a document | is |
//! | --- | --- |
//! | `{{name}}` | a slot |
//! | `{{#name}}` … `{{/name}}` | a section, which stands or does not |

use std::fmt::Write as _;

use super::gzip::Sum;

/// Packs a text, for itself alone.
pub(crate) type Pack<'a> = &'a dyn Fn(&str) -> Result<Vec<u8>, String>;

/// The parts of a document, as a slice of Rust.
///
/// # Errors
///
/// Braces or sections that do not fit together, or what packing says.
pub(crate) fn written(document: &str, pack: Pack<'_>) -> Result<String, String> {
    let (out, rest) = until(document, None, pack)?;
    debug_assert!(rest.is_empty(), "only a section's end ends it early");
    Ok(out)
}

/// The parts up to the end of this section, or of the document; and what comes after it.
fn until<'a>(
    mut rest: &'a str,
    section: Option<&str>,
    pack: Pack<'_>,
) -> Result<(String, &'a str), String> {
    let mut out = "[".to_owned();
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").ok_or("braces stay open")?;
        text(before, pack, &mut out)?;
        rest = after;
        if let Some(begun) = name.strip_prefix('#') {
            let (inside, after) = until(rest, Some(begun), pack)?;
            let _ = write!(out, "Part::Section({begun:?}, &{inside}), ");
            rest = after;
        } else if let Some(ended) = name.strip_prefix('/') {
            if section != Some(ended) {
                return Err(format!("the section {ended} ends where it has not begun"));
            }
            out.push(']');
            return Ok((out, rest));
        } else {
            let _ = write!(out, "Part::Slot({name:?}), ");
        }
    }
    if let Some(section) = section {
        return Err(format!("the section {section} does not end"));
    }
    text(rest, pack, &mut out)?;
    out.push(']');
    Ok((out, ""))
}

fn text(plain: &str, pack: Pack<'_>, out: &mut String) -> Result<(), String> {
    if plain.is_empty() {
        return Ok(());
    }
    let mut packed = pack(plain)?;
    if packed.len() >= plain.len() {
        packed.clear();
    }
    let _ = write!(
        out,
        "Part::Text(Text {{ plain: {plain:?}, packed: b\"{}\", sum: Sum::from_parts({:?}) }}), ",
        packed.escape_ascii(),
        Sum::of(plain.as_bytes()).parts()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packs what is long into one byte.
    fn taken_apart(document: &str) -> Result<String, String> {
        written(document, &|text| Ok(if text.len() > 3 { vec![0xff] } else { vec![0; 8] }))
    }

    #[test]
    fn a_document_is_cut_at_slots_and_sections() {
        let parts = taken_apart("a{{b}}{{#c}}d{{e}}{{/c}}").unwrap();
        let text = |plain: &str, packed: &str| {
            let sum = Sum::of(plain.as_bytes()).parts();
            format!(
                "Part::Text(Text {{ plain: {plain:?}, packed: b\"{packed}\", \
                 sum: Sum::from_parts({sum:?}) }}), "
            )
        };
        let inside = format!("[{}Part::Slot(\"e\"), ]", text("d", ""));
        let expected =
            format!("[{}Part::Slot(\"b\"), Part::Section(\"c\", &{inside}), ]", text("a", ""));
        assert_eq!(parts, expected);
        assert_eq!(taken_apart("long\n").unwrap(), format!("[{}]", text("long\n", "\\xff")));
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        for (document, why) in [
            ("{{a", "braces stay open"),
            ("{{#a}}", "the section a does not end"),
            ("{{/a}}", "the section a ends where it has not begun"),
            ("{{#a}}{{#b}}{{/a}}{{/b}}", "the section a ends where it has not begun"),
        ] {
            assert_eq!(taken_apart(document).unwrap_err(), why, "{document}");
        }
    }
}
