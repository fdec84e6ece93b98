//! The codes of markers (T.81 table B.1), each behind a byte 0xFF.

/// Start of image, with the 0xFF before it.
pub(super) const SOI: [u8; 2] = [0xFF, 0xD8];
/// Start of a baseline frame.
pub const SOF0: u8 = 0xC0;
/// Start of an extended sequential frame.
pub(super) const SOF1: u8 = 0xC1;
/// Start of a progressive frame.
pub const SOF2: u8 = 0xC2;
/// Huffman tables.
pub const DHT: u8 = 0xC4;
/// The first restart marker.
pub(super) const RST0: u8 = 0xD0;
/// The last restart marker.
pub(super) const RST7: u8 = 0xD7;
/// End of image.
pub(super) const EOI: u8 = 0xD9;
/// Start of scan.
pub const SOS: u8 = 0xDA;
/// Quantization tables.
pub const DQT: u8 = 0xDB;
/// The restart interval.
pub(super) const DRI: u8 = 0xDD;

/// Whether a marker is followed by a length (T.81 table B.1).
pub(super) fn has_segment(code: u8) -> bool {
    matches!(code, 0xC0..=0xC7 | 0xC9..=0xCF | 0xDA..=0xDF | 0xE0..=0xEF | 0xFE)
}
