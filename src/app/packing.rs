//! `library package`: segments and manifests from the command line, without a server.

use std::fmt::Display;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::base::signals;
use crate::config::{Packing, ProtectChoice, SchemeChoice};
use crate::library::package::{Durability, Order, Packaged, Protected, Secret, package};
use crate::proto::cenc::{Key, Protection, Scheme};

/// Makes segments of films, and says on `out` what came of it.
///
/// # Errors
///
/// One line that says what is wrong and what to do.
pub(super) fn pack(packing: &Packing, out: &mut impl Write) -> Result<(), String> {
    let Packing { inputs, out: folder, segment, key, kid, scheme, protect, no_sync } = packing;
    let is_text =
        |path: &&PathBuf| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("vtt"));
    let (texts, films): (Vec<_>, Vec<_>) = inputs.iter().partition(is_text);
    let [texts, films] = [texts, films].map(|paths| paths.into_iter().cloned().collect::<Vec<_>>());
    let secret = match (key, kid) {
        (Some(key), Some(kid)) => Some(secret(*key, *kid, *scheme, *protect)?),
        _ => None,
    };
    let order = Order {
        films: &films,
        ranks: &[],
        texts: &texts,
        secret,
        segment: Duration::from_secs((*segment).into()),
        out: folder,
        durability: if *no_sync { Durability::Left } else { Durability::Synced },
    };
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    if let Err(error) = signals::on_end(move || asked.store(true, Ordering::Relaxed)) {
        log::warn!("signals do not stop this program cleanly: {error}");
    }
    let mut told = 0;
    let packaged = package(&order, &stop, &mut |progress| {
        let tenth = progress.done * 10 / progress.of.max(1);
        if tenth > told {
            told = tenth;
            log::info!("{} %", tenth * 10);
        }
    });
    say(out, folder.display(), &packaged.map_err(|failed| failed.to_string())?)
}

fn secret(
    key: Key,
    kid: Key,
    scheme: SchemeChoice,
    protect: ProtectChoice,
) -> Result<Secret, String> {
    let mut drawn = [0; 24];
    getrandom::fill(&mut drawn).map_err(|error| format!("no random bytes: {error}"))?;
    let (constant_iv, first_iv) = drawn.split_at(16);
    Ok(Secret {
        protection: Protection {
            scheme: match scheme {
                SchemeChoice::Cbcs => Scheme::Cbcs,
                SchemeChoice::Cenc => Scheme::Cenc,
            },
            key,
            key_id: kid.0,
            constant_iv: constant_iv.try_into().expect("16 bytes were split off"),
        },
        first_iv: u64::from_be_bytes(first_iv.try_into().expect("8 bytes are left")),
        of: match protect {
            ProtectChoice::All => Protected::All,
            ProtectChoice::Video => Protected::Video,
        },
    })
}

fn say(out: &mut impl Write, folder: impl Display, packaged: &Packaged) -> Result<(), String> {
    let film = &packaged.film;
    let renditions = film.videos.iter().chain(&film.audios);
    let segments: usize = renditions.map(|rendition| rendition.segments.len()).sum();
    let seconds = film.lasts_us() as f64 / 1e6;
    let mut line = format!(
        "{folder} has {} of pictures, {} of sound and {} of text: {segments} segments, {seconds:.3} s",
        film.videos.len(),
        film.audios.len(),
        film.texts.len()
    );
    if packaged.left_out > 0 {
        line.push_str(&format!("; {} tracks are left out: nothing plays them", packaged.left_out));
    }
    writeln!(out, "{line}").map_err(|error| format!("standard output: {error}"))
}
