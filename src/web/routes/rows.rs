//! What rows of the table have in common.

use super::super::needs::{Needs, Way};
use super::super::request::{Reply, Request};
use super::{BodyUse, Route, Verb, Who};
use crate::account::Capability;
use crate::proto::http::Status;

/// What rows have in common.
const fn rows(verb: Verb, who: Who, needs: Needs, way: Way, body: BodyUse) -> Route {
    let (paths, query) = (&[], &[]);
    Route { verb, paths, who, needs, way, body, query, has_tag: false, handler: nobody, about: "" }
}

/// Answers where a row does not say who does.
fn nobody(request: &Request) -> Reply {
    request.refuse(Status::NotFound, "there is nothing here").into()
}

/// What is looked at by who may watch.
pub(super) const WATCHED: Route =
    rows(Verb::Get, Who::Everybody, Needs::May(Capability::Watch), Way::Any, BodyUse::Dropped);
/// What is answered in clear too, whatever else is not.
pub(super) const IN_CLEAR: Route =
    rows(Verb::Get, Who::Everybody, Needs::Nothing, Way::InClear, BodyUse::Dropped);
/// What leads in.
pub(super) const WAY_IN: Route =
    rows(Verb::Get, Who::Everybody, Needs::Nothing, Way::Secure, BodyUse::Dropped);
/// A form of what leads in.
pub(super) const WAY_IN_FORM: Route =
    rows(Verb::Post, Who::OwnOrigin, Needs::Nothing, Way::Secure, BodyUse::Form);
/// A form about what is one's own.
pub(super) const OWN_FORM: Route =
    rows(Verb::Post, Who::OwnOrigin, Needs::SignedIn, Way::Secure, BodyUse::Form);
/// What hosts look at.
pub(super) const OF_HOSTS: Route =
    rows(Verb::Get, Who::Everybody, Needs::May(Capability::Host), Way::Secure, BodyUse::Dropped);
/// What hosts change.
pub(super) const BY_HOSTS: Route =
    rows(Verb::Post, Who::OwnOrigin, Needs::May(Capability::Host), Way::Secure, BodyUse::Json);
/// What those look at who may bring files to the library.
pub(super) const OF_UPLOADERS: Route =
    rows(Verb::Get, Who::Everybody, Needs::May(Capability::Upload), Way::Secure, BodyUse::Dropped);
/// What they bring.
pub(super) const BY_UPLOADERS: Route =
    rows(Verb::Post, Who::OwnOrigin, Needs::May(Capability::Upload), Way::Secure, BodyUse::Stream);
