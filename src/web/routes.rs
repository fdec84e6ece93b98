//! The table of requests: which method and path, who may, what becomes of the body, who answers.
//!
//! Data, and the few questions that are asked of it. `OPTIONS`, `Allow`, `405` and the table in
//! README come from it. What is decided about one request before its body is [`super::plan`]'s.

use super::needs::{Needs, Way};
use super::request::{Reply, Request};
use super::{
    api, assets, broadcast, film, metrics, page, pages, people, qr, rooms, snapshot_answer, socket,
    state, trust, uploads, viewer, watch,
};
use crate::account::Capability;
use crate::oidc;
use crate::proto::http::{Method, Status, form};

/// One row: all that is known of a kind of request before one comes.
pub(super) struct Route {
    /// What is done; who may `GET` may `HEAD`.
    pub(super) verb: Verb,
    /// Where it lies.
    pub(super) paths: &'static [Path],
    /// Of which origins pages may ask.
    pub(super) who: Who,
    /// What who asks needs.
    pub(super) needs: Needs,
    /// By which way it is answered.
    pub(super) way: Way,
    /// What becomes of the request's body.
    pub(super) body: BodyUse,
    /// The fields of the query that it reads; all others are passed over.
    pub(super) query: &'static [&'static str],
    /// Whether its answers have an `ETag`.
    pub(super) has_tag: bool,
    /// Who answers.
    pub(super) handler: fn(&Request) -> Reply,
    /// What is answered, for the table in README.
    #[cfg_attr(not(test), expect(dead_code, reason = "a test holds README's table to it"))]
    pub(super) about: &'static str,
}

/// The methods of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    /// `GET` and `HEAD`.
    Get,
    /// `POST`.
    Post,
    /// `PATCH`.
    Patch,
    /// `DELETE`.
    Delete,
}

/// Where a resource lies, from its room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Path {
    /// At this path.
    At(&'static str),
    /// At this path with this `action` in its query, as mjpg-streamer has it.
    Action(&'static str, &'static str),
    /// Somewhere below this path, which ends with a slash.
    Below(&'static str),
    /// At one name between these.
    Each(&'static str, &'static str),
}

/// Of which origins pages may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// Everybody; a page of another origin may show it, and not read it.
    Everybody,
    /// Everybody; pages of other origins may read it too.
    OtherOriginsToo,
    /// Programs and this server's own pages, and no page of another origin.
    OwnOrigin,
}

/// What becomes of a request's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyUse {
    /// It is a form, read whole and given to the handler.
    Form,
    /// It is JSON, read whole and given to the handler.
    Json,
    /// It is of any length: the handler is asked before it comes, and says where it goes.
    Stream,
    /// It is read off and dropped.
    Dropped,
}

/// Every request that there is. A row with an [`Path::Action`] stands before the one without.
pub(super) static ROUTES: [Route; 92] = [
    Route {
        paths: &[Path::At("/stream"), Path::Action("/", "stream"), Path::Action("/", "stream_0")],
        who: Who::OtherOriginsToo,
        needs: Needs::MayAsDevice(Capability::Watch),
        query: &["quality", "mode", "fps", "filter", "advance_headers", "tab"],
        handler: watch::watch,
        about: "the live stream, `multipart/x-mixed-replace`; `?quality=`, `?mode=`, `?fps=`, \
                `?filter=` make it a viewer of its own",
        ..WATCHED
    },
    Route {
        paths: &[
            Path::At("/snapshot"),
            Path::Action("/", "snapshot"),
            Path::Action("/", "snapshot_0"),
        ],
        who: Who::OtherOriginsToo,
        needs: Needs::MayAsDevice(Capability::Watch),
        query: &["quality", "filter"],
        handler: snapshot_answer::snapshot,
        about: "the newest frame as one JPEG; `?quality=`, `?filter=`",
        ..WATCHED
    },
    Route {
        paths: &[Path::At("/preview")],
        handler: snapshot_answer::preview,
        about: "a small JPEG, a new one each second; 503 while nobody watches",
        ..WATCHED
    },
    Route {
        paths: &[Path::At("/picture")],
        handler: rooms::picture,
        about: "the room's picture for the list, a JPEG; 404 if it has none",
        ..WATCHED
    },
    Route {
        paths: &[Path::Each("/film/", "")],
        has_tag: true,
        handler: film::file,
        about: "a film of a room that plays some, whole or by `Range`",
        ..WATCHED
    },
    Route {
        paths: &[Path::At("/rooms")],
        handler: rooms::rooms,
        about: "the rooms, with their titles and people: a page for browsers, else JSON",
        ..WATCHED
    },
    Route { paths: &[Path::At("/")], handler: page::page, about: "the page", ..WATCHED },
    Route {
        paths: &[Path::At("/embed")],
        handler: page::embed,
        about: "the picture alone, or the film, for an `<iframe>` on any page or a browser source in \
                OBS",
        ..WATCHED
    },
    Route {
        paths: &[Path::At("/state")],
        who: Who::OtherOriginsToo,
        query: &["tab"],
        handler: state::answer,
        about: "JSON: source, budget, viewers, levels, and this viewer's settings and statistics",
        ..WATCHED
    },
    Route {
        paths: &[Path::At("/socket")],
        who: Who::OwnOrigin,
        query: &["tab"],
        handler: socket::open,
        about: "a WebSocket: the state as it changes, and the commands below (docs/socket.md)",
        ..WATCHED
    },
    Route {
        paths: &[Path::At("/viewer")],
        needs: Needs::May(Capability::Watch),
        way: Way::Any,
        query: &["tab"],
        handler: viewer::change,
        about: "form: `quality=auto\\|low\\|medium\\|high\\|1…100`, `mode=home\\|gaming`, \
                `paused=true\\|false`, `filter=mirror,grey,…`, `shown=WIDTHxHEIGHT`",
        ..WAY_IN_FORM
    },
    Route {
        paths: &[Path::At("/donate")],
        needs: Needs::May(Capability::Talk),
        way: Way::Any,
        query: &["tab"],
        handler: viewer::donate,
        about: "form: `name`, `message`",
        ..WAY_IN_FORM
    },
    Route {
        paths: &[Path::At("/broadcast")],
        handler: broadcast::page,
        about: "the page on which one goes live, in a room whose source is `browser`; `?key=` of a link",
        ..WATCHED
    },
    Route {
        paths: &[Path::At("/broadcast/socket")],
        who: Who::OwnOrigin,
        needs: Needs::May(Capability::Publish),
        query: &["name", "take", "check"],
        handler: broadcast::open,
        about: "a WebSocket: the pictures of who is live (docs/socket.md)",
        ..WATCHED
    },
    Route {
        paths: &[Path::At("/film")],
        needs: Needs::May(Capability::Moderate),
        way: Way::Any,
        handler: film::command,
        about: "form, of hosts and moderators: `paused`, `film`, `skip`, `position_s`, `list`, `repeat`",
        ..WAY_IN_FORM
    },
    Route {
        paths: &[Path::At("/connect")],
        handler: pages::connect,
        about: "lines to paste into other programs",
        ..WATCHED
    },
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
    Route {
        paths: &[Path::At("/api/openapi.json")],
        needs: Needs::Nothing,
        handler: api::openapi,
        about: "the description of the API (OpenAPI 3.1)",
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
    Route {
        paths: &[Path::At("/api/v1/uploads")],
        handler: uploads::list,
        about: "JSON: one's own uploads; a host's answer has all",
        ..OF_UPLOADERS
    },
    Route {
        paths: &[Path::At("/api/v1/uploads")],
        handler: uploads::create,
        about: "tus 1.0: begins an upload, with its first bytes if they are there",
        ..BY_UPLOADERS
    },
    Route {
        paths: &[Path::Each("/api/v1/uploads/", "")],
        handler: uploads::one,
        about: "JSON, and as tus has it: how much of an upload is there",
        ..OF_UPLOADERS
    },
    Route {
        verb: Verb::Patch,
        paths: &[Path::Each("/api/v1/uploads/", "")],
        handler: uploads::go_on,
        about: "tus 1.0: the next bytes of an upload",
        ..BY_UPLOADERS
    },
    Route {
        verb: Verb::Delete,
        paths: &[Path::Each("/api/v1/uploads/", "")],
        who: Who::OwnOrigin,
        handler: uploads::delete,
        about: "deletes an upload, finished or not",
        ..OF_UPLOADERS
    },
    Route {
        paths: &[Path::Each("/api/v1/uploads/", "/file")],
        has_tag: true,
        handler: uploads::file,
        about: "the file of a finished upload, whole or by `Range`",
        ..OF_UPLOADERS
    },
    Route {
        paths: &[Path::At("/library/upload"), Path::At("/upload_input_content")],
        handler: uploads::page,
        about: "the page on which files are brought to the library",
        ..WATCHED
    },
    Route {
        paths: &[Path::At("/upload_input_content")],
        handler: uploads::form,
        about: "a form with a file, `multipart/form-data`: `file`, before it `title`",
        ..BY_UPLOADERS
    },
    Route {
        paths: &[Path::At("/trust")],
        query: &["next"],
        handler: trust::trust,
        about: "how a device trusts this server's own authority (`--tls`), and a check of it",
        ..IN_CLEAR
    },
    Route {
        paths: &[Path::At("/ca.crt")],
        handler: trust::certificate,
        about: "that authority's certificate, PEM",
        ..IN_CLEAR
    },
    Route {
        paths: &[Path::At("/ca.mobileconfig")],
        handler: trust::profile,
        about: "the same as a profile for iPhone, iPad and Mac",
        ..IN_CLEAR
    },
    Route {
        paths: &[Path::At("/trust.svg")],
        handler: qr::of_trust,
        about: "the address of `/trust` as a QR code",
        ..IN_CLEAR
    },
    Route {
        paths: &[Path::At("/qr.svg")],
        handler: qr::answer,
        about: "the page's address as a QR code; with its key where a link is asked for",
        ..WATCHED
    },
    Route {
        paths: &[Path::At("/metrics")],
        handler: metrics::answer,
        about: "counters and gauges as Prometheus reads them",
        ..WATCHED
    },
    Route { paths: &[Path::At("/healthz")], handler: metrics::health, about: "`ok`", ..IN_CLEAR },
    Route {
        paths: &[Path::At("/favicon.ico")],
        has_tag: true,
        handler: assets::favicon,
        about: "the page's icon",
        ..IN_CLEAR
    },
    Route {
        paths: &[Path::Below("/assets/")],
        has_tag: true,
        handler: assets::asset,
        about: "what the pages load",
        ..IN_CLEAR
    },
];

/// What rows have in common.
const fn rows(verb: Verb, who: Who, needs: Needs, way: Way, body: BodyUse) -> Route {
    let (paths, query) = (&[], &[]);
    Route { verb, paths, who, needs, way, body, query, has_tag: false, handler: nobody, about: "" }
}

/// Answers where a row does not say who does.
fn nobody(request: &Request) -> Reply {
    request.refuse(Status::NotFound, "there is nothing here").into()
}

/// What is looked at by who may watch.
const WATCHED: Route =
    rows(Verb::Get, Who::Everybody, Needs::May(Capability::Watch), Way::Any, BodyUse::Dropped);
/// What is answered in clear too, whatever else is not.
const IN_CLEAR: Route =
    rows(Verb::Get, Who::Everybody, Needs::Nothing, Way::InClear, BodyUse::Dropped);
/// What leads in.
const WAY_IN: Route =
    rows(Verb::Get, Who::Everybody, Needs::Nothing, Way::Secure, BodyUse::Dropped);
/// A form of what leads in.
const WAY_IN_FORM: Route =
    rows(Verb::Post, Who::OwnOrigin, Needs::Nothing, Way::Secure, BodyUse::Form);
/// A form about what is one's own.
const OWN_FORM: Route =
    rows(Verb::Post, Who::OwnOrigin, Needs::SignedIn, Way::Secure, BodyUse::Form);
/// What hosts look at.
const OF_HOSTS: Route =
    rows(Verb::Get, Who::Everybody, Needs::May(Capability::Host), Way::Secure, BodyUse::Dropped);
/// What hosts change.
const BY_HOSTS: Route =
    rows(Verb::Post, Who::OwnOrigin, Needs::May(Capability::Host), Way::Secure, BodyUse::Json);
/// What those look at who may bring files to the library.
const OF_UPLOADERS: Route =
    rows(Verb::Get, Who::Everybody, Needs::May(Capability::Upload), Way::Secure, BodyUse::Dropped);
/// What they bring.
const BY_UPLOADERS: Route =
    rows(Verb::Post, Who::OwnOrigin, Needs::May(Capability::Upload), Way::Secure, BodyUse::Stream);

/// What only debug builds have.
#[cfg(debug_assertions)]
static OF_DEBUG: [Route; 1] = [Route {
    verb: Verb::Get,
    paths: &[Path::At("/styleguide")],
    who: Who::Everybody,
    needs: Needs::Nothing,
    way: Way::Any,
    body: BodyUse::Dropped,
    query: &[],
    has_tag: false,
    handler: pages::styleguide,
    about: "every component of the pages",
}];
#[cfg(not(debug_assertions))]
static OF_DEBUG: [Route; 0] = [];

/// What lies at one target: the rows that match it, each for a method of its own.
pub(super) struct Resource {
    rows: Vec<&'static Route>,
}

impl Resource {
    /// What lies at a path of a room, and a query; `None` if nothing does.
    pub(super) fn find(path: &str, query: Option<&str>) -> Option<Self> {
        let action = action(query);
        let matches = |at: &Path| at.matches(path, action.as_deref());
        let all = ROUTES.iter().chain(&OF_DEBUG);
        let rows: Vec<_> = all.filter(|route| route.paths.iter().any(matches)).collect();
        (!rows.is_empty()).then_some(Self { rows })
    }

    /// The row for a method.
    pub(super) fn route(&self, method: &Method) -> Option<&'static Route> {
        self.rows.iter().copied().find(|route| route.verb.takes(method))
    }

    /// Whether pages of other origins may read it.
    pub(super) fn is_open_to_others(&self) -> bool {
        self.rows.first().is_some_and(|route| route.who == Who::OtherOriginsToo)
    }

    /// What can be done with it, as `Allow` has it.
    pub(super) fn allow(&self) -> String {
        allow(self.rows.iter().copied())
    }
}

/// An action that a query names at a path where there are such, and that there is not.
pub(super) fn unknown_action(path: &str, query: Option<&str>) -> Option<String> {
    let named = action(query).filter(|named| !named.is_empty())?;
    let here = ROUTES.iter().flat_map(|route| route.paths);
    let mut actions = here.filter_map(|at| match at {
        Path::Action(at, action) if *at == path => Some(*action),
        _ => None,
    });
    let first = actions.next()?;
    let is_known = std::iter::once(first).chain(actions).any(|known| known == named);
    (!is_known).then_some(named)
}

/// The action that a query names; one that cannot be read names none.
fn action(query: Option<&str>) -> Option<String> {
    let found = form::pick(query?.as_bytes(), &["action"]).ok()?;
    found.into_iter().next().map(|(_, value)| value)
}

/// What can be done with one resource or another, as `Allow` has it.
pub(super) fn allow_anywhere() -> String {
    allow(ROUTES.iter())
}

fn allow(rows: impl Iterator<Item = &'static Route> + Clone) -> String {
    let has = |verb: Verb| rows.clone().any(|route| route.verb == verb);
    let get = if has(Verb::Get) { "GET, HEAD, " } else { "" };
    let post = if has(Verb::Post) { "POST, " } else { "" };
    let patch = if has(Verb::Patch) { "PATCH, " } else { "" };
    let delete = if has(Verb::Delete) { "DELETE, " } else { "" };
    format!("{get}{post}{patch}{delete}OPTIONS")
}

impl Route {
    /// The name that a path has for it, or nothing.
    pub(super) fn rest(&self, path: &str) -> String {
        self.paths.iter().find_map(|at| at.rest(path)).unwrap_or_default().to_owned()
    }
}

impl Verb {
    /// As it stands in a request.
    #[cfg(test)]
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Verb::Get => "GET",
            Verb::Post => "POST",
            Verb::Patch => "PATCH",
            Verb::Delete => "DELETE",
        }
    }

    fn takes(self, method: &Method) -> bool {
        match self {
            Verb::Get => matches!(method, Method::Get | Method::Head),
            Verb::Post => *method == Method::Post,
            Verb::Patch => *method == Method::Patch,
            Verb::Delete => *method == Method::Delete,
        }
    }
}

impl Path {
    fn matches(self, path: &str, action: Option<&str>) -> bool {
        match self {
            Path::At(at) => at == path,
            Path::Action(at, of) => at == path && action == Some(of),
            Path::Below(folder) => path.starts_with(folder),
            Path::Each(..) => self.rest(path).is_some(),
        }
    }

    /// The name in a path, where there is one.
    fn rest(self, path: &str) -> Option<&str> {
        let Path::Each(before, behind) = self else { return None };
        let name = path.strip_prefix(before)?.strip_suffix(behind)?;
        (!name.is_empty() && !name.contains('/')).then_some(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As README has it.
    fn row(route: &Route) -> String {
        let verb = route.verb.as_str();
        let path = |path: &Path| match path {
            Path::At(path) => (*path).to_owned(),
            Path::Action(path, action) => format!("{path}?action={action}"),
            Path::Below(path) => format!("{path}…"),
            Path::Each(before, behind) => format!("{before}…{behind}"),
        };
        let paths: Vec<_> = route.paths.iter().map(|at| format!("`{verb} {}`", path(at))).collect();
        format!("| {} | {} |", paths.join(", "), route.about)
    }

    /// The rows of the table in a document.
    fn table(document: &str) -> Vec<&str> {
        let (_, table) = document.split_once("| request | answer |\n| --- | --- |\n").unwrap();
        table.lines().take_while(|line| !line.is_empty()).collect()
    }

    #[test]
    fn the_documents_have_the_same_table() {
        let of_accounts = |row: &String| {
            let (_, path) = row.split_once(' ').unwrap().1.split_once(' ').unwrap();
            OF_ACCOUNTS.iter().any(|start| path.starts_with(start))
        };
        let (accounts, others): (Vec<_>, Vec<_>) = ROUTES.iter().map(row).partition(of_accounts);
        assert_eq!(table(include_str!("../../README.md")), others);
        assert_eq!(table(include_str!("../../docs/accounts.md")), accounts);
    }

    /// What the paths begin with that are told of in `docs/accounts.md`.
    const OF_ACCOUNTS: [&str; 8] =
        ["/account", "/api/", "/claim", "/confirm", "/enter", "/host", "/reset", "/sign-"];

    #[test]
    fn mjpg_streamers_addresses_lead_to_the_stream_and_the_snapshot() {
        let about = |path, query| {
            let resource = Resource::find(path, query).unwrap();
            resource.route(&Method::Get).unwrap().about
        };
        assert!(about("/", Some("action=stream")).starts_with("the live stream"));
        assert!(about("/", Some("x=%&action=snap%73hot")).starts_with("the newest frame"));
        assert!(about("/", Some("action=stream_0")).starts_with("the live stream"));
        assert!(about("/", Some("action=snapshot_0")).starts_with("the newest frame"));
        for query in [None, Some(""), Some("action="), Some("action=%"), Some("x=100%")] {
            assert_eq!(about("/", query), "the page", "{query:?}");
            assert_eq!(unknown_action("/", query), None);
        }
        let unknown = |path, query| unknown_action(path, Some(query));
        assert_eq!(unknown("/", "action=stream_1").as_deref(), Some("stream_1"));
        assert_eq!(unknown("/", "action=com%6Dand&id=1").as_deref(), Some("command"));
        assert_eq!(unknown("/", "action=stream"), None);
        assert_eq!(unknown("/state", "action=x"), None, "only where there are actions");
    }

    #[test]
    fn what_can_be_done_is_read_off_the_table() {
        let allow = |path| Resource::find(path, None).map(|found| found.allow());
        assert_eq!(allow("/stream").as_deref(), Some("GET, HEAD, OPTIONS"));
        assert_eq!(allow("/viewer").as_deref(), Some("POST, OPTIONS"));
        assert_eq!(allow("/assets/x").as_deref(), Some("GET, HEAD, OPTIONS"));
        assert_eq!(allow("/assets"), None);
        assert_eq!(allow_anywhere(), "GET, HEAD, POST, PATCH, DELETE, OPTIONS");
    }

    #[test]
    fn no_two_rows_answer_the_same() {
        for (at, route) in ROUTES.iter().enumerate() {
            for other in &ROUTES[at + 1..] {
                let same = |path: &&Path| other.paths.contains(path) && other.verb == route.verb;
                assert_eq!(route.paths.iter().find(same), None);
            }
        }
    }

    #[test]
    fn the_description_of_the_api_has_each_request_and_no_other() {
        let api: serde_json::Value = serde_json::from_str(api::OPENAPI).unwrap();
        let mut described = Vec::new();
        for (path, methods) in api["paths"].as_object().unwrap() {
            for (method, about) in methods.as_object().unwrap() {
                if method == "parameters" {
                    continue;
                }
                assert!(about["summary"].is_string(), "{method} {path}");
                assert!(about["responses"]["401"].is_object(), "{method} {path}");
                described.push(format!("{} {path}", method.to_uppercase()));
            }
        }
        let mut served = Vec::new();
        for route in &ROUTES {
            for path in route.paths {
                let path = match path {
                    Path::At(at) => (*at).to_owned(),
                    Path::Each(before, behind) => {
                        let name = if before.contains("rooms") { "name" } else { "id" };
                        format!("{before}{{{name}}}{behind}")
                    }
                    Path::Action(..) | Path::Below(_) => continue,
                };
                if path.starts_with("/api/v1/") {
                    served.push(format!("{} {path}", route.verb.as_str()));
                }
            }
        }
        described.sort();
        served.sort();
        assert_eq!(described, served);
    }
}
