//! What [`parse_request`] takes, and what it must not.

use super::*;
use crate::proto::rtsp::{
    Chosen, Front, MAX_BODY_BYTES, MAX_HEADERS, NptStart, Range, Transport, front, parse_scale,
    parse_sdp,
};

const FFMPEG_UDP: &[u8] = include_bytes!("../../../../tests/data/rtsp/ffmpeg-udp.rtsp");
const FFMPEG_TCP: &[u8] = include_bytes!("../../../../tests/data/rtsp/ffmpeg-tcp.rtsp");
const FFMPEG_ANNOUNCE: &[u8] = include_bytes!("../../../../tests/data/rtsp/ffmpeg-announce.rtsp");
const GSTREAMER_UDP: &[u8] = include_bytes!("../../../../tests/data/rtsp/gstreamer-udp.rtsp");
const GSTREAMER_TCP: &[u8] = include_bytes!("../../../../tests/data/rtsp/gstreamer-tcp.rtsp");
const VLC: &[u8] = include_bytes!("../../../../tests/data/rtsp/vlc.rtsp");
const OPENRTSP: &[u8] = include_bytes!("../../../../tests/data/rtsp/openrtsp.rtsp");

/// Every request of a connection, each seen to be none before its last byte.
fn requests(mut input: &[u8]) -> Vec<Request> {
    let mut found = Vec::new();
    while let Some(piece) = front(input) {
        let length = match piece {
            Front::Frame { length, .. } | Front::Nothing { length } => length,
            Front::Request => {
                let (request, length) = parse_request(input).unwrap().unwrap();
                for cut in 0..length {
                    assert_eq!(parse_request(&input[..cut]), Ok(None), "cut at {cut}");
                }
                found.push(request);
                length
            }
            Front::Reply => panic!("no reply was sent"),
        };
        input = &input[length..];
    }
    assert_eq!(input, b"");
    found
}

fn chosen(request: &Request) -> Option<Chosen> {
    let list = Transport::parse_list(request.headers.get("Transport").unwrap()).unwrap();
    Transport::choose(&list).map(|(_, chosen)| chosen)
}

fn request(input: &str) -> Request {
    parse_request(input.as_bytes()).unwrap().unwrap().0
}

/// The rule, status and number that refuse a request.
fn refused(input: &str) -> (&'static str, u16, Option<u32>) {
    let refused = parse_request(input.as_bytes()).unwrap_err();
    (refused.invalid.rule, refused.status.code(), refused.cseq)
}

/// A request whose fields are `fields`, each without its line end.
fn fields(fields: &str) -> String {
    format!("OPTIONS * RTSP/1.0\r\nCSeq: 7\r\n{fields}\r\n\r\n")
}

#[test]
fn requests_of_players_are_read_at_every_split() {
    let channels = Some((0, 1));
    for (whole, path, transport) in [
        (FFMPEG_UDP, "/live", Chosen::Udp { client_port: (14380, 14381) }),
        (FFMPEG_TCP, "/movie.mjpeg", Chosen::Interleaved { channels }),
        (GSTREAMER_UDP, "/live", Chosen::Udp { client_port: (44222, 44223) }),
        (GSTREAMER_TCP, "/live", Chosen::Interleaved { channels }),
        (VLC, "/live", Chosen::Udp { client_port: (64312, 64313) }),
        (OPENRTSP, "/movie.Mjpeg", Chosen::Interleaved { channels }),
    ] {
        let all = requests(whole);
        let [options, describe, setup, play, ..] = &all[..] else { panic!() };
        assert_eq!((&options.method, &describe.method), (&Method::Options, &Method::Describe));
        assert!(describe.headers.lists("Accept", "application/sdp"));
        assert_eq!(chosen(setup), Some(transport));
        assert_eq!((&setup.method, &play.method), (&Method::Setup, &Method::Play));
        assert_eq!(play.session().unwrap().unwrap().id, "12345678");
        for (request, is_setup) in [(describe, false), (setup, true), (play, false)] {
            let (target, is_track) = request.uri.without_track("track1");
            assert_eq!((target.path.as_str(), is_track), (path, is_setup));
        }
    }
}

#[test]
fn what_players_ask_to_play_is_understood() {
    let play = &requests(OPENRTSP)[3];
    let Ok(Range::Npt(range)) = Range::parse(play.headers.get("Range").unwrap()) else { panic!() };
    assert_eq!(range.start, NptStart::At(std::time::Duration::from_millis(12_500)));
    assert_eq!(parse_scale(play.headers.get("Scale").unwrap()), Ok(2.0));
    assert_eq!(requests(VLC)[4].method, Method::GetParameter);
    let setup = &requests(FFMPEG_UDP)[2];
    let target = setup.uri.without_track("track1").0;
    assert_eq!(target.query.as_deref(), Some("quality=50"));
}

#[test]
fn a_publishers_description_and_frames_are_told_apart() {
    let all = requests(FFMPEG_ANNOUNCE);
    assert_eq!(all[1].method, Method::Announce);
    assert!(parse_sdp(&all[1].body).unwrap().jpeg().is_some());
    assert_eq!(chosen(&all[2]), None);
    assert_eq!(all.last().unwrap().method, Method::Teardown);
}

#[test]
fn requests_come_back_as_they_were_written() {
    let uri = || Uri::parse("rtsp://[::1]:8554/my%20clip?quality=50").unwrap();
    let mut out = Vec::new();
    Request::new(Method::SetParameter, uri(), 9)
        .header("Session", Session::new("12345678"))
        .body("text/parameters", b"quality: 50\r\n".to_vec())
        .write(&mut out);
    let expected = "SET_PARAMETER rtsp://[::1]:8554/my%20clip?quality=50 RTSP/1.0\r\nCSeq: 9\r\n\
        Session: 12345678\r\nContent-Type: text/parameters\r\nContent-Length: 13\r\n\r\n\
        quality: 50\r\n";
    assert_eq!(String::from_utf8_lossy(&out), expected);
    let again = request(expected);
    assert_eq!((again.method, again.uri, again.cseq), (Method::SetParameter, uri(), 9));
    assert_eq!(again.body, b"quality: 50\r\n");
}

#[test]
fn lines_may_end_with_a_lone_lf_and_go_on_in_the_next() {
    let whole = "\n\r\nPLAY /live RTSP/1.0\nCSeq: 3\nRange: npt=0\n -5\n\nmore";
    let (request, length) = parse_request(whole.as_bytes()).unwrap().unwrap();
    assert_eq!((request.cseq, length), (3, whole.len() - 4));
    assert_eq!(request.headers.get("Range"), Some("npt=0 -5"));
    assert_eq!(refused(&fields("X: a\rb")), ("control character", 400, Some(7)));
}

#[test]
fn a_refusal_carries_the_number_that_the_reply_needs() {
    assert_eq!(refused("PLAY * RTSP/2.0\r\nCSeq: 4\r\n\r\n"), ("RTSP-Version", 505, Some(4)));
    assert_eq!(refused("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), ("RTSP-Version", 400, None));
    assert_eq!(refused("PLAY live RTSP/1.0\r\ncseq:4\r\n\r\n"), ("Request-URI", 400, Some(4)));
    assert_eq!(refused("PLAY *\r\nCSeq: 4\r\n\r\n"), ("Request-Line", 400, Some(4)));
    assert_eq!(refused("PL(Y * RTSP/1.0\r\nCSeq: 4\r\n\r\n"), ("Method", 400, Some(4)));
    assert_eq!(refused("PLAY  RTSP/1.0\r\nCSeq: 4\r\n\r\n"), ("Request-URI", 400, Some(4)));
    for cseq in ["", "CSeq:\r\n", "CSeq: -1\r\n", "CSeq: 4294967296\r\n"] {
        assert_eq!(refused(&format!("PLAY * RTSP/1.0\r\n{cseq}\r\n")), ("CSeq", 400, None));
    }
    assert_eq!(refused(&fields("no colon")), ("field-line: no colon", 400, Some(7)));
    let unknown = request("SWITCH * RTSP/1.0\r\nCSeq: 0\r\n\r\n");
    assert_eq!((unknown.method, unknown.cseq), (Method::Other("SWITCH".to_owned()), 0));
    let invalid = parse_request(b"PLAY /%zz RTSP/1.0\r\nCSeq: 1\r\n\r\n").unwrap_err().invalid;
    assert_eq!(invalid, Invalid::new(6, "percent-encoding"));
}

#[test]
fn what_is_no_rtsp_is_refused_at_its_first_byte() {
    assert_eq!(refused("\u{16}\u{3}\u{1}"), ("control character", 400, None));
    assert_eq!(parse_request(b"\r\n\r\n"), Ok(None));
}

#[test]
fn a_request_may_be_as_large_as_the_limits_and_not_larger() {
    let start = "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nX: ";
    let pad = "x".repeat(MAX_HEAD_BYTES - start.len() - 4);
    let whole = format!("{start}{pad}\r\n\r\nmore");
    assert_eq!(parse_request(whole.as_bytes()).unwrap().unwrap().1, MAX_HEAD_BYTES);
    assert_eq!(refused(&format!("{start}x{pad}\r\n\r\n")), ("head too long", 413, None));
    let line = format!("PLAY /{}", "x".repeat(MAX_HEAD_BYTES));
    assert_eq!(refused(&line), ("Request-Line: too long", 414, None));
    let many = vec!["X: y"; MAX_HEADERS - 1].join("\r\n");
    assert_eq!(request(&fields(&many)).headers.len(), MAX_HEADERS);
    let many = fields(&format!("{many}\r\nX: y"));
    assert_eq!(refused(&many), ("too many headers", 413, Some(7)));
}

#[test]
fn a_body_is_as_long_as_it_says_and_not_longer_than_the_limit() {
    let length = |value: &str| fields(&format!("Content-Length: {value}"));
    let mut whole = length(&MAX_BODY_BYTES.to_string()).into_bytes();
    whole.resize(whole.len() + MAX_BODY_BYTES - 1, b'x');
    assert_eq!(parse_request(&whole), Ok(None));
    whole.push(b'x');
    let (request, taken) = parse_request(&whole).unwrap().unwrap();
    assert_eq!((request.body.len(), taken), (MAX_BODY_BYTES, whole.len()));
    for long in ["65537", "18446744073709551615"] {
        assert_eq!(refused(&length(long)), ("Content-Length: too large", 413, Some(7)));
    }
    for odd in ["", "-1", "+1", "1, 1", "18446744073709551616"] {
        assert_eq!(refused(&length(odd)), ("Content-Length", 400, Some(7)));
    }
    let twice = length("1\r\nContent-Length: 2");
    assert_eq!(refused(&twice), ("Content-Length: repeated", 400, Some(7)));
}
