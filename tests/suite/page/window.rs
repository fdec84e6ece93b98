//! One window of a browser: what a person does in it and sees there.
//!
//! Whatever a test does, at its end a window has told no error, broken no policy, and
//! asked no host but the server for anything.

use std::cell::Cell;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::browser::{Held, Holding, Tab};
use crate::common::{LONG, base64, eventually, eventually_true};

/// A tab that a test looks at. Dropping it closes it.
pub(crate) struct Window {
    tab: Box<dyn Tab>,
    /// Whether refused requests and lost connections are what the test is about.
    troubled: Cell<bool>,
}

impl Window {
    pub(super) fn of(tab: Box<dyn Tab>) -> Self {
        Self { tab, troubled: Cell::new(false) }
    }

    /// Opens another tab of the same person, in front of this one.
    pub(crate) fn beside(&self) -> Self {
        Self::of(self.tab.beside())
    }

    /// Brings the tab to the front.
    pub(crate) fn show(&self) {
        self.tab.show();
    }

    /// Goes to an address, and waits until the document is there. A picture may still come.
    #[track_caller]
    pub(crate) fn goto(&self, url: &str) {
        self.tab.goto(url);
        self.wait_for_styles();
    }

    /// Loads the page anew.
    #[track_caller]
    pub(crate) fn reload(&self) {
        self.tab.reload();
        self.wait_for_styles();
    }

    /// Clicks on what leads to another page, and waits until that is there.
    #[track_caller]
    pub(crate) fn follow(&self, selector: &str) {
        self.tab.leave_by(&|| self.click(selector));
        self.wait_for_styles();
    }

    /// Presses Enter, which leads to another page, and waits until that is there.
    #[track_caller]
    pub(crate) fn enter(&self) {
        self.tab.leave_by(&|| self.press("Enter"));
        self.wait_for_styles();
    }

    /// Waits until the page has its styles, without which nothing is in its place.
    #[track_caller]
    fn wait_for_styles(&self) {
        let styled = "[...document.querySelectorAll('link[rel=stylesheet]')].every((l) => l.sheet)";
        // Not by waiting in the page: scripts may be off.
        eventually_true("the styles are there", LONG, || self.eval(styled) == true);
    }

    /// Waits until the page is there with all its pictures, of a stream the first.
    #[track_caller]
    pub(crate) fn wait_for_all(&self) {
        let complete = "document.readyState === 'complete'";
        eventually_true("the page is complete", LONG, || self.eval(complete) == true);
    }

    /// The value of an expression.
    #[track_caller]
    pub(crate) fn eval(&self, expression: &str) -> Value {
        self.tab.evaluate(expression).unwrap_or_else(|words| panic!("{expression}: {words}"))
    }

    /// Waits in the page until an expression, or what it promises, is true. Returns its value.
    #[track_caller]
    pub(crate) fn wait(&self, expression: &str) -> Value {
        let deadline = Instant::now() + LONG;
        let slice = SLICE.as_millis();
        // What it saw, and whether that was in vain: as text, for not every value goes to every browser.
        let waiting = format!(
            "(async () => {{
               const until = performance.now() + {slice};
               let [last, why] = [];
               do {{
                 try {{
                   // What a page asks the server for may be forgotten by a busy browser.
                   const forgotten = new Promise((done) => setTimeout(done, {slice} / 2));
                   last = await Promise.race([(async () => ({expression}))(), forgotten]);
                 }} catch (error) {{
                   last = undefined;
                   why = String(error);
                 }}
                 if (last) return JSON.stringify([false, last]);
                 await new Promise((done) => setTimeout(done, 20));
               }} while (performance.now() < until);
               return JSON.stringify([true, last ?? why]);
             }})()"
        );
        loop {
            let words = match self.tab.evaluate(&waiting) {
                Ok(Value::String(text)) => match serde_json::from_str(&text).expect("JSON") {
                    (false, seen) => return seen,
                    (true, _) if Instant::now() < deadline => continue,
                    (true, seen) => format!("not within {LONG:?}, but {seen}"),
                },
                // Where scripts are off nothing is waited for in Firefox's pages.
                Ok(_) => {
                    let is_so = format!("Boolean({expression})");
                    eventually_true(expression, LONG, || {
                        self.tab.evaluate(&is_so) == Ok(true.into())
                    });
                    return true.into();
                }
                // It went to another page while we waited.
                Err(words) if is_of_leaving(&words) && Instant::now() < deadline => continue,
                Err(words) => words,
            };
            panic!("{expression}: {words}\non the page: {}", self.words());
        }
    }

    /// The text of the first element that matches.
    #[track_caller]
    pub(crate) fn text(&self, selector: &str) -> String {
        let text = self.eval(&format!("document.querySelector({selector:?}).innerText"));
        text.as_str().expect("a text").trim().to_owned()
    }

    /// Clicks in the middle of an element, which must be what a person hits there.
    #[track_caller]
    pub(crate) fn click(&self, selector: &str) {
        self.tab.click(self.place(selector), 1);
    }

    /// Clicks twice in the middle of an element.
    #[track_caller]
    pub(crate) fn double_click(&self, selector: &str) {
        self.tab.click(self.place(selector), 2);
    }

    /// Moves the mouse.
    pub(crate) fn move_to(&self, place: (f64, f64)) {
        self.tab.move_to(place);
    }

    /// Taps at a place.
    pub(crate) fn tap(&self, place: (f64, f64)) {
        self.tab.tap(place);
    }

    /// The middle of an element, once it can be seen and hit there, and has come to rest: what comes
    /// later may move what a page has so far.
    #[track_caller]
    pub(crate) fn place(&self, selector: &str) -> (f64, f64) {
        let looking = format!(
            "(() => {{
               const element = document.querySelector({selector:?});
               element?.scrollIntoView({{ block: 'nearest', behavior: 'instant' }});
               const {{ left, top, width, height }} = element?.getBoundingClientRect() ?? {{}};
               const [x, y] = [left + width / 2, top + height / 2];
               const hit = width > 0 ? document.elementFromPoint(x, y) : null;
               return {{ x, y, hit: hit !== null && element.contains(hit),
                         over: hit?.outerHTML.slice(0, 200) }};
             }})()"
        );
        let mut before = Value::Null;
        let mut same = 0;
        eventually(&format!("{selector} can be clicked"), LONG, || {
            let now = self.eval(&looking);
            same = if now == before { same + 1 } else { 0 };
            before = now;
            let number = |name: &str| before[name].as_f64().ok_or("it is not there");
            match before["hit"] == true && same >= AT_REST {
                true => Ok((number("x")?, number("y")?)),
                false => Err(format!("it moves or is hidden, under {}", before["over"])),
            }
        })
    }

    /// Presses a key and lets it go.
    pub(crate) fn press(&self, key: &str) {
        self.tab.press(key);
    }

    /// Types into what has the focus.
    pub(crate) fn write(&self, text: &str) {
        self.tab.write(text);
    }

    /// Gives the page this many pixels.
    pub(crate) fn resize(&self, width: u32, height: u32) {
        self.tab.resize(width, height);
    }

    /// Sets a time of the page's style sheet: much is shown for longer than a test should take.
    pub(crate) fn set_time(&self, token: &str, time: &str) {
        self.eval(&format!("document.documentElement.style.setProperty('{token}', '{time}')"));
    }

    /// Lets pages read what was copied.
    pub(crate) fn may_read_the_clipboard(&self) {
        self.tab.may_read_the_clipboard();
    }

    /// What is seen, as a PNG.
    pub(crate) fn shot(&self) -> Vec<u8> {
        base64::decode(&self.tab.shot())
    }

    /// As [`shot`](Self::shot), in base64.
    pub(crate) fn shot_as_text(&self) -> String {
        self.tab.shot()
    }

    /// This person's cookie, as a request has it.
    pub(crate) fn cookie(&self) -> String {
        format!("viewer={}", self.tab.cookie())
    }

    /// How much has happened so far.
    pub(crate) fn happened(&self) -> usize {
        self.tab.happened()
    }

    /// The addresses that were asked for after so much had happened.
    pub(crate) fn asked(&self, from: usize) -> Vec<String> {
        self.tab.asked(from)
    }

    /// How many times bytes came, after so much had happened, for an address with this in it.
    pub(crate) fn received(&self, from: usize, part: &str) -> usize {
        self.tab.received(from, part)
    }

    /// Holds requests for a path back, for as long as the answer lives.
    pub(crate) fn hold(&self, path: &str) -> Box<dyn Held + '_> {
        self.tab.hold(path)
    }

    /// From now on so many bytes a second come at most; `None`: as many as can.
    pub(crate) fn throttle(&self, bytes_per_sec: Option<u32>) {
        self.tab.throttle(bytes_per_sec);
    }

    /// Does what saves a file. Returns its name as the page gave it, and its bytes.
    pub(crate) fn download(&self, act: impl Fn()) -> (String, Vec<u8>) {
        self.tab.download(&act)
    }

    /// What the page holds once all is swept away that nobody needs.
    #[allow(dead_code, reason = "benches/page asks")]
    pub(crate) fn held(&self) -> Holding {
        self.tab.held()
    }

    /// What the page should not have done so far.
    pub(crate) fn complaints(&self) -> Vec<String> {
        self.tab.complaints(self.troubled.get())
    }

    /// From now on requests may be refused, and the connection lost.
    pub(crate) fn expect_trouble(&self) {
        self.troubled.set(true);
    }

    /// What stands on the page, to be shown with a test that failed.
    fn words(&self) -> String {
        let words = self.tab.evaluate("`${location.href}\n${document.body.innerText}`");
        words.map_or_else(|error| error, |words| words.as_str().unwrap_or_default().to_owned())
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        let panicking = std::thread::panicking();
        let complaints = if panicking { Vec::new() } else { self.complaints() };
        self.tab.close();
        assert!(complaints.is_empty(), "the page complains: {complaints:#?}");
    }
}

/// How many looks in a row, some 20 ms apart, see a thing in the same place that has come to rest.
const AT_REST: u32 = 3;

/// How long one question waits in the page: less than a browser may take to answer.
const SLICE: Duration = Duration::from_secs(20);

/// Whether an evaluation failed since the page went while it ran.
fn is_of_leaving(words: &str) -> bool {
    OF_LEAVING.iter().any(|of_leaving| words.contains(of_leaving))
}

const OF_LEAVING: [&str; 5] = [
    "context was destroyed",
    "navigated or closed",
    "Cannot find context",
    // Firefox
    "AbortError",
    "no such frame",
];
