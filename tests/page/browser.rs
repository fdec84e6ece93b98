//! A Chromium of the test's own, without a screen, that reaches nothing but this machine.

use std::cell::RefCell;
use std::path::PathBuf;
use std::process::{ChildStdout, Command};
use std::sync::mpsc::{Receiver, channel};
use std::{env, io, thread};

use serde_json::json;

use super::common::clip::Scratch;
use super::common::program::Program;
use super::common::{LONG, eventually};
use super::devtools::DevTools;
use super::window::Window;

/// A running browser. Dropping it ends it.
pub(crate) struct Browser {
    pub(crate) devtools: RefCell<DevTools>,
    pub(crate) port: u16,
    /// Speaks when the last of its processes has ended, for all of them hold its output open.
    ended: Receiver<()>,
    // In this order: the program ends before its folder goes.
    _program: Program,
    profile: Scratch,
}

impl Browser {
    /// Starts a browser.
    pub(crate) fn start() -> Self {
        let profile = Scratch::new();
        let mut command = Command::new(find());
        command.args(FLAGS).arg(format!("--user-data-dir={}", profile.path())).arg("about:blank");
        if rustix::process::geteuid().is_root() {
            // Chromium refuses to run as root with its sandbox.
            command.arg("--no-sandbox");
        }
        let (program, out) = Program::start(&mut command, INSTALL);
        let path = PathBuf::from(profile.path()).join("DevToolsActivePort");
        let (port, path) = eventually("Chromium says its port", LONG, || {
            let text = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
            let (port, path) = text.split_once('\n').ok_or("half a file")?;
            Ok((port.parse().map_err(|_| text.clone())?, path.to_owned()))
        });
        let devtools = RefCell::new(DevTools::connect(port, &path));
        Self { devtools, port, ended: end_of(out), _program: program, profile }
    }

    /// Opens a window with cookies and storage of its own, as another person's.
    pub(crate) fn window(&self) -> Window<'_> {
        let mut devtools = self.devtools.borrow_mut();
        let made = devtools.call("Target.createBrowserContext", json!({}));
        let context = made["browserContextId"].as_str().expect("an id").to_owned();
        // Without it a download is refused.
        let params = json!({
            "behavior": "allow",
            "browserContextId": context,
            "downloadPath": self.profile.path(),
            "eventsEnabled": true,
        });
        devtools.call("Browser.setDownloadBehavior", params);
        drop(devtools);
        Window::open(self, context)
    }

    /// Waits until a download is complete, from the first event on that is named. Returns the
    /// file's name as the page gave it, and its bytes.
    pub(crate) fn downloaded(&self, from: usize) -> (String, Vec<u8>) {
        let mut devtools = self.devtools.borrow_mut();
        let begun = devtools
            .wait(from, "a download begins", |event| event.name == "Browser.downloadWillBegin");
        let id = begun["guid"].clone();
        devtools.wait(from, "the download is complete", |event| {
            event.name == "Browser.downloadProgress"
                && event.params["guid"] == id
                && event.params["state"] == "completed"
        });
        let name = begun["suggestedFilename"].as_str().expect("a name").to_owned();
        let path = PathBuf::from(self.profile.path()).join(&name);
        (name, std::fs::read(path).expect("the file is there"))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Asked to close it ends its own processes and writes no more; if not, it is killed next.
        let mut devtools = self.devtools.borrow_mut();
        if devtools.try_call("Browser.close", json!({})).is_ok() {
            devtools.wait_for_end();
            // Else a process of it would write into the folder while that is removed.
            let _ = self.ended.recv_timeout(LONG);
        }
    }
}

fn end_of(mut output: ChildStdout) -> Receiver<()> {
    let (end, ended) = channel();
    thread::spawn(move || {
        // Whatever it prints is read, so that printing never blocks.
        let _ = io::copy(&mut output, &mut io::sink());
        let _ = end.send(());
    });
    ended
}

/// The first Chromium on the PATH.
fn find() -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut found = NAMES
        .iter()
        .flat_map(|name| env::split_paths(&path).map(move |folder| folder.join(name)))
        .filter(|file| file.is_file());
    found.next().unwrap_or_else(|| panic!("there is no Chromium: {INSTALL}"))
}

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const INSTALL: &str = "apt-get install chromium";
const FLAGS: [&str; 14] = [
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--disable-breakpad",
    "--hide-scrollbars",
    "--window-size=1280,720",
    "--remote-debugging-port=0",
    // Whatever it may want elsewhere, it cannot find it.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];
