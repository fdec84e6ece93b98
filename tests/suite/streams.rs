//! Watching: the stream in both layouts, the snapshot, and mjpg-streamer's addresses for them.

use std::time::SystemTime;

use crate::common::client::ask;
use crate::common::clip::{Scratch, jpegs};
use crate::common::multipart::Stream;
use crate::common::picture::{look, quality};
use crate::common::server::Server;
use crate::common::upstream::Upstream;
use crate::common::{LONG, eventually_true};

#[test]
fn hundred_pictures_are_to_the_letter_in_the_plain_layout() {
    let server = Server::pattern(&["--fps", "60"]);
    let mut stream = Stream::open(server.address(), "/stream", &[]);
    let mut last = 0;
    for number in 0..100 {
        let part = stream.next();
        let at = part.at_micros.expect("the plain layout has it");
        assert!(at > last, "picture {number} was taken at {at}, the one before at {last}");
        last = at;
        let seen = look(&part.jpeg);
        assert_eq!((seen.width, seen.height, seen.huffman_tables), (160, 120, true));
    }
    let now = SystemTime::UNIX_EPOCH.elapsed().expect("after 1970").as_micros();
    let age = now.abs_diff(u128::from(last));
    assert!(age < 5_000_000, "the last was taken {age} µs away from now");
    server.stop();
}

#[test]
fn hundred_pictures_are_to_the_letter_with_advance_headers() {
    let server = Server::pattern(&["--fps", "60"]);
    let mut stream = Stream::open(server.address(), "/stream?advance_headers=1", &[]);
    let mut last = Vec::new();
    for _ in 0..100 {
        let part = stream.next();
        assert!(part.jpeg != last, "the pattern's pictures are different");
        look(&part.jpeg);
        last = part.jpeg;
    }
    server.stop();
}

#[test]
fn layouts_hold_the_same_pictures() {
    let scratch = Scratch::new();
    scratch.write("1.jpg", &jpegs(160, 120, 1, 90)[0]);
    let server = Server::start(&["--source", scratch.path()]);
    let mut plain = Stream::open(server.address(), "/stream?advance_headers=0", &[]);
    let mut advance = Stream::open(server.address(), "/stream?advance_headers=1&quality=auto", &[]);
    assert!(plain.next().jpeg == advance.next().jpeg);
}

#[test]
fn stream_without_keep_alive_is_a_stream_too() {
    let server = Server::pattern(&[]);
    let mut client = server.connect();
    client.send("GET /stream HTTP/1.0\r\nConnection: close\r\n\r\n");
    let head = client.incoming.take_through(b"\r\n\r\n", 4096).expect("a head");
    crate::common::multipart::expect_stream_head(&String::from_utf8_lossy(&head));
    client.incoming.take_through(b"\xff\xd9\r\n--frame\r\n", 1 << 20).expect("a picture");
}

#[test]
fn stream_may_follow_other_requests_on_its_connection() {
    let server = Server::pattern(&[]);
    let mut client = server.connect();
    client.get("/healthz").expect(200);
    client.get("/state").expect(200);
    let mut stream = Stream::over(client, "/stream", &[]);
    for _ in 0..5 {
        stream.next();
    }
}

#[test]
fn mjpg_streamers_addresses_work() {
    let server = Server::pattern(&[]);
    for page in ["/", "/webcam/"] {
        let mut stream = Stream::open(server.address(), &format!("{page}?action=stream"), &[]);
        for _ in 0..3 {
            stream.next();
        }
        let snapshot = server.get(&format!("{page}?action=snapshot")).expect(200);
        assert_eq!(look(&snapshot.body).width, 160);
        // As programs append to what they know.
        let low = format!("{page}?action=stream&quality=low&1700000000");
        let mut stream = Stream::open(server.address(), &low, &[]);
        assert_eq!(quality(&stream.next().jpeg), 20);
        let snapshot = server.get(&format!("{page}?action=snapshot&quality=low")).expect(200);
        assert_eq!(quality(&snapshot.body), 20);
        // As clients of several inputs ask for the first of them.
        let mut stream = Stream::open(server.address(), &format!("{page}?action=stream_0"), &[]);
        stream.next();
        server.get(&format!("{page}?action=snapshot_0")).expect(200);
        for action in ["other", "command&dest=0&plugin=0", "stream_1", "snapshot_1"] {
            let other = server.get(&format!("{page}?action={action}")).expect(404);
            assert!(other.text().contains("there are `stream` and `snapshot`"), "{other:?}");
        }
    }
}

#[test]
fn snapshot_is_the_newest_picture_though_nobody_watches() {
    let server = Server::pattern(&[]);
    assert_eq!(server.state()["source"]["status"], "idle");
    let mut last = 0;
    for _ in 0..3 {
        let reply = server.get("/snapshot").expect(200);
        assert_eq!(reply.header("Content-Type"), Some("image/jpeg"));
        assert_eq!(reply.header("Cache-Control"), Some("no-store"));
        assert!(reply.body.ends_with(&[0xFF, 0xD9]));
        assert_eq!((look(&reply.body).width, quality(&reply.body)), (160, 95));
        let (seconds, micros) =
            reply.header("X-Timestamp").and_then(|at| at.split_once('.')).expect("a time");
        assert_eq!(micros.len(), 6);
        let at = seconds.parse::<u64>().expect("seconds") * 1_000_000
            + micros.parse::<u64>().expect("microseconds");
        assert!(at >= last, "{at} comes after {last}");
        last = at;
    }
    assert_eq!(server.watching(), 0);
}

#[test]
fn snapshot_has_the_quality_that_was_asked_for() {
    let server = Server::pattern(&[]);
    for (asked, level) in [("low", 20), ("medium", 50), ("high", 90), ("auto", 95), ("1", 10)] {
        let reply = server.get(&format!("/snapshot?quality={asked}")).expect(200);
        assert_eq!(quality(&reply.body), level, "{asked}");
    }
    let accept = [("Accept", "application/json")];
    let refused = ask(server.address(), "GET", "/snapshot?quality=0", &accept, b"").expect(400);
    assert_eq!(refused.json()["field"], "quality");
}

#[test]
fn folder_with_one_picture_is_a_stream() {
    let scratch = Scratch::new();
    let picture = &jpegs(160, 120, 1, 90)[0];
    scratch.write("only.jpg", picture);
    let server = Server::start(&["--source", scratch.path(), "--fps", "1"]);
    let mut stream = Stream::open(server.address(), "/stream", &[]);
    for _ in 0..3 {
        assert!(&stream.next().jpeg == picture);
    }
}

#[test]
fn last_picture_comes_again_while_the_source_is_quiet() {
    let pictures = jpegs(160, 120, 2, 90);
    for target in ["/stream", "/stream?advance_headers=1"] {
        let upstream = Upstream::new();
        let server = Server::start(&["--source", &upstream.url()]);
        let mut stream = Stream::open(server.address(), target, &[]);
        let mut feed = upstream.accept();
        feed.send(&pictures[0]);
        let first = stream.next();
        assert!(first.jpeg == pictures[0], "{first:?}");
        // The source says nothing now; the picture and its time stay what they are.
        assert_eq!(stream.next(), first, "{target}");
        assert_eq!(stream.next(), first, "{target}");
        assert_eq!(server.state()["source"]["frames"], 1, "what is repeated is no new frame");
        feed.send(&pictures[1]);
        let second = stream.next();
        assert!(second.jpeg == pictures[1], "{second:?}");
        assert!(second.at_micros > first.at_micros || second.at_micros.is_none());
    }
}

#[test]
fn many_sorts_of_streams_run_side_by_side() {
    let server = Server::pattern(&[]);
    let targets = ["/stream", "/stream?advance_headers=1", "/stream?quality=low", "/stream?fps=20"];
    let streams = targets.map(|at| Stream::open(server.address(), at, &[]).in_background());
    eventually_true("all of them get pictures", LONG, || {
        streams.iter().all(|stream| stream.count() >= 10)
    });
    assert_eq!(server.watching(), 4);
}
