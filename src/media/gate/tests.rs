//! Tests of what passes the gate, and that it shows the same wherever it is sent.

use turbojpeg::PixelFormat;

use super::*;
use crate::media::fit::{Fit, Fitter};
use crate::media::frame::{Orientation, Picture, Size};
use crate::media::raw::Raw;

macro_rules! data {
    ($name:literal) => {
        include_bytes!(concat!("../../../tests/data/jpeg/", $name))
    };
}

const BASELINE: &[u8] = data!("420.jpg");
const RESTART: &[u8] = data!("restart.jpg");
const PROGRESSIVE: &[u8] = data!("progressive.jpg");
const UNEQUAL: &[u8] = data!("unequal.jpg");

/// All show the same: red, blue, green and yellow quarters, as cjpeg and `ImageMagick` wrote them.
/// Those that are not shared by all decoders are last.
const KINDS: [(&str, &[u8]); 16] = [
    ("4:1:1", data!("411.jpg")),
    ("4:4:1", data!("441.jpg")),
    ("4:1:0", data!("410.jpg")),
    ("unequal chroma", UNEQUAL),
    ("chroma finer than luma", data!("chroma-finer.jpg")),
    ("three to one", data!("3x1.jpg")),
    ("RGB", data!("rgb.jpg")),
    ("4:1:1 with restarts", data!("411-restart.jpg")),
    ("three scans", data!("multiscan.jpg")),
    ("turned", data!("turned.jpg")),
    ("RGB by its identifiers", data!("rgb-ids.jpg")),
    ("gray with factors", data!("gray22.jpg")),
    ("arithmetic", data!("arithmetic.jpg")),
    ("12 bits", data!("12bit.jpg")),
    ("lossless", data!("lossless.jpg")),
    ("YCCK", data!("ycck.jpg")),
];
const SHARED: usize = 12;

/// Red, green and blue in the middle of each quarter of an upright picture.
fn quarters(jpeg: &[u8]) -> [[u8; 3]; 4] {
    let image = turbojpeg::decompress(jpeg, PixelFormat::RGB).unwrap();
    [(1, 1), (3, 1), (1, 3), (3, 3)].map(|(x, y)| {
        let at = image.height * y / 4 * image.pitch + image.width * x / 4 * 3;
        [0, 1, 2].map(|component| image.pixels[at + component])
    })
}

/// The mean of all red, of all green and of all blue.
fn means(jpeg: &[u8]) -> [f64; 3] {
    let pixels = turbojpeg::decompress(jpeg, PixelFormat::RGB).unwrap().pixels;
    [0, 1, 2].map(|component| {
        let of_it = pixels.iter().skip(component).step_by(3);
        of_it.map(|sample| f64::from(*sample)).sum::<f64>() / (pixels.len() / 3) as f64
    })
}

fn assert_shows(jpeg: &[u8], gray: bool, within: u8, what: &str) {
    let colours = [[200, 40, 40], [40, 60, 200], [40, 170, 60], [220, 200, 60]];
    let shown = quarters(jpeg);
    for (wanted, found) in colours.iter().zip(shown) {
        let [r, g, b] = wanted.map(u32::from);
        let luma = ((r * 299 + g * 587 + b * 114) / 1000) as u8;
        let wanted = if gray { [luma; 3] } else { *wanted };
        let off = wanted.iter().zip(found).map(|(a, b)| a.abs_diff(b)).max();
        assert!(off <= Some(within), "{what}: {shown:?}");
    }
}

fn upright(jpeg: &Jpeg) -> bool {
    jpeg.orientation == Orientation::UPRIGHT
}

#[test]
fn every_kind_shows_its_colours_at_every_level_and_over_rtp() {
    let (mut decoder, mut encoder) = (Decoder::new().unwrap(), Encoder::new().unwrap());
    let mut fitter = Fitter::new().unwrap();
    for (place, (kind, bytes)) in KINDS.iter().enumerate() {
        let (jpeg, gray) = (take(bytes).expect(kind), kind.starts_with("gray"));
        assert_eq!(*jpeg.bytes == **bytes, place < SHARED, "{kind}");
        assert_eq!(jpeg.size, Size { width: 50, height: 38 }, "{kind}");
        let picture = Picture::Jpeg(jpeg.clone());
        let raw = Raw::of(&picture, &mut decoder).expect(kind);
        for percent in [50, 80, 95] {
            let level = raw.encode(Quality::new(percent).unwrap(), &mut encoder).unwrap();
            let level = take(&level).unwrap();
            let what = format!("{kind} at {percent}");
            assert_eq!((level.orientation, level.size), (jpeg.orientation, jpeg.size), "{what}");
            if upright(&level) {
                assert_shows(&level.bytes, gray, if percent < 90 { 26 } else { 18 }, &what);
            }
        }
        let rtp = fitter.fit_rtp(&picture, ANEW).expect(kind);
        assert_shows(&rtp.bytes, gray, 18, &format!("{kind} over RTP"));
        let lab = fitter.fit_bytes(&picture, ANEW, 20_000, &mut Fit::default()).expect(kind);
        assert_shows(&lab, gray, 18, &format!("{kind} in a datagram"));
        for sent in [rtp.bytes, lab] {
            assert!(jpeg::info(&sent).unwrap().is_plain(), "{kind}");
        }
    }
}

#[test]
fn quantization_tables_of_16_bits_are_passed_and_made_levels_of() {
    let coarse: &[u8] = data!("q16.jpg");
    let jpeg = take(coarse).unwrap();
    assert_eq!(*jpeg.bytes, *coarse);
    let sent = Fitter::new().unwrap().fit_rtp(&Picture::Jpeg(jpeg), ANEW).unwrap();
    for (wanted, found) in
        quarters(coarse).iter().flatten().zip(quarters(&sent.bytes).iter().flatten())
    {
        // What RTP carries is padded, so that its quarters lie a little to the side.
        assert!(wanted.abs_diff(*found) < 40, "{wanted} and {found}");
    }
}

#[test]
fn what_has_only_lost_its_eoi_is_completed_and_what_has_lost_more_is_not() {
    for bytes in [BASELINE, RESTART, PROGRESSIVE, UNEQUAL] {
        for cut in 1..=2 {
            let jpeg = take(&bytes[..bytes.len() - cut]).unwrap();
            assert_eq!(*jpeg.bytes, *bytes, "{cut} bytes less");
        }
        let half = bytes.len() - (bytes.len() - jpeg::info(bytes).unwrap().scan) / 2;
        // A progressive one is whole after each scan.
        assert!(take(&bytes[..half]).is_err() || bytes == PROGRESSIVE);
        for cut in 0..jpeg::info(bytes).unwrap().scan + 9 {
            assert!(take(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        // Another follows where the EOI should be.
        let two = [&bytes[..bytes.len() - 2], BASELINE].concat();
        assert_eq!(*take(&two).unwrap().bytes, *bytes);
    }
}

#[test]
fn foreign_bytes_around_it_are_cut() {
    let fronts: [&[u8]; 6] =
        [b"\r\n", b"--frame\r\n\r\n", &[0; 70_000], &[0xFF], &[0xFF, 0xD8], &[0xD8, 0xFF, 0, 0xFF]];
    for front in fronts {
        for bytes in [BASELINE, PROGRESSIVE] {
            let jpeg = take(&[front, bytes, b"\r\n--frame"].concat()).unwrap();
            assert_eq!(*jpeg.bytes, *bytes, "{} bytes in front", front.len());
        }
    }
}

/// Puts bytes before the marker of a segment.
fn before(bytes: &[u8], marker: u8, more: &[u8]) -> Vec<u8> {
    let at = bytes.windows(2).position(|pair| pair == [0xFF, marker]).unwrap();
    [&bytes[..at], more, &bytes[at..]].concat()
}

fn pixels_of(jpeg: &[u8]) -> Vec<u8> {
    Decoder::new().unwrap().decode(jpeg).unwrap().samples
}

#[test]
fn colours_are_those_that_libjpeg_takes_them_for_whatever_the_segments_say() {
    const JFIF: &[u8] = b"\xFF\xE0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0";
    let short_jfif: &[u8] = b"\xFF\xE0\0\x0FJFIF\0\x01\x01\0\0\x01\0\x01\0";
    let adobe = |transform: u8| [&b"\xFF\xEE\0\x0EAdobe\0\x64\0\0\0\0"[..], &[transform]].concat();
    let [rgb, one, two, odd] = [0, 1, 2, 77].map(adobe);
    let (mut decoder, mut encoder) = (Decoder::new().unwrap(), Encoder::new().unwrap());
    let mut fitter = Fitter::new().unwrap();
    let plain = jpeg::clean(data!("444.jpg")).unwrap();
    // Without its JFIF.
    let numbered = [&plain[..2], &plain[20..]].concat();
    for source in [&numbered, &data!("rgb-ids.jpg").to_vec()] {
        for segments in [
            &[][..],
            &[JFIF],
            &[short_jfif],
            &[&rgb],
            &[&one],
            &[&two],
            &[&odd],
            &[JFIF, &rgb],
            &[&rgb, JFIF],
            &[&rgb, &one],
            &[&one, &rgb],
        ] {
            let bytes = [&source[..2], &segments.concat(), &source[2..]].concat();
            let jpeg = take(&bytes).unwrap();
            let clean = jpeg::clean(&bytes).unwrap();
            // Of a transform that it does not know, it warns, and turbojpeg stops there.
            let judged = turbojpeg::read_header(&bytes).map_or(&clean, |_| &bytes);
            let wanted = means(judged);
            let picture = Picture::Jpeg(jpeg);
            let raw = Raw::of(&picture, &mut decoder).unwrap();
            let level = raw.encode(ANEW, &mut encoder).unwrap();
            let planes = encoder.encode(&decoder.decode(&bytes).unwrap(), ANEW).unwrap();
            let sent = fitter.fit_rtp(&picture, ANEW).unwrap().bytes;
            for (what, made) in [("level", level), ("planes", planes), ("RTP", sent)] {
                let made = means(&made);
                let off = wanted.iter().zip(made).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
                assert!(off < 9.0, "{what} of {segments:02x?}: {made:?}, not {wanted:?}");
            }
        }
    }
}

#[test]
fn what_libjpeg_bears_between_segments_is_passed_byte_for_byte() {
    let wanted = pixels_of(BASELINE);
    let mut decoder = Decoder::new().unwrap();
    for marker in [0xDB, 0xC0, 0xC4, 0xDA, 0xD9] {
        for more in [
            &[0xFF; 9][..],
            &[0xFF, 0x00],
            &[0xFF, 0xD3],
            &[0xFF, 0x01],
            b"noise",
            &[0xFF, 0xE4, 0, 0],
            &[0xFF, 0xEE, 0, 14, b'A', b'd', b'o', b'b', b'e', 0, 0, 0, 0, 0, 0, 9],
        ] {
            let bytes = before(BASELINE, marker, more);
            let jpeg = take(&bytes).unwrap_or_else(|broken| panic!("{more:?}: {broken}"));
            assert_eq!(*jpeg.bytes, *bytes, "{more:?}");
            assert_eq!(pixels_of(&bytes), wanted, "{more:?} before {marker:#x}");
            // Every level can be made of it.
            Raw::of(&Picture::Jpeg(jpeg), &mut decoder).unwrap();
        }
    }
}

#[test]
fn doubled_markers_are_mended_and_encoded_anew() {
    for bytes in [BASELINE, PROGRESSIVE] {
        let wanted = pixels_of(bytes);
        for marker in [0xDB, 0xC4, 0xDA] {
            let twice = before(bytes, marker, &[0xFF, marker]);
            let jpeg = take(&twice).unwrap();
            assert_ne!(*jpeg.bytes, *twice);
            let shown = pixels_of(&jpeg.bytes);
            let off: u64 = wanted.iter().zip(&shown).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
            assert!(off / (wanted.len() as u64) < 4, "{marker:#x}");
        }
    }
}

#[test]
fn restart_markers_out_of_order_are_passed_on_as_libjpeg_bears_them() {
    let mut bytes = RESTART.to_vec();
    let markers: Vec<usize> = (jpeg::info(RESTART).unwrap().scan..bytes.len() - 1)
        .filter(|&at| bytes[at] == 0xFF && (0xD0..=0xD7).contains(&bytes[at + 1]))
        .collect();
    bytes.swap(markers[0] + 1, markers[2] + 1);
    assert_eq!(*take(&bytes).unwrap().bytes, *bytes);
}

/// What a decoder says that was not asked before.
fn refusal(jpeg: &[u8]) -> Option<String> {
    try_out(jpeg, false, &mut Vec::new()).err().map(|failed| failed.0)
}

#[test]
fn of_ten_thousand_mutations_none_is_passed_on_that_libjpeg_cannot_decode() {
    let seeds: Vec<&[u8]> = [
        BASELINE,
        RESTART,
        PROGRESSIVE,
        data!("422.jpg"),
        data!("444.jpg"),
        data!("gray.jpg"),
        data!("ffmpeg.jpg"),
        data!("thumbnail.jpg"),
        data!("no_dht.jpg"),
    ]
    .into_iter()
    .chain(KINDS.iter().map(|(_, bytes)| *bytes))
    .collect();
    let mut random = Random(1);
    let (mut decoder, mut encoder) = (Decoder::new().unwrap(), Encoder::new().unwrap());
    let mut fitter = Fitter::new().unwrap();
    let (mut passed, mut refused) = (0, 0);
    for round in 0..10_000 {
        let seed = seeds[round % seeds.len()];
        let mutated = mutated(seed, &seeds, &mut random);
        match take(&mutated) {
            Ok(jpeg) => {
                passed += 1;
                assert_eq!(refusal(&jpeg.bytes), None, "round {round}: {mutated:02x?}");
                // And what is passed on can be made into every level, and sent to players.
                let picture = Picture::Jpeg(jpeg);
                let raw = Raw::of(&picture, &mut decoder).expect("it was tried");
                let level = raw.encode(Quality::new(50).unwrap(), &mut encoder).unwrap();
                assert_eq!(refusal(&level), None, "round {round} at a level");
                let sent = fitter.fit_rtp(&picture, ANEW).expect("it was tried");
                assert_eq!(refusal(&sent.bytes), None, "round {round} over RTP");
            }
            Err(_) => refused += 1,
        }
    }
    // Neither says nothing.
    assert!(passed > 2000 && refused > 2000, "{passed} passed, {refused} refused");
}

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) as usize % limit.max(1)
    }
}

/// Flipped bytes, in the headers most of all; pieces cut, doubled or taken from another file.
fn mutated(seed: &[u8], all: &[&[u8]], random: &mut Random) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    let headers = memchr::memmem::find(seed, &[0xFF, 0xDA]).unwrap_or(seed.len()) + 14;
    for _ in 0..1 + random.below(3) {
        let within = if random.below(3) == 0 { bytes.len() } else { headers.min(bytes.len()) };
        let at = random.below(within);
        match random.below(8) {
            0 => bytes.truncate(at.max(2)),
            1 => drop(bytes.splice(at..(at + random.below(40)).min(bytes.len()), [])),
            2 => {
                let piece = bytes[at..(at + random.below(80)).min(bytes.len())].to_vec();
                bytes.splice(at..at, piece);
            }
            3 => {
                let other = all[random.below(all.len())];
                let from = random.below(other.len());
                let piece = &other[from..(from + random.below(200)).min(other.len())];
                bytes.splice(at..(at + piece.len()).min(bytes.len()), piece.iter().copied());
            }
            4 => bytes[at] ^= 1 << random.below(8),
            5 => bytes[at] = 0xFF,
            _ => bytes[at] = random.below(256) as u8,
        }
        if bytes.len() < 4 {
            break;
        }
    }
    bytes
}

/// A JPEG that states another size.
fn sized(jpeg: &[u8], side: u16) -> Vec<u8> {
    let mut bytes = jpeg.to_vec();
    let frame = bytes.windows(2).position(|pair| {
        pair[0] == 0xFF && (0xC0..=0xCB).contains(&pair[1]) && ![0xC4, 0xC8].contains(&pair[1])
    });
    let at = frame.unwrap() + 5;
    bytes[at..at + 2].copy_from_slice(&side.to_be_bytes());
    bytes[at + 2..at + 4].copy_from_slice(&side.to_be_bytes());
    bytes
}

#[test]
fn few_bytes_that_state_a_huge_size_are_refused_before_anything_is_decoded() {
    for (kind, bytes) in KINDS {
        assert!(take(&sized(bytes, 16384)).is_err(), "{kind}");
    }
    // With as many bytes as it might have, it is decoded at an eighth of its size.
    let long = [&sized(BASELINE, 8192)[..], &[0; 1]].concat();
    let comments = [&[0xFF, 0xFE, 0xFF, 0xFF][..], &[b'x'; 0xFFFD]].concat().repeat(3);
    assert!(take(&[&long[..2], &comments, &long[2..]].concat()).is_ok());
}

#[test]
fn headers_that_were_seen_are_known_and_a_comment_makes_no_new_ones() {
    let mut gate = Gate::new().unwrap();
    let named = |number: u8| before(BASELINE, 0xDB, &[0xFF, 0xFE, 0, 3, number]);
    for number in 0..200 {
        gate.pass(jpeg::mend(&named(number)).unwrap()).unwrap();
    }
    assert_eq!(gate.known.len(), 1);
    for step in 1..200 {
        let table = [&[0xFF, 0xDB, 0, 67, 3][..], &[step; 64]].concat();
        gate.pass(jpeg::mend(&before(BASELINE, 0xDB, &table)).unwrap()).unwrap();
    }
    assert_eq!(gate.known.len(), MAX_KNOWN, "and no more are kept");
}

#[test]
fn about_one_picture_in_sixteen_is_a_sample_and_always_is() {
    let mut random = Random(5);
    let pictures: Vec<Vec<u8>> =
        (0..8000).map(|_| (0..100).map(|_| random.below(256) as u8).collect()).collect();
    let samples = || pictures.iter().filter(|picture| is_sample(picture)).count();
    assert!((400..=600).contains(&samples()), "{}", samples());
    assert_eq!(samples(), samples());
}
