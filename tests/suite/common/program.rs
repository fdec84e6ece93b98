//! Programs that others wrote, run with a time limit.

use std::io::{ErrorKind, Read};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// A program that runs. Dropping it ends it.
pub(crate) struct Program {
    child: Child,
    name: String,
    errors: Receiver<String>,
}

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Program {
    /// Starts `command`. Returns it, and what it prints.
    ///
    /// # Panics
    ///
    /// With the words `install`, if there is no such program.
    pub(crate) fn start(command: &mut Command, install: &str) -> (Self, ChildStdout) {
        let name = command.get_program().to_string_lossy().into_owned();
        let spawned =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = match spawned {
            Ok(child) => child,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                panic!("{name} is not installed: {install}")
            }
            Err(error) => panic!("{name}: {error}"),
        };
        let out = child.stdout.take().expect("stdout is piped");
        let errors = text(child.stderr.take().expect("stderr is piped"));
        (Self { child, name, errors }, out)
    }

    /// Runs `command` to its end.
    pub(crate) fn run(command: &mut Command, install: &str, limit: Duration) -> Ended {
        let (mut program, out) = Self::start(command, install);
        let out = bytes(out);
        let Ok(stderr) = program.errors.recv_timeout(limit) else {
            panic!("{} runs for longer than {limit:?}", program.name);
        };
        let stdout = out.recv_timeout(limit).expect("it closes both");
        let status = program.child.wait().expect("it is our child");
        Ended { status, stdout, stderr }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // An error means that it ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn text(from: impl Read + Send + 'static) -> Receiver<String> {
    let (to, all) = channel();
    let from = bytes(from);
    thread::spawn(move || {
        let bytes = from.recv().unwrap_or_default();
        // Nobody waits for it if the program was dropped.
        let _ = to.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    all
}

fn bytes(mut from: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (to, all) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What came before an error is worth showing.
        let _ = from.read_to_end(&mut bytes);
        let _ = to.send(bytes);
    });
    all
}
