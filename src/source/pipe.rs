//! MJPEG out of a pipe: what a command writes, or whoever writes to our standard input.
//!
//! JPEGs one after another, or in the parts of a multipart stream, as `rpicam-vid --codec mjpeg
//! -o -` and `ffmpeg -f mpjpeg -` write them. [`Exec`] starts its command when somebody watches
//! and ends it when nobody does; [`Input`] is read all the time, so that its writer never waits.

use std::fmt;
use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::rhythm::{Bounds, Rhythm, Silence};
use super::{Trouble, TroubleCode};

mod child;
mod exec;
mod input;
mod last_words;

pub use exec::{Exec, NoCommand};
pub use input::{Input, IsTerminal};

/// Waits until there is something to read from one of these, or `time` has passed.
fn wait(files: &[&dyn AsFd], time: Duration) {
    let mut polled: Vec<PollFd<'_>> =
        files.iter().map(|file| PollFd::from_borrowed_fd(file.as_fd(), PollFlags::IN)).collect();
    // What is wrong with a file is said when it is read.
    let _ = poll(&mut polled, Timespec::try_from(time).ok().as_ref());
}

/// Whether a file has something to read, or its end.
fn is_ready(file: &dyn AsFd) -> bool {
    let mut polled = [PollFd::from_borrowed_fd(file.as_fd(), PollFlags::IN)];
    poll(&mut polled, Some(&Timespec::default())).is_ok_and(|ready| ready > 0)
}

/// Who writes into a pipe, as it is called before a person.
struct Writer<'a>(&'a str);

impl Writer<'_> {
    /// What is said when no picture came for so long, and so many bytes of one.
    fn late(&self, bytes: u64, time: Duration) -> Trouble {
        let seconds = time.as_secs();
        let (title, detail) = match bytes {
            0 => (format!("{self} sends no pictures"), format!("Nothing came for {seconds} s.")),
            _ => (
                format!("{self} sends too slowly"),
                format!(
                    "Its picture is not complete: {bytes} byte{} in {seconds} s.",
                    if bytes == 1 { "" } else { "s" }
                ),
            ),
        };
        Trouble { code: TroubleCode::Stalled, title, detail }
    }

    /// What is said of bytes that begin like this.
    fn no_pictures(&self, start: &[u8]) -> Trouble {
        let guess = match start {
            [0, 0, 0, 1, ..] | [0, 0, 1, ..] => "It looks like H.264 or H.265. ",
            [_, _, _, _, b'f', b't', b'y', b'p', ..] => "It looks like MP4. ",
            [0x1A, 0x45, 0xDF, 0xA3, ..] => "It looks like Matroska. ",
            [0x47, ..] => "It may be an MPEG transport stream. ",
            [b'Y', b'U', b'V', b'4', b'M', ..] => "It looks like raw video (YUV4MPEG). ",
            _ => "",
        };
        Trouble {
            code: TroubleCode::Garbage,
            title: format!("{self} sends no MJPEG"),
            detail: format!(
                "{guess}JPEGs are needed, as from `rpicam-vid --codec mjpeg -o -` or \
                 `ffmpeg … -c:v mjpeg -f mjpeg -`."
            ),
        }
    }
}

/// Looks whether pictures come in time, by their own rhythm.
struct Watch {
    rhythm: Rhythm,
    /// Bytes that came since the last picture.
    bytes: u64,
    /// What is said while a picture is overdue, and whether bytes came.
    overdue: Option<(bool, Trouble)>,
}

impl Watch {
    fn new(now: Instant) -> Self {
        Self { rhythm: Rhythm::new(Bounds::DEFAULT, now), bytes: 0, overdue: None }
    }

    fn came(&mut self, bytes: u64, now: Instant) {
        self.bytes += bytes;
        self.rhythm.heard(now);
    }

    fn picture(&mut self, now: Instant) {
        self.rhythm.picture(now);
        (self.bytes, self.overdue) = (0, None);
    }

    /// Says of a picture that is overdue that it is. Whether nothing more is to be hoped for.
    fn look(&mut self, writer: &Writer<'_>, now: Instant) -> bool {
        let silence = self.rhythm.silence(now);
        let come = self.bytes > 0;
        let is_told = self.overdue.as_ref().is_some_and(|(had_come, _)| *had_come == come);
        // Said once: with numbers that change it would be said again and again.
        if silence != Silence::Bearable && !is_told {
            let time = now.saturating_duration_since(self.rhythm.since());
            self.overdue = Some((come, writer.late(self.bytes, time)));
        }
        silence == Silence::Dead
    }

    fn overdue(&self) -> Option<Trouble> {
        self.overdue.as_ref().map(|(_, trouble)| trouble.clone())
    }
}

impl fmt::Display for Writer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Reads once, as much as is there. `Ok(0)` is the end.
fn read_some(file: &mut impl io::Read, some: &mut [u8]) -> io::Result<usize> {
    loop {
        match file.read(some) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// What is read at a time: as much as a pipe holds.
const PIECE_BYTES: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    #[test]
    fn a_slow_writer_is_told_and_forgiven_and_a_dumb_one_is_given_up() {
        let (writer, start) = (Writer("cam"), Instant::now());
        let mut watch = Watch::new(start);
        assert!(!watch.look(&writer, start + 14 * S) && watch.overdue().is_none());
        assert!(!watch.look(&writer, start + 15 * S));
        assert_eq!(watch.overdue().unwrap().title, "cam sends no pictures");
        for second in 16..1000 {
            watch.came(1, start + second * S);
            assert!(!watch.look(&writer, start + second * S), "it is alive");
        }
        let said = watch.overdue().unwrap();
        assert_eq!(said.title, "cam sends too slowly");
        assert_eq!(said.detail, "Its picture is not complete: 1 byte in 16 s.");
        watch.picture(start + 1000 * S);
        assert_eq!(watch.overdue(), None);
        assert!(watch.look(&writer, start + 2000 * S), "nothing at all came");
    }

    #[test]
    fn a_time_lapse_is_never_late() {
        let (writer, mut now) = (Writer("cam"), Instant::now());
        let mut watch = Watch::new(now);
        for _ in 0..50 {
            now += 12 * S;
            assert!(!watch.look(&writer, now));
            assert_eq!(watch.overdue(), None);
            watch.picture(now);
        }
    }
}
