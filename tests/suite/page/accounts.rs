//! Accounts in a browser: the way in, what is one's own, what a host does.
//!
//! On this machine and by TLS alike, for a browser keeps the cookie of a session for both.

use std::path::Path;

use super::window::Window;
use super::{Browser, Person, in_browsers, is_live};
use crate::accounts::{PASSWORD, Person as Client, host_secret};
use crate::common::clip::Scratch;
use crate::common::picture::look;
use crate::common::server::Server;
use crate::common::{LONG, eventually, eventually_true};

in_browsers!(from_the_first_start_on_its_own_machine: chromium, firefox);
fn from_the_first_start_on_its_own_machine(browser: &Browser) {
    let server = Server::pattern(&[]);
    from_the_link_to_the_end(browser, &server, &server.url(""));
}

#[test]
fn from_the_first_start_by_tls() {
    for engine in 0..2 {
        let server = Server::pattern(&["--tls"]);
        let files = Scratch::new();
        let authority = files.write("ca.crt", &server.get("/ca.crt").body);
        let browser = &Browser::trusting(Path::new(&authority))[engine];
        from_the_link_to_the_end(browser, &server, &server.url("").replace("http:", "https:"));
    }
}

/// The first host comes, invites somebody, and that one goes again.
fn from_the_link_to_the_end(browser: &Browser, server: &Server, origin: &str) {
    let url = |path: &str| format!("{origin}{path}");
    let host = browser.window();
    let secret = host_secret(server);
    host.goto(&url(&format!("/claim#{secret}")));
    // The secret is in its field, and nowhere where it would be kept.
    host.wait("document.getElementById('secret').value && !location.hash");
    assert_eq!(host.eval("document.getElementById('secret').value"), secret.as_str());
    has_focus(&host, "name");
    host.write("Ada");
    host.press("Tab");
    host.write(PASSWORD);
    host.enter();
    is_at(&host, "/host");

    host.follow(".area[href$=account]");
    host.follow("#sign-out");
    is_at(&host, "/");
    is_live(&host);
    host.follow(".area[href$=sign-in]");
    host.expect_trouble();
    has_focus(&host, "name");
    host.write("Ada");
    host.press("Tab");
    host.write("no umbrella at all");
    host.enter();
    is_at(&host, "/sign-in");
    assert_eq!(host.text("#password-error"), "The name or the password is wrong.");
    assert_eq!(host.eval("document.getElementById('name').value"), "Ada");
    has_focus(&host, "password");
    let described = "document.activeElement.getAttribute('aria-describedby')";
    assert_eq!(host.eval(described), "password-error");
    host.write(PASSWORD);
    host.enter();
    is_at(&host, "/");

    host.goto(&url("/host"));
    host.follow("#invite");
    has_focus(&host, "made");
    let link = host.text("#made code");
    assert!(link.starts_with(&url("/sign-up#")), "{link}");
    copies(&host, "#made", &link);
    let guest = browser.window();
    guest.goto(&link);
    guest.wait("document.getElementById('secret').value && !location.hash");
    has_focus(&guest, "name");
    guest.write("Grace");
    guest.press("Tab");
    guest.write(PASSWORD);
    guest.enter();
    is_at(&guest, "/");
    guest.follow(".area[href$=account]");
    assert!(guest.text("h1").starts_with("Grace"));
    assert_eq!(guest.eval("Boolean(document.getElementById('to-host'))"), false);

    let phone = browser.window();
    phone.goto(&url("/account"));
    is_at(&phone, "/sign-in");
    fill(&phone, &[("name", "grace"), ("password", PASSWORD)]);
    phone.enter();
    is_at(&phone, "/account");
    assert_eq!(phone.eval("document.querySelectorAll('#browsers li').length"), 2);
    fill(&guest, &[("password", PASSWORD), ("new-password", NEW_PASSWORD)]);
    guest.enter();
    is_at(&guest, "/account");
    guest.wait("probe.isShown('#password-changed')");
    phone.reload();
    is_at(&phone, "/sign-in");

    guest.click("#device");
    guest.write("VLC");
    guest.enter();
    has_focus(&guest, "made-device");
    let areas = "[...document.querySelectorAll('.area')].map((a) => a.pathname).join(' ')";
    assert_eq!(guest.eval(areas), "/ /rooms /library /connect /account");
    let password = guest.text("#made-device .line:nth-of-type(2) code");
    copies(&guest, "#made-device .line:nth-of-type(2)", &password);
    guest.goto(&url("/account"));
    assert!(guest.text("#devices").starts_with("VLC"));
    assert!(!guest.text("body").contains(&password), "it is shown this once");

    fill(&guest, &[("delete", NEW_PASSWORD)]);
    guest.enter();
    is_at(&guest, "/");
    guest.goto(&url("/account"));
    is_at(&guest, "/sign-in");
}

in_browsers!(without_scripts_the_secret_is_typed: chromium, firefox);
fn without_scripts_the_secret_is_typed(browser: &Browser) {
    let server = Server::pattern(&[]);
    let person = Person { no_scripts: true, ..Person::default() };
    let host = browser.window_of(person);
    host.goto(&server.url("/claim"));
    fill(&host, &[("secret", "a wrong one"), ("name", "Ada"), ("new-password", PASSWORD)]);
    host.expect_trouble();
    host.follow(".door-send");
    assert!(host.text("#secret-error").starts_with("This link is not good"));
    has_focus(&host, "secret");
    assert_eq!(host.eval("document.getElementById('name').value"), "Ada");
    let secret = host_secret(&server);
    clear(&host, "secret");
    fill(&host, &[("secret", &secret), ("new-password", PASSWORD)]);
    host.follow(".door-send");
    is_at(&host, "/host");
    host.follow("#invite");
    let link = host.text("#made code");
    let (page, secret) = link.split_once('#').expect("a secret");
    let guest = browser.window_of(person);
    guest.goto(page);
    fill(&guest, &[("secret", secret), ("name", "Grace"), ("new-password", PASSWORD)]);
    guest.follow(".door-send");
    is_at(&guest, "/");
    guest.wait_for_all();
    guest.follow(".area[href$=account]");
    fill(&guest, &[("device", "VLC")]);
    guest.follow("#device-form .button");
    has_focus(&guest, "made-device");
    let dead = "[...document.querySelectorAll('button, a')].filter((element) =>
        element.checkVisibility() && !element.form && !element.href).length";
    assert_eq!(guest.eval(dead), 0, "a button that needs a script is shown");
    guest.follow("#sign-out");
    is_at(&guest, "/");
}

in_browsers!(among_members_a_guest_is_led_in_and_back: chromium, firefox);
fn among_members_a_guest_is_led_in_and_back(browser: &Browser) {
    let server =
        Server::pattern(&["--access", "members", "--room", "door=pattern;title=Front door"]);
    Client::host(&server);
    let window = browser.window();
    window.goto(&server.url("/r/door/"));
    is_at(&window, "/sign-in");
    assert!(window.text(".door-card").contains("Only members watch here."));
    fill(&window, &[("name", "Ada"), ("password", PASSWORD)]);
    window.enter();
    is_at(&window, "/r/door/");
    is_live(&window);
}

in_browsers!(a_link_lets_watch_and_is_not_kept_in_the_address: chromium, firefox);
fn a_link_lets_watch_and_is_not_kept_in_the_address(browser: &Browser) {
    let server = Server::pattern(&["--access", "link"]);
    Client::host(&server);
    let host = browser.window();
    sign_in(&host, &server);
    host.goto(&server.url("/host"));
    let link = host.text("[aria-labelledby=watch-title] code");
    assert!(link.contains("?key="), "{link}");
    let guest = browser.window();
    guest.goto(&server.url("/"));
    is_at(&guest, "/enter");
    guest.goto(&link);
    is_at(&guest, "/");
    assert_eq!(guest.eval("location.search + location.hash"), "");
    is_live(&guest);
}

in_browsers!(who_signs_in_from_a_room_comes_back_to_it: chromium, firefox);
fn who_signs_in_from_a_room_comes_back_to_it(browser: &Browser) {
    let server = Server::pattern(&["--room", "door=pattern;title=Front door"]);
    Client::host(&server);
    let phone = browser.phone((390, 844));
    phone.goto(&server.url("/r/door/"));
    is_live(&phone);
    phone.tap(phone.place("#menu-button"));
    phone.wait("probe.isShown('#menu')");
    phone.eval("document.getElementById('menu-account').click()");
    phone.wait("location.pathname === '/sign-in' && document.readyState === 'complete'");
    fill(&phone, &[("name", "Ada"), ("password", PASSWORD)]);
    phone.enter();
    is_at(&phone, "/r/door/");
    is_live(&phone);
    assert!(
        phone.eval("document.getElementById('menu-account').href.endsWith('/account')") == true
    );
}

/// Password managers go by these (WHATWG HTML, autofill; Chromium's notes on passwords).
#[test]
fn password_managers_find_what_they_look_for() {
    let word = Scratch::new();
    let word = word.write("word", b"open sesame\n");
    let server = Server::pattern(&["--watch-password-file", &word]);
    let browser = Browser::chromium();
    let window = browser.window();
    let says = |form: &str, expected: &str| {
        let fields = format!(
            "[...document.querySelectorAll('{form} [autocomplete]')]
               .map((field) => field.autocomplete).filter((it) => it !== 'off').join(' ')"
        );
        assert_eq!(window.eval(&fields), expected, "{form}");
    };
    let visit = |path: &str| window.goto(&server.url(path));
    visit("/claim");
    says(".door-card", "username new-password");
    visit("/sign-up");
    says(".door-card", "username new-password");
    visit("/enter");
    says(".door-card", "username current-password");
    Client::host(&server);
    sign_in(&window, &server);
    visit("/confirm");
    says(".door-card", "username current-password");
    assert_eq!(window.eval("document.querySelector('[autocomplete=username]').value"), "Ada");
    visit("/account");
    says("#password-form", "username current-password new-password");
    says("#delete-form", "username current-password");
    let stranger = browser.window();
    stranger.goto(&server.url("/sign-in"));
    let order = "[...document.querySelectorAll('form [autocomplete]')].map((f) => f.autocomplete)";
    assert_eq!(stranger.eval(&format!("{order}.join(' ')")), "username current-password");
}

in_browsers!(where_no_name_is_typed_none_is_wrong: chromium, firefox);
fn where_no_name_is_typed_none_is_wrong(browser: &Browser) {
    let server = Server::pattern(&[]);
    Client::host(&server);
    let window = browser.window();
    sign_in(&window, &server);
    window.expect_trouble();
    for (page, typed, blamed) in [
        ("/confirm", &["password"][..], "password"),
        ("/account", &["new-password", "password"], "password"),
        ("/account", &["delete"], "delete"),
    ] {
        window.goto(&server.url(page));
        for field in typed {
            fill(&window, &[(field, NEW_PASSWORD)]);
        }
        window.enter();
        has_focus(&window, blamed);
        assert_eq!(window.text(&format!("#{blamed}-error")), "The password is wrong.", "{page}");
        assert_eq!(window.eval("document.querySelectorAll('[aria-invalid]').length"), 1, "{page}");
    }
}

in_browsers!(a_host_sees_what_was_wrong_and_stays_where_it_was: chromium, firefox);
fn a_host_sees_what_was_wrong_and_stays_where_it_was(browser: &Browser) {
    for no_scripts in [false, true] {
        refuses_a_host(&browser.window_of(Person { no_scripts, ..Person::default() }));
    }
}

in_browsers!(a_room_is_given_a_picture_from_the_hosts_own_machine: chromium, firefox);
fn a_room_is_given_a_picture_from_the_hosts_own_machine(browser: &Browser) {
    let server = Server::pattern(&["--room", "stage=browser"]);
    Client::host(&server);
    let window = browser.window();
    sign_in(&window, &server);
    window.goto(&server.url("/host"));
    // A file is dropped into the field, as a person's choice is.
    let choose = |file: &str| {
        window.eval(&format!(
            "(async () => {{ const file = {file}; const chosen = new DataTransfer();
               chosen.items.add(new File([file], 'picture')); const field =
               document.querySelector('input[name=id][value=stage] ~ label input[data-picture]');
               field.files = chosen.files; field.dispatchEvent(new Event('change')); }})()"
        ));
    };
    choose("'no picture'");
    let wrong = "document.querySelector('input[data-picture]:invalid')?.validationMessage ?? ''";
    eventually_true("it says so", LONG, || {
        window.eval(wrong).as_str().is_some_and(|words| words.contains("no picture"))
    });
    choose(
        "await new Promise((done) => Object.assign(document.createElement('canvas'),
           { width: 1600, height: 900 }).toBlob(done))",
    );
    let picture = eventually("it is the room's", LONG, || {
        let answer = Client::new().get(&server, "/r/stage/picture");
        if answer.status == 200 { Ok(answer.body) } else { Err(answer.status.to_string()) }
    });
    assert_eq!(look(&picture).width, 640);
    window.wait("document.querySelector('form[action$=drop-picture]')");
    window.goto(&server.url("/rooms"));
    window.wait(
        "document.querySelector('.room-card[data-path*=stage] .room-still').naturalWidth === 640",
    );
}

/// Types what is wrong into the forms of `/host`.
fn refuses_a_host(window: &Window) {
    let server = Server::pattern(&[]);
    furnish(&server);
    sign_in(window, &server);
    window.goto(&server.url("/host"));
    window.expect_trouble();
    // What the page shows of the rooms moves it meanwhile, and a click would miss.
    let into = |field: &str| {
        window.eval(&format!("document.querySelector({field:?}).focus()"));
    };
    into("[name=address]");
    window.write("nowhere");
    into("[name=why]");
    window.write("too loud");
    window.enter();
    // Beside its field, which has the focus, and nothing of what was typed is lost.
    let focused = |field: &str| {
        let is = format!(
            "document.activeElement.matches({field:?}) && document.activeElement.ariaInvalid === 'true'
             && document.activeElement.getAttribute('aria-describedby') === 'wrong'
             && document.getElementById('wrong').getBoundingClientRect().bottom <= innerHeight"
        );
        eventually(field, LONG, || match window.eval(&is) == true {
            true => Ok(()),
            false => Err(window.text("body")),
        });
    };
    focused("[name=address]");
    assert!(window.text("#wrong").starts_with("Give an address"));
    let typed = "[...document.querySelectorAll('[action$=ban] input')].map((f) => f.value).join()";
    assert_eq!(window.eval(typed), "nowhere,too loud");
    // Of several forms the one that was refused.
    into("#settings [value=fps] ~ .field-place input");
    window.eval("document.activeElement.value = 'fast'");
    window.enter();
    focused("#settings [value=fps] ~ .field-place input");
    assert_eq!(window.eval("document.activeElement.value"), "fast");
    assert_eq!(window.eval("document.querySelectorAll('[aria-invalid]').length"), 1);
    into("#room-form [name=name]");
    window.write("door");
    into("#room-form [name=source]");
    window.write("/etc/passwd");
    window.enter();
    focused("#room-form [name=source]");
    let typed = "[...document.querySelectorAll('#room-form input')].map((f) => f.value).join()";
    assert_eq!(window.eval(typed), "door,,/etc/passwd");
    // The only host stays one, which is said where its role is.
    window.click("#accounts summary");
    window.eval("document.querySelector('#accounts [name=role]').value = 'member'");
    window.follow("#accounts .ruling .button");
    focused("#accounts [name=role]");
    assert_eq!(window.text("#wrong"), "There must be a host: make somebody else one first.");
    window.follow("#bans .button");
    assert_eq!(window.eval("location.pathname + location.hash"), "/host#bans-title");
    let seen = "document.getElementById('bans-title').getBoundingClientRect().top < innerHeight";
    window.wait(seen);
}

/// Signs Ada in, the host of all servers here.
#[track_caller]
pub(super) fn sign_in(window: &Window, server: &Server) {
    window.goto(&server.url("/sign-in"));
    window.eval(&format!(
        "(() => {{
           document.getElementById('name').value = 'Ada';
           document.getElementById('password').value = '{PASSWORD}';
         }})()"
    ));
    window.follow(".door-send");
    is_at(window, "/");
}

/// Gives a server a host, and something of everything that its pages list.
pub(super) fn furnish(server: &Server) -> Client {
    let mut host = Client::host(server);
    for name in ["Grace", "Katherine of the night shift"] {
        Client::member(server, &mut host, name);
    }
    for agent in [
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Safari/604.1",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
    ] {
        let mut browser = Client::new();
        browser.fields.push(("User-Agent".into(), agent.into()));
        browser.post(server, "/sign-in", &[("name", "Ada"), ("password", PASSWORD)]).expect(200);
    }
    host.post(server, "/api/v1/invitations", &[]).expect(201);
    for label in ["Printer in the cellar", "Kitchen tablet"] {
        host.post(server, "/account/device", &[("label", label), ("room", "*")]).expect(200);
    }
    let token = [("label", "Home Assistant"), ("scope", "watch")];
    host.post(server, "/account/token", &token).expect(200);
    let json = [("Content-Type", "application/json")];
    for ban in [
        r#"{"address":"192.0.2.0/24","why":"noise in the chat","seconds":86400}"#,
        r#"{"address":"2001:db8::7","why":""}"#,
    ] {
        host.ask(server, "POST", "/api/v1/bans", &json, ban).expect(201);
    }
    host
}

/// Types into fields, one after the other; the last one has the focus then.
#[track_caller]
fn fill(window: &Window, fields: &[(&str, &str)]) {
    for (id, text) in fields {
        window.click(&format!("#{id}"));
        window.write(text);
    }
}

#[track_caller]
fn clear(window: &Window, id: &str) {
    window.eval(&format!("document.getElementById('{id}').value = ''"));
}

#[track_caller]
fn is_at(window: &Window, path: &str) {
    assert_eq!(window.eval("location.pathname"), path, "{}", window.text("body"));
    // A page that is left before it is whole runs its scripts on what there is of it.
    window.wait(
        "document.readyState !== 'loading' &&
           (!document.body.matches('.watch') || document.getElementById('announcer'))",
    );
}

#[track_caller]
fn has_focus(window: &Window, id: &str) {
    let is = format!("document.activeElement.id === '{id}'");
    crate::common::eventually_true(id, crate::common::LONG, || window.eval(&is) == true);
}

/// Clicks on the button that copies, and looks at what was copied.
#[track_caller]
fn copies(window: &Window, within: &str, text: &str) {
    window.may_read_the_clipboard();
    window.click(&format!("{within} .copy"));
    window.wait(&format!("document.querySelector('{within} .copy').innerText === 'Copied'"));
    window.wait(&format!("(await navigator.clipboard.readText()) === {text:?}"));
}

const NEW_PASSWORD: &str = "eight dry umbrellas";
