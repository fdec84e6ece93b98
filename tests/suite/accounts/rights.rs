//! Who may what: typed by hand, and each request asked as each of them.

use std::collections::BTreeSet;

use super::{PASSWORD, Person, encoded};
use crate::common::base64;
use crate::common::client::Reply;
use crate::common::server::Server;

/// A request; and who is let in (`y`), is to say who it is (`u`, 401) or may not (`n`, 403), where
/// everybody may watch and where members alone may: a guest, a member, a moderator of both rooms, a
/// host, a token that may watch, a token that may what a host may, a device for all rooms, and a
/// device for another room.
const ROWS: [(&str, &str, &str); 127] = [
    ("GET /stream", "yyyyyyyy", "uyyyyyyn"),
    ("GET /?action=stream", "yyyyyyyy", "uyyyyyyn"),
    ("GET /?action=stream_0", "yyyyyyyy", "uyyyyyyn"),
    ("GET /snapshot", "yyyyyyyy", "uyyyyyyn"),
    ("GET /?action=snapshot", "yyyyyyyy", "uyyyyyyn"),
    ("GET /?action=snapshot_0", "yyyyyyyy", "uyyyyyyn"),
    ("GET /preview", "yyyyyynn", "uyyyyynn"),
    ("GET /picture", "yyyyyynn", "uyyyyynn"),
    ("GET /film/…", "yyyyyynn", "uyyyyynn"),
    ("GET /rooms", "yyyyyynn", "uyyyyynn"),
    ("GET /", "yyyyyynn", "uyyyyynn"),
    ("GET /embed", "yyyyyynn", "uyyyyynn"),
    ("GET /state", "yyyyyynn", "uyyyyynn"),
    ("GET /socket", "yyyyyynn", "uyyyyynn"),
    ("POST /viewer", "yyyyyynn", "uyyyyynn"),
    ("POST /donate", "yyyynynn", "uyyynynn"),
    ("GET /broadcast", "yyyyyynn", "uyyyyynn"),
    ("GET /broadcast/socket", "unnynynn", "unnynynn"),
    ("POST /film", "unyynynn", "unyynynn"),
    ("GET /connect", "yyyyyynn", "uyyyyynn"),
    ("GET /qr.svg", "yyyyyynn", "uyyyyynn"),
    ("GET /metrics", "yyyyyynn", "uyyyyynn"),
    ("GET /trust", "yyyyyyyy", "yyyyyyyy"),
    ("GET /ca.crt", "yyyyyyyy", "yyyyyyyy"),
    ("GET /ca.mobileconfig", "yyyyyyyy", "yyyyyyyy"),
    ("GET /trust.svg", "yyyyyyyy", "yyyyyyyy"),
    ("GET /healthz", "yyyyyyyy", "yyyyyyyy"),
    ("GET /favicon.ico", "yyyyyyyy", "yyyyyyyy"),
    ("GET /assets/…", "yyyyyyyy", "yyyyyyyy"),
    ("GET /enter", "yyyyyyyy", "yyyyyyyy"),
    ("POST /enter", "yyyyyyyy", "yyyyyyyy"),
    ("GET /sign-in", "yyyyyyyy", "yyyyyyyy"),
    ("POST /sign-in", "yyyyyyyy", "yyyyyyyy"),
    ("GET /sign-in/with/…", "yyyyyyyy", "yyyyyyyy"),
    ("GET /sign-in/from/…", "yyyyyyyy", "yyyyyyyy"),
    ("GET /sign-in/new", "yyyyyyyy", "yyyyyyyy"),
    ("POST /sign-in/new", "yyyyyyyy", "yyyyyyyy"),
    ("GET /sign-up", "yyyyyyyy", "yyyyyyyy"),
    ("POST /sign-up", "yyyyyyyy", "yyyyyyyy"),
    ("GET /claim", "yyyyyyyy", "yyyyyyyy"),
    ("POST /claim", "yyyyyyyy", "yyyyyyyy"),
    ("GET /reset", "yyyyyyyy", "yyyyyyyy"),
    ("POST /reset", "yyyyyyyy", "yyyyyyyy"),
    ("GET /api/openapi.json", "yyyyyyyy", "yyyyyyyy"),
    ("GET /api", "yyyyyyyy", "yyyyyyyy"),
    ("GET /confirm", "uyyyuuuu", "uyyyuuuu"),
    ("POST /confirm", "uyyyuuuu", "uyyyuuuu"),
    ("GET /account", "uyyyuuuu", "uyyyuuuu"),
    ("POST /account/password", "uyyyuuuu", "uyyyuuuu"),
    ("POST /account/browser", "uyyyuuuu", "uyyyuuuu"),
    ("POST /account/device", "uyyyuuuu", "uyyyuuuu"),
    ("POST /account/token", "uyyyuuuu", "uyyyuuuu"),
    ("POST /account/unlink", "uyyyuuuu", "uyyyuuuu"),
    ("POST /account/remove", "uyyyuuuu", "uyyyuuuu"),
    ("POST /account/delete", "uyyyuuuu", "uyyyuuuu"),
    ("GET /account/export", "uyyyuuuu", "uyyyuuuu"),
    ("GET /host", "unnynynn", "unnynynn"),
    ("POST /host/…", "unnynynn", "unnynynn"),
    ("GET /api/v1/rooms", "unnynynn", "unnynynn"),
    ("POST /api/v1/rooms", "unnynynn", "unnynynn"),
    ("GET /api/v1/rooms/…", "unnynynn", "unnynynn"),
    ("PATCH /api/v1/rooms/…", "unnynynn", "unnynynn"),
    ("DELETE /api/v1/rooms/…", "unnynynn", "unnynynn"),
    ("POST /api/v1/rooms/…/keys", "unnynynn", "unnynynn"),
    ("DELETE /api/v1/keys/…", "unnynynn", "unnynynn"),
    ("POST /api/v1/rooms/…/picture", "unnynynn", "unnynynn"),
    ("DELETE /api/v1/rooms/…/picture", "unnynynn", "unnynynn"),
    ("GET /api/v1/sources", "unnynynn", "unnynynn"),
    ("GET /api/v1/settings", "unnynynn", "unnynynn"),
    ("PATCH /api/v1/settings", "unnynynn", "unnynynn"),
    ("GET /api/v1/accounts", "unnynynn", "unnynynn"),
    ("GET /api/v1/accounts/…", "unnynynn", "unnynynn"),
    ("PATCH /api/v1/accounts/…", "unnynynn", "unnynynn"),
    ("DELETE /api/v1/accounts/…", "unnynynn", "unnynynn"),
    ("POST /api/v1/accounts/…/reset", "unnynynn", "unnynynn"),
    ("GET /api/v1/invitations", "unnynynn", "unnynynn"),
    ("POST /api/v1/invitations", "unnynynn", "unnynynn"),
    ("DELETE /api/v1/invitations/…", "unnynynn", "unnynynn"),
    ("GET /api/v1/tokens", "unnynynn", "unnynynn"),
    ("POST /api/v1/tokens", "unnynynn", "unnynynn"),
    ("DELETE /api/v1/tokens/…", "unnynynn", "unnynynn"),
    ("GET /api/v1/bans", "unnynynn", "unnynynn"),
    ("POST /api/v1/bans", "unnynynn", "unnynynn"),
    ("DELETE /api/v1/bans/…", "unnynynn", "unnynynn"),
    ("GET /api/v1/link", "unnynynn", "unnynynn"),
    ("POST /api/v1/link", "unnynynn", "unnynynn"),
    ("GET /api/v1/log", "unnynynn", "unnynynn"),
    ("GET /api/v1/running", "unnynynn", "unnynynn"),
    ("GET /api/v1/uploads", "unnynynn", "unnynynn"),
    ("POST /api/v1/uploads", "unnynynn", "unnynynn"),
    ("GET /api/v1/uploads/…", "unnynynn", "unnynynn"),
    ("PATCH /api/v1/uploads/…", "unnynynn", "unnynynn"),
    ("DELETE /api/v1/uploads/…", "unnynynn", "unnynynn"),
    ("GET /api/v1/uploads/…/file", "unnynynn", "unnynynn"),
    ("GET /library/upload", "nnnynynn", "unnynynn"),
    ("GET /upload_input_content", "nnnynynn", "unnynynn"),
    ("POST /upload_input_content", "unnynynn", "unnynynn"),
    ("GET /videos/…", "yyyyyyyy", "uyyyyyyn"),
    ("GET /api/v1/titles", "yyyyyynn", "uyyyyynn"),
    ("POST /api/v1/titles", "unnynynn", "unnynynn"),
    ("GET /api/v1/titles/…", "yyyyyynn", "uyyyyynn"),
    ("POST /api/v1/titles/…", "yyyyyynn", "uyyyyynn"),
    ("DELETE /api/v1/titles/…", "yyyyyynn", "uyyyyynn"),
    ("POST /api/v1/titles/…/poster", "yyyyyynn", "uyyyyynn"),
    ("POST /api/v1/titles/…/decrypts", "yyyyyynn", "uyyyyynn"),
    ("GET /api/v1/jobs", "yyyyyynn", "uyyyyynn"),
    ("GET /api/v1/jobs/…", "yyyyyynn", "uyyyyynn"),
    ("DELETE /api/v1/jobs/…", "yyyyyynn", "uyyyyynn"),
    ("POST /api/v1/jobs/…/retry", "yyyyyynn", "uyyyyynn"),
    ("GET /library/api", "unnynynn", "unnynynn"),
    ("POST /packaged_content", "unnynynn", "unnynynn"),
    ("GET /packaged_content/…", "unnynynn", "unnynynn"),
    ("GET /packaged_content_id/…", "unnynynn", "unnynynn"),
    ("GET /videos", "yyyyyynn", "uyyyyynn"),
    ("POST /success", "unnynynn", "unnynynn"),
    ("POST /license", "yyyyyynn", "uyyyyynn"),
    ("GET /library", "yyyyyynn", "uyyyyynn"),
    ("GET /library/…", "yyyyyynn", "uyyyyynn"),
    ("GET /library/…/poster", "yyyyyynn", "uyyyyynn"),
    ("GET /library/…/strip.vtt", "yyyyyynn", "uyyyyynn"),
    ("GET /library/…/strip.jpg", "yyyyyynn", "uyyyyynn"),
    ("GET /library/…/qr.svg", "yyyyyynn", "uyyyyynn"),
    ("GET /jobs", "nnnynynn", "unnynynn"),
    ("GET /index", "yyyyyynn", "uyyyyynn"),
    ("GET /movies/…", "yyyyyynn", "uyyyyynn"),
    ("POST /api/v1/titles/…/place", "uyyyuuuu", "uyyyuuuu"),
    ("POST /sign-out", "yyyyyyyy", "yyyyyyyy"),
];

/// The requests that the documents tell of.
fn told() -> BTreeSet<String> {
    let documents = [include_str!("../../../README.md"), include_str!("../../../docs/accounts.md")];
    let rows = documents.iter().flat_map(|document| {
        let (_, table) =
            document.split_once("| request | answer |\n| --- | --- |\n").expect("a table");
        table.lines().take_while(|line| !line.is_empty())
    });
    let requests = rows.flat_map(|row| {
        let (cell, _) = row.trim_start_matches("| ").split_once(" | ").expect("two cells");
        cell.split(", ").map(|request| request.trim_matches('`').to_owned())
    });
    requests.collect()
}

#[test]
fn the_table_has_each_request_that_there_is() {
    let typed: BTreeSet<String> = ROWS.iter().map(|(request, ..)| (*request).to_owned()).collect();
    assert_eq!(typed, told());
    assert_eq!(typed.len(), ROWS.len(), "none stands there twice");
}

#[test]
fn each_may_what_the_table_says_where_everybody_watches() {
    walk("open", |(request, open, _)| (request, open));
}

#[test]
fn each_may_what_the_table_says_where_members_watch() {
    walk("members", |(request, _, members)| (request, members));
}

fn walk(
    access: &str,
    expected: fn((&'static str, &'static str, &'static str)) -> (&'static str, &'static str),
) {
    let arguments = ["--access", access, "--room", "other=pattern"];
    let server = Server::pattern(&arguments);
    let mut host = Person::host(&server);
    let mut member = Person::member(&server, &mut host, "Grace");
    let token = |host: &mut Person, scopes: &str| {
        let body = format!(r#"{{"label":"x","scopes":["{scopes}"]}}"#);
        let json = [("Content-Type", "application/json")];
        let made = host.ask(&server, "POST", "/api/v1/tokens", &json, &body).expect(201).json();
        with_login(&format!("Bearer {}", made["token"].as_str().expect("a token")))
    };
    let (watches, hosts) = (token(&mut host, "watch"), token(&mut host, "host"));
    let mut device = |room: &str| {
        let made = member.post(&server, "/account/device", &[("label", "x"), ("room", room)]);
        let made = made.expect(200).json();
        let text = |name: &str| made[name].as_str().expect("a text").to_owned();
        with_login(&format!(
            "Basic {}",
            base64::encode(format!("{}:{}", text("user"), text("password")).as_bytes())
        ))
    };
    let (all_rooms, other_room) = (device("*"), device("other"));
    let moderator = moderator(&server, &mut host);
    let everybody = [Person::new(), member, moderator, host, watches, hosts, all_rooms, other_room];
    let mut wrong = Vec::new();
    for row in ROWS {
        let (request, letters) = expected(row);
        for (person, letter) in everybody.iter().zip(letters.chars()) {
            let reply = ask_as(&server, person, request);
            let got = match reply.status {
                401 => 'u',
                // What a form does not take names its field; the gate names none.
                403 if !reply.text().contains("\"field\"") => 'n',
                _ => 'y',
            };
            let who = person.fields.first().map_or(&person.cookie, |(_, login)| login);
            if got != letter {
                wrong.push(format!("{request} as {who:?}: {got} for {letter} ({})", reply.status));
            }
        }
    }
    assert!(wrong.is_empty(), "{access}:\n{}", wrong.join("\n"));
}

/// A member who keeps order everywhere.
fn moderator(server: &Server, host: &mut Person) -> Person {
    let mut moderator = Person::member(server, host, "Linus");
    let all = host.get(server, "/api/v1/accounts").expect(200).json();
    let all = all["accounts"].as_array().expect("a list");
    let id = all.iter().find(|one| one["name"] == "Linus").expect("an account")["id"].clone();
    let json = [("Content-Type", "application/json")];
    let body = r#"{"moderates":["/","other"]}"#;
    host.ask(server, "PATCH", &format!("/api/v1/accounts/{id}"), &json, body).expect(200);
    // Who has other rights signs in anew.
    moderator.post(server, "/sign-in", &[("name", "Linus"), ("password", PASSWORD)]).expect(200);
    moderator
}

/// Asks as a program does, with nothing in its body that could do harm.
fn ask_as(server: &Server, person: &Person, request: &str) -> Reply {
    let (method, path) = request.split_once(' ').expect("a method");
    let path = path.replace('\u{2026}', "0");
    let media_type = match path.starts_with("/api/") {
        true => "application/json",
        false => "application/x-www-form-urlencoded",
    };
    // A stream has no end.
    let method = if path.contains("stream") { "HEAD" } else { method };
    let fields: &[(&str, &str)] = match method {
        "GET" | "HEAD" | "DELETE" => &[],
        _ => &[("Content-Type", media_type)],
    };
    let body = if path == "/viewer" { encoded(&[("paused", "false")]) } else { String::new() };
    let mut client = server.connect();
    let mut all = vec![("Accept", "application/json"), ("Connection", "close")];
    if !person.cookie.is_empty() {
        all.push(("Cookie", &person.cookie));
    }
    all.extend(person.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    all.extend(fields);
    let head = client.head(method, &path, &all, body.as_bytes());
    client.send(head + &body);
    if method == "HEAD" { client.reply_head() } else { client.reply() }
}

fn with_login(login: &str) -> Person {
    Person { cookie: String::new(), fields: vec![("Authorization".into(), login.into())] }
}
