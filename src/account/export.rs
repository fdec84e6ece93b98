//! All that is stored about a person, for that one.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::Accounts;
use super::refused::Refused;
use crate::base::clock::unix_seconds;
use crate::store::account::AccountId;
use crate::store::pass::{self, KeptPass};
use crate::store::{ban, chat, journal, session};

impl Accounts {
    /// All that is stored about a person, without what would let others be that person.
    ///
    /// # Errors
    ///
    /// [`Refused`] if it cannot be read, or there is nobody.
    pub fn export(&self, id: AccountId) -> Result<Value, Refused> {
        let book = self.book();
        let account = book.account(id).ok_or(Refused::NoSuch)?;
        let (did, sessions, passes, bans, said) = self.read(|connection| {
            let did = journal::of(connection, id)?;
            let (mut sessions, passes) = (session::all(connection)?, pass::all(connection)?);
            sessions.sort_by_key(|session| std::cmp::Reverse(session.id));
            let said = chat::of_account(connection, id, MOST_EXPORTED)?;
            Ok((did, sessions, passes, ban::all(connection)?, said))
        })?;
        let at = |time: SystemTime| unix_seconds(time);
        let sessions =
            sessions.into_iter().filter(|session| session.account == id).map(|session| {
                json!({
                    "device": session.device, "address": session.address, "over": session.over,
                    "signed_in": at(session.made), "seen": at(session.seen),
                })
            });
        let said = said
            .into_iter()
            .map(|(room, when, text)| json!({ "room": room, "at": at(when), "text": text }));
        let is_about = |pass: &KeptPass| pass.account == Some(id) || pass.by == Some(id);
        let links = passes.into_iter().filter(is_about).map(|pass| {
            json!({ "made": at(pass.made), "until": at(pass.until), "made_here": pass.by == Some(id) })
        });
        let bans = bans
            .into_iter()
            .filter(|ban| ban.account == Some(id))
            .map(|ban| json!({ "why": ban.why, "made": at(ban.made), "until": ban.until.map(at) }));
        let programs = book.programs_of(Some(id)).into_iter().map(|program| {
            json!({
                "label": program.label, "scopes": program.scopes, "made": at(program.made),
                "seen": program.seen.map(at),
                "user": program.device.as_ref().map(|device| &device.user),
                "room": program.device.as_ref().and_then(|device| device.room.as_ref()),
            })
        });
        let identities = book.identities_of(id).into_iter().map(|identity| {
            json!({
                "issuer": identity.issuer, "subject": identity.subject, "label": identity.label,
                "linked": at(identity.made),
            })
        });
        let did = did.into_iter().map(
            |entry| json!({ "at": at(entry.at), "address": entry.address, "what": entry.what }),
        );
        Ok(json!({
            "name": account.name,
            "role": if account.is_host { "host" } else { "member" },
            "may": account.grants.to_string(),
            "moderates": account.moderates,
            "made": at(account.made),
            "disabled": account.disabled,
            "has_password": account.password.is_some(),
            "sessions": sessions.collect::<Vec<_>>(),
            "programs": programs.collect::<Vec<_>>(),
            "links": links.collect::<Vec<_>>(),
            "bans": bans.collect::<Vec<_>>(),
            "identities": identities.collect::<Vec<_>>(),
            "did": did.collect::<Vec<_>>(),
            "said": said.collect::<Vec<_>>(),
        }))
    }
}

const MOST_EXPORTED: u32 = 100_000;
