//! What the library has, watched: its segments, their manifests, and keys.
//!
//! | file | what |
//! | --- | --- |
//! | `address` | what lies below `/videos/`: pure |
//! | `asked` | a file of a title, once it is known to be for who asks |
//! | `media` | segments and manifests, as they lie on the disk |
//! | `clear` | the same, decrypted for who may watch and has no way to |
//! | `license` | keys, as EME's ClearKey asks for them |
//! | `shown` | a title and a job as JSON, and why something is not done |
//! | `help` | what to change so that a job succeeds: pure |
//! | `api` | the catalogue for programs |
//! | `said` | what a program says of a title: pure |
//! | `made` | a title made of an upload |
//! | `work` | jobs, for programs |
//! | `platform` | the requests of a packaging platform |
//!
//! What a title is, and for whom, is [`crate::library::catalogue`]'s.

mod address;
mod api;
mod asked;
mod clear;
mod help;
mod license;
mod made;
mod media;
mod platform;
mod said;
mod shown;
mod work;

pub(super) use api::{change, create, delete, set_decrypts, set_poster, title, titles};
pub(super) use license::license;
pub(super) use media::media;
pub(super) use platform::{options, package, packaged, videos};
pub(super) use work::{cancel, job, jobs, retry};
