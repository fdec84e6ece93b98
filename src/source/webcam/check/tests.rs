use super::*;

/// A noisy picture, different for each seed, as a sensor's are.
fn picture(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let pixels: Vec<u8> = (0..64 * 48)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 57) as u8
        })
        .collect();
    let image =
        Image { pixels: &pixels[..], width: 64, pitch: 64, height: 48, format: PixelFormat::GRAY };
    turbojpeg::compress(image, 80, turbojpeg::Subsamp::Gray).unwrap().to_vec()
}

/// The buffer after a camera wrote `new` over what `old` left there.
fn over(old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut buffer = old.to_vec();
    buffer.resize(old.len().max(new.len()), 0);
    buffer[..new.len()].copy_from_slice(new);
    buffer
}

#[track_caller]
fn fresh(check: &mut Check, buffer: &[u8]) -> Jpeg {
    match check.check(buffer) {
        Ok(Checked::Fresh(jpeg)) => jpeg,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn fault(check: &mut Check, buffer: &[u8]) -> Fault {
    check.check(buffer).map(|checked| format!("{checked:?}")).unwrap_err()
}

/// A check that has seen a camera at work.
fn warmed() -> (Check, Vec<Vec<u8>>) {
    let mut check = Check::new();
    let pictures: Vec<Vec<u8>> = (1..=20).map(picture).collect();
    for picture in &pictures {
        fresh(&mut check, picture);
    }
    (check, pictures)
}

#[test]
fn what_stands_behind_a_picture_is_cut_off() {
    let mut buffer = picture(1);
    let length = buffer.len();
    buffer.extend(&picture(2)[100..]);
    buffer.resize(10_000, 0);
    assert_eq!(*fresh(&mut Check::new(), &buffer).bytes, buffer[..length]);
}

#[test]
fn a_truncated_picture_is_refused_though_an_old_end_stands_behind_it() {
    let (mut check, pictures) = warmed();
    for (old, seed) in (4..20).zip(100..) {
        let new = picture(seed);
        for share in [3, 5, 9] {
            let cut = new.len() * share / 10;
            let why = fault(&mut check, &over(&pictures[old], &new[..cut]));
            assert_eq!(why, Fault::Stale, "picture {old}, {share}/10");
        }
    }
    fresh(&mut check, &picture(200));
}

#[test]
fn a_buffer_that_was_not_written_is_refused() {
    let (mut check, pictures) = warmed();
    for old in &pictures[16..19] {
        assert_eq!(fault(&mut check, old), Fault::Old);
    }
    assert!(matches!(check.check(&pictures[19]), Ok(Checked::Repeat(_))));
    fresh(&mut check, &picture(200));
}

#[test]
fn a_clip_of_a_few_pictures_goes_round() {
    for length in [2, 3, 4, 5] {
        let mut check = Check::new();
        for at in 0..100 {
            fresh(&mut check, &picture(at % length));
        }
    }
}

#[test]
fn a_still_source_repeats() {
    let mut check = Check::new();
    fresh(&mut check, &picture(1));
    for _ in 0..100 {
        assert!(matches!(check.check(&picture(1)), Ok(Checked::Repeat(_))));
    }
}

#[test]
fn pictures_that_differ_in_a_comment_alone_are_fresh() {
    let mut check = Check::new();
    for at in 0..100_u8 {
        let mut stamped = picture(1);
        stamped.splice(2..2, [0xff, 0xfe, 0, 3, at]);
        fresh(&mut check, &stamped);
    }
}

#[test]
fn a_hole_in_the_data_is_refused() {
    let (mut check, _) = warmed();
    assert!(matches!(fault(&mut check, &with_hole(100)), Fault::Data(_)));
}

#[test]
fn one_of_four_is_decoded_while_all_is_well_and_each_after_a_fault() {
    let mut check = Check::new();
    for seed in 0..64 {
        fresh(&mut check, &picture(seed));
    }
    let passed = (100..200).take_while(|seed| check.check(&with_hole(*seed)).is_ok()).count();
    assert_eq!(passed, 3);
    for seed in 200..220 {
        assert!(matches!(fault(&mut check, &with_hole(seed)), Fault::Data(_)));
    }
}

fn with_hole(seed: u64) -> Vec<u8> {
    let mut buffer = picture(seed);
    let middle = buffer.len() / 2;
    buffer.drain(middle..middle + 200);
    buffer
}

#[test]
fn a_camera_that_always_warns_is_believed() {
    let mut check = Check::new();
    let warning = |seed| {
        let mut picture = picture(seed);
        let end = picture.len() - 2;
        picture.splice(end..end, [0x55; 8]);
        picture
    };
    for seed in 1..8 {
        let why = fault(&mut check, &warning(seed));
        assert!(matches!(why, Fault::Data(_)), "{why}");
    }
    for seed in 8..100 {
        fresh(&mut check, &warning(seed));
    }
}

#[test]
fn noise_and_emptiness_are_refused() {
    let mut check = Check::new();
    for buffer in [&[][..], &[0; 1000], &[0xff; 1000], &picture(1)[..1500], b"hello"] {
        assert!(matches!(fault(&mut check, buffer), Fault::Markers(_)));
    }
}

#[test]
fn trust_needs_eight_pictures_and_a_majority() {
    let mut trust = Trust::default();
    for at in 1..=20 {
        trust.note(true);
        assert_eq!(trust.believed(), at >= 8, "{at}");
    }
    for at in 1..=20 {
        trust.note(false);
        assert_eq!(trust.believed(), at < 20, "{at}");
    }
    let mut trust = Trust::default();
    for _ in 0..1000 {
        trust.note(false);
    }
    for at in 1..=40 {
        trust.note(true);
        assert_eq!(trust.believed(), at > 32, "{at}");
    }
}

#[test]
fn a_picture_that_lacks_its_tables_is_not_read_with_those_of_the_one_before() {
    let mut probe = Probe::default();
    let whole = picture(1);
    let size = Size::new(64, 48).unwrap();
    assert_eq!(probe.warning(&whole, size), None);
    for marker in [0xDB, 0xC4] {
        let mut bare = whole.clone();
        while let Some(at) = bare.windows(2).position(|two| two == [0xFF, marker]) {
            let length = usize::from(u16::from_be_bytes([bare[at + 2], bare[at + 3]]));
            bare.drain(at..at + 2 + length);
        }
        // Without Huffman tables libjpeg-turbo takes the standard ones.
        let told = probe.warning(&bare, size).is_some();
        assert_eq!(told, marker == 0xDB, "{marker:x}");
    }
}
