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
fn fragments_and_tables_say_where_each_sample_lies() {
    let in_fragments = Movie::parse(moov(FRAGMENTS)).unwrap();
    let in_tables = Movie::parse(moov(WHOLE)).unwrap();
    for (a, b) in in_fragments.tracks.iter().zip(&in_tables.tracks) {
        assert_eq!((a.kind, a.timescale), (b.kind, b.timescale));
        let (in_fragments, in_tables) =
            (fragments(FRAGMENTS, a).unwrap(), table(WHOLE, b).unwrap());
        for (film, samples) in [(FRAGMENTS, in_fragments), (WHOLE, in_tables)] {
            assert_eq!(samples.len(), if a.kind == Kind::Video { 20 } else { 88 });
            assert!(samples[0].is_sync);
            for sample in samples.iter().filter(|_| a.kind == Kind::Video) {
                // Each is made of units behind their lengths, from end to end.
                let end = sample.at as usize + sample.bytes as usize;
                let mut at = sample.at as usize;
                while at < end {
                    at += 4 + be32_at(film, at).unwrap() as usize;
                }
                assert_eq!(at, end);
            }
        }
    }
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
