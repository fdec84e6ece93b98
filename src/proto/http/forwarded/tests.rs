//! What is read of a proxy's headers, and what of those that a client made up.

use super::*;

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn headers(fields: &[(&str, &str)]) -> Headers {
    let mut headers = Headers::default();
    for (name, value) in fields {
        headers.push(name, (*value).to_owned());
    }
    headers
}

/// 10.0.0.0/24 are proxies.
fn is_proxy(address: IpAddr) -> bool {
    address.to_string().starts_with("10.0.0.")
}

fn x(fields: &[(&str, &str)]) -> Forwarded {
    Forwarded::of_x_headers(&headers(fields), is_proxy)
}

fn forwarded(value: &str) -> Forwarded {
    Forwarded::of_header(&headers(&[("Forwarded", value)]), is_proxy)
}

#[test]
fn what_one_proxy_says_is_read() {
    let said = x(&[
        ("X-Forwarded-For", "192.0.2.7"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "Cam.lan:8443"),
        ("X-Forwarded-Prefix", "/cam"),
    ]);
    assert_eq!(said.client, Some(address("192.0.2.7")));
    assert_eq!(said.scheme, Some(Scheme::Https));
    assert_eq!(said.host.unwrap().to_string(), "cam.lan:8443");
    assert_eq!(said.prefix.unwrap().as_str(), "/cam");
    assert_eq!(x(&[]), Forwarded::default());
}

#[test]
fn the_client_is_the_last_whom_no_trusted_proxy_is() {
    for (list, client) in [
        ("192.0.2.1", Some("192.0.2.1")),
        ("8.8.8.8, 192.0.2.1", Some("192.0.2.1")),
        ("8.8.8.8, 192.0.2.1, 10.0.0.5", Some("192.0.2.1")),
        ("192.0.2.1,10.0.0.5,,10.0.0.6", Some("192.0.2.1")),
        ("10.0.0.5, 10.0.0.6", Some("10.0.0.5")),
        ("8.8.8.8, unknown", None),
        ("8.8.8.8, unknown, 10.0.0.6", Some("10.0.0.6")),
        ("192.0.2.1:4711", Some("192.0.2.1")),
        ("[2001:db8::1]:4711", Some("2001:db8::1")),
        ("[2001:db8::1]", Some("2001:db8::1")),
        ("2001:db8::1", Some("2001:db8::1")),
        ("::ffff:192.0.2.1", Some("192.0.2.1")),
        ("", None),
        ("localhost", None),
    ] {
        assert_eq!(x(&[("X-Forwarded-For", list)]).client, client.map(address), "{list}");
    }
    let lines = [("X-Forwarded-For", "8.8.8.8"), ("x-forwarded-for", "192.0.2.1")];
    assert_eq!(x(&lines).client, Some(address("192.0.2.1")));
}

#[test]
fn of_several_values_the_one_of_the_clients_proxy_counts() {
    let host = |fields: &[(&str, &str)]| x(fields).host.map(|host| host.to_string());
    let (list, for_one, for_two) = (
        ("X-Forwarded-Host", "made.up, outer, inner"),
        ("X-Forwarded-For", "8.8.8.8, 192.0.2.1"),
        ("X-Forwarded-For", "8.8.8.8, 192.0.2.1, 10.0.0.5"),
    );
    assert_eq!(host(&[list, for_one]).as_deref(), Some("inner"));
    assert_eq!(host(&[list, for_two]).as_deref(), Some("outer"));
    // Each proxy overwrote what came.
    assert_eq!(host(&[("X-Forwarded-Host", "outer"), for_two]).as_deref(), Some("outer"));
    assert_eq!(host(&[list]).as_deref(), Some("inner"));
}

#[test]
fn a_host_that_is_none_is_not_passed_over() {
    for value in ["a b", "a/b", "<b>", "a%41"] {
        let host = x(&[("X-Forwarded-Host", value)]).host.unwrap();
        assert_eq!(host.host, Host::Other, "{value}");
    }
    assert_eq!(x(&[("X-Forwarded-Proto", "ftp")]).scheme, None);
}

#[test]
fn a_prefix_is_a_path_of_plain_segments() {
    let prefix = |text: &str| Prefix::parse(text).map(|prefix| prefix.as_str().to_owned());
    for (text, read) in [("/cam", "/cam"), ("/cam/", "/cam"), ("/a/b-c_d.e~f", "/a/b-c_d.e~f")] {
        assert_eq!(prefix(text).as_deref(), Some(read));
    }
    for text in [
        "",
        "/",
        "cam",
        "//evil.example",
        "/a//b",
        "/\\evil",
        "/a b",
        "/a%2fb",
        "/..",
        "/./a",
        "/é",
        "/<b>",
        "/a?b",
        "/a;b",
        "/a/../b",
        "http://a",
        "/a//",
    ] {
        assert_eq!(prefix(text), None, "{text}");
    }
    assert!(prefix(&format!("/{}", "a".repeat(MAX_PREFIX_BYTES - 1))).is_some());
    assert_eq!(prefix(&format!("/{}", "a".repeat(MAX_PREFIX_BYTES))), None);
}

#[test]
fn forwarded_is_read_as_its_rfc_has_it() {
    // The examples of RFC 7239 §4 and §6.
    assert_eq!(forwarded("for=192.0.2.43, for=\"[2001:db8:cafe::17]\"").client, {
        Some(address("2001:db8:cafe::17"))
    });
    assert_eq!(forwarded("For=\"[2001:db8:cafe::17]:4711\"").client, {
        Some(address("2001:db8:cafe::17"))
    });
    let said = forwarded("for=192.0.2.60;proto=http;by=203.0.113.43");
    assert_eq!((said.client, said.scheme), (Some(address("192.0.2.60")), Some(Scheme::Http)));
    assert_eq!(forwarded("for=_gazonk").client, None);
    assert_eq!(forwarded("for=\"unknown\", for=10.0.0.5").client, Some(address("10.0.0.5")));

    let said = forwarded(
        "for=8.8.8.8;host=made.up , for=192.0.2.1;host=\"cam.lan:8\\443\" ; proto=HTTPS,for=10.0.0.1",
    );
    assert_eq!(said.client, Some(address("192.0.2.1")));
    assert_eq!(said.scheme, Some(Scheme::Https));
    assert_eq!(said.host.unwrap().to_string(), "cam.lan:8443");
    // As nginx and others write it, against the grammar.
    assert_eq!(forwarded("for=[2001:db8::1]:80").client, Some(address("2001:db8::1")));
    assert_eq!(forwarded(";;for=192.0.2.1;").client, Some(address("192.0.2.1")));
}

#[test]
fn a_list_that_breaks_the_grammar_says_nothing() {
    for list in [
        "for",
        "for=",
        "=a",
        "f r=192.0.2.1",
        "for=192.0.2.1 x",
        "for=\"192.0.2.1",
        "for=\"a\"b",
        "for=192.0.2.1;host=\"a\u{7}\"",
        "for=192.0.2.1;host=\"a\\",
        "for=a\"b",
        "(=a",
    ] {
        assert_eq!(forwarded(list), Forwarded::default(), "{list:?}");
        let behind = format!("{list}, for=192.0.2.9");
        // A quoted string without end may hold it all.
        assert_eq!(forwarded(&behind).client, None, "{behind:?}");
    }
}

#[test]
fn a_list_that_is_cut_names_nobody_else() {
    let whole = "for=192.0.2.1;proto=https;host=\"cam.lan:8443\", for=10.0.0.5;by=\"[::1]:80\"";
    assert_eq!(forwarded(whole).client, Some(address("192.0.2.1")));
    for cut in 0..whole.len() {
        if let Some(client) = forwarded(&whole[..cut]).client {
            let known = ["192.0.2.1", "10.0.0.5", "10.0.0."];
            assert!(known.iter().any(|known| client.to_string() == *known), "cut at {cut}");
        }
    }
}

#[test]
fn a_list_without_end_is_read_from_its_end() {
    let many = "10.0.0.5, ".repeat(1000);
    let list = format!("192.0.2.1, {many}10.0.0.6");
    assert_eq!(x(&[("X-Forwarded-For", &list)]).client, Some(address("10.0.0.5")));
    let many = "for=10.0.0.5,".repeat(1000);
    assert_eq!(forwarded(&format!("{many}for=10.0.0.6")).client, Some(address("10.0.0.5")));
}
