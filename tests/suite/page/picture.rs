//! The picture itself.

use super::{Browser, has, in_browsers, is_live, watch};
use crate::common::clip::{Form, Scratch, jpegs};
use crate::common::server::Server;
use crate::common::{LONG, eventually_true};
use crate::elsewhere::node;

in_browsers!(the_picture_really_moves: chromium, firefox, webkit);
fn the_picture_really_moves(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = watch(browser, &server);
    window.wait("probe.seesPictures(12)");
}

// WebKit paints each picture with the next.
in_browsers!(a_picture_is_painted_when_it_comes_and_not_with_the_next: chromium, firefox);
fn a_picture_is_painted_when_it_comes_and_not_with_the_next(browser: &Browser) {
    let scratch = Scratch::new();
    let clip = scratch.clip(Form::Concat, &jpegs(160, 120, 8, 90));
    let server = Server::start(&["--source", &clip, "--fps", "1"]);
    let window = watch(browser, &server);
    // Painted one late, as browsers do with the plain layout, hardly any would be the same.
    let seen = window.wait(
        "(async () => {
           const seen = [];
           for (let look = 0; look < 24; look += 1) {
             const newest = await probe.lightest(await probe.snapshot(), 8);
             const shown = await probe.lightest(document.getElementById('picture'), 8);
             seen.push([newest, shown]);
             await new Promise((done) => setTimeout(done, 125));
           }
           return seen;
         })()",
    );
    let count = seen.as_array().expect("a list").iter().filter(|look| look[0] == look[1]).count();
    assert!(count >= 16, "{count} are the newest of [newest, shown]: {seen}");
}

in_browsers!(a_still_source_shows_its_one_picture: chromium, firefox, webkit);
fn a_still_source_shows_its_one_picture(browser: &Browser) {
    let scratch = Scratch::new();
    scratch.write("one.jpg", &jpegs(160, 120, 8, 90)[5]);
    let server = Server::start(&["--source", scratch.path(), "--fps", "1"]);
    let window = watch(browser, &server);
    window.wait("(await probe.lightest(document.getElementById('picture'), 8)) === 5");
}

in_browsers!(resuming_is_live_at_once: chromium, firefox, webkit);
fn resuming_is_live_at_once(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = watch(browser, &server);
    window.click("#pause");
    window.wait("probe.isShown('#still')");
    window.click("#pause");
    window.wait("!probe.isShown('#still')");
    window.wait("probe.seesPictures(3)");
}

in_browsers!(pause_says_that_nothing_is_sent_until_it_is_over: chromium, firefox, webkit);
fn pause_says_that_nothing_is_sent_until_it_is_over(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = watch(browser, &server);
    window.click("#pause");
    window.wait("probe.isShown('#paused-note') && probe.isShown('#still')");
    assert_eq!(window.text("#paused-note"), "Paused, nothing is sent");
    assert_eq!(window.text("#status"), "PAUSED");
    has(&window, "sent_bits_per_sec === 0");
    assert_eq!(server.state()["viewers"]["paused"], 1);
    assert_eq!(window.eval("document.getElementById('pause').ariaLabel"), "Resume");
    window.click("#pause");
    window.wait("!probe.isShown('#still') && !probe.isShown('#paused-note')");
    is_live(&window);
}

in_browsers!(pause_keeps_the_picture_of_that_moment: chromium, firefox);
fn pause_keeps_the_picture_of_that_moment(browser: &Browser) {
    let scratch = Scratch::new();
    let clip = scratch.clip(Form::Concat, &jpegs(160, 120, 8, 90));
    let server = Server::start(&["--source", &clip, "--fps", "2"]);
    let window = watch(browser, &server);
    window.wait("probe.seesPictures(8)");
    let before = window.eval("probe.lightest(document.getElementById('picture'), 8)");
    window.click("#pause");
    window.wait("probe.isShown('#still')");
    let kept = window.eval("probe.lightest(document.getElementById('still'), 8)");
    let after = window.eval("(async () => probe.lightest(await probe.snapshot(), 8))()");
    let [before, kept, after] = [before, kept, after].map(|seen| seen.as_u64().expect("a number"));
    // The clip goes round.
    let since = |picture: u64| (8 + picture - before) % 8;
    assert!(since(kept) <= since(after), "{kept} is not from {before} to {after}");
}

// No other protocol tells of each byte.
in_browsers!(pause_stops_all_bytes_and_resuming_is_live_at_once: chromium);
fn pause_stops_all_bytes_and_resuming_is_live_at_once(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = watch(browser, &server);
    let streams = window.asked(0).iter().filter(|url| url.contains("/stream?")).count();
    assert_eq!(streams, 1, "one stream is enough");
    let arrived = |from| window.received(from, "/stream?");
    assert!(arrived(0) > 0, "bytes of the stream are seen at all");

    let pausing = window.happened();
    window.click("#pause");
    window.wait("probe.isShown('#paused-note') && probe.isShown('#still')");
    assert_eq!(window.text("#paused-note"), "Paused, nothing is sent");
    assert_eq!(window.text("#status"), "PAUSED");
    has(&window, "paused");
    let uptime = || server.state()["server"]["uptime_s"].as_f64().expect("seconds");
    let wait_for_states = |count: u32| {
        // The page is told of something each two seconds.
        let until = uptime() + 2.0 * f64::from(count);
        eventually_true("the page was told", LONG, || uptime() > until);
    };
    // What was on its way comes first.
    wait_for_states(1);
    let from = window.happened();
    let still = "probe.little(document.getElementById('still')).then((bytes) => bytes.join())";
    let before = window.eval(still);
    wait_for_states(2);
    assert_eq!(arrived(from), 0, "bytes come though it is paused");
    assert_eq!(window.eval(still), before);
    has(&window, "sent_bits_per_sec === 0");
    assert_eq!(server.state()["viewers"]["paused"], 1);
    assert_eq!(window.eval("document.getElementById('pause').ariaLabel"), "Resume");

    window.click("#pause");
    window.wait("!probe.isShown('#still') && !probe.isShown('#paused-note')");
    window.wait("probe.seesPictures(3)");
    is_live(&window);
    let again = window.asked(pausing);
    assert!(!again.iter().any(|url| url.contains("/stream")), "{again:?}");
}

// WebKit's driver answers nothing until the stream has begun, which it does not while it is paused.
in_browsers!(who_opens_the_page_paused_sees_the_last_picture: chromium, firefox);
fn who_opens_the_page_paused_sees_the_last_picture(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = watch(browser, &server);
    window.press(" ");
    has(&window, "paused");
    window.reload();
    window.wait("probe.isShown('#paused-note') && probe.isShown('#still')");
    let still = "(await probe.little(document.getElementById('still')))";
    window.wait(&format!("Math.max(...{still}.filter((_, at) => at % 4 < 3)) > 60"));
    assert_eq!(window.eval("probe.hasPicture()"), false, "no stream has brought it");
    assert_eq!(window.eval("probe.isShown('#opening')"), false);
    window.press(" ");
    window.wait("!probe.isShown('#still') && probe.seesPictures(3)");
}

in_browsers!(a_snapshot_is_saved_as_a_file: chromium, firefox);
fn a_snapshot_is_saved_as_a_file(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = watch(browser, &server);
    for by_key in [false, true] {
        let (name, bytes) = window.download(|| {
            if by_key {
                window.press("s");
            } else {
                window.click("#snapshot");
            }
        });
        let time = name.strip_suffix(".jpg").and_then(|name| name.get(name.len() - 19..));
        let is_time = |time: &str| time.starts_with("20") && time.matches('-').count() == 5;
        assert!(time.is_some_and(is_time), "{name}");
        assert_eq!(crate::common::picture::look(&bytes).width, 160);
        window.wait("document.getElementById('notice').innerText === 'Snapshot saved.'");
        // The next in the same second would get the same name.
        window.wait(&format!("!{name:?}.includes(new Date().toTimeString().slice(6, 8) + '.jpg')"));
    }
}

/// On a slow link the first picture can be there before the end of the page is, and a script that started then
/// would find half of the buttons.
#[test]
fn the_pages_script_waits_for_the_picture_and_for_the_end_of_the_page() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let orders = root.join("tests/suite/page/boot.mjs");
    let out = node().arg(orders).arg(root.join("www/shared/boot.js")).output().expect("it runs");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let starts: Vec<(Vec<String>, String)> = String::from_utf8(out.stdout)
        .expect("text")
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let starts: Vec<(String, &str)> =
        starts.iter().map(|(order, start)| (order.join(" "), start.as_str())).collect();
    let expected = [
        ("picture end passes", "end"),
        ("picture passes end", "end"),
        ("end picture passes", "picture"),
        ("end passes", "passes"),
    ];
    assert_eq!(starts, expected.map(|(order, start)| (order.to_owned(), start)));
}
