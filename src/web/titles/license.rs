//! `POST /license`: keys of titles, as EME's ClearKey asks for them (W3C EME §9.1.3, §9.1.4).

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::answer::Answer;
use super::super::api::Problem;
use super::super::people::by_worker;
use super::super::request::{Reply, Request};
use super::super::uploads::who_of;
use super::super::words;
use crate::library::catalogue::Refused;
use crate::proto::base64::base64_url;
use crate::proto::cenc::Key;
use crate::proto::http::Status;

/// The keys that who asks may have, of those it names.
pub(in crate::web) fn license(request: &Request) -> Reply {
    let refuse = |status, why: &str| Problem::new(status, why).answer().into();
    let Some(kids) = kids(&request.body) else {
        return refuse(Status::BadRequest, words::LICENSE_NO_KIDS);
    };
    let Some(library) = request.context.library.clone().filter(|_| request.room.name.is_none())
    else {
        return refuse(Status::NotFound, words::LICENSE_NO_KEY);
    };
    let (who, catalogue) = (who_of(request), Arc::clone(&library.catalogue));
    by_worker(
        request,
        move || catalogue.keys(&kids, who).map_err(Failed::Refused),
        |_, outcome: Result<Vec<(Key, Key)>, Failed>| match outcome {
            Ok(keys) if keys.is_empty() => {
                Problem::new(Status::NotFound, words::LICENSE_NO_KEY).answer()
            }
            Ok(keys) => Answer::json(Status::Ok, &as_json(&keys)),
            Err(failed) => failed.problem().answer(),
        },
    )
}

/// Why there is no answer.
enum Failed {
    Refused(Refused),
    Busy,
}

impl Failed {
    fn problem(&self) -> Problem {
        match self {
            Self::Refused(refused) => {
                Problem::new(Status::ServiceUnavailable, &format!("{refused}."))
            }
            Self::Busy => Problem::new(Status::ServiceUnavailable, words::LICENSE_BUSY),
        }
    }
}

impl From<crate::account::Refused> for Failed {
    fn from(_: crate::account::Refused) -> Self {
        Self::Busy
    }
}

/// The names of keys that a request names.
fn kids(body: &[u8]) -> Option<Vec<Key>> {
    let asked: Value = serde_json::from_slice(body).ok()?;
    let named = asked.get("kids")?.as_array()?;
    let kids: Option<Vec<Key>> = named.iter().map(|kid| Key::parse(kid.as_str()?)).collect();
    kids.filter(|kids| (1..=MOST_KIDS).contains(&kids.len()))
}

fn as_json(keys: &[(Key, Key)]) -> Value {
    let key = |(kid, key): &(Key, Key)| json!({ "kty": "oct", "kid": base64_url(&kid.0), "k": base64_url(&key.0) });
    json!({ "keys": keys.iter().map(key).collect::<Vec<_>>(), "type": "temporary" })
}

const MOST_KIDS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_keys_are_read_as_a_browser_writes_them() {
        let asked = br#"{"kids":["oW5AK5BW43HzbTSKpiu3SQ"],"type":"temporary"}"#;
        let kids = kids(asked).unwrap();
        assert_eq!(kids, [Key::parse("a16e402b9056e371f36d348aa62bb749").unwrap()]);
        let keys = as_json(&[(kids[0], kids[0])]);
        assert_eq!(keys["keys"][0]["kid"], "oW5AK5BW43HzbTSKpiu3SQ");
        for bad in [
            &b""[..],
            b"{}",
            b"[]",
            br#"{"kids":[]}"#,
            br#"{"kids":[1]}"#,
            br#"{"kids":["x"]}"#,
            br#"{"kids":{}}"#,
        ] {
            assert!(super::kids(bad).is_none(), "{}", String::from_utf8_lossy(bad));
        }
    }
}
