//! Who is let in, and what each gets.

use std::sync::atomic::Ordering;

use super::*;
use crate::base::clock::Fake;
use crate::live::channel::Channels;
use crate::live::level::{Choice, LEVELS, Level};
use crate::live::orders::Unfiltered;
use crate::live::settings::Mode;
use crate::media::frame::{Frame, Jpeg, Orientation, Origin, Picture, Quality};
use crate::source::pattern::Pattern;

/// An audience with one room.
fn audience(budget: Budget, max_viewers: usize) -> Arc<Audience> {
    let audience = Audience::new(Clock::system(), budget, max_viewers);
    audience.gather(Channels::new(Clock::system()).open(&Pattern::new()));
    Arc::new(audience)
}

fn room(audience: &Audience) -> Arc<Crowd> {
    audience.crowds().remove(0)
}

fn watch(audience: &Arc<Audience>, id: u128) -> Result<Seat, Refused> {
    watch_in(audience, &room(audience), id)
}

fn watch_in(audience: &Arc<Audience>, crowd: &Arc<Crowd>, id: u128) -> Result<Seat, Refused> {
    let viewer = audience.enter(crowd, ViewerId::from_bits(id), Settings::default());
    audience.join(viewer, StreamMeter::default(), Keep::Remembered, Instant::now())
}

#[test]
fn equal_viewers_have_equal_shares() {
    let audience = audience(Budget::BitsPerSec(9_000_000), 10);
    let seats: Vec<Seat> = (1..=3).map(|id| watch(&audience, id).unwrap()).collect();
    for seat in &seats {
        assert_eq!(seat.viewer.report(None, Instant::now()).share, Some(3_000_000));
    }
}

#[test]
fn a_seat_that_is_left_leaves_its_share() {
    let audience = audience(Budget::BitsPerSec(9_000_000), 10);
    let first = watch(&audience, 1).unwrap();
    drop(watch(&audience, 2).unwrap());
    assert_eq!(first.viewer.report(None, Instant::now()).share, Some(9_000_000));
    assert_eq!(audience.counts(None).watching, 1);
}

#[test]
fn hundreds_who_load_settle_now_and_then_and_each_has_a_share_at_once() {
    let (clock, fake) = Fake::clock();
    let audience = Arc::new(Audience::new(clock.clone(), Budget::BitsPerSec(100_000_000), 500));
    let crowd = audience.gather(Channels::new(clock.clone()).open(&Pattern::new()));
    let costs = FeedCosts { costs: [Some(50_000_000); LEVELS], fps: 1.0 };
    let load = |id| {
        let viewer =
            audience.enter_clip(&crowd, ViewerId::from_bits(id), Settings::default(), costs);
        let now = clock.now();
        audience.join(viewer, StreamMeter::default(), Keep::WhileItLasts, now).unwrap()
    };
    let share = |seat: &Seat| seat.viewer.report(None, clock.now()).share;
    let first = load(1);
    assert_eq!(share(&first), Some(100_000_000));
    let seats: Vec<Seat> = (2..=100).map(load).collect();
    assert_eq!(share(&first), Some(100_000_000), "nothing is divided yet");
    assert_eq!(share(&seats[98]), Some(1_000_000), "as if all had the same");
    fake.advance(SETTLE_EACH);
    for seat in seats.iter().chain([&first]) {
        assert_eq!(seat.report(clock.now()).share, Some(1_000_000));
    }
    drop(seats);
    fake.advance(SETTLE_EACH);
    assert_eq!(first.report(clock.now()).share, Some(100_000_000));
}

#[test]
fn two_viewers_never_change_each_others_choice() {
    let audience = audience(Budget::Unlimited, 10);
    let (one, two) = (watch(&audience, 1).unwrap(), watch(&audience, 2).unwrap());
    let change = |choice| Change { choice: Some(choice), ..Change::default() };
    let now = Instant::now();
    audience.change(&one.viewer, change(Choice::Low), now).unwrap();
    audience.change(&two.viewer, change(Choice::High), now).unwrap();
    assert_eq!(one.viewer.report(None, now).settings.choice, Choice::Low);
    assert_eq!(two.viewer.report(None, now).settings.choice, Choice::High);
    assert_eq!(one.viewer.allowance().level.quality().percent(), 20);
    assert_eq!(two.viewer.allowance().level.quality().percent(), 90);
}

#[test]
fn who_comes_when_it_is_full_is_turned_away_and_a_reload_is_not() {
    let audience = audience(Budget::Unlimited, 1);
    let _seat = watch(&audience, 1).unwrap();
    assert!(audience.is_full());
    assert_eq!(watch(&audience, 2).err(), Some(Refused::Full));
    assert!(watch(&audience, 1).is_ok());
}

#[test]
fn who_has_no_cookie_is_forgotten_with_the_stream() {
    let audience = audience(Budget::Unlimited, 10);
    let now = Instant::now();
    let id = ViewerId::from_bits(5);
    let viewer = audience.enter(&room(&audience), id, Settings::default());
    let seat = audience.join(viewer, StreamMeter::default(), Keep::WhileItLasts, now).unwrap();
    assert!(audience.known(&room(&audience), id).is_some());
    drop(seat);
    assert!(audience.known(&room(&audience), id).is_none());
}

#[test]
fn the_hub_is_told_what_is_watched_and_no_more() {
    let audience = audience(Budget::Unlimited, 10);
    assert!(!room(&audience).hub().demand());
    let seat = watch(&audience, 1).unwrap();
    assert_eq!(room(&audience).hub().wanted().iter().count(), 1);
    let pause = Change { paused: Some(true), ..Change::default() };
    audience.change(&seat.viewer, pause, Instant::now()).unwrap();
    assert!(!room(&audience).hub().demand(), "a paused viewer wants no pictures");
    assert_eq!((audience.counts(None).watching, audience.counts(None).paused), (0, 1));
}

#[test]
fn motion_moves_gaming_viewers_and_what_is_wanted() {
    let audience = audience(Budget::Unlimited, 10);
    let (one, two) = (watch(&audience, 1).unwrap(), watch(&audience, 2).unwrap());
    let game = Change { mode: Some(Mode::Gaming), ..Change::default() };
    audience.change(&one.viewer, game, Instant::now()).unwrap();
    for _ in 0..100 {
        audience.moved(&room(&audience).hub(), 0.0, Duration::from_millis(33));
    }
    assert_eq!(one.viewer.allowance().level.index(), 0);
    assert_eq!(two.viewer.allowance().level.index(), 7);
    assert_eq!(room(&audience).hub().wanted().iter().count(), 2);
}

#[test]
fn a_thousand_forms_make_nobody_forgotten_who_watched() {
    let audience = audience(Budget::Unlimited, 10);
    let seats: Vec<Seat> = (0..3).map(|id| watch(&audience, id).unwrap()).collect();
    drop(watch(&audience, 7).unwrap());
    for id in 100..100 + 2 * MAX_REMEMBERED as u128 {
        audience.enter(&room(&audience), ViewerId::from_bits(id), Settings::default());
    }
    for id in [0, 1, 2, 7] {
        assert!(audience.known(&room(&audience), ViewerId::from_bits(id)).is_some(), "{id}");
    }
    let known = |id: u128| audience.known(&room(&audience), ViewerId::from_bits(id)).is_some();
    let strangers = (100..100 + 2 * MAX_REMEMBERED as u128).filter(|&id| known(id)).count();
    assert_eq!(strangers, MAX_REMEMBERED - 4);
    assert_eq!(seats.len(), audience.counts(None).watching);
}

#[test]
fn who_is_only_remembered_costs_nothing() {
    let audience = audience(Budget::BitsPerSec(9_000_000), 100);
    let seats: Vec<Seat> = (0..10).map(|id| watch(&audience, id).unwrap()).collect();
    assert_eq!(audience.watching().len(), 10);
    for id in 100..100 + MAX_REMEMBERED as u128 {
        audience.enter(&room(&audience), ViewerId::from_bits(id), Settings::default());
    }
    // What settling, measuring, motion and `/state` walk.
    assert_eq!(audience.watching().len(), 10);
    drop(seats);
    assert_eq!(audience.watching().len(), 0);
}

#[test]
fn who_left_sends_nothing_and_comes_back_as_it_was() {
    let audience = audience(Budget::Unlimited, 10);
    let now = Instant::now();
    let seat = watch(&audience, 1).unwrap();
    let low = Change { choice: Some(Choice::Low), ..Change::default() };
    audience.change(&seat.viewer, low, now).unwrap();
    seat.meter.frames.fetch_add(30, Ordering::Relaxed);
    audience.tick(Duration::from_secs(1), now);
    let viewer = Arc::clone(&seat.viewer);
    assert_eq!((viewer.report(None, now).fps, viewer.report(None, now).last.sent), (30.0, 30));
    drop(seat);
    assert_eq!((viewer.report(None, now).fps, viewer.report(None, now).last.sent), (0.0, 0));
    let seat = watch(&audience, 1).unwrap();
    assert!(Arc::ptr_eq(&seat.viewer, &viewer));
    assert_eq!(seat.viewer.report(None, now).settings.choice, Choice::Low);
}

#[test]
fn a_newcomer_forgotten_before_it_joins_has_its_seat_all_the_same() {
    let audience = audience(Budget::Unlimited, 10);
    let now = Instant::now();
    let newcomer = audience.enter(&room(&audience), ViewerId::from_bits(1), Settings::default());
    for id in 100..100 + MAX_REMEMBERED as u128 {
        audience.enter(&room(&audience), ViewerId::from_bits(id), Settings::default());
    }
    assert!(audience.known(&room(&audience), newcomer.id()).is_none());
    let meter = StreamMeter::default();
    let seat = audience.join(newcomer, meter, Keep::Remembered, now).unwrap();
    assert_eq!(audience.counts(None).watching, 1);
    assert!(
        audience
            .known(&room(&audience), seat.viewer.id())
            .is_some_and(|of| Arc::ptr_eq(&of, &seat.viewer))
    );
}

/// An audience with two rooms on one channel, and one on another.
fn three_rooms(budget: Budget) -> (Arc<Audience>, [Arc<Crowd>; 3]) {
    let channels = Channels::new(Clock::system());
    let (one, other) = (channels.open(&Pattern::new()), channels.open(&Pattern::new()));
    let audience = Arc::new(Audience::new(Clock::system(), budget, 10));
    let rooms = [&one, &one, &other].map(|channel| audience.gather(Arc::clone(channel)));
    (audience, rooms)
}

#[test]
fn settings_pause_and_seat_are_of_one_room_and_the_share_is_over_all() {
    let (audience, [first, second, third]) = three_rooms(Budget::BitsPerSec(12_000_000));
    let seats = [&first, &third].map(|crowd| watch_in(&audience, crowd, 1).unwrap());
    let other = watch_in(&audience, &second, 2).unwrap();
    let now = Instant::now();
    let share = |seat: &Seat| seat.viewer.report(None, now).share;
    assert_eq!(seats.each_ref().map(share), [Some(3_000_000); 2]);
    assert_eq!(share(&other), Some(6_000_000), "who watches twice counts once");
    let pause = Change { paused: Some(true), ..Change::default() };
    audience.change(&seats[0].viewer, pause, now).unwrap();
    assert!(!seats[1].viewer.allowance().paused);
    assert_eq!(seats.each_ref().map(share), [Some(0), Some(6_000_000)]);
    let counts = |crowd: &Crowd| audience.counts(Some(crowd));
    assert_eq!([counts(&first).watching, counts(&first).paused], [0, 1]);
    assert_eq!([counts(&second).watching, counts(&third).watching], [1, 1]);
    assert_eq!(audience.counts(None).watching, 2);
}

#[test]
fn a_channel_is_told_what_all_its_rooms_want_and_another_nothing_of_it() {
    let (audience, [first, second, third]) = three_rooms(Budget::Unlimited);
    let seats =
        [(&first, 1, Choice::Low), (&second, 2, Choice::High)].map(|(crowd, id, choice)| {
            let seat = watch_in(&audience, crowd, id).unwrap();
            let change = Change { choice: Some(choice), ..Change::default() };
            audience.change(&seat.viewer, change, Instant::now()).unwrap();
            seat
        });
    assert!(Arc::ptr_eq(&first.hub(), &second.hub()));
    assert_eq!(first.hub().wanted().iter().count(), 2);
    assert!(!third.hub().demand());
    drop(seats);
    assert!(!first.hub().demand());
}

#[test]
fn motion_of_one_source_drives_nobody_who_watches_another() {
    let (audience, [first, second, third]) = three_rooms(Budget::Unlimited);
    let game = Change { mode: Some(Mode::Gaming), ..Change::default() };
    let play = |crowd: &Arc<Crowd>, id| {
        let seat = watch_in(&audience, crowd, id).unwrap();
        audience.change(&seat.viewer, game, Instant::now()).unwrap();
        seat
    };
    let seats = [play(&first, 1), play(&second, 2), play(&third, 3)];
    for _ in 0..90 {
        audience.moved(&third.hub(), 0.0, Duration::from_millis(33));
        audience.moved(&first.hub(), 1.0, Duration::from_millis(33));
    }
    let level = |seat: &Seat| seat.viewer.allowance().level;
    assert_eq!(level(&seats[0]), Level::TOP);
    assert_eq!(level(&seats[1]), Level::TOP);
    assert!(level(&seats[2]) < Level::TOP, "nothing moved there");
    assert_eq!((first.hub().motion(), third.hub().motion()), (1.0, 0.0));
}

#[test]
fn thanks_are_said_in_the_room_where_somebody_gave_and_count_everywhere() {
    let (audience, [first, _, third]) = three_rooms(Budget::BitsPerSec(12_000_000));
    let seats = [&first, &third].map(|crowd| watch_in(&audience, crowd, 1).unwrap());
    let other = watch_in(&audience, &first, 2).unwrap();
    let now = Instant::now();
    let words = Words { name: "Ada".into(), message: String::new() };
    audience.donate(&seats[0].viewer, None, words, now);
    assert_eq!([first.thanks().count(), third.thanks().count()], [1, 0]);
    assert_eq!(other.viewer.report(None, now).share, Some(4_000_000));
}

#[test]
fn a_crowd_goes_on_at_another_channel_with_its_viewers_and_what_they_want() {
    let channels = Channels::new(Clock::system());
    let [old, new] = [(), ()].map(|()| channels.open(&Pattern::new()));
    let audience = Arc::new(Audience::new(Clock::system(), Budget::Unlimited, 10));
    let crowd = audience.gather(Arc::clone(&old));
    let seat = watch_in(&audience, &crowd, 1).unwrap();
    let low = Change { choice: Some(Choice::Low), ..Change::default() };
    audience.change(&seat.viewer, low, Instant::now()).unwrap();
    let wanted = old.hub.wanted();
    audience.show(&crowd, Arc::clone(&new), Instant::now());
    assert_eq!((old.hub.demand(), new.hub.wanted()), (false, wanted));
    assert!(Arc::ptr_eq(&seat.hub(), &new.hub));
    assert_eq!(seat.viewer.report(None, Instant::now()).settings.choice, Choice::Low);
    drop(seat);
    assert!(!new.hub.demand());
}

#[test]
fn who_is_sent_away_is_forgotten_and_does_not_come_back() {
    let channels = Channels::new(Clock::system());
    let channel = channels.open(&Pattern::new());
    let audience = Arc::new(Audience::new(Clock::system(), Budget::Unlimited, 10));
    let [closed, other] = [(), ()].map(|()| audience.gather(Arc::clone(&channel)));
    let seat = watch_in(&audience, &closed, 1).unwrap();
    drop(watch_in(&audience, &closed, 2));
    drop(watch_in(&audience, &other, 2));
    audience.dismiss(&closed);
    assert!(!channel.hub.demand(), "nothing is made for who is to leave");
    assert_eq!(watch_in(&audience, &closed, 3).err(), Some(Refused::Dismissed));
    audience.settle(Instant::now());
    assert!(!channel.hub.demand());
    drop(seat);
    for id in 1..=3 {
        assert!(audience.known(&closed, ViewerId::from_bits(id)).is_none(), "{id}");
    }
    assert!(audience.known(&other, ViewerId::from_bits(2)).is_some());
    assert_eq!(Arc::strong_count(&closed), 1, "nobody keeps it");
    let next = audience.gather(channel);
    assert_eq!([closed, other, next].map(|crowd| crowd.number()), [0, 1, 2]);
}

#[test]
fn a_number_is_not_given_again_after_the_last_crowd_was_sent_away() {
    let audience = audience(Budget::Unlimited, 10);
    let last = room(&audience);
    audience.dismiss(&last);
    let next = audience.gather(last.channel());
    assert!(next.number() > last.number());
}

#[test]
fn a_budget_and_a_bound_hold_from_when_they_are_changed() {
    let audience = audience(Budget::BitsPerSec(9_000_000), 3);
    let seats = [1, 2].map(|id| watch(&audience, id).unwrap());
    audience.set_budget(Budget::BitsPerSec(4_000_000), Instant::now());
    let share = |seat: &Seat| seat.viewer.report(None, Instant::now()).share;
    assert_eq!(seats.each_ref().map(share), [Some(2_000_000); 2]);
    audience.set_max_viewers(1);
    assert_eq!(watch(&audience, 3).err(), Some(Refused::Full));
    assert_eq!(audience.counts(None).watching, 2, "who watches stays");
    audience.set_max_viewers(3);
    assert!(watch(&audience, 3).is_ok());
}

fn filtered(audience: &Arc<Audience>, id: u128, filter: &str, address: &str) -> Seat {
    let settings = Settings { filter: filter.parse().unwrap(), ..Settings::default() };
    let viewer = audience.enter(&room(audience), ViewerId::from_bits(id), settings);
    let meter = StreamMeter::default().at(address.parse().unwrap());
    audience.join(viewer, meter, Keep::WhileItLasts, Instant::now()).unwrap()
}

#[test]
fn who_ordered_first_keeps_his_filter_and_who_finds_no_room_gets_the_plain_picture() {
    let audience = audience(Budget::Unlimited, 100);
    let filters = ["mirror", "flip", "turn90", "turn180"];
    let seats: Vec<Seat> = (1..)
        .zip(filters)
        .map(|(id, filter)| filtered(&audience, id, filter, "192.0.2.1"))
        .collect();
    let late = filtered(&audience, 9, "grey", "192.0.2.1");
    let report = |seat: &Seat| seat.viewer.report(None, Instant::now());
    assert!(seats.iter().all(|seat| report(seat).unfiltered.is_none()));
    assert_eq!(report(&late).unfiltered, Some(Unfiltered::Address));
    assert!(late.viewer.allowance().filter.is_none() && !report(&late).settings.filter.is_none());
    let wish = room(&audience).wish();
    assert_eq!((wish.looks.len(), wish.levels.iter().collect::<Vec<_>>()), (4, vec![Level::TOP]));
    let other = filtered(&audience, 10, "grey", "192.0.2.2");
    assert!(report(&other).unfiltered.is_none() && report(&late).unfiltered.is_none());
    drop(other);
    audience.settle(Instant::now());
    assert_eq!(report(&late).unfiltered, Some(Unfiltered::Address));
    drop(seats);
    audience.settle(Instant::now());
    assert_eq!(report(&late).unfiltered, None);
    assert_eq!(late.viewer.allowance().filter.to_string(), "grey");
}

#[test]
fn another_filter_is_a_new_order_and_a_pause_wants_nothing_of_it() {
    let audience = audience(Budget::Unlimited, 100);
    let seat = filtered(&audience, 1, "mirror", "192.0.2.1");
    let now = Instant::now();
    let wanted = || room(&audience).wish().looks.len();
    assert_eq!(wanted(), 1);
    let change = |change: Change| audience.change(&seat.viewer, change, now).unwrap();
    change(Change { paused: Some(true), ..Change::default() });
    assert_eq!(wanted(), 0);
    change(Change { paused: Some(false), filter: "flip".parse().ok(), ..Change::default() });
    assert_eq!(wanted(), 1);
    assert_eq!(seat.viewer.allowance().filter.to_string(), "flip");
    change(Change { filter: Some(Default::default()), ..Change::default() });
    assert_eq!((wanted(), room(&audience).wish().levels.is_empty()), (0, false));
}

#[test]
fn a_share_is_by_what_the_filtered_picture_costs() {
    let (clock, fake) = Fake::clock();
    let audience = Arc::new(Audience::new(clock.clone(), Budget::BitsPerSec(2_000_000), 10));
    let channel = Channels::new(clock.clone()).open(&Pattern::new());
    let hub = Arc::clone(&channel.hub);
    audience.gather(channel);
    let plain = watch(&audience, 1).unwrap();
    let inverted = filtered(&audience, 2, "edges", "192.0.2.1");
    let look = room(&audience).look("edges".parse().unwrap());
    for sequence in 1..=20 {
        let bytes: Arc<[u8]> = vec![0; 4000].into();
        let size = Size { width: 16, height: 16 };
        let (quality, orientation) = (Some(Quality::BEST), Orientation::UPRIGHT);
        let picture = Picture::Jpeg(Jpeg { bytes, size, quality, orientation });
        let captured = clock.now();
        let frame = Frame { sequence, captured, picture, origin: Origin::Source, masked: 0 };
        hub.publish(frame.clone());
        let levels = room(&audience).wish().looks[0].1;
        hub.filtered(&look, levels, &frame, vec![0; 40_000].into());
        fake.advance(Duration::from_millis(100));
    }
    audience.settle(clock.now());
    // 330 kbit/s is what the plain one takes, and 3.2 Mbit/s the other.
    assert_eq!(plain.viewer.allowance().level, Level::TOP);
    let report = inverted.viewer.report(None, clock.now());
    assert!(report.level < Level::TOP, "{report:?}");
    assert!(report.share > plain.viewer.report(None, clock.now()).share);
}
