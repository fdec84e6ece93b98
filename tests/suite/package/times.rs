//! When samples are decoded and shown: what other packagers get wrong.

use std::path::Path;
use std::process::Command;

use super::track::units;
use super::{Bench, FRAGMENTS, H264, assert_plays_as};
use crate::common::VERY_LONG;
use crate::common::program::Program;

/// When each picture of a film is shown, in seconds from the first on.
fn shown(film: &Path) -> Vec<f64> {
    let mut command = Command::new("ffprobe");
    command.args(["-v", "error", "-select_streams", "v", "-show_entries", "packet=pts_time"]);
    command.args(["-of", "csv=p=0"]).arg(film);
    let ended = Program::run(&mut command, "scripts/setup test", VERY_LONG);
    let text = String::from_utf8(ended.stdout).expect("text");
    let time = |line: &str| line.trim_end_matches(',').parse::<f64>().ok();
    let mut times: Vec<_> = text.lines().filter_map(time).collect();
    times.sort_by(f64::total_cmp);
    let first = times[0];
    times.into_iter().map(|time| time - first).collect()
}

#[test]
fn pictures_before_others_are_shown_from_where_they_are_decoded() {
    let bench = Bench::new();
    let film = bench.usual("film.mp4", 13.2, FRAGMENTS);
    let packaged = bench.package(&[&film], &[]);
    assert_plays_as(&packaged, &film);
    let video = packaged.track("video-1");
    assert_eq!(video.edit(), None);
    assert!(
        video.samples().any(|sample| sample.offset < 0),
        "some are shown before they are decoded"
    );
    assert_eq!(
        video.lengths(),
        [4, 4, 4, 1].map(|of| of * 12_800).map(|of| if of == 12_800 { 15_360 } else { of })
    );
    for segment in &video.segments {
        let shown = segment.shown();
        assert_eq!(shown.iter().min(), Some(&(segment.decoded as i64)));
        assert_eq!(shown[0], segment.decoded as i64, "the first is shown first");
        let first = units(&segment.samples[0].data);
        let slice = first.iter().map(|unit| unit & 0x1f).find(|unit| (1..=5).contains(unit));
        assert_eq!(slice, Some(5), "it is an IDR picture");
        assert!(segment.samples[0].is_sync);
    }
    let step = |pair: &[i64]| pair[1] - pair[0];
    assert!(video.shown().windows(2).all(|pair| step(pair) == 512), "each 25th of a second");
}

#[test]
fn what_an_encoder_of_sound_makes_first_is_said_and_not_heard() {
    let bench = Bench::new();
    // With tables, for they have the edit list that says so.
    let film = bench.usual("film.mp4", 9.0, "");
    let packaged = bench.package(&[&film], &[]);
    assert_plays_as(&packaged, &film);
    let [video, audio] = ["video-1", "audio-1"].map(|name| packaged.track(name));
    assert_eq!(audio.edit(), Some(1024));
    assert_eq!((video.segments[0].decoded, audio.segments[0].decoded), (0, 0));
    assert!(packaged.mpd().contains("timescale=\"48000\" presentationTimeOffset=\"1024\""));
    let groups = super::track::find(&audio.init, &["moov", "trak", "mdia", "minf", "stbl", "sgpd"]);
    assert_eq!(&groups.expect("groups")[4..], b"roll\0\0\0\x02\0\0\0\x01\xff\xff");
    for segment in &audio.segments {
        let group =
            super::track::find(&segment.file, &["moof", "traf", "sbgp"]).expect("it has one");
        assert_eq!(super::track::be(group, 12, 4) as usize, segment.samples.len());
    }
}

#[test]
fn a_copy_that_begins_in_the_middle_begins_with_its_first_picture() {
    let bench = Bench::new();
    let film = bench.usual("film.mp4", 9.0, "");
    for more in
        ["", "-movflags +cmaf", "-movflags +frag_keyframe+empty_moov+default_base_moof+delay_moov"]
    {
        let name = format!("cut{}.mp4", more.len());
        let cut = bench.film(&name, &format!("-ss 3.3 -i {film} -c copy {more}"));
        let packaged = bench.package(&[&cut], &[]);
        let [video, audio] = ["video-1", "audio-1"].map(|name| packaged.track(name));
        // From the key frame at 2 s on: that is all that the copy has.
        assert_eq!(video.samples().count(), 175, "{more}");
        // Sound lies where it lay beside the pictures: a frame of each, at most, off.
        let begins = audio.segments[0].decoded as f64 / 48_000.0;
        let begins = begins - audio.edit().unwrap_or(0) as f64 / 48_000.0;
        let video_begins = video.segments[0].decoded as f64 / video.timescale as f64;
        let seconds = audio.lasts() as f64 / 48_000.0;
        let ends = begins + seconds - video_begins;
        assert!((ends - 7.0).abs() < 0.09, "{more}: {begins} {video_begins} {seconds}");
    }
}

#[test]
fn sound_or_pictures_that_begin_late_do_so_by_their_times() {
    let bench = Bench::new();
    let sources = ["testsrc2=s=160x90:r=25:d=6", "sine=f=440:r=48000:d=6"];
    for (late, first) in [(1, "video-1"), (0, "audio-1")] {
        let offset = |at| if at == late { "-itsoffset 0.72" } else { "" };
        let inputs: Vec<_> = sources
            .iter()
            .enumerate()
            .map(|(at, source)| format!("{} -f lavfi -i {source}", offset(at)))
            .collect();
        // PCM's frames have no priming, and neither has FLAC's.
        let inputs = inputs.join(" ");
        // Nothing is repeated to fill the time before.
        let more = "-vsync passthrough -bf 0 -c:a flac -strict -2";
        let film = bench.film(&format!("late{late}.mp4"), &format!("{inputs} {H264} {more}"));
        let packaged = bench.package(&[&film], &["--segment", "2"]);
        let tracks = ["video-1", "audio-1"];
        for name in tracks {
            let track = packaged.track(name);
            let ms = track.segments[0].decoded * 1000 / track.timescale;
            assert_eq!(ms, if name == first { 0 } else { 720 }, "{name} with {late} late");
            assert_eq!(track.edit(), None);
        }
    }
}

#[test]
fn what_manifests_say_is_what_segments_last() {
    let bench = Bench::new();
    let sources = "-f lavfi -i testsrc2=s=160x90:r=30000/1001:d=21 -f lavfi -i sine=r=44100:d=21";
    let film = bench.film(
        "film.mp4",
        &format!("{sources} {H264} -force_key_frames expr:gte(t,n_forced*2) -c:a aac {FRAGMENTS}"),
    );
    let packaged = bench.package(&[&film], &[]);
    assert_plays_as(&packaged, &film);
    assert!(packaged.mpd().contains("frameRate=\"30000/1001\""), "{}", packaged.mpd());
    assert!(packaged.text("master.m3u8").contains("FRAME-RATE=29.970"));
    for name in ["video-1", "audio-1"] {
        let track = packaged.track(name);
        let list = packaged.text(&format!("{name}/index.m3u8"));
        let said = list.lines().filter_map(|line| line.strip_prefix("#EXTINF:"));
        let said: Vec<f64> =
            said.map(|said| said.trim_end_matches(',').parse().expect("a number")).collect();
        let ticks: Vec<f64> = said.iter().map(|said| said * track.timescale as f64).collect();
        assert_eq!(ticks.len(), track.segments.len());
        assert!((ticks.iter().sum::<f64>() - track.lasts() as f64).abs() < 1.0, "to one tick");
        let target = list.lines().find_map(|line| line.strip_prefix("#EXT-X-TARGETDURATION:"));
        let target: f64 = target.expect("one").parse().expect("a number");
        assert!(said.iter().all(|said| said.round() <= target), "{said:?}");
        let timeline: u64 = timeline(&packaged.mpd(), name).into_iter().sum();
        assert_eq!(timeline, track.lasts());
    }
}

/// The durations in a representation's timeline.
fn timeline(mpd: &str, name: &str) -> Vec<u64> {
    let (_, own) = mpd.split_once(&format!("<Representation id=\"{name}\"")).expect("it is there");
    let own = own.split("</Representation>").next().expect("its own");
    let mut lasts = Vec::new();
    for line in own.lines().filter(|line| line.trim_start().starts_with("<S ")) {
        let value = |name: &str| {
            let (_, rest) = line.split_once(&format!(" {name}=\""))?;
            rest.split('"').next()?.parse::<u64>().ok()
        };
        let again = value("r").unwrap_or(0);
        lasts.extend((0..=again).map(|_| value("d").expect("how long")));
    }
    lasts
}

#[test]
fn all_rungs_have_the_same_boundaries_and_sound_the_nearest() {
    let bench = Bench::new();
    let source = "-f lavfi -i testsrc2=s=640x360:r=25:d=14 -f lavfi -i sine=r=48000:d=17";
    let [large, small] = ["640x360", "320x180"].map(|size| {
        bench.film(&format!("{size}.mp4"), &format!("{source} -map 0 {H264} -s {size} {FRAGMENTS}"))
    });
    let sound = bench.film("sound.mp4", &format!("{source} -map 1 -c:a aac {FRAGMENTS}"));
    let packaged = bench.package(&[&large, &sound, &small], &[]);
    let [first, second, audio] = ["video-1", "video-2", "audio-1"].map(|name| packaged.track(name));
    let begins = |track: &super::Track| -> Vec<u64> {
        track.segments.iter().map(|segment| segment.decoded).collect()
    };
    assert_eq!(begins(&first), begins(&second));
    let master = packaged.text("master.m3u8");
    let (small, large) = (master.find("RESOLUTION=320x180"), master.find("RESOLUTION=640x360"));
    assert!(small < large && small.is_some(), "the smallest first: {master}");
    // Behind the last picture sound goes on, in segments of its own.
    assert_eq!(audio.segments.len(), first.segments.len() + 1);
    let film_begins = first.segments[0].decoded as f64 / 12_800.0;
    for (video, sound) in first.segments.iter().zip(&audio.segments).skip(1) {
        let apart = video.decoded as f64 / 12_800.0 - sound.decoded as f64 / 48_000.0;
        assert!(apart.abs() <= 0.0107 + film_begins, "half a packet at most: {apart}");
    }
}

#[test]
fn a_variable_rate_keeps_its_times() {
    let bench = Bench::new();
    let source = "-f lavfi -i testsrc2=s=160x90:r=60:d=9";
    let film = bench.film(
        "film.mp4",
        &format!(
            "{source} -vf select='not(mod(n,7))+not(mod(n,11))' -vsync vfr {H264} \
             -force_key_frames expr:gte(t,n_forced*2) {FRAGMENTS}"
        ),
    );
    let packaged = bench.package(&[&film], &[]);
    assert_plays_as(&packaged, &film);
    let video = packaged.track("video-1");
    let own = video.shown();
    let own = own.iter().map(|shown| (shown - own[0]) as f64 / video.timescale as f64);
    let theirs = shown(Path::new(&film));
    assert_eq!(own.len(), theirs.len());
    for (own, theirs) in own.zip(theirs) {
        assert!((own - theirs).abs() < 1e-5, "{own} {theirs}");
    }
}
