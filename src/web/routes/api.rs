//! The API for programs of hosts.

use super::super::api;
use super::super::needs::Needs;
use super::rows::{BY_HOSTS, OF_HOSTS, WATCHED};
use super::{Path, Route, Verb, Who};

/// Their rows.
pub(super) static OF_API: [Route; 32] = [
    Route {
        paths: &[Path::At("/api/openapi.json")],
        needs: Needs::Nothing,
        handler: api::openapi,
        about: "the description of the API (OpenAPI 3.1)",
        ..WATCHED
    },
    Route {
        paths: &[Path::At("/api")],
        needs: Needs::Nothing,
        handler: api::page,
        about: "the page with the description of the API",
        ..WATCHED
    },
    Route {
        paths: &[Path::At("/api/v1/rooms")],
        handler: api::rooms,
        about: "JSON: the rooms, as they run and as they can be changed",
        ..OF_HOSTS
    },
    Route {
        paths: &[Path::At("/api/v1/rooms")],
        handler: api::open_room,
        about: "JSON: `name`, `source`, `title`: opens a room",
        ..BY_HOSTS
    },
    Route {
        paths: &[Path::Each("/api/v1/rooms/", "")],
        handler: api::room,
        about: "JSON: one room; `-` is the one without a name",
        ..OF_HOSTS
    },
    Route {
        verb: Verb::Patch,
        paths: &[Path::Each("/api/v1/rooms/", "")],
        handler: api::change_room,
        about: "JSON: `title`, `source`, `mask`, `place`, `note`, `enter`, `talk`, `publish`",
        ..BY_HOSTS
    },
    Route {
        paths: &[Path::Each("/api/v1/rooms/", "/keys")],
        handler: api::make_key,
        about: "JSON: `label`: a link by which somebody goes live in the room, for a day",
        ..BY_HOSTS
    },
    Route {
        verb: Verb::Delete,
        paths: &[Path::Each("/api/v1/keys/", "")],
        who: Who::OwnOrigin,
        handler: api::take_key,
        about: "takes such a link back",
        ..OF_HOSTS
    },
    Route {
        paths: &[Path::Each("/api/v1/rooms/", "/picture")],
        handler: api::keep_picture,
        about: "keeps a picture of the room for the list: `{\"jpeg\":\"…\"}`, in base64, or what it \
                shows",
        ..BY_HOSTS
    },
    Route {
        verb: Verb::Delete,
        paths: &[Path::Each("/api/v1/rooms/", "/picture")],
        who: Who::OwnOrigin,
        handler: api::drop_picture,
        about: "takes that picture away",
        ..OF_HOSTS
    },
    Route {
        verb: Verb::Delete,
        paths: &[Path::Each("/api/v1/rooms/", "")],
        who: Who::OwnOrigin,
        handler: api::close_room,
        about: "closes the room",
        ..OF_HOSTS
    },
    Route {
        paths: &[Path::At("/api/v1/sources")],
        handler: api::sources,
        about: "JSON: what a room may show beside an address",
        ..OF_HOSTS
    },
    Route {
        paths: &[Path::At("/api/v1/settings")],
        handler: api::settings,
        about: "JSON: the settings that can be changed",
        ..OF_HOSTS
    },
    Route {
        verb: Verb::Patch,
        paths: &[Path::At("/api/v1/settings")],
        handler: api::change_setting,
        about: "JSON: one setting and its value, `null` for the default",
        ..BY_HOSTS
    },
    Route {
        paths: &[Path::At("/api/v1/accounts")],
        handler: api::accounts,
        about: "JSON: all accounts",
        ..OF_HOSTS
    },
    Route {
        paths: &[Path::Each("/api/v1/accounts/", "")],
        handler: api::account_of,
        about: "JSON: one account",
        ..OF_HOSTS
    },
    Route {
        verb: Verb::Patch,
        paths: &[Path::Each("/api/v1/accounts/", "")],
        handler: api::rule_account,
        about: "JSON: `role`, `grants`, `moderates`, `disabled`",
        ..BY_HOSTS
    },
    Route {
        verb: Verb::Delete,
        paths: &[Path::Each("/api/v1/accounts/", "")],
        who: Who::OwnOrigin,
        handler: api::delete_account,
        about: "deletes the account",
        ..OF_HOSTS
    },
    Route {
        paths: &[Path::Each("/api/v1/accounts/", "/reset")],
        handler: api::reset_account,
        about: "a link by which that one sets a new password",
        ..BY_HOSTS
    },
    Route {
        paths: &[Path::At("/api/v1/invitations")],
        handler: api::invitations,
        about: "JSON: links that are good",
        ..OF_HOSTS
    },
    Route {
        paths: &[Path::At("/api/v1/invitations")],
        handler: api::invite,
        about: "a link by which somebody makes an account",
        ..BY_HOSTS
    },
    Route {
        verb: Verb::Delete,
        paths: &[Path::Each("/api/v1/invitations/", "")],
        who: Who::OwnOrigin,
        handler: api::take_invitation,
        about: "takes the link back",
        ..OF_HOSTS
    },
    Route {
        paths: &[Path::At("/api/v1/tokens")],
        handler: api::programs,
        about: "JSON: all tokens and devices",
        ..OF_HOSTS
    },
    Route {
        paths: &[Path::At("/api/v1/tokens")],
        handler: api::make_token,
        about: "JSON: `label`, `scopes`: a token, shown once",
        ..BY_HOSTS
    },
    Route {
        verb: Verb::Delete,
        paths: &[Path::Each("/api/v1/tokens/", "")],
        who: Who::OwnOrigin,
        handler: api::remove_program,
        about: "removes a token or device",
        ..OF_HOSTS
    },
    Route {
        paths: &[Path::At("/api/v1/bans")],
        handler: api::bans,
        about: "JSON: who may not come in",
        ..OF_HOSTS
    },
    Route {
        paths: &[Path::At("/api/v1/bans")],
        handler: api::make_ban,
        about: "JSON: `account` or `address`, `why`, `seconds`",
        ..BY_HOSTS
    },
    Route {
        verb: Verb::Delete,
        paths: &[Path::Each("/api/v1/bans/", "")],
        who: Who::OwnOrigin,
        handler: api::lift_ban,
        about: "lifts the ban",
        ..OF_HOSTS
    },
    Route {
        paths: &[Path::At("/api/v1/link")],
        handler: api::link,
        about: "JSON: the link that lets watch (`--access link`)",
        ..OF_HOSTS
    },
    Route {
        paths: &[Path::At("/api/v1/link")],
        handler: api::renew_link,
        about: "another key for it; the one before is good no more",
        ..BY_HOSTS
    },
    Route {
        paths: &[Path::At("/api/v1/log")],
        handler: api::journal,
        about: "JSON: what was done with rights",
        ..OF_HOSTS
    },
    Route {
        paths: &[Path::At("/api/v1/running")],
        handler: api::running,
        about: "JSON: what runs, and what it costs",
        ..OF_HOSTS
    },
];
