use super::*;

const CNONCE: &str = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
const NONCE: &str = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
/// RFC 7616 §3.9.1, both fields.
const RFC_7616: [&str; 2] = [
    "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=SHA-256, \
     nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
     opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"",
    "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=MD5, \
     nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
     opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"",
];

fn get(uri: &str) -> Covered<'_> {
    Covered { method: "GET", uri, body: b"" }
}

/// A hash by name, in hexadecimal: written out here, so that it can disagree.
fn digest_of(name: &str, text: &str) -> String {
    use sha2::Digest as _;
    let bytes = match name {
        "md5" => md5::Md5::digest(text).to_vec(),
        _ => sha2::Sha256::digest(text).to_vec(),
    };
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The answer to one challenge.
fn answer(challenge: &str, cnonce: &str, userinfo: &str, request: Covered<'_>) -> String {
    let mut login = Login::strongest(&parse_challenges(challenge), cnonce).unwrap();
    login.authorize(&Who::of_userinfo(userinfo), request)
}

/// A parameter of an answer.
fn parameter(answer: &str, name: &str) -> Option<String> {
    parse_challenges(answer)[0].get(name).map(str::to_owned)
}

#[test]
fn the_examples_of_rfc_7616_come_out() {
    let request = get("/dir/index.html");
    for (challenge, response) in [
        (RFC_7616[0], "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        (RFC_7616[1], "8ca523f5e9506fed4657c9700eebdbec"),
    ] {
        let answer = answer(challenge, CNONCE, "Mufasa:Circle of Life", request);
        assert_eq!(parameter(&answer, "response").as_deref(), Some(response));
        for (name, value) in [
            ("username", "Mufasa"),
            ("realm", "http-auth@example.org"),
            ("uri", "/dir/index.html"),
            ("nonce", NONCE),
            ("nc", "00000001"),
            ("cnonce", CNONCE),
            ("qop", "auth"),
            ("opaque", "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"),
        ] {
            assert_eq!(parameter(&answer, name).as_deref(), Some(value), "{answer}");
        }
        assert_eq!(parameter(&answer, "userhash"), None);
    }
}

#[test]
fn a_name_that_shall_be_hidden_is() {
    // RFC 7616 §3.9.2 as erratum 4897 corrects it.
    let challenge = "Digest realm=\"api@example.org\", qop=\"auth\", algorithm=SHA-512-256, \
        nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", \
        opaque=\"HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS\", charset=UTF-8, userhash=true";
    let cnonce = "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v";
    let userinfo = "J\u{e4}s\u{f8}n Doe:Secret, or not?";
    let answer = answer(challenge, cnonce, userinfo, get("/doe.json"));
    let get = |name| parameter(&answer, name).unwrap();
    assert_eq!(get("username"), "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b");
    assert_eq!(get("response"), "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5");
    assert_eq!(get("userhash"), "true");
}

#[test]
fn the_examples_of_rfc_2617_and_2069_come_out() {
    let nonce = "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"";
    let of_2617 = format!("Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", {nonce}");
    let request = get("/dir/index.html");
    let with_qop = answer(&of_2617, "0a4f113b", "Mufasa:Circle Of Life", request);
    let response = parameter(&with_qop, "response").unwrap();
    assert_eq!(response, "6629fae49393a05397450978507c4ef1");
    assert_eq!(parameter(&with_qop, "algorithm"), None, "it was not stated");
    // RFC 2069 §2.4 as erratum 749 corrects it.
    let of_2069 = format!("Digest realm=\"testrealm@host.com\", {nonce}");
    let without = answer(&of_2069, "0a4f113b", "Mufasa:CircleOfLife", request);
    let response = parameter(&without, "response").unwrap();
    assert_eq!(response, "1949323746fe6a43ef61f9606e7febea");
    for name in ["qop", "nc", "cnonce", "opaque"] {
        assert_eq!(parameter(&without, name), None, "{without}");
    }
}

#[test]
fn sessions_and_bodies_are_covered_as_the_rfc_has_it() {
    let sess = "Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=MD5-sess";
    let md5 = |text: &str| digest_of("md5", text);
    let a1 = md5(&format!("{}:n:c", md5("u:r:p")));
    let expected = md5(&format!("{a1}:n:00000001:c:auth:{}", md5("GET:/")));
    let said = answer(sess, "c", "u:p", get("/"));
    assert_eq!(parameter(&said, "response"), Some(expected));

    let sess = "Digest realm=\"r\", nonce=\"n\", algorithm=\"md5-SESS\"";
    let said = answer(sess, "c", "u:p", get("/"));
    let expected = md5(&format!("{a1}:n:{}", md5("GET:/")));
    assert_eq!(parameter(&said, "response"), Some(expected));
    assert_eq!(parameter(&said, "cnonce").as_deref(), Some("c"), "A1 has it");

    let whole = "Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\", algorithm=SHA-256-sess";
    let sha = |text: &str| digest_of("sha-256", text);
    let request = Covered { method: "GET_PARAMETER", uri: "rtsp://a/", body: b"clips\r\n" };
    let said = answer(whole, "c", "u:p", request);
    let a1 = sha(&format!("{}:n:c", sha("u:r:p")));
    let a2 = sha(&format!("GET_PARAMETER:rtsp://a/:{}", sha("clips\r\n")));
    let expected = sha(&format!("{a1}:n:00000001:c:auth-int:{a2}"));
    assert_eq!(parameter(&said, "response"), Some(expected));
}

#[test]
fn challenges_of_all_layouts_are_read() {
    let schemes = |value: &str| -> Vec<String> {
        parse_challenges(value).into_iter().map(|challenge| challenge.scheme).collect()
    };
    let several = "Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\", \
                   Basic realm=\"simple, and = more\"";
    let found = parse_challenges(several);
    assert_eq!(schemes(several), ["Newauth", "Basic"]);
    assert_eq!(found[0].get("TITLE"), Some("Login to \"apps\""));
    assert_eq!(found[1].get("realm"), Some("simple, and = more"));
    assert_eq!(
        schemes("Negotiate, NTLM TlRMTVNTUAAB==, Basic realm=x"),
        ["Negotiate", "NTLM", "Basic"]
    );
    assert_eq!(schemes("Negotiate abc, Digest nonce=n"), ["Negotiate", "Digest"]);
    for layout in [
        "Digest realm = \"a b\" ,nonce= \"n\"",
        "digest realm=\"a b\" nonce=\"n\"",
        "DIGEST realm=\"a b\"; nonce=n;",
        ", ,Digest\trealm=\"a b\",,nonce=\"n\"",
        "Digest nonce=\"n\", realm=\"a b",
    ] {
        let found = parse_challenges(layout);
        assert_eq!(found.len(), 1, "{layout}: {found:?}");
        assert_eq!((found[0].get("realm"), found[0].get("nonce")), (Some("a b"), Some("n")));
    }
    for nothing in ["", " ", ",", "=", "\"", "realm=\"x\"", "\u{e9}", "= \"\\"] {
        assert_eq!(schemes(nothing), [""; 0], "{nothing}");
    }
}

#[test]
fn a_challenge_may_be_cut_or_endless() {
    for cut in 0..RFC_7616[0].len() {
        let found = parse_challenges(&RFC_7616[0][..cut]);
        assert!(found.len() <= 2, "cut at {cut}: {found:?}");
    }
    let many = "Basic realm=\"x\", ".repeat(1000);
    assert_eq!(parse_challenges(&many).len(), 16);
    let long = format!("Digest {}", "a=b,".repeat(10_000));
    assert_eq!(parse_challenges(&long).len(), 1);
    assert!(parse_parameters(&"a=b,".repeat(10_000)).len() < 100);
}

#[test]
fn the_strongest_that_is_known_is_taken() {
    let strongest = |values: &[&str]| {
        let challenges: Vec<_> = values.iter().flat_map(|value| parse_challenges(value)).collect();
        Login::strongest(&challenges, "c").map(|mut login| {
            let said = login.authorize(&Who::of_userinfo("u:p"), get("/"));
            parameter(&said, "algorithm").unwrap_or(said)
        })
    };
    let [sha, md5] = RFC_7616;
    let basic = "Basic realm=\"x\"";
    for order in [[sha, md5, basic], [basic, md5, sha], [md5, sha, basic]] {
        assert_eq!(strongest(&order).as_deref(), Some("SHA-256"));
        assert_eq!(strongest(&[&order.join(", ")]).as_deref(), Some("SHA-256"));
    }
    assert_eq!(strongest(&[basic, md5]).as_deref(), Some("MD5"));
    assert_eq!(strongest(&["Bearer", basic]).as_deref(), Some("Basic dTpw"));
    for unknown in [
        "Digest realm=\"x\"",
        "Digest nonce=n, algorithm=SHA3",
        "Digest nonce=n, qop=\"auth-conf\"",
        "Negotiate",
    ] {
        assert_eq!(strongest(&[unknown]), None, "{unknown}");
        assert_eq!(strongest(&[unknown, basic]).as_deref(), Some("Basic dTpw"));
    }
}

#[test]
fn quotes_in_names_are_escaped_where_they_are_sent_and_not_where_they_are_hashed() {
    let challenge = "Digest realm=\"the \\\"cam\\\"\", nonce=\"n\"";
    let said = answer(challenge, "c", "a\"b\\c:p", get("/"));
    assert!(said.contains("username=\"a\\\"b\\\\c\", realm=\"the \\\"cam\\\"\""), "{said}");
    let a1 = digest_of("md5", "a\"b\\c:the \"cam\":p");
    let expected = digest_of("md5", &format!("{a1}:n:{}", digest_of("md5", "GET:/")));
    assert_eq!(parameter(&said, "response"), Some(expected));
}

/// How a visit goes: the refusals' fields, and what is done.
fn visit(userinfo: Option<&str>) -> Visit {
    Visit::of(userinfo.map(Who::of_userinfo))
}

fn refuse(visit: &mut Visit, field: &str) -> Next {
    visit.refused([field].into_iter().filter(|field| !field.is_empty()), "c")
}

fn sent(visit: &mut Visit, name: &str) -> Option<String> {
    visit.authorization(get("/")).and_then(|said| parameter(&said, name))
}

#[test]
fn nothing_is_said_before_it_is_asked_for_and_then_counted() {
    let mut visit = visit(Some("u:p"));
    assert_eq!(visit.authorization(get("/")), None);
    assert_eq!(refuse(&mut visit, RFC_7616[0]), Next::Again);
    for count in ["00000001", "00000002", "00000003"] {
        assert_eq!(sent(&mut visit, "nc").as_deref(), Some(count));
        visit.accepted(None);
    }
    visit.accepted(Some("rspauth=\"x\", nextnonce=\"other\""));
    assert_eq!(sent(&mut visit, "nonce").as_deref(), Some("other"));
    assert_eq!(sent(&mut visit, "nc").as_deref(), Some("00000002"));
}

#[test]
fn a_stale_nonce_is_no_refusal_and_a_wrong_password_is_one() {
    let stale = "Digest realm=\"r\", nonce=\"b\", stale=TRUE";
    let plain = |nonce| format!("Digest realm=\"r\", nonce=\"{nonce}\"");
    let wrong = Next::Denied(Denial::Wrong);
    let mut visit = visit(Some("u:p"));
    assert_eq!(refuse(&mut visit, &plain("a")), Next::Again);
    assert_eq!(refuse(&mut visit, stale), Next::Again);
    assert_eq!(sent(&mut visit, "nonce").as_deref(), Some("b"));
    assert_eq!(refuse(&mut visit, &plain("c")), wrong, "it was never let in");
    // After that it begins anew.
    assert_eq!(visit.authorization(get("/")), None);
    assert_eq!(refuse(&mut visit, &plain("d")), Next::Again);
    visit.accepted(None);
    // Not every server says `stale`.
    assert_eq!(refuse(&mut visit, &plain("e")), Next::Again);
    assert_eq!(refuse(&mut visit, &plain("f")), wrong);
}

#[test]
fn what_is_always_stale_comes_to_an_end() {
    let mut visit = visit(Some("u:p"));
    let stale = "Digest realm=\"r\", nonce=\"b\", stale=true";
    let answers: Vec<_> = (0..4).map(|_| refuse(&mut visit, stale)).collect();
    let denied = Next::Denied(Denial::Wrong);
    assert_eq!(answers, [Next::Again, Next::Again, Next::Again, denied]);
}

#[test]
fn why_not_is_told() {
    let basic = "Basic realm=\"x\"";
    for (userinfo, field, denial) in [
        (None, basic, Denial::Anonymous),
        (None, "", Denial::Anonymous),
        (None, "Negotiate", Denial::Scheme("Negotiate".into())),
        (Some("u:p"), "Negotiate", Denial::Scheme("Negotiate".into())),
        (Some("u:p"), "Digest nonce=n, algorithm=SHA3", Denial::Scheme("Digest".into())),
    ] {
        assert_eq!(refuse(&mut visit(userinfo), field), Next::Denied(denial), "{field}");
    }
    let mut visit = visit(Some("u:p"));
    // A server that does not say what it wants is told as most want it.
    assert_eq!(refuse(&mut visit, ""), Next::Again);
    assert_eq!(visit.authorization(get("/")).as_deref(), Some("Basic dTpw"));
    assert_eq!(refuse(&mut visit, basic), Next::Denied(Denial::Wrong));
}

#[test]
fn a_password_is_never_printed() {
    let mut visit = visit(Some("somebody:secret"));
    refuse(&mut visit, RFC_7616[0]);
    visit.accepted(None);
    let shown = format!("{visit:?}{:?}", Who::of_userinfo("somebody:secret"));
    assert!(!shown.contains("secret") && !shown.contains("somebody"), "{shown}");
}

#[test]
fn base64_is_as_in_its_rfc() {
    for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foobar", "Zm9vYmFy")] {
        assert_eq!(base64(plain.as_bytes()), coded);
    }
    assert_eq!(Who::of_userinfo("u").basic(), "Basic dTo=");
    assert_eq!(Who::of_userinfo("u:a:b").basic(), format!("Basic {}", base64(b"u:a:b")));
}
