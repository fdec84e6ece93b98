//! The documents that people read: each in the frame that all pages share.

use super::address::{self, root_of};
use super::answer::Answer;
use super::built;
use super::document::{Filled, Part, Slot, Slots, fill};
use super::request::{Reply, Request};
use super::words;
use crate::account::Capability;
use crate::proto::http::{Host, Status, form};

/// A page in its frame: what stands in the head's title before the server's name, and the page's
/// own slots.
pub(super) fn framed(
    request: &Request,
    document: &'static [Part],
    title: &str,
    mut own: Slots,
) -> Filled {
    let context = &request.context;
    let is_signed_in = request.caller.is_signed_in();
    // Who comes in clear is led to TLS there.
    let may_sign_in = context.gate.accounts().is_some()
        && (context.about.speaks_tls || request.client.is_secure());
    own.push(("signed-in", Slot::Shown(is_signed_in)));
    // What answers a form lies a step deeper than its page.
    own.push(("room", Slot::Text(root_of(&request.path))));
    // Who signs in from a room's page comes back to it.
    let back = request.room.name.as_ref().map_or_else(String::new, |_| {
        let path = format!("{}{}", request.client.prefix(), request.room.path());
        format!("?next={}", form::encode_component(&path))
    });
    own.push(("back", Slot::Text(back)));
    own.push(("stranger-here", Slot::Shown(may_sign_in && !is_signed_in)));
    // What this server is called is for who is let in.
    let called = match request.caller.may(Capability::Watch, "") {
        true => context.rooms.default().title(),
        false => NAMELESS.to_owned(),
    };
    frame(&called, &request.head.target.path, document, title, own)
}

/// As [`framed`], for who asks for something that is in no room: `name` is the server's, `path`
/// what was asked for.
pub(super) fn frame(
    name: &str,
    path: &str,
    document: &'static [Part],
    title: &str,
    own: Slots,
) -> Filled {
    let title = if title == name { title.to_owned() } else { format!("{title} \u{b7} {name}") };
    let mut slots = vec![
        ("root", Slot::Text(root_of(path))),
        ("name", Slot::Text(name.to_owned())),
        ("title", Slot::Text(title)),
    ];
    slots.extend(own);
    fill(document, &slots)
}

/// The page that says how to watch with other programs, with the address that it was asked by.
/// Without RTSP it has no word of it.
pub(super) fn connect(request: &Request) -> Reply {
    let client = &request.client;
    let page = address::of_page(request);
    let unknown = || words::CONNECT_NO_ADDRESS.to_owned();
    let page = page.unwrap_or_else(|| format!("http://{}", unknown()));
    let host = client.outer_host().map_or_else(unknown, |asked| asked.host.to_string());
    let live = match &request.room.name {
        Some(_) => request.room.path().trim_end_matches('/').to_owned(),
        None => "/live".to_owned(),
    };
    let rtsp = rtsp_port(request).map(|port| format!("rtsp://{host}:{port}{live}"));
    let slots = vec![
        ("page", Slot::Text(page.trim_end_matches('/').to_owned())),
        ("trust", Slot::Shown(request.context.about.issuer.is_some())),
        ("locked", Slot::Shown(!request.context.gate.is_open())),
        ("rtsp", Slot::Shown(rtsp.is_some())),
        ("rtsp-address", Slot::Text(rtsp.unwrap_or_default())),
    ];
    let html = framed(request, built::CONNECT, words::CONNECT_TITLE, slots);
    Answer::page(&request.head, Status::Ok, html).into()
}

/// Where it serves RTSP, by the host that it was asked by.
pub(super) fn rtsp_place(request: &Request) -> Option<String> {
    let asked = request.client.outer_host()?;
    Some(format!("{}:{}", asked.host, rtsp_port(request)?))
}

fn rtsp_port(request: &Request) -> Option<u16> {
    let address = request.context.about.rtsp_addresses.first()?;
    address.trim_end_matches('/').rsplit(':').next()?.parse().ok()
}

/// Every component of the pages, in both themes.
#[cfg(debug_assertions)]
pub(super) fn styleguide(request: &Request) -> Reply {
    let html = framed(request, built::STYLEGUIDE, "Components", Vec::new());
    Answer::page(&request.head, Status::Ok, html).into()
}

/// Says that as many watch as may, and comes again by itself.
pub(super) fn full(request: &Request) -> Answer {
    let most = request.context.audience.max_viewers();
    let viewers = words::counted(most, words::SHARED_VIEWERS_ONE, words::SHARED_VIEWERS_OTHER);
    let slots = vec![
        ("viewers", Slot::Text(viewers)),
        ("seconds", Slot::Text(RETRY_AFTER_SECS.to_string())),
    ];
    let html = framed(request, built::FULL, words::ALONE_FULL, slots);
    Answer::page(&request.head, Status::ServiceUnavailable, html)
        .header("Retry-After", RETRY_AFTER_SECS)
}

/// Says that this server does not know itself by a name, and what helps.
pub(super) fn misdirected(request: &Request, host: &Host) -> Answer {
    let why = match host {
        Host::Other => "this server has no such name".to_owned(),
        host => format!(
            "this server does not know itself as {host}: if that is its name, start it with \
             `--host {host}`"
        ),
    };
    request.refuse(Status::MisdirectedRequest, &why)
}

/// What a server is called whose name is not told.
pub(super) const NAMELESS: &str = "livestream";
/// When a client that was turned away may come again.
pub(super) const RETRY_AFTER_SECS: u32 = 10;
