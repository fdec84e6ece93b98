//! What the page does in real browsers, without a screen, on the real server.
//!
//! Each window also checks, whatever its test is about, that the page reported no error, broke
//! no policy and asked no other host for anything.

mod axe;
mod browser;
mod window;

mod accessibility;
mod accounts;
mod broadcast;
mod chat;
mod connect;
mod controls;
mod donate;
mod elsewhere;
mod film;
mod filters;
mod keyboard;
mod library;
mod phone;
mod picture;
mod plain;
mod rooms;
mod screens;
mod shots;
mod sizes;
mod styleguide;
mod trouble;
mod trust;
mod uploads;
mod view;
mod windows;

use crate::common::server::Server;
use browser::{Browser, Person};
use window::Window;

/// A window in which the picture is live.
#[track_caller]
fn watch(browser: &Browser, server: &Server) -> Window {
    let window = browser.window();
    window.goto(&server.url("/"));
    is_live(&window);
    window
}

/// Waits until the picture is live.
#[track_caller]
fn is_live(window: &Window) {
    window.wait("probe.hasPicture() && document.getElementById('status').innerText === 'LIVE'");
}

/// Waits until a setting of this window's viewer is what the server has.
#[track_caller]
fn has(window: &Window, setting: &str) {
    window.wait(&format!("(await probe.state()).viewer.{setting}"));
}

/// Runs a test in each of these browsers: `in_browsers!(name_of_the_function: chromium, firefox);`
macro_rules! in_browsers {
    ($test:ident: $($browser:ident),+) => {
        mod $test {
            $(
                #[test]
                fn $browser() {
                    super::$test(&super::Browser::$browser());
                }
            )+
        }
    };
}
use in_browsers;
