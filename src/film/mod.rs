//! Films that a room plays to everybody together: files below one folder, or a title of the library.
//!
//! A [`Theatre`] is a room's: it knows the films that its source names, and [where](Show) in them
//! the room is. It counts the room's time itself, by lengths that it read itself, and believes no
//! viewer. [Looking](Theatre::look) and [opening](Theatre::open) wait for a disk, and are for
//! workers and a thread of their own; all else is a look at what is known. How bytes get to a
//! browser is [`crate::web`]'s.

mod entry;
mod files;
mod folder;
mod not_played;
mod path;
mod show;
mod theatre;
mod titles;
mod warm;

pub use entry::{Film, What};
pub use files::{Edition, FilmFile, Opened, SMALL_BYTES};
pub use folder::MediaFolder;
pub use not_played::NotPlayed;
pub use path::{FilmPath, NotAFilmPath};
pub use show::{Playing, Show};
pub use theatre::{Order, Presence, Program, Refused, Theatre};
pub use titles::{Standing, Titles};
pub use warm::{PIECE_BYTES, Warm};
