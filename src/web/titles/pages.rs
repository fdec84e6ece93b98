//! `/library`: all that can be watched here, to be searched, and where one goes on; and the addresses by
//! which other catalogues have it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::address::root_of;
use super::super::answer::Answer;
use super::super::built;
use super::super::document::{Slot, Slots, escape};
use super::super::pages::framed;
use super::super::people::{by_worker, text};
use super::super::request::{Reply, Request};
use super::super::uploads::who_of;
use super::super::words;
use super::card::Card;
use super::house::{Failed, library_of, nothing, number};
use super::pictures::{POSTER, has};
use crate::account::Capability;
use crate::library::catalogue::{Order, Title, Wish};
use crate::library::{Library, Who};
use crate::proto::http::{Status, form};
use crate::store::job::KeptJob;
use crate::store::place::KeptPlace;

/// What somebody looks for, and which page of it.
#[derive(Clone)]
struct Looking {
    wish: Wish,
    /// From 0.
    page: usize,
}

/// What was found.
struct Found {
    cards: Vec<Card>,
    /// How many there are on all pages.
    all: usize,
    /// In the middle of which who asks is, the last that was watched first.
    begun: Vec<Card>,
    /// The tags that most titles have, in order.
    tags: Vec<String>,
    /// Whether there is anything at all for who asks.
    is_empty: bool,
}

/// The page.
pub(in crate::web) fn library(request: &Request) -> Reply {
    let Some(library) = library_of(request) else {
        let slots = vec![("no-place", Slot::Shown(true))];
        return drawn(request, slots).into();
    };
    let (who, looking) = (who_of(request), Looking::of(request));
    let of_worker = looking.clone();
    by_worker(
        request,
        move || found(&library, who, &of_worker),
        move |request, outcome: Result<Found, Failed>| match outcome {
            Ok(found) => drawn(request, slots(request, &looking, &found)),
            Err(failed) => failed.answer(request),
        },
    )
}

/// `/index`, as other catalogues have it.
pub(in crate::web) fn index(request: &Request) -> Reply {
    elsewhere(request, "library")
}

/// `/movies/ID`, as other catalogues have it.
pub(in crate::web) fn movie(request: &Request) -> Reply {
    match number(&request.rest) {
        Some(id) => elsewhere(request, &format!("library/{id}")),
        None => nothing(request).into(),
    }
}

fn elsewhere(request: &Request, path: &str) -> Reply {
    let root = root_of(&request.head.target.path);
    Answer::empty(Status::PermanentRedirect)
        .header("Location", format!("{root}{path}"))
        .header("Cache-Control", "no-store")
        .into()
}

impl Looking {
    /// As its query has it; what it does not know it passes over.
    fn of(request: &Request) -> Self {
        let said = |name| text(&request.query, name);
        let tag = Some(said("tag").to_owned()).filter(|tag| !tag.is_empty());
        let order = Order::parse(said("order")).unwrap_or_default();
        let words: String = said("q").chars().take(MOST_WORDS_CHARS).collect();
        Self { wish: Wish { words, tag, order }, page: said("page").parse().unwrap_or_default() }
    }

    /// The address of another page of it, or with another tag.
    fn address(&self, tag: Option<&str>, page: usize) -> String {
        let mut query = Vec::new();
        let mut add = |name: &str, value: &str| {
            query.push(format!("{name}={}", form::encode_component(value)));
        };
        if !self.wish.words.is_empty() {
            add("q", &self.wish.words);
        }
        if self.wish.order != Order::default() {
            add("order", self.wish.order.as_str());
        }
        if let Some(tag) = tag {
            add("tag", tag);
        }
        if page > 0 {
            add("page", &page.to_string());
        }
        format!("library?{}", query.join("&"))
    }

    fn is_narrow(&self) -> bool {
        !self.wish.words.trim().is_empty() || self.wish.tag.is_some()
    }
}

fn found(library: &Library, who: Who, looking: &Looking) -> Result<Found, Failed> {
    let catalogue = &library.catalogue;
    let places = match who.account {
        Some(account) => catalogue.places(account, who)?,
        None => Vec::new(),
    };
    let jobs = library.desk.list(who, false)?;
    let card = |title: Arc<Title>| {
        let id = title.kept.id;
        Card {
            has_picture: title.kept.has_poster
                || title.kept.shown.generation > 0 && has(library, &title, POSTER),
            place_ms: place_of(&places, id),
            job: newest(jobs.iter().map(|job| &job.kept), id),
            title,
        }
    };
    let everything = catalogue.search(&Wish::default(), who);
    let titles = catalogue.search(&looking.wish, who);
    let (all, is_empty) = (titles.len(), everything.is_empty());
    let here = titles.into_iter().skip(looking.page.saturating_mul(PAGE)).take(PAGE);
    let cards = here.map(card).collect();
    let begun = places
        .iter()
        .filter_map(|place| catalogue.find(place.title, who))
        .filter(|title| title.is_playable())
        .take(MOST_BEGUN)
        .map(card)
        .collect();
    Ok(Found { cards, all, begun, tags: tags(&everything), is_empty })
}

fn place_of(places: &[KeptPlace], title: u64) -> Option<u64> {
    places.iter().find(|place| place.title == title).map(|place| place.at_ms)
}

fn newest<'a>(mut jobs: impl Iterator<Item = &'a KeptJob>, title: u64) -> Option<KeptJob> {
    jobs.find(|job| job.title == title).cloned()
}

/// The tags that most of these have, in order.
fn tags(titles: &[Arc<Title>]) -> Vec<String> {
    let mut counted = BTreeMap::<&str, usize>::new();
    for tag in titles.iter().flat_map(|title| &title.kept.details.tags) {
        *counted.entry(tag).or_default() += 1;
    }
    let mut counted: Vec<(&str, usize)> = counted.into_iter().collect();
    counted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let mut tags: Vec<String> =
        counted.into_iter().take(MOST_TAGS).map(|(tag, _)| tag.to_owned()).collect();
    tags.sort_by_key(|tag| tag.to_lowercase());
    tags
}

fn slots(request: &Request, looking: &Looking, found: &Found) -> Slots {
    let root = root_of(&request.head.target.path);
    let cards =
        |cards: &[Card]| -> String { cards.iter().map(|card| card.markup(&root)).collect() };
    let shows_begun = !found.begun.is_empty() && !looking.is_narrow() && looking.page == 0;
    let (page, last) = (looking.page, found.all.saturating_sub(1) / PAGE);
    let tag = looking.wish.tag.as_deref();
    let at = |page| Slot::Text(looking.address(tag, page));
    let nobody_here = found.cards.is_empty() && !found.is_empty;
    vec![
        ("some", Slot::Shown(!found.is_empty)),
        ("q", Slot::Text(looking.wish.words.clone())),
        ("tag", Slot::Text(tag.unwrap_or_default().to_owned())),
        ("orders", Slot::Markup(orders(looking.wish.order))),
        ("has-tags", Slot::Shown(!found.tags.is_empty() || tag.is_some())),
        ("tags", Slot::Markup(tag_links(looking, &found.tags))),
        ("begun-shown", Slot::Shown(shows_begun)),
        ("begun", Slot::Markup(cards(&found.begun))),
        ("count", Slot::Text(counted(found.all))),
        ("cards", Slot::Markup(cards(&found.cards))),
        ("none-found", Slot::Shown(nobody_here)),
        ("empty", Slot::Shown(found.is_empty)),
        ("pages", Slot::Shown(last > 0)),
        ("has-before", Slot::Shown(page > 0)),
        ("before", at(page.saturating_sub(1).min(last))),
        ("has-next", Slot::Shown(page < last)),
        ("next", at(page.saturating_add(1))),
        ("guest", Slot::Shown(!request.caller.is_signed_in())),
    ]
}

fn counted(count: usize) -> String {
    words::counted(count, words::LIBRARY_COUNT_ONE, words::LIBRARY_COUNT_OTHER)
}

fn orders(chosen: Order) -> String {
    let option = |order: &Order| {
        let (value, said) = (order.as_str(), if *order == chosen { " selected" } else { "" });
        let word = match order {
            Order::Newest => words::LIBRARY_ORDER_NEWEST,
            Order::Title => words::LIBRARY_ORDER_TITLE,
            Order::Year => words::LIBRARY_ORDER_YEAR,
            Order::Longest => words::LIBRARY_ORDER_LONGEST,
        };
        format!("<option value=\"{value}\"{said}>{}</option>", escape(word))
    };
    Order::ALL.iter().map(option).collect()
}

fn tag_links(looking: &Looking, tags: &[String]) -> String {
    let chosen = looking.wish.tag.as_deref();
    let others = chosen.filter(|chosen| !tags.iter().any(|tag| tag == chosen));
    let all = others.into_iter().chain(tags.iter().map(String::as_str));
    let link = |tag: &str| {
        let is_chosen = chosen == Some(tag);
        // Whoever presses it once more wants all again.
        let address = looking.address(Some(tag).filter(|_| !is_chosen), 0);
        let current = if is_chosen { " aria-current=\"true\"" } else { "" };
        format!(
            "<li><a class=\"tag\" href=\"{}\"{current}>{}</a></li>",
            escape(&address),
            escape(tag)
        )
    };
    all.map(link).collect()
}

fn drawn(request: &Request, mut slots: Slots) -> Answer {
    let may = |capability| request.caller.may(capability, "");
    slots.push(("may-upload", Slot::Shown(may(Capability::Upload))));
    slots.push(("may-jobs", Slot::Shown(may(Capability::Upload) || may(Capability::Work))));
    let html = framed(request, built::LIBRARY, words::LIBRARY_TITLE, slots);
    Answer::page(&request.head, Status::Ok, html).varies_by("Cookie")
}

const PAGE: usize = 60;
const MOST_BEGUN: usize = 12;
const MOST_TAGS: usize = 24;
const MOST_WORDS_CHARS: usize = 200;
