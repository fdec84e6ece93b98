//! Basic: a user and a password, as a client sends them.

use super::{Unread, Who};
use crate::proto::base64::from_base64;

/// Reads what stands behind the scheme (RFC 7617 §2).
pub(super) fn basic(text: &str) -> Result<Who, Unread> {
    let bytes = from_base64(text).ok_or(Unread("token68"))?;
    let text = String::from_utf8(bytes).map_err(|_| Unread("user-pass: UTF-8"))?;
    if text.contains(char::is_control) {
        return Err(Unread("user-pass: control character"));
    }
    match text.contains(':') {
        true => Ok(Who::of_userinfo(&text)),
        false => Err(Unread("user-pass: colon")),
    }
}
