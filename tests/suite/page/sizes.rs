//! Zoom and small windows: the picture stays, everything can be reached, nothing slides off.

use serde_json::json;

use super::accounts::{furnish, sign_in};
use super::window::Window;
use super::{Browser, has, in_browsers, is_live, watch};
use crate::common::server::Server;

/// A window of so many pixels: a screen at a zoom, say.
fn sized(browser: &Browser, server: &Server, (width, height): (u32, u32)) -> Window {
    let window = watch(browser, server);
    window.resize(width, height);
    window.wait(&format!("innerWidth === {width}"));
    window.set_time("--fade-after", "600s");
    window
}

/// Checks that the picture has two fifths of the height, and that whatever can be pressed can be
/// reached: what has no room is in something that scrolls.
#[track_caller]
fn all_is_within_reach(window: &Window, what: &str) {
    let part = window
        .eval("document.getElementById('frame').getBoundingClientRect().height / innerHeight");
    assert!(part.as_f64().is_some_and(|part| part >= 0.395), "{what}: the picture has {part}");
    let lost = window.eval(
        "[...document.querySelectorAll('button, a, input')]
           .filter((element) => element.checkVisibility({ visibilityProperty: true }))
           .filter((element) => !element.matches('.skip'))
           .filter((element) => {
             element.scrollIntoView({ block: 'nearest', behavior: 'instant' });
             const { left, right, top, bottom } = element.getBoundingClientRect();
             return left < -1 || top < -1 || right > innerWidth + 1 || bottom > innerHeight + 1;
           })
           .map(({ id, className }) => id || className)",
    );
    assert_eq!(lost, json!([]), "{what}");
}

in_browsers!(at_every_zoom_the_picture_stays_and_all_can_be_reached: chromium, firefox);
fn at_every_zoom_the_picture_stays_and_all_can_be_reached(browser: &Browser) {
    let server = Server::pattern(&["--room", "door=pattern;title=Front door"]);
    for size in [(360, 225), (512, 384), (720, 450), (844, 390), (1024, 768)] {
        let window = sized(browser, &server, size);
        all_is_within_reach(&window, &format!("{size:?}"));
        window.click("#menu-button");
        window.wait("probe.isShown('#menu')");
        all_is_within_reach(&window, &format!("{size:?} with the menu"));
        window.press("Escape");
        window.eval("document.getElementById('menu-plots').click()");
        window.wait("probe.isShown('#plots')");
        all_is_within_reach(&window, &format!("{size:?} with the statistics"));
    }
}

in_browsers!(a_donation_pushes_nothing_off_the_deck: chromium, firefox);
fn a_donation_pushes_nothing_off_the_deck(browser: &Browser) {
    let server = Server::pattern(&[]);
    for size in [(360, 640), (720, 450), (844, 390)] {
        let window = sized(browser, &server, size);
        window.set_time("--success-stays", "600s");
        window.eval("document.getElementById('donate').click()");
        window.wait("document.getElementById('donate-dialog').open");
        window.click("#donate-send");
        window.wait("!document.getElementById('donate-dialog').open");
        assert_eq!(window.text("#donate"), "Donate Success!!");
        all_is_within_reach(&window, &format!("{size:?} after a donation"));
        has(&window, "donating_s > 0");
        is_live(&window);
    }
}

in_browsers!(a_phone_on_its_side_has_its_deck_under_the_picture: chromium, firefox);
fn a_phone_on_its_side_has_its_deck_under_the_picture(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = sized(browser, &server, (844, 390));
    let apart = "document.getElementById('frame').getBoundingClientRect().bottom
        <= document.getElementById('deck').getBoundingClientRect().top";
    assert_eq!(window.eval(apart), true);
}

in_browsers!(a_long_title_leaves_the_areas_and_the_tools_whole: chromium, firefox);
fn a_long_title_leaves_the_areas_and_the_tools_whole(browser: &Browser) {
    let title = "The front door of the workshop behind the old mill, by night";
    let server = Server::pattern(&["--title", title]);
    for size in [(1024, 768), (1200, 700), (1440, 900)] {
        let window = sized(browser, &server, size);
        let apart = "(() => {
            const place = (selector) => document.querySelector(selector).getBoundingClientRect();
            const [title, areas, tools] = ['#title', '.shell-areas', '.tools'].map(place);
            const areasEnd = Math.max(...[...document.querySelectorAll('.area')]
              .map((area) => area.getBoundingClientRect().right));
            return areas.width > 0 && title.right <= areas.left && areasEnd <= areas.right
              && areas.right <= tools.left && tools.right <= innerWidth;
          })()";
        assert_eq!(window.eval(apart), true, "{size:?}");
    }
}

in_browsers!(the_areas_stay_where_they_are_when_the_tools_become_wider: chromium, firefox);
fn the_areas_stay_where_they_are_when_the_tools_become_wider(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = sized(browser, &server, (1280, 800));
    let left = "document.querySelector('.shell-areas').getBoundingClientRect().left";
    window.eval("document.getElementById('delay').hidden = true");
    let narrow = window.eval(left);
    window.eval("document.getElementById('delay').hidden = false");
    assert_eq!(window.eval(left), narrow);
}

in_browsers!(at_four_hundred_percent_a_page_is_read_between_no_bars: chromium, firefox);
fn at_four_hundred_percent_a_page_is_read_between_no_bars(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = browser.window();
    window.resize(360, 225);
    for path in ["/connect", "/rooms", "/library", "/r/none/", "/sign-in", "/claim"] {
        window.expect_trouble();
        window.goto(&server.url(path));
        window.wait("innerWidth === 360");
        // Below is the page, no bar, and what leads elsewhere is there.
        let bar = "Boolean(document.elementFromPoint(180, 215).closest('.shell'))";
        assert_eq!(window.eval(bar), false, "{path}");
        let top = window.eval("document.getElementById('main').getBoundingClientRect().top");
        assert!(top.as_f64().is_some_and(|top| top < 225.0 / 3.0), "{path} begins at {top}");
        let areas = "[...document.querySelectorAll('.area')].every((area) => {
            const { left, right } = area.getBoundingClientRect();
            return left >= 0 && right <= innerWidth;
          })";
        assert_eq!(window.eval(areas), true, "{path}");
    }
}

in_browsers!(forms_and_lists_have_room_at_every_size: chromium, firefox);
fn forms_and_lists_have_room_at_every_size(browser: &Browser) {
    let server = Server::pattern(&["--room", "door=pattern;title=Front door"]);
    furnish(&server);
    let window = browser.window();
    sign_in(&window, &server);
    for path in ["/account", "/host", "/confirm", "/claim", "/reset", "/library", "/jobs"] {
        window.goto(&server.url(path));
        window.eval("document.querySelectorAll('details').forEach((one) => { one.open = true; })");
        for (width, height) in [(320, 640), (360, 225), (844, 390), (1024, 768), (1440, 900)] {
            window.resize(width, height);
            window.wait(&format!("innerWidth === {width}"));
            let lost = window.eval(
                "[...document.querySelectorAll('button, a, input, select, summary, p, h1, h2, code')]
                   .filter((element) => element.checkVisibility({ visibilityProperty: true }))
                   .filter((element) => !element.matches('.skip, .unseen, .table-place *'))
                   .filter((element) => {
                     const { left, right } = element.getBoundingClientRect();
                     return left < -1 || right > innerWidth + 1;
                   })
                   .map(({ id, className, tagName }) => id || className || tagName)",
            );
            assert_eq!(lost, json!([]), "{path} in {width}x{height}");
            let wide = "document.documentElement.scrollWidth - innerWidth";
            assert!(window.eval(wide).as_i64().is_some_and(|over| over <= 0), "{path} in {width}");
        }
    }
}

in_browsers!(on_a_phones_side_the_donation_is_seen_whole: chromium, firefox);
fn on_a_phones_side_the_donation_is_seen_whole(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = sized(browser, &server, (844, 390));
    window.eval("document.getElementById('donate').click()");
    window.wait("document.getElementById('donate-dialog').open");
    let whole = "(() => {
        const dialog = document.getElementById('donate-dialog');
        return dialog.scrollHeight <= dialog.clientHeight;
      })()";
    assert_eq!(window.eval(whole), true);
}
