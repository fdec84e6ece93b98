//! What a client of tus 1.0 says of an upload, and what it is told (tus.io, *resumable upload
//! protocol* 1.0.x).
//!
//! Pure: the fields of a head in, values out. What an upload is and where it lies belong to the
//! library; when which status is answered, to the web.

use super::base64::{base64, from_base64};
use crate::proto::http::Headers;

/// The version that is spoken.
pub const VERSION: &str = "1.0.0";
/// What beside the core of it.
pub const EXTENSIONS: &str =
    "creation,creation-with-upload,creation-defer-length,termination,expiration,checksum";
/// By which a piece may be checked, as they are named.
pub const ALGORITHMS: &str = "sha1,sha256,md5";
/// The media type of pieces.
pub const MEDIA_TYPE: &str = "application/offset+octet-stream";

/// A field that is missing, or is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadField(pub &'static str);

/// How long an upload is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// So many bytes.
    Known(u64),
    /// It is said later.
    Deferred,
}

/// What a client says of the file: names and values, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata(Vec<(String, Vec<u8>)>);

/// What a piece has to add up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checksum {
    /// By which.
    pub algorithm: Algorithm,
    /// What it has to be.
    pub digest: Vec<u8>,
}

/// By which a piece may be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name is the algorithm's own")]
pub enum Algorithm {
    Sha1,
    Sha256,
    Md5,
}

/// Whether a client speaks the version that is spoken here; `None` if it does not say.
pub fn speaks_version(headers: &Headers) -> Option<bool> {
    headers.get("Tus-Resumable").map(|version| version == VERSION)
}

/// How long a new upload is to be.
///
/// # Errors
///
/// [`BadField`] if neither of both fields says it, or both.
pub fn length(headers: &Headers) -> Result<Length, BadField> {
    match (number(headers, "Upload-Length")?, headers.get("Upload-Defer-Length")) {
        (Some(bytes), None) => Ok(Length::Known(bytes)),
        (None, Some("1")) => Ok(Length::Deferred),
        (None, Some(_)) => Err(BadField("Upload-Defer-Length")),
        _ => Err(BadField("Upload-Length")),
    }
}

/// The length that is said with a piece, if it is.
///
/// # Errors
///
/// [`BadField`] if it is no number.
pub fn length_now(headers: &Headers) -> Result<Option<u64>, BadField> {
    number(headers, "Upload-Length")
}

/// Where a piece belongs.
///
/// # Errors
///
/// [`BadField`] if that is not said.
pub fn offset(headers: &Headers) -> Result<u64, BadField> {
    number(headers, "Upload-Offset")?.ok_or(BadField("Upload-Offset"))
}

/// What a piece has to add up to, if that is said.
///
/// # Errors
///
/// [`BadField`] if it is none of [`ALGORITHMS`], or the digest is no base64 of its length.
pub fn checksum(headers: &Headers) -> Result<Option<Checksum>, BadField> {
    const FIELD: BadField = BadField("Upload-Checksum");
    let Some(text) = one(headers, FIELD.0)? else { return Ok(None) };
    let (name, digest) = text.split_once(' ').ok_or(FIELD)?;
    let (algorithm, bytes) = match name {
        "sha1" => (Algorithm::Sha1, 20),
        "sha256" => (Algorithm::Sha256, 32),
        "md5" => (Algorithm::Md5, 16),
        _ => return Err(FIELD),
    };
    let digest = padded(digest.trim()).filter(|digest| digest.len() == bytes).ok_or(FIELD)?;
    Ok(Some(Checksum { algorithm, digest }))
}

/// What is said of the file.
///
/// # Errors
///
/// [`BadField`] if it is no list of names and base64, or longer than is kept.
pub fn metadata(headers: &Headers) -> Result<Metadata, BadField> {
    const FIELD: BadField = BadField("Upload-Metadata");
    let Some(text) = one(headers, FIELD.0)?.filter(|text| !text.trim().is_empty()) else {
        return Ok(Metadata::default());
    };
    Metadata::parse(text).ok_or(FIELD)
}

impl Metadata {
    /// Reads it as it is sent and written.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_METADATA_BYTES {
            return None;
        }
        let mut found: Vec<(String, Vec<u8>)> = Vec::new();
        for pair in text.split(',') {
            let pair = pair.trim();
            let (name, value) = pair.split_once(' ').unwrap_or((pair, ""));
            let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
            let is_new = found.iter().all(|(known, _)| known != name);
            let value = padded(value.trim()).filter(|_| is_name && is_new)?;
            found.push((name.to_owned(), value));
        }
        Some(Self(found))
    }

    /// The text of this name, if it is there and is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(known, _)| known == name)?;
        std::str::from_utf8(value).ok()
    }

    /// As it is sent, without what is not to be kept.
    pub fn written_without(&self, names: &[&str]) -> String {
        let kept = self.0.iter().filter(|(name, _)| !names.contains(&name.as_str()));
        let pair = |(name, value): &(String, Vec<u8>)| match value.is_empty() {
            true => name.clone(),
            false => format!("{name} {}", base64(value)),
        };
        kept.map(pair).collect::<Vec<_>>().join(",")
    }
}

/// A number; some clients send one in a list of its own.
fn number(headers: &Headers, name: &'static str) -> Result<Option<u64>, BadField> {
    let Some(text) = one(headers, name)? else { return Ok(None) };
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // More than a file may have is no number of bytes (`off_t`).
    let number = text.parse().ok().filter(|number| digits && *number <= i64::MAX as u64);
    number.map(Some).ok_or(BadField(name))
}

/// The value of a field that may stand there once.
fn one<'a>(headers: &'a Headers, name: &'static str) -> Result<Option<&'a str>, BadField> {
    let mut values = headers.all(name);
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        _ => Err(BadField(name)),
    }
}

/// Reads RFC 4648 §4, with its padding and without anything else; `None` if that is not what it is.
fn padded(text: &str) -> Option<Vec<u8>> {
    from_base64(text).filter(|_| text.len().is_multiple_of(4))
}

const MAX_METADATA_BYTES: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::http::parse_head;

    fn headers(fields: &str) -> Headers {
        let head = format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
        parse_head(head.as_bytes()).unwrap().unwrap().0.headers
    }

    #[test]
    fn a_length_is_known_or_deferred_and_not_both() {
        let said = |fields| length(&headers(fields));
        assert_eq!(said("Upload-Length: 100\r\n"), Ok(Length::Known(100)));
        assert_eq!(
            said("Upload-Length: 9223372036854775807\r\n"),
            Ok(Length::Known(i64::MAX as u64))
        );
        assert_eq!(said("Upload-Defer-Length: 1\r\n"), Ok(Length::Deferred));
        for bad in [
            "",
            "Upload-Length: \r\n",
            "Upload-Length: +1\r\n",
            "Upload-Length: -1\r\n",
            "Upload-Length: 0x1\r\n",
            "Upload-Length: 1, 1\r\n",
            "Upload-Length: 9223372036854775808\r\n",
            "Upload-Length: 1\r\nUpload-Length: 1\r\n",
            "Upload-Length: 1\r\nUpload-Defer-Length: 1\r\n",
        ] {
            assert_eq!(said(bad), Err(BadField("Upload-Length")), "{bad}");
        }
        assert_eq!(said("Upload-Defer-Length: 0\r\n"), Err(BadField("Upload-Defer-Length")));
    }

    #[test]
    fn metadata_is_read_as_the_protocol_shows_it_and_written_again() {
        // The example of the protocol's own text.
        let text = "filename d29ybGRfZG9taW5hdGlvbl9wbGFuLnBkZg==,is_confidential";
        let read = metadata(&headers(&format!("Upload-Metadata: {text}\r\n"))).unwrap();
        assert_eq!(read.text("filename"), Some("world_domination_plan.pdf"));
        assert_eq!(read.text("is_confidential"), Some(""));
        assert_eq!(read.text("title"), None);
        assert_eq!(read.written_without(&[]), text);
        assert_eq!(read.written_without(&["filename"]), "is_confidential");
        assert_eq!(metadata(&headers("")), Ok(Metadata::default()));
        assert_eq!(metadata(&headers("Upload-Metadata: \r\n")), Ok(Metadata::default()));
        let long = format!("a {}", "QUJD".repeat(1100));
        for bad in ["a QQ==,a QQ==", "a b", "a Q Q=", ",", "a QQ==,", long.as_str()] {
            assert!(metadata(&headers(&format!("Upload-Metadata: {bad}\r\n"))).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_checksum_names_its_algorithm_and_has_its_length() {
        let said = |text: &str| checksum(&headers(&format!("Upload-Checksum: {text}\r\n")));
        let sha1 = said("sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=").unwrap().unwrap();
        assert_eq!((sha1.algorithm, sha1.digest.len()), (Algorithm::Sha1, 20));
        assert_eq!(sha1.digest[..3], [0x2a, 0xae, 0x6c]);
        for bad in
            ["sha1", "sha1 ", "sha1 Kq5s", "md5 Kq5sNclPz7QV2+lfQIuc6R7oRu0=", "crc32 AAAAAA=="]
        {
            assert_eq!(said(bad), Err(BadField("Upload-Checksum")), "{bad}");
        }
        assert_eq!(checksum(&headers("")), Ok(None));
    }

    #[test]
    fn a_piece_says_where_it_belongs() {
        assert_eq!(offset(&headers("Upload-Offset: 70\r\n")), Ok(70));
        assert_eq!(offset(&headers("")), Err(BadField("Upload-Offset")));
        assert_eq!(length_now(&headers("")), Ok(None));
        assert_eq!(speaks_version(&headers("Tus-Resumable: 1.0.0\r\n")), Some(true));
        assert_eq!(speaks_version(&headers("Tus-Resumable: 0.2.2\r\n")), Some(false));
        assert_eq!(speaks_version(&headers("")), None);
    }

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        // RFC 4648 §10.
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(bytes.as_bytes()), text);
            assert_eq!(padded(text).as_deref(), Some(bytes.as_bytes()));
        }
        for bad in ["Z", "Zg", "Zg=", "Zh==", "Zm9v=", "====", "Zm9*", "Zm 9", "Zg==Zg==", "Zm-_"] {
            assert_eq!(padded(bad), None, "{bad}");
        }
    }
}
