//! A connection on which a client of the networking lab speaks its own way.

use std::io::Result;
use std::time::{Duration, Instant};

use log::debug;

use super::{Advance, Connection, State};
use crate::proto::rtsp::lab::{self, Dialect, Found};
use crate::rtsp::lab::LabStep;

impl Connection {
    pub(super) fn take_lab(&mut self, silent: bool, now: Instant) -> Result<Advance> {
        let found = match lab::dialect(&self.input) {
            Some(Dialect::Terse) => lab::parse_terse_request(&self.input),
            _ => lab::parse_lab_request(&self.input),
        };
        let (request, length) = match found {
            Ok(None) => return self.fill(now),
            Ok(Some(Found::MaybeComplete { silence, .. })) if !silent => {
                return self.listen(silence, now);
            }
            Ok(Some(
                Found::Complete { request, length } | Found::MaybeComplete { request, length, .. },
            )) => (request, length),
            Err(refused) => {
                debug!("refused: {refused}");
                let style = lab::Style::of(&self.input);
                self.messages.reply(&self.lab.refuse(style, &refused), now)?;
                return Ok(self.hang_up());
            }
        };
        self.used(length, now);
        let (lab, mut asking) = self.lab_asking(now);
        let step = lab.begin(request, &mut asking);
        self.answer_lab(step, now)
    }

    /// Takes what is there for whole if nothing follows it for so long.
    pub(super) fn listen(&mut self, silence: Duration, now: Instant) -> Result<Advance> {
        let before = self.input.len();
        let advance = self.fill(now)?;
        if self.input.len() > before || !matches!(self.state, State::Listens(_)) {
            self.state = State::Listens(now + silence);
        }
        Ok(advance)
    }

    /// Answers a student's client that speaks its own way: it counts lines.
    pub(super) fn refuse_unreadable(&mut self, now: Instant) -> Result<Advance> {
        let (style, refused) = lab::unreadable(&self.input);
        debug!("refused: {refused}");
        let reply = lab::write_reply(style, refused.status, refused.cseq.unwrap_or(0), 0);
        self.messages.reply(&reply, now)?;
        Ok(self.hang_up())
    }

    pub(super) fn answer_lab(&mut self, step: LabStep, now: Instant) -> Result<Advance> {
        match step {
            LabStep::Waits(exchange) => {
                self.state = State::AnswersLab(Box::new(exchange));
                Ok(Advance::Wait)
            }
            LabStep::Answered(reply, announced) => {
                self.messages.reply(&reply, now)?;
                self.announced.extend(announced);
                self.waits_since = now;
                Ok(Advance::On)
            }
        }
    }
}
