//! An address as a QR code, for the page and for the terminal.

use std::fmt::Write;

use qrcodegen::{QrCode, QrCodeEcc};

use super::address;
use super::answer::Answer;
use super::payload::Payload;
use super::request::{Reply, Request};
use crate::proto::http::Status;

/// The address that the page was asked by; for who asks from this machine, that of the network. With
/// its key, where guests are let in by a link.
pub(super) fn answer(request: &Request) -> Reply {
    drawn(request, &request.context.gate.with_key(address::of_page_for_others(request)))
}

/// The address of the page about trust, in clear: whoever scans it does not trust the certificate yet.
pub(super) fn of_trust(request: &Request) -> Reply {
    let page = address::of_page_for_others(request);
    let (_, rest) = page.split_once("://").unwrap_or_default();
    let host = rest.split('/').next().unwrap_or_default();
    drawn(request, &format!("http://{host}{}/trust", request.client.prefix()))
}

/// The address of a title's page, at so many seconds of it; with its key, where guests are let in by a
/// link.
pub(super) fn of_title(request: &Request, id: u64, at_s: u32) -> Reply {
    let page = format!("{}library/{id}", address::of_page_for_others(request));
    let page = request.context.gate.with_key(page);
    let joint = if page.contains('?') { '&' } else { '?' };
    match at_s {
        0 => drawn(request, &page),
        _ => drawn(request, &format!("{page}{joint}t={at_s}")),
    }
}

fn drawn(request: &Request, address: &str) -> Reply {
    match svg(address) {
        Some(svg) => Answer::new(Status::Ok, "image/svg+xml", Payload::owned(svg))
            .header("Cache-Control", "no-cache")
            .into(),
        None => {
            let why = "the address is too long for a QR code";
            request.refuse(Status::BadRequest, why).into()
        }
    }
}

/// The code of `text` as an SVG image; `None` if it is too long for one.
fn svg(text: &str) -> Option<String> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let side = code.size() + 2 * QUIET;
    let mut path = String::new();
    for (x, y) in modules(&code) {
        // Writing to a `String` cannot fail.
        let _ = write!(path, "M{},{}h1v1h-1z", x + QUIET, y + QUIET);
    }
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" \
         shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0,0h{side}v{side}h-{side}z\"/>\
         <path d=\"{path}\"/></svg>\n"
    ))
}

/// The code of `text` in half blocks, two rows of modules in a line, light on dark.
pub fn for_terminal(text: &str) -> Option<String> {
    let code = QrCode::encode_text(text, QrCodeEcc::Low).ok()?;
    let mut out = String::new();
    for y in (-QUIET..code.size() + QUIET).step_by(2) {
        for x in -QUIET..code.size() + QUIET {
            // A light module is drawn, since most terminals are dark.
            out.push(match (!code.get_module(x, y), !code.get_module(x, y + 1)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            });
        }
        out.push('\n');
    }
    Some(out)
}

fn modules(code: &QrCode) -> impl Iterator<Item = (i32, i32)> + '_ {
    let side = code.size();
    (0..side)
        .flat_map(move |y| (0..side).map(move |x| (x, y)))
        .filter(|&(x, y)| code.get_module(x, y))
}

/// Modules of quiet zone around the code.
const QUIET: i32 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_becomes_a_square_of_light_and_dark() {
        let text = for_terminal("http://192.168.1.5:8081/").unwrap();
        let lines: Vec<usize> = text.lines().map(|line| line.chars().count()).collect();
        assert_eq!(lines.len(), lines[0].div_ceil(2));
        assert!(lines.iter().all(|&length| length == lines[0]));
        assert!(svg("http://192.168.1.5:8081/").unwrap().contains("viewBox=\"0 0 29 29\""));
    }

    #[test]
    fn what_is_too_long_has_no_code() {
        assert_eq!(svg(&"x".repeat(5000)), None);
    }
}
