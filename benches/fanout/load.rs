//! Many viewers of one MJPEG stream, on one thread: what each gets, and when.
//!
//! Reads sockets as they have bytes. The pictures themselves are thrown away inside
//! the kernel (`MSG_TRUNC`), so that a thousand viewers cost this side little.

use std::collections::HashMap;
use std::io::{ErrorKind, Write};
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use mio::{Events, Interest, Poll, Token};
use socket2::{Domain, SockRef, Socket, Type};

/// What to do.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// The server.
    pub address: SocketAddr,
    /// What each client asks for, in turn; `None` where the server sends unasked.
    pub paths: Vec<Option<String>>,
    /// How many clients.
    pub clients: usize,
    /// How many more read only so many bytes per second.
    pub slow: Option<(usize, usize)>,
    /// How long to wait before measuring.
    pub settle: Duration,
    /// How long to measure.
    pub measure: Duration,
}

/// What the clients got while it was measured.
#[derive(Debug, Default, Clone)]
pub(crate) struct Got {
    /// Clients that got any picture.
    pub served: usize,
    /// Clients whose connection ended.
    pub ended: usize,
    /// Pictures a second: the least of any client, and the median.
    pub fps_min: f64,
    /// The median client's.
    pub fps_p50: f64,
    /// Pictures that all got together.
    pub pictures: u64,
    /// Milliseconds between two pictures of a client, at the 99th percentile.
    pub gap_p99_ms: f64,
    /// Milliseconds from the capture to the last byte, where parts carry the time.
    pub latency_ms: Option<Spread>,
    /// The same of the slow clients.
    pub slow_latency_ms: Option<Spread>,
}

/// Where the values of a measurement lie.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Spread {
    /// The median.
    pub p50: f64,
    /// The 99th percentile.
    pub p99: f64,
    /// The largest.
    pub max: f64,
}

/// Watches as planned. `at_start` and `at_end` are called around what is measured.
pub(crate) fn watch(plan: &Plan, mut at_start: impl FnMut(), mut at_end: impl FnMut()) -> Got {
    let mut poll = Poll::new().expect("the system gives a poll");
    let mut clients = connect(plan, &poll);
    let mut events = Events::with_capacity(1024);
    let begin = Instant::now() + plan.settle;
    let end = begin + plan.measure;
    let mut measuring = false;
    loop {
        let now = Instant::now();
        if !measuring && now >= begin {
            measuring = true;
            clients.values_mut().for_each(|client| client.seen = Seen::default());
            at_start();
        }
        if now >= end {
            break;
        }
        poll.poll(&mut events, Some(TICK)).expect("the poll waits");
        for event in &events {
            if let Some(client) = clients.get_mut(&event.token())
                && client.allowance.is_none()
            {
                client.read(usize::MAX);
            }
        }
        clients.values_mut().for_each(Client::read_slowly);
    }
    at_end();
    sum_up(clients.into_values().collect(), plan.measure)
}

fn connect(plan: &Plan, poll: &Poll) -> HashMap<Token, Client> {
    let slow = plan.slow.map_or(0, |(count, _)| count);
    (0..plan.clients + slow)
        .filter_map(|number| {
            let path = &plan.paths[number % plan.paths.len()];
            let rate = plan.slow.filter(|_| number >= plan.clients).map(|(_, rate)| rate);
            // Who is not let in is not served; a server with a short queue loses some.
            let mut client = Client::new(plan.address, path.as_deref(), rate).ok()?;
            let token = Token(number);
            poll.registry()
                .register(&mut client.socket, token, Interest::READABLE)
                .expect("the poll takes a socket");
            Some((token, client))
        })
        .collect()
}

/// One viewer.
struct Client {
    socket: mio::net::TcpStream,
    /// Bytes of heads that are not whole yet.
    head: Vec<u8>,
    /// Bytes of the picture that are still to come.
    picture_left: usize,
    stamp: Option<f64>,
    allowance: Option<Allowance>,
    over: bool,
    seen: Seen,
}

/// What a slow reader may still read.
struct Allowance {
    bytes_per_sec: usize,
    since: Instant,
    used: usize,
}

#[derive(Default)]
struct Seen {
    pictures: u64,
    last: Option<Instant>,
    gaps_ms: Vec<f32>,
    latencies_ms: Vec<f32>,
}

impl Client {
    fn new(address: SocketAddr, path: Option<&str>, rate: Option<usize>) -> std::io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)
            .expect("the system gives a socket");
        if rate.is_some() {
            // What a phone on a bad link would hold.
            socket.set_recv_buffer_size(SLOW_RECEIVE_BYTES).expect("the buffer can be set");
        }
        socket.connect_timeout(&address.into(), CONNECT_TIME)?;
        let mut stream: std::net::TcpStream = socket.into();
        if let Some(path) = path {
            let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n");
            stream.write_all(request.as_bytes())?;
        }
        stream.set_nonblocking(true).expect("a socket can be made non-blocking");
        let allowance =
            rate.map(|rate| Allowance { bytes_per_sec: rate, since: Instant::now(), used: 0 });
        Ok(Self {
            socket: mio::net::TcpStream::from_std(stream),
            head: Vec::new(),
            picture_left: 0,
            stamp: None,
            allowance,
            over: false,
            seen: Seen::default(),
        })
    }

    fn read_slowly(&mut self) {
        if let Some(allowance) = &self.allowance {
            let earned = allowance.since.elapsed().as_secs_f64() * allowance.bytes_per_sec as f64;
            let most = (earned as usize).saturating_sub(allowance.used);
            // What was not read in time cannot be made up for: a slow link has no memory.
            let burst = allowance.bytes_per_sec / 20;
            let (unused, most) = (most.saturating_sub(burst), most.min(burst));
            let read = self.read(most);
            if let Some(allowance) = &mut self.allowance {
                allowance.used += read + unused;
            }
        }
    }

    /// Reads what is there, at most `most` bytes. Returns how many came.
    fn read(&mut self, most: usize) -> usize {
        let mut total = 0;
        while !self.over && total < most {
            let outcome = if self.picture_left > 0 {
                self.skip_picture(most - total)
            } else {
                self.read_head(most - total)
            };
            match outcome {
                Ok(0) => self.over = true,
                Ok(bytes) => total += bytes,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => self.over = true,
            }
        }
        total
    }

    /// Lets the kernel throw away what came of the picture.
    fn skip_picture(&mut self, most: usize) -> std::io::Result<usize> {
        let mut nowhere = [MaybeUninit::uninit(); 64 * 1024];
        let length = self.picture_left.min(most).min(nowhere.len());
        let bytes =
            SockRef::from(&self.socket).recv_with_flags(&mut nowhere[..length], MSG_TRUNC)?;
        self.picture_left -= bytes;
        if bytes > 0 && self.picture_left == 0 {
            self.picture_came();
        }
        Ok(bytes)
    }

    /// Reads a little, up to the end of the next part's head.
    fn read_head(&mut self, most: usize) -> std::io::Result<usize> {
        use std::io::Read;
        let mut some = [0; HEAD_READ_BYTES];
        let length = most.min(some.len());
        let bytes = self.socket.read(&mut some[..length])?;
        self.head.extend_from_slice(&some[..bytes]);
        while let Some((length, used)) = part_head(&self.head) {
            self.stamp = stamp(&self.head[..used]);
            self.head.drain(..used);
            let here = length.min(self.head.len());
            self.head.drain(..here);
            self.picture_left = length - here;
            if self.picture_left > 0 {
                break;
            }
            self.picture_came();
        }
        Ok(bytes)
    }

    fn picture_came(&mut self) {
        let now = Instant::now();
        self.seen.pictures += 1;
        if let Some(last) = self.seen.last.replace(now) {
            self.seen.gaps_ms.push((now - last).as_secs_f32() * 1e3);
        }
        if let Some(stamp) = self.stamp.take() {
            let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            self.seen.latencies_ms.push(((unix.as_secs_f64() - stamp) * 1e3) as f32);
        }
    }
}

/// The length that a part's head states, and the bytes up to its end.
fn part_head(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut from = 0;
    // The response's own head has no length of a part: it is passed over.
    while let Some(end) = find(&bytes[from..], b"\r\n\r\n") {
        let head = &bytes[from..from + end];
        if let Some(length) = field(head, "content-length:").and_then(|text| text.parse().ok()) {
            return Some((length, from + end + 4));
        }
        from += end + 4;
    }
    None
}

fn stamp(head: &[u8]) -> Option<f64> {
    field(head, "x-timestamp:")?.parse().ok()
}

fn field(head: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(head);
    let line = text.lines().find(|line| line.to_ascii_lowercase().starts_with(name))?;
    Some(line[name.len()..].trim().to_owned())
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

fn sum_up(clients: Vec<Client>, measured: Duration) -> Got {
    let (slow, fast): (Vec<Client>, Vec<Client>) =
        clients.into_iter().partition(|client| client.allowance.is_some());
    let mut fps: Vec<f64> =
        fast.iter().map(|client| client.seen.pictures as f64 / measured.as_secs_f64()).collect();
    fps.sort_by(f64::total_cmp);
    let all = |pick: fn(&Client) -> &Vec<f32>, of: &[Client]| {
        spread(of.iter().flat_map(|client| pick(client).iter().copied()).collect())
    };
    Got {
        served: fast.iter().filter(|client| client.seen.pictures > 0).count(),
        ended: fast.iter().filter(|client| client.over).count(),
        fps_min: fps.first().copied().unwrap_or_default(),
        fps_p50: fps.get(fps.len() / 2).copied().unwrap_or_default(),
        pictures: fast.iter().map(|client| client.seen.pictures).sum(),
        gap_p99_ms: all(|client| &client.seen.gaps_ms, &fast).map_or(0.0, |gaps| gaps.p99),
        latency_ms: all(|client| &client.seen.latencies_ms, &fast),
        slow_latency_ms: all(|client| &client.seen.latencies_ms, &slow),
    }
}

fn spread(mut values: Vec<f32>) -> Option<Spread> {
    values.sort_by(f32::total_cmp);
    let at = |part: f64| values.get(((values.len() - 1) as f64 * part) as usize).copied();
    (!values.is_empty()).then(|| Spread {
        p50: f64::from(at(0.5).unwrap_or_default()),
        p99: f64::from(at(0.99).unwrap_or_default()),
        max: f64::from(at(1.0).unwrap_or_default()),
    })
}

const CONNECT_TIME: Duration = Duration::from_secs(5);
const TICK: Duration = Duration::from_millis(5);
const HEAD_READ_BYTES: usize = 512;
const SLOW_RECEIVE_BYTES: usize = 64 * 1024;
/// `recv` discards what it receives (tcp(7)).
const MSG_TRUNC: i32 = 0x20;
