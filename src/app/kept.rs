//! Subcommands about what is kept, beside a running server or without one.

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use jiff::Timestamp;

use crate::account::{Accounts, Actor, Capabilities, SignUp};
use crate::base::clock::Clock;
use crate::config::Command;
use crate::proto::text::clean_line;
use crate::store::donation::{self, Donation};
use crate::store::pass::PassKind;
use crate::store::{Durability, Folder, SEEN_WITHIN, Store, authority, backup};
use crate::web;

/// Does what a subcommand asks of the data folder, and says so on `out`. What it makes is good at a
/// running server when it is done.
///
/// # Errors
///
/// One line that says what is wrong and what to do.
pub fn keep(command: &Command, data: Option<&Path>, out: &mut impl Write) -> Result<(), String> {
    let folder = data.ok_or("no data folder is known: name it with --data")?;
    match command {
        // They need no folder.
        Command::Config | Command::Library { .. } => Ok(()),
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
        Command::HostLink => {
            let (accounts, _store) = accounts(folder)?;
            let made = accounts.make_pass(&Actor::on_this_machine(), PassKind::Host, None);
            let (made, origin) = (made.map_err(told)?, accounts.book().address.clone());
            let origin = if origin.is_empty() { "https://ADDRESS:PORT".to_owned() } else { origin };
            let link = format!("{origin}/claim#{}", made.secret);
            say(out, format_args!("{link}"))?;
            if let Some(code) = web::for_terminal(&link).filter(|_| std::io::stdout().is_terminal())
            {
                say(out, format_args!("{code}"))?;
            }
            thread::sleep(SEEN_WITHIN);
            Ok(())
        }
        Command::Token { name, scopes } => {
            let scopes = Capabilities::parse(&scopes.join(" "));
            let scopes = scopes.map_err(|word| {
                format!("there is no scope '{word}': they are {}", Capabilities::ALL)
            })?;
            let label = clean_line(name.trim(), MOST_LABEL_CHARS).ok();
            let label = label.filter(|label| !label.is_empty());
            let label = label.ok_or("a token's name is one line of at most 40 characters")?;
            let (accounts, _store) = accounts(folder)?;
            let made = accounts.make_token(&Actor::on_this_machine(), None, label, scopes);
            say(out, format_args!("{}", made.map_err(told)?.secret))?;
            thread::sleep(SEEN_WITHIN);
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

/// The accounts of a folder, beside its server or without one.
fn accounts(folder: &Path) -> Result<(Arc<Accounts>, Arc<Store>), String> {
    let store = Arc::new(Store::beside_server(folder).map_err(told)?);
    let accounts = Accounts::open(&store, &Clock::system(), SignUp::default())?;
    Ok((accounts, store))
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

const MOST_LABEL_CHARS: usize = 40;
