//! Damaged input for every parser: none may panic or claim more than it was given.
//!
//! The damage is random but the same in each run. `fuzz/` looks further.

use super::auth::{Covered, Credentials, Ha1, Login, Who, parse_challenges, parse_credentials};
use super::http::form;
use super::http::{Authority, Body, BodyLength, ChunkedDecoder, Forwarded, HttpUrl, Prefix};
use super::http::{WebOrigin, if_match, if_none_match, parse_head, parse_reply};
use super::multipart::PartReader;
use super::rtp::jpeg::{Depacketizer, Size, rtp_parts};
use super::rtp::{self, rtcp};
use super::rtsp::lab::{
    Found, dialect, parse_lab_request, parse_terse_request, unreadable, write_description,
};
use super::rtsp::{Front, Range, RtpInfo, Session, Transport, Uri};
use super::text::clean_line;
use super::{cookie, rtsp};

const SEEDS: [&[u8]; 31] = [
    include_bytes!("../../tests/data/auth/rfc7616"),
    include_bytes!("../../tests/data/auth/several"),
    include_bytes!("../../tests/data/authorization/curl"),
    include_bytes!("../../tests/data/authorization/gstreamer"),
    include_bytes!("../../tests/data/authorization/other"),
    include_bytes!("../../tests/data/http/chromium-page.http"),
    include_bytes!("../../tests/data/http/chromium-post-form.http"),
    include_bytes!("../../tests/data/http/firefox-stream.http"),
    include_bytes!("../../tests/data/http/curl-stream.http"),
    include_bytes!("../../tests/data/http/curl-post-form.http"),
    include_bytes!("../../tests/data/http/curl-post-chunked.http"),
    include_bytes!("../../tests/data/http/ffmpeg-stream.http"),
    include_bytes!("../../tests/data/http/vlc-stream.http"),
    include_bytes!("../../tests/data/http/wget-snapshot.http"),
    include_bytes!("../../tests/data/http/mjpg-streamer.http"),
    include_bytes!("../../tests/data/http/ustreamer.http"),
    include_bytes!("../../tests/data/http/ustreamer-advance.http"),
    include_bytes!("../../tests/data/http/go2rtc.http"),
    include_bytes!("../../tests/data/rtsp/ffmpeg-udp.rtsp"),
    include_bytes!("../../tests/data/rtsp/ffmpeg-announce.rtsp"),
    include_bytes!("../../tests/data/rtsp/gstreamer-tcp.rtsp"),
    include_bytes!("../../tests/data/rtsp/gstreamer-replies.rtsp"),
    include_bytes!("../../tests/data/rtsp/live555-replies.rtsp"),
    include_bytes!("../../tests/data/rtsp/openrtsp.rtsp"),
    include_bytes!("../../tests/data/rtsp/vlc.rtsp"),
    include_bytes!("../../tests/data/rtsp/ffmpeg.sdp"),
    include_bytes!("../../tests/data/rtsp/gstreamer.sdp"),
    include_bytes!("../../tests/data/rtsp/live555.sdp"),
    include_bytes!("../../tests/data/rtsp/lab-python.rtsp"),
    include_bytes!("../../tests/data/rtsp/lab-java.rtsp"),
    include_bytes!("../../tests/data/rtsp/lab-blank.rtsp"),
];

/// RTCP, and RTP with each datagram behind its length of 2 bytes.
const RTP_SEEDS: [&[u8]; 4] = [
    include_bytes!("../../tests/data/rtp/gstreamer.rtcp"),
    include_bytes!("../../tests/data/rtp/gstreamer-420.rtp"),
    include_bytes!("../../tests/data/rtp/gstreamer-422.rtp"),
    include_bytes!("../../tests/data/rtp/ffmpeg-420.rtp"),
];

/// Bytes and words that mean something to one parser or another.
const SPICE: [&[u8]; 20] = [
    b"\r",
    b"\n",
    b"\r\n\r\n",
    b"\0",
    b" ",
    b":",
    b"%",
    b"&",
    b"=",
    b";",
    b"\xff",
    b"--frame",
    b"--boundarydonotcross\r\n",
    b"Content-Length: 99999999999999999999\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"ffffffffffffffff\r\n",
    b"$\x00\x00\x02",
    b" RTSP/1.0\n",
    b"Session: 1PLAY a RTSP/1.0\n",
    b"client_port=4294967296-",
];

/// A linear congruential generator, with the constants of MMIX.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound.max(1)
    }

    /// Overwrites, inserts, removes or repeats a few bytes.
    fn damage(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            let end = bytes.len().min(at + self.below(24));
            match self.below(4) {
                0 => bytes[at..end].fill(self.below(256) as u8),
                1 => drop(bytes.splice(at..at, SPICE[self.below(SPICE.len())].iter().copied())),
                2 => drop(bytes.drain(at..end)),
                _ => bytes.extend_from_within(at..end),
            }
            bytes.truncate(4096);
        }
    }
}

#[test]
fn damaged_input_is_read_or_refused() {
    let mut random = Random(1);
    for round in 0..12_000 {
        let mut input = SEEDS[round % SEEDS.len()].to_vec();
        random.damage(&mut input);
        read_head_and_body(&input);
        read_reply(&input, 1 + random.below(500));
        read_text(&input);
        read_rtsp(&input);
        read_lab(&input);
    }
}

#[test]
fn damaged_packets_are_read_or_refused() {
    let mut random = Random(2);
    for round in 0..6000 {
        let mut input = RTP_SEEDS[round % RTP_SEEDS.len()].to_vec();
        random.damage(&mut input);
        if let Ok(packets) = rtcp::parse(&input) {
            let mut written = Vec::new();
            rtcp::write(&packets, &mut written);
            assert!(written.is_empty() || rtcp::parse(&written).is_ok());
        }
        read_rtp(&input);
    }
}

fn read_rtp(mut input: &[u8]) {
    let mut depacketizer = Depacketizer::new(Some(Size { width: 100, height: 60 }));
    while let Some((length, rest)) = input.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes(*length));
        let (datagram, rest) = rest.split_at(length.min(rest.len()));
        input = rest;
        let Ok(packet) = rtp::Packet::parse(datagram) else {
            continue;
        };
        if let Ok(Some(frame)) = depacketizer.push(&packet.header, packet.payload) {
            assert!(frame.jpeg.starts_with(&[0xFF, 0xD8]) && frame.jpeg.ends_with(&[0xFF, 0xD9]));
            let _ = rtp_parts(&frame.jpeg);
        }
    }
}

fn read_head_and_body(input: &[u8]) {
    let Ok(Some((head, length))) = parse_head(input) else {
        return;
    };
    assert!(length <= input.len());
    assert_eq!(parse_head(&input[..length - 1]), Ok(None));
    let _ = (head.keep_alive(), head.accepts_json(), head.target.query_pairs());
    let _ = form::pick(head.target.query.as_deref().unwrap_or_default().as_bytes(), &["quality"]);
    let _ = Forwarded::of_x_headers(&head.headers, |_| true);
    let _ = Forwarded::of_header(&head.headers, |_| true);
    let _ = cookie::find(head.headers.all("Cookie"), "viewer");
    for framing in [head.body(), BodyLength::Chunked] {
        let body = &input[length..];
        if let Ok(fed) = Body::new(framing, 64).feed(body) {
            assert!(fed.consumed <= body.len());
        }
    }
}

fn read_reply(input: &[u8], step: usize) {
    let found = parse_reply(input).ok().flatten();
    let (kind, length) = found.map_or((None, 0), |(reply, length)| {
        (reply.headers.get("Content-Type").map(str::to_owned), length)
    });
    assert!(length <= input.len());
    let mut stream = Vec::new();
    if ChunkedDecoder::default().decode(&input[length..], &mut stream).is_err() {
        stream = input[length..].to_vec();
    }
    let kind = kind.unwrap_or("multipart/mixed; boundary=boundarydonotcross".to_owned());
    let Ok(mut reader) = PartReader::new(&kind, 1024) else {
        return;
    };
    for piece in stream.chunks(step) {
        reader.feed(piece);
        while let Ok(Some(part)) = reader.next_part() {
            assert!(part.body.len() <= 1024);
        }
    }
}

fn read_text(input: &[u8]) {
    let _ = form::parse(input);
    let text = String::from_utf8_lossy(input);
    for line in text.lines() {
        if let Ok(clean) = clean_line(line, 200) {
            assert_eq!(clean_line(&clean, 200), Ok(clean.clone()), "{line:?}");
        }
        let _ = (Authority::parse(line), WebOrigin::parse(line), Prefix::parse(line));
        let _ = if_match(line, Some("\"a\""));
        let _ = HttpUrl::parse(&format!("http://{line}"));
        for challenge in parse_challenges(line) {
            let mut login = Login::strongest(&[challenge], "c");
            let request = Covered { method: "GET", uri: line, body: input };
            let _ = login.as_mut().map(|login| login.authorize(&Who::of_userinfo(line), request));
        }
        let authorization = line.splitn(3, ' ').last().unwrap_or_default();
        if let Ok(Credentials::Digest(proof)) = parse_credentials(authorization) {
            assert!(!proof.shows(&Ha1 { md5: [1; 16], sha256: [2; 32] }, "GET", |_| true));
        }
        let _ = if_none_match(line, "\"a\"");
        let _ = cookie::find([line], "viewer");
        let _ = PartReader::new(line, 64);
    }
}

fn read_rtsp(mut input: &[u8]) {
    while let Some(found) = rtsp::front(input) {
        let length = match found {
            Front::Frame { length, .. } | Front::Nothing { length } => Some(length),
            Front::Reply => rtsp::parse_reply(input).ok().flatten().map(|(_, length)| length),
            Front::Request => rtsp::parse_request(input).ok().flatten().map(|(request, length)| {
                let mut again = Vec::new();
                request.write(&mut again);
                let _ = (request.session(), request.uri.without_track("track1"));
                length
            }),
        };
        let Some(length) = length else { break };
        assert!(length > 0);
        input = &input[length..];
    }
    if let Ok(description) = rtsp::parse_sdp(input) {
        let _ = description.jpeg();
    }
    for line in String::from_utf8_lossy(input).lines() {
        let value = line.split_once(':').map_or(line, |(_, value)| value);
        let list = Transport::parse_list(value).unwrap_or_default();
        let _ = (Transport::choose(&list), Session::parse(value), rtsp::parse_scale(value));
        let uri = Uri::parse(value);
        assert!(uri.is_err() || uri.is_ok_and(|uri| uri.is_also(value, "track1")), "{value}");
        let _ = RtpInfo::parse_list(value);
        if let Ok(range @ Range::Npt(_)) = Range::parse(value) {
            assert_eq!(Range::parse(&range.to_string()), Ok(range));
        }
    }
}

fn read_lab(input: &[u8]) {
    let _ = (dialect(input), unreadable(input));
    for found in [parse_lab_request(input), parse_terse_request(input)] {
        let Ok(Some(
            Found::Complete { request, length } | Found::MaybeComplete { request, length, .. },
        )) = found
        else {
            continue;
        };
        assert!((1..=input.len()).contains(&length));
        assert!(write_description(&request, "movie.Mjpeg", u32::MAX).len() < 1024);
    }
}
