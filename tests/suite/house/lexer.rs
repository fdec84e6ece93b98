//! The tokens of Rust, as far as paths need them: comments, strings and numbers are left out.

/// What paths are made of, and what stands between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// A name or a keyword; a raw one without its `r#`.
    Word(&'a str),
    /// `::`.
    Colons,
    /// Any other sign.
    Sign(char),
}

/// Cuts a source file up.
pub(crate) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let (token, length) = match (left_out(rest), word(rest)) {
            (Some(length), _) => (None, length),
            (None, Some("r")) if rest.starts_with("r#") => (None, 2),
            (None, Some(word)) => (Some(Token::Word(word)), word.len()),
            (None, None) if rest.starts_with("::") => (Some(Token::Colons), 2),
            (None, None) => (Some(Token::Sign(first)), first.len_utf8()),
        };
        tokens.extend(token);
        rest = &rest[length..];
    }
    tokens
}

/// Bytes of the space, comment, literal or lifetime at the front; none if there is none.
fn left_out(rest: &str) -> Option<usize> {
    let first = rest.chars().next()?;
    if first.is_whitespace() {
        return Some(first.len_utf8());
    }
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(block_comment(rest));
    }
    if first.is_ascii_digit() {
        return Some(number(rest));
    }
    let prefix = word(rest).unwrap_or_default();
    let after = &rest[prefix.len()..];
    let length = match prefix {
        "" | "b" | "c" if after.starts_with('"') => quoted(after, '"'),
        "" | "b" if after.starts_with('\'') => character(after),
        "r" | "br" | "cr" => raw(after)?,
        _ => return None,
    };
    Some(prefix.len() + length)
}

/// The name or keyword at the front.
fn word(rest: &str) -> Option<&str> {
    let end = rest.find(|letter: char| letter != '_' && !letter.is_alphanumeric());
    let word = &rest[..end.unwrap_or(rest.len())];
    word.starts_with(|first: char| !first.is_ascii_digit()).then_some(word)
}

/// Comments of this sort stand inside each other.
fn block_comment(rest: &str) -> usize {
    let (mut at, mut depth) = (0, 0);
    loop {
        let after = &rest[at..];
        depth = match after.as_bytes() {
            [] => return rest.len(),
            [b'/', b'*', ..] => depth + 1,
            [b'*', b'/', ..] => depth - 1,
            _ => {
                at += after.chars().next().map_or(1, char::len_utf8);
                continue;
            }
        };
        at += 2;
        if depth == 0 {
            return at;
        }
    }
}

/// Of `1..2` and `1.max(2)`, the first digit alone.
fn number(rest: &str) -> usize {
    let digits = |text: &str| {
        let end = text.find(|letter: char| letter != '_' && !letter.is_ascii_alphanumeric());
        end.unwrap_or(text.len())
    };
    let whole = digits(rest);
    match rest[whole..].strip_prefix('.') {
        Some(part) if part.starts_with(|first: char| first.is_ascii_digit()) => {
            whole + 1 + digits(part)
        }
        _ => whole,
    }
}

/// What stands between two of `quote`, with both.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        if letter == quote && !escaped {
            return at + 1;
        }
        escaped = letter == '\\' && !escaped;
    }
    rest.len()
}

/// A character or, if no quote ends it, a lifetime.
fn character(rest: &str) -> usize {
    let mut letters = rest.chars().skip(1);
    match (letters.next(), letters.next()) {
        (Some('\\'), _) | (_, Some('\'')) => quoted(rest, '\''),
        _ => 1 + word(&rest[1..]).map_or(0, str::len),
    }
}

/// Behind its `r`; none if it is a raw name.
fn raw(rest: &str) -> Option<usize> {
    let hashes = rest.len() - rest.trim_start_matches('#').len();
    let text = rest[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = text.find(&end).map_or(text.len(), |at| at + end.len());
    Some(hashes + 1 + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> Vec<&str> {
        let word = |token| match token {
            Token::Word(word) => Some(word),
            Token::Colons | Token::Sign(_) => None,
        };
        tokens(source).into_iter().filter_map(word).collect()
    }

    #[test]
    fn comments_and_literals_are_left_out_and_what_follows_is_not() {
        for (source, wanted) in [
            ("a // b ' \" \n c", ["a", "c"]),
            ("a /* b /* c */ d */ e", ["a", "e"]),
            ("a \"b \\\" c // d\" e", ["a", "e"]),
            ("a b\"x\" c\"x\" e", ["a", "e"]),
            ("a r\"b \\\" c", ["a", "c"]),
            ("a r##\"b \"# c\"## br#\"\"# d", ["a", "d"]),
            ("a '\"' '\\'' b'\\\\' 'é' '\\u{1F600}' b", ["a", "b"]),
            ("a 'b c", ["a", "c"]),
            ("a 1.0e9f64 0xFF 2..3 1_000u8 b", ["a", "b"]),
            ("r#type x1", ["type", "x1"]),
        ] {
            assert_eq!(words(source), wanted, "{source}");
        }
    }

    #[test]
    fn an_end_inside_of_anything_is_an_end() {
        for source in ["/* a", "\"a", "r#\"a\"", "'", "'\\", "b'", "1.", "r#"] {
            assert_eq!(words(source), Vec::<&str>::new(), "{source}");
        }
    }

    #[test]
    fn signs_are_signs_and_colons_go_in_pairs() {
        let wanted = [
            Token::Word("a"),
            Token::Colons,
            Token::Sign('{'),
            Token::Word("b"),
            Token::Sign(':'),
            Token::Sign('}'),
        ];
        assert_eq!(tokens("a::{b:}"), wanted);
    }
}
