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
    Frame { sequence, captured: clock.now(), picture, origin: Origin::Source }
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
