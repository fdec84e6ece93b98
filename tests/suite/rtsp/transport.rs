//! How packets travel, and where they may not go.

use std::net::UdpSocket;

use super::Stage;
use crate::common::rtsp::{Packets, Udp, picture};

#[test]
fn udp_comes_from_the_ports_that_were_named() {
    let stage = Stage::new();
    let mut client = stage.connect();
    let mut udp = Udp::new();
    let (session, answer) = client.setup("/bars.avi/track1", &udp.transport());
    let (rtp, rtcp) = answer.server_ports();
    assert!(rtp % 2 == 0 && rtcp == rtp + 1, "{rtp}-{rtcp}");
    let asked = udp.transport().replace("RTP/AVP;unicast;client_port=", "");
    assert_eq!(answer.parameter("Transport", "client_port"), asked);
    let ssrc = answer.parameter("Transport", "ssrc").to_owned();
    client.ask_in(&session, "PLAY", "/bars.avi", &[]).expect(200);
    let from = |socket: &UdpSocket| {
        let mut bytes = [0; 2048];
        socket.recv_from(&mut bytes).expect("a packet").1.port()
    };
    assert_eq!((from(&udp.rtp), from(&udp.rtcp)), (rtp, rtcp));
    assert_eq!(format!("{:08X}", udp.rtp().ssrc), ssrc);
}

#[test]
fn packets_go_to_nobody_but_who_asked() {
    let stage = Stage::new();
    let mut client = stage.connect();
    let refused = [
        "RTP/AVP;unicast;client_port=1022-1023",
        "RTP/AVP;unicast;client_port=1023-1024",
        "RTP/AVP;unicast;client_port=0-1",
        "RTP/AVP;unicast;destination=192.0.2.1;client_port=5000-5001",
        "RTP/AVP;unicast;destination=localhost;client_port=5000-5001",
        "RTP/AVP/TCP;unicast;destination=192.0.2.1;interleaved=0-1",
        "RTP/AVP;multicast;client_port=5000-5001",
        "RTP/AVP;unicast",
        "RTP/AVP;unicast;client_port=5000-5001;mode=record",
        "RTP/SAVP;unicast;client_port=5000-5001",
        "RAW/RAW/UDP;unicast;client_port=5000-5001",
    ];
    for transport in refused {
        let answer = client.ask("SETUP", "/live", &[("Transport", transport)]);
        assert_eq!(answer.status, 461, "{transport}");
        assert_eq!(answer.header("Session"), None, "{transport}");
    }
    // One's own address may be named.
    let own = "RTP/AVP;unicast;destination=127.0.0.1;client_port=5000-5001";
    client.ask("SETUP", "/live", &[("Transport", own)]).expect(200);
}

#[test]
fn first_way_that_can_be_served_is_taken() {
    let stage = Stage::new();
    let mut client = stage.connect();
    let offer = "RTP/SAVP;unicast;client_port=5000-5001, RTP/AVP;multicast, \
        RTP/AVP/TCP;unicast;interleaved=4-5, RTP/AVP;unicast;client_port=5000-5001";
    let (_, answer) = client.setup("/live", offer);
    assert_eq!(answer.parameter("Transport", "interleaved"), "4-5");
    // A client that leaves the channels to the server is told which it has.
    let (_, answer) = client.setup("/live", "RTP/AVP/TCP;unicast");
    assert_eq!(answer.parameter("Transport", "interleaved"), "0-1");
}

#[test]
fn both_ways_carry_the_pictures_as_they_are() {
    let stage = Stage::new();
    let mut client = stage.connect();
    let (session, mut udp) = client.setup_udp("/short.avi/track1");
    client.ask_in(&session, "PLAY", "/short.avi", &[]).expect(200);
    for number in 0..5 {
        assert_eq!(stage.number(&picture(&mut udp)), number);
    }
    let session = client.setup_tcp("/short.avi/track1");
    client.ask_in(&session, "PLAY", "/short.avi", &[]).expect(200);
    for number in 0..5 {
        assert_eq!(stage.number(&picture(&mut client)), number);
    }
}
