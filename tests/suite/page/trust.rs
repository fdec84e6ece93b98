//! How a browser comes to trust the server's own authority, and what it has of that.

use std::path::Path;

use super::{Browser, in_browsers, is_live};
use crate::common::clip::Scratch;
use crate::common::server::Server;

/// The page about trust says what holds for this browser.
const VERDICT: &str = "document.getElementById('verdict').dataset.verdict";

in_browsers!(who_does_not_trust_is_told_and_shown_the_steps: chromium, firefox, webkit);
fn who_does_not_trust_is_told_and_shown_the_steps(browser: &Browser) {
    let server = Server::pattern(&["--tls"]);
    let window = browser.window();
    // A request that is refused for its certificate is said in the console.
    window.expect_trouble();
    window.goto(&server.url("/"));
    is_live(&window);
    window.click("#menu-button");
    window.click("#menu-trust");
    window.wait(&format!("{VERDICT} === 'no'"));
    window.wait("document.getElementById('linux').open");
    window.wait("!document.getElementById('apple').open");
    window.click("#apple summary");
    window.wait("probe.isShown('#apple ol')");
}

#[test]
fn who_trusts_comes_by_tls_without_a_warning() {
    let server = Server::pattern(&["--tls"]);
    let files = Scratch::new();
    let authority = files.write("ca.crt", &server.get("/ca.crt").body);
    for browser in Browser::trusting(Path::new(&authority)) {
        let window = browser.window();
        window.goto(&server.url("/trust"));
        window.wait(&format!("{VERDICT} === 'yes'"));
        window.click("#go");
        window.wait("location.protocol === 'https:' && isSecureContext");
        is_live(&window);
        window.wait("'clipboard' in navigator && 'mediaDevices' in navigator");
        // Its commands come as its own, and its socket is one by TLS.
        window.click("#quality-low");
        super::has(&window, "choice === 'low'");
    }
}

#[test]
fn who_was_led_there_on_the_way_goes_on_as_soon_as_it_is_trusted() {
    let server = Server::pattern(&["--tls-only", "--room", "door=pattern"]);
    let files = Scratch::new();
    let authority = files.write("ca.crt", &server.get("/ca.crt").body);
    let to = server.url("/trust?next=%2Fr%2Fdoor%2F");
    for browser in Browser::trusting(Path::new(&authority)) {
        let window = browser.window();
        window.goto(&to);
        window.wait("location.protocol === 'https:' && location.pathname === '/r/door/'");
        is_live(&window);
    }
}
