//! Tests of who is let in, with a doorkeeper that does what a test says.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::proto::auth::{Covered, Next, Visit};

/// What a test lets whom do.
#[derive(Default)]
pub(in crate::rtsp) struct Keys {
    revision: AtomicU64,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    guests: bool,
    /// By user name: the password, the number, and whether it may watch.
    devices: HashMap<String, (Ha1, u64, bool)>,
    /// Rooms that no device may watch.
    closed: Vec<String>,
}

impl Keys {
    /// With the device `cam`, whose number is 1.
    pub(in crate::rtsp) fn of_cam() -> Arc<Self> {
        let keys = Arc::new(Self::default());
        keys.give("cam", 1);
        keys
    }

    /// Makes a device with [`PASSWORD`].
    pub(in crate::rtsp) fn give(&self, user: &str, number: u64) {
        let device = (Ha1::of(user, PASSWORD), number, true);
        self.change(|held| {
            held.devices.insert(user.to_owned(), device);
        });
    }

    /// Takes a device's right to watch, or gives it back.
    pub(in crate::rtsp) fn let_watch(&self, user: &str, may_watch: bool) {
        self.change(|held| held.devices.get_mut(user).unwrap().2 = may_watch);
    }

    pub(in crate::rtsp) fn let_guests_watch(&self, may_watch: bool) {
        self.change(|held| held.guests = may_watch);
    }

    fn change(&self, change: impl FnOnce(&mut Held)) {
        change(&mut self.held.lock());
        self.revision.fetch_add(1, Ordering::AcqRel);
    }
}

impl Held {
    fn is_open(&self, room: Option<&str>) -> bool {
        !room.is_some_and(|room| self.closed.iter().any(|closed| closed == room))
    }
}

impl Doorkeeper for Keys {
    fn lets_guests_watch(&self, room: Option<&str>, _address: IpAddr) -> bool {
        let held = self.held.lock();
        held.guests && held.is_open(room)
    }

    fn device(&self, user: &str, room: Option<&str>, _address: IpAddr) -> Option<Device> {
        let held = self.held.lock();
        let (ha1, number, may_watch) = held.devices.get(user)?.clone();
        Some(Device { number, ha1, may_watch: may_watch && held.is_open(room) })
    }

    fn revision(&self) -> u64 {
        self.revision.load(Ordering::Acquire)
    }

    fn still(&self, device: u64, room: Option<&str>, _address: IpAddr) -> bool {
        let held = self.held.lock();
        held.devices
            .values()
            .any(|(_, number, may)| *number == device && *may && held.is_open(room))
    }
}

/// Of all devices.
pub(in crate::rtsp) const PASSWORD: &str = "0123-4567";
const URL: &str = "rtsp://x/live";

/// A door, and a time that a test moves.
struct House {
    keys: Arc<Keys>,
    door: Door,
    now: Instant,
}

/// A connection with its client.
struct Caller {
    visitor: Visitor,
    visit: Visit,
}

impl Caller {
    fn new(number: u64, userinfo: &str) -> Self {
        Self {
            visitor: Visitor::new(number, Ipv4Addr::LOCALHOST.into()),
            visit: Visit::of(Some(Who::of_userinfo(userinfo))),
        }
    }
}

impl House {
    fn new() -> Self {
        let (keys, now) = (Keys::of_cam(), Instant::now());
        let door = Door::new(Some(Arc::clone(&keys) as _), now);
        Self { keys, door, now }
    }

    fn later(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    /// What `DESCRIBE` of a room comes to, with what a client says by itself.
    fn say(&self, visitor: &mut Visitor, login: Option<&str>) -> Result<Identity, Refusal> {
        self.say_of(visitor, login, None, None)
    }

    fn say_of(
        &self,
        visitor: &mut Visitor,
        login: Option<&str>,
        room: Option<&str>,
        session: Option<Identity>,
    ) -> Result<Identity, Refusal> {
        let uri = Uri::parse(URL).unwrap();
        let wish = Wish { method: "DESCRIBE", uri: Some(&uri), login, room, session };
        may_watch(&self.door, visitor, &wish, self.now).map(|pass| pass.who)
    }

    /// The same as clients do it: once more when they are asked for a login, until they give up.
    fn call(&self, caller: &mut Caller) -> Result<Identity, Refusal> {
        self.call_for(caller, None, None)
    }

    fn call_for(
        &self,
        Caller { visitor, visit }: &mut Caller,
        room: Option<&str>,
        session: Option<Identity>,
    ) -> Result<Identity, Refusal> {
        loop {
            let covered = Covered { method: "DESCRIBE", uri: URL, body: b"" };
            let login = visit.authorization(covered);
            let said = self.say_of(visitor, login.as_deref(), room, session);
            match &said {
                Err(Refusal::LogIn(fields)) => {
                    if visit.refused(fields.iter().map(String::as_str), "c") != Next::Again {
                        return said;
                    }
                }
                Err(_) => return said,
                Ok(_) => {
                    visit.accepted(None);
                    return said;
                }
            }
        }
    }
}

/// What a client is asked.
#[track_caller]
fn asked(said: Result<Identity, Refusal>) -> [String; 2] {
    match said {
        Err(Refusal::LogIn(fields)) => fields,
        other => panic!("{other:?}"),
    }
}

/// An answer to one of the fields.
fn answer(field: &str, userinfo: &str, method: &str, uri: &str) -> String {
    let mut visit = Visit::of(Some(Who::of_userinfo(userinfo)));
    assert_eq!(visit.refused([field].into_iter(), "c"), Next::Again);
    visit.authorization(Covered { method, uri, body: b"" }).unwrap()
}

const CAM: &str = "cam:0123-4567";

#[test]
fn who_is_asked_for_a_login_is_let_in_by_it() {
    let house = House::new();
    let mut caller = Caller::new(1, CAM);
    assert_eq!(house.call(&mut caller), Ok(Identity::Device(1)));
    assert_eq!(caller.visitor.wrong, 0, "to be asked is no mistake");
    let mut visitor = Visitor::new(2, Ipv4Addr::LOCALHOST.into());
    for field in asked(house.say(&mut visitor, None)) {
        let login = answer(&field, CAM, "DESCRIBE", URL);
        assert_eq!(house.say(&mut visitor, Some(&login)), Ok(Identity::Device(1)), "{login}");
    }
    let basic = Who::of_userinfo(CAM).basic();
    assert_eq!(house.say(&mut visitor, Some(&basic)), Ok(Identity::Device(1)));
}

#[test]
fn without_a_doorkeeper_and_as_a_guest_nobody_is_asked() {
    let house = House::new();
    house.keys.let_guests_watch(true);
    let mut visitor = Visitor::new(1, Ipv4Addr::LOCALHOST.into());
    assert_eq!(house.say(&mut visitor, None), Ok(Identity::Guest));
    assert_eq!(house.call(&mut Caller::new(2, CAM)), Ok(Identity::Guest));
    // Who says who it is, is that one, or is refused.
    let basic = |userinfo| Who::of_userinfo(userinfo).basic();
    assert_eq!(house.say(&mut visitor, Some(&basic(CAM))), Ok(Identity::Device(1)));
    asked(house.say(&mut visitor, Some(&basic("cam:wrong"))));
    assert_eq!(visitor.wrong, 1);

    let open = Door::new(None, house.now);
    let wish = Wish { method: "PLAY", uri: None, login: Some("x"), room: None, session: None };
    let pass = may_watch(&open, &mut visitor, &wish, house.now).unwrap();
    assert_eq!(pass.who, Identity::Guest);
    assert!(open.lets_stay(&pass, visitor.address, &mut None));
    assert_eq!(open.next_look(house.now), None);
}

#[test]
fn a_login_for_something_else_is_wrong() {
    let house = House::new();
    let mut visitor = Visitor::new(1, Ipv4Addr::LOCALHOST.into());
    let [field, _] = asked(house.say(&mut visitor, None));
    for (login, is_right) in [
        (answer(&field, CAM, "DESCRIBE", "rtsp://x/live/track1"), true),
        (answer(&field, CAM, "DESCRIBE", "/live/"), true),
        (answer(&field, CAM, "DESCRIBE", "rtsp://x/r/kitchen"), false),
        (answer(&field, CAM, "SETUP", URL), false),
        (answer(&field, "cam:wrong", "DESCRIBE", URL), false),
        (answer(&field, "nobody:0123-4567", "DESCRIBE", URL), false),
    ] {
        let said = house.say(&mut visitor, Some(&login));
        assert_eq!(said.is_ok(), is_right, "{login}");
    }
    assert_eq!(visitor.wrong, 4);
}

#[test]
fn who_guesses_is_turned_away_and_then_its_address_slowed() {
    let mut house = House::new();
    let wrong = Who::of_userinfo("cam:wrong").basic();
    let guess = |house: &House, number| {
        let mut visitor = Visitor::new(number, Ipv4Addr::LOCALHOST.into());
        let mut tried = 0;
        while !visitor.is_turned_away() {
            house.say(&mut visitor, Some(&wrong)).unwrap_err();
            tried += visitor.wrong - tried;
        }
        tried
    };
    assert_eq!([1, 2, 3, 4, 5, 6, 7].map(|number| guess(&house, number)), [5, 5, 5, 5, 5, 5, 0]);
    // Also what would be right is not looked at, or it would be no hindrance.
    let right = Who::of_userinfo(CAM).basic();
    let mut visitor = Visitor::new(8, Ipv4Addr::LOCALHOST.into());
    let said = house.say(&mut visitor, Some(&right));
    assert_eq!(said, Err(Refusal::TooOften(WRONG.each)));
    assert!(visitor.is_turned_away());
    // Without a login one is asked as before, and others are not held back.
    asked(house.say(&mut Visitor::new(9, Ipv4Addr::LOCALHOST.into()), None));
    let mut other = Visitor::new(10, Ipv4Addr::new(192, 0, 2, 1).into());
    assert_eq!(house.say(&mut other, Some(&right)), Ok(Identity::Device(1)));
    house.later(WRONG.each.as_secs());
    assert_eq!([11, 12].map(|number| guess(&house, number)), [1, 0]);
}

#[test]
fn a_nonce_of_another_connection_or_time_is_stale_and_one_that_let_in_is_not() {
    let mut house = House::new();
    let (mut caller, mut late) = (Caller::new(1, CAM), Visitor::new(2, [127, 0, 0, 1].into()));
    house.call(&mut caller).unwrap();
    let covered = Covered { method: "DESCRIBE", uri: URL, body: b"" };
    let overheard = caller.visit.authorization(covered).unwrap();
    assert!(asked(house.say(&mut late, Some(&overheard)))[1].contains("stale=true"));
    let [field, _] = asked(house.say(&mut late, None));
    house.later(301);
    let login = answer(&field, CAM, "DESCRIBE", URL);
    let [field, _] = asked(house.say(&mut late, Some(&login)));
    assert!(field.contains("stale=true"));
    let login = answer(&field, CAM, "DESCRIBE", URL);
    assert_eq!(house.say(&mut late, Some(&login)), Ok(Identity::Device(1)));
    // Within its connection.
    house.later(3600);
    let login = caller.visit.authorization(covered).unwrap();
    assert_eq!(house.say(&mut caller.visitor, Some(&login)), Ok(Identity::Device(1)));
    let foreign = login.replace("nonce=\"0", "nonce=\"f");
    assert!(!asked(house.say(&mut late, Some(&foreign)))[0].contains("stale"));
    assert_eq!((caller.visitor.wrong, late.wrong), (0, 0), "nobody guessed");
}

#[test]
fn what_is_no_login_is_a_wrong_one() {
    let house = House::new();
    for login in ["", "Bearer abc", "Digest", "Negotiate x", "Basic !"] {
        let mut visitor = Visitor::new(1, [192, 0, 2, 1].into());
        asked(house.say(&mut visitor, Some(login)));
        assert_eq!(visitor.wrong, 1, "{login}");
    }
}

#[test]
fn a_right_login_without_a_right_is_told_no_more_than_it_may_know() {
    let house = House::new();
    house.keys.change(|held| held.closed.push("cellar".into()));
    let mut caller = Caller::new(1, CAM);
    let said = house.call_for(&mut caller, Some("kitchen"), None);
    assert_eq!(said, Ok(Identity::Device(1)));
    assert_eq!(house.call_for(&mut caller, Some("cellar"), None), Err(Refusal::Unknown));
    house.keys.let_watch("cam", false);
    assert_eq!(house.call(&mut caller), Err(Refusal::Forbidden));
    house.keys.let_guests_watch(true);
    assert_eq!(house.call(&mut caller), Ok(Identity::Guest));
}

#[test]
fn the_lab_cannot_log_in() {
    let house = House::new();
    let wish = Wish { method: "SETUP", uri: None, login: None, room: None, session: None };
    let mut visitor = Visitor::new(1, Ipv4Addr::LOCALHOST.into());
    let refused = may_watch(&house.door, &mut visitor, &wish, house.now).unwrap_err();
    assert_eq!(refused, Refusal::Forbidden);
}

#[test]
fn a_session_is_of_no_use_to_another_login() {
    let house = House::new();
    house.keys.give("other", 2);
    let owner = Some(Identity::Device(1));
    let (mut cam, mut other) = (Caller::new(1, CAM), Caller::new(2, "other:0123-4567"));
    assert_eq!(house.call_for(&mut cam, None, owner), Ok(Identity::Device(1)));
    assert_eq!(house.call_for(&mut other, None, owner), Err(Refusal::NotTheirs));
    // Whoever has logged in there may leave it out within a session, and only there.
    assert_eq!(house.say_of(&mut cam.visitor, None, None, owner), Ok(Identity::Device(1)));
    asked(house.say_of(&mut other.visitor, None, None, owner));
    asked(house.say(&mut cam.visitor, None));
    // That guests may watch makes nobody the owner; of a guest's session everybody is.
    house.keys.let_guests_watch(true);
    let said = house.say_of(&mut other.visitor, None, None, owner);
    assert_eq!(said, Err(Refusal::NotTheirs));
    let guest = Some(Identity::Guest);
    assert_eq!(house.call_for(&mut cam, None, guest), Ok(Identity::Device(1)));
    house.keys.let_guests_watch(false);
    house.keys.let_watch("cam", false);
    asked(house.say_of(&mut cam.visitor, None, None, owner));
}

#[test]
fn rights_are_looked_at_again_when_they_have_changed_and_only_then() {
    let house = House::new();
    let address = Ipv4Addr::LOCALHOST.into();
    let (of_cam, of_guest) =
        (Pass { who: Identity::Device(1), room: None }, Pass { ..Pass::of_nobody() });
    let (mut cam, mut guest) = (None, None);
    assert!(house.door.lets_stay(&of_cam, address, &mut cam));
    assert!(!house.door.lets_stay(&of_guest, address, &mut guest));
    house.keys.let_guests_watch(true);
    assert!(house.door.lets_stay(&of_guest, address, &mut guest));
    // Without a new revision nobody looks.
    house.keys.held.lock().guests = false;
    house.keys.held.lock().devices.clear();
    assert!(house.door.lets_stay(&of_guest, address, &mut guest));
    house.keys.change(|_| {});
    assert!(!house.door.lets_stay(&of_guest, address, &mut guest));
    assert!(!house.door.lets_stay(&of_cam, address, &mut cam));
    assert_eq!(house.door.next_look(house.now), Some(house.now + LOOK));
}
