//! When the system has no threads or no descriptors left: the source is tried again, and is live
//! once they are back.
//!
//! Limits are set on the running program from outside. The number of threads limits no process of
//! root's: as root the tests run the program as a user that owns nothing else. A limit that does
//! not bite fails the test.

use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::client::Client;
use crate::common::clip::{Form, Scratch, jpegs};
use crate::common::multipart::{Stream, Watching};
use crate::common::program::Program;
use crate::common::server::{Server, program};
use crate::common::upstream::Upstream;
use crate::common::{LONG, eventually, eventually_true};
use rustix::process::geteuid;
use serde_json::Value;

/// What the system may be short of.
#[derive(Clone, Copy)]
struct Limit {
    /// As `/proc` has it.
    name: &'static str,
    /// As prlimit has it.
    option: &'static str,
}

const THREADS: Limit = Limit { name: "Max processes", option: "nproc" };
const DESCRIPTORS: Limit = Limit { name: "Max open files", option: "nofile" };

/// A program that can be starved.
struct Poor {
    server: Server,
    /// Who runs it, if not we.
    user: Option<u32>,
    /// A connection that is there before anything is taken away.
    asking: Client,
    /// The same, for a stream.
    watching: Option<Client>,
    _home: Scratch,
}

impl Poor {
    fn start(arguments: &[&str]) -> Self {
        let home = Scratch::new();
        let user = geteuid().is_root().then(|| 100_000 + std::process::id() % 100_000);
        let mut command = match user {
            None => program(),
            Some(user) => {
                let mut command = Command::new(anybodys_copy(&home));
                command.env_remove("RUST_BACKTRACE").uid(user).gid(user).current_dir("/");
                command
            }
        };
        command.env_remove("RUST_LOG");
        let server = Server::run(command, Ipv4Addr::LOCALHOST.into(), 0, arguments);
        let connect = || {
            let mut client = server.connect();
            client.get("/healthz").expect(200);
            client
        };
        let (asking, watching) = (connect(), Some(connect()));
        Self { server, user, asking, watching, _home: home }
    }

    /// A soft limit as it is.
    fn soft(&self, what: Limit) -> String {
        let limits = format!("/proc/{}/limits", self.server.id());
        let limits = std::fs::read_to_string(limits).expect("Linux has /proc");
        let line = limits.lines().find_map(|line| line.strip_prefix(what.name));
        line.and_then(|line| line.split_whitespace().next()).expect("a number").to_owned()
    }

    /// Sets a limit, as its user may, and only the soft one, so that it can be raised again.
    fn limit(&self, what: Limit, most: &str) {
        let mut command = Command::new("prlimit");
        let option = format!("--{}={most}:", what.option);
        command.args(["--pid", &self.server.id().to_string(), &option]);
        if let Some(user) = self.user {
            command.uid(user).gid(user);
        }
        let ended = Program::run(&mut command, "apt-get install util-linux", LONG);
        assert!(ended.status.success(), "the limit cannot be set: {ended:?}");
    }

    fn watch(&mut self) -> Watching {
        let client = self.watching.take().expect("one stream");
        Stream::over(client, "/stream", &[]).in_background()
    }

    fn source(&mut self) -> Value {
        self.asking.get("/state").expect(200).json()["source"].clone()
    }

    fn until_lost(&mut self) {
        eventually("the source cannot be had", LONG, || {
            let source = self.source();
            if source["status"] == "lost" { Ok(()) } else { Err(source.to_string()) }
        });
    }

    fn until_live(&mut self) {
        eventually("it is live", LONG, || {
            let source = self.source();
            if source["status"] == "live" { Ok(()) } else { Err(source.to_string()) }
        });
    }

    /// Watches while `what` is short, then gives it back; `told` is what the log says meanwhile.
    #[track_caller]
    fn goes_without(mut self, what: Limit, told: &str) {
        let before = self.soft(what);
        self.limit(what, "0");
        let watching = self.watch();
        self.until_lost();
        eventually_true("a card is shown", LONG, || watching.count() > 1);
        // Without it the limit does not bite.
        self.server.says(told);
        self.limit(what, &before);
        self.until_live();
        let seen = watching.count();
        eventually_true("pictures come", LONG, || watching.count() > seen + 5);
        drop(watching);
        self.server.stop();
    }
}

/// The program where every user may read it.
fn anybodys_copy(home: &Scratch) -> PathBuf {
    let copy = Path::new(home.path()).join("livestream");
    // By another process: what a test beside this one starts would inherit the file that is written,
    // and a program that somebody may write cannot be started.
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_livestream")).arg(&copy).status();
    assert!(copied.expect("there is cp").success());
    for path in [Path::new(home.path()), &copy] {
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(path, mode).expect("it is ours");
    }
    copy
}

const PATTERN: [&str; 4] = ["--source", "pattern", "--size", "160x120"];
const NO_THREAD: &str = "no thread for `device`";

#[test]
fn pattern_is_live_once_there_are_threads_again() {
    Poor::start(&PATTERN).goes_without(THREADS, NO_THREAD);
}

#[test]
fn clip_is_live_once_there_are_threads_again() {
    let scratch = Scratch::new();
    let clip = scratch.clip(Form::Avi { fps: 25 }, &jpegs(160, 120, 5, 90));
    Poor::start(&["--source", &clip]).goes_without(THREADS, NO_THREAD);
}

#[test]
fn clip_is_live_once_there_are_descriptors_again() {
    let scratch = Scratch::new();
    let clip = scratch.clip(Form::Avi { fps: 25 }, &jpegs(160, 120, 5, 90));
    Poor::start(&["--source", &clip]).goes_without(DESCRIPTORS, "Too many open files");
}

#[test]
fn other_servers_stream_is_live_once_there_are_threads_or_descriptors_again() {
    for (what, told) in [(THREADS, NO_THREAD), (DESCRIPTORS, "Too many open files")] {
        let upstream = Upstream::new();
        let poor = Poor::start(&["--source", &upstream.url()]);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut feed = upstream.accept();
                let pictures = jpegs(160, 120, 5, 90);
                // Until it closes.
                while pictures.iter().all(|jpeg| feed.try_send(jpeg).is_ok()) {
                    std::thread::park_timeout(std::time::Duration::from_millis(20));
                }
            });
            poor.goes_without(what, told);
        });
    }
}
