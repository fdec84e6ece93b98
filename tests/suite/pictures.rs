//! Every kind of JPEG that a source may send: what it shows is right wherever it is sent, and what
//! is broken goes to nobody.

use std::time::Duration;

use crate::common::LONG;
use crate::common::clip::{Form, Scratch, clip};
use crate::common::rtsp::{Rtsp, picture};
use crate::common::server::Server;
use crate::common::viewer::Viewer;
use livestream::jpeg::{self, Orientation};
use turbojpeg::PixelFormat;

/// All show red, blue, green and yellow quarters, as cjpeg and `ImageMagick` wrote them. Of each,
/// whether it is passed on as it is.
const KINDS: [(&str, bool); 16] = [
    ("411", true),
    ("441", true),
    ("410", true),
    ("unequal", true),
    ("chroma-finer", true),
    ("3x1", true),
    ("rgb", true),
    ("rgb-ids", true),
    ("411-restart", true),
    ("multiscan", true),
    ("turned", true),
    ("gray22", true),
    ("arithmetic", false),
    ("12bit", false),
    ("lossless", false),
    ("ycck", false),
];

fn data(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/data/jpeg/{name}.jpg", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Checks the colours in the middle of the quarters of what is shown.
#[track_caller]
fn assert_shows(jpeg: &[u8], name: &str, within: u8, what: &str) {
    let image = turbojpeg::decompress(jpeg, PixelFormat::RGB).expect("a JPEG");
    let orientation = jpeg::info(jpeg).expect("a JPEG").orientation;
    let quarters = [(1, 1), (3, 1), (1, 3), (3, 3)];
    let colours = [[200, 40, 40], [40, 60, 200], [40, 170, 60], [220, 200, 60]];
    for ((x, y), wanted) in quarters.into_iter().zip(colours) {
        // The quarter of what is stored, if it is turned by 90° to the right to be shown.
        let (x, y) = if orientation.tag() == 6 { (y, 4 - x) } else { (x, y) };
        let at = image.height * y / 4 * image.pitch + image.width * x / 4 * 3;
        let [r, g, b] = wanted.map(u32::from);
        let luma = ((r * 299 + g * 587 + b * 114) / 1000) as u8;
        let wanted = if name.starts_with("gray") { [luma; 3] } else { wanted };
        for (wanted, found) in wanted.into_iter().zip(&image.pixels[at..at + 3]) {
            let off = wanted.abs_diff(*found);
            assert!(off <= within, "{what}: {wanted} and not {found} at {x} {y}");
        }
    }
}

/// A server of a folder with one picture.
fn server(bytes: &[u8]) -> (Server, Scratch) {
    let scratch = Scratch::new();
    scratch.write("1.jpg", bytes);
    let arguments = ["--source", scratch.path(), "--fps", "10", "--rtsp-port", "0"];
    (Server::start(&[&arguments[..], &["--bandwidth", "unlimited"]].concat()), scratch)
}

#[test]
fn every_kind_shows_the_same_at_every_quality_and_to_players() {
    for (name, as_it_is) in KINDS {
        let own = data(name);
        let (server, _scratch) = server(&own);
        let orientation = jpeg::mend(&own).expect(name).info.orientation;
        for quality in [100, 90, 80, 65, 50] {
            let jpeg = server.get(&format!("/snapshot?quality={quality}")).expect(200).body;
            if quality == 100 {
                assert_eq!(jpeg == own, as_it_is, "{name}");
            }
            let what = format!("{name} at {quality}");
            let within = if quality < 90 { 26 } else { 18 };
            assert_eq!(jpeg::info(&jpeg).expect(name).orientation, orientation, "{what}");
            assert_shows(&jpeg, name, within, &what);
        }
        for quality in [95, 50] {
            let viewer = Viewer::of(&server);
            let mut stream = viewer.watch_at(&format!("/stream?quality={quality}"));
            let jpeg = stream.next().jpeg;
            assert_eq!(jpeg::info(&jpeg).expect(name).orientation, orientation, "{name}");
            assert_shows(&jpeg, name, 26, &format!("{name} streamed at {quality}"));
        }
        let mut player = Rtsp::connect(server.rtsp());
        let session = player.setup_tcp("/live");
        player.ask("PLAY", "/live", &[("Session", &session)]).expect(200);
        for _ in 0..2 {
            let shot = picture(&mut player);
            let info = jpeg::info(&shot.jpeg).expect(name);
            assert_eq!((info.size.width, info.size.height), (56, 40), "{name} is upright");
            assert_eq!(info.orientation, Orientation::UPRIGHT);
            assert_shows(&shot.jpeg, name, 24, &format!("{name} over RTSP"));
        }
        let state = server.state();
        let size = (&state["source"]["width"], &state["source"]["height"]);
        assert_eq!(size, (&50.into(), &38.into()), "{name} as it is shown");
        assert_eq!(server.metric("livestream_pictures_not_made_total"), 0.0, "{name}");
        assert_eq!(server.metric("livestream_source_broken_frames_total"), 0.0, "{name}");
    }
}

#[test]
fn a_clip_of_all_kinds_plays_to_players() {
    let pictures: Vec<Vec<u8>> = KINDS.iter().map(|(name, _)| data(name)).collect();
    let scratch = Scratch::new();
    for (name, form) in [("a.avi", Form::Avi { fps: 10 }), ("b.mjpeg", Form::Concat)] {
        scratch.write(name, &clip(form, &pictures));
    }
    let clips = ["--clips", scratch.path(), "--bandwidth", "unlimited", "--rtsp-port", "0"];
    let server = Server::pattern(&clips);
    for path in ["/a.avi", "/b.mjpeg"] {
        let mut player = Rtsp::connect(server.rtsp());
        let session = player.setup_tcp(path);
        player.ask("PLAY", path, &[("Session", &session)]).expect(200);
        for (name, _) in KINDS {
            let shot = picture(&mut player);
            assert_shows(&shot.jpeg, name, 24, &format!("{name} in {path}"));
        }
    }
}

#[test]
fn what_can_be_mended_is_shown_and_what_cannot_is_counted() {
    let own = data("411");
    let stray = own.windows(2).position(|pair| pair == [0xFF, 0xC0]).expect("a frame");
    let with_noise = [&own[..stray], b"noise", &[0xFF; 5], &own[stray..]].concat();
    for (what, sent, shown) in [
        ("no EOI", own[..own.len() - 2].to_vec(), own.clone()),
        ("half an EOI", own[..own.len() - 1].to_vec(), own.clone()),
        ("foreign bytes in front", [b"\r\n\0\xFF", &own[..]].concat(), own.clone()),
        ("foreign bytes behind", [&own[..], b"\r\n\0\xFF\xD8"].concat(), own.clone()),
        ("SOI twice", [&own[..2], &own].concat(), own.clone()),
        ("noise between segments", with_noise.clone(), with_noise),
    ] {
        let (server, _scratch) = server(&sent);
        assert!(server.get("/snapshot").expect(200).body == shown, "{what}");
        let small = server.get("/snapshot?quality=50").expect(200).body;
        assert_shows(&small, what, 40, what);
    }
    // Without its tables, or cut in the middle, it goes to nobody.
    let scratch = Scratch::new();
    let tables = own.windows(2).position(|pair| pair == [0xFF, 0xDB]).expect("tables");
    let mut without_chroma_table = own.clone();
    // The second table takes the number of none.
    without_chroma_table[tables + 2 + 2 + 65 + 4] = 3;
    assert!(turbojpeg::decompress(&without_chroma_table, PixelFormat::RGB).is_err());
    scratch.write("1.jpg", &without_chroma_table);
    scratch.write("2.jpg", &own[..own.len() * 9 / 10]);
    scratch.write("3.jpg", &own);
    let source = ["--source", scratch.path(), "--fps", "20", "--bandwidth", "unlimited"];
    let server = Server::start(&source);
    let mut stream = Viewer::of(&server).watch();
    for _ in 0..5 {
        assert!(stream.next().jpeg == own, "the third is the only one");
    }
    crate::common::eventually_true("the others are counted", LONG, || {
        server.metric("livestream_source_broken_frames_total") >= 4.0
    });
}

#[test]
fn each_orientation_is_kept_at_every_quality_and_turned_for_players() {
    let plain = data("411");
    for orientation in Orientation::all() {
        let own = jpeg::with_orientation(&plain, orientation);
        let (server, _scratch) = server(&own);
        for quality in [100, 65, 20] {
            let jpeg = server.get(&format!("/snapshot?quality={quality}")).expect(200).body;
            assert_eq!(jpeg::info(&jpeg).expect("a JPEG").orientation, orientation, "{quality}");
        }
        let mut player = Rtsp::connect(server.rtsp());
        let session = player.setup_tcp("/live");
        player.ask("PLAY", "/live", &[("Session", &session)]).expect(200);
        let image = turbojpeg::decompress(&picture(&mut player).jpeg, PixelFormat::RGB);
        let image = image.expect("a JPEG");
        let red = [(1, 1), (3, 1), (1, 3), (3, 3)].into_iter().find(|(x, y)| {
            let at = image.height * y / 4 * image.pitch + image.width * x / 4 * 3;
            let [r, g, b] = [0, 1, 2].map(|component| image.pixels[at + component]);
            r > 150 && g < 100 && b < 100
        });
        // Where the upper left corner of what is stored comes to.
        let corner = match orientation.tag() {
            1 | 5 => (1, 1),
            2 | 6 => (3, 1),
            3 | 7 => (3, 3),
            _ => (1, 3),
        };
        assert_eq!(red, Some(corner), "{orientation:?}");
        let sides = if orientation.swaps_sides() { (40, 56) } else { (56, 40) };
        assert_eq!((image.width, image.height), sides, "{orientation:?}");
    }
}

#[test]
fn a_clip_of_hostile_exif_plays() {
    let plain = data("411");
    let lies: Vec<Vec<u8>> = [
        &b"Exif\0\0"[..],
        b"Exif\0\0MM\0*\0\0\0\x08",
        b"Exif\0\0MM\0*\xFF\xFF\xFF\xFF\xFF\xFF",
        b"Exif\0\0II*\0\0\0\0\0\xFF\xFF\x12\x01\x03\0\x01\0\0\0\x06\0\0\0",
        b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\xFF\xFF\xFF\xFF\x06\0\0\0",
        b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x09\0\0",
    ]
    .into_iter()
    .map(|exif| {
        let length = (exif.len() as u16 + 2).to_be_bytes();
        [&plain[..2], &[0xFF, 0xE1], &length, exif, &plain[2..]].concat()
    })
    .collect();
    let scratch = Scratch::new();
    let source = scratch.clip(Form::Concat, &lies);
    let server = Server::start(&["--source", &source, "--fps", "20", "--bandwidth", "unlimited"]);
    let mut stream = Viewer::of(&server).watch_at("/stream?quality=50");
    for _ in 0..lies.len() {
        let part = stream.next();
        assert_eq!(jpeg::info(&part.jpeg).expect("a JPEG").orientation, Orientation::UPRIGHT);
    }
    assert!(server.stop() < Duration::from_secs(10));
}
