//! What comes back from a provider by way of a browser: the cookie, and the query of the address.
//!
//! Seeds: `tests/data/sign_in`.
#![no_main]

use std::time::{Duration, UNIX_EPOCH};

use libfuzzer_sys::fuzz_target;
use livestream::oidc::{FIELDS, Flow, Newcomer, Purpose, Returned, Sealer};
use livestream::proto::http::form;

fuzz_target!(|input: &[u8]| {
    let (sealer, now) = (Sealer::new(), UNIX_EPOCH + Duration::from_secs(1_000_000));
    let text = String::from_utf8_lossy(input);
    assert!(
        Flow::open(&sealer, &text, now).is_none() && Newcomer::open(&sealer, &text, now).is_none()
    );
    let flow = Flow {
        provider: text.chars().take(40).collect(),
        purpose: Purpose::Link(7),
        state: "state".to_owned(),
        nonce: text.to_string(),
        verifier: String::new(),
        next: text.to_string(),
        begun: now,
    };
    let sealed = flow.seal(&sealer);
    assert_eq!(Flow::open(&sealer, &sealed, now).as_ref(), Some(&flow));
    let Ok(fields) = form::pick(input, &FIELDS) else { return };
    let fields: Vec<_> = fields.into_iter().collect();
    let returned = Returned::of(&fields);
    if let Ok(code) = flow.accepts(&returned, &flow.provider, "https://id.example", true) {
        assert!(returned.state == "state" && returned.error.is_none() && !code.is_empty());
        assert_eq!(returned.issuer.as_deref(), Some("https://id.example"));
    }
});
