//! Which titles somebody looks for, and in which order. Pure.

use std::cmp::Reverse;
use std::sync::Arc;

use super::searched::folded;
use super::shelf::Title;

/// What somebody looks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wish {
    /// Words that all have to be found in what is said of a title.
    pub words: String,
    /// A tag that it has.
    pub tag: Option<String>,
    /// In which order.
    pub order: Order,
}

/// In which order titles are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// What came last first.
    #[default]
    Newest,
    /// By what they are called.
    Title,
    /// The latest year first; what is of no known year last.
    Year,
    /// The longest first.
    Longest,
}

impl Order {
    /// All, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::Newest, Self::Title, Self::Year, Self::Longest];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Title => "title",
            Self::Year => "year",
            Self::Longest => "longest",
        }
    }

    /// The one that is written so.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|order| order.as_str() == word)
    }
}

/// Those of `titles` that fit, in the order that is wished.
pub(super) fn search(titles: Vec<Arc<Title>>, wish: &Wish) -> Vec<Arc<Title>> {
    let words = folded(&wish.words);
    let words: Vec<&str> = words.split_whitespace().take(MOST_WORDS).collect();
    let tag = wish.tag.as_deref().map(folded);
    let fits = |title: &Arc<Title>| {
        let searched = &title.searched;
        words.iter().all(|word| searched.text.contains(word))
            && tag.as_ref().is_none_or(|tag| searched.tags.contains(tag))
    };
    let mut found: Vec<Arc<Title>> = titles.into_iter().filter(fits).collect();
    let newest = |title: &Arc<Title>| Reverse(title.kept.id);
    match wish.order {
        Order::Newest => found.sort_by_key(newest),
        Order::Title => found.sort_by_key(|title| (title.searched.title.clone(), newest(title))),
        Order::Year => found.sort_by_key(|title| (Reverse(title.kept.details.year), newest(title))),
        Order::Longest => {
            found.sort_by_key(|title| (Reverse(title.kept.shown.length_ms), newest(title)));
        }
    }
    found
}

/// More do not make it clearer what is looked for.
const MOST_WORDS: usize = 16;

#[cfg(test)]
mod tests {
    use super::super::shelf::Shelf;
    use super::super::tests::kept;
    use super::*;
    use crate::store::title::Details;

    fn found(wish: &Wish) -> Vec<u64> {
        let mut all = [kept(1), kept(2), kept(3)];
        all[0].details = Details {
            title: "Ökonomie der Katze".into(),
            description: "Von Mäusen".into(),
            director: "Ada".into(),
            year: Some(1999),
            tags: vec!["Tier".into()],
        };
        all[1].details = Details {
            title: "a dog".into(),
            tags: vec!["tier".into(), "x".into()],
            ..Details::default()
        };
        all[1].shown.length_ms = Some(9);
        all[2].details = Details { title: "Zebra".into(), year: Some(2001), ..Details::default() };
        let shelf = Shelf::of(all.into());
        search(shelf.all().to_vec(), wish).iter().map(|title| title.kept.id).collect()
    }

    #[test]
    fn words_are_found_without_case_and_marks() {
        let words = |words: &str| found(&Wish { words: words.to_owned(), ..Wish::default() });
        assert_eq!(words(""), [3, 2, 1]);
        assert_eq!(words("OKONOMIE"), [1]);
        assert_eq!(words("mausen  ada 1999"), [1]);
        assert!(words("katze dog").is_empty());
        assert_eq!(words("ze"), [3, 1]);
    }

    #[test]
    fn tags_and_orders() {
        let tag = Wish { tag: Some("TIER".to_owned()), ..Wish::default() };
        assert_eq!(found(&tag), [2, 1]);
        let order = |order| found(&Wish { order, ..Wish::default() });
        assert_eq!(order(Order::Title), [2, 1, 3]);
        assert_eq!(order(Order::Year), [3, 1, 2]);
        assert_eq!(order(Order::Longest), [2, 3, 1]);
        assert!(Order::ALL.iter().all(|order| Order::parse(order.as_str()) == Some(*order)));
    }
}
