//! JPEG in RTP, both ways: what is sent must arrive, and anything else must be borne.
//!
//! Seeds: `tests/data/jpeg` and `tests/data/rtp`, whose datagrams each stand behind
//! their length of 2 bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use livestream::proto::rtp::jpeg::{Depacketizer, PacketBytes, Packets, Size, rtp_parts};
use livestream::proto::rtp::{Header, Packet};

fuzz_target!(|input: &[u8]| {
    sent_arrives(input);
    anything_is_borne(input);
});

fn sent_arrives(jpeg: &[u8]) {
    let Ok(parts) = rtp_parts(jpeg) else { return };
    let first = Header { payload_type: 26, marker: false, sequence: 65_535, timestamp: 1, ssrc: 2 };
    let packet_bytes = PacketBytes::new(200).unwrap();
    let packets = Packets::new(jpeg.into(), &parts, packet_bytes);
    let mut depacketizer = Depacketizer::new(None);
    let mut arrived = None;
    for index in 0..packets.count() {
        let mut datagram = Vec::new();
        packets.write(index, &first, &mut datagram);
        let packet = Packet::parse(&datagram).unwrap();
        arrived = depacketizer.push(&packet.header, packet.payload).unwrap();
    }
    let again = arrived.unwrap().jpeg;
    let parts_again = rtp_parts(&again).unwrap();
    assert_eq!(&again[parts_again.scan.clone()], &jpeg[parts.scan.clone()]);
    assert_eq!((parts_again.luma, parts_again.chroma), (parts.luma, parts.chroma));
    assert_eq!(parts_again.restart_interval, parts.restart_interval);
}

fn anything_is_borne(mut input: &[u8]) {
    let mut depacketizer = Depacketizer::new(Some(Size { width: 100, height: 60 }));
    while let Some((length, rest)) = input.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes(*length)).min(rest.len());
        let (datagram, rest) = rest.split_at(length);
        input = rest;
        let Ok(packet) = Packet::parse(datagram) else { continue };
        if let Ok(Some(frame)) = depacketizer.push(&packet.header, packet.payload) {
            assert!(frame.jpeg.ends_with(&[0xFF, 0xD9]));
        }
    }
}
