use super::*;

const SMALL: &[u8] = include_bytes!("../../../../tests/data/jpeg/gray.jpg");
const LARGE: &[u8] = include_bytes!("../../../../tests/data/jpeg/ffmpeg.jpg");

/// What comes out of a body that arrives in pieces of so many bytes.
fn pieces(form: &mut Form, body: &[u8], size: usize) -> Result<Vec<Vec<u8>>, NoForm> {
    let mut found = Vec::new();
    for piece in body.chunks(size) {
        form.feed(piece);
        while let Some(piece) = form.next(false)? {
            found.push(piece.bytes);
        }
    }
    while let Some(piece) = form.next(true)? {
        found.push(piece.bytes);
    }
    Ok(found)
}

/// The same for several sizes, which must not matter.
fn all(content_type: &str, has_length: bool, body: &[u8]) -> Result<Vec<Vec<u8>>, NoForm> {
    let read = |size| pieces(&mut Form::new(content_type, has_length), body, size);
    let whole = read(body.len().max(1));
    for size in [1, 2, 3, 7, 100, 1000] {
        assert_eq!(read(size), whole, "{content_type} in pieces of {size}");
    }
    whole
}

fn part(picture: &[u8]) -> Vec<u8> {
    let head = format!("Content-Length: {}\r\n\r\n", picture.len());
    [b"--frame\r\n", head.as_bytes(), picture, b"\r\n"].concat()
}

#[test]
fn jpegs_one_after_another_are_told_by_their_bytes() {
    let body = [SMALL, LARGE, SMALL].concat();
    for content_type in [
        "",
        "application/octet-stream",
        "video/x-motion-jpeg",
        "image/jpeg",
        "text/html",
        "nonsense",
    ] {
        let found = all(content_type, false, &body).unwrap();
        assert!(found == [SMALL, LARGE, SMALL], "{content_type}: {} pieces", found.len());
    }
    // What was stated may be wrong.
    let found = all("multipart/x-mixed-replace;boundary=frame", false, &body).unwrap();
    assert!(found == [SMALL, LARGE, SMALL]);
}

#[test]
fn parts_are_told_by_their_bytes() {
    let body = [part(SMALL), part(LARGE), b"--frame--".to_vec()].concat();
    for content_type in [
        "multipart/x-mixed-replace;boundary=frame",
        "multipart/x-mixed-replace",
        "multipart/x-mixed-replace;boundary=other",
        "application/octet-stream",
        "text/plain",
        "",
    ] {
        let found = all(content_type, false, &body).unwrap();
        assert!(found == [SMALL, LARGE], "{content_type}: {} pieces", found.len());
    }
}

#[test]
fn foreign_bytes_between_pictures_are_passed_over() {
    let junk = b"\r\nno picture \xff\xd8 \xff\r\n";
    let body = [&junk[..], SMALL, junk, LARGE, junk, SMALL, junk].concat();
    assert!(all("application/octet-stream", false, &body).unwrap() == [SMALL, LARGE, SMALL]);
    let far = [&vec![b' '; 2 * MAX_FOREIGN_BYTES], SMALL].concat();
    assert_eq!(pieces(&mut Form::new("", false), &far, 1000), Err(NoForm::Other));
}

#[test]
fn a_picture_without_an_end_ends_where_the_next_begins() {
    let endless = &LARGE[..LARGE.len() - 2];
    let body = [endless, SMALL, endless].concat();
    assert!(all("", false, &body).unwrap() == [endless, SMALL, endless]);
    // One that breaks the grammar is given whole as well: what can be made of it others know.
    let mut broken = LARGE.to_vec();
    broken[3] = 0x00;
    let body = [&broken[..], SMALL].concat();
    assert!(all("", false, &body).unwrap() == [&broken[..], SMALL]);
}

#[test]
fn a_stated_picture_is_the_whole_body_as_it_is() {
    let body = [b"junk", SMALL, b"more", LARGE].concat();
    assert!(all("image/jpeg", true, &body).unwrap() == [&body[..]]);
    assert_eq!(all("image/jpg;x=y", true, b"no picture"), Ok(vec![b"no picture".to_vec()]));
    assert_eq!(all("image/jpeg", true, b""), Ok(vec![]));
}

#[test]
fn what_is_neither_is_refused() {
    for (content_type, body) in [
        ("text/html", &b"<html>"[..]),
        ("application/json; charset=utf-8", b"{}"),
        ("", b"hello"),
        ("", b""),
        ("multipart/x-mixed-replace", b"hello"),
        ("video/mp4", b"\0\0\0\x20ftypisom"),
        ("", b"--\r\n"),
        ("", b"-- \"x\"\r\n"),
        ("", b"--\xff\xfe\r\n"),
    ] {
        assert_eq!(all(content_type, false, body), Err(NoForm::Other), "{content_type}");
    }
    // A page is refused at once, though more of it may come.
    let mut form = Form::new("text/html;charset=utf-8", false);
    form.feed(b"<html>");
    assert_eq!(form.next(false), Err(NoForm::Other));
    let line = [b"--", &[b'x'; 300][..]].concat();
    assert_eq!(pieces(&mut Form::new("", false), &line, 100), Err(NoForm::Other));
}

#[test]
fn an_address_with_one_picture_is_asked_again() {
    for (content_type, has_length, body, expected) in [
        ("", false, SMALL.to_vec(), true),
        ("application/octet-stream", true, SMALL.to_vec(), true),
        ("image/jpeg", true, SMALL.to_vec(), true),
        ("image/jpeg", false, [SMALL, LARGE].concat(), true),
        ("", false, [SMALL, LARGE].concat(), false),
        ("", false, part(SMALL), false),
    ] {
        let mut form = Form::new(content_type, has_length);
        let count = pieces(&mut form, &body, 99).unwrap().len() as u64;
        assert_eq!(form.is_snapshot(count), expected, "{content_type} {has_length} {count}");
    }
}

#[test]
fn damaged_streams_end_and_hold_no_more_than_a_picture() {
    let whole = [SMALL, LARGE, b"junk", SMALL].concat();
    let mut state = 1_u32;
    for _ in 0..300 {
        let mut body = whole.clone();
        for _ in 0..5 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let at = state as usize % body.len();
            body[at] = [0xFF, 0xD8, 0xD9, 0, (state >> 8) as u8][(state >> 16) as usize % 5];
        }
        let found = pieces(&mut Form::new("", false), &body, 333).unwrap_or_default();
        assert!(found.iter().map(Vec::len).sum::<usize>() <= body.len());
    }
}

#[test]
fn a_parts_time_is_read_if_it_is_one() {
    let at = |stamp: &str| {
        let body = format!("--b\r\nX-Timestamp: {stamp}\r\nContent-Length: 1\r\n\r\nx\r\n--b\r\n");
        let mut form = Form::new("multipart/x-mixed-replace;boundary=b", false);
        form.feed(body.as_bytes());
        form.next(false).unwrap().unwrap().taken
    };
    assert_eq!(at("1700000000.250000"), Some(Duration::from_millis(1_700_000_000_250)));
    assert_eq!(at("12.5"), Some(Duration::from_millis(12_500)));
    for stamp in ["-1", "NaN", "1e300", "inf", "soon", ""] {
        assert_eq!(at(stamp), None, "{stamp}");
    }
}
