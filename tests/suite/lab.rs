//! The networking lab's clients (Kurose and Ross): their dialect byte by byte, and their datagrams.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use crate::common::client::READ_TIME;
use crate::common::clip::{Form, Scratch, clip, jpegs, noise};
use crate::common::picture::look;
use crate::common::pixels::Luma;
use crate::common::server::Server;
use crate::common::{LONG, eventually_true};

/// A server with `movie.Mjpeg` of sixty small pictures, and with other files.
struct Lab {
    server: Server,
    pictures: Vec<Vec<u8>>,
    _scratch: Scratch,
}

impl Lab {
    fn new(files: &[(&str, &[u8])]) -> Self {
        let pictures = jpegs(160, 120, 60, 90);
        let scratch = Scratch::new();
        scratch.write("movie.Mjpeg", &clip(Form::Lab, &pictures));
        for (name, bytes) in files {
            scratch.write(name, bytes);
        }
        let clips = ["--clips", scratch.path(), "--bandwidth", "unlimited"];
        let server = Server::pattern(&[&["--rtsp-port", "0"][..], &clips].concat());
        Self { server, pictures, _scratch: scratch }
    }

    fn student(&self) -> Student {
        let socket = TcpStream::connect_timeout(&self.server.rtsp(), READ_TIME);
        let socket = socket.expect("the server accepts");
        socket.set_nodelay(true).expect("TCP_NODELAY");
        socket.set_read_timeout(Some(READ_TIME)).expect("a time-out");
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        udp.set_read_timeout(Some(READ_TIME)).expect("a time-out");
        Student { socket, udp, number: String::new() }
    }

    /// A student whose `movie.Mjpeg` plays.
    fn watching(&self) -> Student {
        let mut student = self.student();
        student.setup("movie.Mjpeg");
        student.play(2);
        student
    }

    /// Lets as much time pass as five datagrams take.
    fn let_datagrams_pass(&self) {
        let other = self.watching();
        (0..5).for_each(|_| drop(other.datagram()));
    }
}

/// A client of the lab.
struct Student {
    socket: TcpStream,
    udp: UdpSocket,
    /// The session's, once it is known.
    number: String,
}

impl Student {
    fn port(&self) -> u16 {
        self.udp.local_addr().expect("it is bound").port()
    }

    fn send(&mut self, bytes: &str) {
        self.socket.write_all(bytes.as_bytes()).expect("the server takes bytes");
    }

    /// Reads a reply, which must be these bytes; `@` stands for the session's number.
    #[track_caller]
    fn expect(&mut self, reply: &str) {
        // Six digits each.
        let length = reply.len() + 5 * reply.matches('@').count();
        assert!(length < 1024, "that is all they read");
        let mut bytes = vec![0; length];
        self.socket.read_exact(&mut bytes).unwrap_or_else(|error| panic!("{reply:?}: {error}"));
        let seen = String::from_utf8(bytes).expect("text");
        if self.number.is_empty() {
            let at = seen.find("Session: ").map_or(0, |at| at + "Session: ".len());
            let number = &seen[at..(at + 6).min(seen.len())];
            assert!(number.bytes().all(|byte| byte.is_ascii_digit()), "{seen:?}");
            self.number = number.to_owned();
        }
        assert_eq!(seen, reply.replace('@', &self.number));
    }

    /// A request as the lab's Java client writes it, and its reply.
    #[track_caller]
    fn ask(&mut self, method: &str, cseq: u32, status: &str) {
        let number = self.number.clone();
        self.send(&format!("{method} movie.Mjpeg RTSP/1.0\nCSeq: {cseq}\nSession: {number}\n"));
        self.expect(&reply(status, cseq));
    }

    /// A request whose end needs no silence to be seen, and its reply.
    #[track_caller]
    fn ask_blank(&mut self, method: &str, cseq: u32) {
        let number = self.number.clone();
        self.send(&format!("{method} movie.Mjpeg RTSP/1.0\nCSeq: {cseq}\nSession: {number}\n\n"));
        self.expect(&(reply("200 OK", cseq) + "\n"));
    }

    fn setup(&mut self, name: &str) {
        let port = self.port();
        self.send(&format!(
            "SETUP {name} RTSP/1.0\nCSeq: 1\nTransport: RTP/UDP; client_port= {port}\n"
        ));
        self.expect(&reply("200 OK", 1));
    }

    fn play(&mut self, cseq: u32) {
        self.ask("PLAY", cseq, "200 OK");
    }

    /// Waits for a datagram, which must be as the lab has it. Returns its number and its JPEG.
    #[track_caller]
    fn datagram(&self) -> (u16, Vec<u8>) {
        let mut bytes = [0; 65536];
        let count = self.udp.recv(&mut bytes).expect("a datagram");
        assert!(count <= 20480, "they read no more: {count}");
        assert_eq!(bytes[0], 0x80, "version 2, nothing else");
        assert_eq!(bytes[1], 0x80 | 26, "the end of a picture, payload type of JPEG");
        let jpeg = &bytes[12..count];
        assert!(jpeg.starts_with(&[0xFF, 0xD8]) && jpeg.ends_with(&[0xFF, 0xD9]), "a whole JPEG");
        (u16::from_be_bytes([bytes[2], bytes[3]]), jpeg.to_vec())
    }

    /// Takes what has come. Returns the last one's number, and how many there were.
    fn drain(&self) -> (Option<u16>, usize) {
        self.udp.set_nonblocking(true).expect("O_NONBLOCK");
        let mut bytes = [0; 65536];
        let (mut last, mut count) = (None, 0);
        while self.udp.recv(&mut bytes).is_ok() {
            last = Some(u16::from_be_bytes([bytes[2], bytes[3]]));
            count += 1;
        }
        self.udp.set_nonblocking(false).expect("O_NONBLOCK");
        (last, count)
    }
}

/// A reply as the Java client reads it.
fn reply(status: &str, cseq: u32) -> String {
    format!("RTSP/1.0 {status}\nCSeq: {cseq}\nSession: @\n")
}

#[test]
fn pictures_of_odd_sorts_come_upright_and_plain() {
    let data = |name: &str| {
        let path = format!("{}/tests/data/jpeg/{name}.jpg", env!("CARGO_MANIFEST_DIR"));
        std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    };
    for name in ["turned", "rgb", "411", "unequal", "multiscan", "arithmetic", "12bit", "ycck"] {
        let movie = clip(Form::Lab, &vec![data(name); 40]);
        let lab = Lab::new(&[("odd.Mjpeg", &movie)]);
        let mut student = lab.student();
        student.setup("odd.Mjpeg");
        student.play(2);
        let (_, jpeg) = student.datagram();
        assert!(livestream::jpeg::info(&jpeg).expect(name).is_plain(), "{name}");
        let image = turbojpeg::decompress(&jpeg, turbojpeg::PixelFormat::RGB).expect(name);
        assert_eq!((image.width, image.height), (50, 38), "{name}");
        // Its upper left quarter is red.
        let at = image.height / 4 * image.pitch + image.width / 4 * 3;
        let [r, g, b] = [0, 1, 2].map(|component| image.pixels[at + component]);
        assert!(r > 170 && g < 70 && b < 80, "{name}: {r} {g} {b}");
    }
}

#[test]
fn each_way_to_write_requests_is_answered_in_the_same_way() {
    let lab = Lab::new(&[]);
    for newline in ["\n", "\r\n"] {
        for ending in ["", newline, &newline.repeat(2)] {
            let mut student = lab.student();
            let port = student.port();
            let ask = |student: &mut Student, lines: &[&str], cseq: u32| {
                student.send(&(lines.join(newline) + ending));
                let reply = ["RTSP/1.0 200 OK", &format!("CSeq: {cseq}"), "Session: @"];
                student.expect(&(reply.join(newline) + ending));
            };
            let transport = format!("Transport: RTP/UDP; client_port= {port}");
            ask(&mut student, &["SETUP movie.Mjpeg RTSP/1.0", "CSeq: 1", &transport], 1);
            let session = format!("Session: {}", student.number);
            for (cseq, method) in [(2, "PLAY"), (3, "PAUSE"), (4, "PLAY"), (5, "TEARDOWN")] {
                let line = format!("{method} movie.Mjpeg RTSP/1.0");
                ask(&mut student, &[&line, &format!("CSeq: {cseq}"), &session], cseq);
                if method == "PLAY" {
                    student.datagram();
                }
            }
        }
    }
}

#[test]
fn fields_are_read_however_they_are_spelt() {
    let lab = Lab::new(&[]);
    let setups = [
        "CSeq: 1\nTransport: RTP/UDP; client_port=#\n",
        "CSeq: 1\nTransport: RTP/UDP; client_port: #\n",
        "CSeq: 1\nTransport: RTP/UDP; Client_port= #\n",
        "CSeq: 1\nTransport: RTP/UDP;client_port=#-1\n",
        "CSEQ: 1\nTRANSPORT: RTP/UDP; CLIENT_PORT= #\n",
        "cseq:1\ntransport:RTP/UDP;client_port=#\n",
        "CSeq 1\nTransport RTP/UDP; client_port= #\n",
        "Transport: RTP/UDP; client_port= #\nCSeq: 1\n",
    ];
    let sessions = ["Session: @\n", "Session @\n", "SESSION: @\n", "session:@\n", "Session:  @ \n"];
    for (index, fields) in setups.into_iter().enumerate() {
        let mut student = lab.student();
        let fields = fields.replace('#', &student.port().to_string());
        student.send(&format!("SETUP movie.Mjpeg RTSP/1.0\n{fields}"));
        student.expect(&reply("200 OK", 1));
        let session = sessions[index % sessions.len()].replace('@', &student.number);
        student.send(&format!("PLAY movie.Mjpeg RTSP/1.0\nCSeq: 2\n{session}"));
        student.expect(&reply("200 OK", 2));
        student.datagram();
    }
}

#[test]
fn requests_may_be_numbered_from_zero() {
    let lab = Lab::new(&[]);
    let mut student = lab.student();
    let port = student.port();
    student
        .send(&format!("SETUP live RTSP/1.0\nCSeq: 0\nTransport: RTP/UDP; client_port= {port}\n"));
    student.expect(&reply("200 OK", 0));
    student.play(1);
}

#[test]
fn description_may_be_asked_for_without_a_name() {
    let lab = Lab::new(&[]);
    let mut student = lab.student();
    student.setup("movie.Mjpeg");
    let session = student.number.clone();
    student.send(&format!("DESCRIBE RTSP/1.0\nCSeq: 2\nSession: {session}\n"));
    student.expect(
        "RTSP/1.0 200 OK\nCSeq: 2\nSession: @\nm=video 0 RTP/AVP 26\n\
        a=mimetype:string;\"video/MJPEG\"\n",
    );
    student.play(3);
    student.datagram();
}

#[test]
fn missing_file_is_refused_in_three_lines() {
    let lab = Lab::new(&[("notes.txt", b"no clip")]);
    for name in ["nothing.Mjpeg", "notes.txt", "../movie.Mjpeg", "..", ".hidden", "etc/passwd"] {
        let mut student = lab.student();
        let port = student.port();
        let transport = format!("Transport: RTP/UDP; client_port= {port}");
        student.send(&format!("SETUP {name} RTSP/1.0\nCSeq: 1\n{transport}\n"));
        student.expect(&reply("404 Not Found", 1));
        // Another name may be tried at once.
        student.setup("movie.Mjpeg");
    }
}

#[test]
fn what_cannot_be_done_is_refused_in_three_lines() {
    let lab = Lab::new(&[]);
    let mut student = lab.student();
    student.send("PLAY movie.Mjpeg RTSP/1.0\nCSeq: 1\nSession: 1\n\n");
    student.expect("RTSP/1.0 455 Method Not Valid in This State\nCSeq: 1\nSession: @\n\n");
    student.send("SETUP movie.Mjpeg RTSP/1.0\nCSeq: 2\nTransport: RTP/UDP; client_port= 80\n\n");
    student.expect("RTSP/1.0 461 Unsupported transport\nCSeq: 2\nSession: @\n\n");
    student.send("SETUP movie.Mjpeg RTSP/1.0\nCSeq: 3\n\n");
    student.expect(&reply("400 Bad Request", 3));
}

#[test]
fn numbers_without_names_are_read_after_a_silence() {
    let lab = Lab::new(&[]);
    let mut student = lab.student();
    let port = student.port();
    student.send(&format!("SETUP movie.Mjpeg\n1\n RTSP/1.0 RTP/UDP {port}"));
    student.expect("RTSP/1.0 200 OK\nCSeq: 1\nSession: @");
    for (cseq, method) in [(2, "PLAY"), (3, "PAUSE"), (4, "PLAY"), (5, "TEARDOWN")] {
        student.send(&format!("{method} \n{cseq}"));
        student.expect(&format!("RTSP/1.0 200 OK\nCSeq: {cseq}\nSession: @"));
        if method == "PLAY" {
            student.datagram();
        }
    }
}

#[test]
fn what_nobody_speaks_is_refused_at_once() {
    let lab = Lab::new(&[]);
    for (request, newline, cseq) in [
        ("SETUP movie.Mjpeg\nCSeq: 7\nTransport: RTP/UDP; client_port= 25000", "\n", 7),
        ("PLAY rtsp://127.0.0.1/movie.Mjpeg\r\nCSeq: 8\r\n\r\n", "\r\n", 8),
        ("PAUSE\n\n", "\n", 0),
        ("TEARDOWN now please\n", "\n", 0),
    ] {
        let mut student = lab.student();
        student.send(request);
        let lines = ["RTSP/1.0 400 Bad Request", &format!("CSeq: {cseq}"), "Session: 0", ""];
        let mut reply = String::new();
        student.socket.read_to_string(&mut reply).expect("the connection ends");
        assert_eq!(reply, lines.join(newline), "{request:?}");
    }
}

#[test]
fn datagrams_are_the_pictures_and_count_on_after_a_pause() {
    let lab = Lab::new(&[]);
    let mut student = lab.watching();
    for number in 1..=5 {
        let (seen, jpeg) = student.datagram();
        assert_eq!(seen, number);
        assert!(jpeg == lab.pictures[usize::from(number) - 1], "picture {number}");
    }
    student.ask("PAUSE", 3, "200 OK");
    let last = student.drain().0.unwrap_or(5);
    lab.let_datagrams_pass();
    assert_eq!(student.drain().1, 0, "nothing comes while it is paused");
    student.play(4);
    let (seen, jpeg) = student.datagram();
    assert_eq!(seen, last + 1);
    assert!(jpeg == lab.pictures[usize::from(last)], "it goes on where it was");
}

#[test]
fn playing_twice_is_playing_once() {
    let lab = Lab::new(&[]);
    let mut student = lab.watching();
    student.play(3);
    student.play(4);
    for number in 1..=8 {
        assert_eq!(student.datagram().0, number);
    }
    assert_eq!(lab.server.watching(), 1);
}

#[test]
fn clip_that_is_over_plays_again() {
    let short = clip(Form::Lab, &jpegs(160, 120, 3, 90));
    let lab = Lab::new(&[("short.Mjpeg", &short)]);
    let mut student = lab.student();
    student.setup("short.Mjpeg");
    for round in 0..3 {
        student.play(2 + u32::from(round));
        for number in 1..=3 {
            assert_eq!(student.datagram().0, 3 * round + number);
        }
        // Whether a clip is over, its client cannot see; the server can.
        eventually_true("it is over", LONG, || lab.server.watching() == 0);
    }
    student.ask("PAUSE", 9, "200 OK");
    student.ask("TEARDOWN", 10, "200 OK");
}

#[test]
fn teardown_is_taken_at_any_time() {
    let lab = Lab::new(&[]);
    let mut student = lab.student();
    student.send("TEARDOWN movie.Mjpeg RTSP/1.0\nCSeq: 1\nSession: 0\n");
    student.expect(&reply("200 OK", 1));
    student.setup("movie.Mjpeg");
    student.ask("TEARDOWN", 2, "200 OK");
    student.setup("movie.Mjpeg");
    student.play(2);
    assert_eq!(student.datagram().0, 1);
    student.ask("TEARDOWN", 3, "200 OK");
    student.drain();
    lab.let_datagrams_pass();
    assert_eq!(student.drain().1, 0, "nothing comes after TEARDOWN");
}

#[test]
fn live_is_the_camera() {
    let lab = Lab::new(&[]);
    let mut student = lab.student();
    student.setup("live");
    student.play(2);
    let mut last = Vec::new();
    for number in 1..=10 {
        let (seen, jpeg) = student.datagram();
        assert_eq!(seen, number);
        assert_eq!((look(&jpeg).width, look(&jpeg).height), (160, 120));
        assert!(jpeg != last, "the pattern moves");
        last = jpeg;
    }
}

#[test]
fn large_pictures_are_made_to_fit_a_datagram() {
    let large: Vec<_> = (0..3).map(|seed| noise(1280, 720, seed, 95)).collect();
    assert!(large[0].len() > 200_000);
    let lab = Lab::new(&[("large.avi", &clip(Form::Avi { fps: 20 }, &large))]);
    let mut student = lab.student();
    student.setup("large.avi");
    student.play(2);
    for _ in 0..3 {
        let (_, jpeg) = student.datagram();
        let luma = Luma::of(&jpeg);
        assert!(luma.width <= 1280 && luma.width * 9 == luma.height * 16, "{}", luma.width);
        assert!(jpeg.len() > 4000, "as good as fits: {} bytes", jpeg.len());
    }
}

#[test]
fn client_that_vanishes_leaves_nothing_behind() {
    let lab = Lab::new(&[]);
    lab.let_datagrams_pass();
    eventually_true("nobody is there", LONG, || lab.server.watching() == 0);
    let before = (lab.server.threads(), lab.server.descriptors());
    let gone = lab.watching();
    gone.datagram();
    let udp = gone.udp.try_clone().expect("a descriptor");
    drop(gone);
    let now = || (lab.server.threads(), lab.server.descriptors());
    eventually_true("its threads and files are gone", LONG, || now() <= before);
    let student = Student { socket: lab.student().socket, udp, number: String::new() };
    student.drain();
    lab.let_datagrams_pass();
    assert_eq!(student.drain().1, 0);
}

/// Sends a request in two pieces, so that nobody could take the first for a whole one. `before`
/// gets the client to where the request belongs.
#[track_caller]
fn cut_everywhere(lab: &Lab, request: &str, reply: &str, before: impl Fn(&Lab) -> Student) {
    for cut in 1..request.len() {
        let mut tries = 0;
        loop {
            let mut student = before(lab);
            let request = request.replace("NNNNNN", &student.number);
            let request = request.replace("PPPPP", &format!("{:05}", student.port()));
            let (first, second) = request.split_at(cut);
            let sent = Instant::now();
            student.send(first);
            student.send(second);
            // Held up between the two, this client has sent what looks like two requests.
            if sent.elapsed() < TOGETHER {
                student.expect(reply);
                // Nothing is left over.
                student.ask_blank("TEARDOWN", 9);
                break;
            }
            tries += 1;
            assert!(tries < 50, "this machine is too busy to send two pieces at once");
        }
    }
}

/// Half of the silence after which the server takes a request for whole.
const TOGETHER: Duration = Duration::from_millis(20);

#[test]
fn setup_is_answered_alike_wherever_it_is_cut() {
    let lab = Lab::new(&[]);
    let transport = "Transport: RTP/UDP; client_port= PPPPP";
    for (newline, ending) in [("\n", 0), ("\r\n", 2)] {
        let lines = ["SETUP movie.Mjpeg RTSP/1.0", "CSeq: 1", transport];
        let request = lines.join(newline) + &newline.repeat(ending);
        let lines = ["RTSP/1.0 200 OK", "CSeq: 1", "Session: @"];
        let reply = lines.join(newline) + &newline.repeat(ending);
        cut_everywhere(&lab, &request, &reply, Lab::student);
    }
}

#[test]
fn pause_is_answered_alike_wherever_it_is_cut() {
    let lab = Lab::new(&[]);
    // After a while in which nothing was asked.
    let watching = |lab: &Lab| {
        let mut student = lab.student();
        let port = student.port();
        let transport = format!("Transport: RTP/UDP; client_port= {port}");
        student.send(&format!("SETUP movie.Mjpeg RTSP/1.0\nCSeq: 1\n{transport}\n\n"));
        student.expect(&(reply("200 OK", 1) + "\n"));
        student.ask_blank("PLAY", 2);
        student.datagram();
        student
    };
    let request = "PAUSE movie.Mjpeg RTSP/1.0\nCSeq: 3\nSession: NNNNNN\n";
    cut_everywhere(&lab, request, &reply("200 OK", 3), watching);
}
