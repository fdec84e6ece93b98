//! The library's pages beyond the way from a file to a card: work that is called off, pictures of one's
//! own, titles on other servers, and what is said of keys.

use std::io::ErrorKind;
use std::net::TcpListener;

use serde_json::{Value, json};

use super::accounts::sign_in;
use super::library::{bring, plays, send, titles, whole};
use super::{Browser, in_browsers};
use crate::accounts::Person as Client;
use crate::common::server::Server;
use crate::common::{LONG, VERY_LONG, eventually};
use crate::works::video;

in_browsers!(work_is_called_off_and_tried_again: chromium, firefox);
fn work_is_called_off_and_tried_again(browser: &Browser) {
    let server = Server::pattern(&[]);
    let host = Client::host(&server);
    // Its index is whole, and nothing of what that tells of is there: it never comes to an end by itself
    // before it was tried three times.
    let words = "-f lavfi -i testsrc2=s=320x240:r=25:d=5 -c:v libx264 -pix_fmt yuv420p";
    let mut film = video("film.mp4", &format!("{words} -movflags +faststart"));
    let data = film.windows(4).position(|four| four == b"mdat").expect("data");
    film[data + 4..].fill(0);
    let window = browser.window();
    sign_in(&window, &server);
    window.goto(&server.url("/jobs"));
    send(&server, &host, &[("title", "Broken"), ("publish", "all")], &film);
    for round in 0..2 {
        window.wait("document.querySelector('#queue .job [data-do=cancel]')");
        window.click("#queue .job [data-do=cancel]");
        window.wait("document.querySelector('#over .job[data-state=cancelled] [data-do=retry]')");
        assert_eq!(window.text("#over .job-standing"), "Cancelled");
        assert_eq!(state(&server, &host), "cancelled");
        window
            .wait("!document.getElementById('queue') && document.getElementById('trouble').hidden");
        if round == 0 {
            window.click("#over .job [data-do=retry]");
            window
                .wait("document.querySelector('#queue .job') && !document.getElementById('over')");
            assert!(["waiting", "running"].map(Value::from).contains(&state(&server, &host)));
        }
    }
}

/// How the newest job of the one title stands.
fn state(server: &Server, host: &Client) -> Value {
    titles(server, host)[0]["job"]["state"].clone()
}

in_browsers!(a_picture_of_ones_own_stands_for_a_title: chromium, firefox);
fn a_picture_of_ones_own_stands_for_a_title(browser: &Browser) {
    let server = Server::pattern(&[]);
    let host = Client::host(&server);
    let id = bring(&server, &host, "Picture", "all", "");
    let page = server.url(&format!("/library/{id}"));
    let window = browser.window();
    sign_in(&window, &server);
    for is_own in [true, false] {
        window.goto(&page);
        window.click("#edit");
        window.wait("document.getElementById('edit-dialog').open");
        window.eval(match is_own {
            true => RED,
            false => "document.getElementById('edit-form').elements['no-poster'].checked = true",
        });
        window.follow("#edit-save");
        window.wait("document.getElementById('video').poster");
        let of_player = format!("({SHADE})(document.getElementById('video').poster)");
        assert_eq!(window.eval(&of_player) == "red", is_own, "{}", window.eval(&of_player));
        window.goto(&server.url("/library"));
        window.wait("document.querySelector('.title-card img').naturalWidth > 0");
        let of_card = format!("({SHADE})(document.querySelector('.title-card img').src)");
        assert_eq!(window.eval(&of_card) == "red", is_own, "{}", window.eval(&of_card));
    }
}

/// Chooses a picture that is red all over.
const RED: &str = "(async () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 800, height: 450 });
    const context = canvas.getContext('2d');
    context.fillStyle = 'red';
    context.fillRect(0, 0, 800, 450);
    const blob = await new Promise((done) => canvas.toBlob(done, 'image/png'));
    const chosen = new DataTransfer();
    chosen.items.add(new File([blob], 'a.png', { type: 'image/png' }));
    document.getElementById('edit-form').elements.poster.files = chosen.files;
  })()";

/// What stands in the middle of the picture at an address: red, or the numbers of it.
const SHADE: &str = "async (address) => {
    const picture = await createImageBitmap(await (await fetch(address)).blob());
    const canvas = document.createElement('canvas');
    const context = canvas.getContext('2d');
    context.drawImage(picture, 0, 0, 9, 9);
    const [red, green, blue] = context.getImageData(4, 4, 1, 1).data;
    return red > 230 && green < 25 && blue < 25 ? 'red' : `${red} ${green} ${blue}`;
  }";

/// Makes a title that plays from there.
fn add(server: &Server, host: &mut Client, url: &str) -> u64 {
    let json = [("Content-Type", "application/json")];
    let body = json!({ "url": url, "title": "Elsewhere", "watch": "all" }).to_string();
    let made = host.ask(server, "POST", "/api/v1/titles", &json, &body).expect(201).json();
    made["id"].as_u64().expect("a number")
}

in_browsers!(a_title_elsewhere_is_loaded_after_a_click_only: chromium);
fn a_title_elsewhere_is_loaded_after_a_click_only(browser: &Browser) {
    let server = Server::pattern(&[]);
    let mut host = Client::host(&server);
    let origin = server.url("");
    let other = Server::pattern(&["--cors", &origin]);
    let others_host = Client::host(&other);
    bring(&other, &others_host, "Far", "all", "");
    let far = titles(&other, &others_host)[0].clone();
    for kind in ["dash", "hls"] {
        let url = other.url(&format!("/{}", far[kind].as_str().expect("an address")));
        let id = add(&server, &mut host, &url);
        let window = browser.window();
        window.goto(&server.url("/library"));
        window.goto(&server.url(&format!("/library/{id}")));
        window.wait("document.getElementById('load-elsewhere').checkVisibility()");
        let is_of_other = |asked: &String| asked.starts_with(&other.url(""));
        assert_eq!(window.asked(0).iter().find(|asked| is_of_other(asked)), None);
        window.click("#load-elsewhere");
        plays(&window);
        assert!(window.asked(0).iter().any(is_of_other));
    }
}

in_browsers!(the_server_asks_nobody_for_a_title_elsewhere: chromium);
fn the_server_asks_nobody_for_a_title_elsewhere(browser: &Browser) {
    let server = Server::pattern(&[]);
    let mut host = Client::host(&server);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("it need not wait");
    let at = listener.local_addr().expect("bound");
    let id = add(&server, &mut host, &format!("http://{at}/a/stream.mpd"));
    let window = browser.window();
    window.goto(&server.url("/library"));
    window.goto(&server.url(&format!("/library/{id}")));
    window.wait("document.getElementById('load-elsewhere').checkVisibility()");
    let asked = || listener.accept().map(drop).map_err(|error| error.kind());
    assert_eq!(asked(), Err(ErrorKind::WouldBlock), "somebody asks before anybody clicked");
    window.expect_trouble();
    window.click("#load-elsewhere");
    eventually("the browser asks", LONG, || asked().map_err(|kind| kind.to_string()));
}

in_browsers!(a_title_without_a_key_here_says_so: chromium, firefox);
fn a_title_without_a_key_here_says_so(browser: &Browser) {
    let server = Server::pattern(&[]);
    let mut host = Client::host(&server);
    // It is another server that has the key.
    let other = Server::pattern(&["--cors", &server.url("")]);
    let others_host = Client::host(&other);
    bring(&other, &others_host, "Far", "all", "cbcs");
    let far = titles(&other, &others_host)[0]["dash"].as_str().expect("an address").to_owned();
    let id = add(&server, &mut host, &other.url(&format!("/{far}")));
    let window = browser.window();
    window.expect_trouble();
    window.goto(&server.url(&format!("/library/{id}")));
    window.click("#load-elsewhere");
    window.wait("!document.getElementById('player-words').hidden");
    assert_eq!(window.text("#player-title"), "No key", "{}", window.text("#player-detail"));
}

in_browsers!(a_key_that_does_not_fit_is_said_in_words: chromium);
fn a_key_that_does_not_fit_is_said_in_words(browser: &Browser) {
    let server = Server::pattern(&[]);
    let mut host = Client::host(&server);
    let other = Server::pattern(&["--cors", &server.url("")]);
    let mut others_host = Client::host(&other);
    let film = video("film.mp4", "-f lavfi -i testsrc2=s=320x240:r=10:d=8 -c:v mpeg4");
    // Each has a key of the same name, and not the same key.
    package(&server, &mut host, &film, "00112233445566778899aabbccddeeff");
    package(&other, &mut others_host, &film, "872379d2881958a7c0768584e6993caa");
    let far = titles(&other, &others_host)[0]["dash"].as_str().expect("an address").to_owned();
    let id = add(&server, &mut host, &other.url(&format!("/{far}")));
    let window = browser.window();
    window.expect_trouble();
    window.goto(&server.url(&format!("/library/{id}")));
    window.click("#load-elsewhere");
    window.wait("document.getElementById('video').readyState >= 1");
    window.eval("(() => { video.muted = true; video.play().catch(() => {}); })()");
    window.wait("!document.getElementById('player-words').hidden");
    let words = window.text("#player-detail");
    assert_eq!(window.text("#player-title"), "The key does not fit", "{words}");
}

/// Makes a title for everybody of a film, by this key.
fn package(server: &Server, host: &mut Client, film: &[u8], key: &str) {
    send(server, host, &[("title", "Secret")], film);
    let json = [("Content-Type", "application/json")];
    let kid = "a16e402b9056e371f36d348aa62bb749";
    let body = json!({ "input_content_id": 1, "key": key, "kid": kid }).to_string();
    host.ask(server, "POST", "/packaged_content", &json, &body).expect(200);
    let target = format!("/api/v1/titles/{}", titles(server, host)[0]["id"]);
    let body = r#"{"title":"Secret","watch":"all"}"#;
    host.ask(server, "POST", &target, &json, body).expect(200);
    whole(server, host, "Secret");
}

in_browsers!(a_title_that_is_not_for_one_is_as_if_it_were_not_there: chromium, firefox);
fn a_title_that_is_not_for_one_is_as_if_it_were_not_there(browser: &Browser) {
    let server = Server::pattern(&[]);
    let mut host = Client::host(&server);
    let id = bring(&server, &host, "Gone", "all", "cbcs");
    let window = browser.window();
    window.goto(&server.url(&format!("/library/{id}")));
    plays(&window);
    window.expect_trouble();
    let json = [("Content-Type", "application/json")];
    let target = format!("/api/v1/titles/{id}");
    host.ask(&server, "POST", &target, &json, r#"{"watch":"owner"}"#).expect(200);
    // Who has it open hears of it, and sees what everybody else does who asks for it.
    window.wait("!document.getElementById('video') && document.title");
    eventually("it is still its owner's", VERY_LONG, || match titles(&server, &host).len() {
        1 => Ok(()),
        count => Err(count.to_string()),
    });
}
