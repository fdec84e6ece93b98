//! `livestream`: one binary that makes a machine a live video server for its network.
//!
//! ```text
//!  source thread          encode threads              lanes
//!  ┌──────────┐  newest   ┌────────────────┐  newest   ┌───────────────┐
//!  │ webcam   │  Frame    │ one encode for │  picture  │ a few threads │
//!  │ clip     ├──────────►│ each level that├──────────►│ for every     │◄─► sockets
//!  │ pattern… │  (slot)   │ someone watches│  (slots)  │ connection    │
//!  └──────────┘           └───────┬────────┘           └──────┬────────┘
//!                                 │ motion score              │ bytes, skips
//!                                 ▼                           ▼
//!                         gaming viewers' quality   ◄──  governor (1 Hz): budget → shares → levels
//! ```
//!
//! A lane owns its connections, HTTP and RTSP alike ([`net::lane`]), and waits for none of them;
//! what may block goes to the workers ([`net::workers`]). The governor is the main thread. A source
//! has a second thread for what may never return: a driver, a disk, another server.
//!
//! | module | what | may know |
//! | --- | --- | --- |
//! | [`app`] | starts the threads and joins them | all |
//! | [`config`], [`error`] | arguments as typed, and why the program cannot run | source, live, proto |
//! | [`web`] | HTTP: connections, routes, streams | net, live, proto |
//! | [`rtsp`] | the same pictures for players | net, live, proto |
//! | [`net`] | lanes, workers, limits, and what a client has not read | proto, base |
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
