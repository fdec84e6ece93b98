//! Several windows, reloads, and tabs that nobody sees.

use super::{Browser, has, in_browsers, is_live, watch};
use crate::common::server::Server;
use crate::common::{LONG, eventually_true};

in_browsers!(two_windows_keep_apart: chromium, firefox, webkit);
fn two_windows_keep_apart(browser: &Browser) {
    let server = Server::pattern(&[]);
    let (one, two) = (watch(browser, &server), watch(browser, &server));
    one.click("#quality-low");
    two.click("#mode-gaming");
    has(&one, "choice === 'low'");
    has(&two, "mode === 'gaming'");
    has(&one, "mode === 'home'");
    has(&two, "choice === 'auto'");
    two.click("#pause");
    has(&two, "paused");
    has(&one, "paused === false");
    assert_eq!(one.eval("document.getElementById('mode-home').ariaChecked"), "true");
    assert_eq!(two.eval("document.getElementById('quality-low').ariaChecked"), "false");
    one.wait("probe.seesPictures(3)");
    one.wait("document.getElementById('watching-count').innerText === '1'");
    let viewers = &server.state()["viewers"];
    assert_eq!((&viewers["watching"], &viewers["paused"]), (&1.into(), &1.into()));
}

// WebKit keeps a stream that it gave up open, unread, until the server ends it.
in_browsers!(a_reload_is_the_same_viewer_with_the_same_settings: chromium, firefox);
fn a_reload_is_the_same_viewer_with_the_same_settings(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = watch(browser, &server);
    window.click("#quality-low");
    has(&window, "choice === 'low'");
    let cookie = window.cookie();
    window.reload();
    is_live(&window);
    window.wait("document.getElementById('quality-low').ariaChecked === 'true'");
    assert_eq!(window.cookie(), cookie);
    has(&window, "streams === 1");
    assert_eq!(server.watching(), 1);
}

in_browsers!(two_tabs_of_a_browser_are_one_viewer_and_show_the_same_settings: chromium, firefox);
fn two_tabs_of_a_browser_are_one_viewer_and_show_the_same_settings(browser: &Browser) {
    let server = Server::pattern(&[]);
    let one = watch(browser, &server);
    let two = one.beside();
    two.goto(&server.url("/"));
    is_live(&two);
    two.click("#quality-low");
    has(&two, "choice === 'low'");
    one.show();
    is_live(&one);
    one.wait("document.getElementById('quality-low').ariaChecked === 'true'");
    assert_eq!(server.watching(), 1);
}

in_browsers!(a_hidden_tab_lets_its_stream_go_and_takes_it_again: chromium, firefox);
fn a_hidden_tab_lets_its_stream_go_and_takes_it_again(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = watch(browser, &server);
    let front = window.beside();
    front.show();
    window.wait("document.hidden");
    eventually_true("nobody watches", LONG, || server.watching() == 0);
    let from = window.happened();
    window.show();
    window.wait("!document.hidden && probe.seesPictures(3)");
    is_live(&window);
    let streams = window.asked(from).iter().filter(|url| url.contains("/stream?")).count();
    assert_eq!(streams, 1);
    assert_eq!(server.watching(), 1);
}
