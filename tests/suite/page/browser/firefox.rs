//! Firefox, without a screen, by WebDriver BiDi.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;
use std::sync::mpsc::Receiver;

use serde_json::{Value, json};

use super::connection::{Connection, Event};
use super::tab::{Engine, Held, Tab, is_own};
use super::{PROBE, Person, SIZE, actions, end_of, find, trust};
use crate::common::clip::Scratch;
use crate::common::program::Program;
use crate::common::{LONG, eventually};

/// The Firefoxes of a test: one for each sort of person, since it is set for a whole profile what
/// a person likes.
#[derive(Default)]
pub(crate) struct Firefox {
    started: RefCell<Vec<(Person, Rc<Process>)>>,
    /// A file with an authority that it trusts.
    trusts: Option<PathBuf>,
}

struct Process {
    bidi: RefCell<Connection>,
    /// Speaks when the last of its processes has ended, for all of them hold its output open.
    ended: Receiver<()>,
    // In this order: the program ends before its folder goes.
    _program: Program,
    profile: Scratch,
}

struct FirefoxTab {
    process: Rc<Process>,
    /// Cookies and storage; tabs of one person share them.
    user_context: String,
    /// The tab's own name.
    context: String,
    person: Person,
}

impl Firefox {
    /// One that trusts the authority in this file.
    pub(crate) fn trusting(authority: &Path) -> Self {
        Self { trusts: Some(authority.to_owned()), ..Self::default() }
    }
}

impl Engine for Firefox {
    fn tab(&self, person: Person) -> Box<dyn Tab> {
        let mut started = self.started.borrow_mut();
        let of_person = started.iter().find(|(of, _)| *of == person);
        let process = of_person.map(|(_, process)| Rc::clone(process)).unwrap_or_else(|| {
            let process = Rc::new(Process::start(person, self.trusts.as_deref()));
            started.push((person, Rc::clone(&process)));
            process
        });
        let made = process.call("browser.createUserContext", json!({}));
        let user_context = made["userContext"].as_str().expect("an id").to_owned();
        let probe = json!({
            "functionDeclaration": format!("() => {{ {PROBE} }}"),
            "userContexts": [user_context],
        });
        process.call("script.addPreloadScript", probe);
        Box::new(FirefoxTab::open(process, user_context, "window", person))
    }
}

impl Process {
    fn start(person: Person, trusts: Option<&Path>) -> Self {
        let profile = Scratch::new();
        trusts.iter().for_each(|authority| trust(Path::new(profile.path()), authority));
        profile.write("user.js", [USER, &likes(person)].concat().as_bytes());
        let mut command = Command::new(find(&NAMES, INSTALL));
        command.args(["--headless", "--no-remote", "--remote-debugging-port=0", "--profile"]);
        command.arg(profile.path()).env("HOME", profile.path());
        command.env("MOZ_CRASHREPORTER_DISABLE", "1").env_remove("DISPLAY");
        let (program, out) = Program::start(&mut command, INSTALL);
        let path = Path::new(profile.path()).join("WebDriverBiDiServer.json");
        let port = eventually("Firefox says its port", LONG, || {
            let text = std::fs::read(&path).map_err(|error| error.to_string())?;
            let server: Value = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
            server["ws_port"].as_u64().ok_or(server.to_string())
        });
        let port = u16::try_from(port).expect("a port");
        let bidi = RefCell::new(Connection::open(port, "/session"));
        let process = Self { bidi, ended: end_of(out), _program: program, profile };
        process.call("session.new", json!({ "capabilities": {} }));
        process.call("session.subscribe", json!({ "events": EVENTS }));
        let downloads = json!({ "type": "allowed", "destinationFolder": process.profile.path() });
        process.call("browser.setDownloadBehavior", json!({ "downloadBehavior": downloads }));
        process
    }

    #[track_caller]
    fn call(&self, method: &str, params: Value) -> Value {
        self.bidi.borrow_mut().call(method, params)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Asked to close it ends its own processes and writes no more; if not, it is killed next.
        let mut bidi = self.bidi.borrow_mut();
        if bidi.try_call("browser.close", json!({})).is_ok() {
            // Else a process of it would write into the folder while that is removed.
            let _ = self.ended.recv_timeout(LONG);
        }
    }
}

impl FirefoxTab {
    fn open(process: Rc<Process>, user_context: String, kind: &str, person: Person) -> Self {
        let params = json!({ "type": kind, "userContext": user_context });
        let made = process.call("browsingContext.create", params);
        let context = made["context"].as_str().expect("an id").to_owned();
        let tab = Self { process, user_context, context, person };
        tab.resize(SIZE.0, SIZE.1);
        tab
    }

    /// Calls a method for this tab.
    #[track_caller]
    fn call(&self, method: &str, mut params: Value) -> Value {
        params["context"] = self.context.as_str().into();
        self.process.call(method, params)
    }

    fn perform(&self, actions: Value) {
        self.call("input.performActions", json!({ "actions": actions }));
        // Else the next click is taken for the second of a double one.
        self.call("input.releaseActions", json!({}));
    }

    /// Whether an event is of this tab.
    fn is_own(&self, event: &Event) -> bool {
        let params = &event.params;
        [&params["context"], &params["source"]["context"]].iter().any(|of| **of == self.context)
    }

    #[track_caller]
    fn wait_event(&self, from: usize, name: &str, is: impl Fn(&Value) -> bool) -> Value {
        self.process
            .bidi
            .borrow_mut()
            .wait(from, name, |event| event.name == name && self.is_own(event) && is(&event.params))
    }
}

impl Tab for FirefoxTab {
    fn evaluate(&self, expression: &str) -> Result<Value, String> {
        // As text, since the protocol writes each kind of value in a way of its own.
        let as_text = if self.person.no_scripts {
            // Nothing runs later, and so no promise is ever kept.
            format!("JSON.stringify({expression})")
        } else {
            format!("(async () => JSON.stringify(await ({expression})))()")
        };
        let params = json!({
            "expression": as_text,
            "target": { "context": self.context },
            "awaitPromise": true,
            "userActivation": true,
        });
        let answer = self.process.bidi.borrow_mut().try_call("script.evaluate", params)?;
        if let Some(words) = answer["exceptionDetails"]["text"].as_str() {
            return Err(words.to_owned());
        }
        // What is undefined is no JSON.
        let text = answer["result"]["value"].as_str().unwrap_or("null");
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    fn goto(&self, url: &str) {
        self.call("browsingContext.navigate", json!({ "url": url, "wait": "interactive" }));
    }

    fn reload(&self) {
        self.call("browsingContext.reload", json!({ "wait": "interactive" }));
    }

    fn leave_by(&self, act: &dyn Fn()) {
        let from = self.happened();
        act();
        self.wait_event(from, "browsingContext.domContentLoaded", |_| true);
    }

    fn beside(&self) -> Box<dyn Tab> {
        let (process, user_context) = (Rc::clone(&self.process), self.user_context.clone());
        let tab = Self::open(process, user_context, "tab", self.person);
        tab.show();
        Box::new(tab)
    }

    fn show(&self) {
        self.call("browsingContext.activate", json!({}));
    }

    fn resize(&self, width: u32, height: u32) {
        let params = json!({
            "viewport": { "width": width, "height": height },
            "devicePixelRatio": if self.person.fingers { 2 } else { 1 },
        });
        self.call("browsingContext.setViewport", params);
    }

    fn move_to(&self, place: (f64, f64)) {
        self.perform(actions::mouse(place, 0));
    }

    fn click(&self, place: (f64, f64), times: u32) {
        self.perform(actions::mouse(place, times));
    }

    fn tap(&self, place: (f64, f64)) {
        self.perform(actions::touch(place));
    }

    fn press(&self, key: &str) {
        self.perform(actions::keys([key]));
    }

    fn write(&self, text: &str) {
        self.perform(actions::letters(text));
    }

    fn shot(&self) -> String {
        let shot = self.call("browsingContext.captureScreenshot", json!({}));
        shot["data"].as_str().expect("a text").to_owned()
    }

    fn cookie(&self) -> String {
        let partition = json!({ "type": "context", "context": self.context });
        let cookies = self.process.call("storage.getCookies", json!({ "partition": partition }));
        let value = &cookies["cookies"][0]["value"]["value"];
        value.as_str().expect("the page sets a cookie").to_owned()
    }

    fn may_read_the_clipboard(&self) {
        // The profile lets everybody.
    }

    fn happened(&self) -> usize {
        // An answer comes after all events that came before it.
        let _ = self.evaluate("0");
        self.process.bidi.borrow().events().len()
    }

    fn asked(&self, from: usize) -> Vec<String> {
        self.happened();
        let bidi = self.process.bidi.borrow();
        let is_request = |event: &&Event| event.name == REQUEST && self.is_own(event);
        let requests = bidi.events()[from..].iter().filter(is_request);
        requests.map(|event| url_of(&event.params).to_owned()).collect()
    }

    fn hold(&self, path: &str) -> Box<dyn Held + '_> {
        let params = json!({
            "phases": ["beforeRequestSent"],
            "contexts": [self.context],
            "urlPatterns": [{ "type": "pattern", "pathname": path }],
        });
        let made = self.process.call("network.addIntercept", params);
        Box::new(Intercept { tab: self, id: made["intercept"].clone(), from: self.happened() })
    }

    fn download(&self, act: &dyn Fn()) -> (String, Vec<u8>) {
        let from = self.happened();
        act();
        let begun = self.wait_event(from, "browsingContext.downloadWillBegin", |_| true);
        let is_of = |end: &Value| end["navigation"] == begun["navigation"];
        let end = self.wait_event(from, "browsingContext.downloadEnd", is_of);
        let name = begun["suggestedFilename"].as_str().expect("a name").to_owned();
        let path = end["filepath"].as_str().unwrap_or_else(|| panic!("no file: {end}"));
        (name, std::fs::read(path).expect("the file is there"))
    }

    fn complaints(&self, troubled: bool) -> Vec<String> {
        self.happened();
        let bidi = self.process.bidi.borrow();
        let own = bidi.events().iter().filter(|event| self.is_own(event));
        own.filter_map(complaint).filter(|words| !(troubled && is_of_connections(words))).collect()
    }

    fn close(&self) {
        let params = json!({ "context": self.context });
        let _ = self.process.bidi.borrow_mut().try_call("browsingContext.close", params);
    }
}

struct Intercept<'a> {
    tab: &'a FirefoxTab,
    id: Value,
    from: usize,
}

impl Intercept<'_> {
    fn first(&self) -> Value {
        self.tab.wait_event(self.from, REQUEST, |request| request["isBlocked"] == true)
    }
}

impl Held for Intercept<'_> {
    fn wait(&self) {
        self.first();
    }

    fn answer(&self, status: u16, body: &str) {
        let params = json!({
            "request": self.first()["request"]["request"],
            "statusCode": status,
            "reasonPhrase": "",
            "body": { "type": "string", "value": body },
        });
        self.tab.process.call("network.provideResponse", params);
    }
}

impl Drop for Intercept<'_> {
    fn drop(&mut self) {
        // Its browser may be gone, if a test failed.
        let params = json!({ "intercept": self.id });
        let _ = self.tab.process.bidi.borrow_mut().try_call("network.removeIntercept", params);
    }
}

fn url_of(params: &Value) -> &str {
    params["request"]["url"].as_str().unwrap_or_default()
}

fn complaint(event: &Event) -> Option<String> {
    let params = &event.params;
    match event.name.as_str() {
        "log.entryAdded" => Some(params["text"].to_string()),
        REQUEST => {
            let url = url_of(params);
            (!is_own(url)).then(|| format!("asks for {url}"))
        }
        _ => None,
    }
}

/// Firefox says of each socket that does not open, or ends, that it did not.
fn is_of_connections(words: &str) -> bool {
    words.contains("connection") && words.contains("ws://")
}

/// What a person likes, as lines of a profile.
fn likes(person: Person) -> String {
    let mut lines = String::new();
    let mut set = |name: &str, value: &str| {
        lines.push_str(&format!("user_pref(\"{name}\", {value});\n"));
    };
    if person.no_scripts {
        set("javascript.enabled", "false");
    }
    if person.fingers {
        set("dom.w3c_touch_events.enabled", "1");
        // Coarse, and unable to hover.
        set("ui.primaryPointerCapabilities", "1");
        set("ui.allPointerCapabilities", "1");
    }
    set("layout.css.prefers-color-scheme.content-override", if person.dark { "0" } else { "1" });
    lines
}

const REQUEST: &str = "network.beforeRequestSent";
const EVENTS: [&str; 5] = [
    "browsingContext.domContentLoaded",
    "browsingContext.downloadWillBegin",
    "browsingContext.downloadEnd",
    "log.entryAdded",
    REQUEST,
];
const USER: &str = include_str!("user.js");
const NAMES: [&str; 2] = ["firefox-esr", "firefox"];
const INSTALL: &str = "apt-get install firefox-esr";
