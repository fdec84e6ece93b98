//! What is asked of a provider: one request at a time, followed nowhere, bounded in bytes and time.

use std::fmt;
use std::io;
use std::time::{Duration, Instant};

use openidconnect::url::{Host, Url};
use openidconnect::{HttpRequest, HttpResponse, SyncHttpClient, http};

use super::fault::Fault;
use crate::base::outside;

/// Asks providers.
pub(super) struct Agent {
    inner: ureq::Agent,
}

/// The same, for what has to be done by then.
pub(super) struct Errand<'a> {
    agent: &'a Agent,
    issuer: Url,
    until: Instant,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) struct NoAnswer(pub(super) Fault);

impl Agent {
    pub(super) fn new() -> Self {
        Self { inner: outside::agent(0) }
    }

    /// What is asked of this provider, and begun now, has to be done in time.
    pub(super) fn errand(&self, issuer: Url) -> Errand<'_> {
        Errand { agent: self, issuer, until: Instant::now() + TIME }
    }
}

impl SyncHttpClient for Errand<'_> {
    type Error = NoAnswer;

    fn call(&self, request: HttpRequest) -> Result<HttpResponse, NoAnswer> {
        let url = Url::parse(&request.uri().to_string());
        if !url.is_ok_and(|url| is_private_enough(&url, &self.issuer)) {
            let host = request.uri().host().unwrap_or_default();
            return Err(NoAnswer(Fault::Broken(format!("a part of it is in clear, at {host}"))));
        }
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(NoAnswer(Fault::Silent));
        }
        let agent = &self.agent.inner;
        let request = agent.configure_request(request).timeout_global(Some(left)).build();
        let response = agent.run(request).map_err(|error| NoAnswer(fault_of(&error)))?;
        let (head, mut body) = response.into_parts();
        let body = body.with_config().limit(MOST_BODY_BYTES).read_to_vec();
        let body = body.map_err(|error| NoAnswer(fault_of(&error)))?;
        Ok(http::Response::from_parts(head, body))
    }
}

fn fault_of(error: &ureq::Error) -> Fault {
    match error {
        ureq::Error::Timeout(_) => Fault::Silent,
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::TimedOut => Fault::Silent,
        ureq::Error::BodyExceedsLimit(_) => Fault::Broken("its answer does not end".to_owned()),
        ureq::Error::Protocol(_) | ureq::Error::Http(_) | ureq::Error::LargeResponseHeader(..) => {
            Fault::Broken(format!("no HTTP: {error}"))
        }
        other => Fault::Unreachable(other.to_string()),
    }
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for NoAnswer {}

/// Whether nobody between can read what is sent to `url`, which `issuer` named: by TLS, or within
/// this machine where the provider itself is in it.
pub(super) fn is_private_enough(url: &Url, issuer: &Url) -> bool {
    let is_here = |url: &Url| match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    url.scheme() == "https" || url.scheme() == "http" && is_here(url) && is_here(issuer)
}

/// For all requests of one step of a sign-in.
const TIME: Duration = Duration::from_secs(10);
const MOST_BODY_BYTES: u64 = 256 * 1024;
