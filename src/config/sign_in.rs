//! `[[sign-in]]`: by whom people may sign in, as the file says. Pure.

use std::path::PathBuf;

use super::file::SignInTable;
use super::nearest;
use crate::oidc::Preset;

/// Somebody elsewhere who vouches for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// Stands in addresses.
    pub name: String,
    /// What kind it is.
    pub preset: Preset,
    /// What people call it.
    pub title: Option<String>,
    /// Its address.
    pub issuer: Option<String>,
    /// By what it knows this server.
    pub client_id: String,
    /// What has the secret on its first line.
    pub secret_file: Option<PathBuf>,
    /// Whose people may enter; everybody if it is empty.
    pub domains: Vec<String>,
    /// Who of them; everybody if it is empty.
    pub groups: Vec<String>,
    /// Whether they may make accounts without an invitation.
    pub sign_up: bool,
}

/// Reads tables.
///
/// # Errors
///
/// What is wrong, without any value.
pub(super) fn read(tables: &[SignInTable]) -> Result<Vec<SignIn>, String> {
    let numbered = tables.iter().zip(1..).map(|(table, number)| {
        read_one(table).map_err(|why| format!("[[sign-in]] number {number} {why}"))
    });
    let all: Vec<SignIn> = numbered.collect::<Result<_, _>>()?;
    if all.len() > MOST {
        return Err(format!("there may be {MOST} [[sign-in]]"));
    }
    let is_twice =
        |(at, one): (usize, &SignIn)| all[..at].iter().any(|other| other.name == one.name);
    match all.iter().enumerate().any(is_twice) {
        true => Err("two [[sign-in]] have the same `name`".to_owned()),
        false => Ok(all),
    }
}

fn read_one(table: &SignInTable) -> Result<SignIn, String> {
    if let Some(unknown) = table.keys().find(|key| !KEYS.contains(&key.as_str())) {
        let why = nearest::no_such_key(unknown, KEYS.map(str::to_owned).into_iter());
        return Err(format!("has something else than {}: {why}", KEYS.join(", ")));
    }
    let many = |key: &str| table.get(key).cloned().unwrap_or_default();
    let one = |key: &str| match table.get(key).map(Vec::as_slice) {
        None => Ok(None),
        Some([text]) if !text.trim().is_empty() => Ok(Some(text.clone())),
        Some(_) => Err(format!("has not one text as `{key}`")),
    };
    let needed = |key: &str| one(key)?.ok_or_else(|| format!("needs a `{key}`"));
    let name = needed("name")?;
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !name.chars().all(is_plain) || name.len() > MOST_NAME_CHARS {
        return Err(format!(
            "has a `name` with more than {MOST_NAME_CHARS} characters, or others than a to z, 0 to 9 and `-`"
        ));
    }
    let preset = match one("preset")? {
        Some(preset) => Preset::parse(&preset).ok_or_else(|| {
            let known: Vec<_> = Preset::ALL.map(Preset::as_str).into();
            format!("has a `preset` that is none of {}", known.join(", "))
        })?,
        None => Preset::parse(&name).unwrap_or_default(),
    };
    let sign_up = match one("sign-up")?.as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err("has a `sign-up` that is not true or false".to_owned()),
    };
    let issuer = one("issuer")?;
    if issuer.is_none() && preset.issuer().is_none() {
        return Err(format!("needs an `issuer`, as each `{}` has its own", preset.as_str()));
    }
    Ok(SignIn {
        name,
        preset,
        title: one("title")?,
        issuer,
        client_id: needed("client-id")?,
        secret_file: one("client-secret-file")?.map(PathBuf::from),
        domains: many("domains"),
        groups: many("groups"),
        sign_up,
    })
}

const KEYS: [&str; 9] = [
    "name",
    "preset",
    "title",
    "issuer",
    "client-id",
    "client-secret-file",
    "domains",
    "groups",
    "sign-up",
];
const MOST: usize = 8;
const MOST_NAME_CHARS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn table(pairs: &[(&str, &str)]) -> SignInTable {
        let texts = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        pairs.iter().map(|(key, text)| ((*key).to_owned(), texts(text))).collect()
    }

    #[test]
    fn a_preset_is_known_by_the_name() {
        let read = read(&[table(&[("name", "google"), ("client-id", "us")])]).unwrap();
        assert_eq!((read[0].preset, read[0].sign_up), (Preset::Google, false));
        let corp = [
            ("name", "corp"),
            ("preset", "keycloak"),
            ("issuer", "https://id.example/realms/a"),
            ("client-id", "us"),
            ("client-secret-file", "/etc/secret"),
            ("domains", "a.org b.org"),
            ("sign-up", "true"),
        ];
        let read = super::read(&[table(&corp)]).unwrap();
        assert_eq!((read[0].preset, read[0].sign_up), (Preset::Keycloak, true));
        assert_eq!(read[0].domains, ["a.org", "b.org"]);
    }

    #[test]
    fn what_is_wrong_is_said_without_its_value() {
        let google = [("name", "google"), ("client-id", "us")];
        for (pairs, words) in [
            (&[("client-id", "us")][..], "needs a `name`"),
            (&[("name", "google")], "needs a `client-id`"),
            (&[("name", "Hidden"), ("client-id", "us")], "a to z"),
            (&[("name", "corp"), ("client-id", "us")], "needs an `issuer`"),
            (&[("name", "a"), ("client-id", "us"), ("preset", "hidden")], "is none of"),
            (&[("name", "google"), ("client-id", "a hidden")], "not one text"),
            (
                &[("name", "google"), ("client-id", "us"), ("client_id", "hidden")],
                "mean `client-id`?",
            ),
            (&[("name", "google"), ("client-id", "us"), ("a: hidden", "1")], "no such key"),
            (
                &[("name", "google"), ("client-id", "us"), ("sign-up", "hidden")],
                "not true or false",
            ),
        ] {
            let why = read(&[table(pairs)]).unwrap_err();
            assert!(why.contains(words), "{pairs:?}: {why}");
            assert!(!why.to_lowercase().contains("hidden"), "{why}");
        }
        assert!(read(&[table(&google), table(&google)]).unwrap_err().contains("the same `name`"));
        let many: Vec<_> = (0..=MOST)
            .map(|at| {
                let name = format!("p{at}");
                let mut table = table(&[("preset", "google"), ("client-id", "us")]);
                table.insert("name".to_owned(), vec![name]);
                table
            })
            .collect();
        assert!(read(&many).is_err());
    }
}
