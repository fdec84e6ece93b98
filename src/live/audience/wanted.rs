//! What the viewers' pictures cost, and which are wanted of each room.

use std::collections::HashMap;
use std::sync::Arc;

use crate::live::crowd::Crowd;
use crate::live::desk::Demand;
use crate::live::hub::Hub;
use crate::live::level::LevelSet;
use crate::live::orders::{Orders, Pair};
use crate::live::viewer::{FeedCosts, Viewer};

/// What each room's pictures cost.
pub(super) struct LiveCosts(HashMap<u32, FeedCosts>);

impl LiveCosts {
    pub(super) fn of(crowds: &[Arc<Crowd>]) -> Self {
        let costs = |hub: &Hub| FeedCosts { costs: hub.costs(), fps: hub.frames_per_sec() };
        Self(crowds.iter().map(|crowd| (crowd.number(), costs(&crowd.hub()))).collect())
    }

    /// What a viewer watches costs: with its filter, if it has one.
    pub(super) fn of_viewer(&self, viewer: &Viewer) -> FeedCosts {
        if let Some(clip) = viewer.clip() {
            return *clip;
        }
        let plain = self.0.get(&viewer.key().crowd).unwrap_or(&FeedCosts::UNKNOWN);
        let filter = viewer.filter();
        if filter.is_none() {
            return *plain;
        }
        let crowd = viewer.crowd();
        FeedCosts { costs: crowd.hub().costs_of(&crowd.look(filter)), fps: plain.fps }
    }
}

/// What is sent to each viewer now is wanted of its crowd: the plain picture of a level, or its look,
/// as far as that many are made. Who ordered first comes first. `ordered` counts the orders.
pub(super) fn add_pictures(
    viewers: &[Arc<Viewer>],
    wanted: &mut HashMap<u32, Demand>,
    ordered: &mut u64,
) {
    let mut orders: Vec<_> =
        viewers.iter().filter_map(|viewer| Some((viewer.order(ordered)?, viewer))).collect();
    orders.sort_by_key(|(order, _)| order.number);
    let mut pairs = Orders::default();
    let mut refused = Vec::new();
    for (order, viewer) in orders {
        let (crowd, level) = (viewer.crowd(), order.level);
        // Who is paused keeps his place in the line and nothing else.
        if !viewer.allowance().paused {
            let pair = Pair { hub: crowd.hub().number(), look: crowd.look(order.filter), level };
            match pairs.take(&pair, order.from) {
                Ok(()) => viewer.ordered(Ok(())),
                Err(why) => refused.push((viewer, pair, why)),
            }
        }
    }
    for (viewer, pair, why) in refused {
        // Somebody who ordered later may have had room for it.
        viewer.ordered(if pairs.has(&pair) { Ok(()) } else { Err(why) });
    }
    for viewer in viewers.iter().filter(|viewer| viewer.clip().is_none()) {
        let (allowance, crowd) = (viewer.allowance(), viewer.crowd());
        if allowance.paused || viewer.streams() == 0 {
            continue;
        }
        let mut levels = LevelSet::EMPTY;
        levels.insert(allowance.level);
        let wanted = wanted.entry(crowd.number()).or_default();
        match crowd.look(allowance.filter) {
            look if look.is_plain() => wanted.levels = wanted.levels.union(levels),
            look => wanted.add(&look, levels),
        }
    }
}
