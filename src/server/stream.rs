//! One live stream as bytes: which picture is due, and what goes out for it.
//!
//! A [`Stream`] writes to anything that may take only a part; it waits for
//! nothing and knows no thread. [`super::sender`] calls it when there is news, when
//! its socket has room, and when the time it named has come.

use std::io::{ErrorKind, IoSlice, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

use crate::clock;
use crate::live::audience::Seat;
use crate::live::hub::{Hub, Still};
use crate::proto::http::{ResponseHead, Status};
use crate::proto::multipart;

/// How the parts of a stream are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// Each part with its length and time before the picture.
    Plain,
    /// The whole head of the next part right after each picture, so that browsers paint it.
    AdvanceHeaders,
}

/// A viewer's open stream.
pub(super) struct Stream {
    seat: Seat,
    layout: Layout,
    /// From when the time to the next picture counts, where not all are sent.
    paced_from: Option<Instant>,
    outgoing: Outgoing,
    /// What went out last, or is going out.
    last: Option<Arc<Still>>,
    /// The sequence number that was sent last.
    seen: u64,
    /// That of a frame that is ready while the one before is still going out; 0 if there is none.
    waiting: u64,
    /// Whether the socket has no room until it says so.
    blocked: bool,
    sent_at: Instant,
    progress_at: Instant,
}

/// What a look at a stream came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Look again at this time, if nothing happens before.
    Again(Instant),
    /// The client is gone, or takes nothing any more.
    Over,
}

/// Bytes on their way: a head, a picture, and what follows it.
#[derive(Default)]
struct Outgoing {
    head: Vec<u8>,
    picture: Option<Arc<Still>>,
    tail: &'static [u8],
    sent: usize,
    /// Whether the picture was not sent before.
    fresh: bool,
}

impl Stream {
    /// A stream whose response head is the first thing to go out.
    pub(super) fn new(seat: Seat, layout: Layout, now: Instant) -> Self {
        let mut head = Vec::new();
        response_head().write(&mut head);
        head.extend_from_slice(match layout {
            Layout::Plain => multipart::DELIMITER,
            Layout::AdvanceHeaders => multipart::ADVANCE_HEAD,
        });
        Self {
            seat,
            layout,
            paced_from: None,
            outgoing: Outgoing { head, ..Outgoing::default() },
            last: None,
            seen: 0,
            waiting: 0,
            blocked: false,
            sent_at: now,
            progress_at: now,
        }
    }

    /// Sends what is due and fits.
    pub(super) fn pump(&mut self, socket: &mut impl Write, hub: &Hub, now: Instant) -> Look {
        loop {
            if !self.outgoing.is_empty() && !self.blocked {
                match self.outgoing.write(socket) {
                    Ok(0) => {}
                    Ok(bytes) => {
                        self.seat.meter.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
                        self.progress_at = now;
                    }
                    Err(_) => return Look::Over,
                }
                self.blocked = !self.outgoing.is_empty();
                if !self.blocked {
                    self.sent_whole(now);
                }
            }
            if self.blocked {
                self.count_skipped(hub, now);
                return self.patience(now);
            }
            match self.next(hub, now) {
                Next::Picture { still, fresh } => self.load(still, fresh, now),
                Next::WaitUntil(at) => return Look::Again(at),
            }
        }
    }

    /// Which picture is due.
    fn next(&mut self, hub: &Hub, now: Instant) -> Next {
        let allowance = self.seat.viewer.allowance();
        if allowance.paused {
            // What was shown before is no longer live when it goes on.
            (self.last, self.seen) = (None, 0);
            return Next::WaitUntil(now + REPEAT);
        }
        let newest = hub.newest(allowance.level).filter(|still| still.sequence > self.seen);
        match (newest, &self.last) {
            (Some(still), _) => {
                let pace = self.pace(hub, allowance.frames_permille);
                let due = self.paced_from.map_or(now, |from| from + pace);
                if now < due {
                    return Next::WaitUntil(due);
                }
                // From when it was due, not from now, so that the rate is kept on average.
                self.paced_from = Some(if now < due + pace { due } else { now });
                Next::Picture { still, fresh: true }
            }
            (None, Some(last)) if now >= self.sent_at + REPEAT => {
                Next::Picture { still: Arc::clone(last), fresh: false }
            }
            (None, _) => Next::WaitUntil((self.sent_at + REPEAT).max(now + MOMENT)),
        }
    }

    /// The time between pictures; nothing if all of them are to be sent.
    fn pace(&self, hub: &Hub, frames_permille: u16) -> Duration {
        let source = hub.frames_per_sec();
        let by_share = (frames_permille < 1000 && source > 0.0)
            .then(|| source * f64::from(frames_permille) / 1000.0);
        let rates = [self.seat.meter.fps(), by_share];
        let slowest = rates.into_iter().flatten().reduce(f64::min);
        slowest.map_or(Duration::ZERO, |fps| Duration::from_secs_f64(1.0 / fps).min(LONGEST_PACE))
    }

    fn load(&mut self, still: Arc<Still>, fresh: bool, now: Instant) {
        let mut head = std::mem::take(&mut self.outgoing.head);
        let tail = match self.layout {
            Layout::Plain => {
                let micros = clock::unix_micros(still.captured);
                multipart::part_head(&mut head, still.jpeg.len(), micros);
                multipart::AFTER_PICTURE
            }
            Layout::AdvanceHeaders => multipart::AFTER_PICTURE_ADVANCE,
        };
        if self.waiting > self.seen && still.sequence > self.waiting {
            self.seat.meter.skipped.fetch_add(1, Ordering::Relaxed);
        }
        (self.seen, self.waiting) = (still.sequence, 0);
        self.last = Some(Arc::clone(&still));
        self.outgoing = Outgoing { head, picture: Some(still), tail, sent: 0, fresh };
        self.progress_at = now;
    }

    fn sent_whole(&mut self, now: Instant) {
        self.sent_at = now;
        if let (Some(still), true) = (&self.outgoing.picture, self.outgoing.fresh) {
            let latency = SystemTime::now().duration_since(still.captured).unwrap_or_default();
            self.seat.meter.frame(latency);
        }
        self.outgoing.clear();
    }

    /// Counts a frame that was ready while the one before was still going out, and gave way to a
    /// newer one. What the pace leaves out is not counted.
    fn count_skipped(&mut self, hub: &Hub, now: Instant) {
        let allowance = self.seat.viewer.allowance();
        let newest = hub.newest(allowance.level).map_or(0, |still| still.sequence);
        let pace = self.pace(hub, allowance.frames_permille);
        let due = self.paced_from.is_none_or(|from| now >= from + pace);
        if newest > self.waiting.max(self.seen) && due && self.outgoing.picture.is_some() {
            if self.waiting > self.seen {
                self.seat.meter.skipped.fetch_add(1, Ordering::Relaxed);
            }
            self.waiting = newest;
        }
    }

    /// The socket has room again.
    pub(super) fn unblock(&mut self) {
        self.blocked = false;
    }

    fn patience(&self, now: Instant) -> Look {
        let end = self.progress_at + STUCK;
        if now >= end { Look::Over } else { Look::Again(end) }
    }
}

enum Next {
    Picture { still: Arc<Still>, fresh: bool },
    WaitUntil(Instant),
}

impl Outgoing {
    fn is_empty(&self) -> bool {
        self.sent == self.len()
    }

    fn len(&self) -> usize {
        self.head.len() + self.picture().len() + self.tail.len()
    }

    fn picture(&self) -> &[u8] {
        self.picture.as_ref().map_or(&[], |still| &still.jpeg)
    }

    fn clear(&mut self) {
        self.head.clear();
        (self.picture, self.tail, self.sent) = (None, b"", 0);
    }

    /// Writes as much as fits. Returns how many bytes went.
    fn write(&mut self, socket: &mut impl Write) -> std::io::Result<usize> {
        let before = self.sent;
        while !self.is_empty() {
            let mut skip = self.sent;
            let slices = [&self.head[..], self.picture(), self.tail].map(|part| {
                let past = skip.min(part.len());
                skip -= past;
                IoSlice::new(&part[past..])
            });
            match socket.write_vectored(&slices) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(bytes) => self.sent += bytes,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.sent - before)
    }
}

/// The head that stands before a stream.
pub(super) fn response_head() -> ResponseHead {
    ResponseHead::new(Status::Ok)
        .header("Content-Type", multipart::CONTENT_TYPE)
        .header("Cache-Control", "no-store, no-cache, must-revalidate, max-age=0")
        .header("Pragma", "no-cache")
        .header("X-Accel-Buffering", "no")
        .header("Access-Control-Allow-Origin", "*")
        .header("Connection", "close")
}

/// A quiet source's last picture goes out again after this time.
const REPEAT: Duration = Duration::from_secs(1);
/// A client that takes nothing for so long is gone.
const STUCK: Duration = Duration::from_secs(20);
/// A viewer whose share is next to nothing still gets a picture this often.
const LONGEST_PACE: Duration = Duration::from_secs(30);
const MOMENT: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::audience::{Audience, Keep};
    use crate::live::bandwidth::Budget;
    use crate::live::settings::{Change, Settings, ViewerId};
    use crate::live::viewer::StreamMeter;
    use crate::media::frame::{Frame, Jpeg, Origin, Picture, Size};

    /// Takes so many bytes, then would block.
    struct Socket {
        room: usize,
        taken: Vec<u8>,
    }

    impl Write for Socket {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let fit = bytes.len().min(self.room);
            if fit == 0 {
                return Err(ErrorKind::WouldBlock.into());
            }
            self.room -= fit;
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
    }

    impl Bench {
        fn new(layout: Layout, fps: Option<f64>) -> Self {
            let hub = Arc::new(Hub::new());
            let audience = Arc::new(Audience::new(Arc::clone(&hub), Budget::Unlimited, 10));
            let start = Instant::now();
            let viewer = audience.enter(ViewerId::from_bits(1), Settings::default(), start);
            let meter = StreamMeter::new(None, fps);
            let seat = audience.join(viewer, meter, Keep::Remembered, start).unwrap();
            let stream = Stream::new(seat, layout, start);
            let socket = Socket { room: usize::MAX, taken: Vec::new() };
            Self { hub, audience, stream, socket, start }
        }

        fn publish(&self, sequence: u64, bytes: &[u8]) {
            let size = Size::new(1, 1).unwrap();
            self.hub.publish(Frame {
                sequence,
                captured: SystemTime::UNIX_EPOCH + Duration::from_micros(1_700_000_000_123_456),
                picture: Picture::Jpeg(Jpeg { bytes: Arc::from(bytes), size, quality: None }),
                origin: Origin::Source,
            });
        }

        fn pump(&mut self, millis: u64) -> Look {
            let now = self.start + Duration::from_millis(millis);
            self.stream.unblock();
            self.stream.pump(&mut self.socket, &self.hub, now)
        }

        /// What went out since the last call.
        fn taken(&mut self) -> String {
            String::from_utf8(std::mem::take(&mut self.socket.taken)).unwrap()
        }
    }

    const HEAD: &str = "HTTP/1.1 200 OK\r\n\
        Content-Type: multipart/x-mixed-replace;boundary=frame\r\n\
        Cache-Control: no-store, no-cache, must-revalidate, max-age=0\r\n\
        Pragma: no-cache\r\n\
        X-Accel-Buffering: no\r\n\
        Access-Control-Allow-Origin: *\r\n\
        Connection: close\r\n\r\n";

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
        bench.socket.room = 300;
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
        assert_eq!(bench.pump(999), Look::Again(bench.start + REPEAT + (MOMENT - MOMENT / 50)));
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
        bench.socket.room = 300;
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
        bench.socket.room = 300;
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
        assert_eq!(bench.pump(19_999), Look::Again(bench.start + STUCK));
        assert_eq!(bench.pump(20_000), Look::Over);
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
        let mut bench = Bench::new(Layout::Plain, None);
        assert_eq!(bench.stream.pump(&mut Broken, &bench.hub, bench.start), Look::Over);
    }
}
