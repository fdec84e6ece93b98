//! `/api/v1/…` and `/host`: what hosts see and do, for programs as JSON, for people as a page with
//! forms. Both do the same [`actions`].
//!
//! | file | what |
//! | --- | --- |
//! | `actions` | what may be done, from fields to what came of it |
//! | `listing` | what there is, as JSON |
//! | `problem` | why something is not done, as RFC 9457 has it |
//! | `resources` | the requests of the API |
//! | `host` | the page, and its forms |
//! | `rows` | the rows of the page, and what its forms ask |
//! | `typed` | a form of the page that was refused |
//! | `staging` | rooms and settings |
//! | `openapi` | the description of the API |
//! | `page` | that description, to be read |

mod actions;
mod host;
mod house;
mod listing;
mod openapi;
mod page;
mod problem;
mod resources;
mod rows;
mod staging;
mod typed;

pub(super) use host::{host, host_form};
#[cfg(test)]
pub(super) use openapi::OPENAPI;
pub(super) use openapi::openapi;
pub(super) use page::{list_page, page};
pub(super) use problem::Problem;
pub(super) use resources::{
    account_of, accounts, bans, change_room, change_setting, close_room, delete_account,
    drop_picture, invitations, invite, journal, keep_picture, lift_ban, link, make_ban, make_key,
    make_token, open_room, programs, remove_program, renew_link, reset_account, room, rooms,
    rule_account, running, settings, sources, take_invitation, take_key,
};
