//! What stands still in the test pattern: drawn once, when it is opened.
//!
//! Each part tests something a viewer can see: bars the colours, ramps the steps of
//! a quality, fine lines and the zone plate its sharpness, the marks at the edges
//! whether all of the picture is there.

use crate::media::area::Area;
use crate::media::canvas::{Canvas, Ink, OPAQUE};
use crate::media::frame::Size;
use crate::media::text::{Line, Style, Weight, width_px};

/// Where the parts of the pattern are, in pixels.
pub(super) struct Layout {
    pub(super) size: Size,
    /// What text sizes and margins are parts of: the height, less in narrow pictures.
    pub(super) unit: f32,
    /// The wheel's middle.
    pub(super) centre: (f32, f32),
    /// The wheel's outer radius, and that of the dial with the clock in it.
    pub(super) radius: f32,
    pub(super) dial: f32,
    /// The band of running stripes.
    pub(super) band: Area,
    left: Area,
    right: Area,
}

impl Layout {
    pub(super) fn new(size: Size) -> Self {
        let (width, height) = (size.width as f32, size.height as f32);
        let unit = height.min(0.8 * width);
        let margin = 0.06 * unit;
        let centre = ((0.5 * width).round(), (0.475 * height).round());
        let radius = 0.335 * unit;
        let area = |left: f32, top: f32, right: f32, bottom: f32| {
            // Even, so that chroma has edges there too.
            let even = |position: f32| 2 * (position / 2.0).round() as i32;
            Area { left: even(left), top: even(top), right: even(right), bottom: even(bottom) }
        };
        let (top, bottom) = (centre.1 - 0.29 * unit, centre.1 + 0.29 * unit);
        let beside = radius + margin;
        Self {
            size,
            unit,
            centre,
            radius,
            dial: 0.62 * radius,
            band: area(0.0, 0.86 * height, width, 0.955 * height),
            left: area(margin, top, centre.0 - beside, bottom),
            right: area(centre.0 + beside, top, width - margin, bottom),
        }
    }

    /// A style of text, its em a part of [`Layout::unit`].
    pub(super) fn style(&self, weight: Weight, part: f32) -> Style {
        Style { weight, em_px: (part * self.unit).max(4.0) }
    }

    /// The baselines of the dial's three lines: time, milliseconds, frame.
    pub(super) fn baselines(&self) -> [i32; 3] {
        [-0.024, 0.084, 0.14].map(|part| (self.centre.1 + part * self.unit) as i32)
    }
}

/// Everything but what [`super::moving`] draws over it.
pub(super) fn background(layout: &Layout, fps: f64) -> Canvas {
    let mut canvas = Canvas::new(layout.size, GROUND);
    grid(&mut canvas, layout);
    edges(&mut canvas, layout);
    head(&mut canvas, layout, fps);
    let (x, y) = layout.centre;
    canvas.disc(x, y, layout.radius + 0.016 * layout.unit, GROUND);
    canvas.ring((x, y), layout.radius + 0.016 * layout.unit, 0.0022 * layout.unit, LINE);
    canvas.disc(x, y, layout.dial, SURFACE);
    let [bars, swatches, hues] = split(layout.left, [0.5, 0.72, 1.0], layout.unit);
    color_bars(&mut canvas, bars);
    columns(&mut canvas, swatches, &PRODUCT);
    hue_ramp(&mut canvas, hues);
    let [ramp, lines, zone] = split(layout.right, [0.24, 0.5, 1.0], layout.unit);
    gray_ramps(&mut canvas, ramp);
    line_pairs(&mut canvas, lines);
    zone_plate(&mut canvas, zone);
    canvas
}

/// Cuts a column at these parts of its height, with a gap between the pieces.
fn split(column: Area, ends: [f32; 3], unit: f32) -> [Area; 3] {
    let gap = 2 * (0.01 * unit) as i32;
    let height = (column.bottom - column.top) as f32;
    let mut top = column.top;
    ends.map(|end| {
        let bottom = column.top + 2 * (end * height / 2.0) as i32;
        let last = bottom >= column.bottom - 1;
        let piece = Area { top, bottom: if last { bottom } else { bottom - gap }, ..column };
        top = bottom;
        piece
    })
}

fn grid(canvas: &mut Canvas, layout: &Layout) {
    let Area { right, bottom, .. } = canvas.area();
    let step = (layout.unit / 8.0).max(8.0);
    let thickness = (layout.unit / 720.0).round().max(1.0) as i32;
    let (mut x, mut y) = (layout.centre.0 % step, layout.centre.1 % step);
    while x < right as f32 {
        canvas.rect(Area::at(x as i32, 0, thickness, bottom), GRID);
        x += step;
    }
    while y < bottom as f32 {
        canvas.rect(Area::at(0, y as i32, right, thickness), GRID);
        y += step;
    }
}

/// Dashes along the four edges: a picture that is cropped loses them.
fn edges(canvas: &mut Canvas, layout: &Layout) {
    let Area { right, bottom, .. } = canvas.area();
    let dash = (layout.unit / 16.0).max(4.0);
    let deep = (layout.unit / 120.0).max(1.0) as i32;
    let is_light = |along: i32| (along as f32 / dash) as i32 % 2 == 0;
    let shade = |along: i32| {
        if is_light(along) { (MUTED, OPAQUE) } else { (GROUND, OPAQUE) }
    };
    for top in [0, bottom - deep] {
        canvas.paint(Area::at(0, top, right, deep), |x, _| shade((x - right / 2).abs()));
    }
    for left in [0, right - deep] {
        canvas.paint(Area::at(left, 0, deep, bottom), |_, y| shade((y - bottom / 2).abs()));
    }
}

/// The name at the left, what is delivered at the right.
fn head(canvas: &mut Canvas, layout: &Layout, fps: f64) {
    let baseline = (layout.centre.1 - 0.375 * layout.unit) as i32;
    let (left, right) = (layout.left.left, layout.right.right);
    let (bold, plain) =
        (layout.style(Weight::SemiBold, 0.036), layout.style(Weight::Regular, 0.03));
    let dot = 0.011 * layout.unit;
    canvas.disc(left as f32 + dot, baseline as f32 - 0.36 * bold.em_px, dot, LIVE);
    let name = Line::new("livestream", bold);
    canvas.text(&name, left + (3.4 * dot) as i32, baseline, TEXT);
    let delivered = format!("{} · {} fps", layout.size.to_string().replace('x', " × "), fps);
    let start = right - width_px(&delivered, plain).ceil() as i32;
    canvas.text(&Line::new(&delivered, plain), start, baseline, MUTED);
}

fn columns(canvas: &mut Canvas, area: Area, inks: &[Ink]) {
    let width = (area.right - area.left).max(1) as usize;
    canvas.paint(area, |x, _| {
        let column = (x - area.left) as usize * inks.len() / width;
        (inks.get(column).copied().unwrap_or(GROUND), OPAQUE)
    });
}

fn color_bars(canvas: &mut Canvas, area: Area) {
    let full = Area { bottom: area.top + 2 * ((area.bottom - area.top) / 3), ..area };
    columns(canvas, full, &BARS);
    columns(canvas, Area { top: full.bottom, ..area }, &BARS_IN_REVERSE);
}

/// All hues from left to right, from light to dark downwards.
fn hue_ramp(canvas: &mut Canvas, area: Area) {
    let (width, height) = ((area.right - area.left) as f32, (area.bottom - area.top) as f32);
    canvas.paint(area, |x, y| {
        let hue = (x - area.left) as f32 / width * std::f32::consts::TAU;
        let light = 1.0 - (y - area.top) as f32 / height;
        let colourful = 4.0 * light * (1.0 - light);
        let ink = Ink {
            y: (20.0 + 215.0 * light) as u8,
            cb: (128.0 + 88.0 * colourful * hue.cos()) as u8,
            cr: (128.0 + 88.0 * colourful * hue.sin()) as u8,
        };
        (ink, OPAQUE)
    });
}

/// A smooth ramp of grays, and one in eleven steps.
fn gray_ramps(canvas: &mut Canvas, area: Area) {
    let width = (area.right - area.left).max(1);
    let middle = (area.top + area.bottom) / 2;
    canvas.paint(area, |x, y| {
        let along = x - area.left;
        let y = if y < middle { 255 * along / width } else { 255 * (11 * along / width) / 10 };
        (Ink { y: y as u8, cb: 128, cr: 128 }, OPAQUE)
    });
}

/// Lines of 1, 2, 3 and 4 pixels: upright above, level below.
fn line_pairs(canvas: &mut Canvas, area: Area) {
    let width = (area.right - area.left).max(1);
    let middle = (area.top + area.bottom) / 2;
    canvas.paint(area, |x, y| {
        let pixels = 1 + 4 * (x - area.left) / width;
        let across = if y < middle { x } else { y };
        (if across / pixels % 2 == 0 { TEXT } else { GROUND }, OPAQUE)
    });
}

/// Rings that get finer outwards, down to pairs of lines five pixels wide at its edge.
fn zone_plate(canvas: &mut Canvas, area: Area) {
    let (width, height) = ((area.right - area.left) as f32, (area.bottom - area.top) as f32);
    let reach = 0.5 * width.max(height).max(1.0);
    let (centre_x, centre_y) = (area.left as f32 + 0.5 * width, area.top as f32 + 0.5 * height);
    canvas.paint(area, |x, y| {
        let (dx, dy) = (x as f32 - centre_x, y as f32 - centre_y);
        // The phase's slope is a fifth of a turn a pixel at `reach`.
        let phase = 0.2 * std::f32::consts::PI * (dx * dx + dy * dy) / reach;
        let y = 128.0 + 72.0 * phase.cos();
        (Ink { y: y as u8, cb: 128, cr: 128 }, OPAQUE)
    });
}

pub(super) const GROUND: Ink = Ink::rgb(0x0B0D10);
pub(super) const SURFACE: Ink = Ink::rgb(0x12151A);
pub(super) const TEXT: Ink = Ink::rgb(0xEEF1F5);
pub(super) const MUTED: Ink = Ink::rgb(0x98A2AE);
pub(super) const LIVE: Ink = Ink::rgb(0xFF4B4B);
pub(super) const HOME: Ink = Ink::rgb(0x2FD3BD);
pub(super) const GAMING: Ink = Ink::rgb(0x9B7BFF);
pub(super) const GIFT: Ink = Ink::rgb(0xFFC13B);
const GRID: Ink = Ink::rgb(0x1A1F25);
const LINE: Ink = Ink::rgb(0x3A424C);
const PRODUCT: [Ink; 4] = [LIVE, GIFT, HOME, GAMING];

/// The 75 % bars of television, and under them the same from the other end.
const BARS: [Ink; 7] = [
    Ink::rgb(0xBFBFBF),
    Ink::rgb(0xBFBF00),
    Ink::rgb(0x00BFBF),
    Ink::rgb(0x00BF00),
    Ink::rgb(0xBF00BF),
    Ink::rgb(0xBF0000),
    Ink::rgb(0x0000BF),
];
const BARS_IN_REVERSE: [Ink; 7] = {
    let [white, yellow, cyan, green, magenta, red, blue] = BARS;
    [blue, red, magenta, green, cyan, yellow, white]
};
