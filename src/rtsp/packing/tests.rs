//! Tests of what is packed as it is, what is encoded once for all, and what is refused.

use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use super::*;
use crate::net::lane::Lanes;

const FITS: &[u8] = include_bytes!("../../../tests/data/jpeg/420.jpg");
const PROGRESSIVE: &[u8] = include_bytes!("../../../tests/data/jpeg/progressive.jpg");

struct House {
    packing: Arc<Packing>,
    workers: Arc<Workers>,
    lanes: Lanes,
}

impl House {
    fn new() -> Self {
        let workers = Arc::new(Workers::start(1, 8).unwrap());
        let packing = Arc::new(Packing::new(Arc::clone(&workers)));
        Self { packing, workers, lanes: Lanes::start(1).unwrap() }
    }

    fn ask(&self, still: &Still) -> Asked {
        let asker = self.lanes.places().place();
        self.packing.of_level(still, Level::TOP, Format::Rtp, &asker)
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
    Still { sequence, captured: Instant::now(), jpeg: jpeg.into() }
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
fn what_is_broken_is_never_sent_and_stops_nothing() {
    let house = House::new();
    assert!(matches!(house.wait(&still(1, &FITS[..200])), Asked::Never));
    packets(house.wait(&still(2, PROGRESSIVE)));
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
        house.packing.of_clip(jpeg.clone(), Level::TOP, Format::Rtp, fit, &asker)
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
