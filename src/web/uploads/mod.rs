//! Files that are brought to the library: by tus 1.0 at `/api/v1/uploads`, and as a form.
//!
//! | file | what |
//! | --- | --- |
//! | `tus` | what begins an upload, goes on with it, tells of it and ends it |
//! | `form` | a form with a file in it, as a browser or `curl -F` sends one |
//! | `flow` | the way of a body to the disk: never more in memory than two small buffers |
//! | `shown` | an upload as JSON, and why something is not done |
//! | `file` | what was brought, given back |
//! | `page` | the page on which files are brought |
//!
//! What an upload is and where it lies is [`crate::library::uploads`]'s.

mod file;
mod flow;
mod form;
mod page;
mod shown;
mod tus;

pub(super) use file::file;
pub(super) use form::form;
pub(super) use page::page;
pub(super) use shown::who_of;
pub(super) use tus::{create, delete, go_on, list, one, options, override_method};
