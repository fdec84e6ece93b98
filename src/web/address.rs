//! Where pages stand, for who asked for one: behind a proxy that may be under any path.
//!
//! What a page refers to is written from where it stands, and so needs no more than
//! [`root_of`]. A whole address, to be written down or scanned, needs what the proxy put in front:
//! it says so, or the page that leads here does.

use super::request::Request;
use crate::proto::http::{Host, Prefix, WebOrigin};

/// From a path, the server's root: nothing, or `../` again and again.
pub(super) fn root_of(path: &str) -> String {
    let above = path.strip_prefix('/').map_or(0, |rest| rest.matches('/').count());
    // Nothing of this server lies deeper; who made such a path up sees a plain page.
    if above <= DEEPEST { "../".repeat(above) } else { String::new() }
}

/// The address of the page of the request's room as its client has it, with a slash at its end;
/// `None` if it did not say whom it asks.
pub(super) fn of_page(request: &Request) -> Option<String> {
    let (client, room) = (&request.client, request.room.path());
    let referer = request.head.header("Referer").unwrap_or_default();
    let referred = split(referer).filter(|(origin, _)| client.is_own(origin));
    let prefix = match client.prefix() {
        "" => referred.and_then(|(_, path)| prefix_of(path, &room)).unwrap_or_default(),
        told => told.to_owned(),
    };
    Some(format!("{}{prefix}{room}", client.outer_origin()?))
}

/// The same as others reach it: who asks from this machine gives an address of the network away. Empty
/// if nothing is known.
pub(super) fn of_page_for_others(request: &Request) -> String {
    let scheme = request.client.scheme().as_str();
    let root = || Some(format!("{}{}", of_network(request, scheme)?, request.room.path()));
    root().or_else(|| of_page(request)).unwrap_or_default()
}

/// The root of this server as others reach it, by TLS if it is spoken; without a slash at its end.
pub(super) fn root_for_others(request: &Request) -> String {
    let scheme = if request.context.about.speaks_tls { "https" } else { "http" };
    let asked = || request.client.outer_origin().unwrap_or_default();
    of_network(request, scheme).unwrap_or_else(|| format!("{}{}", asked(), request.client.prefix()))
}

/// Where others reach this server if who asks would send them to their own machine: an address without
/// a slash at its end.
fn of_network(request: &Request, scheme: &str) -> Option<String> {
    let about = &request.context.about;
    let at_home = request.client.outer_host().is_none_or(|asked| is_this_machine(&asked.host));
    let is_far = |address: &&String| {
        let rest = address.strip_prefix(scheme).and_then(|rest| rest.strip_prefix("://"));
        rest.is_some_and(|rest| !rest.starts_with("127.") && !rest.starts_with("[::1]"))
    };
    let far = || about.addresses.iter().find(is_far);
    let address = about.public_url.as_ref().or_else(far).filter(|_| at_home)?;
    Some(address.trim_end_matches('/').to_owned())
}

/// Whether others would reach their own machine by it.
fn is_this_machine(host: &Host) -> bool {
    match host {
        Host::Address(address) => address.is_loopback(),
        Host::Name(name) => name == "localhost" || name.ends_with(".localhost"),
        Host::Other => false,
    }
}

/// Whether it is a path of this server: what begins with two slashes names another one.
pub(super) fn is_path(text: &str) -> bool {
    let rest = text.strip_prefix('/');
    rest.is_some_and(|rest| !rest.starts_with(['/', '\\']))
        && text.len() <= MAX_PATH_BYTES
        && !text.chars().any(|c| c.is_control() || c.is_whitespace())
}

/// An address as its origin and its path.
fn split(address: &str) -> Option<(WebOrigin, &str)> {
    let (_, rest) = address.split_once("://")?;
    let at = address.len() - rest.len() + rest.find('/')?;
    let (origin, path) = address.split_at(at);
    Some((WebOrigin::parse(origin)?, path.split(['?', '#']).next()?))
}

/// What stands before a room's path in that of one of its pages.
fn prefix_of(page: &str, room: &str) -> Option<String> {
    let folder = &page[..=page.rfind('/')?];
    let prefix = Prefix::parse(folder.strip_suffix(room)?)?;
    Some(prefix.as_str().to_owned())
}

const DEEPEST: usize = 16;
const MAX_PATH_BYTES: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_found_from_every_depth() {
        for (path, root) in [
            ("/", ""),
            ("/connect", ""),
            ("/webcam/", "../"),
            ("/r/kitchen/", "../../"),
            ("/r/kitchen/connect", "../../"),
            ("*", ""),
            ("", ""),
        ] {
            assert_eq!(root_of(path), root, "{path}");
        }
        assert_eq!(root_of(&"/".repeat(16_000)), "");
    }

    #[test]
    fn what_a_proxy_put_in_front_is_read_off_the_page_that_leads_here() {
        let prefix = |address: &str, room| {
            let (_, path) = split(address)?;
            prefix_of(path, room)
        };
        let found = |text: &str| Some(text.to_owned());
        assert_eq!(prefix("http://a/cam/", "/"), found("/cam"));
        assert_eq!(prefix("http://a:1/a/b/connect?x=/y/#z", "/"), found("/a/b"));
        assert_eq!(prefix("http://a/cam/r/kitchen/connect", "/r/kitchen/"), found("/cam"));
        for (address, room) in [
            ("http://a/", "/"),
            ("http://a/r/kitchen/", "/r/kitchen/"),
            ("http://a/cam/", "/r/kitchen/"),
            ("http://a", "/"),
            ("http://a//evil/", "/"),
            ("http://a/../", "/"),
            ("http://a/%2e%2e/", "/"),
            ("", "/"),
            ("//a/", "/"),
        ] {
            assert_eq!(prefix(address, room), None, "{address}");
        }
    }

    #[test]
    fn only_paths_of_this_server_are_gone_on_to() {
        assert!(["/", "/r/a/", "/r/a/?x=1"].into_iter().all(is_path));
        let elsewhere = ["", "r", "//evil", "/\\evil", "/a b", "/\n", "https://evil/"];
        assert!(!elsewhere.into_iter().any(is_path));
        assert!(!is_path(&format!("/{}", "a".repeat(600))));
    }
}
