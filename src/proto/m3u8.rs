//! HLS playlists (RFC 8216bis): a film that is all there.

use std::fmt::Write;

use super::base64::base64;
use super::cenc::{Protection, Scheme};
use super::fmp4::entry::{Looks, Range};
use super::presentation::{Presentation, Rendition, Text, language};

/// Writes the playlist that names all others, as it lies beside their folders.
pub fn master(film: &Presentation) -> String {
    let mut list = String::from("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n");
    let groups = groups(&film.audios);
    let is_sound_alone = film.videos.is_empty();
    if !is_sound_alone || film.audios.len() > 1 {
        groups.iter().for_each(|(name, audios)| sounds(&mut list, name, audios));
    }
    texts(&mut list, &film.texts);
    let has_texts = !film.texts.is_empty();
    if is_sound_alone {
        for (name, audios) in &groups {
            let name = (film.audios.len() > 1).then_some(name.as_str());
            variant(&mut list, audios[0], (name, &audios[..1]), has_texts);
        }
    }
    for video in &film.videos {
        if groups.is_empty() {
            variant(&mut list, video, (None, &[]), has_texts);
        }
        for (name, audios) in &groups {
            variant(&mut list, video, (Some(name), audios), has_texts);
        }
    }
    list
}

/// Sound by its codec: a variant plays one of its group, and says which codecs it needs.
fn groups(audios: &[Rendition]) -> Vec<(String, Vec<&Rendition>)> {
    let mut groups: Vec<(String, Vec<&Rendition>)> = Vec::new();
    for audio in audios {
        match groups.iter_mut().find(|(_, known)| known[0].codecs == audio.codecs) {
            Some((_, known)) => known.push(audio),
            None => groups.push((format!("audio-{}", groups.len() + 1), vec![audio])),
        }
    }
    groups
}

fn sounds(list: &mut String, group: &str, audios: &[&Rendition]) {
    let first_default = audios.iter().position(|audio| audio.is_default).unwrap_or(0);
    for (at, audio) in audios.iter().enumerate() {
        let tongue = language(&audio.language);
        let is_first = audios[..at].iter().all(|other| other.language != audio.language);
        let name = if is_first { tongue.to_owned() } else { format!("{tongue} {}", at + 1) };
        let yes = if at == first_default { "YES" } else { "NO" };
        let channels = match audio.looks {
            Looks::Sound { channels, .. } => channels,
            Looks::Picture { .. } => 2,
        };
        let _ = writeln!(
            list,
            "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"{group}\",NAME=\"{name}\",LANGUAGE=\"{tongue}\",\
             DEFAULT={yes},AUTOSELECT=YES,CHANNELS=\"{channels}\",URI=\"{}/index.m3u8\"",
            audio.folder
        );
    }
}

fn texts(list: &mut String, texts: &[Text]) {
    for (at, text) in texts.iter().enumerate() {
        let tongue = language(&text.language);
        let is_first = texts[..at].iter().all(|other| other.language != text.language);
        let name = if is_first { tongue.to_owned() } else { format!("{tongue} {}", at + 1) };
        let _ = writeln!(
            list,
            "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"text\",NAME=\"{name}\",LANGUAGE=\"{tongue}\",\
             DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,URI=\"{}/index.m3u8\"",
            text.folder
        );
    }
}

fn variant(
    list: &mut String,
    own: &Rendition,
    (group, audios): (Option<&str>, &[&Rendition]),
    has_texts: bool,
) {
    let others = || audios.iter().filter(|audio| audio.folder != own.folder);
    let most = |rate: fn(&Rendition) -> u64| {
        rate(own) + others().map(|audio| rate(audio)).max().unwrap_or(0)
    };
    let codecs = match others().next() {
        Some(audio) => format!("{},{}", own.codecs, audio.codecs),
        None => own.codecs.clone(),
    };
    let _ = write!(
        list,
        "#EXT-X-STREAM-INF:BANDWIDTH={},AVERAGE-BANDWIDTH={},CODECS=\"{codecs}\"",
        most(Rendition::peak_bits_per_sec),
        most(Rendition::mean_bits_per_sec)
    );
    if let Looks::Picture { width, height, range, .. } = own.looks {
        let (rate, of) = own.frame_rate();
        let range = match range {
            Range::Sdr => "SDR",
            Range::Pq => "PQ",
            Range::Hlg => "HLG",
        };
        let _ = write!(
            list,
            ",RESOLUTION={width}x{height},FRAME-RATE={:.3},VIDEO-RANGE={range}",
            rate as f64 / of as f64
        );
    }
    if let Some(group) = group {
        let _ = write!(list, ",AUDIO=\"{group}\"");
    }
    if has_texts {
        list.push_str(",SUBTITLES=\"text\"");
    }
    let _ = writeln!(list, "\n{}/index.m3u8", own.folder);
}

/// Writes a rendition's playlist, as it lies in its folder.
pub fn media(rendition: &Rendition, protection: Option<&Protection>) -> String {
    let mut list = head(rendition.longest_us());
    if let Some(protection) = protection.filter(|_| rendition.is_secret) {
        key(&mut list, protection);
    }
    list.push_str("#EXT-X-MAP:URI=\"init.mp4\"\n");
    let mut end = 0;
    for (at, segment) in rendition.segments.iter().enumerate() {
        // Rounded where it ends, so that what all of them say is what they last together.
        let begin = rendition.us(end);
        end += segment.lasts;
        piece(&mut list, rendition.us(end) - begin, &format!("{}.m4s", at + 1));
    }
    list.push_str("#EXT-X-ENDLIST\n");
    list
}

/// Writes the playlist of subtitles, as it lies in their folder.
pub fn subtitles(text: &Text) -> String {
    let mut list = head(text.pieces.iter().copied().max().unwrap_or(0));
    for (at, lasts_us) in text.pieces.iter().enumerate() {
        piece(&mut list, *lasts_us, &format!("{}.vtt", at + 1));
    }
    list.push_str("#EXT-X-ENDLIST\n");
    list
}

fn head(longest_us: u64) -> String {
    // No segment, rounded to the nearest second, is longer.
    let target = ((longest_us + 500_000) / 1_000_000).max(1);
    format!(
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:{target}\n\
         #EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-INDEPENDENT-SEGMENTS\n"
    )
}

/// The key's name in the place of an address: who has the key knows it by that.
fn key(list: &mut String, protection: &Protection) {
    let method = match protection.scheme {
        Scheme::Cbcs => "SAMPLE-AES",
        Scheme::Cenc => "SAMPLE-AES-CTR",
    };
    let hex: String = protection.key_id.iter().map(|byte| format!("{byte:02x}")).collect();
    let _ = writeln!(
        list,
        "#EXT-X-KEY:METHOD={method},URI=\"data:text/plain;base64,{}\",KEYID=0x{hex},\
         KEYFORMAT=\"org.w3.clearkey\",KEYFORMATVERSIONS=\"1\"",
        base64(&protection.key_id)
    );
}

fn piece(list: &mut String, lasts_us: u64, name: &str) {
    let _ = writeln!(list, "#EXTINF:{}.{:06},\n{name}", lasts_us / 1_000_000, lasts_us % 1_000_000);
}

/// A playlist as it is written here, of the same film in clear.
pub fn without_keys(list: &str) -> String {
    let is_key =
        |line: &&str| line.starts_with("#EXT-X-KEY:") || line.starts_with("#EXT-X-SESSION-KEY:");
    list.split_inclusive('\n').filter(|line| !is_key(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::presentation::Segment;
    use super::super::presentation::tests::video;
    use super::*;

    #[test]
    fn what_segments_say_adds_up_to_what_they_last() {
        let mut odd = video(&[]);
        odd.timescale = 30_000;
        odd.segments = vec![Segment { lasts: 119_119, bytes: 1 }; 300];
        let list = media(&odd, None);
        let said = list.lines().filter_map(|line| line.strip_prefix("#EXTINF:"));
        let us = |said: &str| said.trim_end_matches(',').replace('.', "").parse::<u64>().unwrap();
        assert_eq!(said.map(us).sum::<u64>(), odd.us(300 * 119_119));
        assert!(list.contains("#EXT-X-TARGETDURATION:4\n"));
    }

    #[test]
    fn a_longest_segment_of_a_half_second_more_rounds_up() {
        let mut video = video(&[]);
        video.timescale = 10;
        video.segments = vec![Segment { lasts: 45, bytes: 1 }];
        assert!(media(&video, None).contains("#EXT-X-TARGETDURATION:5\n"));
        video.segments[0].lasts = 44;
        assert!(media(&video, None).contains("#EXT-X-TARGETDURATION:4\n"));
    }

    #[test]
    fn sound_of_each_codec_is_a_group_and_each_picture_has_all() {
        let mut sound = video(&[(4, 1000)]);
        sound.looks = Looks::Sound { channels: 2, rate: 48_000 };
        let audio = |folder: &str, codecs: &str, language: &str| Rendition {
            folder: folder.to_owned(),
            codecs: codecs.to_owned(),
            language: language.to_owned(),
            ..sound.clone()
        };
        let film = Presentation {
            videos: vec![video(&[(4, 4000)])],
            audios: vec![
                audio("audio-1", "mp4a.40.2", "eng"),
                audio("audio-2", "mp4a.40.2", "eng"),
                audio("audio-3", "opus", "deu"),
            ],
            ..Presentation::default()
        };
        let list = master(&film);
        assert_eq!(
            list.matches("#EXT-X-STREAM-INF:BANDWIDTH=10000,AVERAGE-BANDWIDTH=10000").count(),
            2
        );
        assert!(list.contains("CODECS=\"avc1.640028,opus\""), "{list}");
        assert!(list.contains("NAME=\"en 2\",LANGUAGE=\"en\",DEFAULT=NO"), "{list}");
        assert!(list.contains("RESOLUTION=640x360,FRAME-RATE=25.000,VIDEO-RANGE=SDR"), "{list}");
    }
}
