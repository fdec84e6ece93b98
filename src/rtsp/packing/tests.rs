//! Tests of what is packed as it is, what is encoded once for all, and what is refused.

use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use super::*;
use crate::base::clock::Clock;
use crate::live::channel::Channels;
use crate::net::lane::Lanes;
use crate::source::pattern::Pattern;

const FITS: &[u8] = include_bytes!("../../../tests/data/jpeg/420.jpg");
const RESTART: &[u8] = include_bytes!("../../../tests/data/jpeg/restart.jpg");
const PROGRESSIVE: &[u8] = include_bytes!("../../../tests/data/jpeg/progressive.jpg");

/// The hubs of two channels.
fn hubs() -> [Arc<Hub>; 2] {
    let channels = Channels::new(Clock::system());
    std::array::from_fn(|_| Arc::clone(&channels.open(&Pattern::new()).hub))
}

struct House {
    packing: Packing,
    hub: Arc<Hub>,
    other: Arc<Hub>,
    workers: Arc<Workers>,
    lanes: Lanes,
}

impl House {
    fn new() -> Self {
        let workers = Arc::new(Workers::start(1, 8).unwrap());
        let [hub, other] = hubs();
        let packing = Packing::new(Arc::clone(&workers), &hub);
        Self { packing, hub, other, workers, lanes: Lanes::start(1).unwrap() }
    }

    fn ask(&self, still: &Still) -> Asked {
        let asker = self.lanes.places().place();
        self.packing.of_level(&self.hub, still, (Level::TOP, &Look::PLAIN), Format::Rtp, &asker)
    }

    /// What asking comes to once the worker has done it.
    fn wait(&self, still: &Still) -> Asked {
        let end = Instant::now() + Duration::from_secs(60);
        while Instant::now() < end {
            match self.ask(still) {
                Asked::Later => std::thread::park_timeout(Duration::from_millis(1)),
                asked => return asked,
            }
        }
        panic!("nothing in a minute")
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.workers.stop();
        self.workers.join();
    }
}

fn still(sequence: u64, jpeg: &[u8]) -> Still {
    Still { sequence, captured: Instant::now(), jpeg: jpeg.into(), masked: 0 }
}

fn packets(asked: Asked) -> Arc<Packets> {
    match asked {
        Asked::Packed(Packed::Rtp(packets)) => packets,
        _ => panic!("packets"),
    }
}

#[test]
fn what_fits_is_packed_at_once_and_once() {
    let house = House::new();
    let first = packets(house.ask(&still(1, FITS)));
    assert!(Arc::ptr_eq(&first, &packets(house.ask(&still(1, FITS)))));
    let second = packets(house.ask(&still(2, FITS)));
    assert!(!Arc::ptr_eq(&first, &second));
    assert_eq!(house.workers.waiting(), 0);
}

#[test]
fn what_does_not_fit_is_encoded_once_for_all_who_ask() {
    let house = House::new();
    assert!((0..10).all(|_| matches!(house.ask(&still(1, PROGRESSIVE)), Asked::Later)));
    let first = packets(house.wait(&still(1, PROGRESSIVE)));
    assert!(Arc::ptr_eq(&first, &packets(house.ask(&still(1, PROGRESSIVE)))));
    packets(house.wait(&still(2, PROGRESSIVE)));
    assert!(matches!(house.ask(&still(1, PROGRESSIVE)), Asked::Never), "a newer one is there");
}

#[test]
fn of_what_cannot_be_sent_a_card_says_so_and_it_is_counted() {
    let house = House::new();
    let truncated = &PROGRESSIVE[..jpeg::info(PROGRESSIVE).unwrap().scan - 20];
    for (count, broken) in [&FITS[..200], truncated, b""].into_iter().enumerate() {
        let still = still(1 + count as u64, broken);
        let card = packets(house.wait(&still));
        assert!(card.count() > 1, "it has words");
        assert!(Arc::ptr_eq(&card, &packets(house.ask(&still))), "made once for all");
        assert_eq!(house.hub.unmade().count(), 1 + count as u64);
    }
    packets(house.wait(&still(9, PROGRESSIVE)));
}

#[test]
fn the_labs_clients_get_that_card_too() {
    let house = House::new();
    let asker = house.lanes.places().place();
    let (broken, end) = (still(1, &FITS[..200]), Instant::now() + Duration::from_secs(60));
    loop {
        match house.packing.of_level(
            &house.hub,
            &broken,
            (Level::TOP, &Look::PLAIN),
            Format::Lab,
            &asker,
        ) {
            Asked::Packed(Packed::Lab(card)) => {
                assert!(card.len() <= LAB_JPEG_BYTES && jpeg::info(&card).unwrap().is_plain());
                return;
            }
            Asked::Later => std::thread::park_timeout(Duration::from_millis(1)),
            _ => panic!("a card"),
        }
        assert!(Instant::now() < end, "nothing in a minute");
    }
}

#[test]
fn more_than_can_be_done_is_refused_and_a_failure_is_told() {
    let house = House::new();
    let asker = house.lanes.places().place();
    let encodes = &house.packing.encodes;
    let (let_go, held) = channel::<()>();
    encodes.add(&asker, Box::new(move |_| held.recv().unwrap())).unwrap();
    let jpeg = picture(&still(1, PROGRESSIVE)).unwrap();
    let ask = || {
        let fit = Fit::default();
        house.packing.of_clip(
            (jpeg.clone(), Dress::default()),
            Level::TOP,
            Format::Rtp,
            fit,
            &asker,
        )
    };
    let mut tickets = Vec::new();
    let refused = (0..1000).find(|_| match ask() {
        Ok(ticket) => {
            tickets.push(ticket);
            false
        }
        Err(Busy) => true,
    });
    assert!(refused.is_some() && tickets.len() >= 32, "{} wait", tickets.len());
    // Nobody waits for all but the last of them.
    let last = tickets.pop().unwrap();
    tickets.clear();
    let_go.send(()).unwrap();
    let end = Instant::now() + Duration::from_secs(60);
    let outcome = loop {
        if let Some(outcome) = last.take() {
            break outcome;
        }
        assert!(Instant::now() < end, "nothing in a minute");
        std::thread::park_timeout(Duration::from_millis(1));
    };
    assert!(matches!(outcome, Ok((Some(Packed::Rtp(_)), _))));
    encodes.add(&asker, Box::new(|_| panic!("planted"))).unwrap();
    packets(house.wait(&still(5, PROGRESSIVE)));
}

#[test]
fn two_channels_never_have_each_others_pictures() {
    let house = House::new();
    let of = |hub: &Arc<Hub>, jpeg| {
        let asker = house.lanes.places().place();
        packets(house.packing.of_level(
            hub,
            &still(1, jpeg),
            (Level::TOP, &Look::PLAIN),
            Format::Rtp,
            &asker,
        ))
    };
    // Of the same level, and of the same number.
    let (first, second) = (of(&house.hub, FITS), of(&house.other, RESTART));
    assert!(!Arc::ptr_eq(&first, &second));
    assert!(Arc::ptr_eq(&first, &of(&house.hub, FITS)), "made once for all of a channel");
    assert!(Arc::ptr_eq(&second, &of(&house.other, RESTART)));
}
