//! What was recorded of real systems, judged anew without what only their readers knew.
//!
//! `tests/data/tcp_state` holds the traces and says how they came to be. In them pictures go out
//! whatever is judged, each a moment after a byte that asks.

use std::path::Path;

use super::*;

/// One trace.
pub(super) struct Trace {
    pub(super) name: String,
    step: u32,
    pub(super) largest: u64,
    moments: Vec<Moment>,
}

#[derive(Debug, Clone, Copy)]
struct Moment {
    at: Duration,
    event: Event,
    written: u64,
    /// What the reader had not read: the truth.
    unread: u64,
    queued: u32,
    window: u32,
    min_rtt_us: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    None,
    /// A picture is due.
    Due,
    /// It goes out after this.
    Write,
}

/// A picture that was due.
#[derive(Debug)]
pub(super) struct Judged {
    /// When it was due.
    pub(super) at: Duration,
    /// What the reader had not read then.
    pub(super) unread: u64,
    /// Whether it was let go by the time at which it went.
    pub(super) clear: bool,
}

/// All of them whose names hold `part`.
pub(super) fn traces(part: &str) -> Vec<Trace> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tcp_state");
    let mut traces: Vec<Trace> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "tcp"))
        .filter(|path| path.to_string_lossy().contains(part))
        .map(|path| Trace::read(&path))
        .collect();
    traces.sort_by(|one, other| one.name.cmp(&other.name));
    assert!(!traces.is_empty(), "{part}");
    traces
}

impl Trace {
    fn read(path: &Path) -> Self {
        let bytes = std::fs::read(path).unwrap();
        let end = bytes.iter().position(|byte| *byte == b'\n').unwrap();
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut words = head.split(' ');
        let step = words.next().unwrap().parse().unwrap();
        let sizes = words.skip(2).map(|size| size.parse::<u64>().unwrap());
        let largest = sizes.max().unwrap();
        let mut rest = &bytes[end + 1..];
        let (mut moments, mut units, mut written) = (Vec::new(), 0, 0);
        while !rest.is_empty() {
            let [time, more, unread, queued, window, rtt] = [(); 6].map(|()| number(&mut rest));
            units += time >> 2;
            written += more;
            let event = [Event::None, Event::Due, Event::Write][(time & 3) as usize];
            moments.push(Moment {
                at: Duration::from_micros(units * 100),
                event,
                written,
                unread,
                queued: queued as u32,
                window: window as u32 * step,
                min_rtt_us: rtt as u32 * 10,
            });
        }
        Self { name: path.file_name().unwrap().to_string_lossy().into(), step, largest, moments }
    }

    fn state(&self, moment: Moment) -> TcpState {
        TcpState {
            queued_bytes: moment.queued,
            window_bytes: moment.window,
            window_step: self.step,
            min_rtt_us: moment.min_rtt_us,
            delivery_bytes_per_sec: 0,
        }
    }

    /// What comes of every picture.
    pub(super) fn judge(&self) -> Vec<Judged> {
        let start = Instant::now();
        let mut backlog = Backlog::new(start);
        let mut judged: Vec<Judged> = Vec::new();
        let (mut written, mut look_at, mut asking) = (0, None, false);
        for moment in &self.moments {
            let now = start + moment.at;
            let more = (moment.written - written) as usize;
            written = moment.written;
            match asking {
                true => backlog.asked(more, now),
                false if more > 0 => backlog.wrote(more, now),
                false => {}
            }
            let due = moment.event == Event::Due;
            let goes = moment.event == Event::Write;
            // Where there is too little time before it goes, it would have waited a little more.
            let again = look_at.filter(|at| goes || now >= *at).map(|at: Instant| at.max(now));
            if let Some(now) = again.or(due.then_some(now)) {
                let outlook = backlog.look(now, || Some(self.state(*moment)));
                look_at = match outlook {
                    Outlook::Clear => None,
                    Outlook::Unread { look_at, .. } => Some(look_at),
                };
            }
            if due {
                (asking, look_at) = (true, look_at);
            } else if goes {
                let unread = moment.unread;
                judged.push(Judged { at: moment.at, unread, clear: look_at.is_none() });
                (asking, look_at) = (false, None);
            }
        }
        judged
    }
}

/// A number in groups of seven bits, the lowest first.
fn number(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first().unwrap();
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    value
}
