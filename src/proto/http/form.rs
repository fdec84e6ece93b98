//! Forms and queries: `application/x-www-form-urlencoded` (WHATWG URL §5) and
//! percent-encoding (RFC 3986 §2.1).
//!
//! Does not know which fields there should be.

use super::Invalid;

/// What a form is sent as.
pub const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";

/// Splits a form or a query into decoded names and values, in order.
///
/// # Errors
///
/// [`Invalid`] for an escape that is none, for what is no UTF-8, and past
/// [`MAX_FIELDS`]. The size is for the caller to bound.
pub fn parse(input: &[u8]) -> Result<Vec<(String, String)>, Invalid> {
    let mut fields = Vec::new();
    let mut at = 0;
    for field in input.split(|&byte| byte == b'&') {
        if !field.is_empty() {
            if fields.len() == MAX_FIELDS {
                return Err(Invalid::bad_request(at, "too many form fields"));
            }
            let equals = field.iter().position(|&byte| byte == b'=').unwrap_or(field.len());
            let value = field.get(equals + 1..).unwrap_or_default();
            let name = decode(&field[..equals], Plus::IsSpace).map_err(|e| e.at(at as u64))?;
            let value_at = (at + equals + 1) as u64;
            let value = decode(value, Plus::IsSpace).map_err(|e| e.at(value_at))?;
            fields.push((name, value));
        }
        at += field.len() + 1;
    }
    Ok(fields)
}

/// Takes the fields of `names` out of a query, decoded, the last of each; whatever else stands in
/// it is passed over, also if it is broken.
///
/// # Errors
///
/// The name and [`Invalid`], at its offset in the query, for a value with an escape that is none
/// or that is no UTF-8.
pub fn pick(
    query: &[u8],
    names: &[&'static str],
) -> Result<Vec<(&'static str, String)>, (&'static str, Invalid)> {
    let mut last = vec![None; names.len()];
    let mut at = 0;
    for field in query.split(|&byte| byte == b'&') {
        let equals = field.iter().position(|&byte| byte == b'=').unwrap_or(field.len());
        let name = decode(&field[..equals], Plus::IsSpace).ok();
        if let Some(place) = names.iter().position(|wanted| name.as_deref() == Some(wanted)) {
            last[place] = Some((field.get(equals + 1..).unwrap_or_default(), at + equals + 1));
        }
        at += field.len() + 1;
    }
    let found = names.iter().zip(last).filter_map(|(name, value)| Some((*name, value?)));
    let read = |(name, (value, at)): (&'static str, (&[u8], usize))| {
        let value = decode(value, Plus::IsSpace).map_err(|e| (name, e.at(at as u64)))?;
        Ok((name, value))
    };
    found.map(read).collect()
}

/// Decodes `%XX`; a `+` stays one.
///
/// # Errors
///
/// [`Invalid`] for an escape that is none, and for what is no UTF-8.
pub fn percent_decode(input: &[u8]) -> Result<String, Invalid> {
    decode(input, Plus::IsPlus)
}

/// Encodes all but the unreserved characters of RFC 3986 §2.3.
pub fn encode_component(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Plus {
    IsSpace,
    IsPlus,
}

fn decode(input: &[u8], plus: Plus) -> Result<String, Invalid> {
    let mut bytes = Vec::with_capacity(input.len());
    let mut at = 0;
    while let Some(&byte) = input.get(at) {
        match byte {
            b'%' => {
                let escape = input.get(at + 1..at + 3).and_then(hex_pair);
                bytes.push(escape.ok_or(Invalid::bad_request(at, "percent-encoding"))?);
                at += 3;
                continue;
            }
            b'+' if plus == Plus::IsSpace => bytes.push(b' '),
            _ => bytes.push(byte),
        }
        at += 1;
    }
    String::from_utf8(bytes).map_err(|_| Invalid::bad_request(0, "UTF-8"))
}

fn hex_pair(digits: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*digits.get(at)?).to_digit(16);
    u8::try_from(digit(0)? << 4 | digit(1)?).ok()
}

/// Most fields in one form.
pub const MAX_FIELDS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(input: &str) -> Vec<(String, String)> {
        parse(input.as_bytes()).unwrap()
    }

    fn refused(input: &str) -> (&'static str, u64) {
        let invalid = parse(input.as_bytes()).unwrap_err();
        (invalid.rule, invalid.offset)
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn a_browsers_form_is_read() {
        // As Chromium sends the donate form, emoji included.
        let sent = "name=Zo%C3%AB+B.&message=50%25+more%21%0D%0A%F0%9F%8E%A5";
        let expected = [pair("name", "Zoë B."), pair("message", "50% more!\r\n🎥")];
        assert_eq!(pairs(sent), expected);
    }

    #[test]
    fn empty_and_missing_parts_are_empty() {
        let expected = [pair("a", ""), pair("b", ""), pair("", "c"), pair("d", "=e")];
        assert_eq!(pairs("a&b=&&=c&d==e&"), expected);
        assert_eq!(pairs(""), []);
    }

    #[test]
    fn what_is_encoded_is_decoded_again() {
        let text: String = ('\0'..'\u{180}').chain(['\u{1f3a5}', '+', '&', '=', '%']).collect();
        let encoded = encode_component(&text);
        assert_eq!(percent_decode(encoded.as_bytes()).as_ref(), Ok(&text));
        assert_eq!(pairs(&format!("{encoded}={encoded}")), [(text.clone(), text)]);
        assert_eq!(percent_decode(b"a+b").as_deref(), Ok("a+b"));
    }

    #[test]
    fn a_form_cut_at_any_byte_is_read_or_refused() {
        let whole = "quality=high&name=%C3%A9t%C3%A9";
        for cut in 0..whole.len() {
            let ends_in_escape = whole[..cut].rfind('%').is_some_and(|escape| cut < escape + 3);
            // Between the two bytes of one letter the escapes are whole, the text is not.
            let ends_in_letter = [21, 28].contains(&cut);
            let read = parse(&whole.as_bytes()[..cut]);
            assert_eq!(read.is_err(), ends_in_escape || ends_in_letter, "cut at {cut}");
        }
    }

    #[test]
    fn bad_escapes_and_bad_text_are_refused() {
        assert_eq!(refused("a=1&b=%g0"), ("percent-encoding", 6));
        assert_eq!(refused("a=%"), ("percent-encoding", 2));
        assert_eq!(refused("a=%+1"), ("percent-encoding", 2));
        assert_eq!(refused("ok=1&a=%ff"), ("UTF-8", 7));
        assert_eq!(parse(b"\xff=1").unwrap_err().rule, "UTF-8");
    }

    #[test]
    fn what_is_asked_for_is_picked_and_the_rest_passed_over() {
        let picked = |query: &str| pick(query.as_bytes(), &["fps", "tab"]);
        assert_eq!(picked("x=100%&fps=5&%ff&=&tab=a+b"), {
            Ok(vec![("fps", "5".to_owned()), ("tab", "a b".to_owned())])
        });
        assert_eq!(picked("fps=%zz&fps=6&fpss=7"), Ok(vec![("fps", "6".to_owned())]));
        assert_eq!(picked("f%70s&tab"), Ok(vec![("fps", String::new()), ("tab", String::new())]));
        assert_eq!(picked(&"a&".repeat(MAX_FIELDS * 9)), Ok(vec![]));
        let (name, invalid) = picked("a=1&fps=%z").unwrap_err();
        assert_eq!((name, invalid.rule, invalid.offset), ("fps", "percent-encoding", 8));
    }

    #[test]
    fn fields_are_counted() {
        let whole = vec!["a=b"; MAX_FIELDS].join("&");
        assert_eq!(pairs(&whole).len(), MAX_FIELDS);
        assert_eq!(refused(&format!("{whole}&a")), ("too many form fields", 256));
    }
}
