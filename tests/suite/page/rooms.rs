//! Rooms in a browser: the list, the way there, and all of it under a proxy's path.

use super::{Browser, Person, has, in_browsers, is_live};
use crate::common::multipart::Stream;
use crate::common::nginx::Nginx;
use crate::common::server::Server;

in_browsers!(list_leads_to_each_room_and_shows_who_is_there: chromium, firefox, webkit);
fn list_leads_to_each_room_and_shows_who_is_there(browser: &Browser) {
    let server =
        Server::pattern(&["--title", "Workshop", "--room", "door=pattern;title=Front <door>"]);
    // A tab that nobody sees would give its seat back.
    let _watching = Stream::open(server.address(), "/stream", &[]).in_background();
    let window = browser.window();
    window.goto(&server.url("/rooms"));
    window.wait("document.querySelectorAll('.room-card img').length === 2");
    window.wait("[...document.images].every((image) => image.naturalWidth > 0)");
    let people = "[...document.querySelectorAll('.room-people')].map((of) => of.innerText).join()";
    window.wait(&format!("{people} === '1 watching,0 watching'"));
    let titles = "[...document.querySelectorAll('.room-title')].map((of) => of.innerText).join()";
    assert_eq!(window.eval(titles), "Workshop,Front <door>");
    // A new picture comes while somebody looks.
    window.eval("globalThis.before = document.images[0].src");
    window.wait("document.images[0].src !== before");
    window.follow(".room-card:nth-child(2) a");
    is_live(&window);
    assert_eq!(window.text("#title"), "Front <door>");
    window.click("#quality-low");
    has(&window, "choice === 'low'");
    window.follow(".area[href$=rooms]");
    window.wait("document.querySelectorAll('.room-card').length === 2");
}

/// What nginx needs to let a WebSocket through.
const SOCKETS: &str = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $http_connection;";

in_browsers!(pages_work_under_any_path_of_a_proxy: chromium, firefox, webkit);
fn pages_work_under_any_path_of_a_proxy(browser: &Browser) {
    let server = Server::pattern(&["--room", "door=pattern;title=Front door"]);
    for path in ["/", "/cam/", "/a/b/"] {
        let nginx = Nginx::start(&format!(
            "location {path} {{ proxy_pass http://{}/; proxy_set_header Host $http_host;
               proxy_buffering off; {} }}",
            server.address(),
            // Without it the page asks again and again.
            if path == "/a/b/" { "" } else { SOCKETS }
        ));
        for room in ["", "r/door/"] {
            let page = format!("http://{}{path}{room}", nginx.address);
            let window = browser.window();
            if path == "/a/b/" {
                window.expect_trouble();
            }
            window.goto(&page);
            is_live(&window);
            window.click("#quality-medium");
            has(&window, "choice === 'medium'");
            window.wait("getComputedStyle(document.getElementById('deck')).borderRadius !== '0px'");
            window.goto(&format!("{page}connect"));
            window.wait("document.getElementById('qr').naturalWidth > 0");
            assert_eq!(window.text("#address"), page.trim_end_matches('/'));
            assert!(window.text("#vlc code").starts_with(&format!("{page}stream")));
            window.goto(&format!("{page}rooms"));
            window.wait("document.querySelectorAll('.room-card').length === 2");
            window.wait("document.querySelectorAll('.room-card img').length > 0");
        }
    }
}

in_browsers!(without_scripts_forms_and_list_stay_under_the_path: chromium, firefox);
fn without_scripts_forms_and_list_stay_under_the_path(browser: &Browser) {
    let server = Server::pattern(&["--room", "door=pattern;title=Front door"]);
    let nginx = Nginx::start(&format!(
        "location /cam/ {{ proxy_pass http://{}/; proxy_set_header Host $http_host;
           proxy_buffering off; }}",
        server.address()
    ));
    let window = browser.window_of(Person { no_scripts: true, ..Person::default() });
    let page = format!("http://{}/cam/r/door/", nginx.address);
    window.goto(&page);
    window.follow("button[name=quality][value=low]");
    assert_eq!(window.eval("location.href"), page.as_str());
    window.follow(".area[href$=rooms]");
    assert_eq!(window.eval("location.pathname"), "/cam/rooms");
    window.follow(".room-card:nth-child(1) a");
    assert_eq!(window.eval("location.pathname"), "/cam/");
}
