//! The public Autobahn suite's cases 1 to 7 and 10, as a table of our own: what a client sends to
//! an echo, and what must come back. Its numbers stand beside them.

use super::*;

const ECHO: Limits = Limits { message: 1 << 20, binary: true };

/// What a server may send back, as a client reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Said {
    Text(Vec<u8>),
    Binary(Vec<u8>),
    Pong(Vec<u8>),
    /// With its code, if it has one.
    Close(Option<u16>),
}

/// A client's frame, masked, with its first byte as given: FIN, RSV and opcode.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let mut bytes = vec![first];
    match payload.len() {
        short @ 0..=125 => bytes.push(0x80 | short as u8),
        middle @ 126..=0xffff => {
            bytes.push(0x80 | 126);
            bytes.extend((middle as u16).to_be_bytes());
        }
        long => {
            bytes.push(0x80 | 127);
            bytes.extend((long as u64).to_be_bytes());
        }
    }
    bytes.extend(MASK);
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

const FIN: u8 = 0x80;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = FIN | 8;
const PING: u8 = FIN | 9;
const PONG: u8 = FIN | 10;

fn text(payload: &[u8]) -> Vec<u8> {
    frame(FIN | TEXT, payload)
}

fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(CLOSE, &[&code.to_be_bytes(), reason].concat())
}

/// Reads what an unmasked, unfragmented sender wrote.
fn read(mut bytes: &[u8]) -> Vec<Said> {
    let mut said = Vec::new();
    while let [first, second, rest @ ..] = bytes {
        let (length, rest) = match second {
            126 => (usize::from(u16::from_be_bytes([rest[0], rest[1]])), &rest[2..]),
            127 => (u64::from_be_bytes(rest[..8].try_into().unwrap()) as usize, &rest[8..]),
            short => (usize::from(*short), rest),
        };
        let payload = rest[..length].to_vec();
        bytes = &rest[length..];
        said.push(match first {
            0x81 => Said::Text(payload),
            0x82 => Said::Binary(payload),
            0x8a => Said::Pong(payload),
            0x88 => Said::Close(payload.first_chunk().map(|code| u16::from_be_bytes(*code))),
            other => panic!("a server does not send {other:#x}"),
        });
    }
    said
}

/// Feeds an echo with bytes, in pieces of this length. What it said, and whether it is over.
fn echo_in(bytes: &[u8], piece: usize) -> (Vec<Said>, bool) {
    let mut session = Session::new(ECHO);
    for bytes in bytes.chunks(piece.max(1)) {
        session.feed(bytes);
        while let Some(event) = session.next() {
            match event {
                Event::Text(text) => session.say(text),
                Event::Binary(bytes) => session.send(bytes),
                Event::Alive => {}
            }
        }
    }
    (read(session.outgoing()), session.is_over())
}

/// As [`echo_in`], whole and in pieces: a byte, and several bytes.
#[track_caller]
fn echo(case: &str, bytes: &[u8]) -> (Vec<Said>, bool) {
    let whole = echo_in(bytes, bytes.len());
    for piece in [1, 7, 997] {
        if bytes.len() / piece < 4000 {
            assert_eq!(echo_in(bytes, piece), whole, "case {case} in pieces of {piece}");
        }
    }
    whole
}

/// The session goes on, and says this.
#[track_caller]
fn says(case: &str, bytes: &[Vec<u8>], said: &[Said]) {
    assert_eq!(echo(case, &bytes.concat()), (said.to_vec(), false), "case {case}");
}

/// The session says this, and then ends with this code.
#[track_caller]
fn fails(case: &str, bytes: &[Vec<u8>], before: &[Said], code: u16) {
    let expected = [before, &[Said::Close(Some(code))]].concat();
    assert_eq!(echo(case, &bytes.concat()), (expected, true), "case {case}");
}

#[test]
fn messages_of_every_length_come_back() {
    for (case, length) in [0, 125, 126, 127, 128, 65_535, 65_536].into_iter().enumerate() {
        let (letters, bytes) = (vec![b'*'; length], vec![0xfe; length]);
        let case = case + 1;
        says(&format!("1.1.{case}"), &[text(&letters)], &[Said::Text(letters)]);
        let sent = frame(FIN | BINARY, &bytes);
        says(&format!("1.2.{case}"), &[sent], &[Said::Binary(bytes)]);
    }
}

#[test]
fn pings_are_answered_and_pongs_are_not() {
    let pong = |payload: &[u8]| Said::Pong(payload.to_vec());
    says("2.1", &[frame(PING, b"")], &[pong(b"")]);
    says("2.2", &[frame(PING, b"Hello, world!")], &[pong(b"Hello, world!")]);
    let binary = [0x00, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0x00, 0xff];
    says("2.3", &[frame(PING, &binary)], &[pong(&binary)]);
    says("2.4", &[frame(PING, &[0xfe; 125])], &[pong(&[0xfe; 125])]);
    fails("2.5", &[frame(PING, &[0xfe; 126])], &[], 1002);
    says("2.7", &[frame(PONG, b"")], &[]);
    says("2.8", &[frame(PONG, b"unsolicited pong payload")], &[]);
    let sent = [frame(PONG, b"unsolicited pong payload"), frame(PING, b"ping payload")];
    says("2.9", &sent, &[pong(b"ping payload")]);
    let pings: Vec<_> = (0..10).map(|at| frame(PING, format!("payload-{at}").as_bytes())).collect();
    let pongs: Vec<_> = (0..10).map(|at| pong(format!("payload-{at}").as_bytes())).collect();
    says("2.10", &pings, &pongs);
}

#[test]
fn reserved_bits_end_it() {
    let hello = Said::Text(b"Hello, world!".to_vec());
    for (case, bits) in [(2, 0x20), (3, 0x30), (4, 0x40)] {
        let sent = [text(b"Hello, world!"), frame(FIN | TEXT | bits, b"Hello, world!")];
        let sent = [&sent[..], &[frame(PING, b"")]].concat();
        fails(&format!("3.{case}"), &sent, std::slice::from_ref(&hello), 1002);
    }
    fails("3.1", &[frame(FIN | TEXT | 0x10, b"Hello, world!")], &[], 1002);
    fails("3.5", &[frame(FIN | BINARY | 0x50, &[0; 8])], &[], 1002);
    fails("3.6", &[frame(PING | 0x60, b"Hello, world!")], &[], 1002);
    fails("3.7", &[frame(CLOSE | 0x70, &1000u16.to_be_bytes())], &[], 1002);
}

#[test]
fn reserved_opcodes_end_it() {
    let hello = Said::Text(b"Hello, world!".to_vec());
    for (case, opcode) in [(1, 3), (2, 4), (3, 5), (4, 6), (5, 7)] {
        fails(&format!("4.1.{case} alone"), &[frame(FIN | opcode, b"x")], &[], 1002);
        let sent = [text(b"Hello, world!"), frame(FIN | opcode, b"x"), frame(PING, b"")];
        fails(&format!("4.1.{case}"), &sent, std::slice::from_ref(&hello), 1002);
        let sent = [text(b"Hello, world!"), frame(FIN | (opcode + 8), b"x"), frame(PING, b"")];
        fails(&format!("4.2.{case}"), &sent, std::slice::from_ref(&hello), 1002);
    }
}

#[test]
fn fragments_are_put_together_and_control_frames_stand_between() {
    let whole = [Said::Text(b"fragment1fragment2".to_vec())];
    let (first, last) = (frame(TEXT, b"fragment1"), frame(FIN, b"fragment2"));
    fails("5.1", &[frame(9, b"fragment1"), frame(FIN, b"fragment2")], &[], 1002);
    fails("5.2", &[frame(10, b"fragment1"), frame(FIN, b"fragment2")], &[], 1002);
    says("5.3 to 5.5", &[first.clone(), last.clone()], &whole);
    let (ping, pong) = (frame(PING, b"ping payload"), Said::Pong(b"ping payload".to_vec()));
    let with_ping = [first.clone(), ping.clone(), last.clone()];
    says("5.6 to 5.8", &with_ping, &[&[pong], &whole[..]].concat());
    let hello = text(b"Hello, world!");
    for (case, lonely) in [
        ("5.9", frame(FIN, b"non-continuation payload")),
        ("5.12", frame(0, b"non-continuation payload")),
    ] {
        fails(case, &[lonely, hello.clone()], &[], 1002);
    }
    fails("5.15", &[first.clone(), last.clone(), frame(0, b"3"), hello.clone()], &whole, 1002);
    fails("5.16", &[frame(0, b"1"), frame(TEXT, b"2"), frame(FIN, b"3")], &[], 1002);
    fails("5.18", &[first.clone(), frame(FIN | TEXT, b"fragment2")], &[], 1002);
    // With pings in between, in two halves.
    let parts: [&[u8]; 5] = [b"fragment1", b"fragment2", b"fragment3", b"fragment4", b"fragment5"];
    let mut sent = vec![frame(TEXT, parts[0]), frame(0, parts[1]), frame(PING, b"pongme 1!")];
    sent.extend([frame(0, parts[2]), frame(0, parts[3]), frame(PING, b"pongme 2!")]);
    sent.push(frame(FIN, parts[4]));
    let pong = |payload: &[u8]| Said::Pong(payload.to_vec());
    let said = [pong(b"pongme 1!"), pong(b"pongme 2!"), Said::Text(parts.concat())];
    says("5.19, 5.20", &sent, &said);
}

#[test]
fn texts_are_utf_8() {
    for (case, good) in [
        ("6.1.1", &b""[..]),
        ("6.2.1", "Hello-\u{b5}@\u{df}\u{f6}\u{e4}\u{fc}\u{e0}\u{e1}-UTF-8!!".as_bytes()),
        ("6.5.1", "\u{3ba}\u{1f79}\u{3c3}\u{3bc}\u{3b5}".as_bytes()),
        ("6.6.2", "\u{3ba}".as_bytes()),
        ("6.7.1", b"\0"),
        ("6.7.2", "\u{80}".as_bytes()),
        ("6.7.3", "\u{800}".as_bytes()),
        ("6.7.4", "\u{10000}".as_bytes()),
        ("6.9.1", b"\x7f"),
        ("6.9.2", "\u{7ff}".as_bytes()),
        ("6.9.3", "\u{ffff}".as_bytes()),
        ("6.9.4", "\u{10ffff}".as_bytes()),
        ("6.11.1", "\u{d7ff}".as_bytes()),
        ("6.11.2", "\u{e000}".as_bytes()),
        ("6.11.3", "\u{fffd}".as_bytes()),
        ("6.22", "\u{fffe}\u{1fffe}\u{3ffff}".as_bytes()),
        ("6.23", "\u{fff0}\u{fffb}\u{fffd}".as_bytes()),
    ] {
        says(case, &[text(good)], &[Said::Text(good.to_vec())]);
        // One byte to a frame, so that characters are cut (6.2.2 to 6.2.4).
        let mut frames: Vec<_> = good.iter().map(|byte| frame(0, &[*byte])).collect();
        frames.insert(0, frame(TEXT, b""));
        frames.push(frame(FIN, b""));
        says(case, &frames, &[Said::Text(good.to_vec())]);
    }
}

#[test]
fn what_is_no_utf_8_ends_it() {
    for (case, bad) in [
        ("6.3.1", &b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited"[..]),
        ("6.6.1", b"\xce"),
        ("6.8.1", b"\xf8\x88\x80\x80\x80"),
        ("6.8.2", b"\xfc\x84\x80\x80\x80\x80"),
        ("6.10.1", b"\xf7\xbf\xbf\xbf"),
        ("6.10.2", b"\xfb\xbf\xbf\xbf\xbf"),
        ("6.10.3", b"\xfd\xbf\xbf\xbf\xbf\xbf"),
        ("6.11.5", b"\xf4\x90\x80\x80"),
        ("6.12.1", b"\x80"),
        ("6.12.2", b"\xbf"),
        ("6.12.8", b"\x80\xbf\x80\xbf\x80\xbf\xbe"),
        ("6.13.1", b"\xc0 \xc1 \xc2 \xc3 "),
        ("6.13.2", b"\xe0 \xe1 \xe2 \xe3 "),
        ("6.13.3", b"\xf0 \xf1 \xf2 \xf3 "),
        ("6.13.4", b"\xf8 \xf9 \xfa \xfb "),
        ("6.13.5", b"\xfc \xfd "),
        ("6.14.1", b"\xc0"),
        ("6.14.2", b"\xe0\x80"),
        ("6.14.3", b"\xf0\x80\x80"),
        ("6.14.6", b"\xdf"),
        ("6.14.7", b"\xef\xbf"),
        ("6.15.1", b"\xc0\xe0\x80\xf0\x80\x80\xf8\x80\x80\x80\xfc\x80\x80\x80\x80\xdf\xef\xbf"),
        ("6.16.1", b"\xfe"),
        ("6.16.2", b"\xff"),
        ("6.16.3", b"\xfe\xfe\xff\xff"),
        ("6.17.1", b"\xc0\xaf"),
        ("6.17.2", b"\xe0\x80\xaf"),
        ("6.17.3", b"\xf0\x80\x80\xaf"),
        ("6.17.4", b"\xf8\x80\x80\x80\xaf"),
        ("6.18.1", b"\xc1\xbf"),
        ("6.18.2", b"\xe0\x9f\xbf"),
        ("6.18.3", b"\xf0\x8f\xbf\xbf"),
        ("6.19.1", b"\xc0\x80"),
        ("6.19.2", b"\xe0\x80\x80"),
        ("6.20.1", b"\xed\xa0\x80"),
        ("6.20.7", b"\xed\xbf\xbf"),
        ("6.21.1", b"\xed\xa0\x80\xed\xb0\x80"),
        ("6.21.8", b"\xed\xaf\xbf\xed\xbf\xbf"),
    ] {
        fails(case, &[text(bad), frame(PING, b"")], &[], 1007);
    }
}

#[test]
fn what_cannot_become_utf_8_is_not_waited_for() {
    let good = "\u{3ba}\u{1f79}\u{3c3}\u{3bc}\u{3b5}".as_bytes();
    // 6.4.1: the second of three fragments is bad; the third need not come.
    let sent = [frame(TEXT, good), frame(0, b"\xf4\x90\x80\x80"), frame(FIN, b"edited")];
    fails("6.4.1", &sent[..2], &[], 1007);
    // 6.4.2: so far it could still be good, and then it is not.
    let sent = [frame(TEXT, &[good, b"\xf4"].concat()), frame(0, b"\x90")];
    fails("6.4.2", &sent, &[], 1007);
}

#[test]
fn closing_is_answered_and_nothing_comes_after_it() {
    let closed = |case: &str, bytes: &[Vec<u8>], before: &[Said], code: Option<u16>| {
        let expected = [before, &[Said::Close(code)]].concat();
        assert_eq!(echo(case, &bytes.concat()), (expected, true), "case {case}");
    };
    let hello = [Said::Text(b"Hello World!".to_vec())];
    let goodbye = close(1000, b"");
    closed("7.1.1", &[text(b"Hello World!"), goodbye.clone()], &hello, Some(1000));
    closed("7.1.2", &[goodbye.clone(), goodbye.clone()], &[], Some(1000));
    closed("7.1.3", &[goodbye.clone(), frame(PING, b"")], &[], Some(1000));
    closed("7.1.4", &[goodbye.clone(), text(b"Hello World!")], &[], Some(1000));
    let fragments = [frame(TEXT, b"fragment1"), goodbye.clone(), frame(FIN, b"fragment2")];
    closed("7.1.5", &fragments, &[], Some(1000));
    let large = vec![b'*'; 256 * 1024];
    let sent = [text(&large), goodbye, frame(PING, b"")];
    closed("7.1.6", &sent, &[Said::Text(large)], Some(1000));
    closed("7.3.1", &[frame(CLOSE, b"")], &[], None);
    fails("7.3.2", &[frame(CLOSE, b"a")], &[], 1002);
    closed("7.3.3", &[close(1000, b"")], &[], Some(1000));
    closed("7.3.4", &[close(1000, b"Hello World!")], &[], Some(1000));
    closed("7.3.5", &[close(1000, &[b'*'; 123])], &[], Some(1000));
    fails("7.3.6", &[close(1000, &[b'*'; 124])], &[], 1002);
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999] {
        closed(&format!("7.7, {code}"), &[close(code, b"")], &[], Some(code));
    }
}

#[test]
fn closing_with_what_is_no_code_or_no_reason_is_broken() {
    for code in [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65_535] {
        let (said, over) = echo(&format!("7.9, {code}"), &close(code, b""));
        assert!(over, "{code}");
        assert_eq!(said, [Said::Close(Some(1002))], "{code}");
    }
    let (said, over) = echo("7.5.1", &close(1000, b"\xce\xba\xe1\xed\xa0\x80edited"));
    assert!(over && matches!(said[..], [Said::Close(Some(1002 | 1007))]), "{said:?}");
}

#[test]
fn many_frames_make_one_message() {
    let payload = vec![b'*'; 65_536];
    let chunks: Vec<&[u8]> = payload.chunks(1300).collect();
    let frames: Vec<_> = chunks
        .iter()
        .enumerate()
        .map(|(at, chunk)| {
            let first = if at == 0 { TEXT } else { 0 };
            let last = if at + 1 == chunks.len() { FIN } else { 0 };
            frame(first | last, chunk)
        })
        .collect();
    says("10.1.1", &frames, &[Said::Text(payload.clone())]);
}

#[test]
fn frames_that_are_not_masked_end_it() {
    let mut session = Session::new(ECHO);
    session.feed(&[0x81, 2, b'h', b'i']);
    assert_eq!(session.next(), None);
    assert!(session.is_over());
    assert_eq!(read(session.outgoing()), [Said::Close(Some(1002))]);
}

#[test]
fn what_passes_its_limits_ends_it() {
    let limits = Limits { message: 100, binary: false };
    let end = |bytes: &[u8]| {
        let mut session = Session::new(limits);
        session.feed(bytes);
        while session.next().is_some() {}
        (read(session.outgoing()), session.is_over())
    };
    assert_eq!(end(&text(&[b'*'; 100])), (Vec::new(), false));
    assert_eq!(end(&text(&[b'*'; 101])), (vec![Said::Close(Some(1009))], true));
    let parts = [frame(TEXT, &[b'*'; 60]), frame(FIN, &[b'*'; 60])].concat();
    assert_eq!(end(&parts), (vec![Said::Close(Some(1009))], true));
    // Its head alone is enough.
    assert_eq!(end(&text(&[b'*'; 70_000])[..14]), (vec![Said::Close(Some(1009))], true));
    assert_eq!(end(&frame(FIN | BINARY, b"x")), (vec![Said::Close(Some(1003))], true));
}

#[test]
fn what_is_said_after_the_end_goes_nowhere() {
    let mut session = Session::new(ECHO);
    session.say("one".into());
    session.close(Code::GoingAway);
    session.say("two".into());
    session.ping();
    session.feed(&text(b"three"));
    assert_eq!(session.next(), None);
    let said = [Said::Text(b"one".to_vec()), Said::Close(Some(1001))];
    assert_eq!(read(session.outgoing()), said);
}
