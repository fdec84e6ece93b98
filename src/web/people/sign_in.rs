//! To sign in and out, to make an account, to become a host, to set a forgotten password: a page with
//! a form each.

use std::sync::Arc;

use serde_json::json;

use super::super::answer::Answer;
use super::super::built;
use super::super::document::{Slot, Slots};
use super::super::fields::Fields;
use super::super::gate::Entry;
use super::super::request::{Reply, Request};
use super::super::words;
use super::browser;
use super::done::{by_worker, with_passwords};
use super::links::links;
use super::sheet::{Sheet, Wrong, done, fields_of, next, query_of, text, went_well};
use crate::account::{
    Accounts, Actor, Asker, Browser, Credential, Name, Password, Refused, SignUp, SignedIn,
};
use crate::oidc::Provider;
use crate::proto::http::Status;

/// Where there are accounts, and who asks for them.
pub(super) struct Here {
    pub(super) accounts: Arc<Accounts>,
    pub(super) browser: Browser,
}

impl Here {
    /// Those of a request.
    ///
    /// # Errors
    ///
    /// The refusal, where nothing can be kept.
    pub(super) fn of(request: &Request) -> Result<Self, Answer> {
        let gate = &request.context.gate;
        let Some(accounts) = gate.accounts() else {
            return Err(request.refuse(Status::ServiceUnavailable, words::ENTRY_NO_STORE));
        };
        let agent = request.head.headers.get("user-agent").unwrap_or_default();
        let browser = gate.browser(&request.head, &request.client, browser::described(agent));
        Ok(Self { accounts: Arc::clone(accounts), browser })
    }

    /// Who it is among those that wait for passwords.
    pub(super) fn asker(&self) -> Asker {
        self.accounts.asker(&self.browser)
    }

    /// Whose doing something is.
    pub(in crate::web) fn actor(&self, request: &Request) -> Actor {
        actor(request)
    }
}

/// Whose doing a request is.
pub(in crate::web) fn actor(request: &Request) -> Actor {
    let caller = &request.caller;
    let id = caller.account.as_ref().map(|account| account.id);
    let name = match (caller.name(), caller.credential) {
        ("", Credential::Program(_)) => "a token of this machine",
        ("", _) => "a guest",
        (name, _) => name,
    };
    Actor::new(id, name, &request.client.address.to_string())
}

/// The form to sign in.
pub(in crate::web) fn sign_in_form(request: &Request) -> Reply {
    if let Err(answer) = Here::of(request) {
        return answer.into();
    }
    SIGN_IN.page(request, sign_in_slots(request, &request.query)).into()
}

/// Signs in.
pub(in crate::web) fn sign_in(request: &Request) -> Reply {
    let (here, fields) = match prepared(request) {
        Ok(prepared) => prepared,
        Err(answer) => return answer.into(),
    };
    let again = sign_in_slots;
    let attempt = match here.accounts.attempt(text(&fields, "name"), &here.browser) {
        Ok(attempt) => attempt,
        Err(refused) => return SIGN_IN.refused(request, again(request, &fields), &refused).into(),
    };
    let asker = here.asker();
    let (password, browser) = (Password::typed(text(&fields, "password")), here.browser);
    let job = move |accounts: &Accounts| accounts.sign_in(attempt, &password, &browser);
    with_passwords(request, &here.accounts, asker, job, move |request, outcome| {
        signed_in(request, &SIGN_IN, outcome, again(request, &fields), &next(&fields, "./"))
    })
}

/// Signs out.
pub(in crate::web) fn sign_out(request: &Request) -> Reply {
    let here = match Here::of(request) {
        Ok(here) => here,
        Err(answer) => return answer.into(),
    };
    let Credential::Session(hash) = request.caller.credential else {
        return went_well(request, "./", done()).into();
    };
    let actor = here.actor(request);
    let job = move || here.accounts.sign_out(&actor, hash);
    by_worker(request, job, |request, outcome| match outcome {
        Ok(()) => went_well(request, "./", done()),
        Err(refused) => plainly(request, &refused),
    })
}

/// The form to make an account.
pub(in crate::web) fn sign_up_form(request: &Request) -> Reply {
    if let Err(answer) = Here::of(request) {
        return answer.into();
    }
    SIGN_UP.page(request, sign_up_slots(request, &request.query)).into()
}

/// Makes an account.
pub(in crate::web) fn sign_up(request: &Request) -> Reply {
    let (here, fields) = match prepared(request) {
        Ok(prepared) => prepared,
        Err(answer) => return answer.into(),
    };
    let again = sign_up_slots;
    let (name, password) = match new_name_and_password(&fields) {
        Ok(both) => both,
        Err(refused) => return SIGN_UP.refused(request, again(request, &fields), &refused).into(),
    };
    let secret = Some(text(&fields, "secret").to_owned()).filter(|secret| !secret.is_empty());
    if secret.is_none() && here.accounts.sign_up == SignUp::Open {
        // Whoever wants one makes it, and not many.
        if let Err(slow) = request.context.gate.may_sign_up(request.client.address, request.at) {
            let wrong = Wrong::of(&Refused::Slow(slow), "name").beside("name");
            return SIGN_UP.again(request, again(request, &fields), &wrong).into();
        }
    }
    let (asker, browser) = (here.asker(), here.browser);
    let job = move |accounts: &Accounts| {
        accounts.make_account(&name, &password, secret.as_deref(), &browser)
    };
    with_passwords(request, &here.accounts, asker, job, move |request, outcome| {
        signed_in(request, &SIGN_UP, outcome, again(request, &fields), &next(&fields, "./"))
    })
}

/// The form to become a host.
pub(in crate::web) fn claim_form(request: &Request) -> Reply {
    if let Err(answer) = Here::of(request) {
        return answer.into();
    }
    CLAIM.page(request, claim_slots(request, &Fields::new())).into()
}

/// Makes a host of who has the secret.
pub(in crate::web) fn claim(request: &Request) -> Reply {
    let (here, fields) = match prepared(request) {
        Ok(prepared) => prepared,
        Err(answer) => return answer.into(),
    };
    let again = claim_slots;
    let secret = text(&fields, "secret").to_owned();
    let (asker, browser) = (here.asker(), here.browser);
    let answering = {
        let fields = fields.clone();
        move |request: &Request, outcome| {
            signed_in(request, &CLAIM, outcome, again(request, &fields), "host")
        }
    };
    if let (Some(account), true) = (&request.caller.account, request.caller.is_signed_in()) {
        let (id, accounts) = (account.id, here.accounts);
        let job = move || accounts.claim_for(&secret, id, &browser);
        return by_worker(request, job, answering);
    }
    let (name, password) = match new_name_and_password(&fields) {
        Ok(both) => both,
        Err(refused) => return CLAIM.refused(request, again(request, &fields), &refused).into(),
    };
    let job = move |accounts: &Accounts| accounts.claim(&secret, &name, &password, &browser);
    with_passwords(request, &here.accounts, asker, job, answering)
}

/// The form to set a forgotten password.
pub(in crate::web) fn reset_form(request: &Request) -> Reply {
    if let Err(answer) = Here::of(request) {
        return answer.into();
    }
    RESET.page(request, Slots::new()).into()
}

/// Sets a forgotten password, and signs in.
pub(in crate::web) fn reset(request: &Request) -> Reply {
    let (here, fields) = match prepared(request) {
        Ok(prepared) => prepared,
        Err(answer) => return answer.into(),
    };
    let secret = text(&fields, "secret").to_owned();
    let slots = |fields: &Fields| vec![("secret", Slot::Text(text(fields, "secret").to_owned()))];
    let password = match Password::new(text(&fields, "new-password")) {
        Ok(password) => password,
        Err(weak) => return RESET.refused(request, slots(&fields), &weak.into()).into(),
    };
    let (asker, browser) = (here.asker(), here.browser);
    let job = move |accounts: &Accounts| accounts.reset_password(&secret, &password, &browser);
    with_passwords(request, &here.accounts, asker, job, move |request, outcome| {
        signed_in(request, &RESET, outcome, slots(&fields), "account#password-changed")
    })
}

/// The form that asks for the password again.
pub(in crate::web) fn confirm_form(request: &Request) -> Reply {
    if let Err(answer) = Here::of(request) {
        return answer.into();
    }
    CONFIRM.page(request, confirm_slots(request, &request.query)).into()
}

/// Takes the password again: what gives rights away is possible for a while.
pub(in crate::web) fn confirm(request: &Request) -> Reply {
    let (here, fields) = match prepared(request) {
        Ok(prepared) => prepared,
        Err(answer) => return answer.into(),
    };
    let again = confirm_slots;
    let attempt = match here.accounts.attempt(request.caller.name(), &here.browser) {
        Ok(attempt) => attempt,
        Err(refused) => return CONFIRM.refused(request, again(request, &fields), &refused).into(),
    };
    let asker = here.asker();
    let (password, browser) = (Password::typed(text(&fields, "password")), here.browser);
    let job = move |accounts: &Accounts| accounts.confirm(attempt, &password, &browser);
    with_passwords(request, &here.accounts, asker, job, move |request, outcome| {
        signed_in(request, &CONFIRM, outcome, again(request, &fields), &next(&fields, "account"))
    })
}

/// A browser that is signed in now goes on; or its form is shown again.
pub(super) fn signed_in(
    request: &Request,
    sheet: &Sheet,
    outcome: Result<SignedIn, Refused>,
    again: Slots,
    location: &str,
) -> Answer {
    match outcome {
        Ok(SignedIn { secret, account }) => {
            let book = request.context.gate.accounts().map(|accounts| accounts.book());
            let account = book.as_ref().and_then(|book| book.account(account));
            let value = json!({
                "name": account.map(|account| &account.name),
                "role": account.map(|account| if account.is_host { "host" } else { "member" }),
            });
            request.context.gate.sign_in(went_well(request, location, value), &secret)
        }
        Err(refused) => sheet.refused(request, again, &refused),
    }
}

/// A refusal where there is no form to be shown again.
pub(in crate::web) fn plainly(request: &Request, refused: &Refused) -> Answer {
    let Wrong { status, why, .. } = Wrong::of(refused, "name");
    request.refuse(status, &why)
}

/// Where there are accounts, and what the form has.
pub(super) fn prepared(request: &Request) -> Result<(Here, Fields), Answer> {
    Ok((Here::of(request)?, fields_of(request)?))
}

fn new_name_and_password(fields: &Fields) -> Result<(Name, Password), Refused> {
    let name = Name::new(text(fields, "name"))?;
    let password = Password::new(text(fields, "new-password"))?;
    Ok((name, password))
}

fn sign_in_slots(request: &Request, fields: &Fields) -> Slots {
    let next = next(fields, "");
    let gate = &request.context.gate;
    let sign_up = gate.accounts().map_or(SignUp::Off, |accounts| accounts.sign_up);
    let elsewhere = links(request, "sign-in", "", &next, words::SIGN_IN_WITH, |_| true);
    vec![
        ("typed-name", Slot::Text(text(fields, "name").to_owned())),
        ("has-elsewhere", Slot::Shown(!elsewhere.is_empty())),
        ("elsewhere", Slot::Markup(elsewhere)),
        ("next-query", Slot::Text(query_of(&next))),
        ("next", Slot::Text(next)),
        ("open", Slot::Shown(sign_up == SignUp::Open)),
        ("by-invitation", Slot::Shown(sign_up == SignUp::Invitation)),
        ("members", Slot::Shown(gate.entry() == Entry::Members)),
    ]
}

fn sign_up_slots(request: &Request, fields: &Fields) -> Slots {
    let gate = &request.context.gate;
    let sign_up = gate.accounts().map_or(SignUp::Off, |accounts| accounts.sign_up);
    let next = next(fields, "");
    let takes = |provider: &Provider| provider.sign_up || sign_up != SignUp::Off;
    let elsewhere = links(request, "sign-up", "", &next, words::SIGN_UP_WITH, takes);
    vec![
        ("typed-name", Slot::Text(text(fields, "name").to_owned())),
        ("typed-secret", Slot::Text(text(fields, "secret").to_owned())),
        ("asked", Slot::Shown(sign_up != SignUp::Open)),
        ("has-elsewhere", Slot::Shown(!elsewhere.is_empty())),
        ("elsewhere", Slot::Markup(elsewhere)),
        ("next-query", Slot::Text(query_of(&next))),
        ("next", Slot::Text(next)),
    ]
}

fn claim_slots(request: &Request, fields: &Fields) -> Slots {
    let is_signed_in = request.caller.is_signed_in();
    vec![
        ("typed-name", Slot::Text(text(fields, "name").to_owned())),
        ("typed-secret", Slot::Text(text(fields, "secret").to_owned())),
        ("stranger", Slot::Shown(!is_signed_in)),
        ("somebody", Slot::Shown(is_signed_in)),
        ("who", Slot::Text(request.caller.name().to_owned())),
    ]
}

fn confirm_slots(request: &Request, fields: &Fields) -> Slots {
    let account = request.caller.account.as_ref();
    let has_password = account.is_some_and(|account| account.has_password());
    let book = request.context.gate.accounts().map(|accounts| accounts.book());
    let linked = |provider: &Provider| {
        book.as_ref().zip(account).is_some_and(|(book, account)| {
            let linked = book.identities_of(account.id);
            linked.iter().any(|identity| identity.issuer == provider.issuer)
        })
    };
    let next_path = next(fields, "/account");
    let elsewhere = links(request, "confirm", "confirm", &next_path, words::CONFIRM_WITH, linked);
    vec![
        ("with-password", Slot::Shown(has_password)),
        ("has-elsewhere", Slot::Shown(!elsewhere.is_empty())),
        ("elsewhere", Slot::Markup(elsewhere)),
        ("who", Slot::Text(request.caller.name().to_owned())),
        ("next", Slot::Text(next(fields, ""))),
    ]
}

const SIGN_IN: Sheet =
    Sheet { document: built::SIGN_IN, title: words::SIGN_IN_TITLE, first: "password" };
const SIGN_UP: Sheet =
    Sheet { document: built::SIGN_UP, title: words::SIGN_UP_TITLE, first: "name" };
const CLAIM: Sheet = Sheet { document: built::CLAIM, title: words::CLAIM_TITLE, first: "secret" };
const RESET: Sheet = Sheet { document: built::RESET, title: words::RESET_TITLE, first: "secret" };
const CONFIRM: Sheet =
    Sheet { document: built::CONFIRM, title: words::CONFIRM_TITLE, first: "password" };
