//! Uploads on a real disk and store.

use std::time::SystemTime;

use super::*;
use crate::base::scratch::Scratch;
use crate::proto::tus::Algorithm;
use crate::store::Folder as DataFolder;
use crate::store::account::AccountId;

const ADA: Who = Who { account: None, is_host: false };
const HOST: Who = Who { account: Some(AccountId(7)), is_host: true };

struct Place {
    uploads: Arc<Uploads>,
    scratch: Scratch,
}

fn open(scratch: &Scratch) -> Arc<Uploads> {
    let folder = DataFolder::take(&scratch.path().join("data"), "me").unwrap();
    let store = Arc::new(Store::of_server(folder).unwrap());
    let library = scratch.path().join("library");
    Uploads::open(store, Clock::system(), library, Limits::default()).unwrap()
}

impl Place {
    fn new() -> Self {
        let scratch = Scratch::folder();
        Self { uploads: open(&scratch), scratch }
    }

    /// As after the end of the program, however that came.
    fn again(self) -> Self {
        let Self { uploads, scratch } = self;
        drop(uploads);
        Self { uploads: open(&scratch), scratch }
    }

    fn create(&self, name: &str, length: Option<u64>) -> KeptUpload {
        let new = New { name: name.to_owned(), length, ..New::default() };
        self.uploads.create(new, ADA).unwrap()
    }

    fn begin(&self, name: &str, offset: u64) -> Result<Piece, Refused> {
        self.uploads.begin(
            name,
            ADA,
            Wanted { offset, length: None, checksum: None, goes_on: true },
        )
    }

    fn offset(&self, name: &str) -> u64 {
        self.uploads.find(name, ADA).unwrap().offset
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.scratch.path().join("library/uploads").join(name)).unwrap()
    }
}

fn refused<T>(outcome: Result<T, Refused>) -> Refused {
    match outcome {
        Ok(_) => panic!("it was not refused"),
        Err(refused) => refused,
    }
}

fn wanted(offset: u64, algorithm: Algorithm, digest: Vec<u8>) -> Wanted {
    let checksum = Some(Checksum { algorithm, digest });
    Wanted { offset, length: None, checksum, goes_on: true }
}

#[test]
fn a_file_comes_in_pieces_and_is_received_with_the_last() {
    let place = Place::new();
    place.create("a", Some(10));
    let mut piece = place.begin("a", 0).unwrap();
    piece.write(b"0123").unwrap();
    assert_eq!(place.offset("a"), 4, "told while it comes");
    assert_eq!(piece.finish(Ending::Rest).unwrap().state, State::Coming);
    assert_eq!(refused(place.begin("a", 3)), Refused::Offset(4));
    let mut piece = place.begin("a", 4).unwrap();
    piece.write(b"456").unwrap();
    piece.write(b"789").unwrap();
    let done = piece.finish(Ending::Rest).unwrap();
    assert_eq!((done.state, done.length, done.expires), (State::Received, Some(10), None));
    assert_eq!(place.bytes("a"), b"0123456789");
    assert_eq!(refused(place.begin("a", 10)), Refused::Complete);
    assert!(place.uploads.file("a", ADA).is_ok());
}

#[test]
fn what_was_written_is_there_after_any_end_and_never_more() {
    let place = Place::new();
    place.create("a", Some(10));
    let mut piece = place.begin("a", 0).unwrap();
    piece.write(b"01234").unwrap();
    // Nobody notes how far it came.
    drop(piece);
    let place = place.again();
    assert_eq!(place.offset("a"), 5);
    let mut piece = place.begin("a", 5).unwrap();
    piece.write(b"56789").unwrap();
    assert_eq!(piece.finish(Ending::Cut).unwrap().state, State::Received);
}

#[test]
fn what_was_not_checked_is_not_there_after_any_end() {
    let place = Place::new();
    place.create("a", Some(10));
    let mut piece = place.begin("a", 0).unwrap();
    piece.write(b"01").unwrap();
    piece.finish(Ending::Rest).unwrap();
    let digest = b"\xaa".repeat(16);
    let mut piece = place.uploads.begin("a", ADA, wanted(2, Algorithm::Md5, digest)).unwrap();
    piece.write(b"2345").unwrap();
    assert_eq!(place.offset("a"), 2, "it is not checked yet");
    drop(piece);
    let place = place.again();
    assert_eq!(place.offset("a"), 2);
    drop(place.begin("a", 2).unwrap());
    assert_eq!(place.bytes("a"), b"01");
}

#[test]
fn a_piece_is_kept_only_if_it_is_what_its_checksum_says() {
    let place = Place::new();
    place.create("a", Some(6));
    // Of `abc`: FIPS 180-4 and RFC 1321.
    let sha1 = b"\xa9\x99\x3e\x36\x47\x06\x81\x6a\xba\x3e\x25\x71\x78\x50\xc2\x6c\x9c\xd0\xd8\x9d";
    let mut piece =
        place.uploads.begin("a", ADA, wanted(0, Algorithm::Sha1, sha1.to_vec())).unwrap();
    piece.write(b"ab").unwrap();
    piece.write(b"c").unwrap();
    assert_eq!(piece.finish(Ending::Rest).unwrap().offset, 3);
    let mut piece =
        place.uploads.begin("a", ADA, wanted(3, Algorithm::Sha1, sha1.to_vec())).unwrap();
    piece.write(b"abd").unwrap();
    assert_eq!(refused(piece.finish(Ending::Rest)), Refused::Checksum);
    assert_eq!((place.offset("a"), place.bytes("a")), (3, b"abc".to_vec()));
    let md5 = b"\x90\x01\x50\x98\x3c\xd2\x4f\xb0\xd6\x96\x3f\x7d\x28\xe1\x7f\x72";
    let mut piece = place.uploads.begin("a", ADA, wanted(3, Algorithm::Md5, md5.to_vec())).unwrap();
    piece.write(b"abc").unwrap();
    assert_eq!(piece.finish(Ending::Cut).unwrap().offset, 3, "half a piece cannot be checked");
}

#[test]
fn another_piece_ends_the_one_that_is_coming() {
    let place = Place::new();
    place.create("a", Some(10));
    let mut stale = place.begin("a", 0).unwrap();
    stale.write(b"01").unwrap();
    let mut fresh = place.begin("a", 2).unwrap();
    assert_eq!(refused(stale.write(b"xx")), Refused::Superseded);
    fresh.write(b"23").unwrap();
    assert_eq!(refused(stale.finish(Ending::Cut)), Refused::Superseded);
    fresh.write(b"456789").unwrap();
    assert_eq!(fresh.finish(Ending::Rest).unwrap().state, State::Received);
    assert_eq!(place.bytes("a"), b"0123456789");
}

#[test]
fn a_length_may_be_said_later_and_once() {
    let place = Place::new();
    place.create("a", None);
    let mut piece = place.begin("a", 0).unwrap();
    piece.write(b"0123").unwrap();
    assert_eq!(piece.finish(Ending::Rest).unwrap().state, State::Coming);
    let say = |length| {
        let wanted = Wanted { offset: 4, length: Some(length), checksum: None, goes_on: true };
        place.uploads.begin("a", ADA, wanted)
    };
    assert_eq!(refused(say(3)), Refused::Length);
    drop(say(6).unwrap());
    assert_eq!(refused(say(7)), Refused::Length);
    let mut piece = say(6).unwrap();
    assert_eq!(refused(piece.write(b"456")), Refused::TooLong);
    piece.write(b"45").unwrap();
    assert_eq!(piece.finish(Ending::Rest).unwrap().state, State::Received);
}

#[test]
fn what_is_deleted_takes_nothing_more_and_leaves_no_file() {
    let place = Place::new();
    place.create("a", Some(10));
    let mut piece = place.begin("a", 0).unwrap();
    piece.write(b"01").unwrap();
    place.uploads.delete("a", ADA).unwrap();
    assert_eq!(refused(piece.write(b"23")), Refused::Superseded);
    assert_eq!(refused(place.uploads.find("a", ADA)), Refused::NoSuch);
    assert!(!place.scratch.path().join("library/uploads/a").exists());
    assert_eq!(refused(place.uploads.delete("a", ADA)), Refused::NoSuch);
}

#[test]
fn who_may_not_know_of_one_finds_nothing() {
    let place = Place::new();
    place.create("a", Some(10));
    let grace = Who { account: Some(AccountId(1)), is_host: false };
    assert_eq!(refused(place.uploads.find("a", grace)), Refused::NoSuch);
    assert_eq!(refused(place.uploads.delete("a", grace)), Refused::NoSuch);
    assert_eq!(refused(place.uploads.file("a", grace)), Refused::NoSuch);
    let piece = Wanted { offset: 0, length: None, checksum: None, goes_on: true };
    assert_eq!(refused(place.uploads.begin("a", grace, piece)), Refused::NoSuch);
    assert_eq!(place.uploads.list(grace).unwrap(), []);
    assert_eq!(place.uploads.list(HOST).unwrap().len(), 1);
    assert!(place.uploads.find("a", HOST).is_ok());
}

#[test]
fn what_nobody_finishes_or_owns_is_tidied() {
    let place = Place::new();
    place.create("late", Some(10));
    place.create("coming", Some(10));
    place.create("done", Some(1));
    for name in ["late", "coming"] {
        place.begin(name, 0).unwrap().write(b"0").unwrap();
    }
    let mut piece = place.begin("done", 0).unwrap();
    piece.write(b"0").unwrap();
    piece.finish(Ending::Rest).unwrap();
    std::fs::write(place.scratch.path().join("library/uploads/orphan"), "0").unwrap();
    let coming = place.begin("coming", 1).unwrap();
    let past = SystemTime::UNIX_EPOCH;
    let age = move |connection: &Connection| {
        upload::note(connection, "late", (1, false), past)?;
        upload::note(connection, "coming", (1, false), past)
    };
    place.uploads.store.change_now(Durability::Program, age).unwrap();
    place.uploads.tidy();
    let mut names = place.uploads.folder.names().unwrap();
    names.sort();
    assert_eq!(names, ["coming", "done"]);
    drop(coming);
    place.uploads.tidy();
    assert_eq!(place.uploads.folder.names().unwrap(), ["done"]);
}

#[test]
fn what_cannot_be_gone_on_with_is_deleted_if_it_breaks_off() {
    let place = Place::new();
    for (name, ending) in [("cut", None), ("whole", Some(Ending::Last))] {
        place.create(name, Some(100));
        let wanted = Wanted { offset: 0, length: None, checksum: None, goes_on: false };
        let mut piece = place.uploads.begin(name, ADA, wanted).unwrap();
        piece.write(b"0123").unwrap();
        if let Some(ending) = ending {
            piece.finish(ending).unwrap();
        }
    }
    place.uploads.tidy();
    let left = place.uploads.list(ADA).unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(
        (left[0].name.as_str(), left[0].length),
        ("whole", Some(4)),
        "it is as long as it came"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_what_was_written_stays() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let (count, written) = disk::write_at(&full, b"0123", 0);
    assert_eq!((count, Refused::from(written.unwrap_err())), (0, Refused::DiskFull));
}
