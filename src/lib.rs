//! `livestream`: one binary that makes a machine a live video server for its network.

pub mod app;
pub mod clock;
pub mod config;
pub mod error;
pub mod live;
pub mod media;
pub mod proto;
pub mod server;
pub mod shutdown;
pub mod system;
