//! What one viewer does for itself: the cookie, the settings, pausing, a stream of its own.
//!
//! What viewers have of each other is in `shares.rs`.

use std::collections::HashSet;
use std::time::Duration;

use crate::common::client::ask;
use crate::common::multipart::Stream;
use crate::common::picture::quality;
use crate::common::server::Server;
use crate::common::viewer::{FORM, Viewer};
use crate::common::{LONG, VERY_LONG, eventually, eventually_true};
use serde_json::{Value, json};

/// Reads on until the pictures have this quality. How many come before does not matter: some were
/// on their way.
#[track_caller]
fn until_quality(stream: &mut Stream, expected: u8) {
    let mut seen = Vec::new();
    for _ in 0..600 {
        let found = quality(&stream.next().jpeg);
        if found == expected {
            return;
        }
        seen.push(found);
    }
    panic!("no picture of quality {expected} in {seen:?}");
}

#[test]
fn cookie_is_the_contracts() {
    let server = Server::pattern(&[]);
    let mut values = HashSet::new();
    for _ in 0..20 {
        let page = server.get("/").expect(200);
        let cookie = page.header("Set-Cookie").expect("a cookie");
        let mut pieces = cookie.split("; ");
        let value = pieces.next().and_then(|piece| piece.strip_prefix("viewer=")).expect(cookie);
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        assert!(value.len() == 48 && value.bytes().all(digit), "128 bits and 64: {cookie}");
        let mut attributes: Vec<_> =
            pieces.filter(|piece| !piece.starts_with("Max-Age=")).collect();
        attributes.sort_unstable();
        assert_eq!(attributes, ["HttpOnly", "Path=/", "SameSite=Lax"], "{cookie}");
        assert!(values.insert(value.to_owned()), "{value} was given before");
    }
}

#[test]
fn cookie_is_given_once() {
    let server = Server::pattern(&[]);
    let viewer = Viewer::of(&server);
    assert_eq!(viewer.ask("GET", "/", &[], "").expect(200).header("Set-Cookie"), None);
    assert_eq!(viewer.post_json("/viewer", "quality=low").header("Set-Cookie"), None);
    // One who sends a form at once gets it with the answer.
    let form = [("Content-Type", FORM)];
    let reply = ask(server.address(), "POST", "/viewer", &form, b"quality=low").expect(303);
    let cookie = reply.header("Set-Cookie").expect("a cookie");
    let cookie = cookie.split(';').next().expect("name and value");
    let fields = [("Cookie", cookie)];
    let state = ask(server.address(), "GET", "/state", &fields, b"").json();
    assert_eq!(state["viewer"]["choice"], "low");
    for path in ["/state", "/snapshot", "/healthz", "/metrics", "/favicon.ico"] {
        assert_eq!(server.get(path).header("Set-Cookie"), None, "{path}");
    }
}

#[test]
fn cookie_of_another_kind_counts_as_none() {
    let server = Server::pattern(&[]);
    let long = "0".repeat(49);
    for value in ["", "0", "x", long.as_str(), &"G".repeat(32), &"A".repeat(48)] {
        let cookie = format!("a=b; viewer={value}; c=d");
        let page = ask(server.address(), "GET", "/", &[("Cookie", &cookie)], b"").expect(200);
        assert!(page.header("Set-Cookie").is_some(), "{cookie}");
    }
}

#[test]
fn cookie_that_is_made_up_is_nobodys_and_its_replacement_is_one() {
    let server = Server::pattern(&[]);
    let viewer = Viewer::of(&server);
    viewer.set("quality=low");
    let (name, good) = viewer.cookie.split_once('=').expect("name and value");
    let mut forged = good.to_owned();
    forged.replace_range(47.., if good.ends_with('0') { "1" } else { "0" });
    for made_up in [forged, "0".repeat(48), good[..32].to_owned()] {
        let cookie = format!("{name}={made_up}");
        let fields = [("Cookie", cookie.as_str())];
        let given = || {
            let page = ask(server.address(), "GET", "/", &fields, b"").expect(200);
            let cookie = page.header("Set-Cookie").expect("another cookie");
            cookie.split(';').next().expect("name and value").to_owned()
        };
        let replacement = given();
        assert_eq!(given(), replacement, "requests on their way at once agree");
        assert_ne!(replacement, viewer.cookie);
        // A form that comes before the page's cookie is the same viewer's.
        let fields = [("Cookie", cookie.as_str()), ("Content-Type", FORM)];
        ask(server.address(), "POST", "/viewer", &fields, b"quality=medium").expect(303);
        let fields = [("Cookie", replacement.as_str())];
        let reply = ask(server.address(), "GET", "/state", &fields, b"");
        assert_eq!(reply.json()["viewer"]["choice"], "medium");
        let reply = ask(server.address(), "GET", "/", &fields, b"").expect(200);
        assert_eq!(reply.header("Set-Cookie"), None, "it is good");
    }
    assert_eq!(viewer.own()["choice"], "low");
}

#[test]
fn viewers_behind_one_address_keep_apart() {
    let server = Server::pattern(&["--bandwidth", "unlimited"]);
    let (one, two) = (Viewer::of(&server), Viewer::of(&server));
    let (mut stream_of_one, mut stream_of_two) = (one.watch(), two.watch());
    one.set("quality=low");
    two.set("quality=high");
    until_quality(&mut stream_of_one, 20);
    until_quality(&mut stream_of_two, 90);
    one.set("mode=gaming");
    assert_eq!((&one.own()["choice"], &one.own()["mode"]), (&json!("low"), &json!("gaming")));
    assert_eq!((&two.own()["choice"], &two.own()["mode"]), (&json!("high"), &json!("home")));
    one.set("paused=true");
    assert_eq!(two.own()["paused"], false);
    for _ in 0..10 {
        assert_eq!(quality(&stream_of_two.next().jpeg), 90);
    }
}

#[test]
fn reload_is_the_same_viewer() {
    let server = Server::pattern(&["--max-viewers", "1"]);
    let viewer = Viewer::of(&server);
    viewer.set("quality=medium");
    for _ in 0..5 {
        // The stream before ends a moment after the next has begun, as it does in a browser.
        let mut stream = viewer.watch();
        until_quality(&mut stream, 50);
        assert_eq!(server.watching(), 1);
    }
    let streams = [viewer.watch().in_background(), viewer.watch().in_background()];
    let state = eventually("two streams, one viewer", LONG, || {
        let state = viewer.state();
        let two = state["viewer"]["streams"] == 2;
        if two { Ok(state) } else { Err(state["viewer"].to_string()) }
    });
    assert_eq!(state["viewers"]["watching"], 1);
    drop(streams);
    eventually_true("nobody watches", LONG, || server.watching() == 0);
    assert_eq!(viewer.own()["choice"], "medium");
}

#[test]
fn form_is_answered_for_people_or_for_programs() {
    let server = Server::pattern(&[]);
    let viewer = Viewer::of(&server);
    for form in ["quality=7", "mode=gaming", "mode=home&quality=auto", "paused=true&paused=false"] {
        let reply = viewer.post("/viewer", form, &[]).expect(303);
        assert_eq!(reply.header("Location"), Some("./"), "{form}");
        let browser = [("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")];
        viewer.post("/viewer", form, &browser).expect(303);
        let changed = viewer.post_json("/viewer", form).expect(200).json();
        let state = viewer.state();
        let keys = |value: &Value| -> Vec<String> {
            value.as_object().expect("an object").keys().cloned().collect()
        };
        assert_eq!(keys(&changed), keys(&state), "the same JSON as /state");
        assert_eq!(changed["viewer"]["choice"], state["viewer"]["choice"]);
    }
    assert_eq!(viewer.own()["choice"], "auto");
}

#[test]
fn each_choice_is_kept_as_it_was_made() {
    let server = Server::pattern(&["--bandwidth", "unlimited"]);
    let viewer = Viewer::of(&server);
    let mut stream = viewer.watch();
    for (choice, level) in [
        ("low", 20),
        ("medium", 50),
        ("high", 90),
        ("auto", 95),
        ("1", 10),
        ("37", 35),
        ("100", 95),
        ("15", 10),
    ] {
        let state = viewer.set(&format!("quality={choice}"));
        assert_eq!(state["viewer"]["choice"], choice);
        until_quality(&mut stream, level);
        assert_eq!(viewer.own()["quality"], level, "{choice}");
    }
}

#[test]
fn bad_value_is_refused_by_the_name_of_its_field() {
    let server = Server::pattern(&[]);
    let viewer = Viewer::of(&server);
    viewer.set("quality=low");
    let before = viewer.own();
    for (form, field) in [
        ("quality=0", "quality"),
        ("quality=101", "quality"),
        ("quality=best", "quality"),
        ("quality=", "quality"),
        ("quality=-5", "quality"),
        ("quality=5.5", "quality"),
        ("mode=office", "mode"),
        ("mode=HOME", "mode"),
        ("paused=yes", "paused"),
        ("paused=1", "paused"),
        // One bad value, and nothing of the form is done.
        ("quality=high&paused=maybe", "paused"),
    ] {
        let refused = viewer.post_json("/viewer", form).expect(400).json();
        assert_eq!(refused["field"], field, "{form}");
        assert!(refused["error"].as_str().is_some_and(|why| why.contains(field)), "{refused}");
        let text = viewer.post("/viewer", form, &[]).expect(400).text();
        assert!(text.contains(field) && text.lines().count() == 1, "{text}");
        let page = viewer.post("/viewer", form, &[("Accept", "text/html")]).expect(400).text();
        assert!(page.contains(field) && page.contains("<html"), "{page}");
    }
    assert_eq!(viewer.own()["choice"], before["choice"]);
    for query in ["quality=0", "mode=x", "fps=0", "fps=-1", "fps=x"] {
        let field = query.split('=').next().expect("a name");
        let accept = [("Accept", "application/json")];
        let target = format!("/stream?{query}");
        let refused = ask(server.address(), "GET", &target, &accept, b"").expect(400).json();
        assert_eq!(refused["field"], field, "{query}");
    }
    let long = format!("name={}", "x".repeat(1000));
    assert_eq!(viewer.post_json("/donate", &long).expect(400).json()["field"], "name");
    let broken = "message=a%0d%0ab";
    assert_eq!(viewer.post_json("/donate", broken).expect(400).json()["field"], "message");
}

#[test]
fn gaming_mode_locks_the_choice() {
    let server = Server::pattern(&[]);
    let viewer = Viewer::of(&server);
    viewer.set("quality=medium");
    viewer.set("mode=gaming");
    for form in ["quality=low", "quality=auto", "quality=high&mode=gaming"] {
        let refused = viewer.post_json("/viewer", form).expect(409).json();
        assert_eq!(refused["field"], "quality", "{form}");
        viewer.post("/viewer", form, &[]).expect(409);
    }
    assert_eq!(viewer.own()["choice"], "medium");
    // A pause is not locked, and a choice that leaves the mode is none either.
    viewer.set("paused=true");
    viewer.set("mode=home&quality=low&paused=false");
    assert_eq!(viewer.own()["choice"], "low");
}

#[test]
fn form_of_another_site_is_refused() {
    let server = Server::pattern(&[]);
    let viewer = Viewer::of(&server);
    let own = server.url("");
    let port = server.address().port();
    let near = format!("http://localhost:{port}");
    let other_port = format!("http://127.0.0.1:{}", port ^ 1);
    for origin in ["http://elsewhere.example", "null", "", "127.0.0.1", &near, &other_port] {
        for path in ["/viewer", "/donate"] {
            let head = format!(
                "POST {path} HTTP/1.1\r\nHost: {}\r\nOrigin: {origin}\r\nCookie: {}\r\n\
                 Content-Type: {FORM}\r\nContent-Length: 11\r\n\r\nquality=low",
                server.address(),
                viewer.cookie
            );
            let mut client = server.connect();
            client.send(head);
            client.reply().expect(403);
        }
    }
    let state = viewer.state();
    assert_eq!(state["thanks"], json!([]), "none of them was done");
    viewer.post("/viewer", "quality=low", &[("Origin", &own)]).expect(303);
    viewer.post("/donate", "", &[("Origin", &own)]).expect(303);
}

#[test]
fn change_takes_effect_on_the_stream_that_is_open() {
    let server = Server::pattern(&["--bandwidth", "unlimited"]);
    let viewer = Viewer::of(&server);
    for target in ["/stream", "/stream?advance_headers=1"] {
        let mut stream = viewer.watch_at(target);
        viewer.set("quality=auto");
        until_quality(&mut stream, 95);
        let large = stream.next().jpeg.len();
        viewer.set("quality=low");
        until_quality(&mut stream, 20);
        let small = stream.next().jpeg.len();
        assert!(small < large, "{small} and {large} bytes");
    }
}

#[test]
fn paused_nothing_comes_and_resumed_the_newest_does() {
    let server = Server::pattern(&[]);
    let viewer = Viewer::of(&server);
    let mut stream = viewer.watch();
    let before = stream.next().at_micros;
    viewer.set("paused=true");
    let rest = stream.read_until_quiet(SILENCE, 8 << 20);
    // What was begun was finished, with the boundary that ends it.
    let whole = rest.is_empty() || rest.ends_with(b"\xff\xd9\r\n--frame\r\n");
    assert!(whole, "{}", String::from_utf8_lossy(&rest[rest.len().saturating_sub(50)..]));

    let state = viewer.state();
    assert_eq!(
        (&state["viewers"]["watching"], &state["viewers"]["paused"]),
        (&json!(0), &json!(1))
    );
    let sent = server.metric("livestream_frames_sent_total");
    assert_eq!(stream.read_until_quiet(SILENCE, 1), b"", "still paused");
    assert_eq!(server.metric("livestream_frames_sent_total"), sent);

    let resumed_at = now_micros();
    viewer.set("paused=false");
    let after = stream.next().at_micros;
    assert!(after > before, "{after:?} is newer than {before:?}");
    let age = resumed_at.saturating_sub(after.expect("a time"));
    assert!(age < 1_500_000, "the picture is from now, not from the pause's beginning: {age} µs");
    assert_eq!(server.watching(), 1);
}

#[test]
fn advance_headers_stand_right_behind_each_picture() {
    let server = Server::pattern(&[]);
    let viewer = Viewer::of(&server);
    let mut stream = viewer.watch_at("/stream?advance_headers=1");
    stream.next();
    viewer.set("paused=true");
    let rest = stream.read_until_quiet(SILENCE, 8 << 20);
    let whole = b"\xff\xd9\r\n--frame\r\nContent-Type: image/jpeg\r\n\r\n";
    assert!(rest.is_empty() || rest.ends_with(whole), "{} bytes", rest.len());
    viewer.set("paused=false");
    for _ in 0..5 {
        stream.next();
    }
}

#[test]
fn stream_with_settings_in_its_address_is_a_viewer_of_its_own() {
    let server = Server::pattern(&["--bandwidth", "unlimited"]);
    let viewer = Viewer::of(&server);
    let mut of_page = viewer.watch();
    let mut of_address = viewer.watch_at("/stream?quality=low");
    until_quality(&mut of_address, 20);
    until_quality(&mut of_page, 95);
    assert_eq!(server.watching(), 2);
    assert_eq!(viewer.own()["choice"], "auto");
    // What the page's viewer sets does not reach it.
    viewer.set("quality=high");
    until_quality(&mut of_page, 90);
    assert_eq!(quality(&of_address.next().jpeg), 20);
    drop(of_address);
    eventually_true("it is gone with its stream", LONG, || server.watching() == 1);
    // And so is each that has no cookie.
    let strangers = [1, 2].map(|_| Stream::open(server.address(), "/stream", &[]));
    assert_eq!(server.watching(), 3);
    drop(strangers);
}

#[test]
fn rate_can_be_lowered() {
    let server = Server::pattern(&["--fps", "30"]);
    let mut stream = Stream::open(server.address(), "/stream?fps=5", &[]);
    let first = stream.next().at_micros.expect("a time");
    let gaps = 8;
    let last = (0..gaps).map(|_| stream.next().at_micros.expect("a time")).last();
    let mean = (last.expect("eight") - first) / gaps;
    // A fifth of a second, and far from the thirtieth that the source has.
    assert!((100_000..1_000_000).contains(&mean), "{mean} µs between pictures");
}

#[test]
fn gaming_quality_follows_motion_and_touches_no_other_viewer() {
    let arguments = ["--source", "pattern", "--size", "640x360", "--bandwidth", "unlimited"];
    let server = Server::start(&arguments);
    let (gaming, home) = (Viewer::of(&server), Viewer::of(&server));
    let _drained = gaming.watch().in_background();
    home.set("quality=low");
    let of_home = home.watch().in_background();
    let state = gaming.set("mode=gaming");
    let at_start = state["viewer"]["gaming_quality"].as_f64().expect("a number");
    assert!((10.0..=100.0).contains(&at_start), "{at_start}");
    let until = |what: &str, is: &dyn Fn(f64) -> bool| {
        eventually(what, VERY_LONG, || {
            if let Some(part) = of_home.newest() {
                assert_eq!(quality(&part.jpeg), 20, "home is as it was");
            }
            let own = gaming.own();
            let drive = own["gaming_quality"].as_f64().expect("a number");
            if is(drive) { Ok(own) } else { Err(own.to_string()) }
        })
    };
    until("the picture moves and the quality rises", &|drive| drive >= 80.0);
    let low = until("it rests and the quality sinks", &|drive| drive < 20.0);
    assert_eq!(low["limited_by"], "motion");
    until("it moves again", &|drive| drive >= 80.0);
    gaming.set("mode=home");
    assert_eq!(gaming.own()["gaming_quality"], Value::Null);
    assert!(of_home.count() > 20, "{} pictures", of_home.count());
}

#[test]
fn pictures_of_a_gaming_stream_rise_and_sink() {
    let arguments = ["--source", "pattern", "--size", "640x360", "--bandwidth", "unlimited"];
    let server = Server::start(&arguments);
    let mut stream = Stream::open(server.address(), "/stream?mode=gaming", &[]);
    let mut until = |what: &str, is: &dyn Fn(u8) -> bool| {
        eventually(what, VERY_LONG, || {
            let found = quality(&stream.next().jpeg);
            if is(found) { Ok(()) } else { Err(found.to_string()) }
        });
    };
    until("high while it moves", &|quality| quality >= 90);
    until("low while it rests", &|quality| quality <= 10);
}

fn now_micros() -> u64 {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("after 1970");
    u64::try_from(since.as_micros()).expect("before the year 586912")
}

/// Longer than the second after which a quiet stream repeats its picture.
const SILENCE: Duration = Duration::from_millis(1600);
