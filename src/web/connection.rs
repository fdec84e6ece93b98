//! One client's connection: requests in, answers out, until it ends or becomes a stream.
//!
//! Runs on a thread of its own. What requests mean is [`super::plan`]'s; how they
//! are written is [`crate::proto::http`]'s.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use log::debug;

use super::answer::Answer;
use super::context::Context;
use super::plan::{Intake, Outcome, Plan, plan};
use super::stream::Stream;
use crate::net::socket::fit_for_streaming;
use crate::proto::http::{Head, Invalid, MAX_HEAD_BYTES, Method, Status, parse_head};

/// Serves a connection until it ends. A live stream goes on without this thread.
pub(super) fn serve(socket: Arc<TcpStream>, context: &Arc<Context>) {
    let mut connection = Connection { socket, input: Vec::new() };
    match connection.talk(context) {
        Ok(None) => {}
        Ok(Some(stream)) => connection.hand_over(*stream, context),
        Err(end) => debug!("connection ended: {end:?}"),
    }
}

struct Connection {
    socket: Arc<TcpStream>,
    /// What came and was not used yet: the rest of a head, or requests in advance.
    input: Vec<u8>,
}

/// Why a connection ended without an answer.
#[derive(Debug)]
#[expect(dead_code, reason = "the fields are read by `Debug`, in the log")]
enum End {
    Closed,
    TimedOut,
    Failed(std::io::Error),
}

/// What a client may get wrong.
enum Wrong {
    Invalid(Invalid),
    TooSlow,
}

impl Connection {
    /// Answers requests. Returns the stream that the connection became, if it did.
    fn talk(&mut self, context: &Arc<Context>) -> Result<Option<Box<Stream>>, End> {
        self.socket.set_nodelay(true).map_err(End::Failed)?;
        self.socket.set_write_timeout(Some(WRITE_TIME)).map_err(End::Failed)?;
        let mut patience = HEAD_TIME;
        while !context.shutdown.asked() {
            let head = match self.head(patience)? {
                Ok(head) => head,
                Err(wrong) => {
                    self.refuse(wrong)?;
                    return Ok(None);
                }
            };
            let plan = plan(context, head, Instant::now());
            let (body, readable) = match self.body(&plan)? {
                Ok(taken) => taken,
                Err(wrong) => {
                    self.refuse(wrong)?;
                    return Ok(None);
                }
            };
            let keep_alive = readable && plan.head().keep_alive();
            let method = plan.head().method.clone();
            let answer = match plan.answer(body, Instant::now()) {
                Outcome::Stream(stream) => return Ok(Some(stream)),
                Outcome::Answer(answer) => answer,
                Outcome::Snapshot(order) => {
                    order.answer(context.snapshots.take(&context.hub, order.level))
                }
            };
            let keep_alive = keep_alive && !answer.closes() && !context.shutdown.asked();
            let bytes = answer.into_bytes(&method, keep_alive, context.clock.wall());
            (&*self.socket).write_all(&bytes).map_err(End::Failed)?;
            if !keep_alive {
                self.linger();
                return Ok(None);
            }
            patience = IDLE_TIME;
        }
        Ok(None)
    }

    /// Reads the head of a request. It must come within [`HEAD_TIME`] of the first byte, or of
    /// the start of the connection. `patience` is the time until that first byte.
    fn head(&mut self, patience: Duration) -> Result<Result<Head, Wrong>, End> {
        let mut deadline = Instant::now() + patience;
        let mut begun = false;
        let mut parsed = 0;
        loop {
            if !begun && !self.input.is_empty() {
                begun = true;
                if patience == IDLE_TIME {
                    deadline = Instant::now() + HEAD_TIME;
                }
            }
            // Between line ends, and without what may stand in no line (a TLS hello, say), the
            // verdict is the same as before.
            let telling = self.input[parsed..].iter().any(u8::is_ascii_control);
            if telling || self.input.len() >= MAX_HEAD_BYTES {
                match parse_head(&self.input) {
                    Ok(Some((head, length))) => {
                        self.input.drain(..length);
                        return Ok(Ok(head));
                    }
                    Ok(None) => {}
                    Err(invalid) => return Ok(Err(Wrong::Invalid(invalid))),
                }
            }
            parsed = self.input.len();
            match self.read(deadline) {
                Ok(()) => {}
                Err(End::TimedOut) if begun => return Ok(Err(Wrong::TooSlow)),
                Err(end) => return Err(end),
            }
        }
    }

    /// Reads the body that a plan asks for, within [`BODY_TIME`]. Returns it, and whether what
    /// follows it can be read as the next request.
    fn body(&mut self, plan: &Plan) -> Result<Result<(Vec<u8>, bool), Wrong>, End> {
        let (mut body, mut invite, dropped) = match plan.intake() {
            Intake::Nothing => return Ok(Ok((Vec::new(), true))),
            Intake::Unread => return Ok(Ok((Vec::new(), false))),
            Intake::Keep { body, invite } => (body, invite, false),
            Intake::Drop(body) => (body, false, true),
        };
        let deadline = Instant::now() + BODY_TIME;
        loop {
            match body.feed(&self.input) {
                Ok(fed) => {
                    self.input.drain(..fed.consumed);
                    if fed.done {
                        return Ok(Ok((body.into_bytes(), true)));
                    }
                }
                Err(invalid) if dropped && invalid.status == Status::ContentTooLarge => {
                    return Ok(Ok((Vec::new(), false)));
                }
                Err(invalid) => return Ok(Err(Wrong::Invalid(invalid))),
            }
            if std::mem::take(&mut invite) {
                let go_on = b"HTTP/1.1 100 Continue\r\n\r\n";
                (&*self.socket).write_all(go_on).map_err(End::Failed)?;
            }
            match self.read(deadline) {
                Ok(()) => {}
                Err(End::TimedOut) => return Ok(Err(Wrong::TooSlow)),
                Err(end) => return Err(end),
            }
        }
    }

    /// Waits for more bytes.
    fn read(&mut self, deadline: Instant) -> Result<(), End> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(End::TimedOut);
        }
        self.socket.set_read_timeout(Some(left)).map_err(End::Failed)?;
        let mut chunk = [0; 4096];
        match (&*self.socket).read(&mut chunk) {
            Ok(0) => Err(End::Closed),
            Ok(bytes) => {
                self.input.extend_from_slice(&chunk[..bytes]);
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(()),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Err(End::TimedOut)
            }
            Err(error) => Err(End::Failed(error)),
        }
    }

    /// Says what was wrong, and ends.
    fn refuse(&mut self, wrong: Wrong) -> Result<(), End> {
        let answer = match wrong {
            Wrong::Invalid(invalid) => Answer::text(invalid.status, &invalid.to_string()),
            Wrong::TooSlow => Answer::text(Status::RequestTimeout, "the request came too slowly"),
        };
        let bytes = answer.into_bytes(&Method::Get, false, std::time::SystemTime::now());
        (&*self.socket).write_all(&bytes).map_err(End::Failed)?;
        self.linger();
        Ok(())
    }

    /// Takes what the client still sends, for a moment: to close at once would reset the
    /// connection, and the answer could be lost on its way (RFC 9112 §9.6).
    fn linger(&mut self) {
        if self.socket.shutdown(std::net::Shutdown::Write).is_err() {
            return;
        }
        let deadline = Instant::now() + LINGER_TIME;
        let mut taken = 0;
        while taken < MAX_LINGER_BYTES {
            self.input.clear();
            if self.read(deadline).is_err() {
                return;
            }
            taken += self.input.len();
        }
    }

    fn hand_over(self, stream: Stream, context: &Context) {
        fit_for_streaming(&self.socket);
        // The accepting thread may hold it for a moment, to see whether it lives.
        let socket = Arc::try_unwrap(self.socket).or_else(|shared| shared.try_clone());
        let ready = socket.and_then(|socket| {
            socket.set_nonblocking(true)?;
            Ok(socket)
        });
        match ready {
            Ok(socket) => context.senders.add(mio::net::TcpStream::from_std(socket), stream),
            Err(error) => debug!("stream not begun: {error}"),
        }
    }
}

const HEAD_TIME: Duration = Duration::from_secs(10);
const IDLE_TIME: Duration = Duration::from_secs(60);
const BODY_TIME: Duration = Duration::from_secs(20);
const WRITE_TIME: Duration = Duration::from_secs(10);
const LINGER_TIME: Duration = Duration::from_secs(1);
const MAX_LINGER_BYTES: usize = 256 * 1024;
