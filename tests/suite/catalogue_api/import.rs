//! `library import`: catalogues that others wrote, beside a running server.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use super::TITLES;
use crate::accounts::Person;
use crate::common::clip::{Scratch, jpegs};
use crate::common::server::{Server, program};
use crate::common::{LONG, VERY_LONG, eventually};
use crate::works::video;

fn import(server: &Server, source: &Path, more: &[&str]) -> Output {
    let mut command = program();
    command.arg("--data").arg(server.data()).args(["library", "import"]).arg(source).args(more);
    command.output().expect("it runs")
}

/// What it says when it ends well.
#[track_caller]
fn said(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{wrong}");
    said
}

/// The titles as this one sees them, the oldest first, once there are so many.
#[track_caller]
fn titles(server: &Server, person: &mut Person, count: usize) -> Vec<Value> {
    let mut found = Vec::new();
    eventually("the titles are there", LONG, || {
        let all = person.get(server, TITLES).expect(200).json();
        found = all["titles"].as_array().expect("a list").clone();
        found.reverse();
        if found.len() == count { Ok(()) } else { Err(format!("{found:?}")) }
    });
    found
}

#[test]
fn a_list_is_imported_and_what_does_not_fit_is_told() {
    let server = Server::pattern(&[]);
    let mut host = Person::host(&server);
    let folder = Scratch::new();
    folder.write("cat.jpg", &jpegs(320, 240, 1, 80)[0]);
    folder.write("bad.jpg", b"<svg xmlns='http://www.w3.org/2000/svg'/>");
    let url = "https://films.example/a/stream.mpd";
    let list = json!([
        { "id": 7, "title": "Cat", "description": "One.\nTwo.", "director": "Ada", "year": 1999,
          "poster": "cat.jpg", "url": url },
        { "title": "Dog\u{1b}[31m", "year": "2001", "poster": "bad.jpg", "url": url },
        { "title": "Eel", "poster": "http://127.0.0.1:9/x.jpg", "url": url },
        { "title": "Fox", "url": "file:///etc/passwd" },
        { "title": "", "url": url },
        { "title": "Gnu" },
    ]);
    let source = folder.write("data.json", list.to_string().as_bytes());
    let words = said(&import(&server, Path::new(&source), &[]));
    assert!(words.contains("3 titles imported, 0 there before, 3 refused"), "{words}");
    assert!(words.contains("Dog [31m: left out: the picture is no JPEG"), "{words}");
    assert!(words.contains("Eel: left out: its poster is no file beside the catalogue"), "{words}");
    assert!(words.contains("Fox: `url` is the address of a manifest"), "{words}");
    assert!(
        words.contains("a title without a name: a title has to be called something"),
        "{words}"
    );
    assert!(words.contains("Gnu: it has neither a video nor the address of a manifest"), "{words}");
    let all = titles(&server, &mut Person::new(), 3);
    let cat = &all[0];
    for (field, value) in [
        ("title", json!("Cat")),
        ("description", json!("One.\nTwo.")),
        ("director", json!("Ada")),
        ("year", json!(1999)),
        ("url", json!(url)),
        ("owner", Value::Null),
    ] {
        assert_eq!(cat[field], value, "{field}");
    }
    assert!(cat["poster"].is_string() && all[1]["poster"].is_null() && all[2]["poster"].is_null());
    let again = said(&import(&server, Path::new(&source), &[]));
    assert!(again.contains("0 titles imported, 3 there before, 3 refused"), "{again}");
    titles(&server, &mut host, 3);
    for (name, bytes) in [
        ("a.json", &b"{}"[..]),
        ("b.json", b"[1]"),
        ("c.json", b"["),
        ("d.json", b"\x00\xff"),
        ("e.sqlite", b"SQLite format 3\0 and no more"),
    ] {
        let source = folder.write(name, bytes);
        let failed = import(&server, Path::new(&source), &[]);
        assert_eq!(failed.status.code(), Some(1), "{name}");
        assert!(String::from_utf8_lossy(&failed.stderr).contains(name), "{failed:?}");
    }
    assert!(!import(&server, Path::new("/nowhere/at/all"), &[]).status.success());
    let pipe = format!("{}/pipe.json", folder.path());
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo is there").success());
    assert!(!import(&server, Path::new(&pipe), &[]).status.success(), "nobody writes into it");
    // One that is none keeps no other out, nor does a mark of the byte order.
    let mixed = "\u{feff}[[], null, {\"title\": \"Hen\", \"url\": \"https://a.example/h.mpd\"}]";
    let source = folder.write("mixed.json", mixed.as_bytes());
    let words = said(&import(&server, Path::new(&source), &[]));
    assert!(words.contains("1 title imported, 0 there before, 2 refused"), "{words}");
}

#[test]
fn a_database_is_imported_and_nothing_in_it_is_run() {
    let server = Server::pattern(&[]);
    let mut host = Person::host(&server);
    let folder = Scratch::new();
    let made = |name: &str, sql: &str| {
        let path = Path::new(folder.path()).join(name);
        let script = "import sqlite3,sys; sqlite3.connect(sys.argv[1]).executescript(sys.argv[2])";
        let status = Command::new("python3").args(["-c", script]).arg(&path).arg(sql).status();
        assert!(status.expect("python3 is there").success());
        path
    };
    let films = made(
        "db.sqlite",
        "CREATE TABLE movies (id INTEGER PRIMARY KEY, title, description, director, year, poster, url);
         INSERT INTO movies VALUES (1, 'Cat', 'One', 'Ada', 1999, '', 'https://a.example/a.m3u8');
         INSERT INTO movies VALUES (2, 'Dog', '', '', NULL, '../../etc/passwd', 'https://a.example/b.mpd');
         CREATE TRIGGER t BEFORE DELETE ON movies BEGIN SELECT load_extension('x'); END;
         CREATE VIEW films AS SELECT writefile('x', 'y') AS title;",
    );
    let words = said(&import(&server, &films, &["--watch", "members"]));
    assert!(words.contains("2 titles imported, 0 there before, 0 refused"), "{words}");
    let all = titles(&server, &mut host, 2);
    assert_eq!((&all[0]["title"], &all[0]["watch"]), (&json!("Cat"), &json!("members")));
    titles(&server, &mut Person::new(), 0);
    let view = made("view.sqlite", "CREATE VIEW movies AS SELECT writefile('x', 'y') AS title;");
    assert!(!import(&server, &view, &[]).status.success());
    titles(&server, &mut host, 2);
}

#[test]
fn films_of_a_folder_are_brought_and_play() {
    let server = Server::pattern(&[]);
    let mut host = Person::host(&server);
    let folder = Scratch::new();
    let film = "-f lavfi -i testsrc2=s=320x240:r=25:d=2 -c:v libx264 -preset veryfast -g 50 -bf 0";
    folder.write("cat.mp4", &video("film.mp4", film));
    folder.write(
        "cat.nfo",
        b"<movie><title>Cat &amp; Co</title><year>1999</year><plot>One.</plot></movie>",
    );
    folder.write("cat.jpg", &jpegs(320, 240, 1, 80)[0]);
    folder.write("dog.mkv", b"%PDF-1.7 is no film");
    folder.write("dog.nfo", b"<!DOCTYPE m [<!ENTITY a 'b'>]><movie><title>&a;</title></movie>");
    let words = said(&import(&server, Path::new(folder.path()), &[]));
    assert!(words.contains("2 titles imported"), "{words}");
    assert!(words.contains("dog: left out: dog.nfo: it has a document type"), "{words}");
    let mut all = Vec::new();
    eventually("one plays, and the other says why not", VERY_LONG, || {
        all = titles(&server, &mut host, 2);
        let is_done = all[0]["playable"] == true && all[1]["job"]["state"] == "failed";
        if is_done { Ok(()) } else { Err(format!("{all:?}")) }
    });
    assert_eq!((&all[0]["title"], &all[0]["year"]), (&json!("Cat & Co"), &json!(1999)));
    assert_eq!(all[0]["description"], "One.");
    assert!(all[0]["poster"].is_string());
    let dash = format!("/{}", all[0]["dash"].as_str().expect("an address"));
    server.get(&dash).expect(200);
    assert_eq!((&all[1]["title"], &all[1]["playable"]), (&json!("dog"), &json!(false)));
    let job = &all[1]["job"];
    assert!(job["words"].as_str().is_some_and(|words| words.contains("This is a PDF")), "{job}");
    assert_eq!(job["help"], "Bring a video or sound: this file is neither.");
    let uploads = host.get(&server, "/api/v1/uploads").expect(200).json();
    let names = uploads["uploads"].as_array().expect("a list").iter();
    let names: Vec<_> = names.map(|one| (&one["file_name"], &one["state"])).collect();
    assert!(names.contains(&(&json!("cat.mp4"), &json!("received"))), "{names:?}");
    let again = said(&import(&server, Path::new(folder.path()), &[]));
    assert!(again.contains("0 titles imported, 2 there before"), "{again}");
}
