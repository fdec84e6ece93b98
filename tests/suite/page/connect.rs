//! The page that says how to watch with other programs.

use super::{Browser, Person, in_browsers};
use crate::common::server::Server;

in_browsers!(every_line_has_the_address_and_can_be_copied: chromium, firefox);
fn every_line_has_the_address_and_can_be_copied(browser: &Browser) {
    let server = Server::pattern(&[]);
    let origin = server.url("");
    let window = browser.window();
    window.goto(&server.url("/connect"));
    window.wait("document.getElementById('qr').naturalWidth > 0");
    assert_eq!(window.text("#address"), origin);
    let lines =
        window.eval("[...document.querySelectorAll('.line code')].map((code) => code.innerText)");
    let lines: Vec<_> =
        lines.as_array().expect("lines").iter().filter_map(|l| l.as_str()).collect();
    assert_eq!(lines.len(), 15, "{lines:?}");
    for line in lines.iter().filter(|line| **line != "mpjpeg") {
        assert!(line.contains(&origin), "{line}");
    }
    let programs = window
        .eval("[...document.querySelectorAll('.program h2')].map((h2) => h2.innerText).join()");
    assert_eq!(programs, "Any browser,VLC,ffmpeg,OBS,OctoPrint,Mainsail,Home Assistant");

    window.may_read_the_clipboard();
    window.eval("globalThis.clipboard = navigator.clipboard");
    let holds = |text: &str| window.wait(&format!("(await clipboard.readText()) === {text:?}"));
    window.set_time("--copied-for", "4s");
    window.click("#copy-address");
    window.wait("document.querySelector('#copy-address .copy-label').innerText === 'Copied'");
    holds(&origin);
    window.wait("document.querySelector('#copy-address .copy-label').innerText === 'Copy'");
    // By another address than this machine's own, there is no clipboard for pages.
    window.eval("Object.defineProperty(navigator, 'clipboard', { value: undefined })");
    window.click("#vlc .line:last-of-type .copy");
    window.wait("document.querySelector('#vlc .line:last-of-type .copy').innerText === 'Copied'");
    holds(&format!("vlc {}", server.url("/stream")));
}

in_browsers!(rtsp_has_lines_with_its_own_port: chromium, firefox, webkit);
fn rtsp_has_lines_with_its_own_port(browser: &Browser) {
    let server = Server::pattern(&["--rtsp-port", "0"]);
    let window = browser.window();
    window.goto(&server.url("/connect"));
    let address = format!("rtsp://{}/live", server.rtsp());
    assert_eq!(window.text("#rtsp .line code"), address);
    let all = "[...document.querySelectorAll('#rtsp code')].map((code) => code.innerText).join()";
    let lines = window.eval(all);
    let lines = lines.as_str().expect("lines");
    assert_eq!(lines.matches(&address).count(), 3, "{lines}");
    assert!(!window.text("body").contains("ADDRESS"));
}

in_browsers!(without_scripts_the_lines_have_the_address_too: chromium, firefox);
fn without_scripts_the_lines_have_the_address_too(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = browser.window_of(Person { no_scripts: true, ..Person::default() });
    window.goto(&server.url("/connect"));
    let page = window.text("body");
    assert!(!page.contains("ADDRESS"), "{page}");
    assert!(page.contains(&format!("vlc {}", server.url("/stream"))), "{page}");
    let buttons =
        "[...document.querySelectorAll('button')].filter((b) => b.checkVisibility()).length";
    assert_eq!(window.eval(buttons), 0, "a button that needs a script is shown");
}
