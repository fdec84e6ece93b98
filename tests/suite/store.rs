//! What outlives the program: kept, locked, set aside, copied; kill −9 loses nothing acknowledged.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use rustix::process::Signal;

use crate::common::client::ask;
use crate::common::clip::Scratch;
use crate::common::server::{Server, program};
use crate::common::{LONG, eventually_true};

/// The messages of thanks that the server's pages show.
fn thanks(server: &Server) -> BTreeSet<String> {
    let state = server.state();
    let thanks = state["thanks"].as_array().expect("a list");
    thanks.iter().map(|one| one["message"].as_str().expect("a text").to_owned()).collect()
}

fn give(server: &Server, message: &str) -> u16 {
    let form = format!("name=Ada&message={message}");
    let fields = [("Content-Type", "application/x-www-form-urlencoded")];
    ask(server.address(), "POST", "/donate", &fields, form.as_bytes()).status
}

/// A subcommand on a data folder.
fn say(data: &str, arguments: &[&str]) -> Output {
    program().args(arguments).args(["--data", data]).output().expect("the program starts")
}

/// What `livestream donations` lists: the columns of each.
fn donations(data: &str) -> Vec<Vec<String>> {
    let said = say(data, &["donations"]);
    assert!(said.status.success(), "{said:?}");
    let text = String::from_utf8(said.stdout).expect("it is text");
    text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

fn messages(data: &str) -> BTreeSet<String> {
    donations(data).into_iter().map(|columns| columns[4].clone()).collect()
}

#[test]
fn donations_outlive_the_server_and_are_shown_again_by_the_next() {
    let data = Scratch::new();
    let arguments = ["--data", data.path(), "--room", "door=pattern"];
    let server = Server::pattern(&arguments);
    assert_eq!(give(&server, "well+done"), 303);
    let fields = [("Content-Type", "application/x-www-form-urlencoded")];
    ask(server.address(), "POST", "/r/door/donate", &fields, b"name=Bob&message=hi").expect(303);
    server.stop();
    let server = Server::pattern(&arguments);
    assert_eq!(thanks(&server), ["well done".to_owned()].into());
    let listed = donations(data.path());
    assert_eq!(listed[0][2..], ["/", "Ada", "well done"]);
    assert_eq!(listed[1][2..], ["/r/door/", "Bob", "hi"]);
    server.stop();
}

#[test]
fn what_another_program_deletes_is_shown_no_more() {
    let data = Scratch::new();
    let server = Server::pattern(&["--data", data.path()]);
    assert_eq!(give(&server, "rude"), 303);
    assert_eq!(give(&server, "kind"), 303);
    let rude = donations(data.path()).into_iter().find(|columns| columns[4] == "rude");
    let id = rude.expect("it is listed").remove(0);
    assert!(say(data.path(), &["donations", "--delete", &id]).status.success());
    eventually_true("it is gone from pages", LONG, || {
        thanks(&server) == ["kind".to_owned()].into()
    });
    let again = say(data.path(), &["donations", "--delete", &id]);
    assert_eq!(again.status.code(), Some(1));
    server.stop();
}

/// A hundred servers are killed in the middle of donations; each that was answered is there.
#[test]
fn what_was_acknowledged_outlives_a_hundred_kills() {
    let data = Scratch::new();
    let mut acknowledged = BTreeSet::new();
    for round in 0..100 {
        let server = Server::pattern(&["--data", data.path()]);
        let before = round % 7;
        for number in 0..before {
            let message = format!("{round}.{number}");
            assert_eq!(give(&server, &message), 303);
            acknowledged.insert(message);
        }
        // One more is on its way.
        let mut client = server.connect();
        let form = format!("message={round}.last");
        let fields = [("Content-Type", "application/x-www-form-urlencoded")];
        let head = client.head("POST", "/donate", &fields, form.as_bytes());
        client.send([head.as_bytes(), form.as_bytes()].concat());
        server.kill();
    }
    let server = Server::pattern(&["--data", data.path()]);
    assert!(!server.log().contains("cannot be read"), "{}", server.log());
    let kept = messages(data.path());
    let lost: Vec<_> = acknowledged.difference(&kept).collect();
    assert!(lost.is_empty(), "{lost:?}");
    server.stop();
}

#[test]
fn a_second_server_says_who_has_the_folder_and_goes_on_without_it() {
    let data = Scratch::new();
    let first = Server::pattern(&["--data", data.path()]);
    let second = Server::pattern(&["--data", data.path()]);
    let holder = format!("process {} on port {}", first.id(), first.address().port());
    second.says(&holder);
    assert_eq!(give(&second, "not+kept"), 303);
    assert_eq!(thanks(&second), ["not kept".to_owned()].into());
    assert!(donations(data.path()).is_empty());
    let restoring = say(data.path(), &["restore", "/dev/null"]);
    assert_eq!(restoring.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&restoring.stderr).contains(&holder));
    first.stop();
    second.stop();
    // The lock goes with who had it, however it ended.
    let third = Server::pattern(&["--data", data.path()]);
    third.kill();
    let fourth = Server::pattern(&["--data", data.path()]);
    assert_eq!(give(&fourth, "kept"), 303);
    assert_eq!(messages(data.path()), ["kept".to_owned()].into());
    fourth.stop();
}

#[test]
fn a_folder_that_cannot_be_written_costs_only_what_needs_it() {
    let scratch = Scratch::new();
    let file = scratch.write("file", b"");
    let server = Server::pattern(&["--data", &format!("{file}/data")]);
    server.says("--data");
    server.get("/snapshot").expect(200);
    assert_eq!(give(&server, "hi"), 303);
    assert_eq!(thanks(&server), ["hi".to_owned()].into());
    server.stop();
}

#[test]
fn a_damaged_database_is_set_aside_and_watching_goes_on() {
    let data = Scratch::new();
    data.write("livestream.db", &[0x5a; 10_000]);
    let server = Server::pattern(&["--data", data.path()]);
    server.get("/snapshot").expect(200);
    server.says("a new one was begun");
    assert_eq!(give(&server, "hi"), 303);
    assert_eq!(messages(data.path()), ["hi".to_owned()].into());
    let aside = std::fs::read_dir(data.path()).expect("it is there").any(|entry| {
        let path = entry.expect("it can be read").path();
        let is_aside = path.to_string_lossy().contains("livestream.db.unreadable-");
        is_aside && std::fs::read(path).expect("it can be read") == [0x5a; 10_000]
    });
    assert!(aside, "nothing is deleted");
    server.stop();
}

#[test]
fn a_backup_beside_the_server_comes_back() {
    let data = Scratch::new();
    let copy = format!("{}/copy", data.path());
    let server = Server::pattern(&["--data", data.path()]);
    assert_eq!(give(&server, "one"), 303);
    let said = say(data.path(), &["backup", &copy]);
    assert!(said.status.success(), "{said:?}");
    assert!(String::from_utf8_lossy(&said.stdout).contains("secrets"));
    assert_eq!(give(&server, "two"), 303);
    let running = say(data.path(), &["restore", &copy]);
    assert_eq!(running.status.code(), Some(1), "a server has it");
    server.stop();
    assert!(say(data.path(), &["restore", &copy]).status.success());
    assert_eq!(messages(data.path()), ["one".to_owned()].into());
    assert_eq!(say(data.path(), &["backup", &copy]).status.code(), Some(1), "it is there already");
}

/// On a disk of 1 MiB, which the server alone has.
#[test]
fn a_full_disk_refuses_what_cannot_be_kept_and_nothing_else() {
    let data = Scratch::new();
    let mut command = Command::new("unshare");
    let script = r#"mount -t tmpfs -o size=1m none "$0" && exec "$@""#;
    command.args(["--mount", "sh", "-c", script, data.path()]).arg(program().get_program());
    let ip = std::net::Ipv4Addr::LOCALHOST.into();
    let pattern = ["--source", "pattern", "--size", "160x120", "--data", data.path()];
    let server = Server::run(command, ip, 0, &pattern);
    assert_eq!(give(&server, "before"), 303);
    let filler = format!("/proc/{}/root{}/filler", server.id(), data.path());
    let full = std::fs::write(&filler, vec![1; 2 << 20]).expect_err("it is too large");
    assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    let refused = (0..10).any(|number| give(&server, &format!("full{number}")) == 503);
    assert!(refused, "the disk is full");
    server.get("/snapshot").expect(200);
    server.get("/").expect(200);
    std::fs::remove_file(&filler).expect("it is there");
    assert_eq!(give(&server, "after"), 303);
    let shown = thanks(&server);
    assert!(shown.contains("before") && shown.contains("after"), "{shown:?}");
    server.stop();
}

/// What the README's unit for systemd says, as far as it can be had without systemd.
#[test]
fn the_readmes_unit_names_the_state_directory() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(readme).expect("it is there");
    let unit = readme.split("[Service]").nth(1).and_then(|rest| rest.split("```").next());
    let unit = unit.expect("there is a unit");
    let says = |line: &str| unit.lines().any(|other| other.trim() == line);
    assert!(says("StateDirectory=livestream"), "{unit}");
    // As systemd does it: the folder is there, its name in the environment, and all else read-only.
    let state = Scratch::new();
    let mut command = program();
    command.env("STATE_DIRECTORY", state.path());
    let ip = std::net::Ipv4Addr::LOCALHOST.into();
    let data = ["--source", "pattern", "--size", "160x120"];
    let server = Server::run(command, ip, 0, &data);
    assert_eq!(give(&server, "kept"), 303);
    server.signal(Signal::TERM);
    assert_eq!(messages(state.path()), ["kept".to_owned()].into());
}
