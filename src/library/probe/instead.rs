//! What a file is that is no video, in words for who brought it.

/// By how the file begins; `None` if it may be a video.
pub(super) fn by_head(head: &[u8]) -> Option<&'static str> {
    if head.is_empty() {
        return Some("This file is empty: was it copied whole?");
    }
    if head.iter().all(|byte| *byte == 0) {
        return Some("This file begins with nothing but zeros: it was not copied, or not whole.");
    }
    let start = head.trim_ascii_start();
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    let known = STARTS.iter().find(|(bytes, _)| start.starts_with(bytes));
    known.map(|(_, words)| *words).or_else(|| is_text(head).then_some(TEXT))
}

/// By how the file begins, and what ffprobe said of it.
pub(super) fn by_words(head: &[u8], said: &str) -> &'static str {
    // By its name alone ffprobe takes anything for an MP4.
    let is_mp4 = head.get(4..8).is_some_and(|kind| FIRST_BOXES.contains(&kind));
    if said.contains(NO_INDEX) {
        return if is_mp4 { CUT } else { NOT_UNDERSTOOD };
    }
    let known = SAID.iter().find(|(part, _)| said.contains(part));
    known.map_or(NOT_UNDERSTOOD, |(_, words)| words)
}

/// Whether nothing but text is in it.
fn is_text(head: &[u8]) -> bool {
    let control = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c);
    let readable = match std::str::from_utf8(head) {
        Ok(_) => true,
        // The last letter may be cut.
        Err(error) => error.error_len().is_none(),
    };
    readable && !head.iter().any(control)
}

pub(super) const NOT_UNDERSTOOD: &str = "No video and no sound could be found in this file: it is broken, or of a kind that is not known here.";
pub(super) const NOTHING_IN_IT: &str =
    "There is neither a picture that moves nor sound in this file.";
const PICTURE: &str = "This is a picture, not a video.";
const TEXT: &str = "This is text, not a video.";
const PLAYLIST: &str =
    "This is a playlist: it names videos, and holds none. Bring the videos themselves.";
const ARCHIVE: &str = "This is an archive: unpack it, and bring the videos that are in it.";
const SUBTITLES: &str = "These are subtitles alone: bring the video that they belong to.";

const STARTS: [(&[u8], &str); 23] = [
    (b"%PDF", "This is a PDF, not a video."),
    (
        b"PK\x03\x04",
        "This is a ZIP archive or an office document: bring the videos that are in it.",
    ),
    (b"7z\xbc\xaf\x27\x1c", ARCHIVE),
    (b"Rar!\x1a\x07", ARCHIVE),
    (b"\x1f\x8b", ARCHIVE),
    (b"\xfd7zXZ", ARCHIVE),
    (b"BZh", ARCHIVE),
    (b"\x28\xb5\x2f\xfd", ARCHIVE),
    (b"\x89PNG", PICTURE),
    (b"GIF8", PICTURE),
    (b"II*\0", PICTURE),
    (b"MM\0*", PICTURE),
    (b"\xff\xd8\xff", PICTURE),
    (b"<svg", PICTURE),
    (b"#EXTM3U", PLAYLIST),
    (b"ffconcat", PLAYLIST),
    (b"[playlist]", PLAYLIST),
    (b"<MPD", PLAYLIST),
    (b"WEBVTT", SUBTITLES),
    (b"<!DOCTYPE", "This is a web page, not a video: save the video itself."),
    (b"<html", "This is a web page, not a video: save the video itself."),
    (b"\x7fELF", "This is a program, not a video."),
    (b"MZ", "This is a program, not a video."),
];

const NO_INDEX: &str = "moov atom not found";
const CUT: &str = "The file ends before its index: was it copied whole?";
/// What an MP4 or a MOV may begin with.
const FIRST_BOXES: [&[u8]; 6] = [b"ftyp", b"mdat", b"free", b"skip", b"wide", b"pnot"];
const SAID: [(&str, &str); 3] = [
    ("EBML header parsing failed", "The file is broken where it begins: was it copied whole?"),
    (
        "Format not on whitelist",
        "This is a kind of file that is not read here: bring MP4, MKV, WebM, MOV or TS.",
    ),
    ("Permission denied", "This program's user may not read the file."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_video_is_told_for_what_it_is() {
        for (head, part) in [
            (&b"%PDF-1.7"[..], "PDF"),
            (b"PK\x03\x04rest\0", "ZIP"),
            (b"\x89PNG\r\n\x1a\n", "picture"),
            (b"#EXTM3U\nfile:///etc/passwd", "playlist"),
            (b"\xef\xbb\xbfffconcat version 1.0", "playlist"),
            (b"  <html>", "web page"),
            ("Grüße".as_bytes(), "text"),
            (b"", "empty"),
            (&[0; 100], "zeros"),
        ] {
            let words = by_head(head).unwrap_or_else(|| panic!("{part}"));
            assert!(words.contains(part), "{part}: {words}");
        }
    }

    #[test]
    fn what_may_be_a_video_is_left_to_ffprobe() {
        for head in [
            &b"\0\0\0\x20ftypisom"[..],
            b"\x1a\x45\xdf\xa3\x93",
            b"RIFF\x10\0\0\0AVI LIST",
            b"\x47\x40\x11\x10\0",
        ] {
            assert_eq!(by_head(head), None, "{head:?}");
        }
    }

    #[test]
    fn a_file_without_its_index_was_not_copied_whole() {
        let said = "[mov,mp4 @ 0x1] moov atom not found\nfile:/x: Invalid data found";
        let head = b"\0\0\0\x20ftypisom";
        assert_eq!(by_words(head, said), "The file ends before its index: was it copied whole?");
        assert_eq!(by_words(b"noise that is none", said), NOT_UNDERSTOOD);
        assert_eq!(by_words(head, "something new"), NOT_UNDERSTOOD);
    }
}
