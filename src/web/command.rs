//! What a viewer may ask of the server, however it comes: as a form or by the page's socket.
//!
//! Read and found good before anything is changed.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::context::Context;
use super::fields::{self, BadField, Fields};
use super::words;
use crate::account::{Account, Capability, Looks};
use crate::base::rate::TooSoon;
use crate::chat::{Giver, Role, Who};
use crate::film::{self, Order};
use crate::live::settings::{Change, Locked, Settings, ViewerId};
use crate::live::thanks::Words;
use crate::live::viewer::Viewer;
use crate::media::frame::Size;
use crate::net::lane::Handle;
use crate::net::workers::{Ticket, owe};
use crate::proto::http::Status;
use crate::room::{Room, RoomName};
use crate::store::{Durability, NotKept, Store, donation};

/// Something to do in a viewer's name.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Command {
    /// Changes its settings, and tells in how many pixels it shows the picture.
    Change { change: Change, shown: Option<Size> },
    /// Gives.
    Donate(Words),
    /// Changes what the room's film does, for all.
    Film(Order),
}

/// Who asks: by a request, or by the socket that it opened.
pub(super) struct Asker {
    pub(super) context: Arc<Context>,
    /// The room that it is about.
    pub(super) room: Arc<Room>,
    /// The client's own address.
    pub(super) address: IpAddr,
    /// Whose name it comes in, if it is anybody's.
    pub(super) account: Option<Arc<Account>>,
    /// Its connection.
    pub(super) handle: Handle,
    /// The name that its page gave to its stream.
    pub(super) tab: Option<String>,
    /// When.
    pub(super) at: Instant,
}

/// What came of a command.
pub(super) enum Done {
    /// It is done.
    Now(Arc<Viewer>),
    /// It is done as soon as it is stored.
    Storing(Arc<Viewer>, Ticket<Stored>),
}

/// Whether something was stored.
pub(super) type Stored = Result<(), NotKept>;

/// Why something is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    /// As a request is answered.
    pub(super) status: Status,
    /// One sentence.
    pub(super) why: String,
    /// The field that is to blame.
    pub(super) field: Option<&'static str>,
    /// When it may be asked again, in seconds.
    pub(super) wait_s: Option<u64>,
}

impl Command {
    /// A change of settings, by the fields of `POST /viewer`.
    ///
    /// # Errors
    ///
    /// [`Refused`] for a value that is not taken, or if there is none.
    pub(super) fn change(fields: &Fields) -> Result<Self, Refused> {
        match (fields::change(fields)?, fields::shown(fields)?) {
            (change, None) if change == Change::default() => Err(Refused::new(
                Status::BadRequest,
                "send `quality`, `mode`, `paused` or `filter`",
            )),
            (change, shown) => Ok(Command::Change { change, shown }),
        }
    }

    /// A donation, by the fields of `POST /donate`.
    ///
    /// # Errors
    ///
    /// [`Refused`] for a value that is not taken.
    pub(super) fn donate(fields: &Fields) -> Result<Self, Refused> {
        Ok(Command::Donate(Words {
            name: fields::line(fields, "name", MAX_NAME_CHARS)?,
            message: fields::line(fields, "message", MAX_MESSAGE_CHARS)?,
        }))
    }

    /// What a host wants of the films, by the fields of `POST /film`.
    ///
    /// # Errors
    ///
    /// [`Refused`] for a value that is not taken, or if there is none.
    pub(super) fn film(fields: &Fields) -> Result<Self, Refused> {
        match fields::film(fields)? {
            order if order == Order::default() => {
                let why = "send `paused`, `film`, `skip`, `position_s`, `list` or `repeat`";
                Err(Refused::new(Status::BadRequest, why))
            }
            order => Ok(Command::Film(order)),
        }
    }

    /// What who asks has to be allowed.
    pub(super) fn needs(&self) -> Capability {
        match self {
            Command::Change { .. } => Capability::Watch,
            Command::Donate(_) => Capability::Talk,
            Command::Film(_) => Capability::Moderate,
        }
    }

    /// What is said where it was done.
    pub(super) fn notice(&self) -> Option<&'static str> {
        match self {
            Command::Change { .. } | Command::Film(_) => None,
            Command::Donate(_) => Some(words::WATCH_DONATE_SUCCESS),
        }
    }

    /// Does it in a viewer's name, whose `id` is `known` if it was given before.
    ///
    /// # Errors
    ///
    /// [`Refused`] if it may not be done now.
    pub(super) fn carry_out(
        self,
        asker: &Asker,
        id: ViewerId,
        known: bool,
    ) -> Result<Done, Refused> {
        let context = &asker.context;
        if let Command::Donate(_) = &self {
            let giver = known.then_some(id);
            context.givers.count(giver, asker.address, asker.at)?;
        }
        let viewer = context.audience.enter(&asker.room.crowd, id, Settings::default());
        match self {
            Command::Change { change, shown } => {
                if change != Change::default() {
                    context.audience.change(&viewer, change, asker.at)?;
                }
                if let Some(shown) = shown {
                    context.audience.shown(&viewer, asker.tab.as_deref(), shown, asker.at);
                }
            }
            Command::Film(order) => {
                let showing = asker.room.showing().ok_or_else(Refused::no_films)?;
                showing.theatre.obey(&order)?;
            }
            Command::Donate(words) => {
                let shown = shown(asker, id, &words);
                let Some(store) = &context.store else {
                    context.chats.of(&asker.room).gift(&shown.name, &shown.message);
                    context.audience.donate(&viewer, None, shown, asker.at);
                    return Ok(Done::Now(viewer));
                };
                let ticket = store_donation(store, asker, &viewer, words, shown)?;
                return Ok(Done::Storing(viewer, ticket));
            }
        }
        Ok(Done::Now(viewer))
    }
}

/// What others see of a giver's words.
fn shown(asker: &Asker, id: ViewerId, words: &Words) -> Words {
    let (context, account) = (&asker.context, asker.account.as_deref());
    let room = asker.room.plain_name();
    let (who, role) = match account {
        Some(account) => (Who::Account(account.id), Role::of(account, room)),
        None => (context.chats.guest(id), Role::Guest),
    };
    let giver = Giver { who, role, name: words.name.clone(), text: words.message.clone() };
    let is_free = |looks: &Looks| {
        let is_own = account.is_some_and(|account| Looks::of(&account.name).is_like(looks));
        is_own || !context.gate.is_an_accounts(looks)
    };
    let (name, message) = context.chats.of(&asker.room).vetted(&giver, is_free);
    Words { name, message }
}

/// Has a donation stored, with all its words; others see the thanks after that, and of the words what
/// is to be `shown`, whether or not the giver waits for it.
fn store_donation(
    store: &Store,
    asker: &Asker,
    viewer: &Arc<Viewer>,
    words: Words,
    shown: Words,
) -> Result<Ticket<Stored>, Refused> {
    let (owed, ticket) = owe(&asker.handle);
    let (room, wall) = (asker.room.name.clone(), asker.context.clock.wall());
    let at = asker.at;
    let change = move |connection: &Connection| {
        let room = room.as_ref().map(RoomName::as_str);
        donation::add(connection, wall, room, &words.name, &words.message)
    };
    let (context, room, viewer) =
        (Arc::clone(&asker.context), Arc::clone(&asker.room), Arc::clone(viewer));
    let done = move |id: Result<u64, NotKept>| {
        let outcome = id.map(|id| {
            context.chats.of(&room).gift(&shown.name, &shown.message);
            context.audience.donate(&viewer, Some(id), shown, at);
        });
        owed.pay(Ok(outcome));
    };
    store.change(Durability::Machine, change, done)?;
    Ok(ticket)
}

impl Refused {
    /// With a sentence, and nothing else.
    pub(super) fn new(status: Status, why: &str) -> Self {
        Self { status, why: why.to_owned(), field: None, wait_s: None }
    }

    fn no_films() -> Self {
        Self::new(Status::Conflict, "this room plays no films")
    }
}

impl From<film::Refused> for Refused {
    fn from(film::Refused::NoSuchFilm: film::Refused) -> Self {
        let why = "there is no such film, or nobody can play it";
        Self { field: Some("film"), ..Self::new(Status::NotFound, why) }
    }
}

impl From<BadField> for Refused {
    fn from(bad: BadField) -> Self {
        let BadField { field, why } = bad;
        Self { status: Status::BadRequest, why, field: Some(field), wait_s: None }
    }
}

impl From<Locked> for Refused {
    fn from(_: Locked) -> Self {
        let why = "Motion sets the quality in gaming mode. Choose home mode first.";
        Self { field: Some("quality"), ..Self::new(Status::Conflict, why) }
    }
}

impl From<NotKept> for Refused {
    fn from(why: NotKept) -> Self {
        let why = format!("it cannot be kept, and was not done: {why}");
        Self { wait_s: Some(1), ..Self::new(Status::ServiceUnavailable, &why) }
    }
}

impl From<TooSoon> for Refused {
    fn from(TooSoon(wait): TooSoon) -> Self {
        let seconds = wait.as_secs() + u64::from(wait > Duration::from_secs(wait.as_secs()));
        let why = format!("thank you, that is enough for now: give again in {seconds} s");
        Self { wait_s: Some(seconds), ..Self::new(Status::TooManyRequests, &why) }
    }
}

const MAX_NAME_CHARS: usize = 40;
const MAX_MESSAGE_CHARS: usize = 200;
