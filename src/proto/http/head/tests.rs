//! What [`parse_head`] takes, and what it must not.

use super::*;

const CHROMIUM: &[u8] = include_bytes!("../../../../tests/data/http/chromium-page.http");
const CHROMIUM_POST: &[u8] = include_bytes!("../../../../tests/data/http/chromium-post-form.http");
const FIREFOX: &[u8] = include_bytes!("../../../../tests/data/http/firefox-stream.http");
const CURL: &[u8] = include_bytes!("../../../../tests/data/http/curl-stream.http");
const CURL_POST: &[u8] = include_bytes!("../../../../tests/data/http/curl-post-form.http");
const CURL_CHUNKED: &[u8] = include_bytes!("../../../../tests/data/http/curl-post-chunked.http");
const FFMPEG: &[u8] = include_bytes!("../../../../tests/data/http/ffmpeg-stream.http");
const VLC: &[u8] = include_bytes!("../../../../tests/data/http/vlc-stream.http");
const WGET: &[u8] = include_bytes!("../../../../tests/data/http/wget-snapshot.http");

fn head(input: &[u8]) -> Head {
    parse_head(input).unwrap().unwrap().0
}

/// A GET whose fields are `fields`, each with its CRLF.
fn get(fields: &str) -> Result<Head, Invalid> {
    let whole = format!("GET / HTTP/1.1\r\n{fields}\r\n");
    parse_head(whole.as_bytes()).map(|found| found.unwrap().0)
}

fn host(head: &Head) -> String {
    head.authority().map_or("none".to_owned(), Authority::to_string)
}

/// The rule and status that refuse a whole head.
fn refused(input: &str) -> (&'static str, u16) {
    let invalid = parse_head(input.as_bytes()).unwrap_err();
    (invalid.rule, invalid.status.code())
}

fn refused_field(fields: &str) -> (&'static str, u16) {
    refused(&format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n"))
}

fn refused_line(line: &str) -> (&'static str, u16) {
    refused(&format!("{line}\r\nHost: a\r\n\r\n"))
}

#[test]
fn heads_of_browsers_and_players_are_read() {
    let page = head(CHROMIUM);
    assert_eq!((page.method.as_str(), page.target.path.as_str()), ("GET", "/"));
    assert_eq!(page.target.query.as_deref(), Some("quality=high"));
    assert!(page.accepts_html() && !page.accepts_json() && page.keep_alive());
    assert_eq!(host(&page), "127.0.0.1:8081");

    let post = head(CHROMIUM_POST);
    assert_eq!((post.method.clone(), post.body()), (Method::Post, BodyLength::Known(20)));
    assert_eq!(post.header("ORIGIN"), Some("http://192.168.1.20:8081"));

    let stream = head(FIREFOX);
    let pair = ("advance_headers".to_owned(), "1".to_owned());
    assert_eq!(stream.target.query_pairs(), Ok(vec![pair]));

    assert!(head(CURL_POST).accepts_json());
    assert!(!head(CURL).accepts_json());
    assert_eq!(head(CURL_CHUNKED).body(), BodyLength::Chunked);
    assert!(!head(FFMPEG).keep_alive());
    assert!(head(WGET).keep_alive());
    assert_eq!(head(VLC).target.query.as_deref(), Some("action=stream"));
}

#[test]
fn head_parses_at_every_split() {
    for whole in [CHROMIUM, CHROMIUM_POST, FIREFOX, CURL, CURL_CHUNKED, FFMPEG, VLC, WGET] {
        let (parsed, length) = parse_head(whole).unwrap().unwrap();
        for cut in 0..length {
            assert_eq!(parse_head(&whole[..cut]), Ok(None), "cut at {cut}");
        }
        assert_eq!(parse_head(&whole[..length]), Ok(Some((parsed, length))));
    }
}

#[test]
fn fields_come_back_as_they_were_written() {
    let (head, length) = parse_head(FIREFOX).unwrap().unwrap();
    let mut again = b"GET /stream?advance_headers=1 HTTP/1.1\r\n".to_vec();
    for (name, value) in head.headers.iter() {
        again.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    again.extend_from_slice(b"\r\n");
    assert_eq!(again, &FIREFOX[..length]);
}

#[test]
fn two_empty_lines_in_front_are_passed_over_and_no_more() {
    let whole = "\r\n\r\nGET / HTTP/1.0\r\n\r\n";
    assert_eq!(parse_head(whole.as_bytes()).unwrap().unwrap().1, whole.len());
    assert_eq!(refused(&format!("\r\n{whole}")), ("request-line", 400));
}

#[test]
fn head_may_be_as_large_as_the_limit_and_not_larger() {
    let start = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
    let pad = "x".repeat(MAX_HEAD_BYTES - start.len() - 4);
    let whole = format!("{start}{pad}\r\n\r\nbody");
    assert_eq!(parse_head(whole.as_bytes()).unwrap().unwrap().1, MAX_HEAD_BYTES);
    assert_eq!(refused(&format!("{start}x{pad}\r\n\r\n")), ("head too long", 431));
    let line = format!("GET /{}", "x".repeat(MAX_HEAD_BYTES));
    assert_eq!(refused(&line), ("request-line too long", 414));
}

#[test]
fn a_hundred_fields_are_enough() {
    let fields = "X: y\r\n".repeat(MAX_HEADERS - 1);
    assert_eq!(get(&format!("Host: a\r\n{fields}")).unwrap().headers.len(), MAX_HEADERS);
    assert_eq!(refused_field(&format!("{fields}X: y")), ("too many headers", 431));
}

#[test]
fn request_line_is_three_words_with_one_space_between() {
    for line in ["GET  / HTTP/1.1", "GET / HTTP/1.1 ", " GET / HTTP/1.1", "GET /", "GET", ""] {
        assert_eq!(refused_line(line).1, 400, "{line:?}");
    }
    assert_eq!(refused_line("GE(T / HTTP/1.1"), ("method", 400));
    assert_eq!(head(b"PURGE / HTTP/1.0\r\n\r\n").method, Method::Other("PURGE".to_owned()));
    assert_eq!(head(b"get / HTTP/1.0\r\n\r\n").method, Method::Other("get".to_owned()));
}

#[test]
fn only_http_1_is_spoken() {
    assert_eq!(refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), ("HTTP-version", 505));
    assert_eq!(refused_line("GET / HTTP/0.9"), ("HTTP-version", 505));
    assert_eq!(refused_line("GET / http/1.1"), ("HTTP-version", 400));
    assert_eq!(refused_line("OPTIONS /live RTSP/1.0"), ("HTTP-version", 400));
    assert_eq!(head(b"GET / HTTP/1.7\r\nHost: a\r\n\r\n").version, Version::Http11);
}

#[test]
fn a_tls_hello_is_refused_at_its_first_byte() {
    let invalid = parse_head(b"\x16\x03\x01\x02\x00\x01").unwrap_err();
    assert_eq!((invalid.rule, invalid.offset), ("control character", 0));
}

#[test]
fn targets_are_decoded_once() {
    let target = |line: &str| head(format!("{line} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes()).target;
    assert_eq!(target("GET /caf%C3%A9+%2541?x=%20").path, "/café+%41");
    assert_eq!(target("GET /a?b?c").query.as_deref(), Some("b?c"));
    assert_eq!(target("OPTIONS *").path, "*");
    for line in ["GET *", "GET a", "GET /a#b", "GET /\u{e9}", "GET /%00", "GET /%ff", "GET /%4"] {
        assert_eq!(refused_line(&format!("{line} HTTP/1.1")).1, 400, "{line}");
    }
    let invalid = parse_head(b"GET /ab%zz HTTP/1.1\r\n").unwrap_err();
    assert_eq!(invalid.offset, 7);
}

#[test]
fn an_absolute_target_overrides_the_host() {
    let absolute = head(b"GET HTTP://b:80?x=1 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!((absolute.target.path.as_str(), host(&absolute).as_str()), ("/", "b:80"));
    assert_eq!(absolute.target.query.as_deref(), Some("x=1"));
    assert_eq!(refused_line("GET http:/// HTTP/1.1"), ("request-target", 400));
    assert_eq!(refused_line("GET http://u@b/ HTTP/1.1"), ("request-target", 400));
    assert_eq!(refused_line("GET ftp://b/ HTTP/1.1"), ("request-target", 400));
}

#[test]
fn connect_names_an_authority_and_nothing_else() {
    let connect = head(b"CONNECT b:443 HTTP/1.1\r\nHost: b:443\r\n\r\n");
    assert_eq!((connect.method.clone(), connect.target.path.as_str()), (Method::Connect, ""));
    assert_eq!(host(&connect), "b:443");
    for target in ["b", "b:", "/", "*", "http://b:443", "b:443/", "u@b:443"] {
        let line = format!("CONNECT {target} HTTP/1.1");
        assert_eq!(refused_line(&line), ("request-target", 400), "{target}");
    }
    assert_eq!(refused_line("GET b:443 HTTP/1.1"), ("request-target", 400));
}

#[test]
fn the_host_is_one_and_well_formed() {
    assert_eq!(refused("GET / HTTP/1.1\r\nX: y\r\n\r\n"), ("Host: missing", 400));
    assert_eq!(refused_field("host: a"), ("Host: repeated", 400));
    for host in ["", "a b", "a/b", "a:b", "a:1:2", "a:99999", "u@a", "[::1", "[1]", "<b>"] {
        let fields = format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        assert_eq!(refused(&fields), ("Host", 400), "{host}");
    }
    for name in ["printer.local", "10.0.0.1:8081", "[fe80::1]:8081"] {
        assert_eq!(host(&get(&format!("Host: {name}\r\n")).unwrap()), name);
    }
    // What no resolver knows is whole all the same; it is for the server to refuse.
    for name in ["a,b", "a%41", "[v1.x]"] {
        assert_eq!(host(&get(&format!("Host: {name}\r\n")).unwrap()), "?", "{name}");
    }
    assert_eq!(head(b"GET / HTTP/1.0\r\n\r\n").authority(), None);
}

#[test]
fn doubt_about_the_length_is_refused() {
    let both = "Content-Length: 3\r\nTransfer-Encoding: chunked";
    assert_eq!(refused_field(both), ("Content-Length with Transfer-Encoding", 400));
    let both = "Transfer-Encoding: chunked\r\nContent-Length: 3";
    assert_eq!(refused_field(both), ("Content-Length with Transfer-Encoding", 400));
    let twice = "Content-Length: 3\r\nContent-Length: 3";
    assert_eq!(refused_field(twice), ("Content-Length: repeated", 400));
    for length in ["", "+5", "-1", "5, 5", "0x5", "5 5", "18446744073709551616"] {
        let field = format!("Content-Length: {length}");
        assert_eq!(refused_field(&field), ("Content-Length", 400), "{length}");
    }
    let last = "Transfer-Encoding: not chunked at last";
    for (codings, refusal) in [
        ("gzip", (last, 400)),
        ("identity", (last, 400)),
        ("chunked, gzip", (last, 400)),
        ("chunked;a=b", (last, 400)),
        ("", (last, 400)),
        (",", (last, 400)),
        ("chunked, chunked", ("Transfer-Encoding: chunked twice", 400)),
        ("chunked, gzip, Chunked", ("Transfer-Encoding: chunked twice", 400)),
        ("gzip, chunked", ("Transfer-Encoding", 501)),
        ("identity,chunked", ("Transfer-Encoding", 501)),
    ] {
        let field = format!("Transfer-Encoding: {codings}");
        assert_eq!(refused_field(&field), refusal, "{codings}");
        let lines = field.replace(',', "\r\nX: y\r\nTransfer-Encoding: ");
        assert_eq!(refused_field(&lines), refusal, "{codings} in lines of their own");
    }
    let old = "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(refused(old), ("Transfer-Encoding in HTTP/1.0", 400));
    assert_eq!(
        get("Host: a\r\nTransfer-Encoding: Chunked\r\n").unwrap().body(),
        BodyLength::Chunked
    );
    assert_eq!(get("Host: a\r\nContent-Length: 0\r\n").unwrap().body(), BodyLength::Known(0));
}

#[test]
fn lines_that_readers_differ_about_are_refused() {
    assert_eq!(refused("GET / HTTP/1.1\nHost: a\n\n"), ("CRLF: bare LF", 400));
    assert_eq!(refused_field("X: a\rb"), ("CRLF: bare CR", 400));
    assert_eq!(refused_field("X: a\0b"), ("control character", 400));
    assert_eq!(refused_field("X: a\x7f"), ("control character", 400));
    assert_eq!(refused_field("X : a"), ("field-name", 400));
    assert_eq!(refused_field("X: a\r\n b"), ("obs-fold", 400));
    assert_eq!(refused("GET / HTTP/1.1\r\n Host: a\r\n\r\n"), ("obs-fold", 400));
    assert_eq!(refused_field("X"), ("field-line: no colon", 400));
}

#[test]
fn connection_decides_whether_more_may_follow() {
    let keeps = |version: &str, value: &str| {
        let whole = format!("GET / HTTP/{version}\r\nHost: a\r\nConnection: {value}\r\n\r\n");
        head(whole.as_bytes()).keep_alive()
    };
    assert!(keeps("1.1", "upgrade"));
    assert!(!keeps("1.1", "Upgrade, Close"));
    assert!(!keeps("1.0", "upgrade"));
    assert!(keeps("1.0", "Keep-Alive"));
}

#[test]
fn an_expectation_is_known_or_refused() {
    let waits = |fields: &str| get(&format!("Host: a\r\n{fields}")).unwrap().expects_continue();
    assert!(waits("Expect: 100-Continue\r\nContent-Length: 5\r\n"));
    assert!(!waits("Expect: 100-continue\r\n"));
    assert!(!waits("Content-Length: 5\r\n"));
    assert_eq!(refused_field("Expect: a-miracle"), ("Expect", 417));
    let old = b"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    assert!(!head(old).expects_continue());
}

#[test]
fn json_must_be_asked_for_by_name() {
    let json =
        |accept: &str| get(&format!("Host: a\r\nAccept: {accept}\r\n")).unwrap().accepts_json();
    assert!(json("application/json"));
    assert!(json("text/html;q=0.5, Application/JSON;charset=utf-8;q=0.1"));
    assert!(!json("*/*"));
    assert!(!json("application/json;q=0"));
    assert!(!json("application/json; q=0.000"));
    assert!(!json("application/jsonp"));
}
