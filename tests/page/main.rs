//! What the page does in a real browser: Chromium, without a screen, on the real server.
//!
//! Each window also checks, whatever its test is about, that the page reported no error, broke
//! no policy and asked no other host for anything.

#[path = "../common/mod.rs"]
mod common;

mod browser;
mod devtools;
mod window;

mod connect;
mod controls;
mod donate;
mod keyboard;
mod phone;
mod picture;
mod plain;
mod shots;
mod trouble;
mod view;
mod windows;

use browser::Browser;
use common::server::Server;
use window::Window;

/// A window in which the picture is live.
#[track_caller]
fn watch<'a>(browser: &'a Browser, server: &Server) -> Window<'a> {
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
