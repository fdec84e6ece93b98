//! What does it cost to make planes of a camera's uncompressed picture?
//!
//! Each format at 720p, beside libyuv's function for it, which a C program of this bench calls. Ours
//! makes full range of limited range as well, which libyuv leaves as it is: both are measured. In
//! turn, in one run; medians.

#![expect(clippy::print_stdout, reason = "a bench prints its tables")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use livestream::media::frame::Size;
use livestream::source::webcam::{Encoding, convert};

const FORMATS: [(Encoding, usize); 11] = [
    // Bytes of two pixels.
    (Encoding::Yuyv, 4),
    (Encoding::Uyvy, 4),
    (Encoding::Nv12, 3),
    (Encoding::Nv21, 3),
    (Encoding::Yu12, 3),
    (Encoding::Rgb, 6),
    (Encoding::Bgr, 6),
    (Encoding::Rgb565, 4),
    (Encoding::Grey, 2),
    (Encoding::BayerBggr, 2),
    (Encoding::BayerGrbg, 2),
];

fn main() {
    let size = Size::new(1280, 720).expect("a size");
    let libyuv = build();
    println!("{size}, one core; milliseconds a picture, medians of {ROUNDS}\n");
    println!("| format | from full range | from limited range | libyuv | ratio |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    for (encoding, bytes_of_two) in FORMATS {
        let length = size.width as usize * size.height as usize / 2 * bytes_of_two;
        let picture: Vec<u8> =
            (0..length as u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let ours = |is_limited| median(|| drop(convert(encoding, size, is_limited, &picture)));
        let (full, limited) = (ours(false), ours(true));
        let (its, ratio) = match measured(&libyuv, encoding, size) {
            Some(its) => (format!("{its:.3}"), format!("{:.2}", full / its)),
            None => ("has none".to_owned(), String::new()),
        };
        println!("| {} | {full:.3} | {limited:.3} | {its} | {ratio} |", encoding.as_str());
    }
}

/// Builds the C program.
fn build() -> PathBuf {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("libyuv-bench");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/cameras/libyuv.c");
    let built =
        Command::new("gcc").args(["-O3", "-o"]).arg(&program).args([source, "-lyuv"]).status();
    let built = built.expect("gcc is there");
    assert!(built.success(), "libyuv's headers are missing: apt-get install libyuv-dev");
    program
}

/// libyuv's time, if it has the format.
fn measured(program: &Path, encoding: Encoding, size: Size) -> Option<f64> {
    let (width, height) = (size.width.to_string(), size.height.to_string());
    let said = Command::new(program).args([encoding.as_str(), &width, &height]).output();
    let said = said.expect("it runs");
    said.status.success().then(|| String::from_utf8_lossy(&said.stdout).trim().parse().ok())?
}

/// Milliseconds that a step takes.
fn median(mut step: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            step();
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[ROUNDS / 2]
}

const ROUNDS: usize = 101;
