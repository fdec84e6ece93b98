//! What comes of a file that is changed.

use super::*;

const FILE: &str = "\
# The camera of the workshop.
port = 9000
title = \"Workshop\" # as on the door
source = 'exec:grab --key secret'

# Not more: the line is slow.
bandwidth = \"20M\"
host = [\"cam.example.com\", \"workshop\"] # both

# The front.
[[room]]
name = \"door\"
source = \"rtsp://user:password@10.0.0.7/live\" # Bob's
title = \"The front door\"

# Where it is warm.
[[room]]
name = \"hall\"
source = \"pattern\"

# The end.
";

fn name(text: &str) -> RoomName {
    text.parse().unwrap()
}

fn anywhere(text: &str) -> SourceText<'_> {
    SourceText { text, redirects: Redirects::Anywhere }
}

fn near(text: &str) -> SourceText<'_> {
    SourceText { text, redirects: Redirects::SameHost }
}

/// What came of one change of the file.
fn changed(text: &str, change: Edit<'_>) -> Result<String, NotEdited> {
    edit(text, &[change], &[])
}

/// The lines that are new, and those that are gone.
fn difference(text: &str, change: Edit<'_>) -> (Vec<String>, Vec<String>) {
    let new = changed(text, change).unwrap();
    let only = |one: &str, other: &str| -> Vec<String> {
        let other: Vec<&str> = other.lines().collect();
        one.lines().filter(|line| !other.contains(line)).map(str::to_owned).collect()
    };
    (only(&new, text), only(text, &new))
}

const TITLE_ALONE: New = New { mask: false, source: false, title: true, place: None };
const SOURCE_ALONE: New = New { mask: false, source: true, title: false, place: None };

#[test]
fn a_value_is_changed_in_its_place_and_nothing_else_is() {
    for (key, value, new, gone) in [
        (
            Key::Title,
            "Garage \"2\"",
            "title = 'Garage \"2\"' # as on the door",
            "title = \"Workshop\" # as on the door",
        ),
        (Key::Bandwidth, "unlimited", "bandwidth = \"unlimited\"", "bandwidth = \"20M\""),
    ] {
        let lines = difference(FILE, Edit::Value(key, Some(value)));
        assert_eq!(lines, (vec![new.to_owned()], vec![gone.to_owned()]));
    }
    let (new, gone) = difference(FILE, Edit::Value(Key::MaxViewers, Some("50")));
    assert_eq!((new, gone.len()), (vec!["max-viewers = 50".to_owned()], 0));
    let new = changed(FILE, Edit::Value(Key::MaxViewers, Some("50"))).unwrap();
    assert!(new.find("max-viewers") < new.find("[[room]]"), "{new}");
}

#[test]
fn what_is_taken_out_leaves_its_comments() {
    let new = changed(FILE, Edit::Value(Key::Bandwidth, None)).unwrap();
    let end = "# The end.\n# Not more: the line is slow.\n";
    assert!(!new.contains("bandwidth") && new.ends_with(end), "{new}");
    let new = changed(FILE, Edit::Close(&name("door"))).unwrap();
    assert!(!new.contains("10.0.0.7") && !new.contains("front door"), "{new}");
    assert!(new.ends_with("# The end.\n# The front.\n# Bob's\n"), "{new}");
    assert!(new.contains("# Where it is warm.\n[[room]]\nname = \"hall\""), "{new}");
}

#[test]
fn rooms_are_opened_changed_and_put_elsewhere() {
    let yard = name("yard");
    let room = RoomText {
        mask: None,
        name: &yard,
        source: near("http://cam/video"),
        title: Some("The yard"),
    };
    let new = changed(FILE, Edit::Open(room)).unwrap();
    let table = "\n[[room]]\nname = \"yard\"\nsource = \"http://cam/video\"\n\
                 redirects = \"same-host\"\ntitle = \"The yard\"\n";
    assert_eq!(new, FILE.replace("\n# The end.\n", &format!("{table}\n# The end.\n")));
    assert_eq!(changed(&new, Edit::Open(room)), Err(NotEdited::Taken));

    let door = name("door");
    let room = |title| RoomText { mask: None, name: &door, source: anywhere("pattern"), title };
    let (new, gone) = difference(FILE, Edit::Change(room(Some("Front")), TITLE_ALONE));
    assert_eq!(new, ["title = \"Front\""], "what it shows is as it was written");
    assert_eq!(gone, ["title = \"The front door\""]);
    let (new, gone) = difference(FILE, Edit::Change(room(None), TITLE_ALONE));
    assert_eq!((new.len(), gone), (0, vec!["title = \"The front door\"".to_owned()]));
    let (new, gone) = difference(FILE, Edit::Change(room(None), SOURCE_ALONE));
    assert_eq!(new, ["source = \"pattern\" # Bob's"]);
    assert_eq!(gone.len(), 1);

    let hall = name("hall");
    let room = RoomText { mask: None, name: &hall, source: anywhere("pattern"), title: None };
    let first = New { place: Some(0), ..New::default() };
    let new = changed(FILE, Edit::Change(room, first)).unwrap();
    let order: Vec<_> = new.lines().filter(|line| line.starts_with("name")).collect();
    assert_eq!(order, ["name = \"hall\"", "name = \"door\""]);
    assert!(new.contains("# Where it is warm.\n[[room]]\nname = \"hall\""), "{new}");
    assert!(new.contains("# The front.\n[[room]]\nname = \"door\""), "{new}");
}

#[test]
fn rooms_that_are_texts_stay_texts() {
    let file =
        "room = [\n  \"a=pattern;title=A\", # one\n  { name = \"b\", source = \"webcam:1\" },\n]\n";
    let (a, b, c) = (name("a"), name("b"), name("c"));
    let room = |name, title| RoomText { mask: None, name, source: near("http://cam/"), title };
    let new = changed(file, Edit::Change(room(&a, Some("B")), TITLE_ALONE)).unwrap();
    assert!(new.contains("\"a=pattern;title=B\", # one"), "{new}");
    let new = changed(&new, Edit::Change(room(&a, None), SOURCE_ALONE)).unwrap();
    assert!(new.contains("\"a=http://cam/;redirects=same-host;title=B\", # one"), "{new}");
    let new = changed(&new, Edit::Change(room(&b, Some("Bee")), TITLE_ALONE)).unwrap();
    assert!(new.contains("{ name = \"b\", source = \"webcam:1\" , title = \"Bee\" }"), "{new}");
    let new = changed(&new, Edit::Open(room(&c, None))).unwrap();
    assert!(new.contains("\"c=http://cam/;redirects=same-host\""), "{new}");
    let last = New { place: Some(9), ..New::default() };
    let new = changed(&new, Edit::Change(room(&a, None), last)).unwrap();
    assert!(new.find("\"a=") > new.find("\"c="), "{new}");
    let new = changed(&new, Edit::Close(&b)).unwrap();
    assert!(!new.contains("webcam") && new.contains("# one"), "{new}");
    for one in ["room = 'a=pattern'\n", "[room]\nname = 'a'\nsource = 'pattern'\n"] {
        let new = changed(one, Edit::Open(room(&c, None))).unwrap();
        assert_eq!(sources(&read(&new).unwrap()), ["pattern", "http://cam/"], "{new}");
    }
}

#[test]
fn an_empty_file_and_one_of_comments_take_what_comes() {
    let a = name("a");
    let room =
        Edit::Open(RoomText { mask: None, name: &a, source: anywhere("pattern"), title: None });
    let table = "[[room]]\nname = \"a\"\nsource = \"pattern\"\n";
    assert_eq!(changed("", room).unwrap(), table);
    let title = Edit::Value(Key::Title, Some("T"));
    assert_eq!(changed("# Mine.", title).unwrap(), "# Mine.\ntitle = \"T\"\n");
    assert_eq!(changed("port = 1", title).unwrap(), "port = 1\ntitle = \"T\"\n");
    assert_eq!(changed("port = 1\n", Edit::Close(&a)).unwrap(), "port = 1\n");
    assert_eq!(changed(table, Edit::Close(&a)).unwrap(), "");
}

#[test]
fn what_the_default_room_shows_is_written_with_its_bounds() {
    let new = changed(FILE, Edit::Source(near("http://me:pw@cam/"))).unwrap();
    assert!(new.contains("source = \"http://me:pw@cam/\"\n"), "{new}");
    assert!(new.contains("source-redirects = \"same-host\"\n"), "{new}");
    let new = changed(&new, Edit::Source(anywhere("webcam"))).unwrap();
    assert!(!new.contains("redirects") && new.contains("source = \"webcam\""), "{new}");
}

#[test]
fn no_command_file_or_device_comes_in_that_was_not_named() {
    let a = name("a");
    for text in [
        "exec:rm -rf /",
        "-",
        "/etc/passwd",
        "movie.avi",
        "..",
        "/dev/video0",
        "file:///etc/passwd",
        "exec:grab --key other",
        "webcam:x",
        "",
    ] {
        let room = RoomText { mask: None, name: &a, source: anywhere(text), title: None };
        for change in [Edit::Open(room), Edit::Source(anywhere(text))] {
            let refused = changed(FILE, change).unwrap_err();
            assert!(matches!(refused, NotEdited::Source | NotEdited::Value(_)), "{text}");
        }
    }
    for text in ["exec:grab --key secret", "webcam", "webcam:3", "pattern", "https://cam/"] {
        let room = RoomText { mask: None, name: &a, source: anywhere(text), title: None };
        assert!(changed(FILE, Edit::Open(room)).unwrap().contains(text), "{text}");
    }
    // What it named when the server started, it may name again.
    let room = RoomText { mask: None, name: &a, source: anywhere("movie.avi"), title: None };
    assert!(edit(FILE, &[Edit::Open(room)], &["movie.avi"]).is_ok());
}

#[test]
fn parts_that_look_like_others_are_refused() {
    let a = name("a");
    for (source, title) in [
        ("http://cam/;title=x", None),
        ("http://cam/;redirects=anywhere", None),
        ("http://cam/", Some("x;title=y")),
    ] {
        for file in ["", "room = ['b=pattern']\n"] {
            let room = RoomText { mask: None, name: &a, source: anywhere(source), title };
            let refused = changed(file, Edit::Open(room)).unwrap_err();
            assert!(matches!(refused, NotEdited::Value(_)), "{source} {title:?}");
        }
    }
    for (key, value) in
        [(Key::Bandwidth, "much"), (Key::MaxViewers, "0"), (Key::Title, "a\nb"), (Key::Fps, "")]
    {
        let refused = changed(FILE, Edit::Value(key, Some(value))).unwrap_err();
        assert!(matches!(refused, NotEdited::Value(_)), "{key:?}");
        assert!(key.check(value).is_err(), "{key:?}");
    }
    assert_eq!(Key::MaxViewers.check("5"), Ok(()));
}

#[test]
fn a_file_that_is_wrong_is_left_alone_and_its_line_named_without_its_values() {
    for (file, wrong) in [
        ("port = 1\nsource = http://me:secret@cam/", 2),
        ("\nbandwith = 'secret'", 2),
        ("[[room]]\nname = 'a'\nsource = 'pattern'\n[[room]]\nname = 'a'\nsource = 'secret'", 1),
    ] {
        let refused = changed(file, Edit::Value(Key::Title, Some("T"))).unwrap_err();
        let NotEdited::Broken { line, why } = refused else { panic!("{refused:?}") };
        assert!(line == wrong && !why.contains("secret"), "{line}: {why}");
    }
}

/// Numbers that are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) as usize % sides
    }
}

#[test]
fn a_file_that_is_changed_again_and_again_parses_and_keeps_every_comment() {
    let list =
        "# Head\nroom = [ # of texts\n  'a=pattern', # one\n  # two\n  \"b=webcam\"]\n# Tail";
    let names = ["a", "b", "door", "hall", "x"].map(name);
    let texts = ["pattern", "webcam:2", "http://u:p@cam/x", "rtsp://cam/", "exec:no", "-"];
    let titles = [None, Some("T"), Some("\"'#"), Some("# no comment"), Some("\u{e9}\u{1f980}")];
    for (seed, file) in [FILE, list, "", "# Alone"].into_iter().cycle().take(200).enumerate() {
        let (mut dice, mut text) = (Dice(seed as u64), file.to_owned());
        for _ in 0..20 {
            let name = &names[dice.roll(names.len())];
            let source = texts[dice.roll(texts.len())];
            let source = [anywhere(source), near(source)][dice.roll(2)];
            let room =
                RoomText { mask: None, name, source, title: titles[dice.roll(titles.len())] };
            let new = New {
                mask: false,
                source: dice.roll(2) == 0,
                title: dice.roll(2) == 0,
                place: [None, Some(0), Some(1), Some(9)][dice.roll(4)],
            };
            let change = match dice.roll(6) {
                0 => Edit::Open(room),
                1 => Edit::Close(name),
                2 => Edit::Source(source),
                3 => Edit::Value(Key::Title, room.title),
                _ => Edit::Change(room, new),
            };
            let Ok(changed) = edit(&text, &[change], &[]) else { continue };
            assert_eq!(lost_comments(&text, &changed), Vec::<&str>::new(), "{changed}");
            let settings = read(&changed).unwrap();
            let local: Vec<_> = sources(&settings).into_iter().filter(|t| is_local(t)).collect();
            assert!(local.iter().all(|text| text == "exec:grab --key secret"), "{local:?}");
            let port = |text: &str| text.contains("port = 9000\n");
            assert_eq!(port(&changed), port(file));
            text = changed;
        }
    }
}

#[test]
fn a_file_of_another_system_keeps_what_it_says() {
    let file = FILE.replace('\n', "\r\n");
    let new = changed(&file, Edit::Value(Key::Title, Some("T"))).unwrap();
    let plain = changed(FILE, Edit::Value(Key::Title, Some("T"))).unwrap();
    assert_eq!(new.replace("\r\n", "\n"), plain);
    let marked = format!("\u{feff}{FILE}");
    let new = changed(&marked, Edit::Close(&name("hall"))).unwrap();
    assert_eq!(read(&new).unwrap().len(), read(FILE).unwrap().len());
}

#[test]
fn damaged_files_are_changed_or_refused() {
    let (a, door) = (name("a"), name("door"));
    let room = |name| RoomText { mask: None, name, source: near("http://cam/"), title: Some("T") };
    let first = New { mask: false, source: true, title: true, place: Some(0) };
    let edits = [
        Edit::Open(room(&a)),
        Edit::Change(room(&door), first),
        Edit::Close(&door),
        Edit::Value(Key::Title, None),
        Edit::Source(near("http://cam/")),
    ];
    let list = "title = 'x'\nroom = [ # texts\n 'door=pattern',\n {name='b', source='webcam'} ]\n";
    for good in [FILE, list, "room.name = 'door'\nroom.source = 'pattern'\n"] {
        let mut done = 0;
        for at in (0..good.len()).step_by(5) {
            for put in ["", "'", "[", "=", "\n", "#", ".", "\r\n"] {
                let mut text = good.to_owned();
                text.replace_range(at..=at, put);
                for change in edits {
                    let Ok(new) = changed(&text, change) else { continue };
                    assert!(read(&new).is_ok(), "{text}\n-> {new}");
                    assert_eq!(lost_comments(&text, &new), Vec::<&str>::new(), "{text}\n-> {new}");
                    done += 1;
                }
            }
        }
        assert!(done > good.len() / 5, "{done}");
    }
}

#[test]
fn a_mask_is_written_into_a_rooms_table_and_between_the_parts_of_a_text() {
    let alone = New { mask: true, ..New::default() };
    let (door, a) = (name("door"), name("a"));
    let room = |name, mask| RoomText { mask, name, source: anywhere("pattern"), title: None };
    let (new, gone) = difference(FILE, Edit::Change(room(&door, Some("0,0,10,10")), alone));
    assert_eq!((new, gone.len()), (vec!["mask = \"0,0,10,10\"".to_owned()], 0));
    let file = "room = [\"a=http://cam/;redirects=same-host;title=A\"] # all\n";
    let new = changed(file, Edit::Change(room(&a, Some("0,0,10,10")), alone)).unwrap();
    let typed = "\"a=http://cam/;redirects=same-host;mask=0,0,10,10;title=A\"] # all";
    assert!(new.contains(typed), "{new}");
    assert_eq!(changed(&new, Edit::Change(room(&a, None), alone)).unwrap(), file);
    let (new, _) = difference(FILE, Edit::Value(Key::Mask, Some("1,2,3,4")));
    assert_eq!(new, ["mask = \"1,2,3,4\""]);
    let wrong = changed(file, Edit::Change(room(&a, Some("1,2,3")), alone)).unwrap_err();
    assert!(matches!(wrong, NotEdited::Value(_)), "{wrong:?}");
}
