use super::*;
use crate::jpeg::Quality;
use crate::jpeg::coefficients::COVER;
use crate::media::codec::{Decoder, Encoder};
use crate::media::frame::{Chroma, Jpeg, Picture, Planar, Size};
use crate::media::planes::turned;
use crate::media::raw::Raw;

const CHROMAS: [Chroma; 5] =
    [Chroma::Yuv420, Chroma::Yuv422, Chroma::Yuv444, Chroma::Yuv440, Chroma::Gray];

/// Smooth, so that a JPEG of it is close to it, and different in every corner.
fn planar(width: u32, height: u32, chroma: Chroma) -> Planar {
    let size = Size::new(width, height).unwrap();
    let mut samples = Vec::new();
    let (across, down) = chroma.plane(size);
    for (plane, (columns, rows)) in
        [(width as usize, height as usize), (across, down), (across, down)].into_iter().enumerate()
    {
        for y in 0..rows {
            for x in 0..columns {
                let (right, low) = (x * 90 / columns.max(1), y * 60 / rows.max(1));
                let corner = usize::from(x < columns / 4 && y < rows / 3) * 40;
                samples.push((50 + right + low / (plane + 1) + corner * (2 - plane.min(1))) as u8);
            }
        }
    }
    Planar { size, chroma, samples }
}

fn picture(planar: &Planar, quality: u8) -> Picture {
    let bytes = Encoder::new().unwrap().encode(planar, Quality::new(quality).unwrap()).unwrap();
    Picture::Jpeg(crate::jpeg::complete(&bytes).unwrap())
}

fn filtered(filter: &str, marks: &Marks<'_>, picture: &Picture) -> Raw {
    let mut decoder = Decoder::new().unwrap();
    let raw = Raw::of(picture, &mut decoder).unwrap();
    apply(filter.parse().unwrap(), marks, picture, &raw, &mut decoder).unwrap()
}

fn decoded(raw: &Raw) -> Planar {
    let jpeg = raw.encode(Quality::BEST, &mut Encoder::new().unwrap()).unwrap();
    Decoder::new().unwrap().decode(&jpeg).unwrap()
}

fn mean_difference(one: &Planar, other: &Planar) -> f64 {
    assert_eq!((one.size, one.chroma), (other.size, other.chroma));
    let pairs = one.samples.iter().zip(&other.samples);
    pairs.map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / one.samples.len() as f64
}

fn all() -> impl Iterator<Item = Filter> {
    (0..1 << 9).map(Filter::from_bits)
}

#[test]
fn every_filter_has_one_spelling_and_one_number() {
    let mut spelled = std::collections::HashSet::new();
    for filter in all() {
        assert_eq!(filter.to_string().parse(), Ok(filter));
        assert_eq!(Filter::from_bits(filter.bits()), filter);
        assert!(spelled.insert(filter.to_string()), "{filter} is spelled once");
    }
    assert_eq!(spelled.len(), 512);
    assert!(Filter::default().is_none());
}

#[test]
fn what_looks_the_same_is_the_same() {
    let read = |text: &str| text.parse::<Filter>().unwrap().to_string();
    for (typed, canonical) in [
        ("", "none"),
        ("none", "none"),
        ("mirror,mirror", "none"),
        ("mirror,flip", "turn180"),
        ("flip,mirror", "turn180"),
        ("turn90,turn90", "turn180"),
        ("turn180,turn180", "none"),
        ("turn90,mirror", "mirror,turn270"),
        ("mirror,turn90", "mirror,turn90"),
        ("mirror,turn180", "flip"),
        (" grey , mirror,,", "mirror,grey"),
        ("clock,name,invert,edges,grey", "grey,edges,invert,clock,name"),
        ("softer,softer", "softer"),
    ] {
        assert_eq!(read(typed), canonical, "{typed}");
    }
    for (bad, why) in [
        ("blur", NotAFilter::Unknown),
        ("MIRROR", NotAFilter::Unknown),
        ("turn45", NotAFilter::Unknown),
        ("softer,sharper", NotAFilter::Both),
        ("edges,softer", NotAFilter::Both),
    ] {
        assert_eq!(bad.parse::<Filter>(), Err(why), "{bad}");
    }
}

#[test]
fn a_jpeg_and_its_planes_are_filtered_alike() {
    for chroma in CHROMAS {
        let source = planar(96, 64, chroma);
        let (jpeg, planes) = (picture(&source, 96), Picture::Planar(source.into()));
        for filter in
            ["mirror", "turn90", "mirror,turn270", "grey", "softer", "invert", "flip,grey,invert"]
        {
            let (one, other) = (
                filtered(filter, &Marks::default(), &jpeg),
                filtered(filter, &Marks::default(), &planes),
            );
            assert!(matches!(one, Raw::Coefficients(_)), "{filter}: a JPEG is not decoded");
            let off = mean_difference(&decoded(&one), &decoded(&other));
            assert!(off < 1.6, "{chroma:?} {filter}: {off}");
        }
    }
}

#[test]
fn what_says_how_it_is_to_be_turned_comes_out_upright() {
    let source = planar(64, 48, Chroma::Yuv420);
    let Picture::Jpeg(Jpeg { bytes, .. }) = picture(&source, 96) else { panic!("a JPEG") };
    for orientation in Orientation::all() {
        let turned_bytes = crate::jpeg::with_orientation(&bytes, orientation);
        let jpeg = Picture::Jpeg(crate::jpeg::complete(&turned_bytes).unwrap());
        for filter in ["grey", "mirror,grey", "turn90,grey", "grey,clock"] {
            let filter: Filter = filter.parse().unwrap();
            let raw = filtered(&filter.to_string(), &Marks::default(), &jpeg);
            let grey = Planar { chroma: Chroma::Gray, samples: source.luma().to_vec(), ..source };
            let wished = turned(grey, orientation.then(filter.turn));
            assert!(mean_difference(&decoded(&raw), &wished) < 1.5, "{orientation:?} {filter}");
        }
    }
}

#[test]
fn edges_are_where_the_picture_changes() {
    let size = Size::new(32, 16).unwrap();
    let samples = (0..32 * 16).map(|at| if at % 32 < 16 { 40 } else { 200 }).collect();
    let split = Picture::Planar(Planar { size, chroma: Chroma::Gray, samples }.into());
    let Raw::Planes(edges, _) = filtered("edges", &Marks::default(), &split) else {
        panic!("planes");
    };
    for (at, sample) in edges.samples.iter().enumerate() {
        let wished = if (15..=16).contains(&(at % 32)) { 255 } else { 0 };
        assert_eq!(*sample, wished, "column {}", at % 32);
    }
}

#[test]
fn the_name_and_the_clock_stand_in_the_lower_corners_upright_whatever_is_turned() {
    for chroma in CHROMAS {
        let source = Picture::Planar(planar(320, 240, chroma).into());
        let marks = Marks { name: Some("Workshop"), clock: Some("12:34:56") };
        for filter in ["clock,name", "turn90,clock,name", "edges,clock,name", "mirror,clock,name"] {
            let bare: Filter = filter.parse().unwrap();
            let bare = Filter { clock: false, name: false, ..bare };
            let without = decoded(&filtered(&bare.to_string(), &Marks::default(), &source));
            let with = decoded(&filtered(filter, &marks, &source));
            let Size { width, height } = with.size;
            let changed = |left: u32, right: u32, top: u32, bottom: u32| {
                let inside = (top..bottom).flat_map(|y| (left..right).map(move |x| (x, y)));
                let at = |(x, y)| (y * width + x) as usize;
                inside
                    .filter(|place| {
                        with.luma()[at(*place)].abs_diff(without.luma()[at(*place)]) > 30
                    })
                    .count()
            };
            assert!(changed(0, width / 2, height * 3 / 4, height) > 200, "{chroma:?} {filter}");
            assert!(changed(width / 2, width, height * 3 / 4, height) > 200, "{chroma:?} {filter}");
            assert!(changed(0, width, 0, height / 2) == 0, "{chroma:?} {filter}");
        }
    }
}

#[test]
fn text_fits_any_picture() {
    let long = "a name that is longer than any picture of such a size could show ".repeat(3);
    for (width, height) in [(1, 1), (2, 3), (16, 16), (17, 200), (300, 20)] {
        for chroma in CHROMAS {
            let source = Picture::Planar(planar(width, height, chroma).into());
            let marks = Marks { name: Some(&long), clock: Some("12:34:56 UTC") };
            let Raw::Planes(planes, _) = filtered("clock,name,edges", &marks, &source) else {
                panic!("planes");
            };
            assert_eq!(planes.samples.len(), planes.chroma.bytes(planes.size));
        }
    }
}

#[test]
fn masks_are_read_as_they_are_written() {
    for text in ["", "0,0,25,40", "0,0,100,100", "10.5,20.25,1,0.01+60,50,10,20"] {
        assert_eq!(text.parse::<Mask>().map(|mask| mask.to_string()), Ok(text.to_owned()));
    }
    for (typed, written) in [(" 1 , 2,3 ,4 ", "1,2,3,4"), ("1.50,2.05,3,4", "1.5,2.05,3,4")] {
        assert_eq!(typed.parse::<Mask>().unwrap().to_string(), written);
    }
    let many = vec!["0,0,1,1"; 17].join("+");
    for bad in [
        "1,2,3",
        "1,2,3,4,5",
        "0,0,0,5",
        "60,0,41,5",
        "0,99,5,1.01",
        "-1,0,5,5",
        "1e1,0,5,5",
        "1.234,0,5,5",
        "+",
        "0,0,5,5+",
        "a,b,c,d",
        &many,
    ] {
        assert_eq!(bad.parse::<Mask>(), Err(NotAMask), "{bad}");
    }
}

#[test]
fn what_is_masked_is_covered_in_every_sort_of_picture_whichever_way_up_it_is() {
    let mask: Mask = "50,50,30,30".parse().unwrap();
    for chroma in CHROMAS {
        let source = planar(160, 128, chroma);
        let Picture::Jpeg(Jpeg { bytes, .. }) = picture(&source, 92) else { panic!("a JPEG") };
        let upright = [Picture::Planar(source.clone().into())];
        let turned_ones = Orientation::all().map(|orientation| {
            let bytes = crate::jpeg::with_orientation(&bytes, orientation);
            Picture::Jpeg(crate::jpeg::complete(&bytes).unwrap())
        });
        for picture in turned_ones.chain(upright) {
            let covered = mask.cover(&picture).unwrap();
            let seen = match &covered {
                Picture::Jpeg(jpeg) => {
                    let planar = Decoder::new().unwrap().decode(&jpeg.bytes).unwrap();
                    turned(planar, jpeg.orientation)
                }
                Picture::Planar(planar) => Planar::clone(planar),
            };
            let Size { width, height } = seen.size;
            assert_eq!(seen.size, picture.size());
            for y in height / 2..height * 4 / 5 {
                for x in width / 2..width * 4 / 5 {
                    let sample = seen.luma()[(y * width + x) as usize];
                    assert!(sample.abs_diff(COVER) <= 2, "{chroma:?} {x},{y}: {sample}");
                }
            }
            assert!(seen.luma()[0] > 40, "the rest is seen");
        }
    }
}

#[test]
fn nothing_that_came_with_a_jpeg_stays_under_a_mask() {
    let marker = b"SECRET-MARKER";
    let Picture::Jpeg(Jpeg { bytes, .. }) = picture(&planar(64, 48, Chroma::Yuv422), 90) else {
        panic!("a JPEG")
    };
    let segment = |kind: u8, payload: &[u8]| {
        [&[0xFF, kind][..], &(payload.len() as u16 + 2).to_be_bytes(), payload].concat()
    };
    let thumbnail =
        [b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0".as_slice(), &bytes[..200], marker].concat();
    let dirty = [
        &bytes[..2],
        &segment(0xE1, &thumbnail),
        &segment(0xE2, marker),
        &segment(0xFE, marker),
        &bytes[2..],
    ]
    .concat();
    let jpeg = crate::jpeg::complete(&dirty).unwrap();
    assert!(jpeg.bytes.windows(marker.len()).any(|part| part == marker));
    let covered = "0,0,10,10".parse::<Mask>().unwrap().cover(&Picture::Jpeg(jpeg)).unwrap();
    let Picture::Jpeg(covered) = covered else { panic!("a JPEG") };
    assert!(!covered.bytes.windows(marker.len()).any(|part| part == marker));
}

#[test]
fn a_sort_that_cannot_be_covered_as_it_is_is_decoded_and_what_is_broken_is_a_fault() {
    let path = format!("{}/tests/data/jpeg/progressive.jpg", env!("CARGO_MANIFEST_DIR"));
    let progressive = crate::jpeg::complete(&std::fs::read(path).unwrap()).unwrap();
    let mask: Mask = "0,0,100,100".parse().unwrap();
    let Picture::Planar(planar) = mask.cover(&Picture::Jpeg(progressive.clone())).unwrap() else {
        panic!("planes");
    };
    assert!(planar.luma().iter().all(|sample| *sample == COVER));
    let broken = Jpeg { bytes: std::sync::Arc::from(&b"\xff\xd8nothing"[..]), ..progressive };
    assert!(mask.cover(&Picture::Jpeg(broken)).is_err());
}
