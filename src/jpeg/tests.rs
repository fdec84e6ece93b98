//! Tests of the marker walker on JPEGs that Pillow (libjpeg-turbo) and ffmpeg wrote.

use super::annex_k::{HUFFMAN_TABLES, LUMA_TABLE, scaled};
use super::marker::{SOF0, SOI, SOS};
use super::*;

const BASELINE_420: &[u8] = include_bytes!("../../tests/data/jpeg/420.jpg");
const BASELINE_422: &[u8] = include_bytes!("../../tests/data/jpeg/422.jpg");
const BASELINE_444: &[u8] = include_bytes!("../../tests/data/jpeg/444.jpg");
const GRAY: &[u8] = include_bytes!("../../tests/data/jpeg/gray.jpg");
const PROGRESSIVE: &[u8] = include_bytes!("../../tests/data/jpeg/progressive.jpg");
const RESTART: &[u8] = include_bytes!("../../tests/data/jpeg/restart.jpg");
/// Has a JPEG in APP1, an EOI in COM, and fill bytes before a marker.
const THUMBNAIL: &[u8] = include_bytes!("../../tests/data/jpeg/thumbnail.jpg");
/// 420.jpg without its DHT segments.
const NO_DHT: &[u8] = include_bytes!("../../tests/data/jpeg/no_dht.jpg");
const CMYK: &[u8] = include_bytes!("../../tests/data/jpeg/cmyk.jpg");
const FFMPEG: &[u8] = include_bytes!("../../tests/data/jpeg/ffmpeg.jpg");

const WHOLE: [&[u8]; 9] = [
    BASELINE_420,
    BASELINE_422,
    BASELINE_444,
    GRAY,
    PROGRESSIVE,
    RESTART,
    THUMBNAIL,
    NO_DHT,
    FFMPEG,
];

#[test]
fn headers_say_what_the_encoder_was_asked_for() {
    let expected = [
        (BASELINE_420, 75, Chroma::Yuv420, false, 0),
        (BASELINE_422, 50, Chroma::Yuv422, false, 0),
        (BASELINE_444, 90, Chroma::Yuv444, false, 0),
        (GRAY, 20, Chroma::Gray, false, 0),
        (PROGRESSIVE, 80, Chroma::Yuv420, true, 0),
        (RESTART, 60, Chroma::Yuv420, false, 1),
        (THUMBNAIL, 75, Chroma::Yuv420, false, 0),
        (NO_DHT, 75, Chroma::Yuv420, false, 0),
    ];
    for (index, (bytes, percent, chroma, progressive, restart_interval)) in
        expected.into_iter().enumerate()
    {
        let info = info(bytes).unwrap();
        assert_eq!(info.length, bytes.len(), "picture {index}");
        assert_eq!(info.size, Size { width: 48, height: 32 }, "picture {index}");
        assert_eq!(info.quality.percent(), percent, "picture {index}");
        assert_eq!(info.chroma, Some(chroma), "picture {index}");
        assert_eq!(info.process == Process::Progressive, progressive, "picture {index}");
        assert_eq!(info.restart_interval, restart_interval, "picture {index}");
        assert_eq!(bytes[info.scan..info.scan + 2], [0xFF, SOS], "picture {index}");
    }
}

#[test]
fn whole_picture_stays_byte_for_byte() {
    for bytes in WHOLE.into_iter().filter(|bytes| *bytes != NO_DHT) {
        assert_eq!(&*complete(bytes).unwrap().bytes, bytes);
    }
}

#[test]
fn what_follows_the_eoi_is_cut() {
    for tail in [&[0; 7][..], BASELINE_420, &[0xFF, 0xD9]] {
        let bytes = [RESTART, tail].concat();
        assert_eq!(&*complete(&bytes).unwrap().bytes, RESTART);
        assert_eq!(length(&bytes), Ok(Some(RESTART.len())));
    }
}

#[test]
fn missing_huffman_tables_are_put_before_the_scan() {
    let jpeg = complete(NO_DHT).unwrap();
    let scan = info(NO_DHT).unwrap().scan;
    let (head, rest) = jpeg.bytes.split_at(scan);
    assert_eq!(head, &NO_DHT[..scan]);
    assert_eq!(rest.strip_prefix(HUFFMAN_TABLES).unwrap(), &NO_DHT[scan..]);
    let decoded =
        |bytes: &[u8]| turbojpeg::decompress(bytes, turbojpeg::PixelFormat::RGB).unwrap().pixels;
    assert!(decoded(&jpeg.bytes) == decoded(BASELINE_420));
    assert_eq!(complete(&jpeg.bytes).unwrap().bytes, jpeg.bytes);
}

#[test]
fn cut_at_every_byte_is_early_and_never_a_picture() {
    for bytes in WHOLE {
        let mut walker = Walker::new();
        for cut in 0..bytes.len() {
            assert_eq!(length(&bytes[..cut]), Ok(None), "cut at {cut}");
            assert_eq!(walker.advance(&bytes[..cut]), Ok(None), "cut at {cut}");
            assert_eq!(complete(&bytes[..cut]).map_err(|e| e.offset).err(), Some(cut));
        }
        assert_eq!(walker.advance(bytes), Ok(Some(bytes.len())));
        assert_eq!(walker.advance(bytes), Ok(Some(bytes.len())));
    }
}

#[test]
fn picture_that_breaks_off_into_the_next_one_says_where_that_starts() {
    for cut in [2, BASELINE_420.len() - 9] {
        let bytes = [&BASELINE_420[..cut], BASELINE_420].concat();
        assert_eq!(length(&bytes).map_err(|e| e.offset), Err(cut));
    }
}

#[test]
fn sorts_that_clients_do_not_share_are_refused() {
    assert_eq!(complete(CMYK).unwrap_err().rule, "B.2.2: 1 or 3 components");
    let frame = BASELINE_420.windows(2).position(|pair| pair == [0xFF, SOF0]).unwrap();
    for (place, value, rule) in [
        (1, 0xC3, "B.2.2: Huffman-coded DCT (SOF0, SOF1, SOF2)"),
        (1, 0xC9, "B.2.2: Huffman-coded DCT (SOF0, SOF1, SOF2)"),
        (1, 0xE1, "B.2.2: a frame header before the scan"),
        (4, 12, "B.2.2: 8 bits a sample"),
        (5, 0x41, "B.2.2: sides of 1 to 16384"),
        (6, 0, "B.2.2: sides of 1 to 16384"),
        (9, 2, "B.2.2: 3 bytes for each component"),
        (11, 0x02, "B.2.2: sampling factors of 1 to 4, tables 0 to 3"),
        (12, 3, "B.2.4.1: luma's DQT before the scan"),
    ] {
        let mut bytes = BASELINE_420.to_vec();
        bytes[frame + place] = value;
        assert_eq!(complete(&bytes).map(|_| ()).map_err(|e| e.rule), Err(rule), "{value:#x}");
    }
}

#[test]
fn side_of_16384_is_the_last_allowed() {
    let frame = BASELINE_420.windows(2).position(|pair| pair == [0xFF, SOF0]).unwrap();
    let mut bytes = BASELINE_420.to_vec();
    bytes[frame + 7..frame + 9].copy_from_slice(&16384_u16.to_be_bytes());
    assert_eq!(info(&bytes).unwrap().size.width, 16384);
    bytes[frame + 7..frame + 9].copy_from_slice(&16385_u16.to_be_bytes());
    assert_eq!(info(&bytes).unwrap_err().offset, frame + 5);
}

#[test]
fn no_start_is_told_from_an_early_end() {
    assert_eq!(length(b""), Ok(None));
    assert_eq!(length(b"\xFF"), Ok(None));
    assert_eq!(length(b"\xFF\xD9").map_err(|e| e.offset), Err(0));
    assert_eq!(length(b"GIF89a").map_err(|e| e.offset), Err(0));
    assert_eq!(complete(b"\xFF\xD8\xFF\xD9").unwrap_err().offset, 2);
}

#[test]
fn standard_table_at_each_quality_is_known_again() {
    for percent in 1..=100 {
        let wanted = Quality::new(percent).unwrap();
        let table = LUMA_TABLE.map(|base| scaled(base, percent));
        assert_eq!(quality::closest(&table), wanted);
    }
}

#[test]
fn quality_of_libjpeg_is_known_again() {
    let pixels = [127; 8 * 8];
    let image = turbojpeg::Image {
        pixels: &pixels[..],
        width: 8,
        pitch: 8,
        height: 8,
        format: turbojpeg::PixelFormat::GRAY,
    };
    for percent in 1..=100_u8 {
        let bytes = turbojpeg::compress(image, percent.into(), turbojpeg::Subsamp::Gray).unwrap();
        assert_eq!(complete(&bytes).unwrap().quality, Quality::new(percent));
    }
}

#[test]
fn damaged_pictures_never_panic() {
    let mut state = 1_u64;
    let mut random = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize
    };
    for round in 0..20_000 {
        let mut bytes = WHOLE[round % WHOLE.len()].to_vec();
        for _ in 0..1 + random() % 8 {
            let place = random() % bytes.len();
            bytes[place] = if random() % 3 == 0 { 0xFF } else { random() as u8 };
        }
        bytes.truncate(random() % (2 * bytes.len()));
        let whole = length(&bytes);
        if let Ok(jpeg) = complete(&bytes) {
            assert!(matches!(whole, Ok(Some(length)) if length <= jpeg.bytes.len()));
            assert!(complete(&jpeg.bytes).is_ok());
        }
    }
    for _ in 0..2_000 {
        let noise: Vec<u8> = (0..random() % 300).map(|_| random() as u8).collect();
        let bytes = [&SOI[..], &noise].concat();
        let _ = complete(&bytes);
    }
}

#[test]
fn what_was_mended_needs_no_mending_and_can_be_cleaned() {
    let mut state = 7_u64;
    let mut random = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize
    };
    let mut mended_so_far = 0;
    for round in 0..20_000 {
        let mut bytes = WHOLE[round % WHOLE.len()].to_vec();
        for _ in 0..1 + random() % 4 {
            let place = random() % bytes.len();
            match random() % 4 {
                0 => bytes.insert(place, 0xFF),
                1 => drop(bytes.remove(place)),
                2 => bytes.truncate(place.max(2)),
                _ => bytes[place] = random() as u8,
            }
        }
        let Ok(mended) = mend(&bytes) else { continue };
        mended_so_far += 1;
        let again = mend(&mended.jpeg.bytes).unwrap();
        assert_eq!(again.jpeg.bytes, mended.jpeg.bytes, "round {round}");
        assert!(!again.ended_early, "round {round}");
        let clean = clean(&mended.jpeg.bytes).unwrap();
        let info = mend(&clean).unwrap().info;
        assert_eq!((info.size, info.colours), (again.info.size, again.info.colours));
        assert_eq!(info.scans, again.info.scans, "round {round}");
    }
    assert!(mended_so_far > 5_000, "{mended_so_far}");
}

#[test]
fn stray_bytes_between_segments_end_somewhere() {
    let noisy =
        |count: usize| [&BASELINE_420[..2], &vec![b'x'; count], &BASELINE_420[2..]].concat();
    assert_eq!(length(&noisy(1000)), Ok(Some(BASELINE_420.len() + 1000)));
    assert_eq!(length(&noisy(64 << 10)), Ok(Some(BASELINE_420.len() + (64 << 10))));
    assert_eq!(length(&noisy(1 << 20)).map_err(|e| e.rule), Err("B.1.1.2: a marker is 0xFF.."));
    let mut walker = Walker::new();
    let noisy = noisy(5000);
    for cut in 0..noisy.len() {
        assert_eq!(walker.advance(&noisy[..cut]), Ok(None), "cut at {cut}");
    }
    assert_eq!(walker.advance(&noisy), Ok(Some(noisy.len())));
}
