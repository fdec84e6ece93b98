use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};

use super::*;

/// A server that has no certificate to show: enough to tell what is spoken.
fn config() -> Arc<ServerConfig> {
    #[derive(Debug)]
    struct Nobody;
    impl rustls::server::ResolvesServerCert for Nobody {
        fn resolve(
            &self,
            _: rustls::server::ClientHello<'_>,
        ) -> Option<Arc<rustls::sign::CertifiedKey>> {
            None
        }
    }
    let config = ServerConfig::builder_with_provider(crate::base::cipher::provider())
        .with_safe_default_protocol_versions()
        .unwrap();
    Arc::new(config.with_no_client_auth().with_cert_resolver(Arc::new(Nobody)))
}

fn wire(first: &[u8], tls: Option<Arc<ServerConfig>>) -> Wire {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let mut client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (socket, _) = listener.accept().unwrap();
    client.write_all(first).unwrap();
    drop(client);
    // What was sent before is there once it can be seen.
    socket.peek(&mut [0]).unwrap();
    socket.set_nonblocking(true).unwrap();
    Wire::new(TcpStream::from_std(socket), tls)
}

#[test]
fn the_first_byte_tells_what_is_spoken_and_is_read_again() {
    let mut buffer = [0; 10];
    let mut clear = wire(b"GET", Some(config()));
    assert_eq!(clear.read(&mut buffer).unwrap(), 3);
    assert!(!clear.is_secure() && &buffer[..3] == b"GET");
    let mut nothing = wire(b"", Some(config()));
    assert_eq!(nothing.read(&mut buffer).unwrap(), 0);
    let mut secure = wire(&[TLS_HANDSHAKE], Some(config()));
    let later = secure.read(&mut buffer).unwrap_err().kind();
    assert_eq!(later, ErrorKind::WouldBlock, "a handshake waits for the lane's time");
    assert!(secure.is_secure() && secure.is_agreeing());
    assert_eq!(secure.read(&mut buffer).unwrap(), 0, "cut is an end");
    let mut as_ever = wire(&[TLS_HANDSHAKE], None);
    assert_eq!(as_ever.read(&mut buffer).unwrap(), 1);
    assert!(!as_ever.is_secure());
}
