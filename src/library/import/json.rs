//! A catalogue as JSON: a list of objects, each a title.

use std::path::Path;

use serde_json::Value;

use super::{Found, MOST_TITLES, bytes_of};

/// Reads one.
pub(super) fn read(source: &Path) -> Result<Vec<Found>, String> {
    let bytes = bytes_of(source, MOST_BYTES)?;
    let beside = source.parent().filter(|folder| !folder.as_os_str().is_empty());
    // Some systems begin a text with a mark of its byte order.
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
    let all: Value = serde_json::from_slice(bytes).map_err(|error| format!("no JSON: {error}"))?;
    let list = all.as_array().ok_or("it is not a list of titles")?;
    if list.len() > MOST_TITLES {
        return Err(format!("it has more than {MOST_TITLES} titles"));
    }
    if !list.is_empty() && !list.iter().any(Value::is_object) {
        return Err("it is not a list of objects".to_owned());
    }
    // What is no object is a title of which nothing is said, and refused as that.
    let of = |value: &Value| {
        let field = |name: &str| value.get(name).cloned();
        Found::of(field, beside.unwrap_or(Path::new(".")))
    };
    Ok(list.iter().map(of).collect())
}

const MOST_BYTES: u64 = 64 * 1024 * 1024;
