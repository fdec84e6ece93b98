//! Reads a packaged track (ISO 14496-12, 14496-15, 23000-19, 23001-7), and asserts what holds of each.

use std::fs;
use std::path::Path;

/// A track as its files have it.
#[derive(Debug)]
pub(super) struct Track {
    pub(super) init: Vec<u8>,
    pub(super) timescale: u64,
    pub(super) segments: Vec<Segment>,
}

/// A segment.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) bytes: u64,
    pub(super) decoded: u64,
    pub(super) samples: Vec<Sample>,
    /// All of its file.
    pub(super) file: Vec<u8>,
}

/// A sample.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    pub(super) lasts: u64,
    pub(super) offset: i64,
    pub(super) is_sync: bool,
    pub(super) data: Vec<u8>,
    /// Its IV, and its parts in clear and not, of an encrypted track.
    pub(super) iv: Vec<u8>,
    pub(super) parts: Vec<(usize, usize)>,
}

/// The boxes in bytes: what each is called, and where its content lies.
pub(super) fn boxes(bytes: &[u8]) -> Vec<(String, std::ops::Range<usize>)> {
    let (mut at, mut all) = (0, Vec::new());
    while at < bytes.len() {
        let size = be(bytes, at, 4) as usize;
        assert!(size >= 8 && at + size <= bytes.len(), "a box of {size} bytes at {at}");
        all.push((String::from_utf8_lossy(&bytes[at + 4..at + 8]).into(), at + 8..at + size));
        at += size;
    }
    all
}

/// The only box of a name within others, each named from outside.
pub(super) fn find<'a>(bytes: &'a [u8], path: &[&str]) -> Option<&'a [u8]> {
    let Some((first, rest)) = path.split_first() else { return Some(bytes) };
    let mut found = boxes(bytes).into_iter().filter(|(name, _)| name == first);
    let (_, place) = found.next()?;
    assert!(found.next().is_none(), "one {first}");
    find(&bytes[place], rest)
}

pub(super) fn be(bytes: &[u8], at: usize, count: usize) -> u64 {
    bytes[at..at + count].iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

impl Track {
    pub(super) fn read(folder: &Path) -> Self {
        let init = fs::read(folder.join("init.mp4")).expect("a header");
        let brand = find(&init, &["ftyp"]).expect("a brand");
        assert!(brand.chunks(4).any(|brand| brand == b"cmfc"));
        let trak = find(&init, &["moov", "trak"]).expect("one track");
        let timescale = be(find(trak, &["mdia", "mdhd"]).expect("a clock"), 12, 4);
        let iv_bytes = Self::entry_of(&init).and_then(|entry| {
            let tenc = find(entry, &["sinf", "schi", "tenc"])?;
            Some(usize::from(tenc[7]))
        });
        let mut segments: Vec<Segment> = Vec::new();
        for number in 1.. {
            let Ok(bytes) = fs::read(folder.join(format!("{number}.m4s"))) else { break };
            let segment = Segment::read(bytes, number, iv_bytes);
            if let Some(last) = segments.last() {
                assert_eq!(
                    segment.decoded,
                    last.end(),
                    "segment {number} begins where the last ends"
                );
            }
            segments.push(segment);
        }
        assert!(!segments.is_empty());
        Self { init, timescale, segments }
    }

    /// The boxes in the sample entry.
    fn entry_of(init: &[u8]) -> Option<&[u8]> {
        let stsd = find(init, &["moov", "trak", "mdia", "minf", "stbl", "stsd"])?;
        let head =
            if find(init, &["moov", "trak", "mdia", "minf", "vmhd"]).is_some() { 78 } else { 28 };
        Some(&stsd[16 + head..])
    }

    pub(super) fn entry(&self) -> &[u8] {
        Self::entry_of(&self.init).expect("a sample entry")
    }

    /// What the sample entry is called.
    pub(super) fn codec(&self) -> String {
        let stsd = find(&self.init, &["moov", "trak", "mdia", "minf", "stbl", "stsd"]);
        String::from_utf8_lossy(&stsd.expect("descriptions")[12..16]).into_owned()
    }

    /// The media time of an edit list, if there is one.
    pub(super) fn edit(&self) -> Option<u64> {
        find(&self.init, &["moov", "trak", "edts", "elst"]).map(|elst| be(elst, 16, 8))
    }

    pub(super) fn samples(&self) -> impl Iterator<Item = &Sample> {
        self.segments.iter().flat_map(|segment| &segment.samples)
    }

    /// When each sample is shown, in its units, in order.
    pub(super) fn shown(&self) -> Vec<i64> {
        let mut shown: Vec<_> = self.segments.iter().flat_map(Segment::shown).collect();
        shown.sort_unstable();
        shown
    }

    pub(super) fn lasts(&self) -> u64 {
        self.samples().map(|sample| sample.lasts).sum()
    }

    /// How long each segment lasts.
    pub(super) fn lengths(&self) -> Vec<u64> {
        self.segments.iter().map(|segment| segment.end() - segment.decoded).collect()
    }
}

impl Segment {
    fn read(file: Vec<u8>, number: u64, iv_bytes: Option<usize>) -> Self {
        let names: Vec<_> = boxes(&file).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["styp", "moof", "mdat"]);
        let styp = find(&file, &["styp"]).expect("brands");
        assert_eq!(&styp[..4], b"msdh");
        assert!(styp.chunks(4).any(|brand| brand == b"cmfc"));
        let start = 8 + styp.len();
        let moof = find(&file, &["moof"]).expect("one");
        assert_eq!(be(find(moof, &["mfhd"]).expect("a number"), 4, 4), number);
        let traf = find(moof, &["traf"]).expect("one");
        let tfhd = find(traf, &["tfhd"]).expect("a head");
        assert_eq!(be(tfhd, 0, 4), 0x02_0000, "default-base-is-moof, and nothing else");
        let tfdt = find(traf, &["tfdt"]).expect("a time");
        assert_eq!(tfdt[0], 1);
        let decoded = be(tfdt, 4, 8);
        let data = boxes(&file).pop().expect("mdat").1;
        let samples = samples(find(traf, &["trun"]).expect("one"), &file, start, data);
        let mut segment = Self { bytes: file.len() as u64, decoded, samples, file };
        if let Some(iv_bytes) = iv_bytes {
            segment.guards(start, iv_bytes);
        }
        segment
    }

    pub(super) fn end(&self) -> u64 {
        self.decoded + self.samples.iter().map(|sample| sample.lasts).sum::<u64>()
    }

    pub(super) fn shown(&self) -> Vec<i64> {
        let mut decoded = self.decoded as i64;
        let shown = |sample: &Sample| {
            let shown = decoded + sample.offset;
            decoded += sample.lasts as i64;
            shown
        };
        self.samples.iter().map(shown).collect()
    }

    /// What is said of encryption, by `saiz` and `saio`; `senc` must say the same.
    fn guards(&mut self, start: usize, iv_bytes: usize) {
        let traf = find(&self.file, &["moof", "traf"]).expect("one");
        let Some(senc) = find(traf, &["senc"]) else {
            assert_eq!((find(traf, &["saiz"]), find(traf, &["saio"]), iv_bytes), (None, None, 0));
            return;
        };
        let saiz = find(traf, &["saiz"]).expect("sizes");
        let saio = find(traf, &["saio"]).expect("a place");
        assert_eq!(be(saio, 4, 4), 1);
        let mut at = start + be(saio, 8, 4) as usize;
        let content = self.file.windows(senc.len()).position(|window| window == senc);
        assert_eq!(Some(at), content.map(|at| at + 8), "it leads to what senc has");
        let has_parts = be(senc, 0, 4) & 2 != 0;
        assert_eq!(be(senc, 4, 4) as usize, self.samples.len());
        for (number, sample) in self.samples.iter_mut().enumerate() {
            let size = match saiz[4] {
                0 => usize::from(saiz[9 + number]),
                same => usize::from(same),
            };
            let word = &self.file[at..at + size];
            at += size;
            sample.iv = word[..iv_bytes].to_vec();
            if has_parts {
                let count = be(word, iv_bytes, 2) as usize;
                let part = |at: usize| (be(word, at, 2) as usize, be(word, at + 2, 4) as usize);
                let first = iv_bytes + 2;
                sample.parts = (0..count).map(|part_at| part(first + 6 * part_at)).collect();
                assert_eq!(first + 6 * count, size);
                let all: usize = sample.parts.iter().map(|(clear, secret)| clear + secret).sum();
                assert_eq!(all, sample.data.len(), "all of a sample is accounted for");
            }
        }
    }
}

/// A `trun`, whose data must fill `mdat` from end to end.
fn samples(trun: &[u8], file: &[u8], start: usize, data: std::ops::Range<usize>) -> Vec<Sample> {
    assert_eq!(trun[0], 1, "offsets have signs");
    let flags = be(trun, 0, 4);
    let mut at = 12;
    let mut place = start + be(trun, 8, 4) as usize;
    assert_eq!((flags & 1, flags & 4, place), (1, 0, data.start), "data_offset");
    let mut samples = Vec::new();
    for _ in 0..be(trun, 4, 4) {
        let mut field = |flag: u64| {
            let value = (flags & flag != 0).then(|| be(trun, at, 4));
            at += if flags & flag != 0 { 4 } else { 0 };
            value
        };
        let lasts = field(0x100).expect("its own time");
        let bytes = field(0x200).expect("its own size") as usize;
        let is_sync = field(0x400).is_none_or(|flags| flags & 0x1_0000 == 0);
        let offset = i64::from(field(0x800).unwrap_or(0) as u32 as i32);
        let data = file[place..place + bytes].to_vec();
        samples.push(Sample { lasts, offset, is_sync, data, iv: vec![], parts: vec![] });
        place += bytes;
    }
    assert_eq!((at, place), (trun.len(), data.end), "all of trun, and all of mdat");
    samples
}

/// The types of a sample's NAL units, as H.264 numbers them.
pub(super) fn units(data: &[u8]) -> Vec<u8> {
    let (mut at, mut units) = (0, Vec::new());
    while at < data.len() {
        units.push(data[at + 4]);
        at += 4 + be(data, at, 4) as usize;
    }
    units
}
