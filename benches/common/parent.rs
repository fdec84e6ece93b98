//! The program as it was before a change, measured beside ours in the same run.
//!
//! It runs twice in each round: what it differs from itself is
//! what this machine cannot tell.

#![allow(dead_code, reason = "each bench is a crate of its own and uses a part")]

use std::process::Command;

use crate::launch;

/// A command that starts it, where there is one.
pub(crate) fn command() -> Option<Command> {
    launch::parent().map(Command::new)
}

/// One figure of ours beside the parent's two; the less, the better.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    /// Under what it was measured, and what it is.
    what: String,
    ours: f64,
    parents: [f64; 2],
}

impl Figure {
    /// What each of the three came to, by its name; `None` where the parent was not measured.
    pub(crate) fn new(what: String, of: impl Fn(&str) -> Option<f64>) -> Option<Self> {
        let parents = [of(PARENT)?, of(PARENT_AGAIN)?];
        Some(Self { what, ours: of(OURS)?, parents })
    }

    /// Whether ours is more than a twentieth above both, and by more than these two differ.
    fn is_worse(&self) -> bool {
        let [one, other] = self.parents;
        let (least, most) = (one.min(other), one.max(other));
        self.ours > most * 1.05 && self.ours - most > most - least
    }
}

/// Prints how ours stands beside the parent, and ends the program with 1 if it is worse.
#[expect(clippy::print_stdout, reason = "a bench prints its tables")]
pub(crate) fn judge(figures: &[Figure]) {
    if figures.is_empty() {
        return;
    }
    println!("\n## Beside the program as it was\n");
    println!("| | {OURS} | {PARENT}, twice | |\n| --- | ---: | ---: | --- |");
    for figure in figures {
        let Figure { what, ours, parents: [one, other] } = figure;
        let verdict = if figure.is_worse() { "WORSE" } else { "no worse" };
        println!("| {what} | {ours:.1} | {one:.1} · {other:.1} | {verdict} |");
    }
    if figures.iter().any(Figure::is_worse) {
        std::process::exit(1);
    }
}

/// What the servers are called in tables.
pub(crate) const OURS: &str = "livestream";
pub(crate) const PARENT: &str = "its parent";
pub(crate) const PARENT_AGAIN: &str = "its parent again";
