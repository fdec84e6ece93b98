//! Films whose pictures are numbered so that a machine can read them, made by ffmpeg.

use std::path::Path;
use std::process::Command;

use super::VERY_LONG;
use super::clip::Scratch;
use super::program::Program;

/// Pictures a second.
pub(crate) const FPS: u32 = 20;
/// Bits of a picture's number, each a square: white is one.
pub(crate) const BITS: u32 = 11;
pub(crate) const WIDTH: u32 = 160;
pub(crate) const HEIGHT: u32 = 90;
/// Where the first square begins, a square's side, and how far apart they are.
pub(crate) const FIRST: u32 = 3;
pub(crate) const SIDE: u32 = 10;
pub(crate) const STEP: u32 = 14;

/// Writes a film of so many seconds into a folder; its name's ending says which sort it is.
#[track_caller]
pub(crate) fn film(folder: &str, name: &str, seconds: u32) {
    let path = Path::new(folder).join(name);
    let pictures = Scratch::new();
    let sound = format!("sine=f=330:d={seconds}");
    let of_sound = ["-f", "lavfi", "-i", &sound];
    let size = format!("{WIDTH}x{HEIGHT}");
    let rate = FPS.to_string();
    let raw = match name.ends_with(".ogg") {
        true => String::new(),
        false => pictures.write("pictures", &numbered(FPS * seconds)),
    };
    let of_pictures =
        ["-f", "rawvideo", "-pix_fmt", "gray", "-s", &size, "-r", &rate, "-i", raw.as_str()];
    let coding = ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "300k"];
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-y"]);
    if !raw.is_empty() {
        command.args(of_pictures);
    }
    command.args(of_sound);
    if !raw.is_empty() {
        command.args(coding).args(["-pix_fmt", "yuv420p", "-g", "20", "-c:a", "libopus"]);
    }
    let ended = Program::run(command.arg(&path), "apt-get install ffmpeg", VERY_LONG);
    assert!(ended.status.success(), "{}", ended.stderr);
}

/// So many pictures, each with its number.
fn numbered(count: u32) -> Vec<u8> {
    let top = (HEIGHT - SIDE) / 2;
    let mut all = Vec::with_capacity((WIDTH * HEIGHT * count) as usize);
    for number in 0..count {
        for place in 0..WIDTH * HEIGHT {
            let (x, y) = (place % WIDTH, place / WIDTH);
            let (bit, within) = (x.saturating_sub(FIRST) / STEP, x.saturating_sub(FIRST) % STEP);
            let is_square = x >= FIRST && within < SIDE && (top..top + SIDE).contains(&y);
            let is_one = bit < BITS && number >> bit & 1 == 1;
            all.push(if is_square && is_one { 255 } else { 0 });
        }
    }
    all
}

/// The number that a grey picture of [`WIDTH`] and [`HEIGHT`] shows.
pub(crate) fn number(picture: &[u8]) -> u32 {
    let bit = |bit: u32| {
        let (x, y) = (FIRST + bit * STEP + SIDE / 2, HEIGHT / 2);
        u32::from(picture[(y * WIDTH + x) as usize] > 128) << bit
    };
    (0..BITS).map(bit).sum()
}
