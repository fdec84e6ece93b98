//! Films of all shapes: codecs, sizes, languages, what is missing, and what is refused.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};

use super::track::{be, boxes};
use super::{Bench, FRAGMENTS, H264, assert_plays_as};

#[test]
fn pictures_without_sound_and_sound_without_pictures_play() {
    let bench = Bench::new();
    let source = "-f lavfi -i testsrc2=s=160x90:r=25:d=5";
    let pictures = bench.film("pictures.mp4", &format!("{source} {H264} {FRAGMENTS}"));
    let packaged = bench.package(&[&pictures], &[]);
    assert_plays_as(&packaged, &pictures);
    let master = packaged.text("master.m3u8");
    assert!(!packaged.has("audio-1") && !master.contains("EXT-X-MEDIA"), "{master}");

    let source = "-f lavfi -i sine=r=48000:d=9";
    let sound = bench.film("sound.mp4", &format!("{source} -c:a aac {FRAGMENTS}"));
    let packaged = bench.package(&[&sound], &[]);
    assert_plays_as(&packaged, &sound);
    assert!(packaged.text("master.m3u8").contains("CODECS=\"mp4a.40.2\"\naudio-1/index.m3u8"));
    // 4 s are 187.5 packets.
    let lengths = packaged.track("audio-1").lengths();
    assert!(lengths[0].abs_diff(192_000) <= 512 && lengths.len() == 3, "{lengths:?}");
}

#[test]
fn a_cover_is_no_film() {
    let bench = Bench::new();
    let cover = bench.film("cover.jpg", "-f lavfi -i testsrc2=s=100x100 -frames:v 1");
    let source = format!("-f lavfi -i sine=r=44100:d=6 -i {cover}");
    let film = bench.film(
        "music.mp3",
        &format!("{source} -map 0 -map 1 -c:a libmp3lame -c:v copy -disposition:v attached_pic"),
    );
    let film = bench.film("music.mp4", &format!("-i {film} -map 0 -c copy"));
    let packaged = bench.package(&[&film], &[]);
    assert!(!packaged.has("video-1"));
    assert!(packaged.mpd().contains("codecs=\"mp4a.6B\""), "{}", packaged.mpd());
    assert_plays_as(&packaged, &film);
}

#[test]
fn tracks_have_their_languages_and_one_is_the_default() {
    let bench = Bench::new();
    let tracks = "-map 0 -map 1 -map 2 -map 3 -c:a aac -metadata:s:a:0 language=eng \
         -metadata:s:a:1 language=ger -metadata:s:a:2 language=gsw \
         -disposition:a:0 0 -disposition:a:1 default -disposition:a:2 0";
    let sounds = [300, 400, 500].map(|pitch| format!("-f lavfi -i sine=f={pitch}:r=48000:d=4"));
    let film = bench.film(
        "film.mp4",
        &format!("-f lavfi -i testsrc2=s=160x90:r=25:d=4 {} {H264} {tracks}", sounds.join(" ")),
    );
    let packaged = bench.package(&[&film], &[]);
    let master = packaged.text("master.m3u8");
    for (name, yes) in [("en", "NO"), ("de", "YES"), ("gsw", "NO")] {
        let said = format!("NAME=\"{name}\",LANGUAGE=\"{name}\",DEFAULT={yes},AUTOSELECT=YES");
        assert_eq!(master.matches(&said).count(), 1, "{said}: {master}");
        assert_eq!(packaged.mpd().matches(&format!("lang=\"{name}\"")).count(), 1);
    }
    assert_eq!(packaged.mpd().matches("value=\"alternate\"").count(), 2);
    let header = packaged.track("audio-2");
    let mdhd = super::track::find(&header.init, &["moov", "trak", "mdia", "mdhd"]).expect("one");
    let letters = be(mdhd, 20, 2);
    let letter = |shift: u64| char::from((letters >> shift & 0x1f) as u8 + 0x60);
    assert_eq!([10, 5, 0].map(letter), ['g', 'e', 'r']);
}

#[test]
fn hevc_and_av1_go_through_with_their_names() {
    let bench = Bench::new();
    let source = "-f lavfi -i testsrc2=s=160x90:r=25:d=5";
    let hevc = "-c:v libx265 -preset ultrafast -x265-params \
         log-level=none:open-gop=0:keyint=50:min-keyint=50:scenecut=0:pools=1:frame-threads=1";
    for (tag, name) in [("hvc1", "hvc1.1.6.L30.90"), ("hev1", "hvc1.1.6.L30.90")] {
        let film =
            bench.film(&format!("{tag}.mp4"), &format!("{source} {hevc} -tag:v {tag} {FRAGMENTS}"));
        let packaged = bench.package(&[&film], &[]);
        assert_plays_as(&packaged, &film);
        assert_eq!(packaged.track("video-1").codec(), "hvc1", "Safari plays no hev1");
        assert!(packaged.mpd().contains(&format!("codecs=\"{name}\"")), "{}", packaged.mpd());
    }
    let av1 = "-c:v libaom-av1 -cpu-used 8 -g 50 -row-mt 0 -threads 1 -pix_fmt yuv420p10le";
    // With its head first ffmpeg leaves the configuration empty, which is not known yet then.
    let film = bench.film("whole.mp4", &format!("{source} {av1}"));
    let film = bench.film("av1.mp4", &format!("-i {film} -c copy {FRAGMENTS}"));
    let packaged = bench.package(&[&film], &[]);
    assert_plays_as(&packaged, &film);
    assert_eq!(packaged.track("video-1").codec(), "av01");
    assert!(packaged.mpd().contains("codecs=\"av01.0.00M.10\""), "{}", packaged.mpd());
    let why = bench.refused(&[&film], &super::secrets::KEYS);
    assert!(why.contains("AV1"), "{why}");
}

#[test]
fn colour_pixels_and_odd_sizes_stay_as_they_are() {
    let bench = Bench::new();
    let source = "-f lavfi -i testsrc2=s=320x180:r=25:d=4";
    let colour = "-vf format=yuv444p,scale=321:181,setsar=64/45 -colorspace bt709 -color_primaries bt709 -color_trc bt709";
    let film = bench.film("film.mp4", &format!("{source} {colour} {H264} {FRAGMENTS}"));
    let packaged = bench.package(&[&film], &[]);
    assert_plays_as(&packaged, &film);
    let entry = packaged.track("video-1").entry().to_vec();
    let names: Vec<_> = boxes(&entry).into_iter().map(|(name, _)| name).collect();
    assert!(names.contains(&"colr".to_owned()) && names.contains(&"pasp".to_owned()), "{names:?}");
    let mpd = packaged.mpd();
    assert!(
        mpd.contains("codecs=\"avc1.f4") && mpd.contains("width=\"321\" height=\"181\""),
        "{mpd}"
    );
    assert!(mpd.contains("sar=\"64:45\""), "{mpd}");

    let source = "-f lavfi -i testsrc2=s=320x180:r=25:d=4 -pix_fmt yuv422p10le";
    let light = "-colorspace bt2020nc -color_primaries bt2020 -color_trc smpte2084";
    let film = bench.film("wide.mp4", &format!("{source} {light} {H264} {FRAGMENTS}"));
    let packaged = bench.package(&[&film], &[]);
    assert_plays_as(&packaged, &film);
    assert!(packaged.text("master.m3u8").contains("VIDEO-RANGE=PQ"));
}

#[test]
fn what_cannot_be_packaged_is_refused_in_words() {
    let bench = Bench::new();
    let upright = bench.usual("film.mp4", 4.0, "");
    let turned =
        bench.scratch.write("turned.mp4", &turned(&fs::read(&upright).expect("it was made")));
    let source =
        "-f lavfi -i testsrc2=s=64x64:r=5:d=70 -c:v libx264 -preset ultrafast -sc_threshold 0";
    let long = bench.film("long.mp4", &format!("{source} -g 100000 {FRAGMENTS}"));
    let sources = "-itsoffset 1 -f lavfi -i testsrc2=s=64x64:r=5:d=4 -f lavfi -i sine=d=4";
    let late = bench.film("late.mp4", &format!("{sources} -vsync passthrough {H264} -c:a aac"));
    let film = fs::read(&upright).expect("it was made");
    let cut = bench.scratch.write("cut.mp4", &film[..film.len() / 2]);
    let no_film = bench.scratch.write("no-film.mp4", b"%PDF-1.7 and nothing that is a box");
    for (path, word) in [
        (&turned, "are to be turned"),
        (&long, "no key frame for"),
        (&cut, "no index (moov)"),
        (&no_film, "no index (moov)"),
        (&bench.path("nowhere.mp4"), "cannot be read"),
    ] {
        let why = bench.refused(&[path], &[]);
        assert!(why.starts_with("livestream: ") && why.contains(word), "{word}: {why}");
        assert_eq!(why.lines().count(), 1, "{why}");
    }
    let why = bench.refused(&[&upright, &late], &[]);
    assert!(why.contains("at another time"), "{why}");
}

/// A film with its pictures on their side (ISO 14496-12 §8.3.2).
fn turned(film: &[u8]) -> Vec<u8> {
    let at = film.windows(4).position(|name| name == b"tkhd").expect("a track");
    let matrix = [0_i32, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30];
    let matrix: Vec<u8> = matrix.into_iter().flat_map(i32::to_be_bytes).collect();
    // Behind its name, version, times, number, layer and volume.
    let at = at + 4 + 40;
    [&film[..at], &matrix, &film[at + matrix.len()..]].concat()
}

#[test]
fn pictures_that_need_what_was_before_begin_no_segment() {
    let bench = Bench::new();
    // Key frames of x264's open groups are no IDR pictures.
    let open = "-x264-params open-gop=1:keyint=25:min-keyint=25:scenecut=0:bframes=2 -c:v libx264";
    let source = "-f lavfi -i testsrc2=s=160x90:r=25:d=9";
    let film = bench.film("open.mp4", &format!("{source} {open} -force_key_frames 4 {FRAGMENTS}"));
    let packaged = bench.package(&[&film], &["--segment", "1"]);
    assert_plays_as(&packaged, &film);
    for segment in packaged.track("video-1").segments {
        let units = super::track::units(&segment.samples[0].data);
        assert!(units.iter().any(|unit| unit & 0x1f == 5), "{units:?}");
    }
}

#[test]
fn places_behind_four_gigabytes_are_found() {
    let bench = Bench::new();
    let film = bench.usual("film.mp4", 5.0, "");
    let whole = fs::read(&film).expect("it was made");
    let parts = boxes(&whole);
    let names: Vec<_> = parts.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["ftyp", "free", "mdat", "moov"]);
    let far = 5_u64 << 30;
    let moov = with_long_places(&whole[parts[3].1.clone()], far);
    let path = bench.path("far.mp4");
    let mut file = File::create(&path).expect("a file");
    // Between its brands and its data nothing for 5 GiB, which takes no place on the disk.
    let brands = parts[0].1.end;
    let mut write = |bytes: &[u8]| file.write_all(bytes).expect("there is room");
    write(&whole[..brands]);
    write(&[0, 0, 0, 1]);
    write(b"free");
    write(&far.to_be_bytes());
    file.seek(SeekFrom::Start(brands as u64 + far)).expect("it is a file");
    let mut write = |bytes: &[u8]| file.write_all(bytes).expect("there is room");
    write(&whole[brands..parts[2].1.end]);
    write(&(moov.len() as u32 + 8).to_be_bytes());
    write(b"moov");
    write(&moov);
    drop(file);
    let packaged = bench.package(&[&path], &[]);
    assert_plays_as(&packaged, &film);
}

/// A head with `co64` in the place of each `stco`, so much farther.
fn with_long_places(bytes: &[u8], far: u64) -> Vec<u8> {
    let mut all = Vec::new();
    for (name, place) in boxes(bytes) {
        let content = &bytes[place];
        let (name, content) = match name.as_str() {
            "trak" | "mdia" | "minf" | "stbl" => (name, with_long_places(content, far)),
            "stco" => {
                let places = content[8..].chunks(4).map(|at| be(at, 0, 4) + far);
                let places = places.flat_map(u64::to_be_bytes);
                ("co64".to_owned(), content[..8].iter().copied().chain(places).collect())
            }
            _ => (name, content.to_vec()),
        };
        all.extend((content.len() as u32 + 8).to_be_bytes());
        all.extend(name.as_bytes());
        all.extend(content);
    }
    all
}
