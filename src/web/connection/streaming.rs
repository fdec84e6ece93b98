//! A connection that has become a live stream.

use std::io::{IoSlice, Result, Write};
use std::time::{Duration, Instant};

use super::super::pass::Pass;
use super::super::stream::{Outlet, Pumped, Stream};
use super::{Connection, State, Step};
use crate::net::kernel::Kernel;
use crate::net::lane::{Moment, Turn};
use crate::net::registry::Standing;
use crate::net::wire::{Outflow, Wire};
use crate::proto::sock_diag::TcpState;

impl Connection {
    pub(super) fn begin_stream(
        &mut self,
        stream: Box<Stream>,
        pass: Box<Pass>,
        now: Instant,
    ) -> Step {
        self.wire.fit_for_streaming();
        self.guest.stands(Standing::Watching, now);
        self.state = State::Streaming { stream, pass, heard: self.input.len() };
        self.input = Vec::new();
        Step::On
    }

    pub(super) fn stream(
        &mut self,
        mut stream: Box<Stream>,
        mut pass: Box<Pass>,
        mut heard: usize,
        moment: &mut Moment<'_>,
    ) -> Step {
        match self.pass_over() {
            Ok(bytes) => heard += bytes,
            Err(()) => return Step::Over,
        }
        // Who has gone is found out by sending; a stream that is paused sends nothing.
        if heard > MAX_HEARD_BYTES || (self.ended && stream.is_paused()) {
            return Step::Over;
        }
        if !pass.holds(&self.context) {
            return Step::Over;
        }
        if self.wire.is_writable() {
            stream.unblock();
        }
        let mut outlet = WayOut { wire: &mut self.wire, kernel: moment.kernel };
        match stream.pump(&mut outlet, moment.now) {
            Pumped::Over => Step::Over,
            Pumped::Again(at) => {
                self.tell_standing(&stream, moment.now);
                // Whoever may no longer watch gets no second more.
                let at = at.min(moment.now + PASS_GLANCE);
                let turn = Turn::Wait { until: Some(at), news: stream.topics(), weight: WEIGHT };
                self.state = State::Streaming { stream, pass, heard };
                Step::Wait(turn)
            }
        }
    }

    fn tell_standing(&self, stream: &Stream, now: Instant) {
        match stream.stuck_since() {
            Some(since) => self.guest.stands(Standing::UnreadStream, since),
            None => self.guest.stands(Standing::Watching, now),
        }
    }
}

/// A stream's way out, for as long as it is looked at.
struct WayOut<'a> {
    wire: &'a mut Wire,
    kernel: &'a mut Kernel,
}

impl Write for WayOut<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.wire.write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> Result<usize> {
        self.wire.write_vectored(slices)
    }

    fn flush(&mut self) -> Result<()> {
        self.wire.flush()
    }
}

impl Outflow for WayOut<'_> {
    fn sent(&self) -> u64 {
        self.wire.sent()
    }
}

impl Outlet for WayOut<'_> {
    fn state(&mut self) -> Option<TcpState> {
        self.wire.state(self.kernel)
    }
}

/// A client that says so much to a stream, which has no ears, is ended.
const MAX_HEARD_BYTES: usize = 64 * 1024;
/// What a stream weighs beside a connection that idles.
const WEIGHT: u32 = 16;
const PASS_GLANCE: Duration = Duration::from_millis(500);
