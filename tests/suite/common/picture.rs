//! What a JPEG says about itself, read from its markers (ITU-T T.81, Annex B).

/// A look at a JPEG's headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) width: u16,
    pub(crate) height: u16,
    /// The first number of its luma table.
    pub(crate) first_step: u8,
    /// Whether it brings Huffman tables.
    pub(crate) huffman_tables: bool,
}

/// Reads the headers of a baseline JPEG.
#[track_caller]
pub(crate) fn look(jpeg: &[u8]) -> Header {
    let mut found = Header { width: 0, height: 0, first_step: 0, huffman_tables: false };
    for (marker, segment) in segments(jpeg) {
        match marker {
            0xDB if found.first_step == 0 => found.first_step = segment[1],
            0xC4 => found.huffman_tables = true,
            0xC0..=0xC2 => {
                found.height = u16::from_be_bytes([segment[1], segment[2]]);
                found.width = u16::from_be_bytes([segment[3], segment[4]]);
            }
            _ => {}
        }
    }
    assert!(found.first_step > 0 && found.width > 0, "headers of {} bytes", jpeg.len());
    found
}

/// The quality of a picture that the server encoded: which step of its ladder it is.
#[track_caller]
pub(crate) fn quality(jpeg: &[u8]) -> u8 {
    // The standard luma table starts with 16, which the IJG's formula scales to these.
    match look(jpeg).first_step {
        80 => 10,
        40 => 20,
        23 => 35,
        16 => 50,
        11 => 65,
        6 => 80,
        3 => 90,
        2 => 95,
        other => panic!("a first step of {other} is none of the ladder's"),
    }
}

/// The same picture without its Huffman tables, as many webcams send it.
pub(crate) fn without_huffman_tables(jpeg: &[u8]) -> Vec<u8> {
    let mut out = vec![0xFF, 0xD8];
    let mut scan = 2;
    for (marker, segment) in segments(jpeg) {
        scan += segment.len() + 4;
        if marker != 0xC4 {
            out.extend_from_slice(&[0xFF, marker]);
            out.extend_from_slice(&(segment.len() as u16 + 2).to_be_bytes());
            out.extend_from_slice(segment);
        }
    }
    out.extend_from_slice(&jpeg[scan..]);
    out
}

/// Markers with their segments, from the first to SOS.
fn segments(jpeg: &[u8]) -> Vec<(u8, &[u8])> {
    let mut found = Vec::new();
    let mut at = 2;
    while let [0xFF, marker, high, low, ..] = jpeg[at..] {
        let length = usize::from(u16::from_be_bytes([high, low]));
        found.push((marker, &jpeg[at + 4..at + 2 + length]));
        at += 2 + length;
        if marker == 0xDA {
            break;
        }
    }
    found
}

/// The entropy-coded part, which is the same in each form that a picture travels in.
pub(crate) fn scan(jpeg: &[u8]) -> &[u8] {
    let length: usize = segments(jpeg).iter().map(|(_, segment)| segment.len() + 4).sum();
    &jpeg[2 + length..]
}
