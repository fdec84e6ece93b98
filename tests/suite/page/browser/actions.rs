//! What a person does with mouse, finger and keys, as WebDriver says it (W3C WebDriver §15).

use serde_json::{Value, json};

/// The mouse goes to a place, and is pressed so many times.
pub(super) fn mouse(place: (f64, f64), times: u32) -> Value {
    let mut steps = vec![move_to(place)];
    for _ in 0..times {
        steps.push(json!({ "type": "pointerDown", "button": 0 }));
        steps.push(json!({ "type": "pointerUp", "button": 0 }));
    }
    pointer("mouse", &steps)
}

/// A finger touches a place.
pub(super) fn touch(place: (f64, f64)) -> Value {
    let down = json!({ "type": "pointerDown", "button": 0 });
    let up = json!({ "type": "pointerUp", "button": 0 });
    pointer("touch", &[move_to(place), down, up])
}

/// One key after the other.
pub(super) fn keys<'a>(keys: impl IntoIterator<Item = &'a str>) -> Value {
    let press = |key: &str| {
        let value = NAMED.iter().find(|(name, _)| *name == key).map_or(key, |(_, value)| value);
        [json!({ "type": "keyDown", "value": value }), json!({ "type": "keyUp", "value": value })]
    };
    let steps: Vec<_> = keys.into_iter().flat_map(press).collect();
    json!([{ "type": "key", "id": "keyboard", "actions": steps }])
}

/// The letters of a text, each as a key.
pub(super) fn letters(text: &str) -> Value {
    keys(text.split_inclusive(|_| true))
}

fn move_to((x, y): (f64, f64)) -> Value {
    // Whole pixels: not every driver takes others.
    json!({ "type": "pointerMove", "x": x.round() as i64, "y": y.round() as i64, "duration": 0 })
}

fn pointer(kind: &str, steps: &[Value]) -> Value {
    json!([{
        "type": "pointer",
        "id": kind,
        "parameters": { "pointerType": kind },
        "actions": steps,
    }])
}

/// The keys that write nothing, and WebDriver's letters for them.
const NAMED: [(&str, &str); 8] = [
    ("Tab", "\u{E004}"),
    ("Enter", "\u{E007}"),
    ("Escape", "\u{E00C}"),
    ("End", "\u{E010}"),
    ("Home", "\u{E011}"),
    ("ArrowLeft", "\u{E012}"),
    ("ArrowRight", "\u{E014}"),
    ("ArrowDown", "\u{E015}"),
];
