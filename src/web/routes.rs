//! The table of requests: which method and path, who may, what becomes of the body, who answers.
//!
//! Data, and the few questions that are asked of it. `OPTIONS`, `Allow`, `405` and the table in
//! README come from it. What is decided about one request before its body is [`super::plan`]'s.

mod api;
mod catalogue_api;
mod library;
mod media;
mod people;
mod rooms;
mod rows;
mod titles;

use super::needs::{Needs, Way};
#[cfg(debug_assertions)]
use super::pages;
use super::request::{Reply, Request};
use crate::proto::http::{Method, form};
use api::OF_API;
use catalogue_api::OF_CATALOGUE_API;
use library::OF_LIBRARY;
use media::OF_MEDIA;
use people::OF_PEOPLE;
use rooms::OF_ROOMS;
use titles::OF_TITLES;

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

/// Every request that there is.
fn all() -> impl Iterator<Item = &'static Route> + Clone {
    let of_server = OF_ROOMS.iter().chain(&OF_PEOPLE).chain(&OF_API);
    let of_library = OF_LIBRARY.iter().chain(&OF_CATALOGUE_API).chain(&OF_MEDIA).chain(&OF_TITLES);
    of_server.chain(of_library)
}

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
        let all = all().chain(&OF_DEBUG);
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
    let here = all().flat_map(|route| route.paths);
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
    allow(all())
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
        match self {
            Path::Each(before, behind) => {
                let name = path.strip_prefix(before)?.strip_suffix(behind)?;
                (!name.is_empty() && !name.contains('/')).then_some(name)
            }
            Path::Below(folder) => path.strip_prefix(folder),
            Path::At(_) | Path::Action(..) => None,
        }
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
        let (accounts, others): (Vec<_>, Vec<_>) = all().map(row).partition(of_accounts);
        assert_eq!(table(include_str!("../../README.md")), others);
        assert_eq!(table(include_str!("../../docs/accounts.md")), accounts);
    }

    /// What the paths of a packaging platform begin with that programs ask.
    const OF_PLATFORM: [&str; 2] = ["/packaged_content", "/library/api"];

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
        for (at, route) in all().enumerate() {
            for other in all().skip(at + 1) {
                let same = |path: &&Path| other.paths.contains(path) && other.verb == route.verb;
                assert_eq!(route.paths.iter().find(same), None);
            }
        }
    }

    #[test]
    fn the_description_of_the_api_has_each_request_and_no_other() {
        let api: serde_json::Value = serde_json::from_str(super::super::api::OPENAPI).unwrap();
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
        for route in all() {
            for path in route.paths {
                let path = match path {
                    Path::At(at) => (*at).to_owned(),
                    Path::Each(before, behind) => {
                        let name = if before.contains("rooms") { "name" } else { "id" };
                        format!("{before}{{{name}}}{behind}")
                    }
                    Path::Action(..) | Path::Below(_) => continue,
                };
                let is_platforms = OF_PLATFORM.iter().any(|start| path.starts_with(start));
                if path.starts_with("/api/v1/") || path == "/videos" || is_platforms {
                    served.push(format!("{} {path}", route.verb.as_str()));
                }
            }
        }
        described.sort();
        served.sort();
        assert_eq!(described, served);
    }
}
