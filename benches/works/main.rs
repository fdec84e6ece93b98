//! What does work on films cost those who watch the camera, and how soon does a film play?
//!
//! A film of 60 s, 1080p, is brought to a server that has nothing else to do: told is when it can be
//! played, and when all of it is there. Then two are worked on at once (`--jobs 2`) while ten watch a
//! camera of 720p at 30 pictures a second. The exit code is 1 if the first takes more than 15 s to
//! play, or one of the ten has less than 29 pictures a second in the median of its seconds.
//!
//! `LENGTH` (60) is how long the films are.

#![expect(clippy::print_stdout, reason = "a bench prints its tables")]

#[path = "../common/launch.rs"]
mod launch;

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

/// A server with a folder of its own.
struct Server {
    child: Child,
    address: SocketAddr,
    data: PathBuf,
    token: String,
}

fn main() -> ExitCode {
    let length = env::var("LENGTH").ok().and_then(|text| text.parse().ok()).unwrap_or(60);
    let folder = env::temp_dir().join(format!("livestream-works-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let film = film(&folder, length);
    let mut broken = Vec::new();

    let server = Server::start(&folder.join("idle"), &[]);
    let begun = Instant::now();
    server.bring(&film);
    let first = server.once("generation > 0", 1, begun);
    let whole = server.once("whole = 1", 1, begun);
    server.end();
    println!("| a film of {length} s, 1080p | s after its last byte |\n| --- | ---: |");
    println!("| it can be played | {:.1} |", first.as_secs_f64());
    println!("| all renditions are there | {:.1} |", whole.as_secs_f64());
    if first > Duration::from_secs(15) {
        broken.push(format!("it can be played after {:.1} s", first.as_secs_f64()));
    }

    let server = Server::start(&folder.join("busy"), &["--jobs", "2"]);
    let over = Arc::new(AtomicBool::new(false));
    let viewers: Vec<_> = (0..VIEWERS)
        .map(|_| {
            let (address, over) = (server.address, Arc::clone(&over));
            thread::spawn(move || watch(address, &over))
        })
        .collect();
    thread::sleep(Duration::from_secs(3));
    let begun = Instant::now();
    server.bring(&film);
    server.bring(&film);
    let whole = server.once("whole = 1", 2, begun);
    over.store(true, Ordering::Relaxed);
    let mut rates: Vec<u32> =
        viewers.into_iter().map(|viewer| median(viewer.join().expect("it watches"))).collect();
    server.end();
    rates.sort_unstable();
    println!("\n| two films at once, {VIEWERS} watch a camera | |\n| --- | ---: |");
    println!("| all of both is there after | {:.1} s |", whole.as_secs_f64());
    println!("| pictures in a second, median of its seconds: who has least | {} |", rates[0]);
    println!("| who has most | {} |", rates[VIEWERS - 1]);
    if rates[0] < 29 {
        broken.push(format!("a viewer has {} pictures a second", rates[0]));
    }
    let _ = fs::remove_dir_all(&folder);
    broken.iter().for_each(|promise| println!("\nBROKEN: {promise}"));
    if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn film(folder: &Path, length: u32) -> PathBuf {
    let path = folder.join("film.mp4");
    let pictures = format!("testsrc2=s=1920x1080:r=30:d={length},noise=alls=8:allf=t");
    let sound = format!("sine=440:d={length}");
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-y", "-f", "lavfi", "-i", &pictures, "-f", "lavfi", "-i", &sound])
        .args(["-c:v", "libx264", "-preset", "ultrafast", "-b:v", "20M", "-g", "250"])
        .args(["-pix_fmt", "yuv420p", "-c:a", "aac"])
        .arg(&path)
        .status()
        .expect("apt-get install ffmpeg");
    assert!(made.success(), "ffmpeg makes a film");
    path
}

impl Server {
    fn start(data: &Path, more: &[&str]) -> Self {
        let place = data.display().to_string();
        let mut options =
            vec!["--source", "pattern", "--size", "1280x720", "--fps", "30", "--no-rtsp"];
        options.extend(["--no-mdns", "--bandwidth", "unlimited", "--data", &place]);
        options.extend(more);
        let (child, addresses) = launch::launch(&options, "warn", Stdio::inherit());
        let token = Command::new(env!("CARGO_BIN_EXE_livestream"))
            .args(["token", "bench", "--scope", "upload", "--data", &place])
            .output()
            .expect("a token");
        let token = String::from_utf8(token.stdout).expect("text").trim().to_owned();
        Self { child, address: addresses[0], data: data.to_owned(), token }
    }

    /// Brings a film that becomes a title, and returns once all of it is there.
    fn bring(&self, film: &Path) {
        let bytes = fs::read(film).expect("a film");
        let head = format!(
            "POST /api/v1/uploads HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
             Tus-Resumable: 1.0.0\r\nUpload-Length: {}\r\nUpload-Metadata: publish YWxs\r\n\
             Content-Type: application/offset+octet-stream\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n",
            self.address,
            self.token,
            bytes.len(),
            bytes.len()
        );
        let mut socket = TcpStream::connect(self.address).expect("it accepts");
        socket.write_all(head.as_bytes()).expect("it takes a request");
        socket.write_all(&bytes).expect("it takes a film");
        let mut answer = String::new();
        BufReader::new(socket).read_line(&mut answer).expect("an answer");
        assert!(answer.contains("201"), "{answer}");
    }

    /// How long it takes from `begun` until so many titles are so.
    fn once(&self, state: &str, count: u32, begun: Instant) -> Duration {
        let file = self.data.join("livestream.db");
        let open = || Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_ONLY);
        let select = format!("SELECT count(*) FROM title WHERE {state}");
        for _ in 0..36_000 {
            let found = open().and_then(|rows| rows.query_row(&select, (), |row| row.get(0)));
            if found.unwrap_or(0) >= count {
                return begun.elapsed();
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("half an hour is over");
    }

    fn end(mut self) {
        // By its id: it was started here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Watches, and returns how many pictures came in each second.
fn watch(address: SocketAddr, over: &AtomicBool) -> Vec<u32> {
    let mut socket = TcpStream::connect(address).expect("it accepts");
    let ask = format!("GET /stream?quality=50 HTTP/1.1\r\nHost: {address}\r\n\r\n");
    socket.write_all(ask.as_bytes()).expect("it takes a request");
    let mut reader = BufReader::with_capacity(1 << 16, socket);
    let (mut seconds, mut count, mut since) = (Vec::new(), 0, Instant::now());
    let mut line = Vec::new();
    while !over.load(Ordering::Relaxed) {
        line.clear();
        if reader.read_until(b'\n', &mut line).expect("it goes on") == 0 {
            break;
        }
        let length = line.to_ascii_lowercase();
        let length = length.strip_prefix(b"content-length:");
        if let Some(length) = length.and_then(|text| std::str::from_utf8(text).ok()) {
            let length: u64 = length.trim().parse().expect("a number");
            while reader.read_until(b'\n', &mut line).expect("the head") > 2 {}
            std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink())
                .expect("all of it");
            count += 1;
        }
        if since.elapsed() >= Duration::from_secs(1) {
            seconds.push(count);
            (count, since) = (0, Instant::now());
        }
    }
    seconds
}

fn median(mut seconds: Vec<u32>) -> u32 {
    seconds.sort_unstable();
    seconds.get(seconds.len() / 2).copied().unwrap_or(0)
}

const VIEWERS: usize = 10;
