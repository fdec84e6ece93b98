//! The sources of all rooms: each opened once, however many rooms name it and however they spell
//! it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use log::warn;

use crate::client::{Redirects, Trust};
use crate::config::{Config, LIBRARY, SourceChoice};
use crate::error::Error;
use crate::film::{FilmPath, MediaFolder};
use crate::proto::auth::Who;
use crate::room::RoomName;
use crate::source::Source;
use crate::source::browser::Browser;
use crate::source::clip::Clip;
use crate::source::film::Film;
use crate::source::folder::Folder;
use crate::source::http::Http;
use crate::source::pattern::Pattern;
use crate::source::pipe::{Exec, Input};
use crate::source::rtsp::Rtsp;
use crate::source::webcam::{Selector, Settings, Webcam};

/// What the rooms show at the start, each once.
pub(super) struct Sources {
    maker: Maker,
    made: Vec<Made>,
    /// Where each may be sent.
    redirects: Vec<Redirects>,
}

/// Makes sources of what was said of them.
pub(super) struct Maker {
    /// What to set on each camera.
    settings: Settings,
    /// Whose certificates are taken for those of the servers.
    trust: Trust,
    /// Where films are.
    media: Option<Arc<MediaFolder>>,
}

/// A source that is closed, and what makes it the one that it is.
pub(super) type Made = (Identity, Box<dyn Source>);

/// What was said of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    /// What it is.
    pub(super) choice: SourceChoice,
    /// Where its server may send us.
    pub(super) redirects: Redirects,
}

/// What makes two sources the same one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Identity {
    /// A camera's device file, or what was said of one that is not there.
    Webcam(Result<PathBuf, Selector>),
    Pattern,
    /// A file or folder, by what the system knows it by.
    File(FileIdentity),
    Film(FilmPath),
    Title(u64),
    Address(Address),
    Exec(Vec<String>),
    Input,
    /// Whoever goes live in this room.
    Browser(Option<RoomName>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    scheme: &'static str,
    host: String,
    port: u16,
    path_and_query: String,
    who: Option<Who>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FileIdentity {
    #[cfg(unix)]
    Node {
        device: u64,
        inode: u64,
    },
    Path(PathBuf),
}

impl Sources {
    /// None yet; cameras will be set as `settings` say, servers trusted as `trust` says, and films
    /// looked for in `media`.
    fn new(settings: Settings, trust: Trust, media: Option<Arc<MediaFolder>>) -> Self {
        if trust == Trust::Anything {
            warn!("--source-insecure: any certificate is taken for the source's own");
        }
        let maker = Maker::new(settings, trust, media);
        Self { maker, made: Vec::new(), redirects: Vec::new() }
    }

    /// What is named, with the place of what the default room shows, if that is, and of what the
    /// others do.
    ///
    /// # Errors
    ///
    /// Why one can never work.
    pub(super) fn of(
        config: &Config,
        settings: Settings,
        media: Option<Arc<MediaFolder>>,
    ) -> Result<(Self, Option<usize>, Vec<usize>), Error> {
        let mut sources = Self::new(settings, config.trust(), media);
        let said = |choice: &SourceChoice, redirects| Said { choice: choice.clone(), redirects };
        let shown = config.source.as_ref().map(|choice| said(choice, config.source_redirects));
        let shown = shown.map(|shown| sources.add(&shown)).transpose()?;
        let others = config.rooms.iter().map(|room| said(&room.source, room.redirects));
        let others = others.map(|other| sources.add(&other)).collect::<Result<_, _>>()?;
        Ok((sources, shown, others))
    }

    /// Takes a source, unless it is there already. Returns its place.
    ///
    /// # Errors
    ///
    /// Why it can never work.
    pub(super) fn add(&mut self, said: &Said) -> Result<usize, Error> {
        let identity = Identity::of(&said.choice);
        if let Some(place) = self.made.iter().position(|(other, _)| *other == identity) {
            // Who may be sent anywhere by one room may be so by all.
            if said.redirects == Redirects::Anywhere && self.redirects[place] != said.redirects {
                self.made[place].1 = self.maker.make(said)?;
                self.redirects[place] = said.redirects;
            }
            return Ok(place);
        }
        let source = self.maker.make(said)?;
        self.made.push((identity, source));
        self.redirects.push(said.redirects);
        Ok(self.made.len() - 1)
    }

    /// The sources, each at its place, and what makes others.
    pub(super) fn into_parts(self) -> (Vec<Made>, Maker) {
        let cameras = |(identity, _): &(Identity, _)| matches!(identity, Identity::Webcam(_));
        if !self.maker.settings.named.is_empty() && !self.made.iter().any(cameras) {
            warn!("--control is for webcams, and changes nothing here");
        }
        (self.made, self.maker)
    }
}

impl Maker {
    /// As [`Sources::of`] has it.
    pub(super) fn new(settings: Settings, trust: Trust, media: Option<Arc<MediaFolder>>) -> Self {
        Self { settings, trust, media }
    }

    /// Makes a source, which is closed.
    ///
    /// # Errors
    ///
    /// Why it can never work.
    pub(super) fn make(&self, said: &Said) -> Result<Box<dyn Source>, Error> {
        let (trust, redirects) = (self.trust, said.redirects);
        Ok(match &said.choice {
            SourceChoice::Webcam(selector) => Box::new(self.webcam(selector)),
            SourceChoice::Pattern => Box::new(Pattern::new()),
            SourceChoice::Path(path) if path.is_dir() => {
                Box::new(Folder::new(path).map_err(Error::Folder)?)
            }
            SourceChoice::Path(path) => Box::new(Clip::new(path).map_err(Error::Clip)?),
            SourceChoice::Film(path) => Box::new(self.film(path)?),
            // What it is called is for who may watch it.
            SourceChoice::Title(number) => Box::new(Film::new(format!("{LIBRARY}{number}"))),
            SourceChoice::Http(url) => Box::new(Http::new(url.clone(), trust, redirects)),
            SourceChoice::Rtsp(url) => Box::new(Rtsp::new(url.clone(), trust, redirects)),
            SourceChoice::Exec(words) => Box::new(Exec::new(words).map_err(Error::Command)?),
            SourceChoice::Input => Box::new(Input::new().map_err(Error::Input)?),
            SourceChoice::Browser(_) => Box::new(Browser::new()),
        })
    }

    /// What stands for films, which are looked for to see that there are some.
    fn film(&self, path: &FilmPath) -> Result<Film, Error> {
        let none = || std::io::Error::other("no folder of films is named (--media)");
        let found = self.media.as_ref().ok_or_else(none).and_then(|media| media.files(path));
        let path_of = |error| Error::Film { path: format!("film:{path}"), error };
        found.map_err(path_of)?;
        Ok(Film::new(path.name().unwrap_or("films").to_owned()))
    }

    /// A webcam with its settings; those that it cannot have are told at once, as it may be long
    /// until somebody watches.
    fn webcam(&self, selector: &Selector) -> Webcam {
        let webcam = Webcam::new(selector.clone(), self.settings.clone());
        webcam.faults().iter().for_each(|fault| warn!("--control: {fault}"));
        webcam
    }
}

/// What is shown where nothing is named: the first camera, or the pattern.
pub(super) fn unnamed() -> Said {
    if Webcam::any_present() {
        return Said::anywhere(SourceChoice::Webcam(Selector::First));
    }
    warn!("no camera found: showing the test pattern (`--list-cameras` shows what is found)");
    Said::anywhere(SourceChoice::Pattern)
}

impl Said {
    /// What was said with no word of where it may be sent.
    pub(super) fn anywhere(choice: SourceChoice) -> Self {
        Self { choice, redirects: Redirects::Anywhere }
    }
}

impl Identity {
    /// That of what was said.
    pub(super) fn of(choice: &SourceChoice) -> Self {
        match choice {
            SourceChoice::Webcam(selector) => {
                Self::Webcam(Webcam::device(selector).ok_or_else(|| selector.clone()))
            }
            SourceChoice::Pattern => Self::Pattern,
            SourceChoice::Path(path) => Self::File(FileIdentity::of(path)),
            SourceChoice::Film(path) => Self::Film(path.clone()),
            SourceChoice::Title(number) => Self::Title(*number),
            SourceChoice::Http(url) => Self::Address(Address {
                scheme: url.scheme(),
                host: url.host().to_ascii_lowercase(),
                port: url.port(),
                path_and_query: url.path_and_query().to_owned(),
                who: url.who(),
            }),
            SourceChoice::Rtsp(url) => Self::Address(Address {
                scheme: if url.is_secure() { "rtsps" } else { "rtsp" },
                host: url.host().to_ascii_lowercase(),
                port: url.port(),
                path_and_query: url.path_and_query().to_owned(),
                who: url.who(),
            }),
            SourceChoice::Exec(words) => Self::Exec(words.clone()),
            SourceChoice::Input => Self::Input,
            SourceChoice::Browser(room) => Self::Browser(room.clone()),
        }
    }
}

impl FileIdentity {
    fn of(path: &Path) -> Self {
        #[cfg(unix)]
        if let Ok(file) = path.metadata() {
            use std::os::unix::fs::MetadataExt;
            return Self::Node { device: file.dev(), inode: file.ino() };
        }
        Self::Path(path.canonicalize().unwrap_or_else(|_| path.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::scratch::Scratch;
    use crate::proto::http::HttpUrl;

    fn http(url: &str) -> SourceChoice {
        SourceChoice::Http(HttpUrl::parse(url).unwrap())
    }

    #[test]
    fn what_is_the_same_is_taken_once_however_it_is_spelled() {
        let mut sources = Sources::new(Settings::default(), Trust::default(), None);
        let mut place =
            |choice: &SourceChoice| sources.add(&Said::anywhere(choice.clone())).unwrap();
        assert_eq!(place(&SourceChoice::Pattern), 0);
        assert_eq!(place(&http("http://Cam.lan/video")), 1);
        assert_eq!(place(&http("HTTP://cam.lan:80/video")), 1);
        assert_eq!(place(&http("http://cam.lan/video?x")), 2);
        assert_eq!(place(&http("http://me:secret@cam.lan/video")), 3, "others see another picture");
        assert_eq!(place(&SourceChoice::Pattern), 0);
        assert_eq!(sources.into_parts().0.len(), 4);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_known_by_what_it_is_and_not_by_its_name() {
        let scratch = Scratch::folder();
        let jpeg = include_bytes!("../../tests/data/jpeg/420.jpg");
        scratch.write("a.mjpeg", &[&jpeg[..], &jpeg[..]].concat());
        scratch.write("other.mjpeg", &[&jpeg[..], &jpeg[..]].concat());
        let at = |name: &str| scratch.path().join(name);
        std::os::unix::fs::symlink(at("a.mjpeg"), at("link.mjpeg")).unwrap();
        std::fs::hard_link(at("a.mjpeg"), at("hard.mjpeg")).unwrap();
        let mut sources = Sources::new(Settings::default(), Trust::default(), None);
        let mut place =
            |path: PathBuf| sources.add(&Said::anywhere(SourceChoice::Path(path))).unwrap();
        assert_eq!(place(at("a.mjpeg")), 0);
        assert_eq!(place(at("link.mjpeg")), 0);
        assert_eq!(place(at("hard.mjpeg")), 0);
        assert_eq!(place(scratch.path().join("./a.mjpeg")), 0);
        assert_eq!(place(at("other.mjpeg")), 1);
    }
}
