//! Nothing leads out of the cage in which ffmpeg runs, and nothing stays in it when its server dies.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Command, Output};

use rustix::process::{Pid, Signal};

use crate::common::clip::Scratch;
use crate::common::program::{Ended, Program};
use crate::common::server::program;
use crate::common::{LONG, VERY_LONG, eventually, eventually_true};

const ADVICE: &str = "apt-get install ffmpeg gcc";

/// Makes a program of C, and returns its path.
fn compiled(folder: &Scratch, name: &str, source: &[u8]) -> String {
    let source = folder.write(&format!("{name}.c"), source);
    let made = format!("{}/{name}", folder.path());
    let mut command = Command::new("cc");
    command.args(["-o", &made, &source, "-lpthread"]);
    let ended = Program::run(&mut command, ADVICE, LONG);
    assert!(ended.status.success(), "{}", ended.stderr);
    made
}

/// A folder of this name in another.
fn folder_in(folder: &Scratch, name: &str) -> String {
    let path = format!("{}/{name}", folder.path());
    std::fs::create_dir(&path).expect("it is new");
    path
}

/// Runs a program in the cage, as the server does: it reads `input` and writes `out`.
fn caged(input: &str, out: &str, words: &[&str]) -> Ended {
    let mut command = program();
    command.args(["__sandbox", &std::process::id().to_string(), "whole"]);
    command.args(["60", "2000000000", "100000000", out, "1", input]);
    command.args(words).current_dir(out).env_clear();
    Program::run(&mut command, ADVICE, VERY_LONG)
}

/// What an intruder could do: each try with `done` or the number of an error.
fn tries(ended: &Ended) -> BTreeMap<String, String> {
    assert!(ended.status.success(), "{ended:?}");
    let said = String::from_utf8(ended.stdout.clone()).expect("it is text");
    let pairs = said.lines().filter_map(|line| line.split_once(' '));
    pairs.map(|(name, result)| (name.to_owned(), result.to_owned())).collect()
}

#[test]
fn an_intruder_in_the_cage_can_read_write_connect_and_start_nothing() {
    let folder = Scratch::new();
    let intruder = compiled(&folder, "intruder", include_bytes!("intruder.c"));
    let (input, secret) = (folder.write("input", b"a film"), folder.write("secret", b"a secret"));
    let out = folder_in(&folder, "out");
    let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    let port = tcp.local_addr().expect("it is bound").port();
    let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).expect("the same of UDP is free");
    tcp.set_nonblocking(true).expect("it may");
    udp.set_nonblocking(true).expect("it may");

    let tries = tries(&caged(&input, &out, &[&intruder, &secret, &port.to_string()]));
    assert_eq!(tries["environment"], "empty");
    assert_eq!(tries["descriptors"], "0");
    assert_eq!(tries["cpu"], "60 core 0");
    let needed = ["thread", "write-own", "own-signal"];
    for name in needed {
        assert_eq!(tries[name], "done", "{name}");
    }
    let told = ["environment", "descriptors", "cpu"];
    let refused = tries
        .iter()
        .filter(|(name, _)| !needed.contains(&name.as_str()) && !told.contains(&name.as_str()));
    let mut count = 0;
    for (name, result) in refused {
        assert_ne!(result, "done", "{name}");
        count += 1;
    }
    assert_eq!(count, 31, "all were tried");
    assert_eq!(std::fs::read(&secret).expect("it is there"), b"a secret");
    assert!(tcp.accept().is_err(), "nobody came by TCP");
    assert!(udp.recv(&mut [0; 8]).is_err(), "nothing came by UDP");
    assert_eq!(std::fs::read(format!("{out}/result")).expect("it was written"), b"made");
}

#[test]
fn the_same_intruder_can_do_it_all_outside() {
    let folder = Scratch::new();
    let intruder = compiled(&folder, "intruder", include_bytes!("intruder.c"));
    let secret = folder.write("secret", b"a secret");
    let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    let port = tcp.local_addr().expect("it is bound").port();
    let mut command = Command::new(&intruder);
    command.args([&secret, &port.to_string()]).current_dir(folder.path());
    // The one that ends it: it becomes another program.
    let ended = Program::run(&mut command, ADVICE, LONG);
    let tries = tries(&ended);
    for name in ["read-other", "read-passwd", "truncate-other", "tcp", "udp", "fork", "clone"] {
        assert_eq!(tries[name], "done", "{name}");
    }
}

/// A film of so many seconds.
fn film(path: &str, seconds: u32, size: &str) {
    let pictures = format!("testsrc2=s={size}:r=25:d={seconds}");
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-y", "-f", "lavfi", "-i", &pictures]);
    command.args(["-c:v", "mpeg4", "-q:v", "8", path]);
    let ended = Program::run(&mut command, ADVICE, VERY_LONG);
    assert!(ended.status.success(), "{}", ended.stderr);
}

fn encode(input: &str, out: &str, more: &[&str]) -> Output {
    let mut command = program();
    command.args(["library", "encode", input, "--out", out]).args(more);
    command.output().expect("the program starts")
}

#[test]
fn a_playlist_in_disguise_reads_nothing_and_asks_nobody() {
    let folder = Scratch::new();
    let secret = folder.write("secret.txt", b"a secret");
    let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    let at = tcp.local_addr().expect("it is bound");
    tcp.set_nonblocking(true).expect("it may");
    let hls = format!(
        "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1,\nhttp://{at}/x\n#EXTINF:1,\nfile://{secret}\n"
    );
    let concat = format!("ffconcat version 1.0\nfile {secret}\n");
    let dash = format!("<?xml version=\"1.0\"?><MPD><BaseURL>http://{at}/</BaseURL></MPD>");
    for (number, text) in [hls.clone(), concat, dash, format!("\n\n{hls}")].iter().enumerate() {
        let input = folder.write(&format!("film{number}.mp4"), text.as_bytes());
        let said = encode(&input, &format!("{}/out{number}", folder.path()), &[]);
        assert_eq!(said.status.code(), Some(1), "{said:?}");
        let words = String::from_utf8_lossy(&said.stderr);
        assert!(words.contains("playlist") || words.contains("text"), "{words}");
        // Nor with a tool that is not told which kinds it may read.
        let out = folder_in(&folder, &format!("caged{number}"));
        let read = ["-v", "error", "-f", "hls", "-i", &input, "-f", "null", "-"];
        let words: Vec<&str> = ["/usr/bin/ffmpeg"].into_iter().chain(read).collect();
        assert!(!caged(&input, &out, &words).status.success(), "{text}");
    }
    assert!(tcp.accept().is_err(), "nobody was asked");
}

/// The processes whose parent is this one.
fn children(parent: u32) -> Vec<i32> {
    let path = format!("/proc/{parent}/task");
    let threads = std::fs::read_dir(path).into_iter().flatten().flatten();
    let lists =
        threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| list.split(' ').filter_map(|id| id.parse().ok()).collect::<Vec<_>>())
        .collect()
}

/// Whether there is such a process, and it is ffmpeg.
fn is_ffmpeg(id: i32) -> bool {
    let name = std::fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default();
    name.trim() == "ffmpeg"
}

#[test]
fn what_runs_in_the_cage_dies_with_its_server() {
    let folder = Scratch::new();
    let input = format!("{}/film.mkv", folder.path());
    film(&input, 40, "1280x720");
    let out = format!("{}/out", folder.path());
    let mut command = program();
    command.args(["library", "encode", &input, "--out", &out]);
    let mut server = command
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    let tool = eventually("ffmpeg runs", VERY_LONG, || {
        let tool = children(server.id()).into_iter().find(|id| is_ffmpeg(*id));
        tool.ok_or_else(|| "it does not".to_owned())
    });
    let id = i32::try_from(server.id()).ok().and_then(Pid::from_raw).expect("it has a number");
    rustix::process::kill_process(id, Signal::KILL).expect("it runs");
    server.wait().expect("it is our child");
    eventually_true("ffmpeg is gone", LONG, || !is_ffmpeg(tool));
}

#[test]
fn without_a_layer_nothing_runs_but_by_the_hosts_word() {
    let folder = Scratch::new();
    let without = compiled(&folder, "without_landlock", include_bytes!("without_landlock.c"));
    let input = format!("{}/film.mkv", folder.path());
    film(&input, 2, "320x240");
    let out = format!("{}/out", folder.path());
    let real = program();
    let run = |more: &[&str]| {
        let mut command = Command::new(&without);
        command
            .arg(real.get_program())
            .args(["library", "encode", &input, "--out", &out])
            .args(more);
        command.output().expect("it starts")
    };
    let refused = run(&[]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    let words = String::from_utf8_lossy(&refused.stderr);
    assert!(words.contains("landlock") && words.contains("--cage weak"), "{words}");
    assert!(!Path::new(&out).exists(), "nothing was begun");
    let weak = run(&["--cage", "weak"]);
    assert!(weak.status.success(), "{}", String::from_utf8_lossy(&weak.stderr));
    assert!(Path::new(&out).join("240p.mp4").exists());
}
