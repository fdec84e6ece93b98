//! What a server wants to be told (RFC 9110 §11.6.1), from one field or from several.
//!
//! Lenient: where a parameter or a scheme starts is told by the `=` behind it, so that cameras that
//! leave out commas, or put semicolons, are understood. Bounded by the head that it came in.

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
        let named = |(known, _): &&(String, String)| known.eq_ignore_ascii_case(name);
        self.parameters.iter().find(named).map(|(_, value)| value.as_str())
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

/// Reads `Authentication-Info` (RFC 7615): names and values.
pub fn parse_parameters(value: &str) -> Vec<(String, String)> {
    let mut rest = Rest(value);
    let mut found = Vec::new();
    while found.len() < MAX_PARAMETERS {
        rest.separators();
        match rest.token() {
            Some(token) => {
                if let Some(value) = rest.value() {
                    found.push((token.to_owned(), value));
                }
            }
            None if rest.skip_one() => {}
            None => break,
        }
    }
    found
}

/// What is still to be read.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    /// Goes past what stands between two things. True if there was more than blanks.
    fn separators(&mut self) -> bool {
        let after = self.0.trim_start_matches([' ', '\t', ',', ';']);
        let passed = &self.0[..self.0.len() - after.len()];
        self.0 = after;
        passed.contains([',', ';'])
    }

    fn blanks(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t']);
    }

    /// Takes a token that begins with a letter or digit, or a token68 as far as its padding.
    fn token(&mut self) -> Option<&'a str> {
        if !self.0.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return None;
        }
        let of_token = |byte: u8| byte.is_ascii_graphic() && !b"\"=,;".contains(&byte);
        let length = self.0.bytes().position(|byte| !of_token(byte)).unwrap_or(self.0.len());
        let (token, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        (!token.is_empty()).then_some(token)
    }

    /// Takes `= value`, quoted or not.
    fn value(&mut self) -> Option<String> {
        let before = self.0;
        self.blanks();
        let Some(rest) = self.0.strip_prefix('=') else {
            self.0 = before;
            return None;
        };
        self.0 = rest;
        self.blanks();
        if let Some(rest) = self.0.strip_prefix('"') {
            self.0 = rest;
            return Some(self.quoted());
        }
        let end = self.0.find([',', ';', ' ', '\t']).unwrap_or(self.0.len());
        let (value, rest) = self.0.split_at(end);
        self.0 = rest;
        Some(value.to_owned())
    }

    /// Takes the rest of a `quoted-string` (RFC 9110 §5.6.4); one without an end ends with the field.
    fn quoted(&mut self) -> String {
        let mut value = String::new();
        let mut characters = self.0.chars();
        while let Some(c) = characters.next() {
            match c {
                '"' => break,
                '\\' => value.extend(characters.next()),
                c => value.push(c),
            }
        }
        self.0 = characters.as_str();
        value
    }

    /// Goes past a character that belongs nowhere; false at the end.
    fn skip_one(&mut self) -> bool {
        let mut characters = self.0.chars();
        let skipped = characters.next().is_some();
        self.0 = characters.as_str();
        skipped
    }
}

/// More than any server offers.
const MAX_CHALLENGES: usize = 16;
const MAX_PARAMETERS: usize = 32;
