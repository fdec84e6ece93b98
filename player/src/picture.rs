//! Decodes the newest picture on a thread of its own, for the window to show.
//!
//! Two slots, before and behind the thread `decode`: a picture that comes while
//! the last still waits replaces it. The window is woken once for each that is
//! ready. Does not know what it is drawn with, but for the form of its pixels.

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use eframe::egui::ColorImage;
use parking_lot::{Condvar, Mutex};

use livestream::media::codec::{Decoder, Failed};

/// One session's pictures. Dropping it ends the thread.
pub struct Screen {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// A decoded picture.
pub struct Shown {
    /// Its pixels.
    pub image: ColorImage,
    /// Where in the clip it is.
    pub position: Option<Duration>,
}

/// Where the client puts pictures.
#[derive(Clone)]
pub struct Input(Arc<Shared>);

struct Shared {
    coded: Mutex<Coded>,
    arrived: Condvar,
    shown: Mutex<Option<Shown>>,
}

#[derive(Default)]
struct Coded {
    newest: Option<(Vec<u8>, Option<Duration>)>,
    stop: bool,
}

impl Screen {
    /// Starts the thread. It calls `wake` after each picture; none has a side above `max_side`.
    ///
    /// # Errors
    ///
    /// The system's error if there can be no further thread.
    pub fn start(max_side: u32, wake: impl Fn() + Send + 'static) -> io::Result<Self> {
        let (coded, shown) = (Mutex::default(), Mutex::default());
        let shared = Arc::new(Shared { coded, arrived: Condvar::new(), shown });
        let of_thread = Arc::clone(&shared);
        let thread = thread::Builder::new().name("decode".to_owned());
        let thread = thread.spawn(move || of_thread.decode(max_side, &wake))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Where pictures are put.
    pub fn input(&self) -> Input {
        Input(Arc::clone(&self.shared))
    }

    /// The newest picture, if it was not taken before.
    pub fn take(&self) -> Option<Shown> {
        self.shared.shown.lock().take()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.shared.coded.lock().stop = true;
        self.shared.arrived.notify_one();
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            log::error!("the decoding thread failed");
        }
    }
}

impl Input {
    /// Replaces the picture that waits.
    pub fn put(&self, jpeg: Vec<u8>, position: Option<Duration>) {
        self.0.coded.lock().newest = Some((jpeg, position));
        self.0.arrived.notify_one();
    }
}

impl Shared {
    fn decode(&self, max_side: u32, wake: &impl Fn()) {
        let mut decoder = match Decoder::new() {
            Ok(decoder) => decoder,
            Err(error) => {
                log::error!("pictures can't be decoded: {error}");
                return;
            }
        };
        while let Some((jpeg, position)) = self.next() {
            match pixels(&mut decoder, &jpeg, max_side) {
                Ok(image) => {
                    *self.shown.lock() = Some(Shown { image, position });
                    wake();
                }
                Err(error) => log::debug!("a picture is left out: {error}"),
            }
        }
    }

    /// Waits for a picture. None: stop.
    fn next(&self) -> Option<(Vec<u8>, Option<Duration>)> {
        let mut coded = self.coded.lock();
        loop {
            if coded.stop {
                return None;
            }
            if let Some(newest) = coded.newest.take() {
                return Some(newest);
            }
            self.arrived.wait(&mut coded);
        }
    }
}

fn pixels(decoder: &mut Decoder, jpeg: &[u8], max_side: u32) -> Result<ColorImage, Failed> {
    let (size, pixels) = decoder.rgba(jpeg, max_side)?;
    let size = [size.width as usize, size.height as usize];
    // Opaque: premultiplied or not is the same, and this way nothing is computed.
    Ok(ColorImage::from_rgba_premultiplied(size, &pixels))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{channel, sync_channel};

    use super::*;
    use livestream::media::codec::Encoder;
    use livestream::media::frame::{Chroma, Planar, Quality, Size};

    const LONG: Duration = Duration::from_secs(30);

    fn gray(level: u8) -> Vec<u8> {
        let size = Size::new(16, 8).unwrap();
        let planar = Planar { size, chroma: Chroma::Gray, samples: vec![level; 128] };
        Encoder::new().unwrap().encode(&planar, Quality::new(90).unwrap()).unwrap().to_vec()
    }

    #[test]
    fn pictures_are_shown_once_and_broken_ones_not_at_all() {
        let (woken, wakes) = channel();
        let screen = Screen::start(2048, move || woken.send(()).unwrap()).unwrap();
        screen.input().put(b"broken".to_vec(), None);
        assert!(screen.take().is_none());
        screen.input().put(gray(200), Some(Duration::from_secs(3)));
        wakes.recv_timeout(LONG).unwrap();
        let shown = screen.take().unwrap();
        assert_eq!((shown.image.size, shown.position), ([16, 8], Some(Duration::from_secs(3))));
        assert!(shown.image.pixels[0].r().abs_diff(200) < 4);
        assert!(screen.take().is_none());
    }

    #[test]
    fn what_comes_while_one_is_decoded_replaces_what_waits() {
        let (woken, wakes) = sync_channel(0);
        let screen = Screen::start(2048, move || woken.send(()).unwrap_or_default()).unwrap();
        let input = screen.input();
        input.put(gray(10), None);
        // The thread is in `wake` now, or will be with the first picture: it stands still there.
        while screen.shared.shown.lock().is_none() {
            thread::yield_now();
        }
        for level in [50, 100, 150] {
            input.put(gray(level), None);
        }
        wakes.recv_timeout(LONG).unwrap();
        wakes.recv_timeout(LONG).unwrap();
        assert!(screen.take().unwrap().image.pixels[0].r().abs_diff(150) < 4);
        drop(wakes);
    }
}
