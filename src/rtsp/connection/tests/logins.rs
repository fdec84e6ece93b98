//! Who may watch, as clients find out: by both dialects, for each request, and while they watch.

use std::net::UdpSocket;

use super::super::super::login::tests::{Keys, PASSWORD};
use super::*;
use crate::proto::auth::{Covered, Next, Visit, Who};

/// A client that logs in when it is asked to.
struct Player {
    talker: Talker,
    visit: Visit,
}

impl Player {
    fn new(site: &Site, userinfo: &str) -> Self {
        let who = Some(userinfo).filter(|userinfo| !userinfo.is_empty()).map(Who::of_userinfo);
        Self { talker: site.talker(), visit: Visit::of(who) }
    }

    fn of_cam(site: &Site) -> Self {
        Self::new(site, &format!("cam:{PASSWORD}"))
    }

    fn ask(&mut self, site: &Site, method: &str, fields: &str) -> (u16, Option<String>) {
        let (url, now) = ("rtsp://x/live", site.now);
        loop {
            let covered = Covered { method, uri: url, body: b"" };
            let login = self.visit.authorization(covered);
            let login = login.map(|login| format!("Authorization: {login}\r\n"));
            self.talker.ask(method, &format!("{fields}{}", login.unwrap_or_default()));
            let reply = self.talker.whole_reply(now);
            let asks = reply.headers.all("WWW-Authenticate");
            if reply.status != 401 || self.visit.refused(asks, "c") != Next::Again {
                if reply.status == 200 {
                    self.visit.accepted(None);
                }
                return (reply.status, reply.session().map(|session| session.id));
            }
        }
    }

    /// Sets a session up and plays it. Returns its name.
    fn play(&mut self, site: &Site, transport: &str) -> String {
        let (status, id) = self.ask(site, "SETUP", &format!("Transport: {transport}\r\n"));
        assert_eq!(status, 200, "{transport}");
        let id = id.unwrap();
        assert_eq!(self.ask(site, "PLAY", &format!("Session: {id}\r\n")).0, 200, "{transport}");
        id
    }
}

fn site(keys: &Arc<Keys>) -> Site {
    Site::kept_by(Some(Arc::clone(keys) as _))
}

/// Whether a session ends within a second.
fn ends(site: &Site, player: &mut Player, id: &str) -> bool {
    let start = Instant::now();
    let there = || site.server.sessions.find(id, Ipv4Addr::LOCALHOST.into()).is_some();
    while there() && start.elapsed() < Duration::from_secs(1) {
        player.talker.turn(Instant::now());
        std::thread::park_timeout(Duration::from_millis(1));
    }
    !there()
}

const METHODS: [&str; 7] =
    ["DESCRIBE", "SETUP", "PLAY", "PAUSE", "GET_PARAMETER", "SET_PARAMETER", "TEARDOWN"];

#[test]
fn every_request_needs_a_login_but_options() {
    let site = site(&Keys::of_cam());
    let mut player = Player::of_cam(&site);
    let id = player.play(&site, TCP);
    let fields = format!("Session: {id}\r\nTransport: {TCP}\r\n");
    let mut stranger = Player::new(&site, "");
    assert_eq!(stranger.ask(&site, "OPTIONS", "").0, 200);
    for method in METHODS {
        for fields in ["", &fields] {
            stranger.talker.ask(method, fields);
            let reply = stranger.talker.whole_reply(site.now);
            assert_eq!(reply.status, 401, "{method}");
            let asks: Vec<_> = reply.headers.all("WWW-Authenticate").collect();
            let [first, last] = asks[..] else { panic!("{asks:?}") };
            assert!(first.contains("SHA-256") && last.contains("MD5"), "{asks:?}");
        }
    }
    for method in ["DESCRIBE", "GET_PARAMETER", "SET_PARAMETER", "PAUSE", "PLAY", "TEARDOWN"] {
        let fields = if method == "DESCRIBE" { "" } else { &fields };
        assert_eq!(player.ask(&site, method, fields).0, 200, "{method}");
    }
}

#[test]
fn a_session_is_not_found_by_another_login() {
    let keys = Keys::of_cam();
    keys.give("other", 2);
    let site = site(&keys);
    let mut cam = Player::of_cam(&site);
    let id = cam.play(&site, UDP);
    let mut other = Player::new(&site, &format!("other:{PASSWORD}"));
    let fields = format!("Session: {id}\r\nTransport: {TCP}\r\n");
    for method in &METHODS[1..] {
        assert_eq!(other.ask(&site, method, &fields).0, 454, "{method}");
    }
    // Its own client may come back on another connection.
    assert_eq!(Player::of_cam(&site).ask(&site, "TEARDOWN", &fields).0, 200);
}

#[test]
fn who_may_no_longer_watch_sees_no_more_within_a_second() {
    let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = udp.local_addr().unwrap().port();
    let udp = format!("RTP/AVP;unicast;client_port={port}-{port}");
    for transport in [TCP, &udp] {
        let keys = Keys::of_cam();
        keys.give("other", 2);
        let site = site(&keys);
        let mut cam = Player::of_cam(&site);
        let mut other = Player::new(&site, &format!("other:{PASSWORD}"));
        let (of_cam, of_other) = (cam.play(&site, transport), other.play(&site, transport));
        keys.let_watch("cam", false);
        assert!(ends(&site, &mut cam, &of_cam), "{transport}");
        assert!(site.server.sessions.find(&of_other, Ipv4Addr::LOCALHOST.into()).is_some());
        assert_eq!(cam.ask(&site, "PLAY", &format!("Session: {of_cam}\r\n")).0, 454);
        assert_eq!(cam.ask(&site, "DESCRIBE", "").0, 403);

        keys.let_guests_watch(true);
        let mut guest = Player::new(&site, "");
        let of_guest = guest.play(&site, transport);
        let (status, waiting) = guest.ask(&site, "SETUP", &format!("Transport: {transport}\r\n"));
        assert_eq!(status, 200);
        keys.let_guests_watch(false);
        assert!(ends(&site, &mut guest, &of_guest), "{transport}");
        assert!(ends(&site, &mut guest, &waiting.unwrap()), "also what does not play");
        assert!(site.server.sessions.find(&of_other, Ipv4Addr::LOCALHOST.into()).is_some());
    }
}

#[test]
fn a_session_in_a_connection_has_a_turn_twice_a_second_where_rights_can_change() {
    let latest = |site: &Site, player: &mut Player| match player.talker.turn(site.now) {
        Turn::Wait { until: Some(until), .. } => until.saturating_duration_since(site.now),
        _ => panic!("it goes on"),
    };
    let kept = site(&Keys::of_cam());
    let mut player = Player::of_cam(&kept);
    player.ask(&kept, "SETUP", &format!("Transport: {TCP}\r\n"));
    assert!(latest(&kept, &mut player) <= Duration::from_millis(500));
    let open = Site::new();
    let mut player = Player::new(&open, "");
    player.ask(&open, "SETUP", &format!("Transport: {TCP}\r\n"));
    assert!(latest(&open, &mut player) > Duration::from_secs(50));
}

#[test]
fn a_connection_that_guesses_is_closed_and_the_next_ones_are_not_heard() {
    let site = site(&Keys::of_cam());
    let login =
        |userinfo: &str| format!("Authorization: {}\r\n", Who::of_userinfo(userinfo).basic());
    let closes = |talker: &mut Talker| {
        let later = site.now + LINGER_TIME + Duration::from_millis(1);
        talker.turn(site.now);
        matches!(talker.connection.state, State::Closes { .. })
            && matches!(talker.turn(later), Turn::Over)
    };
    for _ in 0..6 {
        let mut talker = site.talker();
        for _ in 0..5 {
            assert!(!matches!(talker.connection.state, State::Closes { .. }));
            talker.ask("DESCRIBE", &login("cam:wrong"));
            assert_eq!(talker.reply(site.now).0, 401);
        }
        assert!(closes(&mut talker));
    }
    let mut talker = site.talker();
    talker.ask("DESCRIBE", &login(&format!("cam:{PASSWORD}")));
    let reply = talker.whole_reply(site.now);
    assert_eq!((reply.status, reply.headers.get("Retry-After")), (503, Some("6")));
    assert!(closes(&mut talker));
}

#[test]
fn the_lab_is_for_guests() {
    let keys = Keys::of_cam();
    let site = site(&keys);
    let ask = |talker: &mut Talker, method: &str| {
        let text =
            format!("{method} live RTSP/1.0\nCSeq: 1\nTransport: RTP/UDP; client_port= 25000\n\n");
        talker.client.write_all(text.as_bytes()).unwrap();
        talker.reply(site.now).0
    };
    let mut talker = site.talker();
    for method in ["DESCRIBE", "SETUP", "PLAY", "PAUSE", "TEARDOWN"] {
        assert_eq!(ask(&mut talker, method), 403, "{method}");
    }
    keys.let_guests_watch(true);
    assert_eq!(["SETUP", "PLAY"].map(|method| ask(&mut talker, method)), [200, 200]);
    assert_eq!(talker.connection.hosted.len(), 1);
    keys.let_guests_watch(false);
    talker.turn(site.now);
    assert!(talker.connection.hosted.is_empty());
}
