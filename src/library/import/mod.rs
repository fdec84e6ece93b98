//! Catalogues that others wrote, as a list of titles to be: a file of JSON, a database of SQLite, a
//! folder of films.
//!
//! Reads files of this machine, and asks no other. Whoever wrote them is a stranger: all has bounds,
//! and what does not fit is told, title by title.

mod folder;
mod json;
mod sqlite;

use std::fs;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use crate::base::regular;
use crate::proto::base64::from_base64;
use crate::store::title::Details;

/// A title that is to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// What is said of it.
    pub details: Details,
    /// A JPEG that stands for it, as it was found.
    pub poster: Option<Vec<u8>>,
    /// The video that it is made of.
    pub film: Option<PathBuf>,
    /// A manifest elsewhere.
    pub url: Option<String>,
    /// What of it is left out, and why.
    pub left_out: Vec<String>,
}

/// Reads a catalogue. What has an error is named by it, the others go on.
///
/// # Errors
///
/// Why there is none: one line.
pub fn read(source: &Path) -> Result<Vec<Found>, String> {
    let about = fs::metadata(source).map_err(|error| format!("{}: {error}", source.display()))?;
    let found = match about.is_dir() {
        true => folder::read(source),
        false if is_sqlite(source) => sqlite::read(source),
        false => json::read(source),
    };
    found.map_err(|why| format!("{}: {why}", source.display()))
}

/// By its first bytes (sqlite.org/fileformat.html §1.3).
fn is_sqlite(source: &Path) -> bool {
    let mut head = [0; 16];
    let read = regular::open(source).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && &head == b"SQLite format 3\0"
}

/// All bytes of a file, if they are no more than these.
fn bytes_of(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    regular::read(path, most).map_err(|error| error.to_string())
}

/// A poster as a catalogue names it: a file beside the catalogue, or its bytes in the address. Nothing
/// is loaded from elsewhere.
fn poster(named: &str, beside: &Path) -> Result<Vec<u8>, String> {
    if let Some(data) = named.strip_prefix("data:image/jpeg;base64,") {
        return from_base64(data).ok_or_else(|| "its poster is no base64".to_owned());
    }
    let path = Path::new(named);
    let is_beside = path.components().all(|part| matches!(part, Component::Normal(_)));
    if named.contains("://") || named.is_empty() || !is_beside {
        return Err(format!("its poster is no file beside the catalogue: {}", shown(named)));
    }
    // A link may lead anywhere.
    let within = beside.join(path).canonicalize().ok();
    let folder = beside.canonicalize().ok();
    match (within, folder) {
        (Some(within), Some(folder)) if within.starts_with(&folder) => {
            bytes_of(&within, MOST_POSTER_BYTES).map_err(|why| format!("its poster: {why}"))
        }
        _ => Err(format!("its poster is not there: {}", shown(named))),
    }
}

/// So much of what a stranger wrote as fits in a line.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(80).collect()
}

impl Found {
    /// A title out of named values, as a row has them.
    fn of(field: impl Fn(&str) -> Option<Value>, beside: &Path) -> Self {
        let text = |names: &[&str]| {
            let values = names.iter().filter_map(|name| field(name));
            let mut texts = values.filter_map(|value| match value {
                Value::String(text) if !text.is_empty() => Some(text),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            });
            texts.next()
        };
        let mut left_out = Vec::new();
        let year = text(&["year"]).and_then(|year| match year.trim().get(..4)?.parse() {
            Ok(year) => Some(year),
            Err(_) => {
                left_out.push(format!("its year is none: {}", shown(&year)));
                None
            }
        });
        let poster = text(&["poster"])
            .and_then(|named| poster(&named, beside).map_err(|why| left_out.push(why)).ok());
        let details = Details {
            title: text(&["title", "name"]).unwrap_or_default(),
            description: text(&["description", "plot"]).unwrap_or_default(),
            director: text(&["director"]).unwrap_or_default(),
            year,
            tags: Vec::new(),
        };
        Self { details, poster, film: None, url: text(&["url"]), left_out }
    }
}

/// As many as a catalogue takes.
const MOST_TITLES: usize = 20_000;
const MOST_POSTER_BYTES: u64 = 16 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::scratch::Scratch;

    #[test]
    fn a_poster_is_a_file_beside_the_catalogue_and_nothing_else() {
        let scratch = Scratch::folder();
        let beside = scratch.path().join("in");
        fs::create_dir(&beside).unwrap();
        fs::write(scratch.path().join("secret.jpg"), b"secret").unwrap();
        fs::write(beside.join("a.jpg"), b"a").unwrap();
        assert_eq!(poster("a.jpg", &beside), Ok(b"a".to_vec()));
        assert_eq!(poster("data:image/jpeg;base64,YQ==", &beside), Ok(b"a".to_vec()));
        #[cfg(unix)]
        std::os::unix::fs::symlink("../secret.jpg", beside.join("link.jpg")).unwrap();
        for named in [
            "",
            "../secret.jpg",
            "/etc/hostname",
            "link.jpg",
            "none.jpg",
            "http://a.lan/x.jpg",
            "data:image/svg+xml,<svg/>",
            "data:image/jpeg;base64,?",
        ] {
            assert!(poster(named, &beside).is_err(), "{named}");
        }
    }
}
