//! Sign-in with an account elsewhere, in browsers: by a certified provider, from the first click to
//! the last.

use super::window::Window;
use super::{Browser, Person, in_browsers};
use crate::accounts::{PASSWORD, host_secret};
use crate::common::server::Port;
use crate::elsewhere::{Elsewhere, Here, PROVIDER, table};

/// A provider, and a server whose people may come from there.
pub(super) fn stage(more: &str, arguments: &[&str]) -> (Elsewhere, Here) {
    let port = Port::reserve();
    let redirect = format!("http://127.0.0.1:{}/sign-in/from/corp", port.number);
    let provider = Elsewhere::start(PROVIDER, &[&redirect]);
    let tables = table("corp", &provider.issuer, &format!("title = \"The Corporation\"\n{more}"));
    (provider, Here::start(port, &tables, arguments))
}

/// Follows the link to the provider, and says there who it is.
pub(super) fn says_who(window: &Window, link: &str, name: &str) {
    window.follow(link);
    window.wait("document.getElementById('login')");
    window.click("#login");
    window.write(name);
    window.follow("#yes");
}

fn is_at(window: &Window, path: &str) {
    window.wait(&format!("location.pathname === {path:?} && document.readyState === 'complete'"));
}

in_browsers!(a_newcomer_makes_an_account_and_comes_again: chromium, firefox);
fn a_newcomer_makes_an_account_and_comes_again(browser: &Browser) {
    let (_provider, here) = stage("sign-up = true\ngroups = [\"staff\"]", &[]);
    let url = |path: &str| here.server.url(path);
    for (turn, no_scripts) in [(0, false), (1, true)] {
        let window = browser.window_of(Person { no_scripts, ..Person::default() });
        window.expect_trouble();
        window.goto(&url("/sign-in?next=/account"));
        assert_eq!(window.text("[data-provider=corp]"), "Sign in with The Corporation");
        // Who is not of the group is told so, and may try as somebody else.
        says_who(&window, "[data-provider=corp]", "mallory");
        assert_eq!(window.text("h1"), "You are not signed in");
        assert!(window.text("#why").contains("only who is in staff may enter"));
        // The provider remembers who that was.
        let window = browser.window_of(Person { no_scripts, ..Person::default() });
        window.goto(&url("/sign-in?next=/account"));
        says_who(&window, "[data-provider=corp]", "grace");
        if turn == 0 {
            is_at(&window, "/sign-in/new");
            let about = window.text("#about");
            assert!(about.contains("says that you are grace@example.org"), "{about}");
            assert_eq!(window.eval("document.getElementById('name').value"), "grace");
            window.follow(".door-send");
        }
        is_at(&window, "/account");
        assert!(window.text("h1").starts_with("grace"));
        let own = window.text("#identities");
        assert!(own.contains("The Corporation") && own.contains("grace@example.org"), "{own}");
        // It is the only way in.
        window.expect_trouble();
        window.follow("#identities button");
        assert!(window.text("body").contains("the only way in"));
    }
}

in_browsers!(who_declines_is_told_what_to_do: chromium, firefox);
fn who_declines_is_told_what_to_do(browser: &Browser) {
    let (_provider, here) = stage("", &[]);
    let window = browser.window();
    window.expect_trouble();
    window.goto(&here.server.url("/sign-in"));
    window.follow("[data-provider=corp]");
    window.wait("document.getElementById('no')");
    window.follow("#no");
    assert!(window.text("#why").contains("The Corporation says that you did not agree"));
    window.follow("#otherwise");
    is_at(&window, "/sign-in");
    // A link that somebody sends leads to the form, and no further.
    window.goto(&here.server.url("/sign-in/from/corp?code=1&state=2"));
    assert!(window.text("#why").contains("not begun in this browser"));
    window.follow("#again");
    window.wait("document.getElementById('login')");
}

in_browsers!(a_host_links_an_account_elsewhere_and_shows_by_it_who_that_is: chromium, firefox);
fn a_host_links_an_account_elsewhere_and_shows_by_it_who_that_is(browser: &Browser) {
    let (_provider, here) = stage("", &[]);
    let url = |path: &str| here.server.url(path);
    let host = browser.window();
    host.goto(&url(&format!("/claim#{}", host_secret(&here.server))));
    host.wait("document.getElementById('secret').value");
    host.click("#name");
    host.write("Ada");
    host.click("#new-password");
    host.write(PASSWORD);
    host.enter();
    is_at(&host, "/host");
    host.goto(&url("/account"));
    says_who(&host, "#links [data-provider=corp]", "ada");
    is_at(&host, "/account");
    assert!(host.text("#identities").contains("ada@example.org"));

    // Another browser comes in by it, and gives no rights away before it shows who that is.
    let other = browser.window();
    other.goto(&url("/sign-in?next=/host"));
    says_who(&other, "[data-provider=corp]", "ada");
    is_at(&other, "/host");
    other.goto(&url("/confirm?next=/account"));
    assert_eq!(other.text("[data-provider=corp]"), "Sign in again with The Corporation");
    says_who(&other, "[data-provider=corp]", "ada");
    is_at(&other, "/account");
    other.follow("#links [data-provider=corp]");
    is_at(&other, "/account");

    // Unlinked, it signs nobody in, and its browser is out.
    host.goto(&url("/account"));
    host.follow("#identities button");
    is_at(&host, "/account");
    assert!(!host.text("body").contains("ada@example.org"));
    other.goto(&url("/account"));
    is_at(&other, "/sign-in");
}

in_browsers!(who_has_no_password_sets_one: chromium, firefox);
fn who_has_no_password_sets_one(browser: &Browser) {
    let (_provider, here) = stage("", &["--sign-up", "open"]);
    let window = browser.window();
    window.goto(&here.server.url("/sign-in?next=/account"));
    says_who(&window, "[data-provider=corp]", "linus");
    is_at(&window, "/sign-in/new");
    window.follow(".door-send");
    is_at(&window, "/account");
    assert!(window.text("[aria-labelledby=password-title]").contains("Set a password"));
    window.click("#new-password");
    window.write(PASSWORD);
    window.enter();
    window.wait("probe.isShown('#password-changed')");
    window.follow("#sign-out");
    window.goto(&here.server.url("/sign-in?next=/account"));
    window.click("#name");
    window.write("linus");
    window.click("#password");
    window.write(PASSWORD);
    window.enter();
    is_at(&window, "/account");
    window.follow("#identities button");
    is_at(&window, "/account");
    assert!(!window.text("body").contains("linus@example.org"), "it has another way in now");
}
