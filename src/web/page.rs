//! `GET /`: the viewer's page, with its picture and its first state in it.
//!
//! The document opens the stream by itself, and shows each control as it stands: what the script
//! does later changes nothing that a person sees.

use std::sync::Arc;

use super::answer::Answer;
use super::built;
use super::document::{Slot, Slots};
use super::pages::{framed, full};
use super::request::{Reply, Request};
use super::state::{state, watching as here};
use super::words;
use crate::account::Capability;
use crate::live::orders::Unfiltered;
use crate::live::settings::{Mode, Settings, ViewerId};
use crate::live::viewer::{Report, Viewer};
use crate::proto::http::{Scheme, Status};

/// The viewer's page; to somebody for whom there is no seat, the page that says so.
pub(super) fn page(request: &Request) -> Reply {
    let audience = &request.context.audience;
    let known = request.viewer();
    let watches = known.as_ref().is_some_and(|viewer| viewer.streams() > 0);
    if !watches && audience.is_full() {
        return full(request).into();
    }
    let id = request.identity().id().unwrap_or_else(ViewerId::random);
    // Who only loads the page is not remembered for it: its stream makes it a viewer.
    let new = || Arc::new(Viewer::new(&request.room.crowd, id, Settings::default(), None));
    let viewer = known.unwrap_or_else(new);
    let html = framed(request, built::WATCH, &request.room.title(), slots(request, &viewer));
    // With its cookie it is one viewer's own, and no cache may give it to another.
    // A room's film may be a title of the library, whose segments the script puts together.
    let page = match request.room.showing() {
        Some(_) => {
            let origin = request.segments_origin();
            Answer::page_that_plays(&request.head, Status::Ok, html, origin.as_deref())
        }
        None => Answer::page(&request.head, Status::Ok, html),
    };
    request.introduce(page.varies_by("Cookie"), id).into()
}

/// The picture alone, which pages of other sites may frame.
pub(super) fn embed(request: &Request) -> Reply {
    if request.context.audience.is_full() && request.viewer().is_none() {
        return full(request).into();
    }
    let tab = ("tab", Slot::Text(ViewerId::random().to_string()));
    let mut slots = vec![tab, layout(request)];
    slots.extend(of_film(request));
    let html = framed(request, built::EMBED, &request.room.title(), slots);
    let id = request.identity().id().unwrap_or_else(ViewerId::random);
    let page = match request.room.showing() {
        Some(_) => {
            let origin = request.segments_origin();
            Answer::embedded_that_plays(&request.head, Status::Ok, html, origin.as_deref())
        }
        None => Answer::embedded(&request.head, Status::Ok, html),
    };
    request.introduce(page.varies_by("Cookie"), id).into()
}

fn slots(request: &Request, viewer: &Viewer) -> Slots {
    let text = |text: &str| Slot::Text(text.to_owned());
    let tab = ViewerId::random().to_string();
    let mut state = state(&request.context, &request.room, Some(viewer), None);
    let settings = viewer.report(None, request.at).settings;
    // Who opens the page is about to be one of them.
    let joins = viewer.streams() == 0 && !settings.paused;
    let watching = here(&request.context, &request.room) + usize::from(joins);
    state["viewers"]["watching"] = watching.into();
    let (mode, choice) = (settings.mode.as_str(), settings.choice.to_string());
    let at = CHOICES.iter().position(|named| *named == choice);
    let named = at.is_some();
    let may_publish = request.caller.may(Capability::Publish, request.room.plain_name());
    let is_film = request.room.showing().is_some();
    let commands = request.caller.may(Capability::Moderate, request.room.plain_name());
    let chosen = |is: bool| text(if is { "true" } else { "false" });
    let gaming = settings.mode == Mode::Gaming;
    let pause_label = if settings.paused { words::WATCH_RESUME } else { words::WATCH_PAUSE };
    let about_mode =
        if gaming { words::WATCH_MODE_GAMING_SENTENCE } else { words::WATCH_MODE_HOME_SENTENCE };
    let mut slots = vec![
        ("room-title", text(&request.room.title())),
        ("tab", Slot::Text(tab)),
        layout(request),
        ("state", Slot::Markup(json_in_html(&state.to_string()))),
        ("watching", Slot::Text(watching.to_string())),
        ("paused", Slot::Shown(settings.paused)),
        ("pause-label", text(pause_label)),
        ("pause-icon", text(if settings.paused { "play" } else { "pause" })),
        ("mode", text(mode)),
        ("mode-chosen", text(if gaming { "1" } else { "0" })),
        ("mode-home", chosen(!gaming)),
        ("mode-gaming", chosen(gaming)),
        ("mode-words", text(about_mode)),
        ("locked", Slot::Shown(gaming)),
        ("named", Slot::Shown(named)),
        ("number", text(if named { "" } else { &choice })),
        ("quality-count", text(if named { "4" } else { "5" })),
        ("quality-chosen", Slot::Text(at.unwrap_or(CHOICES.len()).to_string())),
        ("quality-auto", chosen(at == Some(0))),
        ("quality-low", chosen(at == Some(1))),
        ("quality-medium", chosen(at == Some(2))),
        ("quality-high", chosen(at == Some(3))),
        ("quality-number", chosen(!named)),
        ("may-not-publish", Slot::Shown(!may_publish)),
        ("trust", Slot::Shown(offers_trust(request))),
        ("commands", Slot::Shown(is_film && commands)),
        ("free", Slot::Shown(request.context.about.donate_url.read().is_none())),
    ];
    slots.extend(of_film(request));
    slots.extend(of_filter(&viewer.report(None, request.at)));
    slots
}

/// Whether the room shows a film or what a camera sees, and the file that plays.
fn of_film(request: &Request) -> Slots {
    let film = request.room.showing();
    let playing = film.as_ref().and_then(|showing| showing.theatre.program().playing);
    let file = playing.filter(|(film, _)| film.file().is_some());
    let plays = file.map(|(film, _)| format!("film/{}", film.id));
    vec![
        ("film", Slot::Shown(film.is_some())),
        ("camera", Slot::Shown(film.is_none())),
        ("film-file", Slot::Shown(plays.is_some())),
        ("film-plays", Slot::Text(plays.unwrap_or_default())),
    ]
}

/// The filter's boxes as they stand, and why it is not done if it is not.
fn of_filter(report: &Report) -> Slots {
    let filter = report.settings.filter.to_string();
    let has = |word: &str| filter.split(',').any(|one| one == word);
    let refused = match report.unfiltered {
        Some(Unfiltered::Full) => words::WATCH_FILTERS_REFUSED_FULL,
        Some(Unfiltered::Address) => words::WATCH_FILTERS_REFUSED_ADDRESS,
        None => "",
    };
    let query = match report.settings.filter.is_none() {
        true => String::new(),
        false => format!("?filter={filter}"),
    };
    let shown = |slot, word| (slot, Slot::Shown(has(word)));
    vec![
        ("snapshot-query", Slot::Text(query)),
        ("filter-given", Slot::Shown(report.unfiltered.is_none())),
        ("filter-refused", Slot::Text(refused.to_owned())),
        shown("filter-mirror", "mirror"),
        shown("filter-flip", "flip"),
        shown("filter-grey", "grey"),
        shown("filter-invert", "invert"),
        shown("filter-clock", "clock"),
        shown("filter-name", "name"),
        shown("filter-turn90", "turn90"),
        shown("filter-turn180", "turn180"),
        shown("filter-turn270", "turn270"),
        shown("filter-softer", "softer"),
        shown("filter-sharper", "sharper"),
        shown("filter-edges", "edges"),
    ]
}

/// Whether to say how to come by TLS: to who comes in clear, if it takes a step of theirs.
fn offers_trust(request: &Request) -> bool {
    request.context.about.issuer.is_some() && request.client.scheme() == Scheme::Http
}

/// How the picture's stream is asked for by the browser that asks for the page.
fn layout(request: &Request) -> (&'static str, Slot) {
    let browser = request.head.headers.get("user-agent").unwrap_or_default();
    let query = if keeps_its_picture(browser) { "advance_headers=1&amp;" } else { "" };
    ("layout", Slot::Markup(query.to_owned()))
}

/// Whether a browser keeps a part's picture until that of the next part is there.
///
/// WebKit (Safari, and all that is on iOS) may drop it with the next part's head, and shows a
/// broken picture if it draws in between. It is sent heads together with their pictures, and
/// paints each with the next one. Chromium's name has WebKit's in it too.
fn keeps_its_picture(user_agent: &str) -> bool {
    !user_agent.contains("AppleWebKit/") || user_agent.contains("Chrome/")
}

/// JSON that stands in a `script` element, which only `</script` would end.
fn json_in_html(json: &str) -> String {
    json.replace('<', "\\u003c")
}

/// The choices that have a name, in the order in which the page has them.
const CHOICES: [&str; 4] = ["auto", "low", "medium", "high"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_webkit_gets_heads_with_their_pictures() {
        let keeps = [
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "curl/8.5.0",
            "",
        ];
        assert!(keeps.into_iter().all(keeps_its_picture));
        let loses = [
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/137.0.7151.79 Mobile/15E148 Safari/604.1",
        ];
        assert!(!loses.into_iter().any(keeps_its_picture));
    }

    #[test]
    fn no_title_ends_the_element_that_holds_the_state() {
        assert_eq!(json_in_html(r#""</script><b>""#), "\"\\u003c/script>\\u003cb>\"");
    }
}
