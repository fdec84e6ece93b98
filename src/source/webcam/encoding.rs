//! How cameras lay out their pictures, as far as that can be read here.
//!
//! Names and codes alone. Does not read a picture: [`super::pixels`] and [`super::check`] do.

/// How a camera lays out a picture, best for streaming first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Encoding {
    /// JPEGs, which pass through untouched.
    Mjpeg,
    /// The same by V4L2's other name.
    Jpeg,
    /// Packed 4:2:2: Y, Cb, Y, Cr.
    Yuyv,
    /// Packed 4:2:2: Cb, Y, Cr, Y.
    Uyvy,
    /// Packed 4:2:2: Y, Cr, Y, Cb.
    Yvyu,
    /// Packed 4:2:2: Cr, Y, Cb, Y.
    Vyuy,
    /// Luma, then Cb and Cr by turns, 4:2:0.
    Nv12,
    /// Luma, then Cr and Cb by turns, 4:2:0.
    Nv21,
    /// Three planes, 4:2:0: luma, Cb, Cr.
    Yu12,
    /// Three planes, 4:2:0: luma, Cr, Cb.
    Yv12,
    /// Three bytes a pixel, red first.
    Rgb,
    /// Three bytes a pixel, blue first.
    Bgr,
    /// Two bytes a pixel, little-endian: five bits of red on top, six of green, five of blue.
    Rgb565,
    /// A sensor's own, one byte a pixel: blue and green in the first row, green and red in the next.
    BayerBggr,
    /// Green and blue, then red and green.
    BayerGbrg,
    /// Green and red, then blue and green.
    BayerGrbg,
    /// Red and green, then green and blue.
    BayerRggb,
    /// One byte a pixel.
    Grey,
}

impl Encoding {
    /// All of them, best first.
    pub(super) const ALL: [Self; 18] = [
        Self::Mjpeg,
        Self::Jpeg,
        Self::Yuyv,
        Self::Uyvy,
        Self::Yvyu,
        Self::Vyuy,
        Self::Nv12,
        Self::Nv21,
        Self::Yu12,
        Self::Yv12,
        Self::Rgb,
        Self::Bgr,
        Self::Rgb565,
        Self::BayerBggr,
        Self::BayerGbrg,
        Self::BayerGrbg,
        Self::BayerRggb,
        Self::Grey,
    ];

    /// The field's name of it: V4L2's code, but for MJPEG.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mjpeg => "MJPEG",
            Self::Jpeg => "JPEG",
            Self::Yuyv => "YUYV",
            Self::Uyvy => "UYVY",
            Self::Yvyu => "YVYU",
            Self::Vyuy => "VYUY",
            Self::Nv12 => "NV12",
            Self::Nv21 => "NV21",
            Self::Yu12 => "YU12",
            Self::Yv12 => "YV12",
            Self::Rgb => "RGB3",
            Self::Bgr => "BGR3",
            Self::Rgb565 => "RGBP",
            Self::BayerBggr => "BA81",
            Self::BayerGbrg => "GBRG",
            Self::BayerGrbg => "GRBG",
            Self::BayerRggb => "RGGB",
            Self::Grey => "GREY",
        }
    }

    /// V4L2's code of it.
    pub(super) fn fourcc(self) -> [u8; 4] {
        let name = if self == Self::Mjpeg { "MJPG" } else { self.as_str() };
        let mut code = [0; 4];
        code.iter_mut().zip(name.bytes()).for_each(|(to, from)| *to = from);
        code
    }

    /// What V4L2 means by a code; `None` if it can't be read here.
    pub(super) fn of_fourcc(code: [u8; 4]) -> Option<Self> {
        Self::ALL.into_iter().find(|encoding| encoding.fourcc() == code)
    }

    /// Whether its samples are light of three colours, and not luma and chroma.
    pub(super) fn is_rgb(self) -> bool {
        matches!(
            self,
            Self::Rgb
                | Self::Bgr
                | Self::Rgb565
                | Self::BayerBggr
                | Self::BayerGbrg
                | Self::BayerGrbg
                | Self::BayerRggb
        )
    }

    /// Whether it has planes of luma and of a quarter as much chroma twice.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "nokhwa tells no stride"))]
    pub(super) fn is_420(self) -> bool {
        matches!(self, Self::Nv12 | Self::Nv21 | Self::Yu12 | Self::Yv12)
    }

    /// Whether its pictures are JPEGs.
    pub(super) fn is_jpeg(self) -> bool {
        matches!(self, Self::Mjpeg | Self::Jpeg)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_v4l2s_and_lead_back() {
        for encoding in Encoding::ALL {
            assert_eq!(Encoding::of_fourcc(encoding.fourcc()), Some(encoding));
        }
        assert_eq!(Encoding::of_fourcc(*b"MJPG"), Some(Encoding::Mjpeg));
        for other in [*b"H264", *b"HEVC", *b"Y16 ", *b"UVCH", *b"NM12", [0; 4], [0xff; 4]] {
            assert_eq!(Encoding::of_fourcc(other), None);
        }
    }
}
