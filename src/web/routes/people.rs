//! The ways in, what is one's own, and the host's page.

use super::super::needs::{Needs, Way};
use super::super::{api, people};
use super::rows::{OF_HOSTS, OWN_FORM, WATCHED, WAY_IN, WAY_IN_FORM};
use super::{Path, Route};
use crate::account::Capability;
use crate::oidc;

/// Their rows.
pub(super) static OF_PEOPLE: [Route; 28] = [
    Route {
        paths: &[Path::At("/enter")],
        needs: Needs::Nothing,
        query: &["next"],
        handler: people::enter,
        about: "for who may not watch yet: the word, or the way to sign in",
        ..WATCHED
    },
    Route {
        paths: &[Path::At("/enter")],
        way: Way::Any,
        handler: people::try_word,
        about: "form: `word`, `next`",
        ..WAY_IN_FORM
    },
    Route {
        paths: &[Path::At("/sign-in")],
        query: &["next"],
        handler: people::sign_in_form,
        about: "the form to sign in",
        ..WAY_IN
    },
    Route {
        paths: &[Path::At("/sign-in")],
        handler: people::sign_in,
        about: "form: `name`, `password`, `next`",
        ..WAY_IN_FORM
    },
    Route {
        paths: &[Path::Each("/sign-in/with/", "")],
        query: &["next", "to"],
        handler: people::begin,
        about: "leads to who vouches for people elsewhere (`[[sign-in]]`); `?to=link` or `confirm`",
        ..WAY_IN
    },
    Route {
        paths: &[Path::Each("/sign-in/from/", "")],
        query: &oidc::FIELDS,
        handler: people::come_back,
        about: "where that one leads back to",
        ..WAY_IN
    },
    Route {
        paths: &[Path::At("/sign-in/new")],
        handler: people::newcomer_form,
        about: "the form of who comes from there and has no account here",
        ..WAY_IN
    },
    Route {
        paths: &[Path::At("/sign-in/new")],
        handler: people::make_account_by,
        about: "form: `name`, `secret` of an invitation",
        ..WAY_IN_FORM
    },
    Route {
        paths: &[Path::At("/sign-out")],
        handler: people::sign_out,
        about: "form: nothing",
        ..WAY_IN_FORM
    },
    Route {
        paths: &[Path::At("/sign-up")],
        query: &["next"],
        handler: people::sign_up_form,
        about: "the form to make an account (`--sign-up`)",
        ..WAY_IN
    },
    Route {
        paths: &[Path::At("/sign-up")],
        handler: people::sign_up,
        about: "form: `name`, `new-password`, `secret` of an invitation, `next`",
        ..WAY_IN_FORM
    },
    Route {
        paths: &[Path::At("/claim")],
        handler: people::claim_form,
        about: "the form to become a host by the secret that the program printed",
        ..WAY_IN
    },
    Route {
        paths: &[Path::At("/claim")],
        handler: people::claim,
        about: "form: `secret`, `name`, `new-password`",
        ..WAY_IN_FORM
    },
    Route {
        paths: &[Path::At("/reset")],
        handler: people::reset_form,
        about: "the form to set a forgotten password",
        ..WAY_IN
    },
    Route {
        paths: &[Path::At("/reset")],
        handler: people::reset,
        about: "form: `secret`, `new-password`",
        ..WAY_IN_FORM
    },
    Route {
        paths: &[Path::At("/confirm")],
        needs: Needs::SignedIn,
        query: &["next"],
        handler: people::confirm_form,
        about: "the form that asks for the password again",
        ..WAY_IN
    },
    Route {
        paths: &[Path::At("/confirm")],
        handler: people::confirm,
        about: "form: `password`, `next`",
        ..OWN_FORM
    },
    Route {
        paths: &[Path::At("/account")],
        needs: Needs::SignedIn,
        handler: people::account,
        about: "what is one's own: browsers, devices, tokens, the password",
        ..WAY_IN
    },
    Route {
        paths: &[Path::At("/account/password")],
        handler: people::change_password,
        about: "form: `password`, `new-password`",
        ..OWN_FORM
    },
    Route {
        paths: &[Path::At("/account/browser")],
        handler: people::end_browser,
        about: "form: `id` of a browser to sign out",
        ..OWN_FORM
    },
    Route {
        paths: &[Path::At("/account/device")],
        handler: people::make_device,
        about: "form: `label`, `room` (`*` for all): a password for a device",
        ..OWN_FORM
    },
    Route {
        paths: &[Path::At("/account/token")],
        handler: people::make_token,
        about: "form: `label`, `scope` (several): a token for a program",
        ..OWN_FORM
    },
    Route {
        paths: &[Path::At("/account/unlink")],
        handler: people::unlink,
        about: "form: `id`: signs in by that account elsewhere no more",
        ..OWN_FORM
    },
    Route {
        paths: &[Path::At("/account/remove")],
        handler: people::remove_program,
        about: "form: `id` of a device or token",
        ..OWN_FORM
    },
    Route {
        paths: &[Path::At("/account/delete")],
        handler: people::delete_account,
        about: "form: `password`: deletes the account",
        ..OWN_FORM
    },
    Route {
        paths: &[Path::At("/account/export")],
        needs: Needs::SignedIn,
        handler: people::export,
        about: "all that is kept about who asks, as JSON",
        ..WAY_IN
    },
    Route {
        paths: &[Path::At("/host")],
        handler: api::host,
        about: "for hosts: accounts, links, tokens, bans, what runs, the log",
        ..OF_HOSTS
    },
    Route {
        paths: &[Path::Each("/host/", "")],
        needs: Needs::May(Capability::Host),
        handler: api::host_form,
        about: "form: what a host does on that page",
        ..WAY_IN_FORM
    },
];
