//! FFmpeg plays: a hundred frames in time, and the pixels that were sent.

use std::process::Command;

use livestream::media::frame::Chroma;

use super::Stage;
use crate::common::VERY_LONG;
use crate::common::clip::{Form, clip, jpegs};
use crate::common::pixels::Luma;
use crate::common::program::{Ended, Program};
use crate::common::sorts::{Coding, Sort, with_restarts};

const TRANSPORTS: [&str; 2] = ["udp", "tcp"];

/// Runs FFmpeg on a path until it has so many frames; it may not say a word.
#[track_caller]
fn ffmpeg(stage: &Stage, transport: &str, path: &str, outputs: &[&str]) -> Ended {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-nostdin", "-xerror", "-v", "error", "-rtsp_transport", transport]);
    // Without audio to look for, it need not look long.
    ffmpeg.args(["-analyzeduration", "200000", "-i", &stage.url(path)]).args(outputs);
    let ended = Program::run(&mut ffmpeg, "apt-get install ffmpeg", VERY_LONG);
    assert!(ended.status.success(), "{transport} {path}: {}: {}", ended.status, ended.stderr);
    assert_eq!(ended.stderr, "", "{transport} {path}");
    ended
}

/// The luma of each frame that FFmpeg gets.
#[track_caller]
fn frames(stage: &Stage, transport: &str, path: &str, count: usize) -> Vec<Luma> {
    let count = count.to_string();
    let form = ["-pix_fmt", "gray", "-c:v", "pgm", "-f", "image2pipe", "-"];
    let outputs = [&["-fps_mode", "passthrough", "-frames:v", &count][..], &form].concat();
    let all = ffmpeg(stage, transport, path, &outputs).stdout;
    let mut rest = &all[..];
    let mut found = Vec::new();
    while !rest.is_empty() {
        // `P5\nWIDTH HEIGHT\n255\n`
        let mut lines = rest.splitn(4, |&byte| byte == b'\n');
        let mut line = || String::from_utf8_lossy(lines.next().expect("a line")).into_owned();
        assert_eq!(line(), "P5");
        let size = line();
        assert_eq!(line(), "255");
        rest = lines.next().expect("the pixels");
        let (width, height) = size.split_once(' ').expect("width and height");
        let (width, height) = (width.parse().expect("a width"), height.parse().expect("a height"));
        found.push(Luma::of_raw(rest, width, height));
        rest = &rest[width * height..];
    }
    found
}

/// Plays the pictures as a clip, and compares each with what arrives.
#[track_caller]
fn expect_pixels(transport: &str, pictures: &[Vec<u8>], least: f64) {
    let clip = clip(Form::Avi { fps: 10 }, pictures);
    let stage = Stage::with(&[("clip.avi", &clip)], &["--bandwidth", "unlimited"]);
    let seen = frames(&stage, transport, "/clip.avi", pictures.len());
    assert_eq!(seen.len(), pictures.len());
    for (number, (seen, sent)) in seen.iter().zip(pictures).enumerate() {
        let sent = Luma::of(sent);
        // The format counts in blocks of eight: what is added lies at the right and below.
        let padded = (sent.width.next_multiple_of(8), sent.height.next_multiple_of(8));
        assert_eq!((seen.width, seen.height), padded);
        let ratio = seen.cropped(sent.width, sent.height).psnr(&sent);
        assert!(ratio > least, "picture {number} over {transport}: {ratio:.1} dB");
    }
}

#[test]
fn hundred_frames_of_a_clip_come_in_time() {
    let pictures = jpegs(160, 120, 120, 90);
    let bytes = clip(Form::Avi { fps: 50 }, &pictures);
    let stage = Stage::with(&[("clip.avi", &bytes)], &["--bandwidth", "unlimited"]);
    for transport in TRANSPORTS {
        let packets = ["-frames:v", "100", "-c", "copy", "-f", "framecrc", "-"];
        let decoded = ["-frames:v", "100", "-f", "null", "-"];
        let ended = ffmpeg(&stage, transport, "/clip.avi", &[&packets[..], &decoded].concat());
        let text = String::from_utf8(ended.stdout).expect("text");
        assert!(text.contains("#tb 0: 1/90000\n"), "{text}");
        assert!(text.contains("#dimensions 0: 160x120\n"), "{text}");
        // stream, dts, pts, duration, size, checksum
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let pts: Vec<i64> = lines
            .map(|line| line.split(',').nth(2).expect("pts").trim().parse().expect("a number"))
            .collect();
        assert_eq!(pts.len(), 100, "{text}");
        for two in pts.windows(2) {
            assert!((two[1] - two[0]).abs_diff(1800) <= 1, "{transport}: {two:?}");
        }
    }
}

#[test]
fn hundred_frames_of_the_live_source_come_without_a_word() {
    let stage = Stage::with(&[], &["--fps", "60", "--bandwidth", "unlimited"]);
    for transport in TRANSPORTS {
        let packets = ["-frames:v", "100", "-c", "copy", "-f", "framecrc", "-"];
        // In ticks of the clock: two pictures may come within one of the announced rate.
        let decoded = ["-fps_mode", "passthrough", "-enc_time_base", "1:90000", "-frames:v", "100"];
        let decoded = [&decoded[..], &["-f", "null", "-"]].concat();
        let ended = ffmpeg(&stage, transport, "/live", &[&packets[..], &decoded].concat());
        let text = String::from_utf8(ended.stdout).expect("text");
        assert!(text.contains("#dimensions 0: 160x120\n"), "{text}");
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let pts: Vec<i64> = lines
            .map(|line| line.split(',').nth(2).expect("pts").trim().parse().expect("a number"))
            .collect();
        assert_eq!(pts.len(), 100, "{text}");
        assert!(pts.is_sorted_by(|a, b| a < b), "{transport}: {pts:?}");
        // No picture is taken twice as often as there is one.
        assert!(pts[99] - pts[0] >= 99 * 1500 / 2, "{transport}: {pts:?}");
    }
}

#[test]
fn pictures_that_fit_arrive_as_they_were() {
    for chroma in [Chroma::Yuv420, Chroma::Yuv422] {
        let pictures = Sort::standard(320, 240, chroma).pictures(4);
        for transport in TRANSPORTS {
            expect_pixels(transport, &pictures, 40.0);
        }
    }
}

#[test]
fn pictures_with_restart_markers_arrive_as_they_were() {
    for format in ["yuvj420p", "yuvj422p"] {
        let pictures = with_restarts(format, "320x240", 4);
        for transport in TRANSPORTS {
            expect_pixels(transport, &pictures, 40.0);
        }
    }
}

#[test]
fn pictures_of_odd_size_arrive_padded() {
    for chroma in [Chroma::Yuv420, Chroma::Yuv422] {
        expect_pixels("udp", &Sort::standard(641, 361, chroma).pictures(3), 40.0);
    }
    // One block more than a multiple of the MCU's sixteen, which needs no padding.
    expect_pixels("tcp", &Sort::standard(328, 248, Chroma::Yuv420).pictures(3), 40.0);
}

#[test]
fn largest_pictures_arrive_as_they_were() {
    expect_pixels("tcp", &Sort::standard(2040, 2040, Chroma::Yuv420).pictures(2), 40.0);
}

#[test]
fn pictures_that_the_format_cannot_carry_arrive_encoded_anew() {
    for coding in [Coding::Optimised, Coding::Progressive] {
        let sort = Sort { width: 320, height: 240, chroma: Chroma::Yuv420, coding };
        expect_pixels("tcp", &sort.pictures(3), 35.0);
    }
    for chroma in [Chroma::Yuv444, Chroma::Gray] {
        expect_pixels("udp", &Sort::standard(320, 240, chroma).pictures(3), 35.0);
    }
}

#[test]
fn pictures_that_are_too_wide_arrive_scaled() {
    let pictures = Sort::standard(2560, 320, Chroma::Yuv420).pictures(2);
    let bytes = clip(Form::Avi { fps: 10 }, &pictures);
    let stage = Stage::with(&[("clip.avi", &bytes)], &["--bandwidth", "unlimited"]);
    for seen in frames(&stage, "tcp", "/clip.avi", 2) {
        assert!(seen.width <= 2040 && seen.width > 1000, "{}", seen.width);
        assert!((seen.width / 8).abs_diff(seen.height) <= 8, "{}x{}", seen.width, seen.height);
    }
}
