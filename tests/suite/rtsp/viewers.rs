//! A session is a viewer like any other.

use super::Stage;
use crate::common::picture::{look, quality};
use crate::common::rtsp::picture;
use crate::common::{LONG, eventually, eventually_true};

/// How many viewers have the level of this quality.
fn at_quality(stage: &Stage, quality: u64) -> u64 {
    let state = stage.server.state();
    let levels = state["levels"].as_array().expect("levels").iter();
    let mut of_it = levels.filter(|level| level["quality"] == quality);
    of_it.next().expect("such a level")["viewers"].as_u64().expect("a count")
}

#[test]
fn quality_of_the_address_is_what_comes() {
    let stage = Stage::new();
    for path in ["/live", "/bars.avi"] {
        let mut sizes = Vec::new();
        for wanted in [20, 90] {
            let mut client = stage.connect();
            let path = format!("{path}?quality={wanted}");
            // As a player does: what it describes, and the track that the description names.
            let described = client.ask("DESCRIBE", &path, &[]).expect(200);
            let mut tracks =
                described.body.lines().filter_map(|line| line.strip_prefix("a=control:"));
            let track = tracks.next_back().expect("a track").to_owned();
            let transport = ("Transport", "RTP/AVP/TCP;unicast;interleaved=0-1");
            let setup = client.ask("SETUP", &track, &[transport]).expect(200);
            let session = setup.header("Session").expect("a session").to_owned();
            let base = described.header("Content-Base").expect("a base").to_owned();
            client.ask_in(&session, "PLAY", &base, &[]).expect(200);
            let shot = picture(&mut client);
            assert_eq!(u64::from(quality(&shot.jpeg)), wanted, "{path}");
            sizes.push(shot.jpeg.len());
            eventually("its level is seen", LONG, || {
                let state = stage.server.state();
                let seen = (at_quality(&stage, wanted), state["viewers"]["watching"].as_u64());
                if seen == (1, Some(1)) { Ok(()) } else { Err(state.to_string()) }
            });
            drop(client);
            eventually_true("it is gone", LONG, || stage.server.watching() == 0);
        }
        assert!(sizes[0] < sizes[1], "{path}: {sizes:?}");
    }
}

#[test]
fn sessions_count_as_viewers_while_they_play() {
    let stage = Stage::new();
    let mut client = stage.connect();
    let before = stage.server.metric("livestream_frames_sent_total");
    let first = client.setup_udp("/live");
    let second = client.setup_udp("/bars.avi");
    assert_eq!(stage.server.watching(), 0, "nobody plays yet");
    client.ask_in(&first.0, "PLAY", "/live", &[]).expect(200);
    client.ask_in(&second.0, "PLAY", "/bars.avi", &[]).expect(200);
    assert_eq!(stage.server.watching(), 2);
    assert!(stage.server.get("/metrics").text().contains("\nlivestream_viewers_watching 2\n"));
    eventually_true("frames are counted", LONG, || {
        stage.server.metric("livestream_frames_sent_total") >= before + 10.0
    });
    client.ask_in(&first.0, "PAUSE", "/live", &[]).expect(200);
    assert_eq!(stage.server.watching(), 1);
    client.ask_in(&second.0, "TEARDOWN", "/bars.avi", &[]).expect(200);
    assert_eq!(stage.server.watching(), 0);
}

#[test]
fn session_that_finds_the_house_full_may_come_again() {
    let stage = Stage::with(&[], &["--max-viewers", "1"]);
    let mut client = stage.connect();
    let (first, _taken) = client.setup_udp("/live");
    let (second, mut udp) = client.setup_udp("/live");
    client.ask_in(&first, "PLAY", "/live", &[]).expect(200);
    client.ask_in(&second, "PLAY", "/live", &[]).expect(453);
    client.ask_in(&first, "TEARDOWN", "/live", &[]).expect(200);
    client.ask_in(&second, "PLAY", "/live", &[]).expect(200);
    picture(&mut udp);
}

#[test]
fn highest_rate_and_gaming_mode_can_be_asked_for() {
    let stage = Stage::with(&[], &["--fps", "50"]);
    let mut client = stage.connect();
    let session = client.setup_tcp("/live?fps=5&mode=gaming&quality=50");
    client.ask_in(&session, "PLAY", "/live", &[]).expect(200);
    let first = picture(&mut client).first.timestamp;
    let shot = (0..4).map(|_| picture(&mut client)).last().expect("four");
    // Four fifths of a second, at which 50 a second would have sent forty.
    let ticks = shot.first.timestamp.wrapping_sub(first);
    assert!(ticks > 45_000, "{ticks} ticks for four pictures");
    assert_eq!(look(&shot.jpeg).width, 160);
}

#[test]
fn clip_that_others_watch_too_plays_for_each_from_its_start() {
    let stage = Stage::new();
    let mut clients = [stage.connect(), stage.connect(), stage.connect()];
    for (index, client) in clients.iter_mut().enumerate() {
        let session = client.setup_tcp("/bars.avi");
        client.ask_in(&session, "PLAY", "/bars.avi", &[]).expect(200);
        for number in 0..3 * (index + 1) {
            assert_eq!(stage.number(&picture(client)), number);
        }
    }
}
