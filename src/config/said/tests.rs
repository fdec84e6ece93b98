//! Flags, file and defaults, one over the other.

use super::*;
use crate::base::scratch::Scratch;
use crate::config::{Command, SourceChoice};

/// What holds with this file in the data folder and these arguments, or why nothing does.
fn with_file(text: &str, arguments: &[&str]) -> Result<(Config, Origins), Refused> {
    let scratch = Scratch::folder();
    scratch.write("livestream.toml", text.as_bytes());
    let data = ["livestream", "--data", scratch.path().to_str().unwrap()];
    let all: Vec<OsString> = data.iter().chain(arguments).map(OsString::from).collect();
    read(&all, |_| None)
}

fn refused(text: &str) -> String {
    with_file(text, &[]).unwrap_err().to_string()
}

#[test]
fn flags_win_over_the_file_and_the_file_over_defaults() {
    let file = "port = 9000\nfps = 5\nhost = ['a.example', 'b.example']\nno-rtsp = true\n";
    let (config, _) = with_file(file, &["--fps", "10"]).unwrap();
    assert_eq!((config.port, config.fps, config.max_viewers), (9000, Some(10), 1000));
    assert_eq!((config.hosts.len(), config.no_rtsp), (2, true));
    let (config, _) = with_file(file, &["7000", "--host", "c.example"]).unwrap();
    assert_eq!((config.port, config.hosts), (7000, vec!["c.example".to_owned()]));
}

#[test]
fn a_flag_puts_away_what_excludes_it_in_the_file() {
    let (config, _) = with_file("no-rtsp = true", &["--rtsp-port", "8000"]).unwrap();
    assert_eq!((config.rtsp_port, config.no_rtsp), (Some(8000), false));
    let (config, _) = with_file("rtsp-port = 8000", &["--no-rtsp"]).unwrap();
    assert_eq!((config.rtsp_port, config.no_rtsp), (None, true));
    let both = with_file("rtsp-port = 8000\nno-rtsp = true", &[]).unwrap_err();
    assert_eq!(both.exit_code(), 2);
}

#[test]
fn what_goes_together_may_be_said_in_two_places() {
    let (config, _) = with_file("tls-cert = 'c.pem'", &["--tls-key", "k.pem"]).unwrap();
    assert_eq!((config.tls_cert, config.tls_key), (Some("c.pem".into()), Some("k.pem".into())));
    assert!(refused("tls-cert = 'c.pem'").contains("--tls-key"));
}

#[test]
fn every_flag_can_stand_in_the_file() {
    let command = Config::command();
    for arg in command.get_arguments().filter(|arg| !NEVER.contains(&&*key_of(arg))) {
        let key = key_of(arg);
        let said = match arg.get_action().takes_values() {
            true => Said::Values(vec!["\u{1}".to_owned()]),
            false => Said::Switch(true),
        };
        let told = check(&Setting { key: key.clone(), said, line: 1 });
        assert!(!told.is_err_and(|why| why.contains("no key")), "{key}");
    }
}

#[test]
fn an_unknown_key_names_the_nearest() {
    for (key, nearest) in [
        ("bandwith", Some("bandwidth")),
        ("max_viewers", Some("max-viewers")),
        ("prot", Some("port")),
        ("rooms", Some("room")),
        ("quux", None),
        ("list-cameras", None),
        ("\"http://me:secret@cam/\"", None),
    ] {
        let words = refused(&format!("port = 1\n{key} = 1"));
        assert!(words.contains("livestream.toml, line 2: there is no "), "{words}");
        assert!(!words.contains("secret"), "{words}");
        assert_eq!(words.contains("did you mean"), nearest.is_some(), "{words}");
        assert!(nearest.is_none_or(|nearest| words.contains(&format!("`{nearest}`"))), "{words}");
    }
}

#[test]
fn a_wrong_value_names_its_line_and_what_is_taken() {
    for (file, line, words) in [
        ("\nsize = 'big'", 2, "1280x720"),
        ("port = 99999", 1, "0 to 65535"),
        ("port = true", 1, "takes a value"),
        ("port = 'donations'", 1, "0 to 65535"),
        ("port = '--list-cameras'", 1, "0 to 65535"),
        ("port = -5", 1, "0 to 65535"),
        ("source = \"exec:curl -u me:secret 'x\"", 1, "a quote"),
        ("room = \"a b=exec:curl -u me:secret x\"", 1, "NAME"),
        ("no-rtsp = 'yes'", 1, "true or false"),
        ("fps = [1, 2]", 1, "one value"),
        ("fps = 0", 1, "1..=240"),
        ("cors = []", 1, "empty list"),
        ("proxy-header = 'via'", 1, "forwarded"),
        ("source = 'http://me:secret@cam:x/'", 1, "address"),
        ("[[room]]\nname = 'a/b'\nsource = 'rtsp://me:secret@cam/'", 1, "NAME"),
        ("data = '/tmp'", 1, "--data"),
        ("port = ", 1, ""),
    ] {
        let told = with_file(file, &[]).unwrap_err();
        let text = told.to_string();
        assert!(text.contains(&format!("line {line}: ")) && text.contains(words), "{file}: {text}");
        assert!(!text.contains("secret") && !text.contains('\n'), "{file}: {text}");
        assert_eq!(told.exit_code(), 2, "{file}");
    }
}

#[test]
fn a_named_file_must_be_there() {
    let arguments = ["livestream", "--config", "/nowhere/livestream.toml"].map(OsString::from);
    let refused = read(&arguments, |_| None).unwrap_err();
    assert_eq!(refused.exit_code(), 1);
    assert!(refused.to_string().contains("/nowhere/livestream.toml"), "{refused}");
}

#[test]
fn a_named_file_may_say_where_the_data_folder_is() {
    let scratch = Scratch::folder();
    let file = scratch.write("my.toml", b"data = '/var/lib/cam'\nroom = ['b=pattern']");
    let arguments = ["livestream", "--config", file.to_str().unwrap()].map(OsString::from);
    let (config, _) = read(&arguments, |_| None).unwrap();
    assert_eq!(config.data, Some("/var/lib/cam".into()));
    assert_eq!(config.rooms[0].source, SourceChoice::Pattern);
}

#[test]
fn two_rooms_of_one_name_are_refused_wherever_they_stand() {
    let refused = with_file("room = ['a=pattern', 'a=webcam']", &[]).unwrap_err();
    let words = refused.to_string();
    assert!(words.contains("two rooms named 'a'") && words.contains("livestream.toml"), "{words}");
}

#[test]
fn what_holds_is_shown_with_its_place_and_without_secrets() {
    let file = "source = 'http://me:secret@cam:8080/video?key=secret'\nfps = 5\n\
                room = ['a=exec:grab --key secret;title=The a', 'b=webcam:1']\n";
    let (_, origins) = with_file(file, &["--bandwidth", "20M"]).unwrap();
    let shown = origins.to_string();
    let row = |key: &str| -> Vec<String> {
        let line = shown.lines().find(|line| line.starts_with(key)).unwrap();
        line.split("  ").map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    };
    assert_eq!(row("bandwidth"), ["bandwidth", "20M", "flag"]);
    assert_eq!(row("port"), ["port", "8081", "default"]);
    assert_eq!(row("source ")[1], "http://cam:8080/\u{2026}");
    assert!(row("fps")[2].ends_with("livestream.toml:2"), "{shown}");
    assert_eq!(row("room")[1], "a=exec:grab \u{2026};title=The a");
    assert_eq!(row("no-rtsp")[1..], ["false", "default"]);
    assert!(!shown.contains("secret"), "{shown}");
}

#[test]
fn commands_take_the_folder_before_and_behind_them() {
    for arguments in [["--data", "/d", "backup", "f"], ["backup", "f", "--data", "/d"]] {
        let all: Vec<OsString> =
            ["livestream"].iter().chain(&arguments).map(OsString::from).collect();
        let (config, _) = read(&all, |_| None).unwrap();
        assert_eq!(config.data, Some("/d".into()), "{arguments:?}");
        assert_eq!(config.command, Some(Command::Backup { file: "f".into() }));
    }
    let both = ["livestream", "config", "backup", "--data", "/d"].map(OsString::from);
    assert_eq!(read(&both, |_| None).unwrap_err().exit_code(), 2);
    let typo = read(&["livestream", "confg"].map(OsString::from), |_| None).unwrap_err();
    assert!(typo.to_string().contains("config, backup"), "{typo}");
}

#[test]
fn damaged_files_are_read_or_refused() {
    let good =
        "port = 9000\nhost = ['a.example', \"b\"]\n[[room]]\nname = 'a'\nsource = 'pattern'\n";
    for at in 0..good.len() {
        for put in ["", "'", "[", "\u{0}", "=", "\n", "\u{1b}[31m", "9"] {
            let mut text = good.to_owned();
            text.replace_range(at..=at, put);
            if let Err(told) = file::parse(&text) {
                assert!(told.line >= 1 && !told.why.is_empty());
            }
        }
    }
}
