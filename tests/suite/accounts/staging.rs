//! Rooms and settings changed by a host while the server runs, by the API and by the page's forms.

use serde_json::{Value, json};

use super::Person;
use crate::common::client::Reply;
use crate::common::clip::{Form, Scratch, clip, jpegs};
use crate::common::multipart::Stream;
use crate::common::server::Server;
use crate::common::{LONG, eventually_true};

/// A request of the API with a body of JSON.
fn api(host: &mut Person, server: &Server, method: &str, path: &str, body: &Value) -> Reply {
    let fields = [("Content-Type", "application/json")];
    host.ask(server, method, &format!("/api/v1/{path}"), &fields, &body.to_string())
}

/// What the file of the settings says.
fn file(server: &Server) -> String {
    std::fs::read_to_string(server.data().join("livestream.toml")).unwrap_or_default()
}

/// A server without flags that say something of rooms, and its host.
fn plain() -> (Server, Person) {
    let server = Server::start(&["--size", "160x120"]);
    let host = Person::host(&server);
    (server, host)
}

#[test]
fn a_room_is_opened_changed_and_closed_and_the_file_has_it() {
    let (server, mut host) = plain();
    let new = json!({ "name": "door", "source": "pattern", "title": "The door" });
    let made = api(&mut host, &server, "POST", "rooms", &new).expect(201).json();
    assert_eq!((&made["name"], &made["title"]), (&json!("door"), &json!("The door")));
    let mut stream = Stream::open(server.address(), "/r/door/stream", &[]);
    stream.next();
    assert!(file(&server).contains("name = \"door\""), "{}", file(&server));
    assert_eq!(
        api(&mut host, &server, "POST", "rooms", &new).expect(409).json_problem()["field"],
        "name"
    );
    let changed = json!({ "title": "Another door" });
    let reply = api(&mut host, &server, "PATCH", "rooms/door", &changed).expect(200);
    assert_eq!(reply.json()["title"], "Another door");
    assert!(file(&server).contains("Another door"));
    assert_eq!(server.get("/rooms").json()["rooms"].as_array().map(Vec::len), Some(2));
    host.ask(&server, "DELETE", "/api/v1/rooms/door", &[], "").expect(200);
    server.get("/r/door/state").expect(404);
    assert!(!file(&server).contains("door"), "{}", file(&server));
    host.ask(&server, "DELETE", "/api/v1/rooms/door", &[], "").expect(404);
    host.ask(&server, "DELETE", "/api/v1/rooms/-", &[], "").expect(409);
    let log = host.get(&server, "/api/v1/log").json().to_string();
    assert!(log.contains("opened the room door") && log.contains("closed the room door"), "{log}");
}

#[test]
fn nothing_of_the_machine_can_be_named_from_the_web() {
    let scratch = Scratch::new();
    let movie = scratch.write("a.avi", &clip(Form::Avi { fps: 25 }, &jpegs(96, 64, 10, 90)));
    let (server, mut host) = plain();
    let folder = server.data().display().to_string();
    for source in ["exec:id", "-", &movie, &folder, "/dev/video0", "webcam:/dev/null", "named:99"] {
        let new = json!({ "name": "x", "source": source });
        let refused = api(&mut host, &server, "POST", "rooms", &new).expect(400);
        assert_eq!(refused.json_problem()["field"], "source", "{source}");
        let change = json!({ "source": source });
        api(&mut host, &server, "PATCH", "rooms/-", &change).expect(400);
    }
    for key in ["data", "media", "clips", "tls-cert", "tls-key", "host", "proxy", "cors", "config"]
    {
        let change = json!({ key: "x" });
        api(&mut host, &server, "PATCH", "settings", &change).expect(404);
    }
    assert_eq!(file(&server), "");
}

#[test]
fn settings_hold_at_once_and_what_a_flag_says_is_fixed() {
    let server = Server::pattern(&["--max-viewers", "7"]);
    let mut host = Person::host(&server);
    let set = |host: &mut Person, change: &Value| api(host, &server, "PATCH", "settings", change);
    let changed = set(&mut host, &json!({ "bandwidth": "5M" })).expect(200).json();
    assert_eq!((&changed["value"], &changed["effect"]), (&json!("5M"), &json!("at-once")));
    eventually_true("the budget is another", LONG, || {
        server.state()["budget"].to_string().contains("5000000")
    });
    assert!(file(&server).contains("bandwidth = \"5M\""), "{}", file(&server));
    set(&mut host, &json!({ "max-viewers": 9 })).expect(409);
    assert_eq!(
        set(&mut host, &json!({ "bandwidth": "much" })).expect(400).json_problem()["field"],
        "bandwidth"
    );
    set(&mut host, &json!({})).expect(400);
    set(&mut host, &json!({ "bandwidth": "1M", "title": "two" })).expect(400);
    set(&mut host, &json!({ "bandwidth": null })).expect(200);
    assert!(!file(&server).contains("bandwidth"), "{}", file(&server));
    let settings = host.get(&server, "/api/v1/settings").json();
    let settings = settings["settings"].as_array().cloned().expect("a list");
    let fixed = settings.iter().find(|one| one["key"] == "max-viewers").expect("it is told");
    assert_eq!((&fixed["fixed"], &fixed["said"]), (&json!(true), &json!("flag")));
}

#[test]
fn the_forms_of_the_page_do_the_same() {
    let (server, mut host) = plain();
    let html = [("Accept", "text/html"), ("Content-Type", "application/x-www-form-urlencoded")];
    let mut form = |path: &str, body: &str| host.ask(&server, "POST", path, &html, body);
    let done = form("/host/room", "name=hall&title=&source=pattern").expect(303);
    let location = done.header("Location").expect("where it goes on");
    assert!(location.starts_with("../host"), "{location}");
    form("/host/change-room", "id=hall&title=The+hall&source=").expect(303);
    let refused = form("/host/room", "name=hall&title=&source=pattern").expect(409);
    assert!(refused.text().contains("There is a room of this name already."));
    form("/host/setting", "key=bandwidth&value=3M").expect(303);
    form("/host/close-room", "id=hall").expect(303);
    form("/host/nothing", "").expect(404);
    let made = form("/host/invite", "").expect(200).text();
    assert!(made.contains("/sign-up#"), "it is shown this once");
    let page = host.ask(&server, "GET", "/host", &[("Accept", "text/html")], "").expect(200).text();
    assert!(!page.contains("/sign-up#") && page.contains("3M"));
}

#[test]
fn the_list_of_rooms_leads_a_host_to_where_they_are_changed() {
    let (server, mut host) = plain();
    let html = [("Accept", "text/html")];
    let of_host = host.ask(&server, "GET", "/rooms", &html, "").expect(200).text();
    assert!(of_host.contains("href=\"host#rooms-title\""), "{of_host}");
    let of_guest = Person::new().ask(&server, "GET", "/rooms", &html, "").expect(200).text();
    assert!(!of_guest.contains("host#"), "{of_guest}");
}

#[test]
fn the_rights_of_a_closed_room_are_not_those_of_the_next_of_its_name() {
    let (server, mut host) = plain();
    let new = json!({ "name": "door", "source": "pattern" });
    api(&mut host, &server, "POST", "rooms", &new).expect(201);
    let member = Person::member(&server, &mut host, "Grace");
    let accounts = host.get(&server, "/api/v1/accounts").json();
    let accounts = accounts["accounts"].as_array().expect("a list").clone();
    let id = accounts.iter().find(|one| one["name"] == "Grace").expect("Grace")["id"].clone();
    let path = format!("accounts/{id}");
    api(&mut host, &server, "PATCH", &path, &json!({ "moderates": ["door"] })).expect(200);
    let device = host.post(&server, "/account/device", &[("label", "x"), ("room", "door")]);
    device.expect(200);
    let kept = |host: &mut Person| {
        let of = host.get(&server, &format!("/api/v1/{path}")).expect(200).json();
        let tokens = host.get(&server, "/api/v1/tokens").expect(200).json();
        (of["moderates"].clone(), tokens["tokens"].as_array().expect("a list").len())
    };
    assert_eq!(kept(&mut host), (json!(["door"]), 1));
    drop(member);
    api(&mut host, &server, "DELETE", "rooms/door", &json!({})).expect(200);
    api(&mut host, &server, "POST", "rooms", &new).expect(201);
    assert_eq!(kept(&mut host), (json!([]), 0));
}

/// The form of a page that holds what was wrong, and its field; nothing where that stands on top.
fn blamed(page: &str) -> Option<(&str, &str)> {
    assert_eq!(page.matches("id=\"wrong\"").count(), 1, "it is said once: {page}");
    assert_eq!(page.matches(" autofocus").count(), 1, "what has the focus: {page}");
    let (before, after) = page.split_once("aria-invalid=\"true\" aria-describedby=\"wrong\"")?;
    let (_, field) = before.rsplit_once(" name=\"").expect("a field");
    let begin = before.rfind("<form").expect("a form");
    let end = before.len() + after.find("</form>").expect("its end");
    Some((&page[begin..end], field.split('"').next().expect("a name")))
}

#[test]
fn what_was_wrong_with_a_form_stands_in_that_one_or_on_top() {
    let (server, mut host) = plain();
    let html = [("Accept", "text/html"), ("Content-Type", "application/x-www-form-urlencoded")];
    host.ask(&server, "POST", "/host/room", &html, "name=hall&source=pattern").expect(303);
    let of = "/etc/passwd";
    for (action, body, status, place) in [
        ("room", "name=a+b&title=Two&source=pattern", 400, Some(("name", "Two"))),
        ("room", "name=door&title=&source=/etc/passwd", 400, Some(("source", "door"))),
        ("change-room", "id=hall&title=Two&source=/etc/passwd", 400, Some(("source", of))),
        ("change-room", "id=hall&source=", 400, Some(("source", "hall"))),
        ("change-room", "id=gone&title=Two&source=", 404, None),
        ("close-room", "id=-", 409, None),
        ("setting", "key=bandwidth&value=much", 400, Some(("value", "much"))),
        ("setting", "key=nothing&value=much", 404, None),
        ("account", "id=1&role=member&disabled=false", 409, Some(("role", "1"))),
        ("account", "id=99&role=member&disabled=false", 404, None),
        ("reset", "id=99", 404, None),
        ("ban", "address=nowhere&why=loud&seconds=86400", 400, Some(("address", "loud"))),
        ("ban", "address=192.0.2.7&why=&seconds=-1", 400, Some(("seconds", "192.0.2.7"))),
    ] {
        let reply = host.ask(&server, "POST", &format!("/host/{action}"), &html, body);
        let page = reply.expect(status).text();
        let blamed = blamed(&page);
        assert_eq!(blamed.map(|(_, field)| field), place.map(|(field, _)| field), "{body}");
        if let Some((form, (_, kept))) = blamed.map(|(form, _)| form).zip(place) {
            assert!(form.contains(&format!("/{action}\"")), "{body}: {form}");
            assert!(form.contains(&format!("value=\"{kept}\"")), "{body}: {form}");
        }
    }
}

#[test]
fn what_is_wrong_with_no_field_of_a_form_is_said_to_one_that_can_be_reached() {
    let server = Server::pattern(&["--room", "door=pattern", "--title", "Workshop"]);
    let mut host = Person::host(&server);
    let html = [("Accept", "text/html"), ("Content-Type", "application/x-www-form-urlencoded")];
    let mut refused = |path: &str, body: &str, status: u16| {
        host.ask(&server, "POST", path, &html, body).expect(status).text()
    };
    let page = refused("/host/room", "name=hall&title=&source=pattern", 409);
    let (form, field) = blamed(&page).expect("a place");
    assert_eq!(field, "name");
    assert!(form.contains("value=\"hall\"") && form.contains("--room"), "{form}");
    // What a flag says is sent by no browser; it is shown as it is.
    let page = refused("/host/change-room", "id=-&source=/etc/passwd", 409);
    let (form, field) = blamed(&page).expect("a place");
    assert_eq!(field, "source");
    assert!(form.contains("value=\"Workshop\""), "{form}");
    assert_eq!(blamed(&refused("/host/change-room", "id=door", 400)), None);
    // Of a room that a flag says there is still to be said who may what.
    let page = host.ask(&server, "GET", "/host", &[("Accept", "text/html")], "").text();
    let (_, row) = page.split_once("name=\"id\" value=\"door\"").expect("its row");
    let (form, _) = row.split_once("</form>").expect("its end");
    let fixed = |field: &str| {
        let (_, field) = form.split_once(&format!("name=\"{field}\"")).expect("a field");
        field.split('>').next().is_some_and(|tag| tag.contains("disabled"))
    };
    assert!(["title", "source", "mask"].into_iter().all(fixed), "{form}");
    assert_eq!(form.matches("fixed by --room").count(), 3, "{form}");
    assert!(!["note", "enter", "talk", "publish"].into_iter().any(fixed), "{form}");
}
