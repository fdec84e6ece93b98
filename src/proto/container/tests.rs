use super::*;

/// A file, its bytes, its media type, its seconds, its codecs.
type Sample = (&'static str, &'static [u8], &'static str, f64, &'static [&'static str]);

const FILES: [Sample; 11] = [
    (
        "whole.mp4",
        include_bytes!("../../../tests/data/film/whole.mp4"),
        "video/mp4",
        2.0,
        &["avc1", "mp4a"],
    ),
    (
        "fragments.mp4",
        include_bytes!("../../../tests/data/film/fragments.mp4"),
        "video/mp4",
        2.0,
        &["avc1", "mp4a"],
    ),
    (
        "sound.m4a",
        include_bytes!("../../../tests/data/film/sound.m4a"),
        "audio/mp4",
        2.0,
        &["mp4a"],
    ),
    (
        "whole.webm",
        include_bytes!("../../../tests/data/film/whole.webm"),
        "video/webm",
        2.0,
        &["V_VP8", "A_OPUS"],
    ),
    (
        "live.webm",
        include_bytes!("../../../tests/data/film/live.webm"),
        "video/webm",
        2.0,
        &["V_VP8", "A_OPUS"],
    ),
    (
        "sound.ogg",
        include_bytes!("../../../tests/data/film/sound.ogg"),
        "audio/ogg",
        2.0,
        &["vorbis"],
    ),
    (
        "sound.opus",
        include_bytes!("../../../tests/data/film/sound.opus"),
        "audio/ogg",
        2.0,
        &["opus"],
    ),
    (
        "pictures.ogv",
        include_bytes!("../../../tests/data/film/pictures.ogv"),
        "video/ogg",
        2.0,
        &["theora"],
    ),
    (
        "variable.mp3",
        include_bytes!("../../../tests/data/film/variable.mp3"),
        "audio/mpeg",
        2.0,
        &["mp3"],
    ),
    ("even.mp3", include_bytes!("../../../tests/data/film/even.mp3"), "audio/mpeg", 2.0, &["mp3"]),
    ("bare.mp3", include_bytes!("../../../tests/data/film/bare.mp3"), "audio/mpeg", 2.0, &["mp3"]),
];

fn of(bytes: &[u8]) -> Option<About> {
    about(&mut &bytes[..])
}

#[test]
fn what_ffmpeg_wrote_is_known_and_how_long_it_plays() {
    for (file, bytes, media_type, seconds, codecs) in FILES {
        let about = of(bytes).unwrap_or_else(|| panic!("{file} is known"));
        let lasts = about.duration.unwrap_or_default().as_secs_f64();
        // A coder adds some of its own at either end.
        assert!((lasts - seconds).abs() < 0.25, "{file}: {lasts}");
        assert_eq!(
            (about.media_type(), about.codecs),
            (media_type, codecs.iter().map(|codec| (*codec).to_owned()).collect::<Vec<_>>()),
            "{file}"
        );
    }
}

/// What is cut off may be shorter, and never longer than it was.
#[test]
fn a_file_that_breaks_off_anywhere_is_read_as_far_as_it_goes() {
    for (file, bytes, ..) in FILES {
        let whole = of(bytes).expect("it is known");
        for cut in 0..bytes.len() {
            let Some(about) = of(&bytes[..cut]) else { continue };
            assert_eq!(about.container, whole.container, "{file} cut at {cut}");
            let most = whole.duration.map(|lasts| lasts + Duration::from_millis(200));
            assert!(about.duration <= most, "{file} cut at {cut}: {:?}", about.duration);
        }
    }
}

/// The damage is random but the same in each run.
#[test]
fn damage_is_borne() {
    let mut seed: u32 = 1;
    let mut dice = |sides: usize| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as usize % sides
    };
    for (file, bytes, ..) in FILES {
        for _ in 0..3000 {
            let mut broken = bytes.to_vec();
            for _ in 0..=dice(8) {
                // Heads are where it hurts.
                let span = if dice(2) == 0 { broken.len() } else { broken.len().min(800) };
                let at = dice(span);
                broken[at] = [0, 1, 0x7f, 0x80, 0xff, dice(256) as u8][dice(6)];
            }
            if let Some(About { duration: Some(lasts), codecs, .. }) = of(&broken) {
                assert!(lasts < Duration::from_secs(32 * 24 * 3600), "{file}: {lasts:?}");
                assert!(codecs.len() <= MOST_TRACKS, "{file}");
            }
        }
    }
}

#[test]
fn what_is_no_film_is_none() {
    for bytes in [&b""[..], b"short", b"\xff\xd8\xff\xe0 a picture, say", b"OggS but nothing else"]
    {
        assert_eq!(of(bytes), None);
    }
    assert_eq!(of(include_bytes!("../../../tests/data/clip/ffmpeg.avi")), None);
    let matroska = of(include_bytes!("../../../tests/data/clip/h264.mkv")).expect("it is known");
    assert_eq!(matroska.media_type(), "video/x-matroska");
}

/// A file may claim a length of its own for each box: the walk ends all the same.
#[test]
fn boxes_without_end_are_not_walked_for_ever() {
    let mut many = b"\0\0\0\x08ftyp".to_vec();
    many.extend(b"\0\0\0\x08free".repeat(300_000));
    many.extend(b"\0\0\0\x08moov");
    assert_eq!(of(&many), None);
    let nested: Vec<u8> = b"\0\0\0\0moov".repeat(10_000);
    assert!(of(&nested).is_some_and(|about| about.duration.is_none()));
}
