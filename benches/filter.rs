//! What does a filter cost a frame?
//!
//! One 720p JPEG of a camera through each filter, to a JPEG of the same quality: as this project
//! does it, and as libjpeg-turbo's own transform does where it has one. A mask too. In turn, in one
//! run; medians, on one core.

#![expect(clippy::print_stdout, reason = "a bench prints its tables")]

use std::time::Instant;

use livestream::jpeg::Quality;
use livestream::media::codec::{Decoder, Encoder};
use livestream::media::filter::{Filter, Marks, Mask, apply};
use livestream::media::frame::Picture;
use livestream::media::raw::Raw;
use picture::{QUALITY, picture};
use turbojpeg::{Transform, TransformOp};

#[path = "common/picture.rs"]
mod picture;

/// Each filter, and what libjpeg-turbo has for it.
const FILTERS: [(&str, Option<(TransformOp, bool)>); 13] = [
    ("none", Some((TransformOp::None, false))),
    ("mirror", Some((TransformOp::Hflip, false))),
    ("flip", Some((TransformOp::Vflip, false))),
    ("turn90", Some((TransformOp::Rot90, false))),
    ("turn180", Some((TransformOp::Rot180, false))),
    ("turn270", Some((TransformOp::Rot270, false))),
    ("grey", Some((TransformOp::None, true))),
    ("softer", None),
    ("sharper", None),
    ("invert", None),
    ("edges", None),
    ("clock", None),
    ("name", None),
];

fn main() {
    let (mut encoder, mut decoder) =
        (Encoder::new().expect("an encoder"), Decoder::new().expect("a decoder"));
    let source = encoder.encode(&picture(0), QUALITY).expect("it encodes");
    let frame = Picture::Jpeg(livestream::jpeg::complete(&source).expect("it is whole"));
    println!("1280x720 4:2:2, {} kB; median of {ROUNDS}, one core\n", source.len() / 1000);
    println!("| filter | ms | kB | libjpeg-turbo's transform, ms | kB |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    let marks = Marks { name: Some("Workshop"), clock: Some("12:34:56") };
    for (words, its) in FILTERS {
        let filter: Filter = words.parse().expect("a filter");
        let mut ours = || {
            let raw = Raw::of(&frame, &mut decoder).expect("it is read");
            let raw = apply(filter, &marks, &frame, &raw, &mut decoder).expect("it is filtered");
            let quality = match raw {
                Raw::Coefficients(_) => Quality::BEST,
                Raw::Planes(..) => QUALITY,
            };
            raw.encode(quality, &mut encoder).expect("it is encoded").len()
        };
        let transform = its.map(|(op, gray)| {
            let mut transform = Transform::op(op);
            (transform.trim, transform.gray, transform.copy_none) = (true, gray, true);
            transform
        });
        let theirs = || {
            let made = transform.as_ref().map(|one| turbojpeg::transform(one, &source));
            made.map_or(0, |made| made.expect("it is transformed").len())
        };
        let (mine, other) = (ours() / 1000, theirs() / 1000);
        let [ms, other_ms] = medians(&mut || _ = ours(), &mut || _ = theirs());
        match its {
            Some(_) => println!("| {words} | {ms:.2} | {mine} | {other_ms:.2} | {other} |"),
            None => println!("| {words} | {ms:.2} | {mine} | | |"),
        }
    }
    let mask: Mask = "0,0,25,40+60,50,10,20".parse().expect("a mask");
    let [covered, passed] =
        medians(&mut || drop(mask.cover(&frame).expect("it is covered")), &mut || {
            drop(Mask::default().cover(&frame))
        });
    println!("| a mask of two parts · none | {covered:.2} · {passed:.2} | | | |");
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
