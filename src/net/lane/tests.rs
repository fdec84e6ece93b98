//! Talks on real lanes: sockets, notices, news, alarms, and one that fails.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};

use super::super::wire::Wire;
use super::*;

/// Sends back what it reads; panics at `!`, and ends with its client.
struct Echo {
    wire: Wire,
    unsent: Vec<u8>,
}

impl Talk for Echo {
    fn source(&mut self) -> Option<&mut dyn Source> {
        Some(self.wire.source())
    }

    fn turn(&mut self, moment: &mut Moment<'_>) -> Turn {
        self.wire.note(moment.ready);
        let mut buffer = [0; 64];
        loop {
            match self.wire.read(&mut buffer) {
                Ok(0) => return Turn::Over,
                Ok(count) => self.unsent.extend_from_slice(&buffer[..count]),
                Err(_) => break,
            }
        }
        assert!(!self.unsent.contains(&b'!'), "planted");
        if let Ok(count) = self.wire.write(&self.unsent) {
            self.unsent.drain(..count);
        }
        Turn::until(None)
    }
}

struct Room {
    lanes: Lanes,
    listener: TcpListener,
}

impl Room {
    fn of(lanes: usize) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        Self { lanes: Lanes::start(lanes).unwrap(), listener }
    }

    fn guest(&self) -> TcpStream {
        let client = TcpStream::connect(self.listener.local_addr().unwrap()).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let (socket, _) = self.listener.accept().unwrap();
        socket.set_nonblocking(true).unwrap();
        let wire = Wire::new(mio::net::TcpStream::from_std(socket), None);
        self.lanes.places().place().begin(Box::new(Echo { wire, unsent: Vec::new() }));
        client
    }
}

fn says(mut client: &TcpStream, text: &[u8]) -> bool {
    let mut back = vec![0; text.len()];
    client.write_all(text).is_ok() && client.read_exact(&mut back).is_ok() && back == text
}

#[test]
fn every_client_is_answered_whoever_else_is_there() {
    let room = Room::of(2);
    let clients: Vec<TcpStream> = (0..50).map(|_| room.guest()).collect();
    for round in 0..3 {
        for (number, client) in clients.iter().enumerate() {
            assert!(says(client, format!("{round} {number}").as_bytes()));
        }
    }
    let loads = room.lanes.places.doors.iter().map(|door| door.load.load(Ordering::Relaxed));
    assert_eq!(loads.collect::<Vec<_>>(), [25, 25]);
}

#[test]
fn panic_ends_one_connection_and_no_other() {
    let room = Room::of(1);
    let (bad, good) = (room.guest(), room.guest());
    assert!(says(&bad, b"before") && says(&good, b"before"));
    assert!(!says(&bad, b"now!"), "closed");
    assert!(says(&good, b"after") && says(&room.guest(), b"new"));
}

/// Tells what its turns were given for, and asks for what it is told to.
struct Listener {
    told: Sender<()>,
    asks: Turn,
    ended: Sender<&'static str>,
}

impl Talk for Listener {
    fn source(&mut self) -> Option<&mut dyn Source> {
        None
    }

    fn turn(&mut self, _: &mut Moment<'_>) -> Turn {
        let _ = self.told.send(());
        self.asks
    }

    fn end(&mut self) {
        let _ = self.ended.send("goodbye");
    }
}

fn listener(lanes: &Lanes, asks: Turn) -> (Handle, Receiver<()>, Receiver<&'static str>) {
    let ((told, turns), (ended, end)) = (channel(), channel());
    let at = lanes.places().place();
    at.clone().begin(Box::new(Listener { told, asks, ended }));
    turns.recv_timeout(Duration::from_secs(30)).unwrap();
    (at, turns, end)
}

#[test]
fn notice_news_and_alarm_each_bring_a_turn() {
    let lanes = Lanes::start(1).unwrap();
    let patience = Duration::from_secs(30);
    let (at, turns, _) = listener(&lanes, Turn::until(None));
    at.notify();
    turns.recv_timeout(patience).unwrap();

    let news = Turn::Wait { until: None, news: Topics::of(1), weight: 1 };
    let (_, turns, _) = listener(&lanes, news);
    // It is looked at once more when it begins to listen.
    turns.recv_timeout(patience).unwrap();
    lanes.places().bells(Topics::of(1)).iter().for_each(|bell| bell());
    turns.recv_timeout(patience).unwrap();

    let soon = Instant::now() + Duration::from_millis(30);
    let (_, turns, _) = listener(&lanes, Turn::until(Some(soon)));
    turns.recv_timeout(patience).unwrap();
    assert!(Instant::now() >= soon);
}

#[test]
fn who_does_not_listen_is_left_alone_and_who_asks_at_once_starves_nobody() {
    let lanes = Lanes::start(1).unwrap();
    let (_, quiet, _) = listener(&lanes, Turn::until(None));
    let (_, busy, _) = listener(&lanes, Turn::until(Some(Instant::now())));
    let (at, turns, _) = listener(&lanes, Turn::until(None));
    at.notify();
    turns.recv_timeout(Duration::from_secs(30)).unwrap();
    assert!(busy.iter().take(1000).count() == 1000, "it has its turns all the while");
    lanes.places().bells(Topics::of(1)).iter().for_each(|bell| bell());
    assert!(quiet.try_recv().is_err());
}

#[test]
fn news_are_heard_by_who_listens_to_them_and_by_nobody_else() {
    let lanes = Lanes::start(1).unwrap();
    let patience = Duration::from_secs(30);
    let listen = |topics| {
        let (_, turns, _) = listener(&lanes, Turn::Wait { until: None, news: topics, weight: 1 });
        turns.recv_timeout(patience).unwrap();
        turns
    };
    let (one, two) = (listen(Topics::of(1)), listen(Topics::of(2)));
    let both = listen(Topics::of(1).union(Topics::of(2)));
    for _ in 0..3 {
        lanes.places().bells(Topics::of(2)).iter().for_each(|bell| bell());
        two.recv_timeout(patience).unwrap();
        both.recv_timeout(patience).unwrap();
    }
    assert!(one.try_recv().is_err());
    lanes.places().bells(Topics::of(1)).iter().for_each(|bell| bell());
    one.recv_timeout(patience).unwrap();
    both.recv_timeout(patience).unwrap();
    assert!(two.try_recv().is_err());
}

#[test]
fn all_say_goodbye_at_the_end() {
    let lanes = Lanes::start(2).unwrap();
    let ends: Vec<_> = (0..4).map(|_| listener(&lanes, Turn::until(None)).2).collect();
    drop(lanes);
    assert!(ends.iter().all(|end| end.recv() == Ok("goodbye")));
}

#[test]
fn over_is_over() {
    let lanes = Lanes::start(1).unwrap();
    let (at, turns, _) = listener(&lanes, Turn::Over);
    assert!(turns.recv().is_err(), "dropped");
    at.notify();
    let loads = lanes.places.doors.iter().map(|door| door.load.load(Ordering::Relaxed));
    assert_eq!(loads.sum::<usize>(), 0);
    assert!(!lanes.places().longest_turns().is_empty());
}
