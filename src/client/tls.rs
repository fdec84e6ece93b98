//! Whom to believe that it is the server: TLS by `rustls`, with the system's roots, or with a
//! certificate that the user named.
//!
//! On the thread that connects. What a wrong certificate is called here stands on the card.

use std::io::{self, ErrorKind};
use std::net::TcpStream;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use parking_lot::Mutex;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error, RootCertStore,
    SignatureScheme,
};
use sha2::{Digest, Sha256};

use super::wire::{Wire, is_late};
use crate::base::cipher;

/// Which certificates are accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// Those that this system trusts, for the name that was asked.
    #[default]
    System,
    /// This one.
    Pinned(Fingerprint),
    /// Any: whoever sits between can read along.
    Anything,
}

/// The SHA-256 of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    fn of(certificate: &CertificateDer<'_>) -> Self {
        Self(Sha256::digest(certificate.as_ref()).into())
    }
}

impl FromStr for Fingerprint {
    type Err = String;

    /// Reads 64 hexadecimal digits, with or without colons.
    fn from_str(text: &str) -> Result<Self, String> {
        let digits: Vec<u32> =
            text.chars().filter(|&c| c != ':').map_while(|c| c.to_digit(16)).collect();
        let whole = text.chars().filter(|&c| c != ':').count() == digits.len();
        let bytes: Vec<u8> =
            digits.chunks_exact(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect();
        match <[u8; 32]>::try_from(bytes) {
            Ok(bytes) if whole && digits.len() == 64 => Ok(Self(bytes)),
            _ => Err("takes the SHA-256 of a certificate: 64 hexadecimal digits".into()),
        }
    }
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Why there is no TLS with a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TlsFault {
    /// Its certificate is not believed.
    Certificate(Doubt, Fingerprint),
    /// It does not go on with the handshake.
    Silent,
    /// It hung up in the handshake.
    Ended,
    /// What came is no TLS.
    Foreign,
    /// It knows neither TLS 1.2 nor 1.3, or none of the ciphers.
    Old,
    /// Anything else.
    Other(String),
}

/// What is wrong with a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Doubt {
    Issuer,
    /// This system has no roots at all.
    NoRoots,
    Expired,
    NotYet,
    Name,
    /// It is not the one that was named.
    Other,
    /// It breaks a rule.
    Broken(String),
}

impl TlsFault {
    /// A sentence without its full stop, and one or two more with it, for who watches `host`;
    /// `option` takes a fingerprint.
    pub(crate) fn words(&self, host: &str, option: &str) -> (String, String) {
        let no_tls = format!("No TLS with {host}");
        match self {
            Self::Certificate(doubt, fingerprint) => (
                format!("The certificate of {host} is not trusted"),
                doubt.words(*fingerprint, option),
            ),
            Self::Silent => (no_tls, "It does not go on with the handshake.".into()),
            Self::Ended => (no_tls, "It hung up in the handshake.".into()),
            Self::Foreign => (no_tls, "What it sends is no TLS: look at scheme and port.".into()),
            Self::Old => {
                (no_tls, "It knows neither TLS 1.2 nor TLS 1.3 as it is spoken here.".into())
            }
            Self::Other(error) => (no_tls, format!("Not understood: {error}.")),
        }
    }
}

impl Doubt {
    fn words(&self, fingerprint: Fingerprint, option: &str) -> String {
        let why = match self {
            Self::Issuer => "Nobody whom this system trusts has signed it".into(),
            Self::NoRoots => "This system trusts nobody: it has no root certificates".into(),
            Self::Expired => "It has expired, or this machine's clock is wrong".into(),
            Self::NotYet => "It is not valid yet: is this machine's clock right".into(),
            Self::Name => "It is for another name".into(),
            Self::Other => "It is another than the one that was named".into(),
            Self::Broken(rule) => format!("It cannot be checked ({rule})"),
        };
        format!("{why}. If it is the right one all the same: {option} {fingerprint}")
    }
}

impl Wire<TcpStream> {
    /// Speaks TLS on `socket`, once both sides have agreed.
    ///
    /// # Errors
    ///
    /// [`TlsFault`]; `deadline` is for all of it.
    pub(crate) fn secure(
        mut socket: TcpStream,
        host: &str,
        trust: Trust,
        deadline: Instant,
    ) -> Result<Self, TlsFault> {
        let other = |error: Error| TlsFault::Other(error.to_string());
        let provider = cipher::provider();
        let judge =
            Arc::new(Judge { trust, provider: Arc::clone(&provider), seen: Mutex::default() });
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(other)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&judge) as Arc<dyn ServerCertVerifier>)
            .with_no_client_auth();
        let name = ServerName::try_from(host.to_owned());
        let name = name.map_err(|_| TlsFault::Other("no certificate has such a name".into()))?;
        let mut session = ClientConnection::new(Arc::new(config), name).map_err(other)?;
        agree(&mut session, &mut socket, &judge, deadline)?;
        Ok(Self::secured(socket, session))
    }
}

/// The handshake.
fn agree(
    session: &mut ClientConnection,
    socket: &mut TcpStream,
    judge: &Judge,
    deadline: Instant,
) -> Result<(), TlsFault> {
    loop {
        while session.wants_write() {
            session.write_tls(socket).map_err(broken)?;
        }
        if !session.is_handshaking() {
            return Ok(());
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(TlsFault::Silent);
        }
        socket.set_read_timeout(Some(left)).map_err(broken)?;
        if session.read_tls(socket).map_err(broken)? == 0 {
            return Err(TlsFault::Ended);
        }
        if let Err(error) = session.process_new_packets() {
            // It is told why; whether it hears that is its own matter.
            let _ = session.write_tls(socket);
            return Err(judge.fault(error));
        }
    }
}

fn broken(error: io::Error) -> TlsFault {
    match error.kind() {
        _ if is_late(&error) => TlsFault::Silent,
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => TlsFault::Ended,
        _ => TlsFault::Other(error.to_string()),
    }
}

/// Judges the certificate of one handshake.
#[derive(Debug)]
struct Judge {
    trust: Trust,
    provider: Arc<CryptoProvider>,
    /// The certificate that was shown.
    seen: Mutex<Option<Fingerprint>>,
}

impl Judge {
    fn fault(&self, error: Error) -> TlsFault {
        let doubt = match error {
            Error::InvalidCertificate(error) => doubt(error),
            Error::NoCertificatesPresented => {
                return TlsFault::Other("it shows no certificate".into());
            }
            Error::InvalidMessage(_) => return TlsFault::Foreign,
            Error::PeerIncompatible(_) => return TlsFault::Old,
            Error::AlertReceived(alert) => {
                use rustls::AlertDescription::{HandshakeFailure, ProtocolVersion};
                return match alert {
                    HandshakeFailure | ProtocolVersion => TlsFault::Old,
                    other => TlsFault::Other(format!("it ends the handshake with {other:?}")),
                };
            }
            // Without roots nothing else can be found out.
            Error::General(_) if matches!(self.trust, Trust::System) => Doubt::NoRoots,
            other => return TlsFault::Other(other.to_string()),
        };
        match *self.seen.lock() {
            Some(fingerprint) => TlsFault::Certificate(doubt, fingerprint),
            None => TlsFault::Other("its certificate cannot be read".into()),
        }
    }
}

fn doubt(error: CertificateError) -> Doubt {
    use CertificateError as E;
    match error {
        E::Expired | E::ExpiredContext { .. } => Doubt::Expired,
        E::NotValidYet | E::NotValidYetContext { .. } => Doubt::NotYet,
        E::NotValidForName | E::NotValidForNameContext { .. } => Doubt::Name,
        // The latter is of an issuer by the same name.
        E::UnknownIssuer | E::BadSignature => Doubt::Issuer,
        E::ApplicationVerificationFailure => Doubt::Other,
        // One that signs itself is often made as an authority's, and then none of a server.
        E::Other(error) if error.to_string().contains("CaUsedAsEndEntity") => Doubt::Issuer,
        other => Doubt::Broken(other.to_string()),
    }
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let fingerprint = Fingerprint::of(certificate);
        *self.seen.lock() = Some(fingerprint);
        match self.trust {
            Trust::Anything => Ok(ServerCertVerified::assertion()),
            Trust::Pinned(pinned) if pinned == fingerprint => Ok(ServerCertVerified::assertion()),
            Trust::Pinned(_) => Err(CertificateError::ApplicationVerificationFailure.into()),
            Trust::System => match system() {
                Some(system) => {
                    system.verify_server_cert(certificate, intermediates, name, ocsp, now)
                }
                None => Err(Error::General("no roots".into())),
            },
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        // Old cameras have certificates that no verifier reads; who takes any needs no proof.
        if self.trust == Trust::Anything {
            return Ok(HandshakeSignatureValid::assertion());
        }
        let known = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if self.trust == Trust::Anything {
            return Ok(HandshakeSignatureValid::assertion());
        }
        let known = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// What this system trusts, read once; `None` if that is nobody.
fn system() -> Option<Arc<WebPkiServerVerifier>> {
    static SYSTEM: OnceLock<Option<Arc<WebPkiServerVerifier>>> = OnceLock::new();
    SYSTEM
        .get_or_init(|| {
            let found = rustls_native_certs::load_native_certs();
            for error in &found.errors {
                log::warn!("root certificates: {error}");
            }
            let mut roots = RootCertStore::empty();
            let (_, unread) = roots.add_parsable_certificates(found.certs);
            if unread > 0 {
                log::debug!("{unread} root certificates cannot be read");
            }
            let provider = cipher::provider();
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().ok()
        })
        .clone()
}

#[cfg(test)]
mod tests;
