//! A client of RTSP (RFC 2326) that takes nothing but what the RFC promises, and what it receives.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};

use livestream::proto::rtp::jpeg::Depacketizer;
use livestream::proto::rtp::{Header, rtcp};

use super::client::READ_TIME;
use super::incoming::Incoming;

/// One connection.
pub(crate) struct Rtsp {
    incoming: Incoming<TcpStream>,
    address: SocketAddr,
    cseq: u32,
    /// `$` frames that came and were not asked for yet: those of RTP, and those of RTCP.
    rtp: VecDeque<Vec<u8>>,
    rtcp: VecDeque<Vec<u8>>,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// In the order they came.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Rtsp {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let socket = TcpStream::connect_timeout(&address, READ_TIME).expect("the server accepts");
        Self::over(socket, address)
    }

    /// A client on a socket that is connected.
    pub(crate) fn over(socket: TcpStream, address: SocketAddr) -> Self {
        socket.set_nodelay(true).expect("TCP_NODELAY");
        socket.set_read_timeout(Some(READ_TIME)).expect("a time-out");
        socket.set_write_timeout(Some(READ_TIME)).expect("a time-out");
        let (rtp, rtcp) = (VecDeque::new(), VecDeque::new());
        Self { incoming: Incoming::new(socket), address, cseq: 0, rtp, rtcp }
    }

    /// The URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("rtsp://{}{path}", self.address)
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.incoming.source.write_all(bytes.as_ref()).expect("the server takes bytes");
    }

    /// Sends a request about a path, without a body, and reads its answer.
    pub(crate) fn ask(&mut self, method: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.ask_with(method, path, fields, "")
    }

    /// Sends a request and reads its answer, which must carry its number.
    pub(crate) fn ask_with(
        &mut self,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        self.cseq += 1;
        let url = if path.starts_with('/') { self.url(path) } else { path.to_owned() };
        let mut text = format!("{method} {url} RTSP/1.0\r\nCSeq: {}\r\n", self.cseq);
        for (name, value) in fields {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() {
            text.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        text.push_str("\r\n");
        text.push_str(body);
        self.send(text);
        let answer = self.answer();
        assert_eq!(answer.header("CSeq"), Some(self.cseq.to_string().as_str()), "{answer:?}");
        answer
    }

    /// A request within a session.
    pub(crate) fn ask_in(
        &mut self,
        session: &str,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        self.ask(method, path, &[&[("Session", session)], fields].concat())
    }

    /// Sets a path's track up. Returns the session's name and the answer.
    #[track_caller]
    pub(crate) fn setup(&mut self, path: &str, transport: &str) -> (String, Answer) {
        let answer = self.ask("SETUP", path, &[("Transport", transport)]).expect(200);
        let session = answer.header("Session").expect("a session");
        let session = session.strip_suffix(";timeout=60").unwrap_or_else(|| panic!("{session}"));
        (session.to_owned(), answer)
    }

    /// Sets a path up over this connection. Returns the session's name.
    #[track_caller]
    pub(crate) fn setup_tcp(&mut self, path: &str) -> String {
        self.setup(path, "RTP/AVP/TCP;unicast;interleaved=0-1").0
    }

    /// Sets a path up over UDP. Returns the session's name and where its packets come.
    #[track_caller]
    pub(crate) fn setup_udp(&mut self, path: &str) -> (String, Udp) {
        let mut udp = Udp::new();
        let (session, answer) = self.setup(path, &udp.transport());
        udp.server = Some(SocketAddr::new(self.address.ip(), answer.server_ports().1));
        (session, udp)
    }

    /// Reads an answer; packets that come before it are kept.
    #[track_caller]
    pub(crate) fn answer(&mut self) -> Answer {
        loop {
            if self.incoming.left_over().is_empty() {
                self.incoming.fill().expect("an answer");
            }
            if !self.take_frame() {
                return self.answer_here();
            }
        }
    }

    fn answer_here(&mut self) -> Answer {
        let head = self.incoming.take_through(b"\r\n\r\n", 64 * 1024).expect("a whole head");
        let head = String::from_utf8(head).expect("a head is text");
        let mut lines = head.strip_suffix("\r\n\r\n").expect("an empty line").split("\r\n");
        let line = lines.next().expect("a status line");
        let rest = line.strip_prefix("RTSP/1.0 ").unwrap_or_else(|| panic!("{head:?}"));
        let (code, reason) = rest.split_once(' ').unwrap_or_else(|| panic!("{head:?}"));
        assert!(code.len() == 3 && !reason.is_empty(), "{head:?}");
        let field = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("{head:?}"));
            (name.to_owned(), value.to_owned())
        };
        let headers = lines.map(field).collect();
        let status = code.parse().expect("a number");
        let mut answer = Answer { status, headers, body: String::new() };
        if let Some(length) = answer.header("Content-Length") {
            let body = self.incoming.take(length.parse().expect("a length")).expect("the body");
            answer.body = String::from_utf8(body).expect("text");
        }
        answer
    }

    /// Reads the first line of an answer whose rest does not matter.
    #[track_caller]
    pub(crate) fn first_line(&mut self) -> String {
        let line = self.incoming.take_through(b"\n", 64 * 1024).expect("a line");
        String::from_utf8_lossy(&line).into_owned()
    }

    /// Takes one `$` frame, if one stands in front.
    fn take_frame(&mut self) -> bool {
        if self.incoming.left_over().first() != Some(&b'$') {
            return false;
        }
        let head = self.incoming.take(4).expect("four bytes");
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        let payload = self.incoming.take(length).expect("the whole frame");
        match head[1] {
            0 => self.rtp.push_back(payload),
            1 => self.rtcp.push_back(payload),
            other => panic!("channel {other} was not asked for"),
        }
        true
    }

    fn next_frame(&mut self) {
        if self.incoming.left_over().is_empty() {
            self.incoming.fill().expect("a frame");
        }
        let left = String::from_utf8_lossy(self.incoming.left_over()).into_owned();
        assert!(self.take_frame(), "no frame: {left}");
    }

    /// Whether packets of RTP came with earlier answers.
    pub(crate) fn has_packets(&self) -> bool {
        !self.rtp.is_empty()
    }

    /// Takes all packets that came with earlier answers. Returns how many of RTP there were.
    pub(crate) fn forget_packets(&mut self) -> usize {
        self.rtcp.clear();
        self.rtp.drain(..).count()
    }

    /// Sends RTCP over the connection.
    pub(crate) fn send_rtcp(&mut self, compound: &[rtcp::Packet]) {
        let mut bytes = vec![b'$', 1, 0, 0];
        rtcp::write(compound, &mut bytes);
        let length = (bytes.len() - 4) as u16;
        bytes[2..4].copy_from_slice(&length.to_be_bytes());
        self.send(bytes);
    }

    /// Waits for the server to close the connection.
    pub(crate) fn expect_end(&mut self) {
        let mut bytes = [0; 4096];
        loop {
            match self.incoming.source.read(&mut bytes) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return,
                Err(error) => panic!("still open: {error}"),
            }
        }
    }
}

impl Answer {
    /// The value of a field.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
        let value = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} stands twice: {self:?}");
        value
    }

    /// Checks that it is this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// A parameter of a field, such as `seq` of `RTP-Info`.
    #[track_caller]
    pub(crate) fn parameter(&self, field: &str, name: &str) -> &str {
        let value = self.header(field).unwrap_or_else(|| panic!("no {field}: {self:?}"));
        let mut pieces = value.split(';');
        let found = pieces.find_map(|piece| piece.strip_prefix(name)?.strip_prefix('='));
        found.unwrap_or_else(|| panic!("no {name} in {value}"))
    }

    /// The ports that `Transport` says the server sends from.
    #[track_caller]
    pub(crate) fn server_ports(&self) -> (u16, u16) {
        let pair = self.parameter("Transport", "server_port");
        let (rtp, rtcp) = pair.split_once('-').unwrap_or_else(|| panic!("{pair}"));
        (rtp.parse().expect("a port"), rtcp.parse().expect("a port"))
    }
}

/// Two ports that take RTP and RTCP.
pub(crate) struct Udp {
    pub(crate) rtp: UdpSocket,
    pub(crate) rtcp: UdpSocket,
    /// Where the server takes RTCP, once it has said so.
    pub(crate) server: Option<SocketAddr>,
}

impl Udp {
    pub(crate) fn new() -> Self {
        let socket = || {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
            socket.set_read_timeout(Some(READ_TIME)).expect("a time-out");
            socket
        };
        Self { rtp: socket(), rtcp: socket(), server: None }
    }

    /// What to ask for in SETUP.
    pub(crate) fn transport(&self) -> String {
        let port = |socket: &UdpSocket| socket.local_addr().expect("it is bound").port();
        format!("RTP/AVP;unicast;client_port={}-{}", port(&self.rtp), port(&self.rtcp))
    }

    /// Sends RTCP to the server.
    pub(crate) fn send_rtcp(&self, compound: &[rtcp::Packet]) {
        let mut bytes = Vec::new();
        rtcp::write(compound, &mut bytes);
        let server = self.server.expect("SETUP was answered");
        self.rtcp.send_to(&bytes, server).expect("it can be sent");
    }

    /// How many packets of RTP lie in wait here.
    pub(crate) fn forget_packets(&self) -> usize {
        self.rtp.set_nonblocking(true).expect("O_NONBLOCK");
        let mut bytes = [0; 65536];
        let mut count = 0;
        while self.rtp.recv(&mut bytes).is_ok() {
            count += 1;
        }
        self.rtp.set_nonblocking(false).expect("O_NONBLOCK");
        count
    }
}

/// Where packets come from.
pub(crate) trait Packets {
    /// Waits for a packet of RTP.
    fn rtp(&mut self) -> Packet;
    /// Waits for a compound of RTCP.
    fn rtcp(&mut self) -> Vec<rtcp::Packet>;
}

impl Packets for Rtsp {
    fn rtp(&mut self) -> Packet {
        loop {
            match self.rtp.pop_front() {
                Some(bytes) => return Packet::parse(&bytes),
                None => self.next_frame(),
            }
        }
    }

    fn rtcp(&mut self) -> Vec<rtcp::Packet> {
        loop {
            match self.rtcp.pop_front() {
                Some(bytes) => return rtcp::parse(&bytes).expect("RTCP"),
                None => self.next_frame(),
            }
        }
    }
}

impl Packets for Udp {
    fn rtp(&mut self) -> Packet {
        let mut bytes = [0; 65536];
        let count = self.rtp.recv(&mut bytes).expect("a packet");
        Packet::parse(&bytes[..count])
    }

    fn rtcp(&mut self) -> Vec<rtcp::Packet> {
        let mut bytes = [0; 65536];
        let count = self.rtcp.recv(&mut bytes).expect("a report");
        rtcp::parse(&bytes[..count]).expect("RTCP")
    }
}

/// One packet of RTP (RFC 3550 §5.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packet {
    pub(crate) marker: bool,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) ssrc: u32,
    pub(crate) payload: Vec<u8>,
}

impl Packet {
    /// Reads one that is as plain as JPEG in RTP has it: version 2 and nothing optional.
    #[track_caller]
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let (head, payload) = bytes.split_at(12);
        assert_eq!(head[0], 0x80, "version 2, no padding, extension or sources");
        assert_eq!(head[1] & 0x7F, 26, "the payload type of JPEG");
        let word =
            |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        Self {
            marker: head[1] & 0x80 != 0,
            sequence: u16::from_be_bytes([head[2], head[3]]),
            timestamp: word(4),
            ssrc: word(8),
            payload: payload.to_vec(),
        }
    }
}

/// The packets of one picture, and what they make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shot {
    pub(crate) first: Packet,
    pub(crate) packets: u16,
    pub(crate) jpeg: Vec<u8>,
}

/// Receives a whole picture, none of whose packets may be missing.
#[track_caller]
pub(crate) fn picture(from: &mut impl Packets) -> Shot {
    let mut depacketizer = Depacketizer::new(None);
    let first = from.rtp();
    assert_eq!(first.payload[1..4], [0; 3], "a picture starts at offset 0");
    let (mut packet, mut packets) = (first.clone(), 0);
    loop {
        assert!(packet.payload.len() + 12 <= 1400, "{} bytes", packet.payload.len());
        assert_eq!(packet.sequence, first.sequence.wrapping_add(packets), "in order");
        assert_eq!((packet.timestamp, packet.ssrc), (first.timestamp, first.ssrc));
        packets += 1;
        let header = Header {
            payload_type: 26,
            marker: packet.marker,
            sequence: packet.sequence,
            timestamp: packet.timestamp,
            ssrc: packet.ssrc,
        };
        let frame = depacketizer.push(&header, &packet.payload).expect("RFC 2435 holds");
        if packet.marker {
            let jpeg = frame.expect("the marker is on the last packet").jpeg;
            return Shot { first, packets, jpeg };
        }
        assert!(frame.is_none(), "the marker is missing");
        packet = from.rtp();
    }
}

/// Waits for a compound that says goodbye. Returns who leaves.
pub(crate) fn goodbye(from: &mut impl Packets) -> Vec<u32> {
    loop {
        let compound = from.rtcp();
        let leaving = compound.into_iter().find_map(|packet| match packet {
            rtcp::Packet::Goodbye { sources, .. } => Some(sources),
            _ => None,
        });
        if let Some(sources) = leaving {
            return sources;
        }
    }
}
