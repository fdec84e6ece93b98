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
//! Beside these, `accept` takes connections and gives each a thread until it asks for the stream,
//! and a webcam has a thread of its own, because a driver may never return. RTSP has the same
//! beside it ([`server::rtsp`]): connections, and a few threads that send RTP for all sessions.
//!
//! | module | what | may know |
//! | --- | --- | --- |
//! | [`app`] | starts the threads and joins them | all |
//! | [`config`], [`error`] | arguments as typed, and why the program cannot run | media, proto |
//! | [`server`] | sockets: listener, connection, routes, streams | live, proto |
//! | [`live`] | who gets which picture: no sockets, no HTTP | media |
//! | [`media`] | what a picture is, and where pictures come from | client and proto, for other servers' streams |
//! | [`client`] | plays from an RTSP server | proto |
//! | `player` | the player's window, with the feature of that name | client, media |
//! | [`proto`] | bytes ↔ values, no I/O | nothing |
//! | [`clock`], [`shutdown`], [`system`] | what everything may use | nothing |

pub mod app;
pub mod client;
pub mod clock;
pub mod config;
pub mod error;
pub mod live;
pub mod media;
#[cfg(feature = "player")]
pub mod player;
pub mod proto;
pub mod server;
pub mod shutdown;
pub mod system;
