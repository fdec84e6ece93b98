//! Parses, opens the window, and maps an error to an exit code.

use std::io::{Write, stderr};
use std::process::ExitCode;

use livestream_player::{Target, run};

fn main() -> ExitCode {
    let target = Target::of_process();
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("warn")).init();
    match run(target) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell if this cannot be written.
            let _ = writeln!(stderr(), "livestream-player: {error}");
            ExitCode::FAILURE
        }
    }
}
