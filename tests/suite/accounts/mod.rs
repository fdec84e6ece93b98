//! Accounts from outside: the way in, who may what, what ends when it may no longer.

mod canaries;
mod closed;
mod programs;
mod rights;
mod rooms;
mod schema;
mod sign_in;
mod staging;
mod watching;

use std::fs;

use crate::common::client::{Reply, ask};
use crate::common::eventually;
use crate::common::server::Server;

/// A person with a browser on the server's own machine, or behind a proxy that says that it came by
/// TLS: what is about accounts exists for both.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) cookie: String,
    /// Sent with each request.
    pub(crate) fields: Vec<(String, String)>,
}

impl Person {
    /// Nobody yet.
    pub(crate) fn new() -> Self {
        Self { cookie: String::new(), fields: Vec::new() }
    }

    /// Somebody at another address.
    pub(crate) fn at(address: &str) -> Self {
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let forwarded = field("X-Forwarded-For", address);
        Self { cookie: String::new(), fields: vec![forwarded, field("X-Forwarded-Proto", "https")] }
    }

    /// The first host of a server.
    pub(crate) fn host(server: &Server) -> Self {
        let secret = host_secret(server);
        let mut host = Self::new();
        let form = [("secret", secret.as_str()), ("name", "Ada"), ("new-password", PASSWORD)];
        host.post(server, "/claim", &form).expect(200);
        host
    }

    /// Another member, by an invitation of the host.
    pub(crate) fn member(server: &Server, host: &mut Self, name: &str) -> Self {
        let made = host.post(server, "/api/v1/invitations", &[]).expect(201).json();
        let secret = made["secret"].as_str().expect("a secret").to_owned();
        let mut member = Self::new();
        let form = [("secret", secret.as_str()), ("name", name), ("new-password", PASSWORD)];
        member.post(server, "/sign-up", &form).expect(200);
        member
    }

    pub(crate) fn get(&mut self, server: &Server, target: &str) -> Reply {
        self.ask(server, "GET", target, &[], "")
    }

    pub(crate) fn post(&mut self, server: &Server, target: &str, form: &[(&str, &str)]) -> Reply {
        let body = encoded(form);
        let media_type = ("Content-Type", "application/x-www-form-urlencoded");
        self.ask(server, "POST", target, &[media_type], &body)
    }

    /// A request as a program makes it, with this person's cookies; what is set is kept.
    pub(crate) fn ask(
        &mut self,
        server: &Server,
        method: &str,
        target: &str,
        fields: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        let mut all = vec![("Accept", "application/json"), ("Cookie", self.cookie.as_str())];
        all.retain(|(_, value)| !value.is_empty());
        all.extend(self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        // What a test names itself counts.
        all.retain(|(name, _)| !fields.iter().any(|(own, _)| own == name));
        all.extend(fields);
        let reply = ask(server.address(), method, target, &all, body.as_bytes());
        self.keep(&reply);
        reply
    }

    fn keep(&mut self, reply: &Reply) {
        let set = reply.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("Set-Cookie"));
        for (_, set) in set {
            let cookie = set.split(';').next().unwrap_or_default();
            let (name, value) = cookie.split_once('=').expect("=");
            let is_other =
                |cookie: &&str| !cookie.is_empty() && cookie.split('=').next() != Some(name);
            let mut cookies: Vec<_> = self.cookie.split("; ").filter(is_other).collect();
            // One that is taken away is given as an empty one.
            cookies.extend(Some(cookie).filter(|_| !value.is_empty()));
            self.cookie = cookies.join("; ");
        }
    }
}

/// The secret by which somebody becomes the first host.
pub(crate) fn host_secret(server: &Server) -> String {
    let file = server.data().join("host-link");
    let link = eventually("the link is there", crate::common::LONG, || {
        fs::read_to_string(&file).map_err(|error| error.to_string())
    });
    let (_, secret) = link.trim().split_once("/claim#").expect("a link");
    secret.to_owned()
}

/// A form as it is sent.
pub(crate) fn encoded(form: &[(&str, &str)]) -> String {
    let encode = |text: &str| -> String {
        let byte = |byte: u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        };
        text.bytes().map(byte).collect()
    };
    let fields = form.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value)));
    fields.collect::<Vec<_>>().join("&")
}

pub(crate) const PASSWORD: &str = "seven wet umbrellas";
