//! The chat of a room, as people and bots have it: by the page's socket.

use std::process::Command;
use std::time::Instant;

use serde_json::{Value, json};

use crate::accounts::{PASSWORD, Person};
use crate::common::client::ask;
use crate::common::clip::Scratch;
use crate::common::program::Program;
use crate::common::server::Server;
use crate::common::{LONG, VERY_LONG, eventually_true};
use crate::socket::Page;

/// Somebody in a chat.
pub(crate) struct Talker {
    page: Page,
    asked: u64,
    /// What was told and not looked at yet.
    heard: Vec<Value>,
    /// What was told at the door.
    pub(crate) chat: Value,
}

impl Talker {
    /// Somebody without an account.
    fn guest(server: &Server, name: &str) -> Self {
        Self::enter(server, "/socket", &[], json!({ "name": name }))
    }

    pub(crate) fn person(server: &Server, person: &Person) -> Self {
        Self::enter(server, "/socket", &[("Cookie", &person.cookie)], json!({}))
    }

    pub(crate) fn enter(
        server: &Server,
        path: &str,
        fields: &[(&'static str, &str)],
        how: Value,
    ) -> Self {
        let page = Page::open_with(server, path, fields);
        let mut talker = Self { page, asked: 0, heard: Vec::new(), chat: Value::Null };
        let mut how = how;
        how["type"] = json!("enter");
        talker.chat = talker.must(how)["chat"].clone();
        talker
    }

    /// What is answered to a command.
    pub(crate) fn ask(&mut self, mut command: Value) -> Value {
        self.asked += 1;
        command["id"] = json!(self.asked);
        self.page.send(&command);
        loop {
            let told = self.page.next();
            if told["id"] == json!(self.asked) {
                return told;
            }
            self.heard.push(told);
        }
    }

    #[track_caller]
    pub(crate) fn must(&mut self, command: Value) -> Value {
        let answer = self.ask(command);
        assert_eq!(answer["type"], "answer", "{answer}");
        answer
    }

    #[track_caller]
    pub(crate) fn refused(&mut self, command: Value) -> (u64, String) {
        let answer = self.ask(command);
        assert_eq!(answer["type"], "refused", "{answer}");
        (
            answer["status"].as_u64().expect("a number"),
            answer["error"].as_str().expect("a text").to_owned(),
        )
    }

    #[track_caller]
    fn say(&mut self, text: &str) -> u64 {
        self.must(json!({ "type": "say", "text": text }))["seq"].as_u64().expect("a number")
    }

    /// Reads until something of this type is told that is so.
    #[track_caller]
    pub(crate) fn until(&mut self, kind: &str, is: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + LONG;
        loop {
            let is_it = |told: &Value| told["type"] == kind && is(told);
            if let Some(at) = self.heard.iter().position(is_it) {
                return self.heard.drain(..=at).next_back().expect("it is there");
            }
            assert!(Instant::now() < deadline, "no {kind} like that");
            let told = self.page.next();
            self.heard.push(told);
        }
    }

    /// Reads until this was said. Returns the message.
    #[track_caller]
    fn hears(&mut self, text: &str) -> Value {
        let told = self.until("chat", |told| {
            told["messages"].as_array().is_some_and(|all| all.iter().any(|one| one["text"] == text))
        });
        let messages = told["messages"].as_array().expect("a list");
        messages.iter().find(|one| one["text"] == text).expect("it is there").clone()
    }

    pub(crate) fn who(&self) -> String {
        self.chat["you"]["who"].as_str().expect("a text").to_owned()
    }
}

#[test]
fn two_people_talk_and_a_third_sees_it_later() {
    let server = Server::pattern(&[]);
    let mut ada = Talker::guest(&server, "Ada");
    let mut bob = Talker::guest(&server, "Bob");
    let seq = ada.say("hello :wave: <b>http://a.b/</b>");
    let heard = bob.hears("hello 👋 <b>http://a.b/</b>");
    assert_eq!(
        (&heard["name"], &heard["role"], &heard["seq"]),
        (&json!("Ada"), &json!("guest"), &json!(seq))
    );
    bob.must(json!({ "type": "say", "text": "hi", "reply": seq }));
    assert_eq!(ada.hears("hi")["reply"], json!(seq));
    bob.must(json!({ "type": "react", "seq": seq, "emoji": "👍", "on": true }));
    let told = ada.until("chat", |told| told["messages"][0]["reactions"].is_array());
    assert_eq!(told["messages"][0]["reactions"], json!([{ "emoji": "👍", "who": [bob.who()] }]));
    let eve = Talker::guest(&server, "Eve");
    assert_eq!(eve.chat["messages"].as_array().expect("a list").len(), 2);
    let names: Vec<_> = eve.chat["people"].as_array().expect("a list").iter().collect();
    assert_eq!(names.len(), 3);
    let (status, why) = ada.refused(json!({ "type": "enter", "name": "B0b" }));
    assert!(status == 409 && why.contains("name"), "{why}");
    drop(eve);
    bob.until("people", |told| told["left"].as_array().is_some_and(|left| !left.is_empty()));
}

#[test]
fn who_has_an_account_goes_by_its_name_and_nobody_else_does() {
    let server = Server::pattern(&[]);
    let mut host = Person::host(&server);
    let grace = Person::member(&server, &mut host, "Grace");
    let mut of_host = Talker::person(&server, &host);
    assert_eq!(of_host.chat["you"], json!({ "who": "a1", "name": "Ada", "role": "host" }));
    assert_eq!(of_host.chat["may"], json!(["talk", "publish", "moderate"]));
    let mut guest = Talker::guest(&server, "Eve");
    for name in ["Ada", "Grace", "gr\u{430}ce", "server", "Host", "\u{41d}ost", "\u{410}da"] {
        let (status, why) = guest.refused(json!({ "type": "enter", "name": name }));
        assert!([400, 409].contains(&status), "{name}: {why}");
    }
    let mut of_grace = Talker::person(&server, &grace);
    assert_eq!(of_grace.chat["you"]["role"], "member");
    // What only a host or moderator may.
    for command in [
        json!({ "type": "mute", "who": "a1", "seconds": 5 }),
        json!({ "type": "kick", "who": guest.who() }),
        json!({ "type": "ban", "who": guest.who() }),
        json!({ "type": "bans" }),
        json!({ "type": "clear", "who": guest.who() }),
        json!({ "type": "rules", "slow_s": 5 }),
    ] {
        assert_eq!(of_grace.refused(command.clone()).0, 403, "{command}");
    }
    of_host.must(json!({ "type": "rules", "slow_s": 0, "links": "members", "words": ["darn"] }));
    guest.until("rules", |told| told["rules"]["links"] == "members");
    assert_eq!(guest.refused(json!({ "type": "say", "text": "https://a.b" })).0, 403);
    of_grace.say("https://a.b");
    assert_eq!(of_grace.refused(json!({ "type": "say", "text": "Darn!" })).0, 403);
    of_host.must(json!({ "type": "rules", "members_only": true }));
    assert!(guest.refused(json!({ "type": "say", "text": "hi" })).1.contains("Sign in"));
}

#[test]
fn a_host_mutes_sends_out_and_bans_and_the_log_has_it() {
    let server = Server::pattern(&[]);
    let mut host = Person::host(&server);
    let mut of_host = Talker::person(&server, &host);
    let mut eve = Talker::guest(&server, "Eve");
    let seq = eve.say("noise");
    of_host.hears("noise");
    of_host.must(json!({ "type": "delete", "seq": seq }));
    let told = eve.until("chat", |told| told["messages"][0]["gone"] == true);
    assert_eq!(told["messages"][0]["seq"], json!(seq));
    of_host.must(json!({ "type": "mute", "who": eve.who(), "seconds": 60 }));
    eve.until("muted", |told| told["seconds"] == 60);
    assert!(eve.refused(json!({ "type": "say", "text": "hm" })).1.contains("muted"));
    of_host.must(json!({ "type": "kick", "who": eve.who() }));
    eve.until("left", |told| told["why"] == "kicked");
    assert_eq!(eve.refused(json!({ "type": "say", "text": "hm" })).0, 409);
    assert_eq!(eve.refused(json!({ "type": "enter", "name": "Eve" })).0, 403);
    // From elsewhere, so that the ban of a guest's address is not the host's own.
    let far = [("X-Forwarded-For", "203.0.113.5")];
    let mut mallory = Talker::enter(&server, "/socket", &far, json!({ "name": "Mallory" }));
    let ban = json!({ "type": "ban", "who": mallory.who(), "seconds": 3600, "why": "noise" });
    of_host.must(ban);
    mallory.until("left", |told| told["why"] == "kicked");
    eventually_true("the room is closed to it", LONG, || {
        ask(server.address(), "GET", "/state", &far, b"").status == 403
    });
    server.get("/state").expect(200);
    let bans = of_host.must(json!({ "type": "bans" }));
    assert_eq!(
        (&bans["bans"][0]["whom"], &bans["bans"][0]["why"]),
        (&json!("Mallory"), &json!("noise"))
    );
    of_host.must(json!({ "type": "lift", "ban": bans["bans"][0]["id"] }));
    eventually_true("it is open again", LONG, || {
        ask(server.address(), "GET", "/state", &far, b"").status == 200
    });
    let log = host.get(&server, "/api/v1/log").expect(200).text();
    for words in
        ["deleted a message of Eve", "muted Eve", "sent Eve out", "Mallory", "lifted the ban"]
    {
        assert!(log.contains(words), "{words}: {log}");
    }
}

#[test]
fn a_moderator_keeps_order_in_one_room_and_touches_no_host() {
    let server = Server::pattern(&["--room", "door=pattern"]);
    let mut host = Person::host(&server);
    let mut grace = Person::member(&server, &mut host, "Grace");
    let json_type = [("Content-Type", "application/json")];
    let rooms = r#"{"moderates":["door"]}"#;
    host.ask(&server, "PATCH", "/api/v1/accounts/2", &json_type, rooms).expect(200);
    grace.post(&server, "/sign-in", &[("name", "Grace"), ("password", PASSWORD)]).expect(200);
    let cookie = [("Cookie", grace.cookie.as_str())];
    let mut there = Talker::enter(&server, "/r/door/socket", &cookie, json!({}));
    assert_eq!(there.chat["you"]["role"], "moderator");
    let mut here = Talker::person(&server, &grace);
    assert_eq!(here.chat["you"]["role"], "member");
    let of_host = [("Cookie", host.cookie.as_str())];
    let mut of_host = Talker::enter(&server, "/r/door/socket", &of_host, json!({}));
    let seq = of_host.say("mine");
    let guest = Talker::enter(&server, "/r/door/socket", &[], json!({ "name": "Eve" }));
    for command in [
        json!({ "type": "delete", "seq": seq }),
        json!({ "type": "mute", "who": "a1", "seconds": 5 }),
        json!({ "type": "kick", "who": "a1" }),
        json!({ "type": "ban", "who": "a1" }),
        json!({ "type": "clear", "who": "a1" }),
    ] {
        assert_eq!(there.refused(command.clone()).0, 403, "{command}");
    }
    there.must(json!({ "type": "mute", "who": guest.who(), "seconds": 5 }));
    // It comes from the moderator's own address, and the host's: they are known, and stay.
    let mut nobody = Person::new();
    nobody.post(&server, "/viewer", &[("quality", "low")]).expect(200);
    let cookie = nobody.cookie;
    let mut mallory = Talker::enter(
        &server,
        "/r/door/socket",
        &[("Cookie", &cookie)],
        json!({ "name": "Mallory" }),
    );
    there.must(json!({ "type": "ban", "who": mallory.who() }));
    mallory.until("left", |told| told["why"] == "kicked");
    let of =
        |fields: &[(&str, &str)]| ask(server.address(), "GET", "/r/door/state", fields, b"").status;
    eventually_true("its browser is out", LONG, || of(&[("Cookie", &cookie)]) == 403);
    eventually_true("and all guests of its address", LONG, || of(&[]) == 403);
    assert_eq!(of(&[("Cookie", &grace.cookie)]), 200);
    assert_eq!(ask(server.address(), "GET", "/state", &[("Cookie", &cookie)], b"").status, 200);
    let rooms = ask(server.address(), "GET", "/rooms", &[("Cookie", &cookie)], b"").json();
    assert_eq!(rooms["rooms"].as_array().expect("a list").len(), 1, "{rooms}");
    there.say("still here");
    let log = host.get(&server, "/api/v1/log").expect(200).text();
    assert!(log.contains("banned \u{201c}Mallory\u{201d} (127.0.0.1) from /door"), "{log}");
    assert_eq!(here.refused(json!({ "type": "kick", "who": guest.who() })).0, 403);
}

#[test]
fn what_was_answered_is_there_after_a_kill_and_who_comes_back_misses_nothing() {
    let data = Scratch::new();
    let server = Server::pattern(&["--data", data.path()]);
    let mut ada = Talker::guest(&server, "Ada");
    let known = ada.chat["n"].clone();
    let said: Vec<_> = (0..5).map(|number| ada.say(&number.to_string())).collect();
    server.kill();
    drop(ada);
    let again = Server::pattern(&["--data", data.path()]);
    let back = Talker::enter(&again, "/socket", &[], json!({ "name": "Ada", "after": known }));
    let messages = back.chat["messages"].as_array().expect("a list").clone();
    let seqs: Vec<_> = messages.iter().map(|one| one["seq"].as_u64().unwrap()).collect();
    assert_eq!((seqs, &back.chat["whole"]), (said, &json!(false)));
    let texts: Vec<_> = messages.iter().map(|one| one["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["0", "1", "2", "3", "4"]);
}

#[test]
fn what_a_deleted_account_said_is_gone() {
    let server = Server::pattern(&[]);
    let mut host = Person::host(&server);
    let mut grace = Person::member(&server, &mut host, "Grace");
    let mut of_host = Talker::person(&server, &host);
    let mut of_grace = Talker::person(&server, &grace);
    let seq = of_grace.say("remember me");
    of_host.hears("remember me");
    let export = grace.get(&server, "/account/export").expect(200).json();
    assert_eq!(export["said"][0]["text"], "remember me");
    grace.post(&server, "/account/delete", &[("password", PASSWORD)]).expect(200);
    of_host.until("chat", |told| told["messages"][0] == json!({ "seq": seq, "gone": true }));
    let eve = Talker::guest(&server, "Eve");
    assert!(!eve.chat["messages"].to_string().contains("remember me"));
}

#[test]
fn who_says_much_is_told_when_to_say_more() {
    let server = Server::pattern(&[]);
    let mut ada = Talker::guest(&server, "Ada");
    let answers: Vec<_> = (0..20).map(|_| ada.ask(json!({ "type": "say", "text": "x" }))).collect();
    let refused = answers.iter().find(|one| one["type"] == "refused").expect("one is refused");
    assert_eq!((&refused["status"], &refused["wait_s"]), (&json!(429), &json!(1)));
    for wrong in [
        json!({ "type": "say" }),
        json!({ "type": "say", "text": 5 }),
        json!({ "type": "edit", "seq": -1, "text": "" }),
        json!({ "type": "rules", "links": "nobody" }),
        json!({ "type": "history", "before": "x" }),
    ] {
        assert_eq!(ada.refused(wrong).0, 400);
    }
}

#[test]
fn a_gift_is_said_in_the_chat() {
    let server = Server::pattern(&[]);
    let mut ada = Talker::guest(&server, "Ada");
    let mut bob = Talker::guest(&server, "Bob");
    bob.must(json!({ "type": "donate", "name": "Bob", "message": "well done" }));
    let gift = ada.hears("well done");
    assert_eq!((&gift["gift"], &gift["name"]), (&json!(true), &json!("Bob")));
}

#[test]
fn the_bot_of_the_documentation_answers() {
    let server = Server::pattern(&[]);
    let mut ada = Talker::guest(&server, "Ada");
    let bot = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/chat.py");
    let mut command = Command::new("python3");
    let (host, port) = (server.address().ip().to_string(), server.address().port().to_string());
    command.arg(bot).args([&host, &port, "Robot"]);
    let running = std::thread::spawn(move || Program::run(&mut command, "", VERY_LONG));
    ada.until("people", |told| told["joined"].to_string().contains("Robot"));
    ada.say("Hello Robot");
    ada.hears("Hello Ada! 👋");
    ada.say("bye Robot");
    let ended = running.join().expect("it ran");
    assert!(ended.status.success(), "{}", ended.stderr);
    assert!(String::from_utf8_lossy(&ended.stdout).contains("Ada: Hello Robot"));
}

#[test]
fn the_chat_of_a_room_is_not_heard_in_another() {
    let server = Server::pattern(&["--room", "door=pattern"]);
    let mut here = Talker::guest(&server, "Ada");
    let mut there = Talker::enter(&server, "/r/door/socket", &[], json!({ "name": "Ada" }));
    here.say("here");
    there.say("there");
    let eve = Talker::enter(&server, "/r/door/socket", &[], json!({ "name": "Eve" }));
    let messages = eve.chat["messages"].as_array().expect("a list");
    assert!(messages.len() == 1 && messages[0]["text"] == "there", "{messages:?}");
}
