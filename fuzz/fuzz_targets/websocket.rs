//! Frames of a WebSocket's client; the steps they come in must make no difference.
//!
//! Seeds: none are needed, as a frame is short.
#![no_main]

use libfuzzer_sys::fuzz_target;
use livestream::proto::websocket::{Event, Limits, Session};

fuzz_target!(|input: &[u8]| {
    let whole = hear(input, input.len().max(1));
    for step in [1, 3] {
        assert_eq!(hear(input, step), whole);
    }
    let (heard, said, _) = &whole;
    for event in heard {
        match event {
            Event::Text(text) => assert!(text.len() <= LIMITS.message),
            Event::Binary(bytes) => assert!(bytes.len() <= LIMITS.message),
            Event::Alive => {}
        }
    }
    // A pong for each ping, and one goodbye of few words.
    assert!(said.len() <= input.len() + 64);
});

/// What was heard and said, and whether it is over.
fn hear(input: &[u8], step: usize) -> (Vec<Event>, Vec<u8>, bool) {
    let mut session = Session::new(LIMITS);
    let mut heard = Vec::new();
    for piece in input.chunks(step) {
        session.feed(piece);
        while let Some(event) = session.next() {
            heard.push(event);
        }
    }
    let said = std::mem::take(session.outgoing());
    (heard, said, session.is_over())
}

const LIMITS: Limits = Limits { message: 64, binary: true };
