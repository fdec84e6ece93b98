//! Parses, runs, and maps an error to an exit code.

use std::io::{Write, stderr, stdout};
use std::process::ExitCode;

use livestream::base::shutdown::Shutdown;
use livestream::base::signals;
use livestream::config::Config;
use livestream::source::webcam::Webcam;

fn main() -> ExitCode {
    let config = Config::read(std::env::args_os()).unwrap_or_else(|error| error.exit());
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("info")).init();
    if config.list_cameras {
        return list_cameras();
    }
    let shutdown = Shutdown::new();
    let asked = shutdown.clone();
    if let Err(error) = signals::on_end(move || asked.ask()) {
        log::warn!("signals do not stop this program cleanly: {error}");
    }
    match livestream::app::run(&config, &shutdown, &mut stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell if this cannot be written.
            let _ = writeln!(stderr(), "livestream: {error}");
            ExitCode::FAILURE
        }
    }
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
