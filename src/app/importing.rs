//! `library import`: titles out of a catalogue that somebody else wrote, or out of a folder of films.
//! Beside a running server, which goes on with them, or without one.

use std::fmt::Display;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use crate::account::random_text;
use crate::base::clock::Clock;
use crate::config::{Config, WatchChoice};
use crate::library::catalogue::{self, New, Watch, Wish};
use crate::library::import::{self, Found};
use crate::library::storage::Disk;
use crate::library::uploads::{self, Limits};
use crate::library::{Library, Who};
use crate::store::{SEEN_WITHIN, Store};

/// Imports a catalogue, and says on `out` what came of it.
///
/// # Errors
///
/// One line that says what is wrong and what to do.
pub(super) fn import(
    source: &Path,
    watch: WatchChoice,
    config: &Config,
    out: &mut impl Write,
) -> Result<(), String> {
    let data = config.data.as_deref().ok_or("no data folder is known: name it with --data")?;
    let found = import::read(source)?;
    let store = Arc::new(Store::beside_server(data).map_err(told)?);
    let folder = config.library.clone().unwrap_or_else(|| data.join("library"));
    // What the host brings by hand has no limit but the disk.
    let library = Library::open(store, Clock::system(), folder, Limits::default(), Arc::new(Disk))?;
    let watch = match watch {
        WatchChoice::All => Watch::All,
        WatchChoice::Members => Watch::Members,
        WatchChoice::Owner => Watch::Owner,
    };
    let (mut taken, mut there, mut refused) = (0, 0, 0);
    for found in found {
        let called = line(&found.details.title);
        for why in &found.left_out {
            say(out, format_args!("{called}: left out: {}", line(why)))?;
        }
        if is_there(&library, &found) {
            there += 1;
            continue;
        }
        match take(&library, found, watch) {
            Ok(None) => taken += 1,
            Ok(Some(why)) => {
                taken += 1;
                say(out, format_args!("{called}: left out: {why}"))?;
            }
            Err(why) => {
                refused += 1;
                say(out, format_args!("{called}: {why}"))?;
            }
        }
    }
    let count =
        |count: usize| if count == 1 { "1 title".to_owned() } else { format!("{count} titles") };
    say(
        out,
        format_args!(
            "{}: {} imported, {} there before, {} refused",
            source.display(),
            count(taken),
            there,
            refused
        ),
    )?;
    if taken > 0 {
        thread::sleep(SEEN_WITHIN);
    }
    Ok(())
}

/// Whether it was imported before.
fn is_there(library: &Library, found: &Found) -> bool {
    // As it would be kept; what is not taken was not imported.
    let Ok(details) = catalogue::clean(&found.details) else { return false };
    let all = library.catalogue.search(&Wish::default(), HOST);
    all.iter().any(|title| {
        let kept = &title.kept;
        kept.details.title == details.title
            && kept.details.year == details.year
            && kept.url == found.url
            && (found.film.is_none() || kept.owner.is_none())
    })
}

/// Makes a title of one; why its poster was left out, if it was.
fn take(library: &Library, found: Found, watch: Watch) -> Result<Option<String>, String> {
    if found.film.is_none() && found.url.is_none() {
        return Err("it has neither a video nor the address of a manifest".to_owned());
    }
    let upload = match &found.film {
        None => None,
        Some(film) => {
            let name = film.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let new = uploads::New {
                name: random_text::<16>(),
                file_name: name,
                title: found.details.title.clone(),
                ..uploads::New::default()
            };
            Some(library.uploads.bring(new, film, HOST).map_err(told)?.name)
        }
    };
    let mut new = New {
        details: found.details,
        watch,
        upload: upload.clone(),
        url: found.url,
        secret: None,
        poster: found.poster,
    };
    // It belongs to nobody: hosts change it.
    let mut made = library.catalogue.create(new.clone(), HOST);
    let mut left_out = None;
    if let Err(why @ catalogue::Refused::Poster) = made {
        left_out = Some(why.to_string());
        new.poster = None;
        made = library.catalogue.create(new, HOST);
    }
    if let (Err(_), Some(name)) = (&made, upload) {
        // Nothing is left of what is not taken; what cannot be deleted is seen among the uploads.
        let _ = library.uploads.delete(&name, HOST);
    }
    made.map(|_| left_out).map_err(told)
}

/// As much of a stranger's words as a line of a terminal shows.
fn line(text: &str) -> String {
    let line: String =
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(100).collect();
    if line.trim().is_empty() { "a title without a name".to_owned() } else { line }
}

fn say(out: &mut impl Write, line: std::fmt::Arguments<'_>) -> Result<(), String> {
    writeln!(out, "{line}").map_err(|error| format!("standard output: {error}"))
}

fn told(why: impl Display) -> String {
    why.to_string()
}

/// Whose this machine is.
const HOST: Who = Who { account: None, is_host: true };
