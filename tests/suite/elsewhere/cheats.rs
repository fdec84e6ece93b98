//! Each way to come in as somebody else, and each way in which a provider may fail: refused, with what
//! to do about it.

use std::net::TcpListener;

use super::{Elsewhere, Here, LIAR, table};
use crate::accounts::Person;
use crate::common::client::Reply;
use crate::common::clip::Scratch;
use crate::common::server::Port;
use crate::tls::tunnel::{Authority, Tunnel};

/// A server whose provider lies, and that provider.
struct Stage {
    here: Here,
    liar: Elsewhere,
}

impl Stage {
    fn new(more: &str) -> Self {
        let liar = Elsewhere::start(LIAR, &[]);
        let tables = table("corp", &liar.issuer, more);
        Self { here: Here::start(Port::reserve(), &tables, &[]), liar }
    }

    fn lie(&self, kind: &str) {
        self.liar.get(&format!("{}/lie/{kind}", self.liar.issuer)).expect(200);
    }

    /// Begins to sign in: where the provider leads back to, as a path of the server.
    fn begin(&self, person: &mut Person) -> String {
        let led = person.get(&self.here.server, "/sign-in/with/corp").expect(303);
        let back = self.liar.get(led.header("Location").expect("an address")).expect(303);
        let back = back.header("Location").expect("an address").to_owned();
        back.strip_prefix(&self.here.server.url("")).expect("it leads back").to_owned()
    }

    fn come_back(&self, person: &mut Person) -> Reply {
        let back = self.begin(person);
        person.get(&self.here.server, &format!("/{}", back.trim_start_matches('/')))
    }
}

/// What a program is told.
fn why(reply: &Reply) -> String {
    reply.json()["error"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn who_is_told_of_as_it_has_to_be_comes_in() {
    let stage = Stage::new("sign-up = true");
    let server = &stage.here.server;
    for kind in ["none", "clock-2", "clock+2", "no-user"] {
        stage.lie(kind);
        let mut person = Person::new();
        let came = stage.come_back(&mut person).expect(303);
        assert!(came.header("Location").unwrap().ends_with("sign-in/new"), "{kind}: {came:?}");
        let form = [("name", format!("Mallory {kind}"))];
        let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
        if kind == "none" {
            person.post(server, "/sign-in/new", &form).expect(200);
            assert_eq!(
                person.get(server, "/account/export").expect(200).json()["name"],
                "Mallory none"
            );
            let told = stage.liar.get(&format!("{}/told", stage.liar.issuer)).json();
            assert_eq!(told["client"], true, "by the secret of the file");
            let asked = &told["authorize"];
            assert_eq!(
                (&asked["code_challenge_method"], &asked["response_mode"]),
                (&"S256".into(), &"query".into())
            );
            let redirect = server.url("/sign-in/from/corp");
            assert_eq!(asked["redirect_uri"], redirect.as_str(), "of public-url");
            // Who comes again is the same one.
            let mut again = Person::new();
            stage.come_back(&mut again).expect(200);
            assert_eq!(again.get(server, "/account/export").json()["name"], "Mallory none");
            let mut host = Person::host(server);
            let accounts = host.get(server, "/api/v1/accounts").json();
            let id = accounts["accounts"][0]["id"].as_i64().unwrap();
            host.ask(server, "DELETE", &format!("/api/v1/accounts/{id}"), &[], "").expect(200);
        }
    }
}

#[test]
fn each_way_to_cheat_is_refused_with_what_to_do() {
    let stage = Stage::new("sign-up = true");
    let server = &stage.here.server;
    for (kind, status, words) in [
        ("state", 400, "not begun in this browser"),
        ("no-state", 400, "not begun in this browser"),
        ("name", 403, "is not that of corp"),
        ("no-name", 403, "is not that of corp"),
        ("declined", 403, "did not agree"),
        ("nonce", 403, "cannot be believed"),
        ("no-nonce", 403, "cannot be believed"),
        ("issuer", 403, "cannot be believed"),
        ("audience", 403, "cannot be believed"),
        ("audiences", 403, "cannot be believed"),
        ("signature", 403, "cannot be believed"),
        ("kid", 403, "cannot be believed"),
        ("alg-none", 403, "cannot be believed"),
        ("alg-hs256", 403, "cannot be believed"),
        ("at-hash", 403, "cannot be believed"),
        ("expired", 403, "cannot be believed"),
        ("user", 403, "cannot be believed"),
        ("empty", 403, "cannot be believed"),
        ("long", 403, "cannot be believed"),
        ("never-issued", 502, "do not understand each other"),
        ("issued-late", 502, "do not understand each other"),
        ("for-ever", 502, "do not understand each other"),
        ("clock-10", 403, "10 minutes apart"),
        ("clock+10", 403, "10 minutes apart"),
        ("no-token", 502, "do not understand each other"),
        ("leads-on", 502, "do not understand each other"),
        ("html", 502, "do not understand each other"),
        ("broken", 502, "do not understand each other"),
        ("endless", 502, "do not understand each other"),
        ("no-client", 502, "do not understand each other"),
        ("down", 503, "cannot do it at this moment"),
        ("hangs-up", 503, "cannot be reached"),
        ("silent", 504, "did not answer in time"),
    ] {
        stage.lie(kind);
        let mut person = Person::new();
        let reply = stage.come_back(&mut person);
        assert_eq!(reply.status, status, "{kind}: {}", reply.text());
        assert!(why(&reply).contains(words), "{kind}: {}", reply.text());
        assert!(!person.cookie.contains("__Host-session"), "{kind}: {}", person.cookie);
        assert!(!person.cookie.contains("__Host-sign-in"), "{kind}: it is over");
        person.get(server, "/account/export").expect(401);
        let told = stage.liar.get(&format!("{}/told", stage.liar.issuer)).json();
        let asked = told["asked"].as_array().unwrap();
        assert!(!asked.contains(&"/elsewhere".into()), "{kind}: followed nowhere");
    }
    let log = server.log();
    assert!(!log.contains("a secret that the test knows"), "{log}");
    assert!(!log.contains("code-"), "no code in the log: {log}");
}

#[test]
fn a_provider_is_asked_by_tls_alone_whatever_it_says() {
    let stage = Stage::new("sign-up = true");
    stage.lie("keys-in-clear");
    let refused = Person::new().get(&stage.here.server, "/sign-in/with/corp").expect(502);
    assert!(why(&refused).contains("do not understand each other"), "{}", why(&refused));
    // It is not tried.
    stage.here.server.says("in clear, at 192.0.2.1");
}

#[test]
fn one_address_does_not_have_a_provider_for_itself() {
    let stage = Stage::new("sign-up = true");
    stage.lie("none");
    let server = &stage.here.server;
    let mut busy = 0;
    for _ in 0..150 {
        let begun = Person::new().get(server, "/sign-in/with/corp");
        busy += u32::from(begun.status == 503);
    }
    assert!(busy > 0, "as often as it likes");
    let mut other = Person::new();
    other.fields.push(("X-Forwarded-For".to_owned(), "127.0.0.9".to_owned()));
    other.get(server, "/sign-in/with/corp").expect(303);
}

#[test]
fn an_answer_counts_once_and_in_the_browser_that_began_it() {
    let stage = Stage::new("sign-up = true");
    let server = &stage.here.server;
    let begun = |person: &mut Person| format!("/{}", stage.begin(person).trim_start_matches('/'));
    // Somebody else's link, which would sign the victim in as its sender.
    let (mut mallory, mut victim) = (Person::new(), Person::new());
    let link = begun(&mut mallory);
    assert!(why(&victim.get(server, &link).expect(400)).contains("not begun"));
    begun(&mut victim);
    assert!(why(&victim.get(server, &link).expect(400)).contains("not begun"));
    // The same answer again, with the same cookie.
    let (mut ann, link) = (Person::new(), String::new());
    let link = link + &begun(&mut ann);
    let mut twin = ann.clone();
    ann.get(server, &link).expect(303);
    assert!(why(&twin.get(server, &link).expect(400)).contains("takes each sign-in once"));
    assert!(why(&ann.get(server, &link).expect(400)).contains("not begun"));
    // A cookie that somebody wrote, and one that was changed.
    let mut forger = Person::new();
    let link = begun(&mut forger);
    forger.cookie = forger.cookie.replace("sign-in%7C", "").replace("corp", "cord");
    assert!(why(&forger.get(server, &link).expect(400)).contains("not begun"));
    // Nobody knows who comes without one.
    Person::new().get(server, "/sign-in/new").expect(400);
    Person::new().post(server, "/sign-in/new", &[("name", "Eve")]).expect(400);
}

#[test]
fn an_answer_of_another_provider_is_mixed_up() {
    let (one, other) = (Elsewhere::start(LIAR, &[]), Elsewhere::start(LIAR, &[]));
    let tables = table("one", &one.issuer, "") + &table("other", &other.issuer, "");
    let here = Here::start(Port::reserve(), &tables, &[]);
    let mut person = Person::new();
    let led = person.get(&here.server, "/sign-in/with/one").expect(303);
    let back = one.get(led.header("Location").unwrap()).expect(303);
    let back = back.header("Location").unwrap().strip_prefix(&here.server.url("")).unwrap();
    let back = format!("/{}", back.trim_start_matches('/')).replace("from/one", "from/other");
    let refused = person.get(&here.server, &back).expect(403);
    assert!(why(&refused).contains("is not that of other"), "{}", refused.text());
    let told = other.get(&format!("{}/told", other.issuer)).json();
    let asked = told["asked"].as_array().unwrap();
    assert!(!asked.contains(&"/token".into()), "the code of one is shown to no other: {asked:?}");
}

#[test]
fn what_was_begun_by_another_site_leads_to_the_form() {
    let stage = Stage::new("");
    for (field, value) in [
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
        ("Referer", "http://x/"),
    ] {
        let mut person = Person::new();
        let led =
            person.ask(&stage.here.server, "GET", "/sign-in/with/corp", &[(field, value)], "");
        let location = led.expect(303).header("Location").unwrap().to_owned();
        assert_eq!(location, "../../sign-in", "{field}: {value}");
        assert_eq!(person.cookie, "", "nothing was begun");
    }
    Person::new().get(&stage.here.server, "/sign-in/with/nobody").expect(404);
}

#[test]
fn a_provider_that_is_not_there_is_told_at_once_and_one_that_is_silent_in_time() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let tables = table("gone", &format!("http://{gone}"), "")
        + &table("silent", &format!("http://{}", silent.local_addr().unwrap()), "");
    let here = Here::start(Port::reserve(), &tables, &[]);
    let mut person = Person::new();
    let refused = person.get(&here.server, "/sign-in/with/gone").expect(503);
    assert!(why(&refused).contains("gone cannot be reached"), "{}", refused.text());
    let refused = person.get(&here.server, "/sign-in/with/silent").expect(504);
    assert!(why(&refused).contains("silent did not answer in time"), "{}", refused.text());
    // Whoever waits for one that is silent keeps nobody who asks another.
    let waiting: Vec<_> = (0..2)
        .map(|_| {
            let mut client = here.server.connect();
            client.send("GET /sign-in/with/silent HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
            client
        })
        .collect();
    person.get(&here.server, "/sign-in/with/gone").expect(503);
    here.server.get("/snapshot").expect(200);
    drop(waiting);
}

#[test]
fn who_may_enter_is_of_the_domain_and_of_the_group() {
    for (more, words) in [
        ("domains = [\"example.com\"]", "who is of example.com"),
        ("groups = [\"staff\", \"crew\"]", "who is in staff or crew"),
    ] {
        let stage = Stage::new(more);
        stage.lie("none");
        let refused = stage.come_back(&mut Person::new()).expect(403);
        assert!(why(&refused).contains(words), "{}", refused.text());
    }
}

#[test]
fn an_account_elsewhere_is_linked_by_who_is_signed_in_alone() {
    let stage = Stage::new("");
    let server = &stage.here.server;
    stage.lie("none");
    // Of the same name and address as somebody here: it finds nothing.
    let mut host = Person::host(server);
    let mut mallory = Person::member(server, &mut host, "mallory");
    let came = stage.come_back(&mut Person::new()).expect(303);
    assert!(came.header("Location").unwrap().ends_with("sign-in/new"), "no account by its name");
    let link = |person: &mut Person| {
        let own = server.url("/account");
        let own = [("Referer", own.as_str())];
        let led = person.ask(server, "GET", "/sign-in/with/corp?to=link", &own, "").expect(303);
        let back = stage.liar.get(led.header("Location").unwrap()).expect(303);
        let back =
            back.header("Location").unwrap().strip_prefix(&server.url("")).unwrap().to_owned();
        format!("/{}", back.trim_start_matches('/'))
    };
    let back = link(&mut mallory);
    // Who is signed in meanwhile is somebody else.
    let mut swapped = host.clone();
    let flow = mallory.cookie.split("; ").find(|one| one.starts_with("__Host-sign-in")).unwrap();
    swapped.cookie = format!("{}; {flow}", swapped.cookie);
    assert!(why(&swapped.get(server, &back).expect(400)).contains("not begun"));
    let back = link(&mut mallory);
    mallory.get(server, &back).expect(200);
    let export = mallory.get(server, "/account/export").json();
    assert_eq!(export["identities"][0]["subject"], "mallory");
    let mut again = Person::new();
    stage.come_back(&mut again).expect(200);
    assert_eq!(again.get(server, "/account/export").json()["name"], "mallory");
    // It belongs to one account.
    let back = link(&mut host);
    assert!(why(&host.get(server, &back).expect(409)).contains("belongs to another account"));
    // It was linked with the password just given; who came by it alone gives nothing away.
    let own = server.url("/account");
    let own = [("Referer", own.as_str())];
    let led = again.ask(server, "GET", "/sign-in/with/corp?to=link", &own, "").expect(303);
    assert!(led.header("Location").unwrap().contains("/confirm"), "{led:?}");
    for (path, form) in [
        ("/account/device", &[("label", "x"), ("room", "*")]),
        ("/account/token", &[("label", "x"), ("scope", "watch")]),
    ] {
        let led = again.post(server, path, form).expect(303);
        assert!(led.header("Location").unwrap().contains("/confirm"), "{path}: {led:?}");
    }
    // Nor does a link that says not where it stands.
    let led = mallory.get(server, "/sign-in/with/corp?to=link").expect(303);
    assert!(led.header("Location").unwrap().contains("/account"), "{led:?}");
    // Unlinked, it leads nowhere, and who came by it is out.
    let page = mallory.ask(server, "GET", "/account", &[("Accept", "text/html")], "").text();
    let id = page.split("account/unlink").nth(1).and_then(|rest| rest.split("value=\"").nth(1));
    let id = id.and_then(|rest| rest.split('"').next()).expect("a button");
    mallory.post(server, "/account/unlink", &[("id", id)]).expect(200);
    again.get(server, "/account/export").expect(401);
    mallory.get(server, "/account/export").expect(200);
    let came = stage.come_back(&mut Person::new()).expect(303);
    assert!(came.header("Location").unwrap().ends_with("sign-in/new"));
}

#[test]
fn a_disabled_account_is_disabled_by_every_way() {
    let stage = Stage::new("sign-up = true");
    let server = &stage.here.server;
    let mut host = Person::host(server);
    let mut mallory = Person::new();
    stage.come_back(&mut mallory).expect(303);
    mallory.post(server, "/sign-in/new", &[("name", "Mal")]).expect(200);
    let accounts = host.get(server, "/api/v1/accounts").json();
    let all = accounts["accounts"].as_array().unwrap();
    let id = all.iter().find(|one| one["name"] == "Mal").unwrap()["id"].as_i64().unwrap();
    let json = ("Content-Type", "application/json");
    let target = format!("/api/v1/accounts/{id}");
    host.ask(server, "PATCH", &target, &[json], r#"{"disabled":true}"#).expect(200);
    mallory.get(server, "/account/export").expect(401);
    let refused = stage.come_back(&mut Person::new()).expect(403);
    assert!(why(&refused).contains("disabled"), "{}", refused.text());
}

#[test]
fn it_is_said_at_the_start_what_is_missing() {
    use crate::common::program::Program;
    use crate::common::server::program;
    let files = Scratch::new();
    let secret = files.write("secret", b"s\n");
    let good = table("corp", "https://id.example", "").replace("{secret}", &secret);
    for (text, arguments, words) in [
        (good.clone(), &[][..], "--public-url"),
        (good.replace("https:", "http:"), &["--public-url", "https://a.b"], "https://"),
        (good.replace(&secret, "/nowhere"), &["--public-url", "https://a.b"], "client-secret-file"),
        (
            good.replace("corp", "google"),
            &["--public-url", "https://cam.local"],
            "known on the internet",
        ),
        (
            good.replace("client-id", "client"),
            &["--public-url", "https://a.b"],
            "there is no key `client`",
        ),
        (good, &["--public-url", "http://a.b"], "https://"),
    ] {
        let file = files.write("livestream.toml", text.as_bytes());
        let mut command = program();
        command.args(["0", "--bind", "127.0.0.1", "--no-rtsp", "--no-mdns", "--source", "pattern"]);
        command.args(["--data", files.path(), "--config", &file]).args(arguments);
        let ended = Program::run(&mut command, "", crate::common::LONG);
        assert!(!ended.status.success(), "{words}");
        assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
    }
}

#[test]
fn it_begins_and_ends_where_browsers_reach_this_server() {
    let liar = Elsewhere::start(LIAR, &[]);
    let tables = table("corp", &liar.issuer, "");
    let here = Here::start_at("https://cam.example/cam", &tables);
    let mut person = Person::new();
    let proxied = |host: &str, prefix: &str| {
        let fields = [("Proto", "https"), ("Host", host), ("Prefix", prefix)];
        fields.map(|(name, value)| (format!("X-Forwarded-{name}"), value.to_owned())).to_vec()
    };
    // By another address than it leads back to.
    for (host, prefix) in [("cam.example", ""), ("127.0.0.1", "/cam"), ("192.168.1.5", "")] {
        person.fields = proxied(host, prefix);
        let led = person.get(&here.server, "/sign-in/with/corp?next=/cam/account").expect(303);
        let location = led.header("Location").unwrap();
        assert_eq!(location, "https://cam.example/cam/sign-in?next=%2Fcam%2Faccount", "{host}");
        let page = person.ask(&here.server, "GET", "/sign-in", &[("Accept", "text/html")], "");
        assert!(page.text().contains("href=\"https://cam.example/cam/sign-in\""), "{host}");
    }
    person.fields = proxied("cam.example", "/cam");
    let led = person.get(&here.server, "/sign-in/with/corp?next=/cam/account").expect(303);
    let location = led.header("Location").unwrap().to_owned();
    assert!(location.starts_with(&liar.issuer), "{location}");
    let back = liar.get(&location).expect(303);
    let back = back.header("Location").unwrap().to_owned();
    let path = back.strip_prefix("https://cam.example/cam").expect("of public-url");
    let came = person.get(&here.server, path).expect(303);
    assert_eq!(came.header("Location"), Some("../../sign-in/new"));
}

#[test]
fn a_provider_is_who_has_a_certificate_that_the_system_trusts() {
    let liar = Elsewhere::start(LIAR, &[]);
    let (authority, another) = (Authority::new(), Authority::new());
    let tunnel = Tunnel::start(authority.sign("127.0.0.1", |_| {}), liar.address());
    let issuer = format!("https://{}", tunnel.address);
    liar.get(&format!("{}/called?issuer={issuer}", liar.issuer)).expect(200);
    let files = Scratch::new();
    for (authority, status) in [(&authority, 303), (&another, 503)] {
        let roots = files.write("roots.pem", authority.pem.as_bytes());
        let here = Here::trusting(&roots, &table("corp", &issuer, ""));
        let mut person = Person::new();
        let led = person.get(&here.server, "/sign-in/with/corp").expect(status);
        if status == 503 {
            assert!(why(&led).contains("cannot be reached"), "{}", led.text());
            continue;
        }
        let led = led.header("Location").unwrap().replace(&issuer, &liar.issuer);
        let back = liar.get(&led).expect(303);
        let back = back.header("Location").unwrap().strip_prefix(&here.server.url("")).unwrap();
        let came = person.get(&here.server, &format!("/{}", back.trim_start_matches('/')));
        assert_eq!(came.expect(303).header("Location"), Some("../../sign-in/new"));
    }
}
