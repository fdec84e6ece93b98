//! A form of the host's page that was refused, shown again: what was typed is kept, and what was wrong
//! stands beside its field.

use super::super::document::escape;
use super::super::fields::Fields;
use super::super::people::text;
use super::super::words;
use super::problem::Problem;
use crate::proto::http::Status;

/// A form that was refused.
pub(super) struct Typed {
    /// The last part of its address.
    pub(super) action: String,
    /// What was typed.
    pub(super) fields: Fields,
    /// What was wrong.
    pub(super) problem: Problem,
}

/// A form of the page, and what was typed into it, if it is the one that was refused.
pub(super) struct Form<'a> {
    typed: Option<&'a Typed>,
}

impl Typed {
    /// Its field beside which it is said what was wrong; `None` if it has none for that.
    pub(super) fn place(&self) -> Option<&'static str> {
        let (_, fields) = FIELDS.iter().find(|(action, _)| *action == self.action)?;
        let mut fields = fields.iter().copied();
        match self.problem.field {
            // What is gone has no row any more in which it could be said.
            _ if self.problem.status == Status::NotFound => None,
            Some(blamed) => fields.find(|field| *field == blamed || *field == ANY),
            // What is about none is said to the first one that a browser sent: the others are fixed.
            None => fields.find(|field| self.sent(field).is_some()),
        }
    }

    /// The row in which it is said what was wrong, where its form has no field for that.
    pub(super) fn row(&self) -> Option<(&'static str, &str)> {
        let is_there = self.place().is_none() && self.problem.status != Status::NotFound;
        row_of(&self.action, &self.fields).filter(|_| is_there)
    }

    /// What was typed into a field, if it was sent.
    fn sent(&self, name: &str) -> Option<&str> {
        let field = self.fields.iter().rev().find(|(field, _)| field == name);
        field.map(|(_, value)| value.as_str())
    }
}

impl<'a> Form<'a> {
    /// The form of an action that there is once.
    pub(super) fn of_action(typed: Option<&'a Typed>, action: &str) -> Self {
        Self { typed: typed.filter(|typed| typed.action == action) }
    }

    /// The one of several whose hidden field of this name has this value.
    pub(super) fn of(typed: Option<&'a Typed>, action: &str, name: &str, value: &str) -> Self {
        let Self { typed } = Self::of_action(typed, action);
        Self { typed: typed.filter(|typed| text(&typed.fields, name) == value) }
    }

    /// What makes its row stand open.
    pub(super) fn open(&self) -> &'static str {
        if self.typed.is_some() { " open" } else { "" }
    }

    /// What its field has.
    pub(super) fn value<'b>(&'b self, name: &str, otherwise: &'b str) -> &'b str {
        self.typed.and_then(|typed| typed.sent(name)).unwrap_or(otherwise)
    }

    /// Whether its field, of which there may be several, has this value.
    pub(super) fn has(&self, name: &str, value: &str, otherwise: bool) -> bool {
        let has = |typed: &Typed| typed.fields.iter().any(|(n, v)| n == name && v == value);
        self.typed.map_or(otherwise, has)
    }

    /// A field that a person types into.
    pub(super) fn input(&self, name: &str, label: &str, otherwise: &str, more: &str) -> String {
        self.input_of(name, &escape(label), otherwise, more)
    }

    /// The same with a label that is markup.
    pub(super) fn input_of(&self, name: &str, label: &str, otherwise: &str, more: &str) -> String {
        let (mark, wrong) = self.wrong(name);
        let value = escape(self.value(name, otherwise));
        format!(
            "<div class=\"field-place\"><label class=\"field\"><span>{label}</span>\
             <input name=\"{name}\" value=\"{value}\" autocomplete=\"off\" {more}{mark}></label>\
             {wrong}</div>"
        )
    }

    /// A field in which a person chooses.
    pub(super) fn select(&self, name: &str, label: &str, options: &str) -> String {
        let (mark, wrong) = self.wrong(name);
        format!(
            "<div class=\"field-place\"><label class=\"field\"><span>{}</span>\
             <select name=\"{name}\"{mark}>{options}</select></label>{wrong}</div>",
            escape(label)
        )
    }

    /// How a field says that it is wrong, and why.
    fn wrong(&self, name: &str) -> (&'static str, String) {
        let place = self.typed.and_then(|typed| Some((typed, typed.place()?)));
        match place.filter(|(_, place)| *place == name) {
            Some((typed, _)) => (
                " aria-invalid=\"true\" aria-describedby=\"wrong\" autofocus",
                format!(
                    "<p class=\"field-error\" id=\"wrong\" role=\"alert\">{TRIANGLE}{}</p>",
                    escape(&typed.problem.detail)
                ),
            ),
            None => ("", String::new()),
        }
    }
}

/// The row that a form of this action is about: its section, and which it is there.
pub(super) fn row_of<'a>(action: &str, fields: &'a Fields) -> Option<(&'static str, &'a str)> {
    let (section, name) = match action {
        "change-room" | "keep-picture" | "drop-picture" | "close-room" | "stage-link" => {
            (ROOMS, "id")
        }
        "account" | "reset" | "delete" => (ACCOUNTS, "id"),
        "setting" => (SETTINGS, "key"),
        _ => return None,
    };
    Some((section, text(fields, name))).filter(|(_, id)| !id.is_empty())
}

/// The id of the mark that something was saved in a row: the address leads there, and shows it.
pub(super) fn saved(section: &str, id: &str) -> String {
    format!("saved-{section}-{id}")
}

/// That mark.
pub(super) fn saved_mark(section: &str, id: &str) -> String {
    format!(
        "<span class=\"was-done\" id=\"{}\" role=\"status\">{CHECK}{}</span>",
        escape(&saved(section, id)),
        escape(words::HOST_SAVED)
    )
}

/// Why a button of a row did not do what it says, and what makes the row stand open.
pub(super) fn refused_in(typed: Option<&Typed>, section: &str, id: &str) -> (String, &'static str) {
    let typed = typed.filter(|typed| typed.row() == Some((section, id)));
    let refused = typed.map(|typed| {
        format!(
            "<p class=\"field-error\" id=\"wrong\" role=\"alert\" tabindex=\"-1\" autofocus>\
             {TRIANGLE}{}</p>",
            escape(&typed.problem.detail)
        )
    });
    refused.map_or((String::new(), ""), |refused| (refused, " open"))
}

/// The sections whose rows have forms.
pub(super) const ROOMS: &str = "rooms";
pub(super) const ACCOUNTS: &str = "accounts";
pub(super) const SETTINGS: &str = "settings";
/// The fields of the forms into which something is typed; to the first goes what is about none.
const FIELDS: [(&str, &[&str]); 5] = [
    ("account", &["role"]),
    ("ban", &["address", "why", "seconds"]),
    ("change-room", &["source", "title", "mask", "note", "enter", "talk", "publish"]),
    ("room", &["name", "title", "source"]),
    ("setting", &[ANY]),
];
/// The field of a setting, whatever that is called.
const ANY: &str = "value";
/// Its icons are such as the document names, else it would not be among the page's.
const TRIANGLE: &str =
    "<svg class=\"icon small\" aria-hidden=\"true\"><use href=\"#i-triangle-alert\"/></svg>";
const CHECK: &str = "<svg class=\"icon small\" aria-hidden=\"true\"><use href=\"#i-check\"/></svg>";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Refused;

    #[test]
    fn what_was_wrong_has_a_place_that_is_on_the_page() {
        let gone = || Problem::from(Refused::NoSuch);
        let last = || Problem::from(Refused::LastHost);
        let fixed = || Problem::new(Status::Conflict, "said by a flag");
        for (action, sent, problem, place) in [
            (
                "room",
                &["name", "title", "source"][..],
                Problem::field("source", ""),
                Some("source"),
            ),
            ("room", &["name", "title", "source"], fixed(), Some("name")),
            ("change-room", &["id", "source"], fixed(), Some("source")),
            ("change-room", &["id", "title"], fixed(), Some("title")),
            ("change-room", &["id"], fixed(), None),
            ("change-room", &["id", "title"], gone(), None),
            ("setting", &["key", "value"], Problem::field("fps", ""), Some("value")),
            ("account", &["id", "role"], last(), Some("role")),
            ("account", &["id", "role"], gone(), None),
            ("account", &["id", "role"], Problem::field("moderates", ""), None),
            ("delete", &["id"], last(), None),
        ] {
            let fields = sent.iter().map(|name| ((*name).to_owned(), String::new())).collect();
            let typed = Typed { action: action.to_owned(), fields, problem };
            assert_eq!(typed.place(), place, "{action}: {sent:?}");
        }
    }
}
