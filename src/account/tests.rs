//! Accounts in a real store: what is changed, who is known by what, and what outlives it.

use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use super::*;
use crate::base::clock::Fake;
use crate::base::scratch::Scratch;
use crate::store::Folder;
use crate::store::account::AccountId;
use crate::store::pass::PassKind;

struct Site {
    accounts: Arc<Accounts>,
    clock: Fake,
    scratch: Scratch,
}

impl Site {
    fn new(sign_up: SignUp) -> Self {
        let scratch = Scratch::folder();
        let (clock, fake) = Fake::clock();
        let accounts = open(&scratch, &clock, sign_up);
        Self { accounts, clock: fake, scratch }
    }

    /// The first host, signed in.
    fn host(&self) -> SignedIn {
        let secret = self.pass(PassKind::Host, None);
        let name = Name::new("Ada").unwrap();
        self.accounts.claim(&secret, &name, &password("of the host"), &browser("host")).unwrap()
    }

    fn member(&self, name: &str) -> SignedIn {
        let secret = self.pass(PassKind::Invitation, None);
        let (name, password) = (Name::new(name).unwrap(), password("of a member"));
        let browser = browser("member");
        self.accounts.make_account(&name, &password, Some(&secret), &browser).unwrap()
    }

    fn pass(&self, kind: PassKind, of: Option<AccountId>) -> String {
        self.accounts.make_pass(&Actor::on_this_machine(), kind, of).unwrap().secret
    }

    fn sign_in(&self, name: &str, typed: &str, browser: &Browser) -> Result<SignedIn, Refused> {
        let attempt = self.accounts.attempt(name, browser)?;
        self.accounts.sign_in(attempt, &password(typed), browser)
    }

    /// Who comes with a session's cookie.
    fn caller(&self, secret: &str) -> Option<Caller> {
        let (book, now) = (self.accounts.book(), self.accounts.now().0);
        let credential = Credential::Session(hash_of(secret));
        Caller::of(&book, credential, Capabilities::LET_IN, &Whence::at(ADDRESS), now)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.accounts.stop();
    }
}

fn open(scratch: &Scratch, clock: &Clock, sign_up: SignUp) -> Arc<Accounts> {
    let folder = Folder::take(scratch.path(), "test").unwrap();
    let store = Arc::new(Store::of_server(folder).unwrap());
    Accounts::open(&store, clock, sign_up).unwrap()
}

/// One that is taken, whatever it is made of.
fn password(text: &str) -> Password {
    Password::typed(&format!("a long enough password {text}"))
}

fn browser(device: &str) -> Browser {
    Browser { device: device.into(), address: ADDRESS, cookie: None }
}

const ADDRESS: std::net::IpAddr = std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

#[test]
fn a_host_is_who_has_the_secret_and_has_it_once() {
    let site = Site::new(SignUp::Invitation);
    assert!(!site.accounts.book().has_host());
    let secret = site.pass(PassKind::Host, None);
    let (name, browser) = (Name::new("Ada").unwrap(), browser("one"));
    let claim = |secret: &str| site.accounts.claim(secret, &name, &password("x"), &browser);
    assert!(matches!(claim("another secret"), Err(Refused::NoPass)));
    let invitation = site.pass(PassKind::Invitation, None);
    assert!(matches!(claim(&invitation), Err(Refused::NoPass)), "it is good for something else");
    let newer = site.pass(PassKind::Host, None);
    assert!(matches!(claim(&secret), Err(Refused::NoPass)), "another was made since");
    let signed_in = claim(&newer.to_uppercase()).unwrap();
    assert!(site.accounts.book().has_host());
    assert_eq!(site.caller(&signed_in.secret).unwrap().rights("any"), Capabilities::ALL);
    assert!(matches!(claim(&newer), Err(Refused::NoPass)));
    let late = site.pass(PassKind::Host, None);
    site.clock.advance(Duration::from_secs(24 * 3600));
    assert!(matches!(claim(&late), Err(Refused::NoPass)), "a day has passed");
}

#[test]
fn who_signs_in_is_known_by_the_cookie_until_it_signs_out() {
    let site = Site::new(SignUp::Invitation);
    site.host();
    let guest = browser("guest");
    assert!(matches!(site.sign_in("Ada", "wrong", &guest), Err(Refused::Wrong)));
    assert!(matches!(site.sign_in("Nobody", "of the host", &guest), Err(Refused::Wrong)));
    let one = site.sign_in(" ADA ", "of the host", &guest).unwrap();
    let two = site.sign_in("Ada", "of the host", &guest).unwrap();
    assert_eq!(site.caller(&one.secret).unwrap().name(), "Ada");
    assert!(site.caller("not a secret").is_none());
    let actor = Actor::new(Some(one.account), "Ada", "");
    site.accounts.sign_out(&actor, hash_of(&one.secret)).unwrap();
    assert!(site.caller(&one.secret).is_none() && site.caller(&two.secret).is_some());
    let had = site.accounts.book().had_signed_in(&hash_of(&one.secret));
    assert_eq!(had, Some(one.account), "its browser does not wait for others' guesses");
    let again = Browser { cookie: Some(hash_of(&two.secret)), ..guest };
    let three = site.sign_in("Ada", "of the host", &again).unwrap();
    assert!(site.caller(&two.secret).is_none(), "the cookie is another after each sign-in");
    site.clock.advance(Duration::from_secs(29 * 24 * 3600));
    site.accounts.saw(Credential::Session(hash_of(&three.secret)));
    // The store does one thing after the other.
    site.accounts.put_address("https://a".into()).unwrap();
    site.clock.advance(Duration::from_secs(29 * 24 * 3600));
    assert!(site.caller(&three.secret).is_some(), "it was seen in between");
    site.clock.advance(Duration::from_secs(24 * 3600));
    assert!(site.caller(&three.secret).is_none());
}

#[test]
fn another_password_ends_the_other_browsers_and_not_the_one_that_sets_it() {
    let site = Site::new(SignUp::Invitation);
    let host = site.host();
    let other = site.sign_in("Ada", "of the host", &browser("other")).unwrap();
    let here = Browser { cookie: Some(hash_of(&host.secret)), ..browser("here") };
    let attempt = site.accounts.attempt("Ada", &here).unwrap();
    let (old, new) = (password("of the host"), password("of another kind"));
    let changed = site.accounts.change_password(attempt, &old, &new, &here).unwrap();
    assert!(site.caller(&host.secret).is_none() && site.caller(&other.secret).is_none());
    assert!(site.caller(&changed.secret).is_some());
    assert!(matches!(site.sign_in("Ada", "of the host", &here), Err(Refused::Wrong)));
    let link = site.pass(PassKind::Reset, Some(host.account));
    let reset = site.accounts.reset_password(&link, &password("newer"), &browser("phone")).unwrap();
    assert!(site.caller(&changed.secret).is_none() && site.caller(&reset.secret).is_some());
    assert!(site.accounts.reset_password(&link, &password("x"), &browser("x")).is_err());
    site.sign_in("Ada", "newer", &browser("x")).unwrap();
}

#[test]
fn names_are_taken_by_what_they_look_like() {
    let site = Site::new(SignUp::Open);
    site.host();
    let make = |name: &str| {
        let name = Name::new(name).unwrap();
        site.accounts.make_account(&name, &password("x"), None, &browser("x"))
    };
    for taken in ["ada", "\u{410}da", "A d a"] {
        assert!(matches!(make(taken), Err(Refused::NameTaken)), "{taken}");
    }
    make("Grace").unwrap();
    let closed = Site::new(SignUp::Off);
    let name = Name::new("Grace").unwrap();
    let made = closed.accounts.make_account(&name, &password("x"), None, &browser("x"));
    assert!(matches!(made, Err(Refused::NoSignUp)));
}

#[test]
fn the_last_host_stays() {
    let site = Site::new(SignUp::Invitation);
    let host = site.host();
    let actor = Actor::on_this_machine();
    let no_host = Ruling { is_host: Some(false), ..Ruling::default() };
    let disabled = Ruling { disabled: Some(true), ..Ruling::default() };
    for ruling in [no_host.clone(), disabled] {
        let ruled = site.accounts.rule(&actor, host.account, ruling);
        assert!(matches!(ruled, Err(Refused::LastHost)));
    }
    let deleted = site.accounts.delete_account(&actor, host.account);
    assert!(matches!(deleted, Err(Refused::LastHost)));
    let member = site.member("Grace");
    let is_host = Ruling { is_host: Some(true), ..Ruling::default() };
    site.accounts.rule(&actor, member.account, is_host).unwrap();
    assert!(site.caller(&member.secret).is_none(), "with other rights it signs in again");
    site.accounts.rule(&actor, host.account, no_host).unwrap();
    assert!(site.caller(&host.secret).is_none());
    site.accounts.delete_account(&actor, host.account).unwrap();
    assert!(site.accounts.book().account(host.account).is_none());
}

#[test]
fn what_a_program_may_is_within_what_its_account_may() {
    let site = Site::new(SignUp::Invitation);
    let (host, member) = (site.host(), site.member("Grace"));
    let actor = Actor::on_this_machine();
    let of = |secret: &str| {
        let (book, now) = (site.accounts.book(), site.accounts.now().0);
        let credential = Credential::Program(hash_of(secret));
        Caller::of(&book, credential, Capabilities::LET_IN, &Whence::at(ADDRESS), now)
    };
    let token = |account: Option<AccountId>, scopes| {
        site.accounts.make_token(&actor, account, "x".into(), scopes).unwrap().secret
    };
    let watch = Capabilities::NONE.with(Capability::Watch);
    let all = token(Some(member.account), Capabilities::ALL);
    assert_eq!(of(&all).unwrap().rights(""), Capabilities::LET_IN, "a member is no host");
    assert_eq!(of(&token(Some(host.account), watch)).unwrap().rights(""), watch);
    assert_eq!(of(&token(None, watch)).unwrap().rights(""), watch);
    let upload = Capabilities::NONE.with(Capability::Upload);
    assert_eq!(of(&token(None, upload)).unwrap().rights(""), upload.or(watch));
    let talk = Capabilities::NONE.with(Capability::Talk);
    assert_eq!(of(&token(None, talk)).unwrap().rights(""), talk.or(watch), "as everybody");
    let room = Some("kitchen".to_owned());
    let made = site.accounts.make_device(&actor, member.account, "nvr".into(), room).unwrap();
    let device = of(&made.password).unwrap();
    assert_eq!(device.rights("kitchen"), watch);
    assert_eq!(device.rights("cellar"), watch, "where everybody may watch, so may it");
    let (book, now) = (site.accounts.book(), site.accounts.now().0);
    let credential = Credential::Program(hash_of(&made.password));
    let elsewhere =
        Caller::of(&book, credential, Capabilities::NONE, &Whence::at(ADDRESS), now).unwrap();
    let rights = ["kitchen", "", "cellar"].map(|room| elsewhere.rights(room));
    assert_eq!(rights, [watch, Capabilities::NONE, Capabilities::NONE]);
    let disabled = Ruling { disabled: Some(true), ..Ruling::default() };
    site.accounts.rule(&actor, member.account, disabled).unwrap();
    assert!(of(&made.password).is_none() && of(&all).is_none());
    site.accounts.delete_program(&actor, made.id, Some(host.account)).unwrap_err();
    site.accounts.delete_program(&actor, made.id, Some(member.account)).unwrap();
}

#[test]
fn who_is_banned_may_nothing_and_hosts_are_not_kept_out_by_address() {
    let site = Site::new(SignUp::Invitation);
    let (host, member) = (site.host(), site.member("Grace"));
    let actor = Actor::on_this_machine();
    let hour = Some(Duration::from_secs(3600));
    let ban = |account, address: Option<&str>| {
        let whom = Whom { account, address: address.map(str::to_owned), ..Whom::default() };
        site.accounts.ban(&actor, whom, "noise".into(), hour)
    };
    assert!(ban(Some(host.account), None).is_err());
    ban(None, Some("192.0.2.0/24")).unwrap();
    let rights = |secret: &str| site.caller(secret).unwrap().rights("");
    assert_eq!(rights(&member.secret), Capabilities::NONE);
    assert_eq!(rights(&host.secret), Capabilities::ALL);
    let id = site.accounts.book().bans(site.accounts.now().0)[0].id;
    site.accounts.lift(&actor, id, None).unwrap();
    assert_eq!(rights(&member.secret), Capabilities::LET_IN);
    ban(Some(member.account), None).unwrap();
    assert_eq!(rights(&member.secret), Capabilities::NONE);
    site.clock.advance(Duration::from_secs(3600));
    assert_eq!(rights(&member.secret), Capabilities::LET_IN, "an hour has passed");
}

#[test]
fn what_other_programs_change_is_known_within_a_second() {
    let site = Site::new(SignUp::Invitation);
    let before = site.accounts.revision();
    let beside = Arc::new(Store::beside_server(site.scratch.path()).unwrap());
    let (clock, _) = Fake::clock();
    let other = Accounts::open(&beside, &clock, SignUp::Invitation).unwrap();
    assert_eq!(other.book().installation, site.accounts.book().installation);
    let secret = other.make_pass(&Actor::on_this_machine(), PassKind::Host, None).unwrap().secret;
    other.stop();
    for _ in 0..1000 {
        if site.accounts.revision() != before {
            let name = Name::new("Ada").unwrap();
            site.accounts.claim(&secret, &name, &password("x"), &browser("x")).unwrap();
            return;
        }
        thread::park_timeout(Duration::from_millis(10));
    }
    panic!("not in ten seconds");
}

#[test]
fn all_is_there_after_the_next_start_and_no_secret_as_it_is() {
    let scratch = Scratch::folder();
    let (clock, _) = Fake::clock();
    let accounts = open(&scratch, &clock, SignUp::Invitation);
    let pass = accounts.make_pass(&Actor::on_this_machine(), PassKind::Host, None).unwrap();
    let secret = "a long enough password of the host";
    let name = Name::new("Ada").unwrap();
    let host =
        accounts.claim(&pass.secret, &name, &Password::typed(secret), &browser("x")).unwrap();
    let actor = Actor::of(accounts.book().account(host.account).unwrap(), &browser("x"));
    let device = accounts.make_device(&actor, host.account, "nvr".into(), None).unwrap();
    let (key, installation) =
        (accounts.book().watch_key.clone(), accounts.book().installation.clone());
    let exported = accounts.export(host.account).unwrap().to_string();
    accounts.stop();
    drop(accounts);
    let again = open(&scratch, &clock, SignUp::Invitation);
    let book = again.book();
    assert!(
        book.session(&hash_of(&host.secret), UNIX_EPOCH + Duration::from_secs(1_700_000_000))
            .is_some()
    );
    assert_eq!(book.device(&device.user).unwrap().hash, hash_of(&device.password));
    assert_eq!((&book.watch_key, &book.installation), (&key, &installation));
    again.stop();
    let mut stored = Vec::new();
    for ending in ["", "-wal"] {
        let file = scratch.path().join(format!("livestream.db{ending}"));
        stored.extend(std::fs::read(file).unwrap_or_default());
    }
    let has = |what: &str| stored.windows(what.len()).any(|bytes| bytes == what.as_bytes());
    assert!(has("Ada") && has(&device.user));
    for secret in [secret, &host.secret, &device.password, &pass.secret.replace('-', "")] {
        assert!(!has(secret) && !exported.contains(secret));
    }
    assert!(exported.contains("\"name\":\"Ada\"") && exported.contains(&device.user));
    assert!(!exported.contains("argon2id"));
}

#[test]
fn who_waits_for_a_password_is_told_that_there_are_too_many() {
    let site = Site::new(SignUp::Invitation);
    let (let_go, held) = channel::<()>();
    let (begun, has_begun) = channel();
    site.accounts
        .with_passwords(Asker::Known(AccountId(1)), move || {
            begun.send(()).unwrap();
            held.recv().unwrap();
        })
        .unwrap();
    has_begun.recv().unwrap();
    for _ in 0..32 {
        site.accounts.with_passwords(Asker::Known(AccountId(1)), || ()).unwrap();
    }
    assert!(matches!(
        site.accounts.with_passwords(Asker::Known(AccountId(1)), || ()),
        Err(Refused::Busy)
    ));
    let_go.send(()).unwrap();
}

#[test]
fn who_is_made_a_host_is_banned_no_more() {
    let site = Site::new(SignUp::Invitation);
    let (host, member) = (site.host(), site.member("Grace"));
    let actor = Actor::on_this_machine();
    let host_of = |is| Ruling { is_host: Some(is), ..Ruling::default() };
    site.accounts
        .ban(
            &actor,
            Whom { account: Some(member.account), ..Whom::default() },
            "noise".into(),
            None,
        )
        .unwrap();
    site.accounts.rule(&actor, member.account, host_of(true)).unwrap();
    site.accounts.rule(&actor, host.account, host_of(false)).unwrap();
    let grace = site.sign_in("Grace", "of a member", &browser("member")).unwrap();
    assert_eq!(site.caller(&grace.secret).unwrap().rights(""), Capabilities::ALL);
    site.accounts
        .ban(&actor, Whom { account: Some(host.account), ..Whom::default() }, "noise".into(), None)
        .unwrap();
    let secret = site.pass(PassKind::Host, None);
    let again = site.sign_in("Ada", "of the host", &browser("host")).unwrap();
    let out = site.accounts.claim_for(&secret, host.account, &browser("host"));
    assert!(matches!(out, Err(Refused::NoSuch)), "nobody is signed in there");
    let here = Browser { cookie: Some(hash_of(&again.secret)), ..browser("host") };
    site.accounts.claim_for(&secret, host.account, &here).unwrap();
    assert!(site.accounts.book().bans(site.accounts.now().0).is_empty());
}

#[test]
fn a_member_washes_nothing_out_of_the_log() {
    let site = Site::new(SignUp::Invitation);
    let (host, member) = (site.host(), site.member("Grace"));
    let grace = Actor::new(Some(member.account), "Grace", "192.0.2.7");
    let mut refused = 0;
    for round in 0..400 {
        site.clock.advance(Duration::from_secs(if round % 2 == 0 { 0 } else { 5 }));
        match site.accounts.make_token(&grace, Some(member.account), "x".into(), Capabilities::ALL)
        {
            Ok(made) => {
                site.accounts.delete_program(&grace, made.id, Some(member.account)).unwrap();
            }
            Err(Refused::Often(wait)) => {
                assert!(wait <= Duration::from_secs(10));
                refused += 1;
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert!(refused > 0, "nobody makes as many as that");
    let log = site.accounts.journal(10_000).unwrap();
    let of = |id: AccountId| log.iter().filter(|entry| entry.account == Some(id)).count();
    assert_eq!(of(member.account), 200);
    assert!(of(host.account) > 0);
}

#[test]
fn what_is_kept_of_somebody_is_given_and_then_forgotten() {
    let site = Site::new(SignUp::Invitation);
    site.host();
    let member = site.member("Grace");
    let grace = Actor::new(Some(member.account), "Grace", "192.0.2.7");
    site.accounts.make_device(&grace, member.account, "Garage".into(), None).unwrap();
    site.sign_in("Grace", "of a member", &browser("tablet")).unwrap();
    site.accounts.sign_out(&grace, hash_of(&member.secret)).unwrap();
    let here = Actor::on_this_machine();
    site.accounts
        .ban(&here, Whom { account: Some(member.account), ..Whom::default() }, "noise".into(), None)
        .unwrap();
    site.pass(PassKind::Reset, Some(member.account));
    let export = site.accounts.export(member.account).unwrap();
    assert_eq!(export["sessions"].as_array().unwrap().len(), 2, "that which is over, too");
    assert_eq!(
        (&export["bans"][0]["why"], &export["links"][0]["made_here"]),
        (&"noise".into(), &false.into())
    );
    let attempt = site.accounts.attempt("Grace", &browser("tablet")).unwrap();
    assert!(site.accounts.delete_own(attempt, &password("wrong"), &grace).is_err());
    let attempt = site.accounts.attempt("Grace", &browser("tablet")).unwrap();
    site.accounts.delete_own(attempt, &password("of a member"), &grace).unwrap();
    let own = |entry: &&crate::store::journal::Entry| entry.account == Some(member.account);
    let log = site.accounts.journal(1000).unwrap();
    assert!(log.iter().filter(own).count() > 0);
    for entry in log.iter().filter(own).chain([&log[0]]) {
        let (who, address) = (entry.who.as_str(), entry.address.as_str());
        assert_eq!((who, address), ("a deleted account", ""), "{entry:?}");
        assert!(!entry.what.contains("Garage") && !entry.what.contains("Grace"), "{entry:?}");
    }
}
