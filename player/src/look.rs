//! Colours, type and the few elements that the window is made of.
//!
//! The colours are those of the page in the dark (`www/shared/tokens.css`); no other
//! file names one. Elements are drawn where [`super::layout`] has put them.

use std::sync::Arc;

use eframe::egui::epaint::text::TextWrapping;
use eframe::egui::text::LayoutJob;
use eframe::egui::{
    Align2, Color32, Context, CornerRadius, CursorIcon, FontData, FontDefinitions, FontFamily,
    FontId, Galley, Painter, Pos2, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, Vec2,
    Visuals, WidgetInfo,
};

use super::model::Offer;
use livestream::media::text::Weight;

pub(super) const GROUND: Color32 = Color32::from_rgb(0x0b, 0x0d, 0x10);
pub(super) const AROUND: Color32 = Color32::BLACK;
pub(super) const SOLID: Color32 = Color32::from_rgb(0x14, 0x18, 0x1d);
pub(super) const LINE: Color32 = Color32::from_rgb(0x26, 0x2a, 0x30);
pub(super) const TEXT: Color32 = Color32::from_rgb(0xee, 0xf1, 0xf5);
pub(super) const MUTED: Color32 = Color32::from_rgb(0x98, 0xa2, 0xae);
pub(super) const FAINT: Color32 = Color32::from_rgb(0x56, 0x5e, 0x68);
pub(super) const LIVE: Color32 = Color32::from_rgb(0xff, 0x4b, 0x4b);
pub(super) const HOME: Color32 = Color32::from_rgb(0x2f, 0xd3, 0xbd);
pub(super) const HOME_TINT: Color32 = Color32::from_rgb(0x18, 0x33, 0x35);
pub(super) const GIFT: Color32 = Color32::from_rgb(0xff, 0xc1, 0x3b);
pub(super) const INK: Color32 = GROUND;
pub(super) const WELL: Color32 = Color32::from_rgb(0x21, 0x25, 0x2a);
pub(super) const HOVER: Color32 = Color32::from_rgb(0x2b, 0x2f, 0x35);
pub(super) const TROUBLE: Color32 = Color32::from_rgb(0x37, 0x17, 0x1a);
pub(super) const BACKDROP: Color32 = Color32::from_black_alpha(158);
/// Over a picture that stands still.
pub(super) const VEIL: Color32 = Color32::from_black_alpha(120);

pub(super) const DECK_RADIUS: CornerRadius = CornerRadius::same(14);
pub(super) const BUTTON_RADIUS: CornerRadius = CornerRadius::same(9);

/// 13 points, for labels.
pub(super) fn small() -> FontId {
    FontId::proportional(13.0)
}

/// 15 points, for what is read.
pub(super) fn medium() -> FontId {
    FontId::proportional(15.0)
}

/// 15 points, bold.
pub(super) fn strong() -> FontId {
    FontId::new(15.0, bold())
}

/// 20 points, bold, for titles.
pub(super) fn large() -> FontId {
    FontId::new(20.0, bold())
}

fn bold() -> FontFamily {
    FontFamily::Name("bold".into())
}

/// Gives a window our type and colours.
pub(super) fn dress(ctx: &Context) {
    let mut fonts = FontDefinitions::empty();
    for (family, weight) in [
        (FontFamily::Proportional, Weight::Regular),
        (FontFamily::Monospace, Weight::Regular),
        (bold(), Weight::SemiBold),
    ] {
        let name = format!("Inter {weight:?}");
        let data = FontData::from_static(weight.file());
        fonts.font_data.insert(name.clone(), Arc::new(data));
        fonts.families.insert(family, vec![name]);
    }
    ctx.set_fonts(fonts);
    let mut visuals = Visuals::dark();
    visuals.panel_fill = GROUND;
    visuals.window_fill = SOLID;
    visuals.window_stroke = Stroke::new(1.0, LINE);
    visuals.extreme_bg_color = GROUND;
    visuals.menu_corner_radius = BUTTON_RADIUS;
    visuals.override_text_color = None;
    visuals.selection.bg_fill = HOME_TINT;
    visuals.selection.stroke = Stroke::new(1.0, HOME);
    let widgets = &mut visuals.widgets;
    for (widget, fill, ink) in [
        (&mut widgets.noninteractive, SOLID, MUTED),
        (&mut widgets.inactive, WELL, TEXT),
        (&mut widgets.hovered, HOVER, TEXT),
        (&mut widgets.active, HOVER, TEXT),
        (&mut widgets.open, HOVER, TEXT),
    ] {
        (widget.bg_fill, widget.weak_bg_fill) = (fill, fill);
        widget.bg_stroke = Stroke::new(1.0, LINE);
        widget.fg_stroke = Stroke::new(1.0, ink);
        widget.corner_radius = BUTTON_RADIUS;
        widget.expansion = 0.0;
    }
    ctx.set_visuals(visuals);
    ctx.global_style_mut(|style| {
        for font in style.text_styles.values_mut() {
            *font = medium();
        }
        style.interaction.selectable_labels = false;
        style.spacing.item_spacing = Vec2::new(8.0, 2.0);
        style.spacing.button_padding = Vec2::new(12.0, 8.0);
        style.spacing.menu_margin = 6.into();
    });
}

/// One line, cut with an ellipsis where `width` ends.
pub(super) fn line(
    painter: &Painter,
    text: &str,
    font: FontId,
    colour: Color32,
    width: f32,
) -> Arc<Galley> {
    let mut job = LayoutJob::simple_singleline(text.to_owned(), font, colour);
    job.wrap = TextWrapping::truncate_at_width(width.max(0.0));
    painter.layout_job(job)
}

/// Draws a galley so that `anchor` of it lies on `at`. Returns where it is.
pub(super) fn set(painter: &Painter, galley: Arc<Galley>, anchor: Align2, at: Pos2) -> Rect {
    let rect = anchor.anchor_size(at, galley.size());
    painter.galley(rect.min, galley, TEXT);
    rect
}

/// A surface with a fine edge.
pub(super) fn surface(painter: &Painter, rect: Rect, radius: CornerRadius, fill: Color32) {
    painter.rect(rect, radius, fill, Stroke::new(1.0, LINE), StrokeKind::Inside);
}

/// A button of one word. True if it was pressed.
pub(super) fn button(ui: &mut Ui, rect: Rect, label: &str, offer: Offer) -> bool {
    let enabled = offer != Offer::Disabled;
    let sense = if enabled { Sense::click() } else { Sense::hover() };
    let response = ui.interact(rect, ui.scope_id().with(label), sense);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, label));
    let (fill, ink) = match offer {
        Offer::Next if response.hovered() => (HOME.gamma_multiply(0.88), INK),
        Offer::Next => (HOME, INK),
        Offer::Allowed if response.hovered() => (HOVER, TEXT),
        Offer::Allowed => (WELL, TEXT),
        Offer::Disabled => (SOLID, FAINT),
    };
    let painter = ui.painter();
    painter.rect_filled(rect, BUTTON_RADIUS, fill);
    if !enabled {
        painter.rect_stroke(rect, BUTTON_RADIUS, Stroke::new(1.0, WELL), StrokeKind::Inside);
    }
    let width = rect.width() - 8.0;
    let font = if rect.width() < NARROW_BUTTON { FontId::new(13.0, bold()) } else { strong() };
    let word = line(painter, label, font, ink, width);
    set(painter, word, Align2::CENTER_CENTER, rect.center());
    ring(painter, &response, BUTTON_RADIUS);
    pointed(response).clicked()
}

/// Shows where the keyboard is.
pub(super) fn ring(painter: &Painter, response: &Response, radius: CornerRadius) {
    if response.has_focus() {
        let stroke = Stroke::new(2.0, TEXT);
        painter.rect_stroke(response.rect.expand(2.0), radius, stroke, StrokeKind::Outside);
    }
}

/// A hand over what can be pressed.
pub(super) fn pointed(response: Response) -> Response {
    if response.sense.senses_click() {
        response.on_hover_cursor(CursorIcon::PointingHand)
    } else {
        response
    }
}

const NARROW_BUTTON: f32 = 84.0;
