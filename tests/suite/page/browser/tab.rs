//! What a window of any browser can do, each by its own protocol.

use std::time::Duration;

use serde_json::Value;

use super::Person;

/// A browser that runs, or is started when somebody opens it.
pub(crate) trait Engine {
    /// Opens a window with cookies and storage of its own.
    fn tab(&self, person: Person) -> Box<dyn Tab>;

    /// The processor time of all processes that draw pages.
    #[allow(dead_code, reason = "benches/page asks")]
    fn drawing_time(&self) -> Duration {
        unimplemented!("this protocol tells of no processes");
    }
}

/// One tab. Where a protocol lacks something, only tests that need it fail.
pub(crate) trait Tab {
    /// The value of an expression, or of what it promises; else the words of what it throws.
    fn evaluate(&self, expression: &str) -> Result<Value, String>;

    /// Goes to an address, and waits until the document is there. A picture may still come.
    fn goto(&self, url: &str);

    /// Loads the page anew, and waits as for any other.
    fn reload(&self);

    /// Does what leads to another page, and waits until its document is there.
    fn leave_by(&self, act: &dyn Fn());

    /// Opens another tab of the same person, in front of this one.
    fn beside(&self) -> Box<dyn Tab> {
        unimplemented!("this protocol keeps tabs in windows of their own");
    }

    /// Brings the tab to the front.
    fn show(&self) {
        unimplemented!("this protocol keeps tabs in windows of their own");
    }

    /// Gives the page this many pixels.
    fn resize(&self, width: u32, height: u32);

    /// Moves the mouse.
    fn move_to(&self, place: (f64, f64));

    /// Moves the mouse there, and presses it so many times without a pause.
    fn click(&self, place: (f64, f64), times: u32);

    /// Touches a place, and lets it go.
    fn tap(&self, _place: (f64, f64)) {
        unimplemented!("this browser feels no fingers");
    }

    /// Presses a key and lets it go.
    fn press(&self, key: &str);

    /// Types into what has the focus.
    fn write(&self, text: &str);

    /// What is seen, as a PNG in base 64.
    fn shot(&self) -> String;

    /// The value of this person's cookie.
    fn cookie(&self) -> String;

    /// Lets pages read what was copied.
    fn may_read_the_clipboard(&self) {
        unimplemented!("this protocol gives no permissions");
    }

    /// How much has happened so far.
    fn happened(&self) -> usize {
        unimplemented!("this protocol tells of no requests");
    }

    /// The addresses that were asked for after so much had happened.
    fn asked(&self, _from: usize) -> Vec<String> {
        unimplemented!("this protocol tells of no requests");
    }

    /// How many times bytes came, after so much had happened, for an address with this in it.
    fn received(&self, _from: usize, _part: &str) -> usize {
        unimplemented!("this protocol tells of no bytes");
    }

    /// Holds all further requests for a path back.
    fn hold(&self, _path: &str) -> Box<dyn Held + '_> {
        unimplemented!("this protocol holds no requests back");
    }

    /// From now on so many bytes a second come at most; `None`: as many as can.
    fn throttle(&self, _bytes_per_sec: Option<u32>) {
        unimplemented!("this protocol slows nothing down");
    }

    /// Does what saves a file. Returns its name as the page gave it, and its bytes.
    fn download(&self, _act: &dyn Fn()) -> (String, Vec<u8>) {
        unimplemented!("this protocol tells of no downloads");
    }

    /// What the page holds once all is swept away that nobody needs.
    #[allow(dead_code, reason = "benches/page asks")]
    fn held(&self) -> Holding {
        unimplemented!("this protocol tells of no memory");
    }

    /// What the page should not have done so far. Who is troubled expects requests that fail.
    fn complaints(&self, troubled: bool) -> Vec<String>;

    /// Closes it. Its browser may be gone, if a test failed.
    fn close(&self);
}

/// What a page holds.
#[allow(dead_code, reason = "benches/page asks")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Holding {
    /// Of its scripts' memory.
    pub(crate) heap_bytes: f64,
    /// Nodes of its documents.
    pub(crate) nodes: f64,
}

/// Requests that are held back, until it is dropped.
pub(crate) trait Held {
    /// Waits for the first.
    fn wait(&self);

    /// Answers it in the server's place.
    fn answer(&self, status: u16, body: &str);
}

/// Whether a page may ask for this address: it is on this machine.
pub(super) fn is_own(url: &str) -> bool {
    let own = [
        "http://127.0.0.1:",
        "https://127.0.0.1:",
        // Who vouches for people elsewhere.
        "http://localhost:",
        "wss://127.0.0.1:",
        "data:",
        "blob:http://127.0.0.1:",
        "blob:https://127.0.0.1:",
        "about:blank",
    ];
    own.iter().any(|own| url.starts_with(own))
}
