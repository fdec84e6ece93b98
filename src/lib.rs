//! `livestream`: one binary that makes a machine a live video server for its network.
//!
//! ```text
//!  source thread          encode threads              sender threads
//!  ┌──────────┐  newest   ┌────────────────┐  newest   ┌───────────────┐
//!  │ webcam   │  Frame    │ one encode for │  picture  │ a few threads │
//!  │ clip     ├──────────►│ each level that├──────────►│ for all the   ├──► sockets
//!  │ pattern… │  (slot)   │ someone watches│  (slots)  │ streams       │
//!  └──────────┘           └───────┬────────┘           └──────┬────────┘
//!                                 │ motion score              │ bytes, skips
//!                                 ▼                           ▼
//!                         gaming viewers' quality   ◄──  governor (1 Hz): budget → shares → levels
//! ```
//!
//! The source thread is two: one that reads the source, and may hang in a driver, a disk or a name's
//! look-up, and one that never does. The governor is the main thread. Beside these, `accept` takes
//! connections and gives each a thread until it asks for the stream. RTSP has the same
//! beside it ([`rtsp`]): connections, and a few threads that send RTP for all sessions.
//!
//! | module | what | may know |
//! | --- | --- | --- |
//! | [`app`] | starts the threads and joins them | all |
//! | [`config`], [`error`] | arguments as typed, and why the program cannot run | source, live, proto |
//! | [`web`] | HTTP: connections, routes, streams | net, live, proto |
//! | [`rtsp`] | the same pictures for players | net, live, proto |
//! | [`net`] | sockets: listening, options, what a client has not read | proto, base |
//! | [`live`] | who gets which picture: no sockets, no HTTP | media, source |
//! | [`source`] | where pictures come from | media, client, proto |
//! | [`client`] | plays from an RTSP server | proto |
//! | [`media`] | what a picture is | jpeg, proto |
//! | [`proto`] | bytes ↔ values, no I/O | base |
//! | [`jpeg`] | markers, coefficients, tables | nothing |
//! | [`base`] | what everything may use | nothing |

pub mod app;
pub mod base;
pub mod client;
pub mod config;
pub mod error;
pub mod jpeg;
pub mod live;
pub mod media;
pub mod net;
pub mod proto;
pub mod rtsp;
pub mod source;
pub mod web;
