//! The pages and forms of accounts: to come in, to sign in, to see and change what is one's own.
//!
//! | file | what |
//! | --- | --- |
//! | `sheet` | a page with a form on it, shown again with what was wrong beside its field |
//! | `done` | what is done on another thread, and answered when it is |
//! | `elsewhere` | to sign in with an account elsewhere, to link one, to show by one who that is |
//! | `links` | what leads to who vouches for people elsewhere |
//! | `enter` | a word, for who may watch with one |
//! | `sign_in` | to sign in and out, to make an account, to become a host, to set a password |
//! | `account` | what is one's own: browsers, devices, tokens, the password, all that is stored |

mod account;
mod browser;
mod done;
mod elsewhere;
mod enter;
mod links;
mod sheet;
mod sign_in;

pub(super) use account::{
    account, ago, change_password, delete_account, end_browser, export, just_ago, make_device,
    make_token, remove_program,
};
pub(super) use done::{by_worker, by_worker_within};
pub(super) use elsewhere::{begin, come_back, make_account_by, newcomer_form, unlink};
pub(super) use enter::{enter, try_word};
pub(super) use sheet::{fields_of, status_of, text};
pub(super) use sign_in::{
    actor, claim, claim_form, confirm, confirm_form, plainly, reset, reset_form, sign_in,
    sign_in_form, sign_out, sign_up, sign_up_form,
};
