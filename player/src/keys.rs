//! What keys mean.
//!
//! Pure: egui's events come in. A key that is held down counts once, so that a
//! server is not flooded with seeks.

use eframe::egui::{Event, Key, Modifiers};

use super::model::Action;

/// What was asked for by keyboard.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Command {
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
pub(super) fn commands(events: &[Event], has_focus: bool) -> Vec<Command> {
    let pressed = events.iter().filter_map(|event| match event {
        Event::Key { key, pressed: true, repeat: false, modifiers, .. } => Some((*key, *modifiers)),
        _ => None,
    });
    pressed.filter_map(|(key, modifiers)| command(key, modifiers, has_focus)).collect()
}

fn command(key: Key, modifiers: Modifiers, has_focus: bool) -> Option<Command> {
    if modifiers.command {
        return matches!(key, Key::Q | Key::W).then_some(Command::Quit);
    }
    match key {
        Key::Space if !has_focus => Some(Command::Act(Action::Toggle)),
        Key::Enter if !has_focus => Some(Command::Confirm),
        Key::ArrowLeft => Some(Command::Act(Action::Skip(-STEP_SECONDS))),
        Key::ArrowRight => Some(Command::Act(Action::Skip(STEP_SECONDS))),
        Key::F | Key::F11 => Some(Command::FullScreen),
        Key::Escape => Some(Command::Back),
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
        let plain = |name| commands(&[key(name, false, Modifiers::NONE)], false);
        assert_eq!(plain(Key::Space), [Command::Act(Action::Toggle)]);
        assert_eq!(plain(Key::ArrowLeft), [Command::Act(Action::Skip(-5))]);
        assert_eq!(plain(Key::ArrowRight), [Command::Act(Action::Skip(5))]);
        assert_eq!(plain(Key::F), [Command::FullScreen]);
        assert_eq!(plain(Key::Escape), [Command::Back]);
        assert_eq!(plain(Key::Q), []);
        let quit = key(Key::Q, false, Modifiers::CTRL | Modifiers::COMMAND);
        assert_eq!(commands(&[quit], false), [Command::Quit]);
    }

    #[test]
    fn a_held_key_counts_once_and_a_focused_button_has_its_own() {
        assert_eq!(commands(&[key(Key::ArrowRight, true, Modifiers::NONE)], false), []);
        assert_eq!(commands(&[key(Key::Space, false, Modifiers::NONE)], true), []);
    }
}
