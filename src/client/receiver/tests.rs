//! Packets in all orders, from one sender and from two.

use std::sync::Arc;

use super::*;
use crate::proto::rtp::jpeg::{PacketBytes, Packets, rtp_parts};
use crate::proto::rtp::{Anchor, NtpTime};

const PICTURE: &[u8] = include_bytes!("../../../tests/data/jpeg/420.jpg");
const UNIX: Duration = Duration::from_secs(1_700_000_000);

fn receiver() -> Receiver {
    let mut receiver = Receiver::new(26, None, Duration::from_millis(100), [1, 2, 3, 4]);
    let place = Place { npt: Duration::from_secs(3), timestamp: Some(0) };
    receiver.starts_at(Some(place), None, UNIX);
    receiver
}

/// A picture's packets.
fn packets(ssrc: u32, sequence: u16, timestamp: u32) -> Vec<Vec<u8>> {
    let parts = rtp_parts(PICTURE).unwrap();
    let packets = Packets::new(Arc::from(PICTURE), &parts, PacketBytes::new(200).unwrap());
    let first = Header { payload_type: 26, marker: false, sequence, timestamp, ssrc };
    let mut all = vec![Vec::new(); packets.count()];
    all.iter_mut().enumerate().for_each(|(index, out)| packets.write(index, &first, out));
    all
}

/// How many pictures come of these, one each millisecond.
fn shots(receiver: &mut Receiver, packets: &[Vec<u8>], from: Duration) -> Vec<Shot> {
    let mut shots = Vec::new();
    for (millis, packet) in (0..).zip(packets) {
        receiver.rtp(packet.clone(), from + Duration::from_millis(millis), &mut shots);
    }
    shots
}

#[test]
fn packets_out_of_order_make_the_same_picture() {
    let mut whole = packets(7, 65_534, 0);
    let straight = shots(&mut receiver(), &whole, UNIX);
    assert!(straight.len() == 1 && whole.len() > 2);
    whole[1..].reverse();
    let mut receiver = receiver();
    assert_eq!(shots(&mut receiver, &whole, UNIX), straight);
    assert_eq!(straight[0].position, Some(Duration::from_secs(3)));
}

#[test]
fn lost_packet_drops_its_picture_and_is_counted() {
    let mut receiver = receiver();
    let count = packets(7, 0, 0).len() as u16;
    shots(&mut receiver, &packets(7, 0, 0), UNIX);
    let mut torn = packets(7, count, 3600);
    torn.remove(1);
    let after = packets(7, 2 * count, 9000);
    let mut came = shots(&mut receiver, &[torn, after].concat(), UNIX);
    assert_eq!(came, []);
    let later = UNIX + Duration::from_secs(1);
    assert!(receiver.deadline().is_some_and(|at| at < later));
    receiver.tick(later, &mut came);
    assert_eq!(came.len(), 1);
    assert_eq!(came[0].position, Some(Duration::from_millis(3100)));
    let statistics = receiver.statistics(later);
    assert_eq!((statistics.lost, statistics.frames, statistics.dropped_frames), (1, 2, 1));
}

#[test]
fn other_sender_is_heard_only_when_the_first_is_silent() {
    let mut receiver = receiver();
    assert_eq!(shots(&mut receiver, &packets(7, 0, 0), UNIX).len(), 1);
    assert_eq!(shots(&mut receiver, &packets(8, 500, 0), UNIX).len(), 0);
    let later = UNIX + Duration::from_secs(2);
    assert_eq!(shots(&mut receiver, &packets(8, 500, 0), later).len(), 1);
}

#[test]
fn sender_report_dates_pictures_and_goodbye_is_heard() {
    let mut receiver = receiver();
    shots(&mut receiver, &packets(7, 0, 0), UNIX);
    let anchor = Anchor { ntp: NtpTime::from_unix(UNIX), timestamp: 90_000 };
    let report = |ssrc| {
        let blocks = Vec::new();
        rtcp::Packet::SenderReport(rtcp::SenderReport {
            ssrc,
            anchor,
            packets: 1,
            octets: 1,
            blocks,
        })
    };
    let goodbye = |ssrc| rtcp::Packet::Goodbye { sources: vec![ssrc], reason: None };
    let mut take = |packets: &[rtcp::Packet]| {
        let mut bytes = Vec::new();
        rtcp::write(packets, &mut bytes);
        receiver.rtcp(&bytes, UNIX)
    };
    assert!(!take(&[report(7), report(9), goodbye(9)]));
    assert!(take(&[report(7), goodbye(7)]));
    let count = packets(7, 0, 0).len() as u16;
    let came = shots(&mut receiver, &packets(7, count, 180_000), UNIX);
    assert_eq!(came[0].captured, Some(UNIX + Duration::from_secs(1)));
}

#[test]
fn timestamp_that_is_not_the_streams_does_not_move_the_place() {
    let mut receiver = receiver();
    let count = packets(7, 0, 0).len() as u16;
    let came = shots(&mut receiver, &packets(7, 0, 0x8000_0000), UNIX);
    assert_eq!(came[0].position, Some(Duration::from_secs(3)));
    let came = shots(&mut receiver, &packets(7, count, 0x8000_0000 + 90_000), UNIX);
    assert_eq!(came[0].position, Some(Duration::from_secs(4)));
}
