//! Chromium, without a screen, by its DevTools protocol.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use serde_json::{Value, json};

use super::connection::{Connection, Event};
use super::tab::{Engine, Held, Holding, Tab, is_own};
use super::{PROBE, Person, end_of, find, trust};
use crate::common::clip::Scratch;
use crate::common::program::Program;
use crate::common::{LONG, base64, eventually};

/// A Chromium, which all its tabs hold.
pub(crate) struct Chromium {
    process: Rc<Process>,
}

struct Process {
    devtools: RefCell<Connection>,
    port: u16,
    /// Speaks when the last of its processes has ended, for all of them hold its output open.
    ended: Receiver<()>,
    // In this order: the program ends before its folder goes.
    _program: Program,
    profile: Scratch,
}

struct ChromiumTab {
    process: Rc<Process>,
    devtools: RefCell<Connection>,
    /// Cookies and storage; tabs of one person share them.
    context: String,
    target: String,
    person: Person,
}

impl Chromium {
    pub(crate) fn start() -> Self {
        Self::start_with(Scratch::new())
    }

    /// One that trusts the authority in this file.
    pub(crate) fn trusting(authority: &Path) -> Self {
        let profile = Scratch::new();
        let database = Path::new(profile.path()).join(".pki/nssdb");
        trust(&database, authority);
        Self::start_with(profile)
    }

    fn start_with(profile: Scratch) -> Self {
        let mut command = Command::new(find(&NAMES, INSTALL));
        // Where it looks for whom its user trusts.
        command.env("HOME", profile.path());
        command.args(FLAGS).arg(format!("--user-data-dir={}", profile.path())).arg("about:blank");
        if rustix::process::geteuid().is_root() {
            // Chromium refuses to run as root with its sandbox.
            command.arg("--no-sandbox");
        }
        let (program, out) = Program::start(&mut command, INSTALL);
        let path = PathBuf::from(profile.path()).join("DevToolsActivePort");
        let (port, path) = eventually("Chromium says its port", LONG, || {
            let text = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
            let (port, path) = text.split_once('\n').ok_or("half a file")?;
            Ok((port.parse().map_err(|_| text.clone())?, path.to_owned()))
        });
        let devtools = RefCell::new(Connection::open(port, &path));
        let ended = end_of(out);
        let process = Process { devtools, port, ended, _program: program, profile };
        Self { process: Rc::new(process) }
    }
}

impl Engine for Chromium {
    fn tab(&self, person: Person) -> Box<dyn Tab> {
        let mut devtools = self.process.devtools.borrow_mut();
        let made = devtools.call("Target.createBrowserContext", json!({}));
        let context = made["browserContextId"].as_str().expect("an id").to_owned();
        // Without it a download is refused.
        let params = json!({
            "behavior": "allow",
            "browserContextId": context,
            "downloadPath": self.process.profile.path(),
            "eventsEnabled": true,
        });
        devtools.call("Browser.setDownloadBehavior", params);
        drop(devtools);
        Box::new(ChromiumTab::open(&self.process, context, person))
    }

    fn drawing_time(&self) -> Duration {
        let mut devtools = self.process.devtools.borrow_mut();
        let told = devtools.call("SystemInfo.getProcessInfo", json!({}));
        let all = told["processInfo"].as_array().expect("a list");
        let drawing = all.iter().filter(|process| process["type"] == "renderer");
        drawing
            .map(|process| process["cpuTime"].as_f64().expect("seconds"))
            .map(Duration::from_secs_f64)
            .sum()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Asked to close it ends its own processes and writes no more; if not, it is killed next.
        let mut devtools = self.devtools.borrow_mut();
        if devtools.try_call("Browser.close", json!({})).is_ok() {
            devtools.wait_for_end();
            // Else a process of it would write into the folder while that is removed.
            let _ = self.ended.recv_timeout(LONG);
        }
    }
}

impl ChromiumTab {
    fn open(process: &Rc<Process>, context: String, person: Person) -> Self {
        let params = json!({ "url": "about:blank", "browserContextId": context });
        let made = process.devtools.borrow_mut().call("Target.createTarget", params);
        let target = made["targetId"].as_str().expect("an id").to_owned();
        let devtools = Connection::open(process.port, &format!("/devtools/page/{target}"));
        let (process, devtools) = (Rc::clone(process), RefCell::new(devtools));
        let tab = Self { process, devtools, context, target, person };
        for domain in ["Page", "Runtime", "Log", "Network"] {
            tab.call(&format!("{domain}.enable"), json!({}));
        }
        tab.call("Page.addScriptToEvaluateOnNewDocument", json!({ "source": PROBE }));
        if person.no_scripts {
            tab.call("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
        }
        if person.fingers {
            tab.call("Emulation.setTouchEmulationEnabled", json!({ "enabled": true }));
        }
        let features = [
            (person.dark, json!({ "name": "prefers-color-scheme", "value": "dark" })),
            (person.few_colours, json!({ "name": "forced-colors", "value": "active" })),
        ];
        let features: Vec<Value> =
            features.into_iter().filter(|(is, _)| *is).map(|(_, feature)| feature).collect();
        if !features.is_empty() {
            tab.call("Emulation.setEmulatedMedia", json!({ "features": features }));
        }
        tab
    }

    #[track_caller]
    fn call(&self, method: &str, params: Value) -> Value {
        self.devtools.borrow_mut().call(method, params)
    }

    fn events(&self, from: usize, name: &str) -> Vec<Value> {
        let until = self.happened();
        let devtools = self.devtools.borrow();
        let events = devtools.events()[from..until].iter().filter(|event| event.name == name);
        events.map(|event| event.params.clone()).collect()
    }

    #[track_caller]
    fn wait_event(&self, from: usize, name: &str) -> Value {
        self.devtools.borrow_mut().wait(from, name, |event| event.name == name)
    }
}

impl Tab for ChromiumTab {
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

    fn goto(&self, url: &str) {
        self.leave_by(&|| {
            let answer = self.call("Page.navigate", json!({ "url": url }));
            assert_eq!(answer["errorText"], Value::Null, "{url}");
        });
    }

    fn reload(&self) {
        self.leave_by(&|| drop(self.call("Page.reload", json!({}))));
    }

    fn leave_by(&self, act: &dyn Fn()) {
        let from = self.happened();
        act();
        self.wait_event(from, "Page.domContentEventFired");
    }

    fn beside(&self) -> Box<dyn Tab> {
        Box::new(Self::open(&self.process, self.context.clone(), self.person))
    }

    fn show(&self) {
        self.call("Page.bringToFront", json!({}));
    }

    fn resize(&self, width: u32, height: u32) {
        let params = json!({
            "width": width,
            "height": height,
            "deviceScaleFactor": if self.person.fingers { 2 } else { 1 },
            "mobile": self.person.fingers,
        });
        self.call("Emulation.setDeviceMetricsOverride", params);
    }

    fn move_to(&self, (x, y): (f64, f64)) {
        let params = json!({ "type": "mouseMoved", "x": x, "y": y });
        self.call("Input.dispatchMouseEvent", params);
    }

    fn click(&self, (x, y): (f64, f64), times: u32) {
        self.move_to((x, y));
        for count in 1..=times {
            for kind in ["mousePressed", "mouseReleased"] {
                let params =
                    json!({ "type": kind, "x": x, "y": y, "button": "left", "clickCount": count });
                self.call("Input.dispatchMouseEvent", params);
            }
        }
    }

    fn tap(&self, (x, y): (f64, f64)) {
        let touch = |kind, points: Value| {
            let params = json!({ "type": kind, "touchPoints": points });
            self.call("Input.dispatchTouchEvent", params);
        };
        touch("touchStart", json!([{ "x": x, "y": y }]));
        touch("touchEnd", json!([]));
    }

    fn press(&self, key: &str) {
        let code = KEYS.iter().find(|(name, _)| *name == key).map(|(_, code)| *code);
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

    fn write(&self, text: &str) {
        self.call("Input.insertText", json!({ "text": text }));
    }

    fn shot(&self) -> String {
        let shot = self.call("Page.captureScreenshot", json!({ "format": "png" }));
        shot["data"].as_str().expect("a text").to_owned()
    }

    fn cookie(&self) -> String {
        let cookies = self.call("Network.getCookies", json!({}));
        cookies["cookies"][0]["value"].as_str().expect("the page sets a cookie").to_owned()
    }

    fn may_read_the_clipboard(&self) {
        let permissions = ["clipboardReadWrite", "clipboardSanitizedWrite"];
        let params = json!({ "permissions": permissions, "browserContextId": self.context });
        self.process.devtools.borrow_mut().call("Browser.grantPermissions", params);
    }

    fn happened(&self) -> usize {
        // An answer comes after all events that came before it.
        let _ = self.evaluate("0");
        self.devtools.borrow().events().len()
    }

    fn asked(&self, from: usize) -> Vec<String> {
        let requests = self.events(from, "Network.requestWillBeSent");
        requests.iter().map(|params| url_of(params).to_owned()).collect()
    }

    fn received(&self, from: usize, part: &str) -> usize {
        let mut requests = self.events(0, "Network.requestWillBeSent");
        requests.retain(|params| url_of(params).contains(part));
        let parts = self.events(from, "Network.dataReceived");
        let is_of = |data: &&Value| requests.iter().any(|of| of["requestId"] == data["requestId"]);
        parts.iter().filter(is_of).count()
    }

    fn hold(&self, path: &str) -> Box<dyn Held + '_> {
        let patterns = json!({ "patterns": [{ "urlPattern": format!("*{path}?*") }] });
        self.call("Fetch.enable", patterns);
        Box::new(Paused { tab: self, from: self.happened() })
    }

    fn throttle(&self, bytes_per_sec: Option<u32>) {
        let most = bytes_per_sec.map_or(-1.0, f64::from);
        let conditions = json!({
            "offline": false, "latency": 0, "downloadThroughput": most, "uploadThroughput": -1,
        });
        self.call("Network.emulateNetworkConditions", conditions);
    }

    fn download(&self, act: &dyn Fn()) -> (String, Vec<u8>) {
        let process = &self.process;
        let from = process.devtools.borrow().events().len();
        act();
        let mut devtools = process.devtools.borrow_mut();
        let begun = devtools
            .wait(from, "a download begins", |event| event.name == "Browser.downloadWillBegin");
        devtools.wait(from, "the download is complete", |event| {
            event.name == "Browser.downloadProgress"
                && event.params["guid"] == begun["guid"]
                && event.params["state"] == "completed"
        });
        let name = begun["suggestedFilename"].as_str().expect("a name").to_owned();
        let path = PathBuf::from(process.profile.path()).join(&name);
        (name, std::fs::read(path).expect("the file is there"))
    }

    fn held(&self) -> Holding {
        self.call("HeapProfiler.collectGarbage", json!({}));
        self.call("Performance.enable", json!({}));
        let told = self.call("Performance.getMetrics", json!({}));
        let all = told["metrics"].as_array().expect("a list");
        let value = |name: &str| {
            let one = all.iter().find(|metric| metric["name"] == name);
            one.and_then(|metric| metric["value"].as_f64()).expect("a number")
        };
        Holding { heap_bytes: value("JSHeapUsedSize"), nodes: value("Nodes") }
    }

    fn complaints(&self, troubled: bool) -> Vec<String> {
        self.happened();
        let devtools = self.devtools.borrow();
        devtools.events().iter().filter_map(|event| complaint(event, troubled)).collect()
    }

    fn close(&self) {
        let params = json!({ "targetId": self.target });
        let _ = self.process.devtools.borrow_mut().try_call("Target.closeTarget", params);
    }
}

struct Paused<'a> {
    tab: &'a ChromiumTab,
    from: usize,
}

impl Held for Paused<'_> {
    fn wait(&self) {
        self.tab.wait_event(self.from, "Fetch.requestPaused");
    }

    fn answer(&self, status: u16, body: &str) {
        let held = self.tab.wait_event(self.from, "Fetch.requestPaused");
        let params = json!({
            "requestId": held["requestId"],
            "responseCode": status,
            "body": base64::encode(body.as_bytes()),
        });
        self.tab.call("Fetch.fulfillRequest", params);
    }
}

impl Drop for Paused<'_> {
    fn drop(&mut self) {
        // Its browser may be gone, if a test failed.
        let _ = self.tab.devtools.borrow_mut().try_call("Fetch.disable", json!({}));
    }
}

fn url_of(params: &Value) -> &str {
    params["request"]["url"].as_str().unwrap_or_default()
}

fn complaint(event: &Event, troubled: bool) -> Option<String> {
    let params = &event.params;
    match event.name.as_str() {
        "Runtime.exceptionThrown" => Some(params["exceptionDetails"].to_string()),
        "Runtime.consoleAPICalled" => Some(params["args"].to_string()),
        "Log.entryAdded" => {
            let entry = &params["entry"];
            // What a worker's connection came to is told as the worker's.
            let words = entry["text"].as_str().unwrap_or_default();
            let of_network =
                entry["source"] == "network" || words.starts_with("WebSocket connection to");
            (!(troubled && of_network)).then(|| entry.to_string())
        }
        "Network.requestWillBeSent" => {
            let url = url_of(params);
            (!is_own(url)).then(|| format!("asks for {url}"))
        }
        _ => None,
    }
}

/// The keys that write nothing, and Windows' numbers for them.
const KEYS: [(&str, u32); 8] = [
    ("Enter", 13),
    ("Escape", 27),
    ("End", 35),
    ("Home", 36),
    ("ArrowLeft", 37),
    ("ArrowRight", 39),
    ("ArrowDown", 40),
    ("Tab", 9),
];
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const INSTALL: &str = "apt-get install chromium";
const FLAGS: [&str; 16] = [
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--disable-breakpad",
    "--hide-scrollbars",
    "--window-size=1280,720",
    "--remote-debugging-port=0",
    // A camera that it pretends, and nobody there to be asked for it.
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    // Whatever it may want elsewhere, it cannot find it.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
];
