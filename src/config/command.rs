//! What is done instead of serving: the commands, and what each takes.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::values::{CageChoice, ProtectChoice, SchemeChoice, WatchChoice, parse_key};
use crate::proto::cenc;

/// What is done instead of serving.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Print what holds, and where it was said
    Config,
    /// Copy all that is kept to a new file, which holds secrets; a server may go on meanwhile
    Backup {
        /// The file, which is not there yet
        file: PathBuf,
    },
    /// Put a copy in the place of what is kept, which is set aside; no server may run
    Restore {
        /// The copy
        file: PathBuf,
    },
    /// Make a link by which somebody becomes a host of the server, and print it
    HostLink,
    /// Make a token for a program, and print it
    Token {
        /// What to call it
        name: String,
        /// What it may do: `watch`, `talk`, `publish`, `upload`, `moderate`, `work`, or `host` for all;
        /// may be given several times
        #[arg(long = "scope", value_name = "WHAT", required = true, value_delimiter = ',')]
        scopes: Vec<String>,
    },
    /// Videos that people bring
    Library {
        /// What to do.
        #[command(subcommand)]
        what: LibraryCommand,
    },
    /// List what viewers gave
    Donations {
        /// Delete one, from the pages of a running server too; may be given several times
        #[arg(long, value_name = "ID")]
        delete: Vec<u64>,
    },
}

/// What is done with videos.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum LibraryCommand {
    /// Make renditions of a video, each one fragmented MP4, with sound, subtitles and pictures
    /// beside them; goes on where an earlier run ended. Needs ffmpeg 5.1 or later
    Encode {
        /// The video
        #[arg(value_name = "INPUT")]
        input: PathBuf,
        /// Folder for all that is made: empty, or of an earlier run
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// Whether ffmpeg may run where this system cannot lock it in whole: `whole`, no; `weak`, yes
        #[arg(long, value_name = "HOW", value_enum, default_value_t = CageChoice::Whole)]
        cage: CageChoice,
        /// How many pieces to work at at once [default: one for each core]
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..))]
        jobs: Option<u8>,
    },
    /// Make segments of a film, and manifests for DASH (stream.mpd) and HLS (master.m3u8)
    Package(Packing),
    /// Fill the catalogue from a list of titles in JSON, from a database of SQLite with a table
    /// `movies` or `films`, or from a folder of films; beside a running server or without one
    Import {
        /// The file, or the folder
        #[arg(value_name = "SOURCE")]
        source: PathBuf,
        /// Who may watch what is imported, of those who may watch at all
        #[arg(long, value_name = "WHO", value_enum, default_value_t = WatchChoice::All)]
        watch: WatchChoice,
    },
}

/// Of what segments are made, and how.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Packing {
    /// The film's renditions and its sound in MP4, H.264, H.265 or AV1 with closed groups of
    /// pictures, and subtitles in WebVTT, each named as in `film.en.vtt`
    #[arg(value_name = "INPUT", required = true)]
    pub inputs: Vec<PathBuf>,
    /// Folder to write, which is not there yet
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// How long a segment is at least
    #[arg(long, value_name = "SECONDS", default_value_t = 4,
          value_parser = clap::value_parser!(u8).range(1..=30))]
    pub segment: u8,
    /// Key to encrypt with: 32 hexadecimal digits, or base64; a process list shows it
    #[arg(long, value_name = "KEY", value_parser = parse_key, requires = "kid")]
    pub key: Option<cenc::Key>,
    /// What the key is called, written like a key
    #[arg(long, value_name = "KEY", value_parser = parse_key, requires = "key")]
    pub kid: Option<cenc::Key>,
    /// How to encrypt
    #[arg(long, value_enum, default_value_t = SchemeChoice::Cbcs, requires = "key")]
    pub scheme: SchemeChoice,
    /// What to encrypt: all tracks, or the pictures alone
    #[arg(long, value_enum, default_value_t = ProtectChoice::All, requires = "key")]
    pub protect: ProtectChoice,
    /// Do not wait until all of it is on the disk
    #[arg(long)]
    pub no_sync: bool,
}
