//! A server that is killed while it works, again and again: what comes of it is what an unbroken run
//! makes, byte for byte, and nothing is left over.

use std::path::Path;
use std::time::Duration;

use super::{FILM, bring, expect_tidy, files, is_whole, title_once, video};
use crate::common::clip::Scratch;
use crate::common::server::Server;
use crate::uploads::Site;

const KILLS: u64 = 50;

#[test]
fn what_is_made_is_the_same_whenever_the_server_is_killed() {
    let film = video("film.mp4", FILM);
    let mut unbroken = Site::open(&[]);
    bring(&unbroken, &film, &[("publish", "all")]);
    let title = title_once(&mut unbroken, "all is there", is_whole);
    let wanted = files(&unbroken.server.data(), &title);

    let folder = Scratch::new();
    let arguments = ["--data", folder.path()];
    let mut site = Site::open(&arguments);
    bring(&site, &film, &[("publish", "all")]);
    for kill in 0..KILLS {
        // Sooner or later after its start: there is always something that it is at.
        let moment = Duration::from_millis(30 + kill * 397 % 900);
        std::thread::park_timeout(moment);
        let Site { server, host, token } = site;
        server.kill();
        site = Site { server: Server::pattern(&arguments), host, token };
    }
    let title = title_once(&mut site, "all is there", is_whole);
    let made = files(Path::new(folder.path()), &title);
    let names =
        |files: &std::collections::BTreeMap<String, _>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&made), names(&wanted));
    for (name, bytes) in &wanted {
        assert!(made[name] == *bytes, "{name} is another");
    }
    expect_tidy(Path::new(folder.path()), &title);
}
