//! A pretend camera in a folder, and the program that is made to see it.
//!
//! `pretend.c` is preloaded into the program. This writes the folder that it reads.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use crate::common::clip::Scratch;
use crate::common::program::{Ended, Program};
use crate::common::server::{Server, program};
use crate::common::{LONG, eventually};

/// A camera that is plugged in, and sends nothing in no format until it is told what.
pub(crate) struct Pretend {
    folder: Scratch,
}

impl Pretend {
    pub(crate) fn new() -> Self {
        let pretend = Self { folder: Scratch::new() };
        fs::create_dir(pretend.at("dev")).expect("a new folder");
        pretend.plug();
        pretend.write("name", "Pretend Camera\n");
        pretend.write("size", "64 48");
        pretend
    }

    /// That sends this picture in this format at 30 a second.
    pub(crate) fn sending(code: &str, picture: &[u8]) -> Self {
        let pretend = Self::new();
        pretend.write("formats", format!("{code} 1/30\n"));
        pretend.write("picture", picture);
        pretend
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        // In one step: the camera may read it at any moment.
        let (new, path) = (self.at(&format!("{name}.new")), self.at(name));
        fs::write(&new, content).and_then(|()| fs::rename(new, path)).expect("a file");
    }

    pub(crate) fn plug(&self) {
        self.write("dev/video0", "");
    }

    pub(crate) fn unplug(&self) {
        fs::remove_file(self.at("dev/video0")).expect("it was plugged in");
    }

    /// What was asked of it so far, a line each.
    pub(crate) fn asked(&self) -> Vec<String> {
        let asked = fs::read_to_string(self.at("asked")).unwrap_or_default();
        asked.lines().map(str::to_owned).collect()
    }

    fn at(&self, name: &str) -> PathBuf {
        Path::new(self.folder.path()).join(name)
    }

    fn command(&self) -> Command {
        let mut command = program();
        command.env("LD_PRELOAD", library()).env("PRETEND", self.at("."));
        // Of no country: no control is set by itself.
        command.env("TZ", "UTC");
        command
    }

    /// The program, showing this camera.
    pub(crate) fn serve(&self, arguments: &[&str]) -> Server {
        self.serve_in("UTC", arguments)
    }

    /// The program in a time zone.
    pub(crate) fn serve_in(&self, zone: &str, arguments: &[&str]) -> Server {
        let mut command = self.command();
        command.env("TZ", zone);
        let named = arguments.contains(&"--source");
        let source: &[&str] = if named { &[] } else { &["--source", "webcam"] };
        let arguments = [source, &["--bandwidth", "unlimited"], arguments].concat();
        Server::run(command, Ipv4Addr::LOCALHOST.into(), 0, &arguments)
    }

    /// The program, left to find out what to show.
    pub(crate) fn serve_unnamed(&self) -> Server {
        Server::run(self.command(), Ipv4Addr::LOCALHOST.into(), 0, &[])
    }

    /// The program run to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        Program::run(self.command().args(arguments), "it is this project's own", LONG)
    }

    /// What `--list-cameras` prints.
    pub(crate) fn listed(&self) -> String {
        let ended = self.run(&["--list-cameras"]);
        assert!(ended.status.success(), "{}: {}", ended.status, ended.stderr);
        String::from_utf8(ended.stdout).expect("text")
    }
}

/// The source in `/state` as soon as it is as it should be.
#[track_caller]
pub(crate) fn source_when(
    server: &Server,
    what: &str,
    is_so: impl Fn(&serde_json::Value) -> bool,
) -> serde_json::Value {
    eventually(what, LONG, || {
        let source = server.state()["source"].clone();
        if is_so(&source) { Ok(source) } else { Err(source.to_string()) }
    })
}

/// The library, compiled once for all tests of this run.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/cameras/pretend.c");
        let own = format!("pretend-{}.so", std::process::id());
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(own);
        let mut gcc = Command::new("gcc");
        gcc.args(["-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o"]);
        gcc.arg(&library).arg(&source).args(["-ldl", "-lpthread"]);
        let ended = Program::run(&mut gcc, "scripts/setup build", Duration::from_secs(120));
        assert!(ended.status.success(), "{}", ended.stderr);
        library
    })
}
