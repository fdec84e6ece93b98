//! The picture itself.

use super::common::clip::{Form, Scratch, jpegs};
use super::common::server::Server;
use super::{Browser, has, is_live, watch};

#[test]
fn the_picture_really_moves() {
    let (server, browser) = (Server::pattern(&[]), Browser::start());
    let window = watch(&browser, &server);
    window.wait("probe.seesPictures(12)");
}

#[test]
fn a_picture_is_painted_when_it_comes_and_not_with_the_next() {
    let scratch = Scratch::new();
    let clip = scratch.clip(Form::Concat, &jpegs(160, 120, 8, 90));
    let (server, browser) = (Server::start(&["--source", &clip, "--fps", "1"]), Browser::start());
    let window = watch(&browser, &server);
    // Painted one late, as browsers do with the plain layout, hardly any would be the same.
    let same = window.wait(
        "(async () => {
           let same = 0;
           for (let look = 0; look < 24; look += 1) {
             const newest = probe.lightest(await probe.snapshot(), 8);
             const shown = probe.lightest(document.getElementById('picture'), 8);
             same += newest === shown;
             await new Promise((done) => setTimeout(done, 125));
           }
           return `${same} of 24`;
         })()",
    );
    let same = same.as_str().expect("a text");
    let count: u32 = same[..2].trim().parse().expect("a number");
    assert!(count >= 16, "{same} pictures are the newest");
}

#[test]
fn a_still_source_shows_its_one_picture() {
    let scratch = Scratch::new();
    scratch.write("one.jpg", &jpegs(160, 120, 8, 90)[5]);
    let (server, browser) =
        (Server::start(&["--source", scratch.path(), "--fps", "1"]), Browser::start());
    let window = watch(&browser, &server);
    window.wait("probe.lightest(document.getElementById('picture'), 8) === 5");
}

#[test]
fn pause_stops_all_bytes_and_resuming_is_live_at_once() {
    let (server, browser) = (Server::pattern(&[]), Browser::start());
    let window = watch(&browser, &server);
    let streams = window.events(0, "Network.requestWillBeSent");
    let mut streams = streams.iter().filter(|request| {
        request["request"]["url"].as_str().is_some_and(|url| url.contains("/stream?"))
    });
    let stream = streams.next().expect("the picture is a stream")["requestId"].clone();
    assert!(streams.next().is_none(), "one stream is enough");
    let arrived = |from| {
        let events = window.events(from, "Network.dataReceived");
        events.iter().filter(|data| data["requestId"] == stream).count()
    };
    assert!(arrived(0) > 0, "bytes of the stream are seen at all");

    let pausing = window.happened();
    window.click("#pause");
    window.wait("probe.isShown('#paused-note') && probe.isShown('#still')");
    assert_eq!(window.text("#paused-note"), "Paused, nothing is sent");
    assert_eq!(window.text("#status"), "PAUSED");
    has(&window, "paused");
    let polls = "performance.getEntriesByType('resource').length";
    let wait_for_polls = |count: u64| {
        let now = window.eval(polls).as_u64().expect("a count");
        window.wait(&format!("{polls} >= {}", now + count));
    };
    // What was on its way comes first.
    wait_for_polls(1);
    let from = window.happened();
    let still = "probe.little(document.getElementById('still')).join()";
    let before = window.eval(still);
    wait_for_polls(2);
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

#[test]
fn who_opens_the_page_paused_sees_the_last_picture() {
    let (server, browser) = (Server::pattern(&[]), Browser::start());
    let window = watch(&browser, &server);
    window.press(" ");
    has(&window, "paused");
    window.reload();
    window.wait("probe.isShown('#paused-note') && probe.isShown('#still')");
    let still = "probe.little(document.getElementById('still'))";
    window.wait(&format!("Math.max(...{still}.filter((_, at) => at % 4 < 3)) > 60"));
    assert_eq!(window.eval("probe.hasPicture()"), false, "no stream has brought it");
    assert_eq!(window.eval("probe.isShown('#opening')"), false);
    window.press(" ");
    window.wait("!probe.isShown('#still') && probe.seesPictures(3)");
}

#[test]
fn a_snapshot_is_saved_as_a_file() {
    let (server, browser) = (Server::pattern(&[]), Browser::start());
    let window = watch(&browser, &server);
    for by_key in [false, true] {
        let from = window.happened_to_browser();
        if by_key {
            window.press("s");
        } else {
            window.click("#snapshot");
        }
        let (name, bytes) = browser.downloaded(from);
        let time = name.strip_suffix(".jpg").and_then(|name| name.get(name.len() - 19..));
        let is_time = |time: &str| time.starts_with("20") && time.matches('-').count() == 5;
        assert!(time.is_some_and(is_time), "{name}");
        assert_eq!(super::common::picture::look(&bytes).width, 160);
        window.wait("document.getElementById('notice').innerText === 'Snapshot saved.'");
        // The next in the same second would get the same name.
        window.wait(&format!("!{name:?}.includes(new Date().toTimeString().slice(6, 8) + '.jpg')"));
    }
}
