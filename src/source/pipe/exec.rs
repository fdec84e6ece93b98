//! The pictures that a command writes.

use std::fmt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::super::splitter::Splitter;
use super::super::{Capture, Captured, Format, Kind, Source, Trouble, TroubleCode, Wish};
use super::child::Running;
use super::{PIECE_BYTES, Watch, Writer};
use crate::base::clock::Clock;
use crate::media::frame::{Picture, Size};

/// A command as a source: started when it is opened, ended when it is closed.
#[derive(Debug)]
pub struct Exec {
    words: Vec<String>,
    name: String,
    pauses: Arc<Mutex<Pauses>>,
}

/// Why a command cannot be a source, in one line for whoever started the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoCommand {
    program: String,
}

impl fmt::Display for NoCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { program } = self;
        write!(
            f,
            "cannot run {program}: there is no such program (it is looked for as a shell does)"
        )
    }
}

impl std::error::Error for NoCommand {}

impl Exec {
    /// The command of these words: a program and its arguments.
    ///
    /// # Errors
    ///
    /// [`NoCommand`] if there is no such program. Whether it gives pictures shows when it runs.
    pub fn new(words: &[String]) -> Result<Self, NoCommand> {
        let program = words.first().cloned().unwrap_or_default();
        if !is_program(&program) {
            return Err(NoCommand { program });
        }
        // Its arguments may hold addresses with passwords.
        let name = Path::new(&program).file_name().unwrap_or_default();
        let name = name.to_string_lossy().into_owned();
        Ok(Self { words: words.to_vec(), name, pauses: Arc::default() })
    }
}

/// Whether a program of this name can be run: at this path or, without a slash, in `PATH`.
fn is_program(name: &str) -> bool {
    let can_run = |path: &Path| {
        path.metadata()
            .is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
    };
    if name.contains('/') {
        return can_run(Path::new(name));
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    !name.is_empty() && std::env::split_paths(&folders).any(|folder| can_run(&folder.join(name)))
}

impl Source for Exec {
    fn kind(&self) -> Kind {
        Kind::Pipe
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn open(&mut self, _: Wish, clock: &Clock) -> Result<Box<dyn Capture>, Trouble> {
        let now = clock.now();
        if let Some(trouble) = self.pauses.lock().rests(now) {
            return Err(trouble);
        }
        let running = Running::start(&self.words, &self.name).map_err(|error| {
            let trouble = Trouble {
                code: TroubleCode::Failed,
                title: format!("{} cannot be started", self.name),
                detail: format!("{error}. Trying again."),
            };
            self.pauses.lock().ended(&trouble, Duration::ZERO, now);
            trouble
        })?;
        Ok(Box::new(Playing {
            name: self.name.clone(),
            pauses: Arc::clone(&self.pauses),
            running,
            splitter: Splitter::new(),
            clock: clock.clone(),
            started: now,
            watch: Watch::new(now),
            piece: vec![0; PIECE_BYTES],
        }))
    }
}

/// A command that runs.
struct Playing {
    name: String,
    pauses: Arc<Mutex<Pauses>>,
    running: Running,
    splitter: Splitter,
    clock: Clock,
    started: Instant,
    watch: Watch,
    piece: Vec<u8>,
}

impl Playing {
    fn read(&mut self, deadline: Instant) -> Result<Option<Captured>, Trouble> {
        let writer = Writer(&self.name);
        loop {
            let picture = self.splitter.next_picture();
            if let Some(jpeg) = picture.map_err(|not| writer.no_pictures(&not.start))? {
                let at = self.clock.now();
                self.watch.picture(at);
                return Ok(Some(Captured { at, picture: Picture::Jpeg(jpeg) }));
            }
            let now = self.clock.now();
            if self.watch.look(&writer, now) {
                return Err(self.watch.overdue().unwrap_or_else(|| writer.late(0, Duration::ZERO)));
            }
            match self.running.read(&mut self.piece, deadline) {
                Ok(Some(0)) | Err(_) => return Err(self.ended()),
                Ok(Some(count)) => {
                    self.watch.came(count as u64, self.clock.now());
                    self.splitter.feed(self.piece.get(..count).unwrap_or_default());
                }
                Ok(None) => return Ok(None),
            }
        }
    }

    fn ended(&mut self) -> Trouble {
        Trouble {
            code: TroubleCode::Ended,
            title: format!("{} has ended", self.name),
            detail: format!("{} It is started again.", self.running.ending()),
        }
    }
}

impl Capture for Playing {
    fn format(&self) -> Format {
        // Its pictures say their size, and nothing says how many come.
        Format { size: Size { width: 1, height: 1 }, fps: 0.0, encoding: "MJPEG" }
    }

    fn next(&mut self, deadline: Instant) -> Result<Option<Captured>, Trouble> {
        self.read(deadline).inspect_err(|trouble| {
            let now = self.clock.now();
            self.pauses.lock().ended(trouble, now - self.started, now);
        })
    }

    fn overdue(&self) -> Option<Trouble> {
        self.watch.overdue()
    }

    fn broken(&self) -> u64 {
        self.splitter.broken()
    }
}

/// When a command may be started again: at once after it ran for long, else after pauses that grow.
#[derive(Debug, Default)]
struct Pauses {
    /// How often it ended soon, one time after another.
    failures: u32,
    /// Until when it is not started, and what is said meanwhile.
    rests: Option<(Instant, Trouble)>,
}

impl Pauses {
    /// What is said at `now` instead of starting the command.
    fn rests(&mut self, now: Instant) -> Option<Trouble> {
        self.rests.take_if(|(until, _)| *until <= now);
        self.rests.as_ref().map(|(_, trouble)| trouble.clone())
    }

    /// The command ended, after it had run for so long.
    fn ended(&mut self, trouble: &Trouble, ran: Duration, now: Instant) {
        self.failures = if ran >= LONG_RUN { 1 } else { self.failures.saturating_add(1) };
        let doublings = self.failures.saturating_sub(1).min(MAX_DOUBLINGS);
        self.rests = Some((now + FIRST_PAUSE * 2_u32.pow(doublings), trouble.clone()));
    }
}

/// A command that ran for so long is no failure.
const LONG_RUN: Duration = Duration::from_secs(10);
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// 32 s at the most.
const MAX_DOUBLINGS: u32 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    fn trouble() -> Trouble {
        Trouble { code: TroubleCode::Ended, title: "x".into(), detail: String::new() }
    }

    #[test]
    fn pauses_grow_and_a_long_run_forgives() {
        let mut pauses = Pauses::default();
        let mut now = Instant::now();
        assert_eq!(pauses.rests(now), None);
        for seconds in [1, 2, 4, 8, 16, 32, 32] {
            pauses.ended(&trouble(), Duration::from_secs(9), now);
            now += Duration::from_secs(seconds);
            assert_eq!(pauses.rests(now - Duration::from_millis(1)), Some(trouble()), "{seconds}");
            assert_eq!(pauses.rests(now), None, "{seconds}");
        }
        pauses.ended(&trouble(), LONG_RUN, now);
        assert_eq!(pauses.rests(now + FIRST_PAUSE), None);
    }

    #[test]
    fn programs_are_looked_for_as_a_shell_does() {
        assert!(is_program("sh") && is_program("/bin/sh"));
        for no in ["", "/", "/bin", "/etc/passwd", "./sh", "no such program"] {
            assert!(!is_program(no), "{no}");
        }
        let refused = Exec::new(&["no-such-camera".into()]).unwrap_err().to_string();
        assert!(refused.contains("no-such-camera"), "{refused}");
        let exec = Exec::new(&["/bin/sh".into(), "rtsp://a:SECRET@b/".into()]).unwrap();
        assert_eq!(exec.name(), "sh");
    }
}
