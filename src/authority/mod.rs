//! An authority of this machine's own, and the certificate that it signs for TLS.
//!
//! ```text
//! authority: ten years, kept, trusted by a device once ──signs──► leaf: 90 days, made anew by itself
//! ```
//!
//! Whoever has the authority's key could sign for any name that devices believe it: so it is
//! constrained to addresses and names that only a private network has ([`scope`]), and a leaf
//! carries no other. When a leaf is due is [`keeper`]'s rule. Nothing here talks to anybody.

mod keeper;
mod names;
mod scope;

use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SanType, SerialNumber,
};
use rustls::RootCertStore;
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::ParsedCertificate;
use sha2::{Digest, Sha256};

use crate::base::cipher;
use crate::store::authority::{KeptAuthority, KeptLeaf};

pub use keeper::{Keeper, Renewed};
pub use names::Names;
use scope::Scope;

/// Why there is no authority or no certificate by it.
#[derive(Debug)]
pub struct NoAuthority(String);

/// An authority, with its key.
pub struct Authority {
    name: String,
    scope: Scope,
    /// DER.
    certificate: Vec<u8>,
    key: KeyPair,
    /// Its end.
    until: SystemTime,
}

/// A certificate that it signed, for this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// DER.
    pub certificate: Vec<u8>,
    /// PKCS #8.
    pub key: Vec<u8>,
    /// What it is for.
    pub names: Names,
    /// From when on it holds.
    from: SystemTime,
}

impl Authority {
    /// A new one, for a machine of this host name, which it may sign for ever after.
    ///
    /// # Errors
    ///
    /// [`NoAuthority`] if the system gives no random bytes.
    pub fn new(host: &str, now: SystemTime) -> Result<Self, NoAuthority> {
        let key = KeyPair::generate()?;
        let digest = Sha256::digest(key.public_key_raw());
        let shown: String = host.chars().take(MAX_SHOWN_CHARS).collect();
        let shown = if shown.is_empty() { "this machine" } else { &shown };
        // Two machines of one name are told apart by whom a device trusts.
        let name = format!("livestream on {shown} ({:02x}{:02x})", digest[0], digest[1]);
        let scope = Scope::of_host(host);
        let mut params = params(&name);
        // A clock that is ahead shall not make one that does not hold yet.
        let until = not_before_build(now) + A_DAY * AUTHORITY_DAYS;
        (params.not_before, params.not_after) = ((built() - A_DAY).into(), until.into());
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.name_constraints = Some(scope.constraints());
        params.serial_number = Some(serial()?);
        let certificate = params.self_signed(&key)?.der().to_vec();
        Ok(Self { name, scope, certificate, key, until })
    }

    /// One that was kept.
    ///
    /// # Errors
    ///
    /// [`NoAuthority`] if its key is none, or another one's.
    pub fn of_kept(kept: KeptAuthority) -> Result<Self, NoAuthority> {
        let KeptAuthority { name, host, certificate, key, until } = kept;
        let key = KeyPair::try_from(key)?;
        let own = Self { name, scope: Scope::of_host(&host), certificate, key, until };
        if own.left(SystemTime::UNIX_EPOCH).is_zero() {
            return Ok(own);
        }
        // Of another one's certificate nothing that it signs would be believed.
        own.sign(Names::new(["localhost".to_owned()], []), until - A_DAY)
            .and_then(|leaf| own.check(&leaf))
            .map(|()| own)
    }

    /// What is to be kept of it.
    pub fn kept(&self) -> KeptAuthority {
        KeptAuthority {
            name: self.name.clone(),
            host: self.scope.host().to_owned(),
            certificate: self.certificate.clone(),
            key: self.key.serialize_der(),
            until: self.until,
        }
    }

    /// How long it holds from now on; zero once it ended.
    pub fn left(&self, now: SystemTime) -> Duration {
        self.until.duration_since(not_before_build(now)).unwrap_or_default()
    }

    /// What devices call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its certificate, as DER.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// What it may sign of these, and what not.
    fn part(&self, wanted: &Names) -> (Names, Vec<String>) {
        wanted.part(&self.scope)
    }

    /// Signs a certificate for names and addresses within its scope: for 90 days, from a day ago,
    /// as clients' clocks differ.
    fn sign(&self, names: Names, now: SystemTime) -> Result<Leaf, NoAuthority> {
        let key = KeyPair::generate()?;
        let from = not_before_build(now) - A_DAY;
        let mut params = params("livestream");
        let until = (from + A_DAY * LEAF_DAYS).min(self.until);
        (params.not_before, params.not_after) = (from.into(), until.into());
        params.is_ca = IsCa::ExplicitNoCa;
        params.subject_alt_names = subjects(&names)?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        params.serial_number = Some(serial()?);
        // Of the authority's own parameters only its name and its key are asked.
        let issuer = Issuer::new(self::params(&self.name), &self.key);
        let certificate = params.signed_by(&key, &issuer)?.der().to_vec();
        Ok(Leaf { certificate, key: key.serialize_der(), names, from })
    }

    /// Checks that a certificate is by this authority, as clients do.
    ///
    /// # Errors
    ///
    /// [`NoAuthority`] if it is by another one.
    fn check(&self, leaf: &Leaf) -> Result<(), NoAuthority> {
        let told = |error: rustls::Error| NoAuthority(error.to_string());
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(self.certificate.clone())).map_err(told)?;
        let certificate = CertificateDer::from(leaf.certificate.clone());
        let parsed = ParsedCertificate::try_from(&certificate).map_err(told)?;
        let at = leaf.from + A_DAY / 2;
        let at = at.max(built()).duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        verify_server_cert_signed_by_trust_anchor(
            &parsed,
            &roots,
            &[],
            UnixTime::since_unix_epoch(at),
            cipher::provider().signature_verification_algorithms.all,
        )
        .map_err(told)
    }
}

impl Leaf {
    /// One that was kept; `None` if what is said of it cannot be read.
    pub fn of_kept(kept: KeptLeaf) -> Option<Self> {
        let KeptLeaf { certificate, key, names, from } = kept;
        Some(Self { certificate, key, names: Names::parse(&names)?, from })
    }

    /// What is to be kept of it.
    pub fn kept(&self) -> KeptLeaf {
        KeptLeaf {
            certificate: self.certificate.clone(),
            key: self.key.clone(),
            names: self.names.to_string(),
            from: self.from,
        }
    }

    /// Whether another one is needed: this one does not hold, not for long, or not for all that is
    /// wanted.
    fn is_due(&self, wanted: &Names, now: SystemTime) -> bool {
        let now = not_before_build(now);
        let renewal = self.from + A_DAY * (LEAF_DAYS - RENEWED_BEFORE_DAYS);
        now < self.from || now >= renewal || !self.names.hold(wanted)
    }
}

/// The time, or when this program was built if a clock that was never set says less.
fn not_before_build(now: SystemTime) -> SystemTime {
    now.max(built())
}

fn built() -> SystemTime {
    let seconds = env!("BUILT_AT").parse().unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn subjects(names: &Names) -> Result<Vec<SanType>, NoAuthority> {
    let dns = names.names().iter().map(|name| Ok(SanType::DnsName(Ia5String::try_from(&**name)?)));
    let addresses = names.addresses().iter().map(|at: &IpAddr| Ok(SanType::IpAddress(*at)));
    dns.chain(addresses).collect()
}

/// 16 random bytes, of a positive number (RFC 5280 §4.1.2.2).
fn serial() -> Result<SerialNumber, NoAuthority> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| NoAuthority(error.to_string()))?;
    bytes[0] = bytes[0] & 0x7f | 1;
    Ok(SerialNumber::from_slice(&bytes))
}

impl From<rcgen::Error> for NoAuthority {
    fn from(error: rcgen::Error) -> Self {
        Self(error.to_string())
    }
}

impl fmt::Display for NoAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no certificate of this machine's own: {}", self.0)
    }
}

impl std::error::Error for NoAuthority {}

const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// A common name has 64 at most (RFC 5280 appendix A.1).
const MAX_SHOWN_CHARS: usize = 40;
const AUTHORITY_DAYS: u32 = 3652;
const LEAF_DAYS: u32 = 90;
const RENEWED_BEFORE_DAYS: u32 = 30;

#[cfg(test)]
mod tests;
