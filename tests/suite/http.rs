//! Speaking HTTP with the server: connections, methods, addresses, conditional requests.
//!
//! What it refuses is in `refusals.rs`.

use std::net::Ipv6Addr;
use std::process::Command;

use crate::common::client::{Client, Reply, ask};
use crate::common::clip::Scratch;
use crate::common::multipart::{Stream, expect_stream_head};
use crate::common::server::Server;
use crate::common::viewer::FORM;

/// What a GET can be sent to, but for the stream.
const PATHS: [&str; 13] = [
    "/",
    "/webcam/",
    "/connect",
    "/qr.svg",
    "/favicon.ico",
    "/embed",
    "/snapshot",
    "/snapshot?quality=low",
    "/?action=snapshot",
    "/webcam/?action=snapshot",
    "/state",
    "/healthz",
    "/metrics",
];
const STREAMS: [&str; 4] =
    ["/stream", "/?action=stream", "/webcam/?action=stream", "/stream?advance_headers=1"];
const FORMS: [&str; 2] = ["/viewer", "/donate"];
const GET_METHODS: &str = "GET, HEAD, OPTIONS";
const POST_METHODS: &str = "POST, OPTIONS";

#[test]
fn one_connection_serves_many_requests() {
    let server = Server::pattern(&[]);
    let mut client = server.connect();
    for round in 0..3 {
        for path in PATHS {
            let reply = client.get(path).expect(200);
            assert_eq!(reply.header("Connection"), Some("keep-alive"), "{path}");
            assert!(!reply.body.is_empty(), "{path} in round {round}");
        }
        let form = [("Content-Type", FORM)];
        client.request("POST", "/viewer", &form, b"quality=low").expect(303);
        client.get("/nothing").expect(404);
        client.request("DELETE", "/state", &[], b"").expect(405);
    }
    server.stop();
}

#[test]
fn requests_in_one_write_are_answered_in_order() {
    let server = Server::pattern(&[]);
    let mut client = server.connect();
    let post = client.head("POST", "/viewer", &[("Content-Type", FORM)], b"quality=low");
    let requests = [
        client.head("GET", "/healthz", &[], b""),
        format!("{post}quality=low"),
        client.head("GET", "/metrics", &[("Connection", "close")], b""),
    ];
    client.send(requests.concat());
    assert_eq!(client.reply().expect(200).text(), "ok\n");
    client.reply().expect(303);
    let last = client.reply().expect(200);
    assert!(last.text().starts_with("# HELP "));
    client.expect_end();
}

#[test]
fn head_is_answered_like_get_without_the_body() {
    let server = Server::pattern(&[]);
    let mut client = server.connect();
    for path in PATHS.into_iter().chain(["/nothing"]) {
        let get = client.get(path);
        let head = client.request("HEAD", path, &[], b"");
        assert_eq!((head.status, &head.reason), (get.status, &get.reason), "{path}");
        assert_eq!(head.names(), get.names(), "{path}");
        for (name, value) in &get.headers {
            let varies = ["Date", "Set-Cookie", "Content-Length", "X-Timestamp"];
            if !varies.contains(&name.as_str()) {
                assert_eq!(head.header(name), Some(value.as_str()), "{path}");
            }
        }
        let length = head.header("Content-Length");
        if get.header("ETag").is_some() || path == "/healthz" {
            assert_eq!(length, get.header("Content-Length"), "{path}");
        }
        assert_ne!(length, Some("0"), "{path}");
    }
    // A body would stand before this answer.
    assert_eq!(client.get("/healthz").expect(200).text(), "ok\n");
}

#[test]
fn head_of_the_stream_opens_no_viewer() {
    let server = Server::pattern(&["--max-viewers", "1"]);
    let _watching = Stream::open(server.address(), "/stream", &[]).in_background();
    for path in STREAMS {
        let mut client = server.connect();
        let head = client.head("HEAD", path, &[], b"");
        client.send(head);
        let seen = client.incoming.take_through(b"\r\n\r\n", 4096).expect("a head");
        expect_stream_head(&String::from_utf8(seen).expect("text"));
        client.expect_end();
    }
    assert_eq!(server.watching(), 1);
}

#[test]
fn other_methods_are_told_which_ones_there_are() {
    let server = Server::pattern(&[]);
    let mut client = server.connect();
    let mut refused = |method: &str, path: &str, allowed: &str| {
        let reply = client.request(method, path, &[], b"").expect(405);
        assert_eq!(reply.header("Allow"), Some(allowed), "{method} {path}");
        assert_eq!(reply.header("Connection"), Some("keep-alive"));
    };
    for path in PATHS.into_iter().chain(STREAMS) {
        for method in ["POST", "PUT", "DELETE", "TRACE", "PATCH", "QUERY"] {
            refused(method, path, GET_METHODS);
        }
    }
    for path in FORMS {
        for method in ["GET", "PUT", "DELETE", "TRACE", "PATCH", "QUERY"] {
            refused(method, path, POST_METHODS);
        }
    }
    client.send("CONNECT elsewhere.example:443 HTTP/1.1\r\nHost: elsewhere.example:443\r\n\r\n");
    let reply = client.reply().expect(405);
    assert_eq!(reply.header("Allow"), Some("GET, HEAD, POST, PATCH, DELETE, OPTIONS"));
    client.expect_end();
    let mut client = server.connect();
    // Of a method that nobody knows it cannot be said where it is possible.
    for (method, path) in [("BREW", "/"), ("get", "/state"), ("PROPFIND", "/nothing")] {
        let reply = client.request(method, path, &[], b"").expect(501);
        assert_eq!(reply.header("Connection"), Some("keep-alive"));
    }
}

#[test]
fn options_says_what_can_be_done() {
    let server = Server::pattern(&[]);
    let mut client = server.connect();
    let anywhere = client.request("OPTIONS", "*", &[], b"").expect(204);
    assert_eq!(anywhere.header("Allow"), Some("GET, HEAD, POST, PATCH, DELETE, OPTIONS"));
    for path in PATHS.into_iter().chain(STREAMS) {
        let reply = client.request("OPTIONS", path, &[], b"").expect(204);
        assert_eq!(reply.header("Allow"), Some(GET_METHODS), "{path}");
    }
    for path in FORMS {
        let reply = client.request("OPTIONS", path, &[], b"").expect(204);
        assert_eq!(reply.header("Allow"), Some(POST_METHODS), "{path}");
    }
    client.request("OPTIONS", "/nothing", &[], b"").expect(404);
}

#[test]
fn client_that_waits_for_100_continue_gets_it() {
    let server = Server::pattern(&[]);
    let mut client = server.connect();
    let fields = [("Content-Type", FORM), ("Expect", "100-continue")];
    let head = client.head("POST", "/viewer", &fields, b"quality=low");
    client.send(head);
    let go_on = client.incoming.take_through(b"\r\n\r\n", 4096).expect("an interim answer");
    assert_eq!(String::from_utf8_lossy(&go_on), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("quality=low");
    client.reply().expect(303);

    // One that does not wait after all is answered all the same, whether it was invited or not.
    let head = client.head("POST", "/viewer", &fields, b"quality=low");
    client.send(format!("{head}quality=low"));
    client.reply().expect(303);

    // What would be refused is refused before it is sent.
    let too_long =
        [("Content-Type", FORM), ("Expect", "100-continue"), ("Content-Length", "70000")];
    let head = client.head("POST", "/viewer", &too_long, b"");
    client.send(head);
    client.reply().expect(413);
    client.expect_end();
}

#[test]
fn form_that_will_be_refused_is_not_invited() {
    let server = Server::pattern(&[]);
    let wait = [("Content-Type", FORM), ("Expect", "100-continue"), ("Content-Length", "11")];
    let foreign = [&wait[..], &[("Origin", "http://elsewhere.example")]].concat();
    for (path, fields, status) in
        [("/viewer", &foreign[..], 403), ("/", &wait, 405), ("/nothing", &wait, 404)]
    {
        let mut client = server.connect();
        let head = client.head("POST", path, fields, b"");
        client.send(head);
        client.reply().expect(status);
        // What would come next could be the form or another request.
        client.expect_end();
    }
}

#[test]
fn body_that_nobody_reads_is_taken_off_up_to_a_limit() {
    let server = Server::pattern(&[]);
    let mut client = server.connect();
    let request = "GET /nothing HTTP/1.1\r\n";
    for method in ["GET", "POST", "PUT", "OPTIONS", "BREW"] {
        client.request(method, "/healthz", &[], request.as_bytes());
        client.request(method, "/healthz", &[], &[b'x'; 64 * 1024]);
    }
    let chunked = client.head("GET", "/healthz", &[("Transfer-Encoding", "chunked")], b"");
    client.send(format!("{chunked}5\r\nGET /\r\n0\r\n\r\n"));
    client.reply().expect(200);
    // More of it is not read, and never taken for a request.
    client.send(client.head("GET", "/healthz", &[], &vec![b'x'; 64 * 1024 + 1]));
    assert_eq!(client.reply().expect(200).header("Connection"), Some("close"));
    client.expect_end();
    let mut client = server.connect();
    client.send(format!("{chunked}{}", format!("400\r\n{}\r\n", "y".repeat(1024)).repeat(65)));
    assert_eq!(client.reply().expect(200).header("Connection"), Some("close"));
    client.expect_end();
}

#[test]
fn query_that_a_page_does_not_use_is_passed_over() {
    let server = Server::pattern(&[]);
    let mut client = server.connect();
    let many = vec!["x=y"; 70].join("&");
    for query in ["x=100%", "%", "action=%", "=&=", many.as_str()] {
        for path in ["/", "/healthz", "/state", "/snapshot", "/favicon.ico"] {
            client.get(&format!("{path}?{query}")).expect(200);
        }
    }
    let accept = [("Accept", "application/json")];
    let refused = client.request("GET", "/snapshot?x=%&quality=%zz", &accept, b"").expect(400);
    assert_eq!(refused.json()["field"], "quality");
}

#[test]
fn form_can_come_in_chunks() {
    let server = Server::pattern(&[]);
    let mut client = server.connect();
    let fields =
        [("Content-Type", FORM), ("Transfer-Encoding", "chunked"), ("Accept", "application/json")];
    let head = client.head("POST", "/viewer", &fields, b"");
    let chunks = "4\r\nqual\r\n5;note=x\r\nity=l\r\n2\r\now\r\n0\r\nX-Trailer: y\r\n\r\n";
    client.send(format!("{head}{chunks}"));
    let state = client.reply().expect(200).json();
    assert_eq!(state["viewer"]["choice"], "low");
    client.get("/healthz").expect(200);
}

#[test]
fn paths_are_percent_decoded() {
    let server = Server::pattern(&[]);
    let mut client = server.connect();
    assert_eq!(client.get("/%68ealth%7a").expect(200).text(), "ok\n");
    assert_eq!(client.get("/healthz?").expect(200).text(), "ok\n");
    client.get("/assets/%2e%2e/index.html").expect(404);
    client.get("/assets/../index.html").expect(404);
    client.get("/assets/%2E%2E%2F%2E%2E%2FCargo.toml").expect(404);
    // An encoded question mark belongs to the path.
    client.get("/%3Faction=snapshot").expect(404);
    assert_eq!(client.get("/?action=snap%73hot").header("Content-Type"), Some("image/jpeg"));
    client.get("/healthz%2F").expect(404);
}

#[test]
fn http_1_0_is_spoken() {
    let server = Server::pattern(&[]);
    let mut client = server.connect();
    client.send("GET /healthz HTTP/1.0\r\n\r\n");
    let reply = client.reply().expect(200);
    assert_eq!(reply.header("Connection"), Some("close"));
    client.expect_end();

    let mut client = server.connect();
    for _ in 0..2 {
        client.send("GET /healthz HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
        let reply = client.reply().expect(200);
        assert_eq!(reply.header("Connection"), Some("keep-alive"));
    }
}

#[test]
fn target_may_be_an_absolute_address() {
    let server = Server::pattern(&[]);
    let mut client = server.connect();
    assert_eq!(client.get(&server.url("/healthz")).expect(200).text(), "ok\n");
    // The target's host counts, and not the field's (RFC 9112 §3.2.2).
    let origin = server.url("");
    let target = format!("{origin}/viewer");
    client.send(format!(
        "POST {target} HTTP/1.1\r\nHost: elsewhere.example\r\nOrigin: {origin}\r\n\
         Content-Type: {FORM}\r\nContent-Length: 11\r\n\r\nquality=low"
    ));
    client.reply().expect(303);
    let page = client.get(&server.url("")).expect(200);
    assert_eq!(page.header("Content-Type"), Some("text/html; charset=utf-8"));
}

#[test]
fn what_a_client_has_already_is_not_sent_again() {
    let server = Server::pattern(&[]);
    let mut client = server.connect();
    for path in [&assets(&server)[..], &["/favicon.ico".to_owned()]].concat() {
        let path = path.as_str();
        let etag = client.get(path).expect(200).header("ETag").expect("an ETag").to_owned();
        let lines = format!("\"x\"\r\nIf-None-Match: {etag}");
        let known =
            [etag.clone(), format!("W/{etag}"), format!("\"x\", {etag}"), "*".to_owned(), lines];
        for known in known {
            for method in ["GET", "HEAD"] {
                let fields = [("If-None-Match", known.as_str())];
                let reply = client.request(method, path, &fields, b"").expect(304);
                assert_eq!(reply.header("ETag"), Some(etag.as_str()), "{path}");
            }
        }
        let reply = client.request("GET", path, &[("If-None-Match", "\"old\"")], b"").expect(200);
        assert!(!reply.body.is_empty());
    }
}

#[test]
fn what_a_client_wants_only_as_it_was_is_not_sent_otherwise() {
    let server = Server::pattern(&[]);
    let mut client = server.connect();
    for path in ["/favicon.ico"] {
        let etag = client.get(path).expect(200).header("ETag").expect("an ETag").to_owned();
        for same in [etag.clone(), format!("\"x\"\r\nIf-Match: {etag}"), "*".to_owned()] {
            client.request("GET", path, &[("If-Match", &same)], b"").expect(200);
        }
        for other in ["\"x\"", &format!("W/{etag}"), ""] {
            let both = [("If-Match", other), ("If-None-Match", &etag)];
            client.request("GET", path, &both, b"").expect(412);
            client.request("HEAD", path, &both, b"").expect(412);
        }
    }
    // What has no tag is never the one that is meant.
    let one = [("If-Match", "\"x\""), ("Content-Type", FORM)];
    for path in ["/state", "/snapshot", "/stream", "/healthz"] {
        client.request("GET", path, &one, b"").expect(412);
    }
    client.request("POST", "/viewer", &one, b"quality=low").expect(412);
    client.request("GET", "/state", &[("If-Match", "*")], b"").expect(200);
    client.request("GET", "/nothing", &one, b"").expect(404);
}

#[test]
fn answers_say_what_may_be_done_with_them() {
    let server = Server::pattern(&[]);
    let mut client = server.connect();
    for path in PATHS.into_iter().chain(["/nothing", "/stream?fps=x"]) {
        let reply = client.get(path);
        assert_eq!(reply.header("X-Content-Type-Options"), Some("nosniff"), "{path}");
        let caching = reply.header("Cache-Control").unwrap_or_else(|| panic!("{path}"));
        let own = reply.header("Set-Cookie").is_some();
        let expected = match path {
            "/qr.svg" | "/favicon.ico" => "no-cache",
            _ => "no-store",
        };
        assert_eq!(caching, expected, "{path}");
        assert!(!own || caching.contains("private") || caching.contains("no-store"), "{path}");
        if reply.header("Content-Type").is_some_and(|kind| kind.starts_with("text/html")) {
            let policy = reply.header("Content-Security-Policy").expect("pages have a policy");
            assert!(policy.contains("default-src 'self'"), "{path}");
        }
    }
    let form = [("Content-Type", FORM)];
    let reply = client.request("POST", "/viewer", &form, b"quality=low").expect(303);
    assert_eq!(reply.header("Cache-Control"), Some("no-store"));
    assert_eq!(client.get("/").header("Vary"), Some("Accept-Encoding, Cookie"));
}

/// What the page loads, as its addresses stand in it.
fn assets(server: &Server) -> Vec<String> {
    let page = String::from_utf8(server.get("/").expect(200).body).expect("text");
    let places = page.match_indices("\"assets/").map(|(at, _)| &page[at + 1..]);
    places.map(|rest| format!("/{}", rest.split('"').next().expect("an end"))).collect()
}

#[test]
fn what_a_page_loads_is_kept_for_good_and_sent_packed_to_who_takes_that() {
    let server = Server::pattern(&[]);
    let assets = assets(&server);
    assert_eq!(assets.len(), 2, "{assets:?}");
    let mut client = server.connect();
    for path in &assets {
        let plain = client.get(path).expect(200);
        let caching = plain.header("Cache-Control").expect("it says so");
        assert!(caching.contains("immutable") && caching.contains("public"), "{caching}");
        assert_eq!(plain.header("Vary"), Some("Accept-Encoding"));
        for refused in ["identity", "gzip;q=0", "br;q=0, *", "*"] {
            let reply = client.request("GET", path, &[("Accept-Encoding", refused)], b"");
            assert_eq!(reply.header("Content-Encoding"), None, "{path} {refused}");
            assert_eq!(reply.body, plain.body);
        }
        let mut tags = vec![plain.header("ETag").expect("a tag").to_owned()];
        let mut sizes = vec![plain.body.len()];
        for (taken, coding) in [
            ("gzip", "gzip"),
            ("gzip, br;q=0", "gzip"),
            ("gzip, br;q=0.5", "gzip"),
            ("br", "br"),
            ("gzip, deflate, br, zstd", "br"),
            ("gzip;q=0.5, BR;q=0.8", "br"),
        ] {
            let packed = client.request("GET", path, &[("Accept-Encoding", taken)], b"");
            assert_eq!(packed.header("Content-Encoding"), Some(coding), "{path} {taken}");
            assert_eq!(packed.header("Vary"), Some("Accept-Encoding"));
            assert_eq!(packed.body.starts_with(&[0x1f, 0x8b]), coding == "gzip", "{taken}");
            tags.push(packed.header("ETag").expect("a tag").to_owned());
            sizes.push(packed.body.len());
        }
        tags.dedup();
        assert_eq!(tags.len(), 3, "each coding is another representation: {tags:?}");
        sizes.dedup();
        assert!(sizes.is_sorted_by(|one, next| one > next), "each is smaller: {sizes:?}");
    }
    client.get("/assets/watch.js").expect(404);
    let page = String::from_utf8(client.get("/r/none/").body).expect("text");
    assert!(!page.contains("assets/watch"));
}

/// What `gzip` makes of packed bytes. It fails at a sum that is wrong, and at anything behind the end.
#[track_caller]
fn unpacked(packed: &[u8]) -> String {
    let scratch = Scratch::new();
    let file = format!("{}/document.gz", scratch.path());
    std::fs::write(&file, packed).expect("it can be written");
    let output = Command::new("gzip").args(["-dc", &file]).output().expect("apt-get install gzip");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// A document without what is another in each answer: its stream's name, and the state with its
/// times.
fn lasting(document: &str) -> String {
    let cut = |mark: &str, end: &str| {
        let rest = document.split_once(mark).map_or("", |(_, rest)| rest);
        rest.split(end).next().unwrap_or_default().to_owned()
    };
    let mut out = document.to_owned();
    for passing in [cut("tab=", "\""), cut("id=\"first-state\">", "</script>")] {
        if !passing.is_empty() {
            out = out.replace(&passing, "");
        }
    }
    out
}

#[test]
fn a_document_is_the_same_by_gzip_for_who_takes_that() {
    let rooms = ["--room", "one=pattern;title=\u{1f426} <b> {{x}} & more"];
    let server = Server::pattern(&rooms);
    let mut client = server.connect();
    let html = ("Accept", "text/html");
    for path in ["/", "/r/one/", "/rooms", "/connect", "/embed", "/r/none/"] {
        let plain = client.request("GET", path, &[html], b"");
        assert_eq!(plain.header("Content-Encoding"), None, "{path}");
        assert!(plain.header("Vary").is_some_and(|on| on.contains("Accept-Encoding")), "{path}");
        let refusing = client.request("GET", path, &[html, ("Accept-Encoding", "gzip;q=0")], b"");
        assert_eq!(refusing.header("Content-Encoding"), None, "{path}");
        let fields = [html, ("Accept-Encoding", "gzip, deflate, br")];
        let packed = client.request("GET", path, &fields, b"");
        assert_eq!(packed.header("Content-Encoding"), Some("gzip"), "{path}");
        assert_eq!(packed.header("Vary"), plain.header("Vary"), "{path}");
        let (text, same) = (plain.text(), unpacked(&packed.body));
        assert_eq!(lasting(&same), lasting(&text), "{path}");
        let of_hundred = packed.body.len() * 100 / text.len();
        assert!(of_hundred < 40, "{path} is {of_hundred} % of {}", text.len());
    }
}

#[test]
fn head_tells_of_a_document_what_get_would() {
    let server = Server::pattern(&[]);
    let mut client = server.connect();
    for fields in [&[("Accept-Encoding", "gzip")][..], &[]] {
        let head = client.request("HEAD", "/connect", fields, b"").expect(200);
        let whole = client.request("GET", "/connect", fields, b"").expect(200);
        for name in ["Content-Length", "Content-Encoding", "Vary", "Content-Type"] {
            assert_eq!(head.header(name), whole.header(name), "{name} with {fields:?}");
        }
    }
}

#[test]
fn a_page_may_be_framed_by_others_if_it_is_the_picture_alone() {
    let server = Server::pattern(&[]);
    let framed = |path| {
        let reply = server.get(path).expect(200);
        let policy = reply.header("Content-Security-Policy").expect("a policy").to_owned();
        policy.split("frame-ancestors ").nth(1).expect("it says").to_owned()
    };
    assert_eq!((framed("/embed").as_str(), framed("/").as_str()), ("*", "'self'"));
}

#[test]
fn pages_have_their_types_and_may_not_be_sniffed() {
    let server = Server::pattern(&[]);
    let mut client = server.connect();
    for (path, media_type) in [
        ("/", "text/html; charset=utf-8"),
        ("/connect", "text/html; charset=utf-8"),
        ("/favicon.ico", "image/svg+xml"),
        ("/qr.svg", "image/svg+xml"),
        ("/snapshot", "image/jpeg"),
        ("/healthz", "text/plain; charset=utf-8"),
    ] {
        let reply = client.get(path).expect(200);
        assert_eq!(reply.header("Content-Type"), Some(media_type), "{path}");
        assert_eq!(reply.header("X-Content-Type-Options"), Some("nosniff"), "{path}");
    }
    for path in assets(&server) {
        let media_type = match path.rsplit('.').next() {
            Some("css") => "text/css; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            _ => "image/svg+xml",
        };
        assert_eq!(client.get(&path).expect(200).header("Content-Type"), Some(media_type));
    }
}

#[test]
fn what_is_not_there_is_404_in_the_form_that_the_client_reads() {
    let server = Server::pattern(&[]);
    let not_found = |accept: &str| -> Reply {
        let fields = [("Accept", accept)];
        ask(server.address(), "GET", "/nothing", &fields, b"").expect(404)
    };
    let text = not_found("*/*");
    assert_eq!(text.header("Content-Type"), Some("text/plain; charset=utf-8"));
    assert_eq!(text.text().lines().count(), 1);
    let page = not_found("text/html,application/xhtml+xml,*/*;q=0.8");
    assert!(page.text().starts_with("<!doctype html>"), "{}", page.text());
    let json = not_found("application/json").json();
    assert!(json["error"].is_string(), "{json}");
}

#[test]
fn request_may_come_a_byte_at_a_time() {
    let server = Server::pattern(&[]);
    let mut client = server.connect();
    let head = client.head("POST", "/viewer", &[("Content-Type", FORM)], b"quality=low");
    for byte in format!("{head}quality=low").bytes() {
        client.send([byte]);
    }
    client.reply().expect(303);
    client.get("/healthz").expect(200);
}

#[test]
fn empty_lines_before_a_request_are_passed_over() {
    let server = Server::pattern(&[]);
    let mut client = server.connect();
    client.send("\r\n");
    client.get("/healthz").expect(200);
    client.send("\r\n");
    client.get("/healthz").expect(200);
}

#[test]
fn ipv6_is_spoken() {
    let server = Server::launch(Ipv6Addr::LOCALHOST.into(), 0, &["--source", "pattern"]);
    assert!(server.first_line.starts_with("listening on http://[::1]:"), "{}", server.first_line);
    assert_eq!(server.get("/healthz").expect(200).text(), "ok\n");
    let origin = server.url("");
    let fields = [("Origin", origin.as_str()), ("Content-Type", FORM)];
    ask(server.address(), "POST", "/viewer", &fields, b"quality=low").expect(303);
    Stream::open(server.address(), "/stream", &[]).next();
    server.stop();
}

#[test]
fn closing_is_announced_when_the_client_asks_for_it() {
    let server = Server::pattern(&[]);
    for value in ["close", "Close", "x, close"] {
        let mut client = Client::connect(server.address());
        let reply = client.request("GET", "/healthz", &[("Connection", value)], b"").expect(200);
        assert_eq!(reply.header("Connection"), Some("close"));
        client.expect_end();
    }
}

#[test]
fn the_page_counts_who_opens_it_in_its_words_and_in_its_state() {
    let server = Server::pattern(&[]);
    let page = server.get("/").expect(200).text();
    assert!(page.contains("id=\"watching-count\">1<"), "{page}");
    let (_, state) = page.split_once("id=\"first-state\">").expect("its state");
    let (state, _) = state.split_once("</script>").expect("its end");
    let state: serde_json::Value = serde_json::from_str(state).expect("JSON");
    assert_eq!(state["viewers"]["watching"], 1);
    assert_eq!(server.watching(), 0, "who only loads it is no viewer yet");
}
