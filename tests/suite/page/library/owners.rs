//! What owners do with their titles: work that is called off and tried again, pictures of their own, and
//! who may watch.

use serde_json::Value;

use super::super::accounts::sign_in;
use super::super::{Browser, in_browsers};
use super::{bring, plays, send, titles};
use crate::accounts::Person as Client;
use crate::common::server::Server;
use crate::common::{VERY_LONG, eventually};
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
