//! Takes pictures out of bytes that come piece by piece, whoever sends them.
//!
//! Pure. JPEGs one after another, or the parts of a multipart stream whose boundary is its
//! first line: told by their first bytes.

use super::jpegs::Jpegs;
use super::reel::MAX_PICTURE_BYTES;
use crate::media::frame::Jpeg;
use crate::media::gate;
use crate::proto::multipart::PartReader;

/// A stream of pictures that is being taken apart.
///
/// After each [`feed`](Self::feed) call [`next_picture`](Self::next_picture) until it gives
/// `None`: memory stays below one picture and one piece then.
pub(super) struct Splitter {
    form: Form,
    broken: u64,
    /// What the first bytes were.
    start: Vec<u8>,
}

/// What comes has no pictures; its first bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NoPictures {
    pub(super) start: Vec<u8>,
}

enum Form {
    /// Not told yet.
    Unknown(Vec<u8>),
    Jpegs(Jpegs),
    Parts(PartReader),
}

impl Splitter {
    pub(super) fn new() -> Self {
        Self { form: Form::Unknown(Vec::new()), broken: 0, start: Vec::new() }
    }

    /// Takes what has come.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        if self.start.len() < START_BYTES {
            let wanted = START_BYTES - self.start.len();
            self.start.extend(bytes.iter().take(wanted));
        }
        match &mut self.form {
            Form::Unknown(held) => {
                held.extend_from_slice(bytes);
                if let Some(form) = Form::of(held) {
                    let held = std::mem::replace(&mut self.form, form);
                    if let Form::Unknown(held) = held {
                        self.feed_form(&held);
                    }
                }
            }
            _ => self.feed_form(bytes),
        }
    }

    fn feed_form(&mut self, bytes: &[u8]) {
        match &mut self.form {
            Form::Unknown(held) => held.extend_from_slice(bytes),
            Form::Jpegs(jpegs) => jpegs.feed(bytes),
            Form::Parts(parts) => parts.feed(bytes),
        }
    }

    /// The next picture, or `None` if more must come first. Broken ones are passed over.
    ///
    /// # Errors
    ///
    /// [`NoPictures`] if what comes is something else.
    pub(super) fn next_picture(&mut self) -> Result<Option<Jpeg>, NoPictures> {
        loop {
            let piece = match &mut self.form {
                Form::Unknown(_) => return Ok(None),
                Form::Jpegs(jpegs) => {
                    let piece = jpegs.next(false);
                    if piece.is_none() && jpegs.skipped() > MAX_NOISE_BYTES {
                        return Err(self.no_pictures());
                    }
                    piece
                }
                Form::Parts(parts) => match parts.next_part() {
                    Ok(part) => part.map(|part| part.body),
                    Err(_) => return Err(self.no_pictures()),
                },
            };
            match piece.map(|piece| gate::take(&piece)) {
                Some(Ok(picture)) => return Ok(Some(picture)),
                Some(Err(_)) => self.broken += 1,
                None => return Ok(None),
            }
        }
    }

    /// The last picture, if what came ended without its end.
    pub(super) fn last_picture(&mut self) -> Option<Jpeg> {
        match &mut self.form {
            Form::Jpegs(jpegs) => gate::take(&jpegs.next(true)?).ok(),
            Form::Unknown(_) | Form::Parts(_) => None,
        }
    }

    /// Pictures that were passed over.
    pub(super) fn broken(&self) -> u64 {
        self.broken
    }

    fn no_pictures(&self) -> NoPictures {
        NoPictures { start: self.start.clone() }
    }
}

impl Form {
    /// Tells the form by the first bytes, once they are enough.
    fn of(bytes: &[u8]) -> Option<Self> {
        let blanks = bytes.iter().take_while(|byte| b"\r\n".contains(byte)).count();
        match bytes.get(blanks..)? {
            [] | [b'-'] => None,
            line @ [b'-', b'-', ..] => {
                let Some(end) = line.iter().position(|byte| *byte == b'\n') else {
                    let is_long = line.len() > MAX_BOUNDARY_BYTES;
                    return is_long.then(|| Form::Jpegs(Jpegs::of(Vec::new())));
                };
                let boundary = line.get(2..end).unwrap_or_default().trim_ascii_end();
                let boundary = std::str::from_utf8(boundary).unwrap_or_default();
                let kind = format!("multipart/x-mixed-replace;boundary=\"{boundary}\"");
                let parts = PartReader::new(&kind, MAX_PICTURE_BYTES);
                Some(parts.map_or_else(|_| Form::Jpegs(Jpegs::of(Vec::new())), Form::Parts))
            }
            _ => Some(Form::Jpegs(Jpegs::of(Vec::new()))),
        }
    }
}

/// What is kept of the start, to say what it looks like.
const START_BYTES: usize = 16;
/// As a reader of parts takes it, with its dashes.
const MAX_BOUNDARY_BYTES: usize = 130;
/// So much between two pictures is no longer some noise between pictures.
const MAX_NOISE_BYTES: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    const GRAY: &[u8] = include_bytes!("../../tests/data/jpeg/gray.jpg");
    const FFMPEG: &[u8] = include_bytes!("../../tests/data/jpeg/ffmpeg.jpg");

    /// The lengths of the pictures in `bytes`, fed in pieces of `piece`.
    fn lengths(bytes: &[u8], piece: usize) -> Result<Vec<usize>, NoPictures> {
        let mut splitter = Splitter::new();
        let mut lengths = Vec::new();
        for piece in bytes.chunks(piece) {
            splitter.feed(piece);
            while let Some(picture) = splitter.next_picture()? {
                lengths.push(picture.bytes.len());
            }
        }
        lengths.extend(splitter.last_picture().map(|picture| picture.bytes.len()));
        Ok(lengths)
    }

    fn parts(boundary: &str, pictures: &[&[u8]]) -> Vec<u8> {
        let head = format!("--{boundary}\r\nContent-type: image/jpeg\r\n");
        let part = |picture: &&[u8]| {
            let length = format!("Content-length: {}\r\n\r\n", picture.len());
            [head.as_bytes(), length.as_bytes(), picture, b"\r\n"].concat()
        };
        pictures.iter().flat_map(part).collect()
    }

    #[test]
    fn both_forms_are_read_wherever_they_are_cut() {
        let both = [GRAY.len(), FFMPEG.len(), GRAY.len()];
        let pictures = [GRAY, FFMPEG, GRAY];
        let jpegs = pictures.concat();
        let noisy = [b"\r\nnoise".as_slice(), GRAY, b"\0\0", FFMPEG, b"\n", GRAY].concat();
        // A part's end is certain only with what follows it.
        let mut multipart = parts("ffmpeg", &pictures);
        multipart.extend_from_slice(b"--ffmpeg\r\n");
        let mut quoted = parts("a b;c", &pictures);
        quoted.extend_from_slice(b"--a b;c\r\n");
        for (name, bytes) in
            [("jpegs", &jpegs), ("noisy", &noisy), ("parts", &multipart), ("quoted", &quoted)]
        {
            for piece in [1, 2, 3, 7, 100, 4096, bytes.len()] {
                assert_eq!(lengths(bytes, piece).unwrap(), both, "{name} by {piece}");
            }
        }
    }

    #[test]
    fn what_has_no_pictures_is_said_with_its_start() {
        let h264 = [&[0, 0, 0, 1, 0x67][..], &vec![7; 2 << 20]].concat();
        assert!(lengths(&h264, 4096).unwrap_err().start.starts_with(&[0, 0, 0, 1, 0x67]));
        let dashes = vec![b'-'; 2 << 20];
        assert!(lengths(&dashes, 4096).is_err());
        let endless = [&[0xFF, 0xD8, 0xFF, 0xDA, 0, 2][..], &vec![7; MAX_PICTURE_BYTES]].concat();
        assert!(lengths(&endless, 1 << 20).is_err());
        assert!(lengths(b"short", 1).unwrap().is_empty());
    }

    #[test]
    fn a_cut_off_picture_costs_no_other() {
        let cut = &GRAY[..GRAY.len() - 20];
        let found = lengths(&[GRAY, cut, FFMPEG].concat(), 50).unwrap();
        assert_eq!(found.first(), Some(&GRAY.len()));
        assert_eq!(found.last(), Some(&FFMPEG.len()));
    }
}
