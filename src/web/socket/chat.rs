//! What is commanded of a room's chat on a socket, and what comes of it.

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::bounded;
use serde_json::{Value, json};

use super::super::broadcast;
use super::super::command::{Asker, Refused};
use super::super::context::Context;
use super::super::pass::Pass;
use super::super::words;
use super::wish::Wish;
use crate::account::{
    Accounts, Actor, Capability, Credential, Looks, Refused as NotDone, Whom, hash_of,
};
use crate::base::clock::unix_seconds;
use crate::chat::{self, Applicant, Chat, Person, Role, Seat, Speaking, Who};
use crate::live::settings::ViewerId;
use crate::net::workers::{Owed, Ticket, owe};
use crate::proto::http::Status;
use crate::source::air::Air;
use crate::store::NotKept;

/// What comes of a command.
pub(super) enum Outcome {
    /// This is answered.
    Now(Value),
    /// It is being done.
    Later(Ticket<Done>),
}

/// What was done.
pub(super) type Done = Result<Told, Refused>;

/// What is answered, and the seat that was taken, if one was.
pub(super) struct Told {
    pub(super) answer: Value,
    pub(super) seat: Option<Seat>,
}

/// A socket, as far as its chat goes.
pub(super) struct Speaker<'a> {
    pub(super) asker: &'a Asker,
    pub(super) pass: &'a Pass,
    pub(super) id: ViewerId,
}

impl Speaker<'_> {
    /// Does what is commanded, by who sits there if anybody does.
    pub(super) fn obey(&self, seat: &mut Option<Seat>, wish: Wish) -> Result<Outcome, Refused> {
        self.may(&wish)?;
        match wish {
            Wish::Enter { name, after } => {
                // It is left only if another can be had.
                let applicant = self.applicant(&name)?;
                self.enter(applicant, after)
            }
            Wish::Leave => {
                *seat = None;
                Ok(Outcome::Now(json!({})))
            }
            other => match seat {
                Some(seat) => self.within(seat, other),
                None => Err(chat::Refused::NotHere.into()),
            },
        }
    }

    fn may(&self, wish: &Wish) -> Result<(), Refused> {
        let needs = match wish {
            Wish::Enter { .. } | Wish::Leave | Wish::History { .. } | Wish::Hand { .. } => {
                Capability::Watch
            }
            Wish::Say { .. } | Wish::Edit { .. } | Wish::Delete { .. } | Wish::React { .. } => {
                Capability::Talk
            }
            _ => Capability::Moderate,
        };
        match self.pass.may(needs) {
            true => Ok(()),
            false => Err(Refused::new(Status::Forbidden, words::ENTRY_NOT_ALLOWED)),
        }
    }

    /// What who sits there commands.
    fn within(&self, seat: &Seat, wish: Wish) -> Result<Outcome, Refused> {
        let chat = Arc::clone(seat.chat());
        let (role, by) = (self.role(), Speaking::of(seat, self.role()));
        let about = match &wish {
            Wish::Edit { seq, .. } | Wish::Delete { seq } | Wish::React { seq, .. } => Some(*seq),
            Wish::Say { reply, .. } => *reply,
            _ => None,
        };
        if let Some(seq) = about.filter(|seq| !chat.has(*seq)) {
            return self.about_an_older_one(seat, seq, wish);
        }
        let (owed, ticket) = owe(&self.asker.handle);
        let told = move |outcome| pay(&owed, outcome);
        match wish {
            Wish::Say { text, reply } => chat.say(by, &text, reply, told)?,
            Wish::Edit { seq, text } => chat.edit(by, seq, &text, told)?,
            Wish::React { seq, emoji, on } => chat.react(by, seq, &emoji, on, told)?,
            Wish::Delete { seq } => {
                let author = chat.author(seq);
                let now = author.and_then(|author| self.role_of(author));
                let moderates = self.pass.may(Capability::Moderate);
                let whose = chat.delete(by, seq, moderates, now, told)?;
                if moderates && author != Some(seat.who()) {
                    self.note(format!("deleted a message of {whose}"));
                }
            }
            Wish::Clear { who } => {
                let who = who_of(&who)?;
                let name = chat.clear(who, self.role_of(who), role, told)?;
                self.note(format!("deleted all that {name} had said"));
            }
            Wish::Rules(new) => {
                chat.rule(|rules| new.apply(rules), told)?;
                self.note("changed the rules of the chat".to_owned());
            }
            Wish::Mute { who, seconds } => {
                let (who, lasts) = (who_of(&who)?, Duration::from_secs(seconds.min(A_YEAR_S)));
                let name = chat.mute(who, self.role_of(who), lasts, role)?;
                self.note(format!("muted {name} for {seconds} s"));
                return Ok(Outcome::Now(json!({})));
            }
            Wish::Kick { who } => {
                let who = who_of(&who)?;
                let out = chat.kick(who, self.role_of(who), role)?;
                self.note(format!("sent {} out", out.person.name));
                return Ok(Outcome::Now(json!({})));
            }
            Wish::History { before } => {
                return self.by_worker(move || Ok(Told::of(chat.history(before)?)));
            }
            Wish::Ban { who, seconds, why } => {
                let who = who_of(&who)?;
                return self.ban(&chat, who, seconds, &why);
            }
            Wish::Hand { up } => {
                self.stage()?;
                chat.raise(by, up)?;
                return Ok(Outcome::Now(json!({})));
            }
            Wish::Admit { who } => return self.admit(chat, who_of(&who)?),
            Wish::Off => return self.take_off(),
            Wish::Bans => return self.bans().map(Outcome::Now),
            Wish::Lift { ban } => {
                let (accounts, actor, room) = (self.accounts()?, self.actor(), self.room());
                return self.by_worker(move || {
                    accounts.lift(&actor, ban, Some(&room))?;
                    Ok(Told::of(json!({})))
                });
            }
            Wish::Enter { .. } | Wish::Leave => return Err(chat::Refused::NotHere.into()),
        }
        Ok(Outcome::Later(ticket))
    }

    /// Where somebody goes live in this room.
    fn stage(&self) -> Result<Arc<Air>, Refused> {
        let air = self.asker.room.crowd.channel().air.clone();
        air.ok_or_else(|| Refused::new(Status::Conflict, words::BROADCAST_NO_STAGE_TITLE))
    }

    /// Gives somebody in the room a key by which it goes live.
    fn admit(&self, chat: Arc<Chat>, who: Who) -> Result<Outcome, Refused> {
        self.stage()?;
        let name = chat.name_of(who).ok_or(chat::Refused::NoSuch)?;
        let (accounts, actor, room) = (self.accounts()?, self.actor(), self.room());
        self.by_worker(move || {
            let made = accounts.make_key(&actor, &room, &name)?;
            chat.admit(who, &made.secret, hash_of(&made.secret))?;
            Ok(Told::of(json!({})))
        })
    }

    /// Takes whoever is live off the air, and the key by which it is.
    fn take_off(&self) -> Result<Outcome, Refused> {
        let nobody = || Refused::new(Status::Conflict, words::BROADCAST_NOBODY);
        let off = self.stage()?.clear().ok_or_else(nobody)?;
        self.note(format!("took {} off the air", off.name));
        let Some(accounts) = self.asker.context.gate.accounts().cloned() else {
            return Ok(Outcome::Now(json!({})));
        };
        let actor = self.actor();
        self.by_worker(move || {
            let (book, now) = (accounts.book(), accounts.now().0);
            let mut keys = book.keys(now).into_iter();
            if let Some(key) = keys.find(|key| broadcast::id_of_key(&key.hash) == off.id) {
                accounts.take_key(&actor, key.hash)?;
            }
            Ok(Told::of(json!({})))
        })
    }

    /// The same of a message that has to be read from the disk first, and waited for.
    fn about_an_older_one(&self, seat: &Seat, seq: u64, wish: Wish) -> Result<Outcome, Refused> {
        let chat = Arc::clone(seat.chat());
        let by = Speaking::of(seat, self.role());
        let moderates = self.pass.may(Capability::Moderate);
        let (context, room) = (Arc::clone(&self.asker.context), self.room());
        let note = self.noting();
        let own = seat.who();
        self.by_worker(move || {
            chat.fetch(seq)?;
            let (sender, outcome) = bounded(1);
            let told = move |done| drop(sender.send(done));
            match wish {
                Wish::Say { text, reply } => chat.say(by, &text, reply, told)?,
                Wish::Edit { text, .. } => chat.edit(by, seq, &text, told)?,
                Wish::React { emoji, on, .. } => chat.react(by, seq, &emoji, on, told)?,
                _ => {
                    let author = chat.author(seq);
                    let now = author.and_then(|author| role_of(&context, &room, author));
                    let whose = chat.delete(by, seq, moderates, now, told)?;
                    if moderates && author != Some(own) {
                        note(format!("deleted a message of {whose}"));
                    }
                }
            }
            let done = outcome.recv().unwrap_or(Err(NotKept::Ending.into()))?;
            Ok(Told::of(done))
        })
    }

    fn enter(&self, applicant: Applicant, after: Option<u64>) -> Result<Outcome, Refused> {
        let (context, room) = (Arc::clone(&self.asker.context), Arc::clone(&self.asker.room));
        let moderates = self.pass.may(Capability::Moderate);
        let capabilities = [Capability::Talk, Capability::Publish, Capability::Moderate];
        let may = capabilities.into_iter().filter(|one| self.pass.may(*one));
        let may: Vec<_> = may.map(Capability::as_str).collect();
        self.by_worker(move || {
            if matches!(applicant.person.who, Who::Guest(_))
                && context.gate.is_an_accounts(&applicant.looks)
            {
                return Err(chat::Refused::NameTaken.into());
            }
            let entered = context.chats.of(&room).enter(applicant, after, moderates);
            let (seat, mut chat) = entered?;
            chat["may"] = json!(may);
            Ok(Told { answer: json!({ "chat": chat }), seat: Some(seat) })
        })
    }

    /// Who it is, before it is let in.
    fn applicant(&self, name: &str) -> Result<Applicant, Refused> {
        let (caller, whence) = (self.pass.caller(), self.pass.whence());
        let (address, browser) = (whence.address, whence.browser);
        let role = self.role();
        if let Some(account) = &caller.account {
            let (who, name) = (Who::Account(account.id), account.name.clone());
            let looks = Looks::of(&name);
            return Ok(Applicant { person: Person { who, name, role }, looks, address, browser });
        }
        let who = self.asker.context.chats.guest(self.id);
        Ok(Applicant::guest(who, name, role, address, browser)?)
    }

    /// What somebody else is in this room at this moment, if that is known.
    fn role_of(&self, who: Who) -> Option<Role> {
        role_of(&self.asker.context, &self.room(), who)
    }

    /// What it is in this room.
    fn role(&self) -> Role {
        let caller = self.pass.caller();
        if self.pass.may(Capability::Host) {
            Role::Host
        } else if self.pass.may(Capability::Moderate) {
            Role::Moderator
        } else if caller.account.is_some() {
            Role::Member
        } else {
            Role::Guest
        }
    }

    /// Sends somebody out, and keeps it out: who could not be banned may come again. The keys that it
    /// was given here are taken back.
    fn ban(
        &self,
        chat: &Arc<Chat>,
        who: Who,
        seconds: Option<u64>,
        why: &str,
    ) -> Result<Outcome, Refused> {
        let (accounts, actor, room) = (self.accounts()?, self.actor(), self.room());
        let (role, by) = (self.role_of(who), self.role());
        let out = chat.movable(who, role, by)?;
        let lasts = seconds.map(|seconds| Duration::from_secs(seconds.clamp(1, A_CENTURY_S)));
        // A guest's address is kept no longer than what it said.
        let kept = self.asker.context.chats.kept;
        let (whom, lasts) = match (who, out) {
            (Who::Account(id), _) => {
                (Whom { account: Some(id), room: Some(room), ..Whom::default() }, lasts)
            }
            (Who::Guest(_), Some(Applicant { person, address, browser, .. })) => {
                let (address, name) = (Some(address.to_string()), person.name);
                let whom = Whom { account: None, address, browser, name, room: Some(room) };
                (whom, Some(lasts.map_or(kept, |lasts| lasts.min(kept))))
            }
            // Of a guest of before a restart nothing is known by which it could be kept out.
            (Who::Guest(_), None) => return Err(chat::Refused::NoSuch.into()),
        };
        let why: String = why.chars().filter(|c| !c.is_control()).take(MOST_WHY_CHARS).collect();
        // It is told first that it is out; an account that is known by its messages alone is away.
        match chat.kick(who, role, by) {
            Ok(_) | Err(chat::Refused::NoSuch) => {}
            Err(refused) => return Err(refused.into()),
        }
        let chat = Arc::clone(chat);
        self.by_worker(move || {
            if let Err(refused) = accounts.ban(&actor, whom, why, lasts) {
                chat.pardon(who);
                return Err(refused.into());
            }
            for key in chat.keys_of(who) {
                match accounts.take_key(&actor, key) {
                    Ok(()) | Err(NotDone::NoSuch) => {}
                    Err(refused) => return Err(refused.into()),
                }
            }
            Ok(Told::of(json!({})))
        })
    }

    /// Who is banned from this room.
    fn bans(&self) -> Result<Value, Refused> {
        let accounts = self.accounts()?;
        let (book, (now, _), room) = (accounts.book(), accounts.now(), self.room());
        let own = book.bans(now).into_iter().filter(|ban| ban.room.as_deref() == Some(&room));
        let bans = own.map(|ban| {
            let account = ban.account.and_then(|id| book.account(id));
            let whom = account.map_or(&ban.name, |account| &account.name);
            json!({ "id": ban.id, "whom": whom, "why": ban.why, "until": ban.until.map(unix_seconds) })
        });
        Ok(json!({ "bans": bans.collect::<Vec<_>>() }))
    }

    fn accounts(&self) -> Result<Arc<Accounts>, Refused> {
        let accounts = self.asker.context.gate.accounts().cloned();
        accounts.ok_or_else(|| Refused::new(Status::ServiceUnavailable, words::ENTRY_NO_STORE))
    }

    fn room(&self) -> String {
        self.asker.room.plain_name().to_owned()
    }

    fn actor(&self) -> Actor {
        let caller = self.pass.caller();
        let id = caller.account.as_ref().map(|account| account.id);
        let name = match (caller.name(), caller.credential) {
            ("", Credential::Program(_)) => "a token of this machine",
            (name, _) => name,
        };
        Actor::new(id, name, &self.pass.whence().address.to_string())
    }

    /// Has the hosts' log have what was done; nobody waits for that.
    fn note(&self, what: String) {
        (self.noting())(what);
    }

    fn noting(&self) -> impl FnOnce(String) + Send + 'static {
        let (accounts, actor, room) = (self.accounts(), self.actor(), self.room());
        move |what| {
            if let Ok(accounts) = accounts {
                accounts.note_later(&actor, &format!("{what}, in /{room}"));
            }
        }
    }

    fn by_worker(&self, work: impl FnOnce() -> Done + Send + 'static) -> Result<Outcome, Refused> {
        let workers = &self.asker.context.engine.workers;
        let busy = |_| Refused {
            wait_s: Some(1),
            ..Refused::new(Status::ServiceUnavailable, words::CHAT_BUSY)
        };
        workers.submit(&self.asker.handle, work).map(Outcome::Later).map_err(busy)
    }
}

impl Told {
    /// What is answered, and nothing else.
    fn of(answer: Value) -> Self {
        Self { answer, seat: None }
    }
}

/// What an account is in a room at this moment; a guest is what it came as.
fn role_of(context: &Context, room: &str, who: Who) -> Option<Role> {
    let Who::Account(id) = who else { return None };
    let book = context.gate.accounts()?.book();
    Some(Role::of(book.account(id)?, room))
}

fn who_of(text: &str) -> Result<Who, Refused> {
    text.parse().map_err(|_| chat::Refused::NoSuch.into())
}

fn pay(owed: &Owed<Done>, outcome: Result<Value, chat::Refused>) {
    owed.pay(Ok(outcome.map(Told::of).map_err(Refused::from)));
}

impl From<chat::Refused> for Refused {
    fn from(refused: chat::Refused) -> Self {
        use chat::Refused as Why;
        let (status, field) = match &refused {
            Why::NotHere => (Status::Conflict, None),
            Why::Name(_) => (Status::BadRequest, Some("name")),
            Why::NameTaken => (Status::Conflict, Some("name")),
            Why::Kicked(_) | Why::Muted(_) | Why::MembersOnly => (Status::Forbidden, None),
            Why::NoLinks | Why::Word => (Status::Forbidden, Some("text")),
            Why::NotYours | Why::TooOld | Why::Untouchable => (Status::Forbidden, None),
            Why::TooSoon(_) | Why::Slow(_) => (Status::TooManyRequests, None),
            Why::Empty | Why::Long(_) => (Status::BadRequest, Some("text")),
            Why::NoEmoji => (Status::BadRequest, Some("emoji")),
            Why::Rules(_) => (Status::BadRequest, None),
            Why::Reactions => (Status::Conflict, None),
            Why::NoSuch => (Status::NotFound, None),
            Why::Full | Why::NotKept(_) | Why::Unreadable(_) => (Status::ServiceUnavailable, None),
        };
        let wait = refused.wait();
        let wait_s = wait.map(|wait| u64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(1));
        Self { field, wait_s, ..Self::new(status, &refused.to_string()) }
    }
}

impl From<NotDone> for Refused {
    fn from(refused: NotDone) -> Self {
        let status = super::super::people::status_of(&refused);
        Self::new(status, &refused.to_string())
    }
}

const MOST_WHY_CHARS: usize = 200;
const A_YEAR_S: u64 = 365 * 24 * 3600;
const A_CENTURY_S: u64 = 100 * A_YEAR_S;
