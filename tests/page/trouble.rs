//! Trouble, said in words on the picture, and how it ends by itself.

use super::common::server::{Port, Server};
use super::common::{LONG, eventually_true};
use super::{Browser, is_live, watch};

const PATTERN: [&str; 4] = ["--source", "pattern", "--size", "160x120"];
const TITLE: &str = "document.getElementById('trouble-title').innerText";
const DETAIL: &str = "document.getElementById('trouble-detail').innerText";

#[test]
fn a_server_that_is_gone_is_said_and_found_again() {
    let (port, browser) = (Port::reserve(), Browser::start());
    let server = port.start(&PATTERN);
    let window = watch(&browser, &server);
    window.expect_trouble();
    let source = window.eval("document.getElementById('picture').src");
    server.stop();
    window.wait(&format!("probe.isShown('#trouble') && {TITLE} === 'No connection.'"));
    window.wait(&format!("/^Trying again in \\d s\\.$/.test({DETAIL})"));
    assert_eq!(window.text("#status"), "OFFLINE");

    let server = port.start(&PATTERN);
    window.wait("!probe.isShown('#trouble') && probe.seesPictures(3)");
    is_live(&window);
    assert_ne!(window.eval("document.getElementById('picture').src"), source);
    server.stop();
    window.wait(&format!("probe.isShown('#trouble') && {TITLE} === 'No connection.'"));
    // Of the longest wait, much is left: the button makes it shorter.
    window.wait(&format!("/^Trying again in [5-8] s\\.$/.test({DETAIL})"));
    let _server = port.start(&PATTERN);
    let from = window.happened();
    window.click("#trouble-retry");
    let asked = window.asked(from);
    assert!(asked.iter().any(|url| url.contains("/state")), "{asked:?}");
    window.wait("!probe.isShown('#trouble') && probe.seesPictures(3)");
}

#[test]
fn a_full_server_says_so_and_lets_the_next_in_when_one_leaves() {
    let server = Server::pattern(&["--max-viewers", "1"]);
    let browser = Browser::start();
    let first = watch(&browser, &server);
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

#[test]
fn a_page_that_comes_back_to_a_full_server_says_so_and_waits() {
    let server = Server::pattern(&["--max-viewers", "1"]);
    let browser = Browser::start();
    let window = watch(&browser, &server);
    window.expect_trouble();
    let front = window.tab();
    front.show();
    window.wait("document.hidden");
    eventually_true("nobody watches", LONG, || server.watching() == 0);
    let other = watch(&browser, &server);
    window.show();
    window.wait(&format!(
        "probe.isShown('#trouble') && {TITLE} === 'This server is full (1 viewer).'"
    ));
    window.wait(&format!("{DETAIL}.startsWith('Trying again')"));
    assert_eq!(window.text("#status"), "FULL");
    drop(other);
    window.wait("!probe.isShown('#trouble') && probe.seesPictures(3)");
}

#[test]
fn a_lost_source_is_said_on_the_picture_until_it_is_back() {
    let (port, browser) = (Port::reserve(), Browser::start());
    let camera = port.start(&PATTERN);
    let server = Server::start(&["--source", &camera.url("/stream")]);
    let window = watch(&browser, &server);
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
