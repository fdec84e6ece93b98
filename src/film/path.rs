//! A path below the folder of films, as it is written. Pure.

use std::fmt;
use std::str::FromStr;

/// A file or folder below the folder of films; empty is that folder itself. It leads nowhere else by
/// its letters, and names nothing hidden; that no link leads elsewhere is seen to when it is opened.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct FilmPath(String);

/// The text is no such path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAFilmPath;

impl FilmPath {
    /// As it is opened.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its last name; `None` for the folder itself.
    pub fn name(&self) -> Option<&str> {
        self.0.rsplit('/').next().filter(|name| !name.is_empty())
    }

    /// What has this name in it; `None` if that is a path of its own, or hidden.
    pub fn below(&self, name: &str) -> Option<Self> {
        let is_name = is_shown(name) && !name.contains('/');
        let path = if self.0.is_empty() { name.to_owned() } else { format!("{}/{name}", self.0) };
        (is_name && path.len() <= MOST_BYTES).then_some(Self(path))
    }
}

impl fmt::Display for FilmPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for NotAFilmPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("takes a file or a folder below that of --media, as in `film:series/1.mp4`")
    }
}

impl FromStr for FilmPath {
    type Err = NotAFilmPath;

    fn from_str(text: &str) -> Result<Self, NotAFilmPath> {
        let path = text.strip_suffix('/').filter(|path| !path.is_empty()).unwrap_or(text);
        let fits = path.is_empty() || path.split('/').all(is_shown);
        match fits && path.len() <= MOST_BYTES {
            true => Ok(Self(path.to_owned())),
            false => Err(NotAFilmPath),
        }
    }
}

/// Whether a name is one that is shown: not hidden, no way up, nothing that no terminal bears.
fn is_shown(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.contains(|c: char| c.is_control())
}

/// Of Linux's longest path, with room for the folder's own.
const MOST_BYTES: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_down_and_nowhere_else() {
        for (text, path) in
            [("", ""), ("a.mp4", "a.mp4"), ("b/a.mp4", "b/a.mp4"), ("b/", "b"), ("a b/ä", "a b/ä")]
        {
            assert_eq!(text.parse::<FilmPath>().map(|path| path.0), Ok(path.to_owned()));
        }
        for text in
            ["/", "/etc", "..", "a/..", "a/../b", "./a", "a//b", ".a", "a/.b", "a\0", "a\nb", "b//"]
        {
            assert_eq!(text.parse::<FilmPath>(), Err(NotAFilmPath), "{text:?}");
        }
        assert!("x".repeat(3000).parse::<FilmPath>().is_err());
    }

    #[test]
    fn what_is_in_it_has_one_name_more() {
        let path: FilmPath = "series".parse().unwrap();
        assert_eq!(path.below("1.mp4").unwrap().as_str(), "series/1.mp4");
        let root: FilmPath = "".parse().unwrap();
        assert_eq!(root.below("1.mp4").unwrap().as_str(), "1.mp4");
        assert_eq!((root.name(), path.name()), (None, Some("series")));
        for name in ["", ".", "..", "a/b", "/a", ".a"] {
            assert_eq!(path.below(name), None, "{name:?}");
        }
    }
}
