//! What can be set on a camera: brightness, exposure, the frequency of the mains.
//!
//! Pure: names and values as typed are led to numbers, by what a camera says of its controls.
//! Sets nothing itself.

use std::fmt;
use std::str::FromStr;

use super::mains::Mains;

/// One `--control NAME=VALUE`, as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlSetting {
    name: String,
    value: String,
}

impl FromStr for ControlSetting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let takes = || {
            "takes a name and a value, as in brightness=128 (--list-cameras has the names)"
                .to_owned()
        };
        let (name, value) = text.split_once('=').ok_or_else(takes)?;
        let (name, value) = (plain(name), value.trim().to_owned());
        if name.is_empty() || value.is_empty() {
            return Err(takes());
        }
        Ok(Self { name, value })
    }
}

/// What to set on a camera whenever it is opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Set as they are typed, one after the other.
    pub named: Vec<ControlSetting>,
    /// What lamps flicker with here.
    pub mains: Option<Mains>,
}

impl Settings {
    /// What to set on a camera with these controls, in this order, and what is wrong with what was
    /// typed.
    pub(super) fn resolved<'a>(
        &self,
        controls: &'a [Control],
    ) -> (Vec<(&'a Control, i32)>, Vec<String>) {
        let (mut values, mut faults) = (Vec::new(), Vec::new());
        for setting in &self.named {
            let control = controls.iter().find(|control| control.name == setting.name);
            match control {
                None => faults.push(unknown(&setting.name, controls)),
                Some(control) => match control.value_of(&setting.value) {
                    Ok(value) => values.push((control, value)),
                    Err(fault) => faults.push(fault),
                },
            }
        }
        let flicker = controls.iter().find(|control| control.id == POWER_LINE_FREQUENCY);
        let named = |control: &Control| self.named.iter().any(|named| named.name == control.name);
        if let (Some(mains), Some(control)) = (self.mains, flicker.filter(|&of| !named(of)))
            && let Some(value) = control.flicker_value(mains)
        {
            values.push((control, value));
        }
        (values, faults)
    }
}

/// A control of a camera.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// V4L2's number of it.
    pub(super) id: u32,
    /// Its name in lower case, words joined by `_`, as `v4l2-ctl` has it.
    pub name: String,
    /// What sort of value it takes.
    pub sort: Sort,
    /// The lowest value.
    pub least: i32,
    /// The highest.
    pub most: i32,
    /// What it is when nobody sets it.
    pub default: i32,
    /// What it is now, if that can be read.
    pub value: Option<i32>,
    /// The names of a menu's values.
    pub items: Vec<(i32, String)>,
    /// It can't be set.
    pub read_only: bool,
}

/// What sort of value a control takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// A whole number.
    Number,
    /// 0 or 1.
    Switch,
    /// Any of several bits.
    Bits,
    /// One of several.
    Menu,
    /// None: to set it does something.
    Button,
}

impl Control {
    fn value_of(&self, text: &str) -> Result<i32, String> {
        if self.read_only {
            return Err(format!("{} can only be read", self.name));
        }
        let refused = || format!("{} takes {}, not `{text}`", self.name, self.takes());
        let value = match self.sort {
            Sort::Button => return Ok(1),
            Sort::Switch => match text.to_ascii_lowercase().as_str() {
                "on" | "true" | "yes" => Some(1),
                "off" | "false" | "no" => Some(0),
                _ => number(text),
            },
            Sort::Menu => {
                let named = |(_, name): &&(i32, String)| plain(name) == plain(text);
                let item = self.items.iter().find(named).map(|(value, _)| *value);
                // `50` is a number, and no short form of `50 Hz`.
                number(text).or(item)
            }
            Sort::Number | Sort::Bits => number(text),
        };
        let listed =
            |value: &i32| self.items.is_empty() || self.items.iter().any(|(item, _)| item == value);
        let fits = |value: &i32| match self.sort {
            Sort::Bits => value & !self.most == 0,
            _ => (self.least..=self.most).contains(value),
        };
        value.filter(fits).filter(listed).ok_or_else(refused)
    }

    /// The value for lamps of this frequency: nobody has set another. A camera that finds out by
    /// itself needs lamps for that, and time; the place knows at once.
    fn flicker_value(&self, mains: Mains) -> Option<i32> {
        let value = match mains {
            Mains::Hz50 => 1,
            Mains::Hz60 => 2,
        };
        let untouched = self.value == Some(self.default) || self.value == Some(AUTO);
        (untouched && !self.read_only && self.value != Some(value))
            .then_some(value)
            .filter(|value| (self.least..=self.most).contains(value))
    }

    fn takes(&self) -> String {
        match self.sort {
            Sort::Button => "any value".to_owned(),
            Sort::Menu if !self.items.is_empty() => {
                let items: Vec<String> =
                    self.items.iter().map(|(value, name)| format!("{value} ({name})")).collect();
                items.join(", ")
            }
            Sort::Switch => "0 (off) or 1 (on)".to_owned(),
            Sort::Bits => format!("bits of {:#x}", self.most),
            _ => format!("{} to {}", self.least, self.most),
        }
    }
}

/// A line for a terminal.
impl fmt::Display for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<28} {}", self.name, self.takes())?;
        if self.sort == Sort::Button {
            return Ok(());
        }
        let told = |value: i32| match self.sort {
            Sort::Bits => format!("{value:#x}"),
            _ => value.to_string(),
        };
        if let Some(value) = self.value {
            write!(f, "; now {}", told(value))?;
        }
        if self.value != Some(self.default) {
            write!(f, "; default {}", told(self.default))?;
        }
        if self.read_only { f.write_str("; can only be read") } else { Ok(()) }
    }
}

/// Words of letters and digits in lower case, joined by `_`.
pub(super) fn plain(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("_")
}

fn number(text: &str) -> Option<i32> {
    match text.strip_prefix("0x") {
        // Of bits the highest is the sign.
        Some(digits) => u32::from_str_radix(digits, 16).ok().map(u32::cast_signed),
        None => text.parse().ok(),
    }
}

fn unknown(name: &str, controls: &[Control]) -> String {
    let all: Vec<&str> = controls.iter().map(|control| control.name.as_str()).collect();
    if all.is_empty() {
        format!("it has no control `{name}`, nor any other")
    } else {
        format!("it has no control `{name}`; there are {}", all.join(", "))
    }
}

/// `V4L2_CID_POWER_LINE_FREQUENCY`: 0 off, 1 for 50 Hz, 2 for 60 Hz, 3 automatic.
const POWER_LINE_FREQUENCY: u32 = 0x0098_0918;
const AUTO: i32 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    fn brightness() -> Control {
        Control {
            id: 0x0098_0900,
            name: "brightness".into(),
            sort: Sort::Number,
            least: -64,
            most: 64,
            default: 0,
            value: Some(0),
            items: Vec::new(),
            read_only: false,
        }
    }

    fn flicker(default: i32, value: i32) -> Control {
        let names = ["Disabled", "50 Hz", "60 Hz", "Auto"];
        Control {
            id: POWER_LINE_FREQUENCY,
            name: "power_line_frequency".into(),
            sort: Sort::Menu,
            least: 0,
            most: 3,
            default,
            value: Some(value),
            items: (0..).zip(names.map(str::to_owned)).collect(),
            ..brightness()
        }
    }

    fn auto() -> Control {
        let name = "white_balance_automatic".into();
        Control { id: 0x0098_090c, name, sort: Sort::Switch, least: 0, most: 1, ..brightness() }
    }

    /// What is set, by name, and what is said.
    fn resolved(
        typed: &[&str],
        mains: Option<Mains>,
        controls: &[Control],
    ) -> (Vec<(String, i32)>, Vec<String>) {
        let named = typed.iter().map(|text| text.parse().unwrap()).collect();
        let settings = Settings { named, mains };
        let (values, faults) = settings.resolved(controls);
        (values.into_iter().map(|(control, value)| (control.name.clone(), value)).collect(), faults)
    }

    #[test]
    fn a_setting_is_a_name_and_a_value() {
        for wrong in ["", "brightness", "=3", "brightness=", " = "] {
            assert!(wrong.parse::<ControlSetting>().unwrap_err().contains("brightness=128"));
        }
        let typed: ControlSetting = "White Balance, Automatic=off".parse().unwrap();
        assert_eq!((typed.name.as_str(), typed.value.as_str()), ("white_balance_automatic", "off"));
    }

    #[test]
    fn values_are_numbers_words_and_items_and_stay_in_order() {
        let controls = [brightness(), auto(), flicker(3, 3)];
        let typed = [
            "white_balance_automatic=off",
            "brightness=-64",
            "power_line_frequency=60 Hz",
            "power_line_frequency=1",
            "brightness=0x10",
        ];
        let (values, faults) = resolved(&typed, Some(Mains::Hz60), &controls);
        assert_eq!(faults, Vec::<String>::new());
        let expected = [
            ("white_balance_automatic", 0),
            ("brightness", -64),
            ("power_line_frequency", 2),
            ("power_line_frequency", 1),
            ("brightness", 16),
        ];
        assert_eq!(values, expected.map(|(name, value)| (name.to_owned(), value)));
    }

    #[test]
    fn what_is_wrong_is_told_with_what_there_is() {
        let controls = [
            brightness(),
            auto(),
            flicker(3, 3),
            Control { read_only: true, name: "privacy".into(), ..auto() },
        ];
        for (typed, told) in [
            (
                "brightnes=1",
                "it has no control `brightnes`; there are brightness, white_balance_automatic, power",
            ),
            ("brightness=65", "brightness takes -64 to 64, not `65`"),
            ("brightness=bright", "brightness takes -64 to 64, not `bright`"),
            ("brightness=99999999999", "brightness takes -64 to 64, not `99999999999`"),
            (
                "white_balance_automatic=2",
                "white_balance_automatic takes 0 (off) or 1 (on), not `2`",
            ),
            (
                "power_line_frequency=50",
                "power_line_frequency takes 0 (Disabled), 1 (50 Hz), 2 (60 Hz), 3 (Auto), not `50`",
            ),
            ("privacy=1", "privacy can only be read"),
        ] {
            let (values, faults) = resolved(&[typed], None, &controls);
            assert!(values.is_empty() && faults.len() == 1, "{faults:?}");
            assert!(faults[0].starts_with(told), "{}", faults[0]);
        }
        let (_, faults) = resolved(&["gain=1"], None, &[]);
        assert_eq!(faults, ["it has no control `gain`, nor any other"]);
    }

    #[test]
    fn lamps_are_followed_where_nobody_and_nothing_else_does() {
        let set = |typed: &[&str], mains, control| resolved(typed, mains, &[control]).0;
        let to = |value| vec![("power_line_frequency".to_owned(), value)];
        assert_eq!(set(&[], Some(Mains::Hz50), flicker(2, 2)), to(1));
        assert_eq!(set(&[], Some(Mains::Hz60), flicker(1, 1)), to(2));
        assert_eq!(set(&[], Some(Mains::Hz60), flicker(0, 0)), to(2));
        assert_eq!(set(&[], Some(Mains::Hz50), flicker(1, 1)), [], "it stands so already");
        assert_eq!(set(&[], Some(Mains::Hz50), flicker(3, 3)), to(1), "it would guess");
        assert_eq!(set(&[], Some(Mains::Hz60), flicker(1, 3)), to(2), "somebody lets it guess");
        assert_eq!(set(&[], None, flicker(3, 3)), [], "it guesses better than nobody");
        assert_eq!(set(&[], Some(Mains::Hz50), flicker(2, 0)), [], "somebody has set it");
        assert_eq!(set(&[], None, flicker(2, 2)), [], "nobody knows where this is");
        let named = ["power_line_frequency=0"];
        assert_eq!(set(&named, Some(Mains::Hz50), flicker(2, 2)), to(0), "it was named");
        let without = Control { most: 1, ..flicker(0, 0) };
        assert_eq!(set(&[], Some(Mains::Hz60), without), []);
    }

    #[test]
    fn bits_are_those_of_a_mask_and_the_highest_is_no_sign() {
        let most = 0x8040_0010_u32.cast_signed();
        let mask = Control { sort: Sort::Bits, most, least: 0, ..brightness() };
        assert_eq!(mask.to_string(), "brightness                   bits of 0x80400010; now 0x0");
        let set = |typed: &str| resolved(&[typed], None, std::slice::from_ref(&mask)).0;
        let high = 0x8000_0010_u32.cast_signed();
        assert_eq!(set("brightness=0x80000010"), [("brightness".to_owned(), high)]);
        assert_eq!(set("brightness=16"), [("brightness".to_owned(), 16)]);
        for wrong in ["brightness=1", "brightness=0x11", "brightness=0x180000000", "brightness=-1"]
        {
            assert_eq!(set(wrong), [], "{wrong}");
        }
    }

    #[test]
    fn a_control_is_a_line_with_range_and_value() {
        let line = |control: &Control| control.to_string();
        assert_eq!(line(&brightness()), "brightness                   -64 to 64; now 0");
        let moved = Control { value: Some(3), ..brightness() };
        assert_eq!(line(&moved), "brightness                   -64 to 64; now 3; default 0");
        assert_eq!(
            line(&flicker(1, 1)),
            "power_line_frequency         0 (Disabled), 1 (50 Hz), 2 (60 Hz), 3 (Auto); now 1"
        );
    }
}
