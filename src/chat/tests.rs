//! A room's chat with a real store: in which order, who may, and what outlives it.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::mpsc::channel;

use super::*;
use crate::base::clock::Fake;
use crate::base::scratch::Scratch;
use crate::store::account::AccountId;
use crate::store::{Folder, Store};

mod order;

struct House {
    chat: Arc<Chat>,
    clock: Fake,
    store: MaybeStore,
    _scratch: Option<Scratch>,
}

impl House {
    fn new() -> Self {
        let scratch = Scratch::folder();
        let folder = Folder::take(scratch.path(), "a test").unwrap();
        let store = Some(Arc::new(Store::of_server(folder).unwrap()));
        let (clock, fake) = Fake::clock();
        let chat = Chat::open("", &store, &clock, Vec::new());
        Self { chat, clock: fake, store, _scratch: Some(scratch) }
    }

    fn without_store() -> Self {
        let (clock, fake) = Fake::clock();
        let chat = Chat::open("", &None, &clock, Vec::new());
        Self { chat, clock: fake, store: None, _scratch: None }
    }

    fn enter(&self, number: u64, name: &str) -> Result<(Seat, Value), Refused> {
        self.enter_after(number, name, None)
    }

    fn enter_after(
        &self,
        number: u64,
        name: &str,
        after: Option<u64>,
    ) -> Result<(Seat, Value), Refused> {
        let who = Who::Guest(number);
        let guest = Applicant::guest(who, name, Role::Guest, ADDRESS, None)?;
        self.chat.enter(guest, after, false)
    }

    fn member(&self, id: i64, name: &str, role: Role) -> Seat {
        let guest = Applicant::guest(Who::Guest(0), name, role, ADDRESS, None).unwrap();
        let person = Person { who: Who::Account(AccountId(id)), ..guest.person.clone() };
        self.chat.enter(Applicant { person, ..guest }, None, role.keeps_order()).unwrap().0
    }

    /// Says something, and waits until it is stored.
    fn say(&self, seat: &Seat, text: &str) -> Result<u64, Refused> {
        let told = wait(|told| self.chat.say(speaking(seat), text, None, told))?;
        Ok(told["seq"].as_u64().unwrap())
    }

    /// Lets so much time pass that all may speak.
    fn rest(&self) {
        self.clock.advance(Duration::from_secs(10));
    }
}

/// Who has a seat, as what it came.
fn speaking(seat: &Seat) -> Speaking {
    speaking_as(seat, None)
}

fn speaking_as(seat: &Seat, role: Option<Role>) -> Speaking {
    let came = || seat.chat().state.lock().people.here(seat.holder()).map(|person| person.role);
    Speaking::of(seat, role.or_else(came).unwrap_or(Role::Guest))
}

/// Waits for what comes of a command.
fn wait(
    command: impl FnOnce(Box<dyn FnOnce(Result<Value, Refused>) + Send>) -> Result<(), Refused>,
) -> Result<Value, Refused> {
    let (sender, outcome) = channel();
    command(Box::new(move |told| sender.send(told).unwrap()))?;
    outcome.recv().unwrap()
}

/// All that is new.
fn news(seat: &mut Seat) -> Vec<Value> {
    let mut all = Vec::new();
    loop {
        match seat.news() {
            News::Message(told) => all.push(serde_json::from_str(&told).unwrap()),
            News::Out(told) => {
                all.push(serde_json::from_str(&told).unwrap());
                return all;
            }
            News::Nothing => return all,
        }
    }
}

/// The texts of the messages among them.
fn texts(news: &[Value]) -> Vec<String> {
    let messages = news.iter().flat_map(|one| one["messages"].as_array().into_iter().flatten());
    messages.filter_map(|one| one["text"].as_str().map(str::to_owned)).collect()
}

const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

#[test]
fn all_hear_the_same_in_the_same_order_and_who_comes_later_what_was_said() {
    for house in [House::new(), House::without_store()] {
        let (mut ada, told) = house.enter(1, "Ada").unwrap();
        let base = told["n"].as_u64().unwrap();
        assert_eq!((&told["whole"], &told["more"]), (&true.into(), &false.into()));
        let (mut bob, _) = house.enter(2, "Bob").unwrap();
        for round in 0..4 {
            house.say(&ada, &format!("a{round}")).unwrap();
            house.say(&bob, &format!("b{round}")).unwrap();
        }
        let (of_ada, of_bob) = (news(&mut ada), news(&mut bob));
        assert_eq!(of_ada, of_bob);
        assert_eq!(texts(&of_ada), ["a0", "b0", "a1", "b1", "a2", "b2", "a3", "b3"]);
        let numbers: Vec<_> =
            of_ada.iter().map(|told| told["n"].as_u64().unwrap() - base).collect();
        assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8]);
        let (_eve, told) = house.enter(3, "Eve").unwrap();
        assert_eq!(told["messages"].as_array().unwrap().len(), 8);
        assert_eq!(told["people"].as_array().unwrap().len(), 3);
    }
}

#[test]
fn who_comes_back_is_told_what_changed_and_nothing_twice() {
    let house = House::new();
    let (ada, _) = house.enter(1, "Ada").unwrap();
    let first = house.say(&ada, "one").unwrap();
    house.say(&ada, "two").unwrap();
    let (bob, told) = house.enter(2, "Bob").unwrap();
    let known = told["n"].as_u64();
    drop(bob);
    let second = house.say(&ada, "three").unwrap();
    wait(|told| house.chat.edit(speaking(&ada), first, "One", told)).unwrap();
    wait(|told| house.chat.delete(speaking(&ada), second, false, None, told).map(drop)).unwrap();
    let (_bob, told) = house.enter_after(2, "Bob", known).unwrap();
    assert_eq!(told["whole"], false);
    let changed = told["messages"].as_array().unwrap();
    assert_eq!(changed.len(), 2);
    assert_eq!((&changed[0]["text"], &changed[0]["edited"]), (&"One".into(), &true.into()));
    assert_eq!(changed[1], json!({ "seq": second, "gone": true }));
    // Of a time that is not known any more all is told.
    let (_bob, told) = house.enter_after(2, "Bob", Some(99)).unwrap();
    assert_eq!(told["whole"], true);
}

#[test]
fn what_was_said_outlives_the_program() {
    let house = House::new();
    let (ada, _) = house.enter(1, "Ada").unwrap();
    let mut gone = 0;
    for number in 0..300 {
        house.rest();
        gone = house.say(&ada, &number.to_string()).unwrap();
    }
    wait(|told| house.chat.delete(speaking(&ada), gone, false, None, told).map(drop)).unwrap();
    wait(|told| house.chat.rule(|rules| rules.slow_s = 7, told)).unwrap();
    let (clock, _fake) = Fake::clock();
    let again = Chat::open("", &house.store, &clock, Vec::new());
    let guest = Applicant::guest(Who::Guest(9), "Eve", Role::Guest, ADDRESS, None).unwrap();
    let (_seat, told) = again.enter(guest, None, false).unwrap();
    let messages = told["messages"].as_array().unwrap();
    assert_eq!((messages.len(), &messages[0]["text"]), (199, &"100".into()));
    assert_eq!((&told["rules"]["slow_s"], &told["more"]), (&7.into(), &true.into()));
    let before = messages[0]["seq"].as_u64().unwrap();
    let page = again.history(before).unwrap();
    let page = page["messages"].as_array().unwrap();
    assert_eq!((page.len(), &page[0]["text"], &page[49]["text"]), (50, &"50".into(), &"99".into()));
    let first = again.history(page[0]["seq"].as_u64().unwrap() - 49).unwrap();
    assert_eq!((&first["more"], &first["messages"][0]["text"]), (&false.into(), &"0".into()));
    let other = Chat::open("kitchen", &house.store, &clock, Vec::new());
    let guest = Applicant::guest(Who::Guest(9), "Eve", Role::Guest, ADDRESS, None).unwrap();
    assert_eq!(other.enter(guest, None, false).unwrap().1["messages"], json!([]));
}

#[test]
fn no_name_is_taken_twice_or_for_somebody_elses() {
    let house = House::new();
    let (ada, _) = house.enter(1, "Ada").unwrap();
    for name in ["Ada", "ada", "\u{0410}da", "A d a"] {
        assert_eq!(house.enter(2, name).err(), Some(Refused::NameTaken), "{name}");
    }
    for name in ["Host", "h0st", "Moderator", "ADMIN"] {
        assert_eq!(house.enter(2, name).err(), Some(Refused::NameTaken), "{name}");
    }
    assert!(matches!(house.enter(2, "server").err(), Some(Refused::Name(_))));
    assert!(matches!(house.enter(2, " ").err(), Some(Refused::Name(_))));
    // The same browser has it in another window, and in both what it does.
    let (second, _) = house.enter(1, "Ada").unwrap();
    drop(ada);
    house.say(&second, "still here").unwrap();
    // Whoever has an account of this name has it here, too.
    let member = house.member(7, "Ada", Role::Member);
    assert_eq!(house.say(&second, "and now?").err(), Some(Refused::NotHere));
    house.say(&member, "I am").unwrap();
}

#[test]
fn who_is_back_in_a_moment_was_never_away() {
    let house = House::new();
    let (mut ada, _) = house.enter(1, "Ada").unwrap();
    house.clock.advance(Duration::from_secs(2));
    house.chat.tick();
    let told = news(&mut ada);
    assert_eq!(told[0]["joined"][0]["name"], "Ada");
    let (bob, _) = house.enter(2, "Bob").unwrap();
    let (_eve, _) = house.enter(3, "Eve").unwrap();
    house.clock.advance(Duration::from_secs(2));
    house.chat.tick();
    let told = news(&mut ada);
    assert_eq!((told.len(), told[0]["joined"].as_array().unwrap().len()), (1, 2), "folded");
    drop(bob);
    house.clock.advance(Duration::from_secs(3));
    house.chat.tick();
    let (bob, _) = house.enter(2, "Bob").unwrap();
    house.clock.advance(Duration::from_secs(9));
    house.chat.tick();
    assert_eq!(news(&mut ada), [] as [Value; 0]);
    drop(bob);
    house.clock.advance(Duration::from_secs(6));
    house.chat.tick();
    assert_eq!(news(&mut ada)[0]["left"], json!(["g2"]));
}

#[test]
fn five_messages_in_five_seconds_and_then_slowly() {
    let house = House::new();
    let (ada, _) = house.enter(1, "Ada").unwrap();
    let (bob, _) = house.enter(2, "Bob").unwrap();
    for _ in 0..5 {
        house.say(&ada, "hi").unwrap();
    }
    assert_eq!(house.say(&ada, "hi").err(), Some(Refused::TooSoon(Duration::from_secs(1))));
    house.say(&bob, "hi").unwrap();
    house.clock.advance(Duration::from_secs(1));
    house.say(&ada, "hi").unwrap();
    house.rest();
    wait(|told| house.chat.rule(|rules| rules.slow_s = 30, told)).unwrap();
    house.say(&ada, "hi").unwrap();
    assert_eq!(house.say(&ada, "hi").err(), Some(Refused::Slow(Duration::from_secs(30))));
    let moderator = house.member(1, "Grace", Role::Moderator);
    house.say(&moderator, "one").unwrap();
    house.say(&moderator, "two").unwrap();
    house.clock.advance(Duration::from_secs(30));
    house.say(&ada, "hi").unwrap();
}

#[test]
fn ones_own_is_changed_for_five_minutes_and_nobody_elses() {
    let house = House::new();
    let (ada, _) = house.enter(1, "Ada").unwrap();
    let (bob, _) = house.enter(2, "Bob").unwrap();
    let seq = house.say(&ada, "helo").unwrap();
    let edit =
        |seat: &Seat, text: &str| wait(|told| house.chat.edit(speaking(seat), seq, text, told));
    let delete = |seat: &Seat, by: Option<Role>| {
        let mut whose = String::new();
        let done = wait(|told| {
            house
                .chat
                .delete(speaking_as(seat, by), seq, by.is_some(), None, told)
                .map(|name| whose = name)
        });
        done.map(|_| whose)
    };
    edit(&ada, "hello").unwrap();
    assert_eq!(edit(&bob, "no").err(), Some(Refused::NotYours));
    assert_eq!(delete(&bob, None).err(), Some(Refused::NotYours));
    house.clock.advance(Duration::from_secs(300));
    assert_eq!(edit(&ada, "late").err(), Some(Refused::TooOld));
    assert_eq!(delete(&ada, None).err(), Some(Refused::TooOld));
    let grace = house.member(1, "Grace", Role::Moderator);
    assert_eq!(delete(&grace, Some(Role::Moderator)).unwrap(), "Ada");
    assert_eq!(edit(&ada, "again").err(), Some(Refused::NoSuch));
}

#[test]
fn reactions_are_counted_once_for_each_and_bounded() {
    let house = House::new();
    let (ada, _) = house.enter(1, "Ada").unwrap();
    let seq = house.say(&ada, "hi").unwrap();
    let react = |emoji: &str, on| {
        house.rest();
        wait(|told| house.chat.react(speaking(&ada), seq, emoji, on, told))
    };
    react("👍", true).unwrap();
    react(":+1:", true).unwrap();
    react("❤\u{fe0f}", true).unwrap();
    assert_eq!(react("no", true).err(), Some(Refused::NoEmoji));
    let (_eve, told) = house.enter(3, "Eve").unwrap();
    let reactions = &told["messages"][0]["reactions"];
    assert_eq!(reactions.as_array().unwrap().len(), 2);
    assert!(reactions.as_array().unwrap().contains(&json!({ "emoji": "👍", "who": ["g1"] })));
    react("👍", false).unwrap();
    for number in 0..11u32 {
        let emoji = char::from_u32(0x1f400 + number).unwrap().to_string();
        react(&emoji, true).unwrap();
    }
    assert_eq!(react("🚀", true).err(), Some(Refused::Reactions));
}

#[test]
fn who_does_not_read_is_out_and_others_are_not() {
    let house = House::without_store();
    let (mut ada, _) = house.enter(1, "Ada").unwrap();
    let (mut slow, _) = house.enter(2, "Bob").unwrap();
    let mut heard = 0;
    for number in 0..2000 {
        house.rest();
        house.say(&ada, &format!("{number} {}", "x".repeat(450))).unwrap();
        heard += texts(&news(&mut ada)).len();
    }
    assert_eq!(heard, 2000);
    assert_eq!(news(&mut slow), [json!({ "type": "left", "why": "slow" })]);
}

#[test]
fn numbers_of_people_are_read_as_they_are_written() {
    for who in [Who::Account(AccountId(7)), Who::Guest(0), Who::Guest(u64::MAX)] {
        assert_eq!(who.to_string().parse(), Ok(who));
    }
    for text in ["", "a", "g", "x1", "a-1x", "g00", "a07", "gG", "é1"] {
        assert!(text.parse::<Who>().is_err(), "{text}");
    }
}

#[test]
fn what_is_told_at_the_door_is_no_more_than_what_was_shown() {
    let house = House::new();
    let (ada, told) = house.enter(1, "Ada").unwrap();
    let base = told["n"].as_u64().unwrap();
    // The store is held up: what is said now is not shown yet.
    let (held, go) = (std::sync::mpsc::channel::<()>(), std::sync::mpsc::channel::<()>());
    let (is_held, may_go) = (held.0, go.1);
    let store = house.store.clone().unwrap();
    let hold = move |_: &rusqlite::Connection| {
        is_held.send(()).unwrap();
        may_go.recv().unwrap();
        Ok(())
    };
    store.change(Durability::Program, hold, |_| ()).unwrap();
    held.1.recv().unwrap();
    let (sender, outcome) = channel();
    house.chat.say(speaking(&ada), "one", None, move |told| sender.send(told).unwrap()).unwrap();
    let (mut bob, told) = house.enter_after(2, "Bob", Some(base)).unwrap();
    assert_eq!((told["n"].as_u64(), told["messages"].as_array().unwrap().len()), (Some(base), 0));
    go.0.send(()).unwrap();
    outcome.recv().unwrap().unwrap();
    assert_eq!(texts(&news(&mut bob)), ["one"]);
    // Who had gone before it came is told it by what it knew.
    let (_eve, told) = house.enter_after(3, "Eve", Some(base)).unwrap();
    assert_eq!((&told["whole"], told["messages"].as_array().unwrap().len()), (&false.into(), 1));
}

#[test]
fn a_message_that_is_not_of_late_is_changed_as_well_once_it_is_at_hand() {
    let house = House::new();
    let (mut ada, _) = house.enter(1, "Ada").unwrap();
    let first = house.say(&ada, "old").unwrap();
    for number in 0..210 {
        house.clock.advance(Duration::from_secs(1));
        house.say(&ada, &number.to_string()).unwrap();
    }
    assert!(!house.chat.has(first));
    let grace = house.member(1, "Grace", Role::Moderator);
    house.chat.fetch(first).unwrap();
    wait(|told| house.chat.edit(speaking(&ada), first, "older", told)).unwrap();
    house.chat.fetch(first).unwrap();
    let by = speaking_as(&grace, Some(Role::Moderator));
    wait(|told| house.chat.delete(by, first, true, None, told).map(drop)).unwrap();
    let told = news(&mut ada);
    let of_first: Vec<_> = told.iter().filter(|one| one["messages"][0]["seq"] == first).collect();
    assert_eq!(of_first.last().unwrap()["messages"][0]["gone"], true);
    assert_eq!(house.chat.history(first + 1).unwrap()["messages"], json!([]));
    assert_eq!(house.chat.fetch(first).err(), Some(Refused::NoSuch));
    // What is told at the door has no gap.
    let (_eve, told) = house.enter(3, "Eve").unwrap();
    assert_eq!(told["messages"].as_array().unwrap().len(), 200);
}

#[test]
fn what_was_cleared_does_not_come_back_by_what_was_under_way() {
    let house = House::new();
    let (ada, _) = house.enter(1, "Ada").unwrap();
    let (bob, _) = house.enter(2, "Bob").unwrap();
    for round in 0..20 {
        house.rest();
        let seq = house.say(&ada, "noise").unwrap();
        let cleared = channel();
        let of_host = move |told| cleared.0.send(told).unwrap();
        house.chat.clear(ada.who(), None, Role::Host, of_host).unwrap();
        let late = house.chat.react(speaking(&bob), seq, "👍", true, |_: Result<_, _>| ());
        assert_eq!(late.err(), Some(Refused::NoSuch), "{round}");
        cleared.1.recv().unwrap().unwrap();
    }
    let (_eve, told) = house.enter(3, "Eve").unwrap();
    assert_eq!(told["messages"], json!([]));
    house.chat.forget(bob.who());
}

#[test]
fn who_knows_an_earlier_run_is_told_all() {
    let house = House::without_store();
    let (ada, told) = house.enter(1, "Ada").unwrap();
    house.say(&ada, "before").unwrap();
    let known = told["n"].as_u64().unwrap() + 1;
    house.clock.advance(Duration::from_secs(3600));
    let (clock, fake) = Fake::clock();
    fake.advance(Duration::from_secs(3600));
    let again = Chat::open("", &None, &clock, Vec::new());
    let guest = Applicant::guest(Who::Guest(9), "Eve", Role::Guest, ADDRESS, None).unwrap();
    let (_seat, told) = again.enter(guest, Some(known), false).unwrap();
    assert_eq!((&told["whole"], &told["messages"]), (&true.into(), &json!([])));
}

#[test]
fn who_is_no_host_any_more_is_none_in_the_chat() {
    let house = House::new();
    let max = house.member(3, "Max", Role::Host);
    let boss = house.member(1, "Boss", Role::Host);
    wait(|told| house.chat.rule(|rules| rules.words = vec!["darn".into()], told)).unwrap();
    let now = speaking_as(&max, Some(Role::Member));
    assert_eq!(house.chat.say(now, "darn", None, |_: Result<_, _>| ()).err(), Some(Refused::Word));
    let seq =
        wait(|told| house.chat.say(now, "hello", None, told)).unwrap()["seq"].as_u64().unwrap();
    let by = speaking(&boss);
    wait(|told| house.chat.delete(by, seq, true, Some(Role::Member), told).map(drop)).unwrap();
    let minute = Duration::from_secs(60);
    house.chat.mute(max.who(), Some(Role::Member), minute, Role::Host).unwrap();
    assert_eq!(
        house.chat.kick(boss.who(), Some(Role::Host), Role::Host).err(),
        Some(Refused::Untouchable)
    );
}
