//! A film's head, its fragments and its tables: bounded, and every sample where it says.
//!
//! Seeds: `tests/data/film`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use livestream::proto::boxes::Walk;
use livestream::proto::fmp4::fragment;
use livestream::proto::fmp4::movie::Movie;

fuzz_target!(|input: &[u8]| {
    let mut walk = Walk::new(0, input.len() as u64);
    let mut film = None;
    while let Some(part) = walk.next(&mut { input }) {
        let content = &input[part.start as usize..part.end as usize];
        match &part.kind {
            b"moov" => film = Movie::parse(content).ok().map(|movie| (content, movie)),
            b"moof" => {
                let Some((_, movie)) = &film else { continue };
                for track in &movie.tracks {
                    let mut samples = Vec::new();
                    let _ = fragment::read(content, part.at, track, 0, &mut samples);
                    assert!(samples.len() <= 100_000);
                }
            }
            _ => {}
        }
    }
    let Some((moov, movie)) = film else { return };
    for track in &movie.tracks {
        let mut cursor = track.table.cursor(moov);
        let mut last = 0;
        for _ in 0..100_000 {
            let Ok(Some(sample)) = cursor.next(moov) else { break };
            assert!(sample.decoded >= last);
            last = sample.decoded;
        }
    }
});
