//! Going live from a browser: with a camera that the browser pretends, on a phone that loses its
//! network, and for who may not.

use serde_json::{Value, json};

use super::window::Window;
use super::{Browser, Person, in_browsers, is_live};
use crate::accounts::{PASSWORD, Person as Client};
use crate::chat::Talker;
use crate::common::clip::Scratch;
use crate::common::relay::Relay;
use crate::common::server::Server;
use crate::common::{LONG, eventually_true};
use crate::elsewhere::node;

fn stage() -> Server {
    Server::pattern(&["--room", "stage=browser"])
}

/// A key to the room, which the host gives.
fn key(server: &Server, host: &Client) -> String {
    let cookie = [("Cookie", host.cookie.as_str())];
    let mut ada = Talker::enter(server, "/r/stage/socket", &cookie, json!({}));
    let own = ada.who();
    ada.must(json!({ "type": "admit", "who": own }));
    ada.until("stage", |_| true)["key"].as_str().expect("a key").to_owned()
}

fn source(server: &Server) -> Value {
    server.get("/r/stage/state").json()["source"].clone()
}

fn go_live(window: &Window, name: &str) {
    window.click("#show-camera");
    window.wait("document.getElementById('camera-picture').videoWidth > 0");
    // Who said a name in the chat has it here, too.
    if window.eval("document.getElementById('name').value") == "" {
        window.click("#name");
        window.write(name);
    }
    window.click("#go");
    window.wait("!document.getElementById('on-air').hidden");
}

#[track_caller]
fn shows_something_new(server: &Server) {
    let before = source(server)["frames"].as_u64().expect("a number");
    eventually_true("pictures come", LONG, || {
        let source = source(server);
        source["status"] == "live" && source["frames"].as_u64() > Some(before + 3)
    });
}

in_browsers!(a_phone_goes_live_loses_its_network_and_comes_back: chromium, firefox);
fn a_phone_goes_live_loses_its_network_and_comes_back(browser: &Browser) {
    let server = stage();
    let key = key(&server, &Client::host(&server));
    let relay = Relay::to(server.address());
    let phone = browser.window_of(Person { fingers: true, ..Person::default() });
    phone.resize(390, 844);
    // Browsers say in the console that a connection was lost.
    phone.expect_trouble();
    phone.goto(&relay.url(&format!("/r/stage/broadcast?key={key}")));
    assert_eq!(phone.eval("location.search"), "", "the key does not stay in the address");
    go_live(&phone, "Zo\u{eb}");
    let viewer = browser.window_of(Person::default());
    viewer.goto(&server.url("/r/stage/"));
    is_live(&viewer);
    shows_something_new(&server);
    assert_eq!(source(&server)["live"], "Zo\u{eb}");
    phone.wait("document.getElementById('watching').textContent.startsWith('1 ')");
    phone.wait("document.getElementById('sent').textContent.includes('Mbit/s')");
    assert_eq!(phone.eval("document.documentElement.scrollWidth <= innerWidth"), true);

    relay.cut();
    phone.wait("document.getElementById('on-air').hidden");
    eventually_true("it is said that it is waited for", LONG, || {
        source(&server)["trouble"]["title"] == "The connection of Zo\u{eb} was lost"
    });
    relay.mend();
    phone.wait("!document.getElementById('on-air').hidden");
    shows_something_new(&server);

    phone.click("#stop");
    phone.wait("!document.getElementById('go').hidden");
    eventually_true("nobody is live", LONG, || source(&server)["live"] == Value::Null);
}

in_browsers!(a_hand_is_raised_and_a_host_says_yes_on_the_page: chromium, firefox);
fn a_hand_is_raised_and_a_host_says_yes_on_the_page(browser: &Browser) {
    let server = stage();
    let _host = Client::host(&server);
    let (ada, bob) = (browser.window(), browser.window_of(Person::default()));
    ada.goto(&server.url("/sign-in"));
    ada.write("Ada");
    ada.press("Tab");
    ada.write(PASSWORD);
    ada.enter();
    for window in [&ada, &bob] {
        window.goto(&server.url("/r/stage/"));
        window.wait("document.getElementById('status').innerText === 'NO SIGNAL'");
        window.click("#chat-button");
    }
    bob.wait("!document.getElementById('chat-entry').hidden");
    bob.click("#chat-name");
    bob.write("Bob");
    bob.press("Enter");
    for window in [&ada, &bob] {
        window.wait("!document.getElementById('chat-form').hidden");
    }
    bob.click("#tab-about");
    assert_eq!(bob.eval("document.getElementById('about-broadcast').hidden"), true);
    bob.wait("!document.getElementById('about-hand').hidden");
    bob.click("#about-hand");
    ada.wait("document.getElementById('notice').textContent.includes('Bob')");
    ada.click("#tab-people");
    ada.wait("document.querySelector('.person [href=\"#i-hand\"]')");
    ada.click(".person-more");
    ada.wait("!document.getElementById('popup').hidden");
    ada.click("#popup [role=menuitem]");
    bob.wait("!document.getElementById('about-broadcast').hidden");
    let to = bob.eval("document.getElementById('about-broadcast').href");
    bob.goto(to.as_str().expect("an address"));
    go_live(&bob, "Bob");
    ada.click("#tab-about");
    ada.wait("document.getElementById('about-live-words').textContent.startsWith('Bob ')");
    ada.wait("!document.getElementById('about-off').hidden");
    ada.click("#about-off");
    bob.wait("document.getElementById('on-air').hidden");
    bob.wait("document.getElementById('note').textContent.length > 0");
    bob.expect_trouble();
}

in_browsers!(what_may_not_be_is_said_in_words: chromium, firefox);
fn what_may_not_be_is_said_in_words(browser: &Browser) {
    let server = stage();
    let host = Client::host(&server);
    let window = browser.window();
    window.expect_trouble();
    window.goto(&server.url("/r/stage/broadcast"));
    window.wait("document.getElementById('may-not')");
    window.goto(&server.url("/broadcast"));
    window.wait("document.getElementById('no-stage')");
    window.goto(&server.url(&format!("/r/stage/broadcast?key={}", key(&server, &host))));
    window.click("#show-camera");
    window.wait("document.getElementById('camera-picture').videoWidth > 0");
    window.click("#name");
    window.write("ada");
    window.click("#go");
    // The host's name is nobody else's.
    window.wait("!document.getElementById('name-error').hidden");
    assert_eq!(window.eval("document.activeElement.id"), "name");
    assert_eq!(source(&server)["live"], Value::Null);
}

/// What a browser finds out about its link is right for each link from a mobile one far away to a cable:
/// as the page's own module has it, on links that are made up.
#[test]
fn what_is_sent_fits_the_link() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let scratch = Scratch::new();
    // Node.js takes a file for a module by its name.
    let pace = scratch.write(
        "pace.mjs",
        &std::fs::read(root.join("www/broadcast/pace.js")).expect("it is there"),
    );
    let out =
        node().arg(root.join("tests/suite/page/pace.mjs")).arg(pace).output().expect("it runs");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let lines = String::from_utf8(out.stdout).expect("text");
    let links: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(links.len(), 7 * 4 * 3 + 2);
    for link in links {
        let number = |name: &str| link[name].as_f64().unwrap_or_else(|| panic!("{name} of {link}"));
        let (bits, rate) = (number("bits"), number("rate"));
        let whole = 110_000.0 * 8.0 * rate;
        assert!(number("most") <= 12.0, "a queue: {link}");
        // Live is live, whatever the link: half of the pictures are no older than this.
        assert!(number("trip") <= number("latency") + 250.0, "{link}");
        if bits >= whole * 1.5 {
            assert!(number("fps") >= rate * 0.98 && link["steps"] == json!([0]), "{link}");
        } else {
            // Who cannot have all gets what there is: not a third of it, nor a slide show.
            assert!(number("used") >= 0.35, "{link}");
            assert!(number("fps") >= rate * 0.8 || bits < 1e6, "{link}");
        }
    }
}
