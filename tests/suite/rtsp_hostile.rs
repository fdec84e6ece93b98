//! What no good client does: the RTSP server refuses it or passes over it, and serves the others.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::common::client::READ_TIME;
use crate::common::clip::{Form, Random, Scratch, clip, jpegs, noise};
use crate::common::rtsp::{Rtsp, Udp, goodbye, picture};
use crate::common::server::Server;
use crate::common::{LONG, VERY_LONG, eventually, eventually_true};
use rustix::process::Signal;

/// A server with the pattern, the clip `bars.avi`, and a file that nobody may have.
fn server() -> (Server, Scratch) {
    let scratch = Scratch::new();
    scratch.write("bars.avi", &clip(Form::Avi { fps: 25 }, &jpegs(160, 120, 50, 90)));
    scratch.write(".hidden", &jpegs(160, 120, 1, 90)[0]);
    let arguments = ["--rtsp-port", "0", "--clips", scratch.path(), "--bandwidth", "unlimited"];
    (Server::pattern(&arguments), scratch)
}

/// It answers, and plays.
#[track_caller]
fn expect_alive(server: &Server) {
    let mut client = Rtsp::connect(server.rtsp());
    for path in ["/live", "/bars.avi"] {
        let session = client.setup_tcp(path);
        client.ask_in(&session, "PLAY", path, &[]).expect(200);
        picture(&mut client);
        client.ask_in(&session, "TEARDOWN", path, &[]).expect(200);
        client.forget_packets();
    }
}

/// Threads and files of a server that nobody talks to; no fewer than it had when it started.
fn at_rest(server: &Server) -> (usize, usize) {
    expect_alive(server);
    eventually_true("nobody watches", LONG, || server.watching() == 0);
    // What a connection had goes a moment after it.
    let mut last = (0, 0);
    eventually("it is at rest", LONG, || {
        let now = (server.threads(), server.descriptors());
        let same = now == last;
        last = now;
        if same { Ok(now) } else { Err(format!("{now:?}")) }
    })
}

#[track_caller]
fn expect_rest(server: &Server, before: (usize, usize)) {
    eventually("threads and files are as before", LONG, || {
        let now = (server.threads(), server.descriptors());
        let as_before = now.0 <= before.0 && now.1 <= before.1;
        if as_before { Ok(()) } else { Err(format!("{now:?}, before {before:?}")) }
    });
}

/// Sends bytes and then closes its half. Returns what came back before the server closed too.
fn throw(server: &Server, bytes: &[u8]) -> Vec<u8> {
    let socket = TcpStream::connect_timeout(&server.rtsp(), READ_TIME).expect("it accepts");
    socket.set_read_timeout(Some(READ_TIME)).expect("a time-out");
    // It may have closed before the last of them.
    let _ = (&socket).write_all(bytes);
    let _ = socket.shutdown(std::net::Shutdown::Write);
    let mut back = Vec::new();
    match (&socket).read_to_end(&mut back) {
        Ok(_) => back,
        Err(error) if error.kind() == ErrorKind::ConnectionReset => back,
        Err(error) => panic!("neither answered nor closed: {error}"),
    }
}

#[test]
fn garbage_ends_its_connection_and_nothing_else() {
    let (server, _scratch) = server();
    let before = at_rest(&server);
    let mut random = Random::new(4);
    let noise: Vec<u8> = (0..100_000).map(|_| random.byte()).collect();
    let hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03abcdefgh\x00\x20".to_vec();
    let thrown = [
        ("nothing", Vec::new()),
        ("noise", noise),
        ("a TLS hello", hello),
        ("zeros", vec![0; 100_000]),
        ("no line end", vec![b'A'; 300_000]),
        (
            "endless fields",
            b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n"
                .iter()
                .copied()
                .chain(b"X: y\r\n".iter().copied().cycle().take(300_000))
                .collect(),
        ),
        ("a reply", b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n".to_vec()),
        ("HTTP", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        ("half a request", b"DESCRIBE rtsp://x/live RTSP/1.0\r\nCSe".to_vec()),
        ("half a lab request", b"SETUP movie.Mjpeg RTSP/1.0\nCSeq: 1\nTrans".to_vec()),
        (
            "a body that never ends",
            b"SET_PARAMETER * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 60000\r\n\r\nx".to_vec(),
        ),
        (
            "a body of terabytes",
            b"SET_PARAMETER * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 99999999999999\r\n\r\n"
                .to_vec(),
        ),
        ("half a frame", b"$\x00\xff\xffhalf".to_vec()),
        ("the head of a frame", b"$\x01".to_vec()),
        (
            "an endless lab request",
            b"SETUP a RTSP/1.0\n"
                .iter()
                .copied()
                .chain(b"X: y\n".iter().copied().cycle().take(100_000))
                .collect(),
        ),
    ];
    for (what, bytes) in thrown {
        let back = String::from_utf8_lossy(&throw(&server, &bytes)).into_owned();
        assert!(!back.contains("200 OK"), "{what} is answered with {back}");
    }
    expect_alive(&server);
    expect_rest(&server, before);
}

#[test]
fn long_heads_are_refused_with_their_status() {
    let (server, _scratch) = server();
    let mut line = b"DESCRIBE rtsp://x/".to_vec();
    line.resize(70_000, b'a');
    let mut fields = b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nX: ".to_vec();
    fields.resize(70_000, b'a');
    let name = format!("SETUP {} RTSP/1.0\nCSeq: 1\n\n", "a".repeat(300));
    for (bytes, status) in [(&line[..], "414"), (&fields, "413"), (name.as_bytes(), "414")] {
        let mut client = Rtsp::connect(server.rtsp());
        client.send(bytes);
        let answer = client.first_line();
        assert!(answer.starts_with(&format!("RTSP/1.0 {status} ")), "{answer}");
    }
    expect_alive(&server);
}

#[test]
fn frames_that_are_no_rtcp_are_passed_over() {
    let (server, _scratch) = server();
    let mut client = Rtsp::connect(server.rtsp());
    let session = client.setup_tcp("/live");
    client.ask_in(&session, "PLAY", "/live", &[]).expect(200);
    let mut random = Random::new(5);
    for length in [0, 1, 3, 4, 8, 1400, 65535] {
        for channel in [0, 1, 2, 255] {
            let [high, low] = u16::to_be_bytes(length);
            let mut frame = vec![b'$', channel, high, low];
            frame.extend((0..length).map(|_| random.byte()));
            client.send(frame);
        }
    }
    // Of RTCP's form, with lengths past its end and counts of what is not there.
    for payload in
        [&[0x81, 201, 0xFF, 0xFF][..], &[0x9F, 201, 0, 1, 0, 0, 0, 1], &[0x9F, 203, 0, 0]]
    {
        client.send([&[b'$', 1, 0, payload.len() as u8], payload].concat());
    }
    client.ask_in(&session, "GET_PARAMETER", "/live", &[]).expect(200);
    picture(&mut client);
    expect_alive(&server);
}

#[test]
fn datagrams_that_are_no_rtcp_are_passed_over() {
    let (server, _scratch) = server();
    let mut client = Rtsp::connect(server.rtsp());
    let (session, mut udp) = client.setup_udp("/live");
    client.ask_in(&session, "PLAY", "/live", &[]).expect(200);
    let to = udp.server.expect("SETUP was answered");
    let mut random = Random::new(6);
    for length in (0..200).chain([1400, 2047, 2048, 2049, 9000, 65507]) {
        let mut bytes: Vec<u8> = (0..length).map(|_| random.byte()).collect();
        // Every second one looks like a report.
        if let [flags, kind, ..] = &mut bytes[..]
            && length % 2 == 0
        {
            (*flags, *kind) = (0x80 | (*flags & 0x3F), 200 + *kind % 8);
        }
        udp.rtcp.send_to(&bytes, to).expect("it can be sent");
    }
    picture(&mut udp);
    client.ask_in(&session, "TEARDOWN", "/live", &[]).expect(200);
    goodbye(&mut udp);
    expect_alive(&server);
}

#[test]
fn names_lead_nowhere_but_to_the_clips() {
    let (server, scratch) = server();
    let above = format!("/../{}/bars.avi", scratch.path().rsplit('/').next().expect("a name"));
    let names = [
        "/../bars.avi",
        "/x/../bars.avi",
        "/%2e%2e/etc/passwd",
        "/..%2f..%2f..%2fetc%2fpasswd",
        "/./bars.avi",
        "/.hidden",
        "/%2ehidden",
        "/.",
        "/..",
        "/bars.avi%00.jpg",
        "/bars.avi/x",
        "/BARS.AVI",
        "/etc/passwd",
        &above,
    ];
    let mut client = Rtsp::connect(server.rtsp());
    for name in names {
        let answer = client.ask("DESCRIBE", name, &[]);
        assert!([400, 404].contains(&answer.status), "{name}: {answer:?}");
        if answer.status == 400 {
            client = Rtsp::connect(server.rtsp());
        }
        let answer = client.ask("SETUP", name, &[("Transport", "RTP/AVP/TCP")]);
        assert!([400, 404].contains(&answer.status), "{name}: {answer:?}");
        if answer.status == 400 {
            client = Rtsp::connect(server.rtsp());
        }
    }
    let all = client.ask_with("GET_PARAMETER", "*", &[], "clips\r\n").expect(200).body;
    assert_eq!(all, "clips: bars.avi\r\n");
}

#[test]
fn thousand_sessions_left_alone_cost_no_thread_and_no_file() {
    let (server, _scratch) = server();
    let before = at_rest(&server);
    let udp = Udp::new();
    for path in ["/live", "/bars.avi"] {
        let mut client = Rtsp::connect(server.rtsp());
        for number in 0..500 {
            let (session, _) = client.setup(path, &udp.transport());
            // Some of them have played.
            if number % 50 == 0 {
                client.ask_in(&session, "PLAY", path, &[]).expect(200);
                client.ask_in(&session, "PAUSE", path, &[]).expect(200);
            }
        }
        drop(client);
        // Over UDP they stay until their time is over, and hold next to nothing.
        expect_rest(&server, before);
    }
    expect_alive(&server);
}

#[test]
fn thousand_interleaved_sessions_end_with_their_connection() {
    let (server, _scratch) = server();
    let before = at_rest(&server);
    let mut client = Rtsp::connect(server.rtsp());
    let mut last = String::new();
    for number in 0..1000 {
        last = client.setup_tcp(if number % 2 == 0 { "/live" } else { "/bars.avi" });
    }
    client.ask_in(&last, "PLAY", "/bars.avi", &[]).expect(200);
    picture(&mut client);
    drop(client);
    expect_rest(&server, before);
    expect_alive(&server);
}

#[test]
fn client_that_never_reads_is_dropped_and_holds_up_nobody() {
    let scratch = Scratch::new();
    // Enough of them to fill what the system holds for a connection.
    let large: Vec<_> = (0..4).map(|seed| noise(1280, 720, seed, 95)).collect();
    scratch.write("large.avi", &clip(Form::Avi { fps: 50 }, &vec![large; 10].concat()));
    scratch.write("bars.avi", &clip(Form::Avi { fps: 25 }, &jpegs(160, 120, 50, 90)));
    let arguments = ["--rtsp-port", "0", "--clips", scratch.path(), "--bandwidth", "unlimited"];
    let server = Server::pattern(&arguments);
    let before = at_rest(&server);
    let mut stuck = Rtsp::connect(server.rtsp());
    let session = stuck.setup_tcp("/large.avi");
    stuck.ask_in(&session, "PLAY", "/large.avi", &[]).expect(200);
    assert_eq!(server.watching(), 1);
    // The others get their pictures meanwhile; of a busy machine not each.
    expect_alive(&server);
    let mut other = Rtsp::connect(server.rtsp());
    let session = other.setup_tcp("/bars.avi");
    other.ask_in(&session, "PLAY", "/bars.avi", &[]).expect(200);
    for _ in 0..25 {
        picture(&mut other);
    }
    drop(other);
    eventually("it is dropped", VERY_LONG, || {
        let (watching, now) = (server.watching(), (server.threads(), server.descriptors()));
        let gone = watching == 0 && now.0 <= before.0 && now.1 <= before.1;
        if gone { Ok(()) } else { Err(format!("{watching} watch, {now:?}, before {before:?}")) }
    });
    stuck.expect_end();
}

#[test]
fn server_stops_though_a_client_never_reads() {
    let scratch = Scratch::new();
    let large: Vec<_> = (0..4).map(|seed| noise(1280, 720, seed, 95)).collect();
    scratch.write("large.avi", &clip(Form::Avi { fps: 50 }, &vec![large; 10].concat()));
    scratch.write("bars.avi", &clip(Form::Avi { fps: 25 }, &jpegs(160, 120, 50, 90)));
    let arguments = ["--rtsp-port", "0", "--clips", scratch.path(), "--bandwidth", "unlimited"];
    let server = Server::pattern(&arguments);
    let mut stuck = Rtsp::connect(server.rtsp());
    let session = stuck.setup_tcp("/large.avi");
    stuck.ask_in(&session, "PLAY", "/large.avi", &[]).expect(200);
    // While the first picture waits to be taken.
    expect_alive(&server);
    server.stop();
}

/// A clip that takes hours to be read through: some pictures, and holes behind them.
fn endless(scratch: &Scratch, name: &str) {
    let path = scratch.write(name, &clip(Form::Lab, &jpegs(160, 120, 3, 90)));
    let file = std::fs::OpenOptions::new().write(true).open(path).expect("it is there");
    file.set_len(1 << 42).expect("files may have holes");
}

#[test]
fn clip_that_takes_hours_to_read_holds_up_nobody_and_no_end() {
    let (mut server, scratch) = server();
    let mut waiting = Vec::new();
    for number in 0..6 {
        let name = format!("endless {number}");
        endless(&scratch, &name);
        // Two for each: they wait for the same look at it.
        for _ in 0..2 {
            let mut client = Rtsp::connect(server.rtsp());
            let url = client.url(&format!("/endless%20{number}"));
            client.send(format!("DESCRIBE {url} RTSP/1.0\r\nCSeq: 1\r\n\r\n"));
            waiting.push(client);
        }
    }
    for _ in 0..3 {
        expect_alive(&server);
        assert_eq!(server.get("/snapshot").status, 200);
    }
    let mut client = Rtsp::connect(server.rtsp());
    let session = client.setup_tcp("/bars.avi");
    for range in ["npt=1-", "npt=0-", "npt=1.5-"] {
        client.ask_in(&session, "PLAY", "/bars.avi", &[("Range", range)]).expect(200);
        picture(&mut client);
    }
    let asked = Instant::now();
    server.signal(Signal::TERM);
    let status = server.wait(LONG);
    assert_eq!(status.code(), Some(0), "{status}");
    // A second is what it has; a machine that is busy with other tests may take a few.
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
}
