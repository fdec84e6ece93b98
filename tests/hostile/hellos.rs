//! Those who want to agree on keys all at once are all answered, and who watches sees on.

use super::hello::hello;
use super::neighbours::Neighbours;
use super::{alone, camera, newcomers_get, witness};
use crate::common::clip::Scratch;
use crate::common::{LONG, eventually, eventually_true};

#[test]
fn two_thousand_hellos_at_once_are_answered_and_viewers_see_on() {
    let _alone = alone();
    let files = Scratch::new();
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]);
    let made = made.expect("a certificate");
    let certificate = files.write("cert.pem", made.cert.pem().as_bytes());
    let key = files.write("key.pem", made.signing_key.serialize_pem().as_bytes());
    let (server, _clip) = camera(&["--tls-cert", &certificate, "--tls-key", &key]);
    let witness = witness(&server);
    let mut all = Neighbours::connect(server.address(), AT_ONCE);
    let before = witness.count();
    all.ask(&hello(), 1);
    eventually("all are answered", LONG, || {
        let answered = all.answered();
        if answered == AT_ONCE { Ok(()) } else { Err(format!("{answered} are")) }
    });
    eventually_true("who watches sees on", LONG, || witness.count() >= before + 10);
    assert!(!witness.is_over());
    newcomers_get(&server, "/healthz").expect(200);
}

const AT_ONCE: usize = 2000;
