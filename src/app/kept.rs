//! Subcommands about what is kept, beside a running server or without one.

use std::fmt::Display;
use std::io::Write;
use std::path::Path;

use jiff::Timestamp;

use crate::config::Command;
use crate::store::donation::{self, Donation};
use crate::store::{Durability, Folder, Store, authority, backup};

/// Does what a subcommand asks of the data folder, and says so on `out`.
///
/// # Errors
///
/// One line that says what is wrong and what to do.
pub fn keep(command: &Command, data: Option<&Path>, out: &mut impl Write) -> Result<(), String> {
    let folder = data.ok_or("no data folder is known: name it with --data")?;
    match command {
        Command::Config => Ok(()),
        Command::Backup { file } => {
            backup::backup(folder, file).map_err(told)?;
            let file = file.display();
            say(out, format_args!("{file} has all that is kept, with its secrets: keep it safe"))
        }
        Command::Restore { file } => {
            let holder = format!("process {}, which restores it", std::process::id());
            let taken = Folder::take(folder, &holder).map_err(told)?;
            let trusted = trusted(folder);
            let aside = backup::restore(&taken, file).map_err(told)?;
            if let Some(aside) = aside {
                say(out, format_args!("what was kept is {} now", aside.display()))?;
            }
            say(out, format_args!("{} is restored", file.display()))?;
            if trusted.is_some() && trusted != self::trusted(folder) {
                say(out, format_args!("its authority is another: devices must trust it anew"))?;
            }
            Ok(())
        }
        Command::Donations { delete } if delete.is_empty() => {
            let donations =
                Store::beside_server(folder).and_then(|store| store.read(donation::all));
            donations.map_err(told)?.iter().try_for_each(|given| list(out, given))
        }
        Command::Donations { delete } => {
            let store = Store::beside_server(folder).map_err(told)?;
            delete.iter().try_for_each(|id| {
                delete_one(&store, *id)?;
                say(out, format_args!("{id} is deleted"))
            })
        }
    }
}

/// The certificate of the authority that is kept, if there is one.
fn trusted(folder: &Path) -> Option<Vec<u8>> {
    Store::glance(folder, authority::read)?.map(|kept| kept.certificate)
}

fn list(out: &mut impl Write, given: &Donation) -> Result<(), String> {
    let Donation { id, at, room, name, message } = given;
    let at = Timestamp::try_from(*at).unwrap_or_default().strftime("%Y-%m-%d %H:%M:%SZ");
    let room = room.as_deref().map_or("/".to_owned(), |room| format!("/r/{room}/"));
    say(out, format_args!("{id}\t{at}\t{room}\t{name}\t{message}"))
}

fn delete_one(store: &Store, id: u64) -> Result<(), String> {
    let delete = move |connection: &_| donation::delete(connection, id);
    match store.change_now(Durability::Machine, delete).map_err(told)? {
        true => Ok(()),
        false => Err(format!("there is no donation {id}")),
    }
}

fn say(out: &mut impl Write, line: std::fmt::Arguments<'_>) -> Result<(), String> {
    writeln!(out, "{line}").map_err(|error| format!("standard output: {error}"))
}

fn told(why: impl Display) -> String {
    why.to_string()
}
