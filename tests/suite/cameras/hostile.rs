//! What drivers say that can't be: it is told or passed over, and nothing worse comes of it.

use super::rig::{Pretend, source_when};
use super::scene::{BT601, HALVES, picture};
use super::{jpeg, shows};
use crate::common::viewer::Viewer;

#[test]
fn whatever_a_driver_says_of_its_buffers_is_told_and_gone_when_it_is_well_again() {
    let pretend = Pretend::sending("UYVY", &picture("UYVY", BT601, 0));
    let server = pretend.serve(&[]);
    let _watching = Viewer::of(&server).watch();
    source_when(&server, "live", |source| source["status"] == "live");
    for (fault, code) in
        [("empty", "garbage"), ("beyond", "garbage"), ("eio", "failed"), ("elsewhere", "failed")]
    {
        pretend.write("faults", fault);
        source_when(&server, fault, |source| source["trouble"]["code"] == code);
        pretend.write("faults", "");
        source_when(&server, "live again", |source| source["status"] == "live");
    }
    server.stop();
}

#[test]
fn a_jpeg_ends_where_it_ends_though_the_driver_says_more() {
    let pretend = Pretend::sending("MJPG", &jpeg());
    pretend.write("faults", "beyond");
    let server = pretend.serve(&[]);
    assert_eq!(server.get("/snapshot?quality=100").expect(200).body, jpeg());
    server.stop();
}

#[test]
fn one_error_in_mid_stream_is_not_seen() {
    let pretend = Pretend::sending("MJPG", &jpeg());
    let server = pretend.serve(&[]);
    let _watching = Viewer::of(&server).watch();
    source_when(&server, "live", |source| source["status"] == "live");
    let starts = || pretend.asked().iter().filter(|line| *line == "STREAMON").count();
    let before = starts();
    pretend.write("faults", "once eio");
    source_when(&server, "it was opened again", |source| {
        assert!(source["trouble"].is_null(), "{source}");
        starts() > before
    });
    let frames = server.state()["source"]["frames"].as_u64();
    source_when(&server, "it goes on", |source| source["frames"].as_u64() > frames);
    server.stop();
}

#[test]
fn strides_that_cannot_be_meant_are_passed_over() {
    for (code, stride) in
        [("UYVY", 3), ("UYVY", 100_000), ("UYVY", u32::MAX), ("NV12", 63), ("NV12", 100_000)]
    {
        let pretend = Pretend::sending(code, &picture(code, BT601, 0));
        pretend.write("words", format!("{stride} 8 0 0"));
        shows(&pretend, HALVES, 0.02, &format!("{code}: {stride}"));
    }
}

#[test]
fn hundreds_of_sizes_are_listed_and_the_wished_one_is_taken() {
    let pretend = Pretend::sending("MJPG", &jpeg());
    pretend.write("sizes", "400");
    let server = pretend.serve(&["--size", "2400x1800"]);
    server.get("/snapshot").expect(200);
    assert_eq!(pretend.asked()[0], "S_FMT MJPG 2400x1800");
    assert_eq!(pretend.listed().lines().filter(|line| line.contains("MJPEG")).count(), 400);
    server.stop();
}

#[test]
fn ranges_of_sizes_without_steps_or_the_wrong_way_round_give_the_wished_one() {
    for range in ["16 16 128 96 0 0", "128 96 16 16 1 1", "1 1 4294967295 4294967295 1 1"] {
        let pretend = Pretend::sending("MJPG", &jpeg());
        pretend.write("size", range);
        let server = pretend.serve(&["--size", "63x47"]);
        server.get("/snapshot").expect(200);
        assert_eq!(pretend.asked()[0], "S_FMT MJPG 63x47", "{range}");
        server.stop();
    }
}

#[test]
fn pictures_of_one_pixel_and_of_odd_sides_are_shown() {
    for (code, width, height, bytes) in [
        ("GREY", 1, 1, 1),
        ("UYVY", 1, 3, 12),
        ("NV12", 33, 17, 33 * 17 + 2 * 17 * 9),
        ("YV12", 1, 1, 3),
        ("RGB3", 3, 1, 9),
        ("RGGB", 1, 7, 7),
        ("BA81", 33, 17, 33 * 17),
    ] {
        let pretend = Pretend::sending(code, &vec![120; bytes]);
        pretend.write("size", format!("{width} {height}"));
        let server = pretend.serve(&[]);
        server.get("/snapshot").expect(200);
        let source = server.state()["source"].clone();
        assert_eq!((&source["status"], &source["broken"]), (&"live".into(), &0.into()), "{code}");
        assert_eq!((&source["width"], &source["height"]), (&width.into(), &height.into()));
        server.stop();
    }
}

#[test]
fn a_format_of_no_size_is_told() {
    let pretend = Pretend::sending("MJPG", &jpeg());
    pretend.write("faults", "sizeless");
    let server = pretend.serve(&[]);
    let _watching = Viewer::of(&server).watch();
    source_when(&server, "failed", |source| source["trouble"]["code"] == "failed");
    pretend.write("faults", "");
    source_when(&server, "live", |source| source["status"] == "live");
    server.stop();
}

#[test]
fn a_device_that_lists_no_format_is_no_camera() {
    let pretend = Pretend::sending("MJPG", &jpeg());
    pretend.write("formats", "");
    assert!(!pretend.listed().contains("/dev/video0"));
    let server = pretend.serve_unnamed();
    assert_eq!(server.state()["source"]["kind"], "pattern");
    server.stop();
}
