//! Where everything stands in a window of a given size.
//!
//! Pure arithmetic in points. Wide windows have the clips and the plots at the
//! side, narrow ones under the picture, as far as there is room for them.

use eframe::egui::{Pos2, Rect, Vec2, pos2, vec2};

/// The window's parts; nothing overlaps.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// Name, state and transport.
    pub header: Rect,
    /// The picture, and the captions over it.
    pub picture: Rect,
    /// Behind the bar and the buttons.
    pub deck: Rect,
    /// The place in the clip, with its times; none for what is live.
    pub bar: Option<Rect>,
    /// Setup, Play, Pause, Teardown.
    pub buttons: [Rect; 4],
    /// The server's clips: a list, or a field that opens one.
    pub clips: Clips,
    /// The statistics.
    pub stats: Stats,
}

/// How the clips are shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Clips {
    /// All of them, to scroll.
    List(Rect),
    /// A field with the chosen one.
    Field(Rect),
}

/// How the statistics are shown.
#[derive(Clone, Debug, PartialEq)]
pub enum Stats {
    /// A number and a plot each.
    Cells([Rect; 6]),
    /// All numbers in one line.
    Line(Rect),
}

/// The dialog before quitting.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dialog {
    /// The whole of it.
    pub card: Rect,
    /// Go on playing.
    pub stay: Rect,
    /// End the program.
    pub quit: Rect,
}

impl Layout {
    /// The parts in a window of this size, with a bar if there is a place to show.
    pub fn of(size: Vec2, has_bar: bool) -> Self {
        if size.x >= WIDE { Self::wide(size, has_bar) } else { Self::narrow(size, has_bar) }
    }

    fn wide(size: Vec2, has_bar: bool) -> Self {
        let side = Rect::from_min_max(
            pos2(size.x - MARGIN - SIDE, MARGIN),
            (size - Vec2::splat(MARGIN)).to_pos2(),
        );
        let left = side.left() - MARGIN;
        let header = Rect::from_min_max(pos2(MARGIN, 0.0), pos2(left, HEADER));
        let (deck, bar, buttons) =
            deck(Rect::from_x_y_ranges(MARGIN..=left, 0.0..=size.y - MARGIN), has_bar);
        let picture = Rect::from_min_max(pos2(MARGIN, HEADER), pos2(left, deck.top() - GAP));
        let cell_height = if side.height() < TALL { CELL } else { TALL_CELL };
        let cells_height = 3.0 * cell_height + 2.0 * GAP;
        let top = side.bottom() - cells_height;
        let cells = cells(Rect::from_min_max(pos2(side.left(), top), side.max), 2);
        let list = Rect::from_min_max(side.min, pos2(side.right(), top - MARGIN));
        Self {
            header,
            picture,
            deck,
            bar,
            buttons,
            clips: Clips::List(list),
            stats: Stats::Cells(cells),
        }
    }

    fn narrow(size: Vec2, has_bar: bool) -> Self {
        let inner = MARGIN_NARROW..=size.x - MARGIN_NARROW;
        let header = Rect::from_x_y_ranges(inner.clone(), 0.0..=HEADER);
        let has_cells = size.y >= ROOM_FOR_CELLS;
        let stats_height = if has_cells { 2.0 * CELL + GAP } else { LINE };
        let bottom = size.y - MARGIN_NARROW;
        let stats = Rect::from_x_y_ranges(inner.clone(), bottom - stats_height..=bottom);
        let field_bottom = stats.top() - GAP;
        let field = Rect::from_x_y_ranges(inner.clone(), field_bottom - FIELD..=field_bottom);
        let (deck, bar, buttons) =
            deck(Rect::from_x_y_ranges(inner.clone(), 0.0..=field.top() - GAP), has_bar);
        let picture = Rect::from_x_y_ranges(inner, HEADER..=deck.top() - GAP);
        let stats = if has_cells { Stats::Cells(cells(stats, 3)) } else { Stats::Line(stats) };
        Self { header, picture, deck, bar, buttons, clips: Clips::Field(field), stats }
    }
}

impl Dialog {
    /// In the middle of a window of this size.
    pub fn of(size: Vec2) -> Self {
        let centre = (size / 2.0).to_pos2();
        let card = Rect::from_center_size(centre, vec2(320.0_f32.min(size.x - 24.0), 144.0));
        let inner = card.shrink(MARGIN);
        let width = (inner.width() - GAP) / 2.0;
        let button = |left: f32| {
            Rect::from_min_size(pos2(left, inner.bottom() - BUTTON), vec2(width, BUTTON))
        };
        Self { card, stay: button(inner.left()), quit: button(inner.right() - width) }
    }
}

/// The largest place with a picture's proportions in the middle of `room`.
pub fn fitted(picture: Vec2, room: Rect) -> Rect {
    if picture.x <= 0.0 || picture.y <= 0.0 {
        return Rect::from_center_size(room.center(), Vec2::ZERO);
    }
    let scale = (room.width() / picture.x).min(room.height() / picture.y).max(0.0);
    Rect::from_center_size(room.center(), picture * scale)
}

/// The deck at the bottom of `room`: bar, then buttons.
fn deck(room: Rect, has_bar: bool) -> (Rect, Option<Rect>, [Rect; 4]) {
    let height = BUTTON + 2.0 * PADDING + if has_bar { BAR } else { 0.0 };
    let deck = Rect::from_min_max(pos2(room.left(), room.bottom() - height), room.max);
    let inner = deck.shrink(PADDING);
    let bar = has_bar.then(|| {
        let top = inner.top() - PADDING / 2.0;
        Rect::from_x_y_ranges(inner.left() + 4.0..=inner.right() - 4.0, top..=top + BAR)
    });
    let width = (inner.width() - 3.0 * GAP) / 4.0;
    let buttons = [0.0, 1.0, 2.0, 3.0].map(|at: f32| {
        let corner = pos2(inner.left() + at * (width + GAP), inner.bottom() - BUTTON);
        Rect::from_min_size(corner, vec2(width, BUTTON))
    });
    (deck, bar, buttons)
}

/// Six cells in so many columns.
fn cells(room: Rect, columns: usize) -> [Rect; 6] {
    let rows = 6 / columns;
    let width = (room.width() - GAP * (columns - 1) as f32) / columns as f32;
    let height = (room.height() - GAP * (rows - 1) as f32) / rows as f32;
    std::array::from_fn(|at| {
        let (row, column) = ((at / columns) as f32, (at % columns) as f32);
        let corner: Pos2 = room.min + vec2(column * (width + GAP), row * (height + GAP));
        Rect::from_min_size(corner, vec2(width, height))
    })
}

/// The window's size when it opens.
pub const FIRST: Vec2 = vec2(1040.0, 640.0);
/// The smallest that it can be made.
pub const LEAST: Vec2 = vec2(340.0, 340.0);

const WIDE: f32 = 760.0;
const SIDE: f32 = 288.0;
/// A side this high has room for larger plots.
const TALL: f32 = 480.0;
const ROOM_FOR_CELLS: f32 = 520.0;
const MARGIN: f32 = 16.0;
const MARGIN_NARROW: f32 = 12.0;
const GAP: f32 = 8.0;
const PADDING: f32 = 12.0;
const HEADER: f32 = 48.0;
const BUTTON: f32 = 40.0;
const BAR: f32 = 32.0;
const FIELD: f32 = 40.0;
const LINE: f32 = 20.0;
const CELL: f32 = 72.0;
const TALL_CELL: f32 = 88.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(layout: &Layout) -> Vec<Rect> {
        let mut parts = vec![layout.header, layout.picture];
        parts.extend(layout.bar);
        parts.extend(layout.buttons);
        match layout.clips {
            Clips::List(rect) | Clips::Field(rect) => parts.push(rect),
        }
        match &layout.stats {
            Stats::Cells(cells) => parts.extend(cells),
            Stats::Line(rect) => parts.push(*rect),
        }
        parts
    }

    #[test]
    fn nothing_overlaps_and_nothing_leaves_the_window() {
        for width in (LEAST.x as u32..2000).step_by(37) {
            for height in (LEAST.y as u32..1400).step_by(41) {
                for has_bar in [false, true] {
                    let size = vec2(width as f32, height as f32);
                    let parts = parts(&Layout::of(size, has_bar));
                    let window = Rect::from_min_size(Pos2::ZERO, size);
                    for (at, part) in parts.iter().enumerate() {
                        assert!(part.is_positive(), "{size}: part {at} is {part}");
                        assert!(window.contains_rect(*part), "{size}: part {at} is {part}");
                        for other in &parts[..at] {
                            let both = part.shrink(0.1).intersect(*other);
                            assert!(!both.is_positive(), "{size}: {part} and {other}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn wide_windows_have_a_side_and_narrow_ones_none() {
        let wide = Layout::of(FIRST, true);
        assert!(matches!(wide.clips, Clips::List(list) if list.left() > wide.picture.right()));
        let narrow = Layout::of(vec2(400.0, 700.0), true);
        assert!(matches!(narrow.clips, Clips::Field(field) if field.top() > narrow.deck.bottom()));
        assert!(matches!(narrow.stats, Stats::Cells(_)));
        assert!(matches!(Layout::of(vec2(400.0, 400.0), true).stats, Stats::Line(_)));
    }

    #[test]
    fn the_buttons_stand_still_when_the_bar_comes() {
        let (with, without) = (Layout::of(FIRST, true), Layout::of(FIRST, false));
        assert_eq!(with.buttons, without.buttons);
        assert!(with.picture.height() < without.picture.height());
    }

    #[test]
    fn pictures_keep_their_proportions() {
        let room = Rect::from_min_size(pos2(10.0, 10.0), vec2(400.0, 400.0));
        let wide = fitted(vec2(640.0, 320.0), room);
        assert_eq!(wide, Rect::from_min_size(pos2(10.0, 110.0), vec2(400.0, 200.0)));
        let tall = fitted(vec2(10.0, 40.0), room);
        assert_eq!(tall, Rect::from_min_size(pos2(160.0, 10.0), vec2(100.0, 400.0)));
        assert_eq!(fitted(Vec2::ZERO, room).size(), Vec2::ZERO);
    }

    #[test]
    fn the_dialog_fits_the_smallest_window() {
        let dialog = Dialog::of(LEAST);
        assert!(Rect::from_min_size(Pos2::ZERO, LEAST).contains_rect(dialog.card));
        assert!(dialog.card.contains_rect(dialog.stay) && dialog.card.contains_rect(dialog.quit));
        assert!(dialog.stay.right() < dialog.quit.left());
    }
}
