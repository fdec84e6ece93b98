//! `livestream library encode`: renditions of a video, made here and now.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use parking_lot::Mutex;

use crate::base::signals;
use crate::config::CageChoice;
use crate::library::cage::{Cage, Strength};
use crate::library::encode::{Encoding, Failed, Progress};

/// Makes renditions of `input` in `folder`, and names each file on `out` once it is whole; how far it
/// is goes to the log.
pub(super) fn encode(
    input: &Path,
    folder: &Path,
    cage: CageChoice,
    jobs: Option<u8>,
    out: &mut impl Write,
) -> Result<(), String> {
    let strength = match cage {
        CageChoice::Whole => Strength::Whole,
        CageChoice::Weak => Strength::Weak,
    };
    let cage = Cage::look(strength).map_err(|missing| missing.to_string())?;
    if !cage.layers().hold() {
        log::warn!("the cage is weak: {}", cage.layers());
    }
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    if let Err(error) = signals::on_end(move || asked.store(true, Ordering::Relaxed)) {
        log::warn!("signals do not stop this program cleanly: {error}");
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let made = Mutex::new(Vec::new());
    let (started, last) = (Instant::now(), Mutex::new((String::new(), 0)));
    let told = |progress: &Progress<'_>| match progress {
        Progress::Made(file) => {
            let name = file.file_name().unwrap_or_default().display();
            log::info!("{name} is there after {:.1} s", started.elapsed().as_secs_f64());
            made.lock().push(file.to_path_buf());
        }
        Progress::Part { name, done } => tell(&mut last.lock(), name, *done),
    };
    let encoding = Encoding {
        cage: &cage,
        input: input.to_owned(),
        out: folder.to_owned(),
        hands: jobs.map_or(cores, usize::from),
        stop: &|| stop.load(Ordering::Relaxed),
        told: &told,
    };
    let told = |failed: Failed| failed.to_string();
    let mut making = encoding.begin().map_err(told)?;
    while making.step().map_err(told)? {}
    made.into_inner().iter().try_for_each(|file| {
        writeln!(out, "{}", file.display()).map_err(|error| format!("standard output: {error}"))
    })
}

/// Logs each tenth of a part once.
fn tell(last: &mut (String, u8), name: &str, done: f64) {
    // In 0 to 10.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "see above")]
    let tenth = (done.clamp(0.0, 1.0) * 10.0) as u8;
    if last.0 != name {
        *last = (name.to_owned(), 0);
    }
    if tenth > last.1 {
        last.1 = tenth;
        log::info!("{name}: {} %", tenth * 10);
    }
}
