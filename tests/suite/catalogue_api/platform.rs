//! A packaging platform's requests: from a file to its manifest.

use serde_json::{Value, json};

use super::{House, JSON, post, refused};
use crate::accounts::Person;
use crate::common::client::{Reply, ask};
use crate::common::{VERY_LONG, eventually};
use crate::works::video;

const KEY: &str = "hyN9IKGfWKdAwFaE5pm0qg";
const KID: &str = "oW5AK5BW43HzbTSKpiu3SQ";

/// Brings a file as the platform's form does.
fn bring(house: &House, target: &str, bytes: &[u8]) -> Reply {
    let mut body =
        b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"Cat.mp4\"\r\n\
                     Content-Type: video/mp4\r\n\r\n"
            .to_vec();
    body.extend_from_slice(bytes);
    body.extend_from_slice(b"\r\n--b--\r\n");
    let form = ("Content-Type", "multipart/form-data; boundary=b");
    let fields = [form, ("Accept", "application/json"), ("Cookie", &house.grace.cookie)];
    ask(house.server.address(), "POST", target, &fields, &body)
}

fn input(house: &House, target: &str, bytes: &[u8]) -> u64 {
    let brought = bring(house, target, bytes).expect(200).json();
    brought["input_content_id"].as_u64().expect("a number")
}

#[test]
fn a_file_is_brought_packaged_and_ready() {
    let mut house = House::open(&[]);
    let film = "-f lavfi -i testsrc2=s=640x360:r=25:d=4 -f lavfi -i sine=440:d=4 -c:v libx264 \
                -preset veryfast -g 50 -bf 0 -c:a aac";
    let number = input(&house, "/success", &video("film.mp4", film));
    let wish = json!({ "input_content_id": number, "key": KEY, "kid": KID });
    let House { server, grace, alan, eve, host } = &mut house;
    refused(post(server, alan, "/packaged_content", &wish), 404);
    post(server, eve, "/packaged_content", &wish).expect(403);
    let said = post(server, grace, "/packaged_content", &wish).expect(200).json();
    let id = said["packaged_content_id"].as_u64().expect("a number");
    assert_eq!(said, json!({ "packaged_content_id": id }));
    let target = format!("/packaged_content/{id}");
    alan.get(server, "/packaged_content/99").expect(404);
    eve.get(server, &target).expect(403);
    let mut ready = Value::Null;
    let states = ["Ingested", "Fragmented", "Encrypted", "Ready"];
    let mut at = 0;
    eventually("it is ready", VERY_LONG, || {
        let said = grace.get(server, &target).expect(200).json();
        let state = states.iter().position(|state| said["status"] == *state);
        let state = state.unwrap_or_else(|| panic!("{said}"));
        assert!(state >= at, "{said} after {}", states[at]);
        at = state;
        ready = said.clone();
        if said["status"] == "Ready" { Ok(()) } else { Err(said.to_string()) }
    });
    let title = grace.get(server, &format!("/api/v1/titles/{id}")).expect(200).json();
    let name = title["name"].as_str().expect("a name");
    let path = format!("/videos/{name}/dash/stream.mpd");
    assert_eq!(ready["url"], format!("http://{}{path}", server.address()));
    let same = grace.get(server, &format!("/packaged_content_id/{id}")).expect(200).json();
    assert_eq!(same, ready);
    assert_eq!((&title["title"], &title["encrypted"]), (&json!("Cat"), &json!("cbcs")));
    let mpd = alan.get(server, &path).expect(200).text();
    // Who has no key hears the sound: of two sets of tracks one is encrypted.
    let sets = mpd.split("<AdaptationSet").skip(1);
    let secret: Vec<bool> = sets.map(|set| set.contains("ContentProtection")).collect();
    assert_eq!(secret.iter().filter(|is| **is).count(), 1, "{mpd}");
    assert_eq!(secret.len(), 2, "{mpd}");
    assert!(mpd.contains("a16e402b-9056-e371-f36d-348aa62bb749"), "{mpd}");
    let folders = alan.get(server, "/videos").expect(200).json();
    assert_eq!(folders["videos"][0]["name"], name);
    let license = json!({ "kids": [KID], "type": "temporary" });
    let keys = post(server, alan, "/license", &license).expect(200).json();
    assert_eq!(keys["keys"][0]["k"], KEY);
    // Keys are read back nowhere else.
    for place in ["/api/v1/titles", "/api/v1/jobs", &target, "/videos"] {
        let said = host.get(server, place).expect(200).text();
        assert!(!said.contains(KEY) && !said.contains("87237d20"), "{place}: {said}");
    }
    let jobs = grace.get(server, "/api/v1/jobs").expect(200).json();
    let job = &jobs["jobs"].as_array().expect("a list").last().expect("a job").clone();
    assert_eq!((&job["recipe"], &job["title"]["id"]), (&json!("publish"), &json!(id)));
    let target = format!("/api/v1/jobs/{}", job["id"]);
    alan.get(server, &target).expect(404);
    host.get(server, &target).expect(200);
    grace.ask(server, "DELETE", &target, &[], "").expect(409);
    grace.ask(server, "POST", &format!("{target}/retry"), &[], "").expect(409);
}

#[test]
fn what_is_no_video_is_refused_before_anything_is_promised() {
    let mut house = House::open(&[]);
    let number = input(&house, "/upload_input_content", b"%PDF-1.7 and no film at all");
    let House { server, grace, .. } = &mut house;
    let wish = json!({ "input_content_id": number, "key": KEY, "kid": KID });
    let (why, _) = refused(post(server, grace, "/packaged_content", &wish), 415);
    assert_eq!(why, "This is a PDF, not a video.");
    let none = grace.get(server, "/api/v1/titles").expect(200).json();
    assert_eq!(none, json!({ "titles": [] }));
    for (key, kid, field) in [("x", KID, "key"), (KEY, "x", "kid"), (KEY, "", "kid")] {
        let wish = json!({ "input_content_id": number, "key": key, "kid": kid });
        let (_, blamed) = refused(post(server, grace, "/packaged_content", &wish), 400);
        assert_eq!(blamed.as_deref(), Some(field));
    }
    let target = "/packaged_content";
    refused(grace.ask(server, "POST", target, &[JSON], r#"{"input_content_id":99}"#), 404);
    let (_, blamed) = refused(grace.ask(server, "POST", target, &[JSON], "{}"), 400);
    assert_eq!(blamed.as_deref(), Some("input_content_id"));
    for target in ["/packaged_content/1", "/packaged_content_id/1", "/library/api"] {
        refused(Person::new().get(server, target), 401);
    }
    let options = grace.get(server, "/library/api").expect(200).json();
    assert_eq!(options["options"].as_array().map(Vec::len), Some(4));
}

#[test]
fn av1_is_packaged_without_a_key_alone() {
    let mut house = House::open(&[]);
    let film = "-f lavfi -i testsrc2=s=176x144:r=25:d=1 -c:v libsvtav1 -preset 12";
    let number = input(&house, "/upload_input_content", &video("film.mp4", film));
    let House { server, grace, .. } = &mut house;
    let wish = json!({ "input_content_id": number, "key": KEY, "kid": KID });
    let (why, _) = refused(post(server, grace, "/packaged_content", &wish), 415);
    assert!(why.starts_with("AV1 cannot be encrypted here"), "{why}");
    let wish = json!({ "input_content_id": number });
    post(server, grace, "/packaged_content", &wish).expect(200);
}
