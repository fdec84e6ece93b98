//! Why there is no rendition, and whose fault that is.

use std::fmt;
use std::io;
use std::path::Path;

use crate::library::cage::Failure;
use crate::library::probe::Unusable;

/// Why there is no rendition.
#[derive(Debug)]
pub struct Failed {
    /// What was being made.
    pub(super) part: String,
    pub(super) why: Why,
}

/// For what reason.
#[derive(Debug)]
pub(super) enum Why {
    Unusable(Unusable),
    Tool(Failure),
    System(io::Error),
    Words(&'static str),
    /// The folder is not as it has to be.
    Taken,
}

impl Failed {
    pub(super) fn new(part: &str, why: Failure) -> Self {
        Self { part: part.to_owned(), why: Why::Tool(why) }
    }

    pub(super) fn of(path: &Path) -> impl Fn(io::Error) -> Self + use<> {
        let part = path.display().to_string();
        move |error| Self { part: part.clone(), why: Why::System(error) }
    }

    /// Whether the input itself is the reason: another try would find the same.
    pub fn is_of_input(&self) -> bool {
        matches!(self.why, Why::Unusable(Unusable::Not(_)) | Why::Words(_))
    }

    /// Whether the folder has what was made of another video, or by another tool.
    pub fn is_of_folder(&self) -> bool {
        matches!(self.why, Why::Taken)
    }

    /// Whether a tool failed by itself.
    pub(super) fn is_of_tool(&self) -> bool {
        matches!(self.why, Why::Tool(Failure::Tool { .. }))
    }

    /// Whether it was asked to stop, and did.
    pub fn is_stopped(&self) -> bool {
        matches!(
            self.why,
            Why::Tool(Failure::Stopped) | Why::Unusable(Unusable::Failed(Failure::Stopped))
        )
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.part)?;
        match &self.why {
            Why::Unusable(why) => why.fmt(f),
            Why::Tool(why) => why.fmt(f),
            Why::System(error) => error.fmt(f),
            Why::Words(words) => f.write_str(words),
            Why::Taken => f.write_str("name a folder that is empty or not there"),
        }
    }
}
