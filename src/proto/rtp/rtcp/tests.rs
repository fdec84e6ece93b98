//! Tests of RTCP on what was written here and what GStreamer and ffmpeg send.

use super::*;

const BLOCK: ReportBlock = ReportBlock {
    ssrc: 0x0102_0304,
    fraction_lost: 64,
    lost: -5,
    highest_sequence: 0x1_0002,
    jitter: 77,
    last_sr: 0xB705_2000,
    delay_since_last_sr: 0x0005_4000,
};

fn compound() -> Vec<Packet> {
    let anchor = Anchor { ntp: NtpTime(0xB44D_B705_2000_0000), timestamp: 90_000 };
    let report = SenderReport { ssrc: 1, anchor, packets: 2, octets: 3, blocks: vec![BLOCK] };
    vec![
        Packet::SenderReport(report),
        Packet::ReceiverReport {
            ssrc: 2,
            blocks: vec![BLOCK, ReportBlock { lost: 0x7F_FFFF, ..BLOCK }],
        },
        Packet::Names(vec![
            Name { ssrc: 1, cname: Some("camera@host".to_owned()) },
            Name { ssrc: 2, cname: None },
            Name { ssrc: 3, cname: Some(String::new()) },
        ]),
        Packet::Goodbye { sources: vec![1, 2], reason: Some("teardown".to_owned()) },
        Packet::Goodbye { sources: vec![], reason: None },
    ]
}

fn written(packets: &[Packet]) -> Vec<u8> {
    let mut out = Vec::new();
    write(packets, &mut out);
    out
}

#[test]
fn compound_reads_as_it_was_written() {
    let bytes = written(&compound());
    assert_eq!(bytes.len() % 4, 0);
    assert_eq!(parse(&bytes), Ok(compound()));
}

#[test]
fn cut_at_every_byte_is_refused_or_fewer_packets() {
    let bytes = written(&compound());
    for cut in 0..bytes.len() {
        if let Ok(packets) = parse(&bytes[..cut]) {
            assert_eq!(packets, compound()[..packets.len()], "cut at {cut}");
            assert_eq!(written(&packets).len(), cut);
        }
    }
}

#[test]
fn sender_report_is_that_of_the_rfc() {
    let bytes = written(&compound()[..1]);
    assert_eq!(bytes.len(), 28 + 24);
    assert_eq!(bytes[..8], [0x81, 200, 0, 12, 0, 0, 0, 1]);
    assert_eq!(bytes[8..20], [0xB4, 0x4D, 0xB7, 0x05, 0x20, 0, 0, 0, 0, 1, 0x5F, 0x90]);
    assert_eq!(bytes[32..36], [64, 0xFF, 0xFF, 0xFB]);
}

#[test]
fn other_kinds_are_passed_over() {
    let mut bytes = vec![0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2];
    bytes.extend([0x80, 204, 0, 1, b'n', b'a', b'm', b'e']);
    bytes.extend(written(&compound()[1..2]));
    bytes.extend([0x8F, 205, 0, 0]);
    let read = parse(&bytes).unwrap();
    assert_eq!(read[0], Packet::Other { packet_type: 206 });
    assert_eq!(read[1], Packet::Other { packet_type: 204 });
    assert_eq!(read[2], compound()[1]);
    assert_eq!(read[3], Packet::Other { packet_type: 205 });
    assert_eq!(written(&read), written(&compound()[1..2]));
}

#[test]
fn items_beside_the_cname_and_profile_extensions_are_passed_over() {
    let mut bytes = vec![0x81, 202, 0, 5, 0, 0, 0, 9, 6, 4];
    bytes.extend(b"tool\x01\x02ab");
    bytes.resize(24, 0);
    let named = Packet::Names(vec![Name { ssrc: 9, cname: Some("ab".to_owned()) }]);
    assert_eq!(parse(&bytes), Ok(vec![named]));
    let extended = [0x80, 201, 0, 3, 0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8];
    assert_eq!(parse(&extended), Ok(vec![Packet::ReceiverReport { ssrc: 9, blocks: vec![] }]));
}

#[test]
fn padding_belongs_to_the_last_packet() {
    let padded = [0xA0, 201, 0, 2, 0, 0, 0, 9, 0, 0, 0, 4];
    let report = Packet::ReceiverReport { ssrc: 9, blocks: vec![] };
    assert_eq!(parse(&padded), Ok(vec![report]));
    for count in [0, 1, 5, 8, 12, 255] {
        let mut bytes = padded;
        bytes[11] = count;
        assert!(parse(&bytes).is_err(), "{count}");
    }
    let twice = [padded, padded].concat();
    assert_eq!(parse(&twice).unwrap_err().offset, 11);
}

#[test]
fn garbage_is_refused() {
    let rule = |bytes: &[u8]| parse(bytes).map_err(|e| (e.offset, e.rule)).unwrap_err();
    assert_eq!(rule(b""), (0, "RFC 3550 §6.4.1: as long as it says"));
    assert_eq!(rule(b"GET / HTTP/1.1"), (0, "RFC 3550 §6.4.1: version 2"));
    assert_eq!(rule(&[0x80, 26, 0, 0]), (1, "RFC 5761 §4: types 192 to 223"));
    assert_eq!(rule(&[0x80, 201, 0, 9, 0, 0, 0, 0]), (0, "RFC 3550 §6.4.1: as long as it says"));
    let rule_of = |bytes: &[u8]| rule(bytes).1;
    let counted = "RFC 3550 §6.4 to §6.6: all that is counted";
    assert_eq!(rule_of(&[0x81, 201, 0, 1, 0, 0, 0, 0]), counted);
    assert_eq!(rule_of(&[0x81, 202, 0, 1, 0, 0, 0, 0]), counted);
    assert_eq!(rule_of(&[0x81, 202, 0, 2, 0, 0, 0, 0, 1, 9, 0, 0]), counted);
    assert_eq!(rule_of(&[0x82, 203, 0, 1, 0, 0, 0, 0]), counted);
    assert_eq!(rule_of(&[0x80, 203, 0, 1, 9, 0, 0, 0]), counted);
}

#[test]
fn what_is_too_much_for_a_field_is_left_out() {
    let reason = Some("é".repeat(200));
    let bytes = written(&[Packet::Goodbye { sources: vec![7; 40], reason }]);
    let read = parse(&bytes).unwrap();
    let reason = Some("é".repeat(127));
    assert_eq!(read, [Packet::Goodbye { sources: vec![7; 31], reason }]);
}

#[test]
fn compound_of_gstreamer_is_read() {
    let read = parse(include_bytes!("../../../../tests/data/rtp/gstreamer.rtcp")).unwrap();
    let [Packet::SenderReport(report), Packet::Names(names), Packet::Goodbye { sources, .. }] =
        &read[..]
    else {
        panic!("{read:?}");
    };
    assert_eq!((report.packets, report.octets), (15, 7282));
    assert_eq!(names[0].cname.as_deref(), Some("user1365596262@host-25220e82"));
    assert_eq!(sources[..], [report.ssrc]);
}
