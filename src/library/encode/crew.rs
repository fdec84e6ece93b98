//! Works at many pieces at once: one thread for each core, each at one piece.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, Builder};

use parking_lot::Mutex;

use super::Failed;

/// Whether work is to end early.
pub(super) type Stop<'a> = &'a (dyn Fn() -> bool + Sync);

/// Does `work` to each of `pieces`, in their order, at so many at once; the thread that asks works
/// with the others. `stop`, which the pieces are to ask too, is true as well once a piece failed.
///
/// # Errors
///
/// What the first piece that failed says.
pub(super) fn each<P: Sync>(
    pieces: &[P],
    hands: usize,
    stop: Stop<'_>,
    work: &(dyn Fn(&P, Stop<'_>) -> Result<(), Failed> + Sync),
) -> Result<(), Failed> {
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let first: Mutex<Option<Failed>> = Mutex::new(None);
    let is_over = || failed.load(Ordering::Relaxed) || stop();
    let toil = || {
        while let Some(piece) = pieces.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(why) = work(piece, &is_over) {
                // The others are stopped, and say so: that is not why it failed.
                first.lock().get_or_insert(why);
                failed.store(true, Ordering::Relaxed);
                return;
            }
        }
    };
    thread::scope(|scope| {
        for number in 1..hands.min(pieces.len()) {
            let started =
                Builder::new().name(format!("library-{number}")).spawn_scoped(scope, toil);
            // With fewer it takes longer.
            if let Err(error) = started {
                log::warn!("no thread for the library: {error}");
            }
        }
        toil();
    });
    first.into_inner().map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::cage::Failure;

    #[test]
    fn each_piece_is_done_once() {
        let pieces: Vec<usize> = (0..100).collect();
        let done = Mutex::new(Vec::new());
        each(&pieces, 4, &|| false, &|piece, _| {
            done.lock().push(*piece);
            Ok(())
        })
        .unwrap();
        let mut done = done.into_inner();
        done.sort_unstable();
        assert_eq!(done, pieces);
        each::<usize>(&[], 4, &|| false, &|_, _| panic!("there is none")).unwrap();
    }

    #[test]
    fn what_failed_first_is_told_and_the_others_stop() {
        let pieces: Vec<usize> = (0..100).collect();
        let begun = AtomicUsize::new(0);
        let outcome = each(&pieces, 4, &|| false, &|piece, is_over| {
            begun.fetch_add(1, Ordering::Relaxed);
            if *piece == 0 {
                return Err(Failed::new("first", Failure::TooMuch));
            }
            while !is_over() {
                thread::yield_now();
            }
            Err(Failed::new("other", Failure::Stopped))
        });
        assert_eq!(outcome.unwrap_err().to_string(), "first: it would become larger than it may");
        assert!(begun.into_inner() <= 4);
    }
}
