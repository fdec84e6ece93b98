//! How order is kept: about whom, by whom, and by which ways round it nobody goes.

use super::*;
use crate::account::Looks;

#[test]
fn who_keeps_order_mutes_sends_out_and_clears_and_touches_no_host() {
    let house = House::new();
    let (mut ada, _) = house.enter(1, "Ada").unwrap();
    let (host, grace) =
        (house.member(1, "Boss", Role::Host), house.member(2, "Grace", Role::Moderator));
    house.say(&ada, "one").unwrap();
    house.say(&ada, "two").unwrap();
    let of_host = house.say(&host, "mine").unwrap();
    news(&mut ada);
    let minute = Duration::from_secs(60);
    assert_eq!(house.chat.mute(ada.who(), None, minute, Role::Moderator).unwrap(), "Ada");
    assert_eq!(news(&mut ada), [json!({ "type": "muted", "seconds": 60 })]);
    assert_eq!(house.say(&ada, "hm").err(), Some(Refused::Muted(minute)));
    house.chat.mute(ada.who(), None, Duration::ZERO, Role::Moderator).unwrap();
    assert_eq!(news(&mut ada), [json!({ "type": "muted", "seconds": 0 })]);
    house.say(&ada, "three").unwrap();
    for who in [host.who(), grace.who()] {
        let by = Role::Moderator;
        assert_eq!(house.chat.mute(who, None, minute, by).err(), Some(Refused::Untouchable));
        assert_eq!(house.chat.kick(who, None, by).err(), Some(Refused::Untouchable));
        assert_eq!(house.chat.clear(who, None, by, |_| ()).err(), Some(Refused::Untouchable));
    }
    let deleted = house.chat.delete(
        speaking_as(&grace, Some(Role::Moderator)),
        of_host,
        true,
        None,
        |_: Result<_, _>| (),
    );
    assert_eq!(deleted.err(), Some(Refused::Untouchable));
    news(&mut ada);
    let cleared =
        wait(|told| house.chat.clear(ada.who(), None, Role::Moderator, told).map(drop)).unwrap();
    assert_eq!(cleared["cleared"], 3);
    let told = news(&mut ada);
    let gone = told[0]["messages"].as_array().unwrap();
    assert!(gone.len() == 3 && gone.iter().all(|one| one["gone"] == true));
    house.chat.kick(ada.who(), None, Role::Moderator).unwrap();
    assert_eq!(news(&mut ada), [json!({ "type": "left", "why": "kicked" })]);
    assert_eq!(house.say(&ada, "hm").err(), Some(Refused::NotHere));
    assert_eq!(house.enter(1, "Ada").err(), Some(Refused::Kicked(minute)));
    assert_eq!(house.enter(4, "ada").err(), Some(Refused::Kicked(minute)), "without its cookie");
    // That one is known still, to be banned.
    assert_eq!(house.chat.kick(ada.who(), None, Role::Host).unwrap().person.name, "Ada");
    house.clock.advance(minute);
    house.enter(1, "Ada").unwrap();
    assert_eq!(house.chat.kick(Who::Guest(77), None, Role::Host).err(), Some(Refused::NoSuch));
}

#[test]
fn a_gift_is_told_and_kept() {
    let house = House::new();
    let (mut ada, _) = house.enter(1, "Ada").unwrap();
    house.chat.gift("Bob", "well done");
    house.say(&ada, "thanks").unwrap();
    let gift = &news(&mut ada)[0]["messages"][0];
    assert_eq!(
        (&gift["gift"], &gift["name"], &gift["text"]),
        (&true.into(), &"Bob".into(), &"well done".into())
    );
    let again = Chat::open("", &house.store, &Fake::clock().0, Vec::new());
    assert!(again.state.lock().recent.values().any(|message| message.kind == Kind::Gift));
}

#[test]
fn a_gift_says_nothing_that_its_giver_could_not_say() {
    let house = House::new();
    let (ada, _) = house.enter(1, "Ada").unwrap();
    let _bob = house.enter(2, "Bob").unwrap();
    let new = Rules { links_of_members: true, words: vec!["darn".into()], ..Rules::default() };
    wait(|told| house.chat.rule(|rules| *rules = new, told)).unwrap();
    let shown = |who: Who, role, name: &str, text: &str| {
        let giver = Giver { who, role, name: name.to_owned(), text: text.to_owned() };
        let is_free = |looks: &Looks| !looks.is_like(&Looks::of("Grace"));
        house.chat.vetted(&giver, is_free)
    };
    let text = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let (guest, cy) = (Role::Guest, Who::Guest(3));
    assert_eq!(shown(ada.who(), guest, "Ada", "for you"), text("Ada", "for you"));
    assert_eq!(shown(cy, guest, "", "for :heart:"), text("", "for \u{2764}\u{fe0f}"));
    for name in ["Host", "H\u{43e}st", "Server", "Bob", "Grace", "darn", "see https://a.example"] {
        assert_eq!(shown(cy, guest, name, "hi"), text("", "hi"), "{name}");
    }
    for said in ["darn", "at https://a.example"] {
        assert_eq!(shown(cy, guest, "Cy", said), text("Cy", ""), "{said}");
    }
    assert_eq!(shown(cy, Role::Member, "Cy", "at https://a.example").1, "at https://a.example");
    house.chat.mute(ada.who(), None, Duration::from_secs(60), Role::Host).unwrap();
    assert_eq!(shown(ada.who(), guest, "Ada", "for you"), text("", ""));
}

#[test]
fn who_drops_its_cookie_is_muted_and_slow_all_the_same() {
    let house = House::new();
    let (ada, _) = house.enter(1, "Ada").unwrap();
    let (bob, _) = house.enter(2, "Bob").unwrap();
    house.clock.advance(Duration::from_secs(1));
    let minute = Duration::from_secs(60);
    house.chat.mute(ada.who(), None, minute, Role::Moderator).unwrap();
    house.clock.advance(Duration::from_secs(10));
    drop(ada);
    let (again, _) = house.enter(3, "Adele").unwrap();
    assert!(matches!(house.say(&again, "me"), Err(Refused::Muted(_))));
    house.say(&bob, "was here before").unwrap();
    house.chat.mute(Who::Guest(1), None, Duration::ZERO, Role::Moderator).unwrap();
    house.say(&again, "me").unwrap();
    let slow = |rules: &mut Rules| rules.slow_s = 30;
    wait(|told| house.chat.rule(slow, told)).unwrap();
    let seq = house.say(&again, "first").unwrap();
    house.clock.advance(Duration::from_secs(1));
    let (other, _) = house.enter(4, "Anna").unwrap();
    assert!(matches!(house.say(&other, "second"), Err(Refused::Slow(_))));
    let edit =
        |text: &str| wait(|told| house.chat.edit(speaking_as(&again, None), seq, text, told));
    edit("one mistake is mended").unwrap();
    assert!(matches!(edit("and a second message made of it"), Err(Refused::Slow(_))));
}
