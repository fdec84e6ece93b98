//! WebVTT subtitles: read, moved in time, and cut into pieces as HLS has them (RFC 8216bis §3.1.4).
//!
//! A cue's text and settings go through as they came; so do blocks of style and regions. Notes do not.

use std::fmt::Write;

use super::fmp4::Invalid;

/// Subtitles.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subtitles {
    /// Blocks of style and regions.
    before: Vec<String>,
    cues: Vec<Cue>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Cue {
    name: Option<String>,
    start_ms: i64,
    end_ms: i64,
    settings: String,
    text: String,
}

impl Subtitles {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// [`Invalid`] if it is no WebVTT; a cue that cannot be read is left out.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
        let behind = text.strip_prefix("WEBVTT");
        if !behind.is_some_and(|behind| behind.is_empty() || behind.starts_with(['\n', ' ', '\t']))
        {
            return Err(Invalid { rule: "a file of subtitles does not begin with WEBVTT" });
        }
        let mut subtitles = Self::default();
        for block in text.split("\n\n").skip(1) {
            let block = block.trim_matches('\n');
            if block.starts_with("STYLE") || block.starts_with("REGION") {
                if subtitles.before.len() < MOST_BLOCKS {
                    subtitles.before.push(block.to_owned());
                }
            } else if subtitles.cues.len() < MOST_CUES {
                subtitles.cues.extend(cue(block));
            }
        }
        Ok(subtitles)
    }

    /// Moves all cues; what would begin before the film does begins with it.
    pub fn shift(&mut self, ms: i64) {
        for cue in &mut self.cues {
            (cue.start_ms, cue.end_ms) = (cue.start_ms + ms, cue.end_ms + ms);
        }
        self.cues.retain(|cue| cue.end_ms > 0);
        self.cues.iter_mut().for_each(|cue| cue.start_ms = cue.start_ms.max(0));
    }

    /// All of it.
    pub fn whole(&self) -> String {
        self.write("WEBVTT\n\n", i64::MIN, i64::MAX)
    }

    /// What is shown in a stretch of the film, at the film's own times.
    pub fn piece(&self, from_ms: i64, to_ms: i64) -> String {
        // Of fragmented MP4, whose clock begins with the film.
        self.write("WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\n", from_ms, to_ms)
    }

    fn write(&self, head: &str, from_ms: i64, to_ms: i64) -> String {
        let mut text = head.to_owned();
        for block in &self.before {
            let _ = write!(text, "{block}\n\n");
        }
        let shown = |cue: &&Cue| cue.start_ms < to_ms && cue.end_ms > from_ms;
        for cue in self.cues.iter().filter(shown) {
            if let Some(name) = &cue.name {
                let _ = writeln!(text, "{name}");
            }
            let (start, end) = (time(cue.start_ms), time(cue.end_ms));
            let _ = write!(text, "{start} --> {end}{}\n{}\n\n", cue.settings, cue.text);
        }
        text
    }
}

fn cue(block: &str) -> Option<Cue> {
    let (first, rest) = block.split_once('\n').unwrap_or((block, ""));
    let (name, times, text) = match first.contains("-->") {
        true => (None, first, rest),
        false => {
            let (times, text) = rest.split_once('\n').unwrap_or((rest, ""));
            (Some(first.to_owned()), times, text)
        }
    };
    let (start, behind) = times.split_once("-->")?;
    let behind = behind.trim_start();
    let end = behind.find([' ', '\t']).unwrap_or(behind.len());
    let (end, settings) = behind.split_at(end);
    let (start_ms, end_ms) = (parse_time(start.trim())?, parse_time(end)?);
    let settings = settings.trim();
    let settings = if settings.is_empty() { String::new() } else { format!(" {settings}") };
    (start_ms < end_ms).then(|| Cue { name, start_ms, end_ms, settings, text: text.to_owned() })
}

/// `HH:MM:SS.mmm`, without hours too.
fn parse_time(text: &str) -> Option<i64> {
    let (clock, thousandths) = text.split_once('.')?;
    let number = |text: &str| {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i64>().ok().filter(|value| is_number && *value <= MOST_HOURS)
    };
    let mut parts = clock.rsplit(':').map(number);
    let (seconds, minutes) = (parts.next()??, parts.next()??);
    let hours = parts.next().unwrap_or(Some(0))?;
    let thousandths = number(thousandths).filter(|_| thousandths.len() == 3)?;
    let is_time = seconds < 60 && minutes < 60 && parts.next().is_none();
    is_time.then_some(((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths)
}

fn time(ms: i64) -> String {
    let (seconds, ms) = (ms / 1000, ms % 1000);
    format!("{:02}:{:02}:{:02}.{ms:03}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

const MOST_CUES: usize = 100_000;
const MOST_BLOCKS: usize = 64;
const MOST_HOURS: i64 = 9999;

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\u{feff}WEBVTT - made by hand\r\n\r\nNOTE a note\r\n\r\nSTYLE\r\n::cue {}\r\n\r\n\
         1\r\n00:03.500 --> 00:00:04.500 align:left\r\n<i>Over</i>\r\nthe cut\r\n\r\n\
         01:00:00.000 --> 01:00:01.000\r\nLate\r\n\r\n00:09.000 --> 00:08.000\r\nBackwards\r\n";

    #[test]
    fn a_cue_over_a_cut_is_in_both_pieces_at_the_films_own_time() {
        let subtitles = Subtitles::parse(FILE).unwrap();
        let cue = "1\n00:00:03.500 --> 00:00:04.500 align:left\n<i>Over</i>\nthe cut\n\n";
        let head = "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\nSTYLE\n::cue {}\n\n";
        assert_eq!(subtitles.piece(0, 4000), format!("{head}{cue}"));
        assert_eq!(subtitles.piece(4000, 8000), format!("{head}{cue}"));
        assert_eq!(subtitles.piece(4500, 8000), head, "an empty piece is one");
        assert!(subtitles.whole().ends_with("01:00:00.000 --> 01:00:01.000\nLate\n\n"));
        assert!(!subtitles.whole().contains("Backwards"));
    }

    #[test]
    fn what_is_written_is_read_as_it_was() {
        let subtitles = Subtitles::parse(FILE).unwrap();
        assert_eq!(Subtitles::parse(&subtitles.whole()).unwrap(), subtitles);
    }

    #[test]
    fn cues_move_with_the_film() {
        let mut subtitles = Subtitles::parse(FILE).unwrap();
        subtitles.shift(-4000);
        assert!(subtitles.whole().contains("00:00:00.000 --> 00:00:00.500"));
        subtitles.shift(-4000);
        assert_eq!(subtitles.cues.len(), 1, "what is over before the film begins is left out");
    }

    #[test]
    fn a_file_cut_anywhere_is_read_or_refused() {
        for cut in (0..FILE.len()).filter(|cut| FILE.is_char_boundary(*cut)) {
            let read = Subtitles::parse(&FILE[..cut]);
            assert_eq!(read.is_ok(), cut >= 9, "cut at {cut}");
        }
        assert!(Subtitles::parse("WEBVTTX\n").is_err());
    }
}
