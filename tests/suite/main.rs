//! Everything from outside: the real programs, and clients that talk to them as people's do.
//!
//! One program for all of it, since a program for each file would be linked, and kept on disk,
//! thirty times; but for `tests/hostile`, whose attacks want the machine to themselves.

mod access;
mod accounts;
mod broadcast;
mod build_script;
mod cage;
mod cameras;
mod catalogue_api;
mod chat;
mod clients;
mod clock;
mod common;
mod configuration;
mod elsewhere;
mod encode;
mod films;
mod filters;
mod house;
mod http;
mod lab;
mod licences;
mod lifecycle;
mod link;
mod logins;
mod masks;
mod mdns;
mod package;
mod page;
mod pictures;
mod pipes;
mod proxy;
mod refusals;
mod rooms;
mod rtsp;
mod rtsp_hostile;
mod rtsp_source;
mod scarcity;
mod shares;
mod socket;
mod sources;
mod store;
mod streams;
mod tls;
mod uploads;
mod viewers;
mod works;
