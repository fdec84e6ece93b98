//! What a command said last, fit to be shown.
//!
//! Pure. A command may say anything, passwords in addresses included: of an address its scheme,
//! its host and its port are kept.

/// The end of what a command writes to its standard error.
#[derive(Debug, Default)]
pub(super) struct LastWords {
    line: Vec<u8>,
    last: Option<String>,
}

impl LastWords {
    /// Takes what has come, and gives each line that is whole to `tell`.
    pub(super) fn feed(&mut self, bytes: &[u8], mut tell: impl FnMut(&str)) {
        for byte in bytes {
            if matches!(byte, b'\n' | b'\r') {
                if let Some(line) = self.end_line() {
                    tell(&line);
                }
            } else if self.line.len() < MAX_LINE_BYTES {
                self.line.push(*byte);
            }
        }
    }

    /// The last line that says something.
    pub(super) fn said(&mut self) -> Option<String> {
        self.end_line();
        self.last.clone()
    }

    fn end_line(&mut self) -> Option<String> {
        let line = std::mem::take(&mut self.line);
        let line = presentable(&String::from_utf8_lossy(&line));
        if line.is_empty() {
            return None;
        }
        self.last = Some(line.clone());
        Some(line)
    }
}

/// A line without colours, control characters, and what stands in an address behind its host.
fn presentable(line: &str) -> String {
    let mut plain = String::new();
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            // A sequence of a terminal's (ECMA-48 5.4): up to its final byte.
            '\u{1b}' => {
                if characters.next() == Some('[') {
                    let _ = characters.find(|end| ('@'..='~').contains(end));
                }
            }
            _ if character.is_control() => plain.push(' '),
            _ => plain.push(character),
        }
    }
    let mut words = plain.split_whitespace().map(without_secrets);
    let mut short = words.next().unwrap_or_default();
    for word in words {
        short.push(' ');
        short.push_str(&word);
    }
    match short.char_indices().nth(MAX_SHOWN) {
        Some((cut, _)) => format!("{}…", &short[..cut]),
        None => short,
    }
}

/// A word, of whose address only scheme, host and port are left.
fn without_secrets(word: &str) -> String {
    let Some(at) = word.find("://") else { return word.to_owned() };
    let (scheme, rest) = word.split_at(at + "://".len());
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    // With an @ behind it this may be a part of a name or a password.
    if rest[authority.len()..].contains('@') {
        return format!("{scheme}…");
    }
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let end = host.find(|c: char| !(c.is_alphanumeric() || ".-_:[]".contains(c)));
    format!("{scheme}{}", &host[..end.unwrap_or(host.len())])
}

/// What is kept of a line.
const MAX_LINE_BYTES: usize = 2048;
/// Letters of it that are shown.
const MAX_SHOWN: usize = 160;

#[cfg(test)]
mod tests {
    use super::*;

    fn said(pieces: &[&[u8]]) -> Option<String> {
        let mut words = LastWords::default();
        pieces.iter().for_each(|piece| words.feed(piece, |_| {}));
        words.said()
    }

    #[test]
    fn the_last_line_that_says_something_is_kept() {
        assert_eq!(said(&[b"one\ntw", b"o\n\n \n"]).as_deref(), Some("two"));
        assert_eq!(said(&[b"frame=1\rframe=2\rfailed"]).as_deref(), Some("failed"));
        assert_eq!(said(&[b"\n\n"]), None);
        assert_eq!(said(&[]), None);
    }

    #[test]
    fn it_is_plain_and_short() {
        assert_eq!(said(&[b"\x1b[1;31mERROR:\x1b[0m no\tcamera\x07"]).unwrap(), "ERROR: no camera");
        assert_eq!(said(&[&[0xFF, b'a', 0xC0]]).unwrap(), "\u{fffd}a\u{fffd}");
        let long = "x ".repeat(MAX_LINE_BYTES);
        let shown = said(&[long.as_bytes()]).unwrap();
        assert_eq!(shown.chars().count(), MAX_SHOWN + 1);
    }

    #[test]
    fn addresses_lose_what_may_be_secret() {
        for (line, shown) in [
            ("rtsp://me:SECRET@10.0.0.2:554/SECRET: refused", "rtsp://10.0.0.2:554 refused"),
            ("(http://cam/snap?pwd=SECRET)", "(http://cam"),
            ("'http://a:SEC@RET@[fe80::1]:80/x'", "'http://[fe80::1]:80"),
            ("http://me:SEC/RET@cam/", "http://…"),
            ("http://cam/me@SECRET", "http://…"),
            ("http://SECRET/@cam ends", "http://… ends"),
        ] {
            assert_eq!(said(&[line.as_bytes()]).unwrap(), shown);
        }
    }
}
