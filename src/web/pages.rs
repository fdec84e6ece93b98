//! The pages' files, built into the binary.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;

use super::answer::{Answer, HTML};
use super::payload::Payload;
use super::refusal::escape;
use super::request::{Reply, Request};
use crate::live::settings::ViewerId;
use crate::proto::http::{Host, Status, if_match, if_none_match};

/// The viewer's page; to somebody for whom there is no room, the page that says so.
pub(super) fn page(request: &Request) -> Reply {
    let audience = &request.context.audience;
    let id = request.identity().id();
    let watches = id.and_then(|id| audience.known(id)).is_some_and(|viewer| viewer.streams() > 0);
    if !watches && audience.is_full() {
        return full(audience.max_viewers()).into();
    }
    let index = FILES.iter().find(|file| file.name == "index.html");
    let index = index.expect("index.html stands in the list");
    // With its cookie it is one viewer's own, and no cache may give it to another.
    let page = serve(request, index, "private, no-cache").with_policy().varies_by("Cookie");
    request.introduce(page, id.unwrap_or_else(ViewerId::random)).into()
}

/// The page that says how to watch with other programs, with the address that it was asked by.
/// Without RTSP it has no word of it.
pub(super) fn connect(request: &Request) -> Reply {
    let client = &request.client;
    let outer = client.outer_address().unwrap_or_else(|| "http://ADDRESS:8081".to_owned());
    let host = client.outer_host().map_or("ADDRESS".to_owned(), |asked| asked.host.to_string());
    let html =
        include_str!("../../www/connect.html").replace("http://ADDRESS:8081", &escape(&outer));
    let html = match rtsp_port(request) {
        Some(port) => {
            let address = format!("rtsp://{}:{port}", escape(&host));
            html.replace("rtsp://ADDRESS:8554", &address)
        }
        None => match (html.split_once("<!-- rtsp -->"), html.split_once("<!-- /rtsp -->")) {
            (Some((before, _)), Some((_, after))) => format!("{before}{after}"),
            _ => html,
        },
    };
    Answer::page(Status::Ok, html).into()
}

fn rtsp_port(request: &Request) -> Option<u16> {
    let address = request.context.about.rtsp_addresses.first()?;
    address.trim_end_matches('/').rsplit(':').next()?.parse().ok()
}

/// What a page loads.
pub(super) fn asset(request: &Request) -> Reply {
    let name = request.head.target.path.strip_prefix("/assets/").unwrap_or_default();
    let file = FILES.iter().find(|file| file.name == name && !name.ends_with(".html"));
    match file {
        Some(file) => serve(request, file, "no-cache").into(),
        None => request.refuse(Status::NotFound, "there is no such file").into(),
    }
}

/// What browsers ask for by themselves.
pub(super) fn favicon(request: &Request) -> Reply {
    let file = FILES.iter().find(|file| file.name == "favicon.svg");
    serve(request, file.expect("favicon.svg stands in the list"), "no-cache").into()
}

/// Says that as many watch as may, and comes again by itself.
pub(super) fn full(max_viewers: usize) -> Answer {
    let html = include_str!("../../www/full.html").replace("{{viewers}}", &viewers(max_viewers));
    Answer::page(Status::ServiceUnavailable, html).header("Retry-After", RETRY_AFTER_SECS)
}

/// Says that this server does not know itself by a name, and what helps.
pub(super) fn misdirected(request: &Request, host: &Host) -> Answer {
    let why = match host {
        Host::Other => "this server has no such name".to_owned(),
        host => format!(
            "this server does not know itself as {host}: if that is its name, start it with \
             `--host {host}`"
        ),
    };
    request.refuse(Status::MisdirectedRequest, &why)
}

/// So many viewers, in words.
pub(super) fn viewers(count: usize) -> String {
    if count == 1 { "1 viewer".into() } else { format!("{count} viewers") }
}

/// When a client that was turned away may come again.
pub(super) const RETRY_AFTER_SECS: u32 = 10;

fn serve(request: &Request, file: &'static File, caching: &'static str) -> Answer {
    let headers = &request.head.headers;
    if headers.joined("If-Match").is_some_and(|tags| !if_match(&tags, Some(&file.etag))) {
        let why = "it is no longer the one that `If-Match` names";
        return request.refuse(Status::PreconditionFailed, why);
    }
    let answer = match headers.joined("If-None-Match") {
        Some(known) if if_none_match(&known, &file.etag) => Answer::empty(Status::NotModified),
        _ => Answer::new(Status::Ok, file.media_type(), Payload::Bytes(Cow::Borrowed(file.bytes))),
    };
    answer.header("ETag", &file.etag).header("Cache-Control", caching)
}

/// A file of `www/`.
struct File {
    name: &'static str,
    bytes: &'static [u8],
    etag: String,
}

impl File {
    fn media_type(&self) -> &'static str {
        match self.name.rsplit('.').next() {
            Some("html") => HTML,
            Some("css") => "text/css; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("svg") => "image/svg+xml",
            _ => "text/plain; charset=utf-8",
        }
    }
}

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_bytes!(concat!("../../www/", $name)).as_slice())),*]
    };
}

static FILES: LazyLock<Vec<File>> = LazyLock::new(|| {
    let files = files![
        "css/base.css",
        "css/deck.css",
        "css/dialog.css",
        "css/layout.css",
        "css/read.css",
        "css/stage.css",
        "favicon.svg",
        "icons.LICENSE",
        "icons.svg",
        "index.html",
        "js/announce.js",
        "js/api.js",
        "js/app.js",
        "js/bar.js",
        "js/boot.js",
        "js/burst.js",
        "js/connect.js",
        "js/copy.js",
        "js/deck.js",
        "js/dom.js",
        "js/donate.js",
        "js/fade.js",
        "js/format.js",
        "js/keys.js",
        "js/latency.js",
        "js/menu.js",
        "js/plots.js",
        "js/poll.js",
        "js/remember.js",
        "js/screen.js",
        "js/segments.js",
        "js/settings.js",
        "js/share.js",
        "js/snapshot.js",
        "js/stream.js",
        "js/thanks.js",
        "js/theme.js",
        "js/tip.js",
        "js/trouble.js",
        "tokens.css",
    ];
    let with_etag = |(name, bytes): (&'static str, &'static [u8])| {
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        File { name, bytes, etag: format!("\"{:016x}\"", hasher.finish()) }
    };
    files.into_iter().map(with_etag).collect()
});

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn names(folder: &Path, prefix: &str, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{prefix}{}", entry.file_name().into_string().unwrap());
            match entry.file_type().unwrap().is_dir() {
                true => names(&entry.path(), &format!("{name}/"), found),
                false => found.push(name),
            }
        }
    }

    #[test]
    fn every_file_of_the_pages_is_built_in() {
        let mut found = Vec::new();
        names(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/www")), "", &mut found);
        let templates = ["connect.html", "error.html", "full.html"];
        for name in found.iter().filter(|name| !templates.contains(&name.as_str())) {
            assert!(FILES.iter().any(|file| file.name == *name), "www/{name} is not in the list");
        }
    }
}
