//! What a picture is, and where pictures come from.

pub mod canvas;
pub mod card;
pub mod codec;
pub mod frame;
pub mod jpeg;
pub mod motion;
pub mod source;
pub mod text;
