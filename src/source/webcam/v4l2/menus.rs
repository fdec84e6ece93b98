//! Reads the names of a menu's values.
//!
//! `linuxvideo` does, and panics where a name is not UTF-8 or has no end. Such a name is caught, and
//! goes by its number; nothing of that comes into the log.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use linuxvideo::Device;
use linuxvideo::controls::{ControlDesc, CtrlType};

use crate::source::webcam::identity::visible;

/// A menu of names.
pub(super) struct Menu {
    /// The lowest and the highest value, by which it is known again.
    pub(super) ends: (i32, i32),
    /// Values with their names.
    pub(super) items: Vec<(i32, String)>,
}

/// The menus of a device in the order of its controls, of `most` controls at the most.
pub(super) fn menus(device: &Device, most: u32) -> Vec<Menu> {
    let controls = device.controls().take(most as usize).map_while(Result::ok);
    let menus = controls.filter(|control| control.control_type() == CtrlType::MENU);
    menus.map(|control| menu(device, &control, most)).collect()
}

fn menu(device: &Device, control: &ControlDesc, most: u32) -> Menu {
    let ends = (control.minimum(), control.maximum());
    let is_short = ends.0 >= 0 && i64::from(ends.1) - i64::from(ends.0) < most.into();
    if !is_short {
        return Menu { ends, items: Vec::new() };
    }
    let items = device.enumerate_menu(control).map_while(Result::ok).map(|item| {
        let name = quietly(|| visible(item.name()));
        (item.index() as i32, name.unwrap_or_else(|| "?".to_owned()))
    });
    Menu { ends, items: items.collect() }
}

/// What `work` gives, `None` if it panics, of which nothing is printed.
fn quietly<T>(work: impl FnOnce() -> T) -> Option<T> {
    thread_local!(static QUIET: Cell<bool> = const { Cell::new(false) });
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |panic| {
            if !QUIET.get() {
                usual(panic);
            }
        }));
    });
    QUIET.set(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    QUIET.set(false);
    done.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_nothing_and_what_follows_is_heard() {
        assert_eq!(quietly(|| 7), Some(7));
        assert_eq!(quietly(|| -> u8 { panic!("as a library does") }), None);
        assert_eq!(quietly(|| 8), Some(8));
    }
}
