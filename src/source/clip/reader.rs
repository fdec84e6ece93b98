//! A clip that one viewer plays by itself: any picture, by its number.
//!
//! Run on workers, a piece at a time. Keeps no rate: whoever shows it does. Unlike a
//! [`super::Clip`] it ends.

use std::path::Path;
use std::sync::Arc;

use super::index::Index;
use super::survey::{PIECE_BYTES, PIECE_STEPS, Survey};
use super::{FileReel, file_name};
use crate::media::frame::Jpeg;
use crate::source::reel::{Reel, Step};
use crate::source::{Trouble, TroubleCode};

/// An open clip.
pub struct Reader {
    reel: FileReel,
    index: Arc<Index>,
    /// The number of the picture that comes next, from 0.
    at: u64,
    last: Option<Jpeg>,
    /// Where the picture was found that is on the way; the JPEG that it repeats comes before.
    jump: Option<u64>,
}

/// What looking for a picture came to.
#[derive(Debug)]
pub enum Reading {
    /// Here it is.
    Picture(Jpeg),
    /// It lies further on: to be asked for again.
    NotYet,
    /// The clip ends before it.
    End,
}

impl Reader {
    /// The clip at `path`, of which `survey` is known.
    ///
    /// # Errors
    ///
    /// [`Trouble`] if it is gone, no clip any more, or was changed since.
    pub fn open(path: &Path, survey: &Survey) -> Result<Self, Trouble> {
        let reel = FileReel::open(path)?;
        if reel.edition != survey.edition {
            return Err(Trouble {
                code: TroubleCode::Missing,
                title: format!("{} was changed", file_name(path)),
                detail: "What is there now can be asked for anew.".into(),
            });
        }
        let index = Arc::clone(&survey.index);
        Ok(Self { reel, index, at: 0, last: None, jump: None })
    }

    /// Reads a picture, or on towards it for some milliseconds.
    ///
    /// # Errors
    ///
    /// [`Trouble`] if the file cannot be read any more.
    pub fn read(&mut self, picture: u64) -> Result<Reading, Trouble> {
        self.go_near(picture)?;
        let until = self.reel.window.position().saturating_add(PIECE_BYTES);
        for _ in 0..PIECE_STEPS {
            if self.reel.window.position() >= until {
                break;
            }
            match self.reel.step()? {
                Step::Picture(jpeg) => self.last = Some(jpeg),
                Step::Repeat if self.last.is_some() => {}
                Step::Repeat | Step::Broken | Step::Searching => continue,
                Step::End => return Ok(Reading::End),
            }
            if let Some(position) = self.jump.take() {
                self.reel.go_to(position)?;
                continue;
            }
            self.at += 1;
            if self.at > picture {
                return Ok(self.last.clone().map_or(Reading::End, Reading::Picture));
            }
        }
        Ok(Reading::NotYet)
    }

    /// Goes to the last place before a picture that is known, if that is nearer.
    fn go_near(&mut self, picture: u64) -> Result<(), Trouble> {
        let (number, position) = match self.index.before(picture) {
            Some((number, mark)) if picture < self.at || number > self.at => {
                // What it repeats is read first.
                self.jump = (mark.shown != mark.position).then_some(mark.position);
                (number, mark.shown)
            }
            None if picture < self.at => {
                self.jump = None;
                (0, 0)
            }
            _ => return Ok(()),
        };
        self.reel.go_to(position)?;
        (self.at, self.last) = (number, None);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::index::Indexes;
    use super::super::survey::Surveyor;
    use super::super::tests::{avi, chunk, lab};
    use super::*;
    use crate::base::scratch::Scratch;

    const GRAY: &[u8] = include_bytes!("../../../tests/data/jpeg/gray.jpg");
    const FFMPEG: &[u8] = include_bytes!("../../../tests/data/jpeg/ffmpeg.jpg");

    fn survey(path: &Path, index_bytes: usize) -> Survey {
        let indexes = Arc::new(Indexes::new(index_bytes));
        let mut surveyor = Surveyor::open(path, 20.0, &indexes).unwrap();
        let mut pieces = 0..1_000_000;
        pieces.find_map(|_| surveyor.go_on().unwrap()).expect("it ends").0
    }

    /// The bytes of a picture; nothing beyond the end.
    fn read(reader: &mut Reader, picture: u64) -> Option<Vec<u8>> {
        let mut pieces = 0..1_000_000;
        pieces.find_map(|_| match reader.read(picture).unwrap() {
            Reading::Picture(jpeg) => Some(Some(jpeg.bytes.to_vec())),
            Reading::NotYet => None,
            Reading::End => Some(None),
        })?
    }

    /// JPEGs that all differ, as a comment says which one each is.
    fn numbered(count: usize) -> Vec<Vec<u8>> {
        let one = |number: usize| {
            let comment = [&[0xFF, 0xFE, 0, 10][..], format!("{number:08}").as_bytes()].concat();
            [&GRAY[..2], &comment, &GRAY[2..]].concat()
        };
        (0..count).map(one).collect()
    }

    #[test]
    fn every_picture_is_found_in_any_order() {
        let scratch = Scratch::folder();
        let pictures = numbered(300);
        let slices: Vec<&[u8]> = pictures.iter().map(Vec::as_slice).collect();
        let noise = [b"--boundary".as_slice(), &[0xFF; 9]].concat();
        let chunks: Vec<_> = slices.iter().map(|picture| chunk(b"01dc", picture)).collect();
        for (form, bytes) in [
            ("lab", lab(&slices)),
            ("concat", slices.concat()),
            ("concat with noise", slices.join(noise.as_slice())),
            ("avi", avi(0, (20, 1), &chunks)),
        ] {
            let path = scratch.write("clip", &bytes);
            // With a mark for each, for some, and for none.
            for index_bytes in [1 << 20, 4096, 0] {
                let survey = survey(&path, index_bytes);
                assert_eq!(survey.pictures, 300, "{form}");
                let mut reader = Reader::open(&path, &survey).unwrap();
                for number in [0, 1, 2, 16, 32, 299, 298, 5, 5, 150, 300, 7] {
                    let found = read(&mut reader, number);
                    let expected = pictures.get(number as usize);
                    assert_eq!(found.as_ref(), expected, "{form}: {number} of {index_bytes}");
                }
            }
        }
    }

    #[test]
    fn what_repeats_a_picture_shows_it_wherever_one_comes_from() {
        let scratch = Scratch::folder();
        let movie: Vec<_> = [GRAY, b"", b"", FFMPEG, b"", GRAY]
            .iter()
            .map(|picture| chunk(b"01dc", picture))
            .collect();
        let path = scratch.write("clip", &avi(0, (20, 1), &movie));
        let shown = [GRAY, GRAY, GRAY, FFMPEG, FFMPEG, GRAY];
        for index_bytes in [1 << 20, 0] {
            let survey = survey(&path, index_bytes);
            assert_eq!(survey.pictures, 6);
            for from in 0..6 {
                for to in 0..6 {
                    let mut reader = Reader::open(&path, &survey).unwrap();
                    for number in [from, to] {
                        let found = read(&mut reader, number).unwrap();
                        // The reader may have given it tables that it lacks.
                        assert_eq!(found.len(), shown[number as usize].len(), "{from} to {to}");
                    }
                    assert_eq!(read(&mut reader, 6), None);
                }
            }
        }
    }

    #[test]
    fn containers_are_sought_in_like_all_others() {
        let scratch = Scratch::folder();
        let clips: [&[u8]; 4] = [
            include_bytes!("../../../tests/data/clip/ffmpeg.mov"),
            include_bytes!("../../../tests/data/clip/ffmpeg.mp4"),
            include_bytes!("../../../tests/data/clip/ffmpeg.mkv"),
            include_bytes!("../../../tests/data/clip/ffmpeg.mpjpeg"),
        ];
        for bytes in clips {
            let path = scratch.write("clip", bytes);
            let mut expected = Vec::new();
            for index_bytes in [1 << 20, 0] {
                let survey = survey(&path, index_bytes);
                assert_eq!(survey.pictures, 6);
                let mut reader = Reader::open(&path, &survey).unwrap();
                let first: Vec<_> = (0..6).filter_map(|number| read(&mut reader, number)).collect();
                assert_eq!(first.len(), 6);
                for number in [5, 0, 3, 4, 1, 2] {
                    assert_eq!(read(&mut reader, number).as_ref(), first.get(number as usize));
                }
                assert_eq!(read(&mut reader, 6), None);
                expected.push(first);
            }
            assert_eq!(expected[0], expected[1]);
        }
    }

    #[test]
    fn survey_tells_how_long_it_plays_and_costs_a_piece_at_a_time() {
        let scratch = Scratch::folder();
        let path = scratch.write("three.mjpeg", &[GRAY, GRAY, GRAY].concat());
        let three = survey(&path, 1 << 20);
        assert_eq!((three.pictures, three.mean_bytes), (3, GRAY.len()));
        assert_eq!(three.duration(), std::time::Duration::from_millis(150));
        // A gigabyte of holes behind them is many pieces, and no more pictures.
        std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(1 << 30).unwrap();
        let indexes = Arc::new(Indexes::new(1 << 20));
        let mut surveyor = Surveyor::open(&path, 20.0, &indexes).unwrap();
        let mut pieces = 1..1_000_000;
        let count = pieces.find(|_| surveyor.go_on().unwrap().is_some()).unwrap();
        assert!(count >= 64, "{count} pieces");
    }

    #[test]
    fn clip_that_was_changed_is_not_read_by_an_old_index() {
        let scratch = Scratch::folder();
        let path = scratch.write("clip", &[GRAY, GRAY].concat());
        let survey = survey(&path, 1 << 20);
        let mut open = Reader::open(&path, &survey).unwrap();
        scratch.write("clip", &[FFMPEG, GRAY, GRAY].concat());
        let trouble = Reader::open(&path, &survey).err().unwrap();
        assert!(trouble.title.contains("was changed"), "{trouble}");
        // Who has it open reads something or nothing, and comes to an end.
        for number in 0..5 {
            read(&mut open, number);
        }
        scratch.remove("clip");
        assert_eq!(Reader::open(&path, &survey).err().unwrap().code, TroubleCode::Missing);
    }
}
