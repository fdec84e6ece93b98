//! Filters and masks as they are typed: what is taken is written in one way, which means the same.
//!
//! Seeds: the lists in `docs/filters.md`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use livestream::media::filter::{Filter, Mask};

fuzz_target!(|text: &str| {
    if let Ok(filter) = text.parse::<Filter>() {
        assert_eq!(filter.to_string().parse(), Ok(filter));
        assert_eq!(Filter::from_bits(filter.bits()), filter);
    }
    if let Ok(mask) = text.parse::<Mask>() {
        assert_eq!(mask.to_string().parse(), Ok(mask));
    }
});
