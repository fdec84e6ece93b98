//! What does a frame cost at each level?
//!
//! One 720p JPEG of a camera, encoded for all levels: the way of this project (one
//! decode to planes, one encode for each level) beside the reference, which decodes
//! and encodes for each level anew. In turn, in one run; medians.

#![expect(clippy::print_stdout, reason = "a bench prints its tables")]

use std::time::Instant;

use livestream::live::level::Level;
use livestream::media::codec::{Decoder, Encoder};
use livestream::media::frame::{Chroma, Planar, Quality, Size};

fn main() {
    let source = source();
    let (mut encoder, mut decoder) =
        (Encoder::new().expect("an encoder"), Decoder::new().expect("a decoder"));
    println!("1280x720 4:2:2, {} kB; median of {ROUNDS}, one core\n", source.len() / 1000);
    println!("| step | ms |\n| --- | ---: |");
    let planes = decoder.decode(&source).expect("it decodes");
    let decode = median(|| {
        decoder.decode(&source).expect("it decodes");
    });
    println!("| decode to planes | {decode:.2} |");
    let thumbnail = median(|| {
        decoder.thumbnail(&source).expect("it decodes");
    });
    println!("| decode luma at an eighth, for motion | {thumbnail:.2} |");
    let mut encodes = 0.0;
    for level in Level::all() {
        let jpeg = encoder.encode(&planes, level.quality()).expect("it encodes");
        let cost = median(|| {
            encoder.encode(&planes, level.quality()).expect("it encodes");
        });
        encodes += cost;
        let percent = level.quality().percent();
        println!("| encode, quality {percent} ({} kB) | {cost:.2} |", jpeg.len() / 1000);
    }
    let ours = decode + encodes;
    let each = decode * 8.0 + encodes;
    println!("| all levels: one decode, eight encodes | {ours:.2} |");
    println!("| all levels, each from the JPEG | {each:.2} |");
    println!("\nratio {:.2}", ours / each);
}

/// Milliseconds, the median.
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

/// A picture with edges, gradients and grain.
fn source() -> Vec<u8> {
    let size = Size::new(1280, 720).expect("a size");
    let chroma = Chroma::Yuv422;
    let mut seed = 1u32;
    let samples = (0..chroma.bytes(size))
        .map(|at| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (x, y) = (at % 1280, at / 1280);
            let wave = ((x as f64 / 60.0).sin() * (y as f64 / 60.0).cos() * 80.0) as i32;
            let edge = if (x / 160 + y / 90) % 2 == 0 { 30 } else { 0 };
            let grain = if seed >> 28 == 0 { 3 } else { 0 };
            (110 + wave + edge + grain).clamp(0, 255) as u8
        })
        .collect();
    let planar = Planar { size, chroma, samples };
    let quality = Quality::new(96).expect("a quality");
    let mut encoder = Encoder::new().expect("an encoder");
    encoder.encode(&planar, quality).expect("it encodes").to_vec()
}

const ROUNDS: usize = 101;
