//! The page without JavaScript: the picture, and forms whose buttons work.
//!
//! Not in WebKit: its driver asks a page nothing without scripts.

use serde_json::Value;

use super::window::Window;
use super::{Browser, Person, in_browsers};
use crate::common::client::ask;
use crate::common::server::Server;

/// A window that runs no script, with the picture in it.
fn open(browser: &Browser, server: &Server) -> Window {
    let window = browser.window_of(Person { no_scripts: true, ..Person::default() });
    window.goto(&server.url("/"));
    window.wait_for_all();
    window
}

/// Presses a button of a form, and waits for the page that comes, and for its picture, with which
/// everything is in its place.
#[track_caller]
fn send(window: &Window, button: &str) {
    window.follow(button);
    window.wait_for_all();
}

/// What the server knows of this window's viewer.
fn own(window: &Window, server: &Server) -> Value {
    let fields = [("Cookie", window.cookie())];
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    ask(server.address(), "GET", "/state", &fields, b"").json()["viewer"].clone()
}

in_browsers!(the_picture_is_there_and_each_button_of_the_forms_works: chromium, firefox);
fn the_picture_is_there_and_each_button_of_the_forms_works(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = open(browser, &server);
    let picture = "document.getElementById('picture')";
    assert_eq!(window.eval(&format!("{picture}.naturalWidth")), 160);
    assert_eq!(window.eval(&format!("{picture}.checkVisibility()")), true);
    for (button, field, value) in [
        ("[name=quality][value=low]", "choice", "low"),
        ("[name=quality][value=medium]", "choice", "medium"),
        ("[name=quality][value=high]", "choice", "high"),
        ("[name=quality][value=auto]", "choice", "auto"),
        ("[name=mode][value=gaming]", "mode", "gaming"),
        ("[name=mode][value=home]", "mode", "home"),
    ] {
        send(&window, button);
        assert_eq!(own(&window, &server)[field], value, "{button}");
        assert_eq!(window.eval("location.pathname"), "/");
    }
    // Paused, no picture comes.
    window.follow("[name=paused][value=true]");
    assert_eq!(own(&window, &server)["paused"], true);
    send(&window, "[name=paused][value=false]");
    assert_eq!(own(&window, &server)["paused"], false);
    let dead = "[...document.querySelectorAll('button, a')].filter((element) =>
        element.checkVisibility() && !element.form && !element.href).length";
    assert_eq!(window.eval(dead), 0, "a button that needs a script is shown");
}

in_browsers!(a_refusal_is_a_page_that_says_why_and_leads_back: chromium, firefox);
fn a_refusal_is_a_page_that_says_why_and_leads_back(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = open(browser, &server);
    window.expect_trouble();
    send(&window, "[name=mode][value=gaming]");
    send(&window, "[name=quality][value=low]");
    let page = window.text("body");
    assert!(page.contains("409") && page.contains("Motion sets the quality"), "{page}");
    window.follow("a.button");
    assert_eq!(window.eval("location.pathname"), "/");
    assert_eq!(own(&window, &server)["choice"], "auto");
}

in_browsers!(donating_says_that_it_worked: chromium, firefox);
fn donating_says_that_it_worked(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = open(browser, &server);
    assert_eq!(window.eval("document.getElementById('donated').checkVisibility()"), false);
    window.click("[name=name]");
    window.write("Grace");
    send(&window, "#donate-send");
    assert_eq!(window.eval("location.hash"), "#donated");
    assert_eq!(window.eval("document.getElementById('donated').checkVisibility()"), true);
    assert_eq!(window.text("#donated"), "Donate Success!!");
    assert_eq!(server.state()["thanks"][0]["name"], "Grace");
}
