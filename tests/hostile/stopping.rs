//! It stops when it is asked to, whatever clients do.

use std::time::Duration;

use super::neighbours::Neighbours;
use super::{alone, camera, witness};

#[test]
fn it_stops_in_the_midst_of_everything() {
    let _alone = alone();
    let (mut server, _scratch) = camera(&["--rtsp-port", "0", "--max-viewers", "500"]);
    let _witness = witness(&server);
    let mut all = Vec::new();
    for said in [
        "GET /snapshot HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /snapshot?quality=50 HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /state HTTP/1.1\r\nHo",
        "POST /viewer HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\nquality=",
        "",
    ] {
        let mut neighbours = Neighbours::connect(server.address(), 200);
        neighbours.ask(said.as_bytes(), 40);
        all.push(neighbours);
    }
    for said in ["", "DESCRIBE rtsp://x/live RTSP/1.0\r\nCSeq: 1\r\n\r\n"] {
        let mut neighbours = Neighbours::connect(server.rtsp(), 200);
        neighbours.ask(said.as_bytes(), 100);
        all.push(neighbours);
    }
    server.signal(rustix::process::Signal::TERM);
    // A second is what it has; a machine that is busy with other tests may take a few.
    let status = server.wait(Duration::from_secs(5));
    assert_eq!(status.code(), Some(0), "{status}: {}", server.log());
}
