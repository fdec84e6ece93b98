//! How long does a viewer wait for the first picture?
//!
//! Loads the page nine times in Chromium, each time as somebody who was never here, in turn with a
//! bare document that is nothing but the picture, of the same server, whose source is open. Prints
//! when the first picture's pixels were on the screen, when the controls could be pressed, and what
//! was asked for. Fails if the page takes more than twice the bare document's time, or asks for
//! more than eight things.
//!
//! `PAGE_LOADS` (9) is how many. With `--long` it asks instead what a tab costs that stays open: see
//! [`long`].

#![expect(clippy::print_stdout, reason = "a bench prints its tables")]

#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../../tests/suite/page/browser/mod.rs"]
mod browser;
#[path = "../../tests/suite/common/mod.rs"]
mod common;
mod long;
#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../../tests/suite/page/window.rs"]
mod window;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::process::ExitCode;
use std::thread;

use browser::Browser;
use common::multipart::Stream;
use common::server::Server;

fn main() -> ExitCode {
    if std::env::args().any(|argument| argument == "--long") {
        return long::main();
    }
    let loads = std::env::var("PAGE_LOADS").ok().and_then(|loads| loads.parse().ok()).unwrap_or(9);
    let server = Server::start(&["--source", "pattern", "--size", "1280x720"]);
    let _open = Stream::open(server.address(), "/stream?quality=20", &[]).in_background();
    let bare = serve_bare(&server, "");
    let browser = Browser::chromium();
    let (mut of_bare, mut of_page) = (Vec::new(), Vec::new());
    // The first of each warms the browser up.
    for load in 0..=loads {
        let (bare, page) = (visit(&browser, &bare), visit(&browser, &server.url("/")));
        if load > 0 {
            of_bare.push(bare);
            of_page.push(page);
        }
    }
    println!("| document | first picture, median of {loads} | all | pressable | asked for |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    let [bare, page] =
        [("the picture alone", &mut of_bare), ("the page", &mut of_page)].map(|(name, visits)| {
            visits.sort_by(|one, other| one.first.total_cmp(&other.first));
            let median = &visits[visits.len() / 2];
            let (least, most) = (visits[0].first, visits[visits.len() - 1].first);
            let pressable = median.ready.map_or("–".into(), |at| format!("{at:.0} ms"));
            println!(
                "| {name} | {:.0} ms | {least:.0} to {most:.0} ms | {pressable} | {} |",
                median.first, median.asked
            );
            (median.first, median.asked)
        });
    let (ratio, asked) = (page.0 / bare.0, page.1);
    println!("\nThe page takes {ratio:.2} of the time of the picture alone.");
    if ratio > 2.0 || asked > 8 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// One load by somebody who was never here.
struct Visit {
    /// Milliseconds until the first picture was on the screen.
    first: f64,
    /// Until the controls could be pressed.
    ready: Option<f64>,
    asked: usize,
}

fn visit(browser: &Browser, url: &str) -> Visit {
    let window = browser.window();
    window.resize(1440, 900);
    window.goto(url);
    let first = window.wait("probe.firstPaintedAt").as_f64().expect("a time");
    let is_page = window.eval("Boolean(document.getElementById('deck'))") == true;
    let mark = "performance.getEntriesByName('ready')[0]?.startTime";
    let ready = is_page.then(|| window.wait(mark).as_f64().expect("a time"));
    // The socket is one more.
    let asked = window.asked(0).iter().filter(|url| url.starts_with("http")).count();
    Visit { first, ready, asked: asked + usize::from(is_page) }
}

/// Serves a document that is nothing but the picture, as this is styled. Returns its address.
fn serve_bare(server: &Server, style: &str) -> String {
    let stream = server.url("/stream?advance_headers=1");
    serve(format!("<!doctype html><img src=\"{stream}\" style=\"{style}\">"))
}

/// Serves one document. Returns its address.
fn serve(document: String) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for client in listener.incoming() {
            let Ok(mut client) = client else { continue };
            let mut head = [0; 4096];
            let _ = client.read(&mut head);
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\
                 Connection: close\r\n\r\n{document}",
                document.len()
            );
            let _ = client.write_all(head.as_bytes());
        }
    });
    format!("http://{address}/")
}
