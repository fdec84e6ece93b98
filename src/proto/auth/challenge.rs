//! What a server wants to be told (RFC 9110 §11.6.1), from one field or from several.
//!
//! Lenient: where a parameter or a scheme starts is told by the `=` behind it, as
//! [`super::parameters`] has it.

use super::parameters::{MAX_PARAMETERS, Rest, first};

/// One way of saying who we are that a server takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// `Basic`, `Digest`, as it was written.
    pub scheme: String,
    parameters: Vec<(String, String)>,
}

impl Challenge {
    /// The first parameter of this name, in any case, without quotes and escapes.
    pub fn get(&self, name: &str) -> Option<&str> {
        first(&self.parameters, name)
    }

    /// True if a parameter is `true`, in any case.
    pub(super) fn says(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }
}

/// Reads a field's value: no challenge, one, or several. What is none is passed over.
pub fn parse_challenges(value: &str) -> Vec<Challenge> {
    let mut rest = Rest(value);
    let mut found: Vec<Challenge> = Vec::new();
    loop {
        let commas = rest.separators();
        let Some(token) = rest.token() else {
            if !rest.skip_one() {
                return found;
            }
            continue;
        };
        // What follows a scheme's name and no comma, and is no parameter, is its token68.
        let may_be_token68 =
            !commas && found.last().is_some_and(|challenge| challenge.parameters.is_empty());
        match rest.value() {
            Some(value) => {
                let challenge = found.last_mut();
                if let Some(challenge) =
                    challenge.filter(|challenge| challenge.parameters.len() < MAX_PARAMETERS)
                {
                    challenge.parameters.push((token.to_owned(), value));
                }
            }
            None if may_be_token68 => {}
            None if found.len() < MAX_CHALLENGES => {
                found.push(Challenge { scheme: token.to_owned(), parameters: Vec::new() });
            }
            None => return found,
        }
    }
}

/// More than any server offers.
const MAX_CHALLENGES: usize = 16;
