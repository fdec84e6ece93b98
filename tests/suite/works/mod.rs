//! What becomes of films that are brought: first one rendition, then all, whatever happens meanwhile.

mod broken;
mod bucket;
mod kills;
mod together;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::common::client::Reply;
use crate::common::clip::Scratch;
use crate::common::program::Program;
use crate::common::{VERY_LONG, base64, eventually, eventually_true};
use crate::uploads::Site;

const ADVICE: &str = "apt-get install ffmpeg";
/// Two steps of the ladder, and sound.
const FILM: &str = "-f lavfi -i testsrc2=s=854x480:r=25:d=9 -f lavfi -i sine=440:d=9 \
                    -c:v mpeg4 -q:v 5 -c:a aac";

/// Makes a video by ffmpeg of these words, and returns its bytes.
#[track_caller]
pub(crate) fn video(name: &str, words: &str) -> Vec<u8> {
    let folder = Scratch::new();
    let path = format!("{}/{name}", folder.path());
    let words = words.split_whitespace();
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-y"]).args(words).args(["-fflags", "+bitexact", &path]);
    let ended = Program::run(&mut command, ADVICE, VERY_LONG);
    assert!(ended.status.success(), "{}", ended.stderr);
    std::fs::read(path).expect("it is there")
}

/// Reads an address as a player does, and finds as many pictures; of DASH with several renditions
/// ffmpeg passes the last ones over.
#[track_caller]
fn expect_pictures(address: &str, wanted: usize) {
    let found = pictures(address);
    let least = if address.ends_with(".mpd") { wanted - 3 } else { wanted };
    assert!((least..=wanted).contains(&found), "{address}: {found} of {wanted}");
}

#[track_caller]
fn pictures(address: &str) -> usize {
    let mut command = Command::new("ffprobe");
    let shown =
        ["-count_frames", "-select_streams", "v:0", "-show_entries", "stream=nb_read_frames"];
    command.args(["-v", "error"]).args(shown).args(["-of", "csv=p=0", address]);
    let ended = Program::run(&mut command, ADVICE, VERY_LONG);
    assert!(ended.status.success() && ended.stderr.is_empty(), "{address}: {}", ended.stderr);
    let counts = String::from_utf8(ended.stdout).expect("text");
    let counts = counts.lines().filter_map(|line| line.trim_end_matches(',').parse().ok());
    counts.max().expect("a number")
}

/// Brings a film that becomes a title for these.
#[track_caller]
fn bring(site: &Site, bytes: &[u8], more: &[(&str, &str)]) {
    bring_any(site, bytes, more).expect(204);
}

/// As [`bring`], of what may be no film: what is answered to its last byte.
#[track_caller]
fn bring_any(site: &Site, bytes: &[u8], more: &[(&str, &str)]) -> Reply {
    let mut pairs = vec![("filename", "film.mp4")];
    pairs.extend(more);
    let pair = |(name, text): &(&str, &str)| format!("{name} {}", base64::encode(text.as_bytes()));
    let metadata = pairs.iter().map(pair).collect::<Vec<_>>().join(",");
    let fields =
        [("Upload-Length", &*bytes.len().to_string()), ("Upload-Metadata", metadata.as_str())];
    let made = site.tus("POST", "/api/v1/uploads", &fields, b"").expect(201);
    let place = format!("/api/v1/{}", made.header("Location").expect("a place"));
    site.patch(&place, 0, bytes)
}

/// What the library has, as a host sees it.
fn titles(site: &mut Site) -> Vec<Value> {
    let all = site.host.get(&site.server, "/api/v1/titles").expect(200).json();
    all["titles"].as_array().expect("a list").clone()
}

/// Waits until the one title is so.
#[track_caller]
fn title_once(site: &mut Site, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let mut found = Value::Null;
    eventually(what, VERY_LONG, || match titles(site).as_slice() {
        [title] if is_so(title) => {
            found = title.clone();
            Ok(())
        }
        other => Err(format!("{other:?}")),
    });
    found
}

fn is_whole(title: &Value) -> bool {
    title["whole"] == true
}

/// The files that are played of a title, by their names within it.
fn files(data: &Path, title: &Value) -> BTreeMap<String, Vec<u8>> {
    let folder = data.join("library/videos").join(text(title, "name"));
    let mut newest: Vec<u32> = names(&folder).iter().filter_map(|name| name.parse().ok()).collect();
    newest.sort_unstable();
    let folder = folder.join(newest.last().expect("a set of segments").to_string());
    let mut files = BTreeMap::new();
    for inner in names(&folder) {
        let path = folder.join(&inner);
        match path.is_dir() {
            true => files.extend(names(&path).into_iter().map(|name| {
                (format!("{inner}/{name}"), std::fs::read(path.join(&name)).expect("a file"))
            })),
            false => drop(files.insert(inner, std::fs::read(&path).expect("a file"))),
        }
    }
    files
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().expect("a text")
}

#[test]
fn a_film_plays_by_its_first_rendition_and_then_by_all_under_the_same_addresses() {
    let mut site = Site::open(&[]);
    bring(&site, &video("film.mp4", FILM), &[("publish", "all")]);
    let first = title_once(&mut site, "it can be played", |title| title["playable"] == true);
    let of_first = files(&site.server.data(), &first);
    let address = site.server.url(&format!("/{}", text(&first, "dash")));
    expect_pictures(&address, 225);
    let whole = title_once(&mut site, "all is there", is_whole);
    assert_eq!(whole["lines"], serde_json::json!([360, 480]));
    let of_all = files(&site.server.data(), &whole);
    for (name, bytes) in of_first.iter().filter(|(name, _)| !name.ends_with(".mpd")) {
        let is_manifest = name.ends_with("master.m3u8");
        assert!(is_manifest || of_all.get(name) == Some(bytes), "{name} is another");
    }
    assert!(of_all.len() > of_first.len());
    expect_pictures(&site.server.url(&format!("/{}", text(&whole, "hls"))), 225);
    let length_s = whole["length_s"].as_f64().expect("a length");
    assert!((8.9..9.2).contains(&length_s), "{length_s}");
    expect_tidy(&site.server.data(), &whole);
}

/// Nothing is left of the work, but what is played.
#[track_caller]
fn expect_tidy(data: &Path, title: &Value) {
    let library = data.join("library");
    let videos = library.join("videos").join(text(title, "name"));
    eventually_true("what is not needed any more is deleted", VERY_LONG, || {
        let mut left = names(&videos);
        left.retain(|name| !matches!(name.as_str(), "poster.jpg" | "strip.jpg" | "strip.vtt"));
        left.len() == 1 && names(&library.join("encoded")).is_empty()
    });
}

#[test]
fn segments_are_for_who_may_watch_and_caches_are_told() {
    let mut site = Site::open(&[]);
    let short = "-f lavfi -i testsrc2=s=320x240:r=25:d=5 -c:v libx264 -pix_fmt yuv420p";
    let film = video("film.mp4", short);
    bring(&site, &film, &[("publish", "all")]);
    let title = title_once(&mut site, "it can be played", is_whole);
    let of = |file: &str| format!("/videos/{}/dash/{file}", text(&title, "name"));
    let manifest = site.server.get(&of("stream.mpd")).expect(200);
    assert_eq!(manifest.header("Cache-Control"), Some("no-cache"));
    assert_eq!(manifest.header("Content-Type"), Some("application/dash+xml"));
    let init = site.server.get(&of("video-1/init.mp4")).expect(200);
    assert_eq!(init.header("Content-Type"), Some("video/mp4"));
    let kept = init.header("Cache-Control").expect("it is said");
    assert_eq!(kept, "public, max-age=31536000, immutable");
    let tag = init.header("ETag").expect("a tag").to_owned();
    assert!(tag.starts_with('"'), "a strong one: {tag}");
    let mut client = site.server.connect();
    let same = [("If-None-Match", tag.as_str())];
    assert_eq!(client.request("GET", &of("video-1/init.mp4"), &same, b"").status, 304);
    let part = client.request("GET", &of("video-1/1.m4s"), &[("Range", "bytes=4-7")], b"");
    assert_eq!(part.expect(206).body, b"styp");
    for nothing in ["video-1/99.m4s", "video-2/init.mp4", "../1/stream.mpd", "video-1/", ""] {
        assert_eq!(site.server.get(&of(nothing)).status, 404, "{nothing}");
    }
    let address = format!("/api/v1/titles/{}", title["id"]);
    let json = [("Content-Type", "application/json")];
    let body = r#"{"watch":"owner"}"#;
    site.host.ask(&site.server, "POST", &address, &json, body).expect(200);
    assert_eq!(site.server.get(&of("stream.mpd")).status, 404);
    let own = site.host.get(&site.server, &of("video-1/init.mp4")).expect(200);
    assert_eq!(own.header("Cache-Control"), Some("private, max-age=31536000, immutable"));
}

#[test]
fn a_key_is_given_to_who_may_watch_and_the_server_decrypts_where_it_may() {
    for scheme in ["cbcs", "cenc"] {
        let mut site = Site::open(&[]);
        let film = video(
            "film.mp4",
            "-f lavfi -i testsrc2=s=320x240:r=25:d=5 -f lavfi -i sine=440:d=5 -c:v mpeg4 -c:a aac",
        );
        bring(&site, &film, &[("publish", "all"), ("encrypt", scheme)]);
        let title = title_once(&mut site, "it can be played", is_whole);
        assert_eq!(title["encrypted"], scheme);
        let manifest = site.server.get(&format!("/{}", text(&title, "dash"))).expect(200).text();
        let kid = manifest.split("cenc:default_KID=\"").nth(1).expect("a name of the key");
        let kid: String = kid.chars().take_while(|c| *c != '"').filter(|c| *c != '-').collect();
        let json = [("Content-Type", "application/json")];
        let body = format!(r#"{{"kids":["{kid}"],"type":"temporary"}}"#);
        let mut guest = crate::accounts::Person::new();
        let given = guest.ask(&site.server, "POST", "/license", &json, &body).expect(200).json();
        assert_eq!(given["keys"][0]["kty"], "oct");
        assert_eq!(given["keys"][0]["k"].as_str().map(str::len), Some(22));
        let wrong = r#"{"kids":["AAAAAAAAAAAAAAAAAAAAAA"]}"#;
        assert_eq!(guest.ask(&site.server, "POST", "/license", &json, wrong).status, 404);
        // Not decrypted until whose it is says so.
        let clear = format!("/videos/{}/clear/stream.mpd", text(&title, "name"));
        assert_eq!(site.server.get(&clear).status, 404);
        let decrypts = format!("/api/v1/titles/{}/decrypts", title["id"]);
        let yes = r#"{"decrypts":true}"#;
        site.host.ask(&site.server, "POST", &decrypts, &json, yes).expect(200);
        let reply = site.server.get(&clear).expect(200);
        assert_eq!(reply.header("Cache-Control"), Some("private, no-store"));
        assert!(!reply.text().contains("ContentProtection"));
        expect_pictures(&site.server.url(&clear), 125);
        let list = format!("/videos/{}/clear/master.m3u8", text(&title, "name"));
        expect_pictures(&site.server.url(&list), 125);
        let address = format!("/api/v1/titles/{}", title["id"]);
        let body_of_owner = r#"{"watch":"owner"}"#;
        site.host.ask(&site.server, "POST", &address, &json, body_of_owner).expect(200);
        let asked = guest.ask(&site.server, "POST", "/license", &json, &body);
        assert_eq!(asked.status, 404, "a key of what is not for it");
        assert_eq!(site.server.get(&clear).status, 404);
    }
}

#[test]
fn what_is_no_film_is_refused_in_words_and_what_breaks_later_fails_in_words() {
    let mut site = Site::open(&[]);
    let metadata = format!("filename YQ==,publish {}", base64::encode(b"all"));
    let pdf = b"%PDF-1.4 and so on";
    let fields = [("Upload-Length", &*pdf.len().to_string()), ("Upload-Metadata", &metadata)];
    let made = site.tus("POST", "/api/v1/uploads", &fields, b"").expect(201);
    let place = format!("/api/v1/{}", made.header("Location").expect("a place"));
    let refused = site.patch(&place, 0, pdf).expect(415);
    assert!(refused.text().contains("PDF"), "{}", refused.text());
    assert_eq!(site.tus("HEAD", &place, &[], b"").status, 404, "it is deleted");
    assert!(titles(&mut site).is_empty());
    // Its index is whole, and nothing of what that tells of is there.
    let words = "-f lavfi -i testsrc2=s=320x240:r=25:d=5 -c:v libx264 -pix_fmt yuv420p";
    let mut film = video("film.mp4", &format!("{words} -movflags +faststart"));
    let data = film.windows(4).position(|four| four == b"mdat").expect("data");
    film[data + 4..].fill(0);
    bring(&site, &film, &[("publish", "all")]);
    let failed = title_once(&mut site, "it failed", |title| title["job"]["state"] == "failed");
    let words = text(&failed["job"], "words");
    assert!(!words.is_empty() && !words.contains("/library/"), "{words}");
    let retry = format!("/api/v1/jobs/{}/retry", failed["job"]["id"]);
    let json = [("Content-Type", "application/json")];
    site.host.ask(&site.server, "POST", &retry, &json, "{}").expect(200);
    let cancel = format!("/api/v1/jobs/{}", failed["job"]["id"]);
    site.host.ask(&site.server, "DELETE", &cancel, &json, "").expect(204);
    title_once(&mut site, "it is cancelled", |title| title["job"]["state"] == "cancelled");
    let title = format!("/api/v1/titles/{}", failed["id"]);
    site.host.ask(&site.server, "DELETE", &title, &json, "").expect(204);
    assert!(titles(&mut site).is_empty());
}
