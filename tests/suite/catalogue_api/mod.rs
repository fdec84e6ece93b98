//! The catalogue as programs have it: who may what, what is refused and how, and a packaging
//! platform's requests.

mod import;
mod platform;

use serde_json::{Value, json};

use crate::accounts::{PASSWORD, Person};
use crate::common::client::Reply;
use crate::common::server::Server;

const TITLES: &str = "/api/v1/titles";
const JSON: (&str, &str) = ("Content-Type", "application/json");

/// A server, its host, two members who may bring files, and one who may not.
struct House {
    server: Server,
    host: Person,
    grace: Person,
    alan: Person,
    eve: Person,
}

impl House {
    fn open(arguments: &[&str]) -> Self {
        let server = Server::pattern(arguments);
        let mut host = Person::host(&server);
        let [mut grace, mut alan, eve] =
            ["Grace", "Alan", "Eve"].map(|name| Person::member(&server, &mut host, name));
        let all = host.get(&server, "/api/v1/accounts").expect(200).json();
        for account in all["accounts"].as_array().expect("a list") {
            if ["Grace", "Alan"].map(Value::from).contains(&account["name"]) {
                let target = format!("/api/v1/accounts/{}", account["id"]);
                let grants = r#"{"grants":["upload"]}"#;
                host.ask(&server, "PATCH", &target, &[JSON], grants).expect(200);
            }
        }
        // With other rights they sign in again.
        for (person, name) in [(&mut grace, "Grace"), (&mut alan, "Alan")] {
            person.post(&server, "/sign-in", &[("name", name), ("password", PASSWORD)]).expect(200);
        }
        Self { server, host, grace, alan, eve }
    }
}

fn post(server: &Server, person: &mut Person, target: &str, body: &Value) -> Reply {
    person.ask(server, "POST", target, &[JSON], &body.to_string())
}

/// A title that plays from elsewhere, which needs no file.
fn elsewhere(title: &str, watch: &str) -> Value {
    json!({ "url": "https://films.example/a/stream.mpd", "title": title, "watch": watch })
}

/// What an answer says is wrong, and with which field.
#[track_caller]
fn refused(reply: Reply, status: u16) -> (String, Option<String>) {
    let problem = reply.expect(status).json_problem();
    let field = problem["field"].as_str().map(str::to_owned);
    (problem["detail"].as_str().expect("a sentence").to_owned(), field)
}

fn ids(reply: &Reply) -> Vec<u64> {
    let all = reply.json();
    let all = all["titles"].as_array().expect("a list").clone();
    all.iter().map(|title| title["id"].as_u64().expect("a number")).collect()
}

#[test]
fn a_title_is_there_for_whom_it_is_and_changed_by_whose_it_is() {
    let House { server, mut host, mut grace, mut alan, mut eve } = House::open(&[]);
    let mut guest = Person::new();
    let mut make = |watch| {
        let made = post(&server, &mut grace, TITLES, &elsewhere("A film", watch)).expect(201);
        let title = made.json();
        let place = format!("titles/{}", title["id"]);
        assert_eq!(made.header("Location"), Some(place.as_str()));
        assert_eq!((&title["owner"], &title["own"]), (&json!("Grace"), &json!(true)));
        title["id"].as_u64().expect("a number")
    };
    let [all, members, own] = ["all", "members", "owner"].map(&mut make);
    for (person, sees) in [
        (&mut host, vec![own, members, all]),
        (&mut grace, vec![own, members, all]),
        (&mut alan, vec![members, all]),
        (&mut eve, vec![members, all]),
        (&mut guest, vec![all]),
    ] {
        assert_eq!(ids(&person.get(&server, TITLES).expect(200)), sees);
        let status = if sees.contains(&own) { 200 } else { 404 };
        let target = format!("{TITLES}/{own}");
        person.get(&server, &target).expect(status);
        let body = json!({ "decrypts": true });
        let target = format!("{target}/decrypts");
        post(&server, person, &target, &body).expect(if status == 200 { 409 } else { 404 });
    }
    // Who may watch a title of another's changes nothing of it.
    let target = format!("{TITLES}/{all}");
    for person in [&mut alan, &mut eve, &mut guest] {
        let (why, _) = refused(post(&server, person, &target, &json!({ "title": "B" })), 403);
        assert_eq!(why, "Only who brought it and hosts may change it.");
        person.ask(&server, "DELETE", &target, &[], "").expect(403);
        post(&server, person, &format!("{target}/poster"), &json!({ "jpeg": "" })).expect(403);
    }
    post(&server, &mut eve, TITLES, &elsewhere("C", "all")).expect(403);
    post(&server, &mut guest, TITLES, &elsewhere("C", "all")).expect(401);
    let change = json!({ "title": "B", "year": 1999, "tags": ["x", "x", "y"], "watch": "members" });
    let changed = post(&server, &mut grace, &target, &change).expect(200).json();
    assert_eq!((&changed["title"], &changed["year"]), (&json!("B"), &json!(1999)));
    assert_eq!((&changed["tags"], &changed["watch"]), (&json!(["x", "y"]), &json!("members")));
    guest.get(&server, &target).expect(404);
    let found = ids(&alan.get(&server, &format!("{TITLES}?q=b&tag=Y&order=title")).expect(200));
    assert_eq!(found, [all]);
    host.ask(&server, "DELETE", &target, &[], "").expect(204);
    grace.get(&server, &target).expect(404);
}

#[test]
fn what_is_not_taken_is_told_by_its_field() {
    let House { server, mut grace, mut alan, .. } = House::open(&[]);
    for (body, field) in [
        (json!({ "title": "A" }), "upload"),
        (json!({ "title": "A", "upload": "x", "url": "https://a.example/x.mpd" }), "upload"),
        (json!({ "title": "", "url": "https://a.example/x.mpd" }), "title"),
        (json!({ "title": 1, "url": "https://a.example/x.mpd" }), "title"),
        (json!({ "title": "x".repeat(201), "url": "https://a.example/x.mpd" }), "title"),
        (json!({ "title": "A", "url": "javascript:alert(1)" }), "url"),
        (json!({ "title": "A", "url": "https://a.example/x.mpd", "watch": "me" }), "watch"),
        (json!({ "title": "A", "url": "https://a.example/x.mpd", "year": 12 }), "year"),
        (json!({ "title": "A", "url": "https://a.example/x.mpd", "encrypt": "cbcs" }), "encrypt"),
        (json!({ "title": "A", "upload": "x", "key": "secret", "kid": "secret" }), "key"),
        (json!({ "title": "A", "upload": "x", "key": "hyN9IKGfWKdAwFaE5pm0qg" }), "kid"),
    ] {
        let (why, blamed) = refused(post(&server, &mut grace, TITLES, &body), 400);
        assert_eq!(blamed.as_deref(), Some(field), "{body}: {why}");
        assert!(!why.contains("secret"), "{why}");
    }
    let refused_at = |person: &mut Person, method: &str, fields: &[_], body: &str, status| {
        refused(person.ask(&server, method, TITLES, fields, body), status)
    };
    for body in ["", "[]", "{", "1", "{\"title\":\"\u{0}\"}"] {
        refused_at(&mut grace, "POST", &[JSON], body, 400);
    }
    refused_at(&mut grace, "POST", &[("Content-Type", "text/plain")], "{}", 415);
    let huge = json!({ "title": "x".repeat(100_000) }).to_string();
    grace.ask(&server, "POST", TITLES, &[JSON], &huge).expect(413);
    let (_, field) = refused(grace.get(&server, &format!("{TITLES}?order=moon")), 400);
    assert_eq!(field.as_deref(), Some("order"));
    // Of an upload that is another's there is none.
    let begin = [("Tus-Resumable", "1.0.0"), ("Upload-Length", "3")];
    let begun = grace.ask(&server, "POST", "/api/v1/uploads", &begin, "").expect(201);
    let place = begun.header("Location").expect("a place");
    let name = place.rsplit('/').next().expect("a name");
    let body = json!({ "title": "A", "upload": name });
    refused(post(&server, &mut alan, TITLES, &body), 404);
    refused(post(&server, &mut grace, TITLES, &body), 409);
    for id in ["0", "99", "x", "-1", "99999999999999999999"] {
        grace.get(&server, &format!("{TITLES}/{id}")).expect(404);
        grace.get(&server, &format!("/api/v1/jobs/{id}")).expect(404);
        let retry = format!("/api/v1/jobs/{id}/retry");
        grace.ask(&server, "POST", &retry, &[], "").expect(404);
    }
}

#[test]
fn pages_of_another_origin_read_the_catalogue_where_that_is_allowed() {
    let origin = ("Origin", "https://player.example");
    for (arguments, may) in [(&["--cors", "https://player.example"][..], true), (&[], false)] {
        let server = Server::pattern(arguments);
        for target in [TITLES, "/videos", "/videos/5F8LNI/dash/stream.mpd"] {
            let reply = Person::new().ask(&server, "GET", target, &[origin], "");
            let told = reply.header("Access-Control-Allow-Origin");
            assert_eq!(told, may.then_some(origin.1), "{target}");
        }
        // What changes anything is for no other origin.
        let reply = Person::new().ask(&server, "POST", TITLES, &[origin, JSON], "{}");
        assert!([401, 403].contains(&reply.status), "{}", reply.status);
    }
}
