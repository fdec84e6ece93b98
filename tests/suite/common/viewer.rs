//! One who watches with a browser: a cookie, and what is done with it.

use std::net::SocketAddr;

use serde_json::Value;

use super::client::{Client, Reply, ask};
use super::multipart::Stream;
use super::server::Server;

/// A viewer that came by the page.
pub(crate) struct Viewer {
    address: SocketAddr,
    pub(crate) cookie: String,
}

impl Viewer {
    /// Opens the page and keeps the cookie.
    pub(crate) fn of(server: &Server) -> Self {
        let page = server.get("/").expect(200);
        let cookie = page.header("Set-Cookie").expect("a new viewer gets a cookie");
        let cookie = cookie.split(';').next().expect("name and value").to_owned();
        Self { address: server.address(), cookie }
    }

    /// A request with the cookie.
    pub(crate) fn ask(
        &self,
        method: &str,
        target: &str,
        fields: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        let fields = [&[("Cookie", self.cookie.as_str())], fields].concat();
        ask(self.address, method, target, &fields, body.as_bytes())
    }

    /// Sends a form, as a browser does.
    pub(crate) fn post(&self, target: &str, form: &str, fields: &[(&str, &str)]) -> Reply {
        let fields = [&[("Content-Type", FORM)], fields].concat();
        self.ask("POST", target, &fields, form)
    }

    /// Sends a form, as the page's script does.
    pub(crate) fn post_json(&self, target: &str, form: &str) -> Reply {
        self.post(target, form, &[("Accept", "application/json")])
    }

    /// Changes a setting.
    #[track_caller]
    pub(crate) fn set(&self, form: &str) -> Value {
        self.post_json("/viewer", form).expect(200).json()
    }

    /// `/state`, as this viewer sees it.
    pub(crate) fn state(&self) -> Value {
        self.ask("GET", "/state", &[], "").expect(200).json()
    }

    /// What `/state` says of this viewer alone.
    pub(crate) fn own(&self) -> Value {
        self.state()["viewer"].clone()
    }

    /// Opens its stream.
    pub(crate) fn watch(&self) -> Stream {
        self.watch_at("/stream")
    }

    /// Opens a stream at this address, with the cookie.
    pub(crate) fn watch_at(&self, target: &str) -> Stream {
        Stream::open(self.address, target, &[("Cookie", &self.cookie)])
    }

    /// Opens its stream on a connection that exists.
    pub(crate) fn watch_over(&self, client: Client) -> Stream {
        Stream::over(client, "/stream", &[("Cookie", &self.cookie)])
    }
}

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
