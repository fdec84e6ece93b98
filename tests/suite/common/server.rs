//! The real program, started on a free port and ended by its id.

use std::io::{BufRead, BufReader, Read};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use socket2::{Domain, Protocol, Socket, Type};

use super::client::{Client, Reply, ask};
use super::clip::Scratch;
use super::{LONG, eventually};

/// A running server. Dropping it ends it.
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
    rtsp: Option<SocketAddr>,
    /// The first line that it printed.
    pub(crate) first_line: String,
    /// The next ones, up to where it serves RTSP if it was started with `--rtsp-port`.
    pub(crate) later_lines: Vec<String>,
    log: Arc<Mutex<String>>,
    /// Speaks when the program's standard error is closed: it has ended.
    ended: Receiver<()>,
    /// What it keeps, unless `--data` names another folder.
    data: Scratch,
}

impl Server {
    /// Starts the program on a free port of 127.0.0.1.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::launch(Ipv4Addr::LOCALHOST.into(), 0, arguments)
    }

    /// Starts it with the test pattern, small, so that many tests can run side by side.
    pub(crate) fn pattern(arguments: &[&str]) -> Self {
        let pattern = ["--source", "pattern", "--size", "160x120"];
        Self::start(&[&pattern[..], arguments].concat())
    }

    /// Starts it where it is given no more descriptors than these.
    pub(crate) fn with_descriptors(most: u32, arguments: &[&str]) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", r#"ulimit -n "$0" && exec "$@""#, &most.to_string()]);
        command.arg(program().get_program()).env_remove("RUST_BACKTRACE");
        command.env_remove("STATE_DIRECTORY");
        Self::run(command, Ipv4Addr::LOCALHOST.into(), 0, arguments)
    }

    /// Starts the program on this address, and waits until it says where it listens.
    pub(crate) fn launch(ip: IpAddr, port: u16, arguments: &[&str]) -> Self {
        Self::run(program(), ip, port, arguments)
    }

    /// As [`Server::launch`], by a command of the test's own.
    pub(crate) fn run(mut command: Command, ip: IpAddr, port: u16, arguments: &[&str]) -> Self {
        command.arg("--no-mdns");
        Self::announced(command, ip, port, arguments)
    }

    /// As [`Server::run`], and it tells its network: that must be one of the test's own.
    pub(crate) fn announced(
        mut command: Command,
        ip: IpAddr,
        port: u16,
        arguments: &[&str],
    ) -> Self {
        // Its default port is one for all tests.
        let rtsp = arguments.contains(&"--rtsp-port");
        let data = Scratch::new();
        let mut child = command
            .args([&port.to_string(), "--bind", &ip.to_string()])
            .args((!rtsp).then_some("--no-rtsp"))
            .args(arguments)
            .env("RUST_LOG", "debug")
            .env("XDG_DATA_HOME", data.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let (log, ended) = collect(child.stderr.take().expect("stderr is piped"));
        let lines = lines(child.stdout.take().expect("stdout is piped"));
        let first_line = lines.recv_timeout(LONG);
        let mut server = Self {
            child,
            address: SocketAddr::new(ip, port),
            rtsp: None,
            first_line: String::new(),
            later_lines: Vec::new(),
            log,
            ended,
            data,
        };
        server.first_line = first_line
            .unwrap_or_else(|error| panic!("nothing was printed ({error}): {}", server.log()));
        server.address = address(&server.first_line)
            .unwrap_or_else(|| panic!("not an address: {:?}", server.first_line));
        if rtsp {
            // With TLS, its address by that comes first.
            while server.rtsp.is_none() {
                let line = lines.recv_timeout(LONG).expect("it says where it serves RTSP");
                let at = line.strip_prefix("listening on rtsp://");
                server.rtsp = at.and_then(|at| at.strip_suffix('/')?.parse().ok());
                server.later_lines.push(line);
            }
        }
        server
    }

    /// Where it serves RTSP, if it was started with `--rtsp-port`.
    pub(crate) fn rtsp(&self) -> SocketAddr {
        self.rtsp.expect("it was started with `--rtsp-port`")
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of a path, for other programs.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A connection to it.
    pub(crate) fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    /// One GET on a connection of its own.
    pub(crate) fn get(&self, target: &str) -> Reply {
        ask(self.address, "GET", target, &[], b"")
    }

    /// `/state`, as one sees it who has no cookie.
    pub(crate) fn state(&self) -> serde_json::Value {
        self.get("/state").json()
    }

    /// Viewers who watch, by `/state`.
    pub(crate) fn watching(&self) -> u64 {
        self.state()["viewers"]["watching"].as_u64().expect("a count")
    }

    /// A metric by its name.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let page = self.get("/metrics").text();
        let value = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("no {name} in {page}")).parse().expect("a number")
    }

    /// Its data folder, unless `--data` names another.
    pub(crate) fn data(&self) -> PathBuf {
        Path::new(self.data.path()).join("livestream")
    }

    /// Its process's number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How many threads it has.
    pub(crate) fn threads(&self) -> usize {
        self.count("task")
    }

    /// The names of its threads, sorted.
    pub(crate) fn thread_names(&self) -> Vec<String> {
        let tasks = format!("/proc/{}/task", self.child.id());
        let tasks = std::fs::read_dir(tasks).expect("Linux has /proc");
        // A thread may end between the two looks.
        let name = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("comm")).ok();
        let names = tasks.flatten().filter_map(name);
        let mut names: Vec<String> = names.map(|name| name.trim_end().to_owned()).collect();
        names.sort();
        names
    }

    /// How many files and sockets it has open.
    pub(crate) fn descriptors(&self) -> usize {
        self.count("fd")
    }

    fn count(&self, what: &str) -> usize {
        let folder = format!("/proc/{}/{what}", self.child.id());
        std::fs::read_dir(folder).expect("Linux has /proc").count()
    }

    /// Its resident memory, MiB.
    pub(crate) fn rss_mib(&self) -> f64 {
        self.memory("VmRSS:")
    }

    /// The most resident memory that it ever had, MiB.
    pub(crate) fn peak_rss_mib(&self) -> f64 {
        self.memory("VmHWM:")
    }

    fn memory(&self, name: &str) -> f64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).expect("Linux has /proc");
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a line");
        let kib = line.trim().strip_suffix(" kB").expect("of kB");
        kib.trim().parse::<f64>().expect("a number") / 1024.0
    }

    /// The processor time that it used, in hundredths of a second.
    pub(crate) fn cpu_ticks(&self) -> u64 {
        let path = format!("/proc/{}/stat", self.child.id());
        let stat = std::fs::read_to_string(path).expect("Linux has /proc");
        // Behind the name, which may hold blanks: user and system time are fields 14 and 15.
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        fields.skip(11).take(2).map(|field| field.parse::<u64>().expect("a number")).sum()
    }

    /// What it wrote to standard error so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until it has written these words to standard error, which come by a way of their own: an
    /// answer may be here before them.
    #[track_caller]
    pub(crate) fn says(&self, words: &str) {
        eventually("its log says so", LONG, || match self.log() {
            log if log.contains(words) => Ok(()),
            log => Err(format!("no {words:?} in {log}")),
        });
    }

    /// Sends a signal to it, and to no other.
    pub(crate) fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).expect("an id");
        let pid = Pid::from_raw(id).expect("not 0");
        // It may just have ended by itself: its id stays its own until it is waited for.
        let _ = kill_process(pid, signal);
    }

    /// Waits until it has ended.
    pub(crate) fn wait(&mut self, limit: Duration) -> ExitStatus {
        if self.ended.recv_timeout(limit).is_err() {
            panic!("still running after {limit:?}: {}", self.log());
        }
        self.child.wait().expect("it is our child")
    }

    /// Ends it as a person or a service manager does. Returns how long that took.
    ///
    /// # Panics
    ///
    /// If its exit code is not 0.
    pub(crate) fn stop(mut self) -> Duration {
        let asked = Instant::now();
        self.signal(Signal::TERM);
        let status = self.wait(LONG);
        assert_eq!(status.code(), Some(0), "{status}: {}", self.log());
        asked.elapsed()
    }

    /// Ends it without asking it.
    pub(crate) fn kill(mut self) {
        self.signal(Signal::KILL);
        self.wait(LONG);
    }
}

impl Drop for Server {
    #[expect(clippy::print_stderr, reason = "shown with the test that failed")]
    fn drop(&mut self) {
        // An error means that it ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = self.ended.recv_timeout(LONG);
        let log = self.log();
        if thread::panicking() {
            let tail = log.len().saturating_sub(LOG_SHOWN);
            let tail = (tail..log.len()).find(|&at| log.is_char_boundary(at)).unwrap_or(tail);
            eprintln!("the server's log:\n{}", &log[tail..]);
        } else {
            assert!(!log.contains("panicked at"), "a thread of the server panicked: {log}");
        }
    }
}

/// The program, with nothing set that could change what it prints.
pub(crate) fn program() -> Command {
    let mut command = Command::new(path());
    command.env_remove("RUST_LOG").env_remove("RUST_BACKTRACE").env_remove("STATE_DIRECTORY");
    // No folder can be there: nothing of the person's who runs the tests is read.
    command.env("XDG_DATA_HOME", "/dev/null");
    command
}

/// Where cargo has put the program: it tells this package's own tests alone.
fn path() -> PathBuf {
    let (told, player) =
        (option_env!("CARGO_BIN_EXE_livestream"), option_env!("CARGO_BIN_EXE_livestream-player"));
    if let Some(told) = told {
        return told.into();
    }
    let player = Path::new(player.expect("tests are of one package or of the other"));
    let beside =
        player.with_file_name("livestream").with_extension(std::env::consts::EXE_EXTENSION);
    assert!(
        beside.is_file(),
        "there is no {}: `cargo test --workspace` makes it",
        beside.display()
    );
    beside
}

/// A port that no other program is given while this lives, and on which a server can be started,
/// stopped and started again: it is bound here too, but not listened on.
pub(crate) struct Port {
    _socket: Socket,
    pub(crate) number: u16,
}

impl Port {
    pub(crate) fn reserve() -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP)).expect("socket");
        socket.set_reuse_address(true).expect("SO_REUSEADDR");
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).expect("a free port");
        let bound = socket.local_addr().expect("bound").as_socket().expect("of IP");
        Self { _socket: socket, number: bound.port() }
    }

    /// Starts a server on it.
    pub(crate) fn start(&self, arguments: &[&str]) -> Server {
        Server::launch(Ipv4Addr::LOCALHOST.into(), self.number, arguments)
    }
}

/// Lets this process open as many files as its user may.
pub(crate) fn allow_many_descriptors() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).expect("up to the hard limit one may always go");
}

fn address(line: &str) -> Option<SocketAddr> {
    line.strip_prefix("listening on http://")?.strip_suffix('/')?.parse().ok()
}

/// Keeps what a program writes, on a thread of its own, until it closes.
fn collect(mut from: impl Read + Send + 'static) -> (Arc<Mutex<String>>, Receiver<()>) {
    let log = Arc::new(Mutex::new(String::new()));
    let (kept, (end, ended)) = (Arc::clone(&log), channel());
    thread::spawn(move || {
        let mut chunk = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut chunk) {
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() < LOG_KEPT {
                kept.push_str(&String::from_utf8_lossy(&chunk[..count]));
            }
        }
        // Nobody waits for it if the server was dropped.
        let _ = end.send(());
    });
    (log, ended)
}

fn lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (to, lines) = channel();
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            // Only the first is waited for; the others are read so that printing never blocks.
            let _ = to.send(line);
        }
    });
    lines
}

const LOG_SHOWN: usize = 6000;
const LOG_KEPT: usize = 4 << 20;
