//! The camera is found by its name and in lists, on a network of its own ([`lan`]); packets are
//! written and read by hand ([`message`]).

mod lan;
mod message;

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use lan::{Heard, Lan, Neighbour};
use message::{A, AAAA, ANY, Message, PTR, SRV, TXT, claim, probe, question};
use rustix::process::Signal;

use crate::common::clip::Scratch;
use crate::common::{LONG, eventually_true};

/// The labels that a machine of this name has: the namespaces share it.
fn host() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().to_ascii_lowercase();
    let short = name.split('.').next().unwrap_or_default().to_owned();
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    assert!(!short.is_empty() && short.chars().all(is_plain), "a name to test with: {short:?}");
    format!("livestream-{short}.local")
}

/// Asks until somebody answers with such a record, and gives its data.
#[track_caller]
fn resolve(neighbour: &mut Neighbour, name: &str, of: u16) -> Vec<String> {
    for _ in 0..LONG.as_secs() {
        neighbour.say("v4", &question(0, name, of));
        // An answer may come as late as a second after the last.
        let end = Instant::now() + Duration::from_secs(1);
        while let Some(heard) = neighbour.hear(end.saturating_duration_since(Instant::now())) {
            let found = heard.message.answers_of(name, of);
            if heard.message.is_response && !found.is_empty() {
                return found.into_iter().map(str::to_owned).collect();
            }
        }
    }
    panic!("nobody answers for {name}");
}

fn is_announcement(heard: &Heard, name: &str) -> bool {
    let of_name =
        |record: &message::Record| record.name == name && record.of == A && record.ttl > 0;
    heard.message.is_response && heard.message.answers.iter().any(of_name)
}

#[test]
fn the_name_leads_to_the_machine_and_services_have_the_ports_that_were_bound() {
    let lan = Lan::new();
    let mut neighbour = lan.neighbour(1);
    let server = lan.server(0, "::", &["--title", "Front. Döör", "--rtsp-port", "0", "--no-tls"]);
    let host = host();
    assert_eq!(resolve(&mut neighbour, &host, A), [lan.address(0)]);
    assert_eq!(resolve(&mut neighbour, &host, AAAA), [lan.address_v6(0)]);
    let rtsp = server.rtsp().port();
    for (kind, port, text) in [("_http", server.address().port(), "path=/"), ("_rtsp", rtsp, "")] {
        let (kind, instance) =
            (format!("{kind}._tcp.local"), format!("Front. Döör.{kind}._tcp.local"));
        assert_eq!(resolve(&mut neighbour, &kind, PTR), [instance.as_str()]);
        // A label with a dot in it: asked for as it was told.
        let mut asked = question(0, &instance.replace("Front. ", "Front_ "), ANY);
        let dot = asked.iter().position(|byte| *byte == b'_').expect("it stands there");
        asked[dot] = b'.';
        let (target, told) = neighbour_asks(&mut neighbour, &asked, &instance);
        assert_eq!((target, told.as_str()), (format!("{port} {host}"), text));
    }
    // Who looks for cameras need not ask for the rest.
    neighbour.say("v4", &question(0, "_http._tcp.local", PTR));
    let told = neighbour.hear_until("a list with what is in it", LONG, |_, heard| {
        // An announcement has all of it as answers.
        let is_list = heard.message.answers.iter().all(|record| record.of == PTR);
        (is_list && heard.message.is_response).then(|| heard.message.additionals.clone())
    });
    for of in [SRV, TXT, A, AAAA] {
        assert!(told.iter().any(|record| record.of == of), "{of}: {told:?}");
    }
    let kinds = resolve(&mut neighbour, "_services._dns-sd._udp.local", PTR);
    assert_eq!(kinds, ["_http._tcp.local", "_rtsp._tcp.local"], "no TLS, no _https");
    server.says(&format!("announced on the network as {host}"));
    server.says("--no-mdns");
    server.stop();
}

/// The host and port, and the text, of an instance.
#[track_caller]
fn neighbour_asks(neighbour: &mut Neighbour, asked: &[u8], instance: &str) -> (String, String) {
    let (mut target, mut text) = (None, None);
    for _ in 0..LONG.as_secs() {
        neighbour.say("v4", asked);
        while let Some(heard) = neighbour.hear(Duration::from_secs(1)) {
            let first =
                |of| heard.message.answers_of(instance, of).first().map(|it| it.to_string());
            (target, text) = (target.or(first(SRV)), text.or(first(TXT)));
            if let (Some(target), Some(text)) = (&target, &text) {
                return (target.clone(), text.clone());
            }
        }
    }
    panic!("nobody answers for {instance}");
}

#[test]
fn https_is_announced_where_tls_is_spoken() {
    let lan = Lan::new();
    let mut neighbour = lan.neighbour(1);
    let made = rcgen::generate_simple_self_signed(vec!["cam.example".to_owned()]).expect("made");
    let files = Scratch::new();
    let certificate = files.write("cert.pem", made.cert.pem().as_bytes());
    let key = files.write("key.pem", made.signing_key.serialize_pem().as_bytes());
    let server = lan.server(0, "0.0.0.0", &["--tls-cert", &certificate, "--tls-key", &key]);
    let instance = resolve(&mut neighbour, "_https._tcp.local", PTR).remove(0);
    let target = resolve(&mut neighbour, &instance, SRV);
    assert_eq!(target, [format!("{} {}", server.address().port(), host())]);
    assert_eq!(resolve(&mut neighbour, &instance, TXT), ["path=/"]);
    server.stop();
}

#[test]
fn ipv6_and_programs_that_know_nothing_of_multicast_are_answered() {
    let lan = Lan::new();
    let mut neighbour = lan.neighbour(1);
    let server = lan.server(0, "::", &[]);
    let host = host();
    resolve(&mut neighbour, &host, A);
    neighbour.say("v6", &question(0, &host, AAAA));
    neighbour.hear_until("an answer by IPv6", LONG, |neighbour, heard| {
        let found =
            heard.by == "v6" && heard.message.answers_of(&host, AAAA) == [lan.address_v6(0)];
        if !found {
            neighbour.say("v6", &question(0, &host, AAAA));
        }
        found.then_some(())
    });
    neighbour.say("one", &question(4711, &host, A));
    let told = neighbour.hear_until("an answer to this port", LONG, |_, heard| {
        (heard.by == "one").then(|| heard.message.clone())
    });
    assert_eq!((told.id, told.questions), (4711, vec![(host.clone(), A)]));
    assert_eq!(told.answers.len(), 1);
    assert!(told.answers[0].ttl <= 10 && !told.answers[0].flush, "{:?}", told.answers);
    server.stop();
}

#[test]
fn a_second_server_of_the_same_name_takes_the_next_one() {
    let lan = Lan::new();
    let mut neighbour = lan.neighbour(1);
    let first = lan.server(0, "0.0.0.0", &["--title", "Door"]);
    let name = host();
    assert_eq!(resolve(&mut neighbour, &name, A), [lan.address(0)]);
    let second = lan.server(1, "0.0.0.0", &["--title", "Door"]);
    let next = name.replace(".local", "-2.local");
    // The neighbour stands on the second machine, and hears what that sends as well.
    assert_eq!(resolve(&mut neighbour, &next, A), [lan.address(1)]);
    let instance = resolve(&mut neighbour, "Door (2)._http._tcp.local", SRV);
    assert_eq!(instance, [format!("{} {next}", second.address().port())]);
    assert_eq!(resolve(&mut neighbour, &name, A), [lan.address(0)], "the first keeps its name");
    assert!(!first.log().contains("neighbour's name"), "{}", first.log());
    second.says(&format!("announced on the network as {next}"));
}

#[test]
fn a_name_that_is_defended_is_not_taken() {
    let lan = Lan::new();
    let mut neighbour = lan.neighbour(1);
    let (name, server) = (host(), lan.server(0, "0.0.0.0", &[]));
    let elsewhere = Ipv4Addr::new(10, 78, 250, 9);
    neighbour.hear_until("the next name is announced", LONG, |neighbour, heard| {
        assert!(!is_announcement(heard, &name), "{heard:?}");
        let asked = |(asked, of): &(String, u16)| (asked, *of) == (&name, ANY);
        if !heard.message.is_response && heard.message.questions.iter().any(asked) {
            let proposed = heard.message.authorities.iter().any(|record| record.name == name);
            assert!(proposed, "{heard:?}");
            neighbour.say("v4", &claim(&name, elsewhere));
        }
        is_announcement(heard, &name.replace(".local", "-2.local")).then_some(())
    });
    server.stop();
}

#[test]
fn a_name_that_turns_out_to_be_anothers_is_given_up() {
    let lan = Lan::new();
    let mut neighbour = lan.neighbour(1);
    let (name, server) = (host(), lan.server(0, "0.0.0.0", &[]));
    let elsewhere = Ipv4Addr::new(10, 78, 250, 9);
    resolve(&mut neighbour, &name, A);
    // Two networks became one. First it asks whether that is so, by probes.
    neighbour.say("v4", &claim(&name, elsewhere));
    neighbour.hear_until("the next name is announced", LONG, |neighbour, heard| {
        if !heard.message.is_response {
            neighbour.say("v4", &claim(&name, elsewhere));
        }
        is_announcement(heard, &name.replace(".local", "-2.local")).then_some(())
    });
    // And it stands to the new one against who would take that.
    let next = name.replace(".local", "-2.local");
    resolve(&mut neighbour, &next, A);
    neighbour.say("v4", &probe(&next, elsewhere));
    neighbour.hear_until("it defends its name", LONG, |neighbour, heard| {
        let defended = is_announcement(heard, &next);
        if !defended {
            neighbour.say("v4", &probe(&next, elsewhere));
        }
        defended.then_some(())
    });
    server.stop();
}

#[test]
fn nothing_is_sent_by_who_shall_not_or_is_reached_by_nobody() {
    for (bind, arguments) in [("0.0.0.0", &["--no-mdns"][..]), ("127.0.0.1", &[])] {
        let lan = Lan::new();
        // The machine has loopback as any other.
        lan.ip(0, &["link", "set", "lo", "up"]);
        let mut neighbour = lan.neighbour(1);
        let server = lan.server(0, bind, arguments);
        // Twice as long as it takes to probe and announce.
        for _ in 0..10 {
            neighbour.say("v4", &question(0, &host(), A));
            let heard = neighbour.hear(Duration::from_millis(300));
            assert!(heard.is_none(), "{bind} {arguments:?}: {heard:?}");
        }
        assert_eq!(lan.sockets(0), 0, "{bind} {arguments:?}");
        assert!(!server.thread_names().contains(&"mdns".to_owned()));
        server.stop();
    }
}

#[test]
fn only_the_address_that_was_bound_is_announced() {
    let lan = Lan::new();
    let mut neighbour = lan.neighbour(1);
    lan.give(0, &format!("{}/24", lan.address(76)));
    let server = lan.server(0, &lan.address(0), &[]);
    assert_eq!(resolve(&mut neighbour, &host(), A), [lan.address(0)]);
    assert_eq!(lan.sockets(0), 1, "it hears there alone");
    server.stop();
}

#[test]
fn a_server_that_ends_takes_leave_at_once() {
    let lan = Lan::new();
    let mut neighbour = lan.neighbour(1);
    let mut server = lan.server(0, "0.0.0.0", &[]);
    let name = host();
    resolve(&mut neighbour, &name, A);
    let asked = Instant::now();
    server.signal(Signal::TERM);
    let status = server.wait(LONG);
    let took = asked.elapsed();
    assert_eq!(status.code(), Some(0), "{}", server.log());
    assert!(took < Duration::from_millis(500), "it took {took:?}");
    let farewell: Message = neighbour.hear_until("all of it is taken back", LONG, |_, heard| {
        let gone = heard.message.answers.iter().any(|it| it.of == PTR && it.ttl == 0);
        gone.then(|| heard.message.clone())
    });
    assert!(farewell.answers.iter().all(|record| record.ttl == 0), "{farewell:?}");
    assert_eq!(farewell.answers_of(&name, A), [lan.address(0)]);
}

#[test]
fn addresses_that_come_and_change_are_announced() {
    let lan = Lan::new();
    let mut neighbour = lan.neighbour(1);
    // As when the Wi-Fi comes after the server.
    lan.ip(0, &["addr", "flush", "dev", "lan"]);
    let server = lan.server(0, "0.0.0.0", &[]);
    eventually_true("it looks for networks", LONG, || {
        server.thread_names().contains(&"mdns".to_owned())
    });
    assert_eq!(lan.sockets(0), 0);
    lan.give(0, &format!("{}/24", lan.address(0)));
    let name = host();
    neighbour.hear_until("it is announced", LONG, |_, heard| {
        (heard.message.answers_of(&name, A) == [lan.address(0)]).then_some(())
    });
    let other = lan.address(32);
    lan.give(0, &format!("{other}/24"));
    neighbour.hear_until("the other one too", LONG, |_, heard| {
        heard.message.answers_of(&name, A).contains(&other.as_str()).then_some(())
    });
    server.stop();
}

#[test]
fn a_hundred_thousand_packets_that_are_made_up_leave_nothing_behind() {
    let lan = Lan::new();
    let mut neighbour = lan.neighbour(1);
    let server = lan.server(0, "0.0.0.0", &[]);
    let name = host();
    resolve(&mut neighbour, &name, A);
    neighbour.flood(3000);
    resolve(&mut neighbour, &name, A);
    let before = server.rss_mib();
    neighbour.flood(100_000);
    assert_eq!(resolve(&mut neighbour, &name, A), [lan.address(0)], "it still answers");
    let grown = server.rss_mib() - before;
    assert!(grown < 2.0, "{grown:.1} MiB, of {before:.1}");
    server.stop();
}
