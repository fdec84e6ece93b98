//! Each method's answer, and each refusal where the RFC has it.

use super::Stage;
use crate::common::rtsp::{Answer, Rtsp};

const TCP: (&str, &str) = ("Transport", "RTP/AVP/TCP;unicast;interleaved=0-1");
const METHODS: &str =
    "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER, SET_PARAMETER";

#[test]
fn options_names_the_methods() {
    let stage = Stage::new();
    let mut client = stage.connect();
    for about in ["*", "/", "/live", "/bars.avi"] {
        let answer = client.ask("OPTIONS", about, &[]).expect(200);
        assert_eq!(answer.header("Public"), Some(METHODS), "{about}");
    }
}

#[test]
fn description_of_a_clip_has_its_length_rate_and_size() {
    let stage = Stage::new();
    let mut client = stage.connect();
    let answer = client.ask("DESCRIBE", "/bars.avi", &[("Accept", "application/sdp")]).expect(200);
    assert_eq!(answer.header("Content-Type"), Some("application/sdp"));
    assert_eq!(
        answer.header("Content-Base"),
        Some(format!("{}/", stage.url("/bars.avi")).as_str())
    );
    let lines: Vec<&str> = answer.body.split_terminator("\r\n").collect();
    assert_eq!(lines[0], "v=0");
    assert!(lines[1].starts_with("o=- ") && lines[1].ends_with(" IN IP4 0.0.0.0"), "{lines:?}");
    let rest = [
        "s=bars.avi",
        "c=IN IP4 0.0.0.0",
        "t=0 0",
        "a=control:*",
        "a=range:npt=0-3.2",
        "m=video 0 RTP/AVP 26",
        "a=rtpmap:26 JPEG/90000",
        &format!("a=control:{}", stage.url("/bars.avi/track1")),
        "a=framerate:25.000",
        "a=framesize:26 160-120",
    ];
    assert_eq!(lines[2..], rest);
}

#[test]
fn description_of_the_live_source_has_no_end() {
    let stage = Stage::new();
    let mut client = stage.connect();
    for path in ["/", "/live", "/live/"] {
        let answer = client.ask("DESCRIBE", path, &[]).expect(200);
        assert!(answer.header("Content-Base").expect("a base").ends_with('/'), "{path}");
        assert!(answer.body.contains("\r\na=range:npt=now-\r\n"), "{}", answer.body);
        assert!(answer.body.contains("\r\nm=video 0 RTP/AVP 26\r\n"), "{}", answer.body);
    }
}

#[test]
fn session_goes_through_its_states() {
    let stage = Stage::new();
    let mut client = stage.connect();
    let (session, answer) = client.setup("/bars.avi/track1", TCP.1);
    assert_eq!(answer.parameter("Transport", "interleaved"), "0-1");
    assert_eq!(answer.parameter("Transport", "ssrc").len(), 8);
    assert!(session.len() >= 8, "one that nobody guesses: {session}");
    let named = format!("{session};timeout=60");
    client.ask_in(&session, "PAUSE", "/bars.avi", &[]).expect(455);
    let play = client.ask_in(&session, "PLAY", "/bars.avi/", &[]).expect(200);
    assert_eq!(play.header("Session"), Some(named.as_str()));
    assert_eq!(play.header("Range"), Some("npt=0-3.2"));
    assert_eq!(play.parameter("RTP-Info", "url"), stage.url("/bars.avi/track1"));
    // Playing goes on when it is asked for again.
    client.ask_in(&session, "PLAY", "/bars.avi", &[]).expect(200);
    client.ask_in(&session, "SETUP", "/bars.avi/track1", &[TCP]).expect(455);
    let pause = client.ask_in(&session, "PAUSE", "/bars.avi", &[]).expect(200);
    assert_eq!(pause.header("Session"), Some(named.as_str()));
    client.ask_in(&session, "PAUSE", "/bars.avi", &[]).expect(455);
    client.ask_in(&session, "TEARDOWN", "/bars.avi", &[]).expect(200);
    for method in ["PLAY", "PAUSE", "TEARDOWN", "GET_PARAMETER"] {
        client.ask_in(&session, method, "/bars.avi", &[]).expect(454);
    }
}

#[test]
fn without_a_session_nothing_plays() {
    let stage = Stage::new();
    let mut client = stage.connect();
    for method in ["PLAY", "PAUSE", "TEARDOWN"] {
        client.ask(method, "/live", &[]).expect(454);
        client.ask_in("0123456789abcdef", method, "/live", &[]).expect(454);
        client.ask_in("no such thing", method, "/live", &[]).expect(454);
    }
}

#[test]
fn second_setup_stays_in_its_session() {
    let stage = Stage::new();
    let mut client = stage.connect();
    let session = client.setup_tcp("/bars.avi/track1");
    let again = client.ask_in(&session, "SETUP", "/bars.avi/track1", &[TCP]).expect(200);
    assert_eq!(again.header("Session"), Some(format!("{session};timeout=60").as_str()));
    client.ask_in(&session, "PLAY", "/bars.avi", &[]).expect(200);
    client.ask_in(&session, "TEARDOWN", "/bars.avi", &[]).expect(200);
}

#[test]
fn another_picture_in_the_same_session_is_refused() {
    let stage = Stage::new();
    let mut client = stage.connect();
    let session = client.setup_tcp("/bars.avi/track1");
    for other in ["/short.avi/track1", "/live"] {
        client.ask_in(&session, "SETUP", other, &[TCP]).expect(459);
    }
    client.ask_in("unknown", "SETUP", "/bars.avi/track1", &[TCP]).expect(454);
    client.ask_in(&session, "PLAY", "/bars.avi", &[]).expect(200);
}

#[test]
fn what_cannot_be_served_is_refused_with_its_own_status() {
    let stage = Stage::new();
    stage.scratch.write("notes.txt", b"no clip at all");
    let mut client = stage.connect();
    let session = client.setup_tcp("/bars.avi");
    let refused = [
        (404, "DESCRIBE", "/missing.avi", None),
        (404, "SETUP", "/missing.avi/track1", Some(TCP)),
        (404, "DESCRIBE", "/bars.avi/track2", None),
        (415, "DESCRIBE", "/notes.txt", None),
        (406, "DESCRIBE", "/live", Some(("Accept", "text/html"))),
        (400, "SETUP", "/live", None),
        (400, "SETUP", "/live", Some(("Transport", "RTP/AVP;unicast;client_port=abc"))),
        (400, "SETUP", "/live?quality=none", Some(TCP)),
        (400, "PLAY", "/bars.avi", Some(("Scale", "fast"))),
        (457, "PLAY", "/bars.avi", Some(("Range", "npt=99-"))),
        (457, "PLAY", "/bars.avi", Some(("Range", "npt=2-1"))),
        (457, "PLAY", "/bars.avi", Some(("Range", "smpte=0:00:00-"))),
    ];
    for (status, method, path, field) in refused {
        let named = ("Session", session.as_str());
        let in_session = (method == "PLAY").then_some(named);
        let fields: Vec<_> = field.into_iter().chain(in_session).collect();
        let answer = client.ask(method, path, &fields);
        assert_eq!(answer.status, status, "{method} {path} {field:?}");
    }
    for method in ["ANNOUNCE", "RECORD", "REDIRECT"] {
        let answer = client.ask(method, "/live", &[]).expect(405);
        assert_eq!(answer.header("Allow"), Some(METHODS));
    }
    client.ask("FLY", "/live", &[]).expect(501);
    for name in ["Require", "Proxy-Require"] {
        let answer = client.ask("OPTIONS", "/live", &[(name, "implicit-play")]).expect(551);
        assert_eq!(answer.header("Unsupported"), Some("implicit-play"));
    }
    // The connection and its session bore all that.
    client.ask_in(&session, "PLAY", "/bars.avi", &[]).expect(200);
}

#[test]
fn what_is_no_request_is_refused_and_ends_the_connection() {
    let stage = Stage::new();
    let refused = [
        ("DESCRIBE rtsp://x/live RTSP/2.0\r\nCSeq: 7\r\n\r\n", 505, Some("7")),
        ("DESCRIBE rtsp://x/live RTSP/1.0\r\nAccept: */*\r\n\r\n", 400, None),
        ("DESCRIBE rtsp://x/live HTTP/1.0\r\nCSeq: 7\r\n\r\n", 400, Some("7")),
        ("DESCRIBE http://x/live RTSP/1.0\r\nCSeq: 7\r\n\r\n", 400, Some("7")),
        ("GARBAGE\r\n\r\n", 400, None),
        ("OPTIONS * RTSP/1.0\r\nCSeq: 7\r\nContent-Length: x\r\n\r\n", 400, Some("7")),
    ];
    for (request, status, cseq) in refused {
        let mut client = stage.connect();
        client.send(request);
        let answer = client.answer();
        assert_eq!((answer.status, answer.header("CSeq")), (status, cseq), "{request:?}");
        client.expect_end();
    }
}

#[test]
fn parameters_are_the_names_of_the_clips_and_nothing_else() {
    let stage = Stage::new();
    stage.scratch.write("a b,c.avi", &stage.pictures[0]);
    let mut client = stage.connect();
    client.ask("GET_PARAMETER", "/live", &[]).expect(200);
    let answer = client.ask_with("GET_PARAMETER", "*", &[], "clips\r\n").expect(200);
    assert_eq!(answer.header("Content-Type"), Some("text/parameters"));
    assert_eq!(answer.body, "clips: a%20b%2Cc.avi, bars.avi, short.avi\r\n");
    let answer = client.ask_with("GET_PARAMETER", "*", &[], "packets_sent\r\n").expect(451);
    assert_eq!(answer.body, "packets_sent\r\n");
    client.ask("SET_PARAMETER", "/live", &[]).expect(200);
    client.ask_with("SET_PARAMETER", "/live", &[], "volume: 3\r\n").expect(451);
    // As it is listed, it can be asked for.
    client.ask("DESCRIBE", "/a%20b%2Cc.avi", &[]).expect(200);
}

#[test]
fn request_is_answered_alike_wherever_it_is_cut() {
    let stage = Stage::new();
    let request = "DESCRIBE rtsp://x/bars.avi RTSP/1.0\r\nCSeq: 12\r\nAccept: application/sdp\r\n\
        User-Agent: a player\r\n\r\n";
    let mut client = stage.connect();
    client.send(request);
    // Each description has a number of its own in `o=`.
    let plain = |answer: Answer| {
        let body = answer.body.lines().filter(|line| !line.starts_with("o="));
        (answer.status, body.collect::<Vec<_>>().join("\n"))
    };
    let whole = plain(client.answer());
    assert_eq!(whole.0, 200);
    for cut in 1..request.len() {
        let (first, second) = request.split_at(cut);
        client.send(first);
        client.send(second);
        assert_eq!(plain(client.answer()), whole, "cut at {cut}");
    }
}

#[test]
fn requests_that_come_together_are_answered_one_by_one() {
    let stage = Stage::new();
    let mut client = stage.connect();
    let many: String = (1..=50)
        .map(|number| format!("OPTIONS * RTSP/1.0\r\nCSeq: {number}\r\n\r\n\r\n"))
        .collect();
    client.send(many);
    for number in 1..=50 {
        let answer: Answer = client.answer().expect(200);
        assert_eq!(answer.header("CSeq"), Some(number.to_string().as_str()));
    }
}

#[test]
fn udp_session_lives_on_without_its_connection() {
    let stage = Stage::new();
    let mut first = stage.connect();
    let (session, mut udp) = first.setup_udp("/bars.avi/track1");
    drop(first);
    let mut second = stage.connect();
    second.ask_in(&session, "PLAY", "/bars.avi", &[]).expect(200);
    crate::common::rtsp::picture(&mut udp);
    second.ask_in(&session, "TEARDOWN", "/bars.avi", &[]).expect(200);
}

#[test]
fn interleaved_session_ends_with_its_connection() {
    let stage = Stage::new();
    let mut first = stage.connect();
    let session = first.setup_tcp("/live");
    first.ask_in(&session, "PLAY", "/live", &[]).expect(200);
    drop(first);
    let mut second = stage.connect();
    let gone =
        |second: &mut Rtsp| second.ask_in(&session, "GET_PARAMETER", "/live", &[]).status == 454;
    crate::common::eventually_true("it is gone", crate::common::LONG, || gone(&mut second));
    crate::common::eventually_true("nobody watches", crate::common::LONG, || {
        stage.server.watching() == 0
    });
}
