//! How other servers are asked over HTTP: by TLS with whom this system trusts, followed nowhere.

use std::sync::{Arc, OnceLock};

use ureq::tls::{Certificate, RootCerts, TlsConfig};

use super::cipher;

/// What asks; `idle` connections are kept open between requests.
pub fn agent(idle: usize) -> ureq::Agent {
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::Specific(roots()))
        .unversioned_rustls_crypto_provider(cipher::provider())
        .build();
    let config = ureq::Agent::config_builder()
        .tls_config(tls)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .max_response_header_size(MOST_HEAD_BYTES)
        .max_idle_connections(idle)
        // A proxy of the environment is the system's word, as its roots are.
        .user_agent(concat!("livestream/", env!("CARGO_PKG_VERSION")))
        .build();
    config.new_agent()
}

/// Whom this system trusts, read once.
fn roots() -> Arc<Vec<Certificate<'static>>> {
    static ROOTS: OnceLock<Arc<Vec<Certificate<'static>>>> = OnceLock::new();
    let read = || {
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            log::warn!("root certificates: {error}");
        }
        let owned = |certificate: &[u8]| Certificate::from_der(certificate).to_owned();
        Arc::new(found.certs.iter().map(|certificate| owned(certificate.as_ref())).collect())
    };
    Arc::clone(ROOTS.get_or_init(read))
}

const MOST_HEAD_BYTES: usize = 16 * 1024;
