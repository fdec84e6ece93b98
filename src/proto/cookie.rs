//! Cookies (RFC 6265): found in a request, set in a response.
//!
//! Does not know what a cookie stands for, nor makes its value.

use std::time::Duration;

use super::http::headers::is_token_byte;

/// The value of the cookie `name` in the `Cookie` fields of a request (RFC 6265 §4.2.1).
///
/// Of several the first counts, which browsers make the one with the longest
/// path (§5.4).
pub fn find<'a>(header_values: impl IntoIterator<Item = &'a str>, name: &str) -> Option<&'a str> {
    header_values
        .into_iter()
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.split_once('='))
        .find(|(found, _)| found.trim() == name)
        .map(|(_, value)| value.trim())
}

/// The value of a `Set-Cookie` field (RFC 6265 §4.1).
///
/// Sent back on every path, hidden from scripts, and left out when another site
/// posts a form here. What the grammar has no place for is left out of `name`
/// and `value`.
pub fn set_cookie(name: &str, value: &str, max_age: Duration) -> String {
    let name: String = name.chars().filter(|&c| u8::try_from(c).is_ok_and(is_token_byte)).collect();
    let value: String = value.chars().filter(|&c| is_cookie_octet(c)).collect();
    let seconds = max_age.as_secs();
    format!("{name}={value}; Max-Age={seconds}; Path=/; HttpOnly; SameSite=Lax")
}

/// As [`set_cookie`], for one that is sent by TLS only, and, if its name begins with `__Host-`, taken
/// from no other host (RFC 6265bis §4.1.3).
pub fn set_secure_cookie(name: &str, value: &str, max_age: Duration) -> String {
    format!("{}; Secure", set_cookie(name, value, max_age))
}

/// The value of a `Set-Cookie` field that takes a cookie away which [`set_secure_cookie`] gave.
pub fn take_secure_cookie(name: &str) -> String {
    set_secure_cookie(name, "", Duration::ZERO)
}

fn is_cookie_octet(c: char) -> bool {
    c.is_ascii_graphic() && !['"', ',', ';', '\\'].contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Chromium sends it.
    const SENT: &str = "theme=dark; viewer=3f9c2a7be01d4f58a6b7c8d9e0f1a2b3";

    #[test]
    fn a_cookie_is_found_among_others() {
        assert_eq!(find([SENT], "viewer"), Some("3f9c2a7be01d4f58a6b7c8d9e0f1a2b3"));
        assert_eq!(find(["a=1", SENT], "theme"), Some("dark"));
        assert_eq!(find(["v=1;v=2", "v=3"], "v"), Some("1"));
        assert_eq!(find(["v = a=b ;x"], "v"), Some("a=b"));
        assert_eq!(find(["viewers=1; xviewer=2; viewer"], "viewer"), None);
        assert_eq!(find([], "viewer"), None);
    }

    #[test]
    fn a_cookie_that_is_cut_is_never_another() {
        let whole = "3f9c2a7be01d4f58a6b7c8d9e0f1a2b3";
        for cut in 0..SENT.len() {
            let found = find([&SENT[..cut]], "viewer").unwrap_or_default();
            assert!(whole.starts_with(found), "cut at {cut}");
        }
    }

    #[test]
    fn what_is_set_comes_back() {
        let set = set_cookie("viewer", "3f9c", Duration::from_secs(86_400));
        assert_eq!(set, "viewer=3f9c; Max-Age=86400; Path=/; HttpOnly; SameSite=Lax");
        let sent_back = set.split(';').next().unwrap();
        assert_eq!(find([sent_back], "viewer"), Some("3f9c"));
    }

    #[test]
    fn what_is_secret_is_set_for_tls_alone() {
        let set = set_secure_cookie("__Host-a", "1", Duration::from_secs(1));
        assert_eq!(set, "__Host-a=1; Max-Age=1; Path=/; HttpOnly; SameSite=Lax; Secure");
    }

    #[test]
    fn a_value_cannot_add_an_attribute_or_a_line() {
        let set = set_cookie("a=;b", "1; Domain=x\r\nY: \"z\"", Duration::ZERO);
        assert_eq!(set, "ab=1Domain=xY:z; Max-Age=0; Path=/; HttpOnly; SameSite=Lax");
    }
}
