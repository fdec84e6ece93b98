//! Where something stands in a picture.

/// A rectangle of whole pixels; right and bottom are the first ones outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    /// First column.
    pub left: i32,
    /// First row.
    pub top: i32,
    /// First column to the right of it.
    pub right: i32,
    /// First row under it.
    pub bottom: i32,
}

impl Area {
    /// From a corner and a size.
    pub fn at(left: i32, top: i32, width: i32, height: i32) -> Self {
        let (right, bottom) = (left.saturating_add(width), top.saturating_add(height));
        Self { left, top, right, bottom }
    }

    /// The pixels that a circle touches.
    pub(super) fn around(x: f32, y: f32, radius: f32) -> Self {
        Self {
            left: (x - radius).floor() as i32,
            top: (y - radius).floor() as i32,
            right: (x + radius).ceil() as i32,
            bottom: (y + radius).ceil() as i32,
        }
    }

    /// The part of it that lies in `other`.
    pub(super) fn within(self, other: Self) -> Self {
        Self {
            left: self.left.clamp(other.left, other.right),
            top: self.top.clamp(other.top, other.bottom),
            right: self.right.clamp(other.left, other.right),
            bottom: self.bottom.clamp(other.top, other.bottom),
        }
    }

    /// Whether a pixel lies in it.
    pub(super) fn contains(self, x: i32, y: i32) -> bool {
        (self.left..self.right).contains(&x) && (self.top..self.bottom).contains(&y)
    }
}
