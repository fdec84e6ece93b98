//! What people say of titles, made safe to keep and to show. Pure.

use crate::proto::http::HttpUrl;
use crate::proto::text::clean_line;
use crate::store::title::Details;

/// Why something that was said is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadDetails {
    /// A title has to be called something.
    NoTitle,
    /// A line, by the field's name, is longer than this many characters.
    TooLong(&'static str, usize),
    /// No film is of that year.
    Year,
    /// There are more tags than this.
    TooManyTags(usize),
    /// It is no address of a manifest.
    Url,
}

/// Makes what was said of a title fit to be shown to everybody.
///
/// # Errors
///
/// [`BadDetails`] of what is left out or too long.
pub fn clean(details: &Details) -> Result<Details, BadDetails> {
    let title = line("title", &details.title, MOST_TITLE)?;
    if title.is_empty() {
        return Err(BadDetails::NoTitle);
    }
    if details.year.is_some_and(|year| !YEARS.contains(&year)) {
        return Err(BadDetails::Year);
    }
    let mut tags = Vec::new();
    for tag in &details.tags {
        let tag = line("tags", tag, MOST_TAG)?;
        if !tag.is_empty() && !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    if tags.len() > MOST_TAGS {
        return Err(BadDetails::TooManyTags(MOST_TAGS));
    }
    Ok(Details {
        title,
        description: lines("description", &details.description)?,
        director: line("director", &details.director, MOST_TITLE)?,
        year: details.year,
        tags,
    })
}

/// Whether something is the address of a manifest elsewhere, which a browser may load.
pub(super) fn is_manifest(url: &str) -> bool {
    let parsed = HttpUrl::parse(url).ok().filter(|_| url.len() <= MOST_URL_BYTES);
    parsed.is_some_and(|parsed| {
        let path = parsed.path_and_query().split('?').next().unwrap_or_default();
        let path = path.to_ascii_lowercase();
        parsed.who().is_none() && (path.ends_with(".mpd") || path.ends_with(".m3u8"))
    })
}

fn line(field: &'static str, text: &str, most: usize) -> Result<String, BadDetails> {
    // What ends a line elsewhere is a blank here.
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    clean_line(&text, most).map_err(|_| BadDetails::TooLong(field, most))
}

/// Several lines, without empty ones at the ends or two in a row.
fn lines(field: &'static str, text: &str) -> Result<String, BadDetails> {
    let too_long = Err(BadDetails::TooLong(field, MOST_DESCRIPTION));
    if text.len() > MOST_DESCRIPTION * MOST_BYTES_A_CHAR {
        return too_long;
    }
    let mut kept: Vec<String> = Vec::new();
    for text in text.lines() {
        let text = line(field, text, MOST_DESCRIPTION)?;
        let repeats = text.is_empty() && kept.last().is_none_or(String::is_empty);
        if !repeats {
            kept.push(text);
        }
    }
    let kept = kept.join("\n").trim_end().to_owned();
    if kept.chars().count() > MOST_DESCRIPTION { too_long } else { Ok(kept) }
}

const MOST_URL_BYTES: usize = 2000;
/// Of a title and a director.
const MOST_TITLE: usize = 200;
const MOST_DESCRIPTION: usize = 5000;
const MOST_TAG: usize = 40;
const MOST_TAGS: usize = 20;
/// Of film and of what may still be announced.
const YEARS: std::ops::RangeInclusive<u16> = 1850..=2200;
const MOST_BYTES_A_CHAR: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn said(title: &str) -> Details {
        Details { title: title.to_owned(), ..Details::default() }
    }

    #[test]
    fn what_is_said_is_made_safe_to_show() {
        let details = Details {
            title: " A\tfilm\u{202e} ".to_owned(),
            description: "\n\nOne\r\n\r\n\r\n two \u{7} \n\n".to_owned(),
            director: "Ada\nLovelace".to_owned(),
            year: Some(1999),
            tags: vec!["cat".into(), " ".into(), "cat".into(), "d\u{200b}og".into()],
        };
        let cleaned = clean(&details).unwrap();
        assert_eq!(cleaned.title, "A film");
        assert_eq!(cleaned.description, "One\n\ntwo");
        assert_eq!(cleaned.director, "Ada Lovelace");
        assert_eq!(cleaned.tags, ["cat", "dog"]);
        assert_eq!(clean(&cleaned).unwrap(), cleaned, "what is clean stays");
    }

    #[test]
    fn a_manifest_elsewhere_is_an_address_without_a_password() {
        for url in ["https://a.lan/film/stream.mpd", "http://a.lan:8080/x.M3U8?token=1"] {
            assert!(is_manifest(url), "{url}");
        }
        let long = format!("https://a.lan/{}.mpd", "x".repeat(MOST_URL_BYTES));
        for url in [
            "",
            "stream.mpd",
            "/stream.mpd",
            "javascript:alert(1)//x.mpd",
            "file:///etc/x.mpd",
            "https://ada:secret@a.lan/stream.mpd",
            "https://a.lan/film.mp4",
            "https://a.lan/film.mp4?x.mpd",
            &long,
        ] {
            assert!(!is_manifest(url), "{url}");
        }
    }

    #[test]
    fn what_does_not_fit_is_told() {
        assert_eq!(clean(&said(" \n")), Err(BadDetails::NoTitle));
        let long = BadDetails::TooLong("title", MOST_TITLE);
        assert_eq!(clean(&said(&"x".repeat(MOST_TITLE + 1))), Err(long));
        assert!(clean(&said(&"é".repeat(MOST_TITLE))).is_ok());
        let year = Details { year: Some(12), ..said("a") };
        assert_eq!(clean(&year), Err(BadDetails::Year));
        let tags = Details { tags: (0..21).map(|n| n.to_string()).collect(), ..said("a") };
        assert_eq!(clean(&tags), Err(BadDetails::TooManyTags(MOST_TAGS)));
        let description = Details { description: "é\n".repeat(2501), ..said("a") };
        assert_eq!(clean(&description), Err(BadDetails::TooLong("description", 5000)));
    }
}
