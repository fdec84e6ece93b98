//! Files that are cut, flipped and lie about sizes, brought to the real program: none takes more than
//! its own job. (`src/library/package/tests.rs` has a thousand more for the packager alone.)

use serde_json::Value;

use super::{bring_any, is_whole, text, titles, video};
use crate::common::clip::Random;
use crate::common::multipart::Stream;
use crate::common::{VERY_LONG, eventually};
use crate::uploads::Site;

/// As many as a minute of a busy machine allows.
const ROUNDS: usize = 32;
const SHORT: &str = "-f lavfi -i testsrc2=s=128x96:r=10:d=2 -f lavfi -i sine=440:d=2";
const H264: &str = "-c:v libx264 -preset ultrafast -g 10 -pix_fmt yuv420p -c:a aac";

/// A short film in each sort of file that people bring.
fn seeds() -> [Vec<u8>; 8] {
    let fragments = "-movflags +frag_keyframe+empty_moov+default_base_moof";
    [
        video("a.mp4", &format!("{SHORT} {H264} -movflags +faststart")),
        video("b.mp4", &format!("{SHORT} {H264} {fragments}")),
        video("c.mkv", &format!("{SHORT} {H264}")),
        video("d.webm", &format!("{SHORT} -c:v libvpx -b:v 100k -c:a libopus")),
        video("e.avi", &format!("{SHORT} -c:v mpeg4 -c:a libmp3lame")),
        video("f.ts", &format!("{SHORT} -c:v mpeg2video -c:a mp2")),
        video("g.mp3", &format!("{SHORT} -map 1 -c:a libmp3lame")),
        video("h.ogg", &format!("{SHORT} -map 1 -c:a libvorbis")),
    ]
}

/// Boxes whose numbers say how long, how large, how many and where.
const TELLING: [&[u8]; 10] =
    [b"mvhd", b"mdhd", b"tkhd", b"stts", b"stsz", b"stco", b"ctts", b"elst", b"trun", b"tfdt"];
const LIES: [u32; 6] = [0, 1, 1_000_000, i32::MAX as u32, 1 << 31, u32::MAX];

/// Cuts it, flips a bit, or lies about a number: anywhere, in its first bytes, or where it tells.
fn damage(random: &mut Random, film: &mut Vec<u8>) {
    for _ in 0..=random.below(3) {
        let boxes: Vec<usize> = (0..film.len().saturating_sub(32))
            .filter(|at| TELLING.contains(&&film[*at..at + 4]))
            .collect();
        let within = if random.below(2) == 0 { film.len() } else { 400.min(film.len()) };
        let at = match boxes.is_empty() || random.below(2) == 0 {
            true => random.below(within.saturating_sub(4)),
            false => boxes[random.below(boxes.len())] + 4 + random.below(24),
        };
        match random.below(6) {
            0 => film.truncate(film.len() / 4 + random.below(film.len())),
            1 | 2 => film[at] ^= 1 << random.below(8),
            _ => film[at..at + 4].copy_from_slice(&LIES[random.below(LIES.len())].to_be_bytes()),
        }
    }
}

#[test]
fn what_is_broken_takes_no_more_than_its_job() {
    let mut site = Site::open(&[]);
    let watching = Stream::open(site.server.address(), "/stream", &[]).in_background();
    let (seeds, mut random, mut refused) = (seeds(), Random::new(15), 0);
    for round in 0..ROUNDS {
        let mut film = seeds[round % seeds.len()].clone();
        damage(&mut random, &mut film);
        let reply = bring_any(&site, &film, &[("publish", "all")]);
        refused += usize::from(reply.status == 415);
        assert!([204, 415].contains(&reply.status), "round {round}: {}", reply.text());
    }
    let ended = |title: &Value| is_whole(title) || title["job"]["state"] == "failed";
    // One after the other, as they came: how long all of them take is the machine's.
    let mut brought = titles(&mut site);
    brought.sort_by_key(|title| title["id"].as_u64());
    for title in brought {
        eventually("it is over", VERY_LONG, || {
            let now = titles(&mut site).into_iter().find(|one| one["id"] == title["id"]);
            if now.as_ref().is_some_and(ended) { Ok(()) } else { Err(format!("{now:?}")) }
        });
    }
    let all = titles(&mut site);
    assert_eq!(all.len() + refused, ROUNDS);
    for title in all.iter().filter(|title| !is_whole(title)) {
        let words = text(&title["job"], "words");
        assert!(!words.is_empty() && !words.contains("panicked"), "{title}");
    }
    // Whoever comes next, or watched all the while, sees nothing of it.
    let seen = watching.count();
    let whole = bring_any(&site, &seeds[0], &[("publish", "all"), ("title", "After")]);
    whole.expect(204);
    eventually("a whole film is made", VERY_LONG, || {
        let after = titles(&mut site).into_iter().find(|title| title["title"] == "After");
        if after.as_ref().is_some_and(is_whole) { Ok(()) } else { Err(format!("{after:?}")) }
    });
    eventually("pictures come", VERY_LONG, || match watching.count() {
        count if count > seen + 5 => Ok(()),
        count => Err(format!("{count}")),
    });
}
