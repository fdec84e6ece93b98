//! Times, sizes and names as a person reads them.
//!
//! Pure. Numbers of the statistics are in [`super::stats`].

use std::time::Duration;

use livestream::client::About;
use livestream::proto::rtsp::transport::Lower;

/// A place in a clip: `0:07`, `12:34`, `1:02:03`.
pub fn time(place: Duration) -> String {
    let seconds = place.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

/// What is known of a clip beside its name: `640 × 480 · 25 fps`. The size is that of the
/// picture that is `shown`, or until there is one, what the server says.
pub fn about(about: &About, shown: Option<[usize; 2]>, duration: Option<Duration>) -> String {
    let said = about.size.map(|(width, height)| [width.into(), height.into()]);
    let size = shown.or(said).map(|[width, height]| format!("{width} × {height}"));
    let rate = about.frame_rate.filter(|rate| *rate > 0.0).map(|rate| {
        let rounded = (rate * 100.0).round() / 100.0;
        format!("{rounded} fps")
    });
    let pieces = [size, rate, duration.map(time)];
    pieces.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// What carries the packets.
pub fn transport(lower: Lower) -> &'static str {
    match lower {
        Lower::Udp => "UDP",
        Lower::Tcp => "TCP",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_hours_only_if_there_are_any() {
        let times = [0, 7, 754, 3723, 360_000].map(|seconds| time(Duration::from_secs(seconds)));
        assert_eq!(times, ["0:00", "0:07", "12:34", "1:02:03", "100:00:00"]);
        assert_eq!(time(Duration::from_millis(1999)), "0:01");
    }

    #[test]
    fn only_what_is_known_is_said() {
        let mut clip = About::default();
        assert_eq!(about(&clip, None, None), "");
        clip.frame_rate = Some(29.970_03);
        clip.size = Some((640, 480));
        let minute = Some(Duration::from_secs(60));
        assert_eq!(about(&clip, None, minute), "640 × 480 · 29.97 fps · 1:00");
        assert_eq!(about(&clip, Some([320, 240]), None), "320 × 240 · 29.97 fps");
        assert_eq!(transport(Lower::Tcp), "TCP");
    }
}
