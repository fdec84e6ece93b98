//! What V4L2's numbers for colours mean.
//!
//! Pure. Where a driver says "default", the macros of `linux/videodev2.h` say what that is:
//! `V4L2_MAP_YCBCR_ENC_DEFAULT` and `V4L2_MAP_QUANTIZATION_DEFAULT`.

use super::calls::Taken;
use crate::source::webcam::encoding::Encoding;
use crate::source::webcam::pixels::{Colours, Matrix, Range};

/// What the samples of a format mean.
pub(super) fn colours(taken: &Taken, encoding: Encoding) -> Colours {
    let matrix = match (taken.ycbcr_enc, taken.colorspace) {
        (ENC_709 | ENC_XV709, _) | (DEFAULT, REC709 | DCI_P3) => Matrix::Bt709,
        (ENC_BT2020 | ENC_BT2020_CONST_LUM, _) | (DEFAULT, BT2020) => Matrix::Bt2020,
        (ENC_SMPTE240M, _) | (DEFAULT, SMPTE240M) => Matrix::Smpte240M,
        _ => Matrix::Bt601,
    };
    let range = match (taken.quantization, taken.colorspace) {
        (FULL_RANGE, _) => Range::Full,
        (LIM_RANGE, _) => Range::Limited,
        // The macros count gray among luma with chroma; sensors without colours, drivers' own patterns
        // and what others make of it have all values.
        _ if encoding.is_rgb() || encoding == Encoding::Grey => Range::Full,
        // The macros say nothing of what comes from a sensor as it is.
        (_, JPEG | RAW) => Range::Full,
        _ => Range::Limited,
    };
    Colours { matrix, range }
}

const DEFAULT: u32 = 0;
// enum v4l2_colorspace
const SMPTE240M: u32 = 2;
const REC709: u32 = 3;
const JPEG: u32 = 7;
const BT2020: u32 = 10;
const RAW: u32 = 11;
const DCI_P3: u32 = 12;
// enum v4l2_ycbcr_encoding
const ENC_709: u32 = 2;
const ENC_XV709: u32 = 4;
const ENC_BT2020: u32 = 6;
const ENC_BT2020_CONST_LUM: u32 = 7;
const ENC_SMPTE240M: u32 = 8;
// enum v4l2_quantization
const FULL_RANGE: u32 = 1;
const LIM_RANGE: u32 = 2;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::frame::Size;

    #[test]
    fn defaults_are_those_of_the_kernels_macros() {
        use Matrix::{Bt601, Bt709, Bt2020, Smpte240M};
        use Range::{Full, Limited};
        for (colorspace, ycbcr_enc, quantization, matrix, range) in [
            (0, 0, 0, Bt601, Limited),
            (1, 0, 0, Bt601, Limited),
            (SMPTE240M, 0, 0, Smpte240M, Limited),
            (REC709, 0, 0, Bt709, Limited),
            (5, 0, 0, Bt601, Limited),
            (JPEG, 0, 0, Bt601, Full),
            (8, 0, 0, Bt601, Limited),
            (BT2020, 0, 0, Bt2020, Limited),
            (RAW, 0, 0, Bt601, Full),
            (DCI_P3, 0, 0, Bt709, Limited),
            (8, ENC_709, 0, Bt709, Limited),
            (REC709, 1, 0, Bt601, Limited),
            (REC709, 3, FULL_RANGE, Bt601, Full),
            (8, ENC_XV709, 0, Bt709, Limited),
            (8, 5, 0, Bt601, Limited),
            (8, ENC_BT2020_CONST_LUM, LIM_RANGE, Bt2020, Limited),
            (JPEG, ENC_SMPTE240M, LIM_RANGE, Smpte240M, Limited),
            (99, 99, 99, Bt601, Limited),
        ] {
            let size = Size { width: 2, height: 2 };
            let (stride, bytes) = (0, 0);
            let code = *b"UYVY";
            let taken = Taken { code, size, stride, bytes, colorspace, ycbcr_enc, quantization };
            let got = colours(&taken, Encoding::Uyvy);
            assert_eq!(got, Colours { matrix, range }, "{colorspace} {ycbcr_enc} {quantization}");
            for encoding in [Encoding::Rgb, Encoding::BayerRggb, Encoding::Grey] {
                let range = colours(&taken, encoding).range;
                assert_eq!(range, if quantization == LIM_RANGE { Limited } else { Full });
            }
        }
    }
}
