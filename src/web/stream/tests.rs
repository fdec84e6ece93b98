use std::io::Write;

use super::*;
use crate::base::clock::Fake;
use crate::live::audience::{Audience, Keep};
use crate::live::bandwidth::Budget;
use crate::live::channel::Channels;
use crate::live::hub::Hub;
use crate::live::meter::StreamMeter;
use crate::live::settings::{Change, Settings, ViewerId};
use crate::media::frame::{Frame, Jpeg, Origin, Picture, Size};
use crate::proto::http::Status;
use crate::source::pattern::Pattern;

/// Takes so many bytes, then would block.
struct Socket {
    room: usize,
    taken: Vec<u8>,
    sent: u64,
    /// What the system says; nothing where it cannot be asked.
    state: Option<TcpState>,
}

impl Outflow for Socket {
    fn sent(&self) -> u64 {
        self.sent
    }
}

impl Outlet for Socket {
    fn state(&mut self) -> Option<TcpState> {
        self.state
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let fit = bytes.len().min(self.room);
        if fit == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.room -= fit;
        self.sent += fit as u64;
        self.taken.extend_from_slice(&bytes[..fit]);
        Ok(fit)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

struct Bench {
    hub: Arc<Hub>,
    audience: Arc<Audience>,
    stream: Stream,
    socket: Socket,
    start: Instant,
    fake: Fake,
}

impl Bench {
    fn new(layout: Layout, fps: Option<f64>) -> Self {
        let (clock, fake) = Fake::clock();
        let start = clock.now();
        let channel = Channels::new(clock.clone()).open(&Pattern::new());
        let hub = Arc::clone(&channel.hub);
        let audience = Arc::new(Audience::new(clock, Budget::Unlimited, 10));
        let crowd = audience.gather(channel);
        let viewer = audience.enter(&crowd, ViewerId::from_bits(1), Settings::default());
        let meter = StreamMeter::new(None, fps);
        let seat = audience.join(viewer, meter, Keep::Remembered, start).unwrap();
        let stream = Stream::new(seat, layout, &ResponseHead::new(Status::Ok), start);
        let socket = Socket { room: usize::MAX, taken: Vec::new(), sent: 0, state: None };
        Self { hub, audience, stream, socket, start, fake }
    }

    fn publish(&self, sequence: u64, bytes: &[u8]) {
        let size = Size::new(1, 1).unwrap();
        self.hub.publish(Frame {
            sequence,
            captured: self.start + Duration::from_micros(123_456),
            picture: Picture::Jpeg(Jpeg {
                bytes: Arc::from(bytes),
                size,
                quality: None,
                orientation: Default::default(),
            }),
            origin: Origin::Source,
            masked: 0,
        });
    }

    fn pump(&mut self, millis: u64) -> Pumped {
        let now = self.start + Duration::from_millis(millis);
        self.stream.unblock();
        self.stream.pump(&mut self.socket, now)
    }

    /// What went out since the last call.
    fn taken(&mut self) -> String {
        String::from_utf8(std::mem::take(&mut self.socket.taken)).unwrap()
    }
}

/// Whatever it says, it goes out first.
const HEAD: &str = "HTTP/1.1 200 OK\r\n\r\n";

#[test]
fn the_plain_layout_is_the_contracts() {
    let mut bench = Bench::new(Layout::Plain, None);
    bench.publish(1, b"JPEG");
    bench.pump(0);
    let part = "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 4\r\n\
        X-Timestamp: 1700000000.123456\r\n\r\nJPEG\r\n--frame\r\n";
    assert_eq!(bench.taken(), format!("{HEAD}{part}"));
    bench.publish(2, b"TWO");
    bench.pump(10);
    assert_eq!(
        bench.taken(),
        "Content-Type: image/jpeg\r\nContent-Length: 3\r\n\
         X-Timestamp: 1700000000.123456\r\n\r\nTWO\r\n--frame\r\n"
    );
}

#[test]
fn the_time_of_a_picture_follows_the_wall_clock_as_it_is_now() {
    let mut bench = Bench::new(Layout::Plain, None);
    bench.publish(1, b"JPEG");
    bench.pump(0);
    assert!(bench.taken().contains("X-Timestamp: 1700000000.123456\r\n"));
    // The clock is set between capture and sending; a repeat is told by the new one too.
    bench.publish(2, b"TWO");
    bench.fake.step_wall(-3600);
    bench.pump(10);
    assert!(bench.taken().contains("X-Timestamp: 1699996400.123456\r\n"));
    bench.fake.step_wall(7200);
    bench.pump(1010);
    assert!(bench.taken().contains("X-Timestamp: 1700003600.123456\r\n"));
    assert_eq!(bench.stream.seat.meter.latency_us.load(Ordering::Relaxed), 0, "no step is latency");
}

#[test]
fn with_advance_headers_the_next_parts_head_follows_each_picture() {
    let mut bench = Bench::new(Layout::AdvanceHeaders, None);
    bench.publish(1, b"JPEG");
    bench.pump(0);
    let next = "--frame\r\nContent-Type: image/jpeg\r\n\r\n";
    assert_eq!(bench.taken(), format!("{HEAD}{next}JPEG\r\n{next}"));
}

#[test]
fn the_bytes_are_the_same_wherever_the_socket_stops() {
    let mut whole = Bench::new(Layout::Plain, None);
    whole.publish(1, b"JPEG");
    whole.pump(0);
    let whole = whole.taken();
    for cut in 0..whole.len() {
        let mut bench = Bench::new(Layout::Plain, None);
        bench.publish(1, b"JPEG");
        bench.socket.room = cut;
        bench.pump(0);
        bench.socket.room = usize::MAX;
        bench.pump(1);
        assert_eq!(bench.taken(), whole, "cut at {cut}");
    }
}

#[test]
fn a_slow_client_skips_to_the_newest() {
    let mut bench = Bench::new(Layout::Plain, None);
    bench.publish(1, b"ONE");
    bench.socket.room = 100;
    bench.pump(0);
    for sequence in 2..=5 {
        bench.publish(sequence, format!("N{sequence}").as_bytes());
        bench.pump(sequence);
    }
    bench.publish(6, b"SIX");
    bench.socket.room = usize::MAX;
    bench.pump(7);
    let out = bench.taken();
    assert!(out.contains("ONE") && out.contains("SIX") && !out.contains("N5"), "{out}");
    assert_eq!(bench.stream.seat.meter.skipped.load(Ordering::Relaxed), 4);
}

#[test]
fn a_quiet_sources_last_picture_goes_out_again_each_second() {
    let mut bench = Bench::new(Layout::Plain, None);
    bench.publish(1, b"STILL");
    bench.pump(0);
    bench.taken();
    let soon = bench.start + Duration::from_millis(999 + 50);
    assert_eq!(bench.pump(999), Pumped::Again(soon));
    assert_eq!(bench.taken(), "");
    bench.pump(1000);
    assert!(bench.taken().contains("STILL"));
    assert_eq!(bench.stream.seat.meter.frames.load(Ordering::Relaxed), 1);
}

#[test]
fn paused_nothing_goes_out_and_resumed_the_newest_does() {
    let mut bench = Bench::new(Layout::Plain, None);
    bench.publish(1, b"ONE");
    bench.pump(0);
    bench.taken();
    let viewer = Arc::clone(&bench.stream.seat.viewer);
    let pause = |paused| Change { paused: Some(paused), ..Change::default() };
    bench.audience.change(&viewer, pause(true), bench.start).unwrap();
    bench.publish(2, b"TWO");
    bench.pump(2000);
    bench.pump(60_000);
    assert_eq!(bench.taken(), "");
    bench.publish(3, b"THREE");
    bench.audience.change(&viewer, pause(false), bench.start).unwrap();
    bench.pump(60_001);
    let out = bench.taken();
    assert!(out.contains("THREE") && !out.contains("TWO"));
}

#[test]
fn resumed_it_never_sends_what_is_no_longer_live() {
    let mut bench = Bench::new(Layout::Plain, None);
    bench.publish(1, b"ONE");
    bench.pump(0);
    let viewer = Arc::clone(&bench.stream.seat.viewer);
    let pause = |paused| Change { paused: Some(paused), ..Change::default() };
    bench.audience.change(&viewer, pause(true), bench.start).unwrap();
    bench.pump(10);
    bench.hub.clear();
    bench.audience.change(&viewer, pause(false), bench.start).unwrap();
    bench.taken();
    bench.pump(60_000);
    bench.pump(62_000);
    assert_eq!(bench.taken(), "", "the source was closed meanwhile");
    bench.publish(2, b"TWO");
    bench.pump(62_001);
    assert!(bench.taken().contains("TWO"));
}

#[test]
fn a_picture_that_waits_goes_out_when_the_socket_is_free() {
    let mut bench = Bench::new(Layout::Plain, None);
    bench.publish(1, b"ONE");
    bench.socket.room = 100;
    bench.pump(0);
    bench.publish(2, b"TWO");
    bench.pump(33);
    bench.socket.room = usize::MAX;
    bench.pump(40);
    assert!(bench.taken().contains("TWO"));
    assert_eq!(bench.stream.seat.meter.skipped.load(Ordering::Relaxed), 0);
}

#[test]
fn what_the_rate_leaves_out_is_not_skipped() {
    let mut bench = Bench::new(Layout::Plain, Some(1.0));
    bench.publish(1, b"ONE");
    bench.socket.room = 100;
    for sequence in 2..=5 {
        bench.pump(sequence * 33);
        bench.publish(sequence, b"NEXT");
    }
    assert_eq!(bench.stream.seat.meter.skipped.load(Ordering::Relaxed), 0);
}

#[test]
fn a_rate_is_kept_on_average() {
    let mut bench = Bench::new(Layout::Plain, Some(10.0));
    for sequence in 1..=90 {
        bench.publish(sequence, b"X");
        bench.pump(sequence * 1000 / 30);
    }
    let frames = bench.stream.seat.meter.frames.load(Ordering::Relaxed);
    assert!((29..=31).contains(&frames), "{frames} in three seconds");
}

#[test]
fn who_takes_nothing_for_twenty_seconds_is_gone() {
    let mut bench = Bench::new(Layout::Plain, None);
    bench.publish(1, b"ONE");
    bench.socket.room = 10;
    bench.pump(0);
    assert_eq!(bench.pump(19_999), Pumped::Again(bench.start + STUCK));
    assert_eq!(bench.pump(20_000), Pumped::Over);
}

#[test]
fn a_broken_connection_ends_it() {
    struct Broken;
    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    impl Outflow for Broken {
        fn sent(&self) -> u64 {
            0
        }
    }
    impl Outlet for Broken {
        fn state(&mut self) -> Option<TcpState> {
            None
        }
    }
    let mut bench = Bench::new(Layout::Plain, None);
    assert_eq!(bench.stream.pump(&mut Broken, bench.start), Pumped::Over);
}

const ALL_READ: TcpState = TcpState {
    queued_bytes: 0,
    window_bytes: 65_536,
    window_step: 1,
    min_rtt_us: 0,
    delivery_bytes_per_sec: 1_000_000,
};
const UNREAD: TcpState = TcpState { window_bytes: 20_000, ..ALL_READ };

/// A stream whose client has not read its first picture.
fn unread(layout: Layout) -> Bench {
    let mut bench = Bench::new(layout, None);
    bench.socket.state = Some(ALL_READ);
    bench.publish(1, &[b'1'; 50_000]);
    bench.pump(0);
    bench.taken();
    bench.socket.state = Some(UNREAD);
    bench
}

#[test]
fn a_client_that_has_not_read_gets_the_newest_once_it_has() {
    let mut bench = unread(Layout::Plain);
    for sequence in 2..=5 {
        bench.publish(sequence, format!("N{sequence}").as_bytes());
        bench.pump(sequence * 33);
    }
    bench.publish(6, b"SIX");
    bench.socket.state = Some(ALL_READ);
    bench.pump(400);
    let out = bench.taken();
    assert!(out.contains("SIX") && !out.contains('N'), "{out}");
    assert_eq!(bench.stream.seat.meter.skipped.load(Ordering::Relaxed), 4);
    assert!(bench.stream.seat.meter.waits_here.load(Ordering::Relaxed));
}

#[test]
fn questions_are_the_first_bytes_of_the_part_that_follows() {
    for (layout, asks, fill) in [(Layout::Plain, 42, 0), (Layout::AdvanceHeaders, 67, MAX_FILL)] {
        let jpeg = b"\xff\xd8\xff\xe0TWO";
        let mut bench = unread(layout);
        bench.publish(2, jpeg);
        for look in 1..=100 {
            bench.pump(200 * look);
            // The client reads a little all the time.
            let window_bytes = 20_000 + look as u32 * 200;
            bench.socket.state = Some(TcpState { window_bytes, ..UNREAD });
        }
        assert_eq!(bench.socket.taken.len(), asks, "{layout:?}");
        bench.socket.state = Some(ALL_READ);
        bench.pump(20_200);
        let mut held = std::mem::take(&mut bench.socket.taken);
        assert!(held[asks - fill..asks].iter().all(|byte| *byte == JPEG_FILL), "{layout:?}");
        held.drain(asks - fill..asks);
        let mut bench = unread(layout);
        bench.socket.state = Some(ALL_READ);
        bench.publish(2, jpeg);
        bench.pump(20_200);
        assert_eq!(held, bench.socket.taken, "{layout:?}");
    }
}

#[test]
fn who_reads_nothing_for_twenty_seconds_is_gone() {
    let mut bench = unread(Layout::Plain);
    bench.socket.state = Some(TcpState { queued_bytes: 10_000, window_bytes: 0, ..ALL_READ });
    bench.publish(2, b"TWO");
    assert!(matches!(bench.pump(19_999), Pumped::Again(_)));
    assert_eq!(bench.pump(20_200), Pumped::Over);
}

#[test]
fn a_stream_goes_on_with_another_sources_pictures_and_shows_none_of_the_old_one_again() {
    let mut bench = Bench::new(Layout::Plain, None);
    bench.publish(90, b"old");
    bench.pump(0);
    assert!(bench.taken().contains("old"));
    let channels = Channels::new(bench.hub.clock().clone());
    // It has the number of the one before, in this list.
    let [_, channel] = [(), ()].map(|()| channels.open(&Pattern::new()));
    let crowd = Arc::clone(bench.stream.seat.viewer.crowd());
    bench.audience.show(&crowd, Arc::clone(&channel), bench.start);
    bench.pump(3000);
    assert_eq!(bench.taken(), "");
    bench.hub = Arc::clone(&channel.hub);
    bench.publish(1, b"new");
    bench.pump(3001);
    let taken = bench.taken();
    assert!(taken.contains("new") && !taken.contains("old"), "{taken}");
    assert_eq!(bench.stream.topics(), Topics::of(channel.hub.number()));
}

#[test]
fn a_stream_ends_with_its_room() {
    let mut bench = Bench::new(Layout::Plain, None);
    bench.publish(1, b"JPEG");
    bench.pump(0);
    let crowd = Arc::clone(bench.stream.seat.viewer.crowd());
    bench.audience.dismiss(&crowd);
    assert_eq!(bench.pump(1), Pumped::Over);
}
