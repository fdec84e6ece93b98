//! PLAY, PAUSE, and the place in a clip.

use super::Stage;
use crate::common::rtsp::{Answer, Packet, Packets, Rtsp, goodbye, picture};

/// The numbers that PLAY announces.
fn announced(answer: &Answer) -> (u16, u32) {
    let number = |name| answer.parameter("RTP-Info", name);
    (number("seq").parse().expect("a number"), number("rtptime").parse().expect("a number"))
}

fn numbers(packet: &Packet) -> (u16, u32) {
    (packet.sequence, packet.timestamp)
}

/// Lets as much time pass as ten pictures of a clip take.
fn let_pictures_pass(stage: &Stage) {
    let mut other = stage.connect();
    let session = other.setup_tcp("/bars.avi");
    other.ask_in(&session, "PLAY", "/bars.avi", &[]).expect(200);
    for _ in 0..10 {
        picture(&mut other);
    }
}

#[test]
fn play_announces_the_first_packet() {
    let stage = Stage::new();
    let mut client = stage.connect();
    let (session, mut udp) = client.setup_udp("/bars.avi");
    let play = client.ask_in(&session, "PLAY", "/bars.avi", &[]).expect(200);
    assert_eq!(numbers(&udp.rtp()), announced(&play));
    let session = client.setup_tcp("/bars.avi");
    let play = client.ask_in(&session, "PLAY", "/bars.avi", &[]).expect(200);
    assert_eq!(numbers(&client.rtp()), announced(&play));
}

#[test]
fn live_source_plays_from_now_and_from_nowhere_else() {
    let stage = Stage::new();
    let mut client = stage.connect();
    let session = client.setup_tcp("/live");
    client.ask_in(&session, "PLAY", "/live", &[("Range", "npt=5-")]).expect(457);
    let play = client.ask_in(&session, "PLAY", "/live", &[("Range", "npt=0-")]).expect(200);
    assert_eq!(play.header("Range"), Some("npt=now-"));
    let first = picture(&mut client).first;
    let (sequence, rtptime) = announced(&play);
    assert_eq!(first.sequence, sequence);
    // The time is this moment's; the newest picture was taken a little before or after it.
    let apart = first.timestamp.wrapping_sub(rtptime).cast_signed().abs();
    assert!(apart < 10 * 90_000, "{apart} ticks apart");
    client.ask_in(&session, "PLAY", "/live", &[("Range", "npt=5-")]).expect(457);
    client.ask_in(&session, "PLAY", "/live", &[("Range", "npt=now-")]).expect(200);
    picture(&mut client);
}

#[test]
fn refused_seek_leaves_a_clip_playing() {
    let stage = Stage::new();
    let mut client = stage.connect();
    for (path, range) in [("/bars.avi", "npt=99-"), ("/live", "npt=5-")] {
        let (session, mut udp) = client.setup_udp(path);
        client.ask_in(&session, "PLAY", path, &[]).expect(200);
        picture(&mut udp);
        client.ask_in(&session, "PLAY", path, &[("Range", range)]).expect(457);
        udp.forget_packets();
        udp.rtp();
    }
}

#[test]
fn clip_plays_each_picture_at_its_time() {
    let stage = Stage::new();
    let mut client = stage.connect();
    let session = client.setup_tcp("/bars.avi");
    let play = client.ask_in(&session, "PLAY", "/bars.avi", &[]).expect(200);
    let (mut sequence, rtptime) = announced(&play);
    for number in 0..stage.pictures.len() {
        let shot = picture(&mut client);
        assert_eq!(stage.number(&shot), number);
        assert_eq!(shot.first.sequence, sequence, "picture {number}");
        // 25 a second are 3600 ticks each; a tick may fall to either side.
        let due = rtptime.wrapping_add(3600 * number as u32);
        let off = shot.first.timestamp.wrapping_sub(due).cast_signed();
        assert!(off.abs() <= 1, "picture {number} is {off} ticks off");
        sequence = sequence.wrapping_add(shot.packets);
    }
}

#[test]
fn pause_stops_and_play_goes_on_where_it_was() {
    let stage = Stage::new();
    let mut client = stage.connect();
    let session = client.setup_tcp("/bars.avi");
    client.ask_in(&session, "PLAY", "/bars.avi", &[]).expect(200);
    (0..4).for_each(|number| assert_eq!(stage.number(&picture(&mut client)), number));
    client.ask_in(&session, "PAUSE", "/bars.avi", &[]).expect(200);
    // What was on the way before the answer belongs to what was played.
    client.ask("OPTIONS", "*", &[]);
    let mut last = None;
    while client.has_packets() {
        last = Some(picture(&mut client));
    }
    let_pictures_pass(&stage);
    client.ask("OPTIONS", "*", &[]);
    assert!(!client.has_packets(), "nothing came while it was paused");
    let play = client.ask_in(&session, "PLAY", "/bars.avi", &[]).expect(200);
    let shot = picture(&mut client);
    let number = last.as_ref().map_or(3, |last| stage.number(last)) + 1;
    assert_eq!(stage.number(&shot), number);
    assert_eq!(numbers(&shot.first), announced(&play));
    if let Some(last) = last {
        assert_eq!(shot.first.sequence, last.first.sequence.wrapping_add(last.packets));
        assert_eq!(shot.first.ssrc, last.first.ssrc);
    }
    let seconds = number as f64 / 25.0;
    assert_eq!(play.header("Range"), Some(format!("npt={seconds}-3.2").as_str()));
}

#[test]
fn pause_stops_datagrams_too() {
    let stage = Stage::new();
    let mut client = stage.connect();
    for path in ["/bars.avi", "/live"] {
        let (session, mut udp) = client.setup_udp(path);
        client.ask_in(&session, "PLAY", path, &[]).expect(200);
        picture(&mut udp);
        client.ask_in(&session, "PAUSE", path, &[]).expect(200);
        udp.forget_packets();
        let_pictures_pass(&stage);
        assert_eq!(udp.forget_packets(), 0, "{path}");
        client.ask_in(&session, "PLAY", path, &[]).expect(200);
        picture(&mut udp);
    }
}

#[test]
fn seek_goes_to_the_picture_at_that_time() {
    let stage = Stage::new();
    let mut client = stage.connect();
    let session = client.setup_tcp("/bars.avi");
    let seek = |client: &mut Rtsp, range: &str| {
        client.forget_packets();
        let play = client.ask_in(&session, "PLAY", "/bars.avi", &[("Range", range)]).expect(200);
        // What came before the answer was of where it played until then.
        client.forget_packets();
        let shot = picture(client);
        assert_eq!(numbers(&shot.first), announced(&play), "{range}");
        (stage.number(&shot), play.header("Range").expect("a range").to_owned())
    };
    // From Ready, and then while it plays, forwards and back.
    assert_eq!(seek(&mut client, "npt=2-"), (50, "npt=2-3.2".to_owned()));
    assert_eq!(seek(&mut client, "npt=3.04-"), (76, "npt=3.04-3.2".to_owned()));
    assert_eq!(seek(&mut client, "npt=0.5-"), (12, "npt=0.48-3.2".to_owned()));
    assert_eq!(seek(&mut client, "npt=0:00:01.00-"), (25, "npt=1-3.2".to_owned()));
    assert_eq!(seek(&mut client, "npt=0-0.4"), (0, "npt=0-0.4".to_owned()));
}

#[test]
fn range_with_an_end_ends_there() {
    let stage = Stage::new();
    let mut client = stage.connect();
    let session = client.setup_tcp("/bars.avi");
    let range = ("Range", "npt=1-1.2");
    let play = client.ask_in(&session, "PLAY", "/bars.avi", &[range]).expect(200);
    assert_eq!(play.header("Range"), Some("npt=1-1.2"));
    goodbye(&mut client);
    for number in 25..30 {
        assert_eq!(stage.number(&picture(&mut client)), number);
    }
    assert!(!client.has_packets());
}

#[test]
fn scale_plays_fast_and_slow() {
    let stage = Stage::new();
    let mut client = stage.connect();
    // No more pictures a second than at normal speed, and no fewer than there are.
    for (asked, granted, step, ticks) in
        [("2", "2", 2, 3600), ("0.5", "0.5", 1, 7200), ("-1", "1", 1, 3600)]
    {
        let session = client.setup_tcp("/bars.avi");
        let play = client.ask_in(&session, "PLAY", "/bars.avi", &[("Scale", asked)]).expect(200);
        assert_eq!(play.header("Scale"), Some(granted));
        client.forget_packets();
        let shots: Vec<_> = (0..5).map(|_| picture(&mut client)).collect();
        for (index, two) in shots.windows(2).enumerate() {
            assert_eq!(stage.number(&two[1]), step * (index + 1), "at {asked}");
            let apart = two[1].first.timestamp.wrapping_sub(two[0].first.timestamp);
            assert!(apart.abs_diff(ticks) <= 1, "at {asked}: {apart} ticks apart");
        }
        client.ask_in(&session, "TEARDOWN", "/bars.avi", &[]).expect(200);
        client.forget_packets();
    }
}

#[test]
fn clip_says_goodbye_at_its_end_and_plays_again() {
    let stage = Stage::new();
    let mut client = stage.connect();
    let session = client.setup_tcp("/short.avi");
    let mut next = None;
    for round in 0..5 {
        let play = client.ask_in(&session, "PLAY", "/short.avi", &[]).expect(200);
        assert_eq!(play.header("Range"), Some("npt=0-0.2"), "round {round}");
        let mut sequence = announced(&play).0;
        assert_eq!(next.unwrap_or(sequence), sequence, "it goes on, round {round}");
        let leaving = goodbye(&mut client);
        for number in 0..5 {
            let shot = picture(&mut client);
            assert_eq!(stage.number(&shot), number, "round {round}");
            assert_eq!(leaving, [shot.first.ssrc]);
            sequence = sequence.wrapping_add(shot.packets);
        }
        assert!(!client.has_packets(), "round {round}");
        next = Some(sequence);
    }
    assert_eq!(stage.server.watching(), 0, "a clip that is over is not watched");
    // A player that pauses at the end cannot know that it is too late.
    client.ask_in(&session, "PAUSE", "/short.avi", &[]).expect(200);
    client.ask_in(&session, "SETUP", "/short.avi", &[("Transport", "RTP/AVP/TCP")]).expect(200);
}

#[test]
fn teardown_says_goodbye() {
    let stage = Stage::new();
    let mut client = stage.connect();
    for path in ["/live", "/bars.avi"] {
        let (session, mut udp) = client.setup_udp(path);
        client.ask_in(&session, "PLAY", path, &[]).expect(200);
        let ssrc = udp.rtp().ssrc;
        client.ask_in(&session, "TEARDOWN", path, &[]).expect(200);
        assert_eq!(goodbye(&mut udp), [ssrc], "{path}");
        udp.forget_packets();
        let_pictures_pass(&stage);
        assert_eq!(udp.forget_packets(), 0, "{path}");
    }
}

#[test]
fn clip_that_is_deleted_while_it_plays_plays_to_its_end() {
    let stage = Stage::new();
    let mut client = stage.connect();
    let session = client.setup_tcp("/short.avi");
    client.ask_in(&session, "PLAY", "/short.avi", &[]).expect(200);
    stage.scratch.remove("short.avi");
    goodbye(&mut client);
    assert_eq!((0..5).map(|_| stage.number(&picture(&mut client))).max(), Some(4));
    client.ask("DESCRIBE", "/short.avi", &[]).expect(404);
    client.ask("SETUP", "/short.avi", &[("Transport", "RTP/AVP/TCP")]).expect(404);
    client.ask("DESCRIBE", "/bars.avi", &[]).expect(200);
}
