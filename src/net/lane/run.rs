//! What a lane's thread does: wait, and give turns.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io::{ErrorKind, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, unbounded};
use log::{debug, error};
use mio::event::Event;
use mio::{Events, Interest, Poll, Token, Waker};

use super::{
    COSTLY_TIME, Call, Door, Handle, Kernel, Moment, PLACES, Ready, TURNS_TIME, Talk, Topics, Turn,
};

/// One lane, as its thread has it.
pub(super) struct Run {
    poll: Poll,
    door: Arc<Door>,
    calls: Receiver<Call>,
    kernel: Kernel,
    talks: HashMap<Token, Entry>,
    /// Who is given a turn, in this order, each once.
    queue: Queue,
    /// Who listens to the news of each topic.
    listening: [BTreeSet<Token>; PLACES],
    /// When to look at whom, each once; it may have been put off since.
    alarms: BTreeSet<(Instant, Token)>,
}

/// Who is given a turn, in this order.
#[derive(Default)]
struct Queue {
    prompt: VecDeque<Token>,
    /// Those whose turn may take long.
    costly: VecDeque<Token>,
}

/// A talk, and what its lane knows of it.
struct Entry {
    talk: Box<dyn Talk>,
    called: Arc<AtomicBool>,
    ready: Ready,
    queued: bool,
    costly: bool,
    weight: u32,
    /// Whose news it listens to.
    news: Topics,
    /// When it asked for a turn.
    until: Option<Instant>,
    /// The alarm that is set for it: then, or earlier.
    alarm: Option<Instant>,
}

impl Run {
    pub(super) fn new() -> Result<Self> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), WAKE)?;
        let (calls, received) = unbounded();
        let door = Arc::new(Door {
            calls,
            waker,
            next_token: AtomicUsize::new(WAKE.0 + 1),
            load: AtomicUsize::new(0),
            listening: [const { AtomicUsize::new(0) }; PLACES],
            news: AtomicU64::new(0),
            ending: AtomicBool::new(false),
            longest_turn_us: Default::default(),
        });
        Ok(Self {
            poll,
            door,
            calls: received,
            kernel: Kernel::new(),
            talks: HashMap::new(),
            queue: Queue::default(),
            listening: [const { BTreeSet::new() }; PLACES],
            alarms: BTreeSet::new(),
        })
    }

    pub(super) fn door(&self) -> Arc<Door> {
        Arc::clone(&self.door)
    }

    /// Gives turns until the end is asked for.
    pub(super) fn run(mut self) {
        let mut events = Events::with_capacity(1024);
        while !self.door.ending.load(Ordering::Acquire) {
            let patience = self.patience(Instant::now());
            if let Err(error) = self.poll.poll(&mut events, patience)
                && error.kind() != ErrorKind::Interrupted
            {
                error!("a lane cannot wait for its connections: {error}");
                break;
            }
            let began = Instant::now();
            events.iter().for_each(|event| self.hear(event));
            self.take_calls();
            self.take_news();
            self.take_alarms(began);
            self.give_turns(began);
            self.note(began.elapsed());
        }
        for entry in self.talks.values_mut() {
            entry.talk.end();
        }
    }

    /// How long nothing is to be done.
    fn patience(&self, now: Instant) -> Option<Duration> {
        if !self.queue.is_empty() {
            return Some(Duration::ZERO);
        }
        self.alarms.first().map(|(at, _)| at.saturating_duration_since(now))
    }

    fn hear(&mut self, event: &Event) {
        let token = event.token();
        if let Some(entry) = self.talks.get_mut(&token) {
            // What is broken shows when it is read or written.
            let broken = event.is_error();
            entry.ready.readable |= event.is_readable() || event.is_read_closed() || broken;
            entry.ready.writable |= event.is_writable() || event.is_write_closed() || broken;
            self.queue.line_up(token, entry);
        }
    }

    fn take_calls(&mut self) {
        while let Ok(call) = self.calls.try_recv() {
            match call {
                Call::Begin(handle, talk) => self.begin(handle, talk),
                Call::Turn(token) => {
                    if let Some(entry) = self.talks.get_mut(&token) {
                        self.queue.line_up(token, entry);
                    }
                }
            }
        }
    }

    fn begin(&mut self, handle: Handle, mut talk: Box<dyn Talk>) {
        let Handle { token, called, .. } = handle;
        let interest = Interest::READABLE | Interest::WRITABLE;
        if let Some(source) = talk.source()
            && let Err(error) = self.poll.registry().register(source, token, interest)
        {
            debug!("cannot wait for a connection: {error}");
            self.door.load.fetch_sub(1, Ordering::Relaxed);
            return;
        }
        let mut entry = Entry {
            talk,
            called,
            ready: Ready::default(),
            queued: false,
            costly: false,
            weight: 1,
            news: Topics::NONE,
            until: None,
            alarm: None,
        };
        self.queue.line_up(token, &mut entry);
        self.talks.insert(token, entry);
    }

    fn take_news(&mut self) {
        let news = Topics(self.door.news.swap(0, Ordering::AcqRel));
        for token in news.places().flat_map(|place| &self.listening[place]) {
            if let Some(entry) = self.talks.get_mut(token) {
                self.queue.line_up(*token, entry);
            }
        }
    }

    fn take_alarms(&mut self, now: Instant) {
        while let Some(&(at, token)) = self.alarms.first()
            && at <= now
        {
            self.alarms.pop_first();
            let Some(entry) = self.talks.get_mut(&token) else { continue };
            entry.alarm = None;
            match entry.until {
                Some(until) if until > now => Self::set_alarm(&mut self.alarms, token, entry),
                Some(_) => self.queue.line_up(token, entry),
                None => {}
            }
        }
    }

    /// Sees to it that a talk is looked at when it asked for. An alarm that comes too early is put
    /// off when it comes: a stream asks for a later one thirty times a second.
    fn set_alarm(alarms: &mut BTreeSet<(Instant, Token)>, token: Token, entry: &mut Entry) {
        let Some(until) = entry.until else { return };
        if entry.alarm.is_some_and(|alarm| alarm <= until) {
            return;
        }
        if let Some(later) = entry.alarm.replace(until) {
            alarms.remove(&(later, token));
        }
        alarms.insert((until, token));
    }

    fn give_turns(&mut self, began: Instant) {
        let mut now = began;
        while now.duration_since(began) < TURNS_TIME {
            let Some(token) = self.queue.prompt.pop_front() else { break };
            self.give_turn(token, now);
            now = Instant::now();
        }
        let began = now;
        while now.duration_since(began) < COSTLY_TIME {
            let Some(token) = self.queue.costly.pop_front() else { return };
            self.give_turn(token, now);
            now = Instant::now();
        }
    }

    fn give_turn(&mut self, token: Token, now: Instant) {
        let Some(entry) = self.talks.get_mut(&token) else { return };
        entry.queued = false;
        // Before the turn, so that what is told during it is not lost.
        entry.called.store(false, Ordering::Release);
        let ready = std::mem::take(&mut entry.ready);
        let mut moment = Moment { now, ready, kernel: &mut self.kernel };
        let turn = catch_unwind(AssertUnwindSafe(|| entry.talk.turn(&mut moment)));
        match turn {
            Ok(Turn::Wait { until, news, weight }) => {
                entry.until = until;
                let was_costly = std::mem::replace(&mut entry.costly, entry.talk.is_costly());
                if entry.costly && !was_costly {
                    // It has stopped before what is costly.
                    self.queue.line_up(token, entry);
                }
                match until {
                    Some(at) if at <= now => self.queue.line_up(token, entry),
                    _ => Self::set_alarm(&mut self.alarms, token, entry),
                }
                let before = std::mem::replace(&mut entry.weight, weight);
                self.door.reweigh(before, weight);
                self.listen(token, news);
            }
            Ok(Turn::Over) => self.drop_talk(token),
            Err(_) => {
                error!("a connection failed; the others go on");
                self.drop_talk(token);
            }
        }
    }

    fn listen(&mut self, token: Token, news: Topics) {
        let Some(entry) = self.talks.get_mut(&token) else { return };
        let before = std::mem::replace(&mut entry.news, news);
        let new = news.without(before);
        if new != Topics::NONE {
            // What came in between has rung for nobody.
            self.queue.line_up(token, entry);
        }
        for place in new.places() {
            self.listening[place].insert(token);
            self.count_listeners(place);
        }
        self.hear_no_more(token, before.without(news));
    }

    fn hear_no_more(&mut self, token: Token, news: Topics) {
        for place in news.places() {
            self.listening[place].remove(&token);
            self.count_listeners(place);
        }
    }

    fn count_listeners(&self, place: usize) {
        self.door.listening[place].store(self.listening[place].len(), Ordering::Relaxed);
    }

    fn drop_talk(&mut self, token: Token) {
        let Some(mut entry) = self.talks.remove(&token) else { return };
        self.door.reweigh(entry.weight, 0);
        self.hear_no_more(token, entry.news);
        if let Some(alarm) = entry.alarm {
            self.alarms.remove(&(alarm, token));
        }
        if let Some(source) = entry.talk.source()
            && let Err(error) = self.poll.registry().deregister(source)
        {
            debug!("deregister: {error}");
        }
        // What fails even while it goes takes nothing with it.
        if catch_unwind(AssertUnwindSafe(|| drop(entry))).is_err() {
            error!("a connection failed while it ended");
        }
        if self.talks.is_empty() {
            // After a burst its memory is given back.
            self.talks.shrink_to(LEAST_ROOM);
            self.queue.prompt.shrink_to(LEAST_ROOM);
            self.queue.costly.shrink_to(LEAST_ROOM);
        }
    }

    fn note(&self, turn: Duration) {
        let micros = u64::try_from(turn.as_micros()).unwrap_or(u64::MAX);
        self.door.longest_turn_us.fetch_max(micros, Ordering::Relaxed);
    }
}

impl Queue {
    fn is_empty(&self) -> bool {
        self.prompt.is_empty() && self.costly.is_empty()
    }

    /// Lines a talk up, if it is in no queue.
    fn line_up(&mut self, token: Token, entry: &mut Entry) {
        if !std::mem::replace(&mut entry.queued, true) {
            let queue = if entry.costly { &mut self.costly } else { &mut self.prompt };
            queue.push_back(token);
        }
    }
}

impl Door {
    fn reweigh(&self, before: u32, after: u32) {
        match (before as usize, after as usize) {
            (before, after) if after > before => {
                self.load.fetch_add(after - before, Ordering::Relaxed);
            }
            (before, after) if before > after => {
                self.load.fetch_sub(before - after, Ordering::Relaxed);
            }
            _ => {}
        }
    }
}

const WAKE: Token = Token(0);
const LEAST_ROOM: usize = 64;
