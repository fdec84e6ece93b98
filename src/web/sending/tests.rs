//! Answers to a client that takes a little at a time, or nothing.

use std::borrow::Cow;
use std::fs::File;
use std::io::{Seek, Write};
use std::ops::Range;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::super::payload::FilePart;
use super::*;
use crate::film::{Edition, Warm};
use crate::net::lane::Lanes;

/// Takes so many bytes at each write, and nothing at every other.
struct Narrow {
    width: usize,
    full: bool,
    taken: Vec<u8>,
}

impl Outflow for Narrow {
    fn sent(&self) -> u64 {
        self.taken.len() as u64
    }
}

impl Narrow {
    fn of(width: usize) -> Self {
        Self { width, full: false, taken: Vec::new() }
    }
}

impl Write for Narrow {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.full = !self.full;
        if !self.full || self.width == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        let count = bytes.len().min(self.width);
        self.taken.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> Result<usize> {
        let first = slices.iter().find(|slice| !slice.is_empty()).expect("there is something");
        self.write(first)
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

struct Place {
    workers: Workers,
    asker: Handle,
    _lanes: Lanes,
}

impl Place {
    fn new() -> Self {
        let lanes = Lanes::start(1).unwrap();
        let asker = lanes.places().place();
        Self { workers: Workers::start(1, 10).unwrap(), asker, _lanes: lanes }
    }

    fn pump(&self, sending: &mut Sending, out: &mut Narrow, now: Instant) -> Result<Progress> {
        sending.pump(out, &self.workers, &self.asker, now)
    }

    /// Goes on until it is out, or fails.
    fn whole(&self, sending: &mut Sending, out: &mut Narrow) -> Result<()> {
        for _ in 0..1_000_000 {
            match self.pump(sending, out, Instant::now())? {
                Progress::Done => return Ok(()),
                Progress::Stuck { .. } => {}
                Progress::Reading { .. } => thread::yield_now(),
            }
        }
        panic!("it does not end");
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.workers.stop();
        self.workers.join();
    }
}

fn scratch(bytes: &[u8]) -> Arc<File> {
    let name = format!("livestream-sending-{}-{:p}", std::process::id(), bytes);
    let path = std::env::temp_dir().join(name);
    let options = File::options().read(true).write(true).create(true).truncate(true).clone();
    let mut file = options.open(&path).unwrap();
    // It stays for as long as it is open.
    std::fs::remove_file(&path).unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    Arc::new(file)
}

#[test]
fn all_of_it_goes_out_in_order_however_little_is_taken_at_once() {
    let place = Place::new();
    for width in [1, 2, 3, 7, 100] {
        for body in [
            Payload::None,
            Payload::Bytes(Cow::Borrowed(b"the body")),
            Payload::Shared(Arc::from(b"the body".as_slice())),
            Payload::Pieces(vec![b"the".into(), b"".into(), b" body".to_vec().into()]),
        ] {
            let expected = [b"head".to_vec(), body.pieces().collect::<Vec<_>>().concat()].concat();
            let mut sending = Sending::new(b"head".to_vec(), body, Instant::now());
            let mut out = Narrow::of(width);
            place.whole(&mut sending, &mut out).unwrap();
            assert_eq!(out.taken, expected);
        }
    }
}

fn part(file: &Arc<File>, range: Range<u64>) -> Payload {
    let (file, edition) = (Arc::clone(file), Edition::of(file).unwrap());
    let warm = Arc::new(Warm::new(edition.bytes));
    Payload::File(Box::new(FilePart { file, range, edition, warm, fare: None }))
}

#[test]
fn file_goes_out_by_range() {
    let bytes: Vec<u8> = (0..200_000_u32).map(|number| (number % 251) as u8).collect();
    let (place, file) = (Place::new(), scratch(&bytes));
    for range in [0..200_000, 0..0, 5..6, 65_535..131_073, 199_999..200_000] {
        let (start, end) = (range.start as usize, range.end as usize);
        let body = part(&file, range);
        let mut sending = Sending::new(b"head".to_vec(), body, Instant::now());
        let mut out = Narrow::of(10_000);
        place.whole(&mut sending, &mut out).unwrap();
        assert!(out.taken == [b"head".as_slice(), &bytes[start..end]].concat(), "{start}..{end}");
    }
}

#[test]
fn file_that_has_become_shorter_ends_the_connection() {
    let (place, file) = (Place::new(), scratch(b"short"));
    let body = part(&file, 0..6);
    let mut sending = Sending::new(Vec::new(), body, Instant::now());
    let error = place.whole(&mut sending, &mut Narrow::of(10)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
}

#[test]
fn file_that_is_written_to_meanwhile_ends_the_connection() {
    let bytes = vec![7; 1_000_000];
    let (place, file) = (Place::new(), scratch(&bytes));
    let mut sending = Sending::new(Vec::new(), part(&file, 0..1_000_000), Instant::now());
    let mut out = Narrow::of(100_000);
    while out.taken.len() < 300_000 {
        place.pump(&mut sending, &mut out, Instant::now()).unwrap();
        thread::yield_now();
    }
    file.set_len(2_000_000).unwrap();
    assert_eq!(place.whole(&mut sending, &mut out).unwrap_err().kind(), ErrorKind::UnexpectedEof);
    assert!(out.taken.iter().all(|byte| *byte == 7));
}

#[test]
fn who_takes_nothing_is_stuck_since_the_last_byte() {
    let place = Place::new();
    let start = Instant::now();
    let later = start + Duration::from_secs(5);
    let mut sending = Sending::new(b"head".to_vec(), Payload::None, start);
    let mut out = Narrow::of(2);
    let progress = place.pump(&mut sending, &mut out, later).unwrap();
    assert_eq!(progress, Progress::Stuck { since: later });
    out.width = 0;
    let progress = place.pump(&mut sending, &mut out, later + Duration::from_secs(9)).unwrap();
    assert_eq!(progress, Progress::Stuck { since: later });
}
