//! Providers of OAuth 2.0 that tell of the person by an API of their own: GitHub and X.
//!
//! Nothing is signed there: it is believed because it comes by TLS from the server that was asked.

use openidconnect::{
    AuthUrl, HttpResponse, JsonWebKeySet, OAuth2TokenResponse, SyncHttpClient, TokenUrl, http,
};
use serde_json::Value;

use super::agent::Errand;
use super::exchange::{Parts, Tokens, domain_of};
use super::fault::Fault;
use super::person::Person;
use super::preset::Preset;

/// Where the parts of a provider are, whose address is `base`, without a slash at its end.
pub(super) fn parts(preset: Preset, base: &str) -> Result<Parts, String> {
    let (authorize, token) = match preset {
        Preset::X => {
            (format!("{base}/i/oauth2/authorize"), format!("{}/oauth2/token", api(preset, base)))
        }
        _ => (format!("{base}/login/oauth/authorize"), format!("{base}/login/oauth/access_token")),
    };
    Ok(Parts {
        authorize: AuthUrl::new(authorize).map_err(|error| error.to_string())?,
        token: TokenUrl::new(token).map_err(|error| error.to_string())?,
        user_info: None,
        keys: JsonWebKeySet::default(),
        names_itself: false,
        secret_in_body: preset == Preset::GitHub,
        has_groups_scope: false,
    })
}

/// Who it is that has these tokens; with the groups, if they are wanted.
pub(super) fn person(
    preset: Preset,
    base: &str,
    tokens: &Tokens,
    groups: bool,
    errand: &Errand<'_>,
) -> Result<Person, Fault> {
    let ask = |path: &str| ask(&format!("{}{path}", api(preset, base)), tokens, errand);
    match preset {
        Preset::X => of_x(base, &ask("/users/me")?),
        _ => {
            let mut person = of_github(base, &ask("/user")?)?;
            person.email = ask("/user/emails").ok().and_then(|emails| first_email(&emails));
            person.domain = person.email.as_deref().and_then(domain_of).map(str::to_owned);
            if groups {
                person.groups = logins(&ask("/user/orgs?per_page=100")?);
            }
            Ok(person)
        }
    }
}

fn of_github(base: &str, user: &Value) -> Result<Person, Fault> {
    let subject = user.get("id").and_then(Value::as_u64);
    Ok(Person {
        issuer: base.to_owned(),
        subject: subject.ok_or_else(no_user)?.to_string(),
        user: text(user, "login"),
        name: text(user, "name"),
        ..Person::default()
    })
}

fn of_x(base: &str, answer: &Value) -> Result<Person, Fault> {
    let user = answer.get("data").ok_or_else(no_user)?;
    Ok(Person {
        issuer: base.to_owned(),
        subject: text(user, "id").ok_or_else(no_user)?,
        user: text(user, "username"),
        name: text(user, "name"),
        ..Person::default()
    })
}

/// The address of which GitHub has seen that it is the person's own, the chosen one first.
fn first_email(emails: &Value) -> Option<String> {
    let is = |email: &Value, what: &str| email.get(what).and_then(Value::as_bool) == Some(true);
    let seen = emails.as_array()?.iter().filter(|email| is(email, "verified"));
    let chosen = seen.clone().find(|email| is(email, "primary")).or_else(|| seen.clone().next());
    text(chosen?, "email")
}

fn logins(organisations: &Value) -> Vec<String> {
    let all = organisations.as_array().into_iter().flatten();
    all.filter_map(|organisation| text(organisation, "login")).collect()
}

fn text(value: &Value, key: &str) -> Option<String> {
    let text = value.get(key)?.as_str()?;
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

fn no_user() -> Fault {
    Fault::Broken("its API tells of no user".to_owned())
}

/// Where the API is: beside the pages of the one that all use, below those of one's own.
fn api(preset: Preset, base: &str) -> String {
    match (preset, preset.issuer() == Some(base)) {
        (Preset::X, true) => "https://api.x.com/2".to_owned(),
        (Preset::X, false) => format!("{base}/2"),
        (_, true) => "https://api.github.com".to_owned(),
        (_, false) => format!("{base}/api/v3"),
    }
}

fn ask(url: &str, tokens: &Tokens, errand: &Errand<'_>) -> Result<Value, Fault> {
    let bearer = format!("Bearer {}", tokens.access_token().secret());
    let request = http::Request::get(url)
        .header(http::header::ACCEPT, "application/json")
        .header(http::header::AUTHORIZATION, bearer)
        .body(Vec::new());
    let request = request.map_err(|error| Fault::Broken(error.to_string()))?;
    let response: HttpResponse = errand.call(request).map_err(|none| none.0)?;
    match response.status() {
        status if status.is_success() => serde_json::from_slice(response.body())
            .map_err(|_| Fault::Broken("its API answers no JSON".to_owned())),
        status if status.is_server_error() => Err(Fault::Unavailable),
        status => Err(Fault::Broken(format!("its API answers {}", status.as_u16()))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_person_of_github_is_its_number() {
        let user = json!({ "id": 583_231, "login": "octocat", "name": null, "email": "x@y.z" });
        let person = of_github("https://github.com", &user).unwrap();
        assert_eq!((&*person.subject, person.user.as_deref()), ("583231", Some("octocat")));
        assert_eq!((person.name, person.email), (None, None), "an address that nobody looked at");
        for no_user in [json!({}), json!([]), json!({ "id": "7" }), json!({ "id": -1 })] {
            assert!(of_github("https://github.com", &no_user).is_err(), "{no_user}");
        }
    }

    #[test]
    fn an_address_counts_if_github_has_seen_that_it_is_the_persons() {
        let email = |address: &str, primary: bool, verified: bool| json!({ "email": address, "primary": primary, "verified": verified });
        let emails =
            json!([email("a@a", true, false), email("b@b", false, true), email("c@c", true, true)]);
        assert_eq!(first_email(&emails).as_deref(), Some("c@c"));
        assert_eq!(first_email(&json!([email("a@a", true, false)])), None);
        assert_eq!(first_email(&json!({ "message": "Not Found" })), None);
        assert_eq!(logins(&json!([{ "login": "org" }, { "id": 1 }])), ["org"]);
    }

    #[test]
    fn a_person_of_x_is_its_number() {
        let answer = json!({ "data": { "id": "2244994945", "name": "X Dev", "username": "xdev" } });
        let person = of_x("https://x.com", &answer).unwrap();
        assert_eq!((&*person.subject, &*person.suggestion()), ("2244994945", "xdev"));
        assert!(of_x("https://x.com", &json!({ "errors": [] })).is_err());
    }
}
