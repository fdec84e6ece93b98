//! A tool that runs, as seen from outside: what it prints, writes and takes.
//!
//! On the thread that asked for it, with two more that read what it prints.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::asked::{Bounds, Order, Purpose, Task};
use super::layer::Layers;
use super::{FIRST_WORD, REFUSED, Strength, TRYING, Tool};
use crate::base::threads;

/// Why a tool did not do what it was asked.
#[derive(Debug)]
pub enum Failure {
    /// It is not on this machine.
    NotInstalled(Tool),
    /// It could not be locked in.
    Cage(String),
    /// It could not be started or read.
    System(io::Error),
    /// It took longer than it may.
    TooLong(Duration),
    /// It printed or wrote more than it may.
    TooMuch,
    /// Whoever asked does not want it any more.
    Stopped,
    /// It failed by itself.
    Tool {
        /// Which.
        tool: Tool,
        /// How it ended, as in `failed with code 1`.
        how: String,
        /// The end of what it said on standard error.
        said: String,
    },
}

/// What becomes of a line that a tool printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// It is part of what is returned.
    Kept,
    /// It was about progress, and is done with.
    Taken,
}

/// A running tool. Dropping it ends it with its group.
pub(super) struct Running {
    child: Child,
    out: Receiver<Vec<u8>>,
    readers: Vec<JoinHandle<Vec<u8>>>,
    started: Instant,
}

impl Running {
    /// Starts the program of a task, locked in.
    pub(super) fn start(task: &Task, program: &Path, strength: Strength) -> Result<Self, Failure> {
        let Bounds { cpu, memory_bytes, folder_bytes, .. } = task.bounds;
        let order = Order {
            parent: std::process::id(),
            purpose: Purpose::Become(strength),
            cpu_s: cpu.as_secs().max(1),
            memory_bytes,
            file_bytes: folder_bytes,
            writes: task.writes.clone(),
            reads: task.reads.clone(),
            program: program.to_owned(),
            arguments: task.arguments.clone(),
        };
        Self::spawn(&order).map_err(Failure::System)
    }

    fn spawn(order: &Order) -> io::Result<Self> {
        let mut command = command(order);
        command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(folder) = &order.writes {
            command.current_dir(folder);
        }
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn()?;
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let (to, from) = bounded(PIECES);
        let mut running = Self { child, out: from, readers: Vec::new(), started: Instant::now() };
        // Asked for above.
        let (Some(out), Some(err)) = (out, err) else { return Err(ErrorKind::Other.into()) };
        running.readers.push(threads::start("tool-out", move || {
            pass_on(out, &to);
            Vec::new()
        })?);
        running.readers.push(threads::start("tool-err", move || last_words(err))?);
        Ok(running)
    }

    /// Waits for the end, and returns the lines that were kept.
    pub(super) fn watch(
        &mut self,
        task: &Task,
        told: &mut dyn FnMut(&str) -> Seen,
        stop: &dyn Fn() -> bool,
    ) -> Result<Vec<u8>, Failure> {
        let mut lines = Lines { kept: Vec::new(), begun: Vec::new() };
        let mut metered = self.started;
        loop {
            match self.out.recv_timeout(TICK) {
                Ok(bytes) => lines.take(&bytes, told),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) if self.has_ended()? => break,
                // It closed its output before its end.
                Err(RecvTimeoutError::Disconnected) => std::thread::sleep(ENDING),
            }
            if stop() {
                return Err(Failure::Stopped);
            }
            if self.started.elapsed() > task.bounds.time {
                return Err(Failure::TooLong(task.bounds.time));
            }
            let meter = metered.elapsed() > BETWEEN_METERING;
            if meter {
                metered = Instant::now();
            }
            let folder = task.writes.as_deref().filter(|_| meter).map_or(0, size_of);
            if lines.bytes() > task.bounds.output_bytes || folder > task.bounds.folder_bytes {
                return Err(Failure::TooMuch);
            }
        }
        let status = self.child.wait().map_err(Failure::System)?;
        let said = self.said();
        outcome(task, status, said).map(|()| lines.all(told))
    }

    fn has_ended(&mut self) -> Result<bool, Failure> {
        self.child.try_wait().map(|status| status.is_some()).map_err(Failure::System)
    }

    /// The end of what it said, once it has ended.
    fn said(&mut self) -> String {
        let words = self.readers.drain(..).filter_map(|reader| reader.join().ok());
        let words: Vec<u8> = words.flatten().collect();
        String::from_utf8_lossy(&words).trim().to_owned()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Ok(None) = self.child.try_wait()
            && let Some(group) = i32::try_from(self.child.id()).ok()
            && let Some(group) = rustix::process::Pid::from_raw(group)
        {
            // What is gone already need not be ended.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        // The reader may stand before a full queue.
        while self.out.recv().is_ok() {}
        self.said();
    }
}

/// Tries the layers in a process of its own.
pub(super) fn try_layers() -> Layers {
    if cfg!(not(target_os = "linux")) {
        return Layers::none("there is a cage on Linux alone");
    }
    let order = Order {
        parent: std::process::id(),
        purpose: Purpose::Try,
        cpu_s: TRYING.as_secs(),
        memory_bytes: 1 << 30,
        file_bytes: 0,
        writes: None,
        reads: Vec::new(),
        program: "/".into(),
        arguments: Vec::new(),
    };
    let running = match Running::spawn(&order) {
        Ok(running) => running,
        Err(error) => return Layers::none(&error.to_string()),
    };
    let mut report = Vec::new();
    let until = Instant::now() + TRYING;
    while let Ok(bytes) = running.out.recv_deadline(until) {
        report.extend(bytes);
        if report.len() > MOST_WORDS {
            break;
        }
    }
    Layers::read(&String::from_utf8_lossy(&report))
}

/// How this program is started to become another.
#[cfg(target_os = "linux")]
fn command(order: &Order) -> Command {
    let mut command = Command::new("/proc/self/exe");
    command.arg(FIRST_WORD).args(order.to_words());
    command
}

/// Without a cage there is nothing to enter: a weak one is the tool alone.
#[cfg(not(target_os = "linux"))]
fn command(order: &Order) -> Command {
    let mut command = Command::new(&order.program);
    command.args(&order.arguments);
    command
}

/// What was printed, cut into lines.
struct Lines {
    kept: Vec<u8>,
    begun: Vec<u8>,
}

impl Lines {
    fn take(&mut self, bytes: &[u8], told: &mut dyn FnMut(&str) -> Seen) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.begun.extend_from_slice(part);
            if self.begun.ends_with(b"\n") {
                self.end(told);
            }
        }
    }

    fn end(&mut self, told: &mut dyn FnMut(&str) -> Seen) {
        let line = String::from_utf8_lossy(&self.begun);
        if told(line.trim_end()) == Seen::Kept {
            self.kept.extend_from_slice(&self.begun);
        }
        self.begun.clear();
    }

    fn bytes(&self) -> usize {
        self.kept.len() + self.begun.len()
    }

    fn all(mut self, told: &mut dyn FnMut(&str) -> Seen) -> Vec<u8> {
        if !self.begun.is_empty() {
            self.end(told);
        }
        self.kept
    }
}

fn pass_on(mut out: impl Read, to: &Sender<Vec<u8>>) {
    let mut piece = vec![0; PIECE_BYTES];
    while let Ok(count @ 1..) = out.read(&mut piece) {
        if to.send(piece[..count].to_vec()).is_err() {
            return;
        }
    }
}

/// The end of all that is said.
fn last_words(mut err: impl Read) -> Vec<u8> {
    let (mut words, mut piece) = (Vec::new(), [0; 4096]);
    while let Ok(count @ 1..) = err.read(&mut piece) {
        words.extend_from_slice(&piece[..count]);
        let over = words.len().saturating_sub(MOST_WORDS);
        words.drain(..over);
    }
    words
}

/// Of the files in a folder together; what cannot be seen is as good as nothing.
fn size_of(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.metadata().ok()).map(|data| data.len()).sum()
}

fn outcome(task: &Task, status: ExitStatus, said: String) -> Result<(), Failure> {
    if status.success() {
        return Ok(());
    }
    if status.code() == Some(i32::from(REFUSED)) && said.starts_with(NOT_ENTERED) {
        return Err(Failure::Cage(said[NOT_ENTERED.len()..].to_owned()));
    }
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    #[cfg(not(unix))]
    let signal: Option<i32> = None;
    match signal {
        Some(XCPU) => return Err(Failure::TooLong(task.bounds.cpu)),
        Some(XFSZ) => return Err(Failure::TooMuch),
        _ => {}
    }
    let how = match (status.code(), signal) {
        (Some(code), _) => format!("failed with code {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "failed".to_owned(),
    };
    Err(Failure::Tool { tool: task.tool, how, said })
}

/// Tells who ordered it that the cage could not be entered.
pub(super) fn say_refused(why: &str) {
    // Whoever would read it is who started this.
    let _ = writeln!(io::stderr(), "{NOT_ENTERED}{why}");
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInstalled(tool) => {
                write!(f, "there is no {tool} on this machine: `apt install ffmpeg` brings it")
            }
            Self::Cage(why) => write!(f, "the cage could not be entered: {why}"),
            Self::System(error) => error.fmt(f),
            Self::TooLong(time) => write!(f, "it took longer than {} s", time.as_secs()),
            Self::TooMuch => f.write_str("it would become larger than it may"),
            Self::Stopped => f.write_str("it was stopped"),
            Self::Tool { tool, how, said } => {
                let last = said.lines().rev().find(|line| !line.trim().is_empty());
                write!(f, "{tool} {how}: {}", last.unwrap_or("it said nothing"))
            }
        }
    }
}

/// What the system ends a tool by whose time is over.
#[cfg(unix)]
const XCPU: i32 = rustix::process::Signal::XCPU.as_raw();
/// And one that writes a file larger than it may.
#[cfg(unix)]
const XFSZ: i32 = rustix::process::Signal::XFSZ.as_raw();
// There are no signals elsewhere.
#[cfg(not(unix))]
const XCPU: i32 = 24;
#[cfg(not(unix))]
const XFSZ: i32 = 25;
const NOT_ENTERED: &str = "livestream, on its way into the cage: ";
const PIECE_BYTES: usize = 32 * 1024;
const PIECES: usize = 4;
/// Of last words.
const MOST_WORDS: usize = 8 * 1024;
const TICK: Duration = Duration::from_millis(50);
const ENDING: Duration = Duration::from_millis(5);
const BETWEEN_METERING: Duration = Duration::from_millis(250);
