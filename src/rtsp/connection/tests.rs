//! Connections that a test drives by hand, over real sockets and through a time of its own.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};

use super::super::Plan;
use super::super::login::Doorkeeper;
use super::super::mailbox::MAX_MAIL;
use super::*;
use crate::base::clock::Clock;
use crate::base::shutdown::Shutdown;
use crate::live::audience::Audience;
use crate::live::bandwidth::Budget;
use crate::live::channel::Channels;
use crate::net::kernel::Kernel;
use crate::net::wire::{Ready, Wire};
use crate::net::{Engine, Limits};
use crate::proto::rtsp::{Reply, parse_reply};
use crate::room::{Room, Rooms};
use crate::source::pattern::Pattern;
use crate::web::{
    About, Access, Closed, Context, Gate, Means, Providers, Proxies, ProxyHeader, Readers, Secrecy,
};

mod logins;

/// A server without an acceptor.
struct Site {
    server: Arc<Server>,
    listener: TcpListener,
    now: Instant,
}

/// A client, and its connection's end at the server.
struct Talker {
    client: TcpStream,
    connection: Connection,
}

impl Site {
    fn new() -> Self {
        Self::kept_by(None)
    }

    fn kept_by(keeper: Option<Arc<dyn Doorkeeper>>) -> Self {
        let clock = Clock::system();
        let now = clock.now();
        let engine = Arc::new(Engine::start(Limits::of_descriptors(1024), now).unwrap());
        let channels = Channels::new(clock.clone());
        let channel = channels.open(&Pattern::new());
        let audience = Arc::new(Audience::new(clock, Budget::Unlimited, 10));
        let crowd = audience.gather(Arc::clone(&channel));
        let rooms = Arc::new(Rooms::new(Room::new(None, "site".into(), crowd)));
        let studio = Arc::new(Closed);
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
        let stop = Shutdown::new();
        let proxies = Proxies { at: Vec::new(), header: ProxyHeader::XForwarded };
        let access = Access::new(Vec::new(), Readers::default(), proxies, Secrecy::default());
        let means = Means {
            gate: Gate::open(),
            providers: Providers::none(),
            studio,
            store: None,
            library: None,
            engine,
            keep_chat: Duration::ZERO,
        };
        let context = Context::new(rooms, audience, about, access, means, stop);
        let bind = Some(IpAddr::from(Ipv4Addr::LOCALHOST));
        let plan = Plan { bind, clips: None, fps: 25.0, keeper };
        let (server, _) = Server::new(plan, Arc::new(context));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        Self { server: Arc::new(server), listener, now }
    }

    fn talker(&self) -> Talker {
        let client = TcpStream::connect(self.listener.local_addr().unwrap()).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let (socket, peer) = self.listener.accept().unwrap();
        socket.set_nonblocking(true).unwrap();
        let wire = Wire::new(mio::net::TcpStream::from_std(socket), None);
        let engine = &self.server.context.engine;
        let handle = engine.places().place();
        let guest = engine.registry.enter(peer.ip(), handle.clone(), self.now).unwrap();
        let newcomer = Newcomer { wire, guest, handle, peer };
        let connection = Connection::new(newcomer, Arc::clone(&self.server), self.now);
        Talker { client, connection }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.server.context.engine.stop();
    }
}

impl Talker {
    fn turn(&mut self, now: Instant) -> Turn {
        let ready = Ready { readable: true, writable: true };
        self.connection.turn(&mut Moment { now, ready, kernel: &mut Kernel::new() })
    }

    /// Turns until it has a whole reply. Returns its status and session.
    fn reply(&mut self, now: Instant) -> (u16, Option<String>) {
        let reply = self.whole_reply(now);
        (reply.status, reply.session().map(|session| session.id))
    }

    fn whole_reply(&mut self, now: Instant) -> Reply {
        let mut input = Vec::new();
        self.client.set_nonblocking(true).unwrap();
        for _ in 0..10_000 {
            self.turn(now);
            let mut some = [0; 4096];
            if let Ok(count) = self.client.read(&mut some) {
                input.extend_from_slice(&some[..count]);
            }
            if let Some((reply, _)) = parse_reply(&input).unwrap() {
                return reply;
            }
            std::thread::park_timeout(Duration::from_millis(1));
        }
        panic!("no reply in ten seconds");
    }

    fn ask(&mut self, method: &str, fields: &str) {
        let text = format!("{method} rtsp://x/live RTSP/1.0\r\nCSeq: 1\r\n{fields}\r\n");
        self.client.write_all(text.as_bytes()).unwrap();
    }

    fn set_up(&mut self, transport: &str, now: Instant) -> String {
        self.ask("SETUP", &format!("Transport: {transport}\r\n"));
        let (status, session) = self.reply(now);
        assert_eq!(status, 200);
        session.unwrap()
    }

    /// When it ends if nothing happens, looked for in steps of a second.
    fn ends_after(&mut self, from: Instant) -> u64 {
        let mut seconds = 0..1000;
        let over = |second: &u64| {
            let now = from + Duration::from_secs(*second);
            matches!(self.turn(now), Turn::Over)
        };
        seconds.find(over).expect("it ends")
    }
}

const UDP: &str = "RTP/AVP;unicast;client_port=40000-40001";
const TCP: &str = "RTP/AVP/TCP;unicast;interleaved=0-1";

#[test]
fn silent_connection_ends_by_itself() {
    let site = Site::new();
    assert_eq!(site.talker().ends_after(site.now), 60);
    let mut half = site.talker();
    half.client.write_all(b"OPTIONS * RTSP/1.0\r\nCS").unwrap();
    assert_eq!(half.ends_after(site.now), 10);
    // Another's session from the same address is no reason to stay.
    let mut other = site.talker();
    other.set_up(TCP, site.now);
    assert_eq!(site.talker().ends_after(site.now), 60);
}

#[test]
fn connection_stays_while_a_session_lives_that_was_set_up_on_it() {
    let site = Site::new();
    for transport in [TCP, UDP] {
        let mut talker = site.talker();
        let id = talker.set_up(transport, site.now);
        let later = site.now + Duration::from_secs(200);
        for seconds in 0..200 {
            let turn = talker.turn(site.now + Duration::from_secs(seconds));
            assert!(!matches!(turn, Turn::Over), "{transport}, after {seconds} s");
        }
        let entry = site.server.sessions.find(&id, Ipv4Addr::LOCALHOST.into()).unwrap();
        site.server.sessions.remove(&entry);
        assert!(talker.ends_after(later) <= 60, "{transport}");
    }
}

#[test]
fn who_reads_no_replies_is_heard_no_further_and_then_given_up() {
    let site = Site::new();
    let mut talker = site.talker();
    talker.client.set_nonblocking(true).unwrap();
    let request = b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n".repeat(1000);
    // Until neither side takes any more.
    let mut quiet = 0;
    for _ in 0..100_000 {
        let wrote = talker.client.write(&request).is_ok();
        assert!(!matches!(talker.turn(site.now), Turn::Over));
        quiet = if wrote { 0 } else { quiet + 1 };
        if quiet > 100 {
            break;
        }
    }
    assert!(quiet > 100, "it is read no further");
    assert!(talker.connection.messages.is_full() && talker.connection.input.len() < 64 * 1024);
    assert!((10..13).contains(&talker.ends_after(site.now)));
}

#[test]
fn all_that_was_asked_at_once_is_answered_when_it_is_read() {
    let site = Site::new();
    let mut talker = site.talker();
    let mut writer = talker.client.try_clone().unwrap();
    let all = b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n".repeat(20_000);
    let writing = std::thread::spawn(move || writer.write_all(&all).unwrap());
    let mut reader = talker.client.try_clone().unwrap();
    let reading = std::thread::spawn(move || {
        let (mut bytes, mut some) = (Vec::new(), [0; 65_536]);
        while memchr::memmem::find_iter(&bytes, b"\r\n\r\n").count() < 20_000 {
            let count = reader.read(&mut some).unwrap();
            bytes.extend_from_slice(&some[..count]);
        }
    });
    while !reading.is_finished() {
        assert!(!matches!(talker.turn(site.now), Turn::Over));
        std::thread::yield_now();
    }
    reading.join().unwrap();
    writing.join().unwrap();
}

#[test]
fn session_of_one_connection_is_asked_on_another() {
    let site = Site::new();
    let (mut owner, mut other) = (site.talker(), site.talker());
    let id = owner.set_up(TCP, site.now);
    let named = format!("Session: {id}\r\n");
    other.ask("PAUSE", &named);
    other.turn(site.now);
    // Its host has had no turn since then: nobody knows.
    assert!(matches!(other.connection.state, State::Answers(_)));
    owner.turn(site.now);
    assert_eq!(other.reply(site.now).0, 455, "it does not play");
    other.ask("TEARDOWN", &named);
    other.turn(site.now);
    owner.turn(site.now);
    assert_eq!(other.reply(site.now).0, 200);
    assert!(owner.connection.hosted.is_empty());
    other.ask("PAUSE", &named);
    assert_eq!(other.reply(site.now).0, 454);
}

#[test]
fn too_much_is_asked_of_a_session_at_once() {
    let site = Site::new();
    let mut owner = site.talker();
    let named = format!("Session: {}\r\n", owner.set_up(TCP, site.now));
    let mut others: Vec<_> = (0..=MAX_MAIL).map(|_| site.talker()).collect();
    for other in &mut others {
        other.ask("PAUSE", &named);
        other.turn(site.now);
    }
    assert_eq!(others.pop().unwrap().reply(site.now).0, 503);
    owner.turn(site.now);
    others.iter_mut().for_each(|other| assert_eq!(other.reply(site.now).0, 455));
}

#[test]
fn session_whose_host_is_gone_is_not_found() {
    let site = Site::new();
    let (mut owner, mut other) = (site.talker(), site.talker());
    let named = format!("Session: {}\r\n", owner.set_up(TCP, site.now));
    other.ask("PAUSE", &named);
    other.turn(site.now);
    drop(owner);
    assert_eq!(other.reply(site.now).0, 454);
    assert!(site.server.sessions.of_connection(0).is_none());
}

#[test]
fn standing_is_told_as_it_is() {
    let site = Site::new();
    let registry = &site.server.context.engine.registry;
    let mut talker = site.talker();
    talker.turn(site.now);
    assert_eq!(registry.census().idle, 1);
    let id = talker.set_up(UDP, site.now);
    assert_eq!(registry.census().idle, 1, "a session that waits is no reason to stay");
    let entry = site.server.sessions.find(&id, Ipv4Addr::LOCALHOST.into()).unwrap();
    entry.stands(crate::proto::rtsp::State::Playing);
    talker.turn(site.now);
    assert_eq!(registry.census().watching, 1);
}

#[test]
fn a_room_that_is_closed_is_played_no_more() {
    let site = Site::new();
    let mut talker = site.talker();
    let session = talker.set_up("RTP/AVP/TCP;interleaved=0-1", site.now);
    let play = format!("Session: {session}\r\n");
    talker.ask("PLAY", &play);
    assert_eq!(talker.reply(site.now).0, 200);
    let context = &site.server.context;
    assert_eq!(context.audience.counts(None).watching, 1);
    context.audience.dismiss(&context.rooms.default().crowd);
    talker.turn(site.now);
    assert_eq!(context.audience.counts(None).watching, 0);
    talker.ask("PLAY", &play);
    assert_eq!(talker.reply(site.now).0, 404);
}
