//! A page with a form on it, which is shown again with what was wrong beside its field; to programs
//! the same is said as JSON.

use serde_json::{Value, json};

use super::super::address::is_path;
use super::super::answer::Answer;
use super::super::document::{Part, Slot, Slots};
use super::super::fields::Fields;
use super::super::pages::framed;
use super::super::request::Request;
use crate::account::Refused;
use crate::proto::http::{Status, form};

/// What is wrong with a form.
pub(in crate::web) struct Wrong {
    /// How it is answered.
    pub(in crate::web) status: Status,
    /// The field beside which it is said.
    pub(in crate::web) field: &'static str,
    /// A sentence.
    pub(in crate::web) why: String,
    /// When to try again, in seconds.
    wait_s: Option<u64>,
}

/// A page with a form.
pub(super) struct Sheet {
    /// The document, and its title.
    pub(super) document: &'static [Part],
    pub(super) title: &'static str,
    /// The field to which what has no field of its own is said.
    pub(super) first: &'static str,
}

impl Sheet {
    /// The page, with what was typed and nothing wrong.
    pub(super) fn page(&self, request: &Request, mut own: Slots) -> Answer {
        own.push(("fresh", Slot::Shown(true)));
        let html = framed(request, self.document, self.title, own);
        Answer::page(&request.head, Status::Ok, html).varies_by("Cookie")
    }

    /// The page again, and what is wrong.
    pub(super) fn again(&self, request: &Request, mut own: Slots, wrong: &Wrong) -> Answer {
        let Wrong { status, field, why, wait_s } = wrong;
        let answer = if request.head.accepts_html() {
            let names = SLOTS.iter().find(|names| names[0] == *field).unwrap_or(&SLOTS[0]);
            let [_, is_wrong, error, invalid] = *names;
            let mark =
                format!(" aria-invalid=\"true\" aria-describedby=\"{field}-error\" autofocus");
            own.push((is_wrong, Slot::Shown(true)));
            own.push((error, Slot::Text(why.clone())));
            own.push((invalid, Slot::Markup(mark)));
            let html = framed(request, self.document, self.title, own);
            Answer::page(&request.head, *status, html)
        } else {
            Answer::refusal(&request.head, *status, why, Some(field))
        };
        match wait_s {
            Some(seconds) => answer.header("Retry-After", seconds),
            None => answer,
        }
    }

    /// As [`again`](Self::again), for what the accounts refuse.
    pub(super) fn refused(&self, request: &Request, own: Slots, refused: &Refused) -> Answer {
        self.again(request, own, &Wrong::of(refused, self.first))
    }
}

impl Wrong {
    /// The same, said beside another field.
    #[must_use]
    pub(in crate::web) fn beside(self, field: &'static str) -> Self {
        Self { field, ..self }
    }

    /// The same, answered otherwise.
    #[must_use]
    pub(super) fn answered(self, status: Status) -> Self {
        Self { status, ..self }
    }

    /// A field that does not take what was typed.
    pub(in crate::web) fn field(field: &'static str, why: &str) -> Self {
        Self { status: Status::BadRequest, field, why: why.to_owned(), wait_s: None }
    }

    /// What the accounts refuse; `field` is the one for all that is about none.
    pub(in crate::web) fn of(refused: &Refused, field: &'static str) -> Self {
        let field = match refused {
            Refused::Wrong | Refused::WrongPassword | Refused::Slow(_) => "password",
            Refused::Name(_) | Refused::NameTaken => "name",
            Refused::Weak(_) => "new-password",
            Refused::NoPass | Refused::NoSignUp => "secret",
            _ => field,
        };
        let status = status_of(refused);
        let wait = refused.wait();
        let wait_s = wait.map(|wait| u64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(1));
        Self { status, field, why: refused.to_string(), wait_s }
    }
}

/// How a request is answered that the accounts refuse.
pub(in crate::web) fn status_of(refused: &Refused) -> Status {
    match refused {
        Refused::Wrong | Refused::WrongPassword | Refused::NoPass => Status::Forbidden,
        Refused::NoSignUp | Refused::Disabled => Status::Forbidden,
        Refused::Slow(_) | Refused::Often(_) => Status::TooManyRequests,
        Refused::Name(_) | Refused::Weak(_) => Status::BadRequest,
        Refused::NameTaken | Refused::Linked | Refused::LastWayIn => Status::Conflict,
        Refused::LastHost | Refused::TooMany => Status::Conflict,
        Refused::NoSuch => Status::NotFound,
        Refused::Busy | Refused::NotKept(_) => Status::ServiceUnavailable,
        Refused::Database(_) | Refused::Unreadable(_) => Status::ServiceUnavailable,
    }
}

/// A form's fields.
///
/// # Errors
///
/// The refusal, if it is no form.
pub(in crate::web) fn fields_of(request: &Request) -> Result<Fields, Answer> {
    form::parse(&request.body).map_err(|invalid| {
        request.refuse(invalid.status, &format!("the form cannot be read: {invalid}"))
    })
}

/// What a field has, or nothing.
pub(in crate::web) fn text<'a>(fields: &'a Fields, name: &str) -> &'a str {
    let of_name = |(field, _): &&(String, String)| field == name;
    fields.iter().rev().find(of_name).map_or("", |(_, value)| value)
}

/// Where it goes on: a path of this server that a form or an address names, or `otherwise` from the
/// request's own address.
pub(super) fn next(fields: &Fields, otherwise: &str) -> String {
    let named = text(fields, "next");
    if is_path(named) { named.to_owned() } else { otherwise.to_owned() }
}

/// A path as the query of a page that goes on there; nothing without one.
pub(super) fn query_of(next: &str) -> String {
    if next.is_empty() { String::new() } else { format!("?next={}", form::encode_component(next)) }
}

/// What is answered when something was done: a page goes on at `location`, a program is told `value`.
pub(in crate::web) fn went_well(request: &Request, location: &str, value: Value) -> Answer {
    if request.head.accepts_json() {
        return Answer::json(Status::Ok, &value);
    }
    super::super::entry::see_other(location)
}

/// That something was done, for programs.
pub(in crate::web) fn done() -> Value {
    json!({ "done": true })
}

/// For each field: its name; whether it is wrong, why, and how the field itself says so. It has the
/// focus then.
const SLOTS: [[&str; 4]; 9] = [
    ["name", "name-wrong", "name-error", "name-invalid"],
    ["password", "password-wrong", "password-error", "password-invalid"],
    ["new-password", "new-password-wrong", "new-password-error", "new-password-invalid"],
    ["secret", "secret-wrong", "secret-error", "secret-invalid"],
    ["word", "word-wrong", "word-error", "word-invalid"],
    ["device", "device-wrong", "device-error", "device-invalid"],
    ["token", "token-wrong", "token-error", "token-invalid"],
    ["delete", "delete-wrong", "delete-error", "delete-invalid"],
    ["address", "address-wrong", "address-error", "address-invalid"],
];
