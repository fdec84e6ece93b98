//! What is done with videos from the command line, without a server or beside one.

use std::io::Write;

use super::{encoding, importing, packing};
use crate::config::{Config, LibraryCommand};

/// Does what a subcommand of `library` asks, and says so on `out`.
///
/// # Errors
///
/// One line that says what is wrong and what to do.
pub fn library(
    command: &LibraryCommand,
    config: &Config,
    out: &mut impl Write,
) -> Result<(), String> {
    match command {
        LibraryCommand::Encode { input, out: folder, cage, jobs } => {
            encoding::encode(input, folder, *cage, *jobs, out)
        }
        LibraryCommand::Package(packing) => packing::pack(packing, out),
        LibraryCommand::Import { source, watch } => importing::import(source, *watch, config, out),
    }
}
