//! The state in the sections in which pages are told of it: what a room's people share is put
//! together once for all of them.
//!
//! Knows neither what a section says nor who is told.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde_json::Value;

/// A section as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) name: &'static str,
    /// JSON.
    pub(super) text: Arc<str>,
}

/// A section, and by what it is known again.
#[derive(Debug, Clone)]
pub(super) struct Printed {
    pub(super) told: Told,
    pub(super) prints: Prints,
}

/// What a section is, but for what passes and moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Prints {
    /// Without what moves, and without what passes.
    pub(super) steady: u64,
    /// Without what passes.
    pub(super) moving: u64,
}

/// The sections that the people of a room share, by the number of their crowd, kept for as long as
/// a look lasts.
#[derive(Default)]
pub(super) struct Newsroom(Mutex<HashMap<u32, Edition>>);

/// The sections of a room, and when they were put together.
type Edition = (Instant, Arc<[Printed]>);

impl Newsroom {
    /// Those of a room, which are made anew if they are old.
    pub(super) fn of(
        &self,
        room: u32,
        now: Instant,
        make: impl FnOnce() -> Vec<(&'static str, Value)>,
    ) -> Arc<[Printed]> {
        let is_new = |(at, _): &&Edition| now < *at + KEPT;
        if let Some((_, sections)) = self.0.lock().get(&room).filter(is_new) {
            return Arc::clone(sections);
        }
        // Not under the lock: what makes them has locks of its own.
        let sections: Arc<[Printed]> = make().into_iter().map(Printed::of).collect();
        let mut rooms = self.0.lock();
        // Another lane may have been faster, and may know more.
        if rooms.get(&room).is_none_or(|(at, _)| *at <= now) {
            // Those of rooms that were closed go with all others that are old.
            rooms.retain(|_, (at, _)| now < *at + KEPT);
            rooms.insert(room, (now, Arc::clone(&sections)));
        }
        sections
    }

    /// What was put together before something was done is old.
    pub(super) fn forget(&self, room: u32) {
        self.0.lock().remove(&room);
    }
}

impl Printed {
    /// Writes a section.
    pub(super) fn of((name, mut section): (&'static str, Value)) -> Self {
        let text = section.to_string().into();
        strip(&mut section, &PASSING);
        let moving = hash(&section);
        strip(&mut section, &MOVING);
        Printed { told: Told { name, text }, prints: Prints { moving, steady: hash(&section) } }
    }
}

/// Takes fields out of a section, and out of what stands in it.
fn strip(value: &mut Value, names: &[&str]) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !names.contains(&name.as_str()));
            fields.values_mut().for_each(|value| strip(value, names));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| strip(value, names)),
        _ => {}
    }
}

fn hash(value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Time that passes: as of the moment when its section is told.
const PASSING: [&str; 5] = ["uptime_s", "since_s", "age_s", "donating_s", "clock_ms"];
/// What is another each time that it is looked at.
const MOVING: [&str; 11] = [
    "sent_bits_per_sec",
    "share_bits_per_sec",
    "bits_per_sec",
    "fps",
    "frames",
    "broken",
    "latency_ms",
    "skipped",
    "motion",
    "gaming_quality",
    "limited_by",
];
const KEPT: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn prints(value: Value) -> Prints {
        Printed::of(("viewer", value)).prints
    }

    #[test]
    fn time_that_passes_makes_nothing_new() {
        let at = |seconds: f64| prints(json!([{ "id": 1, "age_s": seconds }]));
        assert_eq!(at(1.0), at(2.0));
    }

    #[test]
    fn what_moves_and_what_happens_are_told_apart() {
        let at = |quality: u8, fps: f64| prints(json!({ "quality": quality, "fps": fps }));
        assert_eq!(at(50, 29.9).steady, at(50, 30.0).steady);
        assert_ne!(at(50, 29.9).moving, at(50, 30.0).moving);
        assert_ne!(at(50, 30.0).steady, at(95, 30.0).steady);
    }
}
