//! GStreamer plays: counts frames, pauses, goes on, seeks, and comes to the end.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;

use super::Stage;
use crate::common::program::Program;
use crate::common::{LONG, VERY_LONG};

const INSTALL: &str = "apt-get install gstreamer1.0-tools gstreamer1.0-plugins-base \
    gstreamer1.0-plugins-good python3-gi gir1.2-gstreamer-1.0";
const TRANSPORTS: [&str; 2] = ["udp", "tcp"];

/// Runs a pipeline behind `rtspsrc` to its end, which must be a good one.
#[track_caller]
fn launch(stage: &Stage, transport: &str, path: &str, sink: &[&str]) {
    let mut gstreamer = Command::new("gst-launch-1.0");
    let (location, protocols) = (format!("location={}", stage.url(path)), "protocols=".to_owned());
    gstreamer.args(["--quiet", "rtspsrc", &location, &(protocols + transport), "latency=100"]);
    gstreamer.args(["!", "rtpjpegdepay", "!", "jpegdec", "!"]).args(sink);
    let ended = Program::run(&mut gstreamer, INSTALL, VERY_LONG);
    let out = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(ended.status.success(), "{transport}: {}: {} {out}", ended.status, ended.stderr);
    let all = ended.stderr + &out;
    assert!(!all.contains("ERROR") && !all.contains("WARNING"), "{transport}: {all}");
}

#[test]
fn fifty_frames_of_the_live_source_are_decoded() {
    let stage = Stage::with(&[], &["--fps", "50"]);
    for transport in TRANSPORTS {
        launch(&stage, transport, "/live", &["fakesink", "num-buffers=50"]);
    }
}

#[test]
fn clip_is_played_to_its_end() {
    let stage = Stage::new();
    for transport in TRANSPORTS {
        // Not by gst-launch, which waits for an end that GStreamer 1.22 now and then loses, of
        // itself. The bars are two pixels wide.
        let said = play(&stage, transport, "/short.avi", "end 6\n");
        // The goodbye may overtake the last picture in its jitter buffer.
        let whole = [0, 1, 2, 3, 4];
        let [seen] = &said[..] else { panic!("{said:?}") };
        assert!(seen.len() >= 4 && whole.starts_with(seen), "{transport}: {seen:?}");
    }
}

#[test]
fn clip_is_paused_and_goes_on_and_is_sought_in() {
    let stage = Stage::new();
    for transport in TRANSPORTS {
        let words = "frames 5\npause\nplay\nframes 5\nseek 2\nframes 5\nend 156\n";
        let said = play(&stage, transport, "/bars.avi", words);
        let [first, before_pause, _, after, _, sought, end] = &said[..] else {
            panic!("{said:?}");
        };
        assert_eq!(first[..], [0, 1, 2, 3, 4], "{transport}");
        let last = before_pause.last().unwrap_or(&4);
        // GStreamer goes on where its own clock stood: a few pictures may come twice or not at all.
        assert!(after.is_sorted_by(|a, b| a < b), "{transport}: {said:?}");
        assert!(after[0].abs_diff(last + 1) < 10, "{transport}: {said:?}");
        assert!((50..55).contains(&sought[0]), "{transport}: {said:?}");
        assert!(sought.is_sorted_by(|a, b| a < b), "{transport}: {said:?}");
        assert!(end.last() >= Some(&78), "{transport}: {said:?}");
    }
}

/// Drives `player.py`. Returns which pictures of the clip it took at each word.
#[track_caller]
fn play(stage: &Stage, transport: &str, path: &str, words: &str) -> Vec<Vec<usize>> {
    let mut player = Command::new("/usr/bin/python3");
    player.args(["-c", include_str!("player.py"), &stage.url(path), transport]);
    player.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = player.spawn().unwrap_or_else(|error| panic!("{error}: {INSTALL}"));
    let mut input = child.stdin.take().expect("stdin is piped");
    input.write_all(words.as_bytes()).expect("it takes words");
    drop(input);
    let id = child.id();
    let (to, ended) = channel();
    thread::spawn(move || {
        // Nobody waits for it if the time is over.
        let _ = to.send(child.wait_with_output());
    });
    let Ok(ended) = ended.recv_timeout(VERY_LONG) else {
        let pid = rustix::process::Pid::from_raw(id.cast_signed()).expect("not 0");
        // It is ours, and not waited for yet.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        let _ = ended.recv_timeout(LONG);
        panic!("{transport}: the player runs for longer than {VERY_LONG:?}");
    };
    let ended = ended.expect("it is our child");
    let (out, errors) =
        (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success(), "{transport}: {out}{errors}");
    let columns = |line: &str| {
        let columns = line.split_whitespace().skip(1);
        // The clip's bars are two pixels wide.
        columns.map(|column| column.parse::<usize>().expect("a bar is seen") / 2).collect()
    };
    out.lines().map(columns).collect()
}
