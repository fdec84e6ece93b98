//! What is for whom, and what is kept.

use std::time::SystemTime;

use super::*;
use crate::base::scratch::Scratch;
use crate::proto::cenc::{Key, Scheme};
use crate::store::Folder;
use crate::store::job::State;

/// A title of nobody's of which nothing is said.
pub(super) fn kept(id: u64) -> KeptTitle {
    KeptTitle {
        id,
        name: format!("NAME{id:02}"),
        owner: None,
        upload: None,
        details: Details::default(),
        watch: "all".to_owned(),
        has_poster: false,
        url: None,
        shown: Shown::default(),
        scheme: None,
        decrypts: false,
        made: SystemTime::UNIX_EPOCH,
        changed: SystemTime::UNIX_EPOCH,
    }
}

struct House {
    catalogue: Arc<Catalogue>,
    store: Arc<Store>,
    _scratch: Scratch,
}

impl House {
    /// With the accounts 1 and 2.
    fn new() -> Self {
        let scratch = Scratch::folder();
        let folder = Folder::take(scratch.path(), "a test").unwrap();
        let store = Arc::new(Store::of_server(folder).unwrap());
        store
            .change_now(Durability::Program, |connection| {
                connection.execute_batch(
                    "INSERT INTO account (id, name, skeleton, role, grants, made, disabled) VALUES \
                     (1, 'Ada', 'ada', 'member', '', 0, 0), (2, 'Bob', 'bob', 'member', '', 0, 0); \
                     INSERT INTO upload VALUES \
                     (1, 'one', 1, 'a.mp4', '', '', 5, 5, 0, 'received', 0, NULL), \
                     (2, 'two', 1, 'b.mp4', '', '', 5, 1, 0, 'coming', 0, 9)",
                )
            })
            .unwrap();
        let folder = scratch.path().join("videos");
        let catalogue = Catalogue::open(&store, &Clock::system(), folder).unwrap();
        Self { catalogue, store, _scratch: scratch }
    }

    /// Says that a title can be played.
    fn show(&self, id: u64) {
        let shown = Shown { length_ms: Some(60_000), lines: vec![360], generation: 1, whole: true };
        let now = SystemTime::now();
        let show = move |connection: &Connection| title::show(connection, id, &shown, now);
        assert!(self.catalogue.change(show).unwrap());
    }
}

fn new(title: &str) -> New {
    New { details: Details { title: title.to_owned(), ..Details::default() }, ..New::default() }
}

const HOST: Who = Who { account: Some(AccountId(9)), is_host: true };
const ADA: Who = Who { account: Some(AccountId(1)), is_host: false };
const BOB: Who = Who { account: Some(AccountId(2)), is_host: false };
const GUEST: Who = Who { account: None, is_host: false };

#[test]
fn a_title_is_there_for_those_who_may_watch_it_once_it_plays() {
    let house = House::new();
    let from = |watch| New { upload: Some("one".to_owned()), watch, ..new("A film") };
    let ids = Watch::ALL.map(|watch| house.catalogue.create(from(watch), ADA).unwrap().id);
    let seen = |who| ids.map(|id| house.catalogue.find(id, who).is_some());
    for (who, sees) in [(ADA, true), (HOST, true), (BOB, false), (GUEST, false)] {
        assert_eq!(seen(who), [sees; 3], "{who:?}: nothing can be played yet");
    }
    ids.iter().for_each(|id| house.show(*id));
    assert_eq!(seen(ADA), [true, true, true]);
    assert_eq!(seen(HOST), [true, true, true]);
    assert_eq!(seen(BOB), [true, true, false]);
    assert_eq!(seen(GUEST), [true, false, false]);
    let listed = house.catalogue.search(&Wish::default(), GUEST);
    assert_eq!(listed.iter().map(|title| title.kept.id).collect::<Vec<_>>(), [ids[0]]);
    let name = &listed[0].kept.name;
    assert!(house.catalogue.named(name, GUEST).is_some());
    assert!(name.len() == 6 && name.bytes().all(|byte| LETTERS.contains(&byte)), "{name}");
}

#[test]
fn only_whose_it_is_and_hosts_change_it() {
    let house = House::new();
    let id = house.catalogue.create(New { upload: Some("one".into()), ..new("A film") }, ADA);
    let id = id.unwrap().id;
    house.show(id);
    let details = Details { title: "Another".to_owned(), ..Details::default() };
    let describe = |who| house.catalogue.describe(id, who, &details, Watch::Owner);
    assert_eq!(describe(BOB), Err(Refused::NotYours));
    assert_eq!(house.catalogue.delete(id, GUEST), Err(Refused::NotYours));
    assert_eq!(describe(ADA), Ok(()));
    assert_eq!(house.catalogue.find(id, ADA).unwrap().kept.details.title, "Another");
    assert_eq!(describe(BOB), Err(Refused::NoSuch), "it is not for him any more");
    assert_eq!(house.catalogue.set_decrypts(id, HOST, true), Err(Refused::NotEncrypted));
    assert_eq!(house.catalogue.delete(id, HOST), Ok(()));
    assert!(house.catalogue.find(id, HOST).is_none());
}

#[test]
fn a_key_id_names_one_key() {
    let house = House::new();
    let with = |key: u8, kid: u8| {
        let keys = Some((Key([key; 16]), Key([kid; 16])));
        let secret = SecretWish { scheme: Scheme::Cbcs, protects: Protects::All, keys };
        New { upload: Some("one".into()), secret: Some(secret), ..new("A film") }
    };
    let create = |new| house.catalogue.create(new, ADA).map(drop);
    assert_eq!(create(with(1, 2)), Ok(()));
    assert_eq!(create(with(3, 2)), Err(Refused::KeyId), "who plays would get the other key");
    assert_eq!(create(with(1, 2)), Ok(()), "the same key may serve for several");
    assert_eq!(create(with(1, 4)), Ok(()));
}

#[test]
fn a_title_is_made_of_ones_own_upload_once_that_is_there() {
    let house = House::new();
    let from = |upload: &str| New { upload: Some(upload.to_owned()), ..new("A film") };
    let create = |upload: &str, who| house.catalogue.create(from(upload), who).map(|kept| kept.id);
    assert_eq!(create("two", ADA), Err(Refused::Unfinished));
    assert_eq!(create("one", BOB), Err(Refused::NoUpload));
    assert_eq!(create("none", ADA), Err(Refused::NoUpload));
    let id = create("one", ADA).unwrap();
    let jobs = house.store.read(job::all).unwrap();
    assert_eq!((jobs.len(), jobs[0].title, jobs[0].state), (1, id, State::Waiting));
    assert_eq!(house.catalogue.create(new(" "), ADA).unwrap_err(), BadDetails::NoTitle.into());
    let poster = New { poster: Some(b"<svg/>".to_vec()), ..new("A film") };
    assert_eq!(house.catalogue.create(poster, ADA).unwrap_err(), Refused::Poster);
    assert_eq!(house.store.read(job::all).unwrap().len(), 1, "nothing is left of them");
}

#[test]
fn no_two_titles_of_a_key_have_the_same_ivs() {
    let house = House::new();
    let keys = Some((Key([1; 16]), Key([2; 16])));
    let secret = |keys| Some(SecretWish { scheme: Scheme::Cenc, protects: Protects::All, keys });
    let create = |keys| {
        let kept = house.catalogue.create(New { secret: secret(keys), ..new("A film") }, ADA);
        kept.unwrap().id
    };
    let key = |id| house.store.read(|connection| title::key(connection, id)).unwrap().unwrap();
    let first = create(keys);
    let of_first = key(first);
    assert_eq!((of_first.key, of_first.kid, of_first.iv_block), ([1; 16], [2; 16], 0));
    house.catalogue.delete(first, ADA).unwrap();
    let of_second = key(create(keys));
    assert_eq!(of_second.iv_block, 1, "also after the first is gone");
    assert_ne!(of_second.constant_iv, of_first.constant_iv);
    let drawn = [key(create(None)), key(create(None))];
    assert_ne!(drawn[0].key, drawn[1].key);
    assert_ne!(drawn[0].kid, drawn[1].kid);
}

#[test]
fn where_somebody_is_is_kept_but_at_the_ends() {
    let house = House::new();
    let id = house.catalogue.create(new("A film"), ADA).unwrap().id;
    house.show(id);
    let note = |who: Who, at_ms| house.catalogue.note_place(id, who.account.unwrap(), who, at_ms);
    let place = |who: Who| {
        let places = house.catalogue.places(who.account.unwrap(), who).unwrap();
        places.first().map(|place| place.at_ms)
    };
    note(ADA, 30_500).unwrap();
    note(BOB, 40_000).unwrap();
    assert_eq!((place(ADA), place(BOB)), (Some(30_500), Some(40_000)));
    for end in [100, 59_000, u64::MAX] {
        note(ADA, 30_500).unwrap();
        note(ADA, end).unwrap();
        assert_eq!(place(ADA), None, "{end}");
    }
    let details = Details { title: "A film".to_owned(), ..Details::default() };
    house.catalogue.describe(id, HOST, &details, Watch::Owner).unwrap();
    assert_eq!(place(BOB), None, "it is not for him any more");
    assert_eq!(note(BOB, 1), Err(Refused::NoSuch));
}

#[test]
fn what_another_program_adds_is_seen() {
    let house = House::new();
    let heard = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let of_bell = Arc::clone(&heard);
    house.catalogue.on_change(move || {
        of_bell.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    });
    let connection =
        house.store.read(|connection| title::add(connection, &kept(0), None).map(drop));
    assert!(connection.is_err(), "readers change nothing");
    let added = house
        .store
        .change_now(Durability::Program, |connection| title::add(connection, &kept(0), None));
    let id = added.unwrap();
    let follow = |connection: &Connection| {
        house.catalogue.held.follow(connection);
        Ok(())
    };
    house.store.read(follow).unwrap();
    assert!(house.catalogue.find(id, HOST).is_some());
    house.store.read(follow).unwrap();
    assert!(heard.load(std::sync::atomic::Ordering::Relaxed) >= 1);
}
