//! What is answered to who is not let in: where that is given, or that it is not.

use std::time::SystemTime;

use super::answer::Answer;
use super::gate::{Entry, KEY};
use super::needs::Needs;
use super::request::Request;
use super::words;
use crate::account::Capability;
use crate::proto::http::{Status, form};

/// Leads to TLS: a browser by the page that says how to trust it, where that is needed.
pub(super) fn to_tls(request: &Request, may_lead: bool) -> Answer {
    let (context, client) = (&request.context, &request.client);
    if !context.about.speaks_tls {
        return request.refuse(Status::Forbidden, words::ENTRY_NO_TLS);
    }
    if client.is_by_silent_proxy() && !context.access.is_by_tls_only() {
        // It might lead in a circle: the proxy brings back in clear whoever it gets by TLS.
        return request.refuse(Status::Forbidden, words::ENTRY_SILENT_PROXY);
    }
    let Some(host) = client.outer_host().filter(|_| may_lead) else {
        return request.refuse(Status::Forbidden, words::ENTRY_BY_TLS_ONLY);
    };
    let path = own_address(request);
    let reads = request.head.header("Accept").is_some_and(|types| types.contains("text/html"));
    let location = match reads && context.about.issuer.is_some() {
        true => format!("{}/trust?next={}", client.prefix(), form::encode_component(&path)),
        false => format!("https://{host}{path}"),
    };
    see_other(&location)
}

/// Says to who lacks something in a room that it does, and where it is given.
pub(super) fn not_let_in(request: &Request, needs: Needs, room: &str) -> Answer {
    let caller = &request.caller;
    if caller.is_banned_in(room) {
        return request.refuse(
            Status::Forbidden,
            &banned(caller.banned_until(room), request.context.clock.wall()),
        );
    }
    let is_somebody = caller.account.is_some() || caller.is_device();
    if is_somebody && needs != Needs::SignedIn {
        return request.refuse(Status::Forbidden, words::ENTRY_NOT_ALLOWED);
    }
    let may_lead = matches!(request.head.method.as_str(), "GET" | "HEAD");
    if request.head.accepts_html() && may_lead {
        return see_other(&way_in(request, needs));
    }
    let refused = request.refuse(Status::Unauthorized, what_lets_in(request, needs));
    match needs {
        Needs::MayAsDevice(_) => refused.header("WWW-Authenticate", BASIC),
        _ => refused.header("WWW-Authenticate", BEARER),
    }
}

/// Says to who must not learn of a room what is said of one that there is not: these two are never told
/// apart. Who might be let in by saying who it is, is led to where that is done, whether or not there is
/// such a room; all others hear that there is none.
pub(super) fn nowhere(request: &Request) -> Answer {
    let caller = &request.caller;
    if caller.is_banned() || caller.is_kept_from_some() {
        return not_let_in(request, Needs::May(Capability::Watch), UNKNOWN);
    }
    request.refuse(Status::NotFound, words::ENTRY_NO_ROOM)
}

/// Says that somebody is banned, and for how long still.
fn banned(until: Option<SystemTime>, now: SystemTime) -> String {
    let Some(until) = until else { return words::ENTRY_BANNED.to_owned() };
    let minutes = until.duration_since(now).unwrap_or_default().as_secs().div_ceil(60).max(1);
    let (count, one, other) = match minutes {
        ..120 => (minutes, words::ENTRY_MINUTES_ONE, words::ENTRY_MINUTES_OTHER),
        120..2880 => (minutes.div_ceil(60), words::ENTRY_HOURS_ONE, words::ENTRY_HOURS_OTHER),
        _ => (minutes.div_ceil(1440), words::ENTRY_DAYS_ONE, words::ENTRY_DAYS_OTHER),
    };
    let time = words::counted(usize::try_from(count).unwrap_or(usize::MAX), one, other);
    words::ENTRY_BANNED_UNTIL.replace("{time}", &time)
}

/// What somebody can do about it.
fn what_lets_in(request: &Request, needs: Needs) -> &'static str {
    let gate = &request.context.gate;
    let watches = matches!(needs, Needs::May(Capability::Watch | Capability::Talk))
        || matches!(needs, Needs::MayAsDevice(_) | Needs::SomeRoom);
    match (gate.entry(), gate.has_word()) {
        (Entry::Link, false) if watches => words::ENTRY_LINK,
        (Entry::Link, true) if watches => words::ENTRY_LINK_OR_WORD,
        (_, true) if watches => words::ENTRY_WORD,
        _ => words::ENTRY_UNKNOWN,
    }
}

/// The page where a browser gets what it lacks, which leads on from there.
fn way_in(request: &Request, needs: Needs) -> String {
    let watches = !matches!(needs, Needs::SignedIn);
    let by_link = request.context.gate.entry() != Entry::Members;
    let page = if watches && by_link { "enter" } else { "sign-in" };
    let next = form::encode_component(&own_address(request));
    format!("{}/{page}?next={next}", request.client.prefix())
}

/// What was asked for, as the client has it: without the key of a link.
fn own_address(request: &Request) -> String {
    let target = &request.head.target;
    let query = target.query.as_deref().unwrap_or_default();
    let kept: Vec<_> = query.split('&').filter(is_kept).collect();
    let query = if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) };
    format!("{}{}{query}", request.client.prefix(), target.path)
}

fn is_kept(field: &&str) -> bool {
    !field.is_empty() && field.split('=').next() != Some(KEY)
}

/// Lets in who came by a link that has a key, be it that of the server or one to this room: it gets a
/// cookie for it, and goes on at the same address without the key. `None` if there is no such key in
/// the address.
pub(super) fn by_key(request: &Request, room: &str) -> Option<Answer> {
    let gate = &request.context.gate;
    let query = request.head.target.query.as_deref()?;
    if request.head.method.as_str() != "GET" {
        return None;
    }
    let (_, key) = form::pick(query.as_bytes(), &[KEY]).ok()?.into_iter().next()?;
    let on = || see_other(&own_address(request));
    if gate.entry() == Entry::Link && gate.is_key(&key) {
        return Some(gate.let_in(on(), &request.client));
    }
    let is_good = gate.is_room_key(&key, room, request.context.clock.wall());
    is_good.then(|| gate.let_on(on(), &request.client, &key))
}

/// Goes on somewhere else.
pub(super) fn see_other(location: &str) -> Answer {
    Answer::empty(Status::SeeOther).header("Location", location).header("Cache-Control", "no-store")
}

/// No room has this name.
const UNKNOWN: &str = "/";
const BASIC: &str = "Basic realm=\"livestream\", charset=\"UTF-8\"";
const BEARER: &str = "Bearer realm=\"livestream\"";
