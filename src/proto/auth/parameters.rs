//! Names and values as logins have them, for whoever asks and whoever answers.
//!
//! Lenient: where a parameter starts is told by the `=` behind it, so that cameras that leave out
//! commas, or put semicolons, are understood. Bounded by the head that it came in.

/// Reads `Authentication-Info` (RFC 7615), or what stands behind a scheme: names and values.
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

/// The first parameter of this name, in any case, without quotes and escapes.
pub(super) fn first<'a>(parameters: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let named = |(known, _): &&(String, String)| known.eq_ignore_ascii_case(name);
    parameters.iter().find(named).map(|(_, value)| value.as_str())
}

/// What is still to be read.
pub(super) struct Rest<'a>(pub(super) &'a str);

impl<'a> Rest<'a> {
    /// Goes past what stands between two things. True if there was more than blanks.
    pub(super) fn separators(&mut self) -> bool {
        let after = self.0.trim_start_matches([' ', '\t', ',', ';']);
        let passed = &self.0[..self.0.len() - after.len()];
        self.0 = after;
        passed.contains([',', ';'])
    }

    fn blanks(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t']);
    }

    /// Takes a token that begins with a letter or digit, or a token68 as far as its padding.
    pub(super) fn token(&mut self) -> Option<&'a str> {
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
    pub(super) fn value(&mut self) -> Option<String> {
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
    pub(super) fn skip_one(&mut self) -> bool {
        let mut characters = self.0.chars();
        let skipped = characters.next().is_some();
        self.0 = characters.as_str();
        skipped
    }
}

/// More than any login has.
pub(super) const MAX_PARAMETERS: usize = 32;
