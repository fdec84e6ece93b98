//! Watching what the library has: segments, manifests and keys.

use super::super::titles;
use super::rows::WATCHED;
use super::{BodyUse, Needs, Path, Route, Verb, Way, Who};
use crate::account::Capability;

/// Their rows.
pub(super) static OF_MEDIA: [Route; 2] = [
    Route {
        paths: &[Path::Below("/videos/")],
        who: Who::OtherOriginsToo,
        needs: Needs::MayAsDevice(Capability::Watch),
        has_tag: true,
        handler: titles::media,
        about: "a title's manifests and segments: `NAME/dash/stream.mpd`, `NAME/dash/master.m3u8`; below `NAME/clear/` decrypted, where that is allowed",
        ..WATCHED
    },
    Route {
        verb: Verb::Post,
        paths: &[Path::At("/license")],
        who: Who::OwnOrigin,
        way: Way::Secure,
        body: BodyUse::Json,
        handler: titles::license,
        about: "the keys of titles that one may watch, as EME's ClearKey has it: `{\"kids\":[…]}`",
        ..WATCHED
    },
];
