//! Paints onto planar 4:2:0: what the server draws itself, cards and the pattern.
//!
//! Works on whatever thread asks. Colours are full-range BT.601, as JPEG has them.
//! Does not know letters' shapes: [`super::text`] makes them into coverage.

use super::area::Area;
use super::frame::{Chroma, Planar, Size};
use super::text::Line;

/// A picture being painted.
#[derive(Debug, Clone)]
pub struct Canvas {
    planar: Planar,
}

impl Canvas {
    /// A picture of one colour.
    pub fn new(size: Size, ground: Ink) -> Self {
        let luma = size.width as usize * size.height as usize;
        let (width, height) = Chroma::Yuv420.plane(size);
        let mut samples = vec![ground.y; luma + 2 * width * height];
        let (_, chroma) = samples.split_at_mut(luma);
        let (cb, cr) = chroma.split_at_mut(width * height);
        cb.fill(ground.cb);
        cr.fill(ground.cr);
        Self { planar: Planar { size, chroma: Chroma::Yuv420, samples } }
    }

    /// Its size.
    pub fn size(&self) -> Size {
        self.planar.size
    }

    /// The whole of it.
    pub fn area(&self) -> Area {
        let Size { width, height } = self.planar.size;
        Area { left: 0, top: 0, right: width as i32, bottom: height as i32 }
    }

    /// What was painted.
    pub fn planar(&self) -> &Planar {
        &self.planar
    }

    /// What was painted, for good.
    pub fn into_planar(self) -> Planar {
        self.planar
    }

    /// Its samples, for what is drawn by tables.
    pub fn planes(&mut self) -> Planes<'_> {
        let size = self.planar.size;
        let (width, height) = Chroma::Yuv420.plane(size);
        let luma = size.width as usize * size.height as usize;
        let (y, chroma) = self.planar.samples.split_at_mut(luma);
        let (cb, cr) = chroma.split_at_mut(width * height);
        Planes { y, cb, cr, widths: (size.width as usize, width) }
    }

    /// Fills a rectangle.
    pub fn rect(&mut self, area: Area, ink: Ink) {
        self.paint(area, |_, _| (ink, OPAQUE));
    }

    /// Fills a disc, its edge smooth. In pixels; a pixel's centre is at its half.
    pub fn disc(&mut self, centre_x: f32, centre_y: f32, radius: f32, ink: Ink) {
        let area = Area::around(centre_x, centre_y, radius + 1.0);
        self.paint(area, |x, y| (ink, opacity(radius - distance(x, y, centre_x, centre_y))));
    }

    /// Draws a circle's line of `thickness` pixels, its middle at `radius`.
    pub fn ring(&mut self, centre: (f32, f32), radius: f32, thickness: f32, ink: Ink) {
        let area = Area::around(centre.0, centre.1, radius + thickness);
        self.paint(area, |x, y| {
            let off = (distance(x, y, centre.0, centre.1) - radius).abs();
            (ink, opacity(thickness / 2.0 - off))
        });
    }

    /// Writes a line of text, its pen starting at `x` on `baseline`.
    pub fn text(&mut self, line: &Line, x: i32, baseline: i32, ink: Ink) {
        let area = line.area(x, baseline);
        self.paint(area, |px, py| (ink, line.coverage(px - area.left, py - area.top)));
    }

    /// Lays over each pixel of `area` the colour that `shade` gives for it, as opaque as it says.
    pub fn paint(&mut self, area: Area, mut shade: impl FnMut(i32, i32) -> (Ink, u8)) {
        let whole = self.area();
        let area = area.within(whole);
        let Planes { y: luma, cb, cr, widths: (width, chroma_width) } = self.planes();
        for block_y in area.top / 2..(area.bottom + 1) / 2 {
            for block_x in area.left / 2..(area.right + 1) / 2 {
                let (mut weight, mut blue, mut red) = (0, 0, 0);
                let (across, down) = (2 * block_x, 2 * block_y);
                for (x, y) in
                    [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(dx, dy)| (across + dx, down + dy))
                {
                    if !area.contains(x, y) {
                        continue;
                    }
                    let (ink, alpha) = shade(x, y);
                    let alpha = i32::from(alpha);
                    weight += alpha;
                    blue += alpha * i32::from(ink.cb);
                    red += alpha * i32::from(ink.cr);
                    if let Some(sample) = luma.get_mut(y as usize * width + x as usize) {
                        *sample = mix(*sample, alpha * i32::from(ink.y), alpha, 255);
                    }
                }
                if weight == 0 {
                    continue;
                }
                let pixels = (whole.right - across).min(2) * (whole.bottom - down).min(2);
                let at = block_y as usize * chroma_width + block_x as usize;
                if let (Some(cb), Some(cr)) = (cb.get_mut(at), cr.get_mut(at)) {
                    *cb = mix(*cb, blue, weight, 255 * pixels);
                    *cr = mix(*cr, red, weight, 255 * pixels);
                }
            }
        }
    }
}

/// The three planes of a canvas, to be written directly.
#[derive(Debug)]
pub struct Planes<'a> {
    /// Luma, as wide as the picture.
    pub y: &'a mut [u8],
    /// Blue difference, half as wide and high, rounded up.
    pub cb: &'a mut [u8],
    /// Red difference, like [`Planes::cb`].
    pub cr: &'a mut [u8],
    /// Samples in a row of luma, and in one of chroma.
    pub widths: (usize, usize),
}

/// A colour as full-range BT.601.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ink {
    /// Luma.
    pub y: u8,
    /// Blue difference, 128 for none.
    pub cb: u8,
    /// Red difference, 128 for none.
    pub cr: u8,
}

impl Ink {
    /// From `0xRRGGBB`.
    pub const fn rgb(hex: u32) -> Self {
        let (r, g, b) = ((hex >> 16 & 255) as i32, (hex >> 8 & 255) as i32, (hex & 255) as i32);
        // The coefficients of JFIF, times 65536.
        Self {
            y: ((19595 * r + 38470 * g + 7471 * b + 32768) >> 16) as u8,
            cb: ((-11059 * r - 21709 * g + 32768 * b + 8_421_375) >> 16) as u8,
            cr: ((32768 * r - 27439 * g - 5329 * b + 8_421_375) >> 16) as u8,
        }
    }
}

/// How opaque a pixel is whose centre lies `inside` pixels behind an edge.
pub fn opacity(inside: f32) -> u8 {
    ((inside + 0.5).clamp(0.0, 1.0) * 255.0) as u8
}

/// From the centre of a pixel to a point, in pixels.
pub fn distance(x: i32, y: i32, to_x: f32, to_y: f32) -> f32 {
    let (dx, dy) = (x as f32 + 0.5 - to_x, y as f32 + 0.5 - to_y);
    // `hypot` is several times slower, and no picture is wide enough to overflow.
    (dx * dx + dy * dy).sqrt()
}

/// Covers everything.
pub const OPAQUE: u8 = 255;

/// Replaces `weight` parts of `whole` of a sample; `sum` is the new value times its weight.
fn mix(old: u8, sum: i32, weight: i32, whole: i32) -> u8 {
    let mixed = (sum + (whole - weight) * i32::from(old) + whole / 2) / whole;
    mixed.clamp(0, 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_those_of_jfif() {
        assert_eq!(Ink::rgb(0xFFFFFF), Ink { y: 255, cb: 128, cr: 128 });
        assert_eq!(Ink::rgb(0x000000), Ink { y: 0, cb: 128, cr: 128 });
        assert_eq!(Ink::rgb(0xFF0000), Ink { y: 76, cb: 85, cr: 255 });
        assert_eq!(Ink::rgb(0x0000FF), Ink { y: 29, cb: 255, cr: 107 });
        assert_eq!(Ink::rgb(0x00FF00), Ink { y: 150, cb: 44, cr: 21 });
    }

    #[test]
    fn painting_reaches_over_every_edge_of_odd_sizes() {
        let (black, red) = (Ink::rgb(0), Ink::rgb(0xFF0000));
        for (width, height) in [(1, 1), (2, 1), (1, 2), (3, 5), (7, 4)] {
            let mut canvas = Canvas::new(Size::new(width, height).unwrap(), black);
            canvas.rect(Area { left: -9, top: -9, right: 99, bottom: 99 }, red);
            assert_eq!(canvas.planar(), Canvas::new(canvas.size(), red).planar());
            canvas.disc(-50.0, 2.0, 40.0, black);
            canvas.rect(Area::at(40, 0, 3, 3), black);
            canvas.rect(Area { left: 1, top: 0, right: -1, bottom: 9 }, black);
            assert_eq!(canvas.planar(), Canvas::new(canvas.size(), red).planar());
        }
    }

    #[test]
    fn chroma_of_a_block_is_the_mean_of_its_pixels() {
        let mut canvas = Canvas::new(Size::new(2, 2).unwrap(), Ink::rgb(0));
        canvas.rect(Area::at(0, 0, 1, 1), Ink { y: 9, cb: 228, cr: 28 });
        assert_eq!(canvas.planar().samples, [9, 0, 0, 0, 153, 103]);
    }
}
