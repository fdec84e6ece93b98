use super::*;

/// A client and its system: what it holds unread, and the room that it told of last.
struct Client {
    bytes_per_sec: f64,
    unread: f64,
    told_window: u32,
}

impl Client {
    fn new(bytes_per_sec: f64) -> Self {
        Self { bytes_per_sec, unread: 0.0, told_window: WINDOW }
    }

    /// Bytes arrive, and the acknowledgement tells of the room.
    fn take(&mut self, bytes: u32) {
        self.unread += f64::from(bytes);
        self.told_window = WINDOW.saturating_sub(self.unread as u32);
    }

    fn read(&mut self, time: Duration) {
        self.unread = (self.unread - self.bytes_per_sec * time.as_secs_f64()).max(0.0);
    }

    fn state(&self) -> TcpState {
        TcpState { queued_bytes: 0, window_bytes: self.told_window }
    }
}

/// What a client saw of thirty pictures a second.
#[derive(Default)]
struct Seen {
    pictures: u32,
    looks: u32,
    /// Seconds that the last byte of a picture waited to be read, at most.
    latency: f64,
}

fn watch(client: &mut Client, picture_bytes: u32, seconds: u64) -> Seen {
    let start = Instant::now();
    let mut backlog = Backlog::new(start);
    let mut seen = Seen::default();
    let mut due = 0;
    for millis in 0..seconds * 1000 {
        let now = start + Duration::from_millis(millis);
        client.read(Duration::from_millis(1));
        if millis < due {
            continue;
        }
        let outlook = backlog.look(now, || {
            seen.looks += 1;
            Some(client.state())
        });
        match outlook {
            Outlook::Clear => {
                backlog.wrote(picture_bytes as usize, now);
                client.take(picture_bytes);
                seen.pictures += 1;
                seen.latency = seen.latency.max(client.unread / client.bytes_per_sec);
                due = millis + 33;
            }
            Outlook::Unread { ask: true, .. } => {
                backlog.wrote(1, now);
                client.take(1);
            }
            Outlook::Unread { ask: false, .. } => {}
        }
    }
    seen
}

#[test]
fn a_slow_reader_is_never_a_second_behind() {
    for bytes_per_sec in [30_000.0, 50_000.0, 200_000.0, 1_000_000.0] {
        let seen = watch(&mut Client::new(bytes_per_sec), 20_000, 60);
        assert!(seen.latency < 0.9, "{bytes_per_sec}: {} s", seen.latency);
        let carried = f64::from(seen.pictures) * 20_000.0 / 60.0;
        let possible = bytes_per_sec.min(20_000.0 * 30.0);
        assert!(carried > possible * 0.7, "{bytes_per_sec}: {carried}");
    }
}

#[test]
fn a_fast_reader_is_not_held_up_and_seldom_asked_about() {
    let seen = watch(&mut Client::new(100_000_000.0), 60_000, 10);
    assert!(seen.pictures > 295, "{}", seen.pictures);
    assert!(seen.looks < 30, "{}", seen.looks);
}

#[test]
fn a_fast_reader_that_turns_slow_is_noticed_within_about_a_second() {
    let start = Instant::now();
    let mut backlog = Backlog::new(start);
    let full = TcpState { queued_bytes: 0, window_bytes: 4_000_000 };
    let at = |picture: u64| start + Duration::from_millis(picture * 33);
    for picture in 0..100 {
        assert_eq!(backlog.look(at(picture), || Some(full)), Outlook::Clear);
        backlog.wrote(60_000, at(picture));
    }
    let mut unread = 0;
    for picture in 100.. {
        let state = TcpState { window_bytes: 4_000_000 - unread, ..full };
        if backlog.look(at(picture), || Some(state)) != Outlook::Clear {
            break;
        }
        unread += 60_000;
        backlog.wrote(60_000, at(picture));
    }
    assert!(unread < 60_000 * 35, "about a second of its pictures, not {unread}");
}

#[test]
fn where_the_system_says_nothing_nothing_is_held() {
    let now = Instant::now();
    let mut backlog = Backlog::new(now);
    for _ in 0..100 {
        assert_eq!(backlog.look(now, || None), Outlook::Clear);
        backlog.wrote(100_000, now);
    }
    assert!(!backlog.is_known());
}

#[test]
fn looks_come_less_often_the_longer_it_takes() {
    let start = Instant::now();
    let mut backlog = Backlog::new(start);
    let state = |window_bytes| Some(TcpState { queued_bytes: 1, window_bytes });
    assert_eq!(backlog.look(start, || state(WINDOW)), Outlook::Clear);
    backlog.wrote(50_000, start);
    let mut now = start;
    let mut pauses = Vec::new();
    while let Outlook::Unread { look_at, .. } = backlog.look(now, || state(10_000)) {
        pauses.push((look_at - now).as_millis());
        if pauses.len() == 25 {
            break;
        }
        now = look_at;
    }
    assert_eq!((pauses[0], pauses[24]), (5, 200));
    assert!(pauses.is_sorted());
    let early = now - Duration::from_millis(1);
    let held = backlog.look(early, || panic!("it is not time"));
    assert!(matches!(held, Outlook::Unread { ask: false, .. }));
}

#[test]
fn a_client_that_gave_up_room_does_not_starve() {
    let start = Instant::now();
    let mut backlog = Backlog::new(start);
    let state = |window_bytes| Some(TcpState { queued_bytes: 0, window_bytes });
    assert_eq!(backlog.look(start, || state(WINDOW)), Outlook::Clear);
    backlog.wrote(50_000, start);
    let at = |millis| start + Duration::from_millis(millis);
    for millis in [10, 600, 900] {
        assert_ne!(backlog.look(at(millis), || state(10_000)), Outlook::Clear, "{millis}");
    }
    assert_eq!(backlog.look(at(1300), || state(10_000)), Outlook::Clear);
    backlog.wrote(5000, at(1300));
    assert_eq!(backlog.look(at(1400), || state(10_000)), Outlook::Clear, "that is all it has");
}

const WINDOW: u32 = 65_536;
