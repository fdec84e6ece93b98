//! Filters as a person orders and sees them: by pixels of the page, against what they should be.

use super::{Browser, Person, has, in_browsers, is_live, watch};
use crate::common::clip::{Scratch, jpegs};
use crate::common::multipart::Stream;
use crate::common::server::Server;

/// How far the picture of the page is from what a filter should make of the plain one, 0 to 255 on
/// average.
const DISTANCE: &str = "(async (filter) => {
    const [wide, high] = [30, 20];
    const picture = document.getElementById('picture');
    const shot = new Image();
    shot.src = globalThis.shot;
    await shot.decode();
    const box = picture.getBoundingClientRect();
    const scale = shot.naturalWidth / innerWidth;
    const across = filter.startsWith('turn90');
    const [width, height] = across ? [2, 3] : [3, 2];
    const fit = Math.min(box.width / width, box.height / height);
    const [x, y] = [box.left + (box.width - width * fit) / 2, box.top + (box.height - height * fit) / 2];
    const surface = () => {
      const canvas = new OffscreenCanvas(across ? high : wide, across ? wide : high);
      return canvas.getContext('2d', { willReadFrequently: true });
    };
    const seen = surface();
    const { width: w, height: h } = seen.canvas;
    seen.drawImage(shot, x * scale, y * scale, width * fit * scale, height * fit * scale, 0, 0, w, h);
    const wished = surface();
    if (filter.includes('mirror')) wished.setTransform(-1, 0, 0, 1, w, 0);
    if (filter.includes('flip')) wished.setTransform(1, 0, 0, -1, 0, h);
    if (filter.includes('turn90')) wished.setTransform(0, 1, -1, 0, w, 0);
    wished.drawImage(await probe.snapshot(), 0, 0, wide, high);
    const pixels = wished.getImageData(0, 0, w, h).data;
    for (let at = 0; at < pixels.length; at += 4) {
      const [r, g, b] = pixels.subarray(at, at + 3);
      if (filter.includes('grey')) pixels.fill(0.299 * r + 0.587 * g + 0.114 * b, at, at + 3);
      if (filter.includes('invert')) pixels.set([255 - r, 255 - g, 255 - b], at);
    }
    const found = seen.getImageData(0, 0, w, h).data;
    return pixels.reduce((sum, value, at) => sum + Math.abs(value - found[at]), 0) / pixels.length;
})";

/// Of 3 to 2, as the distance takes it to be, and lopsided.
fn still() -> (Server, Scratch) {
    let scratch = Scratch::new();
    scratch.write("1.jpg", &jpegs(480, 320, 8, 92)[1]);
    let more = ["--fps", "5", "--bandwidth", "unlimited"];
    (Server::start(&[&["--source", scratch.path()][..], &more].concat()), scratch)
}

in_browsers!(each_filter_is_seen_as_it_should_be: chromium, firefox);
fn each_filter_is_seen_as_it_should_be(browser: &Browser) {
    let (server, _scratch) = still();
    let window = watch(browser, &server);
    // What stands over the picture.
    window.eval(
        "document.querySelectorAll('.deck, header, .thanks, .notice')
           .forEach((element) => { element.style.visibility = 'hidden'; })",
    );
    let distance = |filter: &str| {
        window
            .eval(&format!("globalThis.shot = 'data:image/png;base64,{}'", window.shot_as_text()));
        window.wait(&format!("{DISTANCE}('{filter}').then((far) => [far])"))[0]
            .as_f64()
            .expect("a distance")
    };
    let order = |filter: &str| {
        window.eval(&format!(
            "fetch('viewer', {{ method: 'POST', headers: {{ Accept: 'application/json' }},
               body: new URLSearchParams({{ filter: '{filter}' }}) }}).then((answer) => answer.ok)"
        ));
        has(&window, &format!("filter === '{filter}'"));
    };
    assert!(distance("none") < 12.0, "the plain picture is {} off", distance("none"));
    for filter in ["mirror", "flip", "turn90", "grey", "invert", "mirror,grey"] {
        order(filter);
        let mut far = f64::MAX;
        for _ in 0..40 {
            // The next picture is a fifth of a second away, and a shot takes its time.
            far = distance(filter);
            if far < 12.0 {
                break;
            }
        }
        assert!(far < 12.0, "{filter} is {far} off");
        assert!(distance("none") > 14.0, "and not the plain picture");
    }
}

in_browsers!(the_boxes_order_what_they_say_and_show_what_is_done: chromium, firefox, webkit);
fn the_boxes_order_what_they_say_and_show_what_is_done(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = watch(browser, &server);
    window.click("#menu-button");
    window.click("#menu-filters");
    window.wait("document.getElementById('filters-dialog').open");
    assert_eq!(window.eval("document.getElementById('filters-none').disabled"), true);
    window.click("#filters-form [value=grey]");
    has(&window, "filter === 'grey'");
    window.click("#filters-form [value=clock]");
    has(&window, "filter === 'grey,clock'");
    let choose = |value: &str| {
        window.eval(&format!(
            "(() => {{
               const option = document.querySelector('#filters-form option[value={value}]');
               option.parentElement.value = '{value}';
               option.parentElement.dispatchEvent(new Event('change', {{ bubbles: true }}));
             }})()"
        ));
    };
    choose("turn90");
    has(&window, "filter === 'turn90,grey,clock'");
    choose("edges");
    has(&window, "filter === 'turn90,grey,edges,clock'");
    window.wait(
        "document.getElementById('snapshot').href.endsWith('?filter=turn90,grey,edges,clock')",
    );
    window.press("Escape");
    window.reload();
    is_live(&window);
    window.press("e");
    window.wait("document.querySelector('#filters-form [value=grey]').checked");
    assert_eq!(window.eval("document.querySelector('#filters-form select').value"), "turn90");
    window.click("#filters-none");
    has(&window, "filter === 'none'");
    window.wait("!document.querySelector('#filters-form [value=grey]').checked");
    window.click("#filters-close");
    window.wait("!document.getElementById('filters-dialog').open");
}

in_browsers!(mirror_by_its_key_is_of_what_is_seen_and_is_remembered: chromium, firefox, webkit);
fn mirror_by_its_key_is_of_what_is_seen_and_is_remembered(browser: &Browser) {
    let (server, _scratch) = still();
    let window = watch(browser, &server);
    let bar = |place: u32| {
        window.wait(&format!(
            "(await probe.lightest(document.getElementById('picture'), 8)) === {place}"
        ));
    };
    bar(1);
    window.press("m");
    has(&window, "filter === 'mirror'");
    bar(6);
    window.wait("document.getElementById('menu-mirror').ariaChecked === 'true'");
    window.reload();
    is_live(&window);
    bar(6);
    window.press("m");
    has(&window, "filter === 'none'");
    bar(1);
    window.wait("document.getElementById('menu-mirror').ariaChecked === 'false'");
}

in_browsers!(who_gets_the_plain_picture_is_told_why: chromium, firefox);
fn who_gets_the_plain_picture_is_told_why(browser: &Browser) {
    let (server, _scratch) = still();
    let _others: Vec<_> = ["flip", "turn90", "turn180", "turn270"]
        .into_iter()
        .map(|filter| {
            let target = format!("/stream?filter={filter}");
            Stream::open(server.address(), &target, &[]).in_background()
        })
        .collect();
    let window = watch(browser, &server);
    window.press("m");
    has(&window, "filter_refused === 'address'");
    window.press("e");
    window.wait("probe.isShown('#filters-refused')");
    assert!(window.text("#filters-refused").contains("plain one"));
}

in_browsers!(without_script_the_filters_are_a_form: chromium, firefox);
fn without_script_the_filters_are_a_form(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = browser.window_of(Person { no_scripts: true, ..Person::default() });
    window.goto(&server.url("/"));
    window.wait_for_all();
    window.click("#filters-form [value=mirror]");
    window.click("#filters-form [value=invert]");
    window.follow("#filters-form .filled");
    window.wait_for_all();
    let checked =
        "[...document.querySelectorAll('#filters-form :checked')].map((box) => box.value).join()";
    assert_eq!(window.eval(checked), "mirror,invert,,");
    assert_eq!(
        window.eval("document.getElementById('snapshot').href.split('?')[1]"),
        "filter=mirror,invert"
    );
}
