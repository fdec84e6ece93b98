//! What manifests say, and subtitles.

use std::fs;

use super::{Bench, FRAGMENTS, H264};

/// An attribute of a line of a playlist.
fn attribute(line: &str, name: &str) -> Option<u64> {
    let (_, rest) = line.split_once(&format!("{name}="))?;
    rest.split(',').next()?.parse().ok()
}

#[test]
fn a_variants_rates_are_those_of_its_files() {
    let bench = Bench::new();
    // Noise for a while: the rate is not even.
    let source = "-f lavfi -i testsrc2=s=320x180:r=25:d=20 -f lavfi -i sine=r=48000:d=20";
    let film = bench.film(
        "film.mp4",
        &format!(
            "{source} -vf noise=alls=80:allf=t:enable='between(t,8,12)' {H264} -c:a aac {FRAGMENTS}"
        ),
    );
    let packaged = bench.package(&[&film], &[]);
    let rates = ["video-1", "audio-1"].map(|name| {
        let track = packaged.track(name);
        let rate =
            |bytes: u64, lasts: u64| bytes as f64 * 8.0 * track.timescale as f64 / lasts as f64;
        let lengths = track.lengths();
        // All segments but a short last one are of half the target at least, alone or in a row.
        let even =
            track.segments.iter().zip(&lengths).filter(|(_, lasts)| **lasts >= 2 * track.timescale);
        let peak = even.map(|(segment, lasts)| rate(segment.bytes, *lasts)).fold(0.0, f64::max);
        let bytes = track.segments.iter().map(|segment| segment.bytes).sum();
        (peak, rate(bytes, lengths.iter().sum()))
    });
    let master = packaged.text("master.m3u8");
    let line = master.lines().find(|line| line.starts_with("#EXT-X-STREAM-INF")).expect("one");
    let peak = attribute(line, ":BANDWIDTH").expect("a peak") as f64;
    let mean = attribute(line, "AVERAGE-BANDWIDTH").expect("a mean") as f64;
    assert!((peak - rates[0].0 - rates[1].0).abs() < 5.0, "{peak} {rates:?}");
    assert!((mean - rates[0].1 - rates[1].1).abs() < 5.0, "{mean} {rates:?}");
    assert!(peak > mean * 1.5, "the noise is in it: {peak} {mean}");
    assert!(line.contains("RESOLUTION=320x180") && line.contains("FRAME-RATE=25.000"), "{line}");
    let profile = packaged.mpd();
    let codecs =
        profile.split("codecs=\"avc1.").nth(1).expect("codecs").get(..6).expect("six digits");
    assert!(line.contains(&format!("CODECS=\"avc1.{codecs},mp4a.40.2\"")), "{line}");
}

#[test]
fn subtitles_go_in_pieces_with_the_films_own_clock_and_whole() {
    let bench = Bench::new();
    let film = bench.usual("film.mp4", 17.0, "");
    let vtt = "WEBVTT\n\nintro\n00:01.000 --> 00:02.000 line:0\nFirst\n\n\
               00:03.500 --> 00:04.500\nOver a cut\n\n00:12.500 --> 00:13.000\nLate\n";
    let german = bench.scratch.write("film.de.vtt", vtt.as_bytes());
    let packaged = bench.package(&[&film, &german], &[]);
    let pieces: Vec<_> =
        (1..=5).map(|number| packaged.text(&format!("text-1/{number}.vtt"))).collect();
    for (piece, cues) in pieces.iter().zip([2, 1, 0, 1, 0]) {
        assert!(piece.starts_with("WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\n"));
        assert_eq!(piece.matches("-->").count(), cues, "{piece}");
    }
    let cue = "00:00:03.500 --> 00:00:04.500\nOver a cut\n";
    assert!(pieces[0].contains(cue) && pieces[1].contains(cue), "in both, at its own time");
    assert!(pieces[0].contains("intro\n00:00:01.000 --> 00:00:02.000 line:0\nFirst\n"));
    let list = packaged.text("text-1/index.m3u8");
    assert_eq!(list.matches("#EXTINF:4.000000,").count(), 4, "{list}");
    let master = packaged.text("master.m3u8");
    assert!(
        master.contains("TYPE=SUBTITLES,GROUP-ID=\"text\",NAME=\"de\",LANGUAGE=\"de\""),
        "{master}"
    );
    assert!(master.contains("SUBTITLES=\"text\"\n"), "{master}");
    let mpd = packaged.mpd();
    assert!(
        mpd.contains("mimeType=\"text/vtt\" lang=\"de\"") && mpd.contains("text-1/all.vtt"),
        "{mpd}"
    );
    assert_eq!(packaged.text("text-1/all.vtt").matches("-->").count(), 3);
}

#[test]
fn nothing_lies_in_the_folder_but_what_manifests_name() {
    let bench = Bench::new();
    let film = bench.usual("film.mp4", 9.0, "");
    let vtt = bench.scratch.write("film.vtt", b"WEBVTT\n");
    let packaged = bench.package(&[&film, &vtt], &[]);
    let mut named = vec!["master.m3u8".to_owned(), "stream.mpd".to_owned()];
    for track in ["audio-1", "text-1", "video-1"] {
        let list = packaged.text(&format!("{track}/index.m3u8"));
        named.push(format!("{track}/index.m3u8"));
        let files = list.lines().filter(|line| !line.starts_with('#'));
        named.extend(files.map(|file| format!("{track}/{file}")));
        named.push(format!("{track}/{}", if track == "text-1" { "all.vtt" } else { "init.mp4" }));
    }
    named.sort();
    let mut found = Vec::new();
    for entry in
        fs::read_dir(&packaged.folder).expect("it is there").map(|entry| entry.expect("one"))
    {
        let name = entry.file_name().into_string().expect("text");
        match fs::read_dir(entry.path()) {
            Ok(inner) => found.extend(inner.map(|inner| {
                format!("{name}/{}", inner.expect("one").file_name().into_string().expect("text"))
            })),
            Err(_) => found.push(name),
        }
    }
    found.sort();
    assert_eq!(found, named);
}

#[test]
fn what_is_there_already_stays() {
    let bench = Bench::new();
    let film = bench.usual("film.mp4", 4.0, "");
    let packaged = bench.package(&[&film], &[]);
    let before = packaged.mpd();
    let out = packaged.folder.to_str().expect("text");
    let mut command = crate::common::server::program();
    command.args(["library", "package", &film, "--out", out]);
    let ended =
        crate::common::program::Program::run(&mut command, "cargo build", crate::common::VERY_LONG);
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.contains("is there already"), "{}", ended.stderr);
    assert_eq!(packaged.mpd(), before);
}
