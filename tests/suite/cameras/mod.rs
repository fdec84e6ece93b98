//! What people's cameras do: formats, rates, colours, controls, faults. On the real program, with a
//! camera that a preloaded library pretends.

#![cfg(target_os = "linux")]

mod hostile;
mod rig;
mod scene;

use std::time::{SystemTime, UNIX_EPOCH};

use crate::common::clip::jpegs;
use crate::common::viewer::Viewer;
use crate::common::{LONG, eventually, eventually_true};
use rig::{Pretend, source_when};
use scene::{BT601, BT709, BT2020, HALVES, Meaning, halves, picture};

fn jpeg() -> Vec<u8> {
    jpegs(64, 48, 1, 90).remove(0)
}

/// Checks that the picture has its two colours, to so much.
#[track_caller]
fn shows(pretend: &Pretend, expected: [[f64; 3]; 2], slack: f64, case: &str) {
    let server = pretend.serve(&[]);
    let snapshot = server.get("/snapshot?quality=100").expect(200).body;
    let seen = halves(&snapshot);
    for (got, want) in seen.iter().flatten().zip(expected.iter().flatten()) {
        assert!((got - want).abs() <= slack, "{case}: {seen:.3?} for {expected:.3?}");
    }
    assert_eq!(server.state()["source"]["status"], "live", "{case}");
    server.stop();
}

#[test]
fn a_camera_that_stands_in_another_format_gives_its_mjpeg_byte_for_byte() {
    for stands in ["UYVY", "YUYV", "H264", "JPEG", "YU12", "pRAA"] {
        let pretend = Pretend::sending("MJPG", &jpeg());
        pretend.write("formats", format!("{stands} 1/30\nMJPG 1/30\n"));
        let server = pretend.serve(&[]);
        assert_eq!(server.get("/snapshot?quality=100").expect(200).body, jpeg(), "{stands}");
        assert_eq!(server.state()["source"]["format"], "MJPEG");
        assert_eq!(pretend.asked(), ["S_FMT MJPG 64x48", "S_PARM 1/30", "STREAMON"]);
        server.stop();
    }
}

#[test]
fn rates_that_are_fractions_are_opened_and_told() {
    for (listed, asked, told) in [
        ("1001/30000", "1001/30000", 29.97),
        ("2/15", "2/15", 7.5),
        ("256/7680", "256/7680", 30.0),
        ("1001/60000 1001/24000 333333/10000000", "333333/10000000", 30.0),
        ("0/0 5/0 0/7 2/25", "2/25", 12.5),
        ("10/1", "10/1", 0.1),
    ] {
        let pretend = Pretend::sending("MJPG", &jpeg());
        pretend.write("formats", format!("MJPG {listed}\n"));
        let server = pretend.serve(&[]);
        server.get("/snapshot").expect(200);
        assert_eq!(server.state()["source"]["nominal_fps"], told, "{listed}");
        assert_eq!(pretend.asked()[1], format!("S_PARM {asked}"));
        server.stop();
        let list = pretend.listed();
        let line = list.lines().find_map(|line| line.strip_prefix("  MJPEG  64x48      "));
        let rates = line.and_then(|line| line.strip_suffix(" a second")).expect("a line");
        assert!(rates.split(", ").any(|rate| rate == told.to_string()), "{list}");
    }
}

#[test]
fn a_camera_that_tells_no_rate_is_live() {
    let pretend = Pretend::sending("MJPG", &jpeg());
    pretend.write("formats", "MJPG\n");
    let server = pretend.serve(&[]);
    server.get("/snapshot").expect(200);
    assert_eq!(server.state()["source"]["nominal_fps"], 0.0);
    assert!(pretend.listed().contains("at a rate that it does not tell"));
}

#[test]
fn a_range_of_sizes_gives_the_one_that_is_wished() {
    let pretend = Pretend::sending("MJPG", &jpeg());
    pretend.write("size", "16 16 128 96 8 8");
    let server = pretend.serve(&["--size", "64x48"]);
    server.get("/snapshot").expect(200);
    assert_eq!(pretend.asked()[0], "S_FMT MJPG 64x48");
    assert!(pretend.listed().contains("16x16 to 128x96"), "{}", pretend.listed());
}

#[test]
fn each_raw_format_shows_its_colours() {
    let formats = [
        "YUYV", "UYVY", "YVYU", "VYUY", "NV12", "NV21", "YU12", "YV12", "RGB3", "BGR3", "RGBP",
        "BA81", "GBRG", "GRBG", "RGGB",
    ];
    for code in formats {
        for padding in [0, 16] {
            let pretend = Pretend::sending(code, &picture(code, BT601, padding));
            let stride = if padding == 0 { 0 } else { scene::row_bytes(code) + padding };
            pretend.write("words", format!("{stride} 8 0 0"));
            // Five bits a colour are as near as three hundredths.
            let slack = if code == "RGBP" { 0.035 } else { 0.02 };
            shows(&pretend, HALVES, slack, &format!("{code} padded by {padding}"));
        }
    }
    let luma = HALVES.map(|[r, g, b]| [0.299 * r + 0.587 * g + 0.114 * b; 3]);
    let pretend = Pretend::sending("GREY", &picture("GREY", BT601.full(), 0));
    shows(&pretend, luma, 0.02, "GREY");
    pretend.write("picture", picture("GREY", BT601, 0));
    pretend.write("words", "0 0 0 2");
    shows(&pretend, luma, 0.02, "GREY that is said to be of limited range");
    let pretend = Pretend::sending("JPEG", &jpeg());
    assert_eq!(pretend.serve(&[]).get("/snapshot?quality=100").expect(200).body, jpeg());
}

#[test]
fn colours_mean_what_the_driver_says_or_leaves_to_the_defaults() {
    // colorspace, ycbcr_enc, quantization
    let cases: [(&str, Meaning); 11] = [
        ("0 0 0", BT601),
        ("1 0 0", BT601),
        ("3 0 0", BT709),
        ("3 0 1", BT709.full()),
        ("7 0 0", BT601.full()),
        ("7 0 2", BT601),
        ("8 2 0", BT709),
        ("3 1 0", BT601),
        ("8 6 1", BT2020.full()),
        ("10 0 0", BT2020),
        ("99 0 0", BT601),
    ];
    for code in ["UYVY", "NV12"] {
        for (words, meaning) in cases {
            let pretend = Pretend::sending(code, &picture(code, meaning, 0));
            pretend.write("words", format!("0 {words}"));
            shows(&pretend, HALVES, 0.02, &format!("{code}: {words}"));
        }
    }
}

#[test]
fn what_cannot_be_read_is_listed_as_such_and_told_on_the_card() {
    let pretend = Pretend::sending("H264", b"not a picture");
    pretend.write("formats", "H264 1/30\nHEVC 1/30\nY10  1/30\n");
    let list = pretend.listed();
    assert!(!list.contains("no camera found"), "{list}");
    assert!(list.starts_with("webcam:0  Pretend Camera\n  /dev/video0\n"), "{list}");
    for code in ["H264", "HEVC", "Y10 "] {
        assert!(list.contains(&format!("  {code}   can't be read here")), "{list}");
    }
    for arguments in [&[][..], &["--source", "/dev/video0"], &["--source", "webcam:0"]] {
        let server = pretend.serve(arguments);
        let _watching = Viewer::of(&server).watch();
        let source = source_when(&server, "a trouble", |source| !source["trouble"].is_null());
        let trouble = &source["trouble"];
        assert_eq!(trouble["title"], "This camera's format can't be read");
        let detail = trouble["detail"].as_str().expect("words");
        assert!(detail.contains("/dev/video0 sends H264, HEVC, Y10 and nothing else"), "{detail}");
    }
}

#[test]
fn what_can_be_read_is_taken_though_better_things_cannot() {
    let pretend = Pretend::sending("UYVY", &picture("UYVY", BT601, 0));
    pretend.write("formats", "H264 1/60\nUYVY 1/5\n");
    shows(&pretend, HALVES, 0.02, "UYVY beside H264");
    let list = pretend.listed();
    assert!(list.contains("UYVY   64x48      5 a second"), "{list}");
    assert!(list.contains("H264   can't be read here"), "{list}");
}

#[test]
fn pictures_that_the_driver_marks_as_broken_are_counted_and_told() {
    let pretend = Pretend::sending("MJPG", &jpeg());
    let server = pretend.serve(&[]);
    let _watching = Viewer::of(&server).watch();
    source_when(&server, "live", |source| source["status"] == "live");
    pretend.write("faults", "marked");
    let source = source_when(&server, "garbage", |source| !source["trouble"].is_null());
    assert_eq!(source["trouble"]["code"], "garbage");
    assert!(source["broken"].as_u64() > Some(0), "{source}");
    pretend.write("faults", "");
    source_when(&server, "live again", |source| source["status"] == "live");
}

#[test]
fn no_fault_of_a_camera_is_more_than_a_card() {
    let pretend = Pretend::sending("UYVY", &picture("UYVY", BT601, 0));
    let server = pretend.serve(&[]);
    let _watching = Viewer::of(&server).watch();
    source_when(&server, "live", |source| source["status"] == "live");
    for (fault, code) in [("short", "garbage"), ("silent", "stalled")] {
        pretend.write("faults", fault);
        source_when(&server, fault, |source| source["trouble"]["code"] == code);
        pretend.write("faults", "");
        source_when(&server, "live again", |source| source["status"] == "live");
    }
    for (fault, code) in [("busy", "busy"), ("unbuffered", "failed")] {
        pretend.write("faults", fault);
        pretend.unplug();
        source_when(&server, "unplugged", |source| source["trouble"]["code"] == "unplugged");
        pretend.plug();
        source_when(&server, fault, |source| source["trouble"]["code"] == code);
        pretend.write("faults", "");
        source_when(&server, "live again", |source| source["status"] == "live");
    }
    server.stop();
}

/// How old a picture is by its `X-Timestamp`, seconds, the least of some.
fn age(pretend: &Pretend) -> f64 {
    let server = pretend.serve(&[]);
    let mut stream = Viewer::of(&server).watch();
    let mut ages = (0..10).map(|_| {
        let part = stream.next();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64();
        now - part.at_micros.expect("the plain layout has it") as f64 / 1e6
    });
    let first = ages.next().expect("ten");
    ages.fold(first, f64::min)
}

#[test]
fn a_picture_has_the_time_at_which_the_driver_took_it() {
    let pretend = Pretend::sending("UYVY", &picture("UYVY", BT601, 0));
    assert!(age(&pretend) < 0.45);
    pretend.write("faults", "late");
    let late = age(&pretend);
    assert!((0.5..0.95).contains(&late), "{late}");
    pretend.write("faults", "late unstamped");
    assert!(age(&pretend) < 0.45, "it times by something else");
}

#[test]
fn controls_are_listed_with_ranges_and_values() {
    let pretend = Pretend::sending("MJPG", &jpeg());
    pretend.write("controls", "");
    let list = pretend.listed();
    for line in [
        "  brightness                   0 to 255; now 128",
        "  white_balance_automatic      0 (off) or 1 (on); now 1",
        "  power_line_frequency         0 (Disabled), 1 (50 Hz), 2 (60 Hz); now 1",
    ] {
        assert!(list.lines().any(|listed| listed == line), "{list}");
    }
}

/// What was set, in order.
fn set(pretend: &Pretend) -> Vec<String> {
    let asked = pretend.asked().into_iter();
    asked.filter_map(|line| line.strip_prefix("S_CTRL ").map(str::to_owned)).collect()
}

#[test]
fn controls_are_set_and_set_again_when_the_camera_comes_back() {
    let pretend = Pretend::sending("MJPG", &jpeg());
    pretend.write("controls", "");
    let typed = ["--control", "brightness=200", "--control", "Power Line Frequency=60 hz"];
    let server = pretend.serve(&typed);
    let _watching = Viewer::of(&server).watch();
    source_when(&server, "live", |source| source["status"] == "live");
    let once = ["Brightness 200", "Power Line Frequency 2"];
    assert_eq!(set(&pretend), once);
    pretend.unplug();
    source_when(&server, "unplugged", |source| source["trouble"]["code"] == "unplugged");
    pretend.plug();
    source_when(&server, "live again", |source| source["status"] == "live");
    assert_eq!(set(&pretend), [once, once].concat());
    server.stop();
}

#[test]
fn controls_that_cannot_be_are_told_at_the_start_and_the_picture_goes_on() {
    let pretend = Pretend::sending("MJPG", &jpeg());
    pretend.write("controls", "");
    for (typed, told) in [
        (
            "brightnes=1",
            "no control `brightnes`; there are brightness, white_balance_automatic, power_line_f",
        ),
        ("brightness=256", "brightness takes 0 to 255, not `256`"),
        (
            "power_line_frequency=Auto",
            "power_line_frequency takes 0 (Disabled), 1 (50 Hz), 2 (60 Hz), not `Auto`",
        ),
    ] {
        let server = pretend.serve(&["--control", typed]);
        eventually("it is told", LONG, || {
            let log = server.log();
            let line = log.lines().find(|line| line.contains("--control: Pretend Camera: "));
            line.filter(|line| line.contains(told)).map(drop).ok_or(log)
        });
        server.get("/snapshot").expect(200);
    }
    assert_eq!(set(&pretend), Vec::<String>::new());
    let ended = pretend.run(&["--control", "brightness", "0"]);
    assert_eq!(ended.status.code(), Some(2));
    assert!(ended.stderr.contains("brightness=128"), "{}", ended.stderr);
}

#[test]
fn lamps_are_followed_by_the_time_zone_unless_they_were_named() {
    let pretend = Pretend::sending("MJPG", &jpeg());
    pretend.write("controls", "");
    let sets = |zone: &str, typed: &[&str]| {
        pretend.write("asked", "");
        pretend.serve_in(zone, typed).get("/snapshot").expect(200);
        set(&pretend)
    };
    // The camera stands at 50 Hz.
    assert_eq!(sets("America/New_York", &[]), ["Power Line Frequency 2"]);
    assert_eq!(sets("Asia/Manila", &[]), ["Power Line Frequency 2"]);
    for zone in ["Europe/Berlin", "Asia/Tokyo", "UTC", "Nowhere/At_All"] {
        assert_eq!(sets(zone, &[]), Vec::<String>::new(), "{zone}");
    }
    let named = ["--control", "power_line_frequency=0"];
    assert_eq!(sets("America/New_York", &named), ["Power Line Frequency 0"]);
    // Now it finds out by itself, or says so.
    pretend.write("controls", "auto");
    assert_eq!(sets("America/New_York", &[]), ["Power Line Frequency 2"]);
    assert_eq!(sets("Europe/Berlin", &[]), ["Power Line Frequency 1"]);
    assert_eq!(sets("UTC", &[]), Vec::<String>::new());
    let named = ["--control", "power_line_frequency=Auto"];
    assert_eq!(sets("Europe/Berlin", &named), ["Power Line Frequency 3"]);
}

#[test]
fn controls_that_make_no_sense_are_listed_and_harm_nothing() {
    let pretend = Pretend::sending("MJPG", &jpeg());
    pretend.write("controls", "odd");
    let ended = pretend.run(&["--list-cameras"]);
    assert!(ended.status.success() && ended.stderr.is_empty(), "{}", ended.stderr);
    let list = String::from_utf8(ended.stdout).expect("text");
    for line in [
        "  brightness                   255 to 0; now 128",
        "  k_rnung                      -2147483648 to 2147483647; now 0",
        "  endless                      0 to 2147483647; now 0",
        "  unnamed                      0 (?), 1 (?), 2 (?); now 7",
        "  power_line_frequency         2 to 0; now 9",
    ] {
        assert!(list.lines().any(|listed| listed == line), "{list}");
    }
    let server = pretend.serve_in("America/New_York", &["--control", "brightness=100"]);
    server.get("/snapshot").expect(200);
    assert_eq!(set(&pretend), Vec::<String>::new());
}

#[test]
fn a_camera_is_closed_when_nobody_watches_and_no_buffer_is_lost_while_it_is_open() {
    let pretend = Pretend::sending("MJPG", &jpeg());
    let server = pretend.serve(&[]);
    let watching = Viewer::of(&server).watch();
    eventually_true("two hundred pictures", LONG, || {
        server.state()["source"]["frames"].as_u64() > Some(200)
    });
    assert_eq!(server.state()["source"]["broken"], 0);
    let open = server.descriptors();
    drop(watching);
    eventually_true("it is closed", LONG, || server.state()["source"]["status"] == "idle");
    assert!(server.descriptors() < open);
    server.stop();
}
