//! What servers ask who we are, and the answers.
//!
//! Seeds: `tests/data/auth`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use livestream::proto::auth::{Covered, Next, Visit, Who, parse_challenges, parse_parameters};

fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    for line in text.lines() {
        assert!(parse_challenges(line).len() <= 16);
        assert!(parse_parameters(line).len() <= 32);
    }
    let mut visit = Visit::of(Some(Who::of_userinfo("user:password")));
    let request = Covered { method: "GET", uri: "/", body: input };
    // Whatever is said, it ends.
    let mut refusals = 0;
    while visit.refused(text.lines(), "c") == Next::Again {
        refusals += 1;
        assert!(refusals < 5);
        if let Some(said) = visit.authorization(request) {
            assert!(!said.contains(['\r', '\n']) && !said.contains("password"));
        }
    }
    visit.accepted(text.lines().next());
});
