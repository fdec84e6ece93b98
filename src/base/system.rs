//! What is asked of the operating system. Where it cannot be asked, a fallback.

/// The machine's name as the system has it, which may be empty.
#[cfg(unix)]
pub fn node_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// The machine's name as the system has it, which may be empty.
#[cfg(not(unix))]
pub fn node_name() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_default()
}

/// The machine's name, for the page's title.
pub fn machine_name() -> String {
    let name = node_name();
    let host = name.split('.').next().unwrap_or_default();
    // Linux calls a machine that nobody named `(none)`.
    let is_named = !["", "(none)", "localhost"].contains(&host);
    if is_named { host.into() } else { FALLBACK_NAME.into() }
}

/// Raises the limit of open files to the highest that is allowed: each viewer needs one.
#[cfg(unix)]
pub fn allow_many_descriptors() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        log::debug!("the limit of open files stays: {error}");
    }
}

/// Raises the limit of open files to the highest that is allowed: each viewer needs one.
#[cfg(not(unix))]
pub fn allow_many_descriptors() {}

/// How many files this process may have open.
#[cfg(unix)]
pub fn descriptors() -> usize {
    use rustix::process::{Resource, getrlimit};
    let limit = getrlimit(Resource::Nofile).current;
    limit.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX))
}

/// How many files this process may have open.
#[cfg(not(unix))]
pub fn descriptors() -> usize {
    // Windows has no such limit for sockets, and 64-bit systems room for millions.
    16_384
}

const FALLBACK_NAME: &str = "livestream";
