//! What a picture is, and where pictures come from.

pub mod canvas;
pub mod card;
pub mod codec;
pub mod coefficients;
pub mod fit;
pub mod frame;
pub mod jpeg;
pub mod motion;
pub mod planes;
pub mod raw;
pub mod source;
pub mod text;
