//! RTCP (RFC 3550 §6), from the server and to it.

use std::time::{Duration, SystemTime};

use livestream::proto::rtp::rtcp;

use super::Stage;
use crate::common::rtsp::{Packets, picture};
use crate::common::{LONG, VERY_LONG, eventually};

#[test]
fn sender_report_names_one_instant_on_both_clocks() {
    let stage = Stage::new();
    let mut client = stage.connect();
    for path in ["/live", "/bars.avi"] {
        let session = client.setup_tcp(path);
        client.ask_in(&session, "PLAY", path, &[]).expect(200);
        let compound = client.rtcp();
        let [rtcp::Packet::SenderReport(report), rtcp::Packet::Names(names)] = &compound[..] else {
            panic!("no report with a name: {compound:?}");
        };
        let first = picture(&mut client).first;
        assert_eq!((report.ssrc, names[0].ssrc), (first.ssrc, first.ssrc));
        assert!(names[0].cname.is_some());
        let now = SystemTime::UNIX_EPOCH.elapsed().expect("after 1970");
        // Both are of about now, and one leads to the other.
        assert!(now.abs_diff(report.anchor.ntp.to_unix()) < LONG, "{report:?}");
        let taken = report.anchor.instant(first.timestamp);
        assert!(now.abs_diff(taken) < LONG, "{taken:?}, now it is {now:?}");
        // The report left just before the picture.
        let apart = taken.abs_diff(report.anchor.ntp.to_unix());
        assert!(apart < Duration::from_secs(5), "{apart:?}");
        client.ask_in(&session, "TEARDOWN", path, &[]).expect(200);
        while client.has_packets() {
            picture(&mut client);
        }
        client.forget_packets();
    }
}

#[test]
fn last_report_counts_what_was_sent() {
    let stage = Stage::new();
    let mut client = stage.connect();
    let session = client.setup_tcp("/short.avi");
    client.ask_in(&session, "PLAY", "/short.avi", &[]).expect(200);
    let last = loop {
        let compound = client.rtcp();
        if compound.iter().any(|packet| matches!(packet, rtcp::Packet::Goodbye { .. })) {
            break compound;
        }
    };
    let rtcp::Packet::SenderReport(report) = &last[0] else {
        panic!("a compound starts with a report (§6.1): {last:?}")
    };
    let (mut packets, mut octets) = (0, 0);
    while client.has_packets() {
        packets += 1;
        octets += client.rtp().payload.len() as u32;
    }
    assert_eq!((report.packets, report.octets), (packets, octets));
}

#[test]
fn loss_in_receiver_reports_lowers_the_level() {
    let stage = Stage::with(&[], &["--fps", "25"]);
    let mut client = stage.connect();
    for over_udp in [true, false] {
        let (session, mut udp) = if over_udp {
            let (session, udp) = client.setup_udp("/live");
            (session, Some(udp))
        } else {
            (client.setup_tcp("/live"), None)
        };
        client.ask_in(&session, "PLAY", "/live", &[]).expect(200);
        let ssrc = match &mut udp {
            Some(udp) => udp.rtp().ssrc,
            None => client.rtp().ssrc,
        };
        let level = || {
            let state = stage.server.state();
            let levels = state["levels"].as_array().expect("levels").clone();
            levels.iter().position(|level| level["viewers"] == 1).ok_or(state.to_string())
        };
        let top = eventually("it is seen", LONG, level);
        let block = rtcp::ReportBlock {
            ssrc,
            fraction_lost: 128,
            lost: 100,
            highest_sequence: 1000,
            jitter: 0,
            last_sr: 0,
            delay_since_last_sr: 0,
        };
        let report = rtcp::Packet::ReceiverReport { ssrc: 7, blocks: vec![block] };
        eventually("half of it lost, it goes down", VERY_LONG, || {
            match &mut udp {
                Some(udp) => {
                    udp.forget_packets();
                    udp.send_rtcp(std::slice::from_ref(&report));
                }
                None => {
                    client.ask("OPTIONS", "*", &[]);
                    client.forget_packets();
                    client.send_rtcp(std::slice::from_ref(&report));
                }
            }
            // The order of levels is from the worst to the best.
            level().and_then(|now| if now < top { Ok(()) } else { Err(format!("{now} of {top}")) })
        });
        client.ask_in(&session, "TEARDOWN", "/live", &[]).expect(200);
        client.forget_packets();
    }
}
