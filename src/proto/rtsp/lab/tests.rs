//! The dialect byte by byte, with the variants that public clients send.

use super::*;

const PYTHON: &[u8] = include_bytes!("../../../../tests/data/rtsp/lab-python.rtsp");
const JAVA: &[u8] = include_bytes!("../../../../tests/data/rtsp/lab-java.rtsp");
const BLANK: &[u8] = include_bytes!("../../../../tests/data/rtsp/lab-blank.rtsp");

fn parse(input: &[u8]) -> Option<Found> {
    parse_lab_request(input).unwrap()
}

fn complete(input: &[u8]) -> (LabRequest, usize) {
    match parse(input) {
        Some(Found::Complete { request, length }) => (request, length),
        other => panic!("{:?} gives {other:?}", String::from_utf8_lossy(input)),
    }
}

fn maybe(input: &[u8]) -> LabRequest {
    match parse(input) {
        Some(Found::MaybeComplete { request, length, .. }) => {
            assert_eq!(length, input.len());
            request
        }
        other => panic!("{:?} gives {other:?}", String::from_utf8_lossy(input)),
    }
}

fn refusal(input: &str) -> (&'static str, u16, Option<u32>) {
    let refused = parse_lab_request(input.as_bytes()).unwrap_err();
    (refused.invalid.rule, refused.status.code(), refused.cseq)
}

/// A SETUP with `transport` as its last line.
fn setup(transport: &str) -> LabRequest {
    maybe(format!("SETUP movie.Mjpeg RTSP/1.0\nCSeq: 1\n{transport}").as_bytes())
}

/// A PLAY whose fields are `fields`.
fn play(fields: &str) -> LabRequest {
    maybe(format!("PLAY movie.Mjpeg RTSP/1.0\n{fields}").as_bytes())
}

#[test]
fn a_bare_name_makes_the_dialect() {
    for line in [
        "SETUP movie.Mjpeg RTSP/1.0",
        "SETUP my movie.Mjpeg RTSP/1.0",
        "PLAY videos/movie.Mjpeg RTSP/1.0\r",
        "DESCRIBE RTSP/1.0",
        "DESCRIBE  RTSP/1.0",
        "SWITCH next RTSP/1.0",
        "\r\n\nPLAY live RTSP/1.0",
    ] {
        assert_eq!(dialect(format!("{line}\n").as_bytes()), Some(Dialect::Lab), "{line}");
        assert_eq!(dialect(line.trim_end().as_bytes()), None, "{line}");
    }
    for line in [
        "SETUP rtsp://a/movie.Mjpeg RTSP/1.0",
        "SETUP /movie.Mjpeg RTSP/1.0",
        "OPTIONS * RTSP/1.0",
        "SETUP movie.Mjpeg RTSP/2.0",
        "GET movie.Mjpeg HTTP/1.1",
        "\u{1}",
    ] {
        assert_eq!(dialect(format!("{line}\n").as_bytes()), Some(Dialect::Standard), "{line}");
    }
}

#[test]
fn the_labs_own_clients_are_read() {
    let request = maybe(PYTHON);
    assert_eq!((request.method, request.name.as_deref()), (Method::Setup, Some("movie.Mjpeg")));
    assert_eq!((request.cseq, request.client_port, request.session), (1, Some(15018), None));
    assert_eq!(request.style, Style { newline: Newline::Lf, ending: Ending::Open });

    let (request, length) = complete(JAVA);
    assert_eq!(request.client_port, Some(25000));
    assert_eq!(request.style, Style { newline: Newline::CrLf, ending: Ending::Line });
    let request = maybe(&JAVA[length..]);
    assert_eq!((request.method, request.cseq, request.session), (Method::Play, 2, Some(498_595)));

    let (request, length) = complete(BLANK);
    assert_eq!(request.style, Style { newline: Newline::Lf, ending: Ending::Blank });
    let (request, rest) = complete(&BLANK[length..]);
    assert_eq!((request.method, request.name), (Method::Describe, None));
    assert_eq!((request.cseq, request.session), (2, Some(498_595)));
    assert_eq!(length + rest, BLANK.len());
}

#[test]
fn an_open_request_cut_at_any_byte_waits_until_its_number_starts() {
    let number = PYTHON.len() - "15018".len();
    for cut in 0..=number {
        assert_eq!(parse(&PYTHON[..cut]), None, "cut at {cut}");
    }
    for cut in number + 1..=PYTHON.len() {
        let digits = std::str::from_utf8(&PYTHON[number..cut]).unwrap();
        assert_eq!(maybe(&PYTHON[..cut]).client_port, digits.parse().ok(), "cut at {cut}");
    }
}

#[test]
fn a_request_with_an_empty_line_is_complete_there_and_nowhere_before() {
    for newline in ["\n", "\r\n"] {
        let whole = ["PAUSE a RTSP/1.0", "CSeq: 3", "Session: 12", "", ""].join(newline);
        let whole = whole.as_bytes();
        for cut in 0..whole.len() {
            let found = parse(&whole[..cut]);
            assert!(!matches!(found, Some(Found::Complete { .. })), "cut at {cut}");
        }
        assert_eq!(complete(whole).1, whole.len());
    }
}

#[test]
fn ports_are_written_in_many_ways() {
    for transport in [
        "Transport: RTP/UDP; client_port= 25000",
        "Transport: RTP/UDP; client_port=25000",
        "Transport: RTP/UDP; client_port: 25000",
        "Transport:RTP/UDP;Client_port=25000",
        "TRANSPORT: RTP/UDP; CLIENT_PORT = 25000",
        "Transport RTP/UDP; client_port 25000",
        "Transport: RTP/AVP;unicast;client_port=25000\n",
        "Transport: RTP/UDP; client_port= 25000\r\n",
    ] {
        assert_eq!(setup(transport).client_port, Some(25000), "{transport}");
    }
    let pair = b"SETUP a RTSP/1.0\nCSeq: 1\nTransport: RTP/UDP;client_port=25000-25001\n\n";
    assert_eq!(complete(pair).0.client_port, Some(25000));
}

#[test]
fn fields_are_written_in_many_ways() {
    for fields in [
        "CSeq: 0\nSession: 835160",
        "CSEQ: 0\nSESSION: 835160",
        "CSeq 0\nSession 835160",
        "cseq:0\nsession:835160\n",
        "CSeq : 0\nSession: 835160\nRange: npt=5-",
    ] {
        let request = play(fields);
        assert_eq!((request.cseq, request.session), (0, Some(835_160)), "{fields}");
    }
    let accept = maybe(b"DESCRIBE a RTSP/1.0\r\nCSeq: 2\r\nAccept: application/sdp\r\n");
    assert!(accept.accepts_sdp && accept.session.is_none());
    let (odd, _) = complete(b"DESCRIBE a RTSP/1.0\nCSeq: 2\nSession: sdp\n\n");
    assert_eq!(odd.session, None);
    assert_eq!(maybe(b"LIST RTSP/1.0\nCSeq: 9").method, Method::Other("LIST".to_owned()));
}

#[test]
fn requests_that_follow_at_once_are_told_apart() {
    let next = "TEARDOWN movie.Mjpeg RTSP/1.0\nCSeq: 3\nSession: 5";
    let first = "PLAY movie.Mjpeg RTSP/1.0\nCSeq: 2\nSession: 498595";
    for (between, ending) in [("\n", Ending::Line), ("\n\n", Ending::Blank), ("", Ending::Open)] {
        let whole = format!("{first}{between}{next}");
        let (request, length) = complete(whole.as_bytes());
        assert_eq!((request.session, request.style.ending), (Some(498_595), ending));
        assert_eq!(&whole[length..], next);
        // Until the line of the next one is whole, nothing is taken from it.
        for cut in first.len() + between.len() + 1..whole.find("\nCSeq: 3").unwrap() {
            let found = parse(&whole.as_bytes()[..cut]);
            assert!(found.is_none() || between == "\n\n", "cut at {cut}");
        }
    }
    let glued = format!("SETUP a RTSP/1.0\nCSeq: 1\nTransport: RTP/UDP; client_port= 5000{next}");
    assert_eq!(complete(glued.as_bytes()).0.client_port, Some(5000));
}

#[test]
fn what_is_missing_at_the_end_is_refused_with_its_number() {
    let missing = ("Transport: client_port", 400, Some(7));
    assert_eq!(refusal("SETUP a RTSP/1.0\nCSeq: 7\n\n"), missing);
    assert_eq!(
        refusal("SETUP a RTSP/1.0\nCSeq: 7\nTransport: RTP/UDP; client_port=0\n\n"),
        missing
    );
    assert_eq!(
        refusal("SETUP a RTSP/1.0\nCSeq: 7\nTransport: RTP/UDP; client_port=65536\n\n"),
        missing
    );
    assert_eq!(refusal("PLAY a RTSP/1.0\nSession: 1\n\n"), ("CSeq", 400, None));
    assert_eq!(refusal("PLAY a RTSP/1.0\nCSeq: -1\n\n"), ("CSeq", 400, None));
    assert_eq!(refusal("PLAY a\0 RTSP/1.0\n"), ("control character", 400, None));
    let late = refusal("PLAY a RTSP/1.0\nCSeq: 3\nX: \u{1}\n");
    assert_eq!(late, ("control character", 400, Some(3)));
}

#[test]
fn a_request_may_be_as_large_as_the_limits_and_not_larger() {
    let start = "PLAY a RTSP/1.0\nCSeq: 1\nX: ";
    let end = "\nSession: 1\n\n";
    let pad = "x".repeat(MAX_REQUEST_BYTES - start.len() - end.len());
    assert_eq!(complete(format!("{start}{pad}{end}").as_bytes()).1, MAX_REQUEST_BYTES);
    let too_long = ("request too long", 413, Some(1));
    assert_eq!(refusal(&format!("{start}{pad}{pad}xx{end}")), too_long);
    let named = |length: usize| format!("PLAY {} RTSP/1.0\nCSeq: 1\n\n", "n".repeat(length));
    assert!(complete(named(MAX_NAME_BYTES).as_bytes()).0.name.is_some());
    assert_eq!(refusal(&named(MAX_NAME_BYTES + 1)), ("file name: too long", 414, None));
}

#[test]
fn replies_end_as_their_requests_did() {
    let style = |newline, ending| Style { newline, ending };
    let open = style(Newline::Lf, Ending::Open);
    assert_eq!(
        write_reply(open, Status::Ok, 1, 498_595),
        b"RTSP/1.0 200 OK\nCSeq: 1\nSession: 498595"
    );
    assert_eq!(
        write_reply(style(Newline::CrLf, Ending::Line), Status::NotFound, 0, 498_595),
        b"RTSP/1.0 404 Not Found\r\nCSeq: 0\r\nSession: 498595\r\n"
    );
    assert_eq!(
        write_reply(style(Newline::Lf, Ending::Blank), Status::Ok, 2, 1),
        b"RTSP/1.0 200 OK\nCSeq: 2\nSession: 1\n\n"
    );
    let crlf = style(Newline::CrLf, Ending::Line);
    assert_eq!(Style::of(b"\r\nSETUP a RTSP/1.0\r\nCSeq: x\n"), crlf);
    assert_eq!(Style::of(b"SETUP a RTSP/1.0\nCSeq: x\r\n").newline, Newline::Lf);
}

#[test]
fn descriptions_are_what_each_client_counts() {
    let describe = |text: &str| {
        let Some(Found::Complete { request, .. } | Found::MaybeComplete { request, .. }) =
            parse(text.as_bytes())
        else {
            panic!("{text:?}")
        };
        String::from_utf8(write_description(&request, "movie.Mjpeg", 498_595)).unwrap()
    };
    // Java, after Kurose's optional exercise: six lines behind the third.
    let java = describe("DESCRIBE a RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n");
    assert_eq!(
        java,
        "RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Base: movie.Mjpeg\r\n\
         Content-Type: application/sdp\r\nContent-Length: 87\r\nv=0\r\nm=video 0 RTP/AVP 26\r\n\
         a=control:streamid=498595\r\na=mimetype:string;\"video/MJPEG\"\r\n"
    );
    assert_eq!(java.split_once("87\r\n").unwrap().1.len(), 87);
    let whole = describe("DESCRIBE a RTSP/1.0\nCSeq: 1\nAccept: application/sdp");
    assert!(whole.contains("\n\nv=0\n"));
    // Python shows the lines up to the ninth, and another one the two behind the third.
    let python = describe("DESCRIBE RTSP/1.0\nCSeq: 1\nSession: 498595");
    assert_eq!(python.split('\n').count(), 9);
    assert!(python.starts_with("RTSP/1.0 200 OK\nCSeq: 1\nSession: 498595\nv=0\ns=movie.Mjpeg\n"));
    let two = describe("DESCRIBE a RTSP/1.0\r\nCSeq: 1\r\nSession: 498595\r\n");
    assert_eq!(two.lines().count(), 5);
    assert!(describe("DESCRIBE a RTSP/1.0\nCSeq: 1\nSession: 1\n\n").ends_with("\"\n\n"));
}

#[test]
fn the_longest_description_fits_what_a_client_reads() {
    let name = "n".repeat(MAX_NAME_BYTES);
    for fields in ["Session: 4294967295", "Accept: application/sdp"] {
        let text = format!("DESCRIBE {name} RTSP/1.0\r\nCSeq: 4294967295\r\n{fields}\r\n\r\n");
        let request = complete(text.as_bytes()).0;
        assert!(write_description(&request, &name, u32::MAX).len() <= 1024);
    }
}

#[test]
fn terse_requests_are_told_by_the_number_in_their_second_line() {
    for (input, expected) in [
        ("SETUP movie.Mjpeg\n1", Dialect::Terse),
        ("PLAY \n2", Dialect::Terse),
        ("PAUSE\r\n 3\r\n", Dialect::Terse),
        ("TEARDOWN \n4PLAY \n5", Dialect::Terse),
        ("SETUP movie.Mjpeg\n", Dialect::MaybeUnreadable),
        ("PLAY\n", Dialect::MaybeUnreadable),
        ("PLAY\n\n", Dialect::Unreadable),
        ("SETUP movie.Mjpeg\nCSeq: 1\n", Dialect::Unreadable),
        ("PLAY rtsp://a/b\r\n", Dialect::Unreadable),
        ("SETUP /a RTP/UDP 25600\n", Dialect::Unreadable),
        ("PLAY rtsp://a/b RTSP/1.0\n", Dialect::Standard),
        ("PLAY a RTSP/2.0\n", Dialect::Standard),
        ("PLAYING a\n1", Dialect::Standard),
        ("GET a\n1", Dialect::Standard),
    ] {
        assert_eq!(dialect(input.as_bytes()), Some(expected), "{input:?}");
    }
}

#[test]
fn terse_requests_are_read_and_wait_for_a_long_silence() {
    let terse = |input: &str| parse_terse_request(input.as_bytes()).unwrap();
    let whole = "SETUP movie.Mjpeg\n1\n RTSP/1.0 RTP/UDP 25600";
    for cut in 0..=whole.len() - "25600".len() {
        assert_eq!(terse(&whole[..cut]), None, "cut at {cut}");
    }
    let Some(Found::MaybeComplete { request, length, silence }) = terse(whole) else {
        panic!("it is whole")
    };
    assert_eq!((length, silence), (whole.len(), LONG_SILENCE));
    assert_eq!((request.method, request.name.as_deref()), (Method::Setup, Some("movie.Mjpeg")));
    assert_eq!((request.cseq, request.client_port, request.session), (1, Some(25600), None));
    assert_eq!(request.style, Style { newline: Newline::Lf, ending: Ending::Open });

    let Some(Found::MaybeComplete { request, .. }) = terse("PLAY \n2") else { panic!("it is") };
    assert_eq!((request.method, request.name, request.cseq), (Method::Play, None, 2));
    let both = format!("{whole}PLAY \n2PAUSE \n3");
    let Some(Found::Complete { request, length }) = terse(&both) else { panic!("one follows") };
    assert_eq!((request.client_port, length), (Some(25600), whole.len()));
    let Some(Found::Complete { request, length }) = terse(&both[length..]) else { panic!("3") };
    assert_eq!((request.cseq, length), (2, "PLAY \n2".len()));
}

#[test]
fn terse_requests_without_their_numbers_are_refused() {
    for (input, cseq) in [
        ("PLAY \n2 and more", Some(2)),
        ("PLAY \n99999999999", None),
        ("SETUP a\n1\n RTSP/1.0 RTP/UDP 0", Some(1)),
        ("SETUP a\n1\n RTSP/1.0 RTP/UDP 70000", Some(1)),
        ("SETUP a\u{1}\n1\n RTSP/1.0 RTP/UDP 25600", None),
    ] {
        let refused = parse_terse_request(input.as_bytes()).unwrap_err();
        assert_eq!((refused.status.code(), refused.cseq), (400, cseq), "{input:?}");
    }
    let long = format!("PLAY {}\n1", "n".repeat(MAX_NAME_BYTES + 1));
    assert_eq!(parse_terse_request(long.as_bytes()).unwrap_err().status.code(), 414);
    let endless = format!("SETUP a\n1\n{}", " x".repeat(MAX_REQUEST_BYTES));
    assert_eq!(parse_terse_request(endless.as_bytes()).unwrap_err().status.code(), 413);
}

#[test]
fn what_cannot_be_read_is_answered_with_its_number() {
    for (input, cseq) in [
        ("SETUP movie.Mjpeg\nCSeq: 7\n\n", Some(7)),
        ("PLAY rtsp://a/b\r\nSession: 5\r\ncseq 8\r\n\r\n", Some(8)),
        ("PAUSE x y\n 9\n", Some(9)),
        ("PLAY\n", None),
        ("PLAY\nCSeq: x\n", None),
    ] {
        let (style, refused) = unreadable(input.as_bytes());
        assert_eq!((refused.status.code(), refused.cseq), (400, cseq), "{input:?}");
        assert_eq!(style.ending, Ending::Line);
    }
}
