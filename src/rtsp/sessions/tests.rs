//! Tests of who is found, who is silent for too long, and who gives way.

use super::super::login::Pass;
use super::super::mailbox::mailbox;
use super::*;
use crate::net::lane::Lanes;

const CLIENT: [u8; 4] = [192, 0, 2, 7];
const OTHER: [u8; 4] = [192, 0, 2, 8];

/// Sessions, and the lane that their hosts would have.
struct House {
    sessions: Sessions,
    lanes: Lanes,
    now: Instant,
}

impl House {
    fn of(most: usize) -> Self {
        let (sessions, lanes) = (Sessions::new(most), Lanes::start(1).unwrap());
        Self { sessions, lanes, now: Instant::now() }
    }

    fn terms(&self, id: &str, client: [u8; 4], connection: u64) -> Terms {
        Terms {
            id: id.into(),
            target: "/live".into(),
            pass: Pass::of_nobody(),
            client: client.into(),
            connection,
            owner: self.lanes.places().place(),
            bound: false,
            ssrc: None,
            rtcp: None,
        }
    }

    fn add(&self, terms: Terms) -> Option<Arc<Entry>> {
        let (mailbox, _) = mailbox(self.lanes.places().place());
        self.sessions.add(terms, None, mailbox, self.now)
    }

    fn has(&self, id: &str, client: [u8; 4]) -> bool {
        self.sessions.find(id, client.into()).is_some()
    }
}

fn after(entry: &Entry, start: Instant) -> Option<u64> {
    entry.ends_at().map(|at| at.duration_since(start).as_secs())
}

fn report_on(ssrc: u32) -> rtcp::Packet {
    let block = rtcp::ReportBlock {
        ssrc,
        fraction_lost: 0,
        lost: 0,
        highest_sequence: 0,
        jitter: 0,
        last_sr: 0,
        delay_since_last_sr: 0,
    };
    rtcp::Packet::ReceiverReport { ssrc: 1, blocks: vec![block] }
}

#[test]
fn silent_session_has_its_time_and_a_bound_one_that_of_its_connection() {
    let house = House::of(10);
    let udp = house.add(house.terms("udp", CLIENT, 1)).unwrap();
    let tcp = house.add(Terms { bound: true, ..house.terms("tcp", CLIENT, 1) }).unwrap();
    assert_eq!((after(&udp, house.now), after(&tcp, house.now)), (Some(65), None));
    udp.heard(house.now + Duration::from_secs(60));
    assert_eq!(after(&udp, house.now), Some(125));
}

#[test]
fn receiver_reports_keep_a_session_alive() {
    let empty = rtcp::Packet::ReceiverReport { ssrc: 1, blocks: Vec::new() };
    for (compound, from, keeps) in [
        // By the source that it names, from whichever port of its client.
        (report_on(5), (CLIENT, 40000), true),
        // By where it comes from, before the client knows a source.
        (empty.clone(), (CLIENT, 5001), true),
        (report_on(1), (CLIENT, 40000), false),
        (report_on(5), (OTHER, 5001), false),
    ] {
        let house = House::of(10);
        let rtcp = Some(SocketAddr::from((CLIENT, 5001)));
        let terms = Terms { ssrc: Some(5), rtcp, ..house.terms("udp", CLIENT, 1) };
        let entry = house.add(terms).unwrap();
        let later = house.now + Duration::from_secs(60);
        house.sessions.rtcp(std::slice::from_ref(&compound), SocketAddr::from(from), later);
        let expected = if keeps { 125 } else { 65 };
        assert_eq!(after(&entry, house.now), Some(expected), "{compound:?} from {from:?}");
    }
}

#[test]
fn port_that_several_sessions_share_keeps_all_of_them_alive() {
    let house = House::of(10);
    let rtcp = Some(SocketAddr::from((CLIENT, 5001)));
    let add = |id: &str| house.add(Terms { rtcp, ..house.terms(id, CLIENT, 1) }).unwrap();
    let (first, second) = (add("first"), add("second"));
    let heard = |seconds: u64| {
        let later = house.now + Duration::from_secs(seconds);
        house.sessions.rtcp(&[], SocketAddr::from((CLIENT, 5001)), later);
        [&first, &second].map(|entry| after(entry, house.now).unwrap())
    };
    assert_eq!(heard(10), [75, 75]);
    house.sessions.remove(&first);
    assert_eq!(heard(20)[1], 85);
    house.sessions.remove(&second);
    assert!(house.sessions.all.lock().by_port.is_empty());
}

#[test]
fn sessions_of_another_host_are_not_found() {
    let house = House::of(10);
    house.add(house.terms("one", CLIENT, 1)).unwrap();
    assert!(house.has("one", CLIENT) && !house.has("one", OTHER));
}

#[test]
fn who_is_taken_out_takes_nothing_of_another_with_it() {
    let house = House::of(10);
    let before = house.add(house.terms("name", CLIENT, 1)).unwrap();
    let after = house.add(house.terms("name", CLIENT, 1)).unwrap();
    house.sessions.remove(&before);
    house.sessions.remove(&before);
    assert!(house.has("name", CLIENT));
    assert_eq!(house.sessions.of_connection(1), Some(false));
    house.sessions.remove(&after);
    assert_eq!(house.sessions.of_connection(1), None);
    let all = house.sessions.all.lock();
    assert!(all.by_id.is_empty() && all.by_connection.is_empty());
}

#[test]
fn connection_keeps_so_many_that_do_not_play_and_all_that_do() {
    let house = House::of(1000);
    let add = |number: u32| house.add(house.terms(&number.to_string(), CLIENT, 1)).unwrap();
    let entries: Vec<_> = (0..10).map(add).collect();
    entries[0].stands(State::Playing);
    let more: Vec<_> = (10..100).map(add).collect();
    assert!(house.has("0", CLIENT) && !entries[0].gives_way(), "who plays stays");
    assert!((1..84).all(|number| !house.has(&number.to_string(), CLIENT)));
    assert!((84..100).all(|number| house.has(&number.to_string(), CLIENT)));
    assert!(entries[1].gives_way() && more[0].gives_way() && !more[80].gives_way());
    assert_eq!(house.sessions.of_connection(1), Some(true));
}

#[test]
fn when_there_are_too_many_the_greediest_group_loses_one_that_does_not_play() {
    let house = House::of(6);
    let add =
        |id: &str, client: [u8; 4], connection| house.add(house.terms(id, client, connection));
    add("shy", OTHER, 100).unwrap();
    for number in 0..5 {
        add(&format!("greedy {number}"), CLIENT, number).unwrap();
    }
    // Of the greediest, in the order they came.
    for number in 0..3 {
        add(&format!("new {number}"), [192, 0, 2, 20 + number as u8], 200 + number).unwrap();
        assert!(!house.has(&format!("greedy {number}"), CLIENT));
        assert!(house.has(&format!("greedy {}", number + 1), CLIENT));
    }
    assert!(house.has("shy", OTHER));
}

#[test]
fn who_plays_never_gives_way() {
    let house = House::of(2);
    for (id, connection) in [("one", 1), ("two", 2)] {
        house.add(house.terms(id, CLIENT, connection)).unwrap().stands(State::Playing);
    }
    assert!(house.add(house.terms("three", OTHER, 3)).is_none());
    assert!(house.has("one", CLIENT) && house.has("two", CLIENT));
}
