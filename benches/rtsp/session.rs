//! One RTSP session of the bench: set up, played, its frames counted and thrown away.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use livestream::proto::rtp;
use livestream::proto::rtsp::{
    Front, Method, Reply, Request, Transport, Uri, front, parse_reply, parse_sdp, resolve_control,
};
use mio::{Interest, Registry, Token};
use socket2::SockRef;

/// A session that plays.
pub(crate) struct Session {
    control: mio::net::TcpStream,
    /// Where RTP comes in over UDP.
    rtp: Option<mio::net::UdpSocket>,
    input: Vec<u8>,
    /// Frames whose last packet came.
    pub(crate) frames: u64,
    pub(crate) packets: u64,
}

/// The way of packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    Udp,
    Tcp,
}

impl Session {
    /// Asks a server for its `/live`.
    pub(crate) fn play(server: SocketAddr, over: Over) -> Self {
        let mut socket = TcpStream::connect(server).expect("the server accepts");
        socket.set_read_timeout(Some(PATIENCE)).expect("a time-out can be set");
        let url = format!("rtsp://{server}/live");
        let mut input = Vec::new();
        let mut number = 0;
        let mut ask = |method: Method, url: &str, fields: &[(&'static str, String)]| {
            number += 1;
            let uri = Uri::parse(url).expect("an address");
            let mut request = Request::new(method, uri, number);
            for (name, value) in fields {
                request = request.header(name, value);
            }
            let mut bytes = Vec::new();
            request.write(&mut bytes);
            socket.write_all(&bytes).expect("the server takes a request");
            reply(&mut socket, &mut input)
        };
        let described = ask(Method::Describe, &url, &[("Accept", "application/sdp".to_owned())]);
        let description = parse_sdp(&described.body).expect("a description");
        let (media, _) = description.jpeg().expect("a JPEG video");
        let base = described.base(&url).to_owned();
        let track = resolve_control(&base, media.control.as_deref());
        let rtp = (over == Over::Udp).then(|| {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a port");
            SockRef::from(&socket).set_recv_buffer_size(RECEIVE_BYTES).expect("a buffer");
            socket.set_nonblocking(true).expect("a socket can be made non-blocking");
            socket
        });
        let transport = match &rtp {
            Some(socket) => {
                let port = socket.local_addr().expect("it is bound").port();
                Transport::udp((port, port.wrapping_add(1)))
            }
            None => Transport::tcp((0, 1)),
        };
        let set_up = ask(Method::Setup, &track, &[("Transport", transport.to_string())]);
        let session = set_up.session().expect("a session").id;
        let url = resolve_control(&base, description.control.as_deref());
        ask(Method::Play, &url, &[("Session", session), ("Range", "npt=now-".to_owned())]);
        socket.set_nonblocking(true).expect("a socket can be made non-blocking");
        Self {
            control: mio::net::TcpStream::from_std(socket),
            rtp: rtp.map(mio::net::UdpSocket::from_std),
            input,
            frames: 0,
            packets: 0,
        }
    }

    pub(crate) fn register(&mut self, registry: &Registry, token: Token) {
        let outcome = match &mut self.rtp {
            Some(rtp) => registry.register(rtp, token, Interest::READABLE),
            None => registry.register(&mut self.control, token, Interest::READABLE),
        };
        outcome.expect("the poll takes a socket");
    }

    /// Takes in what is there.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) {
        loop {
            let read = match &self.rtp {
                Some(rtp) => rtp.recv(buffer),
                None => self.control.read(buffer),
            };
            match read {
                Ok(count) if self.rtp.is_some() => self.packet(&buffer[..count]),
                Ok(0) => panic!("the server hung up"),
                Ok(count) => {
                    self.input.extend_from_slice(&buffer[..count]);
                    self.take_frames();
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => panic!("{error}"),
            }
        }
    }

    fn take_frames(&mut self) {
        let input = std::mem::take(&mut self.input);
        let mut at = 0;
        while let Some(Front::Frame { channel, payload, length }) = front(&input[at..]) {
            if channel == 0 {
                self.packet(payload);
            }
            at += length;
        }
        self.input = input;
        self.input.drain(..at);
    }

    fn packet(&mut self, bytes: &[u8]) {
        let packet = rtp::Packet::parse(bytes).expect("an RTP packet");
        self.packets += 1;
        self.frames += u64::from(packet.header.marker);
    }
}

fn reply(socket: &mut TcpStream, input: &mut Vec<u8>) -> Reply {
    let deadline = Instant::now() + PATIENCE;
    loop {
        while let Some(Front::Frame { length, .. }) = front(input) {
            input.drain(..length);
        }
        let found = match front(input) {
            Some(Front::Reply) => parse_reply(input).expect("a reply"),
            _ => None,
        };
        if let Some((reply, length)) = found {
            input.drain(..length);
            assert!(reply.is_ok(), "{} {}", reply.status, reply.reason);
            return reply;
        }
        assert!(Instant::now() < deadline, "no reply");
        let mut some = [0; 4096];
        let count = socket.read(&mut some).expect("a reply comes");
        assert!(count > 0, "the server hung up");
        input.extend_from_slice(&some[..count]);
    }
}

const PATIENCE: Duration = Duration::from_secs(10);
const RECEIVE_BYTES: usize = 4 * 1024 * 1024;
