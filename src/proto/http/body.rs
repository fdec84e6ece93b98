//! The body of a request, collected as it arrives and never past a limit.
//!
//! Does not choose the limit nor know what the bytes mean. For a body without
//! end, such as a live stream, see [`ChunkedDecoder`].

use super::chunked::Fed;
use super::{BodyLength, ChunkedDecoder, Invalid, Status};

/// A body on its way in.
#[derive(Debug)]
pub struct Body {
    rest: Rest,
    bytes: Vec<u8>,
    /// How much may still come.
    room: usize,
    limit: usize,
    kept: bool,
}

#[derive(Debug)]
enum Rest {
    Known(u64),
    Chunked(ChunkedDecoder),
}

impl Body {
    /// A body of which nothing has come yet, and at most `limit` bytes may.
    pub fn new(length: BodyLength, limit: usize) -> Self {
        Self::with(length, limit, true)
    }

    /// A body that is taken off and forgotten.
    pub fn dropped(length: BodyLength, limit: usize) -> Self {
        Self::with(length, limit, false)
    }

    fn with(length: BodyLength, limit: usize, kept: bool) -> Self {
        let rest = match length {
            BodyLength::None => Rest::Known(0),
            BodyLength::Known(bytes) => Rest::Known(bytes),
            BodyLength::Chunked => Rest::Chunked(ChunkedDecoder::strict()),
        };
        Self { rest, bytes: Vec::new(), room: limit, limit, kept }
    }

    /// Takes what belongs to the body from the front of `input`.
    ///
    /// Feeding nothing is allowed, and tells whether a body is to be waited for.
    ///
    /// # Errors
    ///
    /// [`Invalid`] with [`Status::ContentTooLarge`] past the limit, as soon as a
    /// declared length passes it; with [`Status::BadRequest`] if the chunked
    /// coding is broken. The connection can't be used afterwards.
    pub fn feed(&mut self, input: &[u8]) -> Result<Fed, Invalid> {
        match &mut self.rest {
            Rest::Known(left) if *left > self.room as u64 => Err(self.too_large()),
            Rest::Known(left) => {
                let consumed = usize::try_from(*left).map_or(input.len(), |n| n.min(input.len()));
                *left -= consumed as u64;
                let done = *left == 0;
                self.take(&input[..consumed]);
                Ok(Fed { consumed, done })
            }
            Rest::Chunked(_) => self.feed_chunked(input),
        }
    }

    /// Takes out what has been collected so far, so that a body of any size needs little memory.
    pub fn drain(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// What has been collected; nothing of a body that is dropped.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    fn feed_chunked(&mut self, input: &[u8]) -> Result<Fed, Invalid> {
        let mut consumed = 0;
        loop {
            let Rest::Chunked(decoder) = &mut self.rest else {
                return Ok(Fed { consumed, done: true });
            };
            let piece = decoder.step(&input[consumed..])?;
            let done = decoder.is_done();
            if piece.data.len() > self.room {
                return Err(self.too_large());
            }
            self.take(piece.data);
            consumed += piece.consumed;
            if done || piece.consumed == 0 {
                return Ok(Fed { consumed, done });
            }
        }
    }

    /// Takes content that there is room for.
    fn take(&mut self, content: &[u8]) {
        self.room -= content.len();
        if self.kept {
            self.bytes.extend_from_slice(content);
        }
    }

    fn too_large(&self) -> Invalid {
        Invalid::new(Status::ContentTooLarge, self.limit, "content too large")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::http::parse_head;

    /// Feeds `input` in steps of `step` bytes; gives the body and what was left over.
    fn collect(length: BodyLength, input: &[u8], step: usize) -> Result<(Vec<u8>, usize), Invalid> {
        let mut body = Body::new(length, 64);
        let mut at = 0;
        while !body.feed(&[])?.done {
            let piece = &input[at..input.len().min(at + step)];
            assert!(!piece.is_empty(), "input ended before the body");
            at += body.feed(piece)?.consumed;
        }
        Ok((body.into_bytes(), input.len() - at))
    }

    #[test]
    fn a_captured_form_is_collected_at_every_step() {
        for whole in [
            &include_bytes!("../../../tests/data/http/curl-post-form.http")[..],
            &include_bytes!("../../../tests/data/http/curl-post-chunked.http")[..],
        ] {
            let (head, length) = parse_head(whole).unwrap().unwrap();
            for step in 1..=whole.len() - length {
                let (bytes, left) = collect(head.body(), &whole[length..], step).unwrap();
                assert!(bytes == b"quality=high&mode=home" || bytes.starts_with(b"name=Ada&"));
                assert_eq!(left, 0);
            }
        }
    }

    #[test]
    fn what_follows_the_body_is_left() {
        assert_eq!(collect(BodyLength::Known(3), b"abcGET", 64), Ok((b"abc".to_vec(), 3)));
        let chunked = b"3\r\nabc\r\n0\r\n\r\nGET";
        assert_eq!(collect(BodyLength::Chunked, chunked, 64), Ok((b"abc".to_vec(), 3)));
        assert_eq!(collect(BodyLength::None, b"GET", 64), Ok((Vec::new(), 3)));
    }

    #[test]
    fn a_dropped_body_is_taken_off_and_counted_and_not_kept() {
        let mut body = Body::dropped(BodyLength::Known(3), 3);
        assert_eq!(body.feed(b"abcGET"), Ok(Fed { consumed: 3, done: true }));
        assert_eq!(body.into_bytes(), b"");
        let too_large = Body::dropped(BodyLength::Known(4), 3).feed(b"").unwrap_err();
        assert_eq!(too_large.status, Status::ContentTooLarge);
        let mut body = Body::dropped(BodyLength::Chunked, 3);
        assert_eq!(body.feed(b"2\r\nab\r\n"), Ok(Fed { consumed: 7, done: false }));
        assert_eq!(body.feed(b"2\r\nab").unwrap_err().status, Status::ContentTooLarge);
    }

    #[test]
    fn a_body_may_be_as_large_as_the_limit_and_not_larger() {
        let whole = [b'x'; 65];
        let status = |result: Result<_, Invalid>| result.map_err(|invalid| invalid.status);
        assert_eq!(collect(BodyLength::Known(64), &whole, 7).map(|(b, _)| b.len()), Ok(64));
        assert_eq!(
            status(collect(BodyLength::Known(u64::MAX), b"", 1)),
            Err(Status::ContentTooLarge)
        );
        let chunks = |n: usize| format!("{}0\r\n\r\n", "1\r\nx\r\n".repeat(n));
        let chunked = |n| collect(BodyLength::Chunked, chunks(n).as_bytes(), 5);
        assert_eq!(chunked(64).map(|(b, _)| b.len()), Ok(64));
        assert_eq!(status(chunked(65)), Err(Status::ContentTooLarge));
    }
}
