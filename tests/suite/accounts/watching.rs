//! Who may watch: with a link, with a word, as a member; and what ends when that one may no longer.

use std::io::Read;
use std::net::TcpStream;

use super::{PASSWORD, Person};
use crate::common::client::{Client, Reply, ask};
use crate::common::server::Server;
use crate::common::{LONG, eventually, eventually_true};

const HTML: (&str, &str) = ("Accept", "text/html");

/// A stream in somebody's name.
fn stream(server: &Server, person: &Person) -> TcpStream {
    let mut client = Client::connect(server.address());
    let mut fields = vec![("Cookie", person.cookie.as_str())];
    fields.extend(person.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let head = client.head("GET", "/stream", &fields, b"");
    client.send(head);
    client.incoming.take_through(b"\r\n\r\n", 4096).expect("a head");
    client.incoming.take(1000).expect("a picture");
    client.socket().try_clone().expect("a socket")
}

/// Whether the other side has ended it.
fn has_ended(socket: &mut TcpStream) -> bool {
    let mut chunk = [0; 64 * 1024];
    matches!(socket.read(&mut chunk), Ok(0) | Err(_))
}

/// As far as a browser goes with the answer.
fn cookie_of(reply: &Reply) -> String {
    let set = reply.header("Set-Cookie").expect("a cookie");
    set.split(';').next().unwrap_or_default().to_owned()
}

/// The key in a QR code's address, as the page of who may watch has it: read by `zbarimg`'s kind.
fn key_of(server: &Server) -> String {
    let database = server.data().join("livestream.db");
    let connection = rusqlite::Connection::open(database).expect("the store");
    let key = "SELECT watch_key FROM installation";
    connection.query_row(key, (), |row| row.get(0)).expect("a key")
}

#[test]
fn a_link_lets_in_and_its_key_is_gone_from_the_address() {
    let server = Server::pattern(&["--access", "link"]);
    let key = key_of(&server);
    let at = server.address();
    let way = ask(at, "GET", "/", &[HTML], b"").expect(303);
    assert_eq!(way.header("Location"), Some("/enter?next=%2F"));
    for path in ["/stream", "/snapshot", "/state", "/rooms", "/metrics", "/qr.svg", "/preview"] {
        ask(at, "GET", path, &[], b"").expect(401);
    }
    ask(at, "GET", "/?key=wrong", &[HTML], b"").expect(303);
    let entered = ask(at, "GET", &format!("/?key={key}&a=b"), &[HTML], b"").expect(303);
    assert_eq!(entered.header("Location"), Some("/?a=b"));
    let cookie = cookie_of(&entered);
    assert!(cookie.starts_with("watch-"), "{cookie}");
    assert!(
        !entered.header("Set-Cookie").unwrap_or_default().contains("Secure"),
        "it came in clear"
    );
    ask(at, "GET", "/", &[HTML, ("Cookie", &cookie)], b"").expect(200);
    ask(at, "GET", "/snapshot", &[("Cookie", &cookie)], b"").expect(200);
    let by_tls = [("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-Proto", "https")];
    let entered = ask(at, "GET", &format!("/?key={key}"), &by_tls, b"").expect(303);
    assert!(entered.header("Set-Cookie").unwrap_or_default().ends_with("; Secure"));
    assert!(!server.log().contains(&key));
}

#[test]
fn another_link_ends_what_is_watched_by_the_one_before() {
    let server = Server::pattern(&["--access", "link"]);
    let mut host = Person::host(&server);
    let entered = ask(server.address(), "GET", &format!("/?key={}", key_of(&server)), &[], b"");
    let guest = Person { cookie: cookie_of(&entered.expect(303)), fields: Vec::new() };
    let mut open = stream(&server, &guest);
    host.post(&server, "/api/v1/link", &[]).expect(200);
    eventually_true("it ends", LONG, || has_ended(&mut open));
    ask(server.address(), "GET", "/state", &[("Cookie", &guest.cookie)], b"").expect(401);
}

#[test]
fn a_word_lets_in_and_who_guesses_it_waits() {
    let scratch = crate::common::clip::Scratch::new();
    let file = scratch.write("word", b"open sesame\nsecond line\n");
    let server = Server::pattern(&["--watch-password-file", &file]);
    ask(server.address(), "GET", "/state", &[], b"").expect(401);
    let mut guest = Person::new();
    assert_eq!(guest.post(&server, "/enter", &[("word", "x")]).expect(403).json()["field"], "word");
    guest.post(&server, "/enter", &[("word", "open sesame")]).expect(200);
    guest.get(&server, "/state").expect(200);
    let mut guesser = Person::new();
    let tries =
        (0..20).map(|n| guesser.post(&server, "/enter", &[("word", &n.to_string())]).status);
    assert_eq!(tries.filter(|status| *status == 429).count(), 11, "one was wrong before");
}

#[test]
fn among_members_nobody_else_watches_and_nothing_is_shown_in_clear() {
    let server = Server::pattern(&["--access", "members"]);
    let clear = [("X-Forwarded-For", "192.0.2.7"), ("X-Forwarded-Proto", "http"), HTML];
    let way = ask(server.address(), "GET", "/", &clear, b"").expect(303);
    assert_eq!(way.header("Location"), Some("/trust?next=%2F"));
    let way = ask(server.address(), "GET", "/", &[HTML], b"").expect(303);
    assert_eq!(way.header("Location"), Some("/sign-in?next=%2F"));
    let mut host = Person::host(&server);
    host.get(&server, "/state").expect(200);
    let mut grace = Person::member(&server, &mut host, "Grace");
    grace.get(&server, "/snapshot").expect(200);
    let rooms = [("/r/nowhere/", 303), ("/r/nowhere", 303), ("/", 303), ("/state", 303)];
    for (path, status) in rooms {
        let reply = ask(server.address(), "GET", path, &[HTML], b"");
        assert_eq!(reply.status, status, "{path}: which rooms there are is not told");
    }
}

#[test]
fn what_is_open_ends_when_who_has_it_may_no_longer() {
    let server = Server::pattern(&["--access", "members"]);
    let mut host = Person::host(&server);
    let sign_in = || {
        let mut person = Person::new();
        person.post(&server, "/sign-in", &[("name", "Grace"), ("password", PASSWORD)]).expect(200);
        person
    };
    let mut grace = Person::member(&server, &mut host, "Grace");
    let id = eventually("it is listed", LONG, || {
        let accounts = host.get(&server, "/api/v1/accounts").json();
        let accounts = accounts["accounts"].as_array().cloned().unwrap_or_default();
        let grace = accounts.iter().find(|account| account["name"] == "Grace").cloned();
        grace.and_then(|grace| grace["id"].as_i64()).ok_or("not yet".to_owned())
    });
    let path = format!("/api/v1/accounts/{id}");
    let mut open = stream(&server, &grace);
    grace.post(&server, "/sign-out", &[]).expect(200);
    eventually_true("signed out", LONG, || has_ended(&mut open));
    let mut grace = sign_in();
    let (mut open, mut hosts) = (stream(&server, &grace), stream(&server, &host));
    let form = [("password", PASSWORD), ("new-password", "eight dry umbrellas")];
    let mut other = sign_in();
    other.post(&server, "/account/password", &form).expect(200);
    eventually_true("another password", LONG, || has_ended(&mut open));
    let mut open = stream(&server, &other);
    let change = |host: &mut Person, body: &str| {
        let json = [("Content-Type", "application/json")];
        host.ask(&server, "PATCH", &path, &json, body).expect(200);
    };
    change(&mut host, r#"{"disabled":true}"#);
    eventually_true("disabled", LONG, || has_ended(&mut open));
    grace.get(&server, "/state").expect(401);
    change(&mut host, r#"{"disabled":false}"#);
    let form = [("name", "Grace"), ("password", "eight dry umbrellas")];
    grace.post(&server, "/sign-in", &form).expect(200);
    let mut open = stream(&server, &grace);
    let json = [("Content-Type", "application/json")];
    let ban = format!(r#"{{"account":{id},"why":"noise","seconds":3600}}"#);
    host.ask(&server, "POST", "/api/v1/bans", &json, &ban).expect(201);
    eventually_true("banned", LONG, || has_ended(&mut open));
    grace.get(&server, "/state").expect(403);
    assert!(!has_ended(&mut hosts), "others' go on");
}
