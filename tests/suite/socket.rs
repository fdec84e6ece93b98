//! The page's one socket: state that comes, commands that go, and what ends it.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Instant;

use serde_json::{Value, json};
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Message, WebSocket};

use crate::accounts::Person;
use crate::common::client::Reply;
use crate::common::server::Server;
use crate::common::viewer::Viewer;
use crate::common::{LONG, VERY_LONG};

/// A page's socket.
pub(crate) struct Page {
    pub(crate) socket: WebSocket<TcpStream>,
    /// All sections, as they came.
    pub(crate) state: Value,
}

impl Page {
    pub(crate) fn open(server: &Server, target: &str, cookie: Option<&str>) -> Self {
        let fields: Vec<_> = cookie.iter().map(|cookie| ("Cookie", *cookie)).collect();
        Self::open_with(server, target, &fields)
    }

    pub(crate) fn open_with(
        server: &Server,
        target: &str,
        fields: &[(&'static str, &str)],
    ) -> Self {
        let stream = TcpStream::connect(server.address()).expect("the server accepts");
        stream.set_read_timeout(Some(VERY_LONG)).expect("a time-out");
        let address = format!("ws://{}{target}", server.address());
        let mut request = tungstenite::client::IntoClientRequest::into_client_request(address)
            .expect("an address");
        for (name, value) in fields {
            request.headers_mut().insert(*name, value.parse().expect("a value"));
        }
        let (socket, _) = tungstenite::client(request, stream).expect("it opens");
        let mut page = Self { socket, state: json!({}) };
        assert_eq!(page.next(), json!({ "type": "hello", "version": 1 }));
        let first = page.next();
        let sections =
            ["budget", "film", "levels", "room", "server", "source", "thanks", "viewer", "viewers"];
        let mut names: Vec<_> = first.as_object().expect("an object").keys().cloned().collect();
        names.retain(|name| name != "type");
        names.sort_unstable();
        assert_eq!(names, sections, "the first state is whole");
        page
    }

    /// The next message, whose sections are taken in.
    pub(crate) fn next(&mut self) -> Value {
        loop {
            let message = match self.socket.read() {
                // A child of another test ended.
                Err(tungstenite::Error::Io(error)) if error.kind() == ErrorKind::Interrupted => {
                    continue;
                }
                message => message.expect("a message"),
            };
            match message {
                Message::Text(text) => {
                    let message: Value = serde_json::from_str(&text).expect("JSON");
                    self.take(&message);
                    return message;
                }
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    fn take(&mut self, message: &Value) {
        let sections = if message["type"] == "state" { message } else { &message["state"] };
        for (name, section) in sections.as_object().into_iter().flatten() {
            self.state[name] = section.clone();
        }
    }

    pub(crate) fn send(&mut self, message: &Value) {
        self.socket.send(Message::text(message.to_string())).expect("it is taken");
    }

    /// Sends a command, and waits for its answer.
    pub(crate) fn ask(&mut self, message: &Value) -> Value {
        self.send(message);
        loop {
            let answer = self.next();
            if answer["type"] != "state" {
                assert_eq!(answer["id"], message["id"]);
                return answer;
            }
        }
    }

    /// Reads until the state is so.
    #[track_caller]
    pub(crate) fn until(&mut self, what: &str, is: impl Fn(&Value) -> bool) {
        let deadline = Instant::now() + LONG;
        while !is(&self.state) {
            assert!(Instant::now() < deadline, "not within {LONG:?}: {what}, but {}", self.state);
            self.next();
        }
    }

    /// Reads until it is closed. Returns why, if that is said.
    fn closed(&mut self) -> Option<CloseFrame> {
        loop {
            match self.socket.read() {
                Ok(Message::Close(frame)) => return frame,
                Ok(_) => {}
                Err(error) => panic!("it ends without a word: {error}"),
            }
        }
    }

    #[track_caller]
    fn must_end_by(mut self, sent: Message, code: CloseCode) {
        // The other side may have closed before all of it is out.
        let _ = self.socket.send(sent);
        assert_eq!(self.closed().expect("a reason").code, code);
    }
}

fn upgrade(server: &Server, fields: &[(&str, &str)]) -> Reply {
    let mut all = vec![
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    for field in fields {
        all.retain(|(name, _)| name != &field.0);
        if !field.1.is_empty() {
            all.push(*field);
        }
    }
    let mut client = server.connect();
    let mut head = format!("GET /socket HTTP/1.1\r\nHost: {}\r\n", server.address());
    all.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
    head.push_str("\r\n");
    client.send(head);
    let head = client.incoming.take_through(b"\r\n\r\n", 8192).expect("a head");
    Reply::parse(&head)
}

#[test]
fn what_is_no_upgrade_is_told_what_is_missing() {
    let server = Server::pattern(&[]);
    let answered = upgrade(&server, &[]);
    assert_eq!(answered.status, 101);
    assert_eq!(answered.header("Sec-WebSocket-Accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    for field in [("Upgrade", ""), ("Sec-WebSocket-Version", "8"), ("Sec-WebSocket-Version", "")] {
        let reply = upgrade(&server, &[field]);
        assert_eq!(reply.status, 426, "{field:?}");
        assert_eq!(reply.header("Sec-WebSocket-Version"), Some("13"));
        assert_eq!(reply.header("Upgrade"), Some("websocket"));
    }
    assert_eq!(upgrade(&server, &[("Sec-WebSocket-Key", "short")]).status, 400);
    assert_eq!(server.get("/socket").status, 426);
    assert_eq!(server.get("/socket?tab=a-b").status, 426);
}

#[test]
fn an_upgrade_has_no_body_and_is_a_get() {
    let server = Server::pattern(&[]);
    for field in [("Content-Length", "5"), ("Transfer-Encoding", "chunked")] {
        let mut client = server.connect();
        client.send(format!(
            "GET /socket HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             {}: {}\r\n\r\n0\r\n\r\n",
            server.address(),
            field.0,
            field.1
        ));
        assert_eq!(client.reply().status, 400, "{field:?}");
    }
    let mut client = server.connect();
    let head = client.request("HEAD", "/socket", &[], b"").expect(426);
    assert_eq!(head.header("Upgrade"), Some("websocket"));
    let options = client.request("OPTIONS", "/socket", &[], b"").expect(204);
    assert_eq!(options.header("Allow"), Some("GET, HEAD, OPTIONS"));
    client.request("POST", "/socket", &[], b"").expect(405);
}

#[test]
fn a_stranger_is_given_a_cookie_and_who_has_one_is_not() {
    let server = Server::pattern(&[]);
    let stranger = upgrade(&server, &[]);
    let cookie = stranger.header("Set-Cookie").expect("a cookie");
    let cookie = cookie.split(';').next().expect("a value").to_owned();
    assert_eq!(upgrade(&server, &[("Cookie", &cookie)]).header("Set-Cookie"), None);
    // What it says by its socket, it is known for by the cookie.
    let mut page = Page::open(&server, "/socket", Some(&cookie));
    assert_eq!(page.state["viewer"], Value::Null, "who asked for nothing is nobody");
    page.ask(&json!({ "type": "viewer", "id": 1, "quality": "low" }));
    assert_eq!(page.state["viewer"]["choice"], "low");
    let state =
        crate::common::client::ask(server.address(), "GET", "/state", &[("Cookie", &cookie)], b"");
    assert_eq!(state.json()["viewer"]["choice"], "low");
}

#[test]
fn a_list_of_many_rooms_comes_with_all_pictures_each_second() {
    let names: Vec<String> = (0..12).map(|number| format!("room{number}=pattern")).collect();
    let arguments: Vec<&str> = names.iter().flat_map(|name| ["--room", name.as_str()]).collect();
    let server = Server::pattern(&arguments);
    let viewer = Viewer::of(&server);
    let streams: Vec<_> =
        (0..12).map(|number| viewer.watch_at(&format!("/r/room{number}/stream"))).collect();
    let mut page = Page::open(&server, "/socket", Some(&viewer.cookie));
    page.send(&json!({ "type": "rooms", "id": 1 }));
    let mut seen = std::collections::HashMap::new();
    // A round brings one of each before a second of any.
    while seen.len() < 12 {
        if let Message::Binary(bytes) = page.socket.read().expect("a message") {
            let path = bytes[1..=usize::from(bytes[0])].to_vec();
            let times = seen.entry(path).or_insert(0);
            *times += 1;
            assert!(*times < 4, "the others are not seen");
        }
    }
    drop(streams);
}

#[test]
fn pages_of_other_sites_get_none() {
    let server = Server::pattern(&[]);
    let own = format!("http://{}", server.address());
    assert_eq!(upgrade(&server, &[("Origin", &own)]).status, 101);
    for origin in ["http://evil.example", "null", "http://127.0.0.1:1"] {
        assert_eq!(upgrade(&server, &[("Origin", origin)]).status, 403, "{origin}");
    }
    assert_eq!(upgrade(&server, &[("Sec-Fetch-Site", "cross-site")]).status, 403);
}

#[test]
fn a_change_is_answered_and_told_to_the_viewers_other_pages() {
    let server = Server::pattern(&[]);
    let viewer = Viewer::of(&server);
    let mut stream = viewer.watch();
    stream.next();
    let mut one = Page::open(&server, "/socket", Some(&viewer.cookie));
    let mut other = Page::open(&server, "/socket", Some(&viewer.cookie));
    let answer = one.ask(&json!({ "type": "viewer", "id": 7, "quality": 20, "paused": false }));
    assert_eq!(answer["type"], "answer");
    assert_eq!(answer["state"]["viewer"]["choice"], "20");
    assert_eq!(viewer.own()["choice"], "20");
    other.until("it is told", |state| state["viewer"]["choice"] == "20");
    // The POST's words, and nothing is changed.
    let refused = one.ask(&json!({ "type": "viewer", "id": "x", "quality": "best" }));
    let posted = viewer.post_json("/viewer", "quality=best");
    assert_eq!((&refused["status"], &refused["field"]), (&json!(400), &json!("quality")));
    assert_eq!(refused["error"], posted.json()["error"]);
    one.ask(&json!({ "type": "viewer", "id": 8, "mode": "gaming" }));
    let locked = one.ask(&json!({ "type": "viewer", "id": 9, "quality": "low" }));
    assert_eq!((&locked["type"], &locked["status"]), (&json!("refused"), &json!(409)));
    let answer = one.ask(&json!({ "type": "ping", "id": 10 }));
    assert_eq!((&answer["type"], &answer["id"]), (&json!("answer"), &json!(10)));
    assert!(answer["clock_ms"].is_number(), "{answer}");
    for nonsense in [json!([]), json!("viewer"), json!({ "type": "reboot" })] {
        one.send(&nonsense);
        one.until_refused();
    }
}

impl Page {
    #[track_caller]
    fn until_refused(&mut self) {
        let refused = loop {
            let message = self.next();
            if message["type"] != "state" {
                break message;
            }
        };
        assert_eq!((&refused["type"], &refused["status"]), (&json!("refused"), &json!(400)));
    }
}

#[test]
fn answers_come_in_the_order_of_the_questions() {
    let server = Server::pattern(&[]);
    let mut page = Page::open(&server, "/socket", None);
    for id in 0..30 {
        page.send(&json!({ "type": "ping", "id": id }));
    }
    for id in 0..30 {
        let answer = loop {
            let message = page.next();
            if message["type"] == "answer" {
                break message;
            }
        };
        assert_eq!(answer["id"], id);
    }
}

#[test]
fn who_comes_who_goes_and_who_gives_is_told_to_all_in_the_room() {
    let server = Server::pattern(&["--room", "attic=pattern"]);
    let (giver, other) = (Viewer::of(&server), Viewer::of(&server));
    let mut page = Page::open(&server, "/socket", Some(&other.cookie));
    let mut attic = Page::open(&server, "/r/attic/socket", Some(&other.cookie));
    assert_eq!(attic.state["room"]["name"], "attic");
    let stream = giver.watch();
    page.until("one watches", |state| state["viewers"]["watching"] == 1);
    let mut giving = Page::open(&server, "/socket", Some(&giver.cookie));
    let message = json!({ "type": "donate", "id": 1, "name": "Ada", "message": "<b>" });
    assert_eq!(giving.ask(&message)["notice"], "Donate Success!!");
    assert_eq!(giving.state["thanks"][0]["mine"], true);
    page.until("the thanks", |state| state["thanks"][0]["name"] == "Ada");
    assert_eq!(page.state["thanks"][0]["mine"], false);
    drop(stream);
    page.until("nobody watches", |state| state["viewers"]["watching"] == 0);
    assert_eq!(attic.ask(&json!({ "type": "ping", "id": 1 }))["type"], "answer");
    assert_eq!(attic.state["thanks"], json!([]), "it is another room's");
}

#[test]
fn the_stream_of_this_page_is_told_apart() {
    let server = Server::pattern(&[]);
    let viewer = Viewer::of(&server);
    let mut page = Page::open(&server, "/socket?tab=mine", Some(&viewer.cookie));
    assert_eq!(page.state["viewer"], Value::Null, "it has not watched yet");
    let _other = viewer.watch_at("/stream?tab=other");
    page.until("it is known", |state| state["viewer"]["streams"] == 1);
    assert_eq!(page.state["viewer"]["tab_open"], false);
    let _mine = viewer.watch_at("/stream?tab=mine");
    page.until("it is open", |state| state["viewer"]["tab_open"] == true);
}

#[test]
fn a_page_that_says_how_small_it_is_gets_no_more_than_it_shows() {
    let server = Server::start(&["--source", "pattern", "--size", "640x360"]);
    let viewer = Viewer::of(&server);
    let mut stream = viewer.watch_at("/stream?tab=mine");
    stream.next();
    let mut page = Page::open(&server, "/socket?tab=mine", Some(&viewer.cookie));
    page.until("the best", |state| state["viewer"]["quality"] == 95);
    page.ask(&json!({ "type": "viewer", "id": 1, "shown": "160x90" }));
    page.until("what can be seen", |state| state["viewer"]["quality"] == 35);
    assert_eq!(page.state["viewer"]["limited_by"], "screen");
    // Who chooses gets what is chosen.
    page.ask(&json!({ "type": "viewer", "id": 2, "quality": "high" }));
    page.until("the choice", |state| state["viewer"]["quality"] == 90);
    // Another tab of the same viewer that is large needs more.
    page.ask(&json!({ "type": "viewer", "id": 3, "quality": "auto" }));
    page.until("small again", |state| state["viewer"]["quality"] == 35);
    let mut large = viewer.watch_at("/stream?tab=large");
    large.next();
    page.until("the larger tab", |state| state["viewer"]["quality"] == 95);
    let refused = page.ask(&json!({ "type": "viewer", "id": 4, "shown": "large" }));
    assert_eq!((&refused["status"], &refused["field"]), (&json!(400), &json!("shown")));
}

#[test]
fn something_is_said_though_nothing_happens() {
    let server = Server::pattern(&[]);
    let mut page = Page::open(&server, "/socket", None);
    for _ in 0..3 {
        assert_eq!(page.next()["type"], "state");
    }
}

#[test]
fn what_may_not_be_sent_ends_it_with_the_reason() {
    let server = Server::pattern(&[]);
    let open = || Page::open(&server, "/socket", None);
    let large = json!({ "type": "ping", "id": "x".repeat(17_000) }).to_string();
    open().must_end_by(Message::text(large), CloseCode::Size);
    open().must_end_by(Message::binary(vec![1, 2, 3]), CloseCode::Unsupported);
    let mut page = open();
    let raw = page.socket.get_mut();
    // Masked by zeros: a text that is no UTF-8.
    raw.write_all(&[0x81, 0x81, 0, 0, 0, 0, 0xff]).expect("it is sent");
    assert_eq!(page.closed().expect("a reason").code, CloseCode::Invalid);
    let mut page = open();
    page.socket.get_mut().write_all(&[0x83, 0x80, 0, 0, 0, 0]).expect("it is sent");
    assert_eq!(page.closed().expect("a reason").code, CloseCode::Protocol);
    let mut page = open();
    for _ in 0..500 {
        if page.socket.write(Message::text("{\"type\":\"ping\"}")).is_err() {
            break;
        }
    }
    let _ = page.socket.flush();
    assert_eq!(page.closed().expect("a reason").code, CloseCode::Policy);
}

#[test]
fn it_says_goodbye_when_the_server_ends_and_answers_a_goodbye() {
    let server = Server::pattern(&[]);
    let mut page = Page::open(&server, "/socket", None);
    page.socket.close(None).expect("it is sent");
    page.closed();
    let mut page = Page::open(&server, "/socket", None);
    server.stop();
    assert_eq!(page.closed().expect("a reason").code, CloseCode::Away);
}

#[test]
fn what_follows_the_request_at_once_is_heard() {
    let server = Server::pattern(&[]);
    let mut stream = TcpStream::connect(server.address()).expect("the server accepts");
    stream.set_read_timeout(Some(LONG)).expect("a time-out");
    let mut sent = format!(
        "GET /socket HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        server.address()
    )
    .into_bytes();
    let command = br#"{"type":"ping","id":"early"}"#;
    sent.extend([0x81, 0x80 | command.len() as u8, 0, 0, 0, 0]);
    sent.extend(command);
    for piece in sent.chunks(11) {
        stream.write_all(piece).expect("it is sent");
    }
    let mut said = Vec::new();
    while !String::from_utf8_lossy(&said).contains(r#""id":"early""#) {
        let mut some = [0; 4096];
        match stream.read(&mut some) {
            Ok(0) => panic!("it ended: {}", String::from_utf8_lossy(&said)),
            Ok(count) => said.extend_from_slice(&some[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => panic!("{error}: {}", String::from_utf8_lossy(&said)),
        }
        assert!(said.len() < 1 << 20);
    }
}

#[test]
fn a_command_that_comes_with_the_upgrade_is_answered_after_the_greeting() {
    let server = Server::pattern(&[]);
    let mut stream = TcpStream::connect(server.address()).expect("the server accepts");
    stream.set_read_timeout(Some(VERY_LONG)).expect("a time-out");
    let command = br#"{"type":"ping","id":1}"#;
    let host = server.address();
    let mut said = format!(
        "GET /socket HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    .into_bytes();
    // A text, masked by nothing (RFC 6455 §5.2).
    said.extend_from_slice(&[0x81, 0x80 | u8::try_from(command.len()).expect("it is short")]);
    said.extend_from_slice(&[0; 4]);
    said.extend_from_slice(command);
    stream.write_all(&said).expect("it is taken");
    let mut heard = String::new();
    while !heard.contains(r#""type":"answer""#) {
        let mut chunk = [0; 4096];
        let bytes = stream.read(&mut chunk).expect("there is more");
        assert!(bytes > 0, "{heard}");
        heard.push_str(&String::from_utf8_lossy(&chunk[..bytes]));
    }
    let place = |kind: &str| heard.find(&format!(r#""type":"{kind}""#)).expect("it is there");
    assert!(place("hello") < place("state") && place("state") < place("answer"), "{heard}");
}

#[test]
fn the_client_of_the_documentation_works() {
    let server = Server::pattern(&[]);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/bot.py");
    let address = server.address();
    let ran = Command::new("python3")
        .args([script, &address.ip().to_string(), &address.port().to_string(), "low"])
        .output()
        .expect("Python runs: apt-get install python3");
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    assert!(said.contains("version 1") && said.contains("quality low"), "{said}");
}

#[test]
fn each_message_is_asked_what_its_sender_may() {
    let server = Server::pattern(&[]);
    let mut host = Person::host(&server);
    let mut bearer = |scopes: &str| {
        let body = format!("{{\"label\":\"bot\",\"scopes\":[{scopes}]}}");
        let json = ("Content-Type", "application/json");
        let made = host.ask(&server, "POST", "/api/v1/tokens", &[json], &body).expect(201).json();
        format!("Bearer {}", made["token"].as_str().expect("a token"))
    };
    let donate = json!({ "type": "donate", "id": 1, "name": "Ada", "message": "for the beans" });
    for (scopes, status) in [("\"watch\"", 403), ("\"watch\",\"talk\"", 200)] {
        let bearer = bearer(scopes);
        let mut bot = Page::open_with(&server, "/socket", &[("Authorization", &bearer)]);
        let answer = bot.ask(&donate);
        match status {
            200 => assert_eq!(answer["type"], "answer", "{scopes}: {answer}"),
            _ => assert_eq!(
                (&answer["type"], &answer["status"]),
                (&"refused".into(), &status.into())
            ),
        }
    }
}
