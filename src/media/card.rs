//! Draws the cards that stand in the stream when there is no picture.
//!
//! Called by the source thread about once a second. Does not encode, and does not
//! know what is wrong: that comes as words.

use std::time::SystemTime;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::area::Area;
use super::canvas::{Canvas, Ink};
use super::frame::{Planar, Size};
use super::text::{Line, Style, Weight, width_px, wrap};

/// A card: one line of large text, some small under it, and the time.
///
/// All sizes follow the picture's. Text that is too long wraps, then ends in an ellipsis.
pub fn card(size: Size, title: &str, detail: &str, clock: &str) -> Planar {
    let layout = Layout::new(size, title, detail);
    let mut canvas = Canvas::new(size, GROUND);
    rings(&mut canvas, layout.unit);
    let left = layout.left as i32;
    let mut y = layout.top;
    let bar = layout.bar_height();
    canvas.rect(Area::at(left, y as i32, layout.bar_width() as i32, bar as i32), LIVE);
    y += bar + BAR_GAP * layout.title.em_px;
    for line in &layout.title_lines {
        y += TITLE_LEADING * layout.title.em_px;
        canvas.text(&Line::new(line, layout.title), left, y as i32, TEXT);
    }
    y += DETAIL_GAP * layout.detail.em_px;
    for line in &layout.detail_lines {
        y += DETAIL_LEADING * layout.detail.em_px;
        canvas.text(&Line::new(line, layout.detail), left, y as i32, MUTED);
    }
    let baseline = size.height as f32 - layout.foot;
    canvas.text(&Line::new(clock, layout.detail), left, baseline as i32, FAINT);
    canvas.into_planar()
}

/// The time of day as a card shows it: local where the machine knows its time zone, else UTC.
pub fn clock(at: SystemTime) -> String {
    clock_in(at, &TimeZone::system())
}

fn clock_in(at: SystemTime, zone: &TimeZone) -> String {
    let Ok(at) = Timestamp::try_from(at) else {
        return String::new();
    };
    let known = !zone.is_unknown();
    let local = zone.to_datetime(at);
    let mark = if known { "" } else { " UTC" };
    format!("{:02}:{:02}:{:02}{mark}", local.hour(), local.minute(), local.second())
}

/// Where things stand on a card, in pixels.
struct Layout {
    /// What all sizes are parts of: about the height.
    unit: f32,
    left: f32,
    top: f32,
    /// From the clock's baseline to the bottom.
    foot: f32,
    title: Style,
    title_lines: Vec<String>,
    detail: Style,
    detail_lines: Vec<String>,
}

impl Layout {
    fn new(size: Size, title: &str, detail: &str) -> Self {
        let (width, height) = (size.width as f32, size.height as f32);
        let unit = height.min(0.75 * width);
        let left = (0.1 * unit).max(0.075 * width).round();
        let room = width - 2.0 * left;
        let mut title_style = Style { weight: Weight::SemiBold, em_px: (0.084 * unit).max(15.0) };
        // A long title is set smaller before it is broken.
        let wide = width_px(title, title_style);
        if wide > room {
            title_style.em_px *= (room / wide).max(0.75);
        }
        let title_lines = wrap(title, title_style, room, 2);
        let detail_style = Style { weight: Weight::Regular, em_px: (0.043 * unit).max(12.0) };
        let measure = room.min(29.0 * detail_style.em_px);
        let mut layout = Self {
            unit,
            left,
            top: 0.0,
            foot: (0.11 * unit).round(),
            title: title_style,
            title_lines,
            detail: detail_style,
            detail_lines: wrap(detail, detail_style, measure, 4),
        };
        // A little above the middle looks like the middle.
        layout.top = (0.475 * height - 0.5 * layout.block_height()).max(0.0).round();
        layout
    }

    /// From the accent's top to the last line.
    fn block_height(&self) -> f32 {
        let title = BAR_GAP + TITLE_LEADING * self.title_lines.len() as f32;
        let detail = DETAIL_GAP + DETAIL_LEADING * self.detail_lines.len() as f32;
        self.bar_height() + title * self.title.em_px + detail * self.detail.em_px
    }

    fn bar_height(&self) -> f32 {
        (0.0085 * self.unit).max(2.0).round()
    }

    fn bar_width(&self) -> f32 {
        (0.085 * self.unit).max(16.0).round()
    }
}

/// A lens that goes out of the picture at the right, barely lighter than the ground.
fn rings(canvas: &mut Canvas, unit: f32) {
    let Size { width, height } = canvas.size();
    let centre = (width as f32, 0.5 * height as f32);
    let thickness = (0.003 * unit).max(1.0);
    for (step, ink) in RINGS.into_iter().enumerate() {
        canvas.ring(centre, (0.22 + 0.16 * step as f32) * unit, thickness, ink);
    }
}

// Of an em of the line that follows, from baseline to baseline.
const BAR_GAP: f32 = 0.3;
const TITLE_LEADING: f32 = 1.2;
const DETAIL_GAP: f32 = 0.5;
const DETAIL_LEADING: f32 = 1.5;

const GROUND: Ink = Ink::rgb(0x0B0D10);
const TEXT: Ink = Ink::rgb(0xEEF1F5);
const MUTED: Ink = Ink::rgb(0x98A2AE);
const FAINT: Ink = Ink::rgb(0x6B7682);
const LIVE: Ink = Ink::rgb(0xFF4B4B);
const RINGS: [Ink; 4] =
    [Ink::rgb(0x22282F), Ink::rgb(0x1B2026), Ink::rgb(0x15191E), Ink::rgb(0x101317)];

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn card_has_the_wished_size_whatever_the_words() {
        let long = "no picture ".repeat(200);
        for (width, height) in
            [(1, 1), (2, 3), (16, 16), (161, 121), (320, 240), (90, 1600), (1600, 90)]
        {
            let size = Size::new(width, height).unwrap();
            for (title, detail) in [("", ""), ("Trouble", "Trying again."), (&long, &long)] {
                let planar = card(size, title, detail, "12:34:56");
                assert_eq!(planar.size, size);
                assert_eq!(planar.samples.len(), planar.chroma.bytes(size));
            }
        }
    }

    #[test]
    fn words_stay_inside_the_margins() {
        for (width, height) in [(320, 240), (640, 360), (1280, 720), (720, 1280)] {
            let size = Size::new(width, height).unwrap();
            let words = "The camera was unplugged and nobody knows where it went".repeat(3);
            let layout = Layout::new(size, &words, &words);
            let room = width as f32 - layout.left;
            for (lines, style) in
                [(&layout.title_lines, layout.title), (&layout.detail_lines, layout.detail)]
            {
                assert!(lines.iter().all(|line| layout.left + width_px(line, style) <= room + 1.0));
            }
            let bottom = layout.top + layout.block_height();
            let clock = height as f32 - layout.foot - layout.detail.em_px;
            assert!(
                bottom < clock,
                "{size}: the words end at {bottom}, the clock starts at {clock}"
            );
        }
    }

    #[test]
    fn clock_shows_local_time_or_says_utc() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let east = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(clock_in(at, &east), "00:13:20");
        assert_eq!(clock_in(at, &TimeZone::unknown()), "22:13:20 UTC");
    }
}
