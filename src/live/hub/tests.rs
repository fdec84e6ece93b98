//! The newest frame, and who waits for the next.

use super::*;
use crate::media::frame::{Jpeg, Orientation, Quality, Size};

fn hub(clock: &Clock) -> Arc<Hub> {
    Arc::new(Hub::new(0, clock.clone(), Arc::default()))
}

fn one(level: Level) -> LevelSet {
    let mut set = LevelSet::EMPTY;
    set.insert(level);
    set
}

#[test]
fn what_any_consumer_wants_is_wanted_until_none_does() {
    let hub = hub(&Clock::system());
    let (first, second) = (Hub::consumer(&hub), Hub::consumer(&hub));
    let [low, high] = [0, 5].map(|index| Level::at(index).unwrap());
    let wish = |level| Demand { levels: one(level), ..Demand::default() };
    first.want(wish(low));
    second.want(wish(high));
    assert_eq!(hub.wanted(), one(low).union(one(high)));
    first.want(wish(high));
    assert_eq!(hub.wanted(), one(high));
    drop(second);
    assert_eq!(hub.wanted(), one(high), "the other wants it too");
    drop(first);
    assert!(hub.wanted().is_empty() && !hub.demand());
}

fn frame(sequence: u64, clock: &Clock) -> Frame {
    let picture = Picture::Jpeg(Jpeg {
        bytes: Arc::from([7_u8].as_slice()),
        size: Size { width: 16, height: 16 },
        quality: Some(Quality::BEST),
        orientation: Orientation::UPRIGHT,
    });
    Frame { sequence, captured: clock.now(), picture, origin: Origin::Source, masked: 0 }
}

#[test]
fn what_a_level_cannot_be_made_of_falls_back_to_the_nearest_and_at_last_to_the_frames_own() {
    let clock = Clock::system();
    let hub = hub(&clock);
    let consumer = Hub::consumer(&hub);
    consumer.want(Demand { levels: LevelSet::ALL, ..Demand::default() });
    let [low, middle, high] = [0, 1, 5].map(|index| Level::at(index).unwrap());
    hub.publish(frame(1, &clock));
    assert!(hub.newest(low).is_none());
    hub.not_encoded(&frame(1, &clock), one(low), "planted");
    assert_eq!(*hub.newest(low).unwrap().jpeg, [7], "the camera's own");
    hub.publish(frame(2, &clock));
    hub.encoded(high, &frame(2, &clock), Arc::from([5_u8].as_slice()));
    hub.encoded(middle, &frame(2, &clock), Arc::from([1_u8].as_slice()));
    hub.not_encoded(&frame(2, &clock), one(low), "planted");
    let still = hub.newest(low).unwrap();
    assert_eq!((still.sequence, &*still.jpeg), (2, &[1_u8][..]), "the next level's");
    assert_eq!(hub.unmade().count(), 2);
}

fn mirrored() -> Look {
    Look::new("mirror".parse().unwrap(), &"room".into())
}

#[test]
fn a_look_has_pictures_of_its_own_and_none_of_another() {
    let clock = Clock::system();
    let hub = hub(&clock);
    let consumer = Hub::consumer(&hub);
    let top = Level::TOP;
    let looks = vec![(mirrored(), one(top))];
    consumer.want(Demand { levels: one(top), looks, ..Demand::default() });
    hub.publish(frame(1, &clock));
    assert_eq!(*hub.newest(top).unwrap().jpeg, [7], "the plain one is there at once");
    assert!(hub.newest_of(&mirrored(), top).is_none());
    hub.filtered(&mirrored(), one(top), &frame(1, &clock), Arc::from([9_u8].as_slice()));
    assert_eq!(*hub.newest_of(&mirrored(), top).unwrap().jpeg, [9]);
    assert_eq!(*hub.newest(top).unwrap().jpeg, [7]);
    let other = Look::new("flip".parse().unwrap(), &"room".into());
    assert!(hub.newest_of(&other, top).is_none());
    hub.not_filtered(&mirrored(), &frame(1, &clock), "planted");
    assert_eq!(*hub.newest_of(&mirrored(), top).unwrap().jpeg, [7], "the plain one at last");
    consumer.want(Demand { levels: one(top), ..Demand::default() });
    assert!(hub.newest_of(&mirrored(), top).is_none(), "nobody watches it any more");
}

#[test]
fn who_watches_nothing_but_a_look_has_the_source_opened() {
    let hub = hub(&Clock::system());
    let consumer = Hub::consumer(&hub);
    assert!(!hub.demand());
    consumer.want(Demand { looks: vec![(mirrored(), one(Level::TOP))], ..Demand::default() });
    assert!(hub.demand() && hub.wanted().is_empty());
}

#[test]
fn what_was_taken_under_another_mask_is_to_be_had_by_no_way() {
    let clock = Clock::system();
    let hub = hub(&clock);
    let consumer = Hub::consumer(&hub);
    let looks = vec![(mirrored(), LevelSet::ALL)];
    consumer.want(Demand { levels: LevelSet::ALL, looks, ..Demand::default() });
    let before = frame(1, &clock);
    hub.publish(before.clone());
    hub.filtered(&mirrored(), LevelSet::ALL, &before, Arc::from([9_u8].as_slice()));
    let is_empty = || {
        let none = |level| hub.newest(level).or(hub.newest_of(&mirrored(), level)).is_none();
        hub.frame().is_none() && Level::all().all(none)
    };
    assert!(!is_empty());
    hub.set_mask("0,0,50,50".parse().unwrap());
    assert!(is_empty(), "what was there");
    // What was on its way.
    hub.encoded(Level::LOWEST, &before, Arc::from([5_u8].as_slice()));
    hub.filtered(&mirrored(), LevelSet::ALL, &before, Arc::from([9_u8].as_slice()));
    hub.not_encoded(&before, LevelSet::ALL, "planted");
    hub.not_filtered(&mirrored(), &before, "planted");
    hub.publish(Frame { sequence: 2, ..before.clone() });
    assert!(is_empty(), "what was on its way");
    let masked = hub.masked();
    hub.publish(Frame { sequence: 3, masked, ..before });
    assert_eq!(hub.frame().map(|frame| frame.sequence), Some(3));
    hub.set_mask("0,0,50,50".parse().unwrap());
    assert_eq!(hub.frame().map(|frame| frame.sequence), Some(3), "it is the same mask");
}
