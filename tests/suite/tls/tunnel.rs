//! TLS in front of a server that has none, and certificates for it.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rcgen::{BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection};
use sha2::{Digest, Sha256};

/// An authority that signs certificates.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own, as a file has it.
    pub(crate) pem: String,
}

/// A certificate and its key.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) certificate: CertificateDer<'static>,
    key: Vec<u8>,
    /// Both as files have them.
    pub(crate) certificate_pem: String,
    pub(crate) key_pem: String,
}

/// Takes TLS, and passes what is in it on to a server. Its threads end with the test.
pub(crate) struct Tunnel {
    pub(crate) address: SocketAddr,
    /// Of its certificate, as `openssl x509 -fingerprint -sha256` has it.
    pub(crate) fingerprint: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        // By the same name as what it signs, that would look as if it had signed itself.
        params.distinguished_name.push(DnType::CommonName, "the tests' authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// A certificate for a name, changed before it is signed.
    pub(crate) fn sign(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let (mut params, key) = (params(name), KeyPair::generate().expect("a key"));
        change(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Identity::new(&certificate, &key)
    }
}

impl Identity {
    /// One that signs itself, as cameras have it.
    pub(crate) fn of_itself(name: &str) -> Self {
        let key = KeyPair::generate().expect("a key");
        let certificate = params(name).self_signed(&key).expect("a certificate");
        Self::new(&certificate, &key)
    }

    fn new(certificate: &Certificate, key: &KeyPair) -> Self {
        Self {
            certificate: certificate.der().clone(),
            key: key.serialize_der(),
            certificate_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
        }
    }
}

fn params(name: &str) -> CertificateParams {
    CertificateParams::new(vec![name.to_owned()]).expect("a name")
}

impl Tunnel {
    pub(crate) fn start(identity: Identity, to: SocketAddr) -> Self {
        let digest = Sha256::digest(&identity.certificate);
        let pairs: Vec<_> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(identity.key));
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("TLS has versions")
            .with_no_client_auth()
            .with_single_cert(vec![identity.certificate], key)
            .expect("the key is the certificate's");
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound");
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let config = Arc::clone(&config);
                // The client may not like the certificate, the server may be gone.
                thread::spawn(move || drop(pass(client, config, to)));
            }
        });
        Self { address, fingerprint: pairs.join(":") }
    }
}

/// Passes bytes on both ways until one side closes.
fn pass(client: TcpStream, config: Arc<ServerConfig>, to: SocketAddr) -> std::io::Result<()> {
    let mut session = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let (mut reading, mut writing) = (client.try_clone()?, client.try_clone()?);
    while session.is_handshaking() {
        session.complete_io(&mut reading)?;
    }
    let session = Arc::new(Mutex::new(session));
    let server = TcpStream::connect(to)?;
    let (shared, mut from_server) = (Arc::clone(&session), server.try_clone()?);
    let back = thread::spawn(move || -> std::io::Result<()> {
        let mut piece = [0; 16 << 10];
        loop {
            let count = from_server.read(&mut piece)?;
            let mut session = shared.lock().unwrap_or_else(PoisonError::into_inner);
            if count == 0 {
                session.send_close_notify();
            }
            session.writer().write_all(&piece[..count])?;
            while session.wants_write() {
                session.write_tls(&mut writing)?;
            }
            if count == 0 {
                return writing.shutdown(Shutdown::Write);
            }
        }
    });
    let forth = forward(&mut reading, &session, &server);
    // Whatever ends one way ends the other.
    let _ = (server.shutdown(Shutdown::Both), back.join());
    let _ = client.shutdown(Shutdown::Both);
    forth
}

fn forward(
    reading: &mut TcpStream,
    session: &Mutex<ServerConnection>,
    mut server: &TcpStream,
) -> std::io::Result<()> {
    let mut piece = [0; 16 << 10];
    loop {
        let mut plain = Vec::new();
        {
            let mut session = session.lock().unwrap_or_else(PoisonError::into_inner);
            let state = session.process_new_packets().map_err(std::io::Error::other)?;
            plain.resize(state.plaintext_bytes_to_read(), 0);
            session.reader().read_exact(&mut plain)?;
        }
        server.write_all(&plain)?;
        let count = reading.read(&mut piece)?;
        if count == 0 {
            return Ok(());
        }
        let mut rest = &piece[..count];
        let mut session = session.lock().unwrap_or_else(PoisonError::into_inner);
        while !rest.is_empty() {
            session.read_tls(&mut rest)?;
            session.process_new_packets().map_err(std::io::Error::other)?;
        }
    }
}
