//! Pieces of a rendition: each is encoded by itself, and all of them are joined to one file.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::crew::Stop;
use super::failed::Why;
use super::limits::{bounds, bytes_of, milliseconds};
use super::recipe::{Chunk, Rendition};
use super::{Failed, Making, Progress, report, step, task, words};
use crate::base::replace::replace;
use crate::library::cage::Failure;
use crate::library::probe;

impl Making<'_> {
    pub(super) fn chunk(
        &self,
        rendition: &Rendition,
        number: usize,
        chunk: Chunk,
        stop: Stop<'_>,
    ) -> Result<(), Failed> {
        // It was joined before a kill, and its pieces are gone.
        if self.asked.out.join(report::video_file(rendition)).exists() {
            return Ok(());
        }
        let folder = self.chunks(rendition);
        fs::create_dir_all(&folder).map_err(Failed::of(&folder))?;
        let name = format!("{number:05}.nut");
        let length_s = chunk.to_s.unwrap_or_else(|| self.length_s()) - chunk.from_s;
        let bytes = bytes_of(u64::from(rendition.rung.most_bits_per_sec), length_s);
        let part = rendition.name();
        let mut said_ms = 0;
        let mut told = |out_s: f64| {
            let now_ms = milliseconds((out_s - words::OFFSET_S - chunk.from_s).min(length_s));
            let more = now_ms.saturating_sub(said_ms);
            said_ms = said_ms.max(now_ms);
            self.progress(&part, more);
        };
        step::make(&folder.join(&name), |tmp| {
            let asked = words::chunk(&self.recipe, rendition, chunk, (&self.asked.input, &name));
            let Some(asked) = asked else { return Ok(()) };
            let reads = vec![self.asked.input.clone()];
            let task = task(asked, reads, tmp, bounds(length_s, bytes));
            self.ffmpeg(&part, &task, stop, &mut told)
        })?;
        told(f64::INFINITY);
        self.start(&folder.join(&name), stop).map(drop)
    }

    /// The time of a piece's first picture, found once; `None` if it has none.
    fn start(&self, piece: &Path, stop: &dyn Fn() -> bool) -> Result<Option<i64>, Failed> {
        let note = piece.with_extension("start");
        if let Ok(text) = fs::read_to_string(&note) {
            return Ok(text.parse().ok());
        }
        let start = match probe::start_of(self.asked.cage, piece, stop) {
            // A picture may end before its sound: nothing was left for this piece.
            Err(Failure::Tool { .. }) if is_empty(piece) => None,
            start => start.map_err(|why| Failed::new(&piece.display().to_string(), why))?,
        };
        let text = start.map_or_else(String::new, |start| start.to_string());
        replace(&note, text.as_bytes()).map_err(Failed::of(&note))?;
        Ok(start)
    }

    /// Makes one file of a rendition's pieces.
    pub(super) fn join(&self, rendition: &Rendition) -> Result<(), Failed> {
        let (Some(video), false) = (self.recipe.video(), rendition.chunks.is_empty()) else {
            return Ok(());
        };
        let (name, folder) = (report::video_file(rendition), self.chunks(rendition));
        let file = self.asked.out.join(&name);
        step::make(&file, |tmp| {
            let mut pieces: Vec<(PathBuf, i64)> = Vec::new();
            for number in 0..rendition.chunks.len() {
                let piece = folder.join(format!("{number:05}.nut"));
                let start = self.start(&piece, self.asked.stop)?;
                pieces.extend(start.map(|start| (piece, start)));
            }
            let list = words::list(pieces.iter().map(|(piece, start)| (piece.as_path(), *start)));
            let (Some(list), Some((_, start_us))) = (list, pieces.first()) else {
                return Err(Failed { part: rendition.name(), why: Why::Words(NO_PICTURE) });
            };
            let listed = folder.join("list");
            replace(&listed, list.as_bytes()).map_err(Failed::of(&listed))?;
            let asked = words::join(&listed, video, *start_us, &name);
            let bits = u64::from(rendition.rung.most_bits_per_sec);
            let most = bounds(self.length_s(), bytes_of(bits, self.length_s()));
            let task = task(asked, vec![folder.clone()], tmp, most);
            self.ffmpeg(&name, &task, self.asked.stop, &mut |_| {})
        })?;
        if let Err(error) = fs::remove_dir_all(&folder)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(Failed::of(&folder)(error));
        }
        (self.asked.told)(&Progress::Made(&file));
        Ok(())
    }

    fn chunks(&self, rendition: &Rendition) -> PathBuf {
        self.asked.out.join(STEPS).join(rendition.name())
    }
}

/// Whether a piece is smaller than any with a picture in it.
fn is_empty(piece: &Path) -> bool {
    fs::metadata(piece).is_ok_and(|data| data.len() < LEAST_PIECE_BYTES)
}

/// Where pieces lie until they are joined.
pub(super) const STEPS: &str = "steps";
const NO_PICTURE: &str = "not one picture of it could be read";
/// Of NUT's heads alone; a picture's own head is as large as that.
const LEAST_PIECE_BYTES: u64 = 800;
