//! `GET /broadcast/socket`: the connection on which somebody's pictures come who is live.
//!
//! What is said is in `docs/socket.md`: each picture is a binary message, and is answered when it is
//! here, by which the page finds out what its link carries. No picture waits for another: what came
//! last is handed on, and whoever sends more than is taken is read more slowly. Whether it is a
//! picture at all finds out [who shows it](crate::source::browser).

use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use log::{debug, info};
use serde_json::{Value, json};

use super::super::answer::Answer;
use super::super::context::Context;
use super::super::fields;
use super::super::pass::Pass;
use super::super::request::{Reply, Request};
use super::super::upgrade::{Upgraded, Verdict};
use crate::account::{Capability, Name};
use crate::chat::is_an_office;
use crate::live::settings::ViewerId;
use crate::net::lane::{Handle, Topics};
use crate::net::wire::Wire;
use crate::proto::http::Status;
use crate::proto::websocket::{Code, Event, Limits, Session};
use crate::room::Room;
use crate::source::air::{Air, Publisher, Taken, Tally, Turn};
use crate::store::session::Hash;

/// Opens a connection for somebody who goes live, or says whether it would.
pub(in crate::web) fn open(request: &Request) -> Reply {
    let takes_over = fields::flag(&request.query, "take");
    let checks = fields::flag(&request.query, "check");
    let (takes_over, checks) = match takes_over.and_then(|takes_over| Ok((takes_over, checks?))) {
        Ok(said) => said,
        Err(bad) => return request.bad(&bad).into(),
    };
    let known = request.identity().id();
    let id = known.unwrap_or_else(ViewerId::random);
    let found = stage(request).and_then(|air| Ok((air, publisher(request, id)?)));
    if checks {
        // A page asks so, since a browser does not tell it why it was refused a socket.
        let told = match found {
            Ok(_) => json!({ "may": true }),
            Err(unfit) => json!({ "may": false, "error": unfit.why, "field": unfit.field }),
        };
        return Answer::json(Status::Ok, &told).into();
    }
    let (air, publisher) = match found {
        Ok(found) => found,
        Err(Unfit { status, why, field }) => {
            return Answer::refusal(&request.head, status, &why, field).into();
        }
    };
    let switching = match request.handshake() {
        Ok(switching) => switching,
        Err(refused) => return refused.into(),
    };
    let pass = Pass::of(request);
    let may_take = takes_over && pass.may(Capability::Host);
    let mut session = Session::new(Limits { message: MAX_PICTURE_BYTES, binary: true });
    session.say(json!({ "type": "hello", "version": 1 }).to_string());
    let turn = match air.go_on(publisher.clone(), may_take, request.at) {
        Ok(turn) => {
            info!("{} is live in {}", publisher.name, request.room.path());
            session.say(json!({ "type": "on", "name": publisher.name }).to_string());
            Some(turn)
        }
        Err(Taken(name)) => {
            let may_take = pass.may(Capability::Host);
            let taken = json!({ "type": "taken", "name": name, "may_take": may_take });
            session.say(taken.to_string());
            session.close(Code::Taken);
            None
        }
    };
    let context = Arc::clone(&request.context);
    let room = Arc::clone(&request.room);
    let socket = Broadcast {
        context,
        room,
        pass,
        air,
        turn,
        name: publisher.name,
        session,
        pace: Pace::new(request.at),
        chunk: vec![0; CHUNK_BYTES].into(),
        taken: 0,
        told: None,
        look_at: request.at,
        ping_at: request.at + PING_EACH,
        heard_at: request.at,
        unread_since: None,
    };
    Reply::Upgrade(request.introduce(switching, id), Box::new(socket))
}

/// Why somebody who may does not go live.
struct Unfit {
    status: Status,
    why: String,
    field: Option<&'static str>,
}

fn stage(request: &Request) -> Result<Arc<Air>, Unfit> {
    request.room.crowd.channel().air.clone().ok_or_else(|| Unfit {
        status: Status::Conflict,
        why: "this room does not show a browser".to_owned(),
        field: None,
    })
}

/// Who that is: an account, whoever has a key, or a browser.
fn publisher(request: &Request, id: ViewerId) -> Result<Publisher, Unfit> {
    let caller = &request.caller;
    if let Some(account) = &caller.account {
        let id = format!("account {}", account.id.0);
        return Ok(Publisher { id, name: account.name.clone() });
    }
    let unfit = |why: String| Unfit { status: Status::BadRequest, why, field: Some("name") };
    let typed = fields::line(&request.query, "name", MOST_NAME_CHARS);
    let typed = typed.map_err(|bad| unfit(bad.why))?;
    let name = Name::new(&typed).map_err(|why| unfit(why.to_string()))?;
    if is_an_office(name.looks()) {
        return Err(unfit("this could be taken for the name of who runs the server".to_owned()));
    }
    if request.context.gate.is_an_accounts(name.looks()) {
        return Err(unfit("somebody who has an account here is called so".to_owned()));
    }
    let key = request.whence().key.filter(|_| caller.has_key(request.room.plain_name()));
    let id = match key {
        Some(hash) => id_of_key(&hash),
        None => format!("browser {id}"),
    };
    Ok(Publisher { id, name: name.as_str().to_owned() })
}

/// By which whoever goes live by a key is known.
pub(in crate::web) fn id_of_key(hash: &Hash) -> String {
    let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("key {digits}")
}

/// The connection of who is live.
struct Broadcast {
    context: Arc<Context>,
    room: Arc<Room>,
    pass: Pass,
    air: Arc<Air>,
    /// Its turn, if it ever had it and did not go off.
    turn: Option<Turn>,
    name: String,
    session: Session,
    pace: Pace,
    chunk: Box<[u8]>,
    /// Pictures that came.
    taken: u64,
    /// What was told of them last.
    told: Option<Told>,
    look_at: Instant,
    ping_at: Instant,
    heard_at: Instant,
    unread_since: Option<Instant>,
}

/// What is told of pictures, and when.
struct Told {
    at: Instant,
    /// Whether they were wanted.
    wanted: bool,
}

/// The other side is not there any more.
struct Gone;

impl Broadcast {
    /// Reads what came, no faster than it may.
    fn hear(&mut self, wire: &mut Wire, input: &mut Vec<u8>, now: Instant) -> Result<(), Gone> {
        self.pace.took(input.len(), now);
        self.session.feed(&std::mem::take(input));
        self.take(now);
        for _ in 0..READS {
            if self.session.is_over() || self.pace.rest(now).is_some() {
                return Ok(());
            }
            match wire.read(&mut self.chunk) {
                Ok(0) => return Err(Gone),
                Ok(bytes) => {
                    self.pace.took(bytes, now);
                    self.session.feed(&self.chunk[..bytes]);
                    self.take(now);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => {
                    debug!("a publisher's connection ended: {error}");
                    return Err(Gone);
                }
            }
        }
        Ok(())
    }

    /// Takes the pictures that are whole.
    fn take(&mut self, now: Instant) {
        while self.pace.rest(now).is_none()
            && let Some(event) = self.session.next()
        {
            self.heard_at = now;
            let Event::Binary(picture) = event else { continue };
            self.taken += 1;
            self.pace.took_picture(now);
            let is_on = self.turn.as_ref().is_some_and(|turn| turn.put(picture, now));
            if !is_on {
                self.close_off(now);
                return;
            }
            self.session.say(json!({ "type": "ack", "n": self.taken }).to_string());
        }
        // Who says goodbye is not waited for.
        if self.session.is_over() {
            self.go_off();
        }
    }

    /// Says what becomes of the pictures: each second, and at once when they are wanted or not.
    fn look(&mut self, now: Instant) {
        if !self.pass.may(Capability::Publish) {
            self.go_off();
            self.session.close(Code::Forbidden);
            return;
        }
        let air = self.room.crowd.channel().air.clone();
        if !air.is_some_and(|air| Arc::ptr_eq(&air, &self.air)) {
            // The room shows something else by now.
            self.go_off();
            self.session.close(Code::TakenOff);
            return;
        }
        let Some((tally, wanted)) = self.turn.as_ref().and_then(Turn::report) else {
            self.close_off(now);
            return;
        };
        if tally.broken_in_a_row >= MOST_BROKEN {
            self.go_off();
            self.session.close(Code::NoPicture);
            return;
        }
        let is_due = self.told.as_ref().is_none_or(|told| {
            told.wanted != wanted || now.saturating_duration_since(told.at) >= TOLD_EACH
        });
        if is_due {
            self.session.say(self.report(tally, wanted).to_string());
            self.told = Some(Told { at: now, wanted });
        }
        if now >= self.ping_at {
            self.ping_at = now + PING_EACH;
            self.session.ping();
        }
    }

    fn report(&self, tally: Tally, wanted: bool) -> Value {
        let watching = self.context.audience.counts(Some(&self.room.crowd)).watching;
        json!({
            "type": "air", "watching": watching, "wanted": wanted, "shown": tally.shown,
            "broken": tally.broken,
        })
    }

    /// Says that it is somebody else's turn, or nobody's.
    fn close_off(&mut self, now: Instant) {
        let other = self.air.on_now(now);
        let code = if other.is_some() { Code::TakenOver } else { Code::TakenOff };
        if let Some(other) = other {
            self.session.say(json!({ "type": "taken", "name": other.name }).to_string());
        }
        self.turn = None;
        self.session.close(code);
    }

    fn go_off(&mut self) {
        if let Some(turn) = self.turn.take() {
            info!("{} went off the air in {}", self.name, self.room.path());
            turn.go_off();
        }
    }

    /// Sends what there is to send. Whether all of it is out.
    fn flush(&mut self, wire: &mut Wire, now: Instant) -> Result<bool, Gone> {
        let out = self.session.outgoing();
        let mut write = || {
            while !out.is_empty() {
                match wire.write(out)? {
                    0 => return Err(ErrorKind::WriteZero.into()),
                    bytes => drop(out.drain(..bytes)),
                }
            }
            wire.flush()
        };
        match write() {
            Ok(()) => {
                self.unread_since = None;
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.unread_since.get_or_insert(now);
                Ok(false)
            }
            Err(_) => Err(Gone),
        }
    }
}

impl Upgraded for Broadcast {
    fn turn(&mut self, wire: &mut Wire, input: &mut Vec<u8>, _: &Handle, now: Instant) -> Verdict {
        if !self.pass.holds(&self.context) {
            self.go_off();
            self.session.close(Code::Forbidden);
        }
        if self.room.crowd.is_dismissed() {
            self.session.close(Code::GoingAway);
        }
        let out = self.flush(wire, now).and_then(|is_out| {
            // Who does not take the answers is not heard either.
            if is_out && !self.session.is_over() {
                self.hear(wire, input, now)?;
                if !self.session.is_over() && now >= self.look_at {
                    self.look(now);
                    self.look_at = now + LOOK_EACH;
                }
            }
            self.flush(wire, now)
        });
        match out {
            Err(Gone) => return Verdict::Over,
            Ok(true) if self.session.is_over() => return Verdict::Done,
            Ok(_) => {}
        }
        let silent_until = self.heard_at + SILENCE;
        let stuck_until = self.unread_since.map(|since| since + SILENCE);
        if now >= silent_until || stuck_until.is_some_and(|until| now >= until) {
            return Verdict::Over;
        }
        let next = [Some(silent_until), stuck_until, self.pace.rest(now)];
        let next = next.into_iter().flatten().fold(self.look_at.max(now), Instant::min);
        let unread_since = self.unread_since;
        // It is busy for as long as it lasts: it gives no way to those who only watch.
        Verdict::Wait { until: Some(next), news: Topics::NONE, unread_since, watches: true }
    }

    fn end(&mut self, wire: &mut Wire) {
        self.session.close(Code::GoingAway);
        // What does not go at once goes nowhere.
        let _ = self.flush(wire, Instant::now());
    }
}

/// How fast a publisher is read: bytes and pictures, each by the time at which what came is paid for
/// (GCRA, ITU-T I.371).
struct Pace {
    bytes_at: Instant,
    pictures_at: Instant,
}

impl Pace {
    fn new(now: Instant) -> Self {
        Self { bytes_at: now, pictures_at: now }
    }

    fn took(&mut self, bytes: usize, now: Instant) {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.bytes_at = self.bytes_at.max(now) + Duration::from_secs(1) * bytes / BYTES_PER_SEC;
    }

    fn took_picture(&mut self, now: Instant) {
        self.pictures_at = self.pictures_at.max(now) + PICTURE_EACH;
    }

    /// Until when nothing more is read, if that is later than now.
    fn rest(&self, now: Instant) -> Option<Instant> {
        let until = self.bytes_at.max(self.pictures_at).checked_sub(AHEAD)?;
        (until > now).then_some(until)
    }
}

/// Of a picture: a 4K one of the best quality has less.
const MAX_PICTURE_BYTES: usize = 4 << 20;
/// As much as a fast network of a house gives one.
const BYTES_PER_SEC: u32 = 16 << 20;
/// No screen shows more.
const PICTURE_EACH: Duration = Duration::from_micros(16_667);
/// How much may come at once, as the time that it would take.
const AHEAD: Duration = Duration::from_millis(500);
/// Who sends so many that are none sends no pictures.
const MOST_BROKEN: u64 = 60;
const LOOK_EACH: Duration = Duration::from_millis(250);
const TOLD_EACH: Duration = Duration::from_secs(1);
const PING_EACH: Duration = Duration::from_secs(4);
/// A phone without a network says nothing of it.
const SILENCE: Duration = Duration::from_secs(12);
const CHUNK_BYTES: usize = 64 * 1024;
const READS: usize = 8;
const MOST_NAME_CHARS: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_sends_more_than_is_taken_is_read_as_fast_as_is() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        // A second of 30 pictures of 100 kB each is nothing to wait for.
        for picture in 0..30 {
            let now = start + Duration::from_millis(33) * picture;
            pace.took(100_000, now);
            pace.took_picture(now);
            assert_eq!(pace.rest(now), None);
        }
        // A thousand tiny ones take as long as they would on a screen.
        let (start, mut now) = (start + Duration::from_secs(2), start + Duration::from_secs(2));
        for _ in 0..1000 {
            pace.took(200, now);
            pace.took_picture(now);
            now = pace.rest(now).unwrap_or(now);
        }
        let seconds = (now - start).as_secs_f64();
        assert!((15.0..17.0).contains(&seconds), "{seconds}");
        // And so do large ones by their bytes.
        let start = now + Duration::from_secs(10);
        now = start;
        for _ in 0..100 {
            pace.took(4 << 20, now);
            now = pace.rest(now).unwrap_or(now);
        }
        let seconds = (now - start).as_secs_f64();
        assert!((24.0..26.0).contains(&seconds), "{seconds}");
    }
}
