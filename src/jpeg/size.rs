//! How large a picture is, and how its colour is sampled.

use std::fmt;

/// Width and height in pixels, both at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Size {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl Size {
    /// A size in pixels, or `None` if a side is 0 or above 16384.
    pub fn new(width: u32, height: u32) -> Option<Self> {
        let allowed = 1..=16384;
        (allowed.contains(&width) && allowed.contains(&height)).then_some(Self { width, height })
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// Chroma subsampling: how many samples of colour there are for those of Y.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chroma {
    /// 4:2:0, halved in both directions.
    Yuv420,
    /// 4:2:2, halved horizontally.
    Yuv422,
    /// 4:4:4, whole.
    Yuv444,
    /// 4:4:0, halved vertically.
    Yuv440,
    /// No chroma.
    Gray,
}

impl Chroma {
    /// Width and height of one chroma plane.
    pub fn plane(self, size: Size) -> (usize, usize) {
        let (width, height) = (size.width as usize, size.height as usize);
        match self {
            Chroma::Yuv420 => (width.div_ceil(2), height.div_ceil(2)),
            Chroma::Yuv422 => (width.div_ceil(2), height),
            Chroma::Yuv444 => (width, height),
            Chroma::Yuv440 => (width, height.div_ceil(2)),
            Chroma::Gray => (0, 0),
        }
    }

    /// Bytes that all planes of a picture of this size have together.
    pub fn bytes(self, size: Size) -> usize {
        let (width, height) = self.plane(size);
        size.width as usize * size.height as usize + 2 * width * height
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_sizes_round_chroma_up() {
        let size = Size::new(5, 3).unwrap();
        assert_eq!(Chroma::Yuv420.bytes(size), 15 + 2 * 3 * 2);
        assert_eq!(Chroma::Yuv422.bytes(size), 15 + 2 * 3 * 3);
        assert_eq!(Chroma::Gray.bytes(size), 15);
    }
}
