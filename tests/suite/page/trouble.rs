//! Trouble, said in words on the picture, and how it ends by itself.

use rustix::process::Signal;

use super::{Browser, has, in_browsers, is_live, watch};
use crate::common::server::{Port, Server};
use crate::common::{LONG, eventually_true};

const PATTERN: [&str; 4] = ["--source", "pattern", "--size", "160x120"];
const TITLE: &str = "document.getElementById('trouble-title').innerText";
const DETAIL: &str = "document.getElementById('trouble-detail').innerText";

in_browsers!(a_server_that_is_gone_is_said_and_found_again: chromium, firefox, webkit);
fn a_server_that_is_gone_is_said_and_found_again(browser: &Browser) {
    let port = Port::reserve();
    let server = port.start(&PATTERN);
    let window = watch(browser, &server);
    window.expect_trouble();
    let source = window.eval("document.getElementById('picture').src");
    server.stop();
    window.wait(&format!("probe.isShown('#trouble') && {TITLE} === 'No connection.'"));
    window.wait(&format!("/^Trying again in \\d s\\.$/.test({DETAIL})"));
    assert_eq!(window.text("#status"), "OFFLINE");

    let _server = port.start(&PATTERN);
    window.wait("!probe.isShown('#trouble') && probe.seesPictures(3)");
    is_live(&window);
    assert_ne!(window.eval("document.getElementById('picture').src"), source);
}

in_browsers!(a_server_that_is_gone_is_asked_again_by_a_button: chromium, firefox);
fn a_server_that_is_gone_is_asked_again_by_a_button(browser: &Browser) {
    let port = Port::reserve();
    let server = port.start(&PATTERN);
    let window = watch(browser, &server);
    window.expect_trouble();
    server.stop();
    // Of the longest wait, much is left: the button makes it shorter.
    window.wait(&format!("/^Trying again in [4-9] s\\.$/.test({DETAIL})"));
    let _server = port.start(&PATTERN);
    // No wait ends by itself: only the button tries again.
    window.eval(
        "(() => {
           const later = setTimeout;
           globalThis.setTimeout = (act, ms) => (ms > 400 ? 0 : later(act, ms));
         })()",
    );
    window.click("#trouble-retry");
    window.wait("!probe.isShown('#trouble') && probe.seesPictures(3)");
}

// WebKit tells a page no status of its own.
in_browsers!(a_full_server_says_so_and_lets_the_next_in_when_one_leaves: chromium, firefox);
fn a_full_server_says_so_and_lets_the_next_in_when_one_leaves(browser: &Browser) {
    let server = Server::pattern(&["--max-viewers", "1"]);
    let first = watch(browser, &server);
    let second = browser.window();
    second.expect_trouble();
    second.goto(&server.url("/"));
    assert_eq!(second.eval("performance.getEntriesByType('navigation')[0].responseStatus"), 503);
    let words = second.text("h1");
    assert!(words.starts_with("This server is full (1 viewer"), "{words}");
    // A reload of the one who watches is not turned away.
    first.reload();
    is_live(&first);
    drop(first);
    // The page tries again by itself.
    assert_eq!(second.eval("document.querySelector('a.button').pathname"), "/");
    is_live(&second);
}

in_browsers!(a_page_that_comes_back_to_a_full_server_says_so_and_waits: chromium, firefox);
fn a_page_that_comes_back_to_a_full_server_says_so_and_waits(browser: &Browser) {
    let server = Server::pattern(&["--max-viewers", "1"]);
    let window = watch(browser, &server);
    window.expect_trouble();
    let front = window.beside();
    front.show();
    window.wait("document.hidden");
    eventually_true("nobody watches", LONG, || server.watching() == 0);
    let other = watch(browser, &server);
    window.show();
    window.wait(&format!(
        "probe.isShown('#trouble') && {TITLE} === 'This server is full (1 viewer).'"
    ));
    window.wait(&format!("{DETAIL}.startsWith('Trying again')"));
    assert_eq!(window.text("#status"), "FULL");
    drop(other);
    window.wait("!probe.isShown('#trouble') && probe.seesPictures(3)");
}

in_browsers!(a_lost_source_is_said_on_the_picture_until_it_is_back: chromium, firefox, webkit);
fn a_lost_source_is_said_on_the_picture_until_it_is_back(browser: &Browser) {
    let port = Port::reserve();
    let camera = port.start(&PATTERN);
    let server = Server::start(&["--source", &camera.url("/stream")]);
    let window = watch(browser, &server);
    camera.stop();
    window.wait(&format!("probe.isShown('#trouble') && {TITLE}.includes('127.0.0.1')"));
    window.wait("document.getElementById('status').innerText === 'NO SIGNAL'");
    let told = window.text("#trouble-title");
    assert!(told.ends_with('.'), "{told}");
    assert!(!window.text("#trouble-detail").is_empty());
    assert_eq!(window.eval("probe.isShown('#trouble-retry')"), false, "the server tries by itself");

    let _camera = port.start(&PATTERN);
    window.wait("!probe.isShown('#trouble') && probe.seesPictures(3)");
    is_live(&window);
}

in_browsers!(trouble_stays_in_view_when_nobody_moves: chromium, firefox);
fn trouble_stays_in_view_when_nobody_moves(browser: &Browser) {
    let port = Port::reserve();
    let server = port.start(&PATTERN);
    let window = watch(browser, &server);
    window.expect_trouble();
    window.set_time("--fade-after", "0.1s");
    let opacity = "getComputedStyle(document.getElementById('shell')).opacity";
    window.wait(&format!("{opacity} === '0'"));
    server.stop();
    window.wait("probe.isShown('#trouble')");
    window.wait(&format!("{opacity} === '1'"));
    assert_eq!(window.text("#status"), "OFFLINE");
    // Some fades would have come and gone.
    window.wait("/in [2-9] s/.test(document.getElementById('trouble-detail').innerText)");
    assert_eq!(window.eval(opacity), "1");
}

in_browsers!(a_server_that_hangs_is_told_as_such_and_goes_on: chromium, firefox);
fn a_server_that_hangs_is_told_as_such_and_goes_on(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = watch(browser, &server);
    window.expect_trouble();
    server.signal(Signal::STOP);
    window.wait(&format!("probe.isShown('#trouble') && {TITLE} === 'The server does not answer.'"));
    assert!(!window.text("#trouble").contains("six tabs"));
    server.signal(Signal::CONT);
    window.wait("!probe.isShown('#trouble') && probe.seesPictures(3)");
    is_live(&window);
}

in_browsers!(since_when_there_is_trouble_is_said_beside_it: chromium, firefox, webkit);
fn since_when_there_is_trouble_is_said_beside_it(browser: &Browser) {
    let server = Server::start(&["--source", "http://127.0.0.1:9/stream"]);
    let window = browser.window();
    window.goto(&server.url("/"));
    window.wait("probe.isShown('#trouble')");
    assert!(!window.text("#trouble-title").contains(" ago"));
    window.wait(&format!("/^Since .*\\d.* \\([0-9]+ s\\)\\. ./.test({DETAIL})"));
}

in_browsers!(a_server_that_restarts_is_told_the_settings_again: chromium, firefox, webkit);
fn a_server_that_restarts_is_told_the_settings_again(browser: &Browser) {
    let port = Port::reserve();
    let server = port.start(&PATTERN);
    let window = watch(browser, &server);
    window.expect_trouble();
    window.click("#quality-medium");
    has(&window, "choice === 'medium'");
    window.click("#mode-gaming");
    has(&window, "mode === 'gaming'");
    server.stop();
    window.wait("probe.isShown('#trouble')");
    let _server = port.start(&PATTERN);
    window.wait("!probe.isShown('#trouble')");
    has(&window, "mode === 'gaming'");
    has(&window, "choice === 'medium'");
}
