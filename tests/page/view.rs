//! How one window shows things: full screen, mirror, plots, theme, menu. The server knows of none.

use super::common::server::Server;
use super::{Browser, is_live, watch};

const IS_FULL: &str = "Boolean(document.fullscreenElement)";
const IS_MIRRORED: &str =
    "getComputedStyle(document.getElementById('picture')).transform.startsWith('matrix(-1,')";
const GROUND: &str = "getComputedStyle(document.documentElement).backgroundColor";

#[test]
fn full_screen_goes_on_and_off_by_button_and_double_click() {
    let (server, browser) = (Server::pattern(&[]), Browser::start());
    let window = watch(&browser, &server);
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

#[test]
fn mirror_flips_the_picture_and_is_remembered() {
    let (server, browser) = (Server::pattern(&[]), Browser::start());
    let window = watch(&browser, &server);
    assert_eq!(window.eval(IS_MIRRORED), false);
    window.click("#menu-button");
    window.click("#menu-mirror");
    window.wait(IS_MIRRORED);
    assert_eq!(window.eval("document.getElementById('menu-mirror').ariaChecked"), "true");
    window.reload();
    is_live(&window);
    window.wait(IS_MIRRORED);
    window.press("m");
    window.wait(&format!("!{IS_MIRRORED}"));
}

#[test]
fn plots_open_draw_and_are_remembered() {
    let (server, browser) = (Server::pattern(&[]), Browser::start());
    let window = watch(&browser, &server);
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
            "probe.little(document.querySelector('#plot-{plot} canvas')).some((byte) => byte > 0)"
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

#[test]
fn the_theme_is_chosen_in_the_menu_and_remembered_on_all_pages() {
    let (server, browser) = (Server::pattern(&[]), Browser::start());
    let window = watch(&browser, &server);
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

#[test]
fn the_menu_opens_moves_by_arrow_keys_and_closes() {
    let (server, browser) = (Server::pattern(&[]), Browser::start());
    let window = watch(&browser, &server);
    let focus = |id: &str| window.wait(&format!("document.activeElement.id === '{id}'"));
    window.click("#menu-button");
    window.wait("probe.isShown('#menu')");
    assert_eq!(window.eval("document.getElementById('menu-button').ariaExpanded"), "true");
    focus("menu-connect");
    window.press("ArrowDown");
    focus("menu-mirror");
    window.press("End");
    focus("menu-keys");
    window.press("ArrowDown");
    focus("menu-connect");
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
    window.follow("#back");
    is_live(&window);
}

#[test]
fn the_controls_fade_when_nobody_moves_and_come_back() {
    let (server, browser) = (Server::pattern(&[]), Browser::start());
    let window = watch(&browser, &server);
    window.set_time("--fade-after", "1s");
    let opacity = "getComputedStyle(document.getElementById('deck')).opacity";
    window.wait(&format!("{opacity} === '0'"));
    window.move_to((600.0, 300.0));
    window.wait(&format!("{opacity} === '1'"));
}
