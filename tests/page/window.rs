//! One window of the browser: what a person does in it and sees there.
//!
//! Whatever a test does, at its end a window has told no error, broken no policy, and
//! asked no host but the server for anything.

use std::cell::RefCell;
use std::time::Instant;

use serde_json::{Value, json};

use super::browser::Browser;
use super::common::{LONG, eventually_true};
use super::devtools::{DevTools, Event};

/// A tab that a test looks at. Dropping it closes it.
pub(crate) struct Window<'a> {
    browser: &'a Browser,
    devtools: RefCell<DevTools>,
    /// Cookies and storage; tabs of one person share them.
    context: String,
    target: String,
    /// Whether refused requests and lost connections are what the test is about.
    troubled: RefCell<bool>,
}

impl<'a> Window<'a> {
    pub(super) fn open(browser: &'a Browser, context: String) -> Self {
        let params = json!({ "url": "about:blank", "browserContextId": context });
        let made = browser.devtools.borrow_mut().call("Target.createTarget", params);
        let target = made["targetId"].as_str().expect("an id").to_owned();
        let mut devtools = DevTools::connect(browser.port, &format!("/devtools/page/{target}"));
        for domain in ["Page", "Runtime", "Log", "Network"] {
            devtools.call(&format!("{domain}.enable"), json!({}));
        }
        let source = json!({ "source": include_str!("probe.js") });
        devtools.call("Page.addScriptToEvaluateOnNewDocument", source);
        let (devtools, troubled) = (RefCell::new(devtools), RefCell::new(false));
        Self { browser, devtools, context, target, troubled }
    }

    /// Opens another tab of the same person, in front of this one.
    pub(crate) fn tab(&self) -> Self {
        Self::open(self.browser, self.context.clone())
    }

    /// Brings the tab to the front.
    pub(crate) fn show(&self) {
        self.call("Page.bringToFront", json!({}));
    }

    /// Calls a method of the protocol.
    #[track_caller]
    pub(crate) fn call(&self, method: &str, params: Value) -> Value {
        self.devtools.borrow_mut().call(method, params)
    }

    /// Goes to an address, and waits until the document is there. A picture may still come.
    #[track_caller]
    pub(crate) fn goto(&self, url: &str) {
        let from = self.happened();
        let answer = self.call("Page.navigate", json!({ "url": url }));
        assert_eq!(answer["errorText"], Value::Null, "{url}");
        self.wait_for_page(from);
    }

    /// Loads the page anew.
    #[track_caller]
    pub(crate) fn reload(&self) {
        let from = self.happened();
        self.call("Page.reload", json!({}));
        self.wait_for_page(from);
    }

    /// Clicks on what leads to another page, and waits until that is there.
    #[track_caller]
    pub(crate) fn follow(&self, selector: &str) {
        let from = self.happened();
        self.click(selector);
        self.wait_for_page(from);
    }

    /// Waits until the document is there, and its styles, without which nothing is in its place.
    #[track_caller]
    fn wait_for_page(&self, from: usize) {
        self.wait_event(from, "Page.domContentEventFired");
        let styled = "[...document.querySelectorAll('link[rel=stylesheet]')].every((l) => l.sheet)";
        // Not by waiting in the page: scripts may be off.
        eventually_true("the styles are there", LONG, || self.eval(styled) == true);
    }

    /// The value of an expression.
    #[track_caller]
    pub(crate) fn eval(&self, expression: &str) -> Value {
        self.evaluate(expression).unwrap_or_else(|words| panic!("{expression}: {words}"))
    }

    /// Waits in the page until an expression, or what it promises, is true. Returns its value.
    #[track_caller]
    pub(crate) fn wait(&self, expression: &str) -> Value {
        let deadline = Instant::now() + LONG;
        let limit = LONG.as_millis();
        let waiting = format!(
            "(async () => {{
               const until = performance.now() + {limit};
               let [last, why] = [];
               do {{
                 try {{
                   last = await ({expression});
                 }} catch (error) {{
                   last = undefined;
                   why = String(error);
                 }}
                 if (last) return last;
                 await new Promise((done) => setTimeout(done, 20));
               }} while (performance.now() < until);
               throw new Error(`not within {limit} ms, but ${{JSON.stringify(last) ?? why}}`);
             }})()"
        );
        loop {
            match self.evaluate(&waiting) {
                Ok(value) => return value,
                // It went to another page while we waited.
                Err(words) if is_of_leaving(&words) && Instant::now() < deadline => {}
                Err(words) => panic!("{expression}: {words}\non the page: {}", self.words()),
            }
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
        let place = self.place(selector);
        self.move_to(place);
        self.press_mouse(place, 1);
    }

    /// Clicks twice in the middle of an element.
    #[track_caller]
    pub(crate) fn double_click(&self, selector: &str) {
        let place = self.place(selector);
        self.move_to(place);
        self.press_mouse(place, 1);
        self.press_mouse(place, 2);
    }

    /// Moves the mouse.
    pub(crate) fn move_to(&self, (x, y): (f64, f64)) {
        let params = json!({ "type": "mouseMoved", "x": x, "y": y });
        self.call("Input.dispatchMouseEvent", params);
    }

    fn press_mouse(&self, (x, y): (f64, f64), count: u32) {
        for kind in ["mousePressed", "mouseReleased"] {
            let params =
                json!({ "type": kind, "x": x, "y": y, "button": "left", "clickCount": count });
            self.call("Input.dispatchMouseEvent", params);
        }
    }

    /// Taps at a place.
    pub(crate) fn tap(&self, (x, y): (f64, f64)) {
        let touch = |kind, points: Value| {
            let params = json!({ "type": kind, "touchPoints": points });
            self.call("Input.dispatchTouchEvent", params);
        };
        touch("touchStart", json!([{ "x": x, "y": y }]));
        touch("touchEnd", json!([]));
    }

    /// The middle of an element that can be seen and hit there.
    #[track_caller]
    pub(crate) fn place(&self, selector: &str) -> (f64, f64) {
        let place = self.eval(&format!(
            "(() => {{
               const element = document.querySelector({selector:?});
               element.scrollIntoView({{ block: 'nearest', behavior: 'instant' }});
               const {{ left, top, width, height }} = element.getBoundingClientRect();
               const [x, y] = [left + width / 2, top + height / 2];
               const hit = document.elementFromPoint(x, y);
               return {{ x, y, hit: element.contains(hit), over: hit?.outerHTML.slice(0, 200) }};
             }})()"
        ));
        assert_eq!(place["hit"], true, "{selector} is under {}", place["over"]);
        let number = |name: &str| place[name].as_f64().expect("a number");
        (number("x"), number("y"))
    }

    /// Presses a key and lets it go.
    pub(crate) fn press(&self, key: &str) {
        let named = [("Enter", 13), ("Escape", 27), ("End", 35), ("Home", 36), ("ArrowLeft", 37)];
        let named = [&named[..], &[("ArrowRight", 39), ("ArrowDown", 40), ("Tab", 9)]].concat();
        let code = named.iter().find(|(name, _)| *name == key).map(|(_, code)| *code);
        let upper = key.bytes().next().expect("a key").to_ascii_uppercase();
        let text = match (key, code) {
            ("Enter", _) => "\r",
            (_, Some(_)) => "",
            (key, None) => key,
        };
        let event = |kind: &str, text: &str| {
            let params = json!({
                "type": kind, "key": key, "text": text,
                "windowsVirtualKeyCode": code.unwrap_or(u32::from(upper)),
            });
            self.call("Input.dispatchKeyEvent", params);
        };
        event(if text.is_empty() { "rawKeyDown" } else { "keyDown" }, text);
        event("keyUp", "");
    }

    /// Types into what has the focus.
    pub(crate) fn write(&self, text: &str) {
        self.call("Input.insertText", json!({ "text": text }));
    }

    /// Makes the window a phone's.
    pub(crate) fn be_phone(&self, width: u32, height: u32) {
        self.be_of_size(width, height, true);
        self.call("Emulation.setTouchEmulationEnabled", json!({ "enabled": true }));
    }

    /// Makes the window a computer's.
    pub(crate) fn be_wide(&self, width: u32, height: u32) {
        self.be_of_size(width, height, false);
    }

    fn be_of_size(&self, width: u32, height: u32, mobile: bool) {
        let params = json!({
            "width": width,
            "height": height,
            "deviceScaleFactor": if mobile { 2 } else { 1 },
            "mobile": mobile,
        });
        self.call("Emulation.setDeviceMetricsOverride", params);
    }

    /// Says to pages that the person likes them dark.
    pub(crate) fn like_it_dark(&self) {
        let features = json!([{ "name": "prefers-color-scheme", "value": "dark" }]);
        self.call("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// Sets a time of the page's style sheet: much is shown for longer than a test should take.
    pub(crate) fn set_time(&self, token: &str, time: &str) {
        self.eval(&format!("document.documentElement.style.setProperty('{token}', '{time}')"));
    }

    /// Runs no script of any page from now on.
    pub(crate) fn forbid_scripts(&self) {
        self.call("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
    }

    /// Lets pages read what was copied.
    pub(crate) fn may_read_the_clipboard(&self) {
        let permissions = ["clipboardReadWrite", "clipboardSanitizedWrite"];
        let params = json!({ "permissions": permissions, "browserContextId": self.context });
        self.browser.devtools.borrow_mut().call("Browser.grantPermissions", params);
    }

    /// What is seen, as a PNG.
    pub(crate) fn shot(&self) -> Vec<u8> {
        let shot = self.call("Page.captureScreenshot", json!({ "format": "png" }));
        base64(shot["data"].as_str().expect("a text"))
    }

    /// The value of this person's cookie.
    pub(crate) fn cookie(&self) -> String {
        let cookies = self.call("Network.getCookies", json!({}));
        let value = cookies["cookies"][0]["value"].as_str().expect("the page sets a cookie");
        format!("viewer={value}")
    }

    /// How much has happened so far.
    pub(crate) fn happened(&self) -> usize {
        // An answer comes after all events that came before it.
        let _ = self.evaluate("0");
        self.devtools.borrow().events().len()
    }

    /// Waits for an event after so many. Returns its parameters.
    #[track_caller]
    pub(crate) fn wait_event(&self, from: usize, name: &str) -> Value {
        self.devtools.borrow_mut().wait(from, name, |event| event.name == name)
    }

    /// The parameters of all events of a name after so many.
    pub(crate) fn events(&self, from: usize, name: &str) -> Vec<Value> {
        let until = self.happened();
        let devtools = self.devtools.borrow();
        let events = devtools.events()[from..until].iter().filter(|event| event.name == name);
        events.map(|event| event.params.clone()).collect()
    }

    /// The addresses that were asked for after so many events.
    pub(crate) fn asked(&self, from: usize) -> Vec<String> {
        let url = |params: Value| params["request"]["url"].as_str().unwrap_or("").to_owned();
        self.events(from, "Network.requestWillBeSent").into_iter().map(url).collect()
    }

    /// How many events there are of the browser itself, downloads among them.
    pub(crate) fn happened_to_browser(&self) -> usize {
        self.browser.devtools.borrow().events().len()
    }

    /// From now on requests may be refused, and the connection lost.
    pub(crate) fn expect_trouble(&self) {
        *self.troubled.borrow_mut() = true;
    }

    fn evaluate(&self, expression: &str) -> Result<Value, String> {
        let params = json!({
            "expression": expression,
            "awaitPromise": true,
            "returnByValue": true,
            "userGesture": true,
        });
        let mut answer = self.devtools.borrow_mut().try_call("Runtime.evaluate", params)?;
        match answer["exceptionDetails"]["exception"]["description"].as_str() {
            Some(words) => Err(words.to_owned()),
            None => Ok(answer["result"]["value"].take()),
        }
    }

    /// What stands on the page, to be shown with a test that failed.
    fn words(&self) -> String {
        let words = self.evaluate("`${location.href}\n${document.body.innerText}`");
        words.map_or_else(|error| error, |words| words.as_str().unwrap_or_default().to_owned())
    }

    /// What the page should not have done.
    fn complaints(&self) -> Vec<String> {
        self.happened();
        let troubled = *self.troubled.borrow();
        self.devtools
            .borrow()
            .events()
            .iter()
            .filter_map(|event| complaint(event, troubled))
            .collect()
    }
}

impl Drop for Window<'_> {
    fn drop(&mut self) {
        let complaints = if std::thread::panicking() { Vec::new() } else { self.complaints() };
        let params = json!({ "targetId": self.target });
        // Its browser may be gone, if a test failed.
        let _ = self.browser.devtools.borrow_mut().try_call("Target.closeTarget", params);
        assert!(complaints.is_empty(), "the page complains: {complaints:#?}");
    }
}

fn complaint(event: &Event, troubled: bool) -> Option<String> {
    let params = &event.params;
    match event.name.as_str() {
        "Runtime.exceptionThrown" => Some(params["exceptionDetails"].to_string()),
        "Runtime.consoleAPICalled" => Some(params["args"].to_string()),
        "Log.entryAdded" => {
            let entry = &params["entry"];
            let of_network = entry["source"] == "network";
            (!(troubled && of_network)).then(|| entry.to_string())
        }
        "Network.requestWillBeSent" => {
            let url = params["request"]["url"].as_str().unwrap_or_default();
            let own = ["http://127.0.0.1:", "data:", "blob:http://127.0.0.1:"];
            (!own.iter().any(|own| url.starts_with(own))).then(|| format!("asks for {url}"))
        }
        _ => None,
    }
}

fn is_of_leaving(words: &str) -> bool {
    ["context was destroyed", "navigated or closed", "Cannot find context"]
        .iter()
        .any(|of_leaving| words.contains(of_leaving))
}

fn base64(text: &str) -> Vec<u8> {
    let alphabet = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['+', '/']);
    let alphabet: Vec<char> = alphabet.collect();
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0u32, 0);
    for value in text.chars().filter_map(|c| alphabet.iter().position(|&other| other == c)) {
        bits = bits << 6 | value as u32;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    bytes
}
