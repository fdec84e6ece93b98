//! What `livestream library encode` makes of videos, read again by ffmpeg.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use rustix::process::{Pid, Signal};
use serde_json::Value;

use crate::common::clip::Scratch;
use crate::common::film::{self, FPS, HEIGHT, WIDTH};
use crate::common::program::Program;
use crate::common::server::program;
use crate::common::{VERY_LONG, eventually_true};

const ADVICE: &str = "apt-get install ffmpeg";

fn encode(input: &str, out: &str) -> Output {
    program().args(["library", "encode", input, "--out", out]).output().expect("it starts")
}

/// Makes all of a video, and returns the report.
#[track_caller]
fn made(input: &str, out: &str) -> Value {
    let said = encode(input, out);
    assert!(said.status.success(), "{input}: {}", String::from_utf8_lossy(&said.stderr));
    let report = std::fs::read(format!("{out}/encoded.json")).expect("there is a report");
    serde_json::from_slice(&report).expect("it is JSON")
}

/// Runs ffmpeg or ffprobe, and returns what it prints.
#[track_caller]
fn tool(name: &str, words: &[&str]) -> Vec<u8> {
    let ended =
        Program::run(Command::new(name).args(["-v", "error"]).args(words), ADVICE, VERY_LONG);
    assert!(ended.status.success(), "{words:?}: {}", ended.stderr);
    ended.stdout
}

/// Makes a video by ffmpeg of these words, and returns its path.
#[track_caller]
fn video(folder: &Scratch, name: &str, words: &str) -> String {
    let path = format!("{}/{name}", folder.path());
    let words: Vec<&str> = words.split_whitespace().collect();
    tool("ffmpeg", &[&["-y"], &words[..], &[&path]].concat());
    path
}

/// The times of a picture's or a sound's packets in order of showing, in seconds, and of those that
/// it can be entered at.
fn times(path: &str, stream: &str) -> (Vec<String>, Vec<f64>) {
    let shown =
        ["-select_streams", stream, "-show_entries", "packet=pts_time,flags", "-of", "csv=p=0"];
    let said = String::from_utf8(tool("ffprobe", &[&shown[..], &[path]].concat())).expect("text");
    let mut lines: Vec<(f64, &str, bool)> = said
        .lines()
        .filter_map(|line| line.split_once(','))
        .map(|(time, flags)| (time.parse().expect("a time"), time, flags.starts_with('K')))
        .collect();
    lines.sort_by(|a, b| a.0.total_cmp(&b.0));
    let keys = lines.iter().filter(|line| line.2).map(|line| line.0).collect();
    (lines.iter().map(|line| line.1.to_owned()).collect(), keys)
}

/// One field of the first stream of this kind.
fn field(path: &str, stream: &str, name: &str) -> String {
    let entry = format!("stream={name}");
    let words = ["-select_streams", stream, "-show_entries", &entry, "-of", "csv=p=0", path];
    String::from_utf8(tool("ffprobe", &words)).expect("text").trim().to_owned()
}

#[test]
fn every_picture_is_there_once_and_at_its_time_across_the_seams() {
    let folder = Scratch::new();
    // Five pieces of the first rung.
    film::film(folder.path(), "film.webm", 47);
    let input = format!("{}/film.webm", folder.path());
    let out = format!("{}/out", folder.path());
    made(&input, &out);
    let joined = format!("{out}/90p.mp4");
    let raw =
        tool("ffmpeg", &["-i", &joined, "-f", "rawvideo", "-pix_fmt", "gray", "-vsync", "0", "-"]);
    let numbers: Vec<u32> = raw.chunks((WIDTH * HEIGHT) as usize).map(film::number).collect();
    assert_eq!(numbers, (0..47 * FPS).collect::<Vec<_>>());
    let (times_s, keys) = times(&joined, "v:0");
    let (of_source, _) = times(&input, "v:0");
    assert_eq!(times_s.len(), of_source.len());
    let start = |times: &[String]| times[0].parse::<f64>().expect("a time");
    for (made, source) in times_s.iter().zip(&of_source) {
        let (made, source): (f64, f64) =
            (made.parse().expect("a time"), source.parse().expect("a time"));
        let apart = (made - start(&times_s)) - (source - start(&of_source));
        assert!(apart.abs() < 0.000_1, "{made} for {source}");
    }
    assert_eq!(keys.len(), 24, "one each two seconds: {keys:?}");
}

#[test]
fn all_rungs_can_be_entered_at_the_same_times() {
    let folder = Scratch::new();
    let input = video(
        &folder,
        "film.mkv",
        "-f lavfi -i testsrc2=s=854x480:r=30000/1001:d=23 -c:v mpeg4 -q:v 5",
    );
    let out = format!("{}/out", folder.path());
    let report = made(&input, &out);
    let files: Vec<&str> = report["video"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|one| one["file"].as_str())
        .collect();
    assert_eq!(files, ["360p.mp4", "480p.mp4"]);
    let [small, large] =
        ["360p.mp4", "480p.mp4"].map(|file| times(&format!("{out}/{file}"), "v:0"));
    assert_eq!(small, large);
    for (number, key) in small.1.iter().enumerate() {
        let due = number as f64 * 2.0;
        assert!((due..due + 0.034).contains(key), "{key} for {due}");
    }
    assert_eq!(small.1.len(), 12);
}

/// A video, what it has to become, and what ffprobe is asked of that.
struct Case {
    name: &'static str,
    words: &'static str,
    file: &'static str,
    fields: &'static [(&'static str, &'static str)],
}

const CASES: [Case; 9] = [
    Case {
        name: "odd.mkv",
        words: "-f lavfi -i testsrc2=s=721x405:r=25:d=2 -c:v ffv1",
        file: "360p.mp4",
        fields: &[("width", "640"), ("height", "360"), ("sample_aspect_ratio", "1:1")],
    },
    Case {
        name: "wide_pixels.mpg",
        words: "-f lavfi -i testsrc2=s=720x576:r=25:d=2 -vf setsar=64/45 -c:v mpeg2video -q:v 5",
        file: "576p.mp4",
        fields: &[("width", "1024"), ("height", "576"), ("sample_aspect_ratio", "1:1")],
    },
    Case {
        name: "interlaced.mpg",
        words: "-f lavfi -i testsrc2=s=720x576:r=25:d=2 -vf setfield=tff -flags +ilme+ildct \
                -c:v mpeg2video -q:v 5",
        file: "576p.mp4",
        fields: &[("field_order", "progressive")],
    },
    Case {
        name: "high_range.mp4",
        words: "-f lavfi -i testsrc2=s=640x360:r=25:d=2 -pix_fmt yuv420p10le -c:v libx265 -x265-params \
                log-level=none:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc",
        file: "360p.mp4",
        fields: &[
            ("pix_fmt", "yuv420p"),
            ("color_transfer", "bt709"),
            ("color_primaries", "bt709"),
        ],
    },
    Case {
        name: "fine_colour.mov",
        words: "-f lavfi -i testsrc2=s=640x360:r=25:d=2 -pix_fmt yuv422p -c:v libx264",
        file: "360p.mp4",
        fields: &[("pix_fmt", "yuv420p"), ("profile", "High")],
    },
    Case {
        name: "small.avi",
        words: "-f lavfi -i testsrc2=s=176x144:r=25:d=2 -c:v mpeg4",
        file: "144p.mp4",
        fields: &[("width", "176"), ("height", "144")],
    },
    Case {
        name: "transport.ts",
        words: "-f lavfi -i testsrc2=s=640x360:r=25:d=2 -c:v mpeg2video",
        file: "360p.mp4",
        fields: &[("start_time", "0.000000"), ("nb_read_packets", "50")],
    },
    Case {
        name: "short_picture.mkv",
        words: "-f lavfi -i testsrc2=s=320x240:r=25:d=3 -f lavfi -i sine=d=45 -c:v mpeg4 -c:a aac",
        file: "240p.mp4",
        fields: &[("nb_read_packets", "75")],
    },
    Case {
        name: "loud.mkv",
        words: "-f lavfi -i testsrc2=s=640x360:r=25:d=2 -f lavfi -i sine=d=2:r=96000 -ac 6 -c:v mpeg4 -c:a flac",
        file: "audio-0.mp4",
        fields: &[("codec_name", "aac"), ("sample_rate", "48000"), ("channels", "2")],
    },
];

#[test]
fn what_is_odd_about_a_video_is_made_right() {
    let folder = Scratch::new();
    for Case { name, words, file, fields } in &CASES {
        let input = video(&folder, name, words);
        let out = format!("{}/{name}.out", folder.path());
        made(&input, &out);
        for (field_name, value) in *fields {
            let entry = format!("stream={field_name}");
            let path = format!("{out}/{file}");
            let words = ["-count_packets", "-show_entries", &entry, "-of", "csv=p=0", &path];
            let said = String::from_utf8(tool("ffprobe", &words)).expect("text");
            assert_eq!(said.trim(), *value, "{field_name} of {name}");
        }
    }
}

#[test]
fn a_phone_held_upright_has_a_picture_that_stands() {
    let folder = Scratch::new();
    let plain = video(&folder, "plain.mp4", "-f lavfi -i testsrc2=s=640x360:r=25:d=2 -c:v mpeg4");
    let words = format!("-i {plain} -c copy -metadata:s:v:0 rotate=90");
    let input = video(&folder, "turned.mp4", &words);
    let out = format!("{}/out", folder.path());
    let report = made(&input, &out);
    assert_eq!(
        (&report["video"][0]["width"], &report["video"][0]["height"]),
        (&360.into(), &640.into())
    );
    let made = format!("{out}/360p.mp4");
    assert_eq!(field(&made, "v:0", "width"), "360");
    assert_eq!(field(&made, "v:0", "side_data_list"), "", "nothing is left to be turned");
}

#[test]
fn a_phone_held_upside_down_has_a_picture_that_stands() {
    let folder = Scratch::new();
    // Every player takes it as it is, but for the turn, and one picture after the other is known.
    let plain = video(
        &folder,
        "plain.mp4",
        "-f lavfi -i color=red:s=320x240:r=25:d=2 -vf drawbox=w=iw:h=ih/2:c=blue:t=fill -c:v libx264 \
         -pix_fmt yuv420p -b:v 200k",
    );
    let turned =
        video(&folder, "turned.mp4", &format!("-i {plain} -c copy -metadata:s:v:0 rotate=180"));
    let out = format!("{}/out", folder.path());
    made(&turned, &out);
    let made = format!("{out}/240p.mp4");
    assert_eq!(field(&made, "v:0", "side_data_list"), "", "nothing is left to be turned");
    let top = format!("-i {made} -vf crop=16:16:0:0 -frames:v 1 -pix_fmt rgb24");
    let corner = std::fs::read(video(&folder, "corner.ppm", &top)).expect("it was made");
    let [red, _, blue] = corner[corner.len() - 3..] else { unreachable!() };
    assert!(red > 200 && blue < 50, "what was below is on top: {red} {blue}");
}

#[test]
fn times_between_pictures_that_change_stay_what_they_are() {
    let folder = Scratch::new();
    let input = video(
        &folder,
        "film.mkv",
        "-f lavfi -i testsrc2=s=320x240:r=25:d=30 -vf select='if(lt(t,12),1,not(mod(n,17)))' -vsync vfr \
         -c:v libx264 -bf 3",
    );
    let out = format!("{}/out", folder.path());
    made(&input, &out);
    assert_eq!(times(&format!("{out}/240p.mp4"), "v:0").0, times(&input, "v:0").0);
}

#[test]
fn a_picture_now_and_then_is_kept() {
    for (name, words) in [
        ("slides.mkv", "-f lavfi -i testsrc2=s=320x240:r=1/5:d=60 -c:v mjpeg"),
        ("one.mp4", "-f lavfi -i testsrc2=s=320x240:r=25:d=0.04 -c:v libx264 -pix_fmt yuv420p"),
        (
            "rests.mkv",
            "-f lavfi -i testsrc2=s=320x240:r=5:d=50 -vf select='lt(t,10)+gte(t,40)+not(mod(n,25))' \
             -vsync vfr -c:v mjpeg",
        ),
    ] {
        let folder = Scratch::new();
        let input = video(&folder, name, words);
        let out = format!("{}/out", folder.path());
        made(&input, &out);
        let (found, wanted) = (times(&format!("{out}/240p.mp4"), "v:0").0, times(&input, "v:0").0);
        assert_eq!(found.len(), wanted.len(), "{name}: {found:?}");
    }
}

#[test]
fn sound_with_a_head_at_each_frame_is_kept() {
    let folder = Scratch::new();
    let input = video(
        &folder,
        "film.ts",
        "-f lavfi -i testsrc2=s=320x240:r=25:d=3 -f lavfi -i sine=d=3 -c:v libx264 -pix_fmt yuv420p \
         -c:a aac -b:a 96k",
    );
    let out = format!("{}/out", folder.path());
    made(&input, &out);
    assert_eq!(field(&format!("{out}/audio-0.mp4"), "a:0", "codec_name"), "aac");
    let bare = video(&folder, "bare.aac", &format!("-i {input} -vn -c copy -f adts"));
    let out = format!("{}/bare", folder.path());
    made(&bare, &out);
    assert_eq!(field(&format!("{out}/audio-0.mp4"), "a:0", "codec_name"), "aac");
}

#[test]
fn what_every_player_takes_stays_as_it_is_and_the_others_follow_its_keys() {
    let folder = Scratch::new();
    let input = video(
        &folder,
        "film.mp4",
        "-f lavfi -i testsrc2=s=854x480:r=25:d=24 -f lavfi -i sine=d=24 -c:v libx264 -preset veryfast \
         -b:v 900k -maxrate 1200k -bufsize 1200k -g 67 -sc_threshold 0 -c:a aac -b:a 96k",
    );
    let out = format!("{}/out", folder.path());
    let report = made(&input, &out);
    let by_file: BTreeMap<&str, &Value> = report["video"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|one| Some((one["file"].as_str()?, &one["copied"])))
        .collect();
    assert_eq!(by_file, [("360p.mp4", &false.into()), ("480p.mp4", &true.into())].into());
    let hash = |path: &str, stream: &str| {
        tool("ffmpeg", &["-i", path, "-map", stream, "-f", "framemd5", "-"])
    };
    let copied = format!("{out}/480p.mp4");
    assert_eq!(hash(&input, "0:v"), hash(&copied, "0:v"));
    let keys = |path: &str| -> BTreeSet<i64> {
        times(path, "v:0").1.iter().map(|key| (key * 1000.0).round() as i64).collect()
    };
    let (small, large) = (keys(&format!("{out}/360p.mp4")), keys(&copied));
    assert_eq!(small, large);
    assert_eq!(report["audio"][0]["copied"], true);
}

#[test]
fn sound_and_words_keep_their_languages_and_when_they_begin() {
    let folder = Scratch::new();
    let words = folder.write("words.srt", b"1\n00:00:01,000 --> 00:00:01,500\nHallo\n");
    let input = video(
        &folder,
        "film.mkv",
        &format!(
            "-f lavfi -i testsrc2=s=320x240:r=25:d=4 -itsoffset 0.7 -f lavfi -i sine=d=3 -f lavfi -i \
             sine=f=880:d=3 -i {words} -map 0 -map 1 -map 2 -map 3 -c:v mpeg4 -c:a flac -c:s srt \
             -metadata:s:a:0 language=deu -metadata:s:a:1 language=fra -metadata:s:s:0 language=deu"
        ),
    );
    let out = format!("{}/out", folder.path());
    let report = made(&input, &out);
    let languages = |kind: &str| -> Vec<String> {
        let tracks = report[kind].as_array().expect("a list").iter();
        tracks.map(|track| track["language"].as_str().expect("it is said").to_owned()).collect()
    };
    assert_eq!(
        (languages("audio"), languages("subtitles")),
        (vec!["deu".into(), "fra".into()], vec!["deu".into()])
    );
    let late: f64 =
        field(&format!("{out}/audio-0.mp4"), "a:0", "start_time").parse().expect("a time");
    assert!((0.65..0.72).contains(&late), "{late}: its priming is before it");
    let early: f64 =
        field(&format!("{out}/audio-1.mp4"), "a:0", "start_time").parse().expect("a time");
    assert!(early < 0.01, "{early}");
    let vtt =
        std::fs::read_to_string(format!("{out}/subtitles-0.deu.vtt")).expect("there are words");
    assert!(vtt.starts_with("WEBVTT") && vtt.contains("00:01.000 --> 00:01.500\nHallo"), "{vtt}");
}

#[test]
fn a_film_has_a_poster_and_a_strip_with_a_picture_for_each_part() {
    let folder = Scratch::new();
    let input =
        video(&folder, "film.mkv", "-f lavfi -i testsrc2=s=640x360:r=25:d=21 -c:v mpeg4 -q:v 5");
    let out = format!("{}/out", folder.path());
    made(&input, &out);
    let size = |file: &str| {
        let path = format!("{out}/{file}");
        (field(&path, "v:0", "width"), field(&path, "v:0", "height"))
    };
    assert_eq!(size("poster.jpg"), ("640".into(), "360".into()));
    assert_eq!(size("strip.jpg"), ("1600".into(), "180".into()), "ten and one more below");
    let list = std::fs::read_to_string(format!("{out}/strip.vtt")).expect("there is a list");
    assert_eq!(list.matches(" --> ").count(), 11);
    // The last one is a picture, not the black behind it.
    let crop = "crop=160:90:0:90,scale=1:1";
    let path = format!("{out}/strip.jpg");
    let mean =
        tool("ffmpeg", &["-i", &path, "-vf", crop, "-f", "rawvideo", "-pix_fmt", "gray", "-"]);
    assert!(mean[0] > 40, "{mean:?}");
}

#[test]
fn sound_alone_has_its_cover_as_a_poster() {
    let folder = Scratch::new();
    let input = video(
        &folder,
        "song.mp3",
        "-f lavfi -i sine=d=3 -f lavfi -i color=red:s=300x200:d=1 -map 0 -map 1 -frames:v 1 -c:a libmp3lame \
         -c:v mjpeg -disposition:v attached_pic -id3v2_version 3",
    );
    let out = format!("{}/out", folder.path());
    let report = made(&input, &out);
    assert_eq!(
        (report["video"].as_array().map(Vec::len), &report["poster"]),
        (Some(0), &"poster.jpg".into())
    );
    assert_eq!(field(&format!("{out}/poster.jpg"), "v:0", "width"), "300");
}

#[test]
fn what_is_no_video_is_told_for_what_it_is() {
    let folder = Scratch::new();
    let whole = video(&folder, "whole.mp4", "-f lavfi -i testsrc2=s=320x240:r=25:d=3 -c:v mpeg4");
    let whole = std::fs::read(whole).expect("it was made");
    let cut = folder.write("cut.mp4", &whole[..whole.len() / 2]);
    let pdf = folder.write("paper.mp4", b"%PDF-1.7\n\x80\x81");
    let noise = folder.write("noise.mp4", &[7; 100_000]);
    for (input, part) in [
        (&cut, "The file ends before its index: was it copied whole?"),
        (&pdf, "This is a PDF"),
        (&noise, "No video and no sound"),
    ] {
        let said = encode(input, &format!("{}/out", folder.path()));
        assert_eq!(said.status.code(), Some(1));
        let words = String::from_utf8_lossy(&said.stderr);
        assert!(words.contains(part), "{words}");
    }
    let full = format!("{}/full", folder.path());
    std::fs::create_dir(&full).expect("it is new");
    std::fs::write(format!("{full}/mine"), b"dear").expect("it can be written");
    let said = encode(&format!("{}/whole.mp4", folder.path()), &full);
    assert!(String::from_utf8_lossy(&said.stderr).contains("is not empty"));
    assert_eq!(std::fs::read(format!("{full}/mine")).expect("it stays"), b"dear");
}

/// All files of a folder, by their names below it.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut left = vec![folder.to_owned()];
    while let Some(next) = left.pop() {
        for entry in std::fs::read_dir(next).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = path.strip_prefix(folder).expect("it is below").display().to_string();
            match path.is_dir() {
                true => left.push(path),
                false => {
                    found.insert(name, std::fs::read(&path).unwrap_or_default());
                }
            }
        }
    }
    found
}

#[test]
fn what_is_killed_goes_on_and_is_the_same_in_the_end() {
    let folder = Scratch::new();
    let input = video(
        &folder,
        "film.mkv",
        "-f lavfi -i testsrc2=s=854x480:r=25:d=45 -f lavfi -i sine=d=45 -c:v mpeg4 -q:v 5 -c:a flac",
    );
    let [whole, broken] = ["whole", "broken"].map(|name| format!("{}/{name}", folder.path()));
    made(&input, &whole);
    // As by a kill before anything else was done.
    std::fs::create_dir(&broken).expect("it is not there yet");
    let left = format!("{broken}/.livestream-0123456789abcdef");
    std::fs::write(left, b"half a line").expect("it is written");
    // Killed each time that one more file is whole.
    let is_whole = |name: &String| !name.contains(".tmp/") && !name.contains(".livestream-");
    let done = |count: usize| {
        let found = files(Path::new(&broken));
        found.keys().filter(|name| is_whole(name)).count() > count
    };
    let mut kills = 0;
    for count in 0..12 {
        let mut command = program();
        command.args(["library", "encode", &input, "--out", &broken]);
        let mut run =
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        let mut over = false;
        eventually_true("one more file is there", VERY_LONG, || {
            over = run.try_wait().expect("it is our child").is_some();
            over || done(count)
        });
        if over {
            break;
        }
        let id = i32::try_from(run.id()).ok().and_then(Pid::from_raw).expect("it has a number");
        rustix::process::kill_process(id, Signal::KILL).expect("it runs");
        run.wait().expect("it is our child");
        kills += 1;
    }
    assert!(kills >= 5, "{kills}");
    made(&input, &broken);
    let (whole, broken) = (files(Path::new(&whole)), files(Path::new(&broken)));
    assert_eq!(whole.keys().collect::<Vec<_>>(), broken.keys().collect::<Vec<_>>());
    for (name, bytes) in &whole {
        assert!(broken[name] == *bytes, "{name} is another");
    }
}
