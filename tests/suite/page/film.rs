//! A room that plays a film: pages in step, what a host does, what a browser refuses.

use std::time::Instant;

use serde_json::Value;

use super::window::Window;
use super::{Browser, in_browsers};
use crate::accounts::{PASSWORD, Person as Client};
use crate::common::clip::Scratch;
use crate::common::film::{BITS, FIRST, FPS, HEIGHT, SIDE, STEP, WIDTH, film};
use crate::common::server::Server;
use crate::common::{LONG, VERY_LONG, eventually, eventually_true};

/// A server that plays a film of so many seconds.
fn cinema(name: &str, seconds: u32, arguments: &[&str]) -> (Server, Scratch) {
    let folder = Scratch::new();
    film(folder.path(), name, seconds);
    let own = ["--media", folder.path(), "--source", "film:"];
    let server = Server::start(&[&own[..], arguments].concat());
    eventually_true("the film is known", LONG, || {
        server.state()["film"]["list"].as_array().is_some_and(|list| !list.is_empty())
    });
    (server, folder)
}

#[track_caller]
fn plays(window: &Window) {
    window.wait(
        "document.getElementById('status').innerText === 'FILM' && \
         document.getElementById('film').videoWidth > 0 && !document.getElementById('film').paused",
    );
}

#[track_caller]
fn watch(browser: &Browser, server: &Server) -> Window {
    let window = browser.window();
    window.goto(&server.url("/"));
    plays(&window);
    window
}

/// Reads the number of the picture off a screenshot, in a page that has nothing to do with it.
fn number(reader: &Window, window: &Window, shot: &str) -> Option<f64> {
    let frame = window.eval(
        "(() => { const { left, top, width, height } = \
         document.getElementById('film').getBoundingClientRect(); \
         return { left, top, width, height, page: innerWidth }; })()",
    );
    let read = reader.eval(&format!(
        "(async () => {{
           const image = new Image();
           image.src = 'data:image/png;base64,{shot}';
           await image.decode();
           const canvas = document.createElement('canvas');
           [canvas.width, canvas.height] = [image.width, image.height];
           const pen = canvas.getContext('2d', {{ willReadFrequently: true }});
           pen.drawImage(image, 0, 0);
           const {{ left, top, width, height, page }} = {frame};
           const zoom = image.width / page;
           const scale = Math.min(width / {WIDTH}, height / {HEIGHT});
           const [x0, y0] = [left + (width - {WIDTH} * scale) / 2, top + (height - {HEIGHT} * scale) / 2];
           let number = 0;
           for (let bit = 0; bit < {BITS}; bit += 1) {{
             const x = (x0 + ({FIRST} + {STEP} * bit + {SIDE} / 2) * scale) * zoom;
             const y = (y0 + {HEIGHT} / 2 * scale) * zoom;
             const [light] = pen.getImageData(Math.round(x), Math.round(y), 1, 1).data;
             if (light > 90 && light < 165) return null;
             number += light >= 165 ? 2 ** bit : 0;
           }}
           return number;
         }})()"
    ));
    read.as_f64()
}

/// How far the film that is seen is ahead of this clock, seconds, and by how much that may be wrong:
/// the best of several looks; `None` if no number can be read.
fn ahead(reader: &Window, window: &Window, clock: Instant) -> Option<(f64, f64)> {
    let mut best = (0.0, f64::INFINITY);
    for _ in 0..6 {
        let before = clock.elapsed().as_secs_f64();
        let shot = window.shot_as_text();
        let after = clock.elapsed().as_secs_f64();
        let Some(number) = number(reader, window, &shot) else { continue };
        let doubt = (after - before) / 2.0;
        if doubt < best.1 {
            best = (number / f64::from(FPS) - (before + after) / 2.0, doubt);
        }
    }
    best.1.is_finite().then_some(best)
}

/// Waits until all of them see the same within 300 ms: a machine that has too much to do shows a picture
/// late now and then, and pages that are apart stay so.
#[track_caller]
fn are_in_step(reader: &Window, windows: &[&Window]) {
    let clock = Instant::now();
    eventually("the pages are in step", VERY_LONG, || {
        let seen: Option<Vec<(f64, f64)>> =
            windows.iter().map(|window| ahead(reader, window, clock)).collect();
        let seen = seen.ok_or("no number can be read")?;
        let all = seen.iter().map(|(ahead, _)| *ahead);
        let (least, most) = (all.clone().fold(f64::MAX, f64::min), all.fold(f64::MIN, f64::max));
        if most - least <= 0.3 { Ok(()) } else { Err(format!("apart: {seen:?}")) }
    });
}

in_browsers!(three_pages_are_in_step_one_of_them_hidden_for_a_while_and_one_slow: chromium, firefox);
fn three_pages_are_in_step_one_of_them_hidden_for_a_while_and_one_slow(browser: &Browser) {
    let (server, _folder) = cinema("a.webm", 100, &[]);
    let reader = browser.window();
    reader.goto(&server.url("/connect"));
    let first = watch(browser, &server);
    // Its thread is busy for most of the time.
    let slow = watch(browser, &server);
    slow.eval(
        "void setInterval(() => { const until = performance.now() + 120; \
         while (performance.now() < until); }, 180)",
    );
    // The last that was opened, so that the tab before it is in its window.
    let hidden = watch(browser, &server);
    let front = hidden.beside();
    front.show();
    hidden.wait("document.hidden");
    first.wait("document.getElementById('film').currentTime > 6");
    hidden.show();
    hidden.wait("!document.hidden");
    let late = watch(browser, &server);
    are_in_step(&reader, &[&first, &hidden, &slow, &late]);
}

in_browsers!(a_browser_that_refuses_sound_says_so_and_is_in_step_after_a_tap: chromium, firefox);
fn a_browser_that_refuses_sound_says_so_and_is_in_step_after_a_tap(browser: &Browser) {
    let (server, _folder) = cinema("a.webm", 60, &[]);
    let reader = browser.window();
    reader.goto(&server.url("/connect"));
    let (one, two) = (watch(browser, &server), watch(browser, &server));
    // As a browser does in which nobody has tapped yet; those of the tests are asked as by a person.
    one.eval(
        "(() => { const play = HTMLMediaElement.prototype.play; let tapped = false; \
         addEventListener('click', () => (tapped = true), true); \
         HTMLMediaElement.prototype.play = function () { \
         return this.muted || tapped ? play.call(this) : \
         Promise.reject(new DOMException('', 'NotAllowedError')); }; \
         document.getElementById('film').pause(); })()",
    );
    one.wait("document.getElementById('film').muted && !document.getElementById('film').paused");
    assert_eq!(one.text("#film-tap"), "Tap for sound");
    one.click("#film-tap");
    one.wait(
        "!document.getElementById('film').muted && document.getElementById('film-tap').hidden",
    );
    are_in_step(&reader, &[&one, &two]);
}

// In Chromium the page that a host goes to now and then never begins to load, if other tests run beside:
// why is not known. The commands themselves are asked of the server in `films`.
in_browsers!(a_host_pauses_seeks_and_changes_the_list_for_all: firefox);
fn a_host_pauses_seeks_and_changes_the_list_for_all(browser: &Browser) {
    let (server, folder) = cinema("a.webm", 60, &[]);
    film(folder.path(), "b.webm", 20);
    Client::host(&server);
    let (host, guest) = (browser.window(), watch(browser, &server));
    host.goto(&server.url("/sign-in"));
    host.write("Ada");
    host.press("Tab");
    host.write(PASSWORD);
    // It leads to the page.
    host.enter();
    plays(&host);
    host.click("#film-pause");
    for window in [&host, &guest] {
        window.wait("document.getElementById('film').paused && !document.getElementById('film-paused').hidden");
    }
    let time = |window: &Window| {
        window.eval("document.getElementById('film').currentTime").as_f64().expect("a number")
    };
    let stands = time(&host);
    guest.wait(&format!("Math.abs(document.getElementById('film').currentTime - {stands}) < 0.1"));
    host.eval(
        "(() => { const at = document.getElementById('film-at'); at.value = 42; \
         at.dispatchEvent(new Event('input')); at.dispatchEvent(new Event('change')); })()",
    );
    guest.wait("Math.abs(document.getElementById('film').currentTime - 42) < 0.1");
    host.press(" ");
    plays(&guest);
    host.press("p");
    host.wait("document.querySelectorAll('#film-list [data-act=play]').length === 2");
    host.click("#film-list li:nth-child(2) [data-act=chevron-up]");
    host.wait("document.querySelector('#film-list .film-row-name').innerText === 'b.webm'");
    host.click("#film-list li:nth-child(1) [data-act=play]");
    guest.wait("document.getElementById('film-name').innerText === 'b.webm'");
    plays(&guest);
    // Who may not command sees no such buttons, and its keys are its own.
    assert_eq!(guest.eval("document.getElementById('film-next')"), Value::Null);
    guest.press("p");
    guest.wait("document.getElementById('film-dialog').open");
    assert_eq!(guest.eval("document.querySelectorAll('#film-list button').length"), 0);
}

in_browsers!(what_a_browser_cannot_play_it_says: chromium, firefox);
fn what_a_browser_cannot_play_it_says(browser: &Browser) {
    let folder = Scratch::new();
    // Its head is whole, and what should be pictures is nothing.
    let mut bytes = include_bytes!("../../data/film/whole.mp4").to_vec();
    for (name, other) in [(b"avc1", b"zzzz"), (b"mp4a", b"yyyy")] {
        while let Some(at) = bytes.windows(4).position(|four| four == name) {
            bytes[at..at + 4].copy_from_slice(other);
        }
    }
    folder.write("a.mp4", &bytes);
    let server = Server::start(&["--media", folder.path(), "--source", "film:a.mp4"]);
    let window = browser.window();
    window.expect_trouble();
    window.goto(&server.url("/"));
    window.wait("probe.isShown('#trouble') && document.getElementById('trouble-title').innerText.endsWith('a.mp4.')");
    assert!(window.text("#trouble-detail").contains("zzzz"));
}

in_browsers!(six_connections_are_enough_for_chat_a_film_and_a_picture_in_two_windows: chromium, firefox);
fn six_connections_are_enough_for_chat_a_film_and_a_picture_in_two_windows(browser: &Browser) {
    let (server, _folder) = cinema("a.webm", 60, &["--room", "yard=pattern", "--size", "160x120"]);
    let film = watch(browser, &server);
    let second = film.beside();
    second.goto(&server.url("/"));
    // Windows that are seen beside each other are none to a browser without a screen: what is hidden
    // keeps its film and its socket, and this is what counts here.
    plays(&second);
    let third = film.beside();
    third.goto(&server.url("/r/yard/"));
    super::is_live(&third);
    let fourth = film.beside();
    fourth.goto(&server.url("/r/yard/"));
    super::is_live(&fourth);
    super::chat::enter(&fourth, Some("Ada"));
    super::chat::say(&fourth, "there is room for me");
    // There is room for one more request, which is answered at once.
    let state = fourth.eval("probe.state().then((state) => state.room.name)");
    assert_eq!(state, "yard");
    film.show();
    plays(&film);
    let at = film.eval("document.getElementById('film').currentTime").as_f64().expect("a number");
    film.wait(&format!("document.getElementById('film').currentTime > {at} + 1"));
}

in_browsers!(a_film_of_sound_alone_says_what_it_is: chromium, firefox);
fn a_film_of_sound_alone_says_what_it_is(browser: &Browser) {
    let (server, _folder) = cinema("a.ogg", 20, &[]);
    let window = browser.window();
    window.goto(&server.url("/"));
    window.wait("probe.isShown('#film-sound-only') && !document.getElementById('film').paused");
    assert_eq!(window.text("#film-sound-name"), "a.ogg");
}

in_browsers!(without_script_the_film_has_the_browsers_own_buttons: chromium, firefox);
fn without_script_the_film_has_the_browsers_own_buttons(browser: &Browser) {
    let (server, _folder) = cinema("a.webm", 20, &[]);
    let person = super::Person { no_scripts: true, ..super::Person::default() };
    let window = browser.window_of(person);
    window.goto(&server.url("/"));
    let film = "document.querySelector('video')";
    assert_eq!(window.eval(&format!("{film}.controls")), true);
    eventually_true("it is loaded", LONG, || window.eval(&format!("{film}.duration > 19")) == true);
}

in_browsers!(on_a_phone_the_time_of_the_film_has_the_whole_width: chromium, firefox);
fn on_a_phone_the_time_of_the_film_has_the_whole_width(browser: &Browser) {
    let (server, _folder) = cinema("a.webm", 20, &[]);
    let phone = browser.phone((390, 844));
    phone.goto(&server.url("/"));
    phone.wait("document.getElementById('film-name').textContent === 'a.webm'");
    let margins = phone.eval(
        "(() => { const { left, right } = document.querySelector('.film-way').getBoundingClientRect();
           return [left, innerWidth - right].map(Math.round); })()",
    );
    assert_eq!(margins[0], margins[1], "{margins}");
    assert_eq!(phone.eval("document.documentElement.scrollWidth <= innerWidth"), true);
}

in_browsers!(a_frame_on_another_page_plays_the_film_in_step: chromium, firefox);
fn a_frame_on_another_page_plays_the_film_in_step(browser: &Browser) {
    let (server, _folder) = cinema("a.webm", 60, &[]);
    let (whole, frame) = (watch(browser, &server), browser.window());
    frame.goto(&server.url("/embed"));
    frame.wait(
        "document.getElementById('film').videoWidth > 0 && !document.getElementById('film').paused",
    );
    assert_eq!(frame.eval("document.getElementById('picture')"), Value::Null);
    let time = |window: &Window| {
        let time = window.eval("document.getElementById('film').currentTime");
        time.as_f64().expect("a number")
    };
    // Each question takes its time: what lies between two of the other is where this one may be.
    eventually_true("they are in step", LONG, || {
        let (before, at, after) = (time(&whole), time(&frame), time(&whole));
        (before - 0.3..after + 0.3).contains(&at)
    });
}
