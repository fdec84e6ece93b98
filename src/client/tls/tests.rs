//! Against a server whose certificates are made here.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread::JoinHandle;
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection};

use super::*;

/// A server that says `hello` to one client by TLS.
struct Server {
    address: SocketAddr,
    fingerprint: Fingerprint,
    thread: JoinHandle<()>,
}

impl Server {
    fn start(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        change(&mut params);
        let certificate = params.self_signed(&key).unwrap().der().clone();
        let fingerprint = Fingerprint::of(&certificate);
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(crate::base::cipher::provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let (address, thread) = once(move |mut socket| {
            let mut session = ServerConnection::new(Arc::new(config)).unwrap();
            let mut stream = rustls::Stream::new(&mut session, &mut socket);
            // The client may not like the certificate.
            if stream.write_all(b"hello").and_then(|()| stream.flush()).is_ok() {
                let _ = stream.read_to_end(&mut Vec::new());
            }
        });
        Self { address, fingerprint, thread }
    }

    fn ask(self, trust: Trust) -> Result<Vec<u8>, TlsFault> {
        let outcome = ask(self.address, trust, LIMIT);
        self.thread.join().unwrap();
        outcome
    }
}

fn once(serve: impl FnOnce(TcpStream) + Send + 'static) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    (address, std::thread::spawn(move || serve(listener.accept().unwrap().0)))
}

/// What a server says first.
fn ask(address: SocketAddr, trust: Trust, limit: Duration) -> Result<Vec<u8>, TlsFault> {
    let socket = TcpStream::connect(address).unwrap();
    let deadline = Instant::now() + limit;
    let mut wire = Wire::secure(socket, "127.0.0.1", trust, deadline)?;
    let mut piece = [0; 100];
    let count = wire.receive(&mut piece, deadline).unwrap().unwrap();
    assert!(wire.heard() > count as u64, "TLS has more to say than that");
    Ok(piece[..count].to_vec())
}

#[test]
fn a_certificate_is_trusted_if_it_was_named_or_if_any_is() {
    for pick in [|server: &Server| Trust::Pinned(server.fingerprint), |_: &Server| Trust::Anything]
    {
        // Neither its name nor its time matters then.
        let expired = |params: &mut CertificateParams| params.not_after = date_time_ymd(2000, 1, 1);
        let server = Server::start("other.example", expired);
        let trust = pick(&server);
        assert_eq!(server.ask(trust), Ok(b"hello".to_vec()));
    }
    let server = Server::start("127.0.0.1", |_| {});
    let other = Fingerprint([7; 32]);
    let seen = server.fingerprint;
    assert_eq!(server.ask(Trust::Pinned(other)), Err(TlsFault::Certificate(Doubt::Other, seen)));
}

#[test]
fn one_that_signs_itself_is_not_trusted_and_its_fingerprint_is_told() {
    for is_ca in [rcgen::IsCa::NoCa, rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained)] {
        let server = Server::start("127.0.0.1", |params| params.is_ca = is_ca);
        let seen = server.fingerprint;
        let fault = server.ask(Trust::System).unwrap_err();
        let TlsFault::Certificate(doubt, told) = &fault else { panic!("{fault:?}") };
        assert!(matches!(doubt, Doubt::Issuer | Doubt::NoRoots), "{doubt:?}");
        assert_eq!(*told, seen);
        let (title, detail) = fault.words("cam", "--source-fingerprint");
        assert_eq!(title, "The certificate of cam is not trusted");
        assert!(detail.ends_with(&format!("--source-fingerprint {seen}")), "{detail}");
        assert_eq!(detail.rsplit(' ').next().unwrap().parse(), Ok(seen));
    }
}

#[test]
fn what_is_wrong_with_a_certificate_has_words() {
    let seen = Fingerprint([0xAB; 32]);
    let now = UnixTime::since_unix_epoch(Duration::from_secs(9));
    for (error, words) in [
        (CertificateError::ExpiredContext { time: now, not_after: now }, "expired"),
        (CertificateError::NotValidYet, "not valid yet"),
        (CertificateError::NotValidForName, "another name"),
        (CertificateError::UnknownIssuer, "signed it"),
        (CertificateError::Revoked, "cannot be checked"),
    ] {
        let judge = Judge {
            trust: Trust::System,
            provider: crate::base::cipher::provider(),
            seen: Mutex::new(Some(seen)),
        };
        let (_, detail) = judge.fault(error.into()).words("cam", "--x");
        assert!(detail.contains(words) && detail.contains("--x abab"), "{detail}");
    }
}

#[test]
fn what_is_no_tls_is_told_and_a_handshake_has_a_deadline() {
    let (address, thread) = once(|mut socket| {
        let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        let _ = socket.read_to_end(&mut Vec::new());
    });
    assert_eq!(ask(address, Trust::Anything, LIMIT), Err(TlsFault::Foreign));
    thread.join().unwrap();
    let (address, thread) = once(drop);
    assert_eq!(ask(address, Trust::Anything, LIMIT), Err(TlsFault::Ended));
    thread.join().unwrap();
    // One says nothing, the other trickles a record that never ends.
    for says in [&b""[..], b"\x16\x03\x03\x40\x00"] {
        let (address, thread) = once(|mut socket| {
            let mut at = says.iter().copied().chain([0].into_iter().cycle());
            let _ = socket.set_read_timeout(Some(Duration::from_millis(10)));
            loop {
                match socket.read(&mut [0; 1000]) {
                    Ok(0) => return,
                    Ok(_) => {}
                    Err(error) if is_late(&error) => {}
                    Err(_) => return,
                }
                if !says.is_empty() && socket.write_all(&[at.next().unwrap()]).is_err() {
                    return;
                }
            }
        });
        let asked = Instant::now();
        let limit = Duration::from_millis(300);
        assert_eq!(ask(address, Trust::Anything, limit), Err(TlsFault::Silent));
        assert!(asked.elapsed() < LIMIT, "{:?}", asked.elapsed());
        thread.join().unwrap();
    }
}

#[test]
fn fingerprints_are_read_as_they_are_written_elsewhere() {
    let plain = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";
    let colons: Vec<&str> = (0..32).map(|at| &plain[2 * at..2 * at + 2]).collect();
    let fingerprint: Fingerprint = plain.parse().unwrap();
    assert_eq!(colons.join(":").parse(), Ok(fingerprint));
    assert_eq!(fingerprint.to_string(), plain.to_ascii_lowercase());
    for wrong in ["", "00", &plain[1..], &format!("{plain}0"), &plain.replace('2', "g"), "\u{e9}"] {
        assert!(wrong.parse::<Fingerprint>().is_err(), "{wrong}");
    }
}

const LIMIT: Duration = Duration::from_secs(20);
