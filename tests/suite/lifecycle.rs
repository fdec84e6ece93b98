//! Starting, being asked how it is, and ending: exit codes, words, signals, health and metrics.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::common::client::ask;
use crate::common::clip::Scratch;
use crate::common::multipart::Stream;
use crate::common::program::{Ended, Program};
use crate::common::server::{Port, Server, program};
use crate::common::viewer::Viewer;
use crate::common::{LONG, VERY_LONG, eventually, eventually_true};
use rustix::process::Signal;

/// Runs the program to its end.
fn run(arguments: &[&str]) -> Ended {
    Program::run(program().args(arguments), "cargo builds it", LONG)
}

/// It must end with code 1 and one line, in which each of `words` stands, and print no address.
#[track_caller]
fn cannot_run(arguments: &[&str], words: &[&str]) {
    let ended = run(arguments);
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert_eq!(ended.stdout, b"", "nothing is announced that is not there");
    let line = ended.stderr.strip_suffix('\n').expect("a line ends");
    assert!(!line.contains('\n'), "one line: {line:?}");
    assert!(line.starts_with("livestream: "), "{line}");
    for word in words {
        assert!(line.contains(word), "{word:?} in {line:?}");
    }
}

#[test]
fn first_line_is_the_address_and_it_can_be_connected_to_at_once() {
    let server = Server::pattern(&[]);
    let address = server.address();
    assert_eq!(server.first_line, format!("listening on http://{address}/"));
    assert_ne!(address.port(), 0);
    server.connect().get("/healthz").expect(200);
    let state = server.state();
    let addresses = ["http", "https"].map(|scheme| format!("{scheme}://{address}/"));
    assert_eq!(state["server"]["addresses"], serde_json::json!(addresses));
    assert_eq!(state["server"]["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn taken_port_is_named() {
    let server = Server::pattern(&[]);
    let port = server.address().port().to_string();
    let next = (server.address().port() + 1).to_string();
    let arguments = [port.as_str(), "--bind", "127.0.0.1", "--source", "pattern"];
    cannot_run(&arguments, &[&format!("port {port} is taken"), &next]);
    server.get("/healthz").expect(200);
    server.stop();
}

/// A server that was started where these signals are ignored, as `nohup` does.
fn deaf_to(signals: &str) -> Server {
    let mut command = std::process::Command::new("sh");
    command.args(["-c", &format!(r#"trap '' {signals} && exec "$0" "$@""#)]);
    command.arg(program().get_program()).env_remove("RUST_BACKTRACE");
    let ip = std::net::Ipv4Addr::LOCALHOST.into();
    Server::run(command, ip, 0, &["--source", "pattern", "--size", "160x120"])
}

#[test]
fn signal_that_was_ignored_when_it_was_started_stays_so() {
    let server = deaf_to("HUP INT");
    let mut stream = Stream::open(server.address(), "/stream", &[]);
    for signal in [Signal::HUP, Signal::INT] {
        server.signal(signal);
        (0..3).for_each(|_| drop(stream.next()));
    }
    drop(stream);
    // The others end it as ever.
    server.stop();
}

#[test]
fn port_can_be_used_again_at_once() {
    let port = Port::reserve();
    for _ in 0..3 {
        let server = port.start(&["--source", "pattern", "--size", "160x120"]);
        let mut stream = Stream::open(server.address(), "/stream", &[]);
        stream.next();
        // The server closes first, which leaves its side of the connection waiting.
        server.stop();
    }
}

#[test]
fn source_that_cannot_work_is_named_before_anything_is_announced() {
    let scratch = Scratch::new();
    let text = scratch.write("notes.txt", b"this is no clip");
    let empty = scratch.write("empty.mjpeg", b"");
    let other = Scratch::new();
    let start = |source: &str, words: &[&str]| {
        cannot_run(&["0", "--bind", "127.0.0.1", "--source", source], words);
    };
    start("/no/such/clip.avi", &["/no/such/clip.avi"]);
    start(&text, &["notes.txt", "ffmpeg"]);
    start(&empty, &["empty.mjpeg", "empty"]);
    start(other.path(), &[other.path(), "jpg"]);
}

#[test]
fn address_of_another_machine_is_refused() {
    // 192.0.2.0/24 is for documentation (RFC 5737): no machine has an address of it.
    cannot_run(&["0", "--bind", "192.0.2.1", "--source", "pattern"], &["192.0.2.1", "--bind"]);
}

#[test]
fn bad_usage_is_code_2_and_names_what_is_wrong() {
    for (arguments, word) in [
        (&["--colour"][..], "--colour"),
        (&["--fps"], "--fps"),
        (&["--fps", "0"], "--fps"),
        (&["--size", "big"], "--size"),
        (&["--bandwidth", "fast"], "--bandwidth"),
        (&["--max-viewers", "0"], "--max-viewers"),
        (&["--bind", "home"], "--bind"),
        (&["--source", "rtmp://x/"], "--source"),
        (&["--source", ""], "--source"),
        (&["65536"], "PORT"),
        (&["8081", "8082"], "8082"),
    ] {
        let ended = run(arguments);
        assert_eq!(ended.status.code(), Some(2), "{arguments:?}: {ended:?}");
        assert!(ended.stderr.contains(word) && ended.stdout.is_empty(), "{ended:?}");
    }
}

#[test]
fn help_names_every_option_and_version_the_version() {
    let ended = run(&["--help"]);
    let help = String::from_utf8(ended.stdout).expect("text");
    assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(0), ""));
    for option in [
        "--source SRC",
        "--room NAME=SRC",
        "--title TEXT",
        "--control NAME=VALUE",
        "--source-fingerprint SHA256",
        "--size WxH",
        "--fps N",
        "--bind ADDR",
        "--bandwidth RATE",
        "--max-viewers N",
        "--no-mdns",
        "--donate-url URL",
        "--list-cameras",
        "--help",
        "--version",
        "PORT",
        "8081",
        "1280x720",
        "100M",
        "1000",
    ] {
        let plain = help.replace(['<', '>'], "");
        assert!(plain.contains(option), "{option} in {help}");
    }
    let ended = run(&["--version"]);
    assert_eq!(ended.status.code(), Some(0));
    let expected = format!("livestream {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(String::from_utf8_lossy(&ended.stdout), expected);
}

#[test]
fn cameras_are_listed() {
    let ended = run(&["--list-cameras"]);
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    let listed = String::from_utf8(ended.stdout).expect("text");
    if has_cameras() {
        assert!(!listed.trim().is_empty());
    } else {
        assert_eq!(listed, "no camera found\n");
    }
}

#[test]
fn without_a_camera_the_pattern_is_shown_and_said() {
    let server = Server::start(&["--size", "160x120"]);
    let source = server.state()["source"].clone();
    if has_cameras() {
        // It is not opened here: nobody watches.
        assert_eq!(source["kind"], "webcam");
        return;
    }
    assert_eq!(source["kind"], "pattern");
    server.says("no camera found");
    server.says("test pattern");
    Stream::open(server.address(), "/stream", &[]).next();
    server.stop();
}

#[test]
fn signals_end_it_within_a_second_though_fifty_watch() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let mut server = Server::pattern(&[]);
        let streams: Vec<_> = (0..50)
            .map(|_| Stream::open(server.address(), "/stream", &[]).in_background())
            .collect();
        // Some are in the middle of something else.
        let mut half = server.connect();
        half.send("GET / HTTP/1.1\r\nHo");
        let _idle = server.connect();
        eventually_true("all get pictures", LONG, || streams.iter().all(|of| of.count() > 0));
        assert_eq!(server.watching(), 50);
        let asked = Instant::now();
        server.signal(signal);
        // A second one changes nothing.
        server.signal(signal);
        server.signal(Signal::TERM);
        let status = server.wait(LONG);
        let took = asked.elapsed();
        assert_eq!(status.code(), Some(0), "{status}: {}", server.log());
        assert!(took < Duration::from_secs(1), "it took {took:?}");
        drop(streams);
    }
}

#[test]
fn it_ends_at_once_when_nobody_watches_or_the_source_is_lost() {
    let port = Port::reserve();
    let nowhere = format!("http://127.0.0.1:{}/", port.number);
    let idle = Server::pattern(&[]);
    assert!(idle.stop() < Duration::from_secs(1));
    let lost = Server::start(&["--source", &nowhere]);
    let _stream = Stream::open(lost.address(), "/stream", &[]).in_background();
    eventually_true("it is lost", LONG, || lost.state()["source"]["status"] == "lost");
    let took = lost.stop();
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[test]
fn health_is_one_word() {
    let server = Server::pattern(&[]);
    let reply = server.get("/healthz").expect(200);
    assert_eq!(reply.text(), "ok\n");
}

#[test]
fn metrics_are_prometheus_text() {
    let server = Server::pattern(&["--bandwidth", "10M"]);
    let viewer = Viewer::of(&server);
    let _watching = viewer.watch().in_background();
    eventually_true("frames were sent", LONG, || {
        server.metric("livestream_frames_sent_total") > 0.0
    });
    let reply = server.get("/metrics").expect(200);
    let media_type = reply.header("Content-Type").expect("a type");
    assert!(media_type.starts_with("text/plain; version=0.0.4"), "{media_type}");
    let page = reply.text();
    assert!(page.ends_with('\n'));
    let (mut helped, mut typed) = (None, None);
    let mut samples = std::collections::HashSet::new();
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, words) = rest.split_once(' ').expect("a name and words");
            assert!(is_metric_name(name) && !words.is_empty(), "{line}");
            helped = Some(name);
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a name and a type");
            assert_eq!(Some(name), helped, "{line}");
            assert!(["counter", "gauge"].contains(&kind), "{line}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            typed = Some(name);
        } else {
            let (series, value) = line.rsplit_once(' ').expect("a series and a value");
            let name = series.split_once('{').map_or(series, |(name, labels)| {
                assert!(is_label(labels.strip_suffix('}').expect("labels end")), "{line}");
                name
            });
            assert_eq!(Some(name), typed, "{line} belongs to its type");
            assert!(value.parse::<f64>().is_ok_and(f64::is_finite), "{line}");
            assert!(samples.insert(series), "{line} stands twice");
        }
    }
    assert_eq!(server.metric("livestream_viewers_watching"), 1.0);
    assert_eq!(server.metric("livestream_source_live"), 1.0);
    assert_eq!(server.metric("livestream_budget_bits_per_second"), 10_000_000.0);
    assert_eq!(server.metric("livestream_level_viewers{quality=\"95\"}"), 1.0);
}

#[test]
fn frames_of_a_short_stream_are_counted_too() {
    let server = Server::pattern(&["--fps", "60"]);
    let sent = || server.metric("livestream_frames_sent_total");
    for round in 1..=5 {
        let mut stream = Stream::open(server.address(), "/stream", &[]);
        for _ in 0..3 {
            stream.next();
        }
        drop(stream);
        let expected = f64::from(round * 3);
        eventually_true("they are counted", LONG, || sent() >= expected);
    }
}

#[test]
fn source_is_closed_when_nobody_watches_and_opened_for_the_next_viewer() {
    let server = Server::pattern(&[]);
    let opened = || server.metric("livestream_source_opened_total");
    let status = || server.state()["source"]["status"].clone();
    assert_eq!((opened(), status()), (0.0, "idle".into()));
    Stream::open(server.address(), "/stream", &[]).next();
    assert_eq!(opened(), 1.0);
    // Who comes soon finds it open.
    Stream::open(server.address(), "/stream", &[]).next();
    assert_eq!(opened(), 1.0);
    let left_at = Instant::now();
    eventually("it is closed", VERY_LONG, || {
        let status = status();
        if status == "idle" { Ok(()) } else { Err(status.to_string()) }
    });
    assert!(left_at.elapsed() > Duration::from_secs(8), "after {:?}", left_at.elapsed());
    let frames = server.metric("livestream_source_frames_total");
    Stream::open(server.address(), "/stream", &[]).next();
    assert_eq!(opened(), 2.0);
    assert!(server.metric("livestream_source_frames_total") > frames);
}

#[test]
fn paused_viewer_does_not_keep_the_source_open() {
    let server = Server::pattern(&[]);
    let viewer = Viewer::of(&server);
    let mut stream = viewer.watch();
    stream.next();
    viewer.set("paused=true");
    eventually_true("it is closed", VERY_LONG, || server.state()["source"]["status"] == "idle");
    viewer.set("paused=false");
    stream.next();
    eventually_true("it is open", LONG, || server.state()["source"]["status"] == "live");
}

#[test]
fn state_says_what_is_shown() {
    let server = Server::pattern(&["--fps", "20", "--max-viewers", "7"]);
    let mut stream = Stream::open(server.address(), "/stream", &[]);
    for _ in 0..10 {
        stream.next();
    }
    let reply = ask(server.address(), "GET", "/state", &[], b"").expect(200);
    assert_eq!(reply.header("Cache-Control"), Some("no-store"));
    let state = reply.json();
    let source = &state["source"];
    assert_eq!((&source["width"], &source["height"]), (&160.into(), &120.into()));
    assert_eq!((&source["kind"], &source["status"]), (&"pattern".into(), &"live".into()));
    assert!(source["fps"].as_f64().is_some_and(|fps| fps > 0.0 && fps < 40.0), "{source}");
    assert!(source["frames"].as_u64() >= Some(10), "{source}");
    assert_eq!(state["viewers"]["max"], 7);
    let levels = state["levels"].as_array().expect("the ladder");
    let qualities: Vec<u64> = levels.iter().filter_map(|level| level["quality"].as_u64()).collect();
    assert!(qualities.is_sorted() && qualities.len() == levels.len(), "{qualities:?}");
    for named in [20, 50, 90] {
        assert!(qualities.contains(&named), "{named} in {qualities:?}");
    }
    assert_eq!(state["viewer"], serde_json::Value::Null, "who has no cookie is nobody here");
}

fn is_metric_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':';
    name.bytes().all(allowed) && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// One label, as the server has no more anywhere.
fn is_label(label: &str) -> bool {
    let Some((name, value)) = label.split_once('=') else { return false };
    let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    is_metric_name(name) && value.is_some_and(|value| !value.contains(['"', '\\', '\n']))
}

fn has_cameras() -> bool {
    let named = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with("video"))
    };
    Path::new("/dev").read_dir().is_ok_and(|mut entries| entries.any(named))
}
