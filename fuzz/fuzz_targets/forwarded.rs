//! `Host`, `Origin` and what proxies say: what is read must be written the same, and lead nowhere
//! else.
//!
//! Seeds: lines such as `X-Forwarded-For: 192.0.2.1, 10.0.0.1` and
//! `Forwarded: for="[2001:db8::1]:80";host=cam.lan;proto=https, for=10.0.0.1`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use livestream::proto::http::{Authority, Forwarded, Host, Prefix, WebOrigin, parse_head};

fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    for line in text.lines() {
        read(line);
    }
    let head = [b"GET / HTTP/1.1\r\nHost: a\r\n", input, b"\r\n\r\n"].concat();
    let Ok(Some((head, _))) = parse_head(&head) else {
        return;
    };
    let is_proxy = |address: std::net::IpAddr| address.to_string().starts_with("10.");
    for said in [
        Forwarded::of_x_headers(&head.headers, is_proxy),
        Forwarded::of_header(&head.headers, is_proxy),
    ] {
        if let Some(host) = said.host {
            same_again(&host);
        }
        if let Some(prefix) = said.prefix {
            is_a_path(&prefix);
        }
    }
});

fn read(line: &str) {
    if let Some(authority) = Authority::parse(line) {
        same_again(&authority);
    }
    if let Some(origin) = WebOrigin::parse(line) {
        assert!(origin.is_at(&Authority { host: origin.host.clone(), port: Some(origin.port) }));
    }
    if let Some(prefix) = Prefix::parse(line) {
        is_a_path(&prefix);
    }
}

fn same_again(authority: &Authority) {
    if authority.host != Host::Other {
        assert_eq!(Authority::parse(&authority.to_string()).as_ref(), Some(authority));
    }
}

fn is_a_path(prefix: &Prefix) {
    let path = prefix.as_str();
    assert!(path.starts_with('/') && !path.contains("//") && !path.ends_with('/'));
    assert_eq!(Prefix::parse(path).as_ref(), Some(prefix));
}
