//! Connections on a real lane: what no route asks for yet, and ends of input.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

use super::super::access::{Access, Proxies, ProxyHeader, Readers, Secrecy};
use super::super::context::{About, Means};
use super::super::file::{Found, Part};
use super::super::gate::Gate;
use super::super::providers::Providers;
use super::super::request::{End, Later, Look, Request, Sink};
use super::super::studio::closed::Closed;
use super::body::{Into, Reading};
use super::*;
use crate::base::clock::Clock;
use crate::base::shutdown::Shutdown as Stop;
use crate::film::{Edition, Warm};
use crate::live::audience::Audience;
use crate::live::bandwidth::Budget;
use crate::live::channel::Channels;
use crate::net::{Engine, Limits, Topics, bind};
use crate::proto::http::{Body, BodyLength};
use crate::room::{Room, Rooms};
use crate::source::pattern::Pattern;

/// A server of which every connection begins in a state of the test's own.
struct Site {
    engine: Arc<Engine>,
    context: Arc<Context>,
    address: SocketAddr,
}

impl Site {
    fn open(begin: impl Fn(&mut Connection) + Send + 'static) -> Self {
        let clock = Clock::system();
        let now = clock.now();
        let engine = Arc::new(Engine::start(Limits::of_descriptors(1024), now).unwrap());
        let channels = Channels::new(clock.clone());
        let channel = channels.open(&Pattern::new());
        let audience = Arc::new(Audience::new(clock, Budget::Unlimited, 10));
        let crowd = audience.gather(Arc::clone(&channel));
        let rooms = Arc::new(Rooms::new(Room::new(None, "site".into(), crowd)));
        let studio = Arc::new(Closed);
        let bells = engine.bells(Topics::of(channel.hub.number()));
        bells.into_iter().for_each(|bell| channel.hub.on_news(bell));
        let about = About {
            name: "site".into(),
            addresses: Vec::new(),
            public_url: None,
            rtsp_addresses: Vec::new(),
            issuer: None,
            speaks_tls: false,
            donate_url: Arc::default(),
            started: now,
        };
        let of_context = Arc::clone(&engine);
        let proxies = Proxies { at: Vec::new(), header: ProxyHeader::XForwarded };
        let access = Access::new(Vec::new(), Readers::default(), proxies, Secrecy::default());
        let stop = Stop::new();
        let means = Means {
            gate: Gate::open(),
            providers: Providers::none(),
            studio,
            store: None,
            library: None,
            engine: of_context,
            keep_chat: Duration::ZERO,
        };
        let context = Context::new(rooms, audience, about, access, means, stop);
        let context = Arc::new(context);
        let bound = bind(Some(Ipv4Addr::LOCALHOST.into()), 0).unwrap();
        let address = bound.addresses()[0];
        let of_site = Arc::clone(&context);
        let welcome = move |newcomer| -> Box<dyn Talk> {
            let mut connection = Connection::new(newcomer, Arc::clone(&context), now);
            begin(&mut connection);
            Box::new(connection)
        };
        engine.accept(bound, Box::new(welcome));
        Self { engine, context: of_site, address }
    }

    fn client(&self) -> TcpStream {
        let client = TcpStream::connect(self.address).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        client
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.engine.stop();
    }
}

fn all_of(mut client: TcpStream) -> String {
    let mut bytes = Vec::new();
    client.read_to_end(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn head(text: &str) -> Head {
    parse_head(text.as_bytes()).unwrap().unwrap().0
}

fn ask(site: &Site, requests: &str) -> TcpStream {
    let mut client = site.client();
    client.write_all(requests.as_bytes()).unwrap();
    client
}

#[test]
fn end_of_input_after_requests_is_no_end_of_answers() {
    let site = Site::open(|_| {});
    let client = ask(&site, &"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(40));
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(all_of(client).matches("\r\n\r\nok\n").count(), 40);
}

#[test]
fn end_of_input_between_requests_or_in_one_is_the_end_at_once() {
    let site = Site::open(|_| {});
    for half in
        ["", "GET /he", "POST /viewer HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf"]
    {
        let client = ask(&site, half);
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(all_of(client), "", "{half:?}");
    }
}

/// Says back what it hears, and is over at a full stop.
struct Echo {
    unsent: VecDeque<u8>,
}

impl Upgraded for Echo {
    fn turn(&mut self, wire: &mut Wire, input: &mut Vec<u8>, _: &Handle, _: Instant) -> Verdict {
        self.unsent.extend(input.drain(..));
        let mut buffer = [0; 100];
        while let Ok(count @ 1..) = wire.read(&mut buffer) {
            self.unsent.extend(&buffer[..count]);
        }
        let bytes = self.unsent.make_contiguous();
        match wire.write(bytes) {
            Ok(count) => drop(self.unsent.drain(..count)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => return Verdict::Over,
        }
        match input.is_empty() && self.unsent.is_empty() {
            true => Verdict::Wait {
                until: None,
                news: Topics::NONE,
                unread_since: None,
                watches: false,
            },
            false => Verdict::Over,
        }
    }
}

#[test]
fn upgraded_connection_speaks_its_protocol_on_the_same_lane() {
    let site = Site::open(|connection| {
        let answer = Answer::empty(Status::SwitchingProtocols).header("Upgrade", "echo");
        let echo = Then::Upgrade(Box::new(Echo { unsent: VecDeque::new() }));
        connection.send_off(answer, &Method::Get, echo, Instant::now());
        // What came with the request is the new protocol's.
        connection.input = b"early ".to_vec();
    });
    let mut client = ask(&site, "birds");
    let mut said = String::new();
    while !said.ends_with("birds") {
        let mut some = [0; 64];
        let count = client.read(&mut some).unwrap();
        assert!(count > 0, "{said}");
        said.push_str(std::str::from_utf8(&some[..count]).unwrap());
    }
    assert!(said.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{said}");
    assert!(said.contains("\r\nConnection: upgrade\r\n"), "{said}");
    assert!(said.ends_with("\r\n\r\nearly birds"), "{said}");
}

#[test]
fn who_is_in_a_room_that_is_closed_is_sent_away() {
    let site = Site::open(|_| {});
    let ask = |target: &str, fields: &str| {
        let mut client = site.client();
        let host = "Host: 127.0.0.1\r\n";
        client
            .write_all(format!("GET {target} HTTP/1.1\r\n{host}{fields}\r\n").as_bytes())
            .unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            client.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        (client, String::from_utf8(head).unwrap())
    };
    let (mut stream, head) = ask("/stream", "");
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
    let upgrade = format!("Connection: upgrade\r\nUpgrade: websocket\r\n{key}");
    let (mut socket, head) = ask("/socket", &upgrade);
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    let room = site.context.rooms.default();
    site.context.audience.dismiss(&room.crowd);
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    rest.clear();
    socket.read_to_end(&mut rest).unwrap();
    // RFC 6455 §5.5.1, and 1001 of §7.4.1.
    let is_goodbye = |bytes: &[u8]| bytes[0] == 0x88 && bytes[2..] == [0x03, 0xe9];
    assert!(rest.windows(4).any(is_goodbye), "{rest:?}");
    let (_, head) = ask("/stream", "");
    assert!(head.starts_with("HTTP/1.1 404 "), "{head}");
}

/// Counts what it takes, and takes nothing at every other look.
struct Scale {
    total: Arc<AtomicUsize>,
    largest: Arc<AtomicUsize>,
    busy: bool,
    asker: Handle,
    most: usize,
}

impl Sink for Scale {
    fn look(&mut self, now: Instant) -> Look {
        if self.total.load(Ordering::Relaxed) > self.most {
            return Look::Refused(Answer::text(Status::ContentTooLarge, "enough"));
        }
        self.busy = !self.busy;
        if !self.busy {
            return Look::Room;
        }
        self.asker.notify();
        Look::Full(now + Duration::from_secs(30))
    }

    fn take(&mut self, piece: Vec<u8>) {
        self.largest.fetch_max(piece.len(), Ordering::Relaxed);
        self.total.fetch_add(piece.len(), Ordering::Relaxed);
    }

    fn end(self: Box<Self>, end: End) -> Box<dyn Later> {
        assert_eq!(end, End::Whole);
        Box::new(Weighed(self.total.load(Ordering::Relaxed)))
    }
}

struct Weighed(usize);

impl Later for Weighed {
    fn look(&mut self, _: &Request, _: Instant) -> Option<Answer> {
        Some(Answer::text(Status::Created, &format!("{} bytes", self.0)))
    }
}

/// What a site says that takes a body of this length, and what it was most bytes at once of.
fn upload(length: usize, most: usize) -> (String, usize) {
    let largest = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&largest);
    let site = Site::open(move |connection| {
        let post = head("POST /viewer HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let now = Instant::now();
        let plan = plan(&connection.context, post, connection.line(), &connection.handle, now);
        let scale = Scale {
            total: Arc::default(),
            largest: Arc::clone(&seen),
            busy: false,
            asker: connection.handle.clone(),
            most,
        };
        let body = Body::new(BodyLength::Known(length as u64), usize::MAX);
        let into = Into::Sink(Box::new(scale));
        connection.state = State::Body(Box::new(Reading::new(plan, body, into, false, now)));
    });
    let mut client = site.client();
    let mut writer = client.try_clone().unwrap();
    let writing = std::thread::spawn(move || {
        let piece = vec![b'x'; 100_000];
        let mut left = length;
        while left > 0 && writer.write_all(&piece[..left.min(piece.len())]).is_ok() {
            left = left.saturating_sub(piece.len());
        }
        let _ = writer.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let _ = writer.shutdown(Shutdown::Write);
    });
    let mut answer = Vec::new();
    // A body that was refused may end in a reset, after the answer.
    let _ = client.read_to_end(&mut answer);
    writing.join().unwrap();
    (String::from_utf8(answer).unwrap(), largest.load(Ordering::Relaxed))
}

#[test]
fn large_body_goes_to_its_sink_in_pieces_and_the_next_request_is_answered() {
    let (answer, largest) = upload(10_000_000, usize::MAX);
    assert!(answer.starts_with("HTTP/1.1 201 Created\r\n"), "{answer}");
    assert!(answer.contains("10000000 bytes\n") && answer.ends_with("ok\n"), "{answer}");
    assert!((1..=16 * 1024).contains(&largest), "{largest}");
}

#[test]
fn sink_that_refuses_has_the_last_word() {
    let (answer, _) = upload(200_000, 50_000);
    assert!(answer.starts_with("HTTP/1.1 413 Content Too Large\r\n"), "{answer}");
    assert!(answer.ends_with("enough\n"), "what follows is no request: {answer}");
}

#[test]
fn file_is_answered_whole_or_by_range() {
    let bytes: Vec<u8> = (0..100_000_u32).map(|number| b'a' + (number % 26) as u8).collect();
    let path = std::env::temp_dir().join(format!("livestream-file-{}", std::process::id()));
    std::fs::write(&path, &bytes).unwrap();
    let file = Arc::new(std::fs::File::open(&path).unwrap());
    std::fs::remove_file(&path).unwrap();
    let tag = Edition::of(&file).unwrap().tag();
    let fields = Arc::new(Mutex::new(String::new()));
    let asked = Arc::clone(&fields);
    let site = Site::open(move |connection| {
        let get = head(&format!("GET /f HTTP/1.1\r\nHost: localhost\r\n{}\r\n", asked.lock()));
        let file = Arc::clone(&file);
        let edition = Edition::of(&file).unwrap();
        let found = Found {
            file,
            small: None,
            warm: Arc::new(Warm::new(edition.bytes)),
            edition,
            media_type: "video/mp4",
            caching: "no-cache",
        };
        let answer = match found.part(&get) {
            Part::None(answer) => answer,
            Part::Some(status, range) => found.answer(status, range, None),
        };
        connection.answer(answer, &Method::Get, false, Instant::now());
    });
    let same = format!("Range: bytes=5-9\r\nIf-Range: {tag}\r\n");
    for (field, status, part) in [
        ("", "200 OK", 0..100_000),
        ("Range: bytes=5-70000\r\n", "206 Partial Content", 5..70_001),
        (&same, "206 Partial Content", 5..10),
        ("Range: bytes=5-9\r\nIf-Range: \"two\"\r\n", "200 OK", 0..100_000),
    ] {
        field.clone_into(&mut fields.lock());
        let answer = all_of(site.client());
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let head = format!("{head}\r\n");
        assert!(head.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{field} {head}");
        assert!(body.as_bytes() == &bytes[part.clone()], "{field}");
        assert!(head.contains(&format!("Content-Length: {}\r\n", part.len())), "{head}");
        let place = format!("Content-Range: bytes {}-{}/100000", part.start, part.end - 1);
        assert_eq!(head.contains(&place), status.starts_with("206"), "{head}");
    }
    "Range: bytes=100000-\r\n".clone_into(&mut fields.lock());
    let answer = all_of(site.client());
    assert!(answer.starts_with("HTTP/1.1 416 "), "{answer}");
    assert!(answer.contains("Content-Range: bytes */100000\r\n"), "{answer}");
}
