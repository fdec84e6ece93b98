//! What there is, as JSON: accounts, links, programs, bans, the log, what runs.

use std::sync::Arc;
use std::time::SystemTime;

use serde_json::{Value, json};

use super::super::context::Context;
use crate::account::{Account, Accounts, Book};
use crate::base::clock::unix_seconds;
use crate::net::registry::Census;
use crate::store::ban::KeptBan;
use crate::store::journal::Entry;
use crate::store::pass::{KeptPass, PassKind};
use crate::store::program::KeptProgram;
use crate::store::session::Hash;

/// An account; `book` has its browsers.
pub(super) fn account(book: &Book, account: &Account, now: SystemTime) -> Value {
    let sessions = book.sessions_of(account.id, now);
    let seen = sessions.iter().map(|session| session.seen).max();
    json!({
        "id": account.id.0,
        "name": account.name,
        "role": if account.is_host { "host" } else { "member" },
        "grants": account.grants.to_string(),
        "moderates": account.moderates,
        "disabled": account.disabled,
        "made": unix_seconds(account.made),
        "seen": seen.map(unix_seconds),
        "browsers": sessions.len(),
    })
}

/// A link that is good once; named by the first digits of its hash, as it is not known any more.
pub(super) fn pass(book: &Book, pass: &KeptPass) -> Value {
    let kind = match pass.kind {
        PassKind::Host => "host",
        PassKind::Invitation => "invitation",
        PassKind::Reset => "reset",
    };
    let name = |id| book.account(id).map(|account| account.name.clone());
    json!({
        "id": link_id(&pass.hash),
        "kind": kind,
        "of": pass.account.and_then(name),
        "by": pass.by.and_then(name),
        "made": unix_seconds(pass.made),
        "until": unix_seconds(pass.until),
    })
}

/// By which a link is named: its secret is not known any more.
pub(super) fn link_id(hash: &Hash) -> String {
    hash[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A device or a token.
pub(super) fn program(book: &Book, program: &KeptProgram) -> Value {
    let of = program.account.and_then(|id| book.account(id)).map(|account| account.name.clone());
    json!({
        "id": program.id,
        "kind": if program.device.is_some() { "device" } else { "token" },
        "label": program.label,
        "of": of,
        "user": program.device.as_ref().map(|device| &device.user),
        "room": program.device.as_ref().and_then(|device| device.room.as_ref()),
        "scopes": program.scopes,
        "made": unix_seconds(program.made),
        "seen": program.seen.map(unix_seconds),
    })
}

/// A ban.
pub(super) fn ban(book: &Book, ban: &KeptBan) -> Value {
    let name = ban.account.and_then(|id| book.account(id)).map(|account| account.name.clone());
    json!({
        "id": ban.id,
        "account": ban.account.map(|id| id.0),
        "name": name.or_else(|| Some(ban.name.clone()).filter(|name| !name.is_empty())),
        "address": ban.address,
        "room": ban.room,
        "why": ban.why,
        "made": unix_seconds(ban.made),
        "until": ban.until.map(unix_seconds),
    })
}

/// A line of the log.
pub(super) fn entry(entry: &Entry) -> Value {
    json!({
        "at": unix_seconds(entry.at),
        "who": entry.who,
        "address": entry.address,
        "what": entry.what,
    })
}

/// All of one sort, by a function of each.
pub(super) fn all_accounts(accounts: &Arc<Accounts>) -> Value {
    let (book, (now, _)) = (accounts.book(), accounts.now());
    let list = book.accounts().into_iter().map(|one| account(&book, one, now));
    json!({ "accounts": list.collect::<Vec<_>>() })
}

/// What runs, and what it costs.
pub(super) fn running(context: &Context) -> Value {
    let audience = &context.audience;
    let Census { idle, busy, watching, beside, unread } = context.engine.registry.census();
    let counts = audience.counts(None);
    let rooms = context.rooms.all();
    let sources = rooms.iter().map(|room| {
        let report = room.condition().report();
        json!({
            "room": room.plain_name(),
            "title": room.title(),
            "source": report.name,
            "status": report.status.as_str(),
            "frames": report.frames,
            "broken": report.broken,
            "watching": audience.counts(Some(&room.crowd)).watching,
            "sent_bits_per_sec": room.crowd.sent_bits_per_sec(),
        })
    });
    json!({
        "uptime_s": context.clock.now().duration_since(context.about.started).as_secs(),
        "watching": counts.watching,
        "paused": counts.paused,
        "connections": {
            "idle": idle, "busy": busy, "watching": watching, "beside": beside, "unread": unread,
        },
        "waiting_for_workers": context.engine.workers.waiting(),
        "rooms": sources.collect::<Vec<_>>(),
    })
}
