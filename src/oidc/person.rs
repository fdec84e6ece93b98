//! Who somebody is, as a provider says, and who may enter. Pure.

use super::fault::Fault;

/// Somebody with an account of a provider.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// Who says so.
    pub issuer: String,
    /// The account there: never another's, and all that is compared.
    pub subject: String,
    /// What the account is called there.
    pub user: Option<String>,
    /// What the person is called there.
    pub name: Option<String>,
    /// An address of which the provider has seen that it is the person's.
    pub email: Option<String>,
    /// Of which organisation it is, as the provider says; `None` if it says nothing of that.
    pub domain: Option<String>,
    /// What the person is among there.
    pub groups: Vec<String>,
}

/// Who may enter: everybody, or who is of a domain and of a group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// Of one of these domains; of any if there are none.
    pub domains: Vec<String>,
    /// Of one of these groups; of any if there are none.
    pub groups: Vec<String>,
}

impl Person {
    /// Whether its number can be one (OpenID Connect Core 1.0 §2).
    ///
    /// # Errors
    ///
    /// [`Fault::NotBelieved`] if it is empty or too long.
    pub(super) fn check(&self) -> Result<(), Fault> {
        match self.subject.len() {
            1..=MOST_SUBJECT_BYTES => Ok(()),
            _ => Err(Fault::NotBelieved("its sub is empty, or too long".to_owned())),
        }
    }

    /// By which the person knows the account again.
    pub fn label(&self) -> String {
        let known = self.email.as_ref().or(self.user.as_ref()).or(self.name.as_ref());
        let text = known.map_or(self.subject.as_str(), String::as_str);
        text.chars().filter(|c| !c.is_control()).take(MOST_LABEL_CHARS).collect()
    }

    /// A name for an account here, which may be none that is taken.
    pub fn suggestion(&self) -> String {
        let local = self.email.as_ref().and_then(|email| email.split('@').next());
        let known = self.user.as_deref().map(|user| user.split('@').next().unwrap_or(user));
        let text = known.or(self.name.as_deref()).or(local).unwrap_or_default();
        text.chars().filter(|c| !c.is_control()).take(MOST_NAME_CHARS).collect()
    }
}

impl Rules {
    /// Whether they ask more than who somebody is.
    pub(super) fn ask_more(&self) -> bool {
        !self.domains.is_empty() || !self.groups.is_empty()
    }

    /// Whether somebody may enter.
    ///
    /// # Errors
    ///
    /// [`Fault::NotAllowed`], with who may.
    pub fn admit(&self, person: &Person) -> Result<(), Fault> {
        let is_domain = |wanted: &String| {
            person.domain.as_ref().is_some_and(|domain| domain.eq_ignore_ascii_case(wanted))
        };
        // Keycloak writes a group with the path to it.
        let plain = |group: &str| group.trim_start_matches('/').to_owned();
        let is_group =
            |wanted: &String| person.groups.iter().any(|group| plain(group) == plain(wanted));
        if !self.domains.is_empty() && !self.domains.iter().any(is_domain) {
            return Err(Fault::NotAllowed(format!("who is of {}", listed(&self.domains))));
        }
        if !self.groups.is_empty() && !self.groups.iter().any(is_group) {
            return Err(Fault::NotAllowed(format!("who is in {}", listed(&self.groups))));
        }
        Ok(())
    }
}

fn listed(words: &[String]) -> String {
    words.join(" or ")
}

const MOST_SUBJECT_BYTES: usize = 255;
const MOST_LABEL_CHARS: usize = 80;
const MOST_NAME_CHARS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(domains: &[&str], groups: &[&str]) -> Rules {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Rules { domains: owned(domains), groups: owned(groups) }
    }

    #[test]
    fn who_is_of_a_domain_and_of_a_group_may_enter() {
        let person = |domain: Option<&str>, groups: &[&str]| Person {
            domain: domain.map(str::to_owned),
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
            ..Person::default()
        };
        let nobody = person(None, &[]);
        let ann = person(Some("Example.org"), &["/staff/video", "all"]);
        for (domains, groups, of_ann, of_nobody) in [
            (&[][..], &[][..], true, true),
            (&["example.org"], &[], true, false),
            (&["example.com", "example.org"], &["all"], true, false),
            (&["ample.org"], &[], false, false),
            (&[], &["staff/video"], true, false),
            (&[], &["staff"], false, false),
            (&["example.org"], &["none"], false, false),
        ] {
            let rules = rules(domains, groups);
            assert_eq!(rules.admit(&ann).is_ok(), of_ann, "{rules:?}");
            assert_eq!(rules.admit(&nobody).is_ok(), of_nobody, "{rules:?}");
        }
    }

    #[test]
    fn a_person_is_called_as_the_provider_does() {
        let person = |user: Option<&str>, name: Option<&str>, email: Option<&str>| Person {
            subject: "42".to_owned(),
            user: user.map(str::to_owned),
            name: name.map(str::to_owned),
            email: email.map(str::to_owned),
            ..Person::default()
        };
        for (user, name, email, label, suggestion) in [
            (Some("ann"), Some("Ann B"), Some("a@b.c"), "a@b.c", "ann"),
            (Some("ann@b.c"), None, None, "ann@b.c", "ann"),
            (None, Some("Ann B"), None, "Ann B", "Ann B"),
            (None, None, Some("ann@b.c"), "ann@b.c", "ann"),
            (None, None, None, "42", ""),
            (None, Some("a\nb"), None, "ab", "ab"),
        ] {
            let person = person(user, name, email);
            assert_eq!((&*person.label(), &*person.suggestion()), (label, suggestion));
        }
    }
}
