//! What outlives the program: opened at the start, and given back to the rooms.

use std::path::Path;
use std::sync::Arc;

use log::{info, warn};

use crate::live::thanks::{Donation, THANKS_LAST};
use crate::room::{Room, Rooms};
use crate::store::{Folder, MaybeStore, Store, donation};
use crate::web::Context;

/// Opens the store of the data folder. Where there can be none that is told, and the server goes
/// on without.
pub(super) fn open(data: Option<&Path>, port: u16) -> MaybeStore {
    let Some(path) = data else {
        warn!("no data folder is known: nothing is kept; name one with --data");
        return None;
    };
    let holder = format!("process {} on port {port}", std::process::id());
    match Folder::take(path, &holder).and_then(Store::of_server) {
        Ok(store) => {
            info!("what is to be kept is in {}", path.display());
            Some(Arc::new(store))
        }
        Err(trouble) => {
            warn!("{trouble}; this server goes on and keeps nothing");
            None
        }
    }
}

/// Shows what was given in the last minute before the start, and forgets on pages what is deleted
/// from the store.
pub(super) fn recall(context: &Arc<Context>) {
    let Some(store) = &context.store else { return };
    let wall = context.clock.wall();
    let from = wall.checked_sub(THANKS_LAST).unwrap_or(wall);
    match store.read(|connection| donation::since(connection, from)) {
        Ok(recent) => recent.into_iter().for_each(|given| thank_again(context, given)),
        Err(trouble) => warn!("{trouble}"),
    }
    // The context has the store, which must not keep it in turn.
    let of_listener = Arc::downgrade(context);
    store.on_change(move |connection| {
        // Where the database does not say, nothing is forgotten.
        let is_kept = |id| donation::exists(connection, id).unwrap_or(true);
        let rooms = of_listener.upgrade().map(|context| context.rooms.all());
        for room in rooms.unwrap_or_default() {
            room.crowd.thanks().keep(is_kept);
        }
    });
}

fn thank_again(context: &Context, given: donation::Donation) {
    let donation::Donation { id, at, room, name, message } = given;
    let Some(room) = room_of(&context.rooms, room.as_deref()) else { return };
    let age = context.clock.wall().duration_since(at).unwrap_or_default();
    let Some(at) = context.clock.now().checked_sub(age) else { return };
    room.crowd.thanks().insert(Donation { id, giver: None, name, message, at });
}

fn room_of(rooms: &Rooms, name: Option<&str>) -> Option<Arc<Room>> {
    match name {
        Some(name) => rooms.named(name),
        None => Some(rooms.default()),
    }
}
