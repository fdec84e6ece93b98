//! The settings that a host may see and change, who said them, and what it takes until they hold.

use super::Parts;
use crate::base::system;
use crate::config::{Key, Origins, Where};
use crate::live::bandwidth::Budget;
use crate::web::{Effect, NotChanged, SaidBy, Setting};

/// What holds, and what will.
pub(super) struct Settings(Vec<Held>);

struct Held {
    key: Key,
    said: SaidBy,
    /// What holds now.
    value: Option<String>,
    /// What holds after the next start, if that is another.
    next: Option<Option<String>>,
}

impl Settings {
    /// As the server was started.
    pub(super) fn of(origins: &Origins) -> Self {
        let held = |key: Key| Held {
            key,
            said: match origins.place(key.as_str()) {
                Where::Flag => SaidBy::Flag,
                Where::File { .. } => SaidBy::File,
                Where::Default => SaidBy::Default,
            },
            value: origins.value(key.as_str()).map(str::to_owned),
            next: None,
        };
        Self(Key::ALL.map(held).into())
    }

    pub(super) fn list(&self) -> Vec<Setting> {
        let shown = |held: &Held| Setting {
            key: held.key.as_str(),
            value: held.value.clone().or_else(|| unsaid(held.key)),
            said: held.said,
            next: held.next.clone().map(|next| or_default(held.key, next).unwrap_or_default()),
            effect: effect(held.key),
        };
        self.0.iter().map(shown).collect()
    }

    /// Finds a setting and checks what it is to be.
    ///
    /// # Errors
    ///
    /// There is none, it is fixed, or it does not take that.
    pub(super) fn check(
        &self,
        key: &str,
        value: Option<&str>,
    ) -> Result<(Key, Option<String>), NotChanged> {
        let held = self.0.iter().find(|held| held.key.as_str() == key);
        let held = held.ok_or(NotChanged::NoSuchSetting)?;
        if held.said == SaidBy::Flag {
            return Err(NotChanged::Fixed(held.key.as_str()));
        }
        let value = value.map(str::trim);
        let bad = |why| NotChanged::Value { key: held.key.as_str(), why };
        value.map_or(Ok(()), |value| held.key.check(value)).map_err(bad)?;
        Ok((held.key, value.map(str::to_owned)))
    }

    /// Takes what was said of a setting.
    pub(super) fn changed(&mut self, key: Key, value: Option<String>) {
        let Some(held) = self.0.iter_mut().find(|held| held.key == key) else { return };
        match effect(key) {
            Effect::AtOnce => {
                held.said = if value.is_some() { SaidBy::Page } else { SaidBy::Default };
                held.value = or_default(key, value);
            }
            Effect::AfterRestart => {
                let is_another =
                    or_default(key, value.clone()) != or_default(key, held.value.clone());
                held.next = is_another.then_some(value);
            }
        }
    }

    /// Whether a setting is said to be this already, or is by default what nobody says.
    pub(super) fn is(&self, key: Key, value: Option<&str>) -> bool {
        let Some(held) = self.0.iter().find(|held| held.key == key) else { return false };
        match (value, &held.next) {
            (None, next) => next.is_none() && held.said == SaidBy::Default,
            (Some(value), Some(next)) => next.as_deref() == Some(value),
            (Some(value), None) => {
                or_default(key, held.value.clone()).or_else(|| unsaid(key)).as_deref()
                    == Some(value)
            }
        }
    }

    /// What holds now.
    pub(super) fn value(&self, key: Key) -> Option<String> {
        self.0.iter().find(|held| held.key == key)?.value.clone()
    }
}

/// Has a value hold that was checked, if that can be while the server runs.
pub(super) fn take_effect(key: Key, value: Option<&str>, parts: &Parts) -> Effect {
    let Parts { audience, rooms, donate_url, clock, .. } = parts;
    match key {
        Key::Bandwidth => {
            let budget = value.and_then(|value| value.parse::<Budget>().ok());
            budget.into_iter().for_each(|budget| audience.set_budget(budget, clock.now()));
        }
        Key::MaxViewers => {
            let most = value.and_then(|value| value.parse().ok());
            most.into_iter().for_each(|most| audience.set_max_viewers(most));
        }
        Key::Title => {
            let title = value.map_or_else(system::machine_name, str::to_owned);
            rooms.default().retitle(title);
        }
        // Whoever changed it covers what it says.
        Key::Mask => {}
        Key::DonateUrl => *donate_url.write() = value.map(str::to_owned),
        Key::Size | Key::Fps | Key::MaxConnections | Key::MaxRtspSessions | Key::MaxUnread => {}
    }
    effect(key)
}

pub(super) fn effect(key: Key) -> Effect {
    match key {
        Key::Bandwidth | Key::MaxViewers | Key::Title | Key::Mask | Key::DonateUrl => {
            Effect::AtOnce
        }
        Key::Size | Key::Fps | Key::MaxConnections | Key::MaxRtspSessions | Key::MaxUnread => {
            Effect::AfterRestart
        }
    }
}

/// What holds if this is said.
fn or_default(key: Key, value: Option<String>) -> Option<String> {
    value.or_else(|| key.default_value())
}

/// What holds where nothing is said.
fn unsaid(key: Key) -> Option<String> {
    (key == Key::Title).then(system::machine_name)
}
