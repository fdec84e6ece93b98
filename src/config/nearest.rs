//! A key that nobody knows, and the one that was meant. Pure.

/// Names an unknown key, if it looks like one, and the nearest there is.
pub(super) fn no_such_key(key: &str, known: impl Iterator<Item = String>) -> String {
    // In quotes anything can stand, an address with its password too.
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if key.len() > MAX_KEY_CHARS || !key.chars().all(letter) {
        return "there is no such key".to_owned();
    }
    let nearest = known.map(|known| (distance(&known, key), known)).min();
    let near = nearest.filter(|(distance, _)| *distance <= NEAR && *distance < key.len());
    let hint = near.map(|(_, known)| format!("; did you mean `{known}`?"));
    format!("there is no key `{key}`{}", hint.unwrap_or_default())
}

/// How many characters are to be changed, left out or put in between two words (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().take(MAX_KEY_CHARS).collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, c) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], at + 1);
        for (column, d) in other.iter().enumerate() {
            let changed = diagonal + usize::from(c != *d);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

const MAX_KEY_CHARS: usize = 40;
/// So many characters may be wrong.
const NEAR: usize = 2;
