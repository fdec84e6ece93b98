//! Servers that break the rules, or are none.

use std::io::{Read, Write};
use std::net::TcpListener;

use super::*;
use crate::proto::rtsp::Method;

/// What is told of a server that says this to OPTIONS and no more.
#[track_caller]
fn trouble(bytes: Vec<u8>) -> Fault {
    let fake = Fake::start(move |listener| {
        let mut peer = Peer::accept(listener);
        peer.expect(Method::Options);
        peer.send(&bytes);
        peer.expect_end();
    });
    let times = Times { reply: Duration::from_millis(300), ..PATIENT };
    let (client, ear) = client_with(fake.url(), Transports::UdpThenTcp, times);
    let fault = ear.trouble();
    assert_eq!(client.state(), State::Init);
    assert!(!fault.sentence("cam", "--x").is_empty());
    fake.join();
    fault
}

#[test]
fn garbage_is_told_and_never_kept() {
    let head = |rest: &str| format!("RTSP/1.0 200 OK\r\nCSeq: 1\r\n{rest}").into_bytes();
    for bytes in [
        b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
        b"SSH-2.0-OpenSSH_9.9\r\n\r\n".to_vec(),
        b"\x16\x03\x01\x02\0\x01".to_vec(),
        b"RTSP/1.0 abc\r\n\r\n".to_vec(),
        head(&"X: y\r\n".repeat(9999)),
        head(&format!("X: {}", "x".repeat(99_999))),
        head("Content-Length: 99999999\r\n\r\n"),
        head("Content-Length: -1\r\n\r\n"),
        vec![0; 99_999],
        vec![b'x'; 99_999],
    ] {
        let fault = trouble(bytes);
        assert!(matches!(fault, Fault::Grammar(_)), "{fault:?}");
    }
}

#[test]
fn waiting_is_bounded_whatever_comes() {
    let mut frames = Vec::new();
    for channel in 0..=255 {
        frames.extend([b'$', channel, 1, 0]);
        frames.extend([channel; 256]);
    }
    for bytes in [
        Vec::new(),
        frames.repeat(20),
        b"$\0\xFF\xFF".to_vec(),
        b"\r\n".repeat(50_000),
        b"RTSP/1.0 200 OK\r\n".to_vec(),
        b"RTSP/1.0 100 Continue\r\nCSeq: 1\r\n\r\n".to_vec(),
        b"RTSP/1.0 200 OK\r\nCSeq: 77\r\n\r\n".to_vec(),
        b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 9\r\n\r\n".to_vec(),
    ] {
        assert_eq!(trouble(bytes), Fault::Silent(Method::Options));
    }
}

#[test]
fn packets_of_nonsense_do_no_harm() {
    let fake = Fake::start(|listener| {
        let mut peer = Peer::described(listener);
        let way = peer.set_up("12");
        peer.play("0");
        let good = fake::packets(100, 9000);
        for packet in &good {
            for cut in 0..packet.len().min(40) {
                peer.frame(0, &packet[..cut]);
                peer.frame(1, &packet[..cut]);
            }
            peer.frame(7, packet);
        }
        let mut seed = 1_u32;
        for _ in 0..2000 {
            let mut packet = good[0].clone();
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let at = seed as usize >> 8;
            let length = packet.len();
            packet[at % 20] = (seed >> 20) as u8;
            packet[at % length] ^= 0x55;
            peer.frame((seed >> 30) as u8 & 1, &packet);
        }
        // As if it began anew.
        let count = peer.picture(&way, 30_000, 9000);
        peer.picture(&way, 30_000 + count, 12_000);
        peer.expect(Method::Teardown);
    });
    let (client, ear) =
        client_with(fake.url(), Transports::Tcp, Times { teardown: SOON, ..PATIENT });
    client.setup();
    client.play(None);
    ear.picture();
    drop(client);
    fake.join();
}

#[test]
fn packets_of_others_are_passed_over() {
    let fake = Fake::start(|listener| {
        let mut peer = Peer::described(listener);
        let way = peer.set_up("12");
        let fake::Carriage::Udp { to, .. } = &way else { panic!("TCP") };
        peer.play("0");
        // Another address of this machine, which is not the server's.
        let stranger = std::net::UdpSocket::bind("127.0.0.2:0").unwrap();
        for packet in fake::packets(100, 9000) {
            stranger.send_to(&packet, to.0).unwrap();
        }
        let count = peer.picture(&way, 200, 99_000);
        assert!(count > 1);
        peer.expect(Method::Teardown);
    });
    let (client, ear) =
        client_with(fake.url(), Transports::Udp, Times { teardown: SOON, ..PATIENT });
    client.setup();
    client.play(None);
    assert_eq!(ear.picture().position, Some(Duration::from_secs(1)));
    drop(client);
    fake.join();
}

#[test]
fn other_encodings_are_named() {
    let fake = Fake::start(|listener| {
        let mut peer = Peer::accept(listener);
        for method in [Method::Options, Method::Describe] {
            let request = peer.expect(method);
            let sdp = "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n\
                m=audio 0 RTP/AVP 97\r\na=rtpmap:97 MPEG4-GENERIC/44100\r\n";
            peer.reply(&request, crate::proto::rtsp::Status::Ok, &[], sdp);
        }
        peer.expect_end();
    });
    let (_client, ear) = client(&fake, Transports::UdpThenTcp);
    let fault = ear.trouble();
    assert_eq!(fault, Fault::NoJpeg(vec!["H264".into()]));
    let sentence = fault.sentence("cam", "--x");
    assert!(sentence.starts_with("cam sends H264. Only JPEG"), "{sentence}");
    fake.join();
}

#[test]
fn replies_to_setup_that_cannot_be_used_are_told() {
    for headers in [
        &[("Session", "12"), ("Transport", "RTP/AVP;unicast;client_port=1-2")][..],
        &[("Session", "12"), ("Transport", "RTP/AVP;multicast;destination=224.0.0.1")],
        &[("Session", "12"), ("Transport", "RAW/RAW/UDP")],
        &[("Session", ""), ("Transport", "RTP/AVP/TCP;interleaved=0-1")],
        &[("Transport", "RTP/AVP/TCP;interleaved=0-1")],
    ] {
        let fake = Fake::start(move |listener| {
            let mut peer = Peer::described(listener);
            let setup = peer.expect(Method::Setup);
            peer.ok(&setup, headers);
            peer.expect_end();
        });
        let (client, ear) = client(&fake, Transports::Tcp);
        client.setup();
        let fault = ear.trouble();
        assert!(matches!(fault, Fault::Transport | Fault::Grammar(_)), "{headers:?}: {fault:?}");
        fake.join();
    }
}

#[test]
fn nobody_there_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = RtspUrl::parse(&format!("rtsp://{}/", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    let (told, events) = channel();
    let options = Options {
        transport: Transports::Udp,
        rtp_port: None,
        user_agent: "test",
        trust: Trust::System,
        redirects: Redirects::Anywhere,
    };
    let tell = move |event| drop(told.send(event));
    let client = Client::connect(url.clone(), options, tell).unwrap();
    let Event::Trouble(sentence) = events.recv_timeout(LIMIT).unwrap() else { panic!() };
    assert_eq!(sentence, format!("{} cannot be reached. Nothing listens there.", url.authority()));
    drop(client);
}

#[test]
fn server_that_asks_without_end_and_never_reads_is_left() {
    let fake = Fake::start(|listener| {
        let (mut socket, _) = listener.accept().unwrap();
        let request = b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n".repeat(1000);
        while socket.write_all(&request).is_ok() {}
        let _ = socket.read(&mut [0]);
    });
    let (_client, ear) = client(&fake, Transports::Tcp);
    assert!(matches!(ear.trouble(), Fault::Broken(_)));
    fake.join();
}
