//! The headers of a JPEG, made anew from those of RFC 2435 (§4.2, Appendix B).
//!
//! Pure. The Huffman tables are always those of [`annex_k`].

use super::{Sampling, Size};
use crate::jpeg::annex_k::{self, CHROMA_TABLE, HUFFMAN_TABLES, LUMA_TABLE};

/// Both quantization tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tables {
    pub(super) luma: Table,
    pub(super) chroma: Table,
}

/// One quantization table, as DQT has it: 64 bytes, or 128 if it has 16 bits a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table(Vec<u8>);

impl Tables {
    /// The tables that a Q of 1 to 99 stands for (Appendix A).
    pub(super) fn of_quality(q: u8) -> Self {
        let scaled = |table: [u8; 64]| Table(table.map(|base| annex_k::scaled(base, q)).to_vec());
        Self { luma: scaled(LUMA_TABLE), chroma: scaled(CHROMA_TABLE) }
    }

    /// Reads the data of a quantization table header (§3.1.8); one table alone is for both.
    ///
    /// Some senders append a third, which no component has. `None` if a table is cut off.
    pub(super) fn read(precision: u8, data: &[u8]) -> Option<Self> {
        let bytes = |index: u8| if precision >> index & 1 == 0 { 64 } else { 128 };
        let (luma, rest) = data.split_at_checked(bytes(0))?;
        let luma = Table(luma.to_vec());
        let chroma = match rest {
            [] => luma.clone(),
            rest => Table(rest.get(..bytes(1))?.to_vec()),
        };
        Some(Self { luma, chroma })
    }
}

/// Appends everything up to the scan.
pub(super) fn write_headers(
    sampling: Sampling,
    size: Size,
    tables: &Tables,
    restart_interval: u16,
    out: &mut Vec<u8>,
) {
    out.extend(SOI_AND_APP0);
    let wide = write_table(0, &tables.luma, out) | write_table(1, &tables.chroma, out);
    if restart_interval > 0 {
        out.extend([0xFF, 0xDD, 0, 4]);
        out.extend(restart_interval.to_be_bytes());
    }
    // Steps of 16 bits are for extended sequential frames, SOF1, only (T.81 B.2.4.1).
    out.extend([0xFF, if wide { 0xC1 } else { 0xC0 }, 0, 17, 8]);
    out.extend(size.height.to_be_bytes());
    out.extend(size.width.to_be_bytes());
    let luma = match sampling {
        Sampling::Yuv422 => 0x21,
        Sampling::Yuv420 => 0x22,
    };
    out.extend([3, 1, luma, 0, 2, 0x11, 1, 3, 0x11, 1]);
    out.extend(HUFFMAN_TABLES);
    out.extend(SOS);
}

/// Appends a DQT segment; true if its steps have 16 bits.
fn write_table(index: u8, table: &Table, out: &mut Vec<u8>) -> bool {
    let wide = table.0.len() > 64;
    out.extend([0xFF, 0xDB, 0, 3 + table.0.len() as u8, u8::from(wide) << 4 | index]);
    out.extend(&table.0);
    wide
}

/// SOI, and a JFIF 1.1 header without density or thumbnail.
const SOI_AND_APP0: [u8; 20] =
    [0xFF, 0xD8, 0xFF, 0xE0, 0, 16, b'J', b'F', b'I', b'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0];
/// All three components in one scan: Y with the tables 0, Cb and Cr with the tables 1.
const SOS: [u8; 14] = [0xFF, 0xDA, 0, 12, 3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quality_gives_the_tables_that_libjpeg_gives() {
        let pixels = [127; 3 * 16 * 16];
        let image = turbojpeg::Image {
            pixels: &pixels[..],
            width: 16,
            pitch: 48,
            height: 16,
            format: turbojpeg::PixelFormat::RGB,
        };
        for q in 1..=99 {
            let jpeg = turbojpeg::compress(image, q.into(), turbojpeg::Subsamp::Sub2x2).unwrap();
            let Tables { luma, chroma } = Tables::of_quality(q);
            for table in [luma, chroma] {
                assert!(jpeg.windows(64).any(|window| window == table.0), "quality {q}");
            }
        }
    }

    #[test]
    fn tables_in_band_are_one_two_or_more() {
        let data: Vec<u8> = (0..255).collect();
        let tables = |precision, length| {
            Tables::read(precision, &data[..length])
                .map(|tables| (tables.luma.0.len(), tables.chroma.0[0], tables.chroma.0.len()))
        };
        assert_eq!(tables(0, 63), None);
        assert_eq!(tables(0, 64), Some((64, 0, 64)));
        assert_eq!(tables(0, 65), None);
        assert_eq!(tables(0, 128), Some((64, 64, 64)));
        assert_eq!(tables(0, 192), Some((64, 64, 64)));
        assert_eq!(tables(1, 192), Some((128, 128, 64)));
        assert_eq!(tables(2, 192), Some((64, 64, 128)));
        assert_eq!(tables(3, 192), None);
    }
}
