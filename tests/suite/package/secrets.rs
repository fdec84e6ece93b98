//! What of a film is encrypted, and how that is said.

use std::collections::BTreeSet;

use super::track::{boxes, find, units};
use super::{Bench, FRAGMENTS};
use crate::common::server::program;

/// The packaging platform's own example.
pub(super) const KEYS: [&str; 4] =
    ["--key", "hyN9IKGfWKdAwFaE5pm0qg", "--kid", "oW5AK5BW43HzbTSKpiu3SQ"];
pub(super) const KEY: &str = "87237d20a19f58a740c05684e699b4aa";
pub(super) const KEY_ID: &str = "a16e402b9056e371f36d348aa62bb749";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn cbcs_is_said_as_its_standard_has_it_from_the_first_picture_on() {
    let bench = Bench::new();
    let film = bench.usual("film.mp4", 9.0, FRAGMENTS);
    let packaged = bench.package(&[&film], &KEYS);
    for (name, secret, pattern) in [("video-1", "encv", 0x19), ("audio-1", "enca", 0)] {
        let track = packaged.track(name);
        assert_eq!(track.codec(), secret);
        let sinf = find(track.entry(), &["sinf"]).expect("how it is encrypted");
        let names: Vec<_> = boxes(sinf).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["frma", "schm", "schi"]);
        assert_eq!(&find(sinf, &["schm"]).expect("a scheme")[4..], b"cbcs\0\x01\0\0");
        let tenc = find(sinf, &["schi", "tenc"]).expect("defaults");
        assert_eq!((tenc[0], tenc[5], tenc[6], tenc[7], tenc[24]), (1, pattern, 1, 0, 16));
        assert_eq!(hex(&tenc[8..24]), KEY_ID);
        assert_eq!(tenc.len(), 41);
        let pssh = find(&track.init, &["moov", "pssh"]).expect("whom to ask");
        assert_eq!(hex(pssh), format!("01000000{COMMON}00000001{KEY_ID}00000000"));
        let list = packaged.text(&format!("{name}/index.m3u8"));
        let key = "#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"data:text/plain;base64,oW5AK5BW43HzbTSKpiu3SQ==\",\
                   KEYID=0xa16e402b9056e371f36d348aa62bb749,KEYFORMAT=\"org.w3.clearkey\"";
        assert!(list.contains(key), "{list}");
    }
    let video = packaged.track("video-1");
    for sample in video.samples() {
        assert!(sample.iv.is_empty());
        let secret: usize = sample.parts.iter().map(|(_, secret)| secret).sum();
        assert!(secret > 0 && sample.parts[0].0 > 5, "{:?}", sample.parts);
        units(&sample.data);
    }
    assert!(packaged.track("audio-1").samples().all(|sample| sample.parts.is_empty()));
    let mpd = packaged.mpd();
    let named = "value=\"cbcs\" cenc:default_KID=\"a16e402b-9056-e371-f36d-348aa62bb749\"";
    assert_eq!(mpd.matches(named).count(), 2, "{mpd}");
    let common =
        "<ContentProtection schemeIdUri=\"urn:uuid:1077efec-c0b2-4d02-ace3-3c1e52e2fb4b\">";
    assert_eq!(mpd.matches(common).count(), 2, "{mpd}");
}

#[test]
fn cenc_has_an_iv_for_each_sample_and_whole_blocks() {
    let bench = Bench::new();
    let film = bench.usual("film.mp4", 9.0, FRAGMENTS);
    let packaged = bench.package(&[&film], &[&KEYS[..], &["--scheme", "cenc"]].concat());
    let mut ivs = BTreeSet::new();
    let mut count = 0;
    for name in ["video-1", "audio-1"] {
        let track = packaged.track(name);
        let tenc = find(track.entry(), &["sinf", "schi", "tenc"]).expect("defaults");
        assert_eq!((tenc[0], tenc[5], tenc[6], tenc[7], tenc.len()), (0, 0, 1, 8, 24));
        for sample in track.samples() {
            ivs.insert(sample.iv.clone());
            count += 1;
            assert!(sample.parts.iter().all(|(_, secret)| secret % 16 == 0), "{:?}", sample.parts);
        }
        let list = packaged.text(&format!("{name}/index.m3u8"));
        assert!(list.contains("METHOD=SAMPLE-AES-CTR,"), "{list}");
    }
    assert_eq!(ivs.len(), count);
    assert!(ivs.iter().all(|iv| iv.len() == 8));
    // Drawn anew each time: a key may be used for many titles.
    let again = bench.package(&[&film], &[&KEYS[..], &["--scheme", "cenc"]].concat());
    assert!(again.track("video-1").samples().all(|sample| !ivs.contains(&sample.iv)));
}

#[test]
fn pictures_alone_can_be_secret() {
    let bench = Bench::new();
    let film = bench.usual("film.mp4", 5.0, FRAGMENTS);
    let packaged = bench.package(&[&film], &[&KEYS[..], &["--protect", "video"]].concat());
    assert_eq!(packaged.track("video-1").codec(), "encv");
    let sound = packaged.track("audio-1");
    assert_eq!(sound.codec(), "mp4a");
    assert!(find(&sound.init, &["moov", "pssh"]).is_none());
    assert!(!packaged.text("audio-1/index.m3u8").contains("EXT-X-KEY"));
    assert_eq!(packaged.mpd().matches("cenc:default_KID").count(), 1);
    assert_eq!(super::sounds(&packaged.manifests()[1]), super::sounds(film.as_ref()));
}

#[test]
fn keys_that_are_none_are_bad_usage() {
    for (options, word) in [
        (&["--key", "abc", "--kid", KEY_ID][..], "32 hexadecimal digits"),
        (&["--key", KEY], "--kid"),
        (&["--kid", KEY_ID], "--key"),
        (&["--scheme", "cenc"], "--key"),
        (&["--key", KEY, "--kid", KEY_ID, "--scheme", "cens"], "cbcs, cenc"),
    ] {
        let mut command = program();
        command.args(["library", "package", "film.mp4", "--out", "out"]).args(options);
        let said = command.output().expect("it starts");
        let words = String::from_utf8_lossy(&said.stderr).into_owned();
        assert_eq!(said.status.code(), Some(2), "{words}");
        assert!(words.contains(word), "{word}: {words}");
    }
}

const COMMON: &str = "1077efecc0b24d02ace33c1e52e2fb4b";
