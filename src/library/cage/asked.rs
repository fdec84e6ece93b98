//! What a tool is asked, what it may use for it, and how both are told to the one who enters.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::{Strength, Tool};

/// What a tool is asked to do.
#[derive(Debug, Clone)]
pub struct Task {
    /// Which.
    pub tool: Tool,
    /// Its arguments. Files are named whole, as in `file:/PATH`; what it writes has no folder.
    pub arguments: Vec<OsString>,
    /// Files that it may read.
    pub reads: Vec<PathBuf>,
    /// The folder that it works in and may write to; `None` for a tool that only reads.
    pub writes: Option<PathBuf>,
    /// What it may use.
    pub bounds: Bounds,
}

/// What a tool may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// How long it may take.
    pub time: Duration,
    /// Of all its threads together.
    pub cpu: Duration,
    /// Of address space.
    pub memory_bytes: u64,
    /// In all files of its folder together, and so in each.
    pub folder_bytes: u64,
    /// On standard output.
    pub output_bytes: usize,
}

/// What the one who enters the cage is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Order {
    /// The process that gave it.
    pub(super) parent: u32,
    pub(super) purpose: Purpose,
    pub(super) cpu_s: u64,
    pub(super) memory_bytes: u64,
    pub(super) file_bytes: u64,
    pub(super) writes: Option<PathBuf>,
    pub(super) reads: Vec<PathBuf>,
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<OsString>,
}

/// What the cage is entered for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To report which layers hold.
    Try,
    /// To become a tool.
    Become(Strength),
}

impl Order {
    /// In the order of [`Order::parse`], which comes first in it left out.
    pub(super) fn to_words(&self) -> Vec<OsString> {
        let purpose = match self.purpose {
            Purpose::Try => "try",
            Purpose::Become(Strength::Whole) => "whole",
            Purpose::Become(Strength::Weak) => "weak",
        };
        let mut words: Vec<OsString> = vec![self.parent.to_string().into(), purpose.into()];
        let numbers = [self.cpu_s, self.memory_bytes, self.file_bytes];
        words.extend(numbers.map(|number| number.to_string().into()));
        words.push(self.writes.clone().unwrap_or_default().into());
        words.push(self.reads.len().to_string().into());
        words.extend(self.reads.iter().map(|path| path.clone().into()));
        words.push(self.program.clone().into());
        words.extend(self.arguments.iter().cloned());
        words
    }

    /// Reads an order; `None` if it is none.
    pub(super) fn parse(mut words: impl Iterator<Item = OsString>) -> Option<Self> {
        let parent = number(words.next()?)?;
        let purpose = match words.next()?.to_str()? {
            "try" => Purpose::Try,
            "whole" => Purpose::Become(Strength::Whole),
            "weak" => Purpose::Become(Strength::Weak),
            _ => return None,
        };
        let (cpu_s, memory_bytes) = (number(words.next()?)?, number(words.next()?)?);
        let file_bytes = number(words.next()?)?;
        let writes = words.next().map(PathBuf::from)?;
        let writes = Some(writes).filter(|path| !path.as_os_str().is_empty());
        let count: usize = number(words.next()?)?;
        let reads: Vec<PathBuf> = words.by_ref().take(count).map(PathBuf::from).collect();
        let program = PathBuf::from(words.next()?);
        let arguments = words.collect();
        let whole = reads.len() == count;
        let order = Self {
            parent,
            purpose,
            cpu_s,
            memory_bytes,
            file_bytes,
            writes,
            reads,
            program,
            arguments,
        };
        Some(order).filter(|_| whole)
    }
}

fn number<N: std::str::FromStr>(word: OsString) -> Option<N> {
    word.to_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> Order {
        Order {
            parent: 7,
            purpose: Purpose::Become(Strength::Whole),
            cpu_s: 60,
            memory_bytes: 1 << 30,
            file_bytes: 1 << 20,
            writes: Some("/out".into()),
            reads: vec!["/a b".into(), "/c".into()],
            program: "/usr/bin/ffmpeg".into(),
            arguments: ["-i", "file:/a b", "--", "out"].map(OsString::from).to_vec(),
        }
    }

    #[test]
    fn an_order_is_read_as_it_was_written() {
        let reading_only = Order { writes: None, reads: Vec::new(), ..order() };
        let trying = Order { purpose: Purpose::Try, arguments: Vec::new(), ..order() };
        let weak = Order { purpose: Purpose::Become(Strength::Weak), ..order() };
        for order in [order(), reading_only, trying, weak] {
            assert_eq!(Order::parse(order.to_words().into_iter()), Some(order));
        }
    }

    #[test]
    fn an_order_that_ends_early_is_none() {
        let words = Order { arguments: Vec::new(), ..order() }.to_words();
        for cut in 0..words.len() {
            assert_eq!(Order::parse(words[..cut].iter().cloned()), None, "cut at {cut}");
        }
        let lies = words.iter().map(|word| if word == "2" { "9".into() } else { word.clone() });
        assert_eq!(Order::parse(lies), None, "fewer files than it says");
    }
}
