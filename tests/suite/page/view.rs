//! How one window shows things: full screen, plots, theme, menu. The server knows of none.

use super::{Browser, has, in_browsers, is_live, watch};
use crate::common::server::{Port, Server};

const IS_FULL: &str = "Boolean(document.fullscreenElement)";
const GROUND: &str = "getComputedStyle(document.documentElement).backgroundColor";

in_browsers!(full_screen_goes_on_and_off_by_button_and_double_click: chromium, firefox, webkit);
fn full_screen_goes_on_and_off_by_button_and_double_click(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = watch(browser, &server);
    window.click("#fullscreen");
    window.wait(IS_FULL);
    window.wait("document.getElementById('fullscreen').ariaLabel === 'Leave full screen'");
    window.click("#fullscreen");
    window.wait(&format!("!{IS_FULL}"));
    window.double_click("#frame");
    window.wait(IS_FULL);
    window.double_click("#frame");
    window.wait(&format!("!{IS_FULL}"));
}

in_browsers!(plots_open_draw_and_are_remembered: chromium, firefox, webkit);
fn plots_open_draw_and_are_remembered(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = watch(browser, &server);
    assert_eq!(window.eval("probe.isShown('#plots')"), false);
    window.click("#plots-toggle");
    window.wait("probe.isShown('#plots')");
    for (plot, value) in [
        ("bitrate", "^\\\\d+\\\\.\\\\d Mbit/s$"),
        ("fps", "^\\\\d+\\\\.\\\\d/s$"),
        ("motion", "^gaming only$"),
        ("level", "^\\\\d+$"),
    ] {
        let value_shown = format!("document.querySelector('#plot-{plot} .value').innerText");
        window.wait(&format!("new RegExp('{value}').test({value_shown})"));
        let ink = format!(
            "(await probe.little(document.querySelector('#plot-{plot} canvas'))).some(Boolean)"
        );
        window.wait(&ink);
    }
    let apart = "document.getElementById('frame').getBoundingClientRect().bottom
        <= document.getElementById('deck').getBoundingClientRect().top";
    assert_eq!(window.eval(apart), true, "open plots cover nothing");
    window.reload();
    is_live(&window);
    window.wait("probe.isShown('#plots')");
    window.click("#plots-toggle");
    window.wait("!probe.isShown('#plots')");
    window.reload();
    is_live(&window);
    assert_eq!(window.eval("probe.isShown('#plots')"), false);
    window.click("#menu-button");
    window.click("#menu-plots");
    window.wait("probe.isShown('#plots')");
}

in_browsers!(the_theme_is_chosen_in_the_menu_and_remembered_on_all_pages: chromium, firefox, webkit);
fn the_theme_is_chosen_in_the_menu_and_remembered_on_all_pages(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = watch(browser, &server);
    let (light, dark) = ("rgb(246, 247, 249)", "rgb(11, 13, 16)");
    for (theme, ground) in [("light", light), ("dark", dark), ("light", light)] {
        window.click("#menu-button");
        window.click(&format!("#theme-{theme}"));
        window.wait(&format!("{GROUND} === '{ground}'"));
        assert_eq!(
            window.eval(&format!("document.getElementById('theme-{theme}').ariaChecked")),
            "true"
        );
        window.press("Escape");
    }
    window.goto(&server.url("/connect"));
    window.wait(&format!("{GROUND} === '{light}'"));
    window.goto(&server.url("/"));
    is_live(&window);
    assert_eq!(window.eval(GROUND), light);
}

in_browsers!(the_menu_opens_moves_by_arrow_keys_and_closes: chromium, firefox, webkit);
fn the_menu_opens_moves_by_arrow_keys_and_closes(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = watch(browser, &server);
    let focus = |id: &str| window.wait(&format!("document.activeElement.id === '{id}'"));
    window.click("#menu-button");
    window.wait("probe.isShown('#menu')");
    assert_eq!(window.eval("document.getElementById('menu-button').ariaExpanded"), "true");
    focus("menu-rooms");
    window.press("ArrowDown");
    focus("menu-connect");
    window.press("End");
    focus("menu-keys");
    window.press("ArrowDown");
    focus("menu-rooms");
    window.press("Escape");
    focus("menu-button");
    assert_eq!(window.eval("probe.isShown('#menu')"), false);
    window.click("#menu-button");
    window.click("#title");
    window.wait("!probe.isShown('#menu')");
    window.click("#menu-button");
    window.click("#menu-keys");
    window.wait("document.getElementById('keys-dialog').open");
    window.click("#keys-close");
    window.wait("!document.getElementById('keys-dialog').open");
    window.click("#menu-button");
    window.follow("#menu-connect");
    window.wait("location.pathname === '/connect'");
    window.follow(".area:first-child");
    is_live(&window);
}

in_browsers!(the_controls_fade_when_nobody_moves_and_come_back: chromium, firefox, webkit);
fn the_controls_fade_when_nobody_moves_and_come_back(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = watch(browser, &server);
    window.set_time("--fade-after", "1s");
    let opacity = "getComputedStyle(document.getElementById('deck')).opacity";
    window.wait(&format!("{opacity} === '0'"));
    window.move_to((600.0, 300.0));
    window.wait(&format!("{opacity} === '1'"));
}

in_browsers!(a_click_pauses_and_two_do_not: chromium, firefox);
fn a_click_pauses_and_two_do_not(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = watch(browser, &server);
    window.click("#frame");
    has(&window, "paused");
    window.click("#frame");
    has(&window, "paused === false");
    window.double_click("#frame");
    window.wait(IS_FULL);
    has(&window, "paused === false");
    window.double_click("#frame");
    window.wait(&format!("!{IS_FULL}"));
}

in_browsers!(the_picture_is_turned_and_enlarged_and_that_is_remembered: chromium, firefox);
fn the_picture_is_turned_and_enlarged_and_that_is_remembered(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = watch(browser, &server);
    let style =
        |name: &str| format!("document.getElementById('frame').style.getPropertyValue('{name}')");
    window.press("r");
    window.wait(&format!("{} === '1'", style("--turns")));
    // On its side it is as high as the frame is.
    window.wait(
        "Math.abs(document.getElementById('picture').getBoundingClientRect().height
          - document.getElementById('frame').getBoundingClientRect().height) < 1",
    );
    window.press("+");
    window.wait(&format!("{} === '1.25'", style("--zoom")));
    window.reload();
    is_live(&window);
    window.wait(&format!("{} === '1.25' && {} === '1'", style("--zoom"), style("--turns")));
    window.eval(
        "document.getElementById('frame').dispatchEvent(
           new WheelEvent('wheel', { deltaY: -400, clientX: 10, clientY: 10, cancelable: true }))",
    );
    window.wait(&format!("Number({}) > 3", style("--zoom")));
    window.wait(&format!("Number({}) > 0.5", style("--x")));
    window.press("0");
    window.wait(&format!("{} === '1' && {} === '0'", style("--zoom"), style("--turns")));
}

in_browsers!(the_page_is_shared_with_a_code_and_by_the_address_of_the_network: chromium, firefox, webkit);
fn the_page_is_shared_with_a_code_and_by_the_address_of_the_network(browser: &Browser) {
    let server = Server::pattern(&["--title", "Workshop"]);
    let window = watch(browser, &server);
    assert_eq!(window.text("#title"), "Workshop");
    assert_eq!(window.eval("document.title"), "Workshop");
    window.click("#invite");
    window.wait("document.getElementById('invite-dialog').open");
    // Bound to this machine alone, there is no address for others.
    assert!(window.text("#invite-dialog").contains("on no network"));
    assert_eq!(window.eval("probe.isShown('#invite-qr')"), false);
}

in_browsers!(who_has_paused_is_told_so_and_not_that_nobody_watches: chromium, firefox, webkit);
fn who_has_paused_is_told_so_and_not_that_nobody_watches(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = watch(browser, &server);
    window.wait("document.getElementById('watching').innerText.includes('1')");
    window.press(" ");
    window.wait("document.getElementById('watching').textContent.replace(/\\s+/g, ' ').trim() === '1 paused'");
}

in_browsers!(the_picture_alone_is_a_page_and_comes_back_with_its_server: chromium, firefox, webkit);
fn the_picture_alone_is_a_page_and_comes_back_with_its_server(browser: &Browser) {
    let port = Port::reserve();
    let pattern = ["--source", "pattern", "--size", "160x120"];
    let server = port.start(&pattern);
    let window = browser.window();
    window.expect_trouble();
    window.goto(&server.url("/embed"));
    window.wait("probe.seesPictures(3)");
    assert_eq!(window.eval("document.querySelectorAll('button, a').length"), 0);
    server.stop();
    let _server = port.start(&pattern);
    window.wait("probe.seesPictures(3)");
}
