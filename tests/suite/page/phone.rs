//! The page on a phone, upright and on its side.

use super::accounts::{furnish, sign_in};
use super::chat::{enter, say};
use super::window::Window;
use super::{Browser, Person, has, in_browsers, is_live};
use crate::common::server::Server;

const UPRIGHT: (u32, u32) = (360, 740);
const ON_ITS_SIDE: (u32, u32) = (740, 360);

fn phone(browser: &Browser, url: &str, size: (u32, u32)) -> Window {
    let window = browser.phone(size);
    window.goto(url);
    window
}

/// Checks that nothing is too wide, and that a finger hits whatever can be pressed.
#[track_caller]
fn fits(window: &Window, what: &str) {
    let wide =
        window.eval("document.documentElement.scrollWidth - document.documentElement.clientWidth");
    assert!(wide.as_i64().expect("pixels") <= 0, "{what} is {wide} px too wide");
    let bad = window.eval(
        "[...document.querySelectorAll('button, a, input, select, summary, .check, [role=radio], [role^=menuitem]')]
           .filter((element) => element.checkVisibility({ visibilityProperty: true }))
           .filter((element) => !element.matches('.skip, .unseen, [type=checkbox]'))
           .map((element) => [element, element.getBoundingClientRect()])
           .filter(([, box]) => box.width < 43.9 || box.height < 43.9 || box.left < 0 || box.right > innerWidth)
           .map(([{ id, className, tagName }, box]) =>
             `${tagName} ${id || className}: ${box.left} ${box.width}x${box.height}`)",
    );
    assert_eq!(bad, serde_json::json!([]), "{what}");
}

in_browsers!(upright_everything_fits_and_the_deck_is_under_the_picture: chromium, firefox);
fn upright_everything_fits_and_the_deck_is_under_the_picture(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = phone(browser, &server.url("/"), UPRIGHT);
    is_live(&window);
    fits(&window, "the page");
    let apart = "document.getElementById('frame').getBoundingClientRect().bottom
        <= document.getElementById('deck').getBoundingClientRect().top";
    assert_eq!(window.eval(apart), true, "the picture is under the deck");
    let picture = "document.getElementById('picture').getBoundingClientRect().height";
    assert!(window.eval(picture).as_f64().is_some_and(|height| height > 300.0));
    let in_view = "document.getElementById('deck').getBoundingClientRect().bottom <= innerHeight";
    assert_eq!(window.eval(in_view), true);
    // What lies over nothing stays when nobody moves.
    window.set_time("--step", "0s");
    window.eval("document.body.classList.add('idle')");
    for bar in ["shell", "deck"] {
        let opacity = format!("getComputedStyle(document.getElementById('{bar}')).opacity");
        assert_eq!(window.eval(&opacity), "1", "{bar}");
    }

    window.tap(window.place("#menu-button"));
    window.wait("probe.isShown('#menu')");
    fits(&window, "the menu");
    window.tap(window.place("#menu-plots"));
    window.wait("probe.isShown('#plots')");
    window.tap(window.place("#title"));
    window.wait("!probe.isShown('#menu')");
    fits(&window, "the plots");
    assert_eq!(window.eval(apart), true, "the picture is under the plots");
    window.tap(window.place("#mode-gaming"));
    has(&window, "mode === 'gaming'");
    fits(&window, "gaming");
    window.set_time("--success-stays", "60s");
    window.tap(window.place("#donate"));
    window.wait("document.getElementById('donate-dialog').open");
    fits(&window, "the dialog");
    window.tap(window.place("#donate-send"));
    window.wait("!document.getElementById('donate-dialog').open");
    assert_eq!(window.text("#donate"), "Donate Success!!");
    fits(&window, "the success");
}

in_browsers!(on_its_side_everything_fits_and_the_first_touch_only_wakes: chromium, firefox);
fn on_its_side_everything_fits_and_the_first_touch_only_wakes(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = phone(browser, &server.url("/"), ON_ITS_SIDE);
    is_live(&window);
    fits(&window, "the page");
    let box_of = |id: &str| format!("document.getElementById('{id}').getBoundingClientRect()");
    let apart = format!("{}.bottom <= {}.top", box_of("frame"), box_of("deck"));
    assert_eq!(window.eval(&apart), true, "the deck covers nothing");
    let most = format!("{}.height > 0.8 * innerHeight", box_of("picture"));
    assert_eq!(window.eval(&most), true, "the picture has most of the height");
    window.set_time("--fade-after", "1s");
    let opacity = "getComputedStyle(document.getElementById('shell')).opacity";
    window.wait(&format!("{opacity} === '0'"));
    window.set_time("--fade-after", "60s");
    let menu = window.place("#menu-button");
    window.tap(menu);
    window.wait(&format!("{opacity} === '1'"));
    assert_eq!(window.eval("probe.isShown('#menu')"), false);
    window.tap(menu);
    window.wait("probe.isShown('#menu')");
}

in_browsers!(on_its_side_what_is_said_is_seen_over_the_keyboard: chromium, firefox);
fn on_its_side_what_is_said_is_seen_over_the_keyboard(browser: &Browser) {
    let server = Server::pattern(&[]);
    // The second has no room for the chat beside the picture.
    for ((width, height), covered) in [(ON_ITS_SIDE, 180), ((568, 320), 150)] {
        let window = phone(browser, &server.url("/"), (width, height));
        enter(&window, Some(&format!("Ada {width}")));
        for text in ["One", "Two", "Three"] {
            say(&window, text);
        }
        window.wait("document.querySelectorAll('.said').length >= 3");
        window.click("#chat-text");
        // A keyboard takes half of the height or more.
        window.resize(width, covered);
        window.wait(&format!("innerHeight === {covered}"));
        window.wait(
            "(() => {
               const log = document.getElementById('chat-log').getBoundingClientRect();
               const seen = ({ top, bottom }) => top >= log.top - 1 && bottom <= log.bottom + 1;
               const all = [...document.querySelectorAll('.said-text')];
               const lines = all.filter((said) => seen(said.getBoundingClientRect()));
               const last = all.at(-1);
               const hit = ({ left, top, width, height }) =>
                 document.elementFromPoint(left + width / 2, top + height / 2);
               return lines.length >= 2 && lines.at(-1) === last
                 && last.contains(hit(last.getBoundingClientRect()));
             })()",
        );
        let typed = "document.getElementById('chat-text').getBoundingClientRect().bottom";
        assert!(window.eval(typed).as_f64().is_some_and(|bottom| bottom <= f64::from(covered)));
        assert_eq!(window.eval("document.activeElement.id"), "chat-text");
        say(&window, "Four");
        // With the keyboard away all is as it was.
        window.resize(width, height);
        window.eval("document.activeElement.blur()");
        window.wait("probe.isShown('#side-close')");
    }
}

in_browsers!(the_other_pages_fit_too: chromium, firefox);
fn the_other_pages_fit_too(browser: &Browser) {
    let server = Server::pattern(&["--max-viewers", "1"]);
    for size in [UPRIGHT, ON_ITS_SIDE] {
        let window = phone(browser, &server.url("/connect"), size);
        fits(&window, "Connect");
        window.goto(&server.url("/api"));
        window.eval("document.querySelectorAll('details').forEach((one) => { one.open = true; })");
        fits(&window, "the requests of programs");
        window.expect_trouble();
        window.goto(&server.url("/nothing"));
        fits(&window, "the error");
        let watching = super::watch(browser, &server);
        window.goto(&server.url("/"));
        assert!(window.text("h1").contains("full"));
        fits(&window, "the full server");
        drop(watching);
        crate::common::eventually_true("it has left", crate::common::LONG, || {
            server.watching() == 0
        });
    }
}

in_browsers!(what_accounts_have_fits_too: chromium, firefox);
fn what_accounts_have_fits_too(browser: &Browser) {
    let server = Server::pattern(&["--room", "door=pattern;title=Front door"]);
    furnish(&server);
    for size in [UPRIGHT, ON_ITS_SIDE] {
        let window = phone(browser, &server.url("/sign-in"), size);
        for path in ["/sign-in", "/sign-up", "/claim", "/reset", "/enter"] {
            window.goto(&server.url(path));
            fits(&window, path);
        }
        sign_in(&window, &server);
        for path in ["/account", "/host", "/confirm"] {
            window.goto(&server.url(path));
            fits(&window, path);
        }
        window.goto(&server.url("/host"));
        window.follow("#invite");
        fits(&window, "what was made");
    }
}

in_browsers!(without_scripts_it_fits_too: chromium, firefox);
fn without_scripts_it_fits_too(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = browser.window_of(Person { no_scripts: true, fingers: true, ..Person::default() });
    window.resize(UPRIGHT.0, UPRIGHT.1);
    window.goto(&server.url("/"));
    fits(&window, "the page without scripts");
}
