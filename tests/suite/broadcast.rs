//! Going live in a room, as a browser does it: pictures by a socket, one publisher at a time.

use std::net::TcpStream;
use std::time::Instant;

use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

use crate::accounts::Person;
use crate::chat::Talker;
use crate::common::picture::look;
use crate::common::server::Server;
use crate::common::viewer::Viewer;
use crate::common::{LONG, VERY_LONG, eventually_true};

/// Somebody who is live, or wants to be.
pub(crate) struct Publisher {
    socket: WebSocket<TcpStream>,
    /// What it was told first after the greeting.
    first: Value,
}

/// How a socket was refused: the status, and the words.
pub(crate) type NotOpened = (u16, String);

impl Publisher {
    pub(crate) fn open(server: &Server, query: &str, cookie: &str) -> Result<Self, NotOpened> {
        let stream = TcpStream::connect(server.address()).expect("the server accepts");
        stream.set_read_timeout(Some(VERY_LONG)).expect("a time-out");
        let address = format!("ws://{}/r/stage/broadcast/socket?{query}", server.address());
        let mut request = tungstenite::client::IntoClientRequest::into_client_request(address)
            .expect("an address");
        for (name, value) in [("Cookie", cookie), ("Accept", "application/json")] {
            request.headers_mut().insert(name, value.parse().expect("a value"));
        }
        let (socket, _) = match tungstenite::client(request, stream) {
            Ok(opened) => opened,
            Err(tungstenite::HandshakeError::Failure(tungstenite::Error::Http(reply))) => {
                let body = reply.body().clone().unwrap_or_default();
                let body = String::from_utf8_lossy(&body).into_owned();
                return Err((reply.status().as_u16(), body));
            }
            Err(other) => panic!("{other}"),
        };
        let mut publisher = Self { socket, first: Value::Null };
        assert_eq!(publisher.next().expect("a message"), json!({ "type": "hello", "version": 1 }));
        publisher.first = publisher.next().expect("a message");
        Ok(publisher)
    }

    #[track_caller]
    pub(crate) fn on(server: &Server, query: &str, cookie: &str) -> Self {
        let publisher = Self::open(server, query, cookie).unwrap_or_else(|why| panic!("{why:?}"));
        assert_eq!(publisher.first["type"], "on", "{}", publisher.first);
        publisher
    }

    fn send(&mut self, picture: &[u8]) {
        self.socket.send(Message::binary(picture.to_vec())).expect("it is taken");
    }

    /// The next thing that is told, or the code by which it ends.
    fn next(&mut self) -> Result<Value, u16> {
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => return Ok(serde_json::from_str(&text).expect("JSON")),
                Ok(Message::Close(frame)) => return Err(frame.map_or(0, |frame| frame.code.into())),
                Ok(_) => {}
                Err(error) => panic!("it ends without a word: {error}"),
            }
        }
    }

    /// Reads until something of this type is told that is so.
    #[track_caller]
    fn until(&mut self, kind: &str, is: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + LONG;
        loop {
            let told = self.next().unwrap_or_else(|code| panic!("closed by {code}, no {kind}"));
            if told["type"] == kind && is(&told) {
                return told;
            }
            assert!(Instant::now() < deadline, "no {kind} like that, but {told}");
        }
    }

    /// Reads until it is closed. Returns the code.
    pub(crate) fn closed(&mut self) -> u16 {
        let deadline = Instant::now() + LONG;
        loop {
            match self.next() {
                Err(code) => return code,
                Ok(told) => assert!(Instant::now() < deadline, "it goes on with {told}"),
            }
        }
    }
}

fn stage() -> Server {
    Server::pattern(&["--room", "stage=browser"])
}

/// A member who may publish.
fn publisher(server: &Server, host: &mut Person, name: &str) -> Person {
    let member = Person::member(server, host, name);
    let accounts = host.get(server, "/api/v1/accounts").expect(200).json();
    let accounts = accounts["accounts"].as_array().expect("a list");
    let id = &accounts.iter().find(|one| one["name"] == name).expect("it is there")["id"];
    let json = [("Content-Type", "application/json")];
    let target = format!("/api/v1/accounts/{id}");
    host.ask(server, "PATCH", &target, &json, r#"{"grants":["publish"]}"#).expect(200);
    sign_in(server, name).unwrap_or(member)
}

/// Whose rights were changed signs in again.
fn sign_in(server: &Server, name: &str) -> Option<Person> {
    let mut person = Person::new();
    let form = [("name", name), ("password", crate::accounts::PASSWORD)];
    (person.post(server, "/sign-in", &form).status == 200).then_some(person)
}

fn source(server: &Server) -> Value {
    server.get("/r/stage/state").json()["source"].clone()
}

#[track_caller]
fn source_is(server: &Server, what: &str, mut is: impl FnMut(&Value) -> bool) {
    eventually_true(what, LONG, || is(&source(server)));
}

const PICTURE: &[u8] = include_bytes!("../data/jpeg/420.jpg");
const OTHER: &[u8] = include_bytes!("../data/jpeg/422.jpg");

#[test]
fn whoever_may_goes_live_and_others_see_it() {
    let server = stage();
    let mut host = Person::host(&server);
    let grace = publisher(&server, &mut host, "Grace");
    let viewer = Viewer::of(&server);
    let mut stream = viewer.watch_at("/r/stage/stream");
    source_is(&server, "nobody is live", |source| source["trouble"]["code"] == "offline");
    assert_eq!(source(&server)["live"], Value::Null);

    let mut live = Publisher::on(&server, "", &grace.cookie);
    assert_eq!(live.first["name"], "Grace");
    live.until("air", |told| told["wanted"] == true);
    for n in 1..=5 {
        live.send(PICTURE);
        live.until("ack", |told| told["n"] == n);
    }
    live.until("air", |told| told["shown"].as_u64() > Some(0) && told["watching"] == 1);
    let source = source(&server);
    assert_eq!((&source["status"], &source["live"]), (&json!("live"), &json!("Grace")));
    // What is watched is the picture as it came.
    let deadline = Instant::now() + LONG;
    let expected = look(PICTURE);
    loop {
        let part = stream.next();
        let header = look(&part.jpeg);
        if (header.width, header.height) == (expected.width, expected.height) {
            break;
        }
        assert!(Instant::now() < deadline, "only cards are shown");
        live.send(PICTURE);
    }
    // Who says goodbye is gone at once.
    live.socket.close(None).expect("it is said");
    source_is(&server, "nobody is live any more", |source| source["live"] == Value::Null);
}

#[test]
fn nobody_goes_live_who_may_not_or_where_another_thing_is_shown() {
    let server = stage();
    let mut host = Person::host(&server);
    let member = Person::member(&server, &mut host, "Bob");
    let refused = |cookie: &str, query: &str| Publisher::open(&server, query, cookie).err();
    assert_eq!(refused("", "name=Mallory").map(|(status, _)| status), Some(401));
    assert_eq!(refused(&member.cookie, "").map(|(status, _)| status), Some(403));
    let reply = host.get(&server, "/broadcast/socket");
    assert_eq!(reply.status, 409, "the default room shows the pattern: {reply:?}");
    // Whoever asks without a socket learns whether it would get one.
    assert_eq!(host.get(&server, "/r/stage/broadcast/socket").status, 426);
    let check = "/broadcast/socket?check=true";
    assert_eq!(host.get(&server, &format!("/r/stage{check}")).json(), json!({ "may": true }));
    assert_eq!(host.get(&server, check).json()["may"], false);
    let page = host.ask(&server, "GET", "/r/stage/broadcast", &[("Accept", "text/html")], "");
    assert!(page.text().contains("id=\"studio\""));
    let mut member = member;
    let page = member.ask(&server, "GET", "/r/stage/broadcast", &[("Accept", "text/html")], "");
    assert!(page.status == 403 && page.text().contains("id=\"may-not\""));
}

#[test]
fn one_is_live_at_a_time_and_the_same_or_a_host_takes_over() {
    let server = stage();
    let mut host = Person::host(&server);
    let grace = publisher(&server, &mut host, "Grace");
    let zoe = publisher(&server, &mut host, "Zoe");
    let mut first = Publisher::on(&server, "", &grace.cookie);
    let mut second = Publisher::open(&server, "take=true", &zoe.cookie).expect("it opens");
    assert_eq!(second.first, json!({ "type": "taken", "name": "Grace", "may_take": false }));
    assert_eq!(second.closed(), 4000);
    // The same account, on another device or after its network was lost.
    let mut again = Publisher::on(&server, "", &grace.cookie);
    assert_eq!(first.closed(), 4001);
    // A host has to say that it wants to.
    let mut asked = Publisher::open(&server, "", &host.cookie).expect("it opens");
    assert_eq!(asked.first, json!({ "type": "taken", "name": "Grace", "may_take": true }));
    assert_eq!(asked.closed(), 4000);
    let _host = Publisher::on(&server, "take=true", &host.cookie);
    assert_eq!(again.closed(), 4001);
    assert_eq!(source(&server)["live"], "Ada");
}

#[test]
fn whose_connection_is_lost_is_waited_for_and_comes_back() {
    let server = stage();
    let mut host = Person::host(&server);
    let grace = publisher(&server, &mut host, "Grace");
    let zoe = publisher(&server, &mut host, "Zoe");
    let _viewer = Viewer::of(&server).watch_at("/r/stage/stream");
    let live = Publisher::on(&server, "", &grace.cookie);
    drop(live);
    source_is(&server, "it is said that it is lost", |source| {
        source["trouble"]["title"] == "The connection of Grace was lost"
    });
    let refused = Publisher::open(&server, "", &zoe.cookie).expect("it opens");
    assert_eq!(refused.first["name"], "Grace", "its place is kept");
    let mut back = Publisher::on(&server, "", &grace.cookie);
    back.until("air", |told| told["wanted"] == true);
    source_is(&server, "its pictures show again", |source| {
        back.send(PICTURE);
        source["status"] == "live"
    });
}

#[test]
fn what_is_no_picture_hurts_nobody() {
    let server = stage();
    let mut host = Person::host(&server);
    let viewer = Viewer::of(&server);
    let mut others = viewer.watch();
    let _watches = Viewer::of(&server).watch_at("/r/stage/stream");
    let mut bomb = OTHER.to_vec();
    let at = bomb.windows(2).position(|two| two == [0xFF, 0xC0]).expect("a frame header");
    bomb[at + 5..at + 9].copy_from_slice(&[0xFF, 0xDC, 0xFF, 0xDC]);
    let (truncated, tiny) = (&PICTURE[..PICTURE.len() / 2], &PICTURE[..64]);
    for broken in [&bomb, truncated, tiny] {
        let mut live = Publisher::on(&server, "take=true", &host.cookie);
        live.until("air", |told| told["wanted"] == true);
        // It may end while they are sent, and then its last word may be lost.
        let sent =
            (0..1000).take_while(|_| live.socket.send(Message::binary(broken.to_vec())).is_ok());
        assert!(sent.count() > 60);
        assert!(matches!(ended(&mut live), Some(4003) | None));
        source_is(&server, "nobody is live", |source| source["live"] == Value::Null);
    }
    let mut live = Publisher::on(&server, "take=true", &host.cookie);
    // The server may end it before all of it is sent.
    let _ = live.socket.send(Message::binary(vec![0xFF; 5 << 20]));
    assert!(matches!(ended(&mut live), Some(1009) | None));
    // One of them, among others, is passed over.
    let mut live = Publisher::on(&server, "take=true", &host.cookie);
    live.until("air", |told| told["wanted"] == true);
    live.send(&bomb);
    live.until("air", |told| told["broken"] == 1);
    live.send(PICTURE);
    live.until("air", |told| told["shown"] == 1);
    let before = server.peak_rss_mib();
    assert!(before < 400.0, "{before} MiB");
    (0..5).for_each(|_| drop(others.next()));
    host.get(&server, "/healthz").expect(200);
}

/// The code by which it is closed; `None` if the connection broke before that could be read.
fn ended(live: &mut Publisher) -> Option<u16> {
    let deadline = Instant::now() + LONG;
    loop {
        match live.socket.read() {
            Ok(Message::Close(frame)) => return frame.map(|frame| frame.code.into()),
            Ok(_) => assert!(Instant::now() < deadline, "it goes on"),
            Err(_) => return None,
        }
    }
}

#[test]
fn a_raised_hand_is_let_go_live_and_taken_off_again() {
    let server = stage();
    let host = Person::host(&server);
    let at = "/r/stage/socket";
    let mut ada = Talker::enter(&server, at, &[("Cookie", &host.cookie)], json!({}));
    let mut bob = Talker::enter(&server, at, &[], json!({ "name": "Bob" }));
    bob.must(json!({ "type": "hand", "up": true }));
    ada.until("people", |told| {
        let joined = told["joined"].as_array().expect("a list");
        joined.iter().any(|person| person["name"] == "Bob" && person["hand"] == true)
    });
    // Who keeps order says yes, and nobody else.
    let who = bob.who();
    assert_eq!(bob.refused(json!({ "type": "admit", "who": who })).0, 403);
    ada.must(json!({ "type": "admit", "who": who }));
    let key = bob.until("stage", |_| true)["key"].as_str().expect("a key").to_owned();

    let mut person = Person::new();
    let reply = person.get(&server, &format!("/r/stage/broadcast?key={key}")).expect(303);
    assert_eq!(reply.header("Location"), Some("/r/stage/broadcast"), "the address has no key");
    person.ask(&server, "GET", "/r/stage/broadcast", &[("Accept", "text/html")], "").expect(200);
    let mut live = Publisher::on(&server, "name=Bob", &person.cookie);
    assert_eq!(source(&server)["live"], "Bob");
    // Nobody goes live by a name that is somebody's.
    let refused = Publisher::open(&server, "name=%41da", &person.cookie).err().expect("refused");
    assert!(refused.0 == 400 && refused.1.contains("\"field\":\"name\""), "{refused:?}");
    for office in ["name=Host", "name=H%d0%best", "name=Moderator"] {
        let refused = Publisher::open(&server, office, &person.cookie).err().expect("refused");
        assert_eq!(refused.0, 400, "{office}");
    }

    ada.must(json!({ "type": "off" }));
    assert_eq!(live.closed(), 1008, "its key is taken back as well");
    assert_eq!(source(&server)["live"], Value::Null);
    assert_eq!(ada.refused(json!({ "type": "off" })).0, 409);
    let refused = Publisher::open(&server, "name=Bob", &person.cookie).err();
    assert_eq!(refused.map(|(status, _)| status), Some(401));
}

#[test]
fn a_key_lets_into_its_room_alone_where_members_alone_may_watch() {
    let server =
        Server::pattern(&["--access", "members", "--room", "stage=browser", "--room", "b=pattern"]);
    let host = Person::host(&server);
    let at = "/r/stage/socket";
    let mut ada = Talker::enter(&server, at, &[("Cookie", &host.cookie)], json!({}));
    let own = ada.who();
    ada.must(json!({ "type": "admit", "who": own }));
    let key = ada.until("stage", |_| true)["key"].as_str().expect("a key").to_owned();
    let mut guest = Person::new();
    guest.get(&server, "/r/stage/state").expect(401);
    guest.get(&server, &format!("/r/stage/broadcast?key={key}x")).expect(401);
    guest.get(&server, &format!("/r/b/?key={key}")).expect(401);
    guest.get(&server, &format!("/r/stage/broadcast?key={key}")).expect(303);
    guest.get(&server, "/r/stage/state").expect(200);
    guest.get(&server, "/r/b/state").expect(401);
    guest.get(&server, "/state").expect(401);
    let _live = Publisher::on(&server, "name=Bob", &guest.cookie);
}

#[test]
fn who_is_banned_goes_live_by_no_key_that_it_was_given() {
    let server = Server::pattern(&["--room", "stage=browser"]);
    let host = Person::host(&server);
    let at = "/r/stage/socket";
    let mut ada = Talker::enter(&server, at, &[("Cookie", &host.cookie)], json!({}));
    let mut bob = Talker::enter(&server, at, &[], json!({ "name": "Bob" }));
    let who = bob.who();
    ada.must(json!({ "type": "admit", "who": who }));
    bob.until("stage", |_| true);
    let mut host = host;
    let mut keys = || host.get(&server, "/api/v1/rooms/stage").expect(200).json()["keys"].clone();
    assert_eq!(keys()[0]["label"], "Bob");
    ada.must(json!({ "type": "ban", "who": who, "seconds": 3600 }));
    assert_eq!(keys(), json!([]));
}
