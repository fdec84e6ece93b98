//! A server that is killed while it works, again and again: what comes of it is what an unbroken run
//! makes, byte for byte, and nothing is left over.

use std::path::Path;
use std::time::Instant;

use super::{FILM, bring, expect_tidy, files, is_whole, title_once, titles, video};
use crate::accounts::Person;
use crate::common::clip::Scratch;
use crate::common::server::{Server, program};
use crate::common::{VERY_LONG, eventually_true};
use crate::uploads::Site;

const KILLS: u32 = 50;

#[test]
fn what_is_made_is_the_same_whenever_the_server_is_killed() {
    let film = video("film.mp4", &FILM.replace("d=9", "d=4"));
    let mut unbroken = Site::open(&[]);
    let begun = Instant::now();
    bring(&unbroken, &film, &[("publish", "all")]);
    let title = title_once(&mut unbroken, "all is there", is_whole);
    let lasts = begun.elapsed();
    let wanted = files(&unbroken.server.data(), &title);
    drop(unbroken);

    let folder = Scratch::new();
    let data = Path::new(folder.path());
    let arguments = ["--data", folder.path()];
    let server = Server::pattern(&arguments);
    let token = ["token", "x", "--scope", "host", "--data", folder.path()];
    let token = program().args(token).output().expect("it starts").stdout;
    let token = String::from_utf8(token).expect("text").trim().to_owned();
    let mut host = Person::new();
    host.fields = vec![("Authorization".to_owned(), format!("Bearer {token}"))];
    let mut site = Site { server, host, token };
    let mut brought = 0;
    for kill in 0..KILLS {
        if titles(&mut site).iter().all(is_whole) {
            bring(&site, &film, &[("publish", "all")]);
            brought += 1;
        }
        // Sooner or later: in the midst of a piece, of a set of segments, of saying so.
        std::thread::park_timeout(lasts * (kill * 397 % 1000 + 10) / 1000);
        let Site { server, host, token } = site;
        server.kill();
        site = Site { server: Server::pattern(&arguments), host, token };
    }
    eventually_true("all is there", VERY_LONG, || titles(&mut site).iter().all(is_whole));
    let all = titles(&mut site);
    assert_eq!(all.len(), brought, "each is there once");
    for title in &all {
        let made = files(data, title);
        assert_eq!(made.len(), wanted.len());
        for (name, bytes) in &wanted {
            assert!(made.get(name) == Some(bytes), "{name} is another");
        }
        expect_tidy(data, title);
    }
}
