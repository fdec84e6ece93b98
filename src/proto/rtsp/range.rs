//! `Range` (RFC 2326 §12.29): which part of a clip to play, in normal play time
//! (§3.6); also `a=range` of a description.
//!
//! Does not know how long a clip is: the server answers with the range it plays.

use std::fmt;
use std::time::Duration;

use super::Invalid;
use super::message::decimal;
use crate::proto::http::headers::trim;

/// A range in one unit or another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Range {
    /// Seconds from the start of the stream.
    Npt(NptRange),
    /// `clock`, `smpte` or another unit, which is not served: 457.
    Other(String),
}

/// A range in normal play time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NptRange {
    /// Where it starts.
    pub start: NptStart,
    /// Where it ends; none is the end of the stream, or never.
    pub end: Option<Duration>,
}

/// Where a range starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NptStart {
    /// Here in the stream.
    At(Duration),
    /// At the live picture.
    Now,
    /// Where the stream stands: only the end is given.
    Unstated,
}

impl Range {
    /// Parses `npt=start-[end]`, `npt=-end`, or the name of another unit.
    ///
    /// A `;time=` behind it is passed over: when to start is now.
    ///
    /// # Errors
    ///
    /// [`Invalid`] if there is no unit, a time is none, or the range ends
    /// before it starts; a server answers 457.
    pub fn parse(value: &str) -> Result<Self, Invalid> {
        let range = value.split(';').next().unwrap_or_default();
        // Some servers write `npt:` in descriptions.
        let equals = range.find(['=', ':']).ok_or(Invalid::new(0, "ranges-specifier"))?;
        let unit = trim(&range[..equals]);
        if !unit.eq_ignore_ascii_case("npt") {
            return Ok(Self::Other(unit.to_owned()));
        }
        let at = equals + 1;
        npt_range(&range[at..]).map(Self::Npt).ok_or(Invalid::new(at, "npt-range"))
    }

    /// From here to the end.
    pub const fn from(start: Duration) -> Self {
        Self::Npt(NptRange { start: NptStart::At(start), end: None })
    }

    /// From here to there.
    pub const fn between(start: Duration, end: Duration) -> Self {
        Self::Npt(NptRange { start: NptStart::At(start), end: Some(end) })
    }

    /// The live picture, without an end.
    pub const fn now() -> Self {
        Self::Npt(NptRange { start: NptStart::Now, end: None })
    }
}

/// As in the field.
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let range = match self {
            Self::Other(unit) => return write!(f, "{unit}="),
            Self::Npt(range) => range,
        };
        f.write_str("npt=")?;
        match range.start {
            NptStart::At(start) => write!(f, "{}", Seconds(start))?,
            NptStart::Now => f.write_str("now")?,
            NptStart::Unstated => {}
        }
        f.write_str("-")?;
        range.end.map_or(Ok(()), |end| write!(f, "{}", Seconds(end)))
    }
}

/// Seconds with as many digits behind the point as are needed.
struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.subsec_nanos() {
            0 => write!(f, "{}", self.0.as_secs()),
            nanos => {
                let fraction = format!("{nanos:09}");
                write!(f, "{}.{}", self.0.as_secs(), fraction.trim_end_matches('0'))
            }
        }
    }
}

fn npt_range(text: &str) -> Option<NptRange> {
    let (start, end) = text.split_once('-')?;
    let (start, end) = (trim(start), trim(end));
    let start = match start {
        "" => NptStart::Unstated,
        "now" => NptStart::Now,
        time => NptStart::At(npt_time(time)?),
    };
    let end = match end {
        "" | "now" => None,
        time => Some(npt_time(time)?),
    };
    let is_range = match start {
        NptStart::At(from) => end.is_none_or(|end| from <= end),
        NptStart::Now => true,
        NptStart::Unstated => end.is_some(),
    };
    is_range.then_some(NptRange { start, end })
}

/// Reads `npt-sec` or `npt-hhmmss`. VLC writes a comma where its language has one.
fn npt_time(text: &str) -> Option<Duration> {
    let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let mut seconds: u64 = 0;
    let mut parts = 0;
    for part in whole.split(':') {
        let part: u64 = decimal::<u32>(part)?.into();
        parts += 1;
        seconds = seconds.checked_mul(60)?.checked_add(part)?;
    }
    let all_digits = fraction.bytes().all(|byte| byte.is_ascii_digit());
    if !matches!(parts, 1 | 3) || !all_digits {
        return None;
    }
    let nanos: String = fraction.chars().chain(std::iter::repeat('0')).take(9).collect();
    Some(Duration::new(seconds, nanos.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn ranges_are_read_and_written() {
        for (text, range) in [
            ("npt=now-", Range::now()),
            ("npt=0-", Range::from(ms(0))),
            ("npt=12.5-20", Range::between(ms(12_500), ms(20_000))),
            ("npt=3600.000000001-", Range::from(Duration::new(3600, 1))),
        ] {
            assert_eq!((Range::parse(text), range.to_string().as_str()), (Ok(range), text));
        }
        let end = NptRange { start: NptStart::Unstated, end: Some(ms(20_000)) };
        assert_eq!(Range::parse("npt=-20"), Ok(Range::Npt(end)));
        assert_eq!(Range::Npt(end).to_string(), "npt=-20");
    }

    #[test]
    fn what_players_send_is_understood() {
        for text in ["npt=0.000-", "npt=0,000-", "npt = 0 - ", "npt:0-", "npt=0-now", "NPT=0-"] {
            assert_eq!(Range::parse(text), Ok(Range::from(ms(0))), "{text}");
        }
        assert_eq!(Range::parse("npt=0:01:02.5-"), Ok(Range::from(ms(62_500))));
        assert_eq!(Range::parse("npt=5-;time=19970123T143720Z"), Ok(Range::from(ms(5000))));
        // Past the ninth digit nothing can be told apart.
        let long = Range::from(Duration::new(1, 123_456_789));
        assert_eq!(Range::parse("npt=1.1234567899999-"), Ok(long));
    }

    #[test]
    fn other_units_are_named() {
        for unit in ["clock", "smpte", "smpte-30-drop"] {
            let range = Range::parse(&format!("{unit}=10:07:00-10:07:33"));
            assert_eq!(range, Ok(Range::Other(unit.to_owned())));
        }
    }

    #[test]
    fn what_is_no_range_is_refused() {
        assert_eq!(Range::parse("").unwrap_err(), Invalid::new(0, "ranges-specifier"));
        for range in ["", "-", "5", "20-12.5", "1:2-", "a-", "-1-2", "1e3-", "+1-", "1.5.5-"] {
            let found = Range::parse(&format!("npt={range}"));
            assert_eq!(found, Err(Invalid::new(4, "npt-range")), "{range}");
        }
        assert!(Range::parse("npt=4294967295:00:00-").is_ok());
        assert!(Range::parse("npt=4294967296-").is_err());
    }
}
