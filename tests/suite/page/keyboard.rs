//! Every key of the list that `?` shows.

use super::{Browser, has, in_browsers, is_live, watch};
use crate::common::server::Server;

in_browsers!(every_key_does_what_the_list_says: chromium, firefox);
fn every_key_does_what_the_list_says(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = watch(browser, &server);
    for (key, choice) in [("2", "low"), ("3", "medium"), ("4", "high"), ("1", "auto")] {
        window.press(key);
        has(&window, &format!("choice === '{choice}'"));
    }
    window.press("g");
    has(&window, "mode === 'gaming'");
    window.press("h");
    has(&window, "mode === 'home'");
    window.press(" ");
    has(&window, "paused");
    window.press(" ");
    has(&window, "paused === false");
    is_live(&window);
    window.press("f");
    window.wait("Boolean(document.fullscreenElement)");
    window.press("f");
    window.wait("!document.fullscreenElement");
    for filter in ["mirror", "none"] {
        window.press("m");
        has(&window, &format!("filter === '{filter}'"));
    }
    let dialogs = [
        ("e", "filters-dialog"),
        ("d", "donate-dialog"),
        ("q", "invite-dialog"),
        ("?", "keys-dialog"),
    ];
    for (key, dialog) in dialogs {
        let is_open = format!("document.getElementById('{dialog}').open");
        window.press(key);
        window.wait(&is_open);
        // A dialog has the keys for itself.
        window.press("g");
        window.press("Escape");
        // The focus leaves what is gone with the next frame.
        window.wait(&format!("!{is_open} && !document.activeElement.closest('dialog')"));
    }
    has(&window, "mode === 'home'");
    let (_, bytes) = window.download(|| window.press("s"));
    assert!(bytes.starts_with(&[0xFF, 0xD8]));
    let listed = window.eval(
        "[...document.querySelectorAll('#keys-list kbd')].map((key) => key.textContent).join(' ')",
    );
    assert_eq!(listed, "Space 1 2 3 4 H G F S M E R + - 0 Q D C ?");
}

in_browsers!(keys_are_left_alone_while_somebody_types: chromium, firefox, webkit);
fn keys_are_left_alone_while_somebody_types(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = watch(browser, &server);
    window.press("d");
    window.wait("document.activeElement.id === 'donate-name'");
    for key in ["g", " ", "2"] {
        window.press(key);
    }
    assert_eq!(window.eval("document.activeElement.value"), "g 2");
    window.press("Escape");
    has(&window, "choice === 'auto'");
    has(&window, "mode === 'home'");
    has(&window, "paused === false");
}

in_browsers!(space_pauses_after_a_click_and_presses_what_the_keyboard_has_reached: chromium, firefox, webkit);
fn space_pauses_after_a_click_and_presses_what_the_keyboard_has_reached(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = watch(browser, &server);
    window.click("#quality-low");
    has(&window, "choice === 'low'");
    window.press(" ");
    has(&window, "paused");
    window.press(" ");
    has(&window, "paused === false");
    // Not from the last thing on the page: the next would be the browser's own.
    window.eval("document.getElementById('donate').focus()");
    window.press("Tab");
    window.eval("document.getElementById('plots-toggle').focus()");
    window.press(" ");
    window.wait("probe.isShown('#plots')");
    has(&window, "paused === false");
}
