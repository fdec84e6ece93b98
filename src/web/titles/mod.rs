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
//! | `pages` | the list of titles, to be searched |
//! | `title_page` | one title with its player |
//! | `jobs_page` | the work on titles |
//! | `card`, `job_row`, `icon` | a title, a job and an icon as they stand on these pages |
//! | `pictures` | the picture that stands for a title, and those that are shown while one seeks |
//! | `places` | where somebody is in a title |
//! | `house` | what the pages have in common |
//!
//! What a title is, and for whom, is [`crate::library::catalogue`]'s.

mod address;
mod api;
mod asked;
mod card;
mod clear;
mod help;
mod house;
mod icon;
mod job_row;
mod jobs_page;
mod license;
mod made;
mod media;
mod pages;
mod pictures;
mod places;
mod platform;
mod said;
mod shown;
mod title_page;
mod work;

pub(super) use api::{change, create, delete, set_decrypts, set_poster, title, titles};
pub(super) use jobs_page::jobs as jobs_page;
pub(super) use license::license;
pub(super) use media::media;
pub(super) use pages::{index, library, movie};
pub(super) use pictures::{poster, strip, strip_list};
pub(super) use places::place;
pub(super) use platform::{options, package, packaged, videos};
pub(super) use title_page::{qr, title as title_page};
pub(super) use work::{cancel, job, jobs, retry};
