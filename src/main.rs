//! Parses, runs, and maps an error to an exit code.

use std::fmt::Display;
use std::io::{Write, stderr, stdout};
use std::process::ExitCode;

use livestream::base::shutdown::Shutdown;
use livestream::base::signals;
use livestream::config::{Command, Config, Refused};
use livestream::source::webcam::Webcam;

fn main() -> ExitCode {
    // First of all: who enters the cage shall be alone, and hold nothing.
    if let Some(entered) = livestream::library::cage::enter(std::env::args_os()) {
        return entered;
    }
    let read = Config::read(std::env::args_os(), |name| std::env::var_os(name));
    let (config, origins) = match read {
        Ok(read) => read,
        Err(refused) => return refuse(&refused),
    };
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("info")).init();
    if config.list_cameras {
        return list_cameras();
    }
    if let Some(command) = &config.command {
        let done = match command {
            Command::Config => write!(stdout(), "{origins}").map_err(|error| error.to_string()),
            Command::Library { what } => livestream::app::library(what, &config, &mut stdout()),
            kept => livestream::app::keep(kept, config.data.as_deref(), &mut stdout()),
        };
        return outcome(done);
    }
    let shutdown = Shutdown::new();
    let asked = shutdown.clone();
    if let Err(error) = signals::on_end(move || asked.ask()) {
        log::warn!("signals do not stop this program cleanly: {error}");
    }
    outcome(livestream::app::run(&config, &origins, &shutdown, &mut stdout()))
}

fn outcome(done: Result<(), impl Display>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell if this cannot be written.
            let _ = writeln!(stderr(), "livestream: {error}");
            ExitCode::FAILURE
        }
    }
}

fn refuse(refused: &Refused) -> ExitCode {
    match refused {
        // In colour, where there is a terminal; help goes to standard output.
        Refused::Usage(error) => {
            let _ = error.print();
        }
        other => {
            let _ = writeln!(stderr(), "livestream: {other}");
        }
    }
    refused.exit_code().into()
}

fn list_cameras() -> ExitCode {
    let mut out = stdout().lock();
    let cameras = Webcam::list();
    let written = if cameras.is_empty() {
        writeln!(out, "no camera found")
    } else {
        cameras.iter().try_for_each(|camera| writeln!(out, "{camera}"))
    };
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
