//! Pictures of the pages, to be looked at: `LIVESTREAM_SHOTS=FOLDER cargo test --test suite shots --
//! --ignored` for the documents, `… gallery -- --ignored` for every page and state at every size, in
//! both themes, `… first_start -- --ignored` for the way from the terminal to a stream of one's own.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::accounts::{furnish, sign_in};
use super::elsewhere::{says_who, stage};
use super::window::Window;
use super::{Browser, Person, has, is_live};
use crate::accounts::PASSWORD;
use crate::common::client::ask;
use crate::common::clip::Scratch;
use crate::common::multipart::Stream;
use crate::common::program::Program;
use crate::common::server::{Port, Server, program};

fn folder() -> PathBuf {
    let folder = std::env::var_os("LIVESTREAM_SHOTS").expect("LIVESTREAM_SHOTS names a folder");
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    folder.into()
}

#[track_caller]
fn save(folder: &std::path::Path, name: &str, window: &Window) {
    window.wait(
        "document.getAnimations().every((one) => one.playState !== 'running'
           || one.effect.getTiming().iterations === Infinity)",
    );
    let file = folder.join(name).with_extension("png");
    std::fs::write(file, window.shot()).expect("it can be written");
}

#[test]
#[ignore = "writes files, to be looked at by a person"]
fn shots() {
    let folder = folder();
    let save = |name: &str, window: &Window| save(&folder, name, window);
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

#[test]
#[ignore = "writes files, to be looked at by a person"]
fn host() {
    let folder = folder();
    let rooms =
        ["--room", "door=pattern;title=Front door", "--room", "printer=pattern;title=Printer"];
    let server = Server::start(&[&CALM[..], &["--title", "Workshop"], &rooms[..]].concat());
    furnish(&server);
    let _streams = ["/stream", "/r/door/stream", "/r/printer/stream"]
        .map(|path| Stream::open(server.address(), path, &[]).in_background());
    let browser = Browser::chromium();
    let window = browser.window_of(Person { dark: true, ..Person::default() });
    window.resize(1280, 800);
    sign_in(&window, &server);
    window.goto(&server.url("/host"));
    save(&folder, "host", &window);
    window.expect_trouble();
    for (size, (width, height)) in [("wide", (1280, 800)), ("phone", (360, 740))] {
        window.resize(width, height);
        for (name, form, typed) in [
            ("room-form", "#room-form", "source"),
            ("ban-form", "#ban-form", "address"),
            ("setting", "#settings form:has([value=bandwidth])", "value"),
            ("account", "#accounts li:has(.badge) form.ruling", "role"),
        ] {
            window.goto(&server.url("/host"));
            window.eval(&format!(
                "(() => {{
                   const form = document.querySelector('{form}');
                   if (form.closest('details')) form.closest('details').open = true;
                   form.querySelectorAll('input:not([type])').forEach((one) => (one.value = 'nowhere'));
                   form.querySelectorAll('[name=role]').forEach((one) => (one.value = 'member'));
                   form.querySelector('[name={typed}]').scrollIntoView({{ block: 'center' }});
                 }})()"
            ));
            window.follow(&format!("{form} button"));
            save(&folder, &format!("host-{size}-{name}"), &window);
        }
    }
}

/// The way in by a provider, and all that may happen on it.
#[test]
#[ignore = "writes files, to be looked at by a person"]
fn by_a_provider() {
    let folder = folder();
    let browser = Browser::chromium();
    for (size, dark, (width, height)) in [("wide", false, (1280, 800)), ("phone", true, (360, 740))]
    {
        let (_provider, here) = stage("sign-up = true\ngroups = [\"staff\"]", &[]);
        let window = browser.window_of(Person { dark, ..Person::default() });
        window.resize(width, height);
        window.expect_trouble();
        let save = |name: &str, window: &Window| {
            save(&folder, &format!("provider-{size}-{name}"), window);
        };
        window.goto(&here.server.url("/sign-in?next=/account"));
        save("1-sign-in", &window);
        says_who(&window, "[data-provider=corp]", "mallory");
        save("2-refused", &window);
        let window = browser.window_of(Person { dark, ..Person::default() });
        window.resize(width, height);
        window.goto(&here.server.url("/sign-in?next=/account"));
        says_who(&window, "[data-provider=corp]", "grace");
        save("3-newcomer", &window);
        window.follow(".door-send");
        window.eval("document.getElementById('elsewhere-title').scrollIntoView()");
        save("4-account", &window);
        window.goto(&here.server.url("/confirm?next=/account"));
        save("5-confirm", &window);
    }
}

/// On a phone: the code in the terminal, the page that it leads to, and what comes then.
#[test]
#[ignore = "writes files, to be looked at by a person"]
fn first_start() {
    let (folder, data) = (folder(), Scratch::new());
    let (_program, link, code) = started_on_a_terminal(data.path());
    let origin = link.split("/claim").next().expect("an address").to_owned();
    let address = origin.trim_start_matches("https://").parse().expect("an address");
    let authority = data.write("ca.crt", &ask(address, "GET", "/ca.crt", &[], b"").body);
    let [browser, _] = Browser::trusting(Path::new(&authority));
    let phone = Person { dark: true, fingers: true, ..Person::default() };
    let window = browser.window_of(phone);
    window.resize(390, 844);
    let terminal = format!(
        "data:text/html;charset=utf-8,<meta name=viewport content=width=device-width>\
         <body style='background:black;color:white'><pre style='font:11px/1 monospace'>{code}</pre>"
    );
    window.goto(&terminal.replace('#', "%23"));
    save(&folder, "first-1-terminal", &window);
    window.goto(&link);
    window.wait("document.activeElement.id === 'name'");
    save(&folder, "first-2-claim", &window);
    window.write("Ada");
    window.press("Tab");
    window.write(PASSWORD);
    save(&folder, "first-3-typed", &window);
    window.enter();
    window.wait("location.pathname === '/host'");
    save(&folder, "first-4-host", &window);
    window.follow(".area");
    is_live(&window);
    save(&folder, "first-5-watch", &window);
}

/// The program on a terminal, with the link that it prints there and the lines of its code.
fn started_on_a_terminal(data: &str) -> (Program, String, String) {
    let program = program();
    let program = program.get_program().to_string_lossy();
    let options = "--bind 127.0.0.1 --no-mdns --no-rtsp --source pattern --title Workshop";
    let mut command = Command::new("script");
    command.arg("-qefc").arg(format!("{program} 0 {options} --data {data}")).arg("/dev/null");
    let (program, out) = Program::start(&mut command, "apt-get install bsdutils");
    let lines = BufReader::new(out).lines().map(|line| line.expect("text"));
    let mut lines = lines.skip_while(|line| !line.starts_with("to become its host"));
    let said = lines.next().expect("it says how");
    let (_, link) = said.trim_end().split_once(": ").expect("a link");
    let first = lines.next().expect("a code");
    // A line has two rows, as many as there are columns.
    let more = first.trim_end().chars().count().div_ceil(2) - 1;
    let code: Vec<_> = std::iter::once(first).chain(lines.take(more)).collect();
    (program, link.to_owned(), code.join("\n"))
}

mod gallery {
    use super::*;

    #[test]
    #[ignore = "writes files, to be looked at by a person"]
    fn chromium() {
        draw("chromium", &Browser::chromium());
    }

    #[test]
    #[ignore = "writes files, to be looked at by a person"]
    fn firefox() {
        draw("firefox", &Browser::firefox());
    }
}

/// Every page in every state, at every size, in both themes.
fn draw(name: &str, browser: &Browser) {
    let folder = folder();
    let titles = (1..12).map(|number| format!("room{number}=pattern;title=Workbench {number}"));
    let long = format!("long=pattern;title={LONG_TITLE}");
    let rooms: Vec<String> = titles.chain([long]).collect();
    let arguments: Vec<&str> = rooms.iter().flat_map(|room| ["--room", room]).collect();
    let server = Server::start(
        &[&CALM[..], &["--title", "Workshop", "--rtsp-port", "0", "--tls"], &arguments[..]]
            .concat(),
    );
    furnish(&server);
    let full = Server::pattern(&["--max-viewers", "1"]);
    let seen = ["/stream", "/r/room1/stream", "/r/room2/stream", "/r/long/stream"];
    let open = |server: &Server, path| Stream::open(server.address(), path, &[]).in_background();
    let _streams = seen.map(|path| open(&server, path));
    let _only = open(&full, "/stream");
    for (theme, dark) in [("dark", true), ("light", false)] {
        let at_sizes = |state: &str, window: &Window| {
            for (width, height) in SIZES {
                window.resize(width, height);
                window.wait(&format!("innerWidth === {width}"));
                window.wait("new Promise((done) => setTimeout(() => done(true), 250))");
                save(&folder, &format!("{state}-{name}-{theme}-{width}x{height}"), window);
            }
        };
        let person = Person { dark, ..Person::default() };
        let visit = |url: &str| {
            let window = browser.window_of(person);
            window.expect_trouble();
            window.resize(1440, 900);
            window.goto(url);
            window.set_time("--fade-after", "600s");
            window
        };
        for (state, url) in [
            ("rooms", server.url("/rooms")),
            ("connect", server.url("/connect")),
            ("trust", server.url("/trust")),
            ("styleguide", server.url("/styleguide")),
            ("error", server.url("/nothing")),
            ("full", full.url("/")),
            ("embed", server.url("/embed")),
        ] {
            let window = visit(&url);
            window
                .wait("[...document.images].every((one) => one.id === 'picture' || one.complete)");
            at_sizes(state, &window);
        }
        for (state, path, act) in STATES {
            let window = visit(&server.url(path));
            is_live(&window);
            window.eval(act);
            at_sizes(state, &window);
        }
        for (state, path, act) in OF_ACCOUNTS {
            let window = browser.window_of(person);
            window.expect_trouble();
            if OF_MEMBERS.iter().any(|members| path.starts_with(members)) {
                sign_in(&window, &server);
            }
            window.goto(&server.url(path));
            match act {
                "" => {}
                button => window.follow(button),
            }
            at_sizes(state, &window);
        }
        let port = Port::reserve();
        let gone = port.start(&CALM);
        let window = visit(&gone.url("/"));
        is_live(&window);
        gone.stop();
        window.wait("probe.isShown('#trouble')");
        at_sizes("offline", &window);
    }
}

/// What is opened on which page.
const STATES: [(&str, &str, &str); 9] = [
    ("watch", "/", "0"),
    ("room", "/r/long/", "0"),
    ("menu", "/r/room1/", "document.getElementById('menu-button').click()"),
    ("plots", "/", "document.getElementById('plots-toggle').click()"),
    ("donate", "/", "document.getElementById('donate').click()"),
    ("share", "/", "document.getElementById('invite').click()"),
    ("keys", "/", "document.getElementById('menu-keys').click()"),
    ("gaming", "/", "document.getElementById('mode-gaming').click()"),
    ("paused", "/", "document.getElementById('pause').click()"),
];
/// Pages about accounts, and the button that is pressed there.
const OF_ACCOUNTS: [(&str, &str, &str); 8] = [
    ("sign-in", "/sign-in", ""),
    ("sign-up", "/sign-up#c2f3a-m8z3p-8cta8-c26c2-zdhpe-r", ""),
    ("claim", "/claim", ""),
    ("reset", "/reset", ""),
    ("confirm", "/confirm", ""),
    ("account", "/account", ""),
    ("host", "/host", ""),
    ("invitation", "/host", "#invite"),
];
const OF_MEMBERS: [&str; 3] = ["/account", "/confirm", "/host"];
/// Pictures that a browser without a graphics card can follow at any size of its window.
const CALM: [&str; 6] = ["--source", "pattern", "--size", "640x360", "--fps", "5"];
const LONG_TITLE: &str = "The front door of the workshop behind the old mill, by night";
const SIZES: [(u32, u32); 8] = [
    (320, 640),
    (360, 225),
    (360, 640),
    (390, 844),
    (844, 390),
    (1024, 768),
    (1440, 900),
    (2560, 1440),
];
