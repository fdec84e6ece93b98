//! Writes a name and a clock into the lower corners of a picture, light on a dark plate.
//!
//! Neutral in colour, so that it is written onto any planes: chroma only fades under it.

use super::Marks;
use crate::media::area::Area;
use crate::media::frame::{Chroma, Planar, Size};
use crate::media::text::{Line, Style, Weight, width_px, wrap};

/// Writes what there is to write.
pub(super) fn write(planar: &mut Planar, marks: &Marks<'_>) {
    let Size { width, height } = planar.size;
    let unit = (height as f32).min(0.75 * width as f32);
    let style = Style { weight: Weight::SemiBold, em_px: (0.042 * unit).max(11.0) };
    let margin = (0.03 * unit).round();
    let room = width as f32 - 2.0 * margin;
    let clock = marks.clock.map_or(0.0, |clock| {
        let wide = width_px(clock, style);
        plate(planar, clock, style, (width as f32 - margin - wide, margin));
        wide + 2.0 * margin
    });
    if let Some(name) = marks.name {
        let lines = wrap(name, style, (room - clock).max(0.0), 1);
        lines.iter().for_each(|line| plate(planar, line, style, (margin, margin)));
    }
}

/// Writes a line whose pen starts at `left`, so far above the picture's lower edge.
fn plate(planar: &mut Planar, text: &str, style: Style, (left, above): (f32, f32)) {
    let line = Line::new(text, style);
    let baseline = planar.size.height as f32 - above - 0.3 * style.em_px;
    let (x, baseline) = (left.round() as i32, baseline.round() as i32);
    let letters = line.area(x, baseline);
    let around = (0.45 * style.em_px).round() as i32;
    let plate = Area {
        left: x - around,
        top: baseline - (1.05 * style.em_px).round() as i32,
        right: x + width_px(text, style).ceil() as i32 + around,
        bottom: baseline + around,
    };
    mix(planar, plate, |x, y| {
        let covered = line.coverage(x - letters.left, y - letters.top);
        (covered, if covered > 0 { PLATE.max(covered) } else { PLATE })
    });
}

/// Lays over each pixel of `area` a grey: how much of it is light, and how opaque it is.
fn mix(planar: &mut Planar, area: Area, shade: impl Fn(i32, i32) -> (u8, u8)) {
    let Size { width, height } = planar.size;
    let whole = Area { left: 0, top: 0, right: width as i32, bottom: height as i32 };
    let area = area.within(whole);
    let luma = width as usize * height as usize;
    let (chroma_width, chroma_height) = planar.chroma.plane(planar.size);
    let (across, down) = match planar.chroma {
        Chroma::Yuv420 => (2, 2),
        Chroma::Yuv422 => (2, 1),
        Chroma::Yuv440 => (1, 2),
        Chroma::Yuv444 | Chroma::Gray => (1, 1),
    };
    let (y_plane, chroma) = planar.samples.split_at_mut(luma);
    for y in area.top..area.bottom {
        for x in area.left..area.right {
            let (light, alpha) = shade(x, y);
            let sample = &mut y_plane[y as usize * width as usize + x as usize];
            let ground = over(*sample, 0, alpha);
            *sample = over(ground, LIGHT, light);
            if chroma_width == 0 || x % across != 0 || y % down != 0 {
                continue;
            }
            let at = (y / down) as usize * chroma_width + (x / across) as usize;
            for plane in chroma.chunks_exact_mut(chroma_width * chroma_height) {
                plane[at] = over(plane[at], 128, alpha);
            }
        }
    }
}

fn over(below: u8, above: u8, alpha: u8) -> u8 {
    let (below, above, alpha) = (u32::from(below), u32::from(above), u32::from(alpha));
    ((below * (255 - alpha) + above * alpha + 127) / 255) as u8
}

/// How opaque the plate is.
const PLATE: u8 = 150;
/// The luma of letters.
const LIGHT: u8 = 240;
