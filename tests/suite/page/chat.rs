//! The chat beside the picture: two people talk, one is sent out and banned, one comes back.

use serde_json::Value;

use super::window::Window;
use super::{Browser, Person, in_browsers, is_live};
use crate::accounts::{PASSWORD, Person as Client};
use crate::common::clip::Scratch;
use crate::common::server::{Port, Server};

/// Opens the chat, and enters it by a name where one is asked for.
pub(super) fn enter(window: &Window, name: Option<&str>) {
    is_live(window);
    if window.eval("document.getElementById('side').hidden") == true {
        window.click("#chat-button");
    }
    if let Some(name) = name {
        window.wait("!document.getElementById('chat-entry').hidden");
        window.click("#chat-name");
        window.write(name);
        window.press("Enter");
    }
    window.wait("!document.getElementById('chat-form').hidden");
}

pub(super) fn say(window: &Window, text: &str) {
    window.click("#chat-text");
    window.write(text);
    window.press("Enter");
    window.wait("!document.getElementById('chat-text').value");
}

/// The texts in the list.
fn texts(window: &Window) -> Vec<String> {
    let all = window
        .eval("[...document.querySelectorAll('.said .said-text')].map((one) => one.textContent)");
    let all = all.as_array().cloned().unwrap_or_default();
    all.iter().map(|one| one.as_str().unwrap_or_default().to_owned()).collect()
}

fn hears(window: &Window, text: &str) -> Value {
    window.wait(&format!(
        "[...document.querySelectorAll('.said-text')].find((one) => one.textContent === {text:?})?.closest('.said').dataset.seq"
    ))
}

fn sign_in(window: &Window, server: &Server) {
    window.goto(&server.url("/sign-in"));
    window.write("Ada");
    window.press("Tab");
    window.write(PASSWORD);
    window.enter();
}

in_browsers!(two_people_talk_and_what_they_write_is_text: chromium, firefox);
fn two_people_talk_and_what_they_write_is_text(browser: &Browser) {
    let server = Server::pattern(&[]);
    let (ada, bob) = (browser.window(), browser.window_of(Person::default()));
    for (window, name) in [(&ada, "Ada"), (&bob, "Bob")] {
        window.goto(&server.url("/"));
        enter(window, Some(name));
    }
    say(&ada, "hello :wave: see https://example.org/a?b=c#d now");
    hears(&bob, "hello 👋 see https://example.org/a?b=c#d now");
    let link = "document.querySelector('.said-text a')";
    assert_eq!(bob.eval(&format!("{link}.href")), "https://example.org/a?b=c#d");
    assert_eq!(bob.eval(&format!("{link}.rel")), "noopener noreferrer nofollow");
    for trick in [
        "<img src=x onerror=\"document.title='taken'\">",
        "<script>document.title='taken'</script>",
        "javascript:document.title='taken'",
        "data:text/html,<b>",
    ] {
        say(&bob, trick);
        hears(&ada, trick);
    }
    assert_eq!(
        ada.eval("document.querySelectorAll('.said-text img, .said-text script').length"),
        0
    );
    assert_eq!(ada.eval("document.querySelectorAll('.said-text a').length"), 1);
    assert_ne!(ada.eval("document.title"), "taken");
    // A name that is marked, and who it is told so.
    say(&ada, "thanks @Bob");
    hears(&bob, "thanks @Bob");
    bob.wait("document.querySelector('.said.mention')");
    bob.click("#tab-people");
    bob.wait("document.getElementById('people-list').childElementCount === 2");
    bob.click("#tab-chat");
    // Both say the same in the same order.
    assert_eq!(texts(&ada), texts(&bob));
}

in_browsers!(somebody_is_sent_out_and_banned_in_two_clicks: chromium, firefox);
fn somebody_is_sent_out_and_banned_in_two_clicks(browser: &Browser) {
    let server = Server::pattern(&[]);
    Client::host(&server);
    let (host, mallory) = (browser.window(), browser.window_of(Person::default()));
    sign_in(&host, &server);
    host.goto(&server.url("/"));
    enter(&host, None);
    mallory.goto(&server.url("/"));
    enter(&mallory, Some("Mallory"));
    say(&mallory, "noise");
    let seq = hears(&host, "noise");
    let seq = seq.as_str().expect("a number");
    let item = |words: &str| {
        format!(
            "[...document.querySelectorAll('#popup .item')].find((one) => one.textContent.includes({words:?}))"
        )
    };
    let choose = |words: &str| {
        host.move_to(host.place(&format!(".said[data-seq='{seq}'] .said-text")));
        host.wait("!document.getElementById('said-more').hidden && document.getElementById('said-tools').closest('.said')");
        host.click("#said-more");
        host.wait(&item(words));
        host.eval(&format!("{}.click()", item(words)));
    };
    choose("Kick");
    mallory.wait("!document.getElementById('chat-out').hidden");
    mallory.expect_trouble();
    choose("Ban for an hour");
    host.wait("document.getElementById('ban-dialog').open");
    host.click("#ban-go");
    // Both are on this machine: the host comes in all the same, and the other sees no more.
    mallory
        .wait("!document.getElementById('trouble')?.hidden || !document.getElementById('picture')");
    host.click("#tab-about");
    host.wait("document.getElementById('bans-list').textContent.includes('Mallory')");
    host.eval("document.querySelector('#bans-list button').click()");
    host.wait("!document.getElementById('bans-list').textContent.includes('Mallory')");
}

in_browsers!(who_was_away_is_told_what_was_missed_and_nothing_twice: chromium);
fn who_was_away_is_told_what_was_missed_and_nothing_twice(browser: &Browser) {
    let (port, data) = (Port::reserve(), Scratch::new());
    let start = || port.start(&["--source", "pattern", "--data", data.path()]);
    let server = start();
    let (ada, bob) = (browser.window(), browser.window_of(Person::default()));
    for (window, name) in [(&ada, "Ada"), (&bob, "Bob")] {
        window.goto(&server.url("/"));
        enter(window, Some(name));
    }
    say(&ada, "one");
    hears(&bob, "one");
    ada.expect_trouble();
    bob.expect_trouble();
    server.kill();
    ada.wait("!document.getElementById('chat-state').hidden");
    let server = start();
    ada.wait("document.getElementById('chat-state').hidden");
    bob.wait("document.getElementById('chat-state').hidden");
    say(&bob, "two");
    hears(&ada, "two");
    hears(&bob, "two");
    ada.wait("!document.getElementById('chat-form').hidden");
    assert_eq!(texts(&ada), ["one", "two"]);
    assert_eq!(texts(&bob), ["one", "two"]);
    drop(server);
}
