//! A title of the library that is a room's film: in step for all, by the host's commands, for who may watch it.

use super::super::accounts::sign_in;
use super::super::window::Window;
use super::super::{Browser, in_browsers};
use super::bring;
use crate::accounts::Person as Client;
use crate::common::server::Server;
use crate::common::{VERY_LONG, eventually};

/// The room's film plays, and its pictures are seen.
#[track_caller]
fn film_plays(window: &Window) {
    window.wait(
        "document.getElementById('film').videoWidth > 0 && !document.getElementById('film').paused \
         && document.getElementById('trouble').hidden",
    );
}

fn film_time(window: &Window) -> f64 {
    window.eval("document.getElementById('film').currentTime").as_f64().expect("a number")
}

/// Each question takes its time: what lies between two of the one is where the other may be.
#[track_caller]
fn are_in_step(one: &Window, other: &Window) {
    eventually("they are in step", VERY_LONG, || {
        let (before, at, after) = (film_time(one), film_time(other), film_time(one));
        match (before - 0.3..after + 0.3).contains(&at) {
            true => Ok(()),
            false => Err(format!("{before} {at} {after}")),
        }
    });
}

in_browsers!(a_title_is_watched_together_by_who_may: chromium, firefox);
fn a_title_is_watched_together_by_who_may(browser: &Browser) {
    let server = Server::pattern(&[]);
    let mut host = Client::host(&server);
    let id = bring(&server, &host, "Our film", "all", "");
    let (first, late) = (browser.window(), browser.window());
    sign_in(&first, &server);
    first.goto(&server.url(&format!("/library/{id}")));
    first.click("#together");
    first.wait("document.getElementById('together-dialog').open");
    assert_eq!(
        first.eval("document.getElementById('together-form').elements.name.value"),
        "our-film"
    );
    first.follow("#together-open");
    film_plays(&first);
    assert_eq!(first.text("#title"), "Our film");
    first.wait("document.getElementById('film-name').innerText === 'Our film'");
    first.wait("document.getElementById('film').currentTime > 2");
    late.goto(&server.url("/r/our-film/"));
    film_plays(&late);
    are_in_step(&first, &late);
    first.click("#film-pause");
    for window in [&first, &late] {
        window.wait("document.getElementById('film').paused");
    }
    let stands = film_time(&first);
    late.wait(&format!("Math.abs(document.getElementById('film').currentTime - {stands}) < 0.1"));
    first.press(" ");
    film_plays(&late);
    are_in_step(&first, &late);
    // Who may no longer watch it is told so, and the others go on.
    late.expect_trouble();
    let json = [("Content-Type", "application/json")];
    let target = format!("/api/v1/titles/{id}");
    host.ask(&server, "POST", &target, &json, r#"{"watch":"owner"}"#).expect(200);
    let title =
        |words: &str| format!("document.getElementById('trouble-title').innerText === '{words}'");
    late.wait(&title("You may not watch this film."));
    assert_eq!(late.eval("document.getElementById('film').videoWidth"), 0);
    film_plays(&first);
    host.ask(&server, "POST", &target, &json, r#"{"watch":"all"}"#).expect(200);
    film_plays(&late);
    first.expect_trouble();
    host.ask(&server, "DELETE", &target, &[], "").expect(204);
    for window in [&first, &late] {
        window.wait(&title("This film is no longer in the library."));
    }
}

in_browsers!(an_encrypted_title_is_watched_together: chromium, firefox);
fn an_encrypted_title_is_watched_together(browser: &Browser) {
    let server = Server::pattern(&[]);
    let mut host = Client::host(&server);
    let id = bring(&server, &host, "Secret", "all", "cbcs");
    let json = [("Content-Type", "application/json")];
    let room = format!(r#"{{"name":"secret","source":"title:{id}"}}"#);
    host.ask(&server, "POST", "/api/v1/rooms", &json, &room).expect(201);
    let (room, frame) = (browser.window(), browser.window());
    room.goto(&server.url("/r/secret/"));
    film_plays(&room);
    let way = room.eval("document.getElementById('film-way').dataset.tip");
    assert!(way.as_str().expect("words").contains("your browser decrypts it"), "{way}");
    frame.goto(&server.url("/r/secret/embed"));
    frame.wait("document.getElementById('film').videoWidth > 0");
    are_in_step(&room, &frame);
}
