//! Pictures of the page for the documents:
//! `LIVESTREAM_SHOTS=FOLDER cargo test --test suite shots -- --ignored`.

use std::path::PathBuf;

use super::window::Window;
use super::{Browser, Person, has, is_live};
use crate::common::server::Server;

#[test]
#[ignore = "writes files, to be looked at by a person"]
fn shots() {
    let folder = std::env::var_os("LIVESTREAM_SHOTS").expect("LIVESTREAM_SHOTS names a folder");
    let folder = PathBuf::from(folder);
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    let save = |name: &str, window: &Window| {
        window.wait("document.getAnimations().every((one) => one.playState !== 'running')");
        let file = folder.join(name).with_extension("png");
        std::fs::write(file, window.shot()).expect("it can be written");
    };
    let (server, browser) = (Server::start(&["--source", "pattern"]), Browser::chromium());
    let window = browser.window_of(Person { dark: true, ..Person::default() });
    window.resize(1280, 800);
    window.goto(&server.url("/"));
    is_live(&window);
    window.wait("/ use [0-9.]*[1-9]/.test(document.getElementById('share').dataset.tip)");
    save("page", &window);
    window.click("#mode-gaming");
    has(&window, "mode === 'gaming'");
    save("gaming", &window);
    window.click("#plots-toggle");
    window.wait("document.querySelector('#plot-motion .value').innerText.endsWith('%')");
    save("plots", &window);
    window.click("#plots-toggle");
    window.click("#donate");
    save("donate", &window);
    window.click("#donate-send");
    window
        .wait("document.querySelector('.thanks-card') && !document.querySelector('dialog[open]')");
    save("thanks", &window);
    window.click("#pause");
    window.wait("probe.isShown('#paused-note')");
    save("paused", &window);
    window.goto(&server.url("/connect"));
    window.wait("document.getElementById('qr').naturalWidth > 0");
    save("connect", &window);
    for (name, width, height) in [("phone", 360, 740), ("phone-on-its-side", 740, 360)] {
        let window = browser.window_of(Person { dark: true, fingers: true, ..Person::default() });
        window.resize(width, height);
        window.goto(&server.url("/"));
        is_live(&window);
        window.wait("/ use [0-9.]*[1-9]/.test(document.getElementById('share').dataset.tip)");
        save(name, &window);
    }
}
