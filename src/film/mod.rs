//! Films: files below one folder that a room plays to everybody together.
//!
//! A [`Theatre`] is a room's: it knows the files that its source names, and [where](Show) in them
//! the room is. It counts the room's time itself, by lengths that it read itself, and believes no
//! viewer. [Looking](Theatre::look) and [opening](Theatre::open) wait for a disk, and are for
//! workers and a thread of their own; all else is a look at what is known. How bytes get to a
//! browser is [`crate::web`]'s.

mod files;
mod folder;
mod path;
mod show;
mod theatre;
mod warm;

pub use files::{Edition, Film, NotPlayed, Opened, SMALL_BYTES};
pub use folder::MediaFolder;
pub use path::{FilmPath, NotAFilmPath};
pub use show::{Playing, Show};
pub use theatre::{Order, Presence, Program, Refused, Theatre};
pub use warm::{PIECE_BYTES, Warm};
