//! A session as it should be, and with what servers are like.

use super::fake::{CLIP, PICTURE};
use super::*;
use crate::proto::rtp::rtcp;
use crate::proto::rtsp::{Method, Status};

#[test]
fn a_session_goes_from_setup_to_teardown_over_udp() {
    let fake = Fake::start(|listener| {
        let mut peer = Peer::described(listener);
        let way = peer.set_up("12;timeout=60");
        let fake::Carriage::Udp { to, .. } = &way else { panic!("TCP") };
        assert_eq!((to.0.port() % 2, to.1.port()), (0, to.0.port() + 1));
        assert_eq!(peer.play("5").headers.get("Range"), None);
        peer.picture(&way, 100, 9000);
        let pause = peer.expect(Method::Pause);
        peer.ok(&pause, &[]);
        let teardown = peer.expect(Method::Teardown);
        assert_eq!(teardown.session().unwrap().unwrap().id, "12");
        peer.ok(&teardown, &[]);
        peer.expect_end();
    });
    let (client, ear) = client(&fake, Transports::UdpThenTcp);
    client.setup();
    client.play(None);
    let about = About {
        name: "movie".into(),
        duration: Some(Duration::from_secs(20)),
        frame_rate: Some(25.0),
        size: None,
    };
    assert_eq!(ear.event(), Event::Described(about));
    assert_eq!(ear.event(), Event::Transport(Lower::Udp));
    assert_eq!(ear.event(), Event::State(State::Ready));
    let shot = ear.picture();
    assert_eq!(shot.position, Some(Duration::from_secs(5)));
    assert_eq!(shot.jpeg[..2], PICTURE[..2]);
    client.pause();
    assert_eq!(ear.event(), Event::State(State::Ready));
    let statistics = client.statistics();
    assert_eq!((statistics.frames, statistics.transport), (1, Some(Lower::Udp)));
    client.teardown();
    assert_eq!(ear.event(), Event::State(State::Init));
    assert_eq!(client.state(), State::Init);
    fake.join();
}

#[test]
fn silence_over_udp_leads_to_tcp() {
    let fake = Fake::start(|listener| {
        let mut peer = Peer::described(listener);
        let _way = peer.set_up("12");
        peer.play("0");
        let teardown = peer.expect(Method::Teardown);
        peer.ok(&teardown, &[]);
        // As GStreamer's server does.
        drop(peer);
        let mut peer = Peer::accept(listener);
        let way = peer.set_up("13");
        assert!(matches!(way, fake::Carriage::Tcp));
        assert_eq!(peer.play("3").headers.get("Range"), Some("npt=3-"));
        peer.picture(&way, 100, 9000);
        peer.expect(Method::Teardown);
    });
    let times = Times { silence: SOON, teardown: SOON, ..PATIENT };
    let (client, ear) = client_with(fake.url(), Transports::UdpThenTcp, times);
    client.setup();
    client.play(Some(Duration::from_secs(3)));
    ear.described();
    assert_eq!(ear.event(), Event::Transport(Lower::Udp));
    assert_eq!(ear.event(), Event::State(State::Ready));
    assert_eq!(ear.event(), Event::State(State::Playing));
    assert_eq!(ear.event(), Event::Transport(Lower::Tcp));
    assert_eq!(ear.picture().position, Some(Duration::from_secs(3)));
    assert_eq!(client.statistics().transport, Some(Lower::Tcp));
    drop(client);
    fake.join();
}

#[test]
fn silence_where_only_one_way_is_wanted_is_told() {
    for wanted in [Transports::Udp, Transports::Tcp] {
        let fake = Fake::start(|listener| {
            let mut peer = Peer::described(listener);
            peer.set_up("12");
            peer.play("0");
            peer.expect_end();
        });
        let times = Times { silence: SOON, first: SOON, ..PATIENT };
        let (client, ear) = client_with(fake.url(), wanted, times);
        client.setup();
        client.play(None);
        assert_eq!(ear.trouble(), Fault::NoPackets);
        assert_eq!(client.state(), State::Init);
        fake.join();
    }
}

#[test]
fn refused_udp_leads_to_tcp_on_the_same_connection() {
    let fake = Fake::start(|listener| {
        let mut peer = Peer::described(listener);
        let setup = peer.expect(Method::Setup);
        peer.reply(&setup, Status::UnsupportedTransport, &[], "");
        assert!(matches!(peer.set_up("12"), fake::Carriage::Tcp));
        peer.expect(Method::Teardown);
    });
    let (client, ear) =
        client_with(fake.url(), Transports::UdpThenTcp, Times { teardown: SOON, ..PATIENT });
    client.setup();
    ear.described();
    assert_eq!(ear.event(), Event::Transport(Lower::Tcp));
    assert_eq!(ear.event(), Event::State(State::Ready));
    drop(client);
    fake.join();

    let fake = Fake::start(|listener| {
        let mut peer = Peer::described(listener);
        let setup = peer.expect(Method::Setup);
        peer.reply(&setup, Status::UnsupportedTransport, &[], "");
        peer.expect_end();
    });
    let (client, ear) = self::client(&fake, Transports::Udp);
    client.setup();
    let fault = ear.trouble();
    assert!(matches!(fault, Fault::Refused { status: 461, .. }), "{fault:?}");
    assert!(fault.sentence("cam", "--x").contains("461"), "{}", fault.sentence("cam", "--x"));
    drop(client);
    fake.join();
}

#[test]
fn name_and_password_are_sent_once_they_are_asked_for() {
    let fake = Fake::start(|listener| {
        let mut peer = Peer::accept(listener);
        let options = peer.expect(Method::Options);
        peer.ok(&options, &[]);
        let describe = peer.expect(Method::Describe);
        assert_eq!(describe.headers.get("Authorization"), None);
        let basic = [("WWW-Authenticate", "Digest realm=x"), ("WWW-Authenticate", "Basic realm=x")];
        peer.reply(&describe, Status::Unauthorized, &basic, "");
        let describe = peer.expect(Method::Describe);
        assert_eq!(describe.headers.get("Authorization"), Some("Basic bWU6c2VjcmV0"));
        assert_eq!(describe.headers.get("Accept"), Some("application/sdp"));
        peer.reply(&describe, Status::Ok, &[], CLIP);
        let setup = peer.expect(Method::Setup);
        assert!(setup.headers.get("Authorization").is_some());
        peer.reply(&setup, Status::Unauthorized, &basic, "");
        peer.expect_end();
    });
    let (client, ear) = client_with(fake.url_with("me:secret@"), Transports::Tcp, PATIENT);
    client.setup();
    ear.described();
    assert_eq!(ear.trouble(), Fault::Denied(Denial::Wrong));
    fake.join();
}

#[test]
fn digest_goes_with_each_request_and_a_stale_nonce_is_answered_at_once() {
    let challenge = |nonce: &str, stale| {
        format!(
            "Digest realm=\"cam\", nonce=\"{nonce}\", algorithm=SHA-256, qop=\"auth\", stale={stale}"
        )
    };
    /// What it says of itself, the request's own line among it.
    fn said(request: &crate::proto::rtsp::Request, name: &str) -> String {
        let value = request.headers.get("Authorization").expect("it was asked for");
        let challenge = &crate::proto::auth::parse_challenges(value)[0];
        assert_eq!(challenge.get("uri"), Some(request.uri.as_str()), "{value}");
        challenge.get(name).unwrap_or_default().to_owned()
    }
    let fake = Fake::start(move |listener| {
        let mut peer = Peer::accept(listener);
        let options = peer.expect(Method::Options);
        let (first, second) = (challenge("a", "false"), challenge("b", "true"));
        peer.reply(&options, Status::Unauthorized, &[("WWW-Authenticate", &first)], "");
        let options = peer.expect(Method::Options);
        assert_eq!(
            (said(&options, "nonce"), said(&options, "nc")),
            ("a".into(), "00000001".into())
        );
        peer.ok(&options, &[]);
        let describe = peer.expect(Method::Describe);
        assert_eq!(said(&describe, "nc"), "00000002");
        peer.reply(&describe, Status::Ok, &[], CLIP);
        let setup = peer.expect(Method::Setup);
        peer.reply(&setup, Status::Unauthorized, &[("WWW-Authenticate", &second)], "");
        let again = peer.expect(Method::Setup);
        assert_eq!((said(&again, "nonce"), said(&again, "nc")), ("b".into(), "00000001".into()));
        assert_eq!(again.headers.get("Transport"), setup.headers.get("Transport"));
        let wrong = challenge("c", "false");
        peer.reply(&again, Status::Unauthorized, &[("WWW-Authenticate", &wrong)], "");
        peer.expect_end();
    });
    let (client, ear) = client_with(fake.url_with("me:secret@"), Transports::Tcp, PATIENT);
    client.setup();
    ear.described();
    assert_eq!(ear.trouble(), Fault::Denied(Denial::Wrong));
    fake.join();
}

#[test]
fn redirects_are_followed_and_the_login_stays_behind() {
    let second = Fake::start(|listener| {
        let mut peer = Peer::accept(listener);
        let options = peer.expect(Method::Options);
        assert_eq!(options.headers.get("Authorization"), None);
        peer.ok(&options, &[]);
        let describe = peer.expect(Method::Describe);
        assert_eq!(describe.uri.target.path, "/elsewhere");
        peer.reply(&describe, Status::Ok, &[], CLIP);
        peer.expect_end();
    });
    let there = format!("rtsp://{}/elsewhere", second.address);
    let first = Fake::start(move |listener| {
        let mut peer = Peer::accept(listener);
        let options = peer.expect(Method::Options);
        let basic = [("WWW-Authenticate", "Basic realm=x")];
        peer.reply(&options, Status::Unauthorized, &basic, "");
        let options = peer.expect(Method::Options);
        assert!(options.headers.get("Authorization").is_some());
        peer.ok(&options, &[]);
        let describe = peer.expect(Method::Describe);
        peer.reply(&describe, Status::MovedTemporarily, &[("Location", &there)], "");
        peer.expect_end();
    });
    let (client, ear) = client_with(first.url_with("me:secret@"), Transports::Tcp, PATIENT);
    ear.described();
    drop(client);
    first.join();
    second.join();
}

#[test]
fn to_another_host_is_gone_only_where_it_may_be() {
    for (location, words) in [
        ("rtsp://elsewhere/secret", "sends us to another host"),
        // The same one, where nothing listens.
        ("rtsp://127.0.0.1:1/secret", "cannot be reached"),
    ] {
        let fake = Fake::start(move |listener| {
            let mut peer = Peer::accept(listener);
            let options = peer.expect(Method::Options);
            peer.reply(&options, Status::MovedPermanently, &[("Location", location)], "");
            peer.expect_end();
        });
        let (_client, ear) =
            client_bounded(fake.url(), Transports::Tcp, Redirects::SameHost, PATIENT);
        let said = ear.trouble().sentence("cam", "--x");
        assert!(said.contains(words) && !said.contains("secret"), "{said}");
        fake.join();
    }
}

#[test]
fn redirects_come_to_an_end() {
    for (location, count, words) in [
        ("/again", 6, "from one address to another"),
        ("http://secret/secret", 1, "where we cannot go"),
        ("", 1, "where we cannot go"),
    ] {
        let fake = Fake::start(move |listener| {
            for _ in 0..count {
                let mut peer = Peer::accept(listener);
                let options = peer.expect(Method::Options);
                peer.reply(&options, Status::MovedPermanently, &[("Location", location)], "");
                peer.expect_end();
            }
        });
        let (_client, ear) = client(&fake, Transports::Tcp);
        let said = ear.trouble().sentence("cam", "--x");
        assert!(said.contains(words) && !said.contains("secret"), "{said}");
        fake.join();
    }
}

#[test]
fn login_that_cannot_be_answered_is_told() {
    for (userinfo, scheme, denial) in [
        ("", "Basic realm=\"x\"", Denial::Anonymous),
        ("a:b@", "Digest realm=\"x\"", Denial::Scheme("Digest".into())),
        ("a:b@", "Negotiate", Denial::Scheme("Negotiate".into())),
    ] {
        let fake = Fake::start(move |listener| {
            let mut peer = Peer::accept(listener);
            let options = peer.expect(Method::Options);
            peer.reply(&options, Status::Unauthorized, &[("WWW-Authenticate", scheme)], "");
            peer.expect_end();
        });
        let (_client, ear) = client_with(fake.url_with(userinfo), Transports::Tcp, PATIENT);
        let fault = ear.trouble();
        assert_eq!(fault, Fault::Denied(denial));
        assert!(fault.sentence("cam:8554", "--x").starts_with("cam:8554 asks "));
        fake.join();
    }
}

#[test]
fn session_that_is_gone_is_lost_and_a_refused_place_is_not() {
    let fake = Fake::start(|listener| {
        let mut peer = Peer::described(listener);
        peer.set_up("12");
        let play = peer.expect(Method::Play);
        assert_eq!(play.headers.get("Range"), Some("npt=99.5-"));
        peer.reply(&play, Status::InvalidRange, &[], "");
        peer.play("0");
        let pause = peer.expect(Method::Pause);
        peer.reply(&pause, Status::SessionNotFound, &[], "");
        peer.expect_end();
    });
    let (client, ear) = client(&fake, Transports::Tcp);
    client.setup();
    client.play(Some(Duration::from_millis(99_500)));
    assert!(matches!(ear.trouble(), Fault::Refused { status: 457, .. }));
    assert_eq!(client.state(), State::Ready);
    client.play(None);
    assert_eq!(ear.event(), Event::State(State::Playing));
    client.pause();
    assert_eq!(ear.event(), Event::State(State::Init));
    assert!(matches!(ear.trouble(), Fault::Refused { status: 454, .. }));
    fake.join();
}

#[test]
fn replies_are_matched_by_number_and_frames_stand_between_them() {
    let fake = Fake::start(|listener| {
        let mut peer = Peer::accept(listener);
        let options = peer.expect(Method::Options);
        peer.ok(&options, &[("Public", "SETUP, GET_PARAMETER")]);
        let describe = peer.expect(Method::Describe);
        peer.reply(&describe, Status::Ok, &[], CLIP);
        let clips = peer.expect(Method::GetParameter);
        assert_eq!(clips.body, b"clips\r\n");
        let way = peer.set_up("12");
        peer.send(b"\r\n\r\nRTSP/1.0 200 OK\r\nCSeq: 99\r\n\r\n$\x05\0\x02ab");
        peer.send(b"OPTIONS * RTSP/1.0\r\nCSeq: 4\r\n\r\n");
        let play = peer.expect(Method::Play);
        peer.picture(&way, 100, 9000);
        peer.send(format!("RTSP/1.0 200 OK\r\nCSeq: {}\r\n\r\n", play.cseq).as_bytes());
        peer.reply(&clips, Status::Ok, &[], "clips: a.avi, b%20c\r\n");
        peer.expect(Method::Teardown);
    });
    let (client, ear) =
        client_with(fake.url(), Transports::Tcp, Times { teardown: SOON, ..PATIENT });
    client.setup();
    client.play(None);
    ear.described();
    assert_eq!(ear.event(), Event::Transport(Lower::Tcp));
    assert_eq!(ear.event(), Event::State(State::Ready));
    assert_eq!(ear.picture().jpeg[..2], PICTURE[..2]);
    assert_eq!(ear.event(), Event::State(State::Playing));
    assert_eq!(ear.event(), Event::Clips(vec!["a.avi".into(), "b c".into()]));
    drop(client);
    fake.join();
}

#[test]
fn seek_pauses_and_plays_from_there_without_what_is_on_the_way() {
    let fake = Fake::start(|listener| {
        let mut peer = Peer::described(listener);
        let way = peer.set_up("12");
        peer.play("0");
        let count = peer.picture(&way, 100, 9000);
        let pause = peer.expect(Method::Pause);
        peer.ok(&pause, &[]);
        let play = peer.expect(Method::Play);
        assert_eq!(play.headers.get("Range"), Some("npt=12-"));
        let next = 100 + 2 * count;
        let info = format!("url=track1;seq={next};rtptime=90000");
        peer.ok(&play, &[("RTP-Info", &info), ("Range", "npt=11.5-20")]);
        // Sent before, and late.
        peer.picture(&way, 100 + count, 12_600);
        peer.picture(&way, next, 90_000 + 45_000);
        peer.expect(Method::Teardown);
    });
    let (client, ear) =
        client_with(fake.url(), Transports::Tcp, Times { teardown: SOON, ..PATIENT });
    client.setup();
    client.play(None);
    assert_eq!(ear.picture().position, Some(Duration::ZERO));
    client.play(Some(Duration::from_secs(12)));
    assert_eq!(ear.picture().position, Some(Duration::from_secs(12)));
    assert_eq!(client.state(), State::Playing);
    drop(client);
    fake.join();
}

#[test]
fn clip_that_is_over_begins_again() {
    for wanted in [Transports::Udp, Transports::Tcp] {
        let fake = Fake::start(|listener| {
            let mut peer = Peer::described(listener);
            let way = peer.set_up("12");
            peer.play("0");
            peer.picture(&way, 100, 9000);
            peer.goodbye(&way);
            assert_eq!(peer.play("0").headers.get("Range"), Some("npt=0-"));
            peer.picture(&way, 100, 9000);
            peer.expect(Method::Teardown);
        });
        let (client, ear) = client_with(fake.url(), wanted, Times { teardown: SOON, ..PATIENT });
        client.setup();
        client.play(None);
        ear.picture();
        assert_eq!(ear.event(), Event::State(State::Ready));
        assert_eq!(ear.event(), Event::Ended);
        client.play(None);
        ear.picture();
        drop(client);
        fake.join();
    }
}

#[test]
fn session_is_kept_alive_and_reported_on() {
    let fake = Fake::start(|listener| {
        let mut peer = Peer::described(listener);
        let way = peer.set_up("12;timeout=1");
        peer.play("0");
        peer.picture(&way, 100, 9000);
        let alive = peer.expect(Method::Options);
        assert_eq!(alive.session().unwrap().unwrap().id, "12");
        let (channel, bytes) = peer.frames.last().expect("a report");
        let last = rtcp::parse(bytes).unwrap();
        assert_eq!(*channel, 1);
        let rtcp::Packet::ReceiverReport { blocks, .. } = &last[0] else { panic!("{last:?}") };
        assert_eq!((blocks[0].ssrc, blocks[0].lost), (fake::SSRC, 0));
        assert!(matches!(&last[1], rtcp::Packet::Names(names) if names[0].cname.is_some()));
        peer.reply(&alive, Status::SessionNotFound, &[], "");
    });
    let (client, ear) = client_with(fake.url(), Transports::Tcp, Times { report: SOON, ..PATIENT });
    client.setup();
    client.play(None);
    assert!(matches!(ear.trouble(), Fault::Refused { status: 454, .. }));
    fake.join();
}

#[test]
fn connection_that_idles_away_is_made_anew_and_one_in_use_is_missed() {
    let fake = Fake::start(|listener| {
        drop(Peer::described(listener));
        let mut peer = Peer::accept(listener);
        let _way = peer.set_up("12");
        peer.play("0");
        drop(peer);
        Peer::accept(listener).set_up("13");
    });
    let (client, ear) = client(&fake, Transports::Tcp);
    ear.described();
    client.setup();
    client.play(None);
    assert_eq!(ear.trouble(), Fault::Closed);
    assert_eq!(client.state(), State::Init);
    client.setup();
    assert_eq!(ear.event(), Event::Transport(Lower::Tcp));
    fake.join();
}

#[test]
fn drop_tears_down_and_waits_only_for_a_moment() {
    let fake = Fake::start(|listener| {
        let mut peer = Peer::described(listener);
        peer.set_up("12");
        peer.expect(Method::Teardown);
        // No reply.
        peer.expect_end();
    });
    let (client, ear) =
        client_with(fake.url(), Transports::Udp, Times { teardown: SOON, ..PATIENT });
    client.setup();
    while ear.event() != Event::State(State::Ready) {}
    drop(client);
    fake.join();
}
