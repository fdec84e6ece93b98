//! What can be seen of a picture that is shown smaller than it is.
//!
//! Pure. Making a picture smaller takes the mean of several of its pixels, and what JPEG did to
//! each goes with it: a lower quality then looks as a higher one does at full size.

use super::level::Level;
use crate::media::frame::Size;

/// The lowest level that looks as good as the top, of a picture of this size shown in so many
/// pixels of a screen.
///
/// By the structural similarity of natural photographs, each made smaller, to the same ones as
/// JPEGs: where it is as high as the top's at full size, no more can be seen. Smooth and dark
/// pictures would need less.
pub fn visible(shown: Size, picture: Size) -> Level {
    let part = |shown: u32, whole: u32| f64::from(shown) / f64::from(whole.max(1));
    let part = part(shown.width, picture.width).max(part(shown.height, picture.height));
    let enough = ENOUGH.iter().find(|(most, _)| part <= *most);
    enough.map_or(Level::TOP, |(_, percent)| Level::at_most(*percent))
}

/// Up to which part of its size, which quality is enough.
const ENOUGH: [(f64, f64); 5] =
    [(0.25, 35.0), (0.35, 50.0), (0.45, 65.0), (0.60, 80.0), (0.70, 90.0)];

#[cfg(test)]
mod tests {
    use super::*;

    fn percent(width: u32, height: u32) -> u8 {
        let picture = Size { width: 1280, height: 720 };
        visible(Size { width, height }, picture).quality().percent()
    }

    #[test]
    fn a_small_screen_needs_less_and_a_whole_one_all() {
        assert_eq!(percent(1280, 720), 95);
        assert_eq!(percent(3840, 2160), 95);
        assert_eq!(percent(1170, 658), 95, "a phone of today");
        assert_eq!(percent(780, 439), 90, "one of yesterday");
        assert_eq!(percent(390, 219), 50);
        assert_eq!(percent(160, 90), 35);
        assert_eq!(percent(0, 0), 35);
    }

    #[test]
    fn more_pixels_never_need_less() {
        let mut last = 0;
        for width in (0..=1280).step_by(5) {
            let now = percent(width, width / 16 * 9);
            assert!(now >= last, "{width}");
            last = now;
        }
    }
}
