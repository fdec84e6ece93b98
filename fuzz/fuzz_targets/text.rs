//! What people write: cleaning it again must change nothing, and what is left is short and visible.
//!
//! Seeds: any text; `tests.rs` beside `src/proto/text.rs` has some.
#![no_main]

use libfuzzer_sys::fuzz_target;
use livestream::proto::text::clean_line;

fuzz_target!(|input: &str| {
    let Ok(line) = clean_line(input, MOST) else {
        return;
    };
    assert!(line.chars().count() <= MOST);
    assert!(!line.starts_with(' ') && !line.ends_with(' ') && !line.contains("  "));
    assert!(!line.chars().any(|c| c.is_control() || HIDDEN.contains(&c)), "{line:?}");
    assert_eq!(clean_line(&line, MOST).as_ref(), Ok(&line));
});

const MOST: usize = 200;
const HIDDEN: [char; 6] = ['\u{202e}', '\u{2067}', '\u{200b}', '\u{feff}', '\u{200f}', '\u{2028}'];
