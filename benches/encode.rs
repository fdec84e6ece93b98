//! What does a frame cost at each level?
//!
//! One 720p JPEG of a camera, encoded for all levels in three ways: as this project does it
//! (its coefficients, quantised anew), plain libjpeg-turbo from planes that are decoded once,
//! and plain libjpeg-turbo that decodes for each level. In turn, in one run; medians.

#![expect(clippy::print_stdout, reason = "a bench prints its tables")]

use std::time::Instant;

use livestream::jpeg::coefficients::Coefficients;
use livestream::live::level::Level;
use livestream::media::codec::{Decoder, Encoder, try_out};
use livestream::media::gate;
use picture::{QUALITY, picture};

#[path = "common/picture.rs"]
mod picture;

fn main() {
    let (mut encoder, mut decoder) =
        (Encoder::new().expect("an encoder"), Decoder::new().expect("a decoder"));
    let source = encoder.encode(&picture(0), QUALITY).expect("it encodes");
    let planes = decoder.decode(&source).expect("it decodes");
    let coefficients = Coefficients::read(&source).expect("it is a baseline JPEG");
    println!("1280x720 4:2:2, {} kB; median of {ROUNDS}, one core\n", source.len() / 1000);
    println!("| step | livestream ms | kB | libjpeg-turbo ms | kB |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    let [read, decode] =
        medians(&mut || drop(Coefficients::read(&source)), &mut || drop(decoder.decode(&source)));
    println!("| read the coefficients · decode to planes | {read:.2} | | {decode:.2} | |");
    let (mut ours, mut once, mut each) = (read, decode, 0.0);
    for level in Level::all() {
        let quality = level.quality();
        let mine = coefficients.requantized(quality).len() / 1000;
        let its = encoder.encode(&planes, quality).expect("it encodes").len() / 1000;
        let [requantize, encode] =
            medians(&mut || drop(coefficients.requantized(quality)), &mut || {
                drop(encoder.encode(&planes, quality))
            });
        let percent = quality.percent();
        println!("| quality {percent} | {requantize:.2} | {mine} | {encode:.2} | {its} |");
        ours += requantize;
        once += encode;
        each += decode + encode;
    }
    println!("| all levels | {ours:.2} | | {once:.2} | |");
    println!("| all levels, decoding for each | | | {each:.2} | |");
    let [thumbnail, scaled] =
        medians(&mut || drop(coefficients.thumbnail()), &mut || drop(decoder.thumbnail(&source)));
    println!("| luma at an eighth, for motion | {thumbnail:.2} | | {scaled:.2} | |");
    // Comments of different length, so that one in sixteen is a sample as in a stream.
    let pictures: Vec<Vec<u8>> = (0..64_u8)
        .map(|length| {
            let comment = [&[0xFF, 0xFE, 0, 2 + length][..], &vec![0; length.into()]].concat();
            [&source[..2], &comment, &source[2..]].concat()
        })
        .collect();
    let (mut next, mut scratch) = (pictures.iter().cycle(), Vec::new());
    let mut pass = || {
        (0..pictures.len()).for_each(|_| drop(gate::take(next.next().expect("it is endless"))));
    };
    let [passed, tried] = medians(&mut pass, &mut || drop(try_out(&source, false, &mut scratch)));
    let passed = passed / pictures.len() as f64;
    println!("| pass the gate, the mean · decode to pixels | {passed:.2} | | {tried:.2} | |");
    println!(
        "\nratio {:.2} of decoding once, {:.2} of decoding for each",
        ours / once,
        ours / each
    );
}

/// Milliseconds that each of two steps takes, the medians; in turn, so that what else the machine
/// does falls on both.
fn medians(one: &mut dyn FnMut(), other: &mut dyn FnMut()) -> [f64; 2] {
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        let steps: [&mut dyn FnMut(); 2] = [&mut *one, &mut *other];
        for (step, times) in steps.into_iter().zip(&mut times) {
            let start = Instant::now();
            step();
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
    }
    times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[ROUNDS / 2]
    })
}

const ROUNDS: usize = 101;
