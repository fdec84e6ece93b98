//! Who a viewer is and what it can set: plain values, and the one rule that locks.

use std::fmt;
use std::str::FromStr;

use super::level::Choice;
use crate::media::filter::Filter;

/// 128 random bits that a browser sends back as the cookie `viewer`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ViewerId(u128);

impl ViewerId {
    /// An id of these bits.
    pub fn from_bits(bits: u128) -> Self {
        Self(bits)
    }

    /// Its bits.
    pub fn to_bits(self) -> u128 {
        self.0
    }

    /// An id that nobody has or can guess.
    pub fn random() -> Self {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).expect("the system has random numbers");
        Self(u128::from_be_bytes(bytes))
    }
}

impl fmt::Display for ViewerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for ViewerId {
    /// Shows only the first digits: who knows the whole id can act as the viewer.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}…", self.0 >> 96)
    }
}

/// The text is not 32 hexadecimal digits in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAViewerId;

impl FromStr for ViewerId {
    type Err = NotAViewerId;

    fn from_str(text: &str) -> Result<Self, NotAViewerId> {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() != 32 || !text.bytes().all(digit) {
            return Err(NotAViewerId);
        }
        u128::from_str_radix(text, 16).map(Self).map_err(|_| NotAViewerId)
    }
}

/// Who sets the quality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// The choice.
    #[default]
    Home,
    /// Motion; the choice is locked.
    Gaming,
}

impl Mode {
    /// As requests and `/state` have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Mode::Home => "home",
            Mode::Gaming => "gaming",
        }
    }
}

/// What a viewer can set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settings {
    /// The quality that it asks for.
    pub choice: Choice,
    /// Who sets the quality.
    pub mode: Mode,
    /// Whether nothing is sent.
    pub paused: bool,
    /// What is done to its pictures.
    pub filter: Filter,
}

/// A change of some settings; `None` leaves one as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Change {
    /// See [`Settings::choice`].
    pub choice: Option<Choice>,
    /// See [`Settings::mode`].
    pub mode: Option<Mode>,
    /// See [`Settings::paused`].
    pub paused: Option<bool>,
    /// See [`Settings::filter`].
    pub filter: Option<Filter>,
}

/// The choice is locked, because motion sets the quality.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Locked;

impl Settings {
    /// The settings after a change.
    ///
    /// # Errors
    ///
    /// [`Locked`] if a choice is made in gaming mode and the change does not leave it.
    pub fn changed(self, change: Change) -> Result<Settings, Locked> {
        let mode = change.mode.unwrap_or(self.mode);
        if change.choice.is_some() && mode == Mode::Gaming {
            return Err(Locked);
        }
        Ok(Settings {
            choice: change.choice.unwrap_or(self.choice),
            mode,
            paused: change.paused.unwrap_or(self.paused),
            filter: change.filter.unwrap_or(self.filter),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_32_digits_and_no_others() {
        let id = ViewerId::from_bits(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in ["", "0123", &"g".repeat(32), &"A".repeat(32), &"0".repeat(33)] {
            assert_eq!(text.parse::<ViewerId>(), Err(NotAViewerId), "{text:?}");
        }
    }

    #[test]
    fn gaming_mode_locks_the_choice_until_it_is_left() {
        let settings = Settings { mode: Mode::Gaming, ..Settings::default() };
        let low = Change { choice: Some(Choice::Low), ..Change::default() };
        assert_eq!(settings.changed(low), Err(Locked));
        let home = Change { mode: Some(Mode::Home), ..low };
        assert_eq!(settings.changed(home).map(|settings| settings.choice), Ok(Choice::Low));
        let at_once = Change { mode: Some(Mode::Gaming), ..low };
        assert_eq!(Settings::default().changed(at_once), Err(Locked));
    }
}
