//! Showing an IP camera: GStreamer's RTSP server plays its part.

use std::collections::BTreeSet;

use crate::common::gstreamer::{Grants, RtspServer};
use crate::common::multipart::Stream;
use crate::common::picture::look;
use crate::common::server::Server;
use crate::common::{LONG, eventually, eventually_true};
use livestream::media::codec::Decoder;

/// Checks that the next pictures are whole, and not one picture again and again.
#[track_caller]
fn moves(stream: &mut Stream) {
    let mut decoder = Decoder::new().expect("a decoder");
    let mut seen = BTreeSet::new();
    let mut last = 0;
    for _ in 0..25 {
        let part = stream.next();
        let size = look(&part.jpeg);
        assert_eq!((size.width, size.height), (320, 240));
        decoder.decode(&part.jpeg).expect("a whole JPEG");
        let at = part.at_micros.expect("a time");
        assert!(at > last, "times rise: {at} after {last}");
        last = at;
        seen.insert(part.jpeg);
    }
    assert!(seen.len() > 20, "{} different ones", seen.len());
}

#[test]
fn camera_is_shown_over_udp_and_over_tcp_where_udp_is_refused() {
    for (way, transport) in [(Grants::Udp, "Udp"), (Grants::Tcp, "Tcp")] {
        let camera = RtspServer::start(way, 0);
        let server = Server::start(&["--source", &camera.url(), "--bandwidth", "unlimited"]);
        let mut stream = Stream::open(server.address(), "/stream", &[]);
        moves(&mut stream);
        let source = server.state()["source"].clone();
        assert_eq!((&source["kind"], &source["status"]), (&"rtsp".into(), &"live".into()));
        assert_eq!(source["name"], camera.url().trim_end_matches("/live"));
        assert_eq!(source["broken"], 0);
        server.says(&format!("packets come over {transport}"));
        server.stop();
        camera.expect("teardown");
    }
}

#[test]
fn pictures_come_again_when_the_camera_is_back() {
    let camera = RtspServer::start(Grants::Udp, 0);
    let url = camera.url();
    let server = Server::start(&["--source", &url, "--bandwidth", "unlimited"]);
    let mut stream = Stream::open(server.address(), "/stream", &[]);
    moves(&mut stream);
    let port = camera.port;
    drop(camera);
    eventually("it says that the camera is gone", LONG, || {
        let source = server.state()["source"].clone();
        let lost = source["status"] == "lost" && source["trouble"]["code"] == "unreachable";
        if lost { Ok(()) } else { Err(source.to_string()) }
    });
    let _camera = RtspServer::start(Grants::Udp, port);
    eventually_true("it is live again", LONG, || {
        // Read on, so that somebody watches.
        let _ = stream.next();
        server.state()["source"]["status"] == "live"
    });
    // A card may still be on its way.
    for _ in 0..3 {
        let _ = stream.next();
    }
    moves(&mut stream);
    server.stop();
}

#[test]
fn camera_without_jpeg_and_path_without_stream_are_named_on_the_card() {
    let raw = RtspServer::start(Grants::Raw, 0);
    let camera = RtspServer::start(Grants::Udp, 0);
    let nothing = format!("rtsp://127.0.0.1:{}/nothing", camera.port);
    for (url, words) in [(raw.url(), "sends RAW"), (nothing, "status 404")] {
        let server = Server::start(&["--source", &url]);
        let _stream = Stream::open(server.address(), "/stream", &[]).in_background();
        let trouble = eventually("it says what is wrong", LONG, || {
            let trouble = server.state()["source"]["trouble"].clone();
            if trouble["title"].is_string() { Ok(trouble) } else { Err(trouble.to_string()) }
        });
        assert_eq!(trouble["code"], "unreachable");
        assert!(trouble.to_string().contains(words), "{trouble}");
    }
}
