//! Puts JPEGs together from RTP payloads (RFC 2435 §3.1).
//!
//! Fed with the packets of one source in order ([`Reorder`](crate::proto::rtp::Reorder)
//! makes them so). A frame with a hole is dropped as a whole: its picture would be
//! torn. Does not decode, so a scan may still be broken.

use std::collections::BTreeMap;

use super::jfif::{Tables, write_headers};
use super::{MAX_SCAN_BYTES, Main, Q_DYNAMIC, RESTART_BYTES, Size};
use crate::proto::rtp::Invalid;
use crate::proto::rtp::packet::Header;

/// Puts together the frames of one source.
#[derive(Debug)]
pub struct Depacketizer {
    /// What SDP says of the size.
    announced: Option<Size>,
    /// Tables that came with a Q of 128 to 254, which stand for the whole session.
    tables: BTreeMap<u8, Tables>,
    frame: Option<Partial>,
    /// The timestamp of the last whole frame.
    done: Option<u32>,
    /// The timestamp of the frame that was counted as dropped last.
    gone: Option<u32>,
    dropped: u64,
}

/// A whole JPEG.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Of its packets, at 90 kHz.
    pub timestamp: u32,
    /// From SOI to EOI.
    pub jpeg: Vec<u8>,
}

/// A frame whose last packet has not come yet.
#[derive(Debug)]
struct Partial {
    timestamp: u32,
    main: Main,
    /// Headers, and of the scan what has come.
    jpeg: Vec<u8>,
    /// Where in `jpeg` the scan starts.
    scan: usize,
}

/// What one payload holds.
struct Fragment<'a> {
    main: Main,
    /// Where in the scan the data belongs.
    offset: usize,
    restart_interval: u16,
    tables: TableHeader<'a>,
    data: &'a [u8],
    /// Bytes before `data`, for errors.
    head_bytes: usize,
}

/// Where the tables of a first payload come from.
#[derive(Clone, Copy)]
enum TableHeader<'a> {
    /// From the Q, or from an earlier frame with it.
    Absent,
    InBand {
        precision: u8,
        data: &'a [u8],
    },
}

impl Depacketizer {
    /// A new source. `announced` is the size of the attribute `framesize` or
    /// `x-dimensions` of SDP, for frames above 2040 pixels, which do not say it themselves.
    ///
    /// An announced size that rounds up to that of the frames is taken in its place.
    pub fn new(announced: Option<Size>) -> Self {
        Self { announced, tables: BTreeMap::new(), frame: None, done: None, gone: None, dropped: 0 }
    }

    /// Takes one packet; gives the frame if it was the last of one that is whole.
    ///
    /// # Errors
    ///
    /// [`Invalid`], with an offset in the payload, if it is not JPEG of RFC 2435. Its
    /// frame is dropped; the next one may be better.
    pub fn push(&mut self, header: &Header, payload: &[u8]) -> Result<Option<Frame>, Invalid> {
        if self.frame.as_ref().is_some_and(|frame| frame.timestamp != header.timestamp) {
            self.drop_frame();
        }
        match self.take(header, payload) {
            Ok(true) if header.marker => {
                self.done = Some(header.timestamp);
                Ok(self.frame.take().map(Partial::finish))
            }
            Ok(true) => Ok(None),
            Ok(false) => {
                self.drop_timestamp(header.timestamp);
                Ok(None)
            }
            Err(invalid) => {
                self.drop_timestamp(header.timestamp);
                Err(invalid)
            }
        }
    }

    /// Frames of which at least one packet came, but not all.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Takes a payload into its frame; false if it leaves a hole.
    fn take(&mut self, header: &Header, payload: &[u8]) -> Result<bool, Invalid> {
        let fragment = Fragment::read(payload)?;
        if self.frame.is_none() {
            if fragment.offset > 0 {
                // The last packet twice does no harm either.
                return Ok(self.done == Some(header.timestamp));
            }
            self.frame = Some(self.begin(header.timestamp, &fragment)?);
        }
        let Some(frame) = &mut self.frame else {
            return Ok(false);
        };
        if frame.main != fragment.main {
            return Err(Invalid { offset: 4, rule: "RFC 2435 §3.1: the same in all of a frame" });
        }
        let have = frame.jpeg.len() - frame.scan;
        if fragment.offset != have {
            // A packet that came twice does no harm.
            return Ok(fragment.offset + fragment.data.len() <= have);
        }
        if have + fragment.data.len() > MAX_SCAN_BYTES {
            return Err(Invalid { offset: 1, rule: "RFC 2435 §3.1.2: a scan of up to 16 MiB" });
        }
        frame.jpeg.extend_from_slice(fragment.data);
        Ok(true)
    }

    /// A frame that starts with this fragment, as yet without its data.
    fn begin(&mut self, timestamp: u32, fragment: &Fragment) -> Result<Partial, Invalid> {
        let main = fragment.main;
        let size = self.size(main)?;
        let tables = self.tables(fragment)?;
        let mut jpeg = Vec::new();
        write_headers(main.sampling, size, &tables, fragment.restart_interval, &mut jpeg);
        Ok(Partial { timestamp, main, scan: jpeg.len(), jpeg })
    }

    fn size(&self, main: Main) -> Result<Size, Invalid> {
        let side = |blocks: u8, announced: Option<u16>| match (blocks, announced) {
            (0, announced) => announced.filter(|&pixels| pixels > 0),
            // The same count of MCUs, and no padding to be seen.
            (_, Some(pixels)) if pixels.div_ceil(8) == u16::from(blocks) => Some(pixels),
            _ => Some(8 * u16::from(blocks)),
        };
        let width = side(main.width, self.announced.map(|size| size.width));
        let height = side(main.height, self.announced.map(|size| size.height));
        let rule = "RFC 2435 §3.1.5: a width and height, or one in SDP";
        match (width, height) {
            (Some(width), Some(height)) => Ok(Size { width, height }),
            _ => Err(Invalid { offset: 6, rule }),
        }
    }

    /// The tables of a frame (§3.1.4, §3.1.8).
    fn tables(&mut self, fragment: &Fragment) -> Result<Tables, Invalid> {
        let q = fragment.main.q;
        match (q, fragment.tables) {
            (1..=99, _) => Ok(Tables::of_quality(q)),
            (128.., TableHeader::InBand { precision, data }) => {
                let rule = "RFC 2435 §3.1.8: tables of 64 or 128 bytes";
                let offset = fragment.head_bytes;
                let tables = Tables::read(precision, data).ok_or(Invalid { offset, rule })?;
                if q != Q_DYNAMIC {
                    self.tables.insert(q, tables.clone());
                }
                Ok(tables)
            }
            (128.., TableHeader::Absent) => {
                let rule = "RFC 2435 §4.2: tables, or those of an earlier frame";
                self.tables.get(&q).cloned().ok_or(Invalid { offset: 5, rule })
            }
            _ => Err(Invalid { offset: 5, rule: "RFC 2435 §4.2: Q is not 0 nor 100 to 127" }),
        }
    }

    /// Drops the frame that has begun, if there is one.
    fn drop_frame(&mut self) {
        if let Some(timestamp) = self.frame.as_ref().map(|frame| frame.timestamp) {
            self.drop_timestamp(timestamp);
        }
    }

    /// Drops a frame, and counts it unless that was done for an earlier packet of it.
    fn drop_timestamp(&mut self, timestamp: u32) {
        self.frame = None;
        if self.gone.replace(timestamp) != Some(timestamp) {
            self.dropped += 1;
        }
    }
}

impl Partial {
    fn finish(mut self) -> Frame {
        let scan = self.jpeg.get(self.scan..).unwrap_or_default();
        // Some send the EOI, and undefined bytes may follow it (§3.1.9).
        let end = self.scan + entropy_coded(scan);
        self.jpeg.truncate(end);
        self.jpeg.extend([0xFF, 0xD9]);
        Frame { timestamp: self.timestamp, jpeg: self.jpeg }
    }
}

impl<'a> Fragment<'a> {
    fn read(payload: &'a [u8]) -> Result<Self, Invalid> {
        let cut = Invalid { offset: payload.len(), rule: "RFC 2435 §3.1: all of its headers" };
        let (&main, mut rest) = payload.split_first_chunk().ok_or(cut)?;
        let (main, offset) = Main::read(main)
            .ok_or(Invalid { offset: 4, rule: "RFC 2435 §4.1: of type 0, 1, 64 or 65" })?;
        let mut restart_interval = 0;
        if main.restarts {
            let (&[high, low, _, _], after) =
                rest.split_first_chunk::<RESTART_BYTES>().ok_or(cut)?;
            restart_interval = u16::from_be_bytes([high, low]);
            rest = after;
        }
        let mut tables = TableHeader::Absent;
        if main.q >= 128 && offset == 0 {
            let (&[_, precision, high, low], after) = rest.split_first_chunk().ok_or(cut)?;
            let length = usize::from(u16::from_be_bytes([high, low]));
            let (data, after) = after.split_at_checked(length).ok_or(cut)?;
            if length > 0 {
                tables = TableHeader::InBand { precision, data };
            }
            rest = after;
        }
        let head_bytes = payload.len() - rest.len();
        Ok(Self { main, offset, restart_interval, tables, data: rest, head_bytes })
    }
}

/// How many bytes are entropy-coded data and restart markers.
fn entropy_coded(scan: &[u8]) -> usize {
    let mut at = 0;
    while let Some(skipped) = memchr::memchr(0xFF, &scan[at..]) {
        at += skipped;
        match scan[at..] {
            [0xFF, 0x00 | 0xD0..=0xD7, ..] => at += 2,
            [0xFF, 0xFF, ..] => at += 1,
            [0xFF] => return scan.len(),
            _ => return at,
        }
    }
    scan.len()
}
