//! Commands on a page's socket; whatever is said, the refusal is JSON and names the command.
//!
//! Seeds: the commands in `docs/socket.md`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use livestream::web::refusal_of_command;
use serde_json::Value;

fuzz_target!(|text: &str| {
    let Some(refusal) = refusal_of_command(text) else { return };
    let refusal: Value = serde_json::from_str(&refusal).unwrap();
    assert_eq!(refusal["type"], "refused");
    assert_eq!(refusal["status"], 400);
    let id = &refusal["id"];
    let said = serde_json::from_str::<Value>(text).unwrap_or_default();
    assert!(id.is_null() || said["id"] == *id);
});
