//! Players: RTSP and RTP as RFC 2326, 3550 and 2435 have them, over a socket and by programs that
//! others wrote.

mod ffmpeg;
mod gstreamer;
mod playing;
mod replies;
mod reports;
mod transport;
mod viewers;

use crate::common::clip::{Form, Scratch, clip, jpegs};
use crate::common::picture::scan;
use crate::common::rtsp::{Rtsp, Shot};
use crate::common::server::Server;

/// A server with the pattern as its live source, and with clips.
struct Stage {
    server: Server,
    /// Of `/bars.avi`, which has 25 a second.
    pictures: Vec<Vec<u8>>,
    scratch: Scratch,
}

impl Stage {
    /// With `bars.avi` of 3.2 seconds and its first five pictures as `short.avi`.
    fn new() -> Self {
        let pictures = jpegs(160, 120, 80, 90);
        let form = Form::Avi { fps: 25 };
        let (bars, short) = (clip(form, &pictures), clip(form, &pictures[..5]));
        let files = [("bars.avi", &bars[..]), ("short.avi", &short)];
        Self { pictures, ..Self::with(&files, &["--bandwidth", "unlimited"]) }
    }

    /// With these files, and arguments beside those that any stage has.
    fn with(files: &[(&str, &[u8])], arguments: &[&str]) -> Self {
        let scratch = Scratch::new();
        for (name, bytes) in files {
            scratch.write(name, bytes);
        }
        let base = ["--rtsp-port", "0", "--clips", scratch.path()];
        let server = Server::pattern(&[&base, arguments].concat());
        Self { server, pictures: Vec::new(), scratch }
    }

    fn connect(&self) -> Rtsp {
        Rtsp::connect(self.server.rtsp())
    }

    /// Which of the clip's pictures this is.
    #[track_caller]
    fn number(&self, shot: &Shot) -> usize {
        let mut numbers = 0..self.pictures.len();
        let found = numbers.find(|&number| scan(&self.pictures[number]) == scan(&shot.jpeg));
        found.expect("it is one of the clip's, bit by bit")
    }

    fn url(&self, path: &str) -> String {
        format!("rtsp://{}{path}", self.server.rtsp())
    }
}
