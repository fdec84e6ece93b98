//! Quality and mode: what is clicked, what the server then does, and what the page shows of it.

use super::window::Window;
use super::{Browser, has, in_browsers, is_live, watch};
use crate::common::nginx::Nginx;
use crate::common::server::Server;

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

in_browsers!(each_quality_can_be_chosen_and_the_picture_never_reloads: chromium, firefox);
fn each_quality_can_be_chosen_and_the_picture_never_reloads(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = watch(browser, &server);
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

in_browsers!(a_click_stands_at_once_and_goes_back_if_it_is_refused: chromium, firefox);
fn a_click_stands_at_once_and_goes_back_if_it_is_refused(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = watch(browser, &server);
    is_choice(&window, "auto");
    // What the page says about the quality is held back, and answered here.
    window.eval(
        "(() => {
           const send = WebSocket.prototype.send;
           WebSocket.prototype.send = function (said) {
             if (said.includes('\"quality\"') && !globalThis.held) {
               globalThis.held = { socket: this, id: JSON.parse(said).id };
             } else {
               send.call(this, said);
             }
           };
         })()",
    );
    window.click("#quality-low");
    window.wait("Boolean(globalThis.held)");
    assert_eq!(window.eval(&is_chosen("quality-low")), true, "the server knows nothing yet");
    window.eval(
        "held.socket.dispatchEvent(new MessageEvent('message', { data: JSON.stringify({
           type: 'refused', id: held.id, status: 409, error: 'Not today',
         }) }))",
    );
    window.wait(&is_chosen("quality-auto"));
    window.wait("probe.isShown('#notice')");
    assert_eq!(window.text("#notice"), "Not today.");
    window.click("#quality-medium");
    is_choice(&window, "medium");
}

in_browsers!(gaming_locks_the_quality_and_shows_where_motion_puts_it: chromium, firefox, webkit);
fn gaming_locks_the_quality_and_shows_where_motion_puts_it(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = watch(browser, &server);
    window.click("#quality-medium");
    is_choice(&window, "medium");
    window.click("#mode-gaming");
    window.wait(&is_chosen("mode-gaming"));
    has(&window, "mode === 'gaming'");
    let unlocked = "document.querySelectorAll('#quality [aria-disabled=false]').length";
    assert_eq!(window.eval(unlocked), 0);
    assert_eq!(window.eval("document.getElementById('quality').ariaDisabled"), "true");
    assert_eq!(window.eval("document.body.dataset.mode"), "gaming");
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

in_browsers!(the_share_bar_says_what_is_used_of_what_is_given: chromium, firefox, webkit);
fn the_share_bar_says_what_is_used_of_what_is_given(browser: &Browser) {
    let server = Server::pattern(&["--bandwidth", "10M"]);
    let window = watch(browser, &server);
    window.wait("/ use [0-9.]*[1-9]/.test(document.getElementById('share').dataset.tip)");
    let number = window.text("#share-number");
    assert!(number.ends_with(" of 10 Mbit/s"), "{number}");
    let sentence = window.eval("document.getElementById('share').dataset.tip");
    let sentence = sentence.as_str().expect("a text");
    let start = "The server gives 10 Mbit/s to 1 viewer; you use ";
    assert!(sentence.contains(start), "{sentence}");
    assert_eq!(window.text("#watching-count"), "1");
    window.wait("/^\\d+ ms$/.test(document.getElementById('latency').innerText)");
}

in_browsers!(where_no_socket_is_let_through_commands_are_posted: chromium, firefox);
fn where_no_socket_is_let_through_commands_are_posted(browser: &Browser) {
    let server = Server::pattern(&[]);
    let nginx = Nginx::start(&format!(
        "location / {{ proxy_pass http://{}; proxy_set_header Host $http_host; proxy_buffering off; }}",
        server.address()
    ));
    let window = browser.window();
    window.expect_trouble();
    window.goto(&format!("http://{}/", nginx.address));
    is_live(&window);
    let held = window.hold("/viewer");
    window.click("#quality-low");
    held.wait();
    assert_eq!(window.eval(&is_chosen("quality-low")), true, "the server knows nothing yet");
    held.answer(409, r#"{"error":"Not today"}"#);
    window.wait(&is_chosen("quality-auto"));
    drop(held);
    window.click("#quality-medium");
    is_choice(&window, "medium");
}

in_browsers!(each_mode_says_what_it_does: chromium, firefox, webkit);
fn each_mode_says_what_it_does(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = watch(browser, &server);
    let words = |window: &Window| window.text("#mode-words");
    assert!(words(&window).starts_with("Home: "));
    window.click("#mode-gaming");
    window.wait("document.getElementById('mode-words').innerText.startsWith('Gaming: ')");
    // The page says so before its script does.
    window.reload();
    assert!(words(&window).starts_with("Gaming: "));
}

in_browsers!(a_small_window_is_sent_no_more_than_it_shows: chromium, firefox);
fn a_small_window_is_sent_no_more_than_it_shows(browser: &Browser) {
    let server = Server::start(&["--source", "pattern", "--size", "1280x720"]);
    let window = watch(browser, &server);
    has(&window, "quality === 95");
    window.resize(400, 640);
    has(&window, "limited_by === 'screen'");
    window.wait("document.getElementById('facts').textContent.includes('shown in 400 × 225')");
    window.click("#quality-high");
    has(&window, "quality === 90");
}
