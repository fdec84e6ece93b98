use super::*;
use crate::media::frame::{Chroma, Jpeg, Picture, Planar, Quality, Size};

fn size() -> Size {
    Size::new(16, 16).unwrap()
}

fn planar() -> Arc<Planar> {
    let samples = vec![128; Chroma::Yuv420.bytes(size())];
    Arc::new(Planar { size: size(), chroma: Chroma::Yuv420, samples })
}

fn frame(sequence: u64, picture: Picture) -> Arc<Frame> {
    let captured = Instant::now() + Duration::from_millis(33 * sequence);
    Arc::new(Frame { sequence, captured, picture, origin: Origin::Source, masked: 0 })
}

fn jpeg(sequence: u64, quality: u8) -> Arc<Frame> {
    let bytes = Arc::from([0u8].as_slice());
    let quality = Quality::new(quality);
    frame(
        sequence,
        Picture::Jpeg(Jpeg { bytes, size: size(), quality, orientation: Orientation::UPRIGHT }),
    )
}

fn levels(indices: &[usize]) -> LevelSet {
    let mut set = LevelSet::EMPTY;
    indices.iter().for_each(|&index| set.insert(Level::at(index).unwrap()));
    set
}

fn wish(indices: &[usize]) -> Demand {
    Demand { levels: levels(indices), costs: true, ..Demand::default() }
}

fn schedule(wanted: &[usize]) -> Schedule {
    let probe_due = Some(Instant::now() + Duration::from_secs(3600));
    Schedule { wanted: wish(wanted), probe_due, ..Schedule::default() }
}

fn next(schedule: &mut Schedule) -> Option<Task> {
    schedule.next(Instant::now(), || LevelSet::EMPTY)
}

fn encode_level(task: Option<Task>) -> usize {
    match task {
        Some(Task::Encode { level, .. }) => level.index(),
        _ => panic!("an encode was due"),
    }
}

#[test]
fn full_quality_of_a_jpeg_is_no_work() {
    let mut schedule = schedule(&[7]);
    schedule.newest = Some(jpeg(1, 85));
    assert!(next(&mut schedule).is_none());
}

#[test]
fn levels_above_the_jpegs_own_quality_are_no_work() {
    let mut schedule = schedule(&[5, 6, 7]);
    schedule.newest = Some(jpeg(1, 80));
    assert!(next(&mut schedule).is_none());
}

#[test]
fn a_jpeg_is_read_once_and_encoded_once_a_level() {
    let mut schedule = schedule(&[1, 3]);
    schedule.newest = Some(jpeg(1, 85));
    assert!(matches!(next(&mut schedule), Some(Task::Read { .. })));
    assert!(next(&mut schedule).is_none(), "the others wait for it");
    schedule.finished(1, Done::Read(Some(Raw::Planes(planar(), Orientation::UPRIGHT))));
    assert_eq!(encode_level(next(&mut schedule)), 1);
    assert_eq!(encode_level(next(&mut schedule)), 3);
    assert!(next(&mut schedule).is_none());
}

#[test]
fn a_frame_is_finished_before_the_newest_is_taken() {
    let mut schedule = schedule(&[1]);
    schedule.newest = Some(frame(1, Picture::Planar(planar())));
    let level = encode_level(next(&mut schedule));
    schedule.newest = Some(frame(5, Picture::Planar(planar())));
    assert!(next(&mut schedule).is_none());
    schedule.finished(1, Done::Encoded(Level::at(level).unwrap()));
    let Some(Task::Encode { frame, .. }) = next(&mut schedule) else { panic!() };
    assert_eq!(frame.sequence, 5);
}

#[test]
fn a_level_that_becomes_wanted_is_made_from_the_frame_at_hand() {
    let mut schedule = schedule(&[1]);
    schedule.newest = Some(frame(1, Picture::Planar(planar())));
    next(&mut schedule);
    schedule.finished(1, Done::Encoded(Level::at(1).unwrap()));
    assert!(next(&mut schedule).is_none());
    schedule.want(wish(&[1, 4]));
    assert_eq!(encode_level(next(&mut schedule)), 4);
}

#[test]
fn a_level_that_is_left_and_wanted_again_is_made_again() {
    let mut schedule = schedule(&[1]);
    schedule.newest = Some(frame(1, Picture::Planar(planar())));
    next(&mut schedule);
    schedule.finished(1, Done::Encoded(Level::at(1).unwrap()));
    schedule.want(wish(&[]));
    schedule.want(wish(&[1]));
    assert_eq!(encode_level(next(&mut schedule)), 1);
}

#[test]
fn the_outcome_for_another_frame_is_passed_over() {
    let mut schedule = schedule(&[1]);
    schedule.newest = Some(jpeg(5, 85));
    next(&mut schedule);
    schedule.finished(4, Done::Read(Some(Raw::Planes(planar(), Orientation::UPRIGHT))));
    assert!(next(&mut schedule).is_none(), "5 is still being read");
}

#[test]
fn a_frame_that_cannot_be_decoded_is_passed_over() {
    let mut schedule = schedule(&[1]);
    schedule.newest = Some(jpeg(1, 85));
    next(&mut schedule);
    schedule.finished(1, Done::Read(None));
    assert!(next(&mut schedule).is_none());
    schedule.newest = Some(jpeg(2, 85));
    assert!(matches!(next(&mut schedule), Some(Task::Read { .. })));
}

#[test]
fn motion_is_measured_once_a_frame_and_only_if_wanted() {
    let mut schedule = schedule(&[7]);
    schedule.wanted.motion = true;
    schedule.newest = Some(jpeg(1, 85));
    assert!(matches!(next(&mut schedule), Some(Task::Read { .. })));
    schedule.finished(1, Done::Read(Some(Raw::Planes(planar(), Orientation::UPRIGHT))));
    assert!(matches!(next(&mut schedule), Some(Task::Motion { last: None, .. })));
    assert!(next(&mut schedule).is_none());
    schedule.finished(1, Done::Motion(None));
    assert!(next(&mut schedule).is_none());
}

#[test]
fn levels_nobody_watches_are_measured_one_a_second() {
    let mut schedule = schedule(&[7]);
    let start = Instant::now();
    schedule.probe_due = Some(start);
    schedule.newest = Some(frame(1, Picture::Planar(planar())));
    let mut probed = Vec::new();
    for _ in 0..9 {
        match schedule.next(start, || levels(&[0, 1, 2])) {
            Some(Task::Encode { level, .. }) if level != Level::TOP => {
                probed.push(level.index());
                schedule.finished(1, Done::Encoded(level));
            }
            Some(Task::Encode { level, .. }) => schedule.finished(1, Done::Encoded(level)),
            _ => break,
        }
    }
    assert_eq!(probed, [0, 1, 2]);
    schedule.newest = Some(frame(2, Picture::Planar(planar())));
    let later = start + PROBE_PERIOD;
    let watched = schedule.next(later, || LevelSet::EMPTY);
    assert_eq!(encode_level(watched), 7);
    let probe = schedule.next(later, || LevelSet::EMPTY);
    assert_eq!(encode_level(probe), 1);
}

fn look(filter: &str) -> Look {
    Look::new(filter.parse().unwrap(), &"room".into())
}

fn wish_of_looks(looks: &[(&str, &[usize])]) -> Demand {
    let looks = looks.iter().map(|(filter, indices)| (look(filter), levels(indices))).collect();
    Demand { looks, ..Demand::default() }
}

#[test]
fn a_look_is_filtered_once_and_encoded_once_a_level_that_the_own_jpeg_does_not_serve() {
    let probe_due = Some(Instant::now() + Duration::from_secs(3600));
    let wanted = wish_of_looks(&[("mirror", &[1, 3, 6, 7])]);
    let mut schedule = Schedule { wanted, probe_due, ..Schedule::default() };
    schedule.newest = Some(jpeg(1, 85));
    assert!(matches!(next(&mut schedule), Some(Task::Read { .. })));
    let raw = || Raw::Planes(planar(), Orientation::UPRIGHT);
    schedule.finished(1, Done::Read(Some(raw())));
    let Some(Task::Filter { look: filtered, .. }) = next(&mut schedule) else { panic!("a filter") };
    assert_eq!(filtered, look("mirror"));
    assert!(next(&mut schedule).is_none(), "its levels wait for it");
    schedule.newest = Some(jpeg(2, 85));
    assert!(next(&mut schedule).is_none(), "and so does the next frame");
    schedule.finished(1, Done::Filtered(filtered, Some(raw())));
    let mut encoded = Vec::new();
    while let Some(Task::EncodeLook { frame, look, levels, .. }) = next(&mut schedule) {
        assert_eq!(frame.sequence, 1);
        encoded.push(levels);
        schedule.finished(1, Done::EncodedLook(look, levels));
        if encoded.len() == 3 {
            break;
        }
    }
    assert_eq!(encoded, [levels(&[1]), levels(&[3]), levels(&[6, 7])]);
    let Some(Task::Read { frame }) = next(&mut schedule) else { panic!("the next frame") };
    assert_eq!(frame.sequence, 2);
}

#[test]
fn what_cannot_be_filtered_holds_nothing_up() {
    let mut schedule =
        Schedule { wanted: wish_of_looks(&[("edges", &[7])]), ..Schedule::default() };
    schedule.newest = Some(frame(1, Picture::Planar(planar())));
    let Some(task @ Task::Filter { .. }) = next(&mut schedule) else { panic!("a filter") };
    schedule.finished(1, task.failed());
    schedule.newest = Some(frame(2, Picture::Planar(planar())));
    let Some(Task::Filter { frame, .. }) = next(&mut schedule) else { panic!("the next frame") };
    assert_eq!(frame.sequence, 2);
}

#[test]
fn plain_levels_that_are_watched_go_before_looks_and_those_before_probes() {
    let mut schedule = schedule(&[2]);
    schedule.wanted.looks = vec![(look("grey"), levels(&[2]))];
    let start = Instant::now();
    schedule.probe_due = Some(start);
    schedule.newest = Some(frame(1, Picture::Planar(planar())));
    let mut order = Vec::new();
    while let Some(task) = schedule.next(start, || levels(&[0])) {
        let (name, done) = match task {
            Task::Encode { level, .. } => (format!("{}", level.index()), Done::Encoded(level)),
            Task::Filter { raw, look, .. } => ("filter".into(), Done::Filtered(look, Some(raw))),
            Task::EncodeLook { look, levels, .. } => {
                ("look".into(), Done::EncodedLook(look, levels))
            }
            Task::Read { .. } | Task::Motion { .. } => panic!("nothing else is due"),
        };
        order.push(name);
        schedule.finished(1, done);
    }
    assert_eq!(order, ["2", "filter", "look", "0"]);
}

#[test]
fn a_look_that_is_left_and_wanted_again_is_made_again() {
    let mut schedule = Schedule { wanted: wish_of_looks(&[("grey", &[7])]), ..Schedule::default() };
    schedule.newest = Some(frame(1, Picture::Planar(planar())));
    let Some(Task::Filter { raw, look, .. }) = next(&mut schedule) else { panic!("a filter") };
    schedule.finished(1, Done::Filtered(look, Some(raw)));
    let Some(Task::EncodeLook { look, levels, .. }) = next(&mut schedule) else { panic!("a look") };
    schedule.finished(1, Done::EncodedLook(look, levels));
    assert!(next(&mut schedule).is_none());
    schedule.want(Demand::default());
    schedule.want(wish_of_looks(&[("grey", &[7])]));
    assert!(matches!(next(&mut schedule), Some(Task::EncodeLook { .. })));
}
