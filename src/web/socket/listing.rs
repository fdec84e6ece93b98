//! The list of rooms with a small picture of each, for a page that shows them all: over its one
//! connection, as a browser makes no more than six to a server.
//!
//! A picture is asked for as `GET /preview` asks, one after the other, and opens no source.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use super::super::context::Context;
use super::super::rooms;
use super::super::snapshot::{Wanted, What};
use crate::account::Caller;
use crate::live::condition::Status;
use crate::net::lane::Handle;
use crate::room::Room;

/// What one page was told of the rooms.
#[derive(Default)]
pub(super) struct Listing {
    told: String,
    next_round: Option<Instant>,
    /// The rooms whose pictures are still to come in this round.
    left: VecDeque<Arc<Room>>,
    wanted: Option<(Arc<Room>, Wanted)>,
}

/// What is said.
pub(super) enum Said {
    /// The list.
    Text(String),
    /// A picture: the length of its room's path, that path, a JPEG.
    Picture(Vec<u8>),
}

impl Listing {
    /// The next that is to be said, if there is something.
    pub(super) fn look(
        &mut self,
        context: &Context,
        caller: &Caller,
        asker: &Handle,
        now: Instant,
    ) -> Option<Said> {
        if self.next_round.is_none_or(|at| now >= at) && self.wanted.is_none() {
            self.next_round = Some(now + ROUND);
            let rooms = context.watchable(caller);
            let is_live = |room: &&Arc<Room>| room.condition().report().status == Status::Live;
            self.left = rooms.iter().filter(is_live).cloned().collect();
            let list =
                json!({ "type": "rooms", "rooms": rooms::list(context, caller) }).to_string();
            if list != self.told {
                self.told.clone_from(&list);
                return Some(Said::Text(list));
            }
        }
        loop {
            let (room, mut wanted) = match self.wanted.take() {
                Some(under_way) => under_way,
                None => {
                    let room = self.left.pop_front()?;
                    let wanted = Wanted::new(&room.hub(), What::Preview, now);
                    (room, wanted)
                }
            };
            match wanted.look(&context.snapshots, &context.engine.workers, asker, now) {
                None => {
                    self.wanted = Some((room, wanted));
                    return None;
                }
                Some(Ok(picture)) => {
                    return Some(Said::Picture(packed(&room.path(), &picture.jpeg)));
                }
                // It was closed meanwhile, or there is too much to do: the next round may have it.
                Some(Err(_)) => {}
            }
        }
    }
}

fn packed(path: &str, jpeg: &[u8]) -> Vec<u8> {
    // Paths of rooms are short.
    let length = u8::try_from(path.len()).unwrap_or(u8::MAX);
    [&[length], &path.as_bytes()[..usize::from(length)], jpeg].concat()
}

/// A new picture of each room so often.
const ROUND: Duration = Duration::from_secs(1);
