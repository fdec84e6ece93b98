//! A cell of the statistics: label, number, and the last minute as a line.
//!
//! Points are pure arithmetic; the painter draws them. What they mean is in
//! [`super::stats`].

use eframe::egui::{Align2, Color32, Pos2, Rect, Sense, Shape, Stroke, Ui, pos2, vec2};

use super::look;
use super::stats::{Minute, Quantity};
use livestream::client::Statistics;

/// Draws one quantity into `cell`.
pub(super) fn cell(ui: &Ui, cell: Rect, quantity: Quantity, now: &Statistics, minute: &Minute) {
    let painter = ui.painter();
    look::surface(painter, cell, look::BUTTON_RADIUS, look::SOLID);
    let inner = cell.shrink2(vec2(10.0, 8.0));
    let label = look::line(painter, quantity.label(), look::small(), look::MUTED, inner.width());
    let label = look::set(painter, label, Align2::LEFT_TOP, inner.min);
    let value =
        look::line(painter, &quantity.value(now), look::strong(), look::TEXT, inner.width());
    let value = look::set(painter, value, Align2::LEFT_TOP, label.left_bottom() + vec2(0.0, 1.0));
    let plot = Rect::from_min_max(pos2(inner.left(), value.bottom() + 3.0), inner.max);
    if plot.height() >= LEAST_PLOT {
        draw(ui, plot, quantity, minute);
    }
    let id = ui.scope_id().with(("cell", quantity.label()));
    ui.interact(cell, id, Sense::hover()).on_hover_text(quantity.meaning());
}

fn draw(ui: &Ui, plot: Rect, quantity: Quantity, minute: &Minute) {
    let painter = ui.painter();
    let ground = Stroke::new(1.0, look::LINE);
    painter.hline(plot.x_range(), plot.bottom(), ground);
    let top = minute.top(quantity);
    for run in minute.runs(quantity) {
        let line = points(&run, top, plot);
        let troubled = quantity.is_trouble() && run.iter().any(|(_, value)| *value > 0.0);
        let colour = if troubled { look::GIFT } else { look::HOME };
        for pair in line.windows(2) {
            painter.add(Shape::convex_polygon(under(pair, plot), fill(colour), Stroke::NONE));
        }
        painter.line(line, Stroke::new(1.5, colour));
    }
}

/// Where a run's values lie in a plot of a minute that ends at its right side.
fn points(run: &[(f32, f32)], top: f32, plot: Rect) -> Vec<Pos2> {
    let minute = Minute::SECONDS as f32;
    let place = |&(age, value): &(f32, f32)| {
        let x = plot.right() - plot.width() * (age / minute).min(1.0);
        let y = plot.bottom() - plot.height() * (value / top).clamp(0.0, 1.0);
        pos2(x, y)
    };
    run.iter().map(place).collect()
}

/// The area between two points and the ground.
fn under(pair: &[Pos2], plot: Rect) -> Vec<Pos2> {
    let mut area = pair.to_vec();
    area.extend(pair.iter().rev().map(|point| pos2(point.x, plot.bottom())));
    area
}

fn fill(colour: Color32) -> Color32 {
    colour.gamma_multiply(0.16)
}

const LEAST_PLOT: f32 = 8.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_value_is_at_the_right_and_the_largest_at_the_top() {
        let plot = Rect::from_min_max(pos2(10.0, 20.0), pos2(130.0, 60.0));
        let points = points(&[(60.0, 0.0), (30.0, 10.0), (0.0, 5.0)], 10.0, plot);
        assert_eq!(points, [pos2(10.0, 60.0), pos2(70.0, 20.0), pos2(130.0, 40.0)]);
    }

    #[test]
    fn nothing_is_drawn_outside_of_a_plot() {
        let plot = Rect::from_min_max(pos2(0.0, 0.0), pos2(60.0, 40.0));
        for point in points(&[(900.0, 1e9), (0.0, -5.0)], 1.0, plot) {
            assert!(plot.contains(point), "{point}");
        }
    }
}
