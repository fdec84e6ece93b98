//! Streams of parts from another server, whose first byte chooses the steps they come in.
//!
//! Seeds: `tests/data/http`, the files of streams.
#![no_main]

use libfuzzer_sys::fuzz_target;
use livestream::proto::multipart::PartReader;

fuzz_target!(|input: &[u8]| {
    let Some((&step, stream)) = input.split_first() else {
        return;
    };
    for boundary in ["frame", "boundarydonotcross", "--b"] {
        let kind = format!("multipart/x-mixed-replace;boundary={boundary}");
        let Ok(mut reader) = PartReader::new(&kind, LIMIT) else {
            return;
        };
        for piece in stream.chunks(usize::from(step).max(1)) {
            reader.feed(piece);
            while let Ok(Some(part)) = reader.next_part() {
                assert!(part.body.len() <= LIMIT);
            }
        }
    }
});

const LIMIT: usize = 1024;
