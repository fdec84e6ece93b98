//! What hosts say of a room: who may enter, talk and go live there, its note, its picture.

use serde_json::{Value, json};

use super::Person;
use crate::broadcast::Publisher;
use crate::chat::Talker;
use crate::common::clip::noise;
use crate::common::picture::look;
use crate::common::pixels::Luma;
use crate::common::server::Server;
use crate::common::viewer::Viewer;
use crate::common::{LONG, base64, eventually_true};

fn house() -> (Server, Person) {
    let server = Server::pattern(&["--room", "door=pattern", "--room", "stage=browser"]);
    let host = Person::host(&server);
    (server, host)
}

pub(super) fn change(server: &Server, host: &mut Person, room: &str, what: &Value) -> Value {
    let json = [("Content-Type", "application/json")];
    let target = format!("/api/v1/rooms/{room}");
    host.ask(server, "PATCH", &target, &json, &what.to_string()).expect(200).json()
}

fn names(server: &Server, person: &mut Person) -> Vec<Value> {
    let rooms = person.get(server, "/rooms").expect(200).json();
    rooms["rooms"].as_array().expect("a list").iter().map(|room| room["name"].clone()).collect()
}

#[test]
fn a_room_is_entered_by_whom_its_hosts_let_in() {
    let (server, mut host) = house();
    let mut member = Person::member(&server, &mut host, "Grace");
    let mut guest = Person::new();
    let viewer = Viewer::of(&server);
    let mut stream = viewer.watch_at("/r/door/stream");
    drop(stream.next());
    let told = change(&server, &mut host, "door", &json!({ "enter": "members" }));
    assert_eq!((&told["enter"], &told["talk"]), (&json!("members"), &json!("all")));
    // What is open ends, and what is not is not told of.
    eventually_true("the stream ends", LONG, || stream.try_next().is_err());
    guest.get(&server, "/r/door/state").expect(401);
    assert!(!names(&server, &mut guest).contains(&json!("door")));
    let counters = |person: &mut Person| person.get(&server, "/metrics").expect(200).text();
    assert!(!counters(&mut guest).contains("room=\"door\""));
    assert!(counters(&mut member).contains("room=\"door\""));
    guest.get(&server, "/state").expect(200);
    member.get(&server, "/r/door/state").expect(200);
    assert!(names(&server, &mut member).contains(&json!("door")));

    change(&server, &mut host, "door", &json!({ "enter": "moderators" }));
    member.get(&server, "/r/door/state").expect(404);
    host.get(&server, "/r/door/state").expect(200);
    change(&server, &mut host, "door", &json!({ "enter": "all" }));
    guest.get(&server, "/r/door/state").expect(200);
    // A room of the same name that is opened later is another.
    change(&server, &mut host, "stage", &json!({ "enter": "moderators", "note": "old" }));
    let wrong = [
        (json!({ "enter": "friends" }), "enter"),
        (json!({ "talk": "" }), "talk"),
        (json!({ "publish": "moderators" }), "publish"),
        (json!({ "note": "two\nlines" }), "note"),
        (json!({ "note": "x".repeat(301) }), "note"),
    ];
    for (body, field) in wrong {
        let json = [("Content-Type", "application/json")];
        let reply = host.ask(&server, "PATCH", "/api/v1/rooms/door", &json, &body.to_string());
        assert_eq!(reply.expect(400).json_problem()["field"], field, "{body}");
    }
}

#[test]
fn who_may_talk_and_go_live_is_said_for_each_room() {
    let (server, mut host) = house();
    let member = Person::member(&server, &mut host, "Grace");
    let mut guest = Talker::enter(&server, "/r/stage/socket", &[], json!({ "name": "Bob" }));
    guest.must(json!({ "type": "say", "text": "hello" }));
    change(&server, &mut host, "stage", &json!({ "talk": "moderators", "publish": "members" }));
    eventually_true("guests may not talk", LONG, || {
        guest.ask(json!({ "type": "say", "text": "hello" }))["status"] == 403
    });
    let cookie = [("Cookie", member.cookie.as_str())];
    let mut grace = Talker::enter(&server, "/r/stage/socket", &cookie, json!({}));
    assert_eq!(grace.chat["may"], json!(["publish"]));
    assert_eq!(grace.refused(json!({ "type": "say", "text": "hello" })).0, 403);
    let refused = Publisher::open(&server, "name=Bob", "").err().expect("guests may not");
    assert_eq!(refused.0, 401);
    let mut live = Publisher::on(&server, "", &member.cookie);
    change(&server, &mut host, "stage", &json!({ "publish": "granted" }));
    assert_eq!(live.closed(), 1008, "whose right is gone is off the air");
    change(&server, &mut host, "stage", &json!({ "publish": "all" }));
    let _live = Publisher::on(&server, "name=Bob", "");
}

#[test]
fn a_room_has_a_note_and_a_picture_that_stands_for_it() {
    let (server, mut host) = house();
    let mut guest = Person::new();
    change(&server, &mut host, "door", &json!({ "note": "<b>Who</b> comes & goes" }));
    let rooms = guest.get(&server, "/rooms").expect(200).json();
    let door = rooms["rooms"].as_array().expect("a list").iter().find(|one| one["name"] == "door");
    assert_eq!(door.expect("it is there")["note"], "<b>Who</b> comes & goes");
    let state = guest.get(&server, "/r/door/state").json();
    assert_eq!(state["room"]["note"], "<b>Who</b> comes & goes");
    let page = guest.ask(&server, "GET", "/rooms", &[("Accept", "text/html")], "").text();
    assert!(page.contains("&lt;b&gt;Who&lt;/b&gt; comes &amp; goes"), "{page}");

    guest.get(&server, "/r/door/picture").expect(404);
    let json = [("Content-Type", "application/json")];
    let keep = |host: &mut Person| {
        host.ask(&server, "POST", "/api/v1/rooms/door/picture", &json, "").status
    };
    assert_eq!(keep(&mut host), 409, "nobody watches: there is nothing to keep");
    let mut stream = Viewer::of(&server).watch_at("/r/door/stream");
    drop(stream.next());
    assert_eq!(keep(&mut host), 200);
    let picture = guest.get(&server, "/r/door/picture").expect(200);
    let header = look(&picture.body);
    assert!(header.width <= 640 && header.width > 0, "{}", header.width);
    host.ask(&server, "DELETE", "/api/v1/rooms/door/picture", &[], "").expect(200);
    guest.get(&server, "/r/door/picture").expect(404);
}

#[test]
fn a_link_to_go_live_is_made_listed_and_taken_back() {
    let (server, mut host) = house();
    let json = [("Content-Type", "application/json")];
    let body = r#"{"label":"Zoë"}"#;
    let made = host.ask(&server, "POST", "/api/v1/rooms/stage/keys", &json, body).expect(201);
    let link = made.json()["link"].as_str().expect("a link").to_owned();
    let (_, query) = link.split_once("/r/stage/broadcast?").expect("of that page");
    let mut guest = Person::new();
    guest.get(&server, &format!("/r/stage/broadcast?{query}")).expect(303);
    let mut live = Publisher::on(&server, "name=Zo%C3%AB", &guest.cookie);
    let stage = host.get(&server, "/api/v1/rooms/stage").expect(200).json();
    assert_eq!(stage["keys"][0]["label"], "Zoë");
    let id = stage["keys"][0]["id"].as_str().expect("an id");
    host.ask(&server, "DELETE", &format!("/api/v1/keys/{id}"), &[], "").expect(200);
    assert_eq!(live.closed(), 1008);
    host.ask(&server, "DELETE", &format!("/api/v1/keys/{id}"), &[], "").expect(404);
}

#[test]
fn whoever_is_live_is_off_the_air_when_the_room_shows_something_else() {
    let server = Server::start(&["--size", "160x120"]);
    let mut host = Person::host(&server);
    let json = [("Content-Type", "application/json")];
    let new = r#"{"name":"stage","source":"browser"}"#;
    host.ask(&server, "POST", "/api/v1/rooms", &json, new).expect(201);
    let mut live = Publisher::on(&server, "", &host.cookie);
    change(&server, &mut host, "stage", &json!({ "source": "pattern" }));
    assert_eq!(live.closed(), 4002);
    host.get(&server, "/r/stage/broadcast/socket").expect(409);
    // Whoever comes when it is a stage again finds it empty.
    change(&server, &mut host, "stage", &json!({ "source": "browser" }));
    let _live = Publisher::on(&server, "", &host.cookie);
}

#[test]
fn a_picture_that_was_kept_shows_nothing_that_is_covered_since() {
    let server = Server::start(&["--size", "160x120"]);
    let mut host = Person::host(&server);
    let json = [("Content-Type", "application/json")];
    let new = r#"{"name":"door","source":"pattern"}"#;
    host.ask(&server, "POST", "/api/v1/rooms", &json, new).expect(201);
    let mut stream = Viewer::of(&server).watch_at("/r/door/stream");
    drop(stream.next());
    host.ask(&server, "POST", "/api/v1/rooms/door/picture", &json, "").expect(200);
    let mut guest = Person::new();
    let mut differs = || {
        let picture = guest.get(&server, "/r/door/picture").expect(200).body;
        let samples = Luma::of(&picture).samples;
        samples.iter().max().expect("pixels") - samples.iter().min().expect("pixels")
    };
    assert!(differs() > 100, "the pattern is light and dark");
    change(&server, &mut host, "door", &json!({ "mask": "0,0,100,100" }));
    assert!(differs() < 8, "all of it is covered");
}

#[test]
fn a_room_that_shows_no_picture_of_its_own_is_given_one() {
    let server = Server::start(&["--size", "160x120"]);
    let mut host = Person::host(&server);
    let json = [("Content-Type", "application/json")];
    let new = r#"{"name":"stage","source":"browser"}"#;
    host.ask(&server, "POST", "/api/v1/rooms", &json, new).expect(201);
    let mut send = |jpeg: &str| {
        let body = json!({ "jpeg": jpeg }).to_string();
        host.ask(&server, "POST", "/api/v1/rooms/stage/picture", &json, &body).status
    };
    // It is no picture, it is no base64, and it states a size that nobody has memory for.
    let mut bomb = noise(32, 32, 1, 60);
    let size = bomb.windows(2).position(|two| two == [0xff, 0xc0]).expect("a frame header") + 5;
    bomb[size..size + 4].fill(0xff);
    for wrong in ["aGVsbG8=", "???", &base64::encode(&bomb), &base64::encode(&noise(8, 8, 1, 60))] {
        assert_eq!(send(wrong), 400, "{wrong}");
    }
    assert_eq!(send(""), 409, "it shows nothing that could be kept");
    assert_eq!(send(&base64::encode(&noise(320, 200, 1, 60))), 200);
    let picture = Person::new().get(&server, "/r/stage/picture").expect(200);
    let header = look(&picture.body);
    assert_eq!((header.width, header.height), (320, 200));
}
