//! Flags and their values.

use super::*;
use crate::proto::http::{HttpUrl, WebOrigin};
use crate::proto::rtsp::RtspUrl;

fn config(arguments: &[&str]) -> Result<Config, Refused> {
    Config::read([&["livestream"], arguments].concat(), |_| None).map(|(config, _)| config)
}

#[test]
fn without_arguments_it_is_the_contracts_defaults() {
    let config = config(&[]).unwrap();
    assert_eq!((config.port, config.max_viewers), (8081, 1000));
    assert_eq!(config.size, Size::new(1280, 720).unwrap());
    assert_eq!(config.bandwidth, Budget::BitsPerSec(100_000_000));
    assert_eq!(config.wish().fps, 30.0);
    assert_eq!(config.source, None);
}

#[test]
fn limits_are_those_of_the_system_unless_less_is_asked_for() {
    let limits = config(&[]).unwrap().limits(1024);
    assert_eq!(limits, Limits::of_descriptors(1024));
    let asked = ["--max-connections", "10", "--max-rtsp-sessions", "5", "--max-unread", "1"];
    let limits = config(&asked).unwrap().limits(1024);
    assert_eq!((limits.connections, limits.rtsp_sessions), (10, 5));
    assert_eq!(limits.unread_bytes, 1024 * 1024);
    let too_many = config(&["--max-connections", "4000"]).unwrap().limits(1024);
    assert_eq!(too_many.connections, 896);
}

#[test]
fn sources_are_told_apart() {
    let source = |text| config(&["--source", text]).unwrap().source.unwrap();
    assert_eq!(source("pattern"), SourceChoice::Pattern);
    assert!(matches!(source("webcam"), SourceChoice::Webcam(_)));
    assert!(matches!(source("webcam:2"), SourceChoice::Webcam(_)));
    assert!(matches!(source("/dev/video3"), SourceChoice::Webcam(_)));
    assert!(matches!(source("http://10.0.0.2:8080/?action=stream"), SourceChoice::Http(_)));
    assert!(matches!(source("HTTP://cam/video"), SourceChoice::Http(_)));
    let url = RtspUrl::parse("rtsp://me:secret@10.0.0.2/live").unwrap();
    assert_eq!(source("rtsp://me:secret@10.0.0.2/live"), SourceChoice::Rtsp(url));
    assert_eq!(source("movie.Mjpeg"), SourceChoice::Path("movie.Mjpeg".into()));
    assert_eq!(source("-"), SourceChoice::Input);
    assert_eq!(source("title:7"), SourceChoice::Title(7));
    for wrong in ["title:", "title:07", "title:-1", "title:7/", "title:A film"] {
        assert!(parse_source(wrong).is_err(), "{wrong}");
    }
    let words = ["a b", "$HOME", "c'd", "x;y", ""].map(str::to_owned).to_vec();
    assert_eq!(source(r#"exec:"a b" $HOME c\'d 'x;y' """#), SourceChoice::Exec(words));
}

#[test]
fn rooms_have_a_name_a_source_and_a_title() {
    let rooms = |typed: &[&str]| config(typed).map(|config| config.rooms);
    let one = |text| rooms(&["--room", text]).unwrap().remove(0);
    let door = one("door=webcam:1");
    assert_eq!((door.name.as_str(), door.title), ("door", None));
    assert!(matches!(door.source, SourceChoice::Webcam(_)));
    let hall = one("hall=http://a/?x=1;title=y;title=The hall");
    assert_eq!(hall.title.as_deref(), Some("The hall"));
    assert_eq!(hall.source, SourceChoice::Http(HttpUrl::parse("http://a/?x=1;title=y").unwrap()));
    assert_eq!((door.redirects, hall.redirects), (Redirects::Anywhere, Redirects::Anywhere));
    let near = one("near=http://a/;redirects=same-host;title=Near");
    assert_eq!(near.source, SourceChoice::Http(HttpUrl::parse("http://a/").unwrap()));
    assert_eq!((near.redirects, near.title.as_deref()), (Redirects::SameHost, Some("Near")));
    assert!(rooms(&["--room", "a=http://a/;redirects=other"]).is_err());
    assert_eq!(rooms(&["--room", "a=pattern", "--room", "b=pattern"]).unwrap().len(), 2);
    for bad in ["door", "=pattern", "a/b=pattern", "door=", "door=pattern;title="] {
        assert_eq!(rooms(&["--room", bad]).unwrap_err().exit_code(), 2, "{bad}");
    }
    let twice = rooms(&["--room", "a=pattern", "--room", "a=webcam"]).unwrap_err();
    assert!(twice.to_string().contains("two rooms named 'a'"), "{twice}");
    assert_eq!(twice.exit_code(), 2);
    let secret = rooms(&["--room", "a=ftp://me:secret@b/"]).unwrap_err().to_string();
    assert!(!secret.contains("secret"), "{secret}");
}

#[test]
fn who_is_let_in_can_be_said_several_times() {
    let typed = ["--host", "Cam.Example.com.", "--host", "b", "--cors", "lan,https://a.example"];
    let config = config(&typed).unwrap();
    assert_eq!(config.hosts, ["cam.example.com", "b"]);
    let origin = WebOrigin::parse("https://a.example:443").unwrap();
    assert_eq!(config.cors, [CorsChoice::Lan, CorsChoice::Origin(origin)]);
}

#[test]
fn a_wrong_value_names_the_flag_and_what_it_takes() {
    for (arguments, flag, takes) in [
        (["--size", "big"], "--size", "1280x720"),
        (["--size", "0x0"], "--size", "16 to 8192"),
        (["--bandwidth", "fast"], "--bandwidth", "100M"),
        (["--fps", "0"], "--fps", "1..=240"),
        (["--control", "brightness"], "--control", "brightness=128"),
        (["--source", "webcam:x"], "--source", "webcam:N"),
        (["--source", "http://"], "--source", "address"),
        (["--source", "rtsp://cam:x/"], "--source", "address"),
        (["--source", "exec:"], "--source", "a command"),
        (["--source", "exec:'a"], "--source", "a quote"),
        (["--source", "rtmp://cam/"], "--source", "rtsps://"),
        (["--source", "http://me:a#b@cam/"], "--source", "written `%23`"),
        (["--source", "rtsp://me:a/b@cam/"], "--source", "written `%2F`"),
        (["--source-fingerprint", "12:34"], "--source-fingerprint", "64 hexadecimal"),
        (["--max-viewers", "0"], "--max-viewers", "1.."),
        (["--donate-url", "javascript:x"], "--donate-url", "https://"),
        (["--rtsp-port", "x"], "--rtsp-port", "0 to 65535"),
        (["--clips", "/nowhere"], "--clips", "a folder"),
        (["--bind", "home"], "--bind", "IP address"),
        (["--host", "cam.example.com:80"], "--host", "without a port"),
        (["--host", "10.0.0.1"], "--host", "a name"),
        (["--host", "a b"], "--host", "a name"),
        (["--cors", "everybody"], "--cors", "lan, none"),
        (["--cors", "https://a.example/path"], "--cors", "an origin"),
        (["--proxy", "10.0.0.0/33"], "--proxy", "a subnet"),
        (["--proxy-header", "via"], "--proxy-header", "forwarded"),
    ] {
        let words = config(&arguments).unwrap_err().to_string();
        assert!(words.contains(flag) && words.contains(takes), "{words}");
    }
    assert!(config(&["99999"]).unwrap_err().to_string().contains("PORT"));
}

#[test]
fn no_error_shows_more_of_an_address_than_its_scheme() {
    for address in [
        "http://me:secret#@cam/",
        "https://me:secret@cam:x/secret",
        "rtsp://me:secret/@cam/",
        "htp://me:secret@cam/?secret",
    ] {
        let arguments: [&[&str]; 6] = [
            &["--source", address],
            &["8081", address],
            &[address],
            &["--size", address],
            &["--host", address],
            &["--source", "pattern", address, "--nonsense"],
        ];
        for arguments in arguments {
            let error = config(arguments).unwrap_err();
            let words = format!("{error} {error:?}");
            assert!(!words.contains("secret"), "{arguments:?}: {words}");
            assert_eq!(error.exit_code(), 2);
        }
        let equals = format!("--source={address}");
        assert!(!config(&[&equals]).unwrap_err().to_string().contains("secret"));
        let unknown = format!("--sorce={address}");
        assert!(!config(&[&unknown]).unwrap_err().to_string().contains("secret"));
    }
}

#[test]
fn the_definition_of_the_flags_is_sound() {
    use clap::CommandFactory;
    Config::command().debug_assert();
}
