//! Forms as browsers and programs send them, cut anywhere, and what is no form.

use super::*;

/// What a form holds, with the content of each field in one piece.
fn read(content_type: &str, pieces: &[&[u8]]) -> Result<Vec<Event>, Invalid> {
    let mut reader = FormReader::new(content_type)?;
    let (mut events, mut content) = (Vec::new(), Vec::new());
    for piece in pieces {
        reader.feed(piece);
        while let Some(event) = reader.next_event()? {
            match event {
                Event::Content(more) => content.extend_from_slice(&more),
                event => {
                    if !content.is_empty() {
                        events.push(Event::Content(std::mem::take(&mut content)));
                    }
                    events.push(event);
                }
            }
        }
    }
    Ok(events)
}

fn field(name: &str, file_name: Option<&str>, media_type: Option<&str>) -> Event {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Event::Field(Field {
        name: name.to_owned(),
        file_name: owned(file_name),
        media_type: owned(media_type),
    })
}

fn rule(content_type: &str, body: &[u8]) -> &'static str {
    read(content_type, &[body]).unwrap_err().rule
}

/// As curl 7.88 sent it for `-F title='A film' -F 'file=@a.mp4;type=video/mp4'`.
const CURL: &[u8] = include_bytes!("../../../../tests/data/http/curl-form-file.body");
const CURL_TYPE: &str = "multipart/form-data; boundary=------------------------e7c7824bf11a9587";
const SMALL: &str = "multipart/form-data; boundary=b";

fn curl() -> Vec<Event> {
    vec![
        field("title", None, None),
        Event::Content(b"A film".to_vec()),
        Event::End,
        field("file", Some("a.mp4"), Some("video/mp4")),
        Event::Content(b"\0\0\0\x18ftyp\r\n--no\r\n----\r\n\r\n-".to_vec()),
        Event::End,
        Event::Done,
    ]
}

#[test]
fn a_captured_form_is_read_at_every_cut() {
    assert_eq!(read(CURL_TYPE, &[CURL]), Ok(curl()));
    for cut in 0..CURL.len() {
        assert_eq!(read(CURL_TYPE, &[&CURL[..cut], &CURL[cut..]]), Ok(curl()), "cut at {cut}");
    }
}

#[test]
fn a_form_that_breaks_off_is_no_error_and_not_done() {
    for cut in 0..CURL.len() - 2 {
        let mut reader = FormReader::new(CURL_TYPE).unwrap();
        reader.feed(&CURL[..cut]);
        while let Some(event) = reader.next_event().unwrap() {
            assert_ne!(event, Event::Done, "cut at {cut}");
        }
        assert!(!reader.is_done(), "cut at {cut}");
    }
}

#[test]
fn pieces_of_any_size_hold_the_same() {
    for size in 1..CURL.len() {
        let pieces: Vec<&[u8]> = CURL.chunks(size).collect();
        assert_eq!(read(CURL_TYPE, &pieces), Ok(curl()), "pieces of {size}");
    }
}

#[test]
fn content_that_looks_like_a_delimiter_is_content() {
    // Every content of these few bytes: the delimiter's own, so that it begins anywhere.
    let letters = [b'\r', b'\n', b'-', b'b', b'x'];
    for number in 0..5_usize.pow(6) {
        let content: Vec<u8> =
            (0..6_u32).map(|digit| letters[number / 5_usize.pow(digit) % 5]).collect();
        if memmem::find(&[&content[..], b"\r\n--b"].concat(), b"\r\n--b") != Some(6) {
            continue;
        }
        let head: &[u8] = b"--b\r\nContent-Disposition: form-data; name=f\r\n\r\n";
        let whole = [head, &content, b"\r\n--b--\r\n"].concat();
        let middle = head.len() + 3;
        let events = read(SMALL, &[&whole[..middle], &whole[middle..]]).unwrap();
        assert_eq!(events[1], Event::Content(content), "{number}");
    }
}

#[test]
fn fields_without_content_and_forms_without_fields_are_read() {
    let body = b"--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n--b--\r\n";
    let expected = vec![field("a", None, None), Event::End, Event::Done];
    assert_eq!(read(SMALL, &[body]), Ok(expected));
    assert_eq!(read(SMALL, &[b"--b--\r\n"]), Ok(vec![Event::Done]));
    let with_more = b"not a field\r\n--b-- \r\nnor this --b\r\n";
    assert_eq!(read(SMALL, &[with_more]), Ok(vec![Event::Done]));
}

#[test]
fn names_of_files_are_read_as_browsers_write_them() {
    for (written, name) in [
        (r#"filename="a b.mp4""#, "a b.mp4"),
        (r#"filename="Größe 名前.mp4""#, "Größe 名前.mp4"),
        (r#"filename="a%22b%0D%0A.mp4""#, "a\"b\r\n.mp4"),
        (r#"filename="a\"b;c=d.mp4""#, "a\"b;c=d.mp4"),
        (r#"filename="C:\films\a.mp4""#, r"C:\films\a.mp4"),
        (r#"filename=a.mp4"#, "a.mp4"),
        (r#"FileName="""#, ""),
        (r#"filename="a.mp4"; filename*=UTF-8''b.mp4"#, "a.mp4"),
    ] {
        let body = format!(
            "--b\r\nContent-Disposition: form-data; name=\"file\"; {written}\r\n\r\n\r\n--b--"
        );
        let events = read(SMALL, &[body.as_bytes()]).unwrap();
        assert_eq!(events[0], field("file", Some(name), None), "{written}");
    }
}

#[test]
fn what_is_no_form_is_refused() {
    let disposition = "Content-Disposition: form-data; name=\"a\"";
    for (body, why) in [
        ("--b\r\nContent-Type: text/plain\r\n\r\n", "Content-Disposition"),
        ("--b\r\nContent-Disposition: attachment; name=a\r\n\r\n", "Content-Disposition"),
        ("--b\r\nContent-Disposition: form-data\r\n\r\n", "Content-Disposition"),
        ("--b\r\nContent-Disposition: form-data; name=\"a\r\n\r\n", "Content-Disposition"),
        ("--b\r\nContent-Disposition: form-data; name=a; name=b\r\n\r\n", "Content-Disposition"),
        ("--b\r\nA: b\nC: d\r\n\r\n", "CRLF: bare LF"),
        ("--b\r\n no: field\r\n\r\n", "obs-fold"),
        ("--bc\r\n", "multipart: delimiter"),
        ("--b \t--\r\n", "multipart: delimiter"),
    ] {
        assert_eq!(rule(SMALL, body.as_bytes()), why, "{body:?}");
    }
    let twice = format!("--b\r\n{disposition}\r\n{disposition}\r\n\r\n");
    assert_eq!(rule(SMALL, twice.as_bytes()), "Content-Disposition");
}

#[test]
fn each_bound_holds() {
    let idle = "x".repeat(2000);
    assert_eq!(rule(SMALL, idle.as_bytes()), "multipart: no delimiter at its start");
    let long = format!("--b\r\nContent-Disposition: form-data; name={}", "x".repeat(5000));
    assert_eq!(rule(SMALL, long.as_bytes()), "multipart: a field's head is too long");
    let lines = format!("--b\r\n{}", "A: b\r\n".repeat(200));
    assert_eq!(rule(SMALL, lines.as_bytes()), "multipart: too many lines");
    let one = "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n";
    assert!(read(SMALL, &[(one.repeat(MAX_PARTS) + "--b--").as_bytes()]).is_ok());
    assert_eq!(rule(SMALL, one.repeat(MAX_PARTS + 1).as_bytes()), "multipart: too many fields");
}

#[test]
fn only_a_form_with_one_good_boundary_is_begun() {
    for good in [
        "multipart/form-data; boundary=b",
        "Multipart/Form-Data;charset=utf-8;Boundary=\"a b'()+_,-./:=?c\"",
        "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
    ] {
        assert!(FormReader::new(good).is_ok(), "{good}");
    }
    let longest = format!("multipart/form-data; boundary={}", "b".repeat(70));
    assert!(FormReader::new(&longest).is_ok());
    for bad in [
        "multipart/mixed; boundary=b",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"b",
        "multipart/form-data; boundary=b; boundary=c",
        "multipart/form-data; boundary=\"b \"",
        "multipart/form-data; boundary=b@",
        &format!("{longest}b"),
    ] {
        assert!(FormReader::new(bad).is_err(), "{bad}");
    }
}

#[test]
fn no_more_lies_here_than_a_piece_and_a_head() {
    let mut reader = FormReader::new(SMALL).unwrap();
    reader.feed(b"--b\r\nContent-Disposition: form-data; name=a\r\n\r\n");
    let piece = [b"\r\n--".as_slice(), &[b'x'; 996]].concat();
    for _ in 0..1000 {
        reader.feed(&piece);
        while reader.next_event().unwrap().is_some() {}
        assert!(reader.buffer.len() <= piece.len() + 4096, "{}", reader.buffer.len());
    }
}
