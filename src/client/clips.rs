//! The list of clips that our server gives for `GET_PARAMETER clips`.

use crate::proto::http::form::percent_decode;

/// What is asked for.
pub(super) const ASKED: &[u8] = b"clips\r\n";

/// Reads `clips: NAME, NAME`, each percent-encoded; `None` if there is no such line.
pub(super) fn parse(body: &[u8]) -> Option<Vec<String>> {
    let body = std::str::from_utf8(body).ok()?;
    let line = body.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("clips").then_some(value)
    })?;
    let names = line.split(',').map(str::trim).filter(|name| !name.is_empty());
    Some(names.filter_map(|name| percent_decode(name.as_bytes()).ok()).take(MAX_CLIPS).collect())
}

const MAX_CLIPS: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_decoded_and_what_is_none_left_out() {
        let list = parse(b"clips: movie.Mjpeg, my%20clip%2C%201.avi ,, %zz,%C3%A4\r\n");
        assert_eq!(list.unwrap(), ["movie.Mjpeg", "my clip, 1.avi", "\u{e4}"]);
        assert_eq!(parse(b"x: y\nClips:\n"), Some(vec![]));
        for other in [&b""[..], b"clips", b"\xff: x", b"packets_received: 10\r\n"] {
            assert_eq!(parse(other), None);
        }
    }
}
