//! Tests against a listener that plays the other server's part.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Instant;

use super::super::Captured;
use super::*;
use crate::media::frame::{Picture, Size};
use crate::proto::multipart;

const SMALL: &[u8] = include_bytes!("../../../tests/data/jpeg/gray.jpg");
const LARGE: &[u8] = include_bytes!("../../../tests/data/jpeg/ffmpeg.jpg");
const NO_DHT: &[u8] = include_bytes!("../../../tests/data/jpeg/no_dht.jpg");

const WISH: Wish = Wish { size: Size { width: 9, height: 9 }, fps: 30.0 };
const HEAD: &str =
    "HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary=frame\r\n\r\n";

/// What the server does after its answer.
#[derive(Clone, Copy)]
enum After {
    Close,
    /// Says nothing more until the client goes.
    Hold,
}

struct Server {
    address: SocketAddr,
    /// Gives the requests that came.
    thread: JoinHandle<Vec<String>>,
}

impl Server {
    /// Gives one answer on each connection, as many as there are.
    fn start(answers: Vec<(Vec<u8>, After)>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let serve = move || {
            let answer = |(bytes, after): (Vec<u8>, After)| {
                let (mut socket, _) = listener.accept().unwrap();
                let request = request(&mut socket);
                // The client may have gone before all is written.
                let _ = socket.write_all(&bytes);
                if matches!(after, After::Hold) {
                    let _ = socket.read_to_end(&mut Vec::new());
                }
                request
            };
            answers.into_iter().map(answer).collect()
        };
        Self { address, thread: std::thread::spawn(serve) }
    }

    fn source(&self, path: &str) -> Http {
        http(&format!("http://{}{path}", self.address))
    }
}

fn http(address: &str) -> Http {
    Http::new(HttpUrl::parse(address).unwrap(), Trust::System, Redirects::Anywhere)
}

fn request(socket: &mut TcpStream) -> String {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") && socket.read(&mut byte).unwrap() == 1 {
        request.extend_from_slice(&byte);
    }
    String::from_utf8(request).unwrap()
}

/// The trouble that an answer means, or the first picture's width.
fn outcome(answer: &[u8]) -> Result<u32, Trouble> {
    let server = Server::start(vec![(answer.to_vec(), After::Close)]);
    Ok(widths(&mut *server.source("/").open(WISH, &Clock::system())?, 1)?[0])
}

/// The widths of the next pictures.
fn widths(capture: &mut dyn Capture, count: usize) -> Result<Vec<u32>, Trouble> {
    let mut widths = Vec::new();
    while widths.len() < count {
        if let Some(captured) = capture.next(Instant::now() + Duration::from_secs(5))? {
            widths.push(captured.picture.size().width);
        }
    }
    Ok(widths)
}

fn part(picture: &[u8]) -> Vec<u8> {
    let head = format!("Content-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n", picture.len());
    [b"--frame\r\n", head.as_bytes(), picture, b"\r\n"].concat()
}

fn stream(parts: &[&[u8]]) -> Vec<u8> {
    let parts: Vec<Vec<u8>> = parts.iter().map(|picture| part(picture)).collect();
    [HEAD.as_bytes(), &parts.concat(), b"--frame\r\n"].concat()
}

fn chunked(body: &[u8], size: usize) -> Vec<u8> {
    let chunks = body
        .chunks(size)
        .flat_map(|chunk| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat());
    chunks.chain(*b"0\r\n\r\n").collect()
}

#[test]
fn streams_of_all_layouts_are_read() {
    let mut own = format!("HTTP/1.1 200 OK\r\nContent-Type: {}\r\n\r\n", multipart::CONTENT_TYPE);
    own.push_str("--frame\r\n");
    let mut own = own.into_bytes();
    for picture in [SMALL, LARGE, NO_DHT] {
        multipart::part_head(&mut own, picture.len(), 1_700_000_000_000_000);
        own.extend_from_slice(&[picture, multipart::AFTER_PICTURE].concat());
    }
    let without_length = |picture: &[u8]| [picture, multipart::AFTER_PICTURE_ADVANCE].concat();
    let advance = [SMALL, LARGE, NO_DHT].map(without_length).concat();
    let advance = [HEAD.as_bytes(), multipart::ADVANCE_HEAD, &advance].concat();
    let parts = [part(SMALL), part(LARGE), part(NO_DHT)].concat();
    let in_chunks = [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n".as_slice(),
        b"Content-Type: multipart/x-mixed-replace; boundary=\"frame\"\r\n\r\n",
        &chunked(&parts, 100),
    ];
    for answer in [own, advance, in_chunks.concat(), stream(&[SMALL, LARGE, NO_DHT])] {
        let server = Server::start(vec![(answer, After::Close)]);
        let mut capture = server.source("/stream").open(WISH, &Clock::system()).unwrap();
        assert_eq!(widths(&mut *capture, 1), Ok(vec![48]));
        assert_eq!(capture.format().size, Size { width: 48, height: 32 });
        assert_eq!(widths(&mut *capture, 2), Ok(vec![64, 48]));
        let trouble = widths(&mut *capture, 1).unwrap_err();
        assert_eq!(trouble.code, TroubleCode::Unreachable);
        assert!(trouble.title.contains("ended"), "{trouble}");
    }
}

#[test]
fn pictures_are_whole_and_completed() {
    let server = Server::start(vec![(stream(&[LARGE, NO_DHT]), After::Close)]);
    let mut capture = server.source("/").open(WISH, &Clock::system()).unwrap();
    let mut next = || match capture.next(Instant::now() + Duration::from_secs(5)) {
        Ok(Some(Captured { picture: Picture::Jpeg(jpeg), .. })) => jpeg,
        other => panic!("{other:?}"),
    };
    assert_eq!(&*next().bytes, LARGE);
    assert!(next().bytes.len() > NO_DHT.len());
}

#[test]
fn broken_parts_are_counted_and_passed_over() {
    let answer = stream(&[b"nothing", SMALL, &LARGE[..99], b"", LARGE]);
    let server = Server::start(vec![(answer, After::Close)]);
    let mut capture = server.source("/").open(WISH, &Clock::system()).unwrap();
    assert_eq!(widths(&mut *capture, 2), Ok(vec![48, 64]));
    assert_eq!(capture.broken(), 3);
}

/// A picture is overdue after so long, and a connection dead after six times that.
fn quick(ms: u64) -> Bounds {
    let time = Duration::from_millis(ms);
    Bounds { unknown: time, least: time, most: 6 * time }
}

/// Waits until something is said to be overdue.
fn overdue(capture: &mut dyn Capture) -> Trouble {
    loop {
        let next = capture.next(Instant::now() + Duration::from_millis(20)).unwrap();
        assert!(next.is_none(), "{next:?}");
        if let Some(trouble) = capture.overdue() {
            return trouble;
        }
    }
}

#[test]
fn silence_is_told_and_then_ends_the_connection() {
    let server = Server::start(vec![(stream(&[SMALL]), After::Hold)]);
    let mut source = server.source("/");
    source.bounds = quick(100);
    let mut capture = source.open(WISH, &Clock::system()).unwrap();
    assert_eq!(widths(&mut *capture, 1), Ok(vec![48]));
    assert!(capture.next(Instant::now()).unwrap().is_none() && capture.overdue().is_none());
    let told = overdue(&mut *capture);
    assert_eq!(told.code, TroubleCode::Stalled, "{told}");
    assert!(told.title.ends_with("has stopped sending"), "{told}");
    assert_eq!(widths(&mut *capture, 1).unwrap_err().code, TroubleCode::Stalled);
    drop(capture);
    server.thread.join().unwrap();

    for answer in [&b""[..], b"HTTP/1.1 200"] {
        let server = Server::start(vec![(answer.to_vec(), After::Hold)]);
        let mut source = server.source("/");
        source.bounds = quick(50);
        let trouble = source.open(WISH, &Clock::system()).err().unwrap();
        assert_eq!(trouble.code, TroubleCode::Stalled, "{trouble}");
    }
    let server = Server::start(vec![(HEAD.as_bytes().to_vec(), After::Hold)]);
    let mut source = server.source("/");
    source.bounds = quick(50);
    let mut capture = source.open(WISH, &Clock::system()).unwrap();
    assert_eq!(overdue(&mut *capture).code, TroubleCode::Stalled);
}

#[test]
fn a_picture_that_trickles_is_waited_for_and_told_meanwhile() {
    for (head, behind) in [(HEAD, &b"\r\n--frame\r\n"[..]), ("HTTP/1.0 200 OK\r\n\r\n", SMALL)] {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (go_on, goes_on) = std::sync::mpsc::channel::<()>();
        let thread = std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            request(&mut socket);
            let first = if head == HEAD { part(SMALL) } else { SMALL.to_vec() };
            let (front, rest) = first.split_at(first.len() - 20);
            socket.write_all(&[head.as_bytes(), front].concat()).unwrap();
            for byte in rest {
                // A byte each time that it is looked, so that the connection is alive.
                if goes_on.recv().is_err() {
                    return;
                }
                socket.write_all(&[*byte]).unwrap();
            }
            socket.write_all(behind).unwrap();
            let _ = socket.read_to_end(&mut Vec::new());
        });
        let mut source = http(&format!("http://{address}/"));
        // Far more than the bytes take, far less than would end it.
        source.bounds = quick(60);
        let mut capture = source.open(WISH, &Clock::system()).unwrap();
        let mut said = None;
        let width = loop {
            match capture.next(Instant::now() + Duration::from_millis(10)).unwrap() {
                Some(captured) => break captured.picture.size().width,
                None => {
                    said = said.or(capture.overdue());
                    let _ = go_on.send(());
                }
            }
        };
        assert_eq!((width, capture.overdue()), (48, None));
        let said = said.expect("it was overdue");
        assert!(said.title.ends_with("sends too slowly"), "{said}");
        assert!(said.detail.contains(" bytes of the first in "), "{said}");
        drop((capture, go_on));
        thread.join().unwrap();
    }
}

#[test]
fn connects_that_are_swallowed_have_the_deadline_too() {
    // Nobody accepts, and what waits to be accepted is full: the system drops what comes.
    let listener =
        socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap().as_socket().unwrap();
    let connect = |_: &u8| TcpStream::connect_timeout(&address, Duration::from_millis(100));
    let waiting: Vec<TcpStream> = [0; 16].iter().map_while(|one| connect(one).ok()).collect();
    assert!(waiting.len() < 16, "this system drops nothing");
    let mut source = http(&format!("http://{address}/"));
    source.bounds = quick(300);
    let asked = Instant::now();
    let trouble = source.open(WISH, &Clock::system()).err().unwrap();
    assert_eq!(trouble.title, format!("{address} cannot be reached"));
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
}

#[test]
fn snapshots_are_asked_for_again() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n";
    let known = format!("{head}Content-Length: {}\r\n\r\n", SMALL.len());
    let answers = vec![
        ([known.as_bytes(), SMALL].concat(), After::Hold),
        ([head.as_bytes(), b"\r\n", LARGE].concat(), After::Close),
        ([head.as_bytes(), b"\r\nnothing"].concat(), After::Close),
        (
            [head.as_bytes(), b"Transfer-Encoding: chunked\r\n\r\n", &chunked(NO_DHT, 7)].concat(),
            After::Close,
        ),
        (b"HTTP/1.1 503 Busy\r\n\r\n".to_vec(), After::Close),
    ];
    let server = Server::start(answers);
    let mut source = server.source("/snapshot");
    let mut capture = source.open(WISH, &Clock::system()).unwrap();
    assert_eq!(widths(&mut *capture, 1), Ok(vec![48]));
    assert!(capture.next(Instant::now()).unwrap().is_none());
    assert_eq!(widths(&mut *capture, 2), Ok(vec![64, 48]));
    assert_eq!((capture.format().fps, capture.format().size.width), (5.0, 48));
    assert_eq!(capture.broken(), 1);
    let trouble = widths(&mut *capture, 1).unwrap_err();
    assert!(trouble.detail.contains("503"), "{trouble}");
    let requests = server.thread.join().unwrap();
    assert!(requests.iter().all(|request| request.starts_with("GET /snapshot HTTP/1.1\r\n")));
}

fn redirect(location: &str) -> (Vec<u8>, After) {
    let answer = format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\n\r\n");
    (answer.into_bytes(), After::Close)
}

fn unauthorized(fields: &[&str]) -> (Vec<u8>, After) {
    let field = |field: &&str| format!("WWW-Authenticate: {field}\r\n");
    let fields: String = fields.iter().map(field).collect();
    (format!("HTTP/1.1 401 No\r\n{fields}\r\n").into_bytes(), After::Close)
}

/// What the requests to a server say of who asks, each.
fn logins(server: Server) -> Vec<Option<String>> {
    let requests = server.thread.join().unwrap();
    let login = |request: &String| {
        let field = request.lines().find_map(|line| line.strip_prefix("Authorization: "));
        field.map(str::to_owned)
    };
    requests.iter().map(login).collect()
}

#[test]
fn redirects_are_followed_and_bounded() {
    let last = (stream(&[SMALL]), After::Close);
    let server = Server::start(vec![redirect("/b"), redirect("c?d"), redirect("?e"), last]);
    assert!(server.source("/a").open(WISH, &Clock::system()).is_ok());
    let requests = server.thread.join().unwrap();
    let paths: Vec<_> = requests.iter().filter_map(|request| request.split(' ').nth(1)).collect();
    assert_eq!(paths, ["/a", "/b", "/c?d", "/c?e"]);

    let server = Server::start(vec![redirect("/"); 6]);
    let trouble = server.source("/").open(WISH, &Clock::system()).err().unwrap();
    assert!(trouble.title.contains("one address to another"), "{trouble}");
    let server = Server::start(vec![redirect("rtsp://there/secret")]);
    let trouble = server.source("/").open(WISH, &Clock::system()).err().unwrap();
    assert!(trouble.detail.ends_with("not rtsp:."), "{trouble}");
}

#[test]
fn to_another_host_is_gone_only_where_it_may_be() {
    let last = || (stream(&[SMALL]), After::Close);
    let open = |first: Server, redirects| {
        let url = HttpUrl::parse(&format!("http://{}/", first.address)).unwrap();
        let opened = Http::new(url, Trust::System, redirects).open(WISH, &Clock::system());
        (opened.map(drop), first.thread.join().unwrap().len())
    };
    // Another name of the same machine is another host, and another port is none.
    let elsewhere = |port| format!("http://localhost:{port}/secret");
    let first = Server::start(vec![redirect(&elsewhere(1))]);
    let (opened, asked) = open(first, Redirects::SameHost);
    let trouble = opened.unwrap_err();
    assert_eq!(asked, 1);
    assert!(trouble.title.ends_with("sends us to another host"), "{trouble}");
    assert!(!trouble.to_string().contains("secret"), "{trouble}");
    for (host, redirects) in
        [("127.0.0.1", Redirects::SameHost), ("localhost", Redirects::Anywhere)]
    {
        let second = Server::start(vec![last()]);
        let there = format!("http://{host}:{}/", second.address.port());
        let (opened, _) = open(Server::start(vec![redirect(&there)]), redirects);
        assert_eq!(opened, Ok(()), "{host}");
        assert_eq!(second.thread.join().unwrap().len(), 1);
    }
}

#[test]
fn a_login_is_sent_when_it_is_asked_for_and_to_nobody_else() {
    let basic = "Basic realm=\"x\"";
    let digest = "Digest realm=\"x\", nonce=\"n\", qop=\"auth\"";
    let last = || (stream(&[SMALL]), After::Close);
    let elsewhere = Server::start(vec![unauthorized(&[basic])]);
    let there = format!("http://{}/", elsewhere.address);
    let first = Server::start(vec![unauthorized(&[basic]), redirect("/b"), redirect(&there)]);
    let mut source = http(&format!("http://me:secret@{}/a", first.address));
    let trouble = source.open(WISH, &Clock::system()).err().unwrap();
    assert!(trouble.title.contains("asks who we are"), "{trouble}");
    let said = logins(first);
    assert_eq!(said[0], None);
    assert_eq!(
        said[1..],
        [Some("Basic bWU6c2VjcmV0".to_owned()), Some("Basic bWU6c2VjcmV0".to_owned())]
    );
    assert_eq!(logins(elsewhere), [None]);

    let server = Server::start(vec![unauthorized(&[basic, digest]), last()]);
    let mut source = http(&format!("http://me:secret@{}/?pwd=secret", server.address));
    assert!(!source.name().contains("secret"));
    assert!(source.open(WISH, &Clock::system()).is_ok());
    let said = logins(server)[1].clone().unwrap();
    assert!(
        said.starts_with("Digest username=\"me\", realm=\"x\", nonce=\"n\", uri=\"/?pwd=secret\""),
        "{said}"
    );
}

#[test]
fn snapshots_are_asked_for_with_one_nonce_until_it_is_stale() {
    let digest = |nonce| format!("Digest realm=\"x\", nonce=\"{nonce}\", qop=\"auth\"");
    let picture = |info: &str| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n{info}\r\n");
        ([head.as_bytes(), SMALL].concat(), After::Close)
    };
    let stale = digest("b") + ", stale=true";
    let server = Server::start(vec![
        unauthorized(&[&digest("a")]),
        picture(""),
        picture(""),
        unauthorized(&[&stale]),
        picture("Authentication-Info: nextnonce=\"c\"\r\n"),
        picture(""),
    ]);
    let mut source = http(&format!("http://me:secret@{}/", server.address));
    let mut capture = source.open(WISH, &Clock::system()).unwrap();
    assert_eq!(widths(&mut *capture, 4), Ok(vec![48; 4]));
    let said: Vec<_> = logins(server).into_iter().flatten().collect();
    let used = |said: &String| {
        let challenge = &crate::proto::auth::parse_challenges(said)[0];
        (challenge.get("nonce").unwrap().to_owned(), challenge.get("nc").unwrap().to_owned())
    };
    let expected = [("a", 1), ("a", 2), ("a", 3), ("b", 1), ("c", 1)];
    let expected = expected.map(|(nonce, nc)| (nonce.to_owned(), format!("{nc:08x}")));
    assert_eq!(said.iter().map(used).collect::<Vec<_>>(), expected);
}

#[test]
fn refusals_come_to_an_end() {
    for (fields, asked) in [
        (vec!["Digest realm=x, nonce=n, stale=true"], 4),
        (vec!["Digest realm=x, nonce=n"], 2),
        (vec!["Basic realm=x"], 2),
        (vec![], 2),
        (vec!["Negotiate"], 1),
    ] {
        let server = Server::start(vec![unauthorized(&fields); asked]);
        let mut source = http(&format!("http://me:secret@{}/", server.address));
        let trouble = source.open(WISH, &Clock::system()).err().unwrap();
        assert_eq!(trouble.code, TroubleCode::Denied);
        assert!(!trouble.to_string().contains("Put name and password"), "{trouble}");
        server.thread.join().unwrap();
    }
    // A challenge that never ends.
    let long = format!("Digest realm=\"{}\", nonce=n", "x".repeat(1 << 20));
    let server = Server::start(vec![unauthorized(&[&long])]);
    let mut source = http(&format!("http://me:secret@{}/", server.address));
    let trouble = source.open(WISH, &Clock::system()).err().unwrap();
    assert!(trouble.detail.contains("head too long"), "{trouble}");
}

#[test]
fn answers_without_a_stream_are_put_into_words() {
    let endless = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(99_999));
    for (answer, code, word) in [
        (&b""[..], TroubleCode::Unreachable, "ended"),
        (b"SSH-2.0-OpenSSH_9.9\r\n", TroubleCode::Unreachable, "not a stream"),
        (endless.as_bytes(), TroubleCode::Unreachable, "not a stream"),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", TroubleCode::Unreachable, "status 404"),
        (b"HTTP/1.1 401 No\r\n\r\n", TroubleCode::Denied, "NAME:PASSWORD"),
        (b"HTTP/1.1 403 No\r\n\r\n", TroubleCode::Denied, "NAME:PASSWORD"),
        (b"HTTP/1.1 301 Moved\r\n\r\n", TroubleCode::Unreachable, "status 301"),
        (b"HTTP/1.1 200 OK\r\n\r\n", TroubleCode::Unreachable, "ended"),
        (b"HTTP/1.1 200 OK\r\n\r\nhello", TroubleCode::Unreachable, "with no JPEG"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: a secret/ path\r\n\r\nhello",
            TroubleCode::Unreachable,
            "with no JPEG",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html;charset=utf-8\r\n\r\n<html>",
            TroubleCode::Unreachable,
            "text/html;",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace\r\n\r\nhello",
            TroubleCode::Unreachable,
            "multipart/x-mixed-replace",
        ),
        (&stream(&[b"nothing"]), TroubleCode::Unreachable, "ended"),
    ] {
        let trouble = outcome(answer).unwrap_err();
        assert_eq!(trouble.code, code, "{trouble}");
        assert!(trouble.to_string().contains(word), "{word}: {trouble}");
    }
    let raw =
        [b"HTTP/1.1 200 OK\r\nContent-Type: video/x-motion-jpeg\r\n\r\n", SMALL, LARGE].concat();
    assert_eq!(outcome(&raw), Ok(48));
    let bare = [b"HTTP/1.1 200 OK\r\n\r\n--x\r\n\r\n", SMALL, b"\r\n--x\r\n"].concat();
    assert_eq!(outcome(&bare), Ok(48));
    let interim = [b"HTTP/1.1 103 Early\r\n\r\n".as_slice(), &stream(&[SMALL])].concat();
    assert_eq!(outcome(&interim), Ok(48));
}

#[test]
fn nobody_there_is_put_into_words() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut source = http(&format!("http://{address}/"));
    let trouble = source.open(WISH, &Clock::system()).err().unwrap();
    assert_eq!(trouble.code, TroubleCode::Unreachable);
    assert_eq!(trouble.title, format!("{address} cannot be reached"));
}
