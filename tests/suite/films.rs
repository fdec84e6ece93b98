//! Rooms that play films: their files by `Range`, what a host commands, what the disk does.

use std::fs;
use std::net::Ipv4Addr;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::accounts::Person;
use crate::common::client::{Client, Reply, ask};
use crate::common::clip::Scratch;
use crate::common::program::Program;
use crate::common::server::{Server, program};
use crate::common::viewer::Viewer;
use crate::common::{LONG, eventually, eventually_true};
use crate::socket::Page;

/// Two seconds each.
const MP4: &[u8] = include_bytes!("../data/film/whole.mp4");
const WEBM: &[u8] = include_bytes!("../data/film/whole.webm");

/// A film of so many bytes: behind its own there is nothing that means something.
pub(crate) fn padded(bytes: usize) -> Vec<u8> {
    let mut film = MP4.to_vec();
    let rest = u32::try_from(bytes - film.len()).expect("a size");
    film.extend(rest.to_be_bytes());
    film.extend(b"free");
    let start = film.len();
    film.extend((start..bytes).map(|at| (at % 251) as u8));
    film
}

/// A server whose default room plays these.
fn server(files: &[(&str, &[u8])], arguments: &[&str]) -> (Server, Scratch) {
    let folder = Scratch::new();
    files.iter().for_each(|(name, bytes)| drop(folder.write(name, bytes)));
    let own = ["--media", folder.path(), "--source", "film:"];
    let server = Server::start(&[&own[..], arguments].concat());
    known(&server, files.len());
    (server, folder)
}

/// Waits until the room has looked at so many files.
#[track_caller]
fn known(server: &Server, count: usize) -> Value {
    eventually("the files are known", LONG, || {
        let film = server.state()["film"].clone();
        let lists = ["list", "others"].map(|list| film[list].as_array().map_or(0, Vec::len));
        if lists.iter().sum::<usize>() == count { Ok(film) } else { Err(film.to_string()) }
    })
}

fn names(list: &Value) -> Vec<&str> {
    let films = list.as_array().expect("a list").iter();
    films.map(|film| film["name"].as_str().expect("a name")).collect()
}

fn url(server: &Server, name: &str) -> String {
    let film = server.state()["film"].clone();
    let all = ["list", "others"].map(|list| film[list].as_array().cloned().unwrap_or_default());
    let found = all.concat().into_iter().find(|film| film["name"] == name).expect("it is there");
    format!("/{}", found["url"].as_str().expect("an address"))
}

fn get(server: &Server, url: &str, fields: &[(&str, &str)]) -> Reply {
    ask(server.address(), "GET", url, fields, b"")
}

#[test]
fn a_file_comes_whole_or_by_range_and_never_as_what_it_is_not() {
    let bytes = padded(300_000);
    let (server, _folder) =
        server(&[("a.mp4", &bytes), ("b.mp4", b"no film at all, but bytes")], &[]);
    let at = url(&server, "a.mp4");
    let whole = get(&server, &at, &[]).expect(200);
    assert!(whole.body == bytes);
    assert_eq!(whole.header("Content-Type"), Some("video/mp4"));
    assert_eq!(whole.header("X-Content-Type-Options"), Some("nosniff"));
    assert_eq!(whole.header("Accept-Ranges"), Some("bytes"));
    let tag = whole.header("ETag").expect("a tag").to_owned();
    assert!(tag.starts_with('"'), "it is strong: {tag}");
    let weak = format!("W/{tag}");
    for (range, condition, status, part) in [
        ("bytes=0-0", None, 206, 0..1),
        ("bytes=299999-", None, 206, 299_999..300_000),
        ("bytes=-5", None, 206, 299_995..300_000),
        ("bytes=10-19,20-29", None, 206, 10..30),
        ("bytes=10-19,15-600000", None, 206, 10..300_000),
        ("bytes=10-19,30-39", None, 200, 0..300_000),
        ("bytes=9-1", None, 200, 0..300_000),
        ("bytes=5-9", Some(tag.as_str()), 206, 5..10),
        ("bytes=5-9", Some(weak.as_str()), 200, 0..300_000),
        ("bytes=5-9", Some("\"other\""), 200, 0..300_000),
        ("bytes=5-9", Some("Sun, 06 Nov 1994 08:49:37 GMT"), 200, 0..300_000),
    ] {
        let mut fields = vec![("Range", range)];
        fields.extend(condition.map(|tag| ("If-Range", tag)));
        let reply = get(&server, &at, &fields).expect(status);
        assert!(reply.body == bytes[part.clone()], "{range} {condition:?}");
        let place = format!("bytes {}-{}/300000", part.start, part.end - 1);
        let place = (status == 206).then_some(place);
        assert_eq!(reply.header("Content-Range"), place.as_deref(), "{range}");
        assert_eq!(reply.header("ETag"), Some(tag.as_str()));
    }
    for range in ["bytes=300000-", "bytes=-0", "bytes=300000-300001,400000-"] {
        let reply = get(&server, &at, &[("Range", range)]).expect(416);
        assert_eq!(reply.header("Content-Range"), Some("bytes */300000"), "{range}");
    }
    get(&server, &at, &[("If-None-Match", &tag)]).expect(304);
    get(&server, &at, &[("If-Match", "\"other\"")]).expect(412);
    let mut client = server.connect();
    let head = client.request("HEAD", &at, &[("Range", "bytes=0-9")], b"").expect(200);
    assert_eq!(head.header("Content-Length"), Some("300000"));
    // What is no film has its bytes, and no name of a film's.
    let other = get(&server, &url(&server, "b.mp4"), &[]).expect(200);
    assert_eq!(other.header("Content-Type"), Some("application/octet-stream"));
    for nowhere in ["/film/99", "/film/x", "/film/../a.mp4", "/film/a.mp4"] {
        get(&server, nowhere, &[]).expect(404);
    }
}

#[test]
fn who_leaves_the_end_open_gets_four_mebibytes() {
    const FOUR: usize = 4 * 1024 * 1024;
    let bytes = padded(9_000_000);
    let (server, _folder) = server(&[("a.mp4", &bytes)], &["--bandwidth", "unlimited"]);
    let at = url(&server, "a.mp4");
    let mut client = server.connect();
    let mut got = Vec::new();
    while got.len() < bytes.len() {
        let range = format!("bytes={}-", got.len());
        let reply = client.request("GET", &at, &[("Range", &range)], b"").expect(206);
        let end = bytes.len().min(got.len() + FOUR);
        let place = format!("bytes {}-{}/9000000", got.len(), end - 1);
        assert_eq!(reply.header("Content-Range"), Some(place.as_str()));
        got.extend(reply.body);
    }
    assert!(got == bytes);
    let closed = client.request("GET", &at, &[("Range", "bytes=0-8999999")], b"").expect(206);
    assert_eq!(closed.body.len(), bytes.len(), "who says where it ends gets it");
}

#[test]
fn the_list_has_what_is_shown_and_says_what_nobody_plays() {
    let files: [(&str, &[u8]); 7] = [
        ("10.mp4", MP4),
        ("9.webm", WEBM),
        ("a.mkv", WEBM),
        ("broken.mp4", b"\xff\xd8 a picture"),
        ("sound.ogg", include_bytes!("../data/film/sound.ogg")),
        ("sound.m4a", include_bytes!("../data/film/sound.m4a")),
        ("sound.mp3", include_bytes!("../data/film/variable.mp3")),
    ];
    let (server, folder) = server(&files, &[]);
    folder.write(".hidden.mp4", MP4);
    folder.write("notes.txt", MP4);
    fs::create_dir(format!("{}/folder.mp4", folder.path())).expect("a folder");
    let pipe = Program::run(
        Command::new("mkfifo").arg(format!("{}/pipe.mp4", folder.path())),
        "coreutils has it",
        LONG,
    );
    assert!(pipe.status.success());
    folder.write("z.mp4", MP4);
    let film = known(&server, 8);
    let list = ["9.webm", "10.mp4", "sound.m4a", "sound.mp3", "sound.ogg", "z.mp4"];
    assert_eq!(names(&film["list"]), list);
    assert_eq!(names(&film["others"]), ["a.mkv", "broken.mp4"]);
    for film in film["others"].as_array().expect("a list") {
        assert!(film["trouble"].as_str().expect("words").ends_with('.'), "{film}");
    }
    for film in film["list"].as_array().expect("a list") {
        let lasts = film["duration_s"].as_f64().expect("seconds");
        assert!((lasts - 2.0).abs() < 0.2, "{film}");
    }
}

#[test]
fn a_film_that_says_it_lasts_nothing_stops_nobody() {
    // Of 2^32 - 1 units a second it lasts one.
    let mut film = MP4.to_vec();
    let head = film.windows(4).position(|four| four == b"mvhd").expect("a movie header") + 16;
    film[head..head + 8].copy_from_slice(&[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1]);
    let (server, _folder) = server(&[("a.mp4", &film)], &[]);
    for _ in 0..4 {
        assert!(server.state()["film"]["list"].is_array());
        assert_eq!(server.get("/healthz").status, 200);
    }
    server.stop();
}

#[test]
fn a_stream_a_snapshot_and_players_are_told_in_words() {
    let (server, _folder) = server(&[("a.mp4", MP4)], &["--size", "320x240"]);
    let snapshot = server.get("/snapshot").expect(200);
    assert!(snapshot.body.starts_with(&[0xff, 0xd8]));
    assert_eq!(server.state()["source"]["kind"], "film");
}

#[test]
fn films_without_a_folder_are_a_wrong_usage() {
    let folder = Scratch::new();
    let run = |arguments: &[&str]| {
        let mut command = program();
        command.args(["0", "--no-mdns", "--no-rtsp"]).args(arguments);
        let ended = Program::run(&mut command, "it is this project's own", LONG);
        (ended.status.code(), ended.stderr)
    };
    for arguments in [&["--source", "film:a.mp4"][..], &["--room", "cinema=film:"]] {
        let (code, words) = run(arguments);
        assert_eq!(code, Some(2), "{words}");
        assert!(words.contains("--media"), "{words}");
    }
    let media = ["--media", folder.path()];
    for source in ["film:../a.mp4", "film:/etc", "film:.hidden"] {
        let (code, words) = run(&[&media[..], &["--source", source]].concat());
        assert_eq!(code, Some(2), "{source}: {words}");
    }
    let (code, words) = run(&[&media[..], &["--source", "film:missing.mp4"]].concat());
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("film:missing.mp4"), "{words}");
}

#[test]
fn a_host_commands_for_all_and_nobody_else() {
    let files: [(&str, &[u8]); 3] = [("a.mp4", MP4), ("b.webm", WEBM), ("c.mp4", MP4)];
    let (server, _folder) = server(&files, &[]);
    let mut host = Person::host(&server);
    let mut guest = Page::open(&server, "/socket", None);
    let mut page = Page::open_with(&server, "/socket", &[("Cookie", &host.cookie)]);
    let mut number = 0;
    let mut command = |page: &mut Page, mut what: Value| {
        number += 1;
        (what["type"], what["id"]) = (json!("film"), json!(number));
        page.ask(&what)
    };
    let refused = command(&mut guest, json!({ "paused": true }));
    assert_eq!((&refused["type"], &refused["status"]), (&json!("refused"), &json!(403)));
    let ids: Vec<u64> = known(&server, 3)["list"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|film| film["film"].as_u64().expect("a number"))
        .collect();
    let done = command(&mut page, json!({ "film": ids[1], "paused": true }));
    let plays = &done["state"]["film"]["plays"];
    assert_eq!((&plays["film"], &plays["paused"]), (&json!(ids[1]), &json!(true)));
    // What one did the other is told.
    guest.until("it is paused", |state| state["film"]["plays"]["paused"] == true);
    let done = command(&mut page, json!({ "film": ids[1], "position_s": 1.5 }));
    assert_eq!(done["state"]["film"]["plays"]["position_s"], 1.5);
    let done = command(&mut page, json!({ "skip": "next" }));
    assert_eq!(done["state"]["film"]["plays"]["film"], ids[2]);
    let done = command(&mut page, json!({ "list": [ids[2], ids[0]], "repeat": false }));
    assert_eq!(names(&done["state"]["film"]["list"]), ["c.mp4", "a.mp4"]);
    assert_eq!(names(&done["state"]["film"]["others"]), ["b.webm"]);
    assert_eq!(done["state"]["film"]["repeat"], false);
    for (wrong, status) in [
        (json!({}), 400),
        (json!({ "film": 99 }), 404),
        (json!({ "list": [99] }), 404),
        (json!({ "position_s": -1 }), 400),
        (json!({ "skip": "up" }), 400),
    ] {
        assert_eq!(command(&mut page, wrong.clone())["status"], status, "{wrong}");
    }
    // The same as a form, without script.
    host.post(&server, "/film", &[("skip", "previous")]).expect(200);
    ask(server.address(), "POST", "/film", &[FORM], b"paused=false").expect(401);
    let done = command(&mut page, json!({ "paused": false }));
    assert!(done["state"]["film"]["plays"]["began_ms"].is_number());
}

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

#[test]
fn the_rooms_clock_tells_where_the_film_is() {
    let (server, _folder) = server(&[("a.mp4", MP4), ("b.mp4", MP4)], &[]);
    let mut page = Page::open(&server, "/socket", None);
    let first = page.ask(&json!({ "type": "ping", "id": 1 }))["clock_ms"].as_f64();
    let first = first.expect("a time");
    page.until("it plays", |state| state["film"]["plays"]["began_ms"].is_number());
    let began = page.state["film"]["plays"]["began_ms"].as_f64().expect("a time");
    assert!(began <= first + 1.0, "it began when the first came: {began}, {first}");
    // It goes on to the next by itself, and to the first after the last.
    let of = |state: &Value| state["film"]["plays"]["film"].clone();
    let one = of(&page.state);
    page.until("the other one plays", |state| of(state) != one && of(state).is_number());
    page.until("the first plays again", |state| of(state) == one);
    let people = server.state()["viewers"]["watching"].clone();
    assert_eq!(people, 1);
}

#[test]
fn who_loads_a_film_has_a_share_of_the_budget_and_no_more() {
    let bytes = padded(3_000_000);
    let (server, _folder) = server(&[("a.mp4", &bytes)], &["--bandwidth", "8M"]);
    let (at, began) = (url(&server, "a.mp4"), Instant::now());
    let viewer = Viewer::of(&server);
    std::thread::scope(|scope| {
        let load = || viewer.ask("GET", &at, &[("Range", "bytes=0-1499999")], "").expect(206);
        let both = [scope.spawn(load), scope.spawn(load)];
        // It is seen to count while it goes.
        eventually_true("it counts", LONG, || {
            server.state()["budget"]["sent_bits_per_sec"].as_u64() > Some(1_000_000)
        });
        both.into_iter().for_each(|one| drop(one.join().expect("it loads")));
    });
    // A million bytes a second for both, but for what goes at once.
    let took = began.elapsed();
    assert!(took > Duration::from_millis(2000), "{took:?}");
}

#[test]
fn a_film_that_is_changed_while_it_is_sent_ends_the_connection() {
    let bytes = padded(4_000_000);
    let (server, folder) = server(&[("a.mp4", &bytes)], &["--bandwidth", "8M"]);
    let at = url(&server, "a.mp4");
    let mut client = server.connect();
    client.send(format!("GET {at} HTTP/1.1\r\nHost: {}\r\n\r\n", server.address()));
    let head = client.incoming.take_through(b"\r\n\r\n", 4096).expect("a head");
    assert!(head.starts_with(b"HTTP/1.1 200 OK\r\n"));
    let file = fs::File::options().write(true).open(format!("{}/a.mp4", folder.path()));
    file.and_then(|file| file.set_len(5_000_000)).expect("it can be changed");
    while client.incoming.fill().is_ok() {}
    let rest = client.incoming.left_over();
    assert!(rest.len() < bytes.len() && bytes.starts_with(rest), "{} bytes", rest.len());
    // It is another film now, with another address.
    eventually_true("it is known as another", LONG, || url_of_first(&server) != Some(at.clone()));
    get(&server, &at, &[]).expect(404);
    let now = url_of_first(&server).expect("it is there");
    assert_eq!(get(&server, &now, &[("Range", "bytes=0-9")]).expect(206).body, bytes[..10]);
}

fn url_of_first(server: &Server) -> Option<String> {
    server.state()["film"]["list"][0]["url"].as_str().map(|url| format!("/{url}"))
}

/// Each read of one film takes half a second, and a stream beside it has all its pictures.
#[test]
fn a_disk_that_is_slow_for_one_film_keeps_nobody_else() {
    let folder = Scratch::new();
    folder.write("slow.mp4", &padded(5_000_000));
    let library = slow_reads(&folder);
    let mut command = program();
    command.env("LD_PRELOAD", &library).env("SLOW_FILE", format!("{}/slow.mp4", folder.path()));
    let arguments = [
        "--media",
        folder.path(),
        "--source",
        "pattern",
        "--size",
        "160x120",
        "--room",
        "cinema=film:slow.mp4",
        "--bandwidth",
        "unlimited",
    ];
    let server = Server::run(command, Ipv4Addr::LOCALHOST.into(), 0, &arguments);
    let at = eventually("the film is known", LONG, || {
        let film = server.get("/r/cinema/state").json()["film"].clone();
        let url = film["list"][0]["url"].as_str().map(|url| format!("/r/cinema/{url}"));
        url.ok_or_else(|| film.to_string())
    });
    let viewer = Viewer::of(&server);
    let mut stream = viewer.watch();
    let address = server.address();
    std::thread::scope(|scope| {
        let began = Instant::now();
        let loading: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let range = [("Range", "bytes=0-999999")];
                    let reply = ask(address, "GET", &at, &range, b"").expect(206);
                    assert_eq!(reply.body.len(), 1_000_000);
                })
            })
            .collect();
        let (mut count, start) = (0_u32, Instant::now());
        while start.elapsed() < Duration::from_secs(2) {
            stream.next();
            count += 1;
        }
        let fps = f64::from(count) / start.elapsed().as_secs_f64();
        loading.into_iter().for_each(|one| one.join().expect("it loads"));
        assert!(began.elapsed() > Duration::from_secs(2), "the reads were slow");
        assert!(fps >= 29.0, "{fps} pictures a second");
    });
}

/// A library that makes each look at one file, and each reading of it, take half a second.
fn slow_reads(folder: &Scratch) -> String {
    let source = folder.write("slow.c", include_bytes!("slow.c"));
    let library = format!("{}/slow.so", folder.path());
    let mut command = Command::new("cc");
    command
        .args(["-shared", "-fPIC", "-fno-delete-null-pointer-checks", "-o", &library])
        .arg(source)
        .arg("-ldl");
    let ended = Program::run(&mut command, "apt-get install gcc", LONG);
    assert!(ended.status.success(), "{}", ended.stderr);
    library
}

#[test]
fn a_thousand_who_load_and_do_not_read_hold_no_memory() {
    let bytes = padded(2_000_000);
    let (server, _folder) = server(
        &[("a.mp4", &bytes)],
        &["--bandwidth", "unlimited", "--max-viewers", "5000", "--max-unread", "1000"],
    );
    let at = url(&server, "a.mp4");
    let before = server.rss_mib();
    let clients: Vec<Client> = (0..300)
        .map(|_| {
            let mut client = server.connect();
            client.send(format!("GET {at} HTTP/1.1\r\nHost: {}\r\n\r\n", server.address()));
            client
        })
        .collect();
    // Each has its head: its answer has begun.
    let heads = clients.into_iter().map(|mut client| {
        let head = client.incoming.take_through(b"\r\n\r\n", 4096).expect("a head");
        assert!(head.starts_with(b"HTTP/1.1 200 OK\r\n"));
        client
    });
    let clients: Vec<Client> = heads.collect();
    let risen = server.rss_mib() - before;
    assert!(risen < 40.0, "{risen} MiB for {}", clients.len());
    drop(clients);
}
