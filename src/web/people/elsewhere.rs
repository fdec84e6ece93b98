//! To sign in with an account elsewhere: led to its provider, and back; to link one, and to show by
//! one that it is still who is signed in.
//!
//! Each step that asks a provider is taken by one of that provider's own threads. A request begins one
//! only from a page of this server, and an answer counts only in the browser that began it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::answer::Answer;
use super::super::built;
use super::super::document::{Slot, Slots};
use super::super::entry::see_other;
use super::super::fields::Fields;
use super::super::gate::Keepsake;
use super::super::pages::framed;
use super::super::providers::Desk;
use super::super::request::{Later, Reply, Request};
use super::super::words;
use super::done::by_worker;
use super::sheet::{Sheet, Wrong, done, fields_of, next, query_of, text, went_well};
use super::sign_in::{Here, plainly, signed_in};
use crate::account::{Accounts, Browser, Name, Refused, SignUp, SignedIn, Vouched};
use crate::base::warn_rate::WarnRate;
use crate::net::workers::Ticket;
use crate::oidc::{Begun, Fault, Flow, Newcomer, Person, Provider, Purpose, Returned};
use crate::proto::http::Status;
use crate::store::account::AccountId;

/// Leads to a provider.
pub(in crate::web) fn begin(request: &Request) -> Reply {
    let (here, desk) = match desk_of(request) {
        Ok(found) => found,
        Err(answer) => return answer.into(),
    };
    let next = next(&request.query, "");
    if let Some(elsewhere) = request.context.providers.elsewhere(&request.client) {
        // It leads back there, and so has to begin there.
        return see_other(&format!("{elsewhere}/sign-in{}", query_of(&next))).into();
    }
    if !is_from_own_page(request) {
        return see_other(&format!("../../sign-in{}", query_of(&next))).into();
    }
    let account = request.caller.account.as_ref().filter(|_| request.caller.is_signed_in());
    if text(&request.query, "to") == "link" && !says_own_page(request) {
        // It changes something: who cannot tell where it comes from begins on the page.
        return see_other("../../account#elsewhere-title").into();
    }
    let purpose = match (text(&request.query, "to"), account) {
        ("link", Some(_)) if !request.caller.is_sure(here.accounts.now().0) => {
            return see_other("../../confirm?next=/account").into();
        }
        ("link", Some(account)) => Purpose::Link(account.id.0),
        ("confirm", Some(account)) => Purpose::Confirm(account.id.0),
        ("link" | "confirm", None) => return see_other("../../sign-in").into(),
        _ => Purpose::SignIn,
    };
    let (provider, (now, _)) = (Arc::clone(&desk.provider), here.accounts.now());
    ask(
        request,
        desk,
        move || provider.begin(purpose, next, now),
        |request, outcome| match outcome {
            Ok(Begun { address, flow }) => {
                let kept = flow.seal(&request.context.providers.sealer);
                request.context.gate.keep(see_other(&address), Keepsake::Flow, Some(&kept))
            }
            Err(fault) => failed(request, &fault),
        },
    )
}

/// What becomes of who comes back.
enum Came {
    In(SignedIn),
    Linked(SignedIn),
    New(Newcomer),
    Not(Refused),
}

/// Takes in who comes back from a provider.
pub(in crate::web) fn come_back(request: &Request) -> Reply {
    let (here, desk) = match desk_of(request) {
        Ok(found) => found,
        Err(answer) => return answer.into(),
    };
    let context = &request.context;
    let (now, _) = here.accounts.now();
    let kept = context.gate.kept(&request.head, Keepsake::Flow);
    let flow = kept.and_then(|kept| Flow::open(&context.providers.sealer, kept, now));
    let Some(flow) = flow else { return failed(request, &Fault::NotBegun).into() };
    let returned = Returned::of(&request.query);
    let (provider, of_job) = (Arc::clone(&desk.provider), flow.clone());
    let who = request.caller.account.as_ref().filter(|_| request.caller.is_signed_in());
    let who = who.map(|account| account.id);
    let job = move || {
        let person = provider.finish(&of_job, &returned, now)?;
        take_in(&here.accounts, &here.browser, &provider, &of_job, &person, who)
    };
    ask(request, desk, job, move |request, outcome| {
        let next = next(&vec![("next".to_owned(), flow.next.clone())], "../../");
        let answer = match outcome {
            Ok(Came::In(signed)) => signed_in(request, &NEWCOMER, Ok(signed), Slots::new(), &next),
            Ok(Came::Linked(signed)) => {
                let back = "../../account#elsewhere-title";
                signed_in(request, &NEWCOMER, Ok(signed), Slots::new(), back)
            }
            Ok(Came::New(newcomer)) => {
                let kept = newcomer.seal(&request.context.providers.sealer);
                let answer = see_other("../../sign-in/new");
                request.context.gate.keep(answer, Keepsake::Newcomer, Some(&kept))
            }
            Ok(Came::Not(refused)) => {
                let Wrong { status, why, .. } = Wrong::of(&refused, "name");
                told(request, status, &why)
            }
            Err(fault) => failed(request, &fault),
        };
        request.context.gate.keep(answer, Keepsake::Flow, None)
    })
}

/// What becomes of somebody of whom a provider told; waits until it is stored.
fn take_in(
    accounts: &Accounts,
    browser: &Browser,
    provider: &Provider,
    flow: &Flow,
    person: &Person,
    who: Option<AccountId>,
) -> Result<Came, Fault> {
    let Person { issuer, subject, .. } = person.clone();
    let vouched = Vouched { issuer, subject, label: person.label() };
    let outcome = match flow.purpose {
        Purpose::SignIn => accounts.sign_in_by(&vouched, browser).map(|signed| {
            let (now, _) = accounts.now();
            let newcomer = || Newcomer::of(person, &provider.name, &flow.next, now);
            signed.map_or_else(|| Came::New(newcomer()), Came::In)
        }),
        // Meanwhile somebody else may have signed in here.
        Purpose::Link(id) | Purpose::Confirm(id) if who != Some(AccountId(id)) => {
            return Err(Fault::NotBegun);
        }
        Purpose::Link(id) => accounts.link(AccountId(id), &vouched, browser).map(Came::Linked),
        Purpose::Confirm(id) => match accounts.confirm_by(AccountId(id), &vouched, browser) {
            Err(Refused::Linked) => return Err(Fault::SomebodyElse),
            outcome => outcome.map(Came::In),
        },
    };
    Ok(outcome.unwrap_or_else(Came::Not))
}

/// The form of who has an account elsewhere and none here.
pub(in crate::web) fn newcomer_form(request: &Request) -> Reply {
    match newcomer(request) {
        Ok((_, newcomer)) => {
            let slots = newcomer_slots(request, &newcomer, &Fields::new());
            NEWCOMER.page(request, slots).into()
        }
        Err(answer) => answer.into(),
    }
}

/// Makes an account for who has one elsewhere.
pub(in crate::web) fn make_account_by(request: &Request) -> Reply {
    let (here, newcomer) = match newcomer(request) {
        Ok(both) => both,
        Err(answer) => return answer.into(),
    };
    let fields = match fields_of(request) {
        Ok(fields) => fields,
        Err(answer) => return answer.into(),
    };
    let slots = newcomer_slots(request, &newcomer, &fields);
    let name = match Name::new(text(&fields, "name")) {
        Ok(name) => name,
        Err(bad) => return NEWCOMER.refused(request, slots, &bad.into()).into(),
    };
    let open = is_open(request, &newcomer);
    let secret = Some(text(&fields, "secret").to_owned()).filter(|secret| !secret.is_empty());
    if open
        && secret.is_none()
        && let Err(slow) = request.context.gate.may_sign_up(request.client.address, request.at)
    {
        let wrong = Wrong::of(&Refused::Slow(slow), "name").beside("name");
        return NEWCOMER.again(request, slots, &wrong).into();
    }
    let Newcomer { issuer, subject, label, next: path, .. } = newcomer.clone();
    let vouched = Vouched { issuer, subject, label };
    let job = move || {
        let Here { accounts, browser } = here;
        accounts.make_account_by(vouched, &name, secret.as_deref(), open, &browser)
    };
    by_worker(request, job, move |request, outcome| {
        let slots = newcomer_slots(request, &newcomer, &fields);
        let next = next(&vec![("next".to_owned(), path.clone())], "../");
        let is_in = outcome.is_ok();
        let answer = signed_in(request, &NEWCOMER, outcome, slots, &next);
        match is_in {
            true => request.context.gate.keep(answer, Keepsake::Newcomer, None),
            false => answer,
        }
    })
}

/// That an account elsewhere is no way in here any more.
pub(in crate::web) fn unlink(request: &Request) -> Reply {
    let (here, fields) = match (Here::of(request), fields_of(request)) {
        (Ok(here), Ok(fields)) => (here, fields),
        (Err(answer), _) | (_, Err(answer)) => return answer.into(),
    };
    let Some(id) = request.caller.account.as_ref().map(|account| account.id) else {
        return request.refuse(Status::Unauthorized, words::ENTRY_UNKNOWN).into();
    };
    let identity = text(&fields, "id").parse().unwrap_or_default();
    let job = move || here.accounts.unlink(id, identity, &here.browser);
    by_worker(request, job, |request, outcome| match outcome {
        Ok(SignedIn { secret, .. }) => {
            let answer = went_well(request, "../account#elsewhere-title", done());
            request.context.gate.sign_in(answer, &secret)
        }
        Err(refused) => plainly(request, &refused),
    })
}

/// Where there are accounts, and the provider that the address names.
fn desk_of(request: &Request) -> Result<(Here, &Desk), Answer> {
    let here = Here::of(request)?;
    let desk = request.context.providers.desk(&request.rest);
    let none = || request.refuse(Status::NotFound, words::ELSEWHERE_NONE);
    Ok((here, desk.ok_or_else(none)?))
}

/// Of whom a provider told this browser.
fn newcomer(request: &Request) -> Result<(Here, Newcomer), Answer> {
    let here = Here::of(request)?;
    let context = &request.context;
    let kept = context.gate.kept(&request.head, Keepsake::Newcomer);
    let (now, _) = here.accounts.now();
    let newcomer = kept.and_then(|kept| Newcomer::open(&context.providers.sealer, kept, now));
    match newcomer {
        Some(newcomer) => Ok((here, newcomer)),
        None => Err(failed(request, &Fault::NotBegun)),
    }
}

/// Whether somebody of whom this provider told needs no invitation.
fn is_open(request: &Request, newcomer: &Newcomer) -> bool {
    let context = &request.context;
    let desk = context.providers.desk(&newcomer.provider);
    let sign_up = context.gate.accounts().map_or(SignUp::Off, |accounts| accounts.sign_up);
    desk.is_some_and(|desk| desk.provider.sign_up) || sign_up == SignUp::Open
}

fn newcomer_slots(request: &Request, newcomer: &Newcomer, fields: &Fields) -> Slots {
    let context = &request.context;
    let provider = context.providers.title(&newcomer.issuer).to_owned();
    let named = fields.iter().find(|(name, _)| name == "name").map(|(_, value)| value.clone());
    let sign_up = context.gate.accounts().map_or(SignUp::Off, |accounts| accounts.sign_up);
    let open = is_open(request, newcomer);
    let about = words::NEWCOMER_ABOUT.replace("{provider}", &provider);
    vec![
        ("about", Slot::Text(about.replace("{label}", &newcomer.label))),
        ("typed-name", Slot::Text(named.unwrap_or_else(|| newcomer.name.clone()))),
        ("typed-secret", Slot::Text(text(fields, "secret").to_owned())),
        ("asked", Slot::Shown(!open && sign_up == SignUp::Invitation)),
        ("form", Slot::Shown(open || sign_up == SignUp::Invitation)),
        ("closed", Slot::Shown(!open && sign_up == SignUp::Off)),
        ("next-query", Slot::Text(query_of(&newcomer.next))),
    ]
}

/// Whether a request that begins something by `GET` comes from no page of another server: a browser
/// says so, or who asks typed it.
fn is_from_own_page(request: &Request) -> bool {
    match (request.head.header("Sec-Fetch-Site"), request.head.header("Referer")) {
        (Some("none"), _) | (None, None) => true,
        _ => says_own_page(request),
    }
}

/// Whether a browser says that it comes from a page of this server.
fn says_own_page(request: &Request) -> bool {
    match request.head.header("Sec-Fetch-Site") {
        Some(site) => site == "same-origin",
        None => {
            let referer = request.head.header("Referer").unwrap_or_default();
            let own = request.client.outer_origin().map(|origin| format!("{origin}/"));
            own.is_some_and(|own| referer.starts_with(&own))
        }
    }
}

/// Says what kept somebody from coming in by a provider, and what helps.
fn failed(request: &Request, fault: &Fault) -> Answer {
    let title = match request.context.providers.desk(&request.rest) {
        Some(desk) => desk.provider.title.clone(),
        None => words::ELSEWHERE_SOMEBODY.to_owned(),
    };
    FAILED.warn(request.at, format_args!("nobody came in by {title}: {fault}"));
    let status = match fault {
        Fault::NotBegun | Fault::Used => Status::BadRequest,
        Fault::Declined | Fault::NotAllowed(_) | Fault::SomebodyElse => Status::Forbidden,
        Fault::MixedUp | Fault::NotBelieved(_) | Fault::Clock(_) => Status::Forbidden,
        Fault::Unavailable | Fault::Unreachable(_) | Fault::Busy => Status::ServiceUnavailable,
        Fault::Refused(_) | Fault::Unknown | Fault::Broken(_) => Status::BadGateway,
        Fault::Silent => Status::GatewayTimeout,
    };
    told(request, status, &fault.words(&title))
}

/// The page that says what happened, and leads on.
fn told(request: &Request, status: Status, why: &str) -> Answer {
    if request.head.accepts_html() {
        let provider = request.context.providers.desk(&request.rest).map(|desk| &desk.provider);
        let own = vec![
            ("why", Slot::Text(why.to_owned())),
            ("again", Slot::Shown(provider.is_some())),
            ("provider", Slot::Text(provider.map_or_else(String::new, |one| one.name.clone()))),
            (
                "provider-title",
                Slot::Text(provider.map_or_else(String::new, |one| one.title.clone())),
            ),
        ];
        let html = framed(request, built::ELSEWHERE, words::ELSEWHERE_TITLE, own);
        Answer::page(&request.head, status, html)
    } else {
        request.refuse(status, why)
    }
}

type Job<T> = Result<T, Fault>;
type Answering<T> = Box<dyn Fn(&Request, Job<T>) -> Answer + Send>;

/// Has a provider asked, after those that wait.
fn ask<T: Send + 'static>(
    request: &Request,
    desk: &Desk,
    job: impl FnOnce() -> Job<T> + Send + 'static,
    answering: impl Fn(&Request, Job<T>) -> Answer + Send + 'static,
) -> Reply {
    let providers = &request.context.providers;
    let Some(place) = providers.place(desk, request.client.address, request.at) else {
        return answering(request, Err(Fault::Busy)).into();
    };
    let job = move || {
        let _place = place;
        job()
    };
    match desk.workers.submit(&request.handle, job) {
        Ok(ticket) => Reply::Storing(Box::new(Asked { ticket, answering: Box::new(answering) })),
        Err(_) => answering(request, Err(Fault::Busy)).into(),
    }
}

struct Asked<T> {
    ticket: Ticket<Job<T>>,
    answering: Answering<T>,
}

impl<T: Send> Later for Asked<T> {
    fn look(&mut self, request: &Request, _: Instant) -> Option<Answer> {
        let outcome = self.ticket.take()?.unwrap_or(Err(Fault::Busy));
        Some((self.answering)(request, outcome))
    }

    /// Those that wait before it may take their time, too.
    fn lasts(&self) -> Duration {
        Duration::from_secs(30)
    }

    fn too_late(&self, request: &Request) -> Answer {
        (self.answering)(request, Err(Fault::Silent))
    }
}

/// Whoever has no account can have it said.
static FAILED: WarnRate = WarnRate::new(module_path!());

const NEWCOMER: Sheet =
    Sheet { document: built::NEWCOMER, title: words::NEWCOMER_TITLE, first: "name" };
