//! Tests of the forms, on clips built here and on some that ffmpeg wrote.

use std::io::{Cursor, Seek, SeekFrom, Write};
use std::time::{Duration, Instant};

use super::*;
use crate::base::scratch::Scratch;
use crate::media::frame::{Picture, Size};
use crate::source::reel::MAX_PICTURE_BYTES;

const SMALL: &[u8] = include_bytes!("../../../tests/data/jpeg/gray.jpg");
const NO_DHT: &[u8] = include_bytes!("../../../tests/data/jpeg/no_dht.jpg");
const LARGE: &[u8] = include_bytes!("../../../tests/data/jpeg/ffmpeg.jpg");
const CMYK: &[u8] = include_bytes!("../../../tests/data/jpeg/cmyk.jpg");
const FFMPEG_AVI: &[u8] = include_bytes!("../../../tests/data/clip/ffmpeg.avi");
const MOV: &[u8] = include_bytes!("../../../tests/data/clip/ffmpeg.mov");
const MP4: &[u8] = include_bytes!("../../../tests/data/clip/ffmpeg.mp4");
const MKV: &[u8] = include_bytes!("../../../tests/data/clip/ffmpeg.mkv");
const MPJPEG: &[u8] = include_bytes!("../../../tests/data/clip/ffmpeg.mpjpeg");
const H264_MKV: &[u8] = include_bytes!("../../../tests/data/clip/h264.mkv");
const MPEG4_AVI: &[u8] = include_bytes!("../../../tests/data/clip/mpeg4.avi");

const WISH: Wish = Wish { size: Size { width: 9, height: 9 }, fps: 500.0 };

/// What a whole clip gives: a letter for each picture (Small, Large), Repeat and Broken.
fn steps(bytes: &[u8]) -> String {
    let mut window = Window::new(Cursor::new(bytes.to_vec()));
    window.need(HEAD_BYTES).unwrap();
    let mut form = Form::of(&mut window).unwrap().expect("the test's clip has a form");
    let mut steps = String::new();
    loop {
        match form.step(&mut window).unwrap() {
            Step::Picture(jpeg) => steps.push(if jpeg.size.width == 48 { 'S' } else { 'L' }),
            Step::Repeat => steps.push('r'),
            Step::Broken => steps.push('b'),
            Step::Searching => {}
            Step::End => return steps,
        }
    }
}

pub(super) fn lab(pictures: &[&[u8]]) -> Vec<u8> {
    let one = |picture: &&[u8]| [format!("{:05}", picture.len()).as_bytes(), picture].concat();
    pictures.iter().flat_map(one).collect()
}

pub(super) fn chunk(name: &[u8; 4], payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_le_bytes();
    let padding = &[0][..payload.len() % 2];
    [name, length.as_slice(), payload, padding].concat()
}

fn list(name: &[u8; 4], kind: &[u8; 4], chunks: &[Vec<u8>]) -> Vec<u8> {
    chunk(name, &[kind.as_slice(), &chunks.concat()].concat())
}

/// An AVI whose stream 0 is sound and stream 1 video at `rate / scale`.
pub(super) fn avi(period_us: u32, (rate, scale): (u32, u32), movie: &[Vec<u8>]) -> Vec<u8> {
    let header = |kind: &[u8; 4], encoding: &[u8; 4]| {
        let mut words = [0_u32; 14];
        (words[5], words[6]) = (scale, rate);
        let words: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let strh = chunk(b"strh", &[kind.as_slice(), &words[4..]].concat());
        let strf = chunk(b"strf", &[&[0; 16], encoding.as_slice(), &[0; 20]].concat());
        list(b"LIST", b"strl", &[strh, strf])
    };
    let avih = chunk(b"avih", &[period_us.to_le_bytes().as_slice(), &[0; 52]].concat());
    let streams = [header(b"auds", b"\0\0\0\0"), header(b"vids", b"MJPG")].concat();
    let hdrl = list(b"LIST", b"hdrl", &[avih, streams]);
    let junk = chunk(b"JUNK", b"00dc01dc9");
    list(b"RIFF", b"AVI ", &[hdrl, junk, list(b"LIST", b"movi", movie)])
}

/// Plays a file for so many pictures.
fn play(capture: &mut dyn Capture, pictures: usize) -> Result<usize, Trouble> {
    let mut played = 0;
    while played < pictures {
        played += usize::from(capture.next(Instant::now() + Duration::from_secs(5))?.is_some());
    }
    Ok(played)
}

#[test]
fn forms_are_told_apart_and_read() {
    assert_eq!(steps(&lab(&[SMALL, LARGE, NO_DHT])), "SLS");
    assert_eq!(steps(&[SMALL, LARGE, NO_DHT].concat()), "SLS");
    let movie = [SMALL, LARGE, NO_DHT].map(|picture| chunk(b"01dc", picture));
    assert_eq!(steps(&avi(0, (1, 1), &movie)), "SLS");
    for (name, bytes) in
        [("avi", FFMPEG_AVI), ("mov", MOV), ("mp4", MP4), ("mkv", MKV), ("mpjpeg", MPJPEG)]
    {
        assert_eq!(steps(bytes), "LLLLLL", "{name}");
    }
}

#[test]
fn containers_give_their_pictures_byte_for_byte() {
    let scratch = Scratch::folder();
    for (name, bytes) in [("mov", MOV), ("mp4", MP4), ("mkv", MKV), ("mpjpeg", MPJPEG)] {
        let mut reel = FileReel::open(&scratch.write(name, bytes)).unwrap();
        for _ in 0..100 {
            match reel.step().unwrap() {
                Step::Picture(jpeg) => {
                    let place = memchr::memmem::find(bytes, &jpeg.bytes);
                    assert!(place.is_some(), "{name}: a picture that is not in the file");
                }
                Step::End => break,
                Step::Searching => {}
                step => panic!("{name}: {step:?}"),
            }
        }
    }
}

#[test]
fn interlaced_avi_is_shown_at_its_full_height() {
    // One chunk with two fields, in a video that is said to be twice as high.
    let fields = chunk(b"01dc", &[SMALL, SMALL].concat());
    let mut bytes = avi(0, (25, 1), &[fields.clone(), fields]);
    let strf = memchr::memmem::rfind(&bytes, b"strf").unwrap() + 8;
    bytes[strf + 8..strf + 12].copy_from_slice(&(-64_i32).to_le_bytes());
    let folder = Scratch::folder();
    let clip = Clip::new(folder.write("clip", &bytes)).unwrap().open(WISH, &Clock::system());
    assert_eq!(clip.unwrap().format().size, Size { width: 48, height: 64 });
}

#[test]
fn recording_of_more_than_four_gigabytes_plays_to_its_end() {
    let folder = Scratch::folder();
    let path = folder.write("clip", &avi(0, (25, 1), &[chunk(b"01dc", SMALL)]));
    let mut file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    // Further RIFFs as OpenDML has them, in a file of holes.
    for picture in [LARGE, NO_DHT] {
        let hole = 0xC000_0000_u64;
        let end = file.seek(SeekFrom::End(0)).unwrap();
        let junk = [b"JUNK".as_slice(), &u32::try_from(hole).unwrap().to_le_bytes()].concat();
        file.write_all(&junk).unwrap();
        file.set_len(end + 8 + hole).unwrap();
        file.seek(SeekFrom::End(0)).unwrap();
        let movie = list(b"LIST", b"movi", &[chunk(b"01dc", picture)]);
        file.write_all(&list(b"RIFF", b"AVIX", &[movie])).unwrap();
    }
    let mut reel = FileReel::open(&path).unwrap();
    let mut widths = Vec::new();
    for _ in 0..100 {
        match reel.step().unwrap() {
            Step::Picture(jpeg) => widths.push(jpeg.size.width),
            Step::End => break,
            _ => {}
        }
    }
    assert_eq!(widths.len(), 3, "{widths:?}");
    let far = reel.window.position();
    assert!(far > 6 << 30, "{far}");
}

#[test]
fn avi_pictures_get_their_huffman_tables() {
    let folder = Scratch::folder();
    let path = folder.write("clip", &avi(0, (10, 1), &[chunk(b"01dc", NO_DHT)]));
    let mut capture = Clip::new(path).unwrap().open(WISH, &Clock::system()).unwrap();
    let captured = capture.next(Instant::now() + Duration::from_secs(5)).unwrap().unwrap();
    let Picture::Jpeg(jpeg) = captured.picture else { panic!("a JPEG") };
    assert!(jpeg.bytes.len() > NO_DHT.len() + 400);
}

#[test]
fn sound_indexes_and_lists_of_records_are_passed_over() {
    let movie = [
        chunk(b"ix01", &[0; 24]),
        chunk(b"00wb", SMALL),
        list(b"LIST", b"rec ", &[chunk(b"01dc", SMALL), chunk(b"00wb", &[1; 7])]),
        chunk(b"01db", LARGE),
        chunk(b"01dc", b""),
        chunk(b"02dc", SMALL),
    ];
    let index = chunk(b"idx1", &b"01dc\x10\0\0\0\0\0\0\0\0\0\0\0".repeat(3));
    let more = list(b"RIFF", b"AVIX", &[list(b"LIST", b"movi", &[chunk(b"01dc", LARGE)])]);
    assert_eq!(steps(&[avi(0, (1, 1), &movie), index, more].concat()), "SLrL");
}

#[test]
fn damage_costs_the_pictures_that_it_hits() {
    let hurt = |bytes: &[u8], at: usize, with: &[u8]| {
        let mut bytes = bytes.to_vec();
        bytes[at..at + with.len()].copy_from_slice(with);
        bytes
    };
    let plain = [SMALL, LARGE, SMALL].concat();
    let middle = SMALL.len();
    assert_eq!(steps(&hurt(&plain, middle + 4, &[0, 0])), "SLS", "libjpeg bears it");
    assert_eq!(steps(&hurt(&plain, middle + LARGE.len() - 20, &[0xFF, 2])), "SbS");
    assert_eq!(steps(&hurt(&plain, middle + LARGE.len() - 2, &[0, 0])), "SLS", "no EOI");
    assert_eq!(steps(&[SMALL, b"--frame\r\n\r\n", LARGE, &LARGE[..200]].concat()), "SLb");
    assert_eq!(steps(&[SMALL, CMYK, &LARGE[..LARGE.len() - 2]].concat()), "SSL", "no EOI");
    let lab = lab(&[SMALL, LARGE, SMALL]);
    assert_eq!(steps(&hurt(&lab, 5 + middle, b"00009")), "SbS");
    assert_eq!(steps(&hurt(&lab, 5 + middle, b"x")), "SbS");
    assert_eq!(steps(&hurt(&lab, 5 + middle + 20, &[0xFF; 90])), "SbS");
    assert_eq!(steps(&lab[..lab.len() - 1]), "SLS", "half an EOI");
    assert_eq!(steps(&lab[..lab.len() - 40]), "SLb");
    let movie = [SMALL, LARGE, SMALL].map(|picture| chunk(b"01dc", picture));
    let avi = avi(0, (1, 1), &movie);
    let second = memchr::memmem::rfind(&avi, LARGE).unwrap() - 8;
    assert_eq!(steps(&hurt(&avi, second, &[0; 8])), "SbS");
    assert_eq!(steps(&hurt(&avi, second + 4, &[0xFF; 4])), "SbS");
    assert_eq!(steps(&hurt(&avi, second + 20, &[0xFF; 90])), "SbS");
    assert_eq!(steps(&avi[..avi.len() - 5]), "SLb");
}

#[test]
fn picture_without_end_is_given_up_at_the_limit() {
    let endless = [&SMALL[..SMALL.len() - 2], &vec![0x55; MAX_PICTURE_BYTES], SMALL].concat();
    // The SOI that follows ends the search within the limit, or the limit does.
    assert_eq!(steps(&endless), "bS");
}

#[test]
fn noise_never_panics_and_always_ends() {
    let mut state = 7_u64;
    let mut random = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize
    };
    let movie = [SMALL, LARGE, NO_DHT].map(|picture| chunk(b"01dc", picture));
    let clips = [
        [SMALL, LARGE].concat(),
        lab(&[SMALL, LARGE]),
        avi(0, (1, 1), &movie),
        MOV.to_vec(),
        MP4.to_vec(),
        MKV.to_vec(),
        MPJPEG.to_vec(),
    ];
    for round in 0..2100 {
        let mut bytes = clips[round % clips.len()].clone();
        for _ in 0..1 + random() % 20 {
            let at = HEAD_BYTES + random() % (bytes.len() - HEAD_BYTES);
            bytes[at] = random() as u8;
        }
        bytes.truncate(HEAD_BYTES + random() % bytes.len());
        steps(&bytes);
    }
}

#[test]
fn avi_plays_at_its_own_rate_and_others_at_the_wished_one() {
    let folder = Scratch::folder();
    let movie = [chunk(b"01dc", SMALL)];
    for (bytes, fps) in [
        (FFMPEG_AVI.to_vec(), 12.0),
        (MOV.to_vec(), 12.0),
        (MP4.to_vec(), 12.0),
        (MPJPEG.to_vec(), 500.0),
        (avi(40_000, (30_000, 1001), &movie), 30_000.0 / 1001.0),
        (avi(40_000, (0, 0), &movie), 25.0),
        (avi(40_000, (1_000_000, 1), &movie), 25.0),
        (avi(0, (0, 1), &movie), 500.0),
        (lab(&[SMALL]), 500.0),
        (SMALL.to_vec(), 500.0),
    ] {
        let mut clip = Clip::new(folder.write("clip", &bytes)).unwrap();
        assert_eq!(clip.open(WISH, &Clock::system()).unwrap().format().fps, fps);
    }
}

#[test]
fn clip_starts_again_after_its_end() {
    let folder = Scratch::folder();
    let mut clip = Clip::new(folder.write("clip", &lab(&[SMALL, LARGE]))).unwrap();
    let mut capture = clip.open(WISH, &Clock::system()).unwrap();
    assert_eq!(capture.format().size, Size { width: 48, height: 32 });
    assert_eq!(play(&mut *capture, 7), Ok(7));
    assert_eq!((clip.name().as_str(), capture.broken()), ("clip", 0));
}

#[test]
fn what_is_no_clip_is_told_in_one_line() {
    let folder = Scratch::folder();
    for (bytes, word) in [
        (&b""[..], "is empty"),
        (b"a text, and no clip", "one after another"),
        (b"12345", "one after another"),
        (b"\x89PNG\r\n\x1A\n0000", "five digits"),
        (&LARGE[..300], "no JPEG that can be read"),
        (MPEG4_AVI, "holds FMP4, not MJPEG"),
        (H264_MKV, "holds V_MPEG4/ISO/AVC, not MJPEG"),
        (&MOV[..200], "no table of pictures"),
        (b"--\nselect 1 from pictures", "one after another"),
    ] {
        let said = Clip::new(folder.write("it", bytes)).unwrap_err().to_string();
        assert!(said.contains(word) && !said.contains('\n'), "{said}");
    }
    let said = Clip::new(folder.path().join("gone")).unwrap_err().to_string();
    assert!(said.starts_with("cannot read"), "{said}");
    let said = Clip::new(folder.path()).unwrap_err().to_string();
    assert!(said.contains("is not a file"), "{said}");
}

#[test]
fn file_that_changes_while_it_plays_does_no_harm() {
    let folder = Scratch::folder();
    let path = folder.write("clip", &lab(&[SMALL, LARGE, SMALL]));
    let mut clip = Clip::new(&path).unwrap();
    let mut capture = clip.open(WISH, &Clock::system()).unwrap();
    assert_eq!(play(&mut *capture, 2), Ok(2));
    folder.write("clip", &[LARGE, SMALL].concat());
    assert_eq!(play(&mut *capture, 9), Ok(9));
    for (bytes, code) in [
        (&b""[..], TroubleCode::Garbage),
        (b"and now a text", TroubleCode::Garbage),
        (&SMALL[..99], TroubleCode::Garbage),
    ] {
        folder.write("clip", SMALL);
        let mut capture = clip.open(WISH, &Clock::system()).unwrap();
        folder.write("clip", bytes);
        assert_eq!(play(&mut *capture, 999).unwrap_err().code, code);
        assert_eq!(clip.open(WISH, &Clock::system()).err().map(|trouble| trouble.code), Some(code));
    }
    folder.write("clip", SMALL);
    let mut capture = clip.open(WISH, &Clock::system()).unwrap();
    folder.remove("clip");
    assert_eq!(play(&mut *capture, 9).unwrap_err().code, TroubleCode::Missing);
}
