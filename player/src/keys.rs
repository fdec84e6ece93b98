//! What keys mean.
//!
//! Pure: egui's events come in. A key that is held down counts once, so that a
//! server is not flooded with seeks.

use eframe::egui::{Event, Key, Modifiers};

use super::model::Action;

/// What was asked for by keyboard.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Wish {
    /// Something about the session.
    Act(Action),
    /// The picture alone, or no longer.
    FullScreen,
    /// Close what is open: dialog, full screen, or trouble.
    Back,
    /// The dialog's answer: quit.
    Confirm,
    /// End the program.
    Quit,
}

/// What `events` ask for. With the keyboard on a button, Space and Enter press that.
pub(super) fn wishes(events: &[Event], has_focus: bool) -> Vec<Wish> {
    let pressed = events.iter().filter_map(|event| match event {
        Event::Key { key, pressed: true, repeat: false, modifiers, .. } => Some((*key, *modifiers)),
        _ => None,
    });
    pressed.filter_map(|(key, modifiers)| wish(key, modifiers, has_focus)).collect()
}

fn wish(key: Key, modifiers: Modifiers, has_focus: bool) -> Option<Wish> {
    if modifiers.command {
        return matches!(key, Key::Q | Key::W).then_some(Wish::Quit);
    }
    match key {
        Key::Space if !has_focus => Some(Wish::Act(Action::Toggle)),
        Key::Enter if !has_focus => Some(Wish::Confirm),
        Key::ArrowLeft => Some(Wish::Act(Action::Skip(-STEP_SECONDS))),
        Key::ArrowRight => Some(Wish::Act(Action::Skip(STEP_SECONDS))),
        Key::F | Key::F11 => Some(Wish::FullScreen),
        Key::Escape => Some(Wish::Back),
        _ => None,
    }
}

const STEP_SECONDS: i8 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    fn key(key: Key, repeat: bool, modifiers: Modifiers) -> Event {
        Event::Key { key, physical_key: None, pressed: true, repeat, modifiers }
    }

    #[test]
    fn keys_mean_what_the_help_says() {
        let plain = |name| wishes(&[key(name, false, Modifiers::NONE)], false);
        assert_eq!(plain(Key::Space), [Wish::Act(Action::Toggle)]);
        assert_eq!(plain(Key::ArrowLeft), [Wish::Act(Action::Skip(-5))]);
        assert_eq!(plain(Key::ArrowRight), [Wish::Act(Action::Skip(5))]);
        assert_eq!(plain(Key::F), [Wish::FullScreen]);
        assert_eq!(plain(Key::Escape), [Wish::Back]);
        assert_eq!(plain(Key::Q), []);
        let quit = key(Key::Q, false, Modifiers::CTRL | Modifiers::COMMAND);
        assert_eq!(wishes(&[quit], false), [Wish::Quit]);
    }

    #[test]
    fn a_held_key_counts_once_and_a_focused_button_has_its_own() {
        assert_eq!(wishes(&[key(Key::ArrowRight, true, Modifiers::NONE)], false), []);
        assert_eq!(wishes(&[key(Key::Space, false, Modifiers::NONE)], true), []);
    }
}
