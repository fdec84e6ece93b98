//! The still pictures of a video: its poster, and the strip that is shown while one seeks.

use std::fmt::Write;

use super::crew::Stop;
use super::recipe::Rendition;
use super::{Failed, Making, Progress, SMALL_BYTES, bounds, report, step, task, words};
use crate::base::replace::replace;

/// How a strip is laid out. Pure.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Strip {
    every_s: f64,
    count: u32,
    columns: u32,
    /// Of one picture.
    size: (u32, u32),
}

impl Making<'_> {
    /// The poster: what stands at a tenth of the film, or the cover of what has no picture that moves.
    pub(super) fn poster(&self, stop: Stop<'_>) -> Result<(), Failed> {
        let input = &self.asked.input;
        let rungs = self.recipe.renditions.iter().map(|rendition| rendition.rung);
        let large_enough = rungs.rev().find(|rung| rung.lines <= POSTER_LINES);
        let rung = large_enough.or(self.recipe.renditions.first().map(|first| first.rung));
        match (self.recipe.video(), rung, self.recipe.source.cover) {
            (Some(video), Some(rung), _) => {
                let at = |at_s| {
                    self.file(report::POSTER, SMALL_BYTES, stop, |out| {
                        words::poster(video, rung, at_s, (input, out))
                    })
                };
                // The picture may end long before the sound.
                at((self.length_s() / 10.0).min(LATEST_S)).or_else(|_| at(0.0))
            }
            (_, _, Some(cover)) => {
                self.file(report::POSTER, SMALL_BYTES, stop, |out| words::cover(cover, input, out))
            }
            _ => Ok(()),
        }
    }

    /// The strip, and when each of its pictures is shown.
    pub(super) fn strip(&self, rendition: &Rendition) -> Result<(), Failed> {
        let rung = rendition.rung;
        let Some(strip) = Strip::of(self.length_s(), (rung.width, rung.height)) else {
            return Ok(());
        };
        let video = self.asked.out.join(report::video_file(rendition));
        let file = self.asked.out.join(report::STRIP);
        step::make(&file, |folder| {
            let grid = (strip.columns, strip.count.div_ceil(strip.columns));
            let asked = words::strip(grid, strip.size, strip.every_s, (&video, report::STRIP));
            let most = bounds(self.length_s(), SMALL_BYTES);
            let task = task(asked, vec![video.clone()], folder, most);
            self.ffmpeg(report::STRIP, &task, self.asked.stop, &mut |_| {})
        })?;
        let list = self.asked.out.join(report::STRIP_LIST);
        let text = strip.list(self.length_s());
        replace(&list, text.as_bytes()).map_err(Failed::of(&list))?;
        (self.asked.told)(&Progress::Made(&file));
        Ok(())
    }
}

impl Strip {
    /// Of a film of this length; `None` where it is not known, or too short to seek in.
    fn of(length_s: f64, (width, height): (u32, u32)) -> Option<Self> {
        if length_s < SHORTEST_S {
            return None;
        }
        let every_s = (length_s / f64::from(MOST_PICTURES) / 2.0).ceil().max(1.0) * 2.0;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 100")]
        let count = (length_s / every_s).ceil() as u32;
        // The longer side has this many pixels.
        let longer = width.max(height).max(1);
        let side = |side: u32| (side * PICTURE_SIDE / longer).max(2) / 2 * 2;
        let size = (side(width), side(height));
        Some(Self { every_s, count, columns: COLUMNS.min(count), size })
    }

    /// Which part of the strip is shown when, as WebVTT with fragments of the picture's address.
    fn list(&self, length_s: f64) -> String {
        let mut text = "WEBVTT\n".to_owned();
        let (width, height) = self.size;
        for number in 0..self.count {
            let from = f64::from(number) * self.every_s;
            let to = (from + self.every_s).min(length_s);
            let (left, top) = (number % self.columns * width, number / self.columns * height);
            let _ = write!(text, "\n{} --> {}\n", clock(from), clock(to));
            let _ = writeln!(text, "{}#xywh={left},{top},{width},{height}", report::STRIP);
        }
        text
    }
}

/// Seconds as WebVTT has them.
fn clock(seconds: f64) -> String {
    let ms = super::milliseconds(seconds);
    let (s, ms) = (ms / 1000, ms % 1000);
    format!("{:02}:{:02}:{:02}.{ms:03}", s / 3600, s / 60 % 60, s % 60)
}

const POSTER_LINES: u32 = 720;
/// No poster is sought later: what stands there is not there soon.
const LATEST_S: f64 = 60.0;
const SHORTEST_S: f64 = 4.0;
const MOST_PICTURES: u32 = 100;
const COLUMNS: u32 = 10;
const PICTURE_SIDE: u32 = 160;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strip_has_a_picture_for_each_part_of_a_film_and_never_more_than_a_hundred() {
        let strip = Strip::of(60.0, (640, 360)).expect("it is long enough");
        assert_eq!(strip, Strip { every_s: 2.0, count: 30, columns: 10, size: (160, 90) });
        let mut minutes = 1;
        while minutes < 600 {
            let length_s = f64::from(minutes) * 60.0 - 0.3;
            let strip = Strip::of(length_s, (360, 640)).expect("it is long enough");
            assert!((1..=MOST_PICTURES).contains(&strip.count), "{length_s}: {strip:?}");
            assert!(f64::from(strip.count) * strip.every_s >= length_s);
            assert_eq!(strip.size, (90, 160));
            minutes += 7;
        }
        assert_eq!(Strip::of(1.0, (640, 360)), None);
    }

    #[test]
    fn the_list_says_which_part_is_shown_when() {
        let list = Strip::of(23.5, (640, 360)).expect("it is long enough").list(23.5);
        assert!(
            list.starts_with(
                "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nstrip.jpg#xywh=0,0,160,90\n"
            )
        );
        let last = "00:00:22.000 --> 00:00:23.500\nstrip.jpg#xywh=160,90,160,90\n";
        assert!(list.ends_with(last), "{list}");
        assert_eq!(clock(3723.04), "01:02:03.040");
    }
}
