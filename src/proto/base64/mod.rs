//! Base64, as headers and JSON have it (RFC 4648 §4).

mod decode;
mod encode;

pub(crate) use decode::from_base64;
pub(crate) use encode::base64;

/// RFC 4648 §5, without padding: as it stands in addresses and in JSON about keys.
pub(crate) fn base64_url(bytes: &[u8]) -> String {
    let digits = base64(bytes).replace('+', "-").replace('/', "_");
    digits.trim_end_matches('=').to_owned()
}
