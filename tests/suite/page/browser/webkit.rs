//! WebKit, on a display that nobody sees, by classic WebDriver.
//!
//! The protocol tells of no requests and runs nothing before a page's own scripts: what a page
//! did is asked of the page itself, whenever a test has asked it something else.

use std::cell::RefCell;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::Command;
use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};

use super::tab::{Engine, Tab, is_own};
use super::webdriver::Session;
use super::{PROBE, Person, SIZE, actions, find};
use crate::common::clip::Scratch;
use crate::common::program::Program;
use crate::common::server::Port;
use crate::common::{LONG, VERY_LONG, eventually, eventually_true};

/// A display, and on it a browser for each person.
pub(crate) struct WebKit {
    display: Rc<Display>,
}

struct Display {
    name: String,
    _server: Program,
}

/// A driver and the one browser that it can have.
struct Process {
    session: Session,
    /// The tab that the driver speaks of.
    current: RefCell<String>,
    // In this order: the programs end before their folder and display go.
    _driver: Program,
    _scratch: Scratch,
    _port: Port,
    _display: Rc<Display>,
}

struct WebKitTab {
    process: Rc<Process>,
    handle: String,
    /// What pages complained of that are gone.
    complaints: RefCell<Vec<String>>,
}

impl WebKit {
    pub(crate) fn start() -> Self {
        let mut server = Command::new("Xvfb");
        // Else it starts over, and refuses who comes, whenever the last program has left.
        server.arg("-noreset");
        server.args(["-displayfd", "1", "-nolisten", "tcp", "-screen", "0", "1600x1200x24"]);
        let (server, out) = Program::start(&mut server, "apt-get install xvfb");
        let mut number = String::new();
        BufReader::new(out).read_line(&mut number).expect("Xvfb says which display it is");
        let display = Display { name: format!(":{}", number.trim()), _server: server };
        Self { display: Rc::new(display) }
    }
}

impl Engine for WebKit {
    fn tab(&self, person: Person) -> Box<dyn Tab> {
        let process = Rc::new(Process::start(&self.display, person));
        let handle = process.session.get("/window");
        let handle = handle.as_str().expect("a handle").to_owned();
        process.current.replace(handle.clone());
        let tab = WebKitTab { process, handle, complaints: RefCell::default() };
        tab.resize(SIZE.0, SIZE.1);
        Box::new(tab)
    }
}

impl Process {
    fn start(display: &Rc<Display>, person: Person) -> Self {
        let (port, scratch) = (Port::reserve(), Scratch::new());
        let mut driver = Command::new(find(&["WebKitWebDriver"], INSTALL));
        driver.arg(format!("--port={}", port.number)).env("DISPLAY", &display.name);
        driver.env("HOME", scratch.path()).env_remove("WAYLAND_DISPLAY");
        let (driver, _) = Program::start(&mut driver, INSTALL);
        let mut arguments = ARGUMENTS.to_vec();
        assert!(!person.no_scripts, "without scripts the driver learns nothing of a page");
        assert!(!person.fingers, "the driver has no fingers");
        if person.dark {
            arguments.push("--dark-mode");
        }
        eventually("the driver listens", LONG, || {
            let address = (std::net::Ipv4Addr::LOCALHOST, port.number);
            std::net::TcpStream::connect(address).map_err(|error| error.to_string())
        });
        let capabilities = json!({
            "pageLoadStrategy": "eager",
            "timeouts": { "script": 50_000 },
            "webkitgtk:browserOptions": { "binary": mini_browser(), "args": arguments },
        });
        Self {
            session: Session::start(port.number, capabilities),
            current: RefCell::default(),
            _driver: driver,
            _scratch: scratch,
            _port: port,
            _display: Rc::clone(display),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The browser is the driver's child, and ended by it.
        self.session.delete("");
    }
}

impl WebKitTab {
    /// What the page complained of so far; it is kept, for the page goes.
    fn gather(&self) {
        let found = self.evaluate("probe.complaints.splice(0)").unwrap_or_default();
        let found = found.as_array().cloned().unwrap_or_default();
        self.complaints.borrow_mut().extend(found.iter().map(Value::to_string));
        let asked = "performance.getEntriesByType('resource').map((entry) => entry.name)";
        let asked = self.evaluate(asked).unwrap_or_default();
        let asked = asked.as_array().cloned().unwrap_or_default();
        let foreign = asked.iter().filter_map(Value::as_str).filter(|url| !is_own(url));
        self.complaints.borrow_mut().extend(foreign.map(|url| format!("asks for {url}")));
    }

    /// Makes commands be of this tab.
    fn choose(&self) -> &Session {
        let process = &self.process;
        if *process.current.borrow() != self.handle {
            process.session.post("/window", json!({ "handle": self.handle }));
            process.current.replace(self.handle.clone());
        }
        &process.session
    }

    /// Goes to a document, again if the driver forgets that it was sent there.
    fn travel(&self, path: &str, params: &Value) {
        eventually("the browser goes there", VERY_LONG, || {
            self.choose().try_within(TRAVEL, "POST", path, params.clone())
        });
    }

    /// Waits until a page answers. A question that comes as its document does is forgotten.
    fn arrive(&self) {
        let ask = || {
            let params = json!({ "script": "return document.readyState", "args": [] });
            self.choose().try_within(FORGOTTEN, "POST", "/execute/sync", params)
        };
        eventually("the page answers", LONG, || match ask()?.as_str() {
            Some("loading") | None => Err("it loads".to_owned()),
            Some(_) => Ok(()),
        });
    }

    fn perform(&self, actions: Value) {
        let session = self.choose();
        session.post("/actions", json!({ "actions": actions }));
        // Else the next click is taken for the second of a double one.
        session.delete("/actions");
    }
}

impl Tab for WebKitTab {
    fn evaluate(&self, expression: &str) -> Result<Value, String> {
        // Nothing runs before the page's own scripts, so it comes with the first question.
        let script = format!(
            "if (!globalThis.probe) {{ {PROBE} {WATCH} }}
             const done = arguments[0];
             (async () => ({expression}))().then(
               (value) => done({{ value }}),
               (error) => done({{ error: String(error) }}),
             );"
        );
        let params = json!({ "script": script, "args": [] });
        let mut answer = self.choose().try_command("POST", "/execute/async", params)?;
        match answer["error"].as_str() {
            Some(words) => Err(words.to_owned()),
            None => Ok(answer["value"].take()),
        }
    }

    fn goto(&self, url: &str) {
        self.gather();
        self.travel("/url", &json!({ "url": url }));
        self.arrive();
    }

    fn reload(&self) {
        self.gather();
        self.travel("/refresh", &json!({}));
        self.arrive();
    }

    fn leave_by(&self, act: &dyn Fn()) {
        self.gather();
        self.evaluate("probe.isOld = true").expect("a page is open");
        act();
        self.arrive();
        let is_there = "!probe.isOld && document.readyState !== 'loading'";
        eventually_true("the next page is there", LONG, || {
            self.evaluate(is_there).is_ok_and(|is_there| is_there == true)
        });
    }

    fn resize(&self, width: u32, height: u32) {
        let inner = "[innerWidth, innerHeight]";
        let mut outer = (width, height);
        // The frame and the bar around the page are as large as they like.
        eventually("the page has its size", LONG, || {
            let rect = json!({ "width": outer.0, "height": outer.1 });
            self.choose().post("/window/rect", rect);
            let seen = self.evaluate(inner)?;
            let pixels = |at: usize| seen[at].as_u64().and_then(|size| u32::try_from(size).ok());
            let (Some(inner_width), Some(inner_height)) = (pixels(0), pixels(1)) else {
                return Err(seen.to_string());
            };
            if (inner_width, inner_height) == (width, height) {
                return Ok(());
            }
            outer.0 = (outer.0 + width).saturating_sub(inner_width);
            outer.1 = (outer.1 + height).saturating_sub(inner_height);
            Err(seen.to_string())
        });
    }

    fn move_to(&self, place: (f64, f64)) {
        self.perform(actions::mouse(place, 0));
    }

    fn click(&self, place: (f64, f64), times: u32) {
        self.perform(actions::mouse(place, times));
    }

    fn press(&self, key: &str) {
        self.perform(actions::keys([key]));
    }

    fn write(&self, text: &str) {
        self.perform(actions::letters(text));
    }

    fn shot(&self) -> String {
        self.choose().get("/screenshot").as_str().expect("a text").to_owned()
    }

    fn cookie(&self) -> String {
        let cookies = self.choose().get("/cookie");
        cookies[0]["value"].as_str().expect("the page sets a cookie").to_owned()
    }

    fn complaints(&self, _troubled: bool) -> Vec<String> {
        self.gather();
        self.complaints.take()
    }

    fn close(&self) {
        // A browser without a tab ends, and its driver's session with it.
    }
}

/// MiniBrowser, the plain browser that comes with WebKit, lies on no PATH.
fn mini_browser() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let folders = folders.flat_map(|folder| std::fs::read_dir(folder.path()).into_iter().flatten());
    let mut found = folders
        .flatten()
        .filter(|folder| folder.file_name().to_string_lossy().starts_with("webkit"))
        .map(|folder| folder.path().join("MiniBrowser"))
        .filter(|file| file.is_file());
    found.next().unwrap_or_else(|| panic!("there is no MiniBrowser: {INSTALL}"))
}

/// More than an answer takes, and little beside what a test may take.
const FORGOTTEN: Duration = Duration::from_secs(4);
/// How long it may be on its way to a document.
const TRAVEL: Duration = Duration::from_secs(15);
const ARGUMENTS: [&str; 3] = [
    "--automation",
    // Whatever it may want elsewhere, it cannot reach it: nobody listens there.
    "--proxy=http://127.0.0.1:9",
    "--ignore-host=127.0.0.1",
];
/// What a page did wrong, noted from within.
const WATCH: &str = include_str!("watch.js");
const INSTALL: &str = "apt-get install webkit2gtk-driver";
