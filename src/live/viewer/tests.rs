use super::*;
use crate::live::level::Choice;
use crate::media::frame::Quality;

const COSTS: Costs = [
    Some(1_000),
    Some(2_000),
    Some(3_000),
    Some(4_000),
    Some(5_000),
    Some(6_000),
    Some(7_000),
    Some(8_000),
];

fn viewer(change: Change) -> Viewer {
    let viewer =
        Viewer::new(&Crowd::of_pattern(), ViewerId::from_bits(1), Settings::default(), None);
    viewer.change(change).unwrap();
    viewer.open(Arc::new(StreamMeter::new(None, None)));
    viewer
}

fn with_choice(choice: Choice) -> Viewer {
    viewer(Change { choice: Some(choice), ..Change::default() })
}

fn gaming() -> Viewer {
    viewer(Change { mode: Some(Mode::Gaming), ..Change::default() })
}

#[test]
fn a_choice_is_honoured_up_to_the_share() {
    let viewer = with_choice(Choice::Medium);
    assert_eq!(
        viewer.settle(Some(9_000), &COSTS, 30.0, Instant::now()).quality(),
        Quality::new(50).unwrap()
    );
    assert_eq!(viewer.report(None, Instant::now()).limited_by, LimitedBy::Choice);
    assert_eq!(
        viewer.settle(Some(2_000), &COSTS, 30.0, Instant::now()).quality(),
        Quality::new(20).unwrap()
    );
    assert_eq!(viewer.report(None, Instant::now()).limited_by, LimitedBy::Share);
}

#[test]
fn auto_takes_what_the_share_carries() {
    let viewer = with_choice(Choice::Auto);
    assert_eq!(
        viewer.settle(Some(5_999), &COSTS, 30.0, Instant::now()).quality(),
        Quality::new(65).unwrap()
    );
    assert_eq!(viewer.settle(None, &COSTS, 30.0, Instant::now()), Level::TOP);
    assert_eq!(viewer.report(None, Instant::now()).limited_by, LimitedBy::Source);
}

#[test]
fn two_streams_halve_the_share_and_double_the_claim() {
    let viewer = with_choice(Choice::Low);
    viewer.open(Arc::new(StreamMeter::new(None, None)));
    assert_eq!(viewer.claim(&COSTS, 30.0, Instant::now()).unwrap().need, 2 * need(2_000));
    assert_eq!(viewer.settle(Some(3_000), &COSTS, 30.0, Instant::now()), Level::LOWEST);
}

#[test]
fn a_slower_stream_claims_less_and_gets_more_of_its_share() {
    let viewer = with_choice(Choice::High);
    viewer.inner.lock().streams = vec![Arc::new(StreamMeter::new(None, Some(3.0)))];
    let claim = viewer.claim(&COSTS, 30.0, Instant::now()).unwrap();
    assert_eq!(claim.need, need(7_000).div_ceil(10));
    assert_eq!(
        viewer.settle(Some(claim.need), &COSTS, 30.0, Instant::now()).quality().percent(),
        90
    );
}

#[test]
fn a_tab_that_hangs_does_not_pull_the_other_down() {
    let viewer = with_choice(Choice::Auto);
    let stuck = Arc::new(StreamMeter::new(None, None));
    stuck.skipped.fetch_add(30, Ordering::Relaxed);
    viewer.open(stuck);
    viewer.measure(Duration::from_secs(1), &COSTS, Instant::now());
    assert_eq!(viewer.settle(None, &COSTS, 30.0, Instant::now()), Level::TOP);
}

#[test]
fn paused_it_keeps_its_level_for_when_it_goes_on() {
    let viewer = with_choice(Choice::Medium);
    viewer.settle(Some(9_000), &COSTS, 30.0, Instant::now());
    viewer.change(Change { paused: Some(true), ..Change::default() }).unwrap();
    assert_eq!(viewer.settle(Some(0), &COSTS, 30.0, Instant::now()).quality().percent(), 50);
}

#[test]
fn paused_it_claims_nothing() {
    let viewer = viewer(Change { paused: Some(true), ..Change::default() });
    assert_eq!(viewer.claim(&COSTS, 30.0, Instant::now()).unwrap().need, 0);
    assert!(viewer.allowance().paused);
}

#[test]
fn motion_lifts_a_gaming_viewer_and_no_other() {
    let (gaming, home) = (gaming(), with_choice(Choice::Low));
    for viewer in [&gaming, &home] {
        viewer.settle(None, &COSTS, 30.0, Instant::now());
    }
    assert_eq!(gaming.allowance().level.quality().percent(), 50);
    for _ in 0..30 {
        gaming.moved(0.5, Duration::from_millis(33));
        home.moved(0.5, Duration::from_millis(33));
    }
    assert_eq!(gaming.allowance().level, Level::TOP);
    assert_eq!(home.allowance().level.quality().percent(), 20);
    for _ in 0..100 {
        gaming.moved(0.0, Duration::from_millis(33));
    }
    assert_eq!(gaming.allowance().level, Level::LOWEST);
    assert_eq!(gaming.report(None, Instant::now()).limited_by, LimitedBy::Motion);
}

#[test]
fn motion_does_not_pass_the_share() {
    let viewer = gaming();
    viewer.settle(Some(4_000), &COSTS, 30.0, Instant::now());
    for _ in 0..100 {
        viewer.moved(0.5, Duration::from_millis(33));
    }
    assert_eq!(viewer.allowance().level.quality().percent(), 50);
    assert_eq!(viewer.report(None, Instant::now()).drive, Some(50.0));
}

#[test]
fn a_gift_counts_for_a_minute() {
    let viewer = with_choice(Choice::Auto);
    let now = Instant::now();
    viewer.give(now);
    let weight =
        |seconds| viewer.claim(&COSTS, 30.0, now + Duration::from_secs(seconds)).unwrap().weight;
    assert_eq!([weight(0), weight(59), weight(60)], [2, 2, 1]);
}

#[test]
fn a_second_is_what_was_counted_since_the_last() {
    let viewer = with_choice(Choice::Auto);
    let meter = Arc::new(StreamMeter::new(None, None));
    viewer.open(Arc::clone(&meter));
    let second = |viewer: &Viewer| viewer.measure(Duration::from_secs(1), &COSTS, Instant::now());
    meter.frame(Duration::from_millis(5));
    meter.bytes.fetch_add(1000, Ordering::Relaxed);
    assert_eq!(second(&viewer), Second { sent: 1, bits_per_sec: 8_000, ..Second::default() });
    meter.skip();
    meter.stall();
    meter.prove(50);
    meter.prove(20);
    let expected =
        Second { skipped: 1, stalled: true, proven_bits_per_sec: 400, ..Second::default() };
    assert_eq!(second(&viewer), expected);
    assert_eq!(second(&viewer), Second::default());
}

#[test]
fn a_report_is_of_the_tab_that_asks() {
    let viewer = with_choice(Choice::Auto);
    viewer.open(Arc::new(StreamMeter::new(Some("one".into()), None)));
    assert!(viewer.report(Some("one"), Instant::now()).tab_open);
    assert!(!viewer.report(Some("two"), Instant::now()).tab_open);
}
