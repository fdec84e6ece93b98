//! The tables as pictures: cost and latency over the number of viewers, as SVG.

use std::collections::BTreeMap;
use std::path::Path;

use plotters::prelude::*;

use crate::Row;

/// Draws `docs/cost.svg` and `docs/latency.svg`.
pub(crate) fn draw(rows: &[Row]) {
    let cost = |row: &Row| Some(row.us_per_picture);
    let latency = |row: &Row| row.got.latency_ms.map(|spread| spread.p99);
    for (file, title, value) in [
        ("cost.svg", "µs CPU for each delivered picture", &cost as &dyn Fn(&Row) -> Option<f64>),
        ("latency.svg", "Latency p99, ms", &latency),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(file);
        if let Err(error) = chart(&path, title, rows, value) {
            println!("{} not drawn: {error}", path.display());
        }
    }
}

fn chart(
    path: &Path,
    title: &str,
    rows: &[Row],
    value: &dyn Fn(&Row) -> Option<f64>,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut lines: BTreeMap<&str, Vec<(f64, f64)>> = BTreeMap::new();
    // One viewer pays for the whole source: it would flatten all others.
    for row in rows.iter().filter(|row| row.clients > 1) {
        if let Some(value) = value(row) {
            lines.entry(&row.name).or_default().push((row.clients as f64, value));
        }
    }
    let most = lines.values().flatten().map(|point| point.1).fold(1.0, f64::max);
    let root = SVGBackend::new(path, (720, 360)).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(title, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(48)
        .build_cartesian_2d((10f64..1000f64).log_scale(), 0f64..most * 1.1)?;
    chart.configure_mesh().x_desc("viewers").light_line_style(WHITE).draw()?;
    for (number, (name, points)) in lines.into_iter().enumerate() {
        let colour = Palette99::pick(number).to_rgba();
        chart
            .draw_series(LineSeries::new(points, colour.stroke_width(2)).point_size(3))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .border_style(BLACK.mix(0.2))
        .background_style(WHITE.mix(0.9))
        .position(SeriesLabelPosition::UpperRight)
        .draw()?;
    root.present()?;
    Ok(())
}
