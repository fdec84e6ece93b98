//! Closed rooms: who must not know of one is answered as where there is none, and who is shut out of
//! one room is not shut out of the others.

use serde_json::json;

use super::Person;
use crate::chat::Talker;
use crate::common::client::{Reply, ask};
use crate::common::rtsp::Rtsp;
use crate::common::server::Server;
use crate::common::{LONG, base64, eventually_true};

/// A server on which a room is for who keeps order in it; its host and a member who does not.
fn house() -> (Server, Person, Person) {
    let rooms = ["--room", "attic=pattern", "--room", "stage=browser", "--rtsp-port", "0"];
    let server = Server::pattern(&rooms);
    let mut host = Person::host(&server);
    let member = Person::member(&server, &mut host, "Grace");
    super::rooms::change(&server, &mut host, "attic", &json!({ "enter": "moderators" }));
    (server, host, member)
}

/// The value of `Authorization` of a device that may watch what its member may.
fn device(server: &Server, member: &mut Person) -> String {
    let form = [("label", "x"), ("room", "*")];
    let made = member.post(server, "/account/device", &form).expect(200).json();
    let text = |name: &str| made[name].as_str().expect("a text").to_owned();
    format!("Basic {}", base64::encode(format!("{}:{}", text("user"), text("password")).as_bytes()))
}

/// All of an answer but its time, and the name that was asked for.
fn said(reply: Reply, name: &str) -> String {
    let mut reply = reply;
    reply.headers.retain(|(name, _)| name != "Date");
    format!("{} {:?} {}", reply.status, reply.headers, reply.text()).replace(name, "ROOM")
}

#[test]
fn a_room_that_one_must_not_know_answers_as_one_that_there_is_not() {
    let (server, mut host, mut member) = house();
    let login = device(&server, &mut member);
    let device = Person { cookie: String::new(), fields: vec![("Authorization".into(), login)] };
    let mut wrong = Vec::new();
    for (who, status, person) in
        [("guest", 401, Person::new()), ("member", 404, member), ("device", 404, device)]
    {
        for path in
            ["", "/", "/stream", "/snapshot", "/state", "/socket", "/film/x", "/x", "/rooms"]
        {
            for accept in ["text/html", "application/json", "*/*"] {
                for method in ["GET", "OPTIONS", "DELETE"] {
                    let of = |name: &str| {
                        let target = format!("/r/{name}{path}");
                        let asked = [("Accept", accept)];
                        let reply = person.clone().ask(&server, method, &target, &asked, "");
                        let to_sign_in = accept == "text/html" && method == "GET" && status == 401;
                        assert_eq!(reply.status, if to_sign_in { 303 } else { status }, "{who}");
                        said(reply, name)
                    };
                    if of("attic") != of("wharf") {
                        wrong.push(format!("{who} {method} {path} {accept}"));
                    }
                }
            }
        }
        for path in ["/viewer", "/donate", "/film"] {
            let of = |name: &str| {
                let target = format!("/r/{name}{path}");
                said(person.clone().post(&server, &target, &[("paused", "true")]), name)
            };
            assert_eq!(of("attic"), of("wharf"), "{who} {path}");
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
    // Who may come in still does, and of a room that is open it is still told that there is none beside.
    host.get(&server, "/r/attic/state").expect(200);
    host.get(&server, "/r/wharf/state").expect(404);
    Person::new().get(&server, "/r/stage/state").expect(200);
}

#[test]
fn a_room_that_one_must_not_know_answers_as_none_to_players_too() {
    let (server, _host, mut member) = house();
    let login = device(&server, &mut member);
    let transport = ("Transport", "RTP/AVP/TCP;unicast;interleaved=0-1");
    let guest = [transport];
    let device = [transport, ("Authorization", login.as_str())];
    for (status, fields) in [(401, &guest[..]), (404, &device[..])] {
        for method in ["DESCRIBE", "SETUP", "PLAY", "TEARDOWN", "GET_PARAMETER", "PAUSE"] {
            let of = |name: &str| {
                let mut answer =
                    Rtsp::connect(server.rtsp()).ask(method, &format!("/r/{name}"), fields);
                assert_eq!(answer.status, status, "{method} {name}: {answer:?}");
                // Each challenge has a number of its own.
                answer.headers.retain(|(name, _)| name != "WWW-Authenticate" && name != "Date");
                format!("{answer:?}").replace(name, "ROOM")
            };
            assert_eq!(of("attic"), of("wharf"), "{method}");
        }
    }
}

#[test]
fn who_is_shut_out_of_a_closed_room_finds_the_way_in() {
    let (server, mut host, mut member) = house();
    let mut guest = Person::new();
    let led =
        guest.ask(&server, "GET", "/r/attic/?x=1", &[("Accept", "text/html")], "").expect(303);
    assert_eq!(led.header("Location"), Some("/enter?next=%2Fr%2Fattic%2F%3Fx%3D1"));
    let enter =
        guest.ask(&server, "GET", "/enter?next=%2Fr%2Fattic%2F", &[], "").expect(200).text();
    assert!(enter.contains("sign-in?next=%2Fr%2Fattic%2F"), "{enter}");
    // A link lets in who must not know of the room otherwise.
    super::rooms::change(&server, &mut host, "stage", &json!({ "enter": "moderators" }));
    let json = [("Content-Type", "application/json")];
    let body = r#"{"label":"Zoe"}"#;
    let made =
        host.ask(&server, "POST", "/api/v1/rooms/stage/keys", &json, body).expect(201).json();
    let (_, query) = made["link"].as_str().expect("a link").split_once('?').expect("a key");
    for person in [&mut guest, &mut member] {
        person.get(&server, &format!("/r/stage/?{query}")).expect(303);
        person.get(&server, "/r/stage/state").expect(200);
    }
    // Nobody chooses a room for a device of which it must not know.
    let page = member.ask(&server, "GET", "/account", &[("Accept", "text/html")], "").text();
    assert!(page.contains("value=\"stage\"") && !page.contains("value=\"attic\""), "{page}");
    let form = [("label", "x"), ("room", "attic")];
    assert_eq!(
        member.post(&server, "/account/device", &form).expect(400).json()["field"],
        "device"
    );
}

#[test]
fn who_is_banned_from_the_default_room_finds_the_others() {
    let server = Server::pattern(&["--room", "door=pattern"]);
    let mut host = Person::host(&server);
    let mut grace = Person::member(&server, &mut host, "Grace");
    let json_type = [("Content-Type", "application/json")];
    let here = r#"{"moderates":["/"]}"#;
    host.ask(&server, "PATCH", "/api/v1/accounts/2", &json_type, here).expect(200);
    grace
        .post(&server, "/sign-in", &[("name", "Grace"), ("password", super::PASSWORD)])
        .expect(200);
    let far = [("X-Forwarded-For", "203.0.113.5")];
    let mut mallory = Talker::enter(&server, "/socket", &far, json!({ "name": "Mallory" }));
    let mut moderator = Talker::person(&server, &grace);
    moderator.must(json!({ "type": "ban", "who": mallory.who() }));
    mallory.until("left", |told| told["why"] == "kicked");
    let of = |path: &str| ask(server.address(), "GET", path, &far, b"");
    eventually_true("the room is shut", LONG, || of("/state").status == 403);
    of("/").expect(403);
    let listed = of("/rooms").expect(200).json();
    let names: Vec<_> = listed["rooms"].as_array().expect("a list").iter().collect();
    assert_eq!((names.len(), &names[0]["name"]), (1, &json!("door")), "{listed}");
    of("/r/door/state").expect(200);
    // Who may not come in anywhere has no list.
    super::rooms::change(&server, &mut host, "door", &json!({ "enter": "members" }));
    of("/rooms").expect(403);
}
