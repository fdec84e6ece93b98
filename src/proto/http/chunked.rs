//! The chunked transfer coding (RFC 9112 §7.1), decoded as it arrives.
//!
//! Keeps no bytes: each step gives a slice of what it was fed, so that it serves
//! a small form and a stream without end alike. Extensions and trailers are
//! bounded and dropped.

use super::headers::is_control;
use super::{Fed, Invalid};

/// Where a chunked body has got to.
#[derive(Debug, Default)]
pub struct ChunkedDecoder {
    state: State,
    /// Of the size line: the size so far. Of a chunk: bytes still to come.
    left: u64,
    /// Bytes of this size line, or of all trailers.
    line: usize,
    /// Bytes taken since the start of the body.
    offset: u64,
}

/// What one step found at the front of its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// Bytes taken; 0 only if the input is empty or the body is done.
    pub consumed: usize,
    /// Content among them, perhaps none.
    pub data: &'a [u8],
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Before the first digit of a size.
    #[default]
    Size,
    /// After a digit.
    Digits,
    /// After a size, in the space that some servers pad it with.
    Pad,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    /// At the start of a trailer, or of the line that ends the body.
    Trailer,
    TrailerLine,
    TrailerLf,
    LastLf,
    Done,
}

impl ChunkedDecoder {
    /// Takes framing and at most one run of content from the front of `input`.
    ///
    /// # Errors
    ///
    /// [`Invalid`] if the coding is broken or one of its lines too long.
    pub fn step<'a>(&mut self, input: &'a [u8]) -> Result<Piece<'a>, Invalid> {
        for (at, &byte) in input.iter().enumerate() {
            match self.state {
                State::Done => {
                    return Ok(Piece { consumed: at, data: &[] });
                }
                State::Data => return Ok(self.content(input, at)),
                _ => self.state = self.framing(byte)?,
            }
            self.offset += 1;
        }
        Ok(Piece { consumed: input.len(), data: &[] })
    }

    /// Takes all of `input` that belongs to the body, and appends the content to `out`.
    ///
    /// # Errors
    ///
    /// As [`step`](Self::step).
    pub fn decode(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<Fed, Invalid> {
        let mut consumed = 0;
        while consumed < input.len() && !self.is_done() {
            let piece = self.step(&input[consumed..])?;
            out.extend_from_slice(piece.data);
            consumed += piece.consumed;
        }
        Ok(Fed { consumed, done: self.is_done() })
    }

    /// True once the last chunk and its trailers have been taken.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Gives the run of content that starts `at` bytes into `input`.
    fn content<'a>(&mut self, input: &'a [u8], at: usize) -> Piece<'a> {
        let rest = &input[at..];
        let run = usize::try_from(self.left).map_or(rest.len(), |left| left.min(rest.len()));
        self.left -= run as u64;
        self.offset += run as u64;
        if self.left == 0 {
            self.state = State::DataCr;
        }
        Piece { consumed: at + run, data: &rest[..run] }
    }

    /// The state after one byte that is not content.
    fn framing(&mut self, byte: u8) -> Result<State, Invalid> {
        match (self.state, byte) {
            (State::Size | State::Digits, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                self.digit(byte)
            }
            (State::Digits | State::Pad, b' ' | b'\t') => self.within_line(State::Pad),
            (State::Digits | State::Pad, b';') => self.within_line(State::Extension),
            (State::Digits | State::Pad | State::Extension, b'\r') => Ok(State::SizeLf),
            (State::Extension, _) if !is_control(byte) => self.within_line(State::Extension),
            (State::SizeLf, b'\n') => {
                self.line = 0;
                Ok(if self.left == 0 { State::Trailer } else { State::Data })
            }
            (State::DataCr, b'\r') => Ok(State::DataLf),
            (State::DataLf, b'\n') => Ok(State::Size),
            (State::Trailer, b'\r') => Ok(State::LastLf),
            (State::TrailerLine, b'\r') => Ok(State::TrailerLf),
            (State::Trailer | State::TrailerLine, _) if !is_control(byte) => self.trailer_byte(),
            (State::TrailerLf, b'\n') => Ok(State::Trailer),
            (State::LastLf, b'\n') => Ok(State::Done),
            _ => Err(self.broken()),
        }
    }

    fn digit(&mut self, byte: u8) -> Result<State, Invalid> {
        let digit = char::from(byte).to_digit(16).map_or(0, u64::from);
        let size = self.left.checked_mul(16).ok_or(self.invalid("chunk-size too large"))?;
        self.left = size | digit;
        self.within_line(State::Digits)
    }

    fn within_line(&mut self, state: State) -> Result<State, Invalid> {
        self.line += 1;
        if self.line > MAX_LINE_BYTES {
            return Err(self.invalid("chunk line too long"));
        }
        Ok(state)
    }

    fn trailer_byte(&mut self) -> Result<State, Invalid> {
        self.line += 1;
        if self.line > MAX_TRAILER_BYTES {
            return Err(self.invalid("trailer-section too long"));
        }
        Ok(State::TrailerLine)
    }

    fn broken(&self) -> Invalid {
        self.invalid(match self.state {
            State::Size | State::Digits | State::Pad => "chunk-size",
            State::Extension => "chunk-ext",
            State::Trailer | State::TrailerLine => "trailer-section",
            _ => "chunk: CRLF",
        })
    }

    fn invalid(&self, rule: &'static str) -> Invalid {
        Invalid::bad_request(0, rule).at(self.offset)
    }
}

/// Most bytes of a size with its extensions.
const MAX_LINE_BYTES: usize = 256;

/// Most bytes of trailers together.
const MAX_TRAILER_BYTES: usize = 4 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes in steps of `step` bytes: the content, and how much was taken.
    fn decode(input: &[u8], step: usize) -> Result<(Vec<u8>, usize, bool), Invalid> {
        let mut decoder = ChunkedDecoder::default();
        let (mut out, mut taken) = (Vec::new(), 0);
        for piece in input.chunks(step) {
            taken += decoder.decode(piece, &mut out)?.consumed;
        }
        Ok((out, taken, decoder.is_done()))
    }

    fn refused(input: &str) -> (&'static str, u64) {
        let invalid = decode(input.as_bytes(), 1).unwrap_err();
        assert_eq!(decode(input.as_bytes(), 4096).unwrap_err(), invalid);
        (invalid.rule, invalid.offset)
    }

    #[test]
    fn chunks_are_joined_at_every_step() {
        let whole =
            b"4\r\nWiki\r\n00000B ;x=\"y\";z\r\npedia in \r\n\r\n0\r\nA: b\r\nC: d\r\n\r\nrest";
        for step in 1..whole.len() {
            let (out, taken, done) = decode(whole, step).unwrap();
            assert_eq!(out, b"Wikipedia in \r\n", "step {step}");
            assert_eq!((taken, done), (whole.len() - 4, true));
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let content: Vec<u8> = (0..=255).cycle().take(3000).collect();
        let mut coded = Vec::new();
        for chunk in content.chunks(700) {
            coded.extend_from_slice(format!("{:X}\r\n", chunk.len()).as_bytes());
            coded.extend_from_slice(chunk);
            coded.extend_from_slice(b"\r\n");
        }
        coded.extend_from_slice(b"0\r\n\r\n");
        assert_eq!(decode(&coded, 333), Ok((content, coded.len(), true)));
    }

    #[test]
    fn a_body_that_is_cut_is_not_done() {
        let whole = b"3\r\nabc\r\n0\r\nT: x\r\n\r\n";
        for cut in 0..whole.len() {
            assert!(!decode(&whole[..cut], 64).unwrap().2, "cut at {cut}");
        }
    }

    #[test]
    fn broken_framing_is_refused_where_it_breaks() {
        assert_eq!(refused("\r\n"), ("chunk-size", 0));
        assert_eq!(refused("-1\r\n"), ("chunk-size", 0));
        assert_eq!(refused("0x5\r\n"), ("chunk-size", 1));
        assert_eq!(refused("5 5\r\n"), ("chunk-size", 2));
        assert_eq!(refused("5\nabcde"), ("chunk-size", 1));
        assert_eq!(refused("5;a\nabcde"), ("chunk-ext", 3));
        assert_eq!(refused("5\rx"), ("chunk: CRLF", 2));
        assert_eq!(refused("1\r\nab"), ("chunk: CRLF", 4));
        assert_eq!(refused("0\r\nA: b\n"), ("trailer-section", 7));
    }

    #[test]
    fn sizes_lines_and_trailers_are_bounded() {
        assert_eq!(decode(b"ffffffffffffffff\r\n", 64), Ok((Vec::new(), 18, false)));
        assert_eq!(refused("10000000000000000\r\n"), ("chunk-size too large", 16));
        let zeros = |n| format!("{}\r\n", "0".repeat(n));
        assert_eq!(refused(&zeros(MAX_LINE_BYTES + 1)).0, "chunk line too long");
        assert_eq!(decode(zeros(MAX_LINE_BYTES).as_bytes(), 64).map(|d| d.1), Ok(258));
        let trailers = format!("0\r\n{}", "a: b\r\n".repeat(MAX_TRAILER_BYTES / 4 + 1));
        assert_eq!(refused(&trailers).0, "trailer-section too long");
    }
}
