//! Tests of what is read, and of what is taken for a login.

use sha2::Digest as _;

use super::super::{Covered, Login, Nonces, Reason, challenges, parse_challenges};
use super::*;

/// The user and the password in the examples.
const USER: &str = "cam";
const PASSWORD: &str = "p@ss w";
const CLIENTS: [&str; 4] = [
    include_str!("../../../../tests/data/authorization/ffmpeg"),
    include_str!("../../../../tests/data/authorization/opencv"),
    include_str!("../../../../tests/data/authorization/gstreamer"),
    include_str!("../../../../tests/data/authorization/curl"),
];
/// The two nonces, the client's and the server's, of RFC 7616 §3.9.
const OF_7616: &str = "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", nc=00000001, \
    cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth";

/// A text in a proof.
type Text = fn(&mut Proof) -> &mut String;

fn proof(value: &str) -> Proof {
    match parse_credentials(value) {
        Ok(Credentials::Digest(proof)) => proof,
        other => panic!("{value}: {other:?}"),
    }
}

/// As the examples of the RFCs have it, each with a realm of its own.
fn shows_in(realm: &str, value: &str, user_pass: (&str, &str), method: &str) -> bool {
    let mut proof = proof(value);
    assert_eq!(proof.realm, realm);
    let (user, password) = user_pass;
    let a1 = format!("{user}:{realm}:{password}");
    let kept = Ha1 { md5: md5::Md5::digest(&a1).into(), sha256: sha2::Sha256::digest(a1).into() };
    assert!(!proof.shows(&kept, method, |_| true), "it is another's realm");
    proof.realm = REALM.into();
    proof.shows(&kept, method, |uri| uri == "/dir/index.html")
}

#[test]
fn the_examples_of_the_rfcs_are_taken() {
    let head = "Digest username=\"Mufasa\", uri=\"/dir/index.html\"";
    let rfc_7616 = format!("{head}, realm=\"http-auth@example.org\", {OF_7616}");
    let sha = "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1";
    let md5 = "8ca523f5e9506fed4657c9700eebdbec";
    let of_7616 = ("Mufasa", "Circle of Life");
    for (value, realm, user_pass) in [
        (
            format!("{rfc_7616}, algorithm=SHA-256, response=\"{sha}\""),
            "http-auth@example.org",
            of_7616,
        ),
        (
            format!("{rfc_7616}, algorithm=MD5, response=\"{md5}\""),
            "http-auth@example.org",
            of_7616,
        ),
        // RFC 2617 §3.5.
        (
            format!(
                "{head}, realm=\"testrealm@host.com\", qop=auth, nc=00000001, cnonce=\"0a4f113b\", \
                 nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
                 response=\"6629fae49393a05397450978507c4ef1\""
            ),
            "testrealm@host.com",
            ("Mufasa", "Circle Of Life"),
        ),
        // RFC 2069 §2.4 as erratum 749 corrects it.
        (
            format!(
                "{head}, realm=\"testrealm@host.com\", \
                 nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
                 response=\"1949323746fe6a43ef61f9606e7febea\""
            ),
            "testrealm@host.com",
            ("Mufasa", "CircleOfLife"),
        ),
    ] {
        assert!(shows_in(realm, &value, user_pass, "GET"), "{value}");
        assert!(!shows_in(realm, &value, user_pass, "PUT"), "{value}");
        assert!(!shows_in(realm, &value, ("Mufasa", "circle of life"), "GET"), "{value}");
    }
}

#[test]
fn what_real_clients_send_is_taken() {
    let (kept, other) = (Ha1::of(USER, PASSWORD), Ha1::of(USER, "another"));
    for line in CLIENTS.into_iter().flat_map(str::lines) {
        let mut words = line.splitn(3, ' ');
        let mut word = || words.next().unwrap();
        let (method, asked) = (word(), word());
        let proof = proof(word());
        assert_eq!(proof.user(), USER);
        assert!(proof.shows(&kept, method, |uri| uri == asked), "{line}");
        assert!(!proof.shows(&kept, "OPTIONS", |_| true), "another method: {line}");
        assert!(!proof.shows(&kept, method, |_| false), "another URI: {line}");
        assert!(!proof.shows(&other, method, |_| true), "another password: {line}");
    }
}

#[test]
fn what_our_own_client_sends_is_taken() {
    let nonces = Nonces::new([7; 16]);
    let who = Who::of_userinfo("c\"a\\m:p:\u{fc}");
    let kept = Ha1::of("c\"a\\m", "p:\u{fc}");
    let asked = challenges(&nonces.give(1, std::time::Duration::ZERO), Reason::NoLogin);
    for offered in [&asked[..], &asked[..1], &asked[1..]] {
        let offered: Vec<_> = offered.iter().flat_map(|field| parse_challenges(field)).collect();
        let mut login = Login::strongest(&offered, "cnonce").unwrap();
        for count in 1..4 {
            let request = Covered { method: "PLAY", uri: "rtsp://a/live/", body: b"" };
            let proof = proof(&login.authorize(&who, request));
            assert_eq!(proof.counted.as_ref().unwrap().count, format!("{count:08x}"));
            assert!(proof.shows(&kept, "PLAY", |uri| uri == "rtsp://a/live/"));
            assert_eq!(proof.user(), "c\"a\\m");
        }
    }
}

#[test]
fn a_cut_login_is_none() {
    let kept = Ha1::of(USER, PASSWORD);
    for line in CLIENTS.into_iter().filter_map(|client| client.lines().next()) {
        let value = line.splitn(3, ' ').nth(2).unwrap();
        // The quote or the digit at the end may be missing.
        for cut in 0..value.len() - 1 {
            if let Ok(Credentials::Digest(proof)) = parse_credentials(&value[..cut]) {
                let shows = proof.shows(&kept, "DESCRIBE", |_| true);
                assert!(!shows, "cut at {cut}: {value}");
            }
        }
        assert!(proof(value).shows(&kept, "DESCRIBE", |_| true));
    }
}

#[test]
fn one_changed_bit_is_enough() {
    let kept = Ha1::of(USER, PASSWORD);
    let lines = CLIENTS.into_iter().filter_map(|client| client.lines().next());
    for value in lines.map(|line| line.splitn(3, ' ').nth(2).unwrap()) {
        let whole = proof(value);
        let mut texts: Vec<(&str, Text)> = vec![
            ("realm", |proof| &mut proof.realm),
            ("nonce", |proof| &mut proof.nonce),
            ("uri", |proof| &mut proof.uri),
            ("response", |proof| &mut proof.response),
        ];
        if whole.counted.is_some() {
            texts.push(("nc", |proof| &mut proof.counted.as_mut().unwrap().count));
            texts.push(("cnonce", |proof| &mut proof.counted.as_mut().unwrap().cnonce));
        }
        for (name, text) in texts {
            let length = text(&mut whole.clone()).len();
            for (at, bit) in (0..length).flat_map(|at| (0..7).map(move |bit| (at, bit))) {
                let mut damaged = whole.clone();
                let mut bytes = text(&mut damaged).clone().into_bytes();
                bytes[at] ^= 1 << bit;
                *text(&mut damaged) = String::from_utf8(bytes).unwrap();
                assert!(!damaged.shows(&kept, "DESCRIBE", |_| true), "{name}, byte {at}, {bit}");
            }
        }
        for at in 0..16 * 8 {
            let mut other = kept.clone();
            other.md5[at / 8] ^= 1 << (at % 8);
            other.sha256[at / 4] ^= 1 << (at % 8);
            assert!(!whole.shows(&other, "DESCRIBE", |_| true), "bit {at} of what is kept");
        }
    }
}

#[test]
fn a_hash_or_a_count_is_not_taken_for_another() {
    let kept = Ha1::of(USER, PASSWORD);
    let base = "Digest username=cam, realm=livestream, nonce=n, uri=/, response=";
    let a1 = kept.digits(Hash::Md5).unwrap();
    let old = Hash::Md5.of(&[&a1, "n", &Hash::Md5.of(&["GET", "/"])]);
    let shows = |rest: &str| proof(&format!("{base}{old}{rest}")).shows(&kept, "GET", |_| true);
    assert!(shows(""));
    assert!(shows(", algorithm=md5, opaque=\"x\", userhash=false"));
    assert!(!shows(", algorithm=SHA-256"));
    assert!(!shows(", qop=auth, nc=1, cnonce=c"));
    let empty = proof("Digest username=cam, realm=livestream, nonce=n, uri=/, response=\"\"");
    assert!(!empty.shows(&kept, "GET", |_| true));
}

#[test]
fn basic_and_bearer_are_read() {
    let basic = |value: &str| match parse_credentials(value) {
        Ok(Credentials::Basic(who)) => who,
        other => panic!("{value}: {other:?}"),
    };
    // RFC 7617 §2, §2.1.
    assert_eq!(
        basic("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        Who::of_userinfo("Aladdin:open sesame")
    );
    assert_eq!(basic("basic  dGVzdDoxMjPCow=="), Who::of_userinfo("test:123\u{a3}"));
    assert_eq!(basic("\tBASIC dGVzdDoxMjPCow"), Who::of_userinfo("test:123\u{a3}"));
    let who = basic("Basic Y2FtOnBAc3Mgdw==");
    assert!(Ha1::of(USER, PASSWORD).is_of(&who) && who.name() == USER);
    assert!(!Ha1::of(USER, "p@ss").is_of(&who) && !Ha1::of("Cam", PASSWORD).is_of(&who));
    // RFC 6750 §2.1.
    let Ok(Credentials::Bearer(token)) = parse_credentials("Bearer mF_9.B5f-4.1JqM") else {
        panic!("no token");
    };
    assert_eq!(token.as_str(), "mF_9.B5f-4.1JqM");
}

#[test]
fn what_is_no_login_is_refused_by_its_rule() {
    let long = format!("Bearer {}", "a".repeat(MAX_CREDENTIALS_BYTES));
    let all = "Digest username=u, realm=r, nonce=n, uri=/, response=x";
    let sess = format!("{all}, algorithm=MD5-sess");
    let whole = format!("{all}, qop=auth-int, nc=1, cnonce=c");
    let uncounted = format!("{all}, qop=auth, cnonce=c");
    let badly_counted = format!("{all}, qop=auth, cnonce=c, nc=000000001");
    for (value, rule) in [
        ("", "auth-scheme"),
        ("Negotiate abc", "auth-scheme"),
        ("Basic", "user-pass: colon"),
        ("Basic Y2Ft", "user-pass: colon"),
        ("Basic Y2F=Og==", "token68"),
        ("Basic \u{e9}", "token68"),
        ("Basic OoA=", "user-pass: UTF-8"),
        ("Basic OgA=", "user-pass: control character"),
        ("Bearer", "token68"),
        ("Bearer ==", "token68"),
        ("Bearer a b", "token68"),
        (&long, "credentials: too long"),
        ("Digest", "username"),
        ("Digest username=u realm=r nonce=n uri=/", "response"),
        (&sess, "algorithm"),
        (&whole, "qop"),
        (&uncounted, "nc"),
        (&badly_counted, "nc"),
    ] {
        assert_eq!(parse_credentials(value), Err(Unread(rule)), "{value}");
    }
}

#[test]
fn cameras_and_recorders_leave_out_what_they_like() {
    let same =
        proof("Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"/a?b=c,d\", response=\"x\"");
    for value in [
        "digest username=u realm=r nonce=n uri=\"/a?b=c,d\" response=x",
        "Digest  Username = \"u\";realm=\"r\";nonce=\"n\";uri=\"/a?b=c,d\";response=\"x\";",
        "DIGEST\tusername=\"u\",realm=\"r\",nonce=\"n\",uri=\"/a?b=c,d\",response=\"x",
        "Digest username=u, username=v, realm=r, nonce=n, uri=\"/a?b=c,d\", response=x",
    ] {
        assert_eq!(proof(value), same, "{value}");
    }
}

#[test]
fn nothing_of_a_login_is_printed() {
    for value in [
        "Basic Y2FtOnBAc3Mgdw==",
        "Bearer secret",
        "Digest username=cam realm=r nonce=n uri=/ response=secret",
    ] {
        let shown = format!("{:?}", parse_credentials(value).unwrap());
        assert!(!shown.contains("secret") && !shown.contains("p@ss"), "{shown}");
        assert!(!shown.contains("cam"), "{shown}");
    }
    assert_eq!(format!("{:?}", Ha1::of(USER, PASSWORD)), "Ha1");
}
