//! Quality and mode: what is clicked, what the server then does, and what the page shows of it.

use serde_json::json;

use super::common::server::Server;
use super::window::Window;
use super::{Browser, has, watch};

fn is_chosen(id: &str) -> String {
    format!("document.getElementById('{id}').ariaChecked === 'true'")
}

/// Waits until page and server agree on a choice.
#[track_caller]
fn is_choice(window: &Window, choice: &str) {
    window.wait(&is_chosen(&format!("quality-{choice}")));
    has(window, &format!("choice === '{choice}'"));
    let others = "document.querySelectorAll('#quality [aria-checked=true]').length";
    assert_eq!(window.eval(others), 1);
}

#[test]
fn each_quality_can_be_chosen_and_the_picture_never_reloads() {
    let (server, browser) = (Server::pattern(&[]), Browser::start());
    let window = watch(&browser, &server);
    is_choice(&window, "auto");
    let source = window.eval("document.getElementById('picture').src");
    let from = window.happened();
    for (choice, quality) in [("low", 20), ("medium", 50), ("high", 90)] {
        window.click(&format!("#quality-{choice}"));
        is_choice(&window, choice);
        let text = format!("Quality {quality}");
        window.wait(&format!("document.getElementById('level-text').innerText === '{text}'"));
        has(&window, &format!("quality === {quality}"));
    }
    for (key, choice) in [
        ("ArrowLeft", "medium"),
        ("Home", "auto"),
        ("ArrowLeft", "high"),
        ("ArrowRight", "auto"),
        ("ArrowDown", "low"),
        ("End", "high"),
    ] {
        window.press(key);
        is_choice(&window, choice);
        assert_eq!(window.eval("document.activeElement.value"), choice);
    }
    window.wait("probe.seesPictures(3)");
    assert_eq!(window.eval("document.getElementById('picture').src"), source);
    let asked = window.asked(from);
    assert!(!asked.iter().any(|url| url.contains("/stream")), "{asked:?}");
    assert_eq!(window.eval("(async () => (await probe.state()).viewer.streams)()"), 1);
}

#[test]
fn a_click_stands_at_once_and_goes_back_if_it_is_refused() {
    let (server, browser) = (Server::pattern(&[]), Browser::start());
    let window = watch(&browser, &server);
    is_choice(&window, "auto");
    window.expect_trouble();
    let patterns = json!({ "patterns": [{ "urlPattern": "*/viewer?*" }] });
    window.call("Fetch.enable", patterns);
    let from = window.happened();
    window.click("#quality-low");
    let held = window.wait_event(from, "Fetch.requestPaused")["requestId"].clone();
    assert_eq!(window.eval(&is_chosen("quality-low")), true, "the server knows nothing yet");
    let refusal = json!({
        "requestId": held,
        "responseCode": 409,
        // {"error":"Not today"}
        "body": "eyJlcnJvciI6Ik5vdCB0b2RheSJ9",
    });
    window.call("Fetch.fulfillRequest", refusal);
    window.wait(&is_chosen("quality-auto"));
    window.wait("probe.isShown('#notice')");
    assert_eq!(window.text("#notice"), "Not today.");
    window.call("Fetch.disable", json!({}));
    window.click("#quality-medium");
    is_choice(&window, "medium");
}

#[test]
fn gaming_locks_the_quality_and_shows_where_motion_puts_it() {
    let (server, browser) = (Server::pattern(&[]), Browser::start());
    let window = watch(&browser, &server);
    window.click("#quality-medium");
    is_choice(&window, "medium");
    window.click("#mode-gaming");
    window.wait(&is_chosen("mode-gaming"));
    has(&window, "mode === 'gaming'");
    let unlocked = "document.querySelectorAll('#quality [aria-disabled=false]').length";
    assert_eq!(window.eval(unlocked), 0);
    assert_eq!(window.eval("document.getElementById('quality').ariaDisabled"), "true");
    assert_eq!(window.eval("document.documentElement.dataset.mode"), "gaming");
    let described = "document.getElementById(
        document.getElementById('quality').getAttribute('aria-describedby')).textContent";
    assert_eq!(window.eval(described), "Motion sets the quality");

    window.click("#quality-low");
    window.wait("probe.isShown('#notice')");
    assert_eq!(window.text("#notice"), "Motion sets the quality.");
    window.press("1");
    has(&window, "choice === 'medium'");

    window.wait(
        "(async () => {
           const places = new Set();
           const group = document.getElementById('quality');
           while (places.size < 4) {
             places.add(group.style.getPropertyValue('--at'));
             await new Promise((done) => setTimeout(done, 20));
           }
           return places.size;
         })()",
    );
    window.wait(
        "/^Quality \\d+, set by motion$/.test(document.getElementById('level-text').innerText)",
    );

    window.click("#mode-home");
    window.wait(&is_chosen("mode-home"));
    has(&window, "mode === 'home'");
    is_choice(&window, "medium");
    window.click("#quality-high");
    is_choice(&window, "high");
    assert_eq!(window.eval("document.getElementById('quality').ariaDisabled"), "false");
    assert_eq!(window.eval("probe.isShown('#quality-lock')"), false);
}

#[test]
fn the_share_bar_says_what_is_used_of_what_is_given() {
    let server = Server::pattern(&["--bandwidth", "10M"]);
    let browser = Browser::start();
    let window = watch(&browser, &server);
    window.wait("Number(document.getElementById('share').ariaValueNow) > 0");
    let number = window.text("#share-number");
    assert!(number.ends_with(" of 10 Mbit/s"), "{number}");
    let sentence = window.eval("document.getElementById('share').ariaValueText");
    let sentence = sentence.as_str().expect("a text");
    let start = "The server gives 10 Mbit/s to 1 viewer; you use ";
    assert!(sentence.starts_with(start), "{sentence}");
    assert_eq!(window.text("#watching-count"), "1");
    window.wait("/^\\d+ ms$/.test(document.getElementById('latency').innerText)");
}
