//! `livestream`: one binary that makes a machine a live video server for its network.

pub mod clock;
pub mod live;
pub mod media;
pub mod proto;
pub mod shutdown;
