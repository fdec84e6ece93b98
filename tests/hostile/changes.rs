//! Viewers who never watch are worth little (fault 7): they cost the others no time, and nobody
//! who did is forgotten for them.

use super::{Server, alone, open_stream};
use crate::common::client::Client;
use crate::common::viewer::{FORM, Viewer};
use crate::common::{LONG, eventually};

const MADE_UP: usize = 10_000;
const AT_ONCE: usize = 50;

/// Sends so many requests over one connection, fifty at a time, and reads their answers.
fn ask_without_end(server: &Server, request: &str, status: u16) {
    let mut client = server.connect();
    for _ in 0..MADE_UP / AT_ONCE {
        client.send(request.repeat(AT_ONCE));
        for _ in 0..AT_ONCE {
            client.reply().expect(status);
        }
    }
}

fn post_without_a_cookie(server: &Server) -> String {
    let fields = [("Content-Type", FORM)];
    let body = "quality=low";
    Client::connect(server.address()).head("POST", "/viewer", &fields, body.as_bytes()) + body
}

/// Viewers who watched, and went away.
fn remembered(server: &Server) -> Vec<Viewer> {
    let watched = |number: usize| {
        let viewer = Viewer::of(server);
        viewer.watch().next();
        viewer.set(if number.is_multiple_of(2) { "quality=35" } else { "quality=high" });
        viewer
    };
    (0..20).map(watched).collect()
}

#[track_caller]
fn expect_remembered(viewers: &[Viewer]) {
    for (number, viewer) in viewers.iter().enumerate() {
        let choice = viewer.own()["choice"].clone();
        let expected = if number.is_multiple_of(2) { "35" } else { "high" };
        assert_eq!(choice, expected, "viewer {number}");
    }
}

#[test]
fn who_watched_is_remembered_after_ten_thousand_who_did_not() {
    let _alone = alone();
    let server = Server::pattern(&[]);
    let viewers = remembered(&server);
    expect_remembered(&viewers);
    ask_without_end(&server, &post_without_a_cookie(&server), 303);
    expect_remembered(&viewers);
    // Packed, as browsers have it: unpacked it is larger than what the system holds of it, and the rest
    // waits for an acknowledgement, which on a machine's own loopback comes after 40 ms.
    let page = server.connect().head("GET", "/", &[("Accept-Encoding", "gzip")], b"");
    ask_without_end(&server, &page, 200);
    expect_remembered(&viewers);
}

#[test]
fn changes_and_states_cost_the_same_after_ten_thousand_viewers() {
    let _alone = alone();
    let server = Server::pattern(&[]);
    let viewer = Viewer::of(&server);
    let mut stream = viewer.watch_at("/stream?fps=1");
    stream.next();
    let cost = |request: &str, status: u16| {
        let before = server.cpu_ticks();
        let mut client = server.connect();
        for _ in 0..2000 / AT_ONCE {
            client.send(request.repeat(AT_ONCE));
            for _ in 0..AT_ONCE {
                client.reply().expect(status);
            }
        }
        server.cpu_ticks() - before
    };
    let cookie = ("Cookie", viewer.cookie.as_str());
    let head = |method: &str, target: &str, fields: &[(&str, &str)], body: &str| {
        let fields = [fields, &[cookie]].concat();
        server.connect().head(method, target, &fields, body.as_bytes()) + body
    };
    let change = head("POST", "/viewer", &[("Content-Type", FORM)], "quality=low");
    let state = head("GET", "/state", &[], "");
    let (changes, states) = (cost(&change, 303), cost(&state, 200));
    let size = viewer.ask("GET", "/state", &[], "").body.len();
    ask_without_end(&server, &post_without_a_cookie(&server), 303);
    let (changes_then, states_then) = (cost(&change, 303), cost(&state, 200));
    let most = |before: u64| before * 3 + 20;
    assert!(changes_then <= most(changes), "changes: {changes}, then {changes_then} ticks");
    assert!(states_then <= most(states), "states: {states}, then {states_then} ticks");
    let size_then = viewer.ask("GET", "/state", &[], "").body.len();
    assert!(size_then <= size + 200, "{size}, then {size_then} bytes of state");
}

#[test]
fn who_watched_is_remembered_after_thousands_of_streams_without_a_cookie() {
    let _alone = alone();
    let server = Server::pattern(&[]);
    let viewers = remembered(&server);
    for _ in 0..3000 {
        // That a client is gone shows when it should take pictures: a few may hold seats meanwhile.
        eventually("a stream", LONG, || open_stream(server.connect()).map(drop));
    }
    expect_remembered(&viewers);
}
