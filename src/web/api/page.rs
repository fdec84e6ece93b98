//! `GET /api`: the description of the API, to be read.

use std::fmt::Write;
use std::sync::OnceLock;

use serde_json::{Map, Value};

use super::super::answer::Answer;
use super::super::built;
use super::super::document::{Slot, escape};
use super::super::pages::framed;
use super::super::request::{Reply, Request};
use super::super::words;
use super::openapi::OPENAPI;
use crate::proto::http::Status;

/// The page.
pub(in crate::web) fn page(request: &Request) -> Reply {
    static LIST: OnceLock<String> = OnceLock::new();
    let list = LIST.get_or_init(|| written(&description()));
    let slots = vec![
        ("heading", Slot::Text(words::API_TITLE.to_owned())),
        ("about", Slot::Text(words::API_ABOUT.to_owned())),
        ("list", Slot::Markup(list.clone())),
    ];
    let html = framed(request, built::API, words::API_TITLE, slots);
    Answer::page(&request.head, Status::Ok, html).varies_by("Cookie").into()
}

/// A page of the same sort, of lines that lead somewhere: names, addresses and words.
pub(in crate::web) fn list_page(
    request: &Request,
    (heading, about): (&str, &str),
    lines: &[(String, Option<String>, String)],
) -> Answer {
    let mut list = "<ul class=\"list\">\n".to_owned();
    for (name, address, about) in lines {
        let name = match address {
            Some(address) => format!("<a href=\"{}\">{}</a>", escape(address), escape(name)),
            None => format!("<code>{}</code>", escape(name)),
        };
        let _ = writeln!(list, "<li><p>{name}</p><p class=\"muted\">{}</p></li>", escape(about));
    }
    list.push_str("</ul>\n");
    let slots = vec![
        ("heading", Slot::Text(heading.to_owned())),
        ("about", Slot::Text(about.to_owned())),
        ("list", Slot::Markup(list)),
    ];
    let html = framed(request, built::API, heading, slots);
    Answer::page(&request.head, Status::Ok, html).varies_by("Accept, Cookie")
}

fn description() -> Value {
    serde_json::from_str(OPENAPI).expect("a test reads it")
}

/// Each request, by what it is about.
fn written(api: &Value) -> String {
    let mut out = String::new();
    let mut part = "";
    for (path, methods) in api["paths"].as_object().into_iter().flatten() {
        let of = part_of(path);
        if of != part {
            if !part.is_empty() {
                out.push_str("</section>\n");
            }
            let _ = writeln!(out, "<section class=\"api-part\"><h2>{}</h2>", escape(of));
            part = of;
        }
        let methods = methods.as_object().into_iter().flatten();
        for (method, about) in methods.filter(|(method, _)| *method != "parameters") {
            request(&mut out, api, (&method.to_uppercase(), path), about);
        }
    }
    if !part.is_empty() {
        out.push_str("</section>\n");
    }
    out
}

/// What a path is about: the first name in it.
fn part_of(path: &str) -> &str {
    let rest = path.strip_prefix("/api/v1/").or_else(|| path.strip_prefix('/')).unwrap_or(path);
    rest.split('/').next().unwrap_or(rest)
}

fn request(out: &mut String, api: &Value, (method, path): (&str, &str), about: &Value) {
    let text = |value: &Value| escape(value.as_str().unwrap_or_default());
    let _ = writeln!(
        out,
        "<details class=\"api-request\"><summary><code>{method} {}</code> {}</summary>",
        escape(path),
        text(&about["summary"])
    );
    let mut fields = String::new();
    for parameter in about["parameters"].as_array().into_iter().flatten() {
        let what = sort_of(&parameter["schema"]);
        field(&mut fields, &text(&parameter["name"]), &what, &text(&parameter["description"]));
    }
    let body = about["requestBody"]["content"].as_object();
    for schema in body.into_iter().flat_map(Map::values).map(|content| &content["schema"]) {
        for (name, schema) in properties(api, schema) {
            field(&mut fields, &escape(name), &sort_of(schema), &text(&schema["description"]));
        }
    }
    list(out, words::API_FIELDS, &fields);
    let mut answers = String::new();
    for (status, answer) in about["responses"].as_object().into_iter().flatten() {
        let content = answer["content"].as_object().and_then(|content| content.values().next());
        let schema = content.map(|content| &content["schema"]);
        let names: Vec<&str> = match schema {
            Some(schema) if status.starts_with('2') => {
                properties(api, schema).map(|(name, _)| name.as_str()).collect()
            }
            _ => Vec::new(),
        };
        field(&mut answers, status, &names.join(", "), &text(&answer["description"]));
    }
    list(out, words::API_ANSWERS, &answers);
    out.push_str("</details>\n");
}

fn list(out: &mut String, heading: &str, fields: &str) {
    if !fields.is_empty() {
        let _ = writeln!(out, "<h3>{}</h3><dl class=\"api-fields\">{fields}</dl>", escape(heading));
    }
}

fn field(out: &mut String, name: &str, sort: &str, about: &str) {
    let between = if sort.is_empty() || about.is_empty() { "" } else { ": " };
    let _ = write!(out, "<dt><code>{name}</code></dt><dd>{}{between}{about}</dd>", escape(sort));
}

/// The properties of a schema, which may be one that has a name.
fn properties<'a>(
    api: &'a Value,
    schema: &'a Value,
) -> impl Iterator<Item = (&'a String, &'a Value)> {
    let named = schema["$ref"].as_str().and_then(|name| name.rsplit('/').next());
    let schema = named.map_or(schema, |name| &api["components"]["schemas"][name]);
    schema["properties"].as_object().into_iter().flatten()
}

/// Of which sort a value is, in a word or by the values that it may have.
fn sort_of(schema: &Value) -> String {
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().map(plain).collect::<Vec<_>>().join(" | ");
    }
    match &schema["type"] {
        Value::String(sort) => sort.clone(),
        Value::Array(sorts) => sorts.iter().map(plain).collect::<Vec<_>>().join(" | "),
        _ => schema["const"].as_str().unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_of_the_description_is_on_the_page() {
        let api = description();
        let page = written(&api);
        for (path, methods) in api["paths"].as_object().unwrap() {
            for method in methods.as_object().unwrap().keys().filter(|key| *key != "parameters") {
                let line = format!("<code>{} {}</code>", method.to_uppercase(), escape(path));
                assert!(page.contains(&line), "{line}");
            }
        }
        assert!(page.contains("<dt><code>input_content_id</code></dt>"));
        assert!(page.contains("cbcs | cenc"));
        for tag in ["section", "details", "dl"] {
            let count = |text: &str| page.matches(text).count();
            assert_eq!(count(&format!("<{tag} ")), count(&format!("</{tag}>")), "{tag}");
        }
    }
}
