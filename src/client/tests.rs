//! Against a server that does what each test says.

mod fake;
mod hostile;
mod play;

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::*;
use crate::proto::auth::Denial;
use fake::{Fake, Peer};

/// What a client tells.
struct Ear(Receiver<Notice>);

impl Ear {
    #[track_caller]
    fn next(&self) -> Notice {
        self.0.recv_timeout(LIMIT).expect("something is told")
    }

    /// What comes next, pictures left out.
    #[track_caller]
    fn event(&self) -> Event {
        loop {
            match self.next() {
                Notice::Said(event) => return event,
                Notice::Picture(_) => {}
                Notice::Trouble(fault) => panic!("{fault:?}"),
            }
        }
    }

    #[track_caller]
    fn picture(&self) -> Shot {
        loop {
            match self.next() {
                Notice::Picture(shot) => return shot,
                Notice::Said(_) => {}
                Notice::Trouble(fault) => panic!("{fault:?}"),
            }
        }
    }

    #[track_caller]
    fn trouble(&self) -> Fault {
        loop {
            if let Notice::Trouble(fault) = self.next() {
                return fault;
            }
        }
    }

    #[track_caller]
    fn described(&self) {
        assert!(matches!(self.event(), Event::Described(_)));
    }
}

fn client_with(url: RtspUrl, transport: Transports, times: Times) -> (Client, Ear) {
    client_bounded(url, transport, Redirects::Anywhere, times)
}

fn client_bounded(
    url: RtspUrl,
    transport: Transports,
    redirects: Redirects,
    times: Times,
) -> (Client, Ear) {
    let (rtp_port, trust) = (None, Trust::System);
    let options = Options { transport, rtp_port, user_agent: "test", trust, redirects };
    let (told, ear) = channel();
    let client = Client::start(url, options, times, move |notice| drop(told.send(notice)));
    (client.unwrap(), Ear(ear))
}

fn client(fake: &Fake, transport: Transports) -> (Client, Ear) {
    client_with(fake.url(), transport, PATIENT)
}

/// Nothing is given up before a test is.
const PATIENT: Times = Times {
    connect: LIMIT,
    reply: LIMIT,
    teardown: LIMIT,
    silence: LIMIT,
    first: LIMIT,
    report: LIMIT,
    patience: Duration::from_millis(20),
};

const LIMIT: Duration = Duration::from_secs(20);
const SOON: Duration = Duration::from_millis(50);
