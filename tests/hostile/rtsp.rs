//! RTSP connections that say nothing, and sessions without end (fault 3): players play on, and
//! others come in.

use std::net::{Ipv4Addr, SocketAddr};

use super::neighbours::{Neighbours, address, connect_from};
use super::player::play;
use super::{FAIRLY_SOON, Server, alone, camera, newcomers_get};
use crate::common::rtsp::{Rtsp, Udp, picture};
use crate::common::{LONG, eventually, eventually_true};

/// Another's player: from an address that no neighbour has.
fn player(server: SocketAddr) -> Rtsp {
    let from = Ipv4Addr::new(127, 7, 7, 7);
    Rtsp::over(connect_from(server, from).expect("the server accepts"), server)
}

#[track_caller]
fn expect_plays(player: &mut Rtsp) {
    let session = player.setup_tcp("/live");
    player.ask_in(&session, "PLAY", "/live", &[]).expect(200);
    picture(player);
}

#[test]
fn four_thousand_silent_connections_leave_a_player_alone() {
    let _alone = alone();
    let (server, _scratch) = camera(&["--rtsp-port", "0"]);
    let playing = play(server.rtsp(), Ipv4Addr::new(127, 9, 9, 9)).expect("it plays");
    let silent = Neighbours::connect(server.rtsp(), 4500);
    assert!(silent.count() > 4096, "{} came in", silent.count());
    let before = playing.count();
    eventually_true("it has more pictures", LONG, || playing.count() >= before + 60);
    expect_plays(&mut player(server.rtsp()));
    assert!(!playing.is_over());
}

#[test]
fn eleven_hundred_silent_connections_leave_descriptors_for_http() {
    let _alone = alone();
    let arguments = ["--source", "pattern", "--size", "160x120", "--rtsp-port", "0"];
    let server = Server::with_descriptors(1024, &arguments);
    let silent = Neighbours::connect(server.rtsp(), 1100);
    newcomers_get(&server, "/healthz").expect(200);
    newcomers_get(&server, "/snapshot").expect(200);
    expect_plays(&mut player(server.rtsp()));
    // It was not their time that let others in, but that others came.
    assert!(silent.still_open() >= silent.count() / 2, "{} are open", silent.still_open());
}

#[test]
fn one_client_cannot_take_all_sessions() {
    let _alone = alone();
    let server = Server::pattern(&["--rtsp-port", "0"]);
    let mut playing = player(server.rtsp());
    expect_plays(&mut playing);
    let (udp, mut greedy) = (Udp::new(), Rtsp::connect(server.rtsp()));
    let mut given = 0;
    for _ in 0..5000 {
        let transport = udp.transport();
        let answer = greedy.ask("SETUP", "/live", &[("Transport", &transport)]);
        assert!([200, 453, 503].contains(&answer.status), "{answer:?}");
        given += usize::from(answer.status == 200);
    }
    let other = connect_from(server.rtsp(), address(7)).expect("the server accepts");
    expect_plays(&mut Rtsp::over(other, server.rtsp()));
    assert!(given > 0, "some sessions anybody may have");
    picture(&mut playing);
}

#[test]
fn one_client_cannot_take_all_seats_by_sessions_that_it_does_not_read() {
    let _alone = alone();
    let (server, _scratch) = camera(&["--rtsp-port", "0", "--max-viewers", "20"]);
    let mut greedy: Vec<_> = (0..20).map(|_| Rtsp::connect(server.rtsp())).collect();
    greedy.iter_mut().for_each(|client| {
        let session = client.setup_tcp("/live");
        client.ask_in(&session, "PLAY", "/live", &[]).expect(200);
    });
    eventually("a newcomer plays", FAIRLY_SOON, || {
        let mut player = player(server.rtsp());
        let transport = [("Transport", "RTP/AVP/TCP;unicast;interleaved=0-1")];
        let answer = player.ask("SETUP", "/live", &transport);
        let session = answer.header("Session").map(|named| named.replace(";timeout=60", ""));
        let played = session.map(|session| player.ask_in(&session, "PLAY", "/live", &[]).status);
        if played == Some(200) { Ok(()) } else { Err(format!("{played:?} after {answer:?}")) }
    });
}
