//! What is signed is what clients accept, and nothing else is accepted.

use std::sync::Arc;
use std::time::Instant;

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

use super::*;
use crate::base::cipher;

fn now() -> SystemTime {
    not_before_build(SystemTime::now())
}

fn names(names: &[&str], addresses: &[&str]) -> Names {
    let addresses = addresses.iter().map(|text| text.parse().expect("an address"));
    Names::new(names.iter().map(|name| (*name).to_owned()), addresses)
}

/// Whether a client that trusts the authority accepts the leaf for a name, at a time.
fn accepts(authority: &Authority, leaf: &Leaf, name: &str, at: SystemTime) -> bool {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(authority.certificate().to_vec())).expect("a certificate");
    let provider = cipher::provider();
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let at = UnixTime::since_unix_epoch(at.duration_since(SystemTime::UNIX_EPOCH).expect("later"));
    let leaf = CertificateDer::from(leaf.certificate.clone());
    verifier.expect("roots").verify_server_cert(&leaf, &[], &name, &[], at).is_ok()
}

#[test]
fn a_leaf_is_accepted_for_its_names_while_it_holds() {
    let authority = Authority::new("workshop", now()).expect("an authority");
    let wanted =
        names(&["workshop", "workshop.local", "localhost"], &["192.168.1.5", "fd00::1", "::1"]);
    let leaf = authority.sign(wanted, now()).expect("a leaf");
    for name in ["workshop", "workshop.local", "localhost", "192.168.1.5", "fd00::1", "::1"] {
        assert!(accepts(&authority, &leaf, name, now()), "{name}");
    }
    assert!(!accepts(&authority, &leaf, "192.168.1.6", now()));
    assert!(!accepts(&authority, &leaf, "workshop.lan", now()));
    assert!(accepts(&authority, &leaf, "workshop", now() + A_DAY * 88));
    assert!(!accepts(&authority, &leaf, "workshop", now() + A_DAY * 90));
    assert!(!accepts(&authority, &leaf, "workshop", now() - A_DAY * 2));
    let other = Authority::new("workshop", now()).expect("an authority");
    assert!(!accepts(&other, &leaf, "workshop", now()));
}

#[test]
fn one_name_outside_its_scope_spoils_the_whole_leaf() {
    let authority = Authority::new("workshop", now()).expect("an authority");
    for (name, address) in [("bank.example", "10.0.0.1"), ("workshop.lan", "8.8.8.8")] {
        let leaf = authority.sign(names(&[name], &[address]), now()).expect("a leaf");
        assert!(!accepts(&authority, &leaf, "workshop.lan", now()));
        assert!(!accepts(&authority, &leaf, "10.0.0.1", now()), "{name}");
        assert!(!accepts(&authority, &leaf, address, now()), "{name}");
    }
}

#[test]
fn a_keeper_leaves_out_what_may_not_be_signed_and_says_so_once() {
    let clock = (now(), Instant::now());
    let authority = Authority::new("workshop", now()).expect("an authority");
    let mut keeper = Keeper::new(authority, None, clock);
    let wanted = names(&["workshop", "renamed", "pi.fritz.box"], &["10.0.0.1", "2001:db8::1"]);
    let renewed = keeper.look(&wanted, clock).expect("a look");
    let expected = ["renamed", "pi.fritz.box", "2001:db8::1"].map(str::to_owned);
    assert_eq!(renewed.left_out.as_deref(), Some(&expected[..]));
    let leaf = renewed.leaf.expect("the first");
    assert_eq!(leaf.names, names(&["workshop"], &["10.0.0.1"]));
    assert!(accepts(keeper.authority(), &leaf, "10.0.0.1", now()));
    let again = keeper.look(&wanted, clock).expect("a look");
    assert!(again.leaf.is_none() && again.left_out.is_none());
}

#[test]
fn a_leaf_is_made_anew_for_what_is_new_and_in_time() {
    let clock = (now(), Instant::now());
    let later = |days: u32| (clock.0 + A_DAY * days, clock.1 + A_DAY * days);
    let authority = Authority::new("workshop", now()).expect("an authority");
    let mut keeper = Keeper::new(authority, None, clock);
    let mut is_new = |wanted: &Names, at| keeper.look(wanted, at).expect("a look").leaf.is_some();
    let one = names(&["workshop"], &["10.0.0.1"]);
    let two = names(&["workshop"], &["10.0.0.1", "10.0.0.2"]);
    assert!(is_new(&one, clock));
    assert!(is_new(&two, later(1)), "an address came");
    assert!(!is_new(&one, later(2)), "it went");
    assert!(!is_new(&two, later(59)));
    assert!(is_new(&two, later(60)), "a month before its end");
}

#[test]
fn a_clock_that_is_set_gets_another_leaf() {
    let never_set = SystemTime::UNIX_EPOCH + A_DAY;
    let moment = Instant::now();
    let authority = Authority::new("workshop", never_set).expect("an authority");
    let mut keeper = Keeper::new(authority, None, (never_set, moment));
    let wanted = names(&["workshop"], &[]);
    let leaf = keeper.look(&wanted, (never_set, moment)).expect("a look").leaf.expect("the first");
    assert!(accepts(keeper.authority(), &leaf, "workshop", now()), "clients' clocks are right");
    let second = Duration::from_secs(1);
    let mut look = |wall, passed| keeper.look(&wanted, (wall, moment + passed)).expect("a look");
    assert!(look(never_set + second, second).leaf.is_none());
    let set = now() + A_DAY * 400;
    let leaf = look(set, second * 2).leaf.expect("the clock was set");
    assert!(look(set + second, second * 3).leaf.is_none());
    assert!(look(set + second * 3_600, second * 4).leaf.is_none(), "an hour is no day");
    assert!(accepts(keeper.authority(), &leaf, "workshop", set));
}

#[test]
fn what_is_kept_comes_back() {
    let authority = Authority::new("Workshop", now()).expect("an authority");
    let again = Authority::of_kept(authority.kept()).expect("the same");
    assert!(again.kept() == authority.kept());
    let leaf = again.sign(names(&["workshop"], &["10.0.0.1"]), now()).expect("a leaf");
    assert!(accepts(&authority, &leaf, "workshop", now()));
    let kept = Leaf::of_kept(leaf.kept()).expect("the same");
    assert_eq!((kept.certificate, kept.names), (leaf.certificate, leaf.names));
    let broken = KeptAuthority { key: vec![1, 2, 3], ..authority.kept() };
    assert!(Authority::of_kept(broken).is_err());
    let other = Authority::new("workshop", now()).expect("an authority").kept();
    let mixed = KeptAuthority { key: other.key, ..authority.kept() };
    assert!(Authority::of_kept(mixed).is_err(), "nobody would believe what it signs");
}

#[test]
fn the_name_that_devices_show_is_no_longer_than_a_name_may_be() {
    let authority = Authority::new(&"\u{fc}".repeat(64), now()).expect("an authority");
    assert!(authority.name().chars().count() <= 64, "{}", authority.name());
}

#[test]
fn a_machine_without_a_name_has_an_authority_too() {
    let authority = Authority::new("", now()).expect("an authority");
    assert!(authority.name().starts_with("livestream on this machine ("), "{}", authority.name());
    let leaf = authority.sign(names(&["localhost"], &[]), now()).expect("a leaf");
    assert!(accepts(&authority, &leaf, "localhost", now()));
}

#[test]
fn a_clock_that_was_ahead_does_no_harm_once_it_is_right() {
    let ahead = now() + A_DAY * 5000;
    let authority = Authority::new("workshop", ahead).expect("an authority");
    let leaf = authority.sign(names(&["workshop"], &[]), now()).expect("a leaf");
    assert!(accepts(&authority, &leaf, "workshop", now()));
}

#[test]
fn nothing_outlives_the_authority() {
    let authority = Authority::new("workshop", now()).expect("an authority");
    let late = now() + A_DAY * (AUTHORITY_DAYS - 10);
    let leaf = authority.sign(names(&["workshop"], &[]), late).expect("a leaf");
    assert!(accepts(&authority, &leaf, "workshop", late + A_DAY * 9));
    assert!(!accepts(&authority, &leaf, "workshop", late + A_DAY * 11));
    assert_eq!(authority.left(late).as_secs().div_ceil(24 * 60 * 60), 10);
    assert!(authority.left(late + A_DAY * 11).is_zero());
    let kept = KeptAuthority { until: SystemTime::UNIX_EPOCH, ..authority.kept() };
    assert!(Authority::of_kept(kept).is_ok(), "one that ended is known as that");
}

#[test]
fn a_leaf_by_another_authority_is_not_shown() {
    let clock = (now(), Instant::now());
    let [one, other] = [0; 2].map(|_| Authority::new("workshop", now()).expect("an authority"));
    let wanted = names(&["workshop"], &[]);
    let foreign = other.sign(wanted.clone(), now()).expect("a leaf");
    let mut keeper = Keeper::new(one, Some(foreign), clock);
    let leaf = keeper.look(&wanted, clock).expect("a look").leaf.expect("a new one");
    assert!(accepts(keeper.authority(), &leaf, "workshop", now()));
}
