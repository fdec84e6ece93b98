//! Behind a proxy: what it says of its clients is believed if it is trusted, and the recipe that
//! the README gives for nginx has what the server needs.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::common::client::{Client, Reply};
use crate::common::incoming::Incoming;
use crate::common::nginx::Nginx;
use crate::common::server::Server;
use crate::common::viewer::FORM;
use socket2::{Domain, Protocol, Socket, Type};

/// A connection from this address of the machine's own.
fn connect_from(last: u8, to: SocketAddr) -> Client {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP)).expect("a socket");
    let from = SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), 0));
    socket.bind(&from.into()).expect("127.0.0.0/8 is this machine");
    socket.set_read_timeout(Some(Duration::from_secs(30))).expect("a time-out");
    socket.connect(&to.into()).expect("it accepts");
    Client::with(Incoming::new(socket.into()), to)
}

/// Sends a form with these fields, and gives the answer's status.
fn post(client: &mut Client, path: &str, fields: &str) -> Reply {
    client.send(format!(
        "POST {path} HTTP/1.1\r\n{fields}Content-Type: {FORM}\r\nContent-Length: 11\r\n\r\nquality=low"
    ));
    client.reply()
}

fn get(client: &mut Client, path: &str, fields: &str) -> Reply {
    client.send(format!("GET {path} HTTP/1.1\r\n{fields}\r\n"));
    client.reply()
}

/// How many donations are let through, of a hundred at once.
fn donations(client: &mut Client, fields: &str) -> usize {
    (0..100).filter(|_| post(client, "/donate", fields).status == 303).count()
}

/// The location that the README gives, for a server.
fn recipe(server: &Server) -> String {
    let readme = include_str!("../../README.md");
    let (_, recipe) = readme.split_once("```nginx\n").expect("README has a recipe");
    let (recipe, _) = recipe.split_once("```").expect("it ends");
    assert!(recipe.contains("http://127.0.0.1:8081"));
    recipe.replace("127.0.0.1:8081", &server.address().to_string())
}

#[test]
fn recipe_of_the_readme_is_enough() {
    let server = Server::pattern(&[]);
    let nginx = Nginx::start(&recipe(&server));
    let mut client = Client::connect(nginx.address);
    let own = format!("{}Origin: http://{}\r\n", nginx.host(), nginx.address);
    post(&mut client, "/viewer", &own).expect(303);
    let foreign = format!("{}Origin: http://elsewhere.example\r\n", nginx.host());
    post(&mut client, "/viewer", &foreign).expect(403);
    get(&mut client, "/state", "Host: evil.example\r\n").expect(421);
    let connect = get(&mut client, "/connect", &nginx.host()).expect(200).text();
    assert!(connect.contains(&format!("http://{}/stream", nginx.address)), "{connect}");
    // As a browser asks for it by another name.
    let behind = get(&mut client, "/qr.svg", "Host: cam.lan\r\n").expect(200).body;
    assert_eq!(behind, get(&mut server.connect(), "/qr.svg", "Host: cam.lan\r\n").body);
    // nginx has told who it is from, and drops what a client makes up.
    let made_up = "X-Forwarded-Host: evil.example\r\nX-Forwarded-Prefix: /x\r\n";
    let reply = post(&mut client, "/viewer", &format!("{}{made_up}", nginx.host())).expect(303);
    assert_eq!(reply.header("Location"), Some("./"));
    client.send(format!("GET /stream HTTP/1.1\r\n{}\r\n", nginx.host()));
    for _ in 0..5 {
        client.incoming.take_through(b"\xff\xd9\r\n--frame\r\n", 1 << 20).expect("a picture");
    }
}

#[test]
fn a_proxy_may_leave_out_the_port() {
    let server = Server::pattern(&[]);
    let nginx = Nginx::start(&format!(
        "location / {{ proxy_pass http://{}; proxy_set_header Host $host; }}",
        server.address()
    ));
    let mut client = Client::connect(nginx.address);
    let own = format!("{}Origin: http://{}\r\n", nginx.host(), nginx.address);
    post(&mut client, "/viewer", &own).expect(303);
    let other = format!("{}Origin: http://127.0.0.2:{}\r\n", nginx.host(), nginx.address.port());
    post(&mut client, "/viewer", &other).expect(403);
}

#[test]
fn outer_address_is_shown_and_led_to() {
    let server = Server::pattern(&[]);
    let nginx = Nginx::start(&format!(
        "location /cam/ {{ proxy_pass http://{}/; proxy_set_header Host $http_host;
           proxy_set_header X-Forwarded-Proto https; proxy_set_header X-Forwarded-Host watch.lan;
           proxy_set_header X-Forwarded-Prefix /cam/; }}",
        server.address()
    ));
    let mut client = Client::connect(nginx.address);
    let connect = get(&mut client, "/cam/connect", &nginx.host()).expect(200).text();
    assert!(connect.contains("https://watch.lan/cam/stream"), "{connect}");
    let own = format!("{}Origin: https://watch.lan\r\n", nginx.host());
    let reply = post(&mut client, "/cam/viewer", &own).expect(303);
    assert_eq!(reply.header("Location"), Some("./"), "it stays where it is");
}

#[test]
fn limits_count_the_clients_of_a_proxy_apart() {
    let server = Server::pattern(&["--proxy", "127.0.0.1"]);
    let nginx = Nginx::start(&recipe(&server));
    let once = |last, fields: &str| {
        let mut client = connect_from(last, nginx.address);
        donations(&mut client, &format!("{}{fields}", nginx.host()))
    };
    // A client makes up who it is; nginx says who it is after that, and the last counts.
    for last in [2, 3] {
        let given = once(last, "X-Forwarded-For: 192.0.2.1\r\n");
        assert!((20..40).contains(&given), "127.0.0.{last}: {given}");
        let more = once(last, "X-Forwarded-For: 192.0.2.9\r\n");
        assert!(more < 20, "127.0.0.{last} again: {more}");
    }
}

#[test]
fn who_is_not_trusted_is_not_believed() {
    let server = Server::pattern(&["--proxy", "127.0.0.7", "--proxy", "10.0.0.0/8"]);
    let host = format!("Host: {}\r\n", server.address());
    let said = format!(
        "{host}X-Forwarded-Host: watch.lan\r\nX-Forwarded-Proto: https\r\n\
         X-Forwarded-Prefix: /cam\r\nX-Forwarded-For: 192.0.2.1, 10.1.2.3\r\n"
    );
    let own = "Origin: https://watch.lan\r\n";
    let mut proxy = connect_from(7, server.address());
    post(&mut proxy, "/viewer", &format!("{said}{own}")).expect(303);
    let connect = |client: &mut Client| get(client, "/connect", &said).expect(200).text();
    assert!(connect(&mut proxy).contains("https://watch.lan/cam/stream"));
    let mut other = connect_from(8, server.address());
    post(&mut other, "/viewer", &format!("{said}{own}")).expect(403);
    assert!(!connect(&mut other).contains("watch.lan"));
    // Each client behind the proxy has its own; whoever makes one up has none.
    let from = |client: u8| format!("{host}X-Forwarded-For: 192.0.2.{client}, 10.1.2.3\r\n");
    for client in [1, 2] {
        assert!(donations(&mut proxy, &from(client)) >= 20);
    }
    assert!(donations(&mut other, &from(3)) >= 20);
    assert!(donations(&mut other, &from(4)) < 20);
}

#[test]
fn both_names_are_checked() {
    let server = Server::pattern(&[]);
    let mut client = server.connect();
    for (host, outer, status) in [
        ("cam.lan", "watch.lan", 200),
        ("cam.lan", "evil.example", 421),
        ("evil.example", "cam.lan", 421),
        ("cam.lan", "a b", 421),
        ("cam.lan", "<script>", 421),
    ] {
        let fields = format!("Host: {host}\r\nX-Forwarded-Host: {outer}\r\n");
        let reply = get(&mut client, "/state", &fields).expect(status);
        assert!(!String::from_utf8_lossy(&reply.body).contains("<script>"));
    }
    for prefix in ["//evil.example", "/\\evil", "/a/../b", "cam", "/a b"] {
        let fields = format!("Host: cam.lan\r\nX-Forwarded-Prefix: {prefix}\r\n");
        let connect = get(&mut client, "/connect", &fields).expect(200).text();
        assert!(connect.contains("http://cam.lan/stream"), "{prefix}: {connect}");
    }
}

#[test]
fn one_header_is_read_and_never_the_other() {
    let x = "X-Forwarded-Host: evil.example\r\n";
    let forwarded = "Forwarded: for=192.0.2.1;host=evil.example\r\n";
    for (flags, read, passed_over) in
        [(&[][..], x, forwarded), (&["--proxy-header", "forwarded"], forwarded, x)]
    {
        let server = Server::pattern(flags);
        let mut client = server.connect();
        get(&mut client, "/state", &format!("Host: cam.lan\r\n{read}")).expect(421);
        get(&mut client, "/state", &format!("Host: cam.lan\r\n{passed_over}")).expect(200);
    }
}

/// A server with a second room behind nginx, under this path.
fn under(path: &str) -> (Server, Nginx) {
    let server = Server::pattern(&["--room", "door=pattern;title=Front door"]);
    let to = server.address();
    let nginx = Nginx::start(&format!(
        "location {path} {{ proxy_pass http://{to}/; proxy_set_header Host $http_host;
           proxy_buffering off; }}"
    ));
    (server, nginx)
}

const PATHS: [&str; 3] = ["/", "/cam/", "/a/b/"];
const ROOMS: [&str; 2] = ["", "r/door/"];

/// Where a reference on a page at a path leads: relative ones alone are expected.
fn resolve(page: &str, reference: &str) -> String {
    assert!(!reference.starts_with('/') && !reference.contains("://"), "{page}: {reference}");
    let reference = reference.split('#').next().expect("there is one");
    let mut folders: Vec<&str> = page.split('/').collect();
    folders.pop();
    let mut steps: Vec<&str> = reference.split('/').collect();
    let last = steps.pop().expect("there is one");
    for step in steps {
        match step {
            ".." => drop(folders.pop()),
            "." => {}
            folder => folders.push(folder),
        }
    }
    format!("{}/{last}", folders.join("/"))
}

/// What a page refers to.
fn references(html: &str) -> Vec<String> {
    let of = |name: &'static str| {
        html.match_indices(name).map(move |(at, _)| {
            let value = &html[at + name.len()..];
            value[..value.find('"').expect("it ends")].to_owned()
        })
    };
    of("href=\"").chain(of("src=\"")).chain(of("action=\"")).collect()
}

#[test]
fn every_page_refers_to_what_is_there_under_any_path() {
    for path in PATHS {
        let (_server, nginx) = under(path);
        let mut client = Client::connect(nginx.address);
        for room in ROOMS {
            for page in ["", "connect", "rooms", "nothing", "assets/nothing"] {
                let page = format!("{path}{room}{page}");
                let fields = format!("{}Accept: text/html\r\n", nginx.host());
                let html = get(&mut client, &page, &fields).text();
                let found = references(&html);
                assert!(found.len() > 4, "{page}: {html}");
                for reference in found.iter().filter(|to| !to.is_empty() && !to.starts_with('#')) {
                    let to = resolve(&page, reference);
                    if to.contains("/stream") {
                        continue;
                    }
                    // What is there takes this method or another.
                    let status = get(&mut client, &to, &nginx.host()).status;
                    assert!([200, 405, 503].contains(&status), "{page}: {reference} is {status}");
                    assert!(to.starts_with(path), "{page} leads to {to}");
                }
            }
        }
    }
}

#[test]
fn forms_and_redirects_stay_under_their_path() {
    for path in PATHS {
        let (_server, nginx) = under(path);
        let mut client = Client::connect(nginx.address);
        for room in ROOMS {
            for form in ["viewer", "donate"] {
                let form = format!("{path}{room}{form}");
                let reply = post(&mut client, &form, &nginx.host()).expect(303);
                let location = reply.header("Location").expect("a location");
                assert_eq!(resolve(&form, location), format!("{path}{room}"), "{form}");
            }
        }
        let reply = get(&mut client, &format!("{path}r/door?x=1"), &nginx.host()).expect(308);
        let location = reply.header("Location").expect("a location");
        assert_eq!(resolve(&format!("{path}r/door"), location), format!("{path}r/door/?x=1"));
    }
}

#[test]
fn outer_address_is_read_off_the_page_that_leads_there() {
    for path in PATHS {
        let (_server, nginx) = under(path);
        let mut client = Client::connect(nginx.address);
        for room in ROOMS {
            let page = format!("http://{}{path}{room}", nginx.address);
            let fields = format!("{}Referer: {page}\r\n", nginx.host());
            let connect = get(&mut client, &format!("{path}{room}connect"), &fields).text();
            assert!(connect.contains(&format!("{page}stream")), "{page}: {connect}");
            // A page of somebody else's says nothing of this one.
            let fields = format!("{}Referer: http://evil.example/x{path}\r\n", nginx.host());
            let connect = get(&mut client, &format!("{path}{room}connect"), &fields).text();
            assert!(connect.contains(&format!("http://{}/{room}stream", nginx.address)));
        }
    }
}
