//! Draws the window: header, picture, deck, side, trouble and dialog.
//!
//! Says what was pressed, and changes nothing but where the bar is dragged to.

use std::time::Duration;

use eframe::egui::{
    Align2, Area, CentralPanel, Color32, Context, CursorIcon, Frame, Id, Order, Pos2, Rangef, Rect,
    Sense, TextureHandle, Ui, Vec2, WidgetInfo, pos2, vec2,
};

use super::args::Target;
use super::layout::{Dialog, Layout, Stats, fitted};
use super::model::{Action, Button, Model, Offer};
use super::stats::{self, Minute, Quantity};
use super::{list, look, plots, words};
use livestream::client::Statistics;
use livestream::proto::rtsp::State;

/// What there is to show.
pub(super) struct Scene {
    pub(super) target: Target,
    pub(super) model: Model,
    pub(super) minute: Minute,
    pub(super) statistics: Statistics,
    pub(super) texture: Option<TextureHandle>,
    /// Where the bar is being dragged to.
    pub(super) drag: Option<Duration>,
    pub(super) is_full_screen: bool,
    /// The dialog stands there.
    pub(super) is_asking: bool,
}

/// What was pressed.
pub(super) enum Press {
    Act(Action),
    FullScreen,
    Stay,
    Quit,
}

/// Draws all of it.
pub(super) fn window(ui: &mut Ui, scene: &mut Scene) -> Option<Press> {
    let ground = if scene.is_full_screen { look::AROUND } else { look::GROUND };
    let pressed = CentralPanel::default().frame(Frame::NONE.fill(ground)).show(ui, |ui| {
        let size = ui.max_rect().size();
        if scene.is_full_screen {
            return picture(ui, Rect::from_min_size(Pos2::ZERO, size), scene);
        }
        let layout = Layout::of(size, scene.model.duration().is_some());
        header(ui, layout.header, scene);
        let mut pressed = picture(ui, layout.picture, scene);
        pressed = deck(ui, &layout, scene).or(pressed);
        statistics(ui, &layout.stats, scene);
        let chosen = list::show(ui, layout.clips, &scene.model.clips, &scene.target.name());
        chosen.map(|name| Press::Act(Action::Choose(name))).or(pressed)
    });
    if scene.is_asking { dialog(ui.ctx(), scene) } else { pressed.inner }
}

fn header(ui: &Ui, rect: Rect, scene: &Scene) {
    let painter = ui.painter();
    let model = &scene.model;
    let is_live = model.about.is_some() && model.duration().is_none();
    let dot = match (model.is_playing(), is_live) {
        (true, true) => look::LIVE,
        (true, false) => look::HOME,
        (false, _) => look::FAINT,
    };
    let middle = rect.center().y;
    painter.circle_filled(pos2(rect.left() + 8.0, middle), 4.0, dot);

    let mut right = rect.right();
    if let Some(lower) = model.transport {
        right = chip(ui, pos2(right, middle), words::transport(lower)) - 12.0;
    }
    let state = look::line(painter, model.state_word(), look::small(), look::MUTED, 120.0);
    right = look::set(painter, state, Align2::RIGHT_CENTER, pos2(right, middle)).left() - 16.0;

    let left = rect.left() + 22.0;
    let name = scene.target.name();
    let name = look::line(painter, &name, look::strong(), look::TEXT, right - left);
    let name = look::set(painter, name, Align2::LEFT_CENTER, pos2(left, middle));
    let shown = scene.texture.as_ref().map(TextureHandle::size);
    let about = model.about.as_ref().map(|about| words::about(about, shown, model.duration()));
    let room = right - name.right() - 12.0;
    if let Some(about) = about.filter(|_| room > LEAST_DETAIL) {
        let about = look::line(painter, &about, look::small(), look::MUTED, room);
        look::set(painter, about, Align2::LEFT_CENTER, pos2(name.right() + 12.0, middle));
    }
}

/// Draws a word with an edge around it that ends at `right`. Returns where it starts.
fn chip(ui: &Ui, right: Pos2, word: &str) -> f32 {
    let painter = ui.painter();
    let word = look::line(painter, word, look::small(), look::TEXT, 60.0);
    let size = word.size() + vec2(16.0, 8.0);
    let rect = Align2::RIGHT_CENTER.anchor_size(right, size);
    look::surface(painter, rect, look::BUTTON_RADIUS, look::WELL);
    look::set(painter, word, Align2::CENTER_CENTER, rect.center());
    rect.left()
}

fn picture(ui: &mut Ui, rect: Rect, scene: &Scene) -> Option<Press> {
    let painter = ui.painter().with_clip_rect(rect);
    let is_framed = !scene.is_full_screen;
    if is_framed {
        painter.rect_filled(rect, look::DECK_RADIUS, look::AROUND);
    }
    if let Some(texture) = &scene.texture {
        let whole = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
        painter.image(texture.id(), fitted(texture.size_vec2(), rect), whole, Color32::WHITE);
    }
    let response = ui.interact(rect, ui.scope_id().with("picture"), Sense::click());
    if let Some((large, small)) = scene.model.caption() {
        if scene.texture.is_some() {
            painter.rect_filled(rect, 0.0, look::VEIL);
        }
        caption(ui, rect, &large, &small, scene.texture.is_some());
    }
    if is_framed {
        corners(ui, rect);
    }
    let pressed = trouble(ui, rect, scene);
    pressed.or_else(|| response.double_clicked().then_some(Press::FullScreen))
}

/// Two lines in the middle; over a picture, on a plate of their own.
fn caption(ui: &Ui, rect: Rect, large: &str, small: &str, has_plate: bool) {
    let painter = ui.painter();
    let width = rect.width() - 80.0;
    let large = look::line(painter, large, look::large(), look::TEXT, width);
    let small = look::line(painter, small, look::medium(), look::MUTED, width);
    let gap = if small.is_empty() { 0.0 } else { 6.0 };
    let below = if small.is_empty() { 0.0 } else { gap + small.size().y };
    let size = vec2(large.size().x.max(small.size().x), large.size().y + below);
    let block = Rect::from_center_size(rect.center(), size);
    if has_plate {
        look::surface(painter, block.expand2(vec2(24.0, 16.0)), look::DECK_RADIUS, look::SOLID);
    }
    let large = look::set(painter, large, Align2::CENTER_TOP, block.center_top());
    look::set(painter, small, Align2::CENTER_TOP, large.center_bottom() + vec2(0.0, gap));
}

/// Rounds the corners of what was drawn into `rect`: an image has none of its own.
fn corners(ui: &Ui, rect: Rect) {
    let width = f32::from(look::DECK_RADIUS.nw);
    let stroke = (width, look::GROUND);
    let radius = look::DECK_RADIUS;
    let outside = eframe::egui::StrokeKind::Outside;
    let painter = ui.painter().with_clip_rect(rect);
    painter.rect_stroke(rect, radius, stroke, outside);
}

fn trouble(ui: &mut Ui, room: Rect, scene: &Scene) -> Option<Press> {
    let sentence = scene.model.trouble.as_deref()?;
    let strip_width = (room.width() - 24.0).min(MOST_TROUBLE);
    let layout = |text: &str, font, colour| {
        ui.painter().layout(text.to_owned(), font, colour, strip_width - 32.0)
    };
    let galley = layout(sentence, look::medium(), look::TEXT);
    let advice = layout(scene.model.advice(), look::small(), look::MUTED);
    let words = galley.size().y + 4.0 + advice.size().y;
    let height = (words + 12.0 + 32.0 + 28.0).min(room.height());
    let centre = room.center_top() + vec2(0.0, 12.0 + height / 2.0);
    let strip = Rect::from_center_size(centre, vec2(strip_width, height)).intersect(room);
    let painter = ui.painter().with_clip_rect(strip);
    look::surface(&painter, strip, look::DECK_RADIUS, look::TROUBLE);
    let edge = Rect::from_x_y_ranges(
        strip.left()..=strip.left() + 3.0,
        strip.top() + 14.0..=strip.bottom() - 14.0,
    );
    painter.rect_filled(edge, 1.5, look::LIVE);
    let said = look::set(&painter, galley, Align2::LEFT_TOP, strip.min + vec2(16.0, 14.0));
    look::set(&painter, advice, Align2::LEFT_TOP, said.left_bottom() + vec2(0.0, 4.0));
    let button = |at: f32| {
        let corner = strip.left_bottom() + vec2(16.0 + at * 108.0, -14.0 - 32.0);
        Rect::from_min_size(corner, vec2(100.0, 32.0))
    };
    // What stands behind it is not pressed through it.
    ui.interact(strip, ui.scope_id().with("trouble"), Sense::click());
    if look::button(ui, button(0.0), "Try again", Offer::Allowed) {
        return Some(Press::Act(Action::Again));
    }
    look::button(ui, button(1.0), "Dismiss", Offer::Allowed).then_some(Press::Act(Action::Dismiss))
}

fn deck(ui: &mut Ui, layout: &Layout, scene: &mut Scene) -> Option<Press> {
    look::surface(ui.painter(), layout.deck, look::DECK_RADIUS, look::SOLID);
    let sought = layout.bar.and_then(|rect| bar(ui, rect, scene));
    let mut pressed = sought.map(|place| Press::Act(Action::Seek(place)));
    for (button, rect) in Button::ALL.into_iter().zip(layout.buttons) {
        if look::button(ui, rect, button.label(), scene.model.offer(button)) {
            pressed = Some(Press::Act(Action::Press(button)));
        }
    }
    pressed
}

/// Draws the place in the clip. Returns where it was let go.
fn bar(ui: &mut Ui, rect: Rect, scene: &mut Scene) -> Option<Duration> {
    let duration = scene.model.duration()?;
    let can_seek = scene.model.state != State::Init;
    let room = if duration >= HOUR { 64.0 } else { 44.0 };
    let track = Rangef::new(rect.left() + room, rect.right() - room);
    let sense = if can_seek { Sense::click_and_drag() } else { Sense::hover() };
    let active = Rect::from_x_y_ranges(track.expand(8.0), rect.y_range());
    let response = ui.interact(active, ui.scope_id().with("bar"), sense);
    let mut sought = None;
    if let Some(pointer) = response.interact_pointer_pos() {
        let place = place_at(pointer.x, track, duration);
        if response.drag_stopped() || response.clicked() {
            (scene.drag, sought) = (None, Some(place));
        } else if response.is_pointer_button_down_on() {
            scene.drag = Some(place);
        }
    } else {
        scene.drag = None;
    }
    let place = scene.drag.or(sought).unwrap_or(scene.model.place());
    response.widget_info(|| WidgetInfo::slider(can_seek, place.as_secs_f64(), "Place in the clip"));

    let painter = ui.painter();
    let middle = rect.center().y;
    let line = |to: f32| Rect::from_x_y_ranges(track.min..=to, middle - 2.0..=middle + 2.0);
    let x = x_at(place, track, duration);
    painter.rect_filled(line(track.max), 2.0, look::HOVER);
    if can_seek {
        painter.rect_filled(line(x), 2.0, look::HOME);
        let is_held = response.hovered() || scene.drag.is_some();
        let radius = if is_held { 8.0 } else { 6.0 };
        painter.circle_filled(pos2(x, middle), radius, look::TEXT);
    }
    let time = |time| look::line(painter, &words::time(time), look::small(), look::MUTED, room);
    look::set(painter, time(place), Align2::LEFT_CENTER, rect.left_center());
    look::set(painter, time(duration), Align2::RIGHT_CENTER, rect.right_center());
    if can_seek {
        response.on_hover_cursor(CursorIcon::PointingHand);
    }
    sought
}

fn statistics(ui: &Ui, stats: &Stats, scene: &Scene) {
    match stats {
        Stats::Cells(cells) => {
            for (quantity, cell) in Quantity::ALL.into_iter().zip(cells) {
                plots::cell(ui, *cell, quantity, &scene.statistics, &scene.minute);
            }
        }
        Stats::Line(rect) => {
            let words = stats::line(&scene.statistics);
            let painter = ui.painter();
            let words = look::line(painter, &words, look::small(), look::MUTED, rect.width());
            look::set(painter, words, Align2::CENTER_CENTER, rect.center());
        }
    }
}

fn dialog(ctx: &Context, scene: &Scene) -> Option<Press> {
    let window = ctx.content_rect();
    let place = Dialog::of(window.size());
    let area = Area::new(Id::unique("dialog")).order(Order::Foreground).fixed_pos(Pos2::ZERO);
    let shown = area.show(ctx, |ui| {
        // Nothing behind it can be pressed.
        ui.allocate_rect(window, Sense::click());
        let painter = ui.painter();
        painter.rect_filled(window, 0.0, look::BACKDROP);
        look::surface(painter, place.card, look::DECK_RADIUS, look::SOLID);
        let corner = place.card.min + Vec2::splat(16.0);
        let width = place.card.width() - 32.0;
        let title = look::line(painter, "Playing. Quit?", look::large(), look::TEXT, width);
        let title = look::set(painter, title, Align2::LEFT_TOP, corner);
        let what = format!("The session on {} is torn down.", scene.target.url.host());
        let what = look::line(painter, &what, look::medium(), look::MUTED, width);
        look::set(painter, what, Align2::LEFT_TOP, title.left_bottom() + vec2(0.0, 4.0));
        if look::button(ui, place.stay, "Stay", Offer::Allowed) {
            return Some(Press::Stay);
        }
        look::button(ui, place.quit, "Quit", Offer::Next).then_some(Press::Quit)
    });
    shown.inner
}

/// The place in a clip that a point of the track stands for.
fn place_at(x: f32, track: Rangef, duration: Duration) -> Duration {
    let share = ((x - track.min) / track.span().max(1.0)).clamp(0.0, 1.0);
    duration.mul_f32(share)
}

/// The point of the track that stands for a place in a clip.
fn x_at(place: Duration, track: Rangef, duration: Duration) -> f32 {
    let share = place.as_secs_f32() / duration.as_secs_f32().max(f32::MIN_POSITIVE);
    track.min + track.span() * share.clamp(0.0, 1.0)
}

const HOUR: Duration = Duration::from_secs(3600);
/// Width below which details beside the name would be cut to nothing.
const LEAST_DETAIL: f32 = 60.0;
const MOST_TROUBLE: f32 = 560.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_track_is_the_clip_from_end_to_end() {
        let (track, minute) = (Rangef::new(100.0, 220.0), Duration::from_secs(60));
        for (x, seconds) in [(0.0, 0), (100.0, 0), (160.0, 30), (220.0, 60), (900.0, 60)] {
            assert_eq!(place_at(x, track, minute), Duration::from_secs(seconds), "{x}");
        }
        assert_eq!(x_at(Duration::from_secs(30), track, minute), 160.0);
        assert_eq!(x_at(Duration::from_secs(90), track, minute), 220.0);
        assert_eq!(x_at(Duration::ZERO, track, Duration::ZERO), 100.0);
    }
}
