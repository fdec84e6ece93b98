//! Base64, as headers and JSON have it (RFC 4648 §4).

mod decode;
mod encode;

pub(crate) use decode::from_base64;
pub(crate) use encode::base64;
