//! Gives up what a tool shall not have, layer by layer, and becomes the tool.
//!
//! On the only thread of a process that was started for this: what is given up here is given up
//! for good, and by every thread that the tool starts.

use std::fs::{File, read_dir};
use std::io::{Read, Write, stdout};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd,
    Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetStatus, Scope,
};
use rustix::process::{
    Resource, Rlimit, Signal, getppid, getpriority_process, getrlimit,
    set_parent_process_death_signal, setpriority_process, setrlimit,
};
use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities, set_no_new_privs};

use super::Strength;
use super::asked::{Order, Purpose};
use super::calls;
use super::layer::{HOLDS, Layer};
use super::tool::{library_folders, loader};

/// Puts on each layer; then reports which hold, or becomes the tool and does not return.
///
/// # Errors
///
/// A line that says which layer does not hold and why, or why the tool does not start.
pub(super) fn enter(order: &Order) -> Result<(), String> {
    for layer in Layer::ALL {
        let held = put_on(layer, order);
        match order.purpose {
            Purpose::Try => report(layer, &held)?,
            Purpose::Become(Strength::Whole) => {
                held.map_err(|why| format!("{}: {why}", layer.name()))?;
            }
            Purpose::Become(Strength::Weak) => {}
        }
    }
    if order.purpose == Purpose::Try {
        return Ok(());
    }
    let error = Command::new(&order.program).args(&order.arguments).env_clear().exec();
    Err(format!("{}: {error}", order.program.display()))
}

fn report(layer: Layer, held: &Result<(), String>) -> Result<(), String> {
    let said = held.as_ref().map_or_else(String::as_str, |()| HOLDS);
    writeln!(stdout(), "{} {said}", layer.name()).map_err(told)
}

fn put_on(layer: Layer, order: &Order) -> Result<(), String> {
    match layer {
        Layer::Death => die_with(order.parent),
        Layer::Limits => limit(order),
        Layer::Files => close_descriptors().and_then(|()| see_only(order)),
        Layer::Powers => give_up_powers(),
        Layer::Calls => calls::forbid(),
    }
}

fn die_with(parent: u32) -> Result<(), String> {
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(told)?;
    // It may have died before: then there is no signal to come.
    let living = getppid().map(|id| id.as_raw_nonzero().get());
    match living.and_then(|id| u32::try_from(id).ok()) {
        Some(id) if id == parent => Ok(()),
        _ => Err("who ordered it is gone".to_owned()),
    }
}

fn limit(order: &Order) -> Result<(), String> {
    for (resource, most) in [
        (Resource::As, order.memory_bytes),
        (Resource::Cpu, order.cpu_s),
        (Resource::Fsize, order.file_bytes),
        (Resource::Core, 0),
        (Resource::Nofile, MOST_FILES),
    ] {
        // What is stricter already stays.
        let most = getrlimit(resource).maximum.map_or(most, |before| before.min(most));
        let limit = Rlimit { current: Some(most), maximum: Some(most) };
        setrlimit(resource, limit).map_err(told)?;
    }
    // Those who watch come first; who was put further behind already stays there.
    let nice = getpriority_process(None).map_err(told)?.max(NICE);
    setpriority_process(None, nice).map_err(told)
}

/// Closes what came along, but for the three that were given.
fn close_descriptors() -> Result<(), String> {
    let open = read_dir("/proc/self/fd").map_err(|error| format!("/proc/self/fd: {error}"))?;
    let number = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.ok()?.file_name().to_str()?.parse::<i32>().ok()
    };
    let open: Vec<i32> = open.filter_map(number).collect();
    for descriptor in open.into_iter().filter(|number| *number > 2) {
        // The one by which they were listed is closed already.
        let _ = nix::unistd::close(descriptor);
    }
    Ok(())
}

fn see_only(order: &Order) -> Result<(), String> {
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V1))
        .map_err(told)?
        // What later kernels know besides.
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(ABI::V5))
        .and_then(|ruleset| ruleset.handle_access(AccessNet::from_all(ABI::V4)))
        .and_then(|ruleset| ruleset.scope(Scope::from_all(ABI::V6)))
        .and_then(Ruleset::create)
        .map_err(told)?;
    let mut ruleset = ruleset;
    let (read, list) = (AccessFs::ReadFile, AccessFs::ReadDir);
    for library in library_folders(&order.program).filter(|path| path.exists()) {
        let access = if library.is_dir() { read | list } else { read.into() };
        ruleset = allow(ruleset, &library, access)?;
    }
    if order.purpose != Purpose::Try {
        ruleset = allow(ruleset, &order.program, read | AccessFs::Execute)?;
        if let Some(loader) = loader(&head(&order.program)?) {
            ruleset = allow(ruleset, &loader, read | AccessFs::Execute)?;
        }
    }
    for path in &order.reads {
        let access = if path.is_dir() { read | list } else { read.into() };
        ruleset = allow(ruleset, path, access)?;
    }
    if let Some(folder) = &order.writes {
        let writing = AccessFs::WriteFile | AccessFs::MakeReg | AccessFs::RemoveFile;
        ruleset = allow(ruleset, folder, read | list | writing | AccessFs::Truncate)?;
    }
    let status = ruleset.restrict_self().map_err(told)?;
    match status.ruleset {
        RulesetStatus::NotEnforced => Err("this system has no landlock".to_owned()),
        RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced => Ok(()),
    }
}

fn allow(
    ruleset: RulesetCreated,
    path: &Path,
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, String> {
    let named = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let opened = PathFd::new(path).map_err(|error| named(&error))?;
    ruleset.add_rule(PathBeneath::new(opened, access)).map_err(|error| named(&error))
}

/// How a program begins.
fn head(program: &Path) -> Result<Vec<u8>, String> {
    let mut head = Vec::new();
    let read = File::open(program).and_then(|file| file.take(HEAD_BYTES).read_to_end(&mut head));
    read.map_err(|error| format!("{}: {error}", program.display()))?;
    Ok(head)
}

fn give_up_powers() -> Result<(), String> {
    // Without it root's would come back with the tool.
    set_no_new_privs(true).map_err(told)?;
    let none = CapabilitySet::empty();
    let none = CapabilitySets { effective: none, permitted: none, inheritable: none };
    set_capabilities(None, none).map_err(told)
}

fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// A tool has its input, its output and its libraries open.
const MOST_FILES: u64 = 256;
const NICE: i32 = 10;
/// The table of an ELF file's parts stands right behind its head, and names near ones.
const HEAD_BYTES: u64 = 4096;
