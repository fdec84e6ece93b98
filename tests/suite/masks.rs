//! Privacy masks: what is under one leaves the server by no way.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream, UdpSocket};
use std::time::Instant;

use livestream::jpeg;
use livestream::media::codec::{Decoder, Encoder};
use livestream::media::frame::{Chroma, Planar, Quality, Size};
use serde_json::json;

use crate::accounts::Person;
use crate::common::LONG;
use crate::common::client::READ_TIME;
use crate::common::clip::Scratch;
use crate::common::multipart::Stream;
use crate::common::pixels::Luma;
use crate::common::rtsp::{Rtsp, picture};
use crate::common::server::Server;

/// What lies in each way a JPEG has to carry something along.
const MARKER: &[u8] = b"MARKER-UNDER-THE-MASK";
/// The part that is covered, and more of the picture than the marker takes.
const MASK: &str = "50,25,37.5,50";

/// A dark picture with a patch of black and white stripes, 16 pixels inside of what is masked.
fn marked(chroma: Chroma) -> Planar {
    let size = Size::new(160, 128).expect("a size");
    let mut samples = Vec::with_capacity(chroma.bytes(size));
    for y in 0..size.height {
        samples.extend((0..size.width).map(|x| {
            let inside = (96..128).contains(&x) && (48..80).contains(&y);
            match (inside, x / 4 % 2) {
                (true, 0) => 250,
                (true, _) => 90,
                _ => 100 + (x / 16 * 4) as u8,
            }
        }));
    }
    samples.resize(chroma.bytes(size), 128);
    Planar { size, chroma, samples }
}

/// As a camera sends it: with a thumbnail, with what a maker and a person wrote, and with more behind
/// its end.
fn jpeg_with_all() -> Vec<u8> {
    let encode = |planar: &Planar| {
        let quality = Quality::new(90).expect("a quality");
        Encoder::new().and_then(|mut one| one.encode(planar, quality)).expect("it is encoded")
    };
    let whole = encode(&marked(Chroma::Yuv422));
    let segment = |kind: u8, payload: &[u8]| {
        let length = (payload.len() as u16 + 2).to_be_bytes();
        [&[0xFF, kind][..], &length, payload].concat()
    };
    let thumbnail = encode(&marked(Chroma::Gray));
    let exif = [b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0", &thumbnail[..], MARKER].concat();
    [
        &whole[..2],
        &segment(0xE1, &exif),
        &segment(0xE2, MARKER),
        &segment(0xEC, MARKER),
        &segment(0xFE, MARKER),
        &whole[2..],
        MARKER,
    ]
    .concat()
}

/// Whether the stripes or the marker's bytes are anywhere in a picture.
#[track_caller]
fn assert_hidden(jpeg: &[u8], what: &str) {
    assert!(!jpeg.windows(MARKER.len()).any(|part| part == MARKER), "{what}: the marker's bytes");
    let ends = jpeg.windows(2).filter(|pair| *pair == [0xFF, 0xD8]).count();
    assert_eq!(ends, 1, "{what}: a picture in the picture");
    let luma = Luma::of(jpeg);
    let bright = luma.samples.iter().filter(|sample| **sample > 190).count();
    assert_eq!(bright, 0, "{what}: the stripes are seen");
    assert!(luma.samples.iter().any(|sample| *sample < 40), "{what}: nothing is covered");
    assert!(luma.samples.iter().any(|sample| *sample > 90), "{what}: the rest is to be seen");
}

#[track_caller]
fn assert_seen(jpeg: &[u8], what: &str) {
    let bright = Luma::of(jpeg).samples.into_iter().filter(|sample| *sample > 190).count();
    assert!(bright > 100, "{what}: the stripes are not covered");
}

/// A server of a folder with one picture.
fn server(bytes: &[u8], arguments: &[&str]) -> (Server, Scratch) {
    let scratch = Scratch::new();
    scratch.write("1.jpg", bytes);
    let base = ["--source", scratch.path(), "--fps", "10", "--bandwidth", "unlimited"];
    (Server::start(&[&base[..], arguments].concat()), scratch)
}

/// A whole picture of the networking lab's dialect.
fn of_the_lab(server: &Server) -> Vec<u8> {
    let mut socket = TcpStream::connect_timeout(&server.rtsp(), READ_TIME).expect("it accepts");
    let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    socket.set_read_timeout(Some(READ_TIME)).expect("a time-out");
    udp.set_read_timeout(Some(READ_TIME)).expect("a time-out");
    let port = udp.local_addr().expect("it is bound").port();
    let mut ask = |request: String| {
        socket.write_all(request.as_bytes()).expect("it takes bytes");
        let mut reply = [0; 512];
        let length = socket.read(&mut reply).expect("a reply");
        String::from_utf8_lossy(&reply[..length]).into_owned()
    };
    let set_up = format!("SETUP live RTSP/1.0\nCSeq: 1\nTransport: RTP/UDP; client_port= {port}");
    let reply = ask(set_up);
    let session = reply.split("Session: ").nth(1).and_then(|rest| rest.split_whitespace().next());
    let session = session.unwrap_or_else(|| panic!("{reply}")).to_owned();
    ask(format!("PLAY live RTSP/1.0\nCSeq: 2\nSession: {session}"));
    let mut datagram = vec![0; 65_536];
    let length = udp.recv(&mut datagram).expect("a picture");
    datagram[12..length].to_vec()
}

#[test]
fn what_is_under_a_mask_leaves_by_no_way() {
    let own = jpeg_with_all();
    let arguments = ["--mask", MASK, "--rtsp-port", "0", "--room", "same=PLACE"];
    let (bare, scratch) = server(&own, &[]);
    assert_seen(&bare.get("/snapshot").expect(200).body, "without a mask");
    drop(bare);
    // A room of the same source that has no mask of its own.
    let room = format!("same={}", scratch.path());
    let mut arguments = arguments.to_vec();
    *arguments.last_mut().expect("a room") = &room;
    let base = ["--source", scratch.path(), "--fps", "10", "--bandwidth", "unlimited"];
    let server = Server::start(&[&base[..], &arguments].concat());
    let mut targets = Vec::new();
    for room in ["", "/r/same"] {
        for query in ["", "?quality=100", "?quality=80", "?quality=20", "?quality=10"] {
            targets.push(format!("{room}/stream{query}"));
            targets.push(format!("{room}/snapshot{query}"));
        }
        for filter in ["mirror", "turn90", "grey", "sharper", "edges,clock,name", "invert,flip"] {
            targets.push(format!("{room}/stream?filter={filter}"));
            targets.push(format!("{room}/snapshot?filter={filter}"));
            targets.push(format!("{room}/stream?filter={filter}&quality=50"));
        }
        targets.push(format!("{room}/stream?mode=gaming"));
        targets.push(format!("{room}/?action=stream"));
        targets.push(format!("{room}/?action=snapshot"));
        targets.push(format!("{room}/preview"));
    }
    let _watched = Stream::open(server.address(), "/stream", &[]).in_background();
    for target in &targets {
        let shot = match target.contains("stream") {
            true => Stream::open(server.address(), target, &[]).next().jpeg,
            false => server.get(target).expect(200).body,
        };
        match target.contains("edges") || target.contains("invert") {
            // Of what is drawn anew only the marker's bytes and the stripes can be looked for: edges
            // of what is covered are at its rim, and what is dark is light when it is inverted.
            true => {
                assert!(!shot.windows(MARKER.len()).any(|part| part == MARKER), "{target}");
                assert_flat(&shot, target);
            }
            false => assert_hidden(&shot, target),
        }
    }
    for path in ["/live", "/live?quality=20", "/live?filter=mirror", "/r/same?filter=turn90"] {
        let mut player = Rtsp::connect(server.rtsp());
        let session = player.setup_tcp(path);
        player.ask_in(&session, "PLAY", path, &[]).expect(200);
        assert_hidden(&picture(&mut player).jpeg, path);
    }
    assert_hidden(&of_the_lab(&server), "the networking lab");
}

/// What was covered is of one shade inside, whatever was made of it after.
#[track_caller]
fn assert_flat(jpeg: &[u8], what: &str) {
    let luma = Luma::of(jpeg);
    // The middle of the marker's place, mirrored in either direction.
    let at = |x: usize, y: usize| luma.samples[y * luma.width + x];
    let (left, top) = if what.contains("flip") { (104, luma.height - 72) } else { (104, 56) };
    let shades = (0..16).flat_map(|y| (0..16).map(move |x| (left + x, top + y)));
    let shades: Vec<u8> = shades.map(|(x, y)| at(x, y)).collect();
    let (least, most) = (shades.iter().min().expect("some"), shades.iter().max().expect("some"));
    assert!(most - least <= 4, "{what}: {least} to {most}");
}

#[test]
fn edges_of_a_mask_go_outward_and_the_rest_is_the_cameras_own() {
    let own = jpeg_with_all();
    let (server, _scratch) = server(&own, &["--mask", "51,26,10,10"]);
    let shot = server.get("/snapshot").expect(200).body;
    let (before, after) = (Luma::of(&own[..own.len() - MARKER.len()]), Luma::of(&shot));
    for y in 0..before.height {
        for x in 0..before.width {
            // MCUs of 4:2:2 are 16 by 8: from 81.6 and 33.28 to 97.6 and 46.08.
            let inside = (80..112).contains(&x) && (32..48).contains(&y);
            let (old, new) =
                (before.samples[y * before.width + x], after.samples[y * after.width + x]);
            match inside {
                true => assert!(new.abs_diff(16) <= 2, "{x},{y}: {new}"),
                false => assert_eq!(new, old, "{x},{y}"),
            }
        }
    }
}

#[test]
fn a_sort_that_is_decoded_for_it_is_covered_too() {
    let path = format!("{}/tests/data/jpeg/progressive.jpg", env!("CARGO_MANIFEST_DIR"));
    let progressive = std::fs::read(path).expect("it is there");
    let (server, _scratch) = server(&progressive, &["--mask", "0,0,100,100"]);
    for target in ["/snapshot", "/snapshot?quality=50"] {
        let shot = Luma::of(&server.get(target).expect(200).body);
        assert!(shot.samples.iter().all(|sample| sample.abs_diff(16) <= 2), "{target}");
    }
    let planar = Decoder::new().and_then(|mut one| one.decode(&progressive)).expect("it decodes");
    assert!(planar.luma().iter().any(|sample| *sample > 60), "it shows something without");
}

#[test]
fn a_raw_source_is_covered() {
    let server = Server::pattern(&["--mask", "0,0,100,50"]);
    for target in ["/snapshot", "/stream", "/stream?filter=grey&quality=50"] {
        let shot = match target.contains("stream") {
            true => Stream::open(server.address(), target, &[]).next().jpeg,
            false => server.get(target).expect(200).body,
        };
        let upper = Luma::of(&shot).cropped(160, 56);
        assert!(upper.samples.iter().all(|sample| sample.abs_diff(16) <= 4), "{target}");
    }
}

#[test]
fn what_a_host_changes_holds_for_the_stream_that_is_open_and_is_kept() {
    let (server, _scratch) = server(&jpeg_with_all(), &[]);
    let mut host = Person::host(&server);
    let mut stream = Stream::open(server.address(), "/stream", &[]);
    let mut filtered = Stream::open(server.address(), "/stream?filter=mirror&quality=50", &[]);
    assert_seen(&stream.next().jpeg, "before");
    assert_seen(&filtered.next().jpeg, "before");
    let mut change = |mask: &str| {
        let fields = [("Content-Type", "application/json")];
        let body = json!({ "mask": mask }).to_string();
        host.ask(&server, "PATCH", "/api/v1/rooms/-", &fields, &body)
    };
    assert_eq!(change(MASK).expect(200).json()["mask"], MASK);
    for target in ["/snapshot", "/snapshot?quality=50", "/snapshot?filter=flip", "/preview"] {
        assert_hidden(&server.get(target).expect(200).body, target);
    }
    // What was on its way is what was seen before; after that all is covered.
    for stream in [&mut stream, &mut filtered] {
        let until = Instant::now() + LONG;
        while Luma::of(&stream.next().jpeg).samples.iter().any(|sample| *sample > 190) {
            assert!(Instant::now() < until, "it is never covered");
        }
        (0..10).for_each(|_| assert_hidden(&stream.next().jpeg, "the open stream"));
    }
    let file = || std::fs::read_to_string(server.data().join("livestream.toml")).expect("a file");
    assert!(file().contains(&format!("mask = \"{MASK}\"")), "{}", file());
    let refused = change("50,25,60,50").expect(400).json_problem();
    assert_eq!(refused["field"], "mask");
    assert_hidden(&server.get("/snapshot").expect(200).body, "what was refused changes nothing");
    change("").expect(200);
    assert!(!file().contains("mask"), "{}", file());
    let until = Instant::now() + LONG;
    while Luma::of(&stream.next().jpeg).samples.iter().all(|sample| *sample <= 190) {
        assert!(Instant::now() < until, "it is never uncovered");
    }
}

#[test]
fn a_mask_covers_a_source_that_stands_still_at_once() {
    let scratch = Scratch::new();
    scratch.write("1.jpg", &jpeg_with_all());
    // Its next picture comes in no time that anybody waits.
    let base = ["--source", scratch.path(), "--fps", "1", "--bandwidth", "unlimited"];
    let server = Server::start(&base);
    let mut host = Person::host(&server);
    let mut stream = Stream::open(server.address(), "/stream", &[]);
    assert_seen(&stream.next().jpeg, "before");
    let fields = [("Content-Type", "application/json")];
    let body = json!({ "mask": MASK }).to_string();
    host.ask(&server, "PATCH", "/api/v1/rooms/-", &fields, &body).expect(200);
    assert_hidden(&server.get("/snapshot").expect(200).body, "the next picture that is asked for");
}

#[test]
fn a_room_has_a_mask_of_its_own_by_flag_and_by_file_and_what_is_none_is_told() {
    let scratch = Scratch::new();
    scratch.write("1.jpg", &jpeg_with_all());
    let room = format!("door={};mask={MASK};title=The door", scratch.path());
    let server = Server::pattern(&["--room", &room, "--bandwidth", "unlimited"]);
    assert_hidden(&server.get("/r/door/snapshot").expect(200).body, "the room");
    let whole = Luma::of(&server.get("/snapshot").expect(200).body);
    assert!(whole.samples.iter().any(|sample| *sample > 190), "the other room is not covered");
    let info = jpeg::info(&server.get("/r/door/snapshot").body).expect("a JPEG");
    assert_eq!((info.size.width, info.size.height), (160, 128));
}
