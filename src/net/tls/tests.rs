//! Both sides of TLS in memory, over a way that takes as much as it has room for.

use std::collections::VecDeque;

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};

use super::*;
use crate::base::cipher::provider;

/// The server's end of a way.
struct Way {
    room: usize,
    to_client: VecDeque<u8>,
    from_client: VecDeque<u8>,
    cut: bool,
    writes: usize,
    /// How many of them said that more follows.
    followed: usize,
}

impl Way {
    fn new() -> Self {
        let (to_client, from_client) = (VecDeque::new(), VecDeque::new());
        Self { room: usize::MAX, to_client, from_client, cut: false, writes: 0, followed: 0 }
    }
}

impl Read for Way {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if self.from_client.is_empty() && !self.cut {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.from_client.read(buffer)
    }
}

impl Write for Way {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let count = bytes.len().min(self.room);
        if count == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.room -= count;
        self.to_client.extend(&bytes[..count]);
        Ok(count)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> Result<usize> {
        self.writes += 1;
        let whole: Vec<u8> = slices.iter().flat_map(|slice| slice.to_vec()).collect();
        self.write(&whole)
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

impl Channel for Way {
    fn write_followed(&mut self, slices: &[IoSlice<'_>]) -> Result<usize> {
        self.followed += 1;
        self.write_vectored(slices)
    }
}

fn sides() -> (Session, ClientConnection) {
    let made = rcgen::generate_simple_self_signed(vec!["cam.lan".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = provider();
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("cam.lan").unwrap();
    let client = ClientConnection::new(Arc::new(client), name).unwrap();
    (Session::new(Arc::new(server)).unwrap(), client)
}

/// What the client reads of what came.
fn hear(client: &mut ClientConnection, way: &mut Way) -> Vec<u8> {
    let mut heard = Vec::new();
    while !way.to_client.is_empty() {
        client.read_tls(&mut way.to_client).unwrap();
        client.process_new_packets().unwrap();
        // It is at its end or not.
        let _ = client.reader().read_to_end(&mut heard);
    }
    heard
}

fn say(client: &mut ClientConnection, way: &mut Way) {
    while client.wants_write() {
        client.write_tls(&mut way.from_client).unwrap();
    }
}

/// Two sides that have agreed.
fn agreed() -> (Session, ClientConnection, Way) {
    let ((mut server, mut client), mut way) = (sides(), Way::new());
    while client.is_handshaking() || server.is_agreeing() {
        say(&mut client, &mut way);
        let nothing = server.read(&mut way, &mut [0; 10]).unwrap_err();
        assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
        hear(&mut client, &mut way);
    }
    (server, client, way)
}

fn write(server: &mut Session, way: &mut Way, bytes: &[u8]) -> Result<usize> {
    server.write(way, &[IoSlice::new(&bytes[..1]), IoSlice::new(&bytes[1..])])
}

#[test]
fn what_is_written_in_pieces_is_read_whole() {
    let (mut server, mut client, mut way) = agreed();
    let picture: Vec<u8> = (0..200_000_u32).map(|at| ((at * 7) >> 3) as u8).collect();
    let before = way.writes;
    assert_eq!(write(&mut server, &mut way, &picture).unwrap(), picture.len());
    assert!(!server.owes());
    assert_eq!(way.writes - before, picture.len().div_ceil(AHEAD_BYTES), "two records at once");
    assert_eq!(
        way.followed,
        way.writes - before - 1,
        "the system waits for nothing after the last"
    );
    assert_eq!(hear(&mut client, &mut way), picture);
}

#[test]
fn no_more_is_encrypted_ahead_than_two_records() {
    let (mut server, mut client, mut way) = agreed();
    let picture = vec![7; 200_000];
    for (room, least) in [(0, 0), (1000, 0), (40_000, 32_000), (100_000, 97_000)] {
        way.room = room;
        let taken = match write(&mut server, &mut way, &picture) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            taken => taken.unwrap(),
        };
        assert!((least..=room + AHEAD_BYTES).contains(&taken), "{taken} of {room}");
        assert!(server.owes() || taken == 0, "there was more than room");
        if server.owes() {
            let kind = server.push(&mut way).unwrap_err().kind();
            assert_eq!(kind, ErrorKind::WouldBlock);
            let more = write(&mut server, &mut way, &picture).unwrap_err().kind();
            assert_eq!(more, ErrorKind::WouldBlock, "nothing is taken on top of it");
        }
        way.room = usize::MAX;
        server.push(&mut way).unwrap();
        assert_eq!(hear(&mut client, &mut way).len(), taken);
    }
}

#[test]
fn every_byte_comes_in_order_however_little_the_way_takes() {
    let picture: Vec<u8> = (0..100_000_u32).map(|at| ((at * 7) >> 3) as u8).collect();
    let records = 2 * (16 * 1024 + 22);
    for (room, length) in [(1, 40_000), (1000, 100_000), (records - 1, 100_000), (records, 100_000)]
    {
        let picture = &picture[..length];
        let (mut server, mut client, mut way) = agreed();
        let (mut taken, mut heard, mut out) = (0, Vec::new(), 0);
        // Each turn there is a little room, and then none.
        while heard.len() < picture.len() {
            way.room = room;
            let outcome = match taken < picture.len() {
                true => write(&mut server, &mut way, &picture[taken..]).map(|count| taken += count),
                false => server.push(&mut way),
            };
            assert!(outcome.is_ok() || way.room == 0, "there was room of {room}");
            out += way.to_client.len();
            heard.extend(hear(&mut client, &mut way));
            assert_eq!(server.owes(), heard.len() < taken, "at {taken}, {room} at once");
            assert!(taken <= out + AHEAD_BYTES, "{taken} are taken and {out} are out");
        }
        assert!(heard == picture && taken == picture.len(), "{room} at once");
    }
}

#[test]
fn a_goodbye_and_a_cut_are_both_an_end() {
    for goodbye in [true, false] {
        let (mut server, mut client, mut way) = agreed();
        client.writer().write_all(b"last words").unwrap();
        if goodbye {
            client.send_close_notify();
        }
        say(&mut client, &mut way);
        way.cut = !goodbye;
        let mut buffer = [0; 4];
        let mut heard = Vec::new();
        loop {
            match server.read(&mut way, &mut buffer).unwrap() {
                0 => break,
                count => heard.extend_from_slice(&buffer[..count]),
            }
        }
        assert_eq!(heard, b"last words");
        write(&mut server, &mut way, b"an answer").unwrap();
        server.say_goodbye();
        server.push(&mut way).unwrap();
        assert_eq!(hear(&mut client, &mut way), b"an answer");
        assert!(client.process_new_packets().unwrap().peer_has_closed());
    }
}

#[test]
fn a_hello_that_is_cut_is_an_end_and_a_broken_one_an_error() {
    let (_, mut client) = sides();
    let mut hello = Vec::new();
    client.write_tls(&mut hello).unwrap();
    for cut in 0..hello.len() {
        let ((mut server, _), mut way) = (sides(), Way::new());
        way.from_client.extend(&hello[..cut]);
        let waits = server.read(&mut way, &mut [0; 10]).unwrap_err().kind();
        assert_eq!(waits, ErrorKind::WouldBlock, "cut at {cut}");
        way.cut = true;
        assert_eq!(server.read(&mut way, &mut [0; 10]).unwrap(), 0, "cut at {cut}");
    }
    for at in [1, 2, 5, 9] {
        let ((mut server, _), mut way) = (sides(), Way::new());
        way.from_client.extend(&hello);
        way.from_client[at] ^= 0x80;
        way.cut = true;
        match server.read(&mut way, &mut [0; 10]) {
            Ok(count) => assert_eq!(count, 0, "broken at {at}"),
            Err(error) => assert_eq!(error.kind(), ErrorKind::InvalidData, "broken at {at}"),
        }
    }
}
