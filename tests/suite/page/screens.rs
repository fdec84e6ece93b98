//! Screens of other kinds: few colours, a television, a small window above others, one that sleeps.

use super::{Browser, Person, in_browsers, is_live, watch};
use crate::common::server::Server;

/// The colour behind an element or a part of it.
const COLOUR: &str = "const colour = (selector, part) =>
    getComputedStyle(document.querySelector(selector), part).backgroundColor;";

in_browsers!(in_few_colours_the_share_and_the_dot_are_seen: chromium);
fn in_few_colours_the_share_and_the_dot_are_seen(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = browser.window_of(Person { few_colours: true, ..Person::default() });
    window.goto(&server.url("/"));
    is_live(&window);
    assert_eq!(window.eval("matchMedia('(forced-colors: active)').matches"), true);
    let seen = format!(
        "(() => {{ {COLOUR}
           const ground = colour('body');
           const clear = 'rgba(0, 0, 0, 0)';
           return [colour('#status', '::before'), colour('#share-used'), colour('#mode', '::before')]
             .every((it) => it !== ground && it !== clear);
         }})()"
    );
    window.wait(&seen);
    assert_eq!(
        window.eval("parseFloat(getComputedStyle(document.querySelector('.share-track')).borderTopWidth) > 0"),
        true
    );
}

in_browsers!(text_and_controls_grow_on_a_television: chromium, firefox);
fn text_and_controls_grow_on_a_television(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = watch(browser, &server);
    let measure = "[
        parseFloat(getComputedStyle(document.getElementById('level-text')).fontSize),
        document.getElementById('pause').getBoundingClientRect().height,
      ]";
    let sizes = [(1440, 900), (2560, 1440)].map(|(width, height)| {
        window.resize(width, height);
        window.wait(&format!("innerWidth === {width}"));
        let sizes = window.eval(measure);
        [0, 1].map(|at| sizes[at].as_f64().expect("a number"))
    });
    for at in [0, 1] {
        assert!(sizes[1][at] >= 1.3 * sizes[0][at], "{sizes:?}");
    }
}

in_browsers!(the_picture_stays_above_other_windows: chromium);
fn the_picture_stays_above_other_windows(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = watch(browser, &server);
    assert_eq!(window.eval("document.pictureInPictureEnabled"), true);
    window.click("#menu-button");
    window.click("#menu-small");
    window.wait("document.pictureInPictureElement?.readyState >= 2");
    // It moves there, too.
    window.wait(
        "(async () => {
           const look = async () => (await probe.little(document.pictureInPictureElement)).join();
           const first = await look();
           await new Promise((done) => setTimeout(done, 500));
           return (await look()) !== first;
         })()",
    );
    window.click("#menu-button");
    window.click("#menu-small");
    window.wait("!document.pictureInPictureElement");
}

in_browsers!(the_screen_is_kept_on_for_as_long_as_that_is_wanted: chromium);
fn the_screen_is_kept_on_for_as_long_as_that_is_wanted(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = watch(browser, &server);
    window.eval(
        "(() => {
           const request = navigator.wakeLock.request.bind(navigator.wakeLock);
           navigator.wakeLock.request = async (kind) => (globalThis.held = await request(kind));
         })()",
    );
    window.click("#menu-button");
    window.click("#menu-awake");
    window.wait("globalThis.held && !held.released");
    window.wait("document.getElementById('menu-awake').ariaChecked === 'true'");
    // What is ticked leaves the menu open.
    window.click("#menu-awake");
    window.wait("held.released");
    assert_eq!(window.eval("document.getElementById('menu-awake').ariaChecked"), "false");
}
