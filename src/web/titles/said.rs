//! What a program says of a title, from JSON to types. Pure.

use serde_json::{Map, Value};

use super::super::api::Problem;
use super::super::words;
use crate::library::catalogue::{Protects, SecretWish, Watch};
use crate::proto::base64::from_base64;
use crate::proto::cenc::{Key, Scheme};
use crate::proto::http::Status;
use crate::store::title::Details;

/// An object that was sent. What is not known in it is passed over; `null` is as if it were not there,
/// but for what it takes back.
pub(super) struct Said(Map<String, Value>);

impl Said {
    /// The one in a body.
    ///
    /// # Errors
    ///
    /// [`Problem`] if that is no object of JSON.
    pub(super) fn parse(body: &[u8]) -> Result<Self, Problem> {
        match serde_json::from_slice(body) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            _ => Err(Problem::new(Status::BadRequest, words::API_NO_OBJECT)),
        }
    }

    /// A text, if it is there.
    pub(super) fn text(&self, name: &'static str) -> Result<Option<&str>, Problem> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(wrong(name, words::TITLES_TEXT)),
        }
    }

    /// Whether something is so, if that is said.
    pub(super) fn truth(&self, name: &'static str) -> Result<Option<bool>, Problem> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(so)) => Ok(Some(*so)),
            Some(_) => Err(wrong(name, words::TITLES_TRUTH)),
        }
    }

    /// A number that something is called by, if it is there.
    pub(super) fn number(&self, name: &'static str) -> Result<Option<u64>, Problem> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match value.as_u64() {
                Some(number) => Ok(Some(number)),
                None => Err(wrong(name, words::TITLES_NUMBER)),
            },
        }
    }

    /// What is said of a title of which this was said before.
    pub(super) fn details(&self, before: Details) -> Result<Details, Problem> {
        let text =
            |name, before: String| self.text(name).map(|said| said.map_or(before, str::to_owned));
        let year = match self.0.get("year") {
            None => before.year,
            Some(Value::Null) => None,
            Some(year) => {
                let year = year.as_u64().and_then(|year| u16::try_from(year).ok());
                Some(year.ok_or_else(|| wrong("year", words::TITLES_NUMBER))?)
            }
        };
        let tags = match self.0.get("tags") {
            None | Some(Value::Null) => before.tags,
            Some(tags) => tags_of(tags).ok_or_else(|| wrong("tags", words::TITLES_TAGS))?,
        };
        Ok(Details {
            title: text("title", before.title)?,
            description: text("description", before.description)?,
            director: text("director", before.director)?,
            year,
            tags,
        })
    }

    /// Who may watch it, if that is said.
    pub(super) fn watch(&self) -> Result<Option<Watch>, Problem> {
        let word = self.text("watch")?;
        word.map(|word| Watch::parse(word).ok_or_else(|| wrong("watch", words::TITLES_WATCH)))
            .transpose()
    }

    /// How it is to be encrypted, if it is. A key alone means what `otherwise` says.
    pub(super) fn secret(
        &self,
        otherwise: (Scheme, Protects),
    ) -> Result<Option<SecretWish>, Problem> {
        let keys = match (self.key("key")?, self.key("kid")?) {
            (Some(key), Some(kid)) => Some((key, kid)),
            (None, None) => None,
            (Some(_), None) => return Err(wrong("kid", words::TITLES_KEY_AND_KID)),
            (None, Some(_)) => return Err(wrong("key", words::TITLES_KEY_AND_KID)),
        };
        let scheme = match self.text("encrypt")? {
            Some(word) => {
                Some(Scheme::parse(word).ok_or_else(|| wrong("encrypt", words::TITLES_ENCRYPT))?)
            }
            None => keys.map(|_| otherwise.0),
        };
        let protects = match self.text("protect")? {
            None => otherwise.1,
            Some("all") => Protects::All,
            Some("video") => Protects::Video,
            Some(_) => return Err(wrong("protect", words::TITLES_PROTECT)),
        };
        Ok(scheme.map(|scheme| SecretWish { scheme, protects, keys }))
    }

    fn key(&self, name: &'static str) -> Result<Option<Key>, Problem> {
        let text = self.text(name)?;
        text.map(|text| Key::parse(text).ok_or_else(|| wrong(name, words::TITLES_KEY))).transpose()
    }

    /// A JPEG in base64; an empty text takes the one back that was there.
    pub(super) fn jpeg(&self) -> Result<Option<Vec<u8>>, Problem> {
        match self.text("jpeg")? {
            None => Err(wrong("jpeg", words::TITLES_JPEG)),
            Some("") => Ok(None),
            Some(text) => {
                from_base64(text).map(Some).ok_or_else(|| wrong("jpeg", words::TITLES_JPEG))
            }
        }
    }
}

/// A list of texts; not so long that it would be looked through in vain.
fn tags_of(value: &Value) -> Option<Vec<String>> {
    let tags = value.as_array()?.iter().map(|tag| tag.as_str().map(str::to_owned));
    tags.collect()
}

fn wrong(name: &'static str, takes: &str) -> Problem {
    Problem::field(name, &takes.replace("{field}", name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(json: &str) -> Said {
        Said::parse(json.as_bytes()).unwrap()
    }

    const OTHERWISE: (Scheme, Protects) = (Scheme::Cbcs, Protects::All);

    #[test]
    fn what_is_not_said_stays() {
        let before = Details {
            title: "A".to_owned(),
            description: "B".to_owned(),
            director: "C".to_owned(),
            year: Some(1999),
            tags: vec!["d".to_owned()],
        };
        assert_eq!(said("{}").details(before.clone()).unwrap(), before);
        let json = r#"{"title":"E","year":null,"tags":[],"description":null,"moon":{}}"#;
        let after = said(json).details(before.clone()).unwrap();
        let tags = Vec::new();
        assert_eq!(after, Details { title: "E".to_owned(), year: None, tags, ..before });
    }

    #[test]
    fn a_field_of_another_sort_is_blamed() {
        for (json, field) in [
            (r#"{"title":1}"#, "title"),
            (r#"{"description":[]}"#, "description"),
            (r#"{"year":"1999"}"#, "year"),
            (r#"{"year":-1}"#, "year"),
            (r#"{"year":70000}"#, "year"),
            (r#"{"tags":"a"}"#, "tags"),
            (r#"{"tags":[1]}"#, "tags"),
        ] {
            let problem = said(json).details(Details::default()).unwrap_err();
            assert_eq!(
                (problem.status, problem.field),
                (Status::BadRequest, Some(field)),
                "{json}"
            );
        }
        for (json, field) in [
            (r#"{"key":"x","kid":"x"}"#, "key"),
            (r#"{"key":"hyN9IKGfWKdAwFaE5pm0qg"}"#, "kid"),
            (r#"{"kid":"hyN9IKGfWKdAwFaE5pm0qg"}"#, "key"),
            (r#"{"encrypt":"rot13"}"#, "encrypt"),
            (r#"{"encrypt":"cbcs","protect":"sound"}"#, "protect"),
            (r#"{"key":"8723?d20a19f58a740c05684e699b4aa","kid":"x"}"#, "key"),
        ] {
            let problem = said(json).secret(OTHERWISE).unwrap_err();
            assert_eq!(problem.field, Some(field), "{json}");
        }
        for body in ["", "[]", "1", "{", "\u{0}", "{\"a\":1}}"] {
            assert!(Said::parse(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn keys_are_read_as_hex_and_as_base64() {
        let key = "87237d20a19f58a740c05684e699b4aa";
        for text in [key, "hyN9IKGfWKdAwFaE5pm0qg", "hyN9IKGfWKdAwFaE5pm0qg=="] {
            let json = format!(r#"{{"key":"{text}","kid":"oW5AK5BW43HzbTSKpiu3SQ"}}"#);
            let secret = said(&json).secret(OTHERWISE).unwrap().unwrap();
            let (read, kid) = secret.keys.unwrap();
            assert_eq!(
                (read.hex(), kid.hex()),
                (key.into(), "a16e402b9056e371f36d348aa62bb749".into())
            );
            assert_eq!((secret.scheme, secret.protects), OTHERWISE);
        }
        assert!(said("{}").secret(OTHERWISE).unwrap().is_none());
        let drawn = said(r#"{"encrypt":"cenc","protect":"video"}"#).secret(OTHERWISE);
        let drawn = drawn.unwrap().unwrap();
        assert_eq!((drawn.scheme, drawn.protects), (Scheme::Cenc, Protects::Video));
        assert!(drawn.keys.is_none());
    }
}
