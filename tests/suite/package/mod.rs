//! Films packaged by the real program, and held against what others make of them.
//!
//! Each is made on the spot by ffmpeg. What is written is read by [`track`], which is written from the
//! standards and not from the program's own writer.

mod manifests;
mod referees;
mod secrets;
mod shapes;
mod times;
mod track;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::VERY_LONG;
use crate::common::clip::Scratch;
use crate::common::program::{Ended, Program};
use crate::common::server::program;
use track::Track;

/// A folder with films in it, and with what is made of them.
struct Bench {
    scratch: Scratch,
}

/// A film that was packaged.
struct Packaged {
    folder: PathBuf,
}

impl Bench {
    fn new() -> Self {
        Self { scratch: Scratch::new() }
    }

    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.scratch.path())
    }

    /// Has ffmpeg make a film; returns its path.
    #[track_caller]
    fn film(&self, name: &str, arguments: &str) -> String {
        let path = self.path(name);
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-y", "-nostdin"]).args(arguments.split_whitespace());
        let ended = Program::run(command.arg(&path), "scripts/setup test", VERY_LONG);
        assert!(ended.status.success(), "{arguments}: {}", ended.stderr);
        path
    }

    /// Pictures of so many seconds and their sound, as the ladder encodes them.
    fn usual(&self, name: &str, seconds: f32, more: &str) -> String {
        let pictures = format!("-f lavfi -i testsrc2=s=320x180:r=25:d={seconds}");
        let sound = format!("-f lavfi -i sine=f=440:r=48000:d={seconds}");
        self.film(name, &format!("{pictures} {sound} {H264} -c:a aac -b:a 64k {more}"))
    }

    fn run(&self, inputs: &[&str], options: &[&str]) -> (PathBuf, Ended) {
        let number = fs::read_dir(self.scratch.path()).expect("a folder").count();
        let out = PathBuf::from(self.path(&format!("out-{number}")));
        let mut command = program();
        command.args(["library", "package"]).args(inputs).args(options).arg("--out").arg(&out);
        let ended = Program::run(&mut command, "cargo build", VERY_LONG);
        (out, ended)
    }

    #[track_caller]
    fn package(&self, inputs: &[&str], options: &[&str]) -> Packaged {
        let (folder, ended) = self.run(inputs, options);
        assert!(ended.status.success(), "{}", ended.stderr);
        Packaged { folder }
    }

    /// What it says of what it does not package.
    #[track_caller]
    fn refused(&self, inputs: &[&str], options: &[&str]) -> String {
        let (out, ended) = self.run(inputs, options);
        assert!(!ended.status.success(), "it was packaged");
        assert!(!out.exists() && !out.with_extension("tmp").exists());
        ended.stderr
    }
}

impl Packaged {
    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).expect("it was written")
    }

    fn mpd(&self) -> String {
        self.text("stream.mpd")
    }

    fn track(&self, name: &str) -> Track {
        Track::read(&self.folder.join(name))
    }

    fn has(&self, name: &str) -> bool {
        self.folder.join(name).exists()
    }

    /// A track's header and segments as one file.
    fn joined(&self, name: &str) -> PathBuf {
        let folder = self.folder.join(name);
        let mut bytes = fs::read(folder.join("init.mp4")).expect("a header");
        for number in 1.. {
            let Ok(segment) = fs::read(folder.join(format!("{number}.m4s"))) else { break };
            bytes.extend(segment);
        }
        let path = self.folder.join(format!("{name}.mp4"));
        fs::write(&path, bytes).expect("it can be written");
        path
    }

    /// The addresses of its two manifests, as files.
    fn manifests(&self) -> [PathBuf; 2] {
        ["stream.mpd", "master.m3u8"].map(|name| self.folder.join(name))
    }
}

/// The hashes of what a stream decodes to, or of its packets (`-c copy`).
#[track_caller]
fn hashes(ffmpeg: &Path, input: &Path, before: &[&str], after: &[&str]) -> Vec<String> {
    let mut command = Command::new(ffmpeg);
    command.args(["-v", "error", "-nostdin"]).args(before);
    command.arg("-i").arg(input).args(after).args(["-f", "framemd5", "-"]);
    let ended = Program::run(&mut command, "scripts/setup test", VERY_LONG);
    let text = String::from_utf8(ended.stdout).expect("text");
    // Stream, two times, duration, size, hash, and what goes beside.
    let hash = |line: &str| line.split(',').nth(5).map(|hash| hash.trim().to_owned());
    let hashes: Vec<_> =
        text.lines().filter(|line| !line.starts_with('#')).filter_map(hash).collect();
    assert!(!hashes.is_empty(), "{}: {}", input.display(), ended.stderr);
    hashes
}

/// Of the system's ffmpeg, each picture decoded; frames stay as they come.
#[track_caller]
fn pictures(input: &Path) -> Vec<String> {
    hashes(Path::new("ffmpeg"), input, &[], &["-map", "0:v:0", "-vsync", "passthrough"])
}

/// Of each packet of sound.
#[track_caller]
fn sounds(input: &Path) -> Vec<String> {
    hashes(Path::new("ffmpeg"), input, &[], &["-map", "0:a:0", "-c", "copy"])
}

/// That both manifests play just what a film has.
#[track_caller]
fn assert_plays_as(packaged: &Packaged, film: &str) {
    let film = Path::new(film);
    for manifest in packaged.manifests() {
        if packaged.has("video-1") {
            assert_eq!(pictures(&manifest), pictures(film), "{}", manifest.display());
        }
        if packaged.has("audio-1") {
            assert_eq!(sounds(&manifest), sounds(film), "{}", manifest.display());
        }
    }
}

const H264: &str = "-c:v libx264 -preset veryfast -threads 1 -bf 2 -g 50 -keyint_min 50 -sc_threshold 0 \
     -flags +cgop";
const FRAGMENTS: &str = "-movflags +frag_keyframe+empty_moov+default_base_moof";
