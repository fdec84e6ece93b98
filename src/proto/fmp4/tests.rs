use super::entry::Kind;
use super::movie::Movie;
use super::segment::{Written, head};
use super::*;
use crate::proto::boxes::Walk;

const FRAGMENTS: &[u8] = include_bytes!("../../../tests/data/film/fragments.mp4");
const WHOLE: &[u8] = include_bytes!("../../../tests/data/film/whole.mp4");

fn moov(film: &[u8]) -> &[u8] {
    let mut walk = Walk::new(0, film.len() as u64);
    while let Some(part) = walk.next(&mut { film }) {
        if part.kind == *b"moov" {
            return content(film, part);
        }
    }
    &[]
}

/// All samples of a track in fragments.
fn fragments(film: &[u8], track: &movie::Track) -> Result<Vec<Sample>, Invalid> {
    let (mut samples, mut next) = (Vec::new(), 0);
    let mut walk = Walk::new(0, film.len() as u64);
    while let Some(part) = walk.next(&mut { film }) {
        if part.kind == *b"moof" {
            next = fragment::read(content(film, part), part.at, track, next, &mut samples)?;
        }
    }
    Ok(samples)
}

fn table(film: &[u8], track: &movie::Track) -> Result<Vec<Sample>, Invalid> {
    let mut cursor = track.table.cursor(moov(film));
    let mut samples = Vec::new();
    while let Some(sample) = cursor.next(moov(film))? {
        samples.push(sample);
    }
    Ok(samples)
}

#[test]
fn fragments_and_tables_have_the_same_samples() {
    let in_fragments = Movie::parse(moov(FRAGMENTS)).unwrap();
    let in_tables = Movie::parse(moov(WHOLE)).unwrap();
    for (a, b) in in_fragments.tracks.iter().zip(&in_tables.tracks) {
        assert_eq!((a.kind, a.timescale), (b.kind, b.timescale));
        let data = |film: &[u8], samples: Vec<Sample>| -> Vec<Vec<u8>> {
            let bytes =
                |sample: Sample| film[sample.at as usize..][..sample.bytes as usize].to_vec();
            samples.into_iter().map(bytes).collect()
        };
        let (a, b) = (fragments(FRAGMENTS, a).unwrap(), table(WHOLE, b).unwrap());
        assert!(a[0].is_sync && b[0].is_sync);
        assert_eq!(data(FRAGMENTS, a), data(WHOLE, b));
    }
    let kinds: Vec<_> = in_tables.tracks.iter().map(|track| track.kind).collect();
    assert_eq!(kinds, [Kind::Video, Kind::Audio]);
}

#[test]
fn a_head_cut_anywhere_is_refused_or_has_fewer_tracks() {
    let whole = moov(WHOLE);
    for cut in 0..whole.len() {
        let Ok(movie) = Movie::parse(&whole[..cut]) else { continue };
        for track in &movie.tracks {
            let mut cursor = track.table.cursor(&whole[..cut]);
            let read = std::iter::from_fn(|| cursor.next(&whole[..cut]).ok().flatten());
            assert!(read.count() <= 88, "cut at {cut}");
        }
    }
}

#[test]
fn a_fragment_cut_anywhere_is_refused_or_has_fewer_samples() {
    let movie = Movie::parse(moov(FRAGMENTS)).unwrap();
    let all: Vec<_> =
        movie.tracks.iter().map(|track| fragments(FRAGMENTS, track).unwrap().len()).collect();
    for cut in 0..FRAGMENTS.len() {
        for (track, all) in movie.tracks.iter().zip(&all) {
            let read = fragments(&FRAGMENTS[..cut], track);
            assert!(read.is_err() || read.is_ok_and(|read| read.len() <= *all), "cut at {cut}");
        }
    }
}

#[test]
fn a_run_claims_no_more_samples_than_are_believed() {
    let movie = Movie::parse(moov(FRAGMENTS)).unwrap();
    let mut film = FRAGMENTS.to_vec();
    let at = memchr::memmem::find(&film, b"trun").unwrap();
    // No fields of its own: samples cost it no bytes.
    film[at + 4..at + 12].copy_from_slice(&[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
    let read = fragments(&film, &movie.tracks[0]);
    assert_eq!(read, Err(invalid("moof has too many samples")));
}

#[test]
fn a_segment_of_four_gigabytes_is_refused() {
    let sample = Written { bytes: u32::MAX - 8, lasts: 1, offset: 0, is_sync: true, guarded: None };
    assert!(head(1, 0, false, std::slice::from_ref(&sample)).is_ok());
    let more = [sample.clone(), Written { bytes: 1, ..sample }];
    assert_eq!(head(1, 0, false, &more), Err(invalid("a segment has 4 GiB or more")));
}
