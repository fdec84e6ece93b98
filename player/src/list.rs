//! The server's clips: a list at the side, or a field that opens one.
//!
//! Says which was chosen. Which there are comes from the server.

use eframe::egui::{
    Align2, ComboBox, Rect, Role, ScrollArea, Sense, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};

use super::layout::Clips;
use super::look;

/// Draws the clips; `current` is the one that is played. Returns another that was chosen.
pub(super) fn show(ui: &mut Ui, place: Clips, clips: &[String], current: &str) -> Option<String> {
    let names = names(clips, current);
    match place {
        Clips::List(rect) => list(ui, rect, &names, current, clips.is_empty()),
        Clips::Field(rect) => field(ui, rect, &names, current),
    }
}

/// What can be chosen: `live` first, then the server's clips; and what is played in any case.
fn names(clips: &[String], current: &str) -> Vec<String> {
    let mut names = Vec::with_capacity(clips.len() + 2);
    if !clips.is_empty() && !clips.iter().any(|name| name == LIVE) {
        names.push(LIVE.to_owned());
    }
    names.extend_from_slice(clips);
    if !names.iter().any(|name| name == current) {
        names.insert(names.len().min(1), current.to_owned());
    }
    names
}

fn list(
    ui: &mut Ui,
    rect: Rect,
    names: &[String],
    current: &str,
    is_alone: bool,
) -> Option<String> {
    look::surface(ui.painter(), rect, look::DECK_RADIUS, look::SOLID);
    let inner = rect.shrink2(vec2(8.0, 12.0));
    let title = look::line(ui.painter(), "Clips", look::small(), look::MUTED, inner.width());
    let title = look::set(ui.painter(), title, Align2::LEFT_TOP, inner.min + vec2(8.0, 0.0));
    let rows = Rect::from_min_max(pos2(inner.left(), title.bottom() + 8.0), inner.max);
    let mut chosen = None;
    ui.scope_builder(UiBuilder::new().max_rect(rows), |ui| {
        ui.set_clip_rect(rows);
        ScrollArea::vertical().auto_shrink(false).show_rows(ui, ROW, names.len(), |ui, range| {
            for name in names.get(range).unwrap_or_default() {
                if row(ui, name, name == current) && name != current {
                    chosen = Some(name.clone());
                }
            }
            if is_alone {
                let (rect, _) =
                    ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
                let words = "This server does not list its clips.";
                let words =
                    look::line(ui.painter(), words, look::small(), look::FAINT, rect.width());
                look::set(ui.painter(), words, Align2::LEFT_CENTER, rect.left_center() + PAD);
            }
        });
    });
    chosen
}

fn row(ui: &mut Ui, name: &str, is_current: bool) -> bool {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_current, name));
    let (fill, ink) = match (is_current, response.hovered()) {
        (true, _) => (look::HOME_TINT, look::HOME),
        (false, true) => (look::WELL, look::TEXT),
        (false, false) => (look::SOLID, look::TEXT),
    };
    ui.painter().rect_filled(rect, look::BUTTON_RADIUS, fill);
    let words = look::line(ui.painter(), name, look::medium(), ink, rect.width() - 2.0 * PAD.x);
    let is_cut = words.elided;
    look::set(ui.painter(), words, Align2::LEFT_CENTER, rect.left_center() + PAD);
    look::ring(ui.painter(), &response, look::BUTTON_RADIUS);
    let response = look::pointed(response);
    let response = if is_cut { response.on_hover_text(name) } else { response };
    response.clicked()
}

fn field(ui: &mut Ui, rect: Rect, names: &[String], current: &str) -> Option<String> {
    let mut chosen = None;
    ui.scope_builder(UiBuilder::new().max_rect(rect), |ui| {
        ui.spacing_mut().interact_size.y = rect.height();
        ComboBox::from_id_salt("clips")
            .width(rect.width())
            .selected_text(current)
            .truncate()
            .show_ui(ui, |ui| {
                for name in names {
                    if row(ui, name, name == current) {
                        chosen = (name != current).then(|| name.clone());
                        ui.close();
                    }
                }
            });
    });
    chosen
}

/// What the live source is asked for as.
const LIVE: &str = "live";
const ROW: f32 = 36.0;
const PAD: eframe::egui::Vec2 = vec2(12.0, 0.0);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn live_is_among_them_and_what_is_played_always() {
        let clips = ["a.avi", "b.avi"].map(str::to_owned);
        assert_eq!(names(&clips, "b.avi"), ["live", "a.avi", "b.avi"]);
        assert_eq!(names(&clips, "live"), ["live", "a.avi", "b.avi"]);
        assert_eq!(names(&clips, "hidden"), ["live", "hidden", "a.avi", "b.avi"]);
        assert_eq!(names(&[], "test"), ["test"]);
    }
}
