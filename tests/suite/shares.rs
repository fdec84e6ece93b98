//! What viewers have of each other: places, shares of the bandwidth, thanks, and a neighbour
//! whose link is slow.

use std::net::SocketAddr;
use std::time::Instant;

use crate::common::client::{Client, ask};
use crate::common::clip::{Form, Scratch, noise};
use crate::common::incoming::Incoming;
use crate::common::multipart::{Stream, Watching};
use crate::common::picture::quality;
use crate::common::server::Server;
use crate::common::viewer::{FORM, Viewer};
use crate::common::{LONG, eventually, eventually_true};
use serde_json::json;
use socket2::{Domain, Protocol, Socket, Type};

/// A server whose source weighs more than any share in these tests.
fn heavy(scratch: &Scratch, arguments: &[&str]) -> Server {
    let pictures: Vec<_> = (1..=3).map(|seed| noise(640, 480, seed, 95)).collect();
    let megabit = pictures[0].len() * 8 * 6 / 1_000_000;
    assert!(megabit > 7, "{megabit} Mbit/s at six a second");
    let clip = scratch.clip(Form::Concat, &pictures);
    Server::start(&[&["--source", &clip, "--fps", "6"], arguments].concat())
}

/// Waits until the viewers have these shares, in Mbit/s to two places.
#[track_caller]
fn until_shares(viewers: &[(&Viewer, f64)]) {
    eventually("the shares", LONG, || {
        let megabit = |viewer: &Viewer| {
            let bits = viewer.own()["share_bits_per_sec"].as_f64().unwrap_or(f64::NAN);
            (bits / 1e4).round() / 100.0
        };
        let seen: Vec<f64> = viewers.iter().map(|(viewer, _)| megabit(viewer)).collect();
        let right = viewers.iter().zip(&seen).all(|((_, expected), seen)| expected == seen);
        if right { Ok(()) } else { Err(format!("{seen:?}")) }
    });
}

fn watch(viewer: &Viewer) -> Watching {
    viewer.watch().in_background()
}

#[test]
fn who_comes_when_it_is_full_is_told_so_in_the_form_that_it_reads() {
    let server = Server::pattern(&["--max-viewers", "2"]);
    let (one, third) = (Viewer::of(&server), Viewer::of(&server));
    let of_one = watch(&one);
    let of_two = Stream::open(server.address(), "/stream", &[]).in_background();
    let turned_away = |target: &str, accept: &str| {
        let reply = third.ask("GET", target, &[("Accept", accept)], "").expect(503);
        let seconds = reply.header("Retry-After").expect("when to come again");
        assert!(seconds.parse::<u32>().is_ok_and(|seconds| seconds > 0), "{seconds}");
        reply
    };
    let text = turned_away("/stream", "*/*");
    assert_eq!(text.header("Content-Type"), Some("text/plain; charset=utf-8"));
    assert_eq!(text.text().lines().count(), 1);
    let page = turned_away("/stream", "text/html");
    assert_eq!(page.header("Content-Type"), Some("text/html; charset=utf-8"));
    assert!(page.text().contains('2'), "it says how many there may be: {}", page.text());
    assert!(turned_away("/stream", "application/json").json()["error"].is_string());
    // The page itself says so too, but not to one who watches already.
    turned_away("/", "text/html");
    one.ask("GET", "/", &[], "").expect(200);
    one.watch().next();
    assert_eq!(server.state()["viewers"]["max"], 2);

    drop(of_two);
    eventually("a place is free", LONG, || {
        let page = third.ask("GET", "/", &[("Accept", "text/html")], "");
        if page.status == 200 { Ok(()) } else { Err(page.status.to_string()) }
    });
    third.watch().next();
    drop(of_one);
}

#[test]
fn budget_is_divided_among_those_who_watch() {
    let scratch = Scratch::new();
    let server = heavy(&scratch, &["--bandwidth", "10M"]);
    let (one, two) = (Viewer::of(&server), Viewer::of(&server));
    assert_eq!(server.state()["budget"]["bits_per_sec"], 10_000_000);
    let of_one = watch(&one);
    until_shares(&[(&one, 10.0)]);
    let of_two = watch(&two);
    until_shares(&[(&one, 5.0), (&two, 5.0)]);
    // Who is paused leaves its part to the others.
    two.set("paused=true");
    until_shares(&[(&one, 10.0), (&two, 0.0)]);
    two.set("paused=false");
    until_shares(&[(&one, 5.0), (&two, 5.0)]);
    drop(of_two);
    until_shares(&[(&one, 10.0)]);
    drop(of_one);
}

#[test]
fn level_is_the_best_that_the_share_carries() {
    let scratch = Scratch::new();
    let server = heavy(&scratch, &["--bandwidth", "4M"]);
    let viewer = Viewer::of(&server);
    let watching = watch(&viewer);
    eventually("limited by its share", LONG, || {
        let state = viewer.state();
        let own = &state["viewer"];
        let level = |percent: &serde_json::Value| {
            let levels = state["levels"].as_array().expect("a list");
            levels.iter().position(|level| level["quality"] == *percent).expect("of the ladder")
        };
        let cost = |index: usize| state["levels"][index]["bits_per_sec"].as_u64();
        let at = level(&own["quality"]);
        let right = own["limited_by"] == "share"
            && cost(at).is_some_and(|cost| cost <= 4_000_000)
            // One higher may fit by a hair: five in a hundred stay free when a viewer rises.
            && cost(at + 1).is_some_and(|cost| cost > 3_700_000);
        let shown = watching
            .newest()
            .is_some_and(|part| own["quality"].as_u64() == Some(u64::from(quality(&part.jpeg))));
        if right && shown { Ok(()) } else { Err(state.to_string()) }
    });
}

#[test]
fn below_the_lowest_level_pictures_are_left_out() {
    let scratch = Scratch::new();
    let server = heavy(&scratch, &["--bandwidth", "100k"]);
    let mut stream = Stream::open(server.address(), "/stream", &[]);
    eventually("the lowest level", LONG, || match quality(&stream.next().jpeg) {
        10 => Ok(()),
        other => Err(other.to_string()),
    });
    // A picture of this level is far more than a sixth of the share's second.
    let times: Vec<u64> = (0..4).map(|_| stream.next().at_micros.expect("a time")).collect();
    let span = times[3] - times[0];
    assert!(span > 900_000, "{span} µs between the first and the fourth");
}

#[test]
fn donation_doubles_the_givers_share() {
    let scratch = Scratch::new();
    let server = heavy(&scratch, &["--bandwidth", "10M"]);
    let (giver, other) = (Viewer::of(&server), Viewer::of(&server));
    let _streams = [watch(&giver), watch(&other)];
    until_shares(&[(&giver, 5.0), (&other, 5.0)]);
    giver.post("/donate", "name=Ada", &[]).expect(303);
    until_shares(&[(&giver, 6.67), (&other, 3.33)]);
    let left = giver.own()["donating_s"].as_f64().expect("for how long yet");
    assert!(left > 0.0 && left <= 60.0, "{left}");
    assert_eq!(other.own()["donating_s"], serde_json::Value::Null);
}

#[test]
fn donation_is_thanked_for_before_all() {
    let server = Server::pattern(&[]);
    let (giver, other) = (Viewer::of(&server), Viewer::of(&server));
    let _watching = watch(&other);
    let form = "name=Ada+%3Cb%3E&message=Gr%C3%BC%C3%9Fe";
    let state = giver.post_json("/donate", form).expect(200).json();
    assert_eq!(state["notice"], "Donate Success!!");
    for (viewer, mine) in [(&giver, true), (&other, false)] {
        let thanks = &viewer.state()["thanks"];
        assert_eq!(thanks.as_array().map(Vec::len), Some(1), "{thanks}");
        assert_eq!(thanks[0]["name"], "Ada <b>");
        assert_eq!(thanks[0]["message"], "Grüße");
        assert_eq!(thanks[0]["mine"], mine);
    }
    // Both fields are optional, and the button works without a script.
    let reply = other.post("/donate", "", &[]).expect(303);
    assert_eq!(reply.header("Location"), Some("./#donated"));
    let thanks = &giver.state()["thanks"];
    assert_eq!((&thanks[1]["name"], &thanks[1]["mine"]), (&json!(""), &json!(false)));
    assert_eq!(server.metric("livestream_donations_total"), 2.0);
}

#[test]
fn donations_are_as_many_as_others_can_read() {
    let server = Server::pattern(&[]);
    let viewer = Viewer::of(&server);
    let mut client = server.connect();
    let begun = Instant::now();
    let mut give = |cookie: &str| {
        let fields = [("Content-Type", FORM), ("Accept", "application/json"), ("Cookie", cookie)];
        client.request("POST", "/donate", &fields, b"name=Ada")
    };
    let of_one = (0..50).filter(|_| give(&viewer.cookie).status == 200).count();
    // Who has no cookie is another each time, and still at one address.
    let of_all = of_one + (0..400).filter(|_| give("a=b").status == 200).count();
    let refused = give("a=b").expect(429);
    let wait = refused.header("Retry-After").expect("when to come again");
    assert!((1..=5).contains(&wait.parse::<u32>().expect("seconds")), "{wait}");
    assert!(refused.json()["error"].is_string());
    // One more each second for the address, and each five for the viewer.
    let seconds = begun.elapsed().as_secs() as usize + 1;
    assert!((5..=5 + seconds / 5).contains(&of_one), "{of_one}");
    assert!((20..=20 + seconds).contains(&of_all), "{of_all}");
    assert_eq!(server.metric("livestream_donations_total"), of_all as f64);
    // A form that is refused makes no viewer who is thanked.
    assert_eq!(server.state()["thanks"].as_array().map(Vec::len), Some(16));
}

#[test]
fn what_givers_write_is_safe_to_show() {
    let server = Server::pattern(&[]);
    let viewer = Viewer::of(&server);
    let encode = |text: &str| -> String { text.bytes().map(|b| format!("%{b:02X}")).collect() };
    let tower = format!("Z{}", "\u{30d}".repeat(30));
    for (written, shown) in [
        ("\u{202e}adA\u{2067} \u{200b}Lovelace\u{feff}", "adA Lovelace"),
        (tower.as_str(), "Z\u{30d}\u{30d}"),
        ("Zoe\u{308} 👩🏽\u{200d}🚀", "Zoë 👩🏽\u{200d}🚀"),
        ("\u{3164}\u{2800}", ""),
    ] {
        let form = format!("name={0}&message={0}", encode(written));
        let state = viewer.post_json("/donate", &form).expect(200).json();
        let thanks = state["thanks"].as_array().expect("a list");
        let last = thanks.last().expect("it is the newest");
        assert_eq!((&last["name"], &last["message"]), (&json!(shown), &json!(shown)));
    }
}

#[test]
fn payment_page_is_named_if_there_is_one() {
    let url = "https://pay.example/me?x=1";
    let server = Server::pattern(&["--donate-url", url]);
    assert_eq!(server.state()["server"]["donate_url"], url);
    assert_eq!(Server::pattern(&[]).state()["server"]["donate_url"], serde_json::Value::Null);
}

#[test]
fn slow_viewer_goes_down_and_its_neighbour_stays() {
    let scratch = Scratch::new();
    // Small enough for the quick one's buffers to hold some, in case its thread is late.
    let clip = scratch.clip(Form::Concat, &[noise(320, 240, 1, 95), noise(320, 240, 2, 95)]);
    let server = Server::start(&["--source", &clip, "--fps", "10", "--bandwidth", "unlimited"]);
    let (slow, quick) = (Viewer::of(&server), Viewer::of(&server));
    let of_quick = watch(&quick);
    // It asks for the stream and reads not a byte more than its head.
    let _of_slow = slow.watch_over(narrow(server.address()));
    eventually("the slow one is limited by its link", LONG, || {
        let own = slow.own();
        let down = own["limited_by"] == "link" && own["quality"].as_u64() < Some(95);
        if down { Ok(()) } else { Err(own.to_string()) }
    });
    assert!(slow.own()["skipped"].as_u64() > Some(0));
    let own = quick.own();
    assert_eq!((&own["quality"], &own["limited_by"]), (&json!(95), &json!("source")));
    assert_eq!(own["passthrough"], true);
    let before = of_quick.count();
    eventually_true("the quick one gets its pictures", LONG, || of_quick.count() > before + 12);
}

#[test]
fn viewer_who_takes_nothing_for_long_loses_its_place() {
    let scratch = Scratch::new();
    let server = heavy(&scratch, &["--bandwidth", "unlimited"]);
    let stuck = Viewer::of(&server);
    let _stream = stuck.watch_over(narrow(server.address()));
    assert_eq!(server.watching(), 1);
    eventually_true("it is gone", LONG, || server.watching() == 0);
}

/// A connection that holds next to nothing that was not read.
fn narrow(address: SocketAddr) -> Client {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP)).expect("socket");
    socket.set_recv_buffer_size(4096).expect("SO_RCVBUF");
    socket.connect(&address.into()).expect("the server accepts");
    socket.set_read_timeout(Some(LONG)).expect("a time-out");
    Client::with(Incoming::new(socket.into()), address)
}

#[test]
fn places_are_counted_by_viewers_not_by_requests() {
    let server = Server::pattern(&["--max-viewers", "1"]);
    let viewer = Viewer::of(&server);
    // Forms, snapshots and states take no place.
    viewer.set("quality=low");
    server.get("/snapshot").expect(200);
    assert_eq!(server.watching(), 0);
    let _watching = watch(&viewer);
    let reply = ask(server.address(), "GET", "/stream", &[], b"").expect(503);
    assert!(reply.text().contains("full"), "{}", reply.text());
    server.get("/snapshot").expect(200);
    // Who is paused keeps the place.
    viewer.set("paused=true");
    ask(server.address(), "GET", "/stream", &[], b"").expect(503);
}
