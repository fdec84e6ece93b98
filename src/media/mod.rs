//! What a picture is: made, changed, and drawn.

pub mod area;
pub mod canvas;
pub mod card;
pub mod codec;
pub mod filter;
pub mod fit;
pub mod frame;
pub mod gate;
pub mod motion;
pub mod planes;
pub mod raw;
mod rgb;
pub mod text;
