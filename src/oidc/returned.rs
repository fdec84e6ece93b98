//! What a provider answers by way of the browser: the query of the address that it leads to
//! (RFC 6749 §4.1.2, RFC 9207 §2). Pure; anybody may have written it.

/// An answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Returned {
    /// By which it is known to whom it belongs; empty if there is none.
    pub state: String,
    /// Good once, for tokens.
    pub code: Option<String>,
    /// Why there is no code: a word of RFC 6749 §4.1.2.1 or OpenID Connect Core §3.1.2.6.
    pub error: Option<String>,
    /// Who answers.
    pub issuer: Option<String>,
}

/// The fields that are read.
pub const FIELDS: [&str; 4] = ["state", "code", "error", "iss"];

impl Returned {
    /// That of a query's fields. What is too long to be of a provider is left out.
    pub fn of<N: AsRef<str>>(fields: &[(N, String)]) -> Self {
        let field = |wanted: &str| {
            let found = fields.iter().find(|(name, _)| name.as_ref() == wanted);
            let value = found.map(|(_, value)| value.as_str());
            value.filter(|value| !value.is_empty() && value.len() <= MOST_BYTES).map(str::to_owned)
        };
        let [state, code, error, issuer] = FIELDS.map(field);
        Self { state: state.unwrap_or_default(), code, error, issuer }
    }
}

/// Codes of some providers are JWTs.
const MOST_BYTES: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_or_unknown_is_left_out() {
        let long = "x".repeat(MOST_BYTES + 1);
        let fields = [("state", "s".to_owned()), ("code", long), ("foo", "1".to_owned())];
        let expected = Returned { state: "s".to_owned(), ..Returned::default() };
        assert_eq!(Returned::of(&fields), expected);
        assert_eq!(Returned::of(&[("error", String::new())]), Returned::default());
    }
}
