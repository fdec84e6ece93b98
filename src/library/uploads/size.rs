//! How long a file is, in words. Pure.

/// Bytes, for people.
pub fn shown(bytes: u64) -> String {
    let units = ["bytes", "kB", "MB", "GB", "TB"];
    let (mut value, mut unit) = (bytes as f64, 0);
    while value >= 1000.0 && unit + 1 < units.len() {
        (value, unit) = (value / 1000.0, unit + 1);
    }
    let digits = usize::from(unit > 0 && value < 10.0 && value.fract() >= 0.05);
    format!("{value:.digits$} {}", units[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_shown_as_disks_are_sold() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1500, "1.5 kB"),
            (20_000_000_000, "20 GB"),
            (1_000_000_000, "1 GB"),
            (u64::MAX, "18446744 TB"),
        ] {
            assert_eq!(shown(bytes), text);
        }
    }
}
