//! What whoever brings a file wants to be made of it.

use super::catalogue::Watch;
use crate::proto::cenc::Scheme;

/// A title, as soon as the file is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Publication {
    /// For whom.
    pub watch: Watch,
    /// How it is to be encrypted, if at all.
    pub scheme: Option<Scheme>,
}

impl Publication {
    /// Of what was said, by its name; what is empty is not said. `None` if the file alone is to be kept.
    ///
    /// # Errors
    ///
    /// The name of what means nothing. What is to be encrypted is never made in clear since a word was
    /// misspelled; nor with another key than the one that came along, which is not taken here.
    pub fn of<'a>(said: impl Fn(&str) -> Option<&'a str>) -> Result<Option<Self>, &'static str> {
        let word = |name: &str| said(name).filter(|word| !word.is_empty());
        let scheme = match word("encrypt") {
            Some(word) => Some(Scheme::parse(word).ok_or("encrypt")?),
            None => None,
        };
        let Some(watch) = word("publish") else { return Ok(None) };
        let watch = Watch::parse(watch).ok_or("publish")?;
        match ["key", "kid"].into_iter().find(|name| word(name).is_some()) {
            Some(name) => Err(name),
            None => Ok(Some(Self { watch, scheme })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(said: &[(&str, &'static str)]) -> Result<Option<Publication>, &'static str> {
        Publication::of(|name| said.iter().find(|(known, _)| *known == name).map(|(_, word)| *word))
    }

    #[test]
    fn what_is_misspelled_is_refused_and_never_made_in_clear() {
        let all = Publication { watch: Watch::All, scheme: None };
        assert_eq!(of(&[]), Ok(None));
        assert_eq!(of(&[("publish", ""), ("key", "k")]), Ok(None), "the file alone is kept");
        assert_eq!(of(&[("publish", "all"), ("encrypt", "")]), Ok(Some(all)));
        let secret = Publication { scheme: Some(Scheme::Cbcs), ..all };
        assert_eq!(of(&[("publish", "all"), ("encrypt", "cbcs")]), Ok(Some(secret)));
        for (said, wrong) in [
            (&[("publish", "everybody")][..], "publish"),
            (&[("publish", "all"), ("encrypt", "CBCS")], "encrypt"),
            (&[("encrypt", "rot13")], "encrypt"),
            (&[("publish", "all"), ("key", "k")], "key"),
            (&[("publish", "all"), ("encrypt", "cbcs"), ("kid", "k")], "kid"),
        ] {
            assert_eq!(of(said), Err(wrong), "{said:?}");
        }
    }
}
