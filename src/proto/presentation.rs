//! What a packaged film is, as both sorts of manifest say it: [`super::mpd`] and [`super::m3u8`].

use super::cenc::Protection;
use super::fmp4::entry::Looks;

/// A film in segments.
#[derive(Debug, Clone, Default)]
pub struct Presentation {
    /// Pictures, the best last.
    pub videos: Vec<Rendition>,
    /// Sound.
    pub audios: Vec<Rendition>,
    /// Subtitles.
    pub texts: Vec<Text>,
    /// By what those are encrypted that are.
    pub protection: Option<Protection>,
}

/// One sort of pictures or sound.
#[derive(Debug, Clone)]
pub struct Rendition {
    /// The folder that it lies in.
    pub folder: String,
    /// Units in a second.
    pub timescale: u32,
    /// RFC 6381.
    pub codecs: String,
    /// Size and shape, or channels.
    pub looks: Looks,
    /// ISO 639-2.
    pub language: String,
    /// Whether it plays if nobody chooses.
    pub is_default: bool,
    /// When its first segment begins, in its units.
    pub start: u64,
    /// The unit of its own that is the film's beginning: what stands before is not heard.
    pub priming: u64,
    /// In order.
    pub segments: Vec<Segment>,
    /// Pictures or packets in all of them.
    pub samples: u64,
    /// How long each of them lasts, if all last the same.
    pub each_lasts: Option<u32>,
    /// Whether it is encrypted.
    pub is_secret: bool,
}

/// A piece of a rendition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// In its rendition's units.
    pub lasts: u64,
    /// Its file's length.
    pub bytes: u64,
}

/// Subtitles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The folder that they lie in.
    pub folder: String,
    /// As a file's name has it.
    pub language: String,
    /// How long each piece lasts, in microseconds.
    pub pieces: Vec<u64>,
    /// Bytes of all of it.
    pub bytes: u64,
}

impl Presentation {
    /// When its last rendition ends, in microseconds.
    pub fn lasts_us(&self) -> u64 {
        let all = self.videos.iter().chain(&self.audios);
        all.map(|rendition| rendition.us(rendition.end().saturating_sub(rendition.priming)))
            .max()
            .unwrap_or(0)
    }

    /// The longest segment, in microseconds.
    pub fn longest_us(&self) -> u64 {
        let all = self.videos.iter().chain(&self.audios);
        all.map(Rendition::longest_us).max().unwrap_or(0)
    }
}

impl Rendition {
    /// When its last segment ends, in its units.
    pub fn end(&self) -> u64 {
        self.start + self.segments.iter().map(|segment| segment.lasts).sum::<u64>()
    }

    /// Of its own units.
    pub fn us(&self, units: u64) -> u64 {
        us(units, self.timescale)
    }

    /// Its longest segment, in microseconds.
    pub fn longest_us(&self) -> u64 {
        self.segments.iter().map(|segment| self.us(segment.lasts)).max().unwrap_or(0)
    }

    /// Bits a second of the most that plays in a row for half to one and a half times the longest
    /// whole number of seconds (RFC 8216bis §4.4.6.2, `BANDWIDTH`).
    pub fn peak_bits_per_sec(&self) -> u64 {
        let target = self.longest_us().div_ceil(1_000_000) * 1_000_000;
        let mut peak = 0;
        for first in 0..self.segments.len() {
            let (mut bytes, mut lasts) = (0, 0);
            for segment in &self.segments[first..] {
                bytes += segment.bytes;
                lasts += segment.lasts;
                let us = self.us(lasts);
                if us * 2 > target * 3 {
                    break;
                }
                if us * 2 >= target {
                    peak = peak.max(rate(bytes, us));
                }
            }
        }
        if peak > 0 { peak } else { self.mean_bits_per_sec() }
    }

    /// Bits a second of all of it.
    pub fn mean_bits_per_sec(&self) -> u64 {
        let bytes = self.segments.iter().map(|segment| segment.bytes).sum();
        rate(bytes, self.us(self.end() - self.start))
    }

    /// Pictures a second as a fraction: exact if all last the same, else to a thousandth.
    pub fn frame_rate(&self) -> (u64, u64) {
        let (pictures, of) = match self.each_lasts {
            Some(lasts) if lasts > 0 => (u64::from(self.timescale), u64::from(lasts)),
            _ => {
                let us = self.us(self.end() - self.start).max(1);
                let of_thousand = u128::from(self.samples) * 1_000_000_000 / u128::from(us);
                (u64::try_from(of_thousand).unwrap_or(u64::MAX), 1000)
            }
        };
        let common = common(pictures, of).max(1);
        (pictures / common, of / common)
    }
}

/// Units of a timescale in microseconds, to the nearest.
pub fn us(units: u64, timescale: u32) -> u64 {
    let scale = u128::from(timescale.max(1));
    let us = (u128::from(units) * 1_000_000 + scale / 2) / scale;
    u64::try_from(us).unwrap_or(u64::MAX)
}

/// Bits a second, not less than it is.
fn rate(bytes: u64, us: u64) -> u64 {
    let rate = (u128::from(bytes) * 8_000_000).div_ceil(u128::from(us.max(1)));
    u64::try_from(rate).unwrap_or(u64::MAX)
}

/// The greatest common divisor.
pub(super) fn common(a: u64, b: u64) -> u64 {
    let (mut a, mut b) = (a, b);
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// A language as BCP 47 has it: the shorter name where there are two.
pub fn language(name: &str) -> &str {
    let known = SHORT.split(' ').filter_map(|pair| pair.split_once('='));
    known.into_iter().find(|(long, _)| *long == name).map_or(name, |(_, short)| short)
}

/// ISO 639-2, both sets, and ISO 639-1.
const SHORT: &str = "eng=en deu=de ger=de fra=fr fre=fr spa=es ita=it por=pt nld=nl dut=nl rus=ru jpn=ja \
     zho=zh chi=zh kor=ko ara=ar hin=hi pol=pl tur=tr swe=sv dan=da nor=no nob=nb fin=fi ces=cs cze=cs \
     slk=sk slo=sk hun=hu ron=ro rum=ro bul=bg ell=el gre=el heb=he ukr=uk hrv=hr srp=sr slv=sl est=et \
     lav=lv lit=lt cat=ca eus=eu baq=eu glg=gl isl=is ice=is gle=ga cym=cy wel=cy vie=vi tha=th ind=id \
     msa=ms may=ms fas=fa per=fa urd=ur ben=bn tam=ta tel=te lat=la epo=eo";

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::proto::fmp4::entry::Range;

    /// Pictures in segments of so many seconds and bytes.
    pub(in crate::proto) fn video(segments: &[(u64, u64)]) -> Rendition {
        let segment =
            |(seconds, bytes): &(u64, u64)| Segment { lasts: seconds * 25, bytes: *bytes };
        Rendition {
            folder: "video-1".to_owned(),
            timescale: 25,
            codecs: "avc1.640028".to_owned(),
            looks: Looks::Picture { width: 640, height: 360, pixel: (1, 1), range: Range::Sdr },
            language: "und".to_owned(),
            is_default: true,
            start: 0,
            priming: 0,
            segments: segments.iter().map(segment).collect(),
            samples: segments.iter().map(|(seconds, _)| seconds * 25).sum(),
            each_lasts: Some(1),
            is_secret: false,
        }
    }

    #[test]
    fn the_peak_leaves_out_what_is_too_short_to_be_felt() {
        assert_eq!(video(&[(4, 4000), (4, 8000), (1, 90_000)]).peak_bits_per_sec(), 156_800);
        assert_eq!(video(&[(4, 4000), (4, 8000)]).peak_bits_per_sec(), 16_000);
        assert_eq!(video(&[(4, 4000), (4, 8000)]).mean_bits_per_sec(), 12_000);
        assert_eq!(video(&[]).peak_bits_per_sec(), 0);
    }

    #[test]
    fn a_frame_rate_is_a_fraction_in_lowest_terms() {
        let mut video = video(&[(4, 1)]);
        assert_eq!(video.frame_rate(), (25, 1));
        (video.timescale, video.each_lasts) = (30_000, Some(1001));
        assert_eq!(video.frame_rate(), (30_000, 1001));
        (video.timescale, video.each_lasts) = (25, None);
        assert_eq!(video.frame_rate(), (25, 1));
    }

    #[test]
    fn languages_have_their_short_names() {
        assert_eq!(
            ["ger", "deu", "und", "en", "gsw"].map(language),
            ["de", "de", "und", "en", "gsw"]
        );
    }
}
