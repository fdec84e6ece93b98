//! The authority of this machine's own, as devices are asked to trust it.

use log::info;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use crate::proto::base64::base64;
use crate::proto::http::Host;

/// Whose certificates this server shows.
pub struct Issuer {
    /// What devices call it.
    pub(super) name: String,
    /// Its certificate, DER.
    certificate: Vec<u8>,
    /// Names and addresses that it signed for. Held only to be copied or replaced.
    covers: Mutex<Vec<String>>,
}

impl Issuer {
    /// By a name, with a certificate in DER; it signed nothing yet.
    pub fn new(name: String, certificate: Vec<u8>) -> Self {
        Self { name, certificate, covers: Mutex::default() }
    }

    /// From now on these names and addresses are in the certificate that it signed.
    pub fn covers(&self, names: Vec<String>) {
        *self.covers.lock() = names;
    }

    /// Whether the certificate is for this host.
    pub(super) fn is_for(&self, host: &Host) -> bool {
        let host = match host {
            Host::Address(address) => address.to_canonical().to_string(),
            Host::Name(name) => name.trim_end_matches('.').to_ascii_lowercase(),
            Host::Other => return false,
        };
        self.covers.lock().contains(&host)
    }

    /// A host that others reach and that the certificate is for: the name that is announced, or an
    /// address.
    pub(super) fn other_host(&self) -> Option<String> {
        let names = self.covers.lock();
        let announced = names.iter().find(|name| name.starts_with("livestream-"));
        let address = || {
            let far = |name: &&String| {
                name.parse::<std::net::IpAddr>().is_ok_and(|at| !at.is_loopback() && at.is_ipv4())
            };
            names.iter().find(far)
        };
        announced.or_else(address).cloned()
    }

    /// Says by which digits it is known: what comes in clear can be exchanged on its way.
    pub fn tell(&self) {
        info!("TLS is by {}, SHA-256 {}; /trust says how devices trust it", self.name, self.mark());
    }

    /// The SHA-256 of its certificate, as programs show it: pairs of digits with colons between.
    pub(super) fn mark(&self) -> String {
        let digest = Sha256::digest(&self.certificate);
        digest.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
    }

    /// The certificate as a PEM file (RFC 7468).
    pub(super) fn pem(&self) -> String {
        let lines = in_lines(&base64(&self.certificate));
        format!("-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n")
    }

    /// A profile that Apple's systems install: the one payload is the certificate, as a root. The
    /// same certificate gives the same profile, which takes the place of the one before.
    pub(super) fn profile(&self) -> String {
        let name = super::document::escape(&self.name);
        let data = in_lines(&base64(&self.certificate));
        let (inner, outer) = (self.uuid(0), self.uuid(1));
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
             \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
             <plist version=\"1.0\">\n<dict>\n\
             <key>PayloadContent</key>\n<array>\n<dict>\n\
             <key>PayloadCertificateFileName</key>\n<string>ca.crt</string>\n\
             <key>PayloadContent</key>\n<data>\n{data}\n</data>\n\
             <key>PayloadDisplayName</key>\n<string>{name}</string>\n\
             <key>PayloadIdentifier</key>\n<string>livestream.{inner}</string>\n\
             <key>PayloadType</key>\n<string>com.apple.security.root</string>\n\
             <key>PayloadUUID</key>\n<string>{inner}</string>\n\
             <key>PayloadVersion</key>\n<integer>1</integer>\n\
             </dict>\n</array>\n\
             <key>PayloadDisplayName</key>\n<string>{name}</string>\n\
             <key>PayloadIdentifier</key>\n<string>livestream.{outer}</string>\n\
             <key>PayloadRemovalDisallowed</key>\n<false/>\n\
             <key>PayloadType</key>\n<string>Configuration</string>\n\
             <key>PayloadUUID</key>\n<string>{outer}</string>\n\
             <key>PayloadVersion</key>\n<integer>1</integer>\n\
             </dict>\n</plist>\n"
        )
    }

    /// An identifier of what is made from this certificate: by its digest, in the form of RFC 9562
    /// §5.8.
    fn uuid(&self, part: u8) -> String {
        let mut digest = Sha256::new();
        digest.update([part]);
        digest.update(&self.certificate);
        let mut bytes: [u8; 32] = digest.finalize().into();
        bytes[6] = bytes[6] & 0x0f | 0x80;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let hex = |range: std::ops::Range<usize>| -> String {
            bytes[range].iter().map(|byte| format!("{byte:02X}")).collect()
        };
        [hex(0..4), hex(4..6), hex(6..8), hex(8..10), hex(10..16)].join("-")
    }
}

fn in_lines(base64: &str) -> String {
    let lines: Vec<&str> = (0..base64.len())
        .step_by(LINE_CHARS)
        .map(|at| &base64[at..base64.len().min(at + LINE_CHARS)])
        .collect();
    lines.join("\n")
}

const LINE_CHARS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_the_same_for_the_same_certificate_and_no_other() {
        let of = |byte| Issuer::new("a <b>".to_owned(), vec![byte; 100]);
        assert_eq!(of(1).profile(), of(1).profile());
        assert_ne!(of(1).profile(), of(2).profile());
        assert!(of(1).profile().contains("<string>a &lt;b&gt;</string>"));
        let uuid = of(1).uuid(0);
        assert_eq!(uuid.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert_ne!(uuid, of(1).uuid(1));
    }

    #[test]
    fn pem_has_short_lines() {
        let pem = Issuer::new(String::new(), vec![0; 100]).pem();
        assert!(pem.lines().all(|line| line.len() <= 64) && pem.lines().count() == 5, "{pem}");
    }
}
