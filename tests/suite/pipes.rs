//! Showing what a command writes, and what comes in by standard input.

use std::fs::OpenOptions;
use std::io::Write;
use std::net::Ipv4Addr;
use std::process::Command;

use crate::common::clip::{Form, Scratch, clip, jpegs};
use crate::common::multipart::Stream;
use crate::common::server::{Server, program};
use crate::common::viewer::Viewer;
use crate::common::{LONG, eventually, eventually_true};
use rustix::process::{Pid, test_kill_process};

/// A command that writes a file's pictures for ever, a little at a time, and its process's number
/// into another file first.
fn endless(scratch: &Scratch, file: &str, then: &str) -> String {
    let id = format!("{}/id", scratch.path());
    let script = scratch.write(
        "camera",
        format!(
            "echo $$ > '{id}.new' && mv '{id}.new' '{id}'\n\
             while cat '{file}'; do sleep 0.02; {then}\ndone\n"
        )
        .as_bytes(),
    );
    format!("exec:sh '{script}'")
}

/// The number that a command has written.
fn id(scratch: &Scratch) -> Pid {
    let path = format!("{}/id", scratch.path());
    let read = || std::fs::read_to_string(&path).ok()?.trim().parse().ok().and_then(Pid::from_raw);
    eventually("the command has started", LONG, || read().ok_or_else(|| "no number".into()))
}

fn is_alive(id: Pid) -> bool {
    // A process that is dead and not yet reaped can be asked too.
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", id.as_raw_nonzero()));
    test_kill_process(id).is_ok() && stat.is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn command_runs_while_somebody_watches_and_ends_with_its_group() {
    let scratch = Scratch::new();
    let pictures = jpegs(160, 120, 3, 90);
    let file = scratch.write("pictures", &pictures.concat());
    let server = Server::start(&["--source", &endless(&scratch, &file, "")]);
    assert!(!std::path::Path::new(&format!("{}/id", scratch.path())).exists(), "nobody watches");
    let mut stream = Stream::open(server.address(), "/stream?quality=100", &[]);
    let part = stream.next();
    assert!(pictures.contains(&part.jpeg), "byte for byte");
    let state = server.state();
    assert_eq!(
        (&state["source"]["kind"], &state["source"]["name"]),
        (&"pipe".into(), &"sh".into())
    );
    assert_eq!(state["source"]["width"], 160);
    let id = id(&scratch);
    assert!(is_alive(id));
    // The `sleep` that it has just started is of its group.
    server.stop();
    eventually_true("the command is gone", LONG, || !is_alive(id));
}

#[test]
fn command_that_ends_is_started_again_and_its_last_words_are_told() {
    let scratch = Scratch::new();
    let file = scratch.write("pictures", &jpegs(160, 120, 1, 90).concat());
    let script = format!(
        "exec:sh -c \"cat '{file}'; echo 'no camera at rtsp://me:SECRET@10.0.0.9/SECRET' >&2; exit 3\""
    );
    let server = Server::start(&["--source", &script]);
    let viewer = Viewer::of(&server);
    let mut stream = viewer.watch();
    stream.next();
    let trouble = eventually("its end is told", LONG, || {
        let trouble = server.state()["source"]["trouble"].clone();
        if trouble.is_null() { Err("no trouble".into()) } else { Ok(trouble) }
    });
    assert_eq!(trouble["code"], "ended");
    let words = trouble.to_string();
    for word in ["sh has ended", "code 3", "no camera at rtsp://10.0.0.9"] {
        assert!(words.contains(word), "{word:?} in {words}");
    }
    // Its picture comes again when it was started again.
    eventually_true("it is started again", LONG, || {
        server.metric("livestream_source_frames_total") > 1.0
    });
    assert!(!format!("{}{}", server.state(), server.log()).contains("SECRET"));
    server.stop();
}

#[test]
fn command_is_split_into_words_and_no_shell_reads_it() {
    let scratch = Scratch::new();
    let file = scratch.write("a $(b);c", &jpegs(160, 120, 1, 90).concat());
    let server = Server::start(&["--source", &format!("exec:cat '{file}'")]);
    Stream::open(server.address(), "/stream", &[]).next();
    eventually_true("its picture comes", LONG, || {
        server.metric("livestream_source_frames_total") > 0.0
    });
    let ended = crate::common::program::Program::run(
        program().args(["0", "--bind", "127.0.0.1", "--source", "exec:no-such-camera -x"]),
        "cargo builds it",
        LONG,
    );
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.contains("no-such-camera") && ended.stdout.is_empty(), "{ended:?}");
}

#[test]
fn what_is_no_mjpeg_is_said() {
    let scratch = Scratch::new();
    let mut h264 = vec![0, 0, 0, 1, 0x67];
    h264.resize(3 << 20, 7);
    let file = scratch.write("video", &h264);
    let server = Server::start(&["--source", &format!("exec:cat '{file}'")]);
    let _stream = Stream::open(server.address(), "/stream", &[]);
    let trouble = eventually("it is told", LONG, || {
        let trouble = server.state()["source"]["trouble"].clone();
        if trouble["code"] == "garbage" { Ok(trouble) } else { Err(trouble.to_string()) }
    });
    assert!(trouble["detail"].as_str().is_some_and(|words| words.contains("H.264")), "{trouble}");
}

#[test]
fn standard_input_is_drained_while_nobody_watches_and_its_end_is_told() {
    let pictures = jpegs(160, 120, 3, 90);
    for form in ["jpegs", "parts"] {
        let round = match form {
            "jpegs" => clip(Form::Concat, &pictures),
            _ => {
                let part = |jpeg: &Vec<u8>| {
                    let head = format!("--x\r\nContent-length: {}\r\n\r\n", jpeg.len());
                    [head.as_bytes(), jpeg, b"\r\n"].concat()
                };
                pictures.iter().flat_map(part).collect()
            }
        };
        let scratch = Scratch::new();
        let pipe = format!("{}/pipe", scratch.path());
        assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo starts").success());
        // For both, as the one waits for the other otherwise.
        let both = OpenOptions::new().read(true).write(true).open(&pipe);
        let mut writer = both.expect("it is there");
        let mut command = Command::new("sh");
        command.args(["-c", r#"pipe=$1 && shift && exec "$0" "$@" < "$pipe""#]);
        command.arg(program().get_program()).arg(&pipe);
        let server = Server::run(command, Ipv4Addr::LOCALHOST.into(), 0, &["--source", "-"]);
        // Far more than pipes hold, with nobody there to see it.
        for _ in 0..(4 << 20) / round.len() {
            writer.write_all(&round).expect("it is drained");
        }
        let stream = Stream::open(server.address(), "/stream?quality=100", &[]);
        let watching = stream.in_background();
        eventually_true("pictures come", LONG, || {
            writer.write_all(&round).expect("it is drained");
            let newest = watching.newest();
            newest.is_some_and(|part| pictures.contains(&part.jpeg))
        });
        drop(writer);
        eventually_true("its end is told", LONG, || {
            server.state()["source"]["trouble"]["code"] == "ended"
        });
        server.stop();
    }
}

#[test]
fn command_that_will_not_end_is_ended() {
    let scratch = Scratch::new();
    let file = scratch.write("pictures", &jpegs(160, 120, 1, 90).concat());
    let source = endless(&scratch, &file, "trap '' TERM INT HUP");
    let server = Server::start(&["--source", &source]);
    let mut stream = Stream::open(server.address(), "/stream", &[]);
    (0..3).for_each(|_| drop(stream.next()));
    let id = id(&scratch);
    server.stop();
    eventually_true("the command is gone", LONG, || !is_alive(id));
}
