//! What hosts do: each from its fields, which a form or JSON had, to what came of it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::super::fields::{self, Fields};
use super::super::people::{actor, text};
use super::super::request::Request;
use super::super::words;
use super::listing;
use super::problem::Problem;
use crate::account::{Account, Accounts, Capabilities, Capability, Refused, Ruling, Whom};
use crate::base::subnet::Subnet;
use crate::proto::http::Status;
use crate::store::account::AccountId;
use crate::store::pass::PassKind;

/// What is left to do of an action, by a thread that may wait.
pub(super) type Job = Box<dyn FnOnce() -> Result<Value, Problem> + Send>;

/// An action: what it takes is found good, or refused.
pub(super) type Action = fn(&Request, &Arc<Accounts>, &Fields) -> Result<Job, Problem>;

/// Makes an invitation.
pub(super) fn invite(
    request: &Request,
    accounts: &Arc<Accounts>,
    _: &Fields,
) -> Result<Job, Problem> {
    is_sure(request, accounts)?;
    made_pass(request, accounts, PassKind::Invitation, None, "sign-up")
}

/// Makes a link by which somebody sets a new password.
pub(super) fn reset(
    request: &Request,
    accounts: &Arc<Accounts>,
    fields: &Fields,
) -> Result<Job, Problem> {
    is_sure(request, accounts)?;
    let account = account_of(accounts, fields)?;
    made_pass(request, accounts, PassKind::Reset, Some(account.id), "reset")
}

fn made_pass(
    request: &Request,
    accounts: &Arc<Accounts>,
    kind: PassKind,
    of: Option<AccountId>,
    page: &'static str,
) -> Result<Job, Problem> {
    let (accounts, actor) = (Arc::clone(accounts), actor(request));
    let root = super::super::address::root_for_others(request);
    Ok(Box::new(move || {
        let made = accounts.make_pass(&actor, kind, of)?;
        Ok(json!({ "secret": made.secret, "link": format!("{root}/{page}#{}", made.secret) }))
    }))
}

/// Takes a link back.
pub(super) fn take_back(
    request: &Request,
    accounts: &Arc<Accounts>,
    fields: &Fields,
) -> Result<Job, Problem> {
    let book = accounts.book();
    let id = text(fields, "id");
    let passes = book.passes(accounts.now().0);
    let pass = passes.into_iter().find(|pass| listing::link_id(&pass.hash) == id);
    let hash = pass.ok_or(Refused::NoSuch)?.hash;
    let (accounts, actor) = (Arc::clone(accounts), actor(request));
    Ok(Box::new(move || {
        accounts.take_back(&actor, hash)?;
        Ok(done())
    }))
}

/// Decides what an account may do.
pub(super) fn rule(
    request: &Request,
    accounts: &Arc<Accounts>,
    fields: &Fields,
) -> Result<Job, Problem> {
    let account = account_of(accounts, fields)?;
    let is_host = match text(fields, "role") {
        "" => None,
        "host" => Some(true),
        "member" => Some(false),
        _ => return Err(Problem::field("role", words::HOST_ROLE_WRONG)),
    };
    let named = |name: &str| fields.iter().any(|(field, _)| field == name);
    let grants = named("grants").then(|| grants(fields)).transpose()?;
    let moderates = named("moderates").then(|| rooms(request, fields)).transpose()?;
    let disabled = match text(fields, "disabled") {
        "" => None,
        "true" => Some(true),
        "false" => Some(false),
        _ => return Err(Problem::field("disabled", words::HOST_TRUE_OR_FALSE)),
    };
    let ruling = Ruling { is_host, grants, moderates, disabled };
    if ruling == Ruling::default() {
        return Err(Problem::new(Status::BadRequest, words::HOST_NOTHING_SENT));
    }
    is_sure(request, accounts)?;
    let (accounts, actor, id) = (Arc::clone(accounts), actor(request), account.id);
    Ok(Box::new(move || {
        accounts.rule(&actor, id, ruling)?;
        let book = accounts.book();
        let account = book.account(id).ok_or(Refused::NoSuch)?;
        Ok(listing::account(&book, account, accounts.now().0))
    }))
}

/// What a member may be given: all values of the field, which may have several words each.
fn grants(fields: &Fields) -> Result<Capabilities, Problem> {
    let words: Vec<_> = values(fields, "grants").collect();
    let wrong = |_| Problem::field("grants", words::HOST_GRANTS_WRONG);
    let grants = Capabilities::parse(&words.join(" ")).map_err(wrong)?;
    let may_be_given = Capabilities::NONE.with(Capability::Publish).with(Capability::Upload);
    if grants.and(may_be_given) == grants { Ok(grants) } else { Err(wrong(String::new())) }
}

/// Rooms in which somebody keeps order; `/` is the default one.
fn rooms(request: &Request, fields: &Fields) -> Result<Vec<String>, Problem> {
    let known = request.context.rooms.all();
    let named = values(fields, "moderates").flat_map(|value| value.split([' ', ',']));
    let named = named.filter(|name| !name.is_empty()).map(|name| name.trim_matches('/').to_owned());
    let named: Vec<String> = named.collect();
    let is_known = |name: &String| known.iter().any(|room| room.plain_name() == name);
    match named.iter().all(is_known) {
        true => Ok(named),
        false => Err(Problem::field("moderates", words::ACCOUNT_ROOM_WRONG)),
    }
}

/// Deletes an account.
pub(super) fn delete_account(
    request: &Request,
    accounts: &Arc<Accounts>,
    fields: &Fields,
) -> Result<Job, Problem> {
    is_sure(request, accounts)?;
    let id = account_of(accounts, fields)?.id;
    let (accounts, actor) = (Arc::clone(accounts), actor(request));
    let context = Arc::clone(&request.context);
    Ok(Box::new(move || {
        accounts.delete_account(&actor, id)?;
        context.chats.forget(id);
        Ok(done())
    }))
}

/// Makes a token of who asks.
pub(super) fn make_token(
    request: &Request,
    accounts: &Arc<Accounts>,
    fields: &Fields,
) -> Result<Job, Problem> {
    is_sure(request, accounts)?;
    let label =
        fields::line(fields, "label", MOST_LABEL_CHARS).ok().filter(|label| !label.is_empty());
    let label = label.ok_or_else(|| Problem::field("label", words::ACCOUNT_LABEL_WRONG))?;
    let scopes: Vec<_> = values(fields, "scopes").collect();
    let wrong = |_| Problem::field("scopes", words::API_NO_SCOPE);
    let scopes = Capabilities::parse(&scopes.join(" ")).map_err(wrong)?;
    if scopes.is_empty() {
        return Err(Problem::field("scopes", words::ACCOUNT_TOKENS_NO_SCOPE));
    }
    let of = request.caller.account.as_ref().map(|account| account.id);
    let (accounts, actor) = (Arc::clone(accounts), actor(request));
    Ok(Box::new(move || {
        let made = accounts.make_token(&actor, of, label, scopes)?;
        Ok(json!({ "id": made.id, "token": made.secret }))
    }))
}

/// Removes anybody's device or token.
pub(super) fn remove_program(
    request: &Request,
    accounts: &Arc<Accounts>,
    fields: &Fields,
) -> Result<Job, Problem> {
    let id = number(fields, "id")?;
    let (accounts, actor) = (Arc::clone(accounts), actor(request));
    Ok(Box::new(move || {
        accounts.delete_program(&actor, id, None)?;
        Ok(done())
    }))
}

/// Bans an account, or an address or network.
pub(super) fn ban(
    request: &Request,
    accounts: &Arc<Accounts>,
    fields: &Fields,
) -> Result<Job, Problem> {
    let account = match text(fields, "account") {
        "" => None,
        _ => Some(number(fields, "account").map(AccountId)?),
    };
    let address = text(fields, "address").trim();
    let address = match address {
        "" => None,
        address if address.parse::<Subnet>().is_ok() => Some(address.to_owned()),
        _ => return Err(Problem::field("address", words::HOST_ADDRESS_WRONG)),
    };
    if account.is_none() == address.is_none() {
        return Err(Problem::field("address", words::HOST_BAN_WHOM));
    }
    if address.as_ref().is_some_and(|banned| covers(banned, request.client.address)) {
        return Err(Problem::field("address", words::HOST_BAN_SELF));
    }
    let why = fields::line(fields, "why", MOST_WHY_CHARS);
    let why = why.map_err(|bad| Problem::field("why", &bad.why))?;
    let lasts = match text(fields, "seconds") {
        "" => None,
        seconds => {
            let seconds =
                seconds.parse().ok().filter(|seconds| (1..=A_CENTURY_S).contains(seconds));
            let seconds =
                seconds.ok_or_else(|| Problem::field("seconds", words::HOST_SECONDS_WRONG))?;
            Some(Duration::from_secs(seconds))
        }
    };
    let (accounts, actor) = (Arc::clone(accounts), actor(request));
    Ok(Box::new(move || {
        accounts.ban(&actor, Whom { account, address, ..Whom::default() }, why, lasts)?;
        Ok(done())
    }))
}

fn covers(banned: &str, address: IpAddr) -> bool {
    banned.parse::<Subnet>().is_ok_and(|subnet| subnet.contains(address))
}

/// Lifts a ban.
pub(super) fn lift(
    request: &Request,
    accounts: &Arc<Accounts>,
    fields: &Fields,
) -> Result<Job, Problem> {
    let id = number(fields, "id")?;
    let (accounts, actor) = (Arc::clone(accounts), actor(request));
    Ok(Box::new(move || {
        accounts.lift(&actor, id, None)?;
        Ok(done())
    }))
}

/// Makes another key for the link that lets watch.
pub(super) fn renew_link(
    request: &Request,
    accounts: &Arc<Accounts>,
    _: &Fields,
) -> Result<Job, Problem> {
    let context = Arc::clone(&request.context);
    let address = super::super::address::of_page_for_others(request);
    let (accounts, actor) = (Arc::clone(accounts), actor(request));
    Ok(Box::new(move || {
        accounts.renew_watch_key(&actor)?;
        Ok(json!({ "link": context.gate.with_key(address) }))
    }))
}

/// What gives rights away asks for a password that was given of late. A token is no person: it was
/// made by one who gave it, or on this machine.
pub(super) fn is_sure(request: &Request, accounts: &Accounts) -> Result<(), Problem> {
    let now: SystemTime = accounts.now().0;
    if !request.caller.is_signed_in() || request.caller.is_sure(now) {
        return Ok(());
    }
    Err(Problem::new(NOT_SURE, words::HOST_CONFIRM))
}

/// The account that a field `id` names.
fn account_of(accounts: &Accounts, fields: &Fields) -> Result<Arc<Account>, Problem> {
    let id = AccountId(number(fields, "id")?);
    Ok(Arc::clone(accounts.book().account(id).ok_or(Refused::NoSuch)?))
}

fn number(fields: &Fields, field: &'static str) -> Result<i64, Problem> {
    let wrong = |_| Problem::new(Status::NotFound, words::API_NO_NUMBER);
    text(fields, field).parse().map_err(wrong)
}

fn values<'a>(fields: &'a Fields, name: &'static str) -> impl Iterator<Item = &'a str> {
    fields.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
}

/// That something was done.
pub(super) fn done() -> Value {
    json!({ "done": true })
}

/// How it is answered that a password has to be given again.
pub(super) const NOT_SURE: Status = Status::PreconditionRequired;
const MOST_LABEL_CHARS: usize = 40;
const MOST_WHY_CHARS: usize = 200;
const A_CENTURY_S: u64 = 100 * 365 * 24 * 3600;
