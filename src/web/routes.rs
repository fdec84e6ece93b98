//! The table of requests: which method and path, who may, what becomes of the body, who answers.
//!
//! Data, and the few questions that are asked of it. `OPTIONS`, `Allow`, `405` and the table in
//! README come from it. What is decided about one request before its body is [`super::plan`]'s.

use super::request::{Reply, Request};
use super::{
    assets, metrics, page, pages, qr, rooms, snapshot_answer, socket, state, trust, viewer, watch,
};
use crate::proto::http::Method;
use crate::proto::http::form;

/// One row: all that is known of a kind of request before one comes.
pub(super) struct Route {
    /// What is done; who may `GET` may `HEAD`.
    pub(super) verb: Verb,
    /// Where it lies.
    pub(super) paths: &'static [Path],
    /// Who may ask.
    pub(super) who: Who,
    /// Whether it is answered in clear where all else is by TLS only.
    pub(super) in_clear: bool,
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
}

/// Who may ask.
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
    /// It is read off and dropped.
    Dropped,
}

/// Every request that there is. A row with an [`Path::Action`] stands before the one without.
pub(super) static ROUTES: [Route; 19] = [
    Route {
        verb: Verb::Get,
        paths: &[Path::At("/stream"), Path::Action("/", "stream"), Path::Action("/", "stream_0")],
        who: Who::OtherOriginsToo,
        in_clear: false,
        body: BodyUse::Dropped,
        query: &["quality", "mode", "fps", "advance_headers", "tab"],
        has_tag: false,
        handler: watch::watch,
        about: "the live stream, `multipart/x-mixed-replace`; `?quality=`, `?mode=`, `?fps=` make \
                it a viewer of its own",
    },
    Route {
        verb: Verb::Get,
        paths: &[
            Path::At("/snapshot"),
            Path::Action("/", "snapshot"),
            Path::Action("/", "snapshot_0"),
        ],
        who: Who::OtherOriginsToo,
        in_clear: false,
        body: BodyUse::Dropped,
        query: &["quality"],
        has_tag: false,
        handler: snapshot_answer::snapshot,
        about: "the newest frame as one JPEG; `?quality=`",
    },
    Route {
        verb: Verb::Get,
        paths: &[Path::At("/preview")],
        who: Who::Everybody,
        in_clear: false,
        body: BodyUse::Dropped,
        query: &[],
        has_tag: false,
        handler: snapshot_answer::preview,
        about: "a small JPEG, a new one each second; 503 while nobody watches",
    },
    Route {
        verb: Verb::Get,
        paths: &[Path::At("/rooms")],
        who: Who::Everybody,
        in_clear: false,
        body: BodyUse::Dropped,
        query: &[],
        has_tag: false,
        handler: rooms::rooms,
        about: "the rooms, with their titles and people: a page for browsers, else JSON",
    },
    Route {
        verb: Verb::Get,
        paths: &[Path::At("/")],
        who: Who::Everybody,
        in_clear: false,
        body: BodyUse::Dropped,
        query: &[],
        has_tag: false,
        handler: page::page,
        about: "the page",
    },
    Route {
        verb: Verb::Get,
        paths: &[Path::At("/embed")],
        who: Who::Everybody,
        in_clear: false,
        body: BodyUse::Dropped,
        query: &[],
        has_tag: false,
        handler: page::embed,
        about: "the picture alone, for an `<iframe>` on any page or a browser source in OBS",
    },
    Route {
        verb: Verb::Get,
        paths: &[Path::At("/state")],
        who: Who::OtherOriginsToo,
        in_clear: false,
        body: BodyUse::Dropped,
        query: &["tab"],
        has_tag: false,
        handler: state::answer,
        about: "JSON: source, budget, viewers, levels, and this viewer's settings and statistics",
    },
    Route {
        verb: Verb::Get,
        paths: &[Path::At("/socket")],
        who: Who::OwnOrigin,
        in_clear: false,
        body: BodyUse::Dropped,
        query: &["tab"],
        has_tag: false,
        handler: socket::open,
        about: "a WebSocket: the state as it changes, and the commands below (docs/socket.md)",
    },
    Route {
        verb: Verb::Post,
        paths: &[Path::At("/viewer")],
        who: Who::OwnOrigin,
        in_clear: false,
        body: BodyUse::Form,
        query: &["tab"],
        has_tag: false,
        handler: viewer::change,
        about: "form: `quality=auto\\|low\\|medium\\|high\\|1…100`, `mode=home\\|gaming`, \
                `paused=true\\|false`, `shown=WIDTHxHEIGHT`",
    },
    Route {
        verb: Verb::Post,
        paths: &[Path::At("/donate")],
        who: Who::OwnOrigin,
        in_clear: false,
        body: BodyUse::Form,
        query: &["tab"],
        has_tag: false,
        handler: viewer::donate,
        about: "form: `name`, `message`",
    },
    Route {
        verb: Verb::Get,
        paths: &[Path::At("/connect")],
        who: Who::Everybody,
        in_clear: false,
        body: BodyUse::Dropped,
        query: &[],
        has_tag: false,
        handler: pages::connect,
        about: "lines to paste into other programs",
    },
    Route {
        verb: Verb::Get,
        paths: &[Path::At("/trust")],
        who: Who::Everybody,
        in_clear: true,
        body: BodyUse::Dropped,
        query: &["next"],
        has_tag: false,
        handler: trust::trust,
        about: "how a device trusts this server's own authority (`--tls`), and a check of it",
    },
    Route {
        verb: Verb::Get,
        paths: &[Path::At("/ca.crt")],
        who: Who::Everybody,
        in_clear: true,
        body: BodyUse::Dropped,
        query: &[],
        has_tag: false,
        handler: trust::certificate,
        about: "that authority's certificate, PEM",
    },
    Route {
        verb: Verb::Get,
        paths: &[Path::At("/ca.mobileconfig")],
        who: Who::Everybody,
        in_clear: true,
        body: BodyUse::Dropped,
        query: &[],
        has_tag: false,
        handler: trust::profile,
        about: "the same as a profile for iPhone, iPad and Mac",
    },
    Route {
        verb: Verb::Get,
        paths: &[Path::At("/qr.svg")],
        who: Who::Everybody,
        in_clear: true,
        body: BodyUse::Dropped,
        query: &["to"],
        has_tag: false,
        handler: qr::answer,
        about: "the page's address as a QR code; `?to=trust`, that of `/trust`",
    },
    Route {
        verb: Verb::Get,
        paths: &[Path::At("/metrics")],
        who: Who::Everybody,
        in_clear: false,
        body: BodyUse::Dropped,
        query: &[],
        has_tag: false,
        handler: metrics::answer,
        about: "counters and gauges as Prometheus reads them",
    },
    Route {
        verb: Verb::Get,
        paths: &[Path::At("/healthz")],
        who: Who::Everybody,
        in_clear: true,
        body: BodyUse::Dropped,
        query: &[],
        has_tag: false,
        handler: metrics::health,
        about: "`ok`",
    },
    Route {
        verb: Verb::Get,
        paths: &[Path::At("/favicon.ico")],
        who: Who::Everybody,
        in_clear: true,
        body: BodyUse::Dropped,
        query: &[],
        has_tag: true,
        handler: assets::favicon,
        about: "the page's icon",
    },
    Route {
        verb: Verb::Get,
        paths: &[Path::Below("/assets/")],
        who: Who::Everybody,
        in_clear: true,
        body: BodyUse::Dropped,
        query: &[],
        has_tag: true,
        handler: assets::asset,
        about: "what the pages load",
    },
];

/// What only debug builds have.
#[cfg(debug_assertions)]
static OF_DEBUG: [Route; 1] = [Route {
    verb: Verb::Get,
    paths: &[Path::At("/styleguide")],
    who: Who::Everybody,
    in_clear: false,
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
    format!("{get}{post}OPTIONS")
}

impl Verb {
    fn takes(self, method: &Method) -> bool {
        match self {
            Verb::Get => matches!(method, Method::Get | Method::Head),
            Verb::Post => *method == Method::Post,
        }
    }
}

impl Path {
    fn matches(self, path: &str, action: Option<&str>) -> bool {
        match self {
            Path::At(at) => at == path,
            Path::Action(at, of) => at == path && action == Some(of),
            Path::Below(folder) => path.starts_with(folder),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As README has it.
    fn row(route: &Route) -> String {
        let verb = if route.verb == Verb::Get { "GET" } else { "POST" };
        let path = |path: &Path| match path {
            Path::At(path) => (*path).to_owned(),
            Path::Action(path, action) => format!("{path}?action={action}"),
            Path::Below(path) => format!("{path}…"),
        };
        let paths: Vec<_> = route.paths.iter().map(|at| format!("`{verb} {}`", path(at))).collect();
        format!("| {} | {} |", paths.join(", "), route.about)
    }

    #[test]
    fn readme_has_the_same_table() {
        let readme = include_str!("../../README.md");
        let (_, table) = readme.split_once("| request | answer |\n| --- | --- |\n").unwrap();
        let (table, _) = table.split_once("\n\n").unwrap();
        let rows: Vec<_> = ROUTES.iter().map(row).collect();
        assert_eq!(table.lines().collect::<Vec<_>>(), rows);
    }

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
        assert_eq!(allow_anywhere(), "GET, HEAD, POST, OPTIONS");
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
}
