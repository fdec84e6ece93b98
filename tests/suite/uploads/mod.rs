//! Files that are brought to the library, from outside: by tus as its text has it, by clients that
//! others wrote, and as a form.

mod clients;
mod memory;

use std::io::Write;
use std::net::Shutdown;
use std::path::Path;
use std::process::Command;

use crate::accounts::{PASSWORD, Person};
use crate::common::client::{Client, Reply, ask};
use crate::common::server::Server;
use crate::common::{LONG, base64, eventually};

/// A server, and somebody who may bring files to it.
pub(crate) struct Site {
    pub(crate) server: Server,
    pub(crate) host: Person,
    pub(crate) token: String,
}

impl Site {
    pub(crate) fn open(arguments: &[&str]) -> Self {
        Self::of(Server::pattern(arguments))
    }

    pub(crate) fn of(server: Server) -> Self {
        let mut host = Person::host(&server);
        let token = token(&server, &mut host, "upload");
        Self { server, host, token }
    }

    /// Asks with these fields, and those that each request of tus has.
    pub(crate) fn tus(
        &self,
        method: &str,
        target: &str,
        fields: &[(&str, &str)],
        body: &[u8],
    ) -> Reply {
        let bearer = format!("Bearer {}", self.token);
        let mut all = vec![("Authorization", bearer.as_str()), ("Tus-Resumable", "1.0.0")];
        all.retain(|(name, _)| !fields.iter().any(|(own, _)| own == name));
        all.extend(fields);
        ask(self.server.address(), method, target, &all, body)
    }

    /// Begins an upload of so many bytes, and returns its address.
    pub(crate) fn create(&self, length: usize) -> String {
        let reply = self.tus("POST", UPLOADS, &[("Upload-Length", &length.to_string())], b"");
        place_of(&reply.expect(201))
    }

    /// Begins one of which nobody says yet how long it is.
    pub(crate) fn create_later(&self) -> String {
        place_of(&self.tus("POST", UPLOADS, &[("Upload-Defer-Length", "1")], b"").expect(201))
    }

    pub(crate) fn patch(&self, place: &str, offset: usize, body: &[u8]) -> Reply {
        let fields = [PIECE, ("Upload-Offset", &*offset.to_string())];
        self.tus("PATCH", place, &fields, body)
    }

    pub(crate) fn offset(&self, place: &str) -> u64 {
        let reply = self.tus("HEAD", place, &[], b"").expect(200);
        reply.header("Upload-Offset").expect("an offset").parse().expect("a number")
    }
}

/// A token of its scope that is nobody's.
fn token(server: &Server, host: &mut Person, scope: &str) -> String {
    let body = format!(r#"{{"label":"x","scopes":["{scope}"]}}"#);
    let json = [("Content-Type", "application/json")];
    let made = host.ask(server, "POST", "/api/v1/tokens", &json, &body).expect(201).json();
    made["token"].as_str().expect("a token").to_owned()
}

/// Where an upload is that was begun.
fn place_of(reply: &Reply) -> String {
    let place = reply.header("Location").expect("a place");
    format!("/api/v1/{place}")
}

const UPLOADS: &str = "/api/v1/uploads";
const PIECE: (&str, &str) = ("Content-Type", "application/offset+octet-stream");

#[test]
fn what_is_misspelled_is_refused_and_never_shown_in_clear() {
    let site = Site::open(&[]);
    for (said, field) in [
        (&[("publish", "all"), ("encrypt", "CBCS")][..], "encrypt"),
        (&[("publish", "everybody")], "publish"),
        (&[("publish", "all"), ("key", "11111111111111111111111111111111")], "key"),
    ] {
        let pairs =
            said.iter().map(|(name, word)| format!("{name} {}", base64::encode(word.as_bytes())));
        let metadata = pairs.collect::<Vec<_>>().join(",");
        let fields = [("Upload-Length", "3"), ("Upload-Metadata", metadata.as_str())];
        let refused = site.tus("POST", UPLOADS, &fields, b"").expect(400);
        assert_eq!(refused.json_problem()["field"], field, "{said:?}");
        let mut form = String::new();
        for (name, word) in said {
            form += &format!(
                "--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{word}\r\n"
            );
        }
        form += "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nabc\r\n--b--\r\n";
        let kind = [("Content-Type", "multipart/form-data; boundary=b")];
        let refused = site.tus("POST", "/upload_input_content", &kind, form.as_bytes()).expect(400);
        assert_eq!(refused.json_problem()["field"], field, "{said:?}");
    }
    // Said after the file it would be too late.
    let late = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nabc\r\n\
                --b\r\nContent-Disposition: form-data; name=\"encrypt\"\r\n\r\ncbcs\r\n--b--\r\n";
    let kind = [("Content-Type", "multipart/form-data; boundary=b")];
    site.tus("POST", "/upload_input_content", &kind, late.as_bytes()).expect(400);
    eventually("nothing is kept", LONG, || {
        let all = site.tus("GET", UPLOADS, &[], b"").expect(200).json();
        if all["uploads"] == serde_json::json!([]) { Ok(()) } else { Err(all.to_string()) }
    });
}

#[test]
fn an_upload_is_begun_gone_on_with_and_given_back() {
    let site = Site::open(&[]);
    let named = ("Upload-Metadata", "filename R3LDtsOfZS5tcDQ=,key c2VjcmV0,title QQ==");
    let reply = site.tus("POST", UPLOADS, &[("Upload-Length", "10"), named], b"").expect(201);
    assert_eq!(reply.header("Tus-Resumable"), Some("1.0.0"));
    assert!(reply.header("Upload-Expires").is_some());
    let place = place_of(&reply);
    let told = site.tus("HEAD", &place, &[], b"").expect(200);
    assert_eq!(
        (told.header("Upload-Offset"), told.header("Upload-Length")),
        (Some("0"), Some("10"))
    );
    assert_eq!(told.header("Cache-Control"), Some("no-store"));
    // A key is not kept.
    assert_eq!(told.header("Upload-Metadata"), Some("filename R3LDtsOfZS5tcDQ=,title QQ=="));
    let went = site.patch(&place, 0, b"0123456").expect(204);
    assert_eq!(went.header("Upload-Offset"), Some("7"));
    site.patch(&place, 0, b"012").expect(409);
    site.patch(&place, 8, b"89").expect(409);
    site.patch(&place, 7, b"7890").expect(413);
    site.tus("GET", &format!("{place}/file"), &[], b"").expect(409);
    assert_eq!(site.patch(&place, 7, b"789").expect(204).header("Upload-Offset"), Some("10"));
    site.patch(&place, 10, b"").expect(204);
    let file = site.tus("GET", &format!("{place}/file"), &[], b"").expect(200);
    assert_eq!(file.body, b"0123456789");
    for (name, value) in [
        ("Content-Type", "application/octet-stream"),
        ("X-Content-Type-Options", "nosniff"),
        ("Content-Security-Policy", "sandbox"),
        ("Content-Disposition", "attachment; filename*=UTF-8''Gr%C3%B6%C3%9Fe.mp4"),
    ] {
        assert_eq!(file.header(name), Some(value), "{name}");
    }
    let part = site.tus("GET", &format!("{place}/file"), &[("Range", "bytes=2-4")], b"");
    assert_eq!(part.expect(206).body, b"234");
    let one = site.tus("GET", &place, &[], b"").expect(200).json();
    assert_eq!((&one["state"], &one["title"]), (&"received".into(), &"A".into()));
    site.tus("DELETE", &place, &[], b"").expect(204);
    site.tus("HEAD", &place, &[], b"").expect(404);
}

#[test]
fn what_is_wrong_is_said_by_the_status_that_clients_know() {
    let site = Site::open(&["--max-upload", "1000"]);
    let place = site.create(10);
    let offset = ("Upload-Offset", "0");
    let asked = |method, target, fields: &[(&str, &str)], body: &[u8]| {
        site.tus(method, target, fields, body).status
    };
    assert_eq!(asked("POST", UPLOADS, &[("Upload-Length", "1001")], b""), 413);
    assert_eq!(asked("POST", UPLOADS, &[], b""), 400);
    assert_eq!(
        asked("POST", UPLOADS, &[("Upload-Length", "5"), ("Upload-Metadata", "a b")], b""),
        400
    );
    assert_eq!(asked("POST", UPLOADS, &[("Upload-Length", "5")], b"01234"), 415);
    let old = ("Tus-Resumable", "0.2.2");
    let reply = site.tus("PATCH", &place, &[PIECE, offset, old], b"0");
    assert_eq!((reply.status, reply.header("Tus-Version")), (412, Some("1.0.0")));
    assert_eq!(asked("PATCH", &place, &[offset], b"0"), 415);
    assert_eq!(asked("PATCH", &place, &[PIECE], b"0"), 400);
    let wrong = ("Upload-Checksum", "sha1 AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    assert_eq!(asked("PATCH", &place, &[PIECE, offset, wrong], b"0"), 460);
    let unknown = ("Upload-Checksum", "crc32 AAAAAA==");
    assert_eq!(asked("PATCH", &place, &[PIECE, offset, unknown], b"0"), 400);
    assert_eq!(site.offset(&place), 0);
    let right = ("Upload-Checksum", "sha256 ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
    assert_eq!(asked("PATCH", &place, &[PIECE, offset, right], b"abc"), 204);
    assert_eq!(site.offset(&place), 3);
    let nowhere = "/api/v1/uploads/00000000000000000000000000";
    assert_eq!(asked("HEAD", nowhere, &[], b""), 404);
    assert_eq!(asked("PATCH", nowhere, &[PIECE, offset], b"0"), 404);
}

#[test]
fn what_the_protocol_offers_is_told_before_anything_is_asked() {
    let site = Site::open(&["--max-upload", "2M"]);
    let told = ask(site.server.address(), "OPTIONS", UPLOADS, &[], b"").expect(204);
    for (name, value) in [
        ("Tus-Version", "1.0.0"),
        ("Tus-Max-Size", "2000000"),
        ("Tus-Checksum-Algorithm", "sha1,sha256,md5"),
    ] {
        assert_eq!(told.header(name), Some(value), "{name}");
    }
    let extensions = told.header("Tus-Extension").expect("extensions");
    for extension in ["creation", "creation-with-upload", "termination", "expiration", "checksum"] {
        assert!(extensions.split(',').any(|each| each == extension), "{extension}: {extensions}");
    }
}

#[test]
fn a_client_that_knows_two_methods_says_the_others_in_a_field() {
    let site = Site::open(&[]);
    let place = site.create(3);
    let over = |method| ("X-HTTP-Method-Override", method);
    let offset = ("Upload-Offset", "0");
    site.tus("POST", &place, &[over("PATCH"), PIECE, offset], b"abc").expect(204);
    let told = site.tus("POST", &place, &[over("HEAD")], b"").expect(200);
    assert_eq!(told.header("Upload-Offset"), Some("3"));
    site.tus("POST", &place, &[over("DELETE")], b"").expect(204);
    site.tus("HEAD", &place, &[], b"").expect(404);
    // Elsewhere the field means nothing: a form without a field is none.
    site.tus("POST", "/viewer", &[over("DELETE")], b"").expect(400);
}

#[test]
fn what_came_of_a_body_that_breaks_off_is_kept() {
    let site = Site::open(&[]);
    let place = site.create(1_000_000);
    let bearer = format!("Bearer {}", site.token);
    let fields = [
        ("Authorization", bearer.as_str()),
        ("Tus-Resumable", "1.0.0"),
        PIECE,
        ("Upload-Offset", "0"),
        ("Content-Length", "1000000"),
    ];
    let mut client = Client::connect(site.server.address());
    let head = client.head("PATCH", &place, &fields, b"");
    client.send([head.as_bytes(), &[b'x'; 300_000]].concat());
    client.socket().shutdown(Shutdown::Both).expect("it is open");
    eventually("all that came is there", LONG, || match site.offset(&place) {
        300_000 => Ok(()),
        other => Err(format!("{other}")),
    });
    site.patch(&place, 300_000, &vec![b'y'; 700_000]).expect(204);
    let file = site.tus("GET", &format!("{place}/file"), &[], b"").expect(200).body;
    assert_eq!(file, [vec![b'x'; 300_000], vec![b'y'; 700_000]].concat());
}

#[test]
fn another_persons_upload_is_none_and_a_hosts_answer_has_all() {
    let mut site = Site::open(&[]);
    let server = &site.server;
    let mut grace = Person::member(server, &mut site.host, "Grace");
    let mut alan = Person::member(server, &mut site.host, "Alan");
    let all = site.host.get(server, "/api/v1/accounts").expect(200).json();
    for name in ["Grace", "Alan"] {
        let accounts = all["accounts"].as_array().expect("accounts");
        let id = accounts.iter().find(|account| account["name"] == name).expect("it is one")["id"]
            .clone();
        let json = [("Content-Type", "application/json")];
        let grants = r#"{"grants":["upload"]}"#;
        site.host
            .ask(server, "PATCH", &format!("/api/v1/accounts/{id}"), &json, grants)
            .expect(200);
    }
    // With other rights they sign in again.
    for (person, name) in [(&mut grace, "Grace"), (&mut alan, "Alan")] {
        person.post(server, "/sign-in", &[("name", name), ("password", PASSWORD)]).expect(200);
    }
    let begin = [("Tus-Resumable", "1.0.0"), ("Upload-Length", "3")];
    let place = place_of(&grace.ask(server, "POST", UPLOADS, &begin, "").expect(201));
    let piece = [("Tus-Resumable", "1.0.0"), PIECE, ("Upload-Offset", "0")];
    alan.get(server, &place).expect(404);
    alan.ask(server, "PATCH", &place, &piece, "abc").expect(404);
    alan.ask(server, "DELETE", &place, &[], "").expect(404);
    alan.get(server, &format!("{place}/file")).expect(404);
    let count = |person: &mut Person| {
        let listed = person.get(server, UPLOADS).expect(200).json();
        listed["uploads"].as_array().expect("a list").len()
    };
    assert_eq!((count(&mut grace), count(&mut alan), count(&mut site.host)), (1, 0, 1));
    grace.ask(server, "PATCH", &place, &piece, "abc").expect(204);
    assert_eq!(grace.get(server, &format!("{place}/file")).expect(200).body, b"abc");
    assert_eq!(site.host.get(server, &format!("{place}/file")).expect(200).body, b"abc");
    // Nor does a page of another site begin one in her name.
    let foreign = [&begin[..], &[("Origin", "http://evil.example")]].concat();
    grace.ask(server, "POST", UPLOADS, &foreign, "").expect(403);
    ask(server.address(), "POST", UPLOADS, &begin, b"").expect(401);
}

#[test]
fn a_form_of_any_length_goes_to_the_disk() {
    let site = Site::open(&[]);
    let path = site.server.data().join("a film.mp4");
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|number| (number % 251) as u8).collect();
    std::fs::write(&path, &bytes).expect("a file");
    for more in [&[][..], &["-H", "Transfer-Encoding: chunked"]] {
        let mut command = Command::new("curl");
        command.args(["-sS", "--noproxy", "*", "-F", "title=A film"]);
        command.arg("-F").arg(format!("file=@{};type=text/html", path.display()));
        command.arg("-H").arg(format!("Authorization: Bearer {}", site.token));
        command.args(more).arg(site.server.url("/upload_input_content"));
        let ended = crate::common::program::Program::run(&mut command, "curl", LONG);
        let said = String::from_utf8_lossy(&ended.stdout).into_owned();
        assert!(ended.status.success(), "{said} {}", ended.stderr);
        let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
        let id = said["input_content_id"].as_u64().expect("a number");
        let all = site.tus("GET", UPLOADS, &[], b"").expect(200).json();
        let one = &all["uploads"][0];
        assert_eq!((&one["input_content_id"], &one["state"]), (&id.into(), &"received".into()));
        assert_eq!((&one["file_name"], &one["title"]), (&"a film.mp4".into(), &"A film".into()));
        let place = format!("{UPLOADS}/{}/file", one["id"].as_str().expect("a name"));
        let file = site.tus("GET", &place, &[], b"").expect(200);
        assert!(file.body == bytes);
        assert_eq!(file.header("Content-Type"), Some("application/octet-stream"));
    }
}

#[test]
fn half_a_form_or_none_leaves_nothing() {
    let site = Site::open(&[]);
    let form = ("Content-Type", "multipart/form-data; boundary=b");
    let said = |body: &[u8]| site.tus("POST", "/upload_input_content", &[form], body).status;
    let file =
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nabc\r\n--b";
    assert_eq!(said(file.as_bytes()), 400, "it does not end");
    assert_eq!(said(b"--b--\r\n"), 400, "there is no file");
    assert_eq!(said(b"no form at all, but long enough"), 400);
    let two = format!("{file}\r\n{}--\r\n", &file[5..]);
    assert_eq!(said(two.as_bytes()), 400, "there are two files");
    let json = ("Content-Type", "application/json");
    assert_eq!(site.tus("POST", "/upload_input_content", &[json], b"{}").status, 415);
    eventually("nothing is left", LONG, || {
        let all = site.tus("GET", UPLOADS, &[], b"").expect(200).json();
        match all["uploads"].as_array().expect("a list").len() {
            0 => Ok(()),
            left => Err(format!("{left}")),
        }
    });
    assert_eq!(said(format!("{file}--\r\n").as_bytes()), 200);
}

#[test]
fn what_is_said_to_be_there_is_there_after_a_kill() {
    let data = crate::common::clip::Scratch::new();
    let folder = data.path().to_owned();
    let mut site = Site::open_in(&folder);
    let place = site.create(50_000_000);
    for round in 0..5 {
        let offset = site.offset(&place);
        let files = || files_in(&Path::new(&folder).join("library/uploads"));
        assert!(
            files().first().is_none_or(|length| *length >= offset),
            "{offset} of {:?}",
            files()
        );
        let bearer = format!("Bearer {}", site.token);
        let at = offset.to_string();
        let fields = [
            ("Authorization", bearer.as_str()),
            ("Tus-Resumable", "1.0.0"),
            PIECE,
            ("Upload-Offset", &at),
            ("Content-Length", "40000000"),
        ];
        let mut client = Client::connect(site.server.address());
        let head = client.head("PATCH", &place, &fields, b"");
        client.send(head.as_bytes());
        for _ in 0..=round * 7 {
            client.send(vec![b'x'; 100_000]);
        }
        let Site { server, token, .. } = site;
        server.kill();
        let before = files().first().copied().unwrap_or(0);
        site = Site::again(&folder, token);
        let after = site.offset(&place);
        assert!(after >= offset && after <= before, "{offset} {after} {before}");
    }
}

impl Site {
    /// With a data folder of the test's own.
    fn open_in(folder: &str) -> Self {
        let server = Server::pattern(&["--data", folder]);
        let link = Path::new(folder).join("host-link");
        let secret = eventually("the link is there", LONG, || {
            std::fs::read_to_string(&link).map_err(|error| error.to_string())
        });
        let (_, secret) = secret.trim().split_once("/claim#").expect("a secret");
        let mut host = Person::new();
        let form =
            [("secret", secret), ("name", "Ada"), ("new-password", crate::accounts::PASSWORD)];
        host.post(&server, "/claim", &form).expect(200);
        let token = token(&server, &mut host, "upload");
        Self { server, host, token }
    }

    fn again(folder: &str, token: String) -> Self {
        let server = Server::pattern(&["--data", folder]);
        Self { server, host: Person::new(), token }
    }
}

/// How long the files in a folder are.
fn files_in(folder: &Path) -> Vec<u64> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("an entry").metadata().expect("a file").len()).collect()
}

/// So many bytes that are no two alike in a row.
pub(crate) fn write_film(path: &Path, length: u32) {
    let bytes: Vec<u8> = (0..length).map(|number| (number.wrapping_mul(31) >> 3) as u8).collect();
    std::fs::File::create(path).and_then(|mut file| file.write_all(&bytes)).expect("a file");
}
