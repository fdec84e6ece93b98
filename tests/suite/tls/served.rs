//! The server's own TLS: the same port speaks it beside what is in clear.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{
    ClientConfig, ClientConnection, HandshakeKind, RootCertStore, StreamOwned,
    SupportedProtocolVersion,
};

use super::tunnel::{Authority, Identity};
use crate::common::client::{READ_TIME, Reply};
use crate::common::clip::{Form, Scratch, jpegs, noise};
use crate::common::incoming::Incoming;
use crate::common::multipart::{Layout, Parts, Stream, expect_stream_head};
use crate::common::program::Program;
use crate::common::server::{Server, program};
use crate::common::upstream::Upstream;
use crate::common::{LONG, eventually};

/// What a test reads and writes.
pub(super) type Secure = StreamOwned<ClientConnection, TcpStream>;

/// A server with a certificate, and whoever signed that.
pub(super) struct Place {
    pub(super) server: Server,
    authority: Authority,
    identity: Identity,
    files: Scratch,
}

impl Place {
    pub(super) fn start(arguments: &[&str]) -> Self {
        let (authority, files) = (Authority::new(), Scratch::new());
        let identity = authority.sign(NAME, |_| {});
        let (certificate, key) = write(&files, &identity.certificate_pem, &identity.key_pem);
        let tls = ["--tls-cert", &certificate, "--tls-key", &key];
        let server = Server::start(&[&tls[..], arguments].concat());
        Self { server, authority, identity, files }
    }

    fn pattern(arguments: &[&str]) -> Self {
        let pattern = ["--source", "pattern", "--size", "160x120"];
        Self::start(&[&pattern[..], arguments].concat())
    }

    /// A connection to an address of it, in the versions that a client knows.
    fn connect_by(
        &self,
        address: SocketAddr,
        versions: &[&'static SupportedProtocolVersion],
        protocol: Option<&str>,
    ) -> Secure {
        connect_as(&self.client(versions, protocol), address)
    }

    /// What a client knows, also from one connection to the next.
    fn client(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        protocol: Option<&str>,
    ) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        let root = CertificateDer::from_pem_slice(self.authority.pem.as_bytes()).expect("PEM");
        roots.add(root).expect("a certificate");
        let mut config =
            ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_protocol_versions(versions)
                .expect("versions")
                .with_root_certificates(roots)
                .with_no_client_auth();
        config.alpn_protocols = protocol.into_iter().map(|name| name.as_bytes().to_vec()).collect();
        Arc::new(config)
    }

    fn connect(&self) -> Secure {
        self.connect_by(self.server.address(), rustls::ALL_VERSIONS, Some("http/1.1"))
    }

    fn get(&self, target: &str, fields: &str) -> Reply {
        request(self.connect(), self.server.address(), target, fields)
    }

    fn stream(&self, target: &str) -> Parts<Box<dyn Read>> {
        let mut connection = self.connect();
        send(&mut connection, self.server.address(), target, "");
        let mut head = Incoming::new(connection);
        let text = head.take_through(b"\r\n\r\n", 1 << 16).expect("a whole head");
        expect_stream_head(std::str::from_utf8(&text).expect("text"));
        let left = head.left_over().to_vec();
        let source = std::io::Cursor::new(left).chain(head.source);
        Parts::new(Box::new(source), Layout::Plain)
    }
}

fn connect_as(client: &Arc<ClientConfig>, address: SocketAddr) -> Secure {
    let name = ServerName::try_from(NAME).expect("a name");
    let session = ClientConnection::new(Arc::clone(client), name).expect("a client");
    let socket = TcpStream::connect(address).expect("the server accepts");
    socket.set_read_timeout(Some(READ_TIME)).expect("a time-out");
    socket.set_write_timeout(Some(READ_TIME)).expect("a time-out");
    StreamOwned::new(session, socket)
}

fn write(files: &Scratch, certificate: &str, key: &str) -> (String, String) {
    let certificate = files.write("cert.pem", certificate.as_bytes());
    (certificate, files.write("key.pem", key.as_bytes()))
}

fn send(connection: &mut Secure, address: SocketAddr, target: &str, fields: &str) {
    let request = format!("GET {target} HTTP/1.1\r\nHost: {address}\r\n{fields}\r\n");
    connection.write_all(request.as_bytes()).expect("the server takes bytes");
}

fn request(mut connection: Secure, address: SocketAddr, target: &str, fields: &str) -> Reply {
    let fields = format!("{fields}Connection: close\r\n");
    send(&mut connection, address, target, &fields);
    let mut incoming = Incoming::new(connection);
    let head = incoming.take_through(b"\r\n\r\n", 1 << 16).expect("a whole head");
    let mut reply = Reply::parse(&head);
    let length = reply.header("Content-Length").expect("a length").parse().expect("a number");
    reply.body = incoming.take(length).expect("the whole body");
    let end = incoming.source.read(&mut [0]).expect("the end is told, not cut");
    assert_eq!(end, 0);
    reply
}

#[test]
fn both_versions_are_spoken_at_the_port_that_speaks_in_clear() {
    let place = Place::pattern(&["--rtsp-port", "0"]);
    let address = place.server.address();
    assert_eq!(place.server.first_line, format!("listening on http://{address}/"));
    assert_eq!(place.server.later_lines[0], format!("listening on https://{address}/"));
    for version in rustls::ALL_VERSIONS {
        let mut connection = place.connect_by(address, &[version], Some("http/1.1"));
        connection.conn.complete_io(&mut connection.sock).expect("they agree");
        assert_eq!(connection.conn.protocol_version(), Some(version.version));
        assert_eq!(connection.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
        assert_eq!(request(connection, address, "/healthz", "").expect(200).text(), "ok\n");
    }
    let without = place.connect_by(address, rustls::ALL_VERSIONS, None);
    request(without, address, "/healthz", "").expect(200);
    place.server.get("/healthz").expect(200);
    let page = place.get("/", "").expect(200);
    let in_clear = place.server.get("/").expect(200);
    assert_eq!(page.body.len(), in_clear.body.len());
    place.server.stop();
}

#[test]
fn programs_that_others_wrote_speak_with_it() {
    let place = Place::pattern(&[]);
    let roots = place.files.write("roots.pem", place.authority.pem.as_bytes());
    let url = format!("https://{}/healthz", place.server.address());
    for version in [&["--tls-max", "1.2"][..], &["--tlsv1.3"]] {
        let mut curl = Command::new("curl");
        curl.args(["-sS", "--cacert", &roots]).args(version).arg(&url);
        let ended = Program::run(&mut curl, "apt install curl", LONG);
        assert!(ended.status.success() && ended.stdout == b"ok\n", "{ended:?}");
    }
    if Command::new("openssl").arg("version").output().is_err() {
        return;
    }
    for version in ["-tls1_2", "-tls1_3"] {
        let mut openssl = Command::new("openssl");
        openssl.args(["s_client", "-connect", &place.server.address().to_string()]);
        openssl.args(["-CAfile", &roots, "-servername", "other.example", "-verify_return_error"]);
        openssl.args(["-alpn", "http/1.1", version]);
        let ended = Program::run(&mut openssl, "", LONG);
        let said = String::from_utf8_lossy(&ended.stdout).into_owned();
        assert!(said.contains("Verify return code: 0 (ok)"), "{said} {}", ended.stderr);
        assert!(said.contains("ALPN protocol: http/1.1"), "{said}");
    }
}

#[test]
fn a_stream_is_the_same_to_the_byte() {
    let pictures = jpegs(320, 240, 3, 90);
    let scratch = Scratch::new();
    let place = Place::start(&["--source", &scratch.clip(Form::Concat, &pictures)]);
    let (mut secure, address) = (place.stream("/stream"), place.server.address());
    let mut plain = Stream::open(address, "/stream", &[]);
    for _ in 0..6 {
        assert!(pictures.contains(&secure.next().jpeg) && pictures.contains(&plain.next().jpeg));
    }
    let snapshot = place.get("/snapshot", "").expect(200);
    assert!(pictures.contains(&snapshot.body));
}

#[test]
fn who_did_not_read_for_a_while_is_live_again() {
    let pictures: Vec<_> = (0..NEWS).map(|seed| noise(640, 480, seed, 90)).collect();
    let upstream = Upstream::new();
    let place = Place::start(&["--source", &upstream.url(), "--bandwidth", "unlimited"]);
    let mut secure = place.stream("/stream?quality=high");
    let mut plain = Stream::open(place.server.address(), "/stream?quality=high", &[]);
    let mut feed = upstream.accept();
    feed.send(&pictures[0]);
    secure.next();
    plain.next();
    // Both stand still while the others come.
    for (number, picture) in pictures.iter().enumerate().skip(1) {
        feed.send(picture);
        eventually("it is taken in", LONG, || {
            let frames = place.server.state()["source"]["frames"].as_u64();
            if frames > Some(number as u64) { Ok(()) } else { Err(format!("{frames:?}")) }
        });
    }
    // The stream's own last word: the picture that it says again and again while nothing is new.
    let last = place.server.get("/snapshot").expect(200);
    let newest = last.header("X-Timestamp").expect("a time").replace('.', "");
    let newest: u64 = newest.parse().expect("a number");
    for (name, parts) in [
        ("plain", count_until(newest, || plain.next())),
        ("tls", count_until(newest, || secure.next())),
    ] {
        assert!(parts < NEWS as usize / 2, "{parts} pictures by {name}");
    }
}

fn count_until(newest: u64, mut next: impl FnMut() -> crate::common::multipart::Part) -> usize {
    (1..).find(|_| next().at_micros >= Some(newest)).expect("it comes")
}

#[test]
fn a_socket_is_opened_and_told_the_state() {
    let place = Place::pattern(&[]);
    let url = format!("wss://{}/socket", place.server.address());
    let (mut socket, _) = tungstenite::client(url, place.connect()).expect("it opens");
    let hello = socket.read().expect("a message").into_text().expect("text");
    assert!(hello.contains("hello"), "{hello}");
    let state = socket.read().expect("a message").into_text().expect("text");
    assert!(state.contains("https://"), "{state}");
}

#[test]
fn addresses_and_origins_are_those_of_the_connection() {
    let place = Place::pattern(&[]);
    let address = place.server.address();
    let page = place.get("/connect", "").expect(200).text();
    assert!(page.contains(&format!("https://{address}")), "{page}");
    let page = place.server.get("/connect").expect(200).text();
    assert!(!page.contains(&format!("https://{address}")), "{page}");
    let cookie = place.get("/", "").expect(200);
    let cookie = cookie.header("Set-Cookie").expect("a cookie").to_owned();
    assert!(!cookie.contains("Secure"), "it is one for both: {cookie}");
}

#[test]
fn a_certificate_that_changes_is_shown_to_the_next_and_ends_no_stream() {
    let place = Place::pattern(&[]);
    let mut stream = place.stream("/stream");
    stream.next();
    let shown = || {
        let mut connection = place.connect();
        connection.conn.complete_io(&mut connection.sock).expect("they agree");
        connection.conn.peer_certificates().expect("one")[0].clone()
    };
    assert_eq!(shown(), place.identity.certificate);
    let next = place.authority.sign(NAME, |_| {});
    write(&place.files, &next.certificate_pem, &next.key_pem);
    eventually("the new one is shown", LONG, || {
        if shown() == next.certificate { Ok(()) } else { Err("the old one".to_owned()) }
    });
    write(&place.files, &next.certificate_pem, &place.identity.key_pem);
    eventually("it is told", LONG, || {
        stream.next();
        let log = place.server.log();
        if log.contains("does not fit the certificate") { Ok(()) } else { Err(log) }
    });
    assert_eq!(shown(), next.certificate);
    stream.next();
}

#[test]
fn who_comes_again_is_known_by_a_ticket_also_after_the_files_changed() {
    let place = Place::pattern(&[]);
    let address = place.server.address();
    let come = |client: &Arc<ClientConfig>| {
        let mut connection = connect_as(client, address);
        connection.conn.complete_io(&mut connection.sock).expect("they agree");
        let kind = connection.conn.handshake_kind();
        let shown = connection.conn.peer_certificates().expect("one")[0].clone();
        request(connection, address, "/healthz", "").expect(200);
        (kind, shown)
    };
    let of_both = |kind: HandshakeKind, clients: &[Arc<ClientConfig>; 2]| {
        for (client, version) in clients.iter().zip(["1.2", "1.3"]) {
            assert_eq!(come(client).0, Some(kind), "TLS {version}");
        }
    };
    let client = |version| place.client(&[version], Some("http/1.1"));
    let new = || [&TLS12, &TLS13].map(client);
    let known = new();
    of_both(HandshakeKind::Full, &known);
    of_both(HandshakeKind::Resumed, &known);
    let next = place.authority.sign(NAME, |_| {});
    write(&place.files, &next.certificate_pem, &next.key_pem);
    eventually("the new one is shown", LONG, || {
        let shown = new().map(|client| come(&client).1);
        let all = shown.iter().all(|shown| *shown == next.certificate);
        if all { Ok(()) } else { Err("the old one".to_owned()) }
    });
    of_both(HandshakeKind::Resumed, &known);
}

#[test]
fn what_is_wrong_with_the_files_is_told_at_the_start_in_a_line() {
    let (authority, files) = (Authority::new(), Scratch::new());
    let (one, other) = (authority.sign(NAME, |_| {}), authority.sign(NAME, |_| {}));
    let (certificate, key) = write(&files, &one.certificate_pem, &other.key_pem);
    let fits = files.write("fits.pem", one.key_pem.as_bytes());
    let gone = format!("{}/gone.pem", files.path());
    for (arguments, named, code) in [
        (&["--tls-cert", &certificate, "--tls-key", &key][..], "key.pem", 1),
        (&["--tls-cert", &gone, "--tls-key", &key], "gone.pem", 1),
        (&["--tls-cert", &certificate, "--tls-key", &gone], "gone.pem", 1),
        (&["--tls-cert", &fits, "--tls-key", &fits], "fits.pem", 1),
        (&["--tls-cert", &certificate], "--tls-key", 2),
        (&["--tls-key", &key], "--tls-cert", 2),
    ] {
        let mut command = program();
        command.args(["0", "--source", "pattern", "--no-rtsp"]).args(arguments);
        let ended = Program::run(&mut command, "", LONG);
        assert_eq!(ended.status.code(), Some(code), "{ended:?}");
        assert!(ended.stderr.contains(named) && ended.stdout.is_empty(), "{ended:?}");
        assert!(code == 2 || ended.stderr.trim_end().lines().count() == 1, "{ended:?}");
    }
}

#[test]
fn rtsps_plays_inside_of_its_connection_and_refuses_what_would_not_be_hidden() {
    let place = Place::pattern(&["--rtsp-port", "0"]);
    let address = place.server.rtsp();
    let mut connection = Incoming::new(place.connect_by(address, rustls::ALL_VERSIONS, None));
    let mut number = 0;
    let mut ask = |method: &str, path: &str, fields: &str| {
        number += 1;
        let url = format!("rtsps://{address}{path}");
        let request = format!("{method} {url} RTSP/1.0\r\nCSeq: {number}\r\n{fields}\r\n");
        connection.source.write_all(request.as_bytes()).expect("the server takes bytes");
        let head = connection.take_through(b"\r\n\r\n", 1 << 16).expect("a whole head");
        let head = String::from_utf8(head).expect("text");
        (head, connection.source.conn.is_handshaking())
    };
    let udp = "Transport: RTP/AVP;unicast;client_port=5000-5001\r\n";
    let (refused, _) = ask("SETUP", "/live", udp);
    assert!(refused.starts_with("RTSP/1.0 461 "), "{refused}");
    let either = "Transport: RTP/AVP;unicast;client_port=5000-5001,RTP/AVP/TCP;interleaved=0-1\r\n";
    let (granted, _) = ask("SETUP", "/live", either);
    assert!(granted.contains("RTP/AVP/TCP") && granted.starts_with("RTSP/1.0 200 "), "{granted}");
    let (_, session) = granted.split_once("Session: ").expect("a session");
    let session = session.split([';', '\r']).next().expect("a name").to_owned();
    let (plays, _) = ask("PLAY", "/live", &format!("Session: {session}\r\n"));
    assert!(plays.starts_with("RTSP/1.0 200 "), "{plays}");
    let mut packets = 0;
    while packets < 20 {
        let head = connection.take(4).expect("a frame");
        assert_eq!(head[0], b'$');
        let length = u16::from_be_bytes([head[2], head[3]]);
        connection.take(length.into()).expect("its payload");
        packets += usize::from(head[1] == 0);
    }
    place.server.stop();
}

#[test]
fn players_that_others_wrote_play_rtsps() {
    let place = Place::pattern(&["--rtsp-port", "0"]);
    let url = format!("rtsps://{}/live", place.server.rtsp());
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-nostdin", "-v", "error", "-i", &url, "-frames:v", "5", "-f", "null", "-"]);
    let ended = Program::run(&mut ffmpeg, "apt install ffmpeg", LONG);
    assert!(ended.status.success(), "{ended:?}");
}

#[test]
fn without_a_certificate_a_hello_gets_what_it_gets_in_clear() {
    let arguments = ["--source", "pattern", "--no-tls"];
    let server = Server::launch(Ipv4Addr::LOCALHOST.into(), 0, &arguments);
    let mut socket = TcpStream::connect(server.address()).expect("the server accepts");
    socket.set_read_timeout(Some(Duration::from_secs(60))).expect("a time-out");
    socket.write_all(b"\x16\x03\x01\x00\x05hello\r\n\r\n").expect("the server takes bytes");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
}

const NAME: &str = "127.0.0.1";
/// As many pictures come while nobody reads: more than all buffers hold.
const NEWS: u32 = 60;
