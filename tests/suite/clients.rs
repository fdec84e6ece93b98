//! Programs that others wrote read the stream: curl, FFmpeg, GStreamer.
//!
//! A program that is missing is a failure that names how to install it.

use std::process::Command;

use crate::common::clip::{Form, Scratch, jpegs};
use crate::common::multipart::{Layout, Parts, Stream};
use crate::common::picture::look;
use crate::common::program::Program;
use crate::common::server::Server;
use crate::common::{LONG, VERY_LONG, eventually_true};

const INSTALL_CURL: &str = "apt-get install curl";
const INSTALL_FFMPEG: &str = "apt-get install ffmpeg";
const INSTALL_GSTREAMER: &str = "apt-get install gstreamer1.0-tools gstreamer1.0-plugins-base \
    gstreamer1.0-plugins-good";

fn server() -> Server {
    Server::start(&["--source", "pattern", "--size", "320x240", "--fps", "60"])
}

#[test]
fn curl_reads_the_stream() {
    let server = server();
    for (target, layout) in [
        ("/stream", Layout::Plain),
        ("/stream?advance_headers=1", Layout::AdvanceHeaders),
        ("/?action=stream", Layout::Plain),
    ] {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--no-buffer", &server.url(target)]);
        let (curl, out) = Program::start(&mut curl, INSTALL_CURL);
        let mut parts = Parts::new(out, layout);
        for _ in 0..20 {
            assert_eq!(look(&parts.next().jpeg).width, 320);
        }
        drop((curl, parts));
    }
    eventually_true("they are gone", LONG, || server.watching() == 0);
}

#[test]
fn curl_takes_a_snapshot() {
    let server = server();
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--fail", &server.url("/snapshot")]);
    let ended = Program::run(&mut curl, INSTALL_CURL, LONG);
    assert!(ended.status.success() && ended.stderr.is_empty(), "{}", ended.stderr);
    assert_eq!(look(&ended.stdout).width, 320);
    assert!(ended.stdout.ends_with(&[0xFF, 0xD9]));
}

#[test]
fn curl_sends_forms_and_asks_for_heads() {
    let server = server();
    let url = server.url("/viewer");
    let run = |arguments: &[&str]| {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error"]).args(arguments);
        let ended = Program::run(&mut curl, INSTALL_CURL, LONG);
        assert!(ended.status.success(), "{arguments:?}: {}", ended.stderr);
        String::from_utf8(ended.stdout).expect("text")
    };
    let json = "Accept: application/json";
    let changed = run(&["--data", "quality=low", "--header", json, &url]);
    assert!(changed.contains(r#""choice":"low""#), "{changed}");
    // Sent in chunks, after a 100 Continue.
    let chunked = ["--header", "Transfer-Encoding: chunked", "--header", "Expect: 100-continue"];
    let form = ["--data", "quality=high", "--header", json, url.as_str()];
    let changed = run(&[&chunked[..], &form].concat());
    assert!(changed.contains(r#""choice":"high""#), "{changed}");
    // A client that offers HTTP/2 is answered in HTTP/1.1.
    assert_eq!(run(&["--http2", &server.url("/healthz")]), "ok\n");
    let head = run(&["--head", &server.url("/stream")]);
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert_eq!(server.watching(), 0);
}

#[test]
fn ffmpeg_reads_a_hundred_frames_without_a_word() {
    let server = server();
    for target in ["/stream", "/?action=stream"] {
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg.args(["-nostdin", "-xerror", "-v", "error", "-f", "mpjpeg"]);
        ffmpeg.args(["-i", &server.url(target), "-frames:v", "100", "-f", "null", "-"]);
        let ended = Program::run(&mut ffmpeg, INSTALL_FFMPEG, VERY_LONG);
        assert!(ended.status.success(), "{}: {}", ended.status, ended.stderr);
        assert_eq!(ended.stderr, "", "{target}");
    }
}

#[test]
fn ffmpeg_reads_the_frames_of_a_clip_as_they_were() {
    let pictures = jpegs(160, 120, 4, 90);
    let scratch = Scratch::new();
    let clip = scratch.clip(Form::Avi { fps: 25 }, &pictures);
    let server = Server::start(&["--source", &clip, "--bandwidth", "unlimited"]);
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-nostdin", "-xerror", "-v", "error", "-f", "mpjpeg"]);
    ffmpeg.args([
        "-i",
        &server.url("/stream"),
        "-frames:v",
        "12",
        "-c",
        "copy",
        "-f",
        "mjpeg",
        "-",
    ]);
    let ended = Program::run(&mut ffmpeg, INSTALL_FFMPEG, VERY_LONG);
    assert!(ended.status.success() && ended.stderr.is_empty(), "{}", ended.stderr);
    let mut rest = &ended.stdout[..];
    for number in 0..12 {
        let picture = pictures.iter().find(|picture| rest.starts_with(picture));
        let picture = picture.unwrap_or_else(|| panic!("frame {number} is none of the clip's"));
        rest = &rest[picture.len()..];
    }
    assert!(rest.is_empty());
}

#[test]
fn clip_that_ffmpeg_made_is_played() {
    let scratch = Scratch::new();
    for (name, rate) in [("made.avi", None), ("made.mjpeg", Some("12"))] {
        let path = format!("{}/{name}", scratch.path());
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg.args(["-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc=s=192x108:r=12:d=1"]);
        ffmpeg.args(["-c:v", "mjpeg", "-pix_fmt", "yuvj420p", &path]);
        let ended = Program::run(&mut ffmpeg, INSTALL_FFMPEG, LONG);
        assert!(ended.status.success(), "{}", ended.stderr);
        let fps = rate.map_or(vec![], |rate| vec!["--fps", rate]);
        let server = Server::start(&[&["--source", path.as_str()][..], &fps].concat());
        let mut stream = Stream::open(server.address(), "/stream", &[]);
        for _ in 0..15 {
            let seen = look(&stream.next().jpeg);
            assert_eq!((seen.width, seen.height), (192, 108), "{name}");
        }
        assert_eq!(server.state()["source"]["broken"], 0, "{name}");
    }
}

#[test]
fn gstreamer_decodes_fifty_frames() {
    let server = server();
    let mut gstreamer = Command::new("gst-launch-1.0");
    let location = format!("location={}", server.url("/stream"));
    gstreamer.args(["--quiet", "souphttpsrc", &location, "!", "multipartdemux", "!", "jpegdec"]);
    gstreamer.args(["!", "fakesink", "num-buffers=50"]);
    let ended = Program::run(&mut gstreamer, INSTALL_GSTREAMER, VERY_LONG);
    let out = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(ended.status.success(), "{}: {} {out}", ended.status, ended.stderr);
    assert!(!ended.stderr.contains("ERROR"), "{}", ended.stderr);
    eventually_true("fifty were sent", LONG, || {
        server.metric("livestream_frames_sent_total") >= 50.0
    });
}
