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
//! Each module knows only such as stand below it; a test holds the sources to this table
//! (`tests/suite/house`).
//!
//! | module | what | may know |
//! | --- | --- | --- |
//! | `player` | the player's window, a package of its own | client, media, proto, base |
//! | `main`, [`app`] | starts the threads and joins them | all |
//! | [`config`], [`error`] | arguments as typed, and why the program cannot run | web, net, room, film, library, live, source, oidc, client, media, proto, base |
//! | [`rtsp`] | the same pictures for players | web, net, room, live, source, media, proto, jpeg, base |
//! | [`web`] | HTTP: connections, routes, streams | net, room, film, library, chat, account, oidc, live, source, store, media, proto, base |
//! | [`net`] | sockets: lanes, workers, limits, what a client has not read | proto, base |
//! | [`chat`] | what is said in a room, and who keeps order | account, store, proto, base |
//! | [`room`] | a name, a channel and the people around it | film, live |
//! | [`film`] | films that a room plays to everybody together | proto, base |
//! | [`library`] | videos that people bring, what is found in them and what is made of it | store, media, proto, base |
//! | [`oidc`] | sign-in with somebody else's account: what providers are asked, and believed | proto, base |
//! | [`authority`] | certificates by an authority of this machine's own | store, base |
//! | [`account`] | who may: accounts, what is signed in to them, what each may do | store, proto, base |
//! | [`store`] | what outlives the program: SQLite, one writer | base |
//! | [`live`] | who gets which picture: no sockets, no HTTP | source, media, base |
//! | [`source`] | where pictures come from | client, media, proto, jpeg, base |
//! | [`client`] | plays from an RTSP server | proto, base |
//! | [`media`] | what a picture is | proto, jpeg |
//! | [`proto`] | bytes ↔ values, no I/O | jpeg, base |
//! | [`jpeg`] | markers, coefficients, tables | nothing |
//! | [`mdns`] | says on the network that there is a camera | base |
//! | [`base`] | what everything may use | nothing |

pub mod account;
pub mod app;
pub mod authority;
pub mod base;
pub mod chat;
pub mod client;
pub mod config;
pub mod error;
pub mod film;
pub mod jpeg;
pub mod library;
pub mod live;
pub mod mdns;
pub mod media;
pub mod net;
pub mod oidc;
pub mod proto;
pub mod room;
pub mod rtsp;
pub mod source;
pub mod store;
pub mod web;
