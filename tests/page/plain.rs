//! The page without JavaScript: the picture, and forms whose buttons work.

use serde_json::Value;

use super::Browser;
use super::common::client::ask;
use super::common::server::Server;
use super::window::Window;

/// A window that runs no script, with the picture in it.
fn open<'a>(browser: &'a Browser, server: &Server) -> Window<'a> {
    let window = browser.window();
    window.forbid_scripts();
    window.goto(&server.url("/"));
    has_picture(&window, 0);
    window
}

/// Waits until the picture has come, and with it everything is in its place.
fn has_picture(window: &Window, from: usize) {
    window.wait_event(from, "Page.loadEventFired");
}

/// Presses a button of a form, and waits for the page that comes.
#[track_caller]
fn send(window: &Window, button: &str) {
    let from = window.happened();
    window.follow(button);
    has_picture(window, from);
}

/// What the server knows of this window's viewer.
fn own(window: &Window, server: &Server) -> Value {
    let fields = [("Cookie", window.cookie())];
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    ask(server.address(), "GET", "/state", &fields, b"").json()["viewer"].clone()
}

#[test]
fn the_picture_is_there_and_each_button_of_the_forms_works() {
    let (server, browser) = (Server::pattern(&[]), Browser::start());
    let window = open(&browser, &server);
    let picture = "document.querySelector('noscript img, img.picture:not(#picture)')";
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

#[test]
fn a_refusal_is_a_page_that_says_why_and_leads_back() {
    let (server, browser) = (Server::pattern(&[]), Browser::start());
    let window = open(&browser, &server);
    window.expect_trouble();
    send(&window, "[name=mode][value=gaming]");
    send(&window, "[name=quality][value=low]");
    let page = window.text("body");
    assert!(page.contains("409") && page.contains("Motion sets the quality"), "{page}");
    window.follow("a[href='/']");
    assert_eq!(window.eval("location.pathname"), "/");
    assert_eq!(own(&window, &server)["choice"], "auto");
}

#[test]
fn donating_says_that_it_worked() {
    let (server, browser) = (Server::pattern(&[]), Browser::start());
    let window = open(&browser, &server);
    assert_eq!(window.eval("document.getElementById('donated').checkVisibility()"), false);
    window.click("[name=name]");
    window.write("Grace");
    send(&window, "#donate-send");
    assert_eq!(window.eval("location.hash"), "#donated");
    assert_eq!(window.eval("document.getElementById('donated').checkVisibility()"), true);
    assert_eq!(window.text("#donated"), "Donate Success!!");
    assert_eq!(server.state()["thanks"][0]["name"], "Grace");
}
