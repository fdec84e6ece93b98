//! Two responders that hear each other, on a clock that a test moves.

use std::collections::VecDeque;

use simple_dns::rdata::{A, SRV};
use simple_dns::{QTYPE, Question, TYPE};

use super::*;
use crate::mdns::records::{Kind, Service};

const LINK: u32 = 7;

fn offer() -> Offer {
    let services =
        vec![Service { kind: Kind::Http, port: 8081 }, Service { kind: Kind::Rtsp, port: 8554 }];
    Offer { machine: "cam".into(), title: "Door".into(), services, bind: None }
}

fn place(ip: &str) -> (BTreeMap<u32, Place>, Vec<IpAddr>) {
    let ip: IpAddr = ip.parse().unwrap();
    let subnets = Subnet::new(ip, 24).into_iter().collect();
    ([(LINK, Place { addresses: vec![ip], subnets })].into(), vec![ip])
}

fn at(ip: &str) -> SocketAddr {
    SocketAddr::new(ip.parse().unwrap(), PORT)
}

/// A machine on the test's network.
struct Machine {
    ip: &'static str,
    responder: Responder,
}

impl Machine {
    fn new(ip: &'static str, seed: u64, now: Instant) -> Self {
        let mut responder = Responder::new(&offer(), seed);
        let (places, own) = place(ip);
        responder.place(places, own, now);
        Self { ip, responder }
    }
}

/// Lets time pass until `end`; each hears all that is sent, itself too. Returns what was sent.
fn pass(machines: &mut [Machine], mut now: Instant, end: Instant) -> Vec<(Instant, Vec<u8>)> {
    let mut log = Vec::new();
    loop {
        let next = machines.iter().filter_map(|machine| machine.responder.next()).min();
        let Some(next) = next.filter(|next| *next <= end) else { return log };
        now = now.max(next);
        let mut queue = VecDeque::new();
        for machine in &mut *machines {
            queue.extend(machine.responder.turn(now).into_iter().map(|sent| (machine.ip, sent)));
        }
        while let Some((from, sent)) = queue.pop_front() {
            log.push((now, sent.bytes.clone()));
            assert!(log.len() < 10_000, "they never come to rest");
            for machine in &mut *machines {
                let out = machine.responder.take(LINK, at(from), &sent.bytes, now);
                queue.extend(out.into_iter().map(|sent| (machine.ip, sent)));
            }
        }
    }
}

fn names(machine: &Machine) -> (String, String) {
    (machine.responder.host(), machine.responder.identity.instance.clone())
}

fn claim(name: &str, ip: [u8; 4], ttl: u32) -> Vec<u8> {
    let mut packet = Packet::new_reply(0);
    let name = simple_dns::Name::new_unchecked(name);
    let data = RData::A(A { address: u32::from_be_bytes(ip) });
    packet.answers.push(ResourceRecord::new(name, CLASS::IN, ttl, data));
    packet.build_bytes_vec().unwrap()
}

fn question(name: &str, of: TYPE, alone: bool) -> Vec<u8> {
    let mut packet = Packet::new_query(9);
    let name = simple_dns::Name::new_unchecked(name);
    packet.questions.push(Question::new(name, QTYPE::TYPE(of), CLASS::IN.into(), alone));
    packet.build_bytes_vec().unwrap()
}

const SECOND: Duration = Duration::from_secs(1);

/// A machine that has its names.
fn settled(start: Instant) -> (Machine, Instant) {
    let mut machines = [Machine::new("10.0.0.1", 1, start)];
    pass(&mut machines, start, start + 5 * SECOND);
    let [machine] = machines;
    assert_eq!(machine.responder.links[&LINK].phase, Phase::Held);
    (machine, start + 5 * SECOND)
}

#[test]
fn three_probes_a_quarter_of_a_second_apart_and_two_announcements() {
    let start = Instant::now();
    let mut machines = [Machine::new("10.0.0.1", 3, start)];
    let log = pass(&mut machines, start, start + 60 * SECOND);
    let first = log[0].0;
    assert!(first <= start + Duration::from_millis(250));
    let times: Vec<u128> = log.iter().map(|(at, _)| (*at - first).as_millis()).collect();
    assert_eq!(times, [0, 250, 500, 750, 1750]);
    for (number, (_, bytes)) in log.iter().enumerate() {
        let packet = Packet::parse(bytes).unwrap();
        assert_eq!(packet.has_flags(PacketFlag::RESPONSE), number >= 3);
        assert!(bytes.len() < 700, "{}", bytes.len());
        if number < 3 {
            assert_eq!((packet.questions.len(), packet.name_servers.len()), (3, 5));
        } else {
            assert_eq!(packet.answers.len(), 1 + 2 * 4);
        }
    }
    assert_eq!(machines[0].responder.next(), None, "then it sleeps");
}

#[test]
fn who_comes_later_takes_the_next_names() {
    let start = Instant::now();
    for apart_ms in [0, 100, 300, 600, 900, 3000] {
        for seed in 1..20 {
            let later = start + Duration::from_millis(apart_ms);
            let mut machines = vec![Machine::new("10.0.0.1", seed, start)];
            pass(&mut machines, start, later);
            machines.push(Machine::new("10.0.0.2", seed * 77, later));
            pass(&mut machines, later, later + 60 * SECOND);
            let mut all = [names(&machines[0]), names(&machines[1])];
            if apart_ms >= 1100 {
                assert_eq!(all[0], ("livestream-cam.local".into(), "Door".into()));
            }
            all.sort();
            assert_eq!(all[0].0, "livestream-cam-2.local", "{apart_ms} {seed}");
            assert_eq!(all[1].0, "livestream-cam.local", "{apart_ms} {seed}");
            assert!(machines.iter().all(|it| it.responder.links[&LINK].phase == Phase::Held));
        }
    }
}

#[test]
fn networks_that_become_one_settle_who_has_the_name() {
    let start = Instant::now();
    let mut machines = Vec::new();
    for (ip, seed) in [("10.0.0.1", 1), ("10.0.0.2", 2)] {
        let mut alone = [Machine::new(ip, seed, start)];
        pass(&mut alone, start, start + 5 * SECOND);
        machines.extend(alone);
    }
    let now = start + 6 * SECOND;
    // The first is asked for its name, and both hear the answer.
    let asked = question("livestream-cam.local", TYPE::A, false);
    machines[0].responder.take(LINK, at("10.0.0.9"), &asked, now);
    pass(&mut machines, now, now + 60 * SECOND);
    let mut hosts = [machines[0].responder.host(), machines[1].responder.host()];
    hosts.sort();
    assert_eq!(hosts, ["livestream-cam-2.local", "livestream-cam.local"]);
}

#[test]
fn two_servers_of_one_machine_share_its_host_name_and_not_the_instances() {
    let start = Instant::now();
    let mut other = offer();
    other.services[0].port = 9000;
    let mut second = Responder::new(&other, 5);
    let (places, own) = place("10.0.0.1");
    second.place(places, own, start + 3 * SECOND);
    let mut machines =
        [Machine::new("10.0.0.1", 1, start), Machine { ip: "10.0.0.1", responder: second }];
    pass(&mut machines, start, start + 60 * SECOND);
    assert_eq!(names(&machines[0]), ("livestream-cam.local".into(), "Door".into()));
    assert_eq!(names(&machines[1]), ("livestream-cam.local".into(), "Door (2)".into()));
    // When one ends it takes the common address back: the other says that it holds.
    let now = start + 61 * SECOND;
    for goodbye in machines[0].responder.goodbye() {
        machines[1].responder.take(LINK, at("10.0.0.1"), &goodbye.bytes, now);
    }
    let log = pass(&mut machines[1..], now, now + 5 * SECOND);
    assert_eq!(log.len(), 1);
}

#[test]
fn names_that_are_all_contested_are_tried_ever_more_slowly() {
    let start = Instant::now();
    let (machine, now) = settled(start);
    let mut machines = [machine];
    let end = now + 120 * SECOND;
    let mut at_time = now;
    let mut probes = 0;
    while at_time < end {
        let host = machines[0].responder.host();
        machines[0].responder.take(
            LINK,
            at("10.0.0.66"),
            &claim(&host, [10, 0, 0, 66], 120),
            at_time,
        );
        probes += pass(&mut machines, at_time, at_time + Duration::from_millis(100)).len();
        at_time += Duration::from_millis(100);
    }
    let number = machines[0].responder.host();
    let number: u32 =
        number.trim_end_matches(".local").rsplit('-').next().unwrap().parse().unwrap();
    // Fifteen at once, and then one each five seconds.
    assert!((16..=45).contains(&number) && probes < 200, "{number} names, {probes} packets");
}

#[test]
fn one_record_goes_out_once_a_second_however_often_it_is_asked_for() {
    let (machine, now) = settled(Instant::now());
    let mut machines = [machine];
    let asked = question("livestream-cam.local", TYPE::A, false);
    let mut count = 0;
    for step in 0..1000 {
        let now = now + step * Duration::from_millis(10);
        assert_eq!(machines[0].responder.take(LINK, at("10.0.0.9"), &asked, now), []);
        count += pass(&mut machines, now, now).len();
    }
    assert!((9..=11).contains(&count), "{count} in ten seconds");
    assert!(machines[0].responder.links[&LINK].sent.len() <= 2 + 2 * 4 + 1);
}

#[test]
fn what_goes_to_one_machine_goes_only_near_and_not_without_end() {
    let (mut machine, now) = settled(Instant::now());
    let asked = question("livestream-cam.local", TYPE::A, true);
    let mut ask = |from: &str, port| {
        let from = SocketAddr::new(from.parse().unwrap(), port);
        machine.responder.take(LINK, from, &asked, now)
    };
    assert_eq!(ask("10.0.0.9", PORT)[0].to, Some(at("10.0.0.9")));
    let legacy = ask("10.0.0.9", 40_000).remove(0);
    let packet = Packet::parse(&legacy.bytes).unwrap();
    assert_eq!((packet.id(), packet.questions.len(), packet.answers.len()), (9, 1, 1));
    assert_eq!((packet.answers[0].ttl, packet.answers[0].cache_flush), (10, false));
    assert_eq!(ask("192.0.2.1", PORT), [], "of another network, or of nowhere");
    let answered = (0..1000).filter(|_| !ask("10.0.0.9", PORT).is_empty()).count();
    assert!(answered < 50, "{answered}");
}

#[test]
fn what_the_asker_knows_is_not_told_again() {
    let (mut machine, now) = settled(Instant::now());
    for (ttl, told) in [(120, false), (60, false), (59, true)] {
        let bytes = question("livestream-cam.local", TYPE::A, false);
        let mut packet = Packet::parse(&bytes).unwrap();
        let data = RData::A(A { address: u32::from_be_bytes([10, 0, 0, 1]) });
        let name = simple_dns::Name::new_unchecked("LIVESTREAM-CAM.local");
        packet.answers.push(ResourceRecord::new(name, CLASS::IN, ttl, data));
        let bytes = packet.build_bytes_vec().unwrap();
        machine.responder.take(LINK, at("10.0.0.9"), &bytes, now);
        assert_eq!(machine.responder.next().is_some(), told, "{ttl}");
    }
}

#[test]
fn who_wants_an_address_of_the_other_family_is_told_that_there_is_none() {
    let (machine, now) = settled(Instant::now());
    let mut machines = [machine];
    let asked = question("livestream-cam.local", TYPE::AAAA, false);
    machines[0].responder.take(LINK, at("10.0.0.9"), &asked, now);
    let log = pass(&mut machines, now, now + SECOND);
    let packet = Packet::parse(&log[0].1).unwrap();
    let RData::NSEC(types) = &packet.answers[0].rdata else { panic!("{packet:?}") };
    assert!(types.contains(TYPE::A) && !types.contains(TYPE::AAAA));
}

#[test]
fn no_answer_counts_that_does_not_come_from_the_port_or_that_is_of_another_class() {
    let (mut machine, now) = settled(Instant::now());
    let bytes = claim("livestream-cam.local", [10, 0, 0, 66], 120);
    machine.responder.take(LINK, "10.0.0.66:4000".parse().unwrap(), &bytes, now);
    machine.responder.take(LINK + 1, at("10.0.0.66"), &bytes, now);
    let goodbye = claim("livestream-cam.local", [10, 0, 0, 66], 0);
    machine.responder.take(LINK, at("10.0.0.66"), &goodbye, now);
    assert_eq!(machine.responder.next(), None, "it stays as it is");
    machine.responder.take(LINK, at("10.0.0.66"), &bytes, now);
    assert!(machine.responder.next().is_some(), "that one counts");
}

#[test]
fn a_packet_that_is_cut_or_changed_anywhere_is_borne() {
    let (mut machine, now) = settled(Instant::now());
    let mut captured = vec![claim("livestream-cam.local", [10, 0, 0, 1], 120)];
    captured.push(machine.responder.identity.probe(&["10.0.0.1".parse().unwrap()]));
    captured.extend(machine.responder.goodbye().into_iter().map(|it| it.bytes));
    for bytes in captured {
        assert!(parse(&bytes).is_some());
        for cut in 0..bytes.len() {
            assert!(parse(&bytes[..cut]).is_none(), "{cut}");
        }
        for at_byte in 0..bytes.len() {
            for value in [0, 1, 0x3f, 0xc0, 0xff] {
                let mut changed = bytes.clone();
                changed[at_byte] = value;
                machine.responder.take(LINK, at("10.0.0.9"), &changed, now);
            }
        }
    }
    // Room for 65535 records is not made for a header alone.
    let mut promises = vec![0; 12];
    promises[6..8].fill(0xff);
    assert!(parse(&promises).is_none());
}

#[test]
fn the_later_proposal_wins_as_in_the_example_of_the_standard() {
    // RFC 6762 §8.2: 169.254.200.50 is later than 169.254.99.200.
    let record = |ip: [u8; 4]| {
        let data = RData::A(A { address: u32::from_be_bytes(ip) });
        ResourceRecord::new(simple_dns::Name::new_unchecked("a.local"), CLASS::IN, 1, data)
    };
    assert!(rank(&record([169, 254, 200, 50])) > rank(&record([169, 254, 99, 200])));
    let target = simple_dns::Name::new_unchecked("b.local");
    let data = RData::SRV(SRV { priority: 0, weight: 0, port: 258, target });
    let name = simple_dns::Name::new_unchecked("a.local");
    let (class, of, bytes) = rank(&ResourceRecord::new(name, CLASS::IN, 1, data));
    assert_eq!((class, of, bytes), (1, 33, b"\0\0\0\0\x01\x02\x01b\x05local\0".to_vec()));
}
