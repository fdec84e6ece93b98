//! The house is as `src/lib.rs` shows it: nobody knows more than its table says, and no files
//! of one module know each other in a circle.
//!
//! Reads the sources of the server and of the player, tests included.

mod graph;
mod lexer;
mod paths;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use graph::{Arrows, Sources, circle};

const LIB: &str = include_str!("../../../src/lib.rs");

/// The rows of the table in `src/lib.rs`: a module, and whom it may know.
fn table(lib: &str) -> Vec<(String, BTreeSet<String>)> {
    let rows = lib.lines().filter_map(|line| line.strip_prefix("//! | ")?.strip_suffix(" |"));
    let rows = rows.map(|row| row.split(" | ").collect::<Vec<_>>());
    let mut table = Vec::new();
    for row in rows.skip_while(|row| !row.ends_with(&["may know"])).skip(2) {
        let [names, _, knows] = row[..] else { panic!("a row of three cells: {row:?}") };
        let knows: BTreeSet<_> = knows.split(", ").map(str::to_owned).collect();
        for name in names.split(", ") {
            table.push((name.trim_matches(['[', ']', '`']).to_owned(), knows.clone()));
        }
    }
    table
}

/// What is not as it should be.
fn faults(sources: &Sources) -> Vec<String> {
    let table: BTreeMap<_, _> = table(LIB).into_iter().collect();
    let mut faults = Vec::new();
    for (module, arrows) in sources.arrows() {
        if module.is_empty() {
            let may = |from: &String, to: &String| {
                table.get(from).is_some_and(|knows| knows.contains(to) || knows.contains("all"))
            };
            let stray = arrows.iter().filter(|((from, to), _)| !may(from, to));
            faults.extend(stray.map(|((from, to), at)| format!("{from} knows {to} ({at})")));
        }
        let mut left = arrows.clone();
        while let Some(way) = circle(&left) {
            faults.push(shown(&module, &way, &arrows));
            left.remove(&(way[0].clone(), way[1].clone()));
        }
    }
    faults
}

fn shown(module: &[String], way: &[String], arrows: &Arrows) -> String {
    let step = |pair: &[String]| {
        let at = &arrows[&(pair[0].clone(), pair[1].clone())];
        format!("\n    {} knows {} ({at})", pair[0], pair[1])
    };
    let steps: String = way.windows(2).map(step).collect();
    format!("a circle in {}:{steps}", module.join("::"))
}

#[test]
fn nobody_knows_more_than_the_table_says() {
    let faults = faults(&Sources::of_project());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_table_has_a_row_for_each_module_and_each_knows_only_those_below() {
    let table = table(LIB);
    let names: Vec<&String> = table.iter().map(|(name, _)| name).collect();
    let modules = Sources::of_project().top();
    assert_eq!(names.iter().copied().cloned().collect::<BTreeSet<_>>(), modules);
    assert_eq!(names.len(), modules.len(), "a row each");
    for (place, (name, knows)) in table.iter().enumerate() {
        let below = |known: &String| names[place + 1..].contains(&known);
        let named = knows.iter().filter(|knows| !["all", "nothing"].contains(&knows.as_str()));
        let above: Vec<_> = named.filter(|known| !below(known)).collect();
        assert!(above.is_empty(), "{name} would know {above:?}, which do not stand below it");
    }
}

#[test]
fn what_breaks_the_rule_is_found() {
    for (files, found) in [
        (
            &[("src/jpeg/new.rs", "use crate::media::frame::Size;")][..],
            "jpeg knows media (src/jpeg/new.rs: crate::media",
        ),
        (&[("src/jpeg/new.rs", "fn f() { super::super::base::f() }")], "jpeg knows base"),
        (&[("src/jpeg/new.rs", "use crate::{jpeg::x, base::{self}};")], "jpeg knows base"),
        (&[("src/proto/a/b.rs", "mod tests { use crate::live; }")], "proto knows live"),
        (&[("src/base/new.rs", "pub(in crate::base) fn f(_: crate::net::A) {}")], "base knows net"),
        (&[("src/new.rs", "use crate::base::A;")], "new knows base"),
        (&[("player/src/new.rs", "use livestream::live::hub;")], "player knows live"),
        (&[("src/proto/new.rs", "use livestream_player::Settings;")], "proto knows player"),
        (
            &[
                ("src/net/a.rs", "use super::b;"),
                ("src/net/b.rs", "use crate::net::c::C;"),
                ("src/net/c.rs", "use super::{a::A};"),
            ],
            "a circle in net:\n    a knows b (src/net/a.rs: super::b)\n    b knows c",
        ),
        (
            // By what the module above passes on.
            &[
                ("src/net/a/mod.rs", "pub use self::c::C;"),
                ("src/net/a/b.rs", "use super::C;"),
                ("src/net/a/c.rs", "use super::b::B;"),
            ],
            "a circle in net::a:",
        ),
        (
            &[
                ("src/net/a.rs", "use super::b;"),
                ("src/net/b/mod.rs", ""),
                ("src/net/b/tests.rs", "use super::super::a;"),
            ],
            "a circle in net:",
        ),
    ] {
        let planted = files.iter().map(|(file, source)| ((*file).to_owned(), (*source).to_owned()));
        let mut sources = Sources::of_project();
        sources.0.extend(planted);
        let faults = faults(&sources);
        assert!(faults.iter().any(|fault| fault.starts_with(found)), "{files:?}: {faults:#?}");
    }
}

#[test]
fn every_sources_jpeg_comes_through_the_gate() {
    let sources = Sources::of_project();
    let of_sources = sources.0.iter().filter(|(file, _)| file.starts_with("src/source/"));
    for (file, source) in of_sources.filter(|(file, _)| !file.ends_with("tests.rs")) {
        let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for around in ["jpeg::complete", "jpeg::mend", "jpeg::info"] {
            assert!(!code.contains(around), "{file}: {around} and not media::gate::take");
        }
    }
}
