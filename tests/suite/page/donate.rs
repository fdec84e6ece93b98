//! Donating, and the thanks that everybody sees.

use super::{Browser, has, in_browsers, watch};
use crate::common::server::Server;

in_browsers!(donate_succeeds_and_another_window_sees_the_thanks_with_the_name: chromium, firefox, webkit);
fn donate_succeeds_and_another_window_sees_the_thanks_with_the_name(browser: &Browser) {
    let server = Server::pattern(&[]);
    let (giver, other) = (watch(browser, &server), watch(browser, &server));
    for window in [&giver, &other] {
        window.set_time("--thanks-for", "4s");
        window.set_time("--success-stays", "4s");
        // All that is said goes again, and sooner than a busy machine may look.
        window.eval(
            "(() => {
               globalThis.said = [];
               const texts = (of) => [...document.querySelectorAll(of)].map((one) => one.textContent.trim());
               new MutationObserver(() => said.push(['#donate-send-label', '#donate', '.thanks-card p']
                 .map((of) => texts(of).join('|')))).observe(document, { subtree: true, childList: true });
             })()",
        );
    }
    // Somebody's name is never markup.
    let name = "<b>Ada</b>";
    giver.click("#donate");
    giver.wait("document.activeElement.id === 'donate-name'");
    giver.write(name);
    giver.press("Tab");
    giver.write("for the printer");
    giver.click("#donate-send");
    let success = "'Donate Success!!'";
    giver.wait(&format!("said.some(([send, open]) => send === {success} && open === {success})"));
    let cards = |words: &str| format!("said.some(([, , cards]) => cards === {words:?})");
    let seen_by_all = format!("Thank you, {name}|for the printer");
    other.wait(&cards(&seen_by_all));
    giver.wait(&cards(&format!("{seen_by_all}|Your share counts double for a minute.")));
    giver.wait("!document.getElementById('donate-dialog').open");
    giver.wait("document.getElementById('share-word').innerText.startsWith('Double share, ')");
    has(&giver, "donating_s > 0");
    has(&other, "donating_s === null");
    assert_eq!(other.text("#donate"), "Donate");
    for window in [&giver, &other] {
        window.wait("document.querySelectorAll('.thanks-card').length === 0");
    }
    giver.wait("document.getElementById('donate').innerText.trim() === 'Donate'");
}

in_browsers!(both_fields_may_stay_empty_and_a_payment_page_is_offered_as_well: chromium, firefox, webkit);
fn both_fields_may_stay_empty_and_a_payment_page_is_offered_as_well(browser: &Browser) {
    let server = Server::pattern(&["--donate-url", "http://127.0.0.1:9/pay"]);
    let window = watch(browser, &server);
    window.set_time("--thanks-for", "600s");
    window.set_time("--success-stays", "600s");
    window.click("#donate");
    window.wait("probe.isShown('#donate-link')");
    assert_eq!(
        window.eval("document.getElementById('donate-link').href"),
        "http://127.0.0.1:9/pay"
    );
    window.press("Enter");
    window.wait("document.getElementById('donate-send-label').innerText === 'Donate Success!!'");
    window.click("#donate-close");
    window.wait("!document.getElementById('donate-dialog').open");
    window
        .wait("document.querySelector('.thanks-card .who').innerText === 'Thank you, kind viewer'");
}

in_browsers!(that_no_money_moves_is_said_where_none_does: chromium, firefox, webkit);
fn that_no_money_moves_is_said_where_none_does(browser: &Browser) {
    for (arguments, said) in [(&[][..], true), (&["--donate-url", "http://127.0.0.1:9/"], false)] {
        let server = Server::pattern(arguments);
        let window = watch(browser, &server);
        window.click("#donate");
        window.wait("document.getElementById('donate-dialog').open");
        assert_eq!(window.text("#donate-dialog").contains("No money moves"), said);
        assert!(window.text("#donate-dialog").contains("counts double"));
        assert_eq!(window.text("#donate-send"), "Donate");
    }
}
