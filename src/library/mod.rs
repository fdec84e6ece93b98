//! The library: films that are kept, and made ready to be played by everybody.
//!
//! Rules and files, no sockets. [`package`] makes segments and manifests of what was encoded.

pub mod package;
