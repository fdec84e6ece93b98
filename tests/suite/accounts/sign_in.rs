//! To become the host, to sign in and out, to make accounts, to guess.

use super::{PASSWORD, Person, host_secret};
use crate::common::LONG;
use crate::common::client::{Reply, ask};
use crate::common::program::Program;
use crate::common::server::{Server, program};

/// `Set-Cookie` of an answer.
fn set(reply: &Reply) -> &str {
    reply.header("Set-Cookie").expect("a cookie")
}

#[test]
fn the_first_host_has_the_link_of_the_data_folder_and_the_next_one_asks_this_machine() {
    let server = Server::pattern(&[]);
    server.says("host-link");
    let secret = host_secret(&server);
    assert!(!server.log().contains(&secret), "and not what is in it");
    let file = server.data().join("host-link");
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    // To look at the page uses nothing up.
    for _ in 0..3 {
        Person::new().get(&server, "/claim").expect(200);
    }
    let mut wrong = Person::new();
    let form = [("secret", "not-it"), ("name", "Eve"), ("new-password", PASSWORD)];
    assert_eq!(wrong.post(&server, "/claim", &form).expect(403).json()["field"], "secret");
    let mut host = Person::host(&server);
    let account = host.ask(&server, "GET", "/account", &[("Accept", "text/html")], "").expect(200);
    assert!(account.text().contains("Ada"));
    let again = [("secret", secret.as_str()), ("name", "Eve"), ("new-password", PASSWORD)];
    wrong.post(&server, "/claim", &again).expect(403);
    let mut command = program();
    command.args(["host-link", "--data"]).arg(server.data());
    let ended = Program::run(&mut command, "it is this program", LONG);
    let printed = String::from_utf8(ended.stdout).expect("text");
    let (_, second) = printed.trim().split_once("/claim#").expect("a link");
    let form = [("secret", second), ("name", "Grace"), ("new-password", PASSWORD)];
    crate::common::eventually("the server knows it", crate::common::LONG, || {
        let reply = Person::new().post(&server, "/claim", &form);
        if reply.status == 200 { Ok(()) } else { Err(reply.text()) }
    });
}

#[test]
fn who_signed_in_is_known_by_a_cookie_that_only_this_server_gets() {
    let server = Server::pattern(&[]);
    Person::host(&server);
    let mut ada = Person::new();
    let form = [("name", "ada"), ("password", PASSWORD)];
    let reply = ada.post(&server, "/sign-in", &form).expect(200);
    let cookie = set(&reply).to_owned();
    assert!(cookie.starts_with("__Host-session-"), "{cookie}");
    for attribute in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/", "Max-Age=2592000"] {
        assert!(cookie.split("; ").any(|part| part == attribute), "{attribute}: {cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    assert_eq!(reply.json()["name"], "Ada");
    ada.get(&server, "/account/export").expect(200);
    let other = Server::pattern(&[]);
    Person::host(&other);
    let name = |cookie: &str| cookie.split('=').next().unwrap_or_default().to_owned();
    let theirs = Person::new().post(&other, "/sign-in", &form).expect(200);
    assert_ne!(name(&cookie), name(set(&theirs)), "two servers of one machine");
    let before = ada.cookie.clone();
    let again = ada.post(&server, "/sign-in", &form).expect(200);
    assert_ne!(set(&again), cookie, "another one each time");
    let mut old = Person { cookie: before, ..ada.clone() };
    old.get(&server, "/account/export").expect(401);
    ada.post(&server, "/sign-out", &[]).expect(200);
    ada.get(&server, "/account/export").expect(401);
}

#[test]
fn in_clear_there_is_no_sign_in_but_the_way_to_tls() {
    let server = Server::pattern(&[]);
    let mut host = Person::host(&server);
    let clear = [("X-Forwarded-For", "192.0.2.7"), ("X-Forwarded-Proto", "http")];
    let html = [&clear[..], &[("Accept", "text/html")]].concat();
    for page in ["/sign-in", "/sign-up", "/claim", "/reset", "/account", "/host"] {
        let reply = ask(server.address(), "GET", page, &html, b"").expect(303);
        let location = reply.header("Location").expect("a way");
        assert!(location.starts_with("/trust?next="), "{page}: {location}");
        let form = [&clear[..], &[("Content-Type", "application/x-www-form-urlencoded")]].concat();
        if !["/account", "/host"].contains(&page) {
            ask(server.address(), "POST", page, &form, b"name=Ada&password=x").expect(403);
        }
    }
    // A session's cookie is worth nothing there.
    host.fields = clear.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    assert_eq!(host.get(&server, "/account/export").status, 303);
    let silent = [("X-Forwarded-For", "192.0.2.7"), ("Accept", "text/html")];
    let reply = ask(server.address(), "GET", "/sign-in", &silent, b"").expect(403);
    assert!(reply.text().contains("X-Forwarded-Proto"), "it would go round in a circle");
}

#[test]
fn a_form_of_another_origin_is_refused_also_of_another_port() {
    let server = Server::pattern(&[]);
    let mut host = Person::host(&server);
    let at = server.address();
    let own = format!("http://{at}");
    let other_port = format!("http://127.0.0.1:{}", at.port() ^ 1);
    let other_scheme = format!("https://{at}");
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    for (origin, status) in [
        (own.as_str(), 200),
        (other_port.as_str(), 403),
        (other_scheme.as_str(), 403),
        ("https://evil.example", 403),
        ("null", 403),
    ] {
        let fields = [form, ("Origin", origin)];
        let reply = host.ask(&server, "POST", "/account/device", &fields, "label=x&room=*");
        assert_eq!(reply.status, status, "{origin}");
    }
}

#[test]
fn accounts_are_made_as_the_arguments_have_it() {
    let (name, password) = (("name", "Grace"), ("new-password", PASSWORD));
    let by_invitation = Server::pattern(&[]);
    let mut host = Person::host(&by_invitation);
    let mut grace = Person::new();
    assert_eq!(grace.post(&by_invitation, "/sign-up", &[name, password]).status, 403);
    let mut grace = Person::member(&by_invitation, &mut host, "Grace");
    grace.get(&by_invitation, "/account/export").expect(200);
    let open = Server::pattern(&["--sign-up", "open"]);
    Person::host(&open);
    let make = |form: &[(&str, &str)]| Person::new().post(&open, "/sign-up", form);
    make(&[name, password]).expect(200);
    assert_eq!(make(&[("name", "gracе"), password]).expect(409).json()["field"], "name");
    assert_eq!(make(&[("name", ""), password]).expect(400).json()["field"], "name");
    let weak = [("name", "Joan"), ("new-password", "password")];
    assert_eq!(make(&weak).expect(400).json()["field"], "new-password");
    let off = Server::pattern(&["--sign-up", "off"]);
    Person::host(&off);
    assert_eq!(Person::new().post(&off, "/sign-up", &[name, password]).status, 403);
}

#[test]
fn who_guesses_waits_and_the_owners_browser_does_not() {
    let server = Server::pattern(&[]);
    let mut host = Person::host(&server);
    let mut guesser = Person::at("192.0.2.66");
    let guess = |person: &mut Person, name: &str, password: &str| {
        person.post(&server, "/sign-in", &[("name", name), ("password", password)])
    };
    for name in ["Ada", "Nobody"] {
        let mut guesser = Person { ..guesser.clone() };
        for _ in 0..5 {
            guess(&mut guesser, name, "wrong").expect(403);
        }
        let slow = guess(&mut guesser, name, PASSWORD).expect(429);
        let wait: u64 = slow.header("Retry-After").expect("how long").parse().expect("seconds");
        assert!((1..=60).contains(&wait), "{name}: {wait}");
        assert!(slow.json()["error"].as_str().unwrap_or_default().contains(&format!("{wait} s")));
    }
    guesser.fields[0].1 = "192.0.2.67".into();
    assert_eq!(guess(&mut guesser, "Ada", PASSWORD).status, 429, "by name, wherever from");
    host.post(&server, "/sign-out", &[]).expect(200);
    guess(&mut host, "Ada", PASSWORD).expect(200);
}

#[test]
fn a_wrong_name_is_answered_as_a_wrong_password_is() {
    let server = Server::pattern(&[]);
    Person::host(&server);
    let answer = |name: &str| {
        let mut person = Person::at("192.0.2.9");
        let reply = person.post(&server, "/sign-in", &[("name", name), ("password", "wrong one")]);
        (reply.status, reply.names().join(" "), reply.text())
    };
    assert_eq!(answer("Ada"), answer("Eve"));
}

#[test]
fn where_no_name_is_typed_none_is_wrong() {
    let server = Server::pattern(&[]);
    let mut ada = Person::host(&server);
    for (path, name, said) in [
        ("/confirm", None, "The password is wrong."),
        ("/account/password", None, "The password is wrong."),
        ("/account/delete", None, "The password is wrong."),
        ("/sign-in", Some("Ada"), "The name or the password is wrong."),
    ] {
        let mut form = vec![("password", "no umbrella"), ("new-password", "eight dry umbrellas")];
        form.extend(name.map(|name| ("name", name)));
        let refused = ada.post(&server, path, &form).expect(403).json();
        assert_eq!(refused["error"], said, "{path}");
    }
    ada.get(&server, "/account/export").expect(200);
}

#[test]
fn a_new_password_signs_the_other_browsers_out() {
    let server = Server::pattern(&[]);
    let mut here = Person::host(&server);
    let mut there = Person::new();
    there.post(&server, "/sign-in", &[("name", "Ada"), ("password", PASSWORD)]).expect(200);
    let change = |person: &mut Person, old: &str, new: &str| {
        person.post(&server, "/account/password", &[("password", old), ("new-password", new)])
    };
    assert_eq!(
        change(&mut here, "wrong", "eight dry umbrellas").expect(403).json()["field"],
        "password"
    );
    assert_eq!(change(&mut here, PASSWORD, "short").expect(400).json()["field"], "new-password");
    there.get(&server, "/account/export").expect(200);
    change(&mut here, PASSWORD, "eight dry umbrellas").expect(200);
    there.get(&server, "/account/export").expect(401);
    here.get(&server, "/account/export").expect(200);
    there.post(&server, "/sign-in", &[("name", "Ada"), ("password", PASSWORD)]).expect(403);
}

#[test]
fn a_member_sees_and_ends_its_own_browsers_and_takes_its_data_with_it() {
    let server = Server::pattern(&[]);
    let mut host = Person::host(&server);
    let mut grace = Person::member(&server, &mut host, "Grace");
    let mut phone = Person::new();
    phone.fields.push(("User-Agent".into(), "Mozilla/5.0 (iPhone) Safari/604.1".into()));
    phone.post(&server, "/sign-in", &[("name", "Grace"), ("password", PASSWORD)]).expect(200);
    let exported = grace.get(&server, "/account/export").expect(200).json();
    let sessions = exported["sessions"].as_array().expect("a list");
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions[0]["device"], "Safari on iPhone");
    let page = grace.ask(&server, "GET", "/account", &[("Accept", "text/html")], "").text();
    let (_, rest) = page.split_once("account/browser").expect("a button");
    let (_, rest) = rest.split_once("value=\"").expect("a number");
    let id = rest.split('"').next().expect("a number");
    // What is another's is not there.
    host.post(&server, "/account/browser", &[("id", id)]).expect(404);
    phone.get(&server, "/account/export").expect(200);
    grace.post(&server, "/account/browser", &[("id", id)]).expect(200);
    phone.get(&server, "/account/export").expect(401);
    assert_eq!(grace.post(&server, "/account/delete", &[("password", "wrong")]).status, 403);
    grace.post(&server, "/account/delete", &[("password", PASSWORD)]).expect(200);
    grace.get(&server, "/account/export").expect(401);
    grace.post(&server, "/sign-in", &[("name", "Grace"), ("password", PASSWORD)]).expect(403);
    let last = host.post(&server, "/account/delete", &[("password", PASSWORD)]).expect(409);
    assert!(last.text().contains("host"), "{}", last.text());
}

#[test]
fn who_may_not_delete_the_account_stays_signed_in() {
    let server = Server::pattern(&[]);
    let mut host = Person::host(&server);
    let form = [("password", PASSWORD)];
    host.post(&server, "/account/delete", &form).expect(409);
    let export = host.get(&server, "/account/export").expect(200).json();
    assert_eq!(export["sessions"].as_array().expect("a list").len(), 1);
}
