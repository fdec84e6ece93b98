//! The table of requests: which method and path, who may, what becomes of the body, who answers.
//!
//! Data, and the few questions that are asked of it. `OPTIONS`, `Allow`, `405` and the table in
//! README come from it. What is decided about one request before its body is [`super::plan`]'s.

use super::request::{Reply, Request};
use super::{donate, metrics, pages, qr, snapshot_answer, state, viewer, watch};
use crate::proto::http::form;
use crate::proto::http::{Method, Target};

/// One row: all that is known of a kind of request before one comes.
pub(super) struct Route {
    /// What is done; who may `GET` may `HEAD`.
    pub(super) verb: Verb,
    /// Where it lies.
    pub(super) paths: &'static [Path],
    /// Who may ask.
    pub(super) who: Who,
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

/// Where a resource lies.
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
pub(super) static ROUTES: [Route; 12] = [
    Route {
        verb: Verb::Get,
        paths: &[
            Path::At("/stream"),
            Path::Action("/", "stream"),
            Path::Action("/webcam/", "stream"),
        ],
        who: Who::OtherOriginsToo,
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
            Path::Action("/webcam/", "snapshot"),
        ],
        who: Who::OtherOriginsToo,
        body: BodyUse::Dropped,
        query: &["quality"],
        has_tag: false,
        handler: snapshot_answer::snapshot,
        about: "the newest frame as one JPEG; `?quality=`",
    },
    Route {
        verb: Verb::Get,
        paths: &[Path::At("/"), Path::At("/webcam/")],
        who: Who::Everybody,
        body: BodyUse::Dropped,
        query: &[],
        has_tag: true,
        handler: pages::page,
        about: "the page",
    },
    Route {
        verb: Verb::Get,
        paths: &[Path::At("/state")],
        who: Who::OtherOriginsToo,
        body: BodyUse::Dropped,
        query: &["tab"],
        has_tag: false,
        handler: state::answer,
        about: "JSON: source, budget, viewers, levels, and this viewer's settings and statistics",
    },
    Route {
        verb: Verb::Post,
        paths: &[Path::At("/viewer")],
        who: Who::OwnOrigin,
        body: BodyUse::Form,
        query: &["tab"],
        has_tag: false,
        handler: viewer::change,
        about: "form: `quality=auto\\|low\\|medium\\|high\\|1…100`, `mode=home\\|gaming`, \
                `paused=true\\|false`",
    },
    Route {
        verb: Verb::Post,
        paths: &[Path::At("/donate")],
        who: Who::OwnOrigin,
        body: BodyUse::Form,
        query: &["tab"],
        has_tag: false,
        handler: donate::donate,
        about: "form: `name`, `message`",
    },
    Route {
        verb: Verb::Get,
        paths: &[Path::At("/connect")],
        who: Who::Everybody,
        body: BodyUse::Dropped,
        query: &[],
        has_tag: false,
        handler: pages::connect,
        about: "lines to paste into other programs",
    },
    Route {
        verb: Verb::Get,
        paths: &[Path::At("/qr.svg")],
        who: Who::Everybody,
        body: BodyUse::Dropped,
        query: &[],
        has_tag: false,
        handler: qr::answer,
        about: "the page's address as a QR code",
    },
    Route {
        verb: Verb::Get,
        paths: &[Path::At("/metrics")],
        who: Who::Everybody,
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
        body: BodyUse::Dropped,
        query: &[],
        has_tag: true,
        handler: pages::favicon,
        about: "the page's icon",
    },
    Route {
        verb: Verb::Get,
        paths: &[Path::Below("/assets/")],
        who: Who::Everybody,
        body: BodyUse::Dropped,
        query: &[],
        has_tag: true,
        handler: pages::asset,
        about: "what the pages load",
    },
];

/// What lies at one target: the rows that match it, each for a method of its own.
pub(super) struct Resource {
    rows: Vec<&'static Route>,
}

impl Resource {
    /// What lies there; `None` if nothing does.
    pub(super) fn find(target: &Target) -> Option<Self> {
        // A query that cannot be read has no action.
        let action = target.query.as_deref().and_then(|query| {
            let found = form::pick(query.as_bytes(), &["action"]).ok()?;
            found.into_iter().next().map(|(_, value)| value)
        });
        let matches = |path: &Path| path.matches(&target.path, action.as_deref());
        let rows: Vec<_> = ROUTES.iter().filter(|route| route.paths.iter().any(matches)).collect();
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

    fn target(path: &str, query: Option<&str>) -> Target {
        Target { path: path.to_owned(), query: query.map(str::to_owned) }
    }

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
            let resource = Resource::find(&target(path, query)).unwrap();
            resource.route(&Method::Get).unwrap().about
        };
        for root in ["/", "/webcam/"] {
            assert!(about(root, Some("action=stream")).starts_with("the live stream"));
            assert!(about(root, Some("x=%&action=snap%73hot")).starts_with("the newest frame"));
            for query in [None, Some(""), Some("action=x"), Some("action=%"), Some("x=100%")] {
                assert_eq!(about(root, query), "the page", "{query:?}");
            }
        }
    }

    #[test]
    fn what_can_be_done_is_read_off_the_table() {
        let allow = |path| Resource::find(&target(path, None)).map(|found| found.allow());
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
