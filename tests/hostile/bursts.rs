//! What a burst of connections took is given back (fault 10).

use std::time::Duration;

use super::neighbours::Neighbours;
use super::{Server, alone, newcomers_get};
use crate::common::eventually;

#[test]
fn memory_of_four_thousand_idle_connections_is_given_back() {
    let _alone = alone();
    let server = Server::pattern(&[]);
    newcomers_get(&server, "/healthz").expect(200);
    let before = server.rss_mib();
    let burst = Neighbours::connect(server.address(), 4000);
    // Behind them all: they were accepted, whatever became of them.
    newcomers_get(&server, "/healthz").expect(200);
    drop(burst);
    eventually("its memory is small again", Duration::from_secs(30), || {
        let rss_mib = server.rss_mib();
        let is_small = rss_mib < before + 3.0;
        if is_small { Ok(()) } else { Err(format!("{rss_mib:.1} MiB, {before:.1} before")) }
    });
}
