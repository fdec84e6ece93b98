//! Somebody sets the machine's clock while viewers look on: what is told follows it, and nothing
//! else does.
//!
//! Only libfaketime can set a clock for one program and no other: a time namespace has no wall
//! clock.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use crate::common::LONG;
use crate::common::clip::Scratch;
use crate::common::multipart::Stream;
use crate::common::rtsp::{Packets, Rtsp, picture};
use crate::common::server::{Server, program};
use crate::common::viewer::Viewer;
use livestream::proto::rtp::rtcp;

/// A server whose wall clock the test sets.
struct Stepped {
    server: Server,
    home: Scratch,
}

impl Stepped {
    fn start(arguments: &[&str]) -> Self {
        let home = Scratch::new();
        let offset = home.write("offset", b"+0");
        let mut command = program();
        command
            .env("LD_PRELOAD", library())
            .env("FAKETIME_TIMESTAMP_FILE", offset)
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        let server = Server::run(command, Ipv4Addr::LOCALHOST.into(), 0, arguments);
        Self { server, home }
    }

    /// Sets its wall clock so far from the true one.
    fn step(&self, seconds: i64) {
        let new = self.home.write("new", format!("{seconds:+}").as_bytes());
        // At once: half a number is another one.
        std::fs::rename(new, Path::new(self.home.path()).join("offset")).expect("it is ours");
    }
}

fn library() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").expect("there are libraries").flatten();
    let found = folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"));
    found.into_iter().find(|file| file.exists()).expect("apt-get install libfaketime")
}

/// How far a time since the Unix epoch is from the true one, in seconds.
fn off(unix: Duration) -> f64 {
    let now = SystemTime::UNIX_EPOCH.elapsed().expect("after 1970");
    unix.as_secs_f64() - now.as_secs_f64()
}

/// Checks that a time is so far from the true one, but for what a busy machine takes.
#[track_caller]
fn is_off_by(unix: Duration, seconds: i64) {
    let off = off(unix);
    assert!((off - seconds as f64).abs() < LONG.as_secs_f64(), "{off} s, not {seconds}");
}

/// What the `Date` of an answer says.
fn date(server: &Server) -> Duration {
    let reply = server.get("/healthz").expect(200);
    let date = reply.header("Date").expect("a Date (RFC 9110 §6.6.1)");
    let date = date.strip_suffix("GMT").expect("in GMT").to_owned() + "+0000";
    let at = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(&date).expect("a date");
    Duration::try_from(at.as_duration()).expect("after 1970")
}

/// The next sender report.
fn report(client: &mut Rtsp) -> rtcp::SenderReport {
    match client.rtcp().into_iter().next() {
        Some(rtcp::Packet::SenderReport(report)) => report,
        other => panic!("a report comes first (RFC 3550 §6.1), not {other:?}"),
    }
}

#[test]
fn times_over_http_follow_the_clock_and_pictures_come_on() {
    let stepped = Stepped::start(&["--source", "pattern", "--size", "160x120"]);
    let viewer = Viewer::of(&stepped.server);
    let mut stream = viewer.watch();
    for step in [0, -3600, 3600] {
        stepped.step(step);
        // What is on its way was told before.
        let asked = Instant::now();
        let told = |stream: &mut Stream| {
            Duration::from_micros(stream.next().at_micros.expect("in the plain layout"))
        };
        let mut at = told(&mut stream);
        while (off(at) - step as f64).abs() >= LONG.as_secs_f64() {
            assert!(asked.elapsed() < LONG, "{} s, not {step}", off(at));
            at = told(&mut stream);
        }
        for _ in 0..10 {
            let next = told(&mut stream);
            assert!(next > at, "{next:?} after {at:?}");
            at = next;
        }
        is_off_by(at, step);
        is_off_by(date(&stepped.server), step);
        let state = viewer.state();
        let late = state["viewer"]["latency_ms"].as_f64().expect("pictures were sent");
        assert!(late < 10_000.0, "a step is no latency: {late} ms");
    }
    stepped.server.stop();
}

#[test]
fn rtp_time_goes_on_evenly_and_reports_follow_the_clock() {
    let stepped = Stepped::start(&["--source", "pattern", "--size", "160x120", "--rtsp-port", "0"]);
    let mut client = Rtsp::connect(stepped.server.rtsp());
    let session = client.setup_tcp("/live");
    client.ask_in(&session, "PLAY", "/live", &[]).expect(200);
    let (first, started) = (picture(&mut client).first.timestamp, Instant::now());
    let mut last = first;
    for step in [-3600, 3600] {
        stepped.step(step);
        // One may have left before.
        let mut report = self::report(&mut client);
        if (off(report.anchor.ntp.to_unix()) - step as f64).abs() >= LONG.as_secs_f64() {
            report = self::report(&mut client);
        }
        is_off_by(report.anchor.ntp.to_unix(), step);
        while client.has_packets() {
            let next = picture(&mut client).first.timestamp;
            let passed = next.wrapping_sub(last);
            assert!((1..LONG.as_secs() as u32 * 90_000).contains(&passed), "{passed} ticks");
            last = next;
        }
        let moved = f64::from(last.wrapping_sub(first)) / 90_000.0;
        let passed = started.elapsed().as_secs_f64();
        assert!((moved - passed).abs() < 5.0, "RTP moved {moved} s in {passed} s");
        let apart = f64::from(report.anchor.timestamp.wrapping_sub(last).cast_signed()) / 90_000.0;
        assert!(apart.abs() < 10.0, "reports and pictures have one RTP clock: {apart} s");
    }
    stepped.server.stop();
}
