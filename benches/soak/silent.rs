//! Connections to RTSP that say nothing are closed, though one from their address plays.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::neighbours::{Neighbours, address};
use crate::player::play;
use crate::witness::Witness;

/// Two hundred of them, and the player beside them.
pub(crate) struct Silent {
    rtsp: SocketAddr,
    all: Neighbours,
    player: Option<Witness>,
    since: Instant,
    closed_after: Option<Duration>,
}

impl Silent {
    pub(crate) fn connect(rtsp: SocketAddr) -> Self {
        let all = Neighbours::connect_from(rtsp, address(0), COUNT);
        Self { rtsp, all, player: None, since: Instant::now(), closed_after: None }
    }

    /// Looks how many are open; to be called now and then.
    pub(crate) fn look(&mut self) {
        if self.player.as_ref().is_none_or(Witness::is_over) {
            // A server that is full, or whose source is lost, may refuse one.
            self.player = play(self.rtsp, address(0)).ok();
        }
        if self.closed_after.is_none() && self.all.still_open() == 0 {
            self.closed_after = Some(self.since.elapsed());
        }
    }

    /// Prints what became of them. Returns whether that is well.
    #[expect(clippy::print_stdout, reason = "a bench prints its tables")]
    pub(crate) fn verdict(&self) -> bool {
        match self.closed_after {
            Some(after) => println!("silent RTSP connections: closed within {after:.0?}"),
            None if self.since.elapsed() < LONGEST => {
                println!("silent RTSP connections: too short to tell");
                return true;
            }
            None => println!("silent RTSP connections: {} STAY", self.all.still_open()),
        }
        self.closed_after.is_some_and(|after| after <= LONGEST)
    }
}

const COUNT: usize = 200;
/// A minute is what they have; they are looked at each few seconds.
const LONGEST: Duration = Duration::from_secs(90);
