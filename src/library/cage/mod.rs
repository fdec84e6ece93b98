//! Runs ffmpeg and ffprobe locked in: each reads one file, writes one folder, and does nothing else.
//!
//! On the thread that asks, which waits for the end: the tool dies with that thread, and so must
//! not outlive it. The tool is started by this program itself ([`jail`]), which gives up what the
//! tool shall not have and becomes it. What it prints and writes is metered from outside
//! ([`running`]).
//!
//! Not a cage for programs that may start others, and none against what a tool may do to its own
//! result: that is read as what a stranger sent.

mod asked;
#[cfg(target_os = "linux")]
mod calls;
#[cfg(target_os = "linux")]
mod jail;
mod layer;
mod running;
mod tool;

use std::ffi::OsString;
use std::fmt;
use std::process::ExitCode;
use std::time::Duration;

pub use asked::{Bounds, Task};
pub use layer::{Layer, Layers};
pub use running::{Failure, Seen};
pub use tool::Tool;

use asked::Order;
use running::Running;

/// Whether a tool may run where a layer of the cage is missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Strength {
    /// No.
    #[default]
    Whole,
    /// Yes: the host said so.
    Weak,
}

/// The cage, as it holds on this machine.
#[derive(Debug, Clone)]
pub struct Cage {
    strength: Strength,
    layers: Layers,
}

/// Why no tool may run here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing(Layers);

impl Cage {
    /// Tries each layer in a process of its own.
    ///
    /// # Errors
    ///
    /// [`Missing`] if one does not hold, and a weak cage is not the host's word.
    pub fn look(strength: Strength) -> Result<Self, Missing> {
        let layers = running::try_layers();
        match strength {
            Strength::Whole if !layers.hold() => Err(Missing(layers)),
            _ => Ok(Self { strength, layers }),
        }
    }

    /// What holds of it.
    pub fn layers(&self) -> &Layers {
        &self.layers
    }

    /// Runs a tool to its end, and returns what it printed on standard output.
    ///
    /// `told` is given each line of that as it comes; what it takes is not returned.
    ///
    /// # Errors
    ///
    /// [`Failure`]; the tool has ended then, as everything in its group.
    pub fn run(
        &self,
        task: &Task,
        told: &mut dyn FnMut(&str) -> Seen,
        stop: &dyn Fn() -> bool,
    ) -> Result<Vec<u8>, Failure> {
        let program = task.tool.find().ok_or(Failure::NotInstalled(task.tool))?;
        let mut running = Running::start(task, &program, self.strength)?;
        running.watch(task, told, stop)
    }

    /// Runs a tool whose output is wanted as it is, whole.
    ///
    /// # Errors
    ///
    /// As [`Cage::run`].
    pub fn ask(&self, task: &Task, stop: &dyn Fn() -> bool) -> Result<Vec<u8>, Failure> {
        self.run(task, &mut |_| Seen::Kept, stop)
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "videos cannot be read safely here: {}. Run where this is to be had, or say \
             `--cage weak` to do without",
            self.0
        )
    }
}

/// Becomes the tool that these arguments order, if they are such an order; called first of all in
/// `main`, while there is one thread. Does not return if it succeeds.
pub fn enter(mut arguments: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    arguments.next()?;
    if arguments.next()? != FIRST_WORD {
        return None;
    }
    let entered = match Order::parse(arguments) {
        Some(order) => enter_by(&order),
        None => Err("this is no order that the cage knows".to_owned()),
    };
    Some(match entered {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            running::say_refused(&why);
            ExitCode::from(REFUSED)
        }
    })
}

#[cfg(target_os = "linux")]
fn enter_by(order: &Order) -> Result<(), String> {
    jail::enter(order)
}

#[cfg(not(target_os = "linux"))]
fn enter_by(_: &Order) -> Result<(), String> {
    Err("there is a cage on Linux alone".to_owned())
}

/// How the program is told that it shall enter the cage.
const FIRST_WORD: &str = "__sandbox";
/// The exit code of who could not enter it; no tool uses it.
const REFUSED: u8 = 125;
/// How long trying the layers may take on a busy machine.
const TRYING: Duration = Duration::from_secs(20);
