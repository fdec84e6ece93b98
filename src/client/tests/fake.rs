//! A server that does what a test says, request by request.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::thread::JoinHandle;

use crate::proto::rtp::jpeg::{PacketBytes, Packets, rtp_parts};
use crate::proto::rtp::{Header, rtcp};
use crate::proto::rtsp::interleaved::frame_header;
use crate::proto::rtsp::transport::Transport;
use crate::proto::rtsp::{
    Front, Method, Request, Response, RtspUrl, Status, front, parse_reply, parse_request,
};

pub(super) const PICTURE: &[u8] = include_bytes!("../../../tests/data/jpeg/420.jpg");
pub(super) const SSRC: u32 = 7;
pub(super) const CLIP: &str = "v=0\r\ns=movie\r\na=control:*\r\na=range:npt=0-20\r\n\
    m=video 0 RTP/AVP 26\r\na=control:track1\r\na=framerate:25\r\n";

/// A server on a port of its own, whose thread plays the script.
pub(super) struct Fake {
    pub(super) address: SocketAddr,
    thread: JoinHandle<()>,
}

/// A connection that it has accepted.
pub(super) struct Peer {
    socket: TcpStream,
    input: Vec<u8>,
    /// `$` frames that came between requests.
    pub(super) frames: Vec<(u8, Vec<u8>)>,
}

/// What carries packets to the client.
pub(super) enum Carriage {
    Udp { rtp: UdpSocket, rtcp: UdpSocket, to: (SocketAddr, SocketAddr) },
    Tcp,
}

impl Fake {
    pub(super) fn start(script: impl FnOnce(&TcpListener) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        Self { address, thread: std::thread::spawn(move || script(&listener)) }
    }

    pub(super) fn url(&self) -> RtspUrl {
        self.url_with("")
    }

    /// With `user:password@`.
    pub(super) fn url_with(&self, userinfo: &str) -> RtspUrl {
        RtspUrl::parse(&format!("rtsp://{userinfo}{}/movie", self.address)).unwrap()
    }

    /// Waits until the script is done, and fails if it has failed.
    pub(super) fn join(self) {
        self.thread.join().unwrap();
    }
}

impl Peer {
    pub(super) fn accept(listener: &TcpListener) -> Self {
        let (socket, _) = listener.accept().unwrap();
        socket.set_read_timeout(Some(super::LIMIT)).unwrap();
        Self { socket, input: Vec::new(), frames: Vec::new() }
    }

    /// A connection on which the clip has been described.
    pub(super) fn described(listener: &TcpListener) -> Self {
        let mut peer = Self::accept(listener);
        let options = peer.expect(Method::Options);
        peer.ok(&options, &[("Public", "SETUP, PLAY, PAUSE, TEARDOWN")]);
        let describe = peer.expect(Method::Describe);
        assert_eq!(describe.headers.get("Accept"), Some("application/sdp"));
        peer.reply(&describe, Status::Ok, &[], CLIP);
        peer
    }

    /// The next request; `None` if the client has closed.
    pub(super) fn next(&mut self) -> Option<Request> {
        loop {
            let (request, length) = match front(&self.input) {
                Some(Front::Frame { channel, payload, length }) => {
                    self.frames.push((channel, payload.to_vec()));
                    (None, length)
                }
                Some(Front::Request) => match parse_request(&self.input).unwrap() {
                    Some((request, length)) => (Some(request), length),
                    None => (None, 0),
                },
                // The client answers what was asked of it.
                Some(Front::Reply) => {
                    (None, parse_reply(&self.input).unwrap().map_or(0, |(_, length)| length))
                }
                _ => (None, 0),
            };
            self.input.drain(..length);
            if request.is_some() {
                return request;
            }
            if length > 0 {
                continue;
            }
            let mut piece = [0; 4096];
            match self.socket.read(&mut piece) {
                Ok(0) => return None,
                Ok(count) => self.input.extend_from_slice(&piece[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("no request: {error}"),
            }
        }
    }

    #[track_caller]
    pub(super) fn expect(&mut self, method: Method) -> Request {
        let request = self.next().expect("a request");
        assert_eq!(request.method, method, "{request:?}");
        request
    }

    /// The client goes, without a request.
    #[track_caller]
    pub(super) fn expect_end(&mut self) {
        assert_eq!(self.next(), None);
    }

    pub(super) fn reply(
        &mut self,
        request: &Request,
        status: Status,
        headers: &[(&'static str, &str)],
        body: &str,
    ) {
        let mut response = Response::new(status, Some(request.cseq));
        for (name, value) in headers {
            response = response.header(name, value);
        }
        let mut out = Vec::new();
        response.body("text/plain", body.into()).write(&mut out);
        self.send(&out);
    }

    pub(super) fn ok(&mut self, request: &Request, headers: &[(&'static str, &str)]) {
        self.reply(request, Status::Ok, headers, "");
    }

    pub(super) fn send(&mut self, bytes: &[u8]) {
        // The client may have gone.
        let _ = self.socket.write_all(bytes);
    }

    pub(super) fn frame(&mut self, channel: u8, payload: &[u8]) {
        self.send(&[&frame_header(channel, payload.len() as u16)[..], payload].concat());
    }

    /// Grants SETUP as it was asked for.
    pub(super) fn set_up(&mut self, session: &str) -> Carriage {
        let setup = self.expect(Method::Setup);
        assert!(setup.uri.as_str().ends_with("/movie/track1"), "{setup:?}");
        let asked = Transport::parse(setup.headers.get("Transport").unwrap()).unwrap();
        let (transport, way) = match asked.client_port {
            Some((rtp, rtcp)) => {
                let client = |port| SocketAddr::from(([127, 0, 0, 1], port));
                let to = (client(rtp), client(rtcp));
                let bind = || UdpSocket::bind("127.0.0.1:0").unwrap();
                let (rtp, rtcp) = (bind(), bind());
                let port = |socket: &UdpSocket| socket.local_addr().unwrap().port();
                let server_port = Some((port(&rtp), port(&rtcp)));
                (Transport { server_port, ..asked }, Carriage::Udp { rtp, rtcp, to })
            }
            None => (asked, Carriage::Tcp),
        };
        self.ok(&setup, &[("Transport", &transport.to_string()), ("Session", session)]);
        way
    }

    /// Grants PLAY, from sequence 100 and timestamp 9000 on, which are at `npt`.
    pub(super) fn play(&mut self, npt: &str) -> Request {
        let play = self.expect(Method::Play);
        assert!(play.session().unwrap().is_some() && play.uri.as_str().ends_with("/movie"));
        let range = format!("npt={npt}-");
        self.ok(&play, &[("Range", &range), ("RTP-Info", "url=track1;seq=100;rtptime=9000")]);
        play
    }

    /// Sends the picture; returns how many packets it had.
    pub(super) fn picture(&mut self, way: &Carriage, sequence: u16, timestamp: u32) -> u16 {
        let packets = packets(sequence, timestamp);
        for packet in &packets {
            match way {
                Carriage::Udp { rtp, to, .. } => drop(rtp.send_to(packet, to.0).unwrap()),
                Carriage::Tcp => self.frame(0, packet),
            }
        }
        packets.len() as u16
    }

    pub(super) fn goodbye(&mut self, way: &Carriage) {
        let goodbye = rtcp::Packet::Goodbye { sources: vec![SSRC], reason: None };
        let mut bytes = Vec::new();
        rtcp::write(&[goodbye], &mut bytes);
        match way {
            Carriage::Udp { rtcp, to, .. } => drop(rtcp.send_to(&bytes, to.1).unwrap()),
            Carriage::Tcp => self.frame(1, &bytes),
        }
    }
}

/// The picture's packets.
pub(super) fn packets(sequence: u16, timestamp: u32) -> Vec<Vec<u8>> {
    let parts = rtp_parts(PICTURE).unwrap();
    let packets = Packets::new(Arc::from(PICTURE), &parts, PacketBytes::new(200).unwrap());
    let first = Header { payload_type: 26, marker: false, sequence, timestamp, ssrc: SSRC };
    let write = |index| {
        let mut out = Vec::new();
        packets.write(index, &first, &mut out);
        out
    };
    (0..packets.count()).map(write).collect()
}
