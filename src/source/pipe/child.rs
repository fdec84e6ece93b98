//! A command that runs in a process group of its own, and ends with it.
//!
//! On the device thread, which never waits for longer than it was asked to.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus, kill_process_group, waitid,
};

use super::last_words::LastWords;
use super::{PIECE_BYTES, is_ready, read_some, wait};

/// A running command. Dropping it ends it, and whatever it has started in its group.
pub(super) struct Running {
    child: Child,
    id: Pid,
    out: ChildStdout,
    /// Until it is closed.
    err: Option<ChildStderr>,
    words: LastWords,
    name: String,
}

impl Running {
    /// Starts a command, called `name` in the log.
    ///
    /// # Errors
    ///
    /// The system's: there is no such program, or no process can be had.
    pub(super) fn start(words: &[String], name: &str) -> io::Result<Self> {
        let (program, arguments) = words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let id = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        match (out, id) {
            (Some(out), Some(id)) => {
                let (words, name) = (LastWords::default(), name.to_owned());
                Ok(Self { child, id, out, err, words, name })
            }
            // Asked for above, and a process has a number.
            _ => Err(io::ErrorKind::Other.into()),
        }
    }

    /// Reads what the command writes, waiting for it until `deadline` at the most.
    ///
    /// Returns how many bytes came, 0 at the end, and `None` if nothing came.
    pub(super) fn read(&mut self, some: &mut [u8], deadline: Instant) -> io::Result<Option<usize>> {
        loop {
            let time = deadline.saturating_duration_since(Instant::now());
            match &self.err {
                Some(err) => wait(&[&self.out, err], time),
                None => wait(&[&self.out], time),
            }
            self.listen();
            if is_ready(&self.out) {
                return read_some(&mut self.out, some).map(Some);
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
        }
    }

    /// Takes what the command says on its standard error, as far as it is there.
    fn listen(&mut self) {
        let mut some = [0; 4096];
        // What says more than this at a time is heard on at the next look.
        for _ in 0..PIECE_BYTES / some.len() {
            let Some(err) = self.err.as_mut().filter(|err| is_ready(err)) else { return };
            match read_some(err, &mut some) {
                Ok(count @ 1..) => {
                    let name = &self.name;
                    let heard = some.get(..count).unwrap_or_default();
                    self.words.feed(heard, |line| log::debug!("{name} says: {line}"));
                }
                Ok(0) | Err(_) => self.err = None,
            }
        }
    }

    /// How it ended, after its output did, in words; it is given a moment to.
    pub(super) fn ending(&mut self) -> String {
        let until = Instant::now() + ENDING;
        while self.status().is_none() && Instant::now() < until {
            std::thread::sleep(STEP);
        }
        self.listen();
        let said = self.words.said().map(|said| format!("It said: {said}")).unwrap_or_default();
        let how = match self.status() {
            None => "It closed its output.".to_owned(),
            Some(status) => match (status.exit_status(), status.terminating_signal()) {
                (Some(0), _) => "It came to its end.".to_owned(),
                (Some(code), _) => format!("It failed with code {code}."),
                (None, signal) => format!("Signal {} ended it.", signal.unwrap_or(0)),
            },
        };
        let separated = !said.is_empty() && !said.ends_with(['.', '!', '?', '…']);
        format!("{how} {said}{}", if separated { "." } else { "" }).trim_end().to_owned()
    }

    /// How the command itself ended, if it has. It is not reaped by this: while it is not, no
    /// other process or group has its number.
    fn status(&self) -> Option<WaitIdStatus> {
        let how = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(self.id), how).ok().flatten()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // What of the group is gone already cannot be ended, and need not.
        let _ = kill_process_group(self.id, Signal::TERM);
        let until = Instant::now() + ENDING;
        while self.status().is_none() && Instant::now() < until {
            std::thread::sleep(STEP);
        }
        let _ = kill_process_group(self.id, Signal::KILL);
        let until = Instant::now() + ENDING;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < until {
            std::thread::sleep(STEP);
        }
    }
}

/// How long a command may take to end: less than a source may take to close.
const ENDING: Duration = Duration::from_millis(400);
const STEP: Duration = Duration::from_millis(5);
