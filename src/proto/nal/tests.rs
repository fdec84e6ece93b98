use super::*;

/// A sequence and a picture parameter set, and the first slice of 64 by 64 pixels, by libx264 (baseline).
const SEQUENCE: &[u8] = &[0x67, 0x42, 0xc0, 0x0a, 0xda, 0x11, 0x34, 0x40];

#[test]
fn bits_leave_out_what_keeps_start_codes_away() {
    let mut bits = bits::Bits::new(&[0, 0, 3, 1, 0x80], 0);
    assert_eq!(bits.u(24), Ok(1));
    assert_eq!(bits.bytes(), 4);
    assert_eq!(bits.u(8), Ok(0x80));
    assert_eq!(bits.bit(), Err(Unreadable));
}

#[test]
fn exponential_golomb_codes_have_their_values() {
    // 1, 010, 011, 00100, 1
    let mut bits = bits::Bits::new(&[0b1010_0110, 0b0100_1000], 0);
    let values: Vec<_> = (0..4).map(|_| bits.ue()).collect();
    assert_eq!(values, [Ok(0), Ok(1), Ok(2), Ok(3)]);
    let mut bits = bits::Bits::new(&[0b1010_0110, 0b0100_1000], 0);
    let values: Vec<_> = (0..4).map(|_| bits.se()).collect();
    assert_eq!(values, [Ok(0), Ok(1), Ok(-1), Ok(2)]);
    assert_eq!(bits::Bits::new(&[0; 9], 0).ue(), Err(Unreadable), "no value is that long");
}

#[test]
fn lengths_that_do_not_fit_are_refused() {
    let mut slices = Slices::new(Standard::Avc, 4, &[SEQUENCE.to_vec()]);
    for sample in [&[0, 0, 0, 2, 9][..], &[0, 0, 0], &[0xff, 0xff, 0xff, 0xff, 9]] {
        assert_eq!(slices.walk(sample, |_, _| ()), Err(Unreadable), "{sample:?}");
    }
    let mut units = Vec::new();
    let sample = [0, 0, 0, 2, 9, 0xf0, 0, 0, 0, 1, 6];
    assert_eq!(slices.walk(&sample, |whole, head| units.push((whole, head))), Ok(()));
    assert_eq!(units, [(6, None), (5, None)]);
}

#[test]
fn a_slice_without_its_sets_is_refused() {
    let mut slices = Slices::new(Standard::Avc, 1, &[]);
    assert_eq!(slices.walk(&[3, 0x65, 0x88, 0x84], |_, _| ()), Err(Unreadable));
}

#[test]
fn idr_pictures_are_told_from_others() {
    let is = |standard, sample: &[u8]| is_idr(standard, 2, &mut &*sample, 0, sample.len() as u32);
    assert!(is(Standard::Avc, &[0, 1, 9, 0, 1, 0x65]));
    assert!(!is(Standard::Avc, &[0, 1, 9, 0, 1, 0x41, 0, 1, 0x65]));
    assert!(!is(Standard::Avc, &[0, 1, 9]));
    assert!(is(Standard::Hevc, &[0, 2, 78, 1, 0, 2, 38, 1]));
    assert!(!is(Standard::Hevc, &[0, 2, 42, 1]), "pictures that lead to it may need others");
}
