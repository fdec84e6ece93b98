//! The certificate that clients are shown: from two files, and from them again when they change, or
//! from whoever replaces it.
//!
//! Files are read at the start, and then on a thread of their own ([`Certificate::watch`]), never on a
//! lane.
//! What is spoken with it is [`super::tls`]'s.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use log::{info, warn};
use parking_lot::Mutex;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::base::cipher::{provider, tickets};
use crate::base::regular;
use crate::base::shutdown::Shutdown;
use crate::base::threads;

/// A certificate with its key, and the files that they are in, if they are in files.
pub struct Certificate {
    watched: Option<Watched>,
    shown: Arc<Shown>,
    /// The ways to speak with it, for HTTP and for RTSP.
    configs: [Arc<ServerConfig>; 2],
}

/// Why there is no certificate, as one line that names the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoCertificate {
    what: String,
}

struct Watched {
    files: Files,
    /// What was in them when they were looked at last, good or not.
    seen: Mutex<Pair>,
}

struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// What is in the two files: compared to tell whether they changed.
#[derive(PartialEq, Eq)]
struct Pair {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

/// What the next client is shown, whatever name it asks for. Held only to be copied or replaced.
#[derive(Debug)]
struct Shown(Mutex<Arc<CertifiedKey>>);

impl Certificate {
    /// Reads a chain in PEM, the server's own certificate first, and its key.
    ///
    /// # Errors
    ///
    /// [`NoCertificate`] if a file cannot be read, or the two cannot be used together.
    pub fn read(certificate: PathBuf, key: PathBuf) -> Result<Self, NoCertificate> {
        let files = Files { certificate, key };
        let pair = files.read()?;
        let key = files.understand(&pair)?;
        Self::showing(key, Some(Watched { files, seen: Mutex::new(pair) }))
    }

    /// One that is in no file: DER, and its key as PKCS #8.
    ///
    /// # Errors
    ///
    /// [`NoCertificate`] if the two cannot be used together.
    pub fn of_der(certificate: Vec<u8>, key: Vec<u8>) -> Result<Self, NoCertificate> {
        Self::showing(certified(certificate, key)?, None)
    }

    fn showing(key: CertifiedKey, watched: Option<Watched>) -> Result<Self, NoCertificate> {
        let shown = Arc::new(Shown(Mutex::new(Arc::new(key))));
        let configs =
            configs(&shown).map_err(|error| NoCertificate { what: format!("no TLS: {error}") })?;
        Ok(Self { watched, shown, configs })
    }

    /// Shows another one, DER and PKCS #8, to all who come from now on.
    ///
    /// # Errors
    ///
    /// [`NoCertificate`] if the two cannot be used together; the one before is shown then.
    pub fn replace(&self, certificate: Vec<u8>, key: Vec<u8>) -> Result<(), NoCertificate> {
        *self.shown.0.lock() = Arc::new(certified(certificate, key)?);
        Ok(())
    }

    /// Reads the files again. If they changed, the next clients are shown what is in them now; if
    /// that is of no use, what they were shown before, and the log says why, once.
    pub fn look_again(&self) {
        let Some(Watched { files, seen }) = &self.watched else { return };
        let pair = files.read();
        let (pair, found) = match pair {
            Ok(pair) if pair == *seen.lock() => return,
            Ok(pair) => {
                let found = files.understand(&pair);
                (pair, found)
            }
            Err(error) => {
                let nothing = Pair { certificate: Vec::new(), key: Vec::new() };
                if nothing == *seen.lock() {
                    return;
                }
                (nothing, Err(error))
            }
        };
        *seen.lock() = pair;
        match found {
            Ok(key) => {
                *self.shown.0.lock() = Arc::new(key);
                info!("the certificate in {} is shown now", files.certificate.display());
            }
            Err(error) => warn!("{error}; the certificate from before is kept"),
        }
    }

    /// Looks at its files again every few seconds, until shutdown. A disk that stalls keeps this
    /// thread, and nobody else. `None` if it is in no files, or there is no thread, which is in the
    /// log then.
    pub fn watch(self: &Arc<Self>, shutdown: &Shutdown) -> Option<JoinHandle<()>> {
        self.watched.as_ref()?;
        let (certificate, shutdown) = (Arc::clone(self), shutdown.clone());
        let watch = move || {
            while !shutdown.wait(BETWEEN_READS) {
                certificate.look_again();
            }
        };
        threads::start("certificate", watch).ok()
    }

    /// How to speak to those who ask for HTTP.
    pub(crate) fn for_http(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.configs[0])
    }

    /// How to speak to those who ask for RTSP.
    pub(crate) fn for_rtsp(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.configs[1])
    }
}

impl Files {
    fn read(&self) -> Result<Pair, NoCertificate> {
        Ok(Pair { certificate: read(&self.certificate)?, key: read(&self.key)? })
    }

    /// The certificate and its key, if they are that.
    fn understand(&self, pair: &Pair) -> Result<CertifiedKey, NoCertificate> {
        let no = |what: String| NoCertificate { what };
        let (chain_at, key_at) = (self.certificate.display(), self.key.display());
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pair.certificate).collect();
        let chain = chain.map_err(|error| no(format!("{chain_at} is no PEM file: {error}")))?;
        if chain.is_empty() {
            let what = "holds no certificate: --tls-cert takes a PEM file, the server's own first";
            return Err(no(format!("{chain_at} {what}")));
        }
        let key = PrivateKeyDer::from_pem_slice(&pair.key).map_err(|_| {
            no(format!(
                "{key_at} holds no private key: --tls-key takes a PEM file without password"
            ))
        })?;
        CertifiedKey::from_der(chain, key, &provider()).map_err(|error| {
            no(match error {
                rustls::Error::InconsistentKeys(_) => {
                    format!("the key in {key_at} does not fit the certificate in {chain_at}")
                }
                rustls::Error::InvalidCertificate(error) => {
                    format!("the first certificate in {chain_at} cannot be used: {error}")
                }
                error => format!("the key in {key_at} cannot be used: {error}"),
            })
        })
    }
}

fn certified(certificate: Vec<u8>, key: Vec<u8>) -> Result<CertifiedKey, NoCertificate> {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key));
    CertifiedKey::from_der(vec![certificate.into()], key, &provider())
        .map_err(|error| NoCertificate { what: format!("no TLS: {error}") })
}

fn read(file: &Path) -> Result<Vec<u8>, NoCertificate> {
    regular::read(file, MAX_BYTES)
        .map_err(|error| NoCertificate { what: format!("cannot read {}: {error}", file.display()) })
}

/// TLS 1.2 and 1.3; who comes again is known by a ticket, also after the files changed.
fn configs(shown: &Arc<Shown>) -> Result<[Arc<ServerConfig>; 2], rustls::Error> {
    let mut http = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::clone(shown) as Arc<dyn ResolvesServerCert>);
    http.ticketer = tickets()?;
    let rtsp = http.clone();
    http.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok([Arc::new(http), Arc::new(rtsp)])
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.lock()))
    }
}

impl fmt::Display for NoCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for NoCertificate {}

/// A certificate lasts for months, and a new one is waited for by whoever put it there.
const BETWEEN_READS: Duration = Duration::from_secs(3);
/// A chain has some kilobytes.
const MAX_BYTES: u64 = 1024 * 1024;

#[cfg(test)]
mod tests;
