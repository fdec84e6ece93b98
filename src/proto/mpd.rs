//! DASH manifests (ISO 23009-1, 5th edition): a film that is all there.

use std::fmt::Write;

use super::base64::base64;
use super::cenc::{COMMON_SYSTEM, Protection};
use super::fmp4::entry::Looks;
use super::presentation::{Presentation, Rendition, Text, common, language};

/// Writes a manifest, as it lies beside its renditions' folders.
pub fn write(film: &Presentation) -> String {
    let mut mpd = String::new();
    let lasts = seconds(film.lasts_us());
    let _ = writeln!(
        mpd,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" xmlns:cenc=\"urn:mpeg:cenc:2013\"\n  \
         profiles=\"{PROFILES}\" type=\"static\"\n  \
         mediaPresentationDuration=\"PT{lasts}S\" minBufferTime=\"PT{}S\">\n \
         <Period id=\"1\" start=\"PT0S\" duration=\"PT{lasts}S\">",
        seconds(film.longest_us())
    );
    let mut id = 0;
    for group in families(&film.videos) {
        id += 1;
        pictures(&mut mpd, id, &group, film.protection.as_ref());
    }
    for audio in &film.audios {
        id += 1;
        sound(&mut mpd, id, audio, film.protection.as_ref());
    }
    for subtitles in &film.texts {
        id += 1;
        text(&mut mpd, id, subtitles, film.lasts_us());
    }
    mpd.push_str(" </Period>\n</MPD>\n");
    mpd
}

/// Pictures between which a player may change without another decoder.
fn families(videos: &[Rendition]) -> Vec<Vec<&Rendition>> {
    let family = |video: &Rendition| (video.codecs.get(..4).map(str::to_owned), video.is_secret);
    let mut families: Vec<Vec<&Rendition>> = Vec::new();
    for video in videos {
        match families.iter_mut().find(|known| family(known[0]) == family(video)) {
            Some(known) => known.push(video),
            None => families.push(vec![video]),
        }
    }
    families
}

fn pictures(mpd: &mut String, id: u32, group: &[&Rendition], protection: Option<&Protection>) {
    let _ = writeln!(
        mpd,
        "  <AdaptationSet id=\"{id}\" contentType=\"video\" mimeType=\"video/mp4\" \
         segmentAlignment=\"true\" startWithSAP=\"1\">"
    );
    if group[0].is_secret {
        secret(mpd, protection);
    }
    mpd.push_str("   <Role schemeIdUri=\"urn:mpeg:dash:role:2011\" value=\"main\"/>\n");
    for video in group {
        let Looks::Picture { width, height, pixel, .. } = video.looks else { continue };
        let (rate, of) = video.frame_rate();
        let rate = if of == 1 { rate.to_string() } else { format!("{rate}/{of}") };
        let shape = common(pixel.0.into(), pixel.1.into()).max(1);
        let shape = (u64::from(pixel.0) / shape, u64::from(pixel.1) / shape);
        let _ = writeln!(
            mpd,
            "   <Representation id=\"{}\" bandwidth=\"{}\" codecs=\"{}\" width=\"{width}\" \
             height=\"{height}\" frameRate=\"{rate}\" sar=\"{}:{}\">",
            video.folder,
            video.peak_bits_per_sec(),
            video.codecs,
            shape.0,
            shape.1
        );
        template(mpd, video);
        mpd.push_str("   </Representation>\n");
    }
    mpd.push_str("  </AdaptationSet>\n");
}

fn sound(mpd: &mut String, id: u32, audio: &Rendition, protection: Option<&Protection>) {
    let Looks::Sound { channels, rate } = audio.looks else { return };
    let _ = writeln!(
        mpd,
        "  <AdaptationSet id=\"{id}\" contentType=\"audio\" mimeType=\"audio/mp4\" lang=\"{}\" \
         segmentAlignment=\"true\" startWithSAP=\"1\">\n   \
         <AudioChannelConfiguration \
         schemeIdUri=\"urn:mpeg:dash:23003:3:audio_channel_configuration:2011\" value=\"{channels}\"/>",
        language(&audio.language)
    );
    if audio.is_secret {
        secret(mpd, protection);
    }
    let role = if audio.is_default { "main" } else { "alternate" };
    let _ = writeln!(
        mpd,
        "   <Role schemeIdUri=\"urn:mpeg:dash:role:2011\" value=\"{role}\"/>\n   \
         <Representation id=\"{}\" bandwidth=\"{}\" codecs=\"{}\" audioSamplingRate=\"{rate}\">",
        audio.folder,
        audio.peak_bits_per_sec(),
        audio.codecs
    );
    template(mpd, audio);
    mpd.push_str("   </Representation>\n  </AdaptationSet>\n");
}

fn text(mpd: &mut String, id: u32, text: &Text, lasts_us: u64) {
    let bandwidth = text.bytes.saturating_mul(8_000_000) / lasts_us.max(1) + 1;
    let _ = writeln!(
        mpd,
        "  <AdaptationSet id=\"{id}\" contentType=\"text\" mimeType=\"text/vtt\" lang=\"{}\">\n   \
         <Role schemeIdUri=\"urn:mpeg:dash:role:2011\" value=\"subtitle\"/>\n   \
         <Representation id=\"{folder}\" bandwidth=\"{bandwidth}\">\n    \
         <BaseURL>{folder}/all.vtt</BaseURL>\n   \
         </Representation>\n  </AdaptationSet>",
        language(&text.language),
        folder = text.folder,
    );
}

/// What a player must know to ask for the key (§5.8.4.1).
fn secret(mpd: &mut String, protection: Option<&Protection>) {
    let Some(protection) = protection else { return };
    let _ = writeln!(
        mpd,
        "   <ContentProtection schemeIdUri=\"urn:mpeg:dash:mp4protection:2011\" value=\"{}\" \
         cenc:default_KID=\"{}\"/>\n   \
         <ContentProtection schemeIdUri=\"urn:uuid:{}\">\n    \
         <cenc:pssh>{}</cenc:pssh>\n   </ContentProtection>",
        protection.scheme.name(),
        uuid(&protection.key_id),
        uuid(&COMMON_SYSTEM),
        base64(&protection.pssh())
    );
}

/// A manifest as [`write()`] has it, of the same film in clear.
pub fn without_protection(mpd: &str) -> String {
    let mut kept = String::with_capacity(mpd.len());
    let mut is_within = false;
    for line in mpd.split_inclusive('\n') {
        let said = line.trim();
        let begins = said.starts_with("<ContentProtection");
        if !begins && !is_within {
            kept.push_str(line);
        }
        is_within =
            (is_within || (begins && !said.ends_with("/>"))) && said != "</ContentProtection>";
    }
    kept
}

fn uuid(bytes: &[u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if [4, 6, 8, 10].contains(&at) {
            text.push('-');
        }
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn template(mpd: &mut String, rendition: &Rendition) {
    let folder = &rendition.folder;
    let offset = match rendition.priming {
        0 => String::new(),
        units => format!(" presentationTimeOffset=\"{units}\""),
    };
    let _ = writeln!(
        mpd,
        "    <SegmentTemplate timescale=\"{}\"{offset} startNumber=\"1\" \
         initialization=\"{folder}/init.mp4\" media=\"{folder}/$Number$.m4s\">\n     \
         <SegmentTimeline>",
        rendition.timescale
    );
    let mut first = Some(rendition.start);
    for run in rendition.segments.chunk_by(|a, b| a.lasts == b.lasts) {
        let at = first.take().map_or(String::new(), |at| format!(" t=\"{at}\""));
        let again = if run.len() > 1 { format!(" r=\"{}\"", run.len() - 1) } else { String::new() };
        let _ = writeln!(mpd, "      <S{at} d=\"{}\"{again}/>", run[0].lasts);
    }
    mpd.push_str("     </SegmentTimeline>\n    </SegmentTemplate>\n");
}

fn seconds(us: u64) -> String {
    format!("{}.{:06}", us / 1_000_000, us % 1_000_000)
}

const PROFILES: &str = "urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019";

#[cfg(test)]
mod tests {
    use super::super::presentation::tests::video;
    use super::*;

    #[test]
    fn a_timeline_says_even_segments_once() {
        let film = Presentation {
            videos: vec![video(&[(4, 1), (4, 2), (3, 3)])],
            ..Presentation::default()
        };
        let mpd = write(&film);
        assert!(mpd.contains("mediaPresentationDuration=\"PT11.000000S\""), "{mpd}");
        assert!(mpd.contains("<S t=\"0\" d=\"100\" r=\"1\"/>\n      <S d=\"75\"/>"), "{mpd}");
        assert!(!mpd.contains("ContentProtection"));
    }

    #[test]
    fn of_what_is_decrypted_nothing_is_said_of_a_key() {
        use super::super::cenc::{Key, Scheme};
        let key = Key::parse("8723bd20a19f58a740c05684e699b4aa").unwrap();
        let protection =
            Protection { scheme: Scheme::Cbcs, key, key_id: [1; 16], constant_iv: [2; 16] };
        let mut secret = video(&[(4, 1)]);
        secret.is_secret = true;
        let of = |protection, video| {
            write(&Presentation { videos: vec![video], protection, ..Presentation::default() })
        };
        let in_clear = without_protection(&of(Some(protection), secret));
        assert_eq!(in_clear, of(None, video(&[(4, 1)])));
        assert_eq!(without_protection(&in_clear), in_clear);
    }

    #[test]
    fn a_key_is_named_and_never_told() {
        use super::super::cenc::{Key, Scheme};
        let mut secret = video(&[(4, 1)]);
        secret.is_secret = true;
        let key = Key::parse("8723bd20a19f58a740c05684e699b4aa").unwrap();
        let protection = Protection {
            scheme: Scheme::Cbcs,
            key,
            key_id: Key::parse("a16e402b9056e371f36d348aa62bb749").unwrap().0,
            constant_iv: [1; 16],
        };
        let film = Presentation {
            videos: vec![video(&[(4, 1)]), secret],
            protection: Some(protection),
            ..Presentation::default()
        };
        let mpd = write(&film);
        assert!(mpd.contains("cenc:default_KID=\"a16e402b-9056-e371-f36d-348aa62bb749\""), "{mpd}");
        assert_eq!(mpd.matches("<AdaptationSet").count(), 2, "what is secret stands apart");
        assert_eq!(mpd.matches("value=\"cbcs\"").count(), 1);
        assert!(!mpd.contains("8723bd20") && !mpd.contains("hyN9IKGfWKdAwFaE5pm0q"));
    }
}
