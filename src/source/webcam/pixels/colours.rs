//! What a camera's luma and chroma mean, and what makes full-range BT.601 of them.
//!
//! Pure arithmetic on rows. The coefficients are those of the standards; grey stays grey in all.

/// How red, green and blue become luma and chroma.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Matrix {
    /// BT.601, as JPEG has it and most webcams.
    Bt601,
    /// BT.709: HDTV and capture cards.
    Bt709,
    /// BT.2020: UHDTV.
    Bt2020,
    /// SMPTE 240M: what came before BT.709.
    Smpte240M,
}

/// Between which values samples lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Range {
    /// 0 to 255.
    Full,
    /// Luma 16 to 235, chroma 16 to 240.
    Limited,
}

/// What the samples of a picture mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Colours {
    /// Of no account for red, green and blue.
    pub(crate) matrix: Matrix,
    /// For red, green and blue as for luma.
    pub(crate) range: Range,
}

impl Colours {
    /// What V4L2 means where nothing else is said, as do browsers, ffmpeg and OpenCV.
    #[cfg_attr(target_os = "linux", cfg(test))]
    pub(crate) const USUAL: Self = Self { matrix: Matrix::Bt601, range: Range::Limited };
}

impl Matrix {
    /// The parts of red and of blue in luma.
    fn parts(self) -> (f64, f64) {
        match self {
            Self::Bt601 => (0.299, 0.114),
            Self::Bt709 => (0.2126, 0.0722),
            Self::Bt2020 => (0.2627, 0.0593),
            Self::Smpte240M => (0.212, 0.087),
        }
    }
}

/// What has to be done to rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Correction {
    /// Nothing.
    None,
    /// Only their range is widened.
    Widen,
    /// Each is mixed from all three.
    Mix(Mix),
}

impl Correction {
    /// What makes full-range BT.601 of these.
    pub(super) fn of(colours: Colours) -> Self {
        match (colours.matrix, colours.range) {
            (Matrix::Bt601, Range::Full) => Self::None,
            (Matrix::Bt601, Range::Limited) => Self::Widen,
            (matrix, range) => Self::Mix(Mix::of(matrix, range)),
        }
    }

    /// Corrects rows of luma, each `width` long, that share one row of chroma.
    pub(super) fn correct(&self, luma: &mut [u8], width: usize, cb: &mut [u8], cr: &mut [u8]) {
        match self {
            Self::None => {}
            Self::Widen => {
                widen_luma(luma);
                widen_chroma(cb);
                widen_chroma(cr);
            }
            Self::Mix(mix) => {
                luma.chunks_exact_mut(width).for_each(|luma| mix.luma(luma, cb, cr));
                mix.chroma(cb, cr);
            }
        }
    }

    /// Corrects luma that has no chroma.
    pub(super) fn correct_grey(&self, luma: &mut [u8]) {
        match self {
            Self::None => {}
            Self::Widen => widen_luma(luma),
            Self::Mix(mix) if mix.black > 0 => widen_luma(luma),
            Self::Mix(_) => {}
        }
    }
}

/// From 16 to 235 to 0 to 255. In sixteen bits: eight lanes of a vector, not four.
pub(super) fn widen_luma(row: &mut [u8]) {
    for sample in row {
        let above = u16::from(sample.saturating_sub(16).min(219));
        *sample = ((above * 298 + 128) >> 8) as u8;
    }
}

fn widen_chroma(row: &mut [u8]) {
    for sample in row {
        let signed = i16::from((*sample).clamp(16, 240)) - 128;
        *sample = (((signed * 291 + 128) >> 8) + 128) as u8;
    }
}

/// Coefficients in parts of 4096.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Mix {
    black: i16,
    luma: i16,
    luma_of: [i16; 2],
    cb_of: [i16; 2],
    cr_of: [i16; 2],
}

impl Mix {
    fn of(matrix: Matrix, range: Range) -> Self {
        let (red, blue) = matrix.parts();
        let green = 1.0 - red - blue;
        let (to_red, to_blue) = Matrix::Bt601.parts();
        let to_green = 1.0 - to_red - to_blue;
        // What one of Cb, or of Cr, adds to red, green and blue; luma adds itself to all three.
        let of_cb = [0.0, -2.0 * (1.0 - blue) * blue / green, 2.0 * (1.0 - blue)];
        let of_cr = [2.0 * (1.0 - red), -2.0 * (1.0 - red) * red / green, 0.0];
        let luma = |[r, g, b]: [f64; 3]| to_red * r + to_green * g + to_blue * b;
        let cb = |rgb: [f64; 3]| (rgb[2] - luma(rgb)) / (2.0 * (1.0 - to_blue));
        let cr = |rgb: [f64; 3]| (rgb[0] - luma(rgb)) / (2.0 * (1.0 - to_red));
        let (black, of_luma, of_chroma) = match range {
            Range::Full => (0, 1.0, 1.0),
            Range::Limited => (16, 255.0 / 219.0, 255.0 / 224.0),
        };
        let parts = |value: f64| (value * f64::from(ONE)).round() as i16;
        let both = |of: &dyn Fn([f64; 3]) -> f64| {
            [parts(of(of_cb) * of_chroma), parts(of(of_cr) * of_chroma)]
        };
        Self {
            black,
            luma: parts(of_luma),
            luma_of: both(&luma),
            cb_of: both(&cb),
            cr_of: both(&cr),
        }
    }

    fn luma(&self, luma: &mut [u8], cb: &[u8], cr: &[u8]) {
        for ((two, cb), cr) in luma.chunks_mut(2).zip(cb).zip(cr) {
            let added = self.mixed(self.luma_of, *cb, *cr);
            for sample in two {
                let own = i32::from(i16::from(*sample) - self.black) * i32::from(self.luma);
                *sample = whole(own + added);
            }
        }
    }

    fn chroma(&self, cb: &mut [u8], cr: &mut [u8]) {
        for (cb, cr) in cb.iter_mut().zip(cr) {
            let both = (self.mixed(self.cb_of, *cb, *cr), self.mixed(self.cr_of, *cb, *cr));
            (*cb, *cr) = (whole(both.0 + (128 << SHIFT)), whole(both.1 + (128 << SHIFT)));
        }
    }

    #[inline]
    fn mixed(&self, of: [i16; 2], cb: u8, cr: u8) -> i32 {
        i32::from(i16::from(cb) - 128) * i32::from(of[0])
            + i32::from(i16::from(cr) - 128) * i32::from(of[1])
    }
}

#[inline]
fn whole(parts: i32) -> u8 {
    ((parts + (1 << (SHIFT - 1))) >> SHIFT).clamp(0, 255) as u8
}

const SHIFT: u32 = 12;
const ONE: i32 = 1 << SHIFT;
