//! What is for members is shown to nobody else: each protected thing holds a word that no answer to a
//! guest may have.

use super::{Person, encoded};
use crate::common::client::Client;
use crate::common::clip::{Form, Scratch, clip, jpegs};
use crate::common::rtsp::Rtsp;
use crate::common::server::Server;

/// Stands in a title, a name, a label, a donation's words, a clip's and a source's name.
const CANARY: &str = "canary";

/// A server for members that has a canary in everything.
fn full_of_canaries() -> (Server, Scratch) {
    let scratch = Scratch::new();
    let movie = clip(Form::Avi { fps: 25 }, &jpegs(96, 64, 10, 90));
    scratch.write("canary-clip.avi", &movie);
    let source = scratch.write("canary-source.avi", &movie);
    let room = format!("canary-room={source};title=The canary room");
    let server = Server::start(&[
        "--source",
        &source,
        "--title",
        "The canary",
        "--room",
        &room,
        "--access",
        "members",
        "--clips",
        scratch.path(),
        "--rtsp-port",
        "0",
        "--donate-url",
        "https://canary.example/",
    ]);
    let secret = super::host_secret(&server);
    let mut host = Person::new();
    let form =
        [("secret", secret.as_str()), ("name", "Canary host"), ("new-password", super::PASSWORD)];
    host.post(&server, "/claim", &form).expect(200);
    host.post(&server, "/account/device", &[("label", "canary device"), ("room", "*")]).expect(200);
    let token = [("label", "canary token"), ("scope", "watch")];
    host.post(&server, "/account/token", &token).expect(200);
    host.post(&server, "/donate", &[("name", "Canary giver"), ("message", "canary words")])
        .expect(200);
    // It is there for who may see it.
    assert!(host.get(&server, "/state").expect(200).text().contains(CANARY));
    (server, scratch)
}

/// An answer as it came, to its end.
fn answer(
    server: &Server,
    method: &str,
    path: &str,
    fields: &[(&str, &str)],
    body: &str,
) -> String {
    let mut client = Client::connect(server.address());
    let fields = [fields, &[("Connection", "close")]].concat();
    let head = client.head(method, path, &fields, body.as_bytes());
    client.send(head + body);
    let mut bytes = client.incoming.left_over().to_vec();
    // A refusal ends; whatever would go on for ever is let in, which is a fault in itself.
    std::io::Read::read_to_end(&mut client.incoming.source, &mut bytes).expect("it ends");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The paths of all requests, at the root, in a room and in one that there is not.
fn paths() -> Vec<String> {
    let documents = [include_str!("../../../README.md"), include_str!("../../../docs/accounts.md")];
    let mut paths = Vec::new();
    for document in documents {
        let (_, table) =
            document.split_once("| request | answer |\n| --- | --- |\n").expect("a table");
        for row in table.lines().take_while(|line| !line.is_empty()) {
            let (cell, _) = row.trim_start_matches("| ").split_once(" | ").expect("two cells");
            paths.extend(cell.split(", ").filter_map(|request| {
                let (_, path) = request.trim_matches('`').split_once(' ')?;
                Some(path.replace('\u{2026}', "1"))
            }));
        }
    }
    paths.sort();
    paths.dedup();
    assert!(paths.len() > 50, "{paths:?}");
    let more = ["/nothing", "/r/", "*", "/api/v1/nothing", "/webcam/?action=stream"];
    paths.extend(more.map(str::to_owned));
    paths
}

#[test]
fn no_answer_to_a_guest_has_one() {
    let (server, _scratch) = full_of_canaries();
    let upgrade = [
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="),
    ];
    let mut asked = 0;
    for path in paths() {
        for room in ["", "/r/x1", "/r/Canary-room"] {
            // The room there is has its name in its path, which who asks knows already.
            let room = if room == "/r/Canary-room" { "/r/canary-room" } else { room };
            let path = if path == "*" { path.clone() } else { format!("{room}{path}") };
            for method in ["GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS"] {
                for accept in ["text/html", "application/json"] {
                    let form = ("Content-Type", "application/x-www-form-urlencoded");
                    let all = [&[("Accept", accept), form][..], &upgrade].concat();
                    let fields = if path.ends_with("/socket") { &all[..] } else { &all[..2] };
                    let body =
                        if method == "POST" { encoded(&[("name", "x")]) } else { String::new() };
                    let said = answer(&server, method, &path, fields, &body);
                    let said = said.replace("canary-room", "");
                    assert!(!said.to_lowercase().contains(CANARY), "{method} {path}: {said}");
                    assert!(
                        !said.contains("\u{ff}\u{d8}") && !said.contains("JFIF"),
                        "a picture: {path}"
                    );
                    asked += 1;
                }
            }
        }
    }
    assert!(asked > 2000, "{asked}");
}

#[test]
fn a_room_that_there_is_not_is_answered_as_one_that_there_is() {
    let (server, _scratch) = full_of_canaries();
    for path in ["/", "/stream", "/snapshot", "/state", "/socket", "/nothing", ""] {
        for accept in ["text/html", "application/json", "*/*"] {
            let said = |room: &str| {
                let target = format!("/r/{room}{path}");
                let said = answer(&server, "GET", &target, &[("Accept", accept)], "");
                let lines = said.lines().filter(|line| !line.starts_with("Date:"));
                lines.collect::<Vec<_>>().join("\n").replace(room, "ROOM")
            };
            assert_eq!(said("canary-room"), said("another-one"), "{path} {accept}");
        }
    }
}

#[test]
fn no_reply_by_rtsp_has_one() {
    let (server, _scratch) = full_of_canaries();
    let base = format!("rtsp://{}", server.rtsp());
    for path in ["/", "/live", "/r/canary-room", "/r/another", "/canary-clip.avi", "/nothing.avi"] {
        for method in ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN", "GET_PARAMETER"] {
            let mut rtsp = Rtsp::connect(server.rtsp());
            let said = rtsp.ask(
                method,
                &format!("{base}{path}"),
                &[("Transport", "RTP/AVP/TCP;interleaved=0-1")],
            );
            let text =
                format!("{said:?}").replace("canary-room", "").replace("canary-clip.avi", "");
            assert!(!text.to_lowercase().contains(CANARY), "{method} {path}: {text}");
            let refused = method == "OPTIONS" || [401, 404, 454, 455].contains(&said.status);
            assert!(refused, "{method} {path}: {text}");
        }
    }
}
