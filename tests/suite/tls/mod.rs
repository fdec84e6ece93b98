//! TLS, of sources by `https://` and `rtsps://`: whom they are believed, and what is said if not;
//! and of the server itself: [`served`], [`own`] and [`hostile`].

mod hello;
mod hostile;
mod own;
mod served;
pub(crate) mod tunnel;

use std::net::{Ipv4Addr, SocketAddr};

use crate::common::clip::{Form, Scratch, jpegs};
use crate::common::gstreamer::{Grants, RtspServer};
use crate::common::multipart::Stream;
use crate::common::server::{Server, program};
use crate::common::{LONG, eventually};
use rcgen::date_time_ymd;
use serde_json::Value;
use tunnel::{Authority, Identity, Tunnel};

/// A server that trusts an authority as its system would, and nobody else.
fn trusting(authority: &Authority, arguments: &[&str]) -> (Server, Scratch) {
    let scratch = Scratch::new();
    let roots = scratch.write("roots.pem", authority.pem.as_bytes());
    let mut command = program();
    command.env("SSL_CERT_FILE", roots).env_remove("SSL_CERT_DIR");
    (Server::run(command, Ipv4Addr::LOCALHOST.into(), 0, arguments), scratch)
}

#[track_caller]
fn is_live(server: &Server) {
    eventually("it is live", LONG, || {
        let source = server.state()["source"].clone();
        if source["status"] == "live" { Ok(()) } else { Err(source.to_string()) }
    });
}

fn trouble(server: &Server) -> Value {
    eventually("it says what is wrong", LONG, || {
        let trouble = server.state()["source"]["trouble"].clone();
        if trouble["title"].is_string() { Ok(trouble) } else { Err(trouble.to_string()) }
    })
}

#[test]
fn a_stream_by_https_passes_through_untouched() {
    let pictures = jpegs(160, 120, 3, 90);
    let scratch = Scratch::new();
    let camera = Server::start(&["--source", &scratch.clip(Form::Concat, &pictures)]);
    let authority = Authority::new();
    let tunnel = Tunnel::start(authority.sign("127.0.0.1", |_| {}), camera.address());
    for path in ["/stream", "/snapshot"] {
        let url = format!("https://{}{path}", tunnel.address);
        let (server, _roots) = trusting(&authority, &["--source", &url]);
        let mut stream = Stream::open(server.address(), "/stream", &[]);
        is_live(&server);
        for _ in 0..6 {
            assert!(pictures.contains(&stream.next().jpeg), "{path}");
        }
        assert_eq!(server.state()["source"]["name"], format!("https://{}", tunnel.address));
        server.stop();
    }
}

#[test]
fn a_redirect_from_http_to_https_is_followed() {
    let camera = Server::pattern(&[]);
    let authority = Authority::new();
    let tunnel = Tunnel::start(authority.sign("127.0.0.1", |_| {}), camera.address());
    let location = format!("https://{}/stream", tunnel.address);
    let plain = crate::common::upstream::redirect(&location);
    let (server, _roots) = trusting(&authority, &["--source", &format!("http://{plain}/x")]);
    let _stream = Stream::open(server.address(), "/stream", &[]).in_background();
    is_live(&server);
}

#[test]
fn pictures_come_inside_of_an_rtsps_connection() {
    let camera = RtspServer::start(Grants::Digest, 0);
    let authority = Authority::new();
    let to = SocketAddr::from((Ipv4Addr::LOCALHOST, camera.port));
    let tunnel = Tunnel::start(authority.sign("127.0.0.1", |_| {}), to);
    let url = format!("rtsps://{}{}/live", crate::common::httpd::LOGIN, tunnel.address);
    let (server, _roots) = trusting(&authority, &["--source", &url]);
    let mut stream = Stream::open(server.address(), "/stream", &[]);
    is_live(&server);
    let first = stream.next().jpeg;
    eventually("it moves", LONG, || {
        if stream.next().jpeg == first { Err("the same".to_owned()) } else { Ok(()) }
    });
    server.says("packets come over Tcp");
    server.stop();
    camera.expect("teardown");
}

#[test]
fn a_certificate_of_its_own_is_taken_if_it_is_named_or_any_is() {
    let camera = Server::pattern(&["--rtsp-port", "0"]);
    for (scheme, to) in [("https", camera.address()), ("rtsps", camera.rtsp())] {
        let path = if scheme == "https" { "stream" } else { "live" };
        let tunnel = Tunnel::start(Identity::of_itself("cam.example"), to);
        let url = format!("{scheme}://{}/{path}", tunnel.address);
        let bare = tunnel.fingerprint.replace(':', "").to_lowercase();
        for options in [
            &["--source-fingerprint", &tunnel.fingerprint][..],
            &["--source-fingerprint", &bare],
            &["--source-insecure"],
        ] {
            let server = Server::start(&[&["--source", &url], options].concat());
            let _stream = Stream::open(server.address(), "/stream", &[]).in_background();
            is_live(&server);
            if options[0] == "--source-insecure" {
                server.says("any certificate is taken");
            } else {
                assert!(!server.log().contains("any certificate is taken"), "{options:?}");
            }
            server.stop();
        }
        let other = "00".repeat(32);
        let server = Server::start(&["--source", &url, "--source-fingerprint", &other]);
        let _stream = Stream::open(server.address(), "/stream", &[]).in_background();
        let detail = trouble(&server)["detail"].to_string();
        assert!(detail.contains("another than the one that was named"), "{detail}");
        assert!(detail.contains(&format!("--source-fingerprint {bare}")), "{detail}");
        server.stop();
    }
}

#[test]
fn what_is_wrong_with_a_certificate_is_told_with_what_to_write() {
    let camera = Server::pattern(&["--rtsp-port", "0"]);
    let authority = Authority::new();
    let own = "127.0.0.1";
    let past = |year| date_time_ymd(year, 1, 1);
    for (identity, words) in [
        (Identity::of_itself(own), "has signed it"),
        (Authority::new().sign(own, |_| {}), "has signed it"),
        (authority.sign(own, |params| params.not_after = past(2001)), "has expired"),
        (authority.sign(own, |params| params.not_before = past(4000)), "not valid yet"),
        (authority.sign("cam.example", |_| {}), "another name"),
    ] {
        for (scheme, to) in [("https", camera.address()), ("rtsps", camera.rtsp())] {
            let tunnel = Tunnel::start(identity.clone(), to);
            let url = format!("{scheme}://me:secret@{}/secret?secret", tunnel.address);
            let (server, _roots) = trusting(&authority, &["--source", &url]);
            let _stream = Stream::open(server.address(), "/stream", &[]).in_background();
            let trouble = trouble(&server);
            let detail = trouble["detail"].as_str().expect("words");
            assert!(detail.contains(words), "{scheme}: {trouble}");
            let bare = tunnel.fingerprint.replace(':', "").to_lowercase();
            assert!(detail.ends_with(&format!("--source-fingerprint {bare}")), "{trouble}");
            assert!(!server.log().contains("secret"), "{}", server.log());
            server.stop();
        }
    }
}

#[test]
fn a_server_without_tls_is_told_as_one() {
    let camera = Server::pattern(&["--rtsp-port", "0", "--no-tls"]);
    for (scheme, at) in [("https", camera.address()), ("rtsps", camera.rtsp())] {
        let server = Server::start(&["--source", &format!("{scheme}://{at}/")]);
        let _stream = Stream::open(server.address(), "/stream", &[]).in_background();
        let trouble = trouble(&server);
        assert_eq!(trouble["title"], format!("No TLS with {at}"), "{trouble}");
        server.stop();
    }
}
