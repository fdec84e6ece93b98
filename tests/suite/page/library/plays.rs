//! How the player of a title behaves: subtitles, keys by TLS, renditions that come later, and links that
//! become slow.

use std::path::Path;

use serde_json::Value;

use super::super::window::Window;
use super::super::{Browser, in_browsers};
use super::{bring, plays, send, whole};
use crate::accounts::Person as Client;
use crate::common::clip::Scratch;
use crate::common::server::Server;
use crate::works::video;

in_browsers!(subtitles_are_chosen_and_their_words_are_shown: chromium, firefox);
fn subtitles_are_chosen_and_their_words_are_shown(browser: &Browser) {
    let server = Server::pattern(&[]);
    let host = Client::host(&server);
    let id = bring(&server, &host, "Words", "all", "");
    let window = browser.window();
    window.goto(&server.url(&format!("/library/{id}")));
    plays(&window);
    let shown = "(document.querySelector('.shaka-text-container')?.textContent ?? '')";
    assert_eq!(window.eval(shown), "");
    let first = "document.querySelector('.shaka-text-languages \
                 button:not(.shaka-turn-captions-off-button, .shaka-back-to-overflow-button)')";
    window.wait(first);
    window.eval(&format!("(video.pause(), video.currentTime = 2, {first}.click())"));
    window.wait(&format!("{shown}.includes('Hello there')"));
    // By its key they go, and come again.
    window.eval("document.activeElement.blur()");
    window.press("c");
    window.wait(&format!("{shown} === ''"));
    window.press("c");
    window.wait(&format!("{shown}.includes('Hello there')"));
    window.eval("video.currentTime = 11.5");
    window.wait(&format!("{shown} === ''"));
}

#[test]
fn both_ways_to_encrypt_play_by_tls() {
    let server = Server::pattern(&["--tls"]);
    let host = Client::host(&server);
    let ids = ["cbcs", "cenc"].map(|scheme| bring(&server, &host, scheme, "all", scheme));
    let files = Scratch::new();
    let authority = files.write("ca.crt", &server.get("/ca.crt").body);
    for browser in Browser::trusting(Path::new(&authority)) {
        for id in ids {
            let window = browser.window();
            let page = server.url(&format!("/library/{id}")).replace("http:", "https:");
            window.goto(&page);
            plays(&window);
            let way = window.text("#way");
            assert!(way.contains("your browser decrypts it"), "{way}");
        }
    }
}

in_browsers!(other_players_play_the_same_addresses: chromium, firefox);
fn other_players_play_the_same_addresses(browser: &Browser) {
    let server = Server::pattern(&[]);
    let host = Client::host(&server);
    let id = bring(&server, &host, "Clear", "all", "");
    let page = server.url(&format!("/library/{id}"));
    let window = browser.window();
    for (by, others) in [("dash.js", "dash,hls,hls.js"), ("hls.js", "dash,hls,dash.js")] {
        window.goto(&page);
        let from = window.happened();
        let asset = format!("assets/{}-", by.trim_end_matches(".js"));
        let loads = |from| window.asked(from).iter().any(|asked| asked.contains(&asset));
        assert!(!loads(0), "{by} loads before anybody asked for it");
        window.eval("document.getElementById('downloads').open = true");
        window.follow(&format!("[data-by='{by}']"));
        assert_eq!(window.eval("location.search"), format!("?by={by}"));
        plays(&window);
        assert!(loads(from), "it is not {by} that plays");
        assert_eq!(offered(&window), others);
        window.eval("document.activeElement.blur()");
        window.press("5");
        window.wait("Math.abs(video.currentTime - video.duration / 2) < 1");
    }
    let secret = bring(&server, &host, "Secret", "all", "cbcs");
    window.goto(&server.url(&format!("/library/{secret}?by=dash.js")));
    plays(&window);
    assert_eq!(offered(&window), "", "what takes no keys is offered for what is encrypted");
}

/// The ways to play it beside the one that is taken.
fn offered(window: &Window) -> Value {
    window.eval(
        "[...document.querySelectorAll('[data-by]:not([aria-current], [hidden])')]
           .map((link) => link.dataset.by).join()",
    )
}

in_browsers!(it_plays_on_when_a_rendition_comes: chromium);
fn it_plays_on_when_a_rendition_comes(browser: &Browser) {
    let server = Server::pattern(&[]);
    let host = Client::host(&server);
    let film = video(
        "film.mp4",
        "-f lavfi -i testsrc2=s=1280x720:r=24:d=80 -c:v mpeg4 -q:v 4 -pix_fmt yuv420p",
    );
    send(&server, &host, &[("title", "Growing"), ("publish", "all")], &film);
    let window = browser.window();
    window.goto(&server.url("/library"));
    window.wait(
        "await (async () => {
           const { titles } = await (await fetch('/api/v1/titles')).json();
           return titles[0]?.playable && (window.id = titles[0].id);
         })()",
    );
    let id = window.eval("window.id");
    window.goto(&server.url(&format!("/library/{id}")));
    plays(&window);
    choose(&window, "360");
    assert!(!resolutions(&window).contains("720"), "it was made too fast for this test");
    window.eval(
        "(() => {
           window.back = 0;
           window.last = video.currentTime;
           setInterval(() => {
             // While it loads anew its last picture stands over it.
             if (video.readyState >= 2 && document.getElementById('still').hidden) {
               window.back = Math.max(window.back, window.last - video.currentTime);
               window.last = video.currentTime;
             }
           }, 20);
         })()",
    );
    whole(&server, &host, "Growing");
    window.wait(&format!("{RESOLUTIONS}.includes('720')"));
    window.wait(
        "(window.then ??= video.currentTime, video.currentTime > window.then + 3 || video.ended)",
    );
    assert_eq!(window.eval("video.videoHeight"), 360, "another size than was chosen");
    let back = window.eval("window.back").as_f64().expect("seconds");
    assert!(back < 0.3, "it went back by {back} s");
    assert_eq!(window.eval("document.getElementById('player-words').hidden"), true);
}

in_browsers!(it_goes_down_and_up_with_the_link: chromium);
fn it_goes_down_and_up_with_the_link(browser: &Browser) {
    let server = Server::pattern(&[]);
    let host = Client::host(&server);
    // Noise, so that each rendition takes all the bits that it may have.
    let film = video(
        "film.mp4",
        "-f lavfi -i testsrc2=s=1280x720:r=10:d=150,noise=alls=60:allf=t -c:v libx264 -preset ultrafast \
         -pix_fmt yuv420p -g 20 -b:v 2600k -maxrate 2600k -bufsize 2600k",
    );
    send(&server, &host, &[("title", "Noise"), ("publish", "all")], &film);
    let id = whole(&server, &host, "Noise");
    let window = browser.window();
    window.goto(&server.url(&format!("/library/{id}")));
    plays(&window);
    window.wait("video.videoHeight === 720");
    // A third of what the largest takes; the smallest fits.
    window.throttle(Some(120_000));
    window.wait("video.videoHeight < 720");
    window.throttle(None);
    window.wait("video.videoHeight === 720");
    assert_eq!(window.eval("document.getElementById('player-words').hidden"), true);
}

/// What there is to choose of the picture's sizes, in words.
const RESOLUTIONS: &str = "[...document.querySelectorAll('.shaka-resolutions button')]\
                           .map((one) => one.textContent).join(' ')";

fn resolutions(window: &Window) -> String {
    window.eval(RESOLUTIONS).as_str().expect("words").to_owned()
}

/// Chooses a size of the picture, as in the player's menu.
#[track_caller]
fn choose(window: &Window, lines: &str) {
    let button = format!(
        "[...document.querySelectorAll('.shaka-resolutions button')]\
         .find((one) => one.textContent.includes('{lines}'))"
    );
    window.wait(&button);
    window.eval(&format!("{button}.click()"));
}
