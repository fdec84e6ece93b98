//! The chunked transfer coding (RFC 9112 §7.1), decoded as it arrives.
//!
//! Keeps no bytes: each step gives a slice of what it was fed, so that it serves
//! a small form and a stream without end alike. Extensions and trailers are
//! bounded and dropped.
//!
//! What other servers send is read leniently. Of a request the lines between the
//! chunks must keep the grammar to the byte: a proxy in front could take a line
//! that breaks it for another length.

use super::Invalid;
use super::headers::{is_blank, is_control, is_token_byte};

/// Where a chunked body has got to.
#[derive(Debug, Default)]
pub struct ChunkedDecoder {
    reading: Reading,
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

/// How closely the lines between the chunks are looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Reading {
    #[default]
    Lenient,
    Strict,
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
    /// Somewhere in an extension, which is not looked at.
    Extension,
    /// The parts of one that is.
    Ext(Ext),
    SizeLf,
    Data,
    DataCr,
    DataLf,
    /// At the start of a trailer, or of the line that ends the body.
    Trailer,
    /// In the name of one that is looked at.
    TrailerName,
    TrailerLine,
    TrailerLf,
    LastLf,
    Done,
}

/// Where in `*( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )` (§7.1.1) a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ext {
    /// After the semicolon.
    BeforeName,
    Name,
    /// In the space after a name.
    AfterName,
    BeforeValue,
    Token,
    Quoted,
    Escape,
    AfterQuoted,
    /// In the space after a value, where nothing but another extension may follow.
    AfterValue,
}

/// What became of the input given to one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fed {
    /// Bytes that belonged to this body; what follows them is the next message.
    pub consumed: usize,
    /// True once the body is whole.
    pub done: bool,
}

impl ChunkedDecoder {
    /// For the body of a request. What a server answered is read by the default.
    pub fn strict() -> Self {
        Self { reading: Reading::Strict, ..Self::default() }
    }

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
            (State::Digits | State::Pad, b';') => self.within_line(match self.reading {
                Reading::Lenient => State::Extension,
                Reading::Strict => State::Ext(Ext::BeforeName),
            }),
            (State::Pad, b'\r') if self.reading == Reading::Strict => Err(self.broken()),
            (State::Digits | State::Pad | State::Extension, b'\r') => Ok(State::SizeLf),
            (State::Extension, _) if !is_control(byte) => self.within_line(State::Extension),
            (State::Ext(Ext::Name | Ext::Token | Ext::AfterQuoted), b'\r') => Ok(State::SizeLf),
            (State::Ext(ext), _) => {
                let next = ext.next(byte).ok_or(self.broken())?;
                self.within_line(State::Ext(next))
            }
            (State::SizeLf, b'\n') => {
                self.line = 0;
                Ok(if self.left == 0 { State::Trailer } else { State::Data })
            }
            (State::DataCr, b'\r') => Ok(State::DataLf),
            (State::DataLf, b'\n') => Ok(State::Size),
            (State::Trailer, b'\r') => Ok(State::LastLf),
            (State::TrailerLine, b'\r') => Ok(State::TrailerLf),
            (State::Trailer | State::TrailerName, _) if self.reading == Reading::Strict => {
                let state = match (self.state, byte) {
                    (State::TrailerName, b':') => State::TrailerLine,
                    _ if is_token_byte(byte) => State::TrailerName,
                    _ => return Err(self.broken()),
                };
                self.trailer_byte(state)
            }
            (State::Trailer | State::TrailerLine, _) if !is_control(byte) => {
                self.trailer_byte(State::TrailerLine)
            }
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

    fn trailer_byte(&mut self, state: State) -> Result<State, Invalid> {
        self.line += 1;
        if self.line > MAX_TRAILER_BYTES {
            return Err(self.invalid("trailer-section too long"));
        }
        Ok(state)
    }

    fn broken(&self) -> Invalid {
        self.invalid(match self.state {
            State::Size | State::Digits | State::Pad => "chunk-size",
            State::Extension | State::Ext(_) => "chunk-ext",
            State::Trailer | State::TrailerName | State::TrailerLine => "trailer-section",
            _ => "chunk: CRLF",
        })
    }

    fn invalid(&self, rule: &'static str) -> Invalid {
        Invalid::bad_request(0, rule).at(self.offset)
    }
}

impl Ext {
    /// Where a line is after one byte more; `None` if that breaks it.
    fn next(self, byte: u8) -> Option<Self> {
        Some(match (self, byte) {
            (Self::BeforeName | Self::BeforeValue, _) if is_blank(byte) => self,
            (Self::BeforeName | Self::Name, _) if is_token_byte(byte) => Self::Name,
            (Self::BeforeValue, b'"') => Self::Quoted,
            (Self::BeforeValue | Self::Token, _) if is_token_byte(byte) => Self::Token,
            (Self::Quoted, b'\\') => Self::Escape,
            (Self::Quoted, b'"') => Self::AfterQuoted,
            (Self::Quoted | Self::Escape, _) if !is_control(byte) => Self::Quoted,
            (Self::Name | Self::AfterName, b'=') => Self::BeforeValue,
            (Self::Name | Self::AfterName, _) if is_blank(byte) => Self::AfterName,
            (Self::Token | Self::AfterQuoted | Self::AfterValue, _) if is_blank(byte) => {
                Self::AfterValue
            }
            (
                Self::Name | Self::AfterName | Self::Token | Self::AfterQuoted | Self::AfterValue,
                b';',
            ) => Self::BeforeName,
            _ => return None,
        })
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

    /// The rule that refuses a request's body, however it is cut; nothing if it is taken whole.
    fn strictly(input: &str) -> Option<(&'static str, u64)> {
        let decode = |step| {
            let mut decoder = ChunkedDecoder::strict();
            let mut out = Vec::new();
            for piece in input.as_bytes().chunks(step) {
                decoder.decode(piece, &mut out)?;
            }
            assert!(decoder.is_done(), "{input:?} is cut");
            Ok(())
        };
        let whole: Result<(), Invalid> = decode(4096);
        for step in 1..input.len() {
            assert_eq!(decode(step), whole, "step {step}");
        }
        whole.err().map(|invalid| (invalid.rule, invalid.offset))
    }

    #[test]
    fn lines_of_requests_keep_the_grammar_to_the_byte() {
        let line = |line: &str| strictly(&format!("{line}\r\nabc\r\n0\r\n\r\n"));
        for good in [
            "3",
            "003",
            "3;a",
            "3 ; a",
            "3;a=b",
            "3;\ta = b",
            "3;a=\"\"",
            "3;a=\"x;\\\"y\" ;b;c=d",
            "3;a ;b",
            "3;a=b\t;c",
        ] {
            assert_eq!(line(good), None, "{good:?}");
        }
        for (bad, rule, offset) in [
            ("3;", "chunk-ext", 2),
            ("3 ", "chunk-size", 2),
            ("3\t", "chunk-size", 2),
            ("3;a=", "chunk-ext", 4),
            ("3;a=\"b", "chunk-ext", 6),
            ("3;a=\"b\\\"", "chunk-ext", 8),
            ("3;a=\"b\"c", "chunk-ext", 7),
            ("3;=b", "chunk-ext", 2),
            ("3;;a", "chunk-ext", 2),
            ("3;a b", "chunk-ext", 4),
            ("3;a ", "chunk-ext", 4),
            ("3;a=b c", "chunk-ext", 6),
            ("3;a=b ", "chunk-ext", 6),
            ("3;a=b=c", "chunk-ext", 5),
            ("3;(", "chunk-ext", 2),
            ("3;a=\"\u{7}\"", "chunk-ext", 5),
        ] {
            assert_eq!(line(bad), Some((rule, offset)), "{bad:?}");
            let lenient = decode(format!("{bad}\r\nabc\r\n0\r\n\r\n").as_bytes(), 7);
            let read = bad.contains('\u{7}') || lenient.is_ok_and(|(out, _, _)| out == b"abc");
            assert!(read, "from a server {bad:?} is read");
        }
    }

    #[test]
    fn trailers_of_requests_are_fields() {
        let trailer = |trailer: &str| strictly(&format!("0\r\n{trailer}\r\n\r\n"));
        assert_eq!(trailer("A: b\r\nC:"), None);
        for (bad, offset) in [("A b", 4), (": a", 3), ("A", 4), (" A: b", 3), ("A : b", 4)] {
            assert_eq!(trailer(bad), Some(("trailer-section", offset)), "{bad:?}");
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
