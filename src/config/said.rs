//! What was said, and where: flags win over the file, and the file over what holds without both.
//!
//! The file's settings become arguments before the typed ones, so that one definition says which
//! there are and which values they take.

use std::ffi::OsString;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind as Usage;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, CommandFactory, FromArgMatches};

use super::file::{self, SIGN_IN, Said, Setting};
use super::folder::data_folder;
use super::nearest;
use super::sign_in::SignIn;
use super::values::{parse_port, source_of, without_secrets_of};
use super::{Config, sign_in, without_addresses};
use crate::base::regular;

/// Why there is no configuration.
#[derive(Debug)]
pub enum Refused {
    /// The arguments are wrong, or ask for help.
    Usage(Box<clap::Error>),
    /// A line of the file is wrong.
    Line {
        /// The file.
        file: PathBuf,
        /// The first is 1.
        line: usize,
        /// What is wrong.
        why: String,
    },
    /// The file does not go with what was typed, or not with itself.
    Whole {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The file cannot be read.
    File {
        /// Which.
        file: PathBuf,
        /// The system's error.
        error: std::io::Error,
    },
}

/// What was said, for `livestream config`.
#[derive(Debug)]
pub struct Origins {
    /// Key, value as it may be shown, and where it was said.
    lines: Vec<(String, String, Where)>,
    file: Option<PathBuf>,
    source: Option<String>,
    rooms: Vec<String>,
}

/// Where something was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Where {
    /// On the command line.
    Flag,
    /// In this file.
    File {
        /// Which.
        file: PathBuf,
        /// The first is 1.
        line: usize,
    },
    /// Nowhere.
    Default,
}

/// The file's settings that hold.
struct Layer {
    file: PathBuf,
    settings: Vec<Setting>,
}

/// Reads arguments, the program's name first, and the file that they name or the data folder has.
///
/// # Errors
///
/// [`Refused`]; of an address it shows no more than its scheme, since it may hold a password.
pub(super) fn read(
    arguments: &[OsString],
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<(Config, Origins), Refused> {
    let arguments = command_last(arguments);
    let typed = matches_of(&arguments).map_err(usage)?;
    let folder = data_folder(path_of(&typed, "data").as_deref(), &variable);
    let layer = read_layer(&typed, folder.as_deref())?;
    let mut all = arguments;
    if let Some(layer) = &layer {
        let from_file = layer.settings.iter().flat_map(as_arguments).map(OsString::from);
        all.splice(1.min(all.len())..1.min(all.len()), from_file);
    }
    let together = |error| match &layer {
        Some(layer) if !layer.settings.is_empty() => Refused::Whole {
            file: layer.file.clone(),
            why: in_one_line(&without_addresses(error).to_string()),
        },
        _ => usage(error),
    };
    let merged = Config::command().try_get_matches_from(&all).map_err(together)?;
    let mut config = Config::from_arg_matches(&merged).map_err(together)?;
    config.check_rooms().map_err(together)?;
    config.check_films().map_err(together)?;
    config.sign_ins = sign_ins(layer.as_ref());
    config.data = data_folder(path_of(&merged, "data").as_deref(), variable);
    let file = file_of(&typed, folder.as_deref());
    let origins = Origins::of(&typed, &merged, layer.as_ref(), config.data.as_deref(), file);
    Ok((config, origins))
}

/// By whom people may sign in, as the file says.
fn sign_ins(layer: Option<&Layer>) -> Vec<SignIn> {
    let settings = layer.iter().flat_map(|layer| &layer.settings);
    let tables = settings.filter_map(|setting| match &setting.said {
        Said::SignIns(tables) => sign_in::read(tables).ok(),
        _ => None,
    });
    tables.flatten().collect()
}

/// What was typed; what it goes with may stand in the file.
fn matches_of(arguments: &[OsString]) -> Result<ArgMatches, clap::Error> {
    match Config::command().try_get_matches_from(arguments) {
        Err(error) if error.kind() == Usage::MissingRequiredArgument => {
            Config::command().ignore_errors(true).try_get_matches_from(arguments)
        }
        outcome => outcome,
    }
}

/// Flags are the server's, and so stand before a command; `config` shows them, and is understood
/// before them too.
fn command_last(arguments: &[OsString]) -> Vec<OsString> {
    let mut arguments = arguments.to_vec();
    let command = Config::command();
    let is_command =
        |word: &OsString| command.get_subcommands().any(|known| *word == known.get_name());
    let others = arguments.iter().skip(2).any(is_command);
    if arguments.get(1).is_some_and(|first| first == "config") && !others {
        arguments[1..].rotate_left(1);
    }
    arguments
}

fn usage(error: clap::Error) -> Refused {
    Refused::Usage(Box::new(without_addresses(error)))
}

/// A path that was given before or behind a subcommand.
fn path_of(matches: &ArgMatches, id: &str) -> Option<PathBuf> {
    let behind = matches.subcommand().and_then(|(_, matches)| path_of(matches, id));
    let here = || matches.try_get_one::<PathBuf>(id).ok().flatten().cloned();
    behind.or_else(here)
}

/// The file that is named, or the one of the data folder, be it there or not.
fn file_of(typed: &ArgMatches, folder: Option<&Path>) -> Option<PathBuf> {
    path_of(typed, "config").or_else(|| Some(folder?.join(NAME)))
}

fn read_layer(typed: &ArgMatches, folder: Option<&Path>) -> Result<Option<Layer>, Refused> {
    let named = path_of(typed, "config");
    let Some(file) = file_of(typed, folder) else { return Ok(None) };
    let text = match read_text(&file) {
        Ok(text) => text,
        Err(_) if named.is_none() && !is_there(&file) => return Ok(None),
        Err(error) => return Err(Refused::File { file, error }),
    };
    let refuse = |line, why| Refused::Line { file: file.clone(), line, why };
    let mut settings =
        file::parse(&text).map_err(|file::Invalid { line, why }| refuse(line, why))?;
    for setting in &settings {
        if setting.key == "data" && named.is_none() {
            let why = "`data` says where this file lies: it is given by --data".to_owned();
            return Err(refuse(setting.line, why));
        }
        check(setting).map_err(|why| refuse(setting.line, why))?;
    }
    settings.retain(|setting| !gives_way(typed, &setting.key));
    Ok(Some(Layer { file, settings }))
}

/// Whether there is such a file, as far as this user may know.
fn is_there(file: &Path) -> bool {
    std::fs::symlink_metadata(file).is_ok()
}

/// Reads a file that says what flags say.
///
/// # Errors
///
/// The system's, or that it is too long or no text.
pub fn read_text(file: &Path) -> std::io::Result<String> {
    let bytes = regular::read(file, MAX_FILE_BYTES)?;
    String::from_utf8(bytes)
        .map_err(|_| std::io::Error::new(ErrorKind::InvalidData, "it is no text in UTF-8"))
}

/// Whether a setting is nothing beside what was typed: the same flag, or one that excludes it.
fn gives_way(typed: &ArgMatches, key: &str) -> bool {
    let command = Config::command();
    let is_typed =
        |arg: &Arg| typed.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine);
    let excludes = |arg: &Arg| {
        key_of(arg) == key
            || command.get_arg_conflicts_with(arg).iter().any(|other| key_of(other) == key)
    };
    let gives_way = command.get_arguments().any(|arg| is_typed(arg) && excludes(arg));
    gives_way
        || command
            .get_arguments()
            .find(|arg| key_of(arg) == key)
            .is_some_and(|own| command.get_arg_conflicts_with(own).into_iter().any(is_typed))
}

/// Checks a setting by itself, in words that fit a file.
pub(super) fn check(setting: &Setting) -> Result<(), String> {
    let Setting { key, said, .. } = setting;
    if let Said::SignIns(tables) = said {
        return sign_in::read(tables).map(drop);
    }
    let command = Config::command();
    let known = || command.get_arguments().map(key_of).filter(|key| !NEVER.contains(&&**key));
    let Some(arg) =
        command.get_arguments().find(|arg| key_of(arg) == *key && !NEVER.contains(&&**key))
    else {
        return Err(nearest::no_such_key(key, known()));
    };
    let (switch, many) = (!arg.get_action().takes_values(), is_list(arg));
    match said {
        Said::Switch(_) if switch => return Ok(()),
        Said::Switch(_) => return Err(format!("`{key}` takes a value, not true or false")),
        Said::Values(_) if switch => return Err(format!("`{key}` takes true or false")),
        Said::Values(values) if values.is_empty() => {
            return Err(format!("`{key}` is an empty list: leave it out"));
        }
        Said::Values(values) if values.len() != 1 && !many => {
            return Err(format!("`{key}` takes one value, not a list"));
        }
        // It has no dashes: what is no port would be taken for something else.
        Said::Values(values) if key == "port" => {
            return parse_port(&values[0]).map(drop).map_err(|_| "`port` takes 0 to 65535".into());
        }
        Said::Values(_) | Said::SignIns(_) => {}
    }
    let arguments = std::iter::once("livestream".to_owned()).chain(as_arguments(setting));
    match Config::command().try_get_matches_from(arguments) {
        Ok(_) => Ok(()),
        // Whether it goes with the others is seen with them.
        Err(error) if ALONE.contains(&error.kind()) => Ok(()),
        Err(error) => Err(in_one_line(&without_addresses(error).to_string())),
    }
}

/// What a key is if nothing is said, if anything.
pub(super) fn default_of(key: &str) -> Option<String> {
    let command = Config::command();
    let arg = command.get_arguments().find(|arg| key_of(arg) == key)?;
    Some(arg.get_default_values().first()?.to_string_lossy().into_owned())
}

/// clap's first paragraph without its `error:`.
fn in_one_line(words: &str) -> String {
    let paragraph = words.split("\n\n").next().unwrap_or_default();
    let paragraph = paragraph.strip_prefix("error: ").unwrap_or(paragraph);
    paragraph.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// As it would be typed.
fn as_arguments(setting: &Setting) -> Vec<String> {
    let Setting { key, said, .. } = setting;
    match said {
        Said::Switch(true) => vec![format!("--{key}")],
        Said::Switch(false) | Said::SignIns(_) => Vec::new(),
        // The one that has no dashes.
        Said::Values(values) if key == "port" => values.clone(),
        Said::Values(values) => values.iter().map(|value| format!("--{key}={value}")).collect(),
    }
}

fn is_list(arg: &Arg) -> bool {
    matches!(arg.get_action(), clap::ArgAction::Append)
}

/// What the file calls a flag.
fn key_of(arg: &Arg) -> String {
    arg.get_long().map_or_else(|| arg.get_id().to_string(), str::to_owned)
}

impl Origins {
    fn of(
        typed: &ArgMatches,
        merged: &ArgMatches,
        layer: Option<&Layer>,
        data: Option<&Path>,
        file: Option<PathBuf>,
    ) -> Self {
        let mut lines = Vec::new();
        for arg in Config::command().get_arguments() {
            let (id, key) = (arg.get_id().as_str(), key_of(arg));
            if NEVER.contains(&&*key) {
                continue;
            }
            let by_flag = typed.value_source(id) == Some(ValueSource::CommandLine);
            let by_file = layer.and_then(|layer| {
                let setting = layer.settings.iter().find(|setting| setting.key == key)?;
                Some(Where::File { file: layer.file.clone(), line: setting.line })
            });
            let origin = if by_flag { Where::Flag } else { by_file.unwrap_or(Where::Default) };
            if key == "data" {
                let folder = data.map_or("none".into(), |data| data.display().to_string());
                lines.push((key, folder, origin));
                continue;
            }
            let values = raw_values(merged, id);
            let public = |value: &String| without_secrets_of(&key, value);
            let shown = values.iter().map(|value| public(value).chars().map(visible).collect());
            let shown: Vec<String> = match arg.get_action().takes_values() {
                true => shown.collect(),
                false => vec![merged.get_flag(id).to_string()],
            };
            match shown.is_empty() {
                true => lines.push((key, NOTHING.into(), origin)),
                false => lines.extend(shown.into_iter().map(|v| (key.clone(), v, origin.clone()))),
            }
        }
        let of_file = layer.into_iter().flat_map(|layer| {
            let settings = layer.settings.iter().filter(|setting| setting.key == SIGN_IN);
            settings.map(|setting| Where::File { file: layer.file.clone(), line: setting.line })
        });
        for place in of_file {
            let named = sign_ins(layer).into_iter().map(|sign_in| sign_in.name);
            lines.extend(named.map(|name| (SIGN_IN.to_owned(), name, place.clone())));
        }
        let source = raw_values(merged, "source").pop();
        let rooms = raw_values(merged, "rooms").iter().map(|room| source_of(room)).collect();
        Self { lines, file, source, rooms }
    }

    /// The file in which things are said, be it there or not; `None` if no data folder is known.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Where this key was said.
    pub fn place(&self, key: &str) -> Where {
        let line = self.lines.iter().find(|(known, ..)| known == key);
        line.map_or(Where::Default, |(_, _, place)| place.clone())
    }

    /// What holds of a key that has one value, if anything. It may be shown.
    pub fn value(&self, key: &str) -> Option<&str> {
        let line = self.lines.iter().find(|(known, ..)| known == key)?;
        Some(line.1.as_str()).filter(|value| *value != NOTHING)
    }

    /// What the default room shows, as it was said. It may hold a password.
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// What each other room shows, as it was said. They may hold passwords.
    pub fn room_sources(&self) -> &[String] {
        &self.rooms
    }
}

fn raw_values(matches: &ArgMatches, id: &str) -> Vec<String> {
    let raw = matches.get_raw(id).into_iter().flatten();
    raw.map(|value| value.to_string_lossy().into_owned()).collect()
}

fn visible(c: char) -> char {
    if c.is_control() { '\u{fffd}' } else { c }
}

impl fmt::Display for Origins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |of: fn(&(String, String, Where)) -> &String| {
            self.lines.iter().map(|line| of(line).chars().count()).max().unwrap_or_default()
        };
        let (keys, values) = (width(|line| &line.0), width(|line| &line.1).min(MAX_COLUMN_CHARS));
        for (key, value, origin) in &self.lines {
            writeln!(f, "{key:keys$}  {value:values$}  {origin}")?;
        }
        Ok(())
    }
}

impl Refused {
    /// The program's exit code: 2 for what was typed or written wrongly, 1 for a file that
    /// cannot be read, 0 for help.
    pub fn exit_code(&self) -> u8 {
        match self {
            Refused::Usage(error) => u8::try_from(error.exit_code()).unwrap_or(2),
            Refused::Line { .. } => 2,
            Refused::Whole { .. } => 2,
            Refused::File { error, .. } if error.kind() == ErrorKind::InvalidData => 2,
            Refused::File { .. } => 1,
        }
    }
}

impl fmt::Display for Where {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Where::Flag => f.write_str("flag"),
            Where::File { file, line } => write!(f, "{}:{line}", file.display()),
            Where::Default => f.write_str("default"),
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Usage(error) => error.fmt(f),
            Refused::Line { file, line, why } => {
                // What is shown here goes to a terminal.
                let shown: String = why.chars().take(MAX_WHY_CHARS).map(visible).collect();
                write!(f, "{}, line {line}: {shown}", file.display())
            }
            Refused::Whole { file, why } => write!(f, "{}: {why}", file.display()),
            Refused::File { file, error } => {
                write!(f, "the configuration {} cannot be read: {error}", file.display())
            }
        }
    }
}

/// The file's name in the data folder.
const NAME: &str = "livestream.toml";
/// A file may have so many bytes.
pub const MAX_FILE_BYTES: u64 = 1024 * 1024;
/// What is shown of a key that has no value.
const NOTHING: &str = "-";
const MAX_COLUMN_CHARS: usize = 60;
const MAX_WHY_CHARS: usize = 400;
/// What is wrong only of a flag that stands alone.
const ALONE: [Usage; 2] = [Usage::ArgumentConflict, Usage::MissingRequiredArgument];
/// What is only ever typed.
const NEVER: [&str; 4] = ["config", "list-cameras", "help", "version"];

#[cfg(test)]
mod tests;
