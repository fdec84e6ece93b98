//! Pages for all people: axe-core finds no fault in them, light and dark, wide and on a phone.

use std::sync::atomic::{AtomicU32, Ordering};

use super::accounts::{furnish, sign_in};
use super::axe::Violation;
use super::chat::say;
use super::elsewhere::{says_who, stage};
use super::library::bring;
use super::window::Window;
use super::{Browser, Person, in_browsers, is_live, watch};
use crate::accounts::Person as Client;
use crate::common::clip::Scratch;
use crate::common::multipart::Stream;
use crate::common::server::Server;

/// Opens a page at each size, and has axe look at it: by all rules as it comes, and by those that ask for
/// colours in the other theme, too; where nothing but the room is less, by those that ask for places.
#[track_caller]
fn has_no_fault(browser: &Browser, open: impl Fn(&Window)) {
    let mut faults = Vec::new();
    for (dark, fingers, (width, height)) in LOOKS {
        let window = browser.window_of(Person { dark, fingers, ..Person::default() });
        window.resize(width, height);
        window.expect_trouble();
        open(&window);
        settle(&window);
        let [theme, other] = if dark { ["dark", "light"] } else { ["light", "dark"] };
        let mut found = |theme, all: Vec<Violation>| {
            let look = format!("{width}x{height}, {theme}");
            faults.extend(all.into_iter().map(|fault| (look.clone(), fault)));
        };
        if (width, height) == ENLARGED {
            found(theme, window.axe_of(&OF_PLACES));
            continue;
        }
        found(theme, window.axe(&BUT));
        window.eval(&format!("document.documentElement.dataset.theme = '{other}'"));
        settle(&window);
        found(other, window.axe_of(&OF_COLOURS));
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// What comes in softly has other colours on its way.
#[track_caller]
fn settle(window: &Window) {
    window.wait(
        "document.getAnimations().every((one) => one.playState !== 'running'
           || one.effect.getTiming().iterations === Infinity)",
    );
}

in_browsers!(the_picture_with_its_controls: chromium);
fn the_picture_with_its_controls(browser: &Browser) {
    let server = Server::pattern(&[]);
    has_no_fault(browser, |window| {
        window.goto(&server.url("/"));
        window.set_time("--fade-after", "600s");
        is_live(window);
    });
}

in_browsers!(what_opens_over_the_picture: chromium);
fn what_opens_over_the_picture(browser: &Browser) {
    let server = Server::pattern(&[]);
    for (button, opened) in [
        ("#menu-button", "#menu"),
        ("#plots-toggle", "#plots"),
        ("#donate", "#donate-dialog"),
        ("#pause", "#paused-note"),
        ("#invite", "#invite-dialog"),
        ("#menu-keys", "#keys-dialog"),
        ("#mode-gaming", "#quality .level-way"),
    ] {
        has_no_fault(browser, |window| {
            window.goto(&server.url("/"));
            window.set_time("--fade-after", "600s");
            is_live(window);
            window.eval(&format!("document.querySelector('{button}').click()"));
            window.wait(&format!("probe.isShown('{opened}')"));
        });
    }
}

in_browsers!(the_chat: chromium);
fn the_chat(browser: &Browser) {
    let server = Server::pattern(&[]);
    for tab in ["chat", "people", "about"] {
        has_no_fault(browser, |window| {
            window.goto(&server.url("/"));
            window.set_time("--fade-after", "600s");
            is_live(window);
            window.eval("document.getElementById('chat-button').click()");
            window.wait("!document.getElementById('chat-entry').hidden");
            window.eval("document.getElementById('chat-name').focus()");
            // Each look is somebody else's, who may still be there when the next one comes.
            window.write(&format!("Ada {:x}", NAMED.fetch_add(1, Ordering::Relaxed)));
            window.press("Enter");
            window.wait("!document.getElementById('chat-form').hidden");
            say(window, "hello https://example.org/ :wave:");
            window.eval(&format!("document.getElementById('tab-{tab}').click()"));
            window.wait(&format!("!document.getElementById('panel-{tab}').hidden"));
        });
    }
}

in_browsers!(going_live: chromium);
fn going_live(browser: &Browser) {
    let server = Server::pattern(&["--room", "stage=browser"]);
    let mut host = Client::host(&server);
    let json = [("Content-Type", "application/json")];
    let open = r#"{"publish":"all"}"#;
    has_no_fault(browser, |window| {
        window.expect_trouble();
        window.goto(&server.url("/r/stage/broadcast"));
        window.wait("document.getElementById('may-not')");
    });
    host.ask(&server, "PATCH", "/api/v1/rooms/stage", &json, open).expect(200);
    has_no_fault(browser, |window| {
        window.goto(&server.url("/r/stage/broadcast"));
        window.wait("!document.getElementById('show-camera').hidden");
        window.eval("document.getElementById('show-camera').click()");
        window.wait("!document.getElementById('go').hidden");
        window.wait("document.getElementById('camera-picture').videoWidth > 0");
    });
}

in_browsers!(the_list_of_rooms: chromium);
fn the_list_of_rooms(browser: &Browser) {
    let server = Server::pattern(&["--room", "door=pattern;title=Front door"]);
    // Of a room that nobody watches there is no picture.
    let _watching = Stream::open(server.address(), "/stream", &[]).in_background();
    has_no_fault(browser, |window| {
        window.goto(&server.url("/rooms"));
        window.wait("document.querySelectorAll('.room-card img').length === 2");
        window.wait("[...document.images].every((image) => image.naturalWidth > 0)");
    });
}

in_browsers!(bringing_files: chromium);
fn bringing_files(browser: &Browser) {
    let server = Server::pattern(&[]);
    has_no_fault(browser, |window| {
        window.goto(&server.url("/library/upload"));
        window.wait("document.getElementById('may-not')");
    });
    let mut host = Client::host(&server);
    let fields = [
        ("Tus-Resumable", "1.0.0"),
        ("Upload-Length", "9"),
        ("Upload-Metadata", "filename YS5tcDQ="),
    ];
    host.ask(&server, "POST", "/api/v1/uploads", &fields, "").expect(201);
    has_no_fault(browser, |window| {
        sign_in(window, &server);
        window.goto(&server.url("/library/upload"));
        window.wait("document.querySelector('.upload-row')");
    });
}

in_browsers!(the_library: chromium);
fn the_library(browser: &Browser) {
    let server = Server::pattern(&[]);
    has_no_fault(browser, |window| {
        window.goto(&server.url("/library"));
        window.wait("document.getElementById('empty')");
    });
    let host = Client::host(&server);
    let id = bring(&server, &host, "A film", "all", "cbcs");
    for page in ["/library", "/library?q=nothing", "/jobs"] {
        has_no_fault(browser, |window| {
            sign_in(window, &server);
            window.goto(&server.url(page));
        });
    }
    for dialog in ["share", "keys", "edit"] {
        has_no_fault(browser, |window| {
            sign_in(window, &server);
            window.goto(&server.url(&format!("/library/{id}")));
            window.wait("document.getElementById('video').readyState >= 2");
            window.eval(&format!("document.getElementById('{dialog}').click()"));
            window.wait(&format!("document.getElementById('{dialog}-dialog').open"));
        });
    }
}

in_browsers!(how_to_connect: chromium);
fn how_to_connect(browser: &Browser) {
    let server = Server::pattern(&["--rtsp-port", "0"]);
    has_no_fault(browser, |window| window.goto(&server.url("/connect")));
}

in_browsers!(what_programs_ask: chromium);
fn what_programs_ask(browser: &Browser) {
    let server = Server::pattern(&[]);
    has_no_fault(browser, |window| {
        window.goto(&server.url("/api"));
        window.eval("document.querySelectorAll('details').forEach((one) => { one.open = true; })");
    });
    has_no_fault(browser, |window| window.goto(&server.url("/videos")));
}

in_browsers!(how_to_trust: chromium);
fn how_to_trust(browser: &Browser) {
    let server = Server::pattern(&["--tls"]);
    has_no_fault(browser, |window| {
        window.goto(&server.url("/trust"));
        window.wait("document.getElementById('verdict').dataset.verdict === 'no'");
        window.eval("document.querySelectorAll('details').forEach((one) => { one.open = true; })");
    });
}

in_browsers!(a_full_server: chromium);
fn a_full_server(browser: &Browser) {
    let server = Server::pattern(&["--max-viewers", "1"]);
    let _first = watch(browser, &server);
    has_no_fault(browser, |window| {
        window.goto(&server.url("/"));
        assert!(window.text("h1").contains("full"));
    });
}

in_browsers!(an_error: chromium);
fn an_error(browser: &Browser) {
    let server = Server::pattern(&[]);
    has_no_fault(browser, |window| window.goto(&server.url("/nothing")));
}

in_browsers!(the_ways_in: chromium);
fn the_ways_in(browser: &Browser) {
    let word = Scratch::new();
    let word = word.write("word", b"open sesame\n");
    let server = Server::pattern(&["--watch-password-file", &word]);
    for page in ["/enter", "/sign-in", "/sign-up", "/claim", "/reset"] {
        has_no_fault(browser, |window| window.goto(&server.url(page)));
    }
    for (page, id) in [("/enter", "word"), ("/sign-in", "password"), ("/claim", "secret")] {
        has_no_fault(browser, |window| {
            window.goto(&server.url(page));
            window.eval(
                "document.querySelectorAll('form .field input').forEach((field) => {
                   field.value = field.type === 'password' ? 'seven wet umbrellas' : 'not this one';
                 })",
            );
            window.follow(".door-send");
            window.wait(&format!("probe.isShown('#{id}-error')"));
        });
    }
}

in_browsers!(what_is_ones_own: chromium);
fn what_is_ones_own(browser: &Browser) {
    let server = Server::pattern(&["--rtsp-port", "0"]);
    furnish(&server);
    for page in ["/account", "/confirm"] {
        has_no_fault(browser, |window| {
            sign_in(window, &server);
            window.goto(&server.url(page));
        });
    }
    has_no_fault(browser, |window| {
        sign_in(window, &server);
        window.goto(&server.url("/account"));
        window.eval("document.getElementById('device').value = 'Recorder'");
        window.follow("#device-form .button");
        window.wait("probe.isShown('#made-device')");
    });
}

in_browsers!(the_way_in_by_a_provider: chromium);
fn the_way_in_by_a_provider(browser: &Browser) {
    let (_provider, here) = stage("sign-up = true\ngroups = [\"staff\"]", &[]);
    let come = |window: &Window, name: &str| {
        window.goto(&here.server.url("/sign-in?next=/account"));
        says_who(window, "[data-provider=corp]", name);
    };
    has_no_fault(browser, |window| window.goto(&here.server.url("/sign-in")));
    has_no_fault(browser, |window| come(window, "mallory"));
    has_no_fault(browser, |window| {
        come(window, "grace");
        window.eval("document.getElementById('name').value = 'server'");
        window.follow(".door-send");
        window.wait("probe.isShown('#name-error')");
    });
    let made = browser.window();
    come(&made, "grace");
    made.follow(".door-send");
    for page in ["/account", "/confirm"] {
        has_no_fault(browser, |window| {
            come(window, "grace");
            window.goto(&here.server.url(page));
        });
    }
}

in_browsers!(what_a_host_sees: chromium);
fn what_a_host_sees(browser: &Browser) {
    let server = Server::pattern(&["--room", "door=pattern;title=Front door"]);
    furnish(&server);
    has_no_fault(browser, |window| {
        sign_in(window, &server);
        window.goto(&server.url("/host"));
        window.eval("document.querySelectorAll('details').forEach((one) => { one.open = true; })");
    });
    has_no_fault(browser, |window| {
        sign_in(window, &server);
        window.goto(&server.url("/host"));
        window.follow("#invite");
        window.wait("probe.isShown('#made')");
    });
}

in_browsers!(every_component: chromium);
fn every_component(browser: &Browser) {
    let server = Server::pattern(&[]);
    has_no_fault(browser, |window| window.goto(&server.url("/styleguide")));
}

in_browsers!(trouble_and_the_picture_alone: chromium);
fn trouble_and_the_picture_alone(browser: &Browser) {
    let server = Server::start(&["--source", "http://127.0.0.1:9/stream"]);
    has_no_fault(browser, |window| {
        window.goto(&server.url("/"));
        window.wait("probe.isShown('#trouble')");
    });
    has_no_fault(browser, |window| window.goto(&server.url("/embed")));
}

/// Who likes it dark and who has fingers, and how large the page is: wide, on a phone, and on a screen of
/// 1440 by 900 at 400 %.
const LOOKS: [(bool, bool, (u32, u32)); 3] =
    [(false, false, (1280, 720)), (true, true, (390, 844)), (false, false, ENLARGED)];
/// What a window of 1440 by 900 has at four times the size.
const ENLARGED: (u32, u32) = (360, 225);
/// More contrast than the pages promise: WCAG's level AAA.
const BUT: [&str; 1] = ["color-contrast-enhanced"];
/// The rules of which a theme can break one that holds in the other.
const OF_COLOURS: [&str; 2] = ["color-contrast", "link-in-text-block"];
/// The rules of which a smaller window can break one that holds in a larger one.
const OF_PLACES: [&str; 3] = ["scrollable-region-focusable", "target-size", "css-orientation-lock"];
static NAMED: AtomicU32 = AtomicU32::new(0xa0);
