//! What others get to see of what somebody wrote.

use super::*;

fn clean(text: &str) -> String {
    clean_line(text, 1000).unwrap()
}

/// A linear congruential generator, with the constants of MMIX.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

#[test]
fn what_people_write_stays_as_it_is() {
    for text in [
        "Ada Lovelace",
        "Zoë B.",
        "李小龍",
        "Ольга",
        "محمد",
        "עִבְרִית",
        "สวัสดีครับ",
        "हिन्दी",
        "Nguyễn Thị Ánh",
        "한국어",
        "50% more! <b>&\"'",
        "👍🏽 👩‍🚀 👩🏽‍🚀 ❤️‍🔥 🏳️‍🌈 👨‍👩‍👧‍👦 🇩🇪 1️⃣ ☺️ #️⃣",
        "می‌خواهم",
        "क्‌ष",
        "a\u{301}\u{323}".nfc().collect::<String>().as_str(),
    ] {
        assert_eq!(clean(text), text);
    }
}

#[test]
fn text_is_composed() {
    assert_eq!(clean("Zoe\u{308}"), "Zoë");
    assert_eq!(clean("\u{1112}\u{1161}\u{11ab}"), "한");
    assert_eq!(clean("\u{212b}"), "Å");
}

#[test]
fn nothing_turns_the_line_around_or_hides_in_it() {
    for hidden in [
        "\u{202e}",
        "\u{202a}",
        "\u{2066}",
        "\u{2067}",
        "\u{2069}",
        "\u{200e}",
        "\u{200f}",
        "\u{61c}",
        "\u{200b}",
        "\u{200c}",
        "\u{200d}",
        "\u{2060}",
        "\u{2064}",
        "\u{feff}",
        "\u{ad}",
        "\u{34f}",
        "\u{115f}",
        "\u{3164}",
        "\u{ffa0}",
        "\u{2800}",
        "\u{180e}",
        "\u{fe0f}",
        "\u{fe00}",
        "\u{e0001}",
        "\u{e0041}",
        "\u{e007f}",
        "\u{e0100}",
        "\u{fff9}",
        "\u{1d173}",
        "\u{e000}",
        "\u{f8ff}",
        "\u{10fffd}",
        "\u{ffff}",
        "\u{fdd0}",
        "\u{1fffe}",
        "\u{206a}",
        "\u{fff0}",
        "\u{e0fff}",
    ] {
        assert_eq!(clean(&format!("a{hidden}b{hidden}")), "ab", "{hidden:?}");
        assert_eq!(clean(hidden), "", "{hidden:?}");
    }
}

#[test]
fn marks_do_not_climb_over_their_neighbours() {
    let tower = format!("Z{}a{}", "\u{30d}".repeat(50), "\u{327}".repeat(50));
    assert_eq!(clean(&tower), "Z\u{30d}\u{30d}a\u{327}\u{327}");
    assert_eq!(clean("\u{301}a"), "a", "a mark needs a letter");
    assert_eq!(clean("a \u{301}b"), "a b");
    assert_eq!(clean("a\u{200d}\u{301}\u{200c}\u{301}\u{301}"), "á\u{301}");
    assert_eq!(clean("a\u{20dd}\u{20dd}\u{20dd}"), "a\u{20dd}\u{20dd}");
}

#[test]
fn joiners_stand_where_they_mean_something() {
    assert_eq!(clean("👩\u{200d}a"), "👩a");
    assert_eq!(clean("a\u{200d}👩"), "a👩");
    assert_eq!(clean("1\u{200d}2"), "12");
    assert_eq!(clean("👩\u{200d}\u{200d}🚀"), "👩\u{200d}🚀");
    assert_eq!(clean("👩\u{200d}"), "👩");
    assert_eq!(clean("👩\u{200d} 🚀"), "👩 🚀");
    assert_eq!(clean("م\u{200c}"), "م");
    assert_eq!(clean("م\u{200c}a"), "مa");
    assert_eq!(clean("م\u{200d}م"), "مم");
    assert_eq!(clean("❤\u{fe0f}\u{fe0f}\u{fe0f}"), "❤\u{fe0f}");
}

#[test]
fn blanks_are_one_and_within() {
    assert_eq!(clean("  a \u{a0}\u{3000} b\u{2028}c  "), "a b c");
    assert_eq!(clean(" \u{2003} "), "");
}

#[test]
fn a_line_is_one_line_of_so_many_characters() {
    for control in ['\n', '\r', '\t', '\0', '\u{1b}', '\u{7f}', '\u{85}', '\u{9b}'] {
        assert_eq!(clean_line(&format!("a{control}b"), 10), Err(BadLine::Control));
    }
    assert_eq!(clean_line("äöüß", 4).as_deref(), Ok("äöüß"));
    assert_eq!(clean_line("äöüße", 4), Err(BadLine::TooLong(4)));
    assert_eq!(clean_line(&format!("ab{}", "\u{200b}".repeat(500)), 2).as_deref(), Ok("ab"));
}

#[test]
fn whatever_is_written_nothing_unsafe_is_left() {
    let spice: Vec<char> =
        "ab 1#é😀👩🚀❤م\u{915}\u{94d}\u{301}\u{20e3}\u{fe0f}\u{200d}\u{200c}\u{202e}\
        \u{2066}\u{200b}\u{34f}\u{1f3fd}\u{1f1e9}\u{a0}\u{3164}\u{e0041}\u{1100}\u{1161}\u{ffff}"
            .chars()
            .collect();
    let mut random = Random(1);
    for _ in 0..20_000 {
        let text: String = (0..random.below(24))
            .map(|_| match random.below(3) {
                0 => char::from_u32(random.below(0x11_0000) as u32).unwrap_or('x'),
                _ => spice[random.below(spice.len())],
            })
            .filter(|c| !c.is_control())
            .collect();
        let line = clean(&text);
        assert_eq!(clean(&line), line, "cleaning {text:?} twice");
        assert!(!line.starts_with(' ') && !line.ends_with(' ') && !line.contains("  "));
        let chars: Vec<char> = line.chars().collect();
        for (at, &c) in chars.iter().enumerate() {
            assert_ne!(kind(c), Kind::Invisible, "{c:?} of {text:?}");
            if kind(c) == Kind::Joiner {
                assert!(at > 0 && at + 1 < chars.len(), "{text:?}");
            }
        }
        let mark = |c: &char| kind(*c) == Kind::Mark && *c != EMOJI_STYLE;
        let unstyled: Vec<char> = chars.iter().copied().filter(|&c| c != EMOJI_STYLE).collect();
        assert!(!unstyled.windows(3).any(|three| three.iter().all(mark)), "{text:?} is {line:?}");
    }
}
