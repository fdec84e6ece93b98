//! WebSocket (RFC 6455): the upgrade of a request, and what is said afterwards.
//!
//! | file | what |
//! | --- | --- |
//! | this one | the opening handshake, as a server answers it (§4.2) |
//! | [`session`] | bytes to messages and back (§5 to §7) |

pub mod session;

use sha1::{Digest, Sha1};

use super::base64::base64;
use super::http::{BodyLength, Head, Method, Version};

pub use session::{Code, Event, Limits, Session};

/// Why a request opens no WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoUpgrade {
    /// It does not ask for one.
    NotAsked,
    /// It asks for another version of the protocol than 13.
    Version,
    /// It breaks the handshake: this field is missing or wrong.
    Broken(&'static str),
    /// It has a body, whose bytes could be taken for frames.
    Body,
}

/// What `Sec-WebSocket-Accept` answers to a request (RFC 6455 §4.2.1, §4.2.2).
///
/// # Errors
///
/// [`NoUpgrade`] if the request is no opening handshake.
pub fn accept(head: &Head) -> Result<String, NoUpgrade> {
    let headers = &head.headers;
    let asks = headers.lists("Connection", "upgrade") && headers.lists("Upgrade", "websocket");
    if !asks || head.method != Method::Get || head.version != Version::Http11 {
        return Err(NoUpgrade::NotAsked);
    }
    match head.header("Sec-WebSocket-Version").map(str::trim) {
        Some("13") => {}
        _ => return Err(NoUpgrade::Version),
    }
    if !matches!(head.body(), BodyLength::None | BodyLength::Known(0)) {
        return Err(NoUpgrade::Body);
    }
    let mut keys = headers.all("Sec-WebSocket-Key");
    match (keys.next().map(str::trim), keys.next()) {
        (Some(key), None) if is_key(key) => Ok(answer(key)),
        _ => Err(NoUpgrade::Broken("Sec-WebSocket-Key")),
    }
}

/// Whether it is sixteen bytes in base64.
fn is_key(key: &str) -> bool {
    let digit = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    key.strip_suffix("==").is_some_and(|digits| digits.len() == 22 && digits.bytes().all(digit))
}

fn answer(key: &str) -> String {
    let mut hash = Sha1::new();
    hash.update(key);
    hash.update(GUID);
    base64(&hash.finalize())
}

/// Of RFC 6455 §1.3.
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

#[cfg(test)]
mod tests {
    use super::super::http::parse_head;
    use super::*;

    /// The example of RFC 6455 §1.2, with another field for one of its own.
    fn accepted(without: &str, field: &str) -> Result<String, NoUpgrade> {
        let mut text = String::from("GET /chat HTTP/1.1\r\nHost: server.example.com\r\n");
        for own in [
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13",
        ] {
            if !own.starts_with(without) || without.is_empty() {
                text.push_str(&format!("{own}\r\n"));
            }
        }
        text.push_str(field);
        text.push_str("\r\n");
        accept(&parse_head(text.as_bytes()).unwrap().unwrap().0)
    }

    #[test]
    fn the_example_of_the_rfc_is_accepted() {
        assert_eq!(accepted("", "").unwrap(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        let listed = accepted("Connection", "Connection: keep-alive, upgrade\r\n");
        assert_eq!(listed.unwrap(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn what_is_missing_or_wrong_is_told() {
        let broken = NoUpgrade::Broken("Sec-WebSocket-Key");
        for (without, field, why) in [
            ("Upgrade", "", NoUpgrade::NotAsked),
            ("Upgrade", "Upgrade: h2c\r\n", NoUpgrade::NotAsked),
            ("Connection", "Connection: close\r\n", NoUpgrade::NotAsked),
            ("Sec-WebSocket-Version", "", NoUpgrade::Version),
            ("Sec-WebSocket-Version", "Sec-WebSocket-Version: 8\r\n", NoUpgrade::Version),
            ("Sec-WebSocket-Key", "", broken),
            ("Sec-WebSocket-Key", "Sec-WebSocket-Key: short\r\n", broken),
            ("Sec-WebSocket-Key", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=!\r\n", broken),
            ("", "Content-Length: 1\r\n", NoUpgrade::Body),
            ("", "Transfer-Encoding: chunked\r\n", NoUpgrade::Body),
            ("", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", broken),
        ] {
            assert_eq!(accepted(without, field), Err(why), "{without} {field}");
        }
    }
}
