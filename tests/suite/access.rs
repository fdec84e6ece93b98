//! Who is let in: by which name the server is asked, and which pages of other origins may read it.
//!
//! Behind a proxy is `proxy.rs`.

use crate::common::client::{Reply, ask};
use crate::common::multipart::Stream;
use crate::common::server::Server;
use crate::common::viewer::FORM;

/// What pages of other origins may read.
const OPEN: [&str; 5] =
    ["/state", "/snapshot", "/snapshot?quality=0", "/?action=snapshot", "/stream?fps=x"];
const CLOSED: [&str; 6] = ["/", "/connect", "/healthz", "/metrics", "/favicon.ico", "/nothing"];
const FAR: &str = "https://elsewhere.example";

/// A GET for this host.
fn get_as(server: &Server, host: &str, fields: &str) -> Reply {
    let mut client = server.connect();
    client.send(format!("GET /state HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n"));
    client.reply()
}

fn readers(reply: &Reply) -> Option<&str> {
    reply.header("Access-Control-Allow-Origin")
}

#[test]
fn names_that_anybody_can_register_are_misdirected() {
    let server = Server::pattern(&["--host", "watch.example.net", "--host", "cam.example.net"]);
    for host in [
        "127.0.0.1",
        "127.0.0.1:1",
        "[::1]:8081",
        "8.8.8.8",
        "localhost",
        "printer",
        "Cam.LOCAL",
        "cam.lan:8081",
        "a.home.arpa",
        "cam.localhost",
        "x.test.",
        "watch.example.net:80",
        "CAM.example.net.",
    ] {
        get_as(&server, host, "").expect(200);
    }
    for host in [
        "evil.example",
        "evil.example:8081",
        "example.net",
        "x.watch.example.net",
        "a,b",
        "a%41",
        "a..local",
        "127.0.0.1.evil.example",
    ] {
        let reply = get_as(&server, host, "").expect(421);
        assert_eq!(reply.header("Connection"), Some("keep-alive"), "{host}");
        assert!(reply.text().lines().count() == 1, "{}", reply.text());
    }
    let told = get_as(&server, "Evil.example", "").text();
    assert!(told.contains("--host evil.example"), "{told}");
    let page = get_as(&server, "evil.example", "Accept: text/html\r\n").text();
    assert!(page.contains("--host evil.example") && page.contains("<html"), "{page}");
    let json = get_as(&server, "evil.example", "Accept: application/json\r\n").json();
    assert!(json["error"].as_str().is_some_and(|why| why.contains("--host")), "{json}");
}

#[test]
fn every_path_and_method_is_for_this_server_alone() {
    let server = Server::pattern(&[]);
    let mut client = server.connect();
    for path in OPEN.iter().chain(&CLOSED).chain(&["/stream", "/viewer"]) {
        for method in ["GET", "OPTIONS", "POST", "DELETE"] {
            client.send(format!("{method} {path} HTTP/1.1\r\nHost: evil.example\r\n\r\n"));
            client.reply().expect(421);
        }
    }
    client.send("GET http://evil.example/state HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    client.reply().expect(421);
    client.send("OPTIONS * HTTP/1.1\r\nHost: evil.example\r\n\r\n");
    client.reply().expect(421);
    // A client of HTTP/1.0 may not know whom it asks.
    client.send("GET /healthz HTTP/1.0\r\n\r\n");
    client.reply().expect(200);
}

#[test]
fn pages_of_this_network_may_read_the_stream_the_snapshot_and_the_state_alone() {
    let server = Server::pattern(&["--host", "panel.example.net"]);
    let mut client = server.connect();
    for origin in [
        "http://mainsail.local",
        "http://192.168.1.7:7125",
        "http://octopi",
        "https://homeassistant.lan:8123",
        "http://[fd00::1]",
        "http://panel.example.net",
    ] {
        let fields = [("Origin", origin)];
        for path in OPEN {
            for method in ["GET", "HEAD", "OPTIONS"] {
                if method == "OPTIONS" || !path.starts_with("/stream") || method == "GET" {
                    let reply = client.request(method, path, &fields, b"");
                    assert_eq!(readers(&reply), Some(origin), "{method} {path}");
                    let varies = reply.header("Vary").expect("it depends on the origin");
                    assert!(varies.contains("Origin"), "{method} {path}: {varies}");
                }
            }
        }
        for path in CLOSED {
            let reply = client.request("GET", path, &fields, b"");
            assert_eq!(readers(&reply), None, "{path}");
        }
    }
    for origin in [
        FAR,
        "http://8.8.8.8",
        "null",
        "",
        "http://evil.local.example",
        "ftp://a.local",
        "http://a.local/",
        "http://a.local, http://b.local",
    ] {
        for path in OPEN {
            let reply = client.request("GET", path, &[("Origin", origin)], b"");
            assert_eq!(readers(&reply), None, "{origin} {path}");
            assert!(reply.header("Vary").is_some_and(|varies| varies.contains("Origin")));
        }
    }
    let two = [("Origin", "http://a.local"), ("Origin", "http://a.local")];
    assert_eq!(readers(&client.request("GET", "/state", &two, b"")), None);
    // An `<img>` of any site shows it as before.
    Stream::open(server.address(), "/stream", &[("Sec-Fetch-Site", "cross-site")]).next();
}

#[test]
fn a_stream_says_who_may_read_it() {
    let server = Server::pattern(&[]);
    let head = |origin: &str| {
        let mut client = server.connect();
        let head = client.head("GET", "/stream", &[("Origin", origin)], b"");
        client.send(head);
        let head = client.incoming.take_through(b"\r\n\r\n", 4096).expect("a head");
        String::from_utf8(head).expect("text")
    };
    let near = head("http://mainsail.local");
    assert!(near.contains("\r\nAccess-Control-Allow-Origin: http://mainsail.local\r\n"), "{near}");
    assert!(near.contains("\r\nVary: Origin\r\n"), "{near}");
    assert!(!head(FAR).contains("Access-Control"), "{}", head(FAR));
}

#[test]
fn who_may_read_can_be_chosen() {
    let panel = "https://panel.example:8443";
    for (flags, near, far, named) in [
        (&["--cors", "none"][..], false, false, false),
        (&["--cors", "lan"], true, false, false),
        (&["--cors", panel], false, false, true),
        (&["--cors", "lan", "--cors", panel], true, false, true),
        (&["--cors", &format!("lan,{panel}")], true, false, true),
    ] {
        let server = Server::pattern(flags);
        let mut client = server.connect();
        for (origin, may) in [("http://a.local", near), (FAR, far), (panel, named)] {
            let reply = client.request("GET", "/state", &[("Origin", origin)], b"").expect(200);
            assert_eq!(readers(&reply), may.then_some(origin), "{flags:?}");
        }
        let reply = client.request("GET", "/state", &[], b"");
        assert_eq!(reply.header("Vary").is_some(), flags != ["--cors", "none"]);
    }
    let server = Server::pattern(&["--cors", "*"]);
    for origin in [FAR, "null"] {
        let reply = ask(server.address(), "GET", "/state", &[("Origin", origin)], b"");
        assert_eq!((readers(&reply), reply.header("Vary")), (Some("*"), None));
    }
}

#[test]
fn nobody_elses_page_sends_a_form_or_upgrades() {
    let server = Server::pattern(&["--cors", "*"]);
    let own = server.url("");
    let form = ("Content-Type", FORM);
    let refused = |fields: &[(&str, &str)]| {
        let fields = [fields, &[form]].concat();
        ask(server.address(), "POST", "/viewer", &fields, b"quality=low").expect(403);
    };
    refused(&[("Origin", "http://mainsail.local")]);
    refused(&[("Origin", "null")]);
    refused(&[("Origin", &own), ("Origin", &own)]);
    refused(&[("Sec-Fetch-Site", "cross-site")]);
    refused(&[("Origin", &own), ("Sec-Fetch-Site", "cross-site")]);
    for site in ["same-origin", "none", "same-site"] {
        let fields = [("Origin", own.as_str()), ("Sec-Fetch-Site", site), form];
        ask(server.address(), "POST", "/viewer", &fields, b"quality=low").expect(303);
    }
    let upgrade = |fields: &[(&str, &str)]| {
        let mut client = server.connect();
        let upgrade = [("Connection", "Upgrade"), ("Upgrade", "websocket")];
        client.request("GET", "/state", &[fields, &upgrade].concat(), b"").status
    };
    assert_eq!(upgrade(&[("Origin", FAR)]), 403);
    assert_eq!(upgrade(&[("Origin", &own), ("Origin", &own)]), 403);
    assert_eq!(upgrade(&[("Sec-Fetch-Site", "cross-site")]), 403);
    assert_eq!(upgrade(&[("Origin", &own)]), 200);
    assert_eq!(upgrade(&[]), 200);
}

#[test]
fn a_port_that_is_the_schemes_own_may_be_left_out_on_either_side() {
    let server = Server::pattern(&[]);
    let post = |host: &str, origin: &str| {
        let mut client = server.connect();
        client.send(format!(
            "POST /viewer HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nContent-Type: {FORM}\r\n\
             Content-Length: 11\r\n\r\nquality=low"
        ));
        client.reply().status
    };
    for (host, origin) in [
        ("cam.lan", "http://cam.lan"),
        ("cam.lan:80", "http://cam.lan"),
        ("cam.lan", "https://cam.lan"),
        ("Cam.lan:443", "https://cam.lan"),
        ("[::1]:8081", "http://[::1]:8081"),
    ] {
        assert_eq!(post(host, origin), 303, "{host} {origin}");
    }
    for (host, origin) in [
        ("cam.lan:443", "http://cam.lan"),
        ("cam.lan:8081", "http://cam.lan"),
        ("cam.lan", "http://x.cam.lan"),
        ("cam.lan", "cam.lan"),
    ] {
        assert_eq!(post(host, origin), 403, "{host} {origin}");
    }
}
