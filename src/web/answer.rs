//! One answer to one request, from its parts to its bytes.

use std::borrow::Cow;
use std::time::{Instant, SystemTime};

use super::built::{BOOT, STYLES};
use super::document::Filled;
use super::payload::Payload;
use super::sending::Sending;
use crate::base::clock;
use crate::proto::http::{Head, Method, ResponseHead, Status, http_date};

/// What is answered, before it is known whether the connection stays open.
pub(super) struct Answer {
    head: ResponseHead,
    /// The fields of the request that it depends on.
    varies: Vec<&'static str>,
    body: Payload,
    close: bool,
}

/// What the policy of a page allows beside all else whose script plays segments, of this origin too.
fn that_plays(origin: Option<&str>) -> String {
    let more =
        format!("; media-src 'self' blob:; connect-src 'self' {}", origin.unwrap_or_default());
    more.trim_end().to_owned()
}

impl Answer {
    /// An answer without a body.
    pub(super) fn empty(status: Status) -> Self {
        Self::of(ResponseHead::new(status), Payload::Bytes(Cow::Borrowed(b"")))
    }

    /// An answer that is only this head, with no length: what would follow has no end.
    pub(super) fn bare(head: ResponseHead) -> Self {
        Self::of(head, Payload::None)
    }

    fn of(head: ResponseHead, body: Payload) -> Self {
        Self { head, varies: Vec::new(), body, close: false }
    }

    /// An answer with a body of this media type.
    pub(super) fn new(status: Status, media_type: &str, body: Payload) -> Self {
        let head = ResponseHead::new(status)
            .header("Content-Type", media_type)
            .header("X-Content-Type-Options", "nosniff");
        Self::of(head, body)
    }

    /// One line of text.
    pub(super) fn text(status: Status, line: &str) -> Self {
        let body = Payload::owned(format!("{line}\n"));
        Self::new(status, "text/plain; charset=utf-8", body).header("Cache-Control", "no-store")
    }

    /// JSON that no cache keeps.
    pub(super) fn json(status: Status, value: &serde_json::Value) -> Self {
        let body = Payload::owned(value.to_string());
        Self::new(status, "application/json", body).header("Cache-Control", "no-store")
    }

    /// A page that was written for the request with this head.
    pub(super) fn page(head: &Head, status: Status, html: Filled) -> Self {
        Self::document(head, status, html, "'self'", "")
    }

    /// As [`page`](Self::page), for a document whose script may ask this origin too.
    pub(super) fn page_that_asks(head: &Head, status: Status, html: Filled, origin: &str) -> Self {
        Self::document(head, status, html, "'self'", &format!("; connect-src 'self' {origin}"))
    }

    /// As [`page`](Self::page), for a document whose script makes a film out of segments; those may come
    /// of this origin too.
    pub(super) fn page_that_plays(
        head: &Head,
        status: Status,
        html: Filled,
        origin: Option<&str>,
    ) -> Self {
        Self::document(head, status, html, "'self'", &that_plays(origin))
    }

    /// As [`page`](Self::page), for a document that pages of other sites may frame.
    pub(super) fn embedded(head: &Head, status: Status, html: Filled) -> Self {
        Self::document(head, status, html, "*", "")
    }

    /// As [`embedded`](Self::embedded), for a document whose script may make a film out of segments.
    pub(super) fn embedded_that_plays(
        head: &Head,
        status: Status,
        html: Filled,
        origin: Option<&str>,
    ) -> Self {
        Self::document(head, status, html, "*", &that_plays(origin))
    }

    /// Nothing on a page comes from another host, and it is framed by `framed_by` alone.
    fn document(head: &Head, status: Status, html: Filled, framed_by: &str, more: &str) -> Self {
        let policy = format_args!(
            "default-src 'self'; script-src 'self' {BOOT}; style-src 'self' {STYLES}; \
             img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors {framed_by}{more}"
        );
        let packs = head.accepts_coding("gzip");
        let html = if packs { html.packed() } else { html.plain() };
        let answer = Self::new(status, HTML, Payload::Pieces(html))
            .header("Cache-Control", "no-store")
            .header("Content-Security-Policy", policy)
            .header("Referrer-Policy", "same-origin")
            .varies_by("Accept-Encoding");
        if packs { answer.header("Content-Encoding", "gzip") } else { answer }
    }

    /// Adds a field to the head.
    #[must_use]
    pub(super) fn header(mut self, name: &'static str, value: impl std::fmt::Display) -> Self {
        self.head = self.head.header(name, value);
        self
    }

    /// Says that it depends on this field of the request.
    #[must_use]
    pub(super) fn varies_by(mut self, field: &'static str) -> Self {
        self.varies.push(field);
        self
    }

    /// Closes the connection after this answer.
    #[must_use]
    pub(super) fn closing(mut self) -> Self {
        self.close = true;
        self
    }

    /// Whether the connection ends with it.
    pub(super) fn closes(&self) -> bool {
        self.close
    }

    /// Its parts, ready to be sent; of an answer to `HEAD` only the head. `wall` goes into its
    /// `Date`.
    pub(super) fn into_sending(
        self,
        method: &Method,
        keep_alive: bool,
        wall: SystemTime,
        now: Instant,
    ) -> Sending {
        let mut head = self.head.header("Date", http_date(clock::unix_seconds(wall)));
        if !self.varies.is_empty() {
            head = head.header("Vary", self.varies.join(", "));
        }
        let endless = matches!(self.body, Payload::None);
        if !endless {
            let connection = match head.status() {
                Status::SwitchingProtocols => "upgrade",
                _ if keep_alive => "keep-alive",
                _ => "close",
            };
            head = head.header("Connection", connection);
        }
        if !endless && !head.status().is_bodiless() {
            head = head.header("Content-Length", self.body.length());
        }
        let mut bytes = Vec::with_capacity(512);
        head.write(&mut bytes);
        let bare = *method == Method::Head || head.status().is_bodiless();
        Sending::new(bytes, if bare { Payload::None } else { self.body }, now)
    }
}

/// The media type of pages.
pub(super) const HTML: &str = "text/html; charset=utf-8";

#[cfg(test)]
mod tests {
    use super::*;

    fn written(answer: Answer, method: &Method, keep_alive: bool) -> String {
        let (wall, now) = (SystemTime::UNIX_EPOCH, Instant::now());
        let sending = answer.into_sending(method, keep_alive, wall, now);
        String::from_utf8(sending.in_memory()).unwrap()
    }

    #[test]
    fn an_answer_to_head_has_the_length_and_no_body() {
        let text = written(Answer::text(Status::Ok, "ok"), &Method::Head, true);
        assert!(text.contains("Content-Length: 3\r\n"));
        assert!(text.ends_with("\r\n\r\n"));
    }

    #[test]
    fn not_modified_has_neither() {
        let text = written(Answer::empty(Status::NotModified), &Method::Get, true);
        assert!(!text.contains("Content-Length"), "{text}");
    }

    #[test]
    fn what_it_depends_on_stands_in_one_field() {
        let answer = Answer::text(Status::Ok, "ok").varies_by("Accept").varies_by("Origin");
        assert!(written(answer, &Method::Get, true).contains("Vary: Accept, Origin\r\n"));
        assert!(!written(Answer::text(Status::Ok, "ok"), &Method::Get, true).contains("Vary"));
    }

    #[test]
    fn what_closes_says_so() {
        let text = written(Answer::text(Status::Ok, "ok"), &Method::Get, false);
        assert!(text.contains("Connection: close\r\n") && text.ends_with("ok\n"));
    }
}
