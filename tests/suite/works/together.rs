//! A title that is a room's film: all see it at one time, and each what that one may.

use serde_json::{Value, json};

use super::{bring, is_whole, title_once, video};
use crate::accounts::Person;
use crate::common::client::Reply;
use crate::common::{LONG, eventually};
use crate::uploads::Site;

const JSON: (&str, &str) = ("Content-Type", "application/json");
const SHORT: &str = "-f lavfi -i testsrc2=s=320x240:r=25:d=5 -c:v libx264 -pix_fmt yuv420p";

fn open_room(site: &mut Site, source: &str) -> Reply {
    let body = json!({ "name": "cinema", "source": source }).to_string();
    site.host.ask(&site.server, "POST", "/api/v1/rooms", &[JSON], &body)
}

/// What the room's film does, once it is so.
#[track_caller]
fn film_once(site: &Site, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    eventually(what, LONG, || {
        let film = Person::new().get(&site.server, "/r/cinema/state").expect(200).json();
        let film = film["film"].clone();
        if is_so(&film) { Ok(film) } else { Err(film.to_string()) }
    })
}

#[test]
fn a_title_is_a_rooms_film_from_its_making_to_its_end_and_gives_nobody_a_right() {
    let mut site = Site::open(&[]);
    let elsewhere = json!({ "url": "https://films.example/a.mpd", "title": "Far", "watch": "all" });
    let target = "/api/v1/titles";
    let made = site.host.ask(&site.server, "POST", target, &[JSON], &elsewhere.to_string());
    let far = made.expect(201).json()["id"].clone();
    for source in ["title:99", "title:x", "title:", &format!("title:{far}")] {
        let refused = open_room(&mut site, source).expect(400).json_problem();
        assert_eq!(refused["field"], "source", "{source}");
    }
    let target = format!("{target}/{far}");
    site.host.ask(&site.server, "DELETE", &target, &[], "").expect(204);

    bring(&site, &video("film.mp4", SHORT), &[("title", "A secret"), ("publish", "owner")]);
    let title = title_once(&mut site, "it is in the catalogue", |_| true);
    let id = title["id"].clone();
    open_room(&mut site, &format!("title:{id}")).expect(201);
    title_once(&mut site, "all is there", is_whole);
    let film = film_once(&site, "it plays", |film| film["plays"].is_object());
    let entry = &film["list"][0];
    assert_eq!((&film["status"], &film["title"], &entry["title"]), (&json!("known"), &id, &id));
    let length_s = entry["duration_s"].as_f64().expect("a length");
    assert!((4.9..5.3).contains(&length_s), "{length_s}");
    // What it is called is for who may watch it, and so is all that its address has.
    let state = Person::new().get(&site.server, "/r/cinema/state").expect(200).text();
    let page = Person::new().get(&site.server, "/r/cinema/").expect(200).text();
    assert!(!state.contains("A secret") && !page.contains("A secret"), "{state}");
    assert_eq!(entry["url"], format!("../../api/v1/titles/{id}"));
    let target = format!("/api/v1/titles/{id}");
    Person::new().get(&site.server, &target).expect(404);
    let told = site.host.get(&site.server, &target).expect(200).json();
    let manifest = format!("/{}", told["dash"].as_str().expect("an address"));
    Person::new().get(&site.server, &manifest).expect(404);
    let file = format!("/r/cinema/film/{}", entry["film"]);
    site.host.get(&site.server, &file).expect(404);

    site.host.post(&site.server, "/r/cinema/film", &[("paused", "true"), ("position_s", "2")]);
    let film = film_once(&site, "it stands", |film| film["plays"]["paused"] == true);
    assert_eq!(film["plays"]["position_s"], 2.0);
    // What is said of it changes, and it goes on where it is.
    let change = json!({ "title": "B", "watch": "all" }).to_string();
    site.host.ask(&site.server, "POST", &target, &[JSON], &change).expect(200);
    let edition = film["list"][0]["edition"].clone();
    let film = film_once(&site, "it is known", |film| film["list"][0]["edition"] != edition);
    assert_eq!(
        (&film["plays"]["position_s"], &film["list"][0]["film"]),
        (&json!(2.0), &entry["film"])
    );
    site.host.ask(&site.server, "DELETE", &target, &[], "").expect(204);
    let film = film_once(&site, "it is gone", |film| film["status"] == "missing");
    assert_eq!((&film["title"], &film["list"], &film["plays"]), (&id, &json!([]), &Value::Null));
}
