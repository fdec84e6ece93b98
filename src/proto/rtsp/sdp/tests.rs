//! What [`parse_sdp`] makes of other servers' descriptions, and what is written.

use std::time::Duration;

use super::*;

const FFMPEG: &[u8] = include_bytes!("../../../../tests/data/rtsp/ffmpeg.sdp");
const GSTREAMER: &[u8] = include_bytes!("../../../../tests/data/rtsp/gstreamer.sdp");
const LIVE555: &[u8] = include_bytes!("../../../../tests/data/rtsp/live555.sdp");

const CLIP: JpegSession<'_> = JpegSession {
    name: "movie.Mjpeg",
    session_id: 7,
    ipv6: false,
    range: Range::between(Duration::ZERO, Duration::from_millis(12_500)),
    frame_rate: Some(20.0),
    size: Some((640, 480)),
    control: "track1",
};

#[test]
fn a_description_is_written_byte_for_byte() {
    let expected = "v=0\r\no=- 7 1 IN IP4 0.0.0.0\r\ns=movie.Mjpeg\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n\
        a=control:*\r\na=range:npt=0-12.5\r\nm=video 0 RTP/AVP 26\r\na=rtpmap:26 JPEG/90000\r\n\
        a=control:track1\r\na=framerate:20.000\r\na=framesize:26 640-480\r\n";
    assert_eq!(CLIP.write(), expected);
}

#[test]
fn what_is_written_is_read_back() {
    let live = JpegSession { ipv6: true, range: Range::now(), frame_rate: None, ..CLIP };
    for session in [CLIP, live] {
        let read = parse_sdp(session.write().as_bytes()).unwrap();
        assert_eq!((read.name.as_str(), read.control.as_deref()), (session.name, Some("*")));
        assert_eq!(read.range.as_ref(), Some(&session.range));
        let (media, payload_type) = read.jpeg().unwrap();
        assert_eq!((payload_type, media.control.as_deref()), (26, Some("track1")));
        assert_eq!((media.frame_rate, media.size), (session.frame_rate, session.size));
    }
}

#[test]
fn a_name_cannot_start_a_line_and_is_never_empty() {
    let odd = JpegSession { name: "a\r\nm=audio", frame_rate: Some(f64::NAN), ..CLIP };
    let read = parse_sdp(odd.write().as_bytes()).unwrap();
    assert_eq!((read.name.as_str(), read.medias.len()), ("a  m=audio", 1));
    assert_eq!(read.medias[0].frame_rate, None);
    assert!(JpegSession { name: "", ..CLIP }.write().contains("\r\ns=-\r\n"));
}

#[test]
fn descriptions_of_other_servers_are_read() {
    for (whole, control) in [(FFMPEG, "streamid=0"), (GSTREAMER, "stream=0"), (LIVE555, "track1")] {
        let read = parse_sdp(whole).unwrap();
        let (media, payload_type) = read.jpeg().unwrap();
        assert_eq!((payload_type, media.control.as_deref()), (26, Some(control)));
    }
    let gstreamer = parse_sdp(GSTREAMER).unwrap();
    assert_eq!(gstreamer.range, Some(Range::now()));
    assert_eq!(gstreamer.medias[0].frame_rate, Some(25.0));
    assert_eq!(gstreamer.medias[0].rtpmap[0].encoding, "JPEG");
    let live555 = parse_sdp(LIVE555).unwrap();
    assert_eq!(live555.medias.len(), 2);
    assert_eq!(live555.medias[1].jpeg_payload_type(), None);
}

#[test]
fn jpeg_is_known_by_its_type_or_by_its_map() {
    let jpeg = |lines: &str| {
        let read = parse_sdp(format!("v=0\n{lines}\n").as_bytes()).unwrap();
        read.jpeg().map(|(_, payload_type)| payload_type)
    };
    assert_eq!(jpeg("m=video 0 RTP/AVP 26"), Some(26));
    assert_eq!(jpeg("m=video 0 RTP/AVP 96 26\na=rtpmap:96 H264/90000"), Some(26));
    assert_eq!(jpeg("m=video 0 RTP/AVP 97\na=rtpmap:97 jpeg/90000"), Some(97));
    assert_eq!(jpeg("m=video 0 RTP/AVP 97\na=rtpmap:97 JPEG/1000"), None);
    assert_eq!(jpeg("m=video 0 RTP/SAVP 26"), None);
    assert_eq!(jpeg("m=audio 0 RTP/AVP 26"), None);
    assert_eq!(jpeg("m=\nm\na=rtpmap:\na=control\na=range:x"), None);
    assert_eq!(jpeg("s=nothing"), None);
}

#[test]
fn a_description_cut_at_any_byte_is_read_or_refused() {
    for whole in [FFMPEG, GSTREAMER, LIVE555] {
        for cut in 0..whole.len() {
            assert_eq!(parse_sdp(&whole[..cut]).is_ok(), cut >= 2, "cut at {cut}");
        }
    }
}

#[test]
fn descriptions_are_bounded() {
    let medias = |n: usize| format!("v=0\n{}", "m=video 0 RTP/AVP 26\n".repeat(n));
    assert_eq!(parse_sdp(medias(MAX_MEDIAS).as_bytes()).unwrap().medias.len(), MAX_MEDIAS);
    let rule = |input: &[u8]| parse_sdp(input).unwrap_err().rule;
    assert_eq!(rule(medias(MAX_MEDIAS + 1).as_bytes()), "media-field: too many");
    let formats = format!("v=0\nm=video 0 RTP/AVP{}", " 96".repeat(99));
    assert_eq!(parse_sdp(formats.as_bytes()).unwrap().medias[0].payload_types.len(), 32);
    let mut long = b"v=0\n".to_vec();
    long.resize(MAX_BODY_BYTES, b' ');
    assert!(parse_sdp(&long).is_ok());
    long.push(b' ');
    assert_eq!(rule(&long), "description: too long");
    assert_eq!(rule(b"s=a"), "proto-version");
}

#[test]
fn controls_are_appended_as_players_do() {
    let base = "rtsp://a/live/";
    assert_eq!(resolve_control(base, Some("track1")), "rtsp://a/live/track1");
    assert_eq!(resolve_control("rtsp://a/live", Some("/track1")), "rtsp://a/live/track1");
    let query = resolve_control("rtsp://a/live?q=1", Some("track1"));
    assert_eq!(query, "rtsp://a/live?q=1/track1");
    assert_eq!(resolve_control(base, Some("rtsp://b/x")), "rtsp://b/x");
    for whole in [None, Some("*"), Some("")] {
        assert_eq!(resolve_control(base, whole), base);
    }
}
