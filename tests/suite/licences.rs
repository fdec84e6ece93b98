//! Every crate that is built in may be: its licence is one that allows this project's.

use std::collections::BTreeMap;
use std::process::Command;

/// Licences that ask for no more than their text and the authors' names.
const ALLOWED: [&str; 11] = [
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "ISC",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
    "0BSD",
];

/// Whether one of an SPDX expression's alternatives is allowed whole.
fn is_allowed(expression: &str) -> bool {
    let plain = expression.replace(['(', ')'], "").replace('/', " OR ");
    plain
        .split(" OR ")
        .any(|choice| choice.split(" AND ").all(|part| ALLOWED.contains(&part.trim())))
}

/// Each crate of the workspace and below it, on any system, with its licence.
fn crates() -> BTreeMap<String, String> {
    // Not `cargo metadata`: it also lists what a feature would bring in that nobody asks for.
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--workspace", "--target", "all"])
        .args(["--prefix", "none", "--format", "{p}|{l}|"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).expect("cargo prints text");
    let fields = lines.lines().map(|line| line.split('|').collect::<Vec<_>>());
    fields
        .filter(|fields| fields.len() > 1)
        .map(|fields| (fields[0].into(), fields[1].into()))
        .collect()
}

#[test]
fn every_dependency_has_a_licence_that_allows_ours() {
    let crates = crates();
    for member in ["livestream", "livestream-player"] {
        assert!(crates.keys().any(|name| name.starts_with(&format!("{member} v"))), "{crates:?}");
    }
    let refused: Vec<_> = crates.iter().filter(|(_, licence)| !is_allowed(licence)).collect();
    assert!(refused.is_empty(), "not allowed: {refused:?}");
}

#[test]
fn alternatives_and_unions_are_told_apart() {
    assert!(is_allowed("GPL-3.0 OR MIT"));
    assert!(is_allowed("MIT/Apache-2.0"));
    assert!(is_allowed("(MIT OR Apache-2.0) AND Unicode-3.0"));
    assert!(!is_allowed("MIT AND GPL-3.0"));
    assert!(!is_allowed("GPL-3.0"));
}
