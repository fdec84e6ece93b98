//! Joins the style sheets that a page's sheet imports, each once, where it is first imported, without
//! what only people read: the sheet stands in each page.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The sheet that `entry`, a path below `www`, becomes with all that it imports.
///
/// # Errors
///
/// Which file cannot be read.
pub(crate) fn join(www: &Path, entry: &str) -> Result<String, String> {
    let (mut done, mut out) = (BTreeSet::new(), String::new());
    add(www, entry, &mut done, &mut out)?;
    Ok(without_comments(&out))
}

/// Without comments, and without the room at lines' ends; strings of ours hold neither.
fn without_comments(sheet: &str) -> String {
    let mut out = String::with_capacity(sheet.len());
    let mut rest = sheet;
    while let Some((before, after)) = rest.split_once("/*") {
        out.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    out.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .flat_map(|line| [line, "\n"])
        .collect()
}

fn add(
    www: &Path,
    file: &str,
    done: &mut BTreeSet<String>,
    out: &mut String,
) -> Result<(), String> {
    if !done.insert(file.to_owned()) {
        return Ok(());
    }
    let source =
        fs::read_to_string(www.join(file)).map_err(|error| format!("www/{file}: {error}"))?;
    for line in source.lines() {
        match line.strip_prefix("@import \"").and_then(|rest| rest.strip_suffix("\";")) {
            Some(import) => {
                let target = match import.strip_prefix("../") {
                    Some(beside) => beside.to_owned(),
                    None => {
                        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
                        format!("{folder}/{}", import.trim_start_matches("./"))
                    }
                };
                add(www, &target, done, out)?;
            }
            None => {
                out.push_str(line);
                out.push('\n');
            }
        }
    }
    Ok(())
}
