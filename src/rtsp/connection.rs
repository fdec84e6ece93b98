//! One client's RTSP connection: requests in, replies out, RTCP between them.
//!
//! Runs on a thread of its own. What requests mean is [`super::requests`]' and
//! [`super::lab`]'s; a client speaks either way, told by its first line. Packets that go
//! over the connection are written by the threads that play them ([`super::stage`]).

use std::io::{Error, ErrorKind, Read, Result};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use log::debug;

use super::Studio;
use super::lab::Lab;
use super::outlet::Writer;
use super::requests::{Asked, Client};
use super::udp::canonical;
use crate::net::socket::fit_for_streaming;
use crate::proto::rtp::rtcp;
use crate::proto::rtsp::lab::{self, Found};
use crate::proto::rtsp::{Next, Response, next, parse_request};

/// Serves a connection until it ends, and with it the sessions that hang on it.
pub(super) fn serve(socket: Arc<TcpStream>, studio: &Arc<Studio>) {
    let number = studio.next_connection();
    let outcome = Connection::new(socket, number, studio).and_then(|mut one| one.talk());
    if let Err(error) = outcome {
        debug!("RTSP connection ended: {error}");
    }
    for session in studio.sessions.take_bound(number) {
        session.end();
    }
}

struct Connection<'a> {
    studio: &'a Arc<Studio>,
    socket: Arc<TcpStream>,
    client: Client,
    lab: Lab,
    /// What came and was not used yet.
    input: Vec<u8>,
}

/// What to do after a look at what came.
enum Step {
    /// Look again.
    On,
    /// More must come.
    Wait,
    /// More may come; if it does not within a moment, what is there is whole.
    WaitAMoment,
    /// The connection is of no more use.
    Close,
}

impl<'a> Connection<'a> {
    fn new(socket: Arc<TcpStream>, number: u64, studio: &'a Arc<Studio>) -> Result<Self> {
        fit_for_streaming(&socket);
        socket.set_write_timeout(Some(WRITE_TIME))?;
        let writer = Arc::new(Writer::new(Arc::clone(&socket)));
        let (peer, local) = (canonical(socket.peer_addr()?), canonical(socket.local_addr()?));
        let client = Client { number, peer, local, writer };
        let lab = Lab::new(number);
        Ok(Self { studio, socket, client, lab, input: Vec::new() })
    }

    fn talk(&mut self) -> Result<()> {
        let mut waits_since = Instant::now();
        let mut silent = false;
        while !self.studio.context.shutdown.asked() {
            let step = self.step(silent)?;
            silent = false;
            let waited_a_moment = matches!(step, Step::WaitAMoment);
            let deadline = match step {
                Step::On => {
                    waits_since = Instant::now();
                    continue;
                }
                Step::Close => return Ok(()),
                Step::WaitAMoment => Instant::now() + MOMENT,
                Step::Wait if self.input.is_empty() => waits_since + IDLE_TIME,
                Step::Wait => waits_since + HEAD_TIME,
            };
            let first = self.input.is_empty();
            match self.read(deadline) {
                // A head has its time from its first byte on, however long none came.
                Ok(()) if first => waits_since = Instant::now(),
                Ok(()) => {}
                Err(error) if is_timeout(&error) && waited_a_moment => silent = true,
                // Who watches need not speak.
                Err(error) if is_timeout(&error) && self.may_be_silent() => {
                    waits_since = Instant::now();
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn may_be_silent(&self) -> bool {
        self.input.is_empty() && self.studio.sessions.has_any(self.client.peer.ip())
    }

    /// Takes one thing from the front of what came. `silent` says that nothing followed it.
    fn step(&mut self, silent: bool) -> Result<Step> {
        match next(&self.input) {
            None => return Ok(Step::Wait),
            Some(Next::Nothing { length }) => {
                self.input.drain(..length);
                return Ok(Step::On);
            }
            Some(Next::Frame { payload, length, .. }) => {
                // A client sends nothing but RTCP. What is none is passed over.
                if let Ok(compound) = rtcp::parse(payload) {
                    self.studio.sessions.rtcp(&compound, self.client.peer, Instant::now());
                }
                self.input.drain(..length);
                return Ok(Step::On);
            }
            // To requests that a server could send; this one sends none.
            Some(Next::Reply) => return Ok(Step::Close),
            Some(Next::Request) => {}
        }
        match lab::is_lab(&self.input) {
            Some(true) => self.lab_step(silent),
            None if self.input.len() < lab::MAX_REQUEST_BYTES => Ok(Step::Wait),
            _ => self.request(),
        }
    }

    fn request(&mut self) -> Result<Step> {
        match parse_request(&self.input) {
            Ok(None) => Ok(Step::Wait),
            Ok(Some((request, length))) => {
                self.input.drain(..length);
                let asked = Asked { studio: self.studio, client: &self.client, request: &request };
                let response = asked.answer();
                debug!("{} {}: {}", request.method, request.uri, response.status());
                self.write(&response)?;
                asked.after(&response);
                Ok(Step::On)
            }
            Err(refused) => {
                debug!("refused: {refused}");
                self.write(&Response::new(refused.status, refused.cseq))?;
                Ok(Step::Close)
            }
        }
    }

    fn lab_step(&mut self, silent: bool) -> Result<Step> {
        let (request, length) = match lab::parse_lab_request(&self.input) {
            Ok(None) => return Ok(Step::Wait),
            Ok(Some(Found::MaybeComplete { .. })) if !silent => return Ok(Step::WaitAMoment),
            Ok(Some(
                Found::Complete { request, length } | Found::MaybeComplete { request, length },
            )) => (request, length),
            Err(refused) => {
                debug!("refused: {refused}");
                let style = lab::Style::of(&self.input);
                self.client.writer.write(&self.lab.refuse(style, &refused))?;
                return Ok(Step::Close);
            }
        };
        self.input.drain(..length);
        let reply = self.lab.answer(self.studio, &self.client, &request);
        self.client.writer.write(&reply)?;
        self.lab.after(self.studio, &self.client);
        Ok(Step::On)
    }

    fn write(&self, response: &Response) -> Result<()> {
        let mut bytes = Vec::new();
        response.write(&mut bytes);
        self.client.writer.write(&bytes)
    }

    fn read(&mut self, deadline: Instant) -> Result<()> {
        if self.input.len() >= MAX_INPUT_BYTES {
            return Err(ErrorKind::OutOfMemory.into());
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        self.socket.set_read_timeout(Some(left))?;
        let mut some = [0; 4096];
        let count = (&*self.socket).read(&mut some)?;
        if count == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.input.extend_from_slice(&some[..count]);
        Ok(())
    }
}

fn is_timeout(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

const HEAD_TIME: Duration = Duration::from_secs(10);
const IDLE_TIME: Duration = Duration::from_secs(60);
const WRITE_TIME: Duration = Duration::from_secs(10);
/// After so long nothing more belongs to a request of the lab that could be whole.
const MOMENT: Duration = Duration::from_millis(40);
/// A frame, and a request with its body behind it.
const MAX_INPUT_BYTES: usize = 192 * 1024;
