//! The page of all components: each is drawn, in both themes, and behaves.

use serde_json::json;

use super::{Browser, in_browsers};
use crate::common::server::Server;

in_browsers!(each_component_is_drawn_in_both_themes: chromium, firefox);
fn each_component_is_drawn_in_both_themes(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = browser.window();
    // All of it at once.
    window.resize(1000, 3200);
    window.goto(&server.url("/styleguide"));
    window.wait("document.readyState === 'complete'");
    let shot = window.shot_as_text();
    window.eval(&format!("globalThis.shot = 'data:image/png;base64,{shot}'"));
    let drawn = window.wait(
        "(async () => {
           const image = new Image();
           image.src = shot;
           await image.decode();
           const pen = new OffscreenCanvas(image.width, image.height).getContext('2d', { willReadFrequently: true });
           pen.drawImage(image, 0, 0);
           const scale = image.width / innerWidth;
           return [...document.querySelectorAll('.theme-sample')].map((theme) => {
             const samples = [...theme.querySelectorAll('.sample')].map((sample) => {
               const { left, top, width, height } = sample.getBoundingClientRect();
               const box = [left, top, width, height].map((side) => Math.round(side * scale));
               const bytes = new Uint32Array(pen.getImageData(...box).data.buffer);
               return [sample.querySelector('h2').textContent, new Set(bytes).size];
             });
             const { left, top } = theme.getBoundingClientRect();
             const corner = pen.getImageData((left + 20) * scale, (top + 4) * scale, 1, 1).data;
             return { theme: theme.dataset.theme, ground: [...corner].slice(0, 3), samples };
           });
         })()",
    );
    for (at, theme, ground) in [(0, "dark", [11, 13, 16]), (1, "light", [246, 247, 249])] {
        assert_eq!((&drawn[at]["theme"], &drawn[at]["ground"]), (&json!(theme), &json!(ground)));
        let samples = drawn[at]["samples"].as_array().expect("samples");
        assert!(samples.len() >= 12, "{samples:?}");
        for sample in samples {
            // Its name alone has some: the edges of letters.
            assert!(sample[1].as_u64().is_some_and(|colours| colours > 8), "{theme}: {sample}");
        }
    }
}

in_browsers!(tabs_dialogs_and_toasts_behave: chromium, firefox, webkit);
fn tabs_dialogs_and_toasts_behave(browser: &Browser) {
    let server = Server::pattern(&[]);
    let window = browser.window();
    window.goto(&server.url("/styleguide"));
    window.wait("document.getElementById('dark-tab-people').tabIndex === -1");
    window.click("#dark-tab-chat");
    window.press("ArrowRight");
    window.wait("document.activeElement.id === 'dark-tab-people'");
    window.wait("probe.isShown('#dark-people') && !probe.isShown('#dark-chat')");
    for (opener, dialog) in [("#open-confirm", "#confirm"), ("#open-drawer", "#drawer")] {
        window.click(opener);
        window.wait(&format!("document.querySelector('{dialog}').open"));
        window.click(&format!("{dialog} [data-close]"));
        window.wait(&format!("!document.querySelector('{dialog}').open"));
    }
    window.set_time("--notice-for", "1s");
    window.click("#make-toast");
    window.wait("document.querySelectorAll('#toasts .toast').length === 1");
    window.wait("document.querySelectorAll('#toasts .toast').length === 0");
}
