//! Forms with files in them, whose first byte chooses the steps they come in: what they hold is the
//! same in any steps, and as long as what came at most.
//!
//! Seeds: `tests/data/http`, the bodies of forms, with a byte before them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use livestream::proto::multipart::{Event, FormReader};

fuzz_target!(|input: &[u8]| {
    let Some((&step, body)) = input.split_first() else { return };
    for boundary in ["b", "------------------------e7c7824bf11a9587"] {
        let whole = read(boundary, body, body.len().max(1));
        let stepped = read(boundary, body, usize::from(step).max(1));
        // Of what is broken no more is the same than that it is.
        match (whole, stepped) {
            (Some(whole), Some(stepped)) => assert_eq!(whole, stepped),
            (None, None) => {}
            other => panic!("{other:?}"),
        }
    }
});

/// The form's events, with the content of each field in one piece; `None` if it is none.
fn read(boundary: &str, body: &[u8], step: usize) -> Option<Vec<Event>> {
    let kind = format!("multipart/form-data; boundary={boundary}");
    let mut reader = FormReader::new(&kind).expect("a good boundary");
    let (mut events, mut content) = (Vec::new(), Vec::new());
    for piece in body.chunks(step) {
        reader.feed(piece);
        while let Some(event) = reader.next_event().ok()? {
            match event {
                Event::Content(more) => content.extend_from_slice(&more),
                event => {
                    assert!(content.len() <= body.len());
                    events.push(Event::Content(std::mem::take(&mut content)));
                    events.push(event);
                }
            }
        }
    }
    Some(events)
}
