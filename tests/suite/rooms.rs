//! Several rooms: each with its own picture on every way out, its own people, and one budget.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::Instant;

use crate::common::client::READ_TIME;
use crate::common::clip::{Form, Scratch, clip, jpegs};
use crate::common::multipart::Stream;
use crate::common::picture::look;
use crate::common::rtsp::{Rtsp, picture};
use crate::common::server::Server;
use crate::common::viewer::Viewer;
use crate::common::{LONG, eventually_true};

/// A server with a clip in the default room and another in `/r/b/`, whose pictures are told apart
/// by their size, and have the same numbers.
struct House {
    server: Server,
    scratch: Scratch,
}

/// A room's path, and the size of its pictures.
const ROOMS: [(&str, (u16, u16)); 2] = [("", (160, 120)), ("/r/b", (96, 64))];

impl House {
    fn new(arguments: &[&str]) -> Self {
        let scratch = Scratch::new();
        let form = Form::Avi { fps: 25 };
        let first = scratch.write("a.avi", &clip(form, &jpegs(160, 120, 40, 90)));
        let second = scratch.write("b.avi", &clip(form, &jpegs(96, 64, 40, 90)));
        let room = format!("b={second};title=The other");
        let base = ["--source", &first, "--room", &room, "--rtsp-port", "0"];
        Self { server: Server::start(&[&base[..], arguments].concat()), scratch }
    }

    fn stream(&self, target: &str) -> Stream {
        Stream::open(self.server.address(), target, &[])
    }
}

#[track_caller]
fn is_of(room: (&str, (u16, u16)), jpeg: &[u8], what: &str) {
    let seen = look(jpeg);
    assert_eq!((seen.width, seen.height), room.1, "{}{what}", room.0);
}

#[test]
fn each_room_has_its_own_picture_on_every_way_out() {
    let house = House::new(&["--bandwidth", "unlimited"]);
    // Both rooms have pictures of the same levels and of the same numbers all the while.
    let _watched: Vec<_> = ROOMS
        .iter()
        .flat_map(|(path, _)| {
            ["", "?quality=20", "?quality=50"].map(|q| format!("{path}/stream{q}"))
        })
        .map(|target| house.stream(&target).in_background())
        .collect();
    for _ in 0..5 {
        for room in ROOMS {
            for target in ["/stream", "/stream?quality=20", "/?action=stream"] {
                let mut stream = house.stream(&format!("{}{target}", room.0));
                (0..3).for_each(|_| is_of(room, &stream.next().jpeg, target));
            }
            for target in [
                "/snapshot",
                "/snapshot?quality=20",
                "/snapshot?quality=70",
                "/?action=snapshot",
                "/preview",
            ] {
                let reply = house.server.get(&format!("{}{target}", room.0)).expect(200);
                is_of(room, &reply.body, target);
            }
        }
    }
}

#[test]
fn each_room_has_its_own_picture_for_players_and_for_the_lab() {
    let house = House::new(&["--bandwidth", "unlimited"]);
    let players =
        ["/live", "/r/b", "/live?quality=20", "/r/b?quality=20", "/r/b/live"].map(|path| {
            let mut client = Rtsp::connect(house.server.rtsp());
            let session = client.setup_tcp(path);
            client.ask_in(&session, "PLAY", path, &[]).expect(200);
            (path, client)
        });
    let students = [("live", ROOMS[0]), ("r/b", ROOMS[1])]
        .map(|(name, room)| (room, name, Student::watching(name, house.server.rtsp())));
    for (path, mut client) in players {
        let room = ROOMS[usize::from(path.starts_with("/r/b"))];
        (0..10).for_each(|_| is_of(room, &picture(&mut client).jpeg, path));
    }
    for (room, name, student) in &students {
        (0..10).for_each(|_| is_of(*room, &student.datagram(), name));
    }
    let mut client = Rtsp::connect(house.server.rtsp());
    client.ask("DESCRIBE", "/r/cellar", &[]).expect(404);
}

/// A client of the networking lab.
struct Student {
    _socket: TcpStream,
    udp: UdpSocket,
}

impl Student {
    fn watching(name: &str, server: SocketAddr) -> Self {
        let mut socket = TcpStream::connect_timeout(&server, READ_TIME).expect("it accepts");
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        socket.set_read_timeout(Some(READ_TIME)).expect("a time-out");
        udp.set_read_timeout(Some(READ_TIME)).expect("a time-out");
        let port = udp.local_addr().expect("it is bound").port();
        let mut ask = |request: String| {
            socket.write_all(request.as_bytes()).expect("it takes bytes");
            let mut reply = [0; 17];
            socket.read_exact(&mut reply).expect("a reply");
            assert!(reply.starts_with(b"RTSP/1.0 200 OK"), "{}", String::from_utf8_lossy(&reply));
            let mut rest = Vec::new();
            let mut byte = [0];
            while !rest.ends_with(b"Session: ") {
                socket.read_exact(&mut byte).expect("more of it");
                rest.push(byte[0]);
            }
            let mut number = [0; 6];
            socket.read_exact(&mut number).expect("a number");
            let mut end = [0; 2];
            socket.read_exact(&mut end).expect("its end");
            String::from_utf8_lossy(&number).into_owned()
        };
        let number = ask(format!(
            "SETUP {name} RTSP/1.0\nCSeq: 1\nTransport: RTP/UDP; client_port= {port}\n\n"
        ));
        ask(format!("PLAY {name} RTSP/1.0\nCSeq: 2\nSession: {number}\n\n"));
        Self { _socket: socket, udp }
    }

    fn datagram(&self) -> Vec<u8> {
        let mut bytes = [0; 65536];
        let count = self.udp.recv(&mut bytes).expect("a datagram");
        bytes[12..count].to_vec()
    }
}

#[test]
fn a_source_that_rooms_share_is_opened_once_however_it_is_spelled() {
    let scratch = Scratch::new();
    let path = scratch.write("a.avi", &clip(Form::Avi { fps: 25 }, &jpegs(160, 120, 40, 90)));
    let link = format!("{}/link.avi", scratch.path());
    std::os::unix::fs::symlink(&path, &link).expect("a link");
    let rooms = [
        format!("b={link}"),
        format!("c={}/../{}", scratch.path(), {
            let folder = std::path::Path::new(scratch.path()).file_name().expect("a name");
            format!("{}/a.avi", folder.to_string_lossy())
        }),
    ];
    let server = Server::start(&[
        "--source",
        &path,
        "--room",
        &rooms[0],
        "--room",
        &rooms[1],
        "--room",
        "d=pattern",
    ]);
    let mut streams = ["/stream", "/r/b/stream", "/r/c/stream"]
        .map(|target| Stream::open(server.address(), target, &[]));
    streams.iter_mut().for_each(|stream| drop(stream.next()));
    for labels in ["", "{room=\"b\"}", "{room=\"c\"}"] {
        assert_eq!(server.metric(&format!("livestream_source_opened_total{labels}")), 1.0);
    }
    assert_eq!(server.metric("livestream_source_opened_total{room=\"d\"}"), 0.0);
    let sources = server.thread_names().into_iter().filter(|name| name == "source").count();
    assert_eq!(sources, 2, "one for each source, not for each room");
}

#[test]
fn settings_pause_and_seat_are_of_one_room_and_the_share_is_over_all() {
    let house = House::new(&["--bandwidth", "12M", "--max-viewers", "3"]);
    let viewer = Viewer::of(&house.server);
    // Read all the while: who does not read gives his seat to who comes.
    let first = viewer.watch().in_background();
    let _second = viewer.watch_at("/r/b/stream").in_background();
    let other = Viewer::of(&house.server);
    let _third = other.watch().in_background();
    let share = |who: &Viewer, room: &str| {
        let state = who.ask("GET", &format!("{room}/state"), &[], "").json();
        state["viewer"]["share_bits_per_sec"].as_u64()
    };
    eventually_true("who watches twice counts once", LONG, || {
        share(&viewer, "") == Some(3_000_000)
            && share(&viewer, "/r/b") == Some(3_000_000)
            && share(&other, "") == Some(6_000_000)
    });
    house.server.get("/r/b/stream").expect(503);

    viewer.post_json("/r/b/viewer", "quality=low").expect(200);
    let own =
        |room: &str| viewer.ask("GET", &format!("{room}/state"), &[], "").json()["viewer"].clone();
    assert_eq!((&own("")["choice"], &own("/r/b")["choice"]), (&"auto".into(), &"low".into()));
    viewer.post_json("/r/b/viewer", "paused=true").expect(200);
    assert_eq!((&own("")["paused"], &own("/r/b")["paused"]), (&false.into(), &true.into()));
    let before = first.count();
    eventually_true("the other room goes on", LONG, || first.count() > before + 10);
    eventually_true("who pauses one room has its whole share in the other", LONG, || {
        share(&viewer, "") == Some(6_000_000)
    });
    let count = |room: &str| {
        let state = house.server.get(&format!("{room}/state")).json();
        (state["viewers"]["watching"].clone(), state["viewers"]["paused"].clone())
    };
    assert_eq!(count(""), (2.into(), 0.into()));
    assert_eq!(count("/r/b"), (0.into(), 1.into()));
    assert_eq!(house.server.metric("livestream_viewers_watching"), 2.0);
    assert_eq!(house.server.metric("livestream_viewers_paused{room=\"b\"}"), 1.0);
}

#[test]
fn thanks_are_said_in_the_room_where_somebody_gave() {
    let house = House::new(&[]);
    let viewer = Viewer::of(&house.server);
    viewer.post_json("/r/b/donate", "name=Ada").expect(200);
    let thanks = |room: &str| house.server.get(&format!("{room}/state")).json()["thanks"].clone();
    assert_eq!(thanks("/r/b")[0]["name"], "Ada");
    assert_eq!(thanks(""), serde_json::json!([]));
    assert_eq!(house.server.metric("livestream_donations_total{room=\"b\"}"), 1.0);
    assert_eq!(house.server.metric("livestream_donations_total"), 0.0);
}

#[test]
fn list_of_rooms_opens_no_source() {
    let house = House::new(&["--title", "Workshop"]);
    let list = || house.server.get("/rooms").expect(200).json()["rooms"].clone();
    for _ in 0..3 {
        assert_eq!(list()[0]["title"], "Workshop");
        assert_eq!(
            (&list()[1]["title"], &list()[1]["path"]),
            (&"The other".into(), &"/r/b/".into())
        );
        house.server.get("/r/b/preview").expect(503);
    }
    let page = crate::common::client::ask(
        house.server.address(),
        "GET",
        "/rooms",
        &[("Accept", "text/html")],
        b"",
    );
    let page = page.expect(200).text();
    assert!(page.contains("The other") && page.contains("href=\"./r/b/\""), "{page}");
    assert_eq!(list()[1]["source"]["status"], "idle");
    assert_eq!(house.server.metric("livestream_source_opened_total{room=\"b\"}"), 0.0);

    let mut stream = house.stream("/r/b/stream");
    stream.next();
    let began = Instant::now();
    let mut seen = BTreeSet::new();
    for _ in 0..60 {
        stream.next();
        let reply = house.server.get("/r/b/preview").expect(200);
        assert_eq!(reply.header("Content-Type"), Some("image/jpeg"));
        seen.insert(reply.body);
    }
    let most = began.elapsed().as_secs() + 2;
    assert!(seen.len() as u64 <= most, "{} in {:?}", seen.len(), began.elapsed());
    eventually_true("who watches is counted", LONG, || list()[1]["watching"] == 1);
    assert_eq!(list()[0]["watching"], 0);
    house.server.get("/preview").expect(503);
}

#[test]
fn rooms_that_there_are_not_and_names_that_are_none() {
    let house = House::new(&[]);
    for target in ["/r/cellar/", "/r/cellar/stream", "/r/", "/r//", "/r/b/r/b/", "/r/B/", "/r/b/x"]
    {
        house.server.get(target).expect(404);
    }
    let door = house.server.get("/r/b").expect(308);
    assert_eq!(door.header("Location"), Some("b/"));
    house.server.get("/webcam/?action=snapshot").expect(200);
    house.server.get("/?action=stream_1").expect(404);
    house.server.get("/r/b/?action=command").expect(404);
    let taken = format!("b={}/a.avi", house.scratch.path());
    for (arguments, said) in [
        (vec!["--room", "a/b=pattern"], "letters"),
        (vec!["--room", "b=pattern", "--room", "b=pattern"], "two rooms"),
        (vec!["--room", &taken[..1]], "NAME=SRC"),
    ] {
        let ended = crate::common::server::program().args(&arguments).output().expect("it runs");
        let words = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(2), "{arguments:?}: {words}");
        assert!(words.contains(said), "{arguments:?}: {words}");
    }
    let missing = crate::common::server::program()
        .args(["0", "--room", "b=/nowhere.avi"])
        .output()
        .expect("it runs");
    assert_eq!(missing.status.code(), Some(1));
}
