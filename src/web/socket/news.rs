//! What of the state is new to a page.
//!
//! The state has sections, and a section is told whole. Times that only pass make none new; what
//! moves all the time makes it new once a second, or as often as there is a look in gaming mode,
//! where the level moves; anything else at once. What a room's people share is put together once
//! for all of them.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::super::command::Asker;
use super::super::newsroom::{Printed, Prints, Told};
use super::super::state::{of_all, of_one};
use crate::live::settings::{Mode, ViewerId};

/// What one page was told.
#[derive(Default)]
pub(super) struct News {
    told: HashMap<&'static str, Prints>,
    /// When it was told what moves all the time.
    moved_at: Option<Instant>,
    told_at: Option<Instant>,
}

impl News {
    /// All sections, as they are after something was done.
    pub(super) fn after(&mut self, asker: &Asker, id: ViewerId, now: Instant) -> Vec<Told> {
        asker.context.newsroom.forget(asker.room.crowd.number());
        self.whole(asker, id, now)
    }

    /// All sections.
    pub(super) fn whole(&mut self, asker: &Asker, id: ViewerId, now: Instant) -> Vec<Told> {
        let (sections, _) = self.sections(asker, id, now);
        self.moved_at = Some(now);
        self.tell(sections, now)
    }

    /// The sections that are new, or none as a sign of life; nothing if it is not time for one.
    pub(super) fn since(&mut self, asker: &Asker, id: ViewerId, now: Instant) -> Option<Vec<Told>> {
        let (sections, mode) = self.sections(asker, id, now);
        let pace = if mode == Mode::Gaming { EACH } else { MOVING_EACH };
        let tells_moves = self.moved_at.is_none_or(|at| now >= at + pace);
        let is_new = |section: &Printed| match self.told.get(section.told.name) {
            Some(told) if tells_moves => told.moving != section.prints.moving,
            Some(told) => told.steady != section.prints.steady,
            None => true,
        };
        let new: Vec<Printed> = sections.into_iter().filter(is_new).collect();
        if tells_moves && !new.is_empty() {
            self.moved_at = Some(now);
        }
        let quiet = self.told_at.is_some_and(|at| now < at + SILENT_AT_MOST);
        (!new.is_empty() || !quiet).then(|| self.tell(new, now))
    }

    fn sections(&self, asker: &Asker, id: ViewerId, now: Instant) -> (Vec<Printed>, Mode) {
        let Asker { context, room, tab, .. } = asker;
        let viewer = context.audience.known(&room.crowd, id);
        let mode = viewer.as_ref().map_or(Mode::Home, |viewer| viewer.mode());
        let own = of_one(room, viewer.as_deref(), tab.as_deref(), now);
        let room_number = room.crowd.number();
        let shared = context.newsroom.of(room_number, now, || of_all(context, room, now).into());
        (shared.iter().cloned().chain(own.into_iter().map(Printed::of)).collect(), mode)
    }

    fn tell(&mut self, sections: Vec<Printed>, now: Instant) -> Vec<Told> {
        self.told_at = Some(now);
        let told = sections.into_iter().map(|Printed { told, prints }| {
            self.told.insert(told.name, prints);
            told
        });
        told.collect()
    }
}

/// Between two looks.
pub(super) const EACH: Duration = Duration::from_millis(250);
const MOVING_EACH: Duration = Duration::from_secs(1);
/// A page knows by a longer silence that its server hangs.
const SILENT_AT_MOST: Duration = Duration::from_secs(2);
