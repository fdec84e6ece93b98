//! Where the server is reached: what it binds, prints and announces.

use std::io::{IsTerminal, Write};

use log::warn;

use crate::base::system;
use crate::config::{AccessChoice, Config, DEFAULT_RTSP_PORT};
use crate::error::Error;
use crate::mdns::{Kind, Offer, Service};
use crate::net::{self, Bound};
use crate::web::{self, Gate};

/// Binds a port, of all addresses or the one that was asked for.
pub(super) fn bind(config: &Config, port: u16) -> Result<Bound, Error> {
    net::bind(config.bind, port).map_err(|error| Error::Bind { address: config.bind, port, error })
}

/// Binds the port of RTSP; `None` if that of the default is taken, as by a second server.
pub(super) fn bind_rtsp(config: &Config) -> Result<Option<Bound>, Error> {
    let port = config.rtsp_port.unwrap_or(DEFAULT_RTSP_PORT);
    match (bind(config, port), config.rtsp_port) {
        (Ok(bound), _) => Ok(Some(bound)),
        (Err(error), Some(_)) => Err(error),
        (Err(error), None) => {
            warn!("no RTSP, as port {port} cannot be had: {error}; `--rtsp-port` takes another");
            Ok(None)
        }
    }
}

/// Where what was bound is reached by HTTP, then by TLS.
fn of_http(bound: &Bound, by_tls: bool) -> Vec<String> {
    reached(bound, "http", by_tls.then_some("https"))
}

/// The same by RTSP.
pub(super) fn of_rtsp(bound: &Bound, by_tls: bool) -> Vec<String> {
    reached(bound, "rtsp", by_tls.then_some("rtsps"))
}

/// What is announced on the network. Its title is the page's: people look for that in a list.
pub(super) fn offer(config: &Config, bound: &Bound, rtsp: Option<&Bound>, by_tls: bool) -> Offer {
    let at = |kind, bound: &Bound| Service { kind, port: bound.addresses()[0].port() };
    let http = [Some(at(Kind::Http, bound)), by_tls.then(|| at(Kind::Https, bound))];
    let rtsp = rtsp.map(|bound| at(Kind::Rtsp, bound));
    Offer {
        machine: system::machine_name(),
        title: match (config.access, &config.watch_password_file) {
            (AccessChoice::Open, None) => config.title.clone().unwrap_or_else(system::machine_name),
            // What a server is called is for who is let in.
            _ => system::machine_name(),
        },
        services: http.into_iter().chain([rtsp]).flatten().collect(),
        bind: config.bind,
    }
}

fn reached(bound: &Bound, in_clear: &str, by_tls: Option<&str>) -> Vec<String> {
    let of = |scheme| bound.addresses().iter().map(move |at| format!("{scheme}://{at}/"));
    [in_clear].into_iter().chain(by_tls).flat_map(of).collect()
}

/// Prints a line for each address, and on a terminal the QR code of the first that others reach: in
/// clear, as a certificate is seldom one of an address, or trusted yet. With the key of the link, where
/// there is one: it is for a terminal alone, as a log is read by many.
pub(super) fn print(
    config: &Config,
    bound: &Bound,
    rtsp: Option<&Bound>,
    by_tls: bool,
    gate: &Gate,
    out: &mut impl Write,
) -> Vec<String> {
    let addresses = of_http(bound, by_tls);
    let of_rtsp = rtsp.into_iter().flat_map(|bound| of_rtsp(bound, by_tls));
    let print = move |addresses: &[String], out: &mut dyn Write| -> std::io::Result<()> {
        for address in addresses.iter().cloned().chain(of_rtsp) {
            writeln!(out, "listening on {address}")?;
        }
        if std::io::stdout().is_terminal() {
            let of_lan = bound.addresses().iter().position(|address| !address.ip().is_loopback());
            let first = first_opened(config, &addresses[of_lan.unwrap_or_default()]);
            let link = gate.with_key(first.clone());
            if link != first {
                writeln!(out, "to watch, the link: {link}")?;
            }
            if let Some(code) = of_lan.and_then(|_| web::for_terminal(&link)) {
                write!(out, "{code}")?;
            }
        }
        out.flush()
    };
    if let Err(error) = print(&addresses, out) {
        // Whoever started it closed its output; viewers can come all the same.
        warn!("cannot print the addresses: {error}");
    }
    addresses
}

/// What a device opens first that comes to this address, in clear.
fn first_opened(config: &Config, address: &str) -> String {
    match (config.tls_only, config.wants_own_certificate()) {
        (true, true) => format!("{address}trust"),
        (true, false) => address.replacen("http://", "https://", 1),
        (false, _) => address.to_owned(),
    }
}
