//! What proxies say of the client behind them: `X-Forwarded-*`, and `Forwarded` (RFC 7239).
//!
//! A list is read from its end, where the nearest proxy wrote, as far as those who wrote it are
//! trusted; what stands further in front a client may have made up. Who is trusted, and which of
//! the two is read, is for the caller: each proxy passes on what a client sends in the other.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use super::authority::is_unreserved;
use super::headers::{is_control, token};
use super::{Authority, Headers, Host, Scheme};

/// What is known of a client by its proxies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forwarded {
    /// Its address.
    pub client: Option<IpAddr>,
    /// How it came.
    pub scheme: Option<Scheme>,
    /// Whom it asked, as `Host` has it; [`Host::Other`] of what is no host.
    pub host: Option<Authority>,
    /// What its path began with.
    pub prefix: Option<Prefix>,
}

/// A path of one or more segments: each a slash and unreserved characters. Never empty, and never
/// the beginning of another host's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix(String);

impl Prefix {
    /// Reads a prefix; one slash at its end is left out.
    pub fn parse(text: &str) -> Option<Self> {
        let path = text.strip_suffix('/').unwrap_or(text);
        let segments = path.strip_prefix('/')?.split('/');
        let is_segment = |segment: &str| {
            !["", ".", ".."].contains(&segment) && segment.bytes().all(is_unreserved)
        };
        let fits = path.len() <= MAX_PREFIX_BYTES && segments.into_iter().all(is_segment);
        fits.then(|| Self(path.to_owned()))
    }

    /// As it stands in an address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Forwarded {
    /// Reads `X-Forwarded-For`, `-Proto`, `-Host` and `-Prefix` of a request that a trusted proxy
    /// sent.
    pub fn of_x_headers(headers: &Headers, is_proxy: impl Fn(IpAddr) -> bool) -> Self {
        let list = |name| -> Vec<&str> {
            let mut members: Vec<_> = headers.list(name).collect();
            members.drain(..members.len().saturating_sub(MAX_HOPS));
            members
        };
        let (client, hops) = walk(list("X-Forwarded-For").into_iter().map(node), is_proxy);
        // A proxy writes one value, or adds its own to those of the proxies before it.
        let of_hop = |name| {
            let members = list(name);
            members.get(members.len().saturating_sub(hops.max(1))).copied()
        };
        Self {
            client,
            scheme: of_hop("X-Forwarded-Proto").and_then(Scheme::parse),
            host: of_hop("X-Forwarded-Host").map(authority),
            prefix: of_hop("X-Forwarded-Prefix").and_then(Prefix::parse),
        }
    }

    /// Reads `Forwarded` of a request that a trusted proxy sent; nothing of one that breaks the
    /// grammar.
    pub fn of_header(headers: &Headers, is_proxy: impl Fn(IpAddr) -> bool) -> Self {
        let Some(mut elements) = headers.joined("Forwarded").and_then(|list| elements(&list))
        else {
            return Self::default();
        };
        elements.drain(..elements.len().saturating_sub(MAX_HOPS));
        let nodes = elements.iter().map(|element| element.node);
        let (client, hops) = walk(nodes, is_proxy);
        let at = elements.len().saturating_sub(hops.max(1));
        let Some(element) = elements.into_iter().nth(at) else { return Self::default() };
        Self { client, scheme: element.scheme, host: element.host, prefix: None }
    }
}

/// Goes through a list from its end, past those who are trusted, to the first who is not. Returns
/// it, or the furthest that is known, and how many members were read.
fn walk(
    nodes: impl DoubleEndedIterator<Item = Option<IpAddr>>,
    is_proxy: impl Fn(IpAddr) -> bool,
) -> (Option<IpAddr>, usize) {
    let (mut client, mut hops) = (None, 0);
    for node in nodes.rev() {
        hops += 1;
        // Whoever hides behind its proxy counts as that proxy.
        let Some(address) = node else { break };
        client = Some(address);
        if !is_proxy(address) {
            break;
        }
    }
    (client, hops)
}

/// What is no host is not passed over: nobody may be served by leaving it out.
fn authority(text: &str) -> Authority {
    Authority::parse(text).unwrap_or(Authority { host: Host::Other, port: None })
}

/// The address of a node: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`.
fn node(text: &str) -> Option<IpAddr> {
    let address = match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inner) => inner.parse::<Ipv6Addr>().ok().map(IpAddr::from),
        None => text.parse().ok(),
    };
    let address = address.or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))?;
    Some(address.to_canonical())
}

/// One proxy's part of a `Forwarded` list.
#[derive(Default)]
struct Element {
    node: Option<IpAddr>,
    scheme: Option<Scheme>,
    host: Option<Authority>,
}

/// Splits `1#forwarded-element` (RFC 7239 §4); `None` if it is not one to its end.
fn elements(list: &str) -> Option<Vec<Element>> {
    let (mut elements, mut rest) = (Vec::new(), list);
    loop {
        let (element, after) = element(rest)?;
        elements.push(element);
        match after.strip_prefix(',') {
            Some(more) => rest = more,
            None => return after.is_empty().then_some(elements),
        }
    }
}

/// Takes one element, and leaves what begins with the comma after it.
fn element(text: &str) -> Option<(Element, &str)> {
    let mut element = Element::default();
    let mut rest = text.trim_start_matches(BLANK);
    loop {
        if !rest.starts_with([',', ';']) && !rest.is_empty() {
            let (name, after) = rest.split_once('=')?;
            token(name.as_bytes())?;
            let (value, after) = value(after)?;
            match name.to_ascii_lowercase().as_str() {
                "for" => element.node = node(&value),
                "proto" => element.scheme = Scheme::parse(&value),
                "host" => element.host = Some(authority(&value)),
                _ => {}
            }
            rest = after.trim_start_matches(BLANK);
        }
        match rest.strip_prefix(';') {
            Some(more) => rest = more.trim_start_matches(BLANK),
            None => return Some((element, rest)),
        }
    }
}

/// Takes a token or a quoted string (RFC 9110 §5.6.4), unquoted.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ';', ' ', '\t']).unwrap_or(text.len());
        // Addresses stand unquoted here and there, brackets and colons and all.
        let (value, rest) = text.split_at(end);
        let fits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic());
        return (fits && !value.contains('"')).then(|| (value.to_owned(), rest));
    };
    let (mut value, mut chars) = (String::new(), quoted.char_indices());
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => value.push(chars.next()?.1),
            c if u8::try_from(c).is_ok_and(is_control) => return None,
            c => value.push(c),
        }
    }
    None
}

const BLANK: [char; 2] = [' ', '\t'];

/// Most members of a list that are looked at, from its end.
const MAX_HOPS: usize = 16;

const MAX_PREFIX_BYTES: usize = 256;

#[cfg(test)]
mod tests;
