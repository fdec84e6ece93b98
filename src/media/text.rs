//! Sets short lines of text in the built-in font, as coverage for [`super::canvas`].
//!
//! Pure, on whatever thread asks. Left to right, Latin; what the font does not have
//! shows as an empty box. The font is a subset of Inter with digits of one width,
//! so that a clock stands still; see `font/subset.py` and `font/OFL.txt`.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, PxScale, point};

use super::area::Area;

/// How text looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Style {
    /// How bold.
    pub weight: Weight,
    /// Size of an em in pixels.
    pub em_px: f32,
}

/// How bold text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// For reading.
    Regular,
    /// For titles.
    SemiBold,
}

/// A line of text as coverage: 0 where there is none, 255 inside of a letter.
#[derive(Debug, Clone)]
pub struct Line {
    /// The first column of the coverage, from where the pen starts.
    left: i32,
    /// The first row, from the baseline.
    top: i32,
    width: i32,
    height: i32,
    coverage: Vec<u8>,
}

impl Line {
    /// Sets `text`; past [`MAX_LINE_PX`] it is cut.
    pub fn new(text: &str, style: Style) -> Self {
        let font = style.weight.font();
        let glyphs: Vec<_> = place(text, style)
            .take_while(|placed| placed.pen_px < MAX_LINE_PX)
            .filter_map(|placed| {
                let glyph =
                    placed.id.with_scale_and_position(scale(style), point(placed.pen_px, 0.0));
                font.outline_glyph(glyph)
            })
            .collect();
        let bounds = glyphs.iter().map(ab_glyph::OutlinedGlyph::px_bounds);
        let bounds = bounds.reduce(|all, one| ab_glyph::Rect {
            min: point(all.min.x.min(one.min.x), all.min.y.min(one.min.y)),
            max: point(all.max.x.max(one.max.x), all.max.y.max(one.max.y)),
        });
        let bounds = bounds.unwrap_or_default();
        let (left, top) = (bounds.min.x as i32, bounds.min.y as i32);
        let (width, height) = (bounds.width() as i32, bounds.height() as i32);
        let mut line =
            Self { left, top, width, height, coverage: vec![0; (width * height) as usize] };
        for glyph in glyphs {
            let corner = glyph.px_bounds().min;
            let (dx, dy) = (corner.x as i32 - left, corner.y as i32 - top);
            glyph.draw(|x, y, coverage| {
                let at = (y as i32 + dy) * width + x as i32 + dx;
                if let Some(sample) = line.coverage.get_mut(at as usize) {
                    *sample = sample.saturating_add((coverage * 255.0 + 0.5) as u8);
                }
            });
        }
        line
    }

    /// The pixels that it covers if the pen starts at `x` on `baseline`.
    pub fn area(&self, x: i32, baseline: i32) -> Area {
        Area::at(x + self.left, baseline + self.top, self.width, self.height)
    }

    /// How much of a pixel of its area is covered, counted from the area's corner.
    pub fn coverage(&self, x: i32, y: i32) -> u8 {
        let inside = (0..self.width).contains(&x) && (0..self.height).contains(&y);
        let at = (y * self.width + x) as usize;
        if inside { self.coverage.get(at).copied().unwrap_or(0) } else { 0 }
    }
}

impl Weight {
    /// The font's file, for who sets text by other means.
    pub fn file(self) -> &'static [u8] {
        match self {
            Weight::Regular => include_bytes!("font/Inter-Regular.otf"),
            Weight::SemiBold => include_bytes!("font/Inter-SemiBold.otf"),
        }
    }

    fn font(self) -> &'static FontRef<'static> {
        static REGULAR: LazyLock<FontRef> = LazyLock::new(|| built_in(Weight::Regular.file()));
        static SEMI_BOLD: LazyLock<FontRef> = LazyLock::new(|| built_in(Weight::SemiBold.file()));
        match self {
            Weight::Regular => &REGULAR,
            Weight::SemiBold => &SEMI_BOLD,
        }
    }
}

/// How far `text` moves the pen, in pixels.
pub fn width_px(text: &str, style: Style) -> f32 {
    place(text, style).last().map_or(0.0, |last| last.pen_px + last.advance_px)
}

/// Breaks `text` at spaces into lines of at most `width` pixels, and a word that is longer
/// anywhere. What does not go into `max_lines` is left out, and an ellipsis says so.
pub fn wrap(text: &str, style: Style, width: f32, max_lines: usize) -> Vec<String> {
    let fits = |line: &str| width_px(line, style) <= width;
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    // Bounds the work, whatever the text: no card holds as many letters.
    let text: String = text.chars().take(MAX_CHARS).collect();
    for word in text.split_whitespace() {
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if fits(&longer) {
            line = longer;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for letter in word.chars() {
            line.push(letter);
            if line.chars().nth(1).is_some() && !fits(&line) {
                line.pop();
                lines.push(std::mem::replace(&mut line, letter.to_string()));
            }
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    if lines.len() > max_lines {
        lines.truncate(max_lines);
        if let Some(last) = lines.last_mut() {
            last.push('…');
            while last.chars().nth(1).is_some() && !fits(last) {
                last.pop();
                last.pop();
                last.push('…');
            }
        }
    }
    lines
}

/// Widest line that is set, in pixels.
pub const MAX_LINE_PX: f32 = 16384.0;

/// Most letters that [`wrap`] looks at.
const MAX_CHARS: usize = 600;

/// A glyph and where on the baseline it stands.
struct Placed {
    id: ab_glyph::GlyphId,
    pen_px: f32,
    advance_px: f32,
}

/// Places the glyphs of a line one after another, kerned.
fn place(text: &str, style: Style) -> impl Iterator<Item = Placed> {
    let font = style.weight.font();
    let px = style.em_px / font.units_per_em().unwrap_or(1000.0);
    let tracking = tracking_em(style.em_px) * style.em_px;
    let mut pen_px = 0.0;
    let mut last = None;
    text.chars().map(move |letter| {
        let id = font.glyph_id(if letter.is_control() { ' ' } else { letter });
        let kern = last.replace(id).map_or(0.0, |last| font.kern_unscaled(last, id) * px);
        let advance_px = font.h_advance_unscaled(id) * px + tracking;
        let placed = Placed { id, pen_px: pen_px + kern, advance_px };
        pen_px = placed.pen_px + advance_px;
        placed
    })
}

/// What is added after each letter, in em: large letters stand closer.
///
/// The curve that Inter's own site gives for it ("dynamic metrics").
fn tracking_em(em_px: f32) -> f32 {
    -0.0223 + 0.185 * (-0.1745 * em_px).exp()
}

/// `ab_glyph` measures a font by its height, from ascender to descender.
fn scale(style: Style) -> PxScale {
    let font = style.weight.font();
    let em = font.units_per_em().unwrap_or(1000.0);
    PxScale::from(style.em_px * font.height_unscaled() / em)
}

fn built_in(bytes: &'static [u8]) -> FontRef<'static> {
    FontRef::try_from_slice(bytes).expect("the built-in font is whole, as a test asserts")
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLE: Style = Style { weight: Weight::Regular, em_px: 20.0 };

    #[test]
    fn fonts_have_the_letters_that_cards_use() {
        for weight in [Weight::Regular, Weight::SemiBold] {
            for letter in "AZaz09 .,:;!?'\"()-–—…‘’“”·×°éèüßñçåøŁžőµ€".chars()
            {
                assert_ne!(weight.font().glyph_id(letter).0, 0, "{letter}");
            }
        }
    }

    #[test]
    fn digits_have_one_width() {
        let widths = ('0'..='9').map(|digit| width_px(&digit.to_string(), STYLE));
        let widths: Vec<f32> = widths.collect();
        assert!(widths.iter().all(|width| *width == widths[0]), "{widths:?}");
    }

    #[test]
    fn pairs_are_kerned() {
        assert!(width_px("AV", STYLE) < width_px("A", STYLE) + width_px("V", STYLE) - 1.0);
    }

    #[test]
    fn lines_break_at_spaces_and_keep_every_word() {
        let text = "The camera was unplugged 12 s ago. Trying again.";
        let lines = wrap(text, STYLE, 150.0, 9);
        assert!(lines.len() > 2);
        assert!(lines.iter().all(|line| width_px(line, STYLE) <= 150.0), "{lines:?}");
        assert_eq!(lines.join(" "), text);
    }

    #[test]
    fn word_longer_than_a_line_breaks_anywhere() {
        let address = "http://printer.local:8080/?action=stream&resolution=1280x720";
        let lines = wrap(address, STYLE, 150.0, 99);
        assert_eq!(lines.concat(), address);
        assert!(lines.iter().all(|line| width_px(line, STYLE) <= 150.0), "{lines:?}");
    }

    #[test]
    fn what_does_not_fit_ends_in_an_ellipsis() {
        let lines = wrap(&"again and ".repeat(99_999), STYLE, 150.0, 2);
        assert_eq!(lines.len(), 2);
        assert!(lines[1].ends_with('…') && width_px(&lines[1], STYLE) <= 150.0, "{lines:?}");
        assert_eq!(wrap("anything", STYLE, 0.0, 3).len(), 3);
        assert!(wrap(" \n ", STYLE, 150.0, 3).is_empty());
        assert!(wrap("anything", STYLE, 150.0, 0).is_empty());
    }

    #[test]
    fn line_covers_what_it_says_and_nothing_outside() {
        let line = Line::new("Ég", STYLE);
        let area = line.area(0, 0);
        assert!(area.top < -14 && area.bottom > 3, "{area:?}");
        let (width, height) = (area.right - area.left, area.bottom - area.top);
        assert!((0..height).any(|y| (0..width).any(|x| line.coverage(x, y) == 255)));
        assert_eq!((line.coverage(-1, 0), line.coverage(width, 0)), (0, 0));
        assert_eq!(Line::new("", STYLE).area(3, 4), Area::at(3, 4, 0, 0));
        let long = Line::new(&"m".repeat(5000), STYLE).area(0, 0);
        assert!(long.right < MAX_LINE_PX as i32 + 40);
    }
}
