//! Which way up a picture is, as Exif says it, and the shortest segment that says so.
//!
//! Pure; reads one tag of the first directory and follows nothing further (Exif 2.3 §4.5,
//! TIFF 6.0 §2). Turns no pixels: that is [`crate::media::planes`]'.

use super::Size;

/// How a stored picture has to be turned to be seen upright: Exif's tag 0x0112, 1 to 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Orientation(u8);

impl Orientation {
    /// As it is stored.
    pub const UPRIGHT: Self = Self(1);

    /// What a tag means, or `None` for one that Exif does not have.
    pub const fn from_tag(tag: u16) -> Option<Self> {
        if tag >= 1 && tag <= 8 { Some(Self(tag as u8)) } else { None }
    }

    /// The tag, 1 to 8.
    pub const fn tag(self) -> u8 {
        self.0
    }

    /// All eight.
    pub fn all() -> impl Iterator<Item = Self> {
        (1..=8).map(Self)
    }

    /// The size at which a stored picture of this size is shown, and the other way round.
    pub fn turned(self, size: Size) -> Size {
        if self.swaps_sides() { Size { width: size.height, height: size.width } } else { size }
    }

    /// Whether rows become columns.
    pub const fn swaps_sides(self) -> bool {
        self.0 >= 5
    }

    /// Whether a stored column, and a stored row, are counted from the far end.
    pub const fn from_far(self) -> (bool, bool) {
        (matches!(self.0, 2 | 3 | 7 | 8), matches!(self.0, 3 | 4 | 6 | 7))
    }

    /// What it comes to if a picture is turned so first, and then as `next` says.
    #[must_use]
    pub const fn then(self, next: Self) -> Self {
        let ((right, bottom), (next_right, next_bottom)) = (self.from_far(), next.from_far());
        // What `next` counts from the far end are columns of what is turned already.
        let (next_right, next_bottom) =
            if self.swaps_sides() { (next_bottom, next_right) } else { (next_right, next_bottom) };
        let (right, bottom) = (right ^ next_right, bottom ^ next_bottom);
        Self(match (self.swaps_sides() ^ next.swaps_sides(), right, bottom) {
            (false, false, false) => 1,
            (false, true, false) => 2,
            (false, true, true) => 3,
            (false, false, true) => 4,
            (true, false, false) => 5,
            (true, false, true) => 6,
            (true, true, true) => 7,
            (true, true, false) => 8,
        })
    }
}

impl Default for Orientation {
    fn default() -> Self {
        Self::UPRIGHT
    }
}

/// The orientation that the payload of an APP1 segment says: `None` if it is not Exif.
///
/// Exif that says none, or one that cannot be read, means upright, as browsers have it.
pub fn orientation(payload: &[u8]) -> Option<Orientation> {
    let rest = payload.strip_prefix(NAME)?;
    // The sixth byte is padding, whatever it holds.
    let tiff = rest.get(1..).unwrap_or_default();
    Some(first_directory(tiff).unwrap_or_default())
}

fn first_directory(tiff: &[u8]) -> Option<Orientation> {
    let order = match tiff.first_chunk()? {
        b"II*\0" => Order::Little,
        b"MM\0*" => Order::Big,
        _ => return None,
    };
    let start = usize::try_from(order.long(tiff.get(4..)?)?).ok()?;
    let directory = tiff.get(start..)?;
    let count = usize::from(order.short(directory)?);
    // As many as are there: a count that is a lie costs nothing.
    let entries = directory.get(2..)?.as_chunks::<ENTRY_BYTES>().0.iter().take(count);
    let mut tags = entries.filter(|entry| order.short(&entry[..]) == Some(TAG));
    let entry = tags.next()?;
    let is_short = order.short(entry.get(2..)?) == Some(TYPE_SHORT);
    let single = order.long(entry.get(4..)?) == Some(1);
    let value = order.short(entry.get(8..)?)?;
    if is_short && single { Orientation::from_tag(value) } else { None }
}

/// An APP1 segment, marker and all, that says nothing but this.
pub(super) fn segment(orientation: Orientation) -> [u8; SEGMENT_BYTES] {
    let mut segment = *SEGMENT;
    segment[SEGMENT_VALUE] = orientation.0;
    segment
}

#[derive(Clone, Copy)]
enum Order {
    Little,
    Big,
}

impl Order {
    fn short(self, bytes: &[u8]) -> Option<u16> {
        let bytes = *bytes.first_chunk()?;
        Some(match self {
            Order::Little => u16::from_le_bytes(bytes),
            Order::Big => u16::from_be_bytes(bytes),
        })
    }

    fn long(self, bytes: &[u8]) -> Option<u32> {
        let bytes = *bytes.first_chunk()?;
        Some(match self {
            Order::Little => u32::from_le_bytes(bytes),
            Order::Big => u32::from_be_bytes(bytes),
        })
    }
}

const NAME: &[u8] = b"Exif\0";
const TAG: u16 = 0x0112;
const TYPE_SHORT: u16 = 3;
const ENTRY_BYTES: usize = 12;
const SEGMENT_BYTES: usize = 36;
/// Where the orientation stands in it.
const SEGMENT_VALUE: usize = 29;
/// Marker, length, name, the head of a big-endian TIFF, and a directory of one entry.
const SEGMENT: &[u8; SEGMENT_BYTES] = b"\xFF\xE1\0\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\
    \x01\x12\0\x03\0\0\0\x01\0\x01\0\0\0\0\0\0";

#[cfg(test)]
mod tests {
    use super::*;

    /// A TIFF of one directory with these entries: tag, type, count, value.
    fn exif(little: bool, entries: &[(u16, u16, u32, u16)]) -> Vec<u8> {
        let short = |value: u16| if little { value.to_le_bytes() } else { value.to_be_bytes() };
        let long = |value: u32| if little { value.to_le_bytes() } else { value.to_be_bytes() };
        let mut bytes = b"Exif\0\0".to_vec();
        bytes.extend(if little { b"II" } else { b"MM" });
        bytes.extend(short(42));
        bytes.extend(long(8));
        bytes.extend(short(entries.len() as u16));
        for (tag, kind, count, value) in entries {
            bytes.extend(short(*tag));
            bytes.extend(short(*kind));
            bytes.extend(long(*count));
            bytes.extend(short(*value));
            bytes.extend([0, 0]);
        }
        bytes.extend(long(0));
        bytes
    }

    #[test]
    fn each_orientation_is_read_in_either_order_of_bytes_and_from_our_own_segment() {
        for wanted in Orientation::all() {
            let tag = wanted.tag().into();
            for little in [true, false] {
                let bytes = exif(little, &[(0x010F, 2, 9, 5), (TAG, 3, 1, tag), (TAG, 3, 1, 1)]);
                assert_eq!(orientation(&bytes), Some(wanted));
            }
            let own = segment(wanted);
            assert_eq!(own[..4], [0xFF, 0xE1, 0, own.len() as u8 - 2]);
            assert_eq!(orientation(&own[4..]), Some(wanted));
        }
    }

    #[test]
    fn turns_are_a_group() {
        for one in Orientation::all() {
            assert_eq!(one.then(Orientation::UPRIGHT), one);
            assert_eq!(Orientation::UPRIGHT.then(one), one);
            let back = Orientation::all().filter(|other| one.then(*other) == Orientation::UPRIGHT);
            assert_eq!(back.count(), 1, "{one:?}");
            for other in Orientation::all() {
                for third in Orientation::all() {
                    assert_eq!(one.then(other).then(third), one.then(other.then(third)));
                }
            }
        }
        let tag = |tag| Orientation::from_tag(tag).unwrap();
        assert_eq!(tag(6).then(tag(6)), tag(3), "90 and 90 are 180");
        assert_eq!(tag(2).then(tag(4)), tag(3), "mirrored and flipped is 180");
        assert_eq!(tag(2).then(tag(6)), tag(7), "mirrored and turned by 90 is transverse");
    }

    #[test]
    fn what_says_nothing_sensible_is_upright_and_what_is_not_exif_is_nothing() {
        for entries in [
            &[][..],
            &[(0x0113, 3, 1, 6)],
            &[(TAG, 3, 1, 0)],
            &[(TAG, 3, 1, 9)],
            &[(TAG, 4, 1, 6)],
            &[(TAG, 3, 2, 6)],
        ] {
            assert_eq!(orientation(&exif(true, entries)), Some(Orientation::UPRIGHT));
        }
        for other in [&b""[..], b"Exif", b"http://ns.adobe.com/xap/1.0/\0", b"JFIF\0"] {
            assert_eq!(orientation(other), None);
        }
    }

    #[test]
    fn a_cut_or_a_lie_anywhere_is_upright_or_read_and_never_panics() {
        let whole = exif(false, &[(0x010F, 2, 9, 5), (TAG, 3, 1, 6)]);
        for cut in 0..whole.len() {
            let found = orientation(&whole[..cut]);
            assert!(found.is_none_or(|found| [1, 6].contains(&found.tag())), "cut at {cut}");
            for value in [0, 1, 0x7F, 0xFF] {
                let mut bytes = whole.clone();
                bytes[cut] = value;
                orientation(&bytes);
            }
        }
        // A directory that starts anywhere, itself included, or far outside.
        for start in [0_u32, 1, 7, 9, 1000, u32::MAX] {
            let mut bytes = whole.clone();
            bytes[10..14].copy_from_slice(&start.to_be_bytes());
            orientation(&bytes);
        }
    }
}
