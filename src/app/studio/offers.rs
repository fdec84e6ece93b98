//! Which sources may be named from afar: those that a person on this machine named, its cameras, the
//! pattern, and addresses. Pure.
//!
//! A command, standard input, a file and a device's path are never taken from afar, however they are
//! spelled: of those that were named here, each has an id, and only that is taken.

use std::fmt::Display;

use super::super::sources::Said;
use crate::client::Redirects;
use crate::config::{FILM, LIBRARY, SourceChoice, is_local, parse_source};
use crate::source::webcam::Selector;
use crate::web::{NoSource, Offer};

/// A source that was named, as it is written and as it is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chosen {
    /// It may hold a password.
    pub(super) text: String,
    pub(super) said: Said,
}

/// A camera that there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app) struct Camera {
    /// N of `webcam:N`.
    pub(in crate::app) index: u32,
    /// Its own name.
    pub(in crate::app) name: String,
}

/// What was named on this machine when the server started.
pub(super) struct Offers {
    named: Vec<Named>,
}

struct Named {
    id: String,
    source: Chosen,
    in_file: bool,
}

impl Offers {
    /// Sources that were named, each with whether the file did.
    pub(super) fn new(sources: Vec<(Chosen, bool)>) -> Self {
        let mut named: Vec<Named> = Vec::new();
        for (source, in_file) in sources {
            if let Some(same) = named.iter_mut().find(|other| other.source.text == source.text) {
                same.in_file |= in_file;
                continue;
            }
            let id = match &source.said.choice {
                SourceChoice::Pattern
                | SourceChoice::Browser(_)
                | SourceChoice::Film(_)
                | SourceChoice::Title(_)
                | SourceChoice::Webcam(Selector::First | Selector::Index(_)) => source.text.clone(),
                _ => format!("{NAMED}{}", named.len() + 1),
            };
            named.push(Named { id, source, in_file });
        }
        Self { named }
    }

    /// Those that the file named, as they are written there.
    pub(super) fn in_file(&self) -> Vec<String> {
        let in_file = self.named.iter().filter(|named| named.in_file);
        in_file.map(|named| named.source.text.clone()).collect()
    }

    /// What can be chosen now. What only a flag named cannot be kept if it runs a command or
    /// reads a file, and is none of it.
    pub(super) fn list(&self, cameras: Vec<Camera>) -> Vec<Offer> {
        let named = self.named.iter().filter(|named| named.may_be_kept());
        let named = named.map(|named| (named.id.clone(), label(&named.source)));
        let cameras = cameras.into_iter().map(|Camera { index, name }| {
            let id = format!("webcam:{index}");
            (id.clone(), format!("{name} ({id})"))
        });
        let browser = (BROWSER.to_owned(), SOMEBODY_LIVE.to_owned());
        let pattern = (PATTERN.to_owned(), TEST_PICTURE.to_owned());
        let mut offers: Vec<Offer> = Vec::new();
        // A camera's own name says more than its number.
        for (id, label) in cameras.chain(named).chain([browser, pattern]) {
            if offers.iter().all(|other| other.id != id) {
                offers.push(Offer { id, label });
            }
        }
        offers
    }

    /// Takes an id or an address; `cameras` are asked for if it is a camera that was not named.
    ///
    /// # Errors
    ///
    /// [`NoSource`]; nothing of an address is repeated.
    pub(super) fn choose(
        &self,
        wish: &str,
        cameras: impl FnOnce() -> Vec<Camera>,
    ) -> Result<Chosen, NoSource> {
        let wish = wish.trim();
        if let Some(named) = self.named.iter().find(|named| named.id == wish) {
            return match named.may_be_kept() {
                true => Ok(named.source.clone()),
                false => Err(NoSource::NotNamed),
            };
        }
        let choice = match parse_source(wish) {
            Ok(choice @ (SourceChoice::Http(_) | SourceChoice::Rtsp(_)))
                if wish.len() <= MAX_ADDRESS_BYTES =>
            {
                let said = Said { choice, redirects: Redirects::SameHost };
                return Ok(Chosen { text: wish.to_owned(), said });
            }
            Err(why) if ADDRESSES.iter().any(|scheme| begins(wish, scheme)) => {
                return Err(NoSource::Address(why));
            }
            Ok(choice @ (SourceChoice::Pattern | SourceChoice::Browser(_))) => choice,
            // Nothing leads out of the folder of films; whether there is such a one the disk says, and
            // the library of a title.
            Ok(choice @ (SourceChoice::Film(_) | SourceChoice::Title(_))) => {
                return Ok(Chosen { text: wish.to_owned(), said: Said::anywhere(choice) });
            }
            Ok(SourceChoice::Webcam(Selector::Index(index)))
                if cameras().iter().any(|camera| camera.index == index) =>
            {
                SourceChoice::Webcam(Selector::Index(index))
            }
            _ => return Err(NoSource::NotOffered),
        };
        // Written as it is meant, not as it was typed.
        let text = match &choice {
            SourceChoice::Webcam(selector) => selector.to_string(),
            SourceChoice::Browser(_) => BROWSER.to_owned(),
            _ => PATTERN.to_owned(),
        };
        Ok(Chosen { text, said: Said::anywhere(choice) })
    }
}

impl Named {
    fn may_be_kept(&self) -> bool {
        self.in_file || !is_local(&self.source.text)
    }
}

/// What to call a source before anybody: of an address its server, of a command its program, of a
/// file its name.
pub(super) fn label(source: &Chosen) -> String {
    let server = |url: &dyn Display| format!("{url}/\u{2026}");
    match &source.said.choice {
        SourceChoice::Pattern => TEST_PICTURE.to_owned(),
        SourceChoice::Webcam(Selector::First) => "the first camera".to_owned(),
        SourceChoice::Webcam(selector) => selector.to_string(),
        SourceChoice::Path(path) => {
            let name = path.file_name().unwrap_or(path.as_os_str());
            name.to_string_lossy().replace(char::is_control, "\u{fffd}")
        }
        SourceChoice::Film(path) => format!("{FILM}{path}"),
        SourceChoice::Title(number) => format!("{LIBRARY}{number}"),
        SourceChoice::Http(url) => server(url),
        SourceChoice::Rtsp(url) => server(url),
        SourceChoice::Exec(words) => {
            let program = words.first().map_or("", |word| word.rsplit('/').next().unwrap_or(word));
            format!("exec:{program} \u{2026}").replace(char::is_control, "\u{fffd}")
        }
        SourceChoice::Input => "standard input".to_owned(),
        SourceChoice::Browser(_) => SOMEBODY_LIVE.to_owned(),
    }
}

fn begins(text: &str, scheme: &str) -> bool {
    text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

const PATTERN: &str = "pattern";
const BROWSER: &str = "browser";
const SOMEBODY_LIVE: &str = "whoever goes live from a browser";
const TEST_PICTURE: &str = "the test picture";
/// What the id of a source begins with that is not its own.
const NAMED: &str = "named:";
const ADDRESSES: [&str; 4] = ["http://", "https://", "rtsp://", "rtsps://"];
const MAX_ADDRESS_BYTES: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(text: &str) -> Chosen {
        Chosen { text: text.to_owned(), said: Said::anywhere(parse_source(text).unwrap()) }
    }

    fn offers() -> Offers {
        let by_flag = ["exec:/opt/grab --key secret", "http://me:secret@flag.lan/x"];
        let in_file = ["movie/film.avi", "rtsp://me:secret@file.lan/x", "webcam:7", "-", "pattern"];
        let by_flag = by_flag.into_iter().map(|text| (chosen(text), false));
        Offers::new(by_flag.chain(in_file.map(|text| (chosen(text), true))).collect())
    }

    fn cameras() -> Vec<Camera> {
        vec![Camera { index: 0, name: "HD Pro".into() }]
    }

    #[test]
    fn what_was_named_here_cameras_and_the_pattern_are_offered_without_secrets() {
        let list: Vec<_> = offers().list(cameras()).into_iter().map(|o| (o.id, o.label)).collect();
        let expected = [
            ("webcam:0", "HD Pro (webcam:0)"),
            ("named:2", "http://flag.lan/\u{2026}"),
            ("named:3", "film.avi"),
            ("named:4", "rtsp://file.lan/\u{2026}"),
            ("webcam:7", "webcam:7"),
            ("named:6", "standard input"),
            ("pattern", "the test picture"),
            ("browser", "whoever goes live from a browser"),
        ];
        let expected = expected.map(|(id, label)| (id.to_owned(), label.to_owned()));
        assert_eq!(list, expected);
        assert_eq!(offers().in_file().len(), 5);
    }

    #[test]
    fn each_offer_is_taken_by_its_id_as_it_was_written() {
        for (id, text) in [
            ("named:2", "http://me:secret@flag.lan/x"),
            ("named:3", "movie/film.avi"),
            (" named:6 ", "-"),
            ("webcam:7", "webcam:7"),
            ("webcam:0", "webcam:0"),
            ("pattern", "pattern"),
        ] {
            let taken = offers().choose(id, cameras).unwrap();
            assert_eq!((taken.text.as_str(), taken.said.redirects), (text, Redirects::Anywhere));
        }
        assert_eq!(offers().choose("named:1", cameras), Err(NoSource::NotNamed));
    }

    #[test]
    fn an_address_is_taken_and_bounded_to_its_host() {
        for address in
            ["http://cam/x", "HTTPS://u:p@cam:8443/", "rtsp://10.0.0.7/live", "rtsps://c/"]
        {
            let taken = offers().choose(&format!(" {address}\n"), Vec::new).unwrap();
            assert_eq!(taken.text, address);
            assert_eq!(taken.said.redirects, Redirects::SameHost);
        }
        for (address, words) in [("http://", "is no address"), ("rtsp://u:se/cret@cam", "is no")] {
            let refused = offers().choose(address, cameras).unwrap_err();
            let NoSource::Address(why) = &refused else { panic!("{refused:?}") };
            assert!(why.contains(words) && !why.contains("cret"), "{why}");
        }
        let long = format!("http://cam/{}", "x".repeat(3000));
        assert_eq!(offers().choose(&long, cameras), Err(NoSource::NotOffered));
    }

    #[test]
    fn nothing_else_is_taken_however_it_is_spelled() {
        for wish in [
            "",
            "exec:id",
            " exec:/opt/grab --key secret",
            "EXEC:id",
            "-",
            "movie/film.avi",
            "film.avi",
            "/etc/passwd",
            "file:///etc/passwd",
            "FILE://x",
            "ftp://x/",
            "/dev/video0",
            "/dev/../etc/passwd",
            "webcam",
            "webcam:1",
            "webcam:-1",
            "webcam:4294967296",
            "named:",
            "named:0",
            "named:8",
            "named:02",
            "pattern\0",
            "//cam/x",
        ] {
            let taken = offers().choose(wish, cameras);
            assert_eq!(taken, Err(NoSource::NotOffered), "{wish:?}");
        }
    }
}
