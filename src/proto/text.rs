//! What people write about themselves and to each other, made safe to show to everybody.
//!
//! A name or a message stands beside those of others, so that nothing in it may turn the line
//! around, be there without being seen, or climb over its neighbours. Pure; how a line is
//! escaped for a page is the page's.

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{
    GeneralCategory, GeneralCategoryGroup, UnicodeEmoji, UnicodeGeneralCategory,
};

/// Why a line is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadLine {
    /// It holds a control character, such as the end of a line.
    Control,
    /// It is longer than this many characters.
    TooLong(usize),
}

/// One line of text as others may see it, of at most `most` characters.
///
/// In NFC, without blanks at its ends or two in a row; without bidirectional controls and
/// invisible characters, but a joiner between emoji and a non-joiner between letters; with at most
/// two marks on a letter.
///
/// # Errors
///
/// [`BadLine`] of what was not meant as one short line. What cannot be seen is not counted.
pub fn clean_line(text: &str, most: usize) -> Result<String, BadLine> {
    if text.chars().any(char::is_control) {
        return Err(BadLine::Control);
    }
    let mut cleaner = Cleaner::default();
    text.nfc().for_each(|c| cleaner.take(c));
    // What stood between a letter and its mark may be gone now.
    let line: String = cleaner.finish().nfc().collect();
    if line.chars().count() > most { Err(BadLine::TooLong(most)) } else { Ok(line) }
}

/// A line on its way.
#[derive(Default)]
struct Cleaner {
    line: String,
    /// Marks on the last letter.
    marks: usize,
    /// A joiner that is kept if the right character follows.
    joiner: Option<char>,
}

impl Cleaner {
    fn take(&mut self, c: char) {
        match kind(c) {
            Kind::Blank => self.blank(),
            Kind::Invisible => {}
            Kind::Joiner => self.joiner = Some(c),
            Kind::Mark => self.mark(c),
            Kind::Visible => self.visible(c),
        }
    }

    fn finish(self) -> String {
        self.line.trim_end_matches(' ').to_owned()
    }

    fn blank(&mut self) {
        self.joiner = None;
        if !self.line.is_empty() && !self.line.ends_with(' ') {
            self.line.push(' ');
        }
        self.marks = MAX_MARKS;
    }

    fn mark(&mut self, c: char) {
        // How an emoji is to be drawn is no mark on it, and means nothing elsewhere.
        let fits = match c {
            EMOJI_STYLE => self.last().is_some_and(has_emoji_style),
            _ => !self.line.is_empty() && self.marks < MAX_MARKS,
        };
        if !fits {
            return;
        }
        if c != EMOJI_STYLE {
            self.joiner = None;
            self.marks += 1;
        }
        self.line.push(c);
    }

    fn visible(&mut self, c: char) {
        self.join_before(c);
        self.line.push(c);
        self.marks = 0;
    }

    /// Keeps a joiner that waits, if it belongs between the last character and this one.
    fn join_before(&mut self, c: char) {
        let Some(joiner) = self.joiner.take() else { return };
        let last = self.line.chars().rev().find(|&c| c != EMOJI_STYLE && !is_skin_tone(c));
        let belongs = match joiner {
            ZWJ => last.is_some_and(is_pictograph) && is_pictograph(c),
            _ => self.last().is_some_and(is_joining) && is_joining(c),
        };
        if belongs {
            self.line.push(joiner);
        }
    }

    fn last(&self) -> Option<char> {
        self.line.chars().next_back()
    }
}

/// What a character is to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Visible,
    Mark,
    Blank,
    Joiner,
    Invisible,
}

fn kind(c: char) -> Kind {
    match c {
        ZWJ | ZWNJ => Kind::Joiner,
        EMOJI_STYLE => Kind::Mark,
        _ if is_unseen(c) => Kind::Invisible,
        _ => match c.general_category_group() {
            GeneralCategoryGroup::Mark => Kind::Mark,
            GeneralCategoryGroup::Separator => Kind::Blank,
            _ => match c.general_category() {
                GeneralCategory::Control
                | GeneralCategory::Format
                | GeneralCategory::Surrogate
                | GeneralCategory::PrivateUse => Kind::Invisible,
                _ => Kind::Visible,
            },
        },
    }
}

/// Letters and marks that show nothing, by what Unicode calls `Default_Ignorable_Code_Point`, and
/// the empty cell of braille.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{34f}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{2065}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0e}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fff8}' | '\u{fdd0}'..='\u{fdef}' | '\u{e0000}'..='\u{e0fff}')
        || u32::from(c) & 0xfffe == 0xfffe
}

/// Whether a script joins its letters, so that keeping two apart means something: Arabic and its
/// neighbours, and those of India.
fn is_joining(c: char) -> bool {
    let joins = matches!(c,
        '\u{600}'..='\u{8ff}' | '\u{900}'..='\u{dff}' | '\u{1000}'..='\u{109f}'
        | '\u{1780}'..='\u{17ff}' | '\u{1800}'..='\u{18af}' | '\u{fb50}'..='\u{fdff}'
        | '\u{fe70}'..='\u{feff}');
    let group = c.general_category_group();
    joins && matches!(group, GeneralCategoryGroup::Letter | GeneralCategoryGroup::Mark)
}

fn is_pictograph(c: char) -> bool {
    has_emoji_style(c) && !c.is_ascii()
}

/// Whether it may be told to look like an emoji: digits too, as on the keys of a telephone.
fn has_emoji_style(c: char) -> bool {
    c.is_emoji_char() && !is_skin_tone(c)
}

fn is_skin_tone(c: char) -> bool {
    ('\u{1f3fb}'..='\u{1f3ff}').contains(&c)
}

const ZWJ: char = '\u{200d}';
const ZWNJ: char = '\u{200c}';
/// Variation selector 16.
const EMOJI_STYLE: char = '\u{fe0f}';
const MAX_MARKS: usize = 2;

#[cfg(test)]
mod tests;
