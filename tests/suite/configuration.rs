//! `livestream.toml`, `livestream config`, and where the data folder is.

use std::process::Output;

use crate::common::clip::Scratch;
use crate::common::server::{Server, program};

/// What the program says with these arguments, which do not make it serve.
fn say(arguments: &[&str]) -> Output {
    program().args(arguments).output().expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("it is text")
}

#[test]
fn the_file_in_the_data_folder_says_what_flags_say() {
    let data = Scratch::new();
    let file = "title = \"Garden\"\nfps = 9\n[[room]]\nname = \"door\"\nsource = \"pattern\"\n";
    data.write("livestream.toml", file.as_bytes());
    let server = Server::pattern(&["--data", data.path(), "--title", "Yard"]);
    server.get("/r/door/").expect(200);
    let page = text(&server.get("/").expect(200).body);
    assert!(page.contains("Yard") && !page.contains("Garden"), "flags win");
    server.stop();
    let shown = say(&["--data", data.path(), "config"]);
    assert!(shown.status.success());
    let shown = text(&shown.stdout);
    let line = |key: &str| {
        let line = shown.lines().find(|line| line.starts_with(key));
        line.unwrap_or_else(|| panic!("no {key}: {shown}")).to_owned()
    };
    assert!(line("fps").contains(" 9 ") && line("fps").ends_with("livestream.toml:2"), "{shown}");
    assert!(line("bandwidth").contains("100M") && line("bandwidth").ends_with("default"));
    assert!(line("data").contains(data.path()) && line("data").ends_with("flag"), "{shown}");
}

#[test]
fn a_wrong_file_keeps_it_from_running_and_shows_no_secret() {
    let data = Scratch::new();
    for (file, words) in [
        (
            "sorce = 'http://me:hunter2@cam/'",
            "line 1: there is no key `sorce`; did you mean `source`?",
        ),
        ("\nsource = 'http://me:hunter2@cam:x/'", "line 2: "),
        ("port = 8081\nsource = hunter2", "line 2: "),
    ] {
        data.write("livestream.toml", file.as_bytes());
        let said = say(&["0", "--data", data.path()]);
        assert_eq!(said.status.code(), Some(2), "{file}");
        let told = text(&said.stderr);
        assert!(told.contains(words) && told.contains("livestream.toml"), "{told}");
        assert!(!told.contains("hunter2") && told.lines().count() == 1, "{told}");
    }
}

#[test]
fn a_file_that_is_named_must_be_readable() {
    let scratch = Scratch::new();
    let missing = format!("{}/none.toml", scratch.path());
    let said = say(&["0", "--config", &missing]);
    assert_eq!(said.status.code(), Some(1));
    assert!(text(&said.stderr).contains(&missing));
}

#[test]
fn what_is_shown_has_no_secret() {
    let source = "rtsp://me:hunter2@cam/live?token=hunter2";
    let flags = ["--source", source, "--room", "a=exec:grab --key hunter2"];
    let shown = text(&say(&[&["config"], &flags[..]].concat()).stdout);
    assert_eq!(shown, text(&say(&[&flags[..], &["config"]].concat()).stdout));
    assert!(shown.contains("rtsp://cam/\u{2026}"), "{shown}");
    assert!(shown.contains("a=exec:grab \u{2026}") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn systemds_state_directory_is_the_data_folder() {
    let state = Scratch::new();
    let mut command = program();
    command.env("STATE_DIRECTORY", state.path()).args(["config"]);
    let shown = text(&command.output().expect("it starts").stdout);
    let line = shown.lines().find(|line| line.starts_with("data ")).expect("it is shown");
    assert!(line.contains(state.path()), "{line}");
}

#[test]
fn a_command_that_there_is_not_is_told_which_there_are() {
    let said = say(&["confg"]);
    assert_eq!(said.status.code(), Some(2));
    assert!(
        text(&said.stderr)
            .contains("config, backup, restore, host-link, token, library and donations")
    );
    let help = text(&say(&["--help"]).stdout);
    for word in [
        "backup",
        "restore",
        "host-link",
        "token",
        "library",
        "donations",
        "--config <FILE>",
        "--data <DIR>",
    ] {
        assert!(help.contains(word), "{word}: {help}");
    }
}
