//! The player's window: pressed and looked at on a display of its own, playing from
//! GStreamer's RTSP server and from our own.

#[path = "../../../tests/suite/common/mod.rs"]
mod common;
mod desktop;
mod upstream;

use std::process::Output;

use common::clip::{Form, Scratch, clip, jpegs};
use common::server::Server;
use common::{LONG, eventually};
use desktop::{Desktop, player};
use eframe::egui::{Pos2, pos2, vec2};
use livestream_player::layout::{Clips, Dialog, FIRST, Layout};
use livestream_player::model::Button;
use rustix::process::{Pid, Signal, kill_process};
use upstream::Upstream;

#[test]
fn the_four_buttons_set_up_play_pause_and_tear_down() {
    let upstream = Upstream::start(None);
    let desktop = Desktop::start(&[&upstream.url("ball")]);
    desktop.wait_for(Button::Setup);
    desktop.press(Button::Setup);
    desktop.wait_for(Button::Play);
    desktop.press(Button::Play);
    desktop.wait_for(Button::Pause);
    desktop.wait_for_motion();
    desktop.press(Button::Pause);
    desktop.wait_for(Button::Play);
    desktop.wait_for_stillness();
    desktop.press(Button::Play);
    desktop.wait_for(Button::Pause);
    desktop.wait_for_motion();
    desktop.press(Button::Teardown);
    desktop.wait_for(Button::Setup);
    desktop.wait_for_stillness();
    upstream.wait_for("TEARDOWN");
}

#[test]
fn quitting_while_it_plays_is_asked_about_and_tears_down() {
    let upstream = Upstream::start(None);
    let mut desktop = Desktop::start(&[&upstream.url("ball")]);
    desktop.wait_for(Button::Setup);
    desktop.key("space");
    desktop.wait_for(Button::Pause);
    desktop.wait_for_motion();
    desktop.key("ctrl+q");
    desktop.wait_for_dialog();
    desktop.key("Escape");
    desktop.wait_for(Button::Pause);
    desktop.wait_for_motion();
    assert!(desktop.is_running());
    desktop.key("ctrl+q");
    desktop.wait_for_dialog();
    desktop.click(Dialog::of(FIRST).stay.center());
    desktop.wait_for(Button::Pause);
    desktop.key("ctrl+q");
    desktop.wait_for_dialog();
    desktop.click(Dialog::of(FIRST).quit.center());
    assert_eq!(desktop.wait().code(), Some(0));
    upstream.wait_for("TEARDOWN");
}

#[test]
fn a_signal_tears_down_without_asking() {
    let upstream = Upstream::start(None);
    let mut desktop = Desktop::start(&["--tcp", &upstream.url("ball")]);
    desktop.wait_for(Button::Setup);
    desktop.key("space");
    desktop.wait_for_motion();
    let id = i32::try_from(desktop.id()).expect("an id");
    kill_process(Pid::from_raw(id).expect("not 0"), Signal::TERM).expect("it runs");
    assert_eq!(desktop.wait().code(), Some(0));
    upstream.wait_for("TEARDOWN");
}

#[test]
fn the_bar_leads_to_another_place_of_a_clip() {
    let folder = Scratch::new();
    let path = folder.clip(Form::Avi { fps: 10 }, &jpegs(160, 120, 100, 80));
    let upstream = Upstream::start(Some(&path));
    let desktop = Desktop::start(&[&upstream.url("clip")]);
    desktop.wait_for(Button::Setup);
    desktop.press(Button::Setup);
    desktop.wait_for(Button::Play);
    desktop.press(Button::Play);
    desktop.wait_for_motion();
    desktop.click(on_bar(0.8));
    // The part of the bar that lies behind is filled: a clip of 10 s is not there by itself yet.
    desktop.wait_for_colour(on_bar(0.7), desktop::HOME);
    desktop.wait_for_motion();
}

#[test]
fn our_own_server_lists_its_clips_and_plays_the_one_that_is_chosen() {
    let folder = Scratch::new();
    let clip = clip(Form::Avi { fps: 10 }, &jpegs(160, 120, 100, 80));
    folder.write("bars.avi", &clip);
    let source = ["--source", "pattern", "--size", "320x240"];
    let rtsp = ["--rtsp-port", "0", "--clips", folder.path()];
    let server = Server::start(&[source, rtsp].concat());
    let desktop = Desktop::start(&[&format!("rtsp://{}/live", server.rtsp())]);
    desktop.wait_for(Button::Setup);
    desktop.press(Button::Setup);
    desktop.wait_for(Button::Play);
    desktop.press(Button::Play);
    desktop.wait_for_motion();
    let Clips::List(list) = Layout::of(FIRST, false).clips else {
        panic!("a window of the first size has a list");
    };
    // Below the title, `live` and then the clip.
    desktop.click((list.center_top() + vec2(0.0, 92.0)).round());
    let was_asked = |what: &str| {
        let log = server.log();
        if log.contains(what) { Ok(()) } else { Err(log) }
    };
    eventually("the live source is left", LONG, || was_asked("TEARDOWN rtsp://"));
    eventually("the clip is played", LONG, || was_asked("/bars.avi/: 200"));
    desktop.wait_for_motion();
    desktop.click(on_bar(0.8));
    desktop.wait_for_colour(on_bar(0.7), desktop::HOME);
}

#[test]
fn the_labs_four_words_play_too() {
    let upstream = Upstream::start(None);
    let rtp_port = upstream::free_pair().to_string();
    let port = upstream.port().to_string();
    let desktop = Desktop::start(&["127.0.0.1", &port, &rtp_port, "ball"]);
    desktop.wait_for(Button::Setup);
    desktop.key("space");
    desktop.wait_for_motion();
}

#[test]
fn a_server_that_is_not_there_is_said_on_the_picture() {
    let port = common::server::Port::reserve();
    let desktop = Desktop::start(&[&format!("rtsp://127.0.0.1:{}/live", port.number)]);
    let picture = Layout::of(FIRST, false).picture;
    let strip = (picture.center_top() + vec2(0.0, 20.0)).round();
    desktop.wait_for_colour(strip, TROUBLE);
    desktop.key("Escape");
    desktop.wait_for_colour(strip, [0; 3]);
}

#[test]
fn bad_usage_is_2_and_no_display_is_1() {
    let run = |arguments: &[&str]| -> Output {
        player().args(arguments).output().expect("the player starts")
    };
    let words = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();
    let bad = run(&["http://127.0.0.1/"]);
    assert_eq!(bad.status.code(), Some(2));
    assert!(words(&bad).contains("no RTSP address"), "{}", words(&bad));
    let blind = run(&["rtsp://127.0.0.1/"]);
    assert_eq!(blind.status.code(), Some(1));
    assert!(words(&blind).contains("X11 or Wayland"), "{}", words(&blind));
    let help = run(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&help.stdout).contains("HOST PORT RTP_PORT FILE"));
}

/// A point of the bar, as a share of the clip; away from the knob's own middle.
fn on_bar(share: f32) -> Pos2 {
    let bar = Layout::of(FIRST, true).bar.expect("a clip has one");
    let track = bar.shrink2(vec2(44.0, 0.0));
    pos2(track.left() + track.width() * share, track.center().y).round()
}

const TROUBLE: [u8; 3] = [0x37, 0x17, 0x1a];
