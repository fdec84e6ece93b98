//! What moves in the test pattern: a wheel of comets, a band of stripes, the clock.
//!
//! Prepared once, then laid over a copy of the background for each frame, by tables:
//! a frame costs about as much as copying it a few times.

use super::TimeOfDay;
use super::still::{GAMING, GIFT, GROUND, HOME, LIVE, Layout, MUTED, SURFACE, TEXT};
use crate::media::area::Area;
use crate::media::canvas::{Canvas, Ink, Planes, distance, opacity};
use crate::media::frame::{Chroma, Planar, Size};
use crate::media::text::{Line, Style, Weight, width_px};

/// The moving parts at one size.
pub(super) struct Moving {
    wheel: Wheel,
    band: Band,
    dial: Dial,
}

impl Moving {
    pub(super) fn new(layout: &Layout) -> Self {
        Self { wheel: Wheel::new(layout), band: Band::new(layout), dial: Dial::new(layout) }
    }

    /// The picture after it moved for so many seconds.
    pub(super) fn frame(
        &self,
        background: &Canvas,
        moved_secs: f64,
        number: u64,
        time: &TimeOfDay,
    ) -> Planar {
        let mut canvas = background.clone();
        self.wheel.draw(&mut canvas, moved_secs);
        self.band.draw(&mut canvas, moved_secs);
        self.dial.draw(&mut canvas, number, time);
        canvas.into_planar()
    }
}

/// Comets that go around the dial.
struct Wheel {
    luma: Vec<Cell>,
    chroma: Vec<Cell>,
    /// Colours from angle to angle, of a wheel that has not turned.
    inks: Vec<Ink>,
}

/// A sample of the wheel.
#[derive(Clone, Copy)]
struct Cell {
    /// Where it is in its plane.
    at: u32,
    /// Its angle; [`STEPS`] are one turn.
    angle: u16,
    /// How opaque the comets are there.
    alpha: u8,
}

impl Wheel {
    fn new(layout: &Layout) -> Self {
        let (x, y) = layout.centre;
        let chroma = Chroma::Yuv420.plane(layout.size);
        let luma = (layout.size.width as usize, layout.size.height as usize);
        let (inner, outer) = (layout.dial + 0.012 * layout.unit, layout.radius);
        Self {
            luma: cells(luma, (x, y), inner, outer),
            chroma: cells(chroma, (0.5 * x, 0.5 * y), 0.5 * inner, 0.5 * outer),
            inks: comets(),
        }
    }

    fn draw(&self, canvas: &mut Canvas, moved_secs: f64) {
        let turned = ((moved_secs * TURNS_PER_SEC).fract() * STEPS as f64) as usize;
        let Planes { y, cb, cr, .. } = canvas.planes();
        let ink = |cell: &Cell| {
            let angle = (usize::from(cell.angle) + STEPS - turned) % STEPS;
            self.inks.get(angle).copied().unwrap_or(GROUND)
        };
        for cell in &self.luma {
            if let Some(sample) = y.get_mut(cell.at as usize) {
                *sample = mix(GROUND.y, ink(cell).y, cell.alpha);
            }
        }
        for cell in &self.chroma {
            let (at, ink) = (cell.at as usize, ink(cell));
            if let (Some(cb), Some(cr)) = (cb.get_mut(at), cr.get_mut(at)) {
                *cb = mix(GROUND.cb, ink.cb, cell.alpha);
                *cr = mix(GROUND.cr, ink.cr, cell.alpha);
            }
        }
    }
}

/// The samples of a plane between two circles.
fn cells(plane: (usize, usize), centre: (f32, f32), inner: f32, outer: f32) -> Vec<Cell> {
    let (width, height) = plane;
    let rows = |y: usize| (0..width).map(move |x| (x, y));
    let place = |(x, y): (usize, usize)| {
        let from = distance(x as i32, y as i32, centre.0, centre.1);
        let alpha = opacity((outer - from).min(from - inner));
        let (dx, dy) = (x as f32 + 0.5 - centre.0, y as f32 + 0.5 - centre.1);
        let turn = dy.atan2(dx) / std::f32::consts::TAU + 1.0;
        let angle = (turn * STEPS as f32) as usize % STEPS;
        let at = u32::try_from(y * width + x).ok()?;
        (alpha > 0).then_some(Cell { at, angle: angle as u16, alpha })
    };
    (0..height).flat_map(rows).filter_map(place).collect()
}

/// The colours around the wheel: each comet's head is bright, its tail fades behind it.
fn comets() -> Vec<Ink> {
    let heads = [LIVE, GIFT, HOME, GAMING];
    let length = STEPS / heads.len();
    let shade = |step: usize| {
        let along = (step % length) as f32 / length as f32;
        let head = heads.get(step / length).copied().unwrap_or(LIVE);
        // The last hundredth is the head's front, which keeps its edge from flickering.
        let bright = (along / 0.99).powf(1.4).min((1.0 - along) / 0.01);
        let alpha = (bright * 255.0) as u8;
        Ink {
            y: mix(GROUND.y, head.y.saturating_add(24), alpha),
            cb: mix(GROUND.cb, head.cb, alpha),
            cr: mix(GROUND.cr, head.cr, alpha),
        }
    };
    (0..STEPS).map(shade).collect()
}

/// Slanted stripes that run to the left.
struct Band {
    /// Its first row, an even one.
    top: usize,
    /// The stripes, wider than the picture by one period.
    stripes: Planar,
    period: usize,
}

impl Band {
    fn new(layout: &Layout) -> Self {
        let Area { left, top, right, bottom } = layout.band;
        let (width, height) = ((right - left).max(1) as u32, (bottom - top).max(1) as u32);
        // Two stripes of one colour after another; each edge on an even pixel.
        let stripe = (2 * (width / STRIPES / 2)).max(2);
        let period = stripe * 2 * COLOURS.len() as u32;
        let size = Size { width: width + period, height };
        let mut canvas = Canvas::new(size, SURFACE);
        let slant = stripe as f32 / height as f32;
        canvas.paint(canvas.area(), |x, y| {
            let along = x as f32 + slant * y as f32;
            let place = along.rem_euclid(2.0 * stripe as f32);
            let inside = place.min(stripe as f32 - place);
            let pair = (along / (2.0 * stripe as f32)) as usize;
            let ink = COLOURS.get(pair % COLOURS.len()).copied().unwrap_or(LIVE);
            (ink, opacity(inside))
        });
        Self { top: top.max(0) as usize, stripes: canvas.into_planar(), period: period as usize }
    }

    fn draw(&self, canvas: &mut Canvas, moved_secs: f64) {
        let Planes { y, cb, cr, widths: (width, chroma_width) } = canvas.planes();
        let run = (moved_secs * WIDTHS_PER_SEC * width as f64) as usize % self.period;
        // Even, as chroma has every second pixel.
        let run = run & !1;
        let (from_width, from_height) = Chroma::Yuv420.plane(self.stripes.size);
        let from_luma = self.stripes.luma();
        let from_chroma = self.stripes.samples.get(from_luma.len()..).unwrap_or_default();
        let (from_cb, from_cr) = from_chroma.split_at(from_width * from_height);
        let stripes_width = self.stripes.size.width as usize;
        copy_rows(y, width, self.top, from_luma, stripes_width, run);
        copy_rows(cb, chroma_width, self.top / 2, from_cb, from_width, run / 2);
        copy_rows(cr, chroma_width, self.top / 2, from_cr, from_width, run / 2);
    }
}

/// Copies the rows of a plane into another from row `top` on, each from sample `skip` on.
fn copy_rows(
    to: &mut [u8],
    to_width: usize,
    top: usize,
    from: &[u8],
    from_width: usize,
    skip: usize,
) {
    let rows = to.chunks_exact_mut(to_width).skip(top);
    for (to, from) in rows.zip(from.chunks_exact(from_width)) {
        if let Some(from) = from.get(skip..skip + to_width) {
            to.copy_from_slice(from);
        }
    }
}

/// Time, milliseconds and frame number in the middle of the wheel.
struct Dial {
    centre: i32,
    baselines: [i32; 3],
    time: Figures,
    millis: Figures,
    number: Figures,
}

impl Dial {
    fn new(layout: &Layout) -> Self {
        let figures = |weight, part, ink| Figures::new(layout.style(weight, part), ink);
        Self {
            centre: layout.centre.0 as i32,
            baselines: layout.baselines(),
            time: figures(Weight::SemiBold, 0.078, TEXT),
            millis: figures(Weight::SemiBold, 0.078, LIVE),
            number: figures(Weight::Regular, 0.034, MUTED),
        }
    }

    fn draw(&self, canvas: &mut Canvas, number: u64, time: &TimeOfDay) {
        let [first, second, third] = self.baselines;
        self.time.write(canvas, self.centre, first, &time.seconds);
        self.millis.write(canvas, self.centre, second, &time.millis);
        self.number.write(canvas, self.centre, third, &format!("{number:06}"));
    }
}

/// The digits and the colon, set once.
struct Figures {
    /// In the order of [`FIGURES`], each with what it moves the pen, in pixels.
    lines: Vec<(Line, f32)>,
    ink: Ink,
}

impl Figures {
    fn new(style: Style, ink: Ink) -> Self {
        let set = |figure: char| {
            let text = figure.to_string();
            (Line::new(&text, style), width_px(&text, style))
        };
        Self { lines: FIGURES.chars().map(set).collect(), ink }
    }

    /// Writes `text`, its middle at `centre`; what is not a figure is left out.
    fn write(&self, canvas: &mut Canvas, centre: i32, baseline: i32, text: &str) {
        let set = |letter| FIGURES.find(letter).and_then(|at| self.lines.get(at));
        let width: f32 = text.chars().filter_map(set).map(|(_, advance)| advance).sum();
        let mut pen = centre as f32 - 0.5 * width;
        for (line, advance) in text.chars().filter_map(set) {
            canvas.text(line, pen.round() as i32, baseline, self.ink);
            pen += advance;
        }
    }
}

fn mix(under: u8, over: u8, alpha: u8) -> u8 {
    let (under, over, alpha) = (u32::from(under), u32::from(over), u32::from(alpha));
    ((under * (255 - alpha) + over * alpha + 127) / 255) as u8
}

const FIGURES: &str = "0123456789:";
/// Angles of the wheel's tables.
const STEPS: usize = 4096;
const TURNS_PER_SEC: f64 = 0.35;
/// What the band runs in a second, in widths of the picture.
const WIDTHS_PER_SEC: f64 = 0.5;
/// Stripes and gaps that a picture is wide.
const STRIPES: u32 = 16;
const COLOURS: [Ink; 4] = [TEXT, HOME, TEXT, GIFT];
