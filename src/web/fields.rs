//! What a viewer may say, from raw text to types: forms and query strings.
//!
//! Pure: no viewer is changed here.

use std::time::Duration;

use crate::film::Order;
use crate::live::level::Choice;
use crate::live::settings::{Change, Mode};
use crate::media::filter::Filter;
use crate::media::frame::Size;
use crate::proto::text::clean_line;

/// Fields of a form or query, decoded.
pub(crate) type Fields = Vec<(String, String)>;

/// A value that a field does not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadField {
    /// Its name.
    pub(crate) field: &'static str,
    /// A sentence that names it and says what it takes.
    pub(crate) why: String,
}

/// What a stream is asked for by its query.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct StreamWish {
    /// Settings for a viewer of its own.
    pub(crate) change: Change,
    /// The highest rate, frames per second.
    pub(crate) fps: Option<f64>,
    /// Whether each part's head shall come right after the picture before.
    pub(crate) advance_headers: bool,
    /// The name that the page gave to this stream.
    pub(crate) tab: Option<String>,
}

/// Reads `quality`, `mode`, `paused` and `filter`; other fields are passed over.
///
/// # Errors
///
/// [`BadField`] for the first value that is not taken.
pub(crate) fn change(fields: &Fields) -> Result<Change, BadField> {
    let (choice, mode, paused) = (quality(fields)?, mode(fields)?, paused(fields)?);
    Ok(Change { choice, mode, paused, filter: filter(fields)? })
}

/// Reads `shown`: in how many pixels of its screen a page shows the picture, `WIDTHxHEIGHT`.
///
/// # Errors
///
/// [`BadField`] if it is there and no size.
pub(crate) fn shown(fields: &Fields) -> Result<Option<Size>, BadField> {
    parse(fields, "shown", "takes a size in pixels, as 780x439", |text| {
        let (width, height) = text.split_once('x')?;
        let side = |text: &str| text.parse::<u32>().ok();
        Some(Size { width: side(width)?, height: side(height)? })
    })
}

/// Reads what a host wants of the films: `paused`, `film`, `skip`, `position_s`, `list`, `repeat`.
///
/// # Errors
///
/// [`BadField`] for the first value that is not taken.
pub(crate) fn film(fields: &Fields) -> Result<Order, BadField> {
    let number = |text: &str| text.trim().parse::<u32>().ok();
    let list = |text: &str| {
        let inner = text.trim().strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        let numbers = inner.unwrap_or(text).split(',').filter(|number| !number.trim().is_empty());
        numbers.map(number).collect::<Option<Vec<_>>>().filter(|list| list.len() <= MAX_LIST)
    };
    Ok(Order {
        paused: paused(fields)?,
        film: parse(fields, "film", "takes the number of a film", number)?,
        skip: parse(fields, "skip", "takes next or previous", |text| match text {
            "next" => Some(1),
            "previous" => Some(-1),
            _ => None,
        })?,
        position: parse(fields, "position_s", "takes seconds from the film's start", |text| {
            let seconds = text.parse().ok().filter(|seconds| (0.0..=MAX_SECONDS).contains(seconds));
            seconds.map(Duration::from_secs_f64)
        })?,
        list: parse(fields, "list", "takes the numbers of films, with commas between", list)?,
        repeats: parse(fields, "repeat", "takes true or false", |text| text.parse().ok())?,
    })
}

/// Reads the query of `/stream`.
///
/// # Errors
///
/// [`BadField`] for the first value that is not taken.
pub(crate) fn stream_wish(fields: &Fields) -> Result<StreamWish, BadField> {
    let choice = quality(fields)?;
    let mode = mode(fields)?;
    if choice.is_some() && mode == Some(Mode::Gaming) {
        let why = "`quality` cannot be set in gaming mode: motion sets it".into();
        return Err(BadField { field: "quality", why });
    }
    Ok(StreamWish {
        change: Change { choice, mode, paused: None, filter: filter(fields)? },
        fps: fps(fields)?,
        advance_headers: value(fields, "advance_headers").is_some_and(|value| value != "0"),
        tab: tab(fields)?,
    })
}

/// Reads `quality`.
///
/// # Errors
///
/// [`BadField`] if it is there and no choice.
pub(crate) fn quality(fields: &Fields) -> Result<Option<Choice>, BadField> {
    parse(fields, "quality", "takes auto, low, medium, high or a number from 1 to 100", |text| {
        text.parse().ok()
    })
}

/// Reads `filter`, a list. Of a field that is there several times, as the boxes of a form are, all
/// count.
///
/// # Errors
///
/// [`BadField`] if it is there and no filter.
pub(crate) fn filter(fields: &Fields) -> Result<Option<Filter>, BadField> {
    let all: Vec<&str> = fields
        .iter()
        .filter(|(field, _)| field == FILTER)
        .map(|(_, value)| value.as_str())
        .collect();
    if all.is_empty() {
        return Ok(None);
    }
    let read = all.join(",").parse::<Filter>();
    let bad = |why| BadField { field: FILTER, why: format!("`{FILTER}` {why}") };
    read.map(Some).map_err(bad)
}

/// Reads `tab`, by which a page tells its streams apart.
///
/// # Errors
///
/// [`BadField`] if it is there and not 1 to 32 letters and digits.
pub(crate) fn tab(fields: &Fields) -> Result<Option<String>, BadField> {
    parse(fields, "tab", "takes 1 to 32 letters and digits", |text| {
        let fits = (1..=32).contains(&text.len());
        (fits && text.bytes().all(|byte| byte.is_ascii_alphanumeric())).then(|| text.to_owned())
    })
}

/// Reads whether something is said to be so; it is not if it is not there.
///
/// # Errors
///
/// [`BadField`] if it is neither `true` nor `false`.
pub(crate) fn flag(fields: &Fields, name: &'static str) -> Result<bool, BadField> {
    Ok(parse(fields, name, "takes true or false", |text| text.parse().ok())?.unwrap_or_default())
}

/// Reads one line of text that a person wrote, made safe to show; empty if it is not there.
///
/// # Errors
///
/// [`BadField`] if it is longer than `most` characters or holds control characters.
pub(crate) fn line(fields: &Fields, name: &'static str, most: usize) -> Result<String, BadField> {
    let takes = format!("takes one line of at most {most} characters");
    let line = parse(fields, name, &takes, |text| clean_line(text.trim(), most).ok())?;
    Ok(line.unwrap_or_default())
}

fn mode(fields: &Fields) -> Result<Option<Mode>, BadField> {
    parse(fields, "mode", "takes home or gaming", |text| match text {
        "home" => Some(Mode::Home),
        "gaming" => Some(Mode::Gaming),
        _ => None,
    })
}

fn paused(fields: &Fields) -> Result<Option<bool>, BadField> {
    parse(fields, "paused", "takes true or false", |text| text.parse().ok())
}

fn fps(fields: &Fields) -> Result<Option<f64>, BadField> {
    parse(fields, "fps", "takes frames per second, above 0 up to 240", |text| {
        text.parse().ok().filter(|fps| (0.01..=240.0).contains(fps))
    })
}

fn value<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    // As in most forms, of a field that is there twice the last counts.
    fields.iter().rev().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
}

fn parse<T>(
    fields: &Fields,
    field: &'static str,
    takes: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, BadField> {
    let Some(text) = value(fields, field) else { return Ok(None) };
    let bad = || BadField { field, why: format!("`{field}` {takes}") };
    read(text).map(Some).ok_or_else(bad)
}

/// Films of a list.
const MAX_LIST: usize = 1000;
/// A month.
const MAX_SECONDS: f64 = 31.0 * 24.0 * 3600.0;
const FILTER: &str = "filter";

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Fields {
        crate::proto::http::form::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_change_holds_what_was_sent_and_no_more() {
        let read = change(&fields("quality=low&colour=red")).unwrap();
        assert_eq!(read, Change { choice: Some(Choice::Low), ..Change::default() });
        let read = change(&fields("mode=gaming&paused=true")).unwrap();
        let expected = Change { mode: Some(Mode::Gaming), paused: Some(true), ..Change::default() };
        assert_eq!(read, expected);
    }

    #[test]
    fn a_bad_value_names_its_field() {
        for (text, field) in [
            ("quality=0", "quality"),
            ("quality=best", "quality"),
            ("mode=office", "mode"),
            ("paused=yes", "paused"),
            ("paused=", "paused"),
            ("filter=sepia", "filter"),
            ("filter=softer&filter=sharper", "filter"),
        ] {
            let bad = change(&fields(text)).unwrap_err();
            assert_eq!(bad.field, field);
            assert!(bad.why.contains(field), "{}", bad.why);
        }
        for text in ["fps=0", "fps=-1", "fps=nan", "fps=inf", "fps=1000", "fps=x", "tab=a-b"] {
            assert!(stream_wish(&fields(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn a_filter_is_a_list_or_as_many_fields_and_without_any_none() {
        let filter = |text: &str| {
            filter(&fields(text)).unwrap().map(|filter| filter.to_string()).unwrap_or_default()
        };
        for (text, read) in [
            ("filter=mirror,grey", "mirror,grey"),
            ("filter=grey&filter=&filter=mirror", "mirror,grey"),
            ("filter=mirror&filter=turn90", "mirror,turn90"),
            ("filter=", "none"),
            ("filter=none", "none"),
            ("mode=home", ""),
        ] {
            assert_eq!(filter(text), read, "{text}");
        }
        assert!(stream_wish(&fields("filter=edges,clock")).unwrap().change.filter.is_some());
    }

    #[test]
    fn a_stream_in_gaming_mode_has_no_quality_of_its_own() {
        assert_eq!(stream_wish(&fields("quality=5&mode=gaming")).unwrap_err().field, "quality");
    }

    #[test]
    fn what_a_host_wants_of_films_is_read_from_a_form_and_from_a_socket() {
        let read = |text: &str| film(&fields(text));
        let order = read("paused=true&film=3&skip=previous&position_s=61.5&repeat=false").unwrap();
        assert_eq!((order.paused, order.film, order.skip), (Some(true), Some(3), Some(-1)));
        assert_eq!(order.position, Some(Duration::from_millis(61_500)));
        assert_eq!(order.repeats, Some(false));
        for text in ["list=3,1,2", "list=[3,1,2]", "list=%5B3, 1,2%5D"] {
            assert_eq!(read(text).unwrap().list, Some(vec![3, 1, 2]), "{text}");
        }
        assert_eq!(read("list=").unwrap().list, Some(Vec::new()));
        assert_eq!(read("colour=red"), Ok(Order::default()));
        for text in [
            "film=x",
            "film=-1",
            "skip=2",
            "position_s=-1",
            "position_s=nan",
            "list=1;2",
            "repeat=",
        ] {
            let field = text.split('=').next().unwrap();
            assert_eq!(read(text).unwrap_err().field, field);
        }
    }

    #[test]
    fn lines_are_trimmed_and_bounded() {
        assert_eq!(line(&fields("name=+Ada+"), "name", 3).unwrap(), "Ada");
        assert_eq!(line(&fields(""), "name", 3).unwrap(), "");
        assert!(line(&fields("name=Grace"), "name", 3).is_err());
        assert!(line(&fields("name=A%0AB"), "name", 30).is_err());
        assert_eq!(line(&fields("name=%E2%80%AEadA%0A"), "name", 3).unwrap(), "adA");
    }
}
