use std::cell::Cell;
use std::fs;

use super::*;
use crate::base::scratch::Scratch;
use crate::proto::cenc::{Key, Scheme};

/// Two seconds of H.264 with AAC, in fragments and not.
const SEEDS: [&[u8]; 2] = [
    include_bytes!("../../../tests/data/film/fragments.mp4"),
    include_bytes!("../../../tests/data/film/whole.mp4"),
];

/// A linear congruential generator, with the constants of MMIX.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound.max(1)
    }

    /// Cuts it, changes bits, or lies about a size or a count.
    fn damage(&mut self, film: &mut Vec<u8>) {
        for _ in 0..=self.below(3) {
            let at = self.below(film.len().saturating_sub(4));
            match self.below(4) {
                0 => film.truncate(self.below(film.len())),
                1 => film[at] ^= 1 << self.below(8),
                2 => film[at..at + 4].fill(0xff),
                _ => {
                    let number = [0_u32, 1, 8, 1 << 16, 1 << 31][self.below(5)];
                    film[at..at + 4].copy_from_slice(&number.to_be_bytes());
                }
            }
            if film.len() < 8 {
                return;
            }
        }
    }
}

fn secret(scheme: Scheme) -> Secret {
    let key = Key::parse("8723bd20a19f58a740c05684e699b4aa").unwrap();
    let protection = Protection { scheme, key, key_id: [3; 16], constant_iv: [9; 16] };
    Secret { protection, first_iv: 1 << 60, of: Protected::All }
}

/// Packages one film into `out` of a folder.
fn run(scratch: &Scratch, film: &[u8], secret: Option<Secret>) -> Result<Packaged, Failed> {
    let films = [scratch.write("film.mp4", film)];
    let order = Order {
        films: &films,
        ranks: &[],
        texts: &[],
        secret,
        segment: Duration::from_secs(1),
        out: &scratch.path().join("out"),
        durability: Durability::Left,
    };
    package(&order, &AtomicBool::new(false), &mut |_| ())
}

/// Bytes of all files below.
fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let size = |entry: fs::DirEntry| match entry.metadata().unwrap() {
        about if about.is_dir() => size(&entry.path()),
        about => about.len(),
    };
    entries.map(size).sum()
}

#[test]
fn fragments_and_tables_give_the_same_segments() {
    let packaged = SEEDS.map(|seed| {
        let scratch = Scratch::folder();
        let packaged = run(&scratch, seed, None).unwrap();
        assert!(!scratch.path().join("out.tmp").exists());
        packaged.film
    });
    for film in &packaged {
        let [video, audio] = [&film.videos[0], &film.audios[0]];
        assert_eq!(video.samples, 20);
        assert_eq!(video.each_lasts, Some(1024));
        assert_eq!(video.end() - video.start, 20 * 1024);
        assert_eq!(audio.codecs, "mp4a.40.2");
    }
    let bytes = |film: &Presentation| -> Vec<u64> {
        film.videos[0].segments.iter().map(|segment| segment.lasts).collect()
    };
    assert_eq!(bytes(&packaged[0]), bytes(&packaged[1]));
}

#[test]
fn what_is_damaged_is_packaged_or_refused_within_bounds() {
    let mut random = Random(15);
    let scratch = Scratch::folder();
    let out = scratch.path().join("out");
    let mut refused = 0;
    for round in 0..1000 {
        let mut film = SEEDS[round % SEEDS.len()].to_vec();
        random.damage(&mut film);
        let secret = [None, Some(Scheme::Cbcs), Some(Scheme::Cenc)][round % 3].map(secret);
        match run(&scratch, &film, secret) {
            Ok(_) => {
                // Samples may be named again and again; not more often than there are.
                assert!(size(&out) < 4_000_000, "round {round}: {}", size(&out));
                fs::remove_dir_all(&out).unwrap();
            }
            Err(failed) => {
                refused += 1;
                assert!(!failed.to_string().is_empty());
                assert!(!out.exists());
            }
        }
        assert!(!scratch.path().join("out.tmp").exists(), "round {round}: nothing is left");
    }
    assert!((100..1000).contains(&refused), "{refused} were refused");
}

#[test]
fn a_film_cut_anywhere_is_refused_or_shorter() {
    let scratch = Scratch::folder();
    let out = scratch.path().join("out");
    for cut in (0..SEEDS[0].len()).step_by(7) {
        if run(&scratch, &SEEDS[0][..cut], None).is_ok() {
            fs::remove_dir_all(&out).unwrap();
        }
        assert!(!scratch.path().join("out.tmp").exists(), "cut at {cut}");
    }
}

#[test]
fn what_is_there_is_not_overwritten_and_what_is_stopped_leaves_nothing() {
    let scratch = Scratch::folder();
    let films = [scratch.write("film.mp4", SEEDS[0])];
    let out = scratch.path().join("out");
    let order = Order {
        films: &films,
        ranks: &[],
        texts: &[],
        secret: None,
        segment: Duration::from_secs(1),
        out: &out,
        durability: Durability::Synced,
    };
    let stop = AtomicBool::new(false);
    let heard = Cell::new(0);
    let stopped = package(&order, &stop, &mut |progress| {
        assert!(progress.done <= progress.of);
        heard.set(heard.get() + 1);
        stop.store(true, Ordering::Relaxed);
    });
    assert!(matches!(stopped, Err(Failed::Stopped)), "{stopped:?}");
    assert_eq!(heard.get(), 1);
    assert!(!out.exists() && !scratch.path().join("out.tmp").exists());
    // What an earlier run left is no hindrance, and not in the result.
    fs::create_dir(scratch.path().join("out.tmp")).unwrap();
    scratch.write("out.tmp/old", b"left");
    stop.store(false, Ordering::Relaxed);
    package(&order, &stop, &mut |_| ()).unwrap();
    assert!(!out.join("old").exists());
    let again = package(&order, &stop, &mut |_| ());
    assert!(matches!(again, Err(Failed::Exists(_))), "{again:?}");
}

#[test]
fn no_two_samples_of_a_title_have_an_iv() {
    let scratch = Scratch::folder();
    run(&scratch, SEEDS[1], Some(secret(Scheme::Cenc))).unwrap();
    let mut ivs = std::collections::BTreeSet::new();
    let mut count = 0;
    for track in ["video-1", "audio-1"] {
        for number in 1.. {
            let path = scratch.path().join("out").join(track).join(format!("{number}.m4s"));
            let Ok(segment) = fs::read(path) else { break };
            let at = memchr::memmem::find(&segment, b"senc").unwrap() + 4;
            let has_parts = segment[at + 3] & 2 != 0;
            let samples = u32::from_be_bytes(segment[at + 4..at + 8].try_into().unwrap());
            let mut at = at + 8;
            for _ in 0..samples {
                ivs.insert(segment[at..at + 8].to_vec());
                count += 1;
                at += 8;
                if has_parts {
                    let parts = u16::from_be_bytes(segment[at..at + 2].try_into().unwrap());
                    at += 2 + 6 * usize::from(parts);
                }
            }
        }
    }
    assert_eq!(count, 20 + 88);
    assert_eq!(ivs.len(), count);
}
