//! Conditional requests (RFC 9110 §13): has the client this version already, or only this one?
//!
//! The headers are whole lists: who has several lines of one joins them first, see
//! [`Headers::joined`](super::Headers::joined).

/// True if `header`, the value of an `If-None-Match`, names `etag` (RFC 9110 §13.1.2).
///
/// The comparison is the weak one (§8.8.3.2). `etag` stands in its quotes, as in
/// the `ETag` field. A list that breaks off counts as far as it can be read.
pub fn if_none_match(header: &str, etag: &str) -> bool {
    let mut rest = header.trim_matches(BETWEEN);
    if rest == "*" {
        return true;
    }
    let wanted = strong(etag);
    while let Some((tag, after)) = entity_tag(rest) {
        if tag == wanted {
            return true;
        }
        rest = after.trim_start_matches(BETWEEN);
    }
    false
}

/// False if `header`, the value of an `If-Match`, names tags and `etag` is none of them
/// (RFC 9110 §13.1.1): what is asked for is not to be done then.
///
/// The comparison is the strong one (§8.8.3.2). `etag` stands in its quotes; `None` for what has
/// no tag, which only `*` matches.
pub fn if_match(header: &str, etag: Option<&str>) -> bool {
    let mut rest = header.trim_matches(BETWEEN);
    if rest == "*" {
        return true;
    }
    while let Some((tag, after)) = entity_tag(rest) {
        if !rest.starts_with("W/") && etag == Some(tag) {
            return true;
        }
        rest = after.trim_start_matches(BETWEEN);
    }
    false
}

/// Takes one `entity-tag` from the front, without its weakness but with its quotes.
fn entity_tag(list: &str) -> Option<(&str, &str)> {
    let tag = strong(list);
    let closing = tag.strip_prefix('"')?.find('"')? + 1;
    Some(tag.split_at(closing + 1))
}

fn strong(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

/// What may stand between the members of a list.
const BETWEEN: [char; 3] = [' ', '\t', ','];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_match_weakly_anywhere_in_a_list() {
        // As a browser sends back what it was given.
        assert!(if_none_match("\"5f1c-62\"", "\"5f1c-62\""));
        assert!(if_none_match("W/\"a\"", "\"a\""));
        assert!(if_none_match("\"a\"", "W/\"a\""));
        assert!(if_none_match("\"x,y\", W/\"z\",,\t\"a\"", "\"a\""));
        assert!(if_none_match(" * ", "\"a\""));
    }

    #[test]
    fn a_condition_holds_for_the_very_same_version() {
        assert!(if_match("\"a\"", Some("\"a\"")));
        assert!(if_match("\"x\", W/\"a\",\"a\"", Some("\"a\"")));
        assert!(if_match(" * ", Some("\"a\"")) && if_match("*", None));
        for header in ["", "\"b\"", "a", "\"a", "W/\"a\"", "*, \"b\"", "w/\"a\""] {
            assert!(!if_match(header, Some("\"a\"")), "{header}");
            assert!(!if_match(header, None), "{header}");
        }
        // What is weak itself matches nothing strongly.
        assert!(!if_match("W/\"a\"", Some("W/\"a\"")));
    }

    #[test]
    fn other_tags_do_not_match() {
        for header in ["", "\"b\"", "a", "\"a", "\"x, \"a\"", "*, \"b\"", "w/\"a\""] {
            assert!(!if_none_match(header, "\"a\""), "{header}");
        }
    }

    #[test]
    fn a_list_that_is_cut_matches_only_once_the_tag_is_whole() {
        let whole = "\"first\", W/\"second\"";
        for cut in 0..whole.len() {
            assert!(!if_none_match(&whole[..cut], "\"second\""), "cut at {cut}");
        }
        assert!(if_none_match(whole, "\"second\""));
    }
}
