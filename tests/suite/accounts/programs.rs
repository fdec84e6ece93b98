//! Programs that others wrote log in as devices, and are turned away with a wrong password, or when
//! theirs is removed.

use std::process::Command;

use super::Person;
use crate::common::program::{Ended, Program};
use crate::common::server::Server;
use crate::common::{LONG, VERY_LONG, eventually_true};

/// A server for members, and a device of its host.
struct Site {
    server: Server,
    host: Person,
    user: String,
    password: String,
    /// The device's number.
    id: i64,
}

impl Site {
    fn new() -> Self {
        let server = Server::pattern(&["--access", "members", "--rtsp-port", "0"]);
        let mut host = Person::host(&server);
        let made = host.post(&server, "/account/device", &[("label", "NVR"), ("room", "*")]);
        let made = made.expect(200).json();
        let text = |name: &str| made[name].as_str().expect("a text").to_owned();
        let (user, password) = (text("user"), text("password"));
        let id = made["id"].as_i64().expect("a number");
        Self { server, host, user, password, id }
    }

    /// The address by RTSP, with a password.
    fn rtsp(&self, password: &str) -> String {
        format!("rtsp://{}:{password}@{}/live", self.user, self.server.rtsp())
    }

    /// The same of the stream by HTTP.
    fn http(&self, password: &str) -> String {
        format!("http://{}:{password}@{}/stream", self.user, self.server.address())
    }
}

/// Has FFmpeg take three pictures.
fn ffmpeg(arguments: &[&str]) -> Ended {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-nostdin", "-v", "error"]).args(arguments);
    ffmpeg.args(["-frames:v", "3", "-f", "null", "-"]);
    Program::run(&mut ffmpeg, "apt-get install ffmpeg", VERY_LONG)
}

fn curl(arguments: &[&str]) -> String {
    let mut curl = Command::new("curl");
    curl.args(["-s", "-o", "/dev/null", "-w", "%{http_code}"]).args(arguments);
    let ended = Program::run(&mut curl, "apt-get install curl", VERY_LONG);
    String::from_utf8(ended.stdout).expect("text")
}

#[test]
fn ffmpeg_logs_in_over_both_ways_of_rtsp() {
    let site = Site::new();
    for transport in ["tcp", "udp"] {
        let play = |url: &str| ffmpeg(&["-rtsp_transport", transport, "-i", url]);
        let played = play(&site.rtsp(&site.password));
        assert!(played.status.success(), "{transport}: {}", played.stderr);
        let refused = play(&site.rtsp("wrong"));
        assert!(!refused.status.success() && refused.stderr.contains("401"), "{}", refused.stderr);
    }
}

#[test]
fn ffmpeg_logs_in_by_http() {
    let site = Site::new();
    let played = ffmpeg(&["-f", "mpjpeg", "-i", &site.http(&site.password)]);
    assert!(played.status.success(), "{}", played.stderr);
    let refused = ffmpeg(&["-f", "mpjpeg", "-i", &site.http("wrong")]);
    assert!(!refused.status.success() && refused.stderr.contains("401"), "{}", refused.stderr);
}

#[test]
fn ffprobe_logs_in() {
    let site = Site::new();
    let probe = |password: &str| {
        let mut ffprobe = Command::new("ffprobe");
        ffprobe.args(["-v", "error", "-show_entries", "stream=codec_name", &site.rtsp(password)]);
        Program::run(&mut ffprobe, "apt-get install ffmpeg", VERY_LONG)
    };
    let found = probe(&site.password);
    assert!(String::from_utf8_lossy(&found.stdout).contains("mjpeg"), "{}", found.stderr);
    assert!(!probe("wrong").status.success());
}

#[test]
fn opencv_logs_in_by_rtsp_and_http() {
    let site = Site::new();
    let packages = concat!(env!("CARGO_MANIFEST_DIR"), "/target/opencv");
    let reads = "import cv2, sys; ok, frame = cv2.VideoCapture(sys.argv[1]).read(); \
                 print(frame.shape if ok else 'nothing')";
    let read = |url: &str| {
        let mut python = Command::new("python3");
        python.env("PYTHONPATH", packages).args(["-c", reads, url]);
        let ended = Program::run(&mut python, "run `scripts/setup test`", VERY_LONG);
        assert!(ended.status.success(), "{}", ended.stderr);
        String::from_utf8_lossy(&ended.stdout).trim().to_owned()
    };
    for address in [Site::rtsp, Site::http] {
        assert_eq!(read(&address(&site, &site.password)), "(120, 160, 3)");
        assert_eq!(read(&address(&site, "wrong")), "nothing");
    }
}

#[test]
fn gstreamer_logs_in_over_both_ways_of_rtsp() {
    let site = Site::new();
    for transport in ["tcp", "udp"] {
        let play = |password: &str| {
            let location = format!("location=rtsp://{}/live", site.server.rtsp());
            let (user, password) =
                (format!("user-id={}", site.user), format!("user-pw={password}"));
            let protocols = format!("protocols={transport}");
            let source = ["rtspsrc", &location, &user, &password, &protocols, "latency=0"];
            let rest = "! rtpjpegdepay ! jpegdec ! identity eos-after=4 ! fakesink sync=false";
            let mut launch = Command::new("gst-launch-1.0");
            launch.arg("-q").args(source).args(rest.split(' '));
            Program::run(&mut launch, "run `scripts/setup test`", VERY_LONG)
        };
        let played = play(&site.password);
        assert!(played.status.success(), "{transport}: {}", played.stderr);
        let refused = play("wrong");
        assert!(!refused.status.success(), "{transport}: {}", refused.stderr);
        assert!(refused.stderr.contains("nauthorized"), "{transport}: {}", refused.stderr);
    }
}

#[test]
fn curl_logs_in_by_basic_where_pictures_are_and_nowhere_else() {
    let site = Site::new();
    let login = format!("{}:{}", site.user, site.password);
    let wrong = format!("{}:wrong", site.user);
    for path in ["/snapshot", "/?action=snapshot", "/snapshot?quality=20"] {
        let url = site.server.url(path);
        assert_eq!(curl(&["-u", &login, &url]), "200", "{path}");
        assert_eq!(curl(&["-u", &login, "--anyauth", &url]), "200", "{path}, when it is asked");
        assert_eq!(curl(&["-u", &wrong, &url]), "401", "{path}");
        assert_eq!(curl(&[&url]), "401", "{path}");
        let lan = ["-H", "X-Forwarded-For: 192.0.2.7", "-H", "X-Forwarded-Proto: http"];
        assert_eq!(curl(&[&["-u", &login][..], &lan, &[&url]].concat()), "200", "{path} in clear");
    }
    for path in ["/state", "/rooms", "/", "/metrics", "/connect"] {
        assert_eq!(curl(&["-u", &login, &site.server.url(path)]), "403", "{path}");
    }
}

#[test]
fn who_plays_by_a_password_that_is_removed_is_ended() {
    let mut site = Site::new();
    for transport in ["tcp", "udp"] {
        let mut player = Command::new("ffmpeg");
        player.args(["-nostdin", "-v", "error", "-rtsp_transport", transport, "-i"]);
        player.args([&site.rtsp(&site.password), "-f", "mpjpeg", "-"]);
        let (program, mut out) = Program::start(&mut player, "apt-get install ffmpeg");
        let mut first = [0; 1000];
        std::io::Read::read_exact(&mut out, &mut first).expect("it plays");
        let id = site.id.to_string();
        site.host.post(&site.server, "/account/remove", &[("id", &id)]).expect(200);
        // What comes still is read, so that nothing but the end of the session ends it.
        let rest = std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
        eventually_true("it ends", LONG, || rest.is_finished());
        drop(program);
        let made =
            site.host.post(&site.server, "/account/device", &[("label", "x"), ("room", "*")]);
        let made = made.expect(200).json();
        site.user = made["user"].as_str().expect("a name").to_owned();
        site.password = made["password"].as_str().expect("a password").to_owned();
        site.id = made["id"].as_i64().expect("a number");
    }
}

#[test]
fn who_is_banned_by_address_plays_by_no_password() {
    // A host is kept out by no address; and nobody bans the one that they ask from.
    let mut site = Site::new();
    let mut grace = Person::member(&site.server, &mut site.host, "Grace");
    let made = grace.post(&site.server, "/account/device", &[("label", "NVR"), ("room", "*")]);
    let made = made.expect(200).json();
    site.user = made["user"].as_str().expect("a name").to_owned();
    site.password = made["password"].as_str().expect("a password").to_owned();
    let mut host = site.host.clone();
    host.fields = Person::at("198.51.100.7").fields;
    let mut player = Command::new("ffmpeg");
    player.args(["-nostdin", "-v", "error", "-rtsp_transport", "tcp", "-i"]);
    player.args([&site.rtsp(&site.password), "-f", "mpjpeg", "-"]);
    let (program, mut out) = Program::start(&mut player, "apt-get install ffmpeg");
    std::io::Read::read_exact(&mut out, &mut [0; 1000]).expect("it plays");
    let json = [("Content-Type", "application/json")];
    let ban = r#"{"address":"127.0.0.0/8","why":"noise"}"#;
    host.ask(&site.server, "POST", "/api/v1/bans", &json, ban).expect(201);
    let rest = std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
    eventually_true("it ends", LONG, || rest.is_finished());
    drop(program);
    let refused = ffmpeg(&["-rtsp_transport", "tcp", "-i", &site.rtsp(&site.password)]);
    assert!(!refused.status.success(), "{}", refused.stderr);
    let login = format!("{}:{}", site.user, site.password);
    assert_eq!(curl(&["-u", &login, &site.server.url("/snapshot")]), "403");
}
