//! What is done with videos from the command line, without a server.

use std::io::Write;

use super::{encoding, packing};
use crate::config::LibraryCommand;

/// Does what a subcommand of `library` asks, and says so on `out`.
///
/// # Errors
///
/// One line that says what is wrong and what to do.
pub fn library(command: &LibraryCommand, out: &mut impl Write) -> Result<(), String> {
    match command {
        LibraryCommand::Encode { input, out: folder, cage, jobs } => {
            encoding::encode(input, folder, *cage, *jobs, out)
        }
        LibraryCommand::Package(packing) => packing::pack(packing, out),
    }
}
