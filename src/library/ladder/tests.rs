use super::*;
use crate::library::probe::Rate;

fn video(width: u32, height: u32) -> Video {
    Video {
        index: 0,
        codec: "h264".into(),
        profile: "High".into(),
        level: 40,
        pixels: "yuv420p".into(),
        width,
        height,
        rotation: Rotation::Level,
        aspect: PixelAspect::SQUARE,
        fields: Fields::Whole,
        colour: Colour::Usual,
        rate: Some(Rate { count: 30, seconds: 1 }),
        varies: false,
        timescale: Some(30_000),
        bits_per_sec: Some(2_000_000),
    }
}

fn sizes(video: &Video) -> Vec<(u32, u32)> {
    rungs(video).iter().map(|rung| (rung.width, rung.height)).collect()
}

#[test]
fn the_usual_sources_have_the_usual_rungs() {
    assert_eq!(sizes(&video(1920, 1080)), [(640, 360), (852, 480), (1280, 720), (1920, 1080)]);
    assert_eq!(sizes(&video(1080, 1920)), [(360, 640), (480, 852), (720, 1280), (1080, 1920)]);
    let turned = Video { rotation: Rotation::Quarter, ..video(1920, 1080) };
    assert_eq!(sizes(&turned), sizes(&video(1080, 1920)));
    assert_eq!(sizes(&video(3840, 2160)).len(), 6);
    assert_eq!(sizes(&video(7680, 4320)).last(), Some(&(3840, 2160)), "more is not made");
    assert_eq!(sizes(&video(320, 240)), [(320, 240)]);
    assert_eq!(sizes(&video(1600, 900)), [(640, 360), (852, 480), (1280, 720), (1600, 900)]);
    assert_eq!(sizes(&video(1366, 768)), [(640, 360), (852, 480), (1280, 720)]);
}

#[test]
fn pixels_that_are_no_squares_become_such() {
    let pal = Video { aspect: PixelAspect { width: 64, height: 45 }, ..video(720, 576) };
    assert_eq!(sizes(&pal), [(640, 360), (852, 480), (1024, 576)]);
    let narrow = Video { aspect: PixelAspect { width: 8, height: 9 }, ..video(720, 480) };
    assert_eq!(sizes(&narrow).last(), Some(&(640, 480)));
}

/// The same numbers in each run.
fn numbers() -> impl FnMut(u32, u32) -> u32 {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    move |from, to| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        from + u32::try_from(state >> 33).expect("31 bits") % (to - from + 1)
    }
}

#[test]
fn whatever_the_source_no_rung_is_odd_or_larger_and_each_is_above_the_one_before() {
    let mut number = numbers();
    for _ in 0..20_000 {
        let source = Video {
            rotation: if number(0, 1) == 0 { Rotation::Level } else { Rotation::Quarter },
            aspect: PixelAspect { width: number(1, 10), height: number(1, 10) },
            rate: Some(Rate { count: number(1, 120), seconds: 1 }),
            ..video(number(16, 16_384), number(16, 16_384))
        };
        let (width, height) = shown_size(&source);
        let rungs = rungs(&source);
        assert!((1..=7).contains(&rungs.len()), "{source:?}");
        for rung in &rungs {
            assert!(rung.width % 2 == 0 && rung.height % 2 == 0, "{rung:?}");
            let up = f64::from(rung.width) > width.max(16.0)
                || f64::from(rung.height) > height.max(16.0);
            assert!(!up, "{rung:?} of {source:?}");
            assert!((100_000..=22_400_000).contains(&rung.most_bits_per_sec), "{rung:?}");
            assert_eq!(rung.lines, rung.width.min(rung.height));
        }
        for pair in rungs.windows(2) {
            assert!(pair[0].lines < pair[1].lines, "{rungs:?} of {source:?}");
            assert!(pair[0].most_bits_per_sec <= pair[1].most_bits_per_sec, "{rungs:?}");
        }
        // A side is at most one pixel less than its shape says.
        let shape = width / height;
        for rung in
            rungs.iter().filter(|rung| rung.lines >= 100 && rung.width.max(rung.height) < 16_384)
        {
            let of_rung = f64::from(rung.width) / f64::from(rung.height);
            assert!((of_rung / shape - 1.0).abs() < 0.04, "{rung:?} of {source:?}");
        }
    }
}

#[test]
fn a_picture_stays_as_it_is_only_if_every_player_takes_it() {
    let keys: Vec<f64> = (0..30).map(|at| f64::from(at) * 2.0).collect();
    let good = video(1280, 720);
    assert!(fits(&good, &keys, 60.0));
    for worse in [
        Video { codec: "hevc".into(), ..good.clone() },
        Video { profile: "High 4:2:2".into(), ..good.clone() },
        Video { pixels: "yuv420p10le".into(), ..good.clone() },
        Video { level: 0, ..good.clone() },
        Video { fields: Fields::Interlaced, ..good.clone() },
        Video { colour: Colour::Perceptual, ..good.clone() },
        Video { rotation: Rotation::Quarter, ..good.clone() },
        Video { rotation: Rotation::Half, ..good.clone() },
        Video { aspect: PixelAspect { width: 4, height: 3 }, ..good.clone() },
        Video { bits_per_sec: Some(20_000_000), ..good.clone() },
        Video { bits_per_sec: None, ..good.clone() },
        Video { width: 1281, ..good.clone() },
    ] {
        assert!(!fits(&worse, &keys, 60.0), "{worse:?}");
    }
    assert!(!fits(&good, &[0.0], 60.0), "it could not be entered for a minute");
    assert!(!fits(&good, &[], 60.0));
}

#[test]
fn segments_begin_where_the_picture_can_be_entered() {
    assert_eq!(boundaries(&[0.0, 1.0, 2.0, 2.5, 4.5, 9.0]), [0.0, 2.0, 4.5, 9.0]);
    assert_eq!(boundaries(&[0.0, 1.9996, 3.9]), [0.0, 1.9996]);
    assert_eq!(boundaries(&[]), [0.0; 0]);
}

#[test]
fn sound_of_two_channels_in_aac_is_taken_as_it_is() {
    let good = Audio {
        index: 1,
        codec: "aac".into(),
        profile: "LC".into(),
        rate: 48_000,
        channels: 2,
        bits_per_sec: Some(128_000),
        language: None,
        title: None,
        default: true,
    };
    assert_eq!(sound(&good), Sound::Copied);
    for worse in [
        Audio { channels: 6, ..good.clone() },
        Audio { codec: "ac3".into(), ..good.clone() },
        Audio { profile: "HE-AAC".into(), ..good.clone() },
        Audio { rate: 96_000, ..good.clone() },
        Audio { bits_per_sec: Some(320_000), ..good.clone() },
    ] {
        assert_eq!(sound(&worse), Sound::Encoded, "{worse:?}");
    }
}
