//! The browsers that the page is tested in, each started by the test that needs it.
//!
//! None of them reaches anything but this machine. A test names the browsers that it runs in
//! (`in_browsers`) and knows no more of them than [`Browser`] and [`Window`] do.

mod actions;
mod chromium;
mod connection;
mod firefox;
mod tab;
mod webdriver;
mod webkit;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use std::{env, io, thread};

use super::window::Window;
use chromium::Chromium;
use firefox::Firefox;
use tab::Engine;
pub(super) use tab::{Held, Holding, Tab};
use webkit::WebKit;

/// A browser. Dropping it ends it.
pub(crate) struct Browser {
    engine: Box<dyn Engine>,
}

/// What a person has set in their browser, or it for them.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Person {
    /// Runs no script of any page.
    pub(crate) no_scripts: bool,
    /// Points with fingers, on a small screen.
    pub(crate) fingers: bool,
    /// Likes pages dark.
    pub(crate) dark: bool,
    /// Has pages drawn in the system's few colours, for contrast. Chromium alone pretends it.
    pub(crate) few_colours: bool,
}

impl Browser {
    pub(crate) fn chromium() -> Self {
        Self { engine: Box::new(Chromium::start()) }
    }

    pub(crate) fn firefox() -> Self {
        Self { engine: Box::new(Firefox::default()) }
    }

    pub(crate) fn webkit() -> Self {
        Self { engine: Box::new(WebKit::start()) }
    }

    /// A Chromium and a Firefox that trust the authority in this file.
    pub(crate) fn trusting(authority: &Path) -> [Self; 2] {
        let chromium: Box<dyn Engine> = Box::new(Chromium::trusting(authority));
        let firefox: Box<dyn Engine> = Box::new(Firefox::trusting(authority));
        [chromium, firefox].map(|engine| Self { engine })
    }

    /// Opens a window with cookies and storage of its own, as another person's.
    pub(crate) fn window(&self) -> Window {
        self.window_of(Person::default())
    }

    /// Opens a window of a person who has set something.
    pub(crate) fn window_of(&self, person: Person) -> Window {
        Window::of(self.engine.tab(person))
    }

    /// The processor time of all its processes that draw pages.
    #[allow(dead_code, reason = "benches/page asks")]
    pub(crate) fn drawing_time(&self) -> Duration {
        self.engine.drawing_time()
    }

    /// Opens a window on a phone.
    pub(crate) fn phone(&self, (width, height): (u32, u32)) -> Window {
        let window = self.window_of(Person { fingers: true, ..Person::default() });
        window.resize(width, height);
        window
    }
}

/// Puts the authority in a file among those that a browser trusts, which are in this folder.
fn trust(database: &Path, authority: &Path) {
    std::fs::create_dir_all(database).expect("a folder");
    let run = |arguments: &[&OsStr]| {
        let mut command = Command::new(find(&["certutil"], "apt-get install libnss3-tools"));
        let folder = format!("sql:{}", database.display());
        let output = command.arg("-d").arg(folder).args(arguments).output().expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    run(&["-N", "--empty-password"].map(OsStr::new));
    let add = ["-A", "-t", "C,,", "-n", "livestream", "-i"].map(OsStr::new);
    run(&[&add[..], &[authority.as_os_str()]].concat());
}

/// The first of these programs on the PATH.
fn find(names: &[&str], install: &str) -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut found = names
        .iter()
        .flat_map(|name| env::split_paths(&path).map(move |folder| folder.join(name)))
        .filter(|file| file.is_file());
    found.next().unwrap_or_else(|| panic!("there is no {}: {install}", names[0]))
}

/// Speaks when the last process has ended that holds this output open.
fn end_of(mut output: ChildStdout) -> Receiver<()> {
    let (end, ended) = channel();
    thread::spawn(move || {
        // Whatever it prints is read, so that printing never blocks.
        let _ = io::copy(&mut output, &mut io::sink());
        let _ = end.send(());
    });
    ended
}

/// What the tests ask a page.
const PROBE: &str = include_str!("probe.js");

/// The size of a window that nobody changed.
const SIZE: (u32, u32) = (1280, 720);
