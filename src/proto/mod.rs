//! Bytes to values and back: everything that is spoken on a wire, and no I/O.
//!
//! Nothing here opens a socket, starts a thread or reads a clock, so that each
//! function can be tested with a slice and fuzzed by itself. The caller owns
//! the buffer: a parser says how much of it a value took, and that more must
//! come first with `Ok(None)`.
//!
//! | module | grammar |
//! | --- | --- |
//! | [`http`] | HTTP/1.1 heads and bodies, as a server reads and as a client does |
//! | [`text`] | names and messages of people, made safe to show |
//! | [`auth`] | what a server asks who we are, and the answer: Basic, Digest |
//! | [`cookie`] | `Cookie` and `Set-Cookie` |
//! | [`container`] | what a film's file says of itself: mp4, webm, ogg, mp3 |
//! | [`boxes`] | ISO base media's boxes, one after another |
//! | [`fmp4`] | films in ISO base media: their samples, and segments of them |
//! | [`nal`] | H.264 and H.265, as far as the heads of their slices |
//! | [`cenc`] | common encryption of samples |
//! | [`webvtt`] | subtitles |
//! | [`nfo`] | what media centres write of a film |
//! | [`presentation`], [`mpd`], [`m3u8`] | what a packaged film is, and its manifests |
//! | [`gzip`] | a gzip stream out of pieces that were packed before |
//! | [`rtsp`] | RTSP/1.0 both ways, session descriptions, the networking lab's dialect |
//! | [`websocket`] | WebSocket: the upgrade, and messages out of bytes and into them |
//! | [`multipart`] | `multipart/x-mixed-replace`, the live stream, written and read; forms with files |
//! | [`tus`] | what clients of tus 1.0 say of an upload |
//! | [`rtp`] | RTP and RTCP, and JPEG in RTP, as a sender and as a receiver |
//! | [`annex_k`](crate::jpeg::annex_k) | the JPEG tables that everybody knows and RTP therefore leaves out |
//! | [`sock_diag`] | what Linux says of a TCP connection, through netlink |
//!
//! Does not decide anything: which path exists, who may see it and how long to
//! wait belong to the server.

pub mod auth;
pub(crate) mod base64;
pub mod boxes;
pub mod cenc;
pub mod container;
pub mod cookie;
pub mod fmp4;
pub(crate) mod gzip;
pub mod http;
pub mod m3u8;
pub mod mpd;
pub mod multipart;
pub mod nal;
pub mod nfo;
pub mod presentation;
pub mod rtp;
pub mod rtsp;
pub mod sock_diag;
pub mod text;
pub mod tus;
pub mod websocket;
pub mod webvtt;

#[cfg(test)]
mod mutated;
