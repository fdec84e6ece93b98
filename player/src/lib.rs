//! `livestream-player`: a window that plays RTSP, with the four methods as buttons.
//!
//! ```text
//!  rtsp client             decode                   the window's thread
//!  ┌──────────┐  newest    ┌──────────┐  newest     ┌──────────────────────┐
//!  │ sockets, ├───────────►│ JPEG to  ├────────────►│ Model → Layout → view│
//!  │ session  │  picture   │ pixels   │  picture    │   ▲                │ │
//!  └────┬─────┘  (slot)    └──────────┘  (slot)     │   └─── Action ◄────┘ │
//!       └──────────────── News (newest of each) ───►│                      │
//!                                                   └──────────────────────┘
//! ```
//!
//! | file | what |
//! | --- | --- |
//! | [`args`] | what was typed, as what to play |
//! | [`model`] | the session as the window shows it, and what a press means |
//! | [`layout`] | where everything stands |
//! | [`stats`], [`words`] | a minute of samples; numbers and times as words |
//! | [`picture`] | the decoding thread |
//! | `app`, `keys` | the window's thread: client, clock, keyboard |
//! | `view`, `list`, `plots`, `look` | what is drawn |
//!
//! Of the package `livestream` it knows the client, pictures and the grammar, and nothing of the
//! server: it plays from any.

use std::fmt;

use eframe::egui::ViewportBuilder;

mod app;
pub mod args;
mod keys;
pub mod layout;
mod list;
mod look;
pub mod model;
pub mod picture;
mod plots;
pub mod stats;
mod view;
pub mod words;

pub use args::Target;

/// Opens the window, and returns when it is closed.
///
/// # Errors
///
/// [`NoWindow`] if there is nothing to show it on.
pub fn run(target: Target) -> Result<(), NoWindow> {
    let title = format!("{} · livestream-player", target.name());
    let viewport = ViewportBuilder::default()
        .with_title(title)
        .with_app_id("livestream-player")
        .with_inner_size(layout::FIRST)
        .with_min_inner_size(layout::LEAST);
    let options = eframe::NativeOptions { viewport, ..Default::default() };
    let name = "livestream-player";
    let outcome = eframe::run_native(
        name,
        options,
        Box::new(|creation| Ok(Box::new(app::App::new(&creation.egui_ctx, target)))),
    );
    outcome.map_err(|error| {
        // Before the last colon stand places in the window library's sources.
        let words = error.to_string();
        NoWindow(words.rsplit(": ").next().unwrap_or(&words).to_owned())
    })
}

/// No window could be opened; the system's words.
#[derive(Debug)]
pub struct NoWindow(String);

impl fmt::Display for NoWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no window can be opened ({}): start it on a desktop with X11 or Wayland and OpenGL",
            self.0
        )
    }
}

impl std::error::Error for NoWindow {}
