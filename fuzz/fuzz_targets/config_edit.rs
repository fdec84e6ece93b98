//! Changes of `livestream.toml`: what was there stays, and no command comes in.
#![no_main]

use libfuzzer_sys::fuzz_target;
use livestream::client::Redirects;
use livestream::config::{Edit, Key, New, RoomText, SourceText, edit, is_local, read_file};

fuzz_target!(|input: (&str, &str, &str, u8)| {
    let (text, source, title, which) = input;
    let name = ["a", "b", "door"][usize::from(which >> 4) % 3].parse().expect("they are names");
    let source = SourceText { text: source, redirects: Redirects::SameHost };
    let mask = (which & 4 > 0).then_some("0,0,10.5,20");
    let room = RoomText { name: &name, source, mask, title: Some(title) };
    let (source_too, place) = (which & 8 > 0, Some(usize::from(which >> 6)));
    let new = New { source: source_too, mask: source_too, title: true, place };
    let change = match which % 5 {
        0 => Edit::Open(room),
        1 => Edit::Change(room, new),
        2 => Edit::Close(&name),
        3 => Edit::Source(source),
        _ => Edit::Value(Key::Title, Some(title)),
    };
    if let Ok(changed) = edit(text, &[change], &[]) {
        assert!(read_file(&changed).is_ok(), "{changed}");
        // Where it is written as it is meant, it would be found.
        let plain = |c: char| c.is_ascii_graphic() && !"\"'\\".contains(c);
        let names = matches!(change, Edit::Open(_) | Edit::Source(_));
        if names && is_local(source.text) && source.text.chars().all(plain) {
            assert!(text.contains(source.text), "{changed}");
        }
        let again = edit(&changed, &[change], &[]);
        assert!(matches!(change, Edit::Open(_)) || again.is_ok(), "{changed}: {again:?}");
    }
});
