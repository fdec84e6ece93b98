//! A folder of films: one title a file, with what lies beside it.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Found, MOST_POSTER_BYTES, MOST_TITLES, bytes_of};
use crate::proto::nfo::{self, Nfo};
use crate::store::title::Details;

/// Reads one, and the folders in it. Links are not followed.
pub(super) fn read(source: &Path) -> Result<Vec<Found>, String> {
    let mut films = Vec::new();
    walk(source, MOST_DEPTH, &mut films)?;
    films.sort();
    let alone =
        |film: &Path| films.iter().filter(|other| other.parent() == film.parent()).count() == 1;
    Ok(films.iter().map(|film| found(film, alone(film))).collect())
}

fn walk(folder: &Path, depth: usize, films: &mut Vec<PathBuf>) -> Result<(), String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in entries {
        let entry = entry.map_err(|error| error.to_string())?;
        let kind = entry.file_type().map_err(|error| error.to_string())?;
        let path = entry.path();
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if kind.is_dir() && depth > 0 {
            walk(&path, depth - 1, films)?;
        } else if kind.is_file() && has_ending(&path, &FILMS) {
            if films.len() >= MOST_TITLES {
                return Err(format!("it has more than {MOST_TITLES} films"));
            }
            films.push(path);
        }
    }
    Ok(())
}

/// A film, and what lies beside it; what does so for a whole folder is its own if it is `alone` there.
fn found(film: &Path, alone: bool) -> Found {
    let mut left_out = Vec::new();
    let mut say = |what: &Path, why: &str| {
        let what = what.file_name().unwrap_or_default().to_string_lossy();
        left_out.push(format!("{what}: {why}"));
    };
    let nfo_file = film.with_extension("nfo");
    let nfo = match is_file(&nfo_file) {
        false => Nfo::default(),
        true => {
            let bytes = bytes_of(&nfo_file, nfo::MOST_BYTES as u64);
            let read = bytes.and_then(|bytes| {
                Nfo::parse(&bytes).map_err(|bad| format!("{} (byte {})", bad.rule, bad.offset))
            });
            read.unwrap_or_else(|why| {
                say(&nfo_file, &why);
                Nfo::default()
            })
        }
    };
    let of_folder = ["poster.jpg", "folder.jpg"].map(|name| film.with_file_name(name));
    let posters =
        std::iter::once(film.with_extension("jpg")).chain(of_folder.into_iter().filter(|_| alone));
    let poster = posters
        .into_iter()
        .find(|path| is_file(path))
        .and_then(|path| bytes_of(&path, MOST_POSTER_BYTES).map_err(|why| say(&path, &why)).ok());
    let named = film.file_stem().unwrap_or_default().to_string_lossy();
    let details = Details {
        title: nfo.title.unwrap_or_else(|| named.replace(['_', '.'], " ").trim().to_owned()),
        description: nfo.plot.unwrap_or_default(),
        director: nfo.director.unwrap_or_default(),
        year: nfo.year,
        tags: Vec::new(),
    };
    Found { details, poster, film: Some(film.to_owned()), url: None, left_out }
}

/// Whether a file lies there, and no link to one.
fn is_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|about| about.is_file())
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    endings.iter().any(|known| known.eq_ignore_ascii_case(ending))
}

/// Of files that may be films; what they are is found out when work on them begins.
const FILMS: [&str; 14] = [
    "3gp", "avi", "flv", "m2ts", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "ogv", "ts", "webm",
    "wmv",
];
const MOST_DEPTH: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::scratch::Scratch;

    #[test]
    fn each_film_has_what_lies_beside_it() {
        let scratch = Scratch::folder();
        let write = |name: &str, bytes: &[u8]| {
            let path = scratch.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        };
        write("a_film.MP4", b"");
        write("b.mkv", b"");
        write("b.nfo", b"<movie><title>Bee</title><year>1999</year></movie>");
        write("b.jpg", b"of b");
        write("poster.jpg", b"of no one film");
        write("c/film.webm", b"");
        write("c/film.nfo", b"<!DOCTYPE x><movie/>");
        write("c/folder.jpg", b"of c");
        write(".hidden.mp4", b"");
        write("words.txt", b"");
        #[cfg(unix)]
        std::os::unix::fs::symlink("b.mkv", scratch.path().join("link.mkv")).unwrap();
        let all = read(scratch.path()).unwrap();
        let titles: Vec<&str> = all.iter().map(|found| found.details.title.as_str()).collect();
        assert_eq!(titles, ["a film", "Bee", "film"]);
        let posters: Vec<_> = all.iter().map(|found| found.poster.as_deref()).collect();
        assert_eq!(posters, [None, Some(&b"of b"[..]), Some(b"of c")]);
        assert_eq!(all[1].details.year, Some(1999));
        assert_eq!(all[2].left_out, ["film.nfo: it has a document type (byte 0)"]);
    }
}
