//! Multipart bodies (RFC 2046 §5.1): the live stream's pictures as `multipart/x-mixed-replace`, and
//! [forms](FormReader) with files in them.
//!
//! Here is what this server writes, byte for byte; [`PartReader`] reads what
//! others write. Does not hold pictures: the caller writes each between
//! [`part_head`] and [`AFTER_PICTURE`], which may go out in one vectored write.
//!
//! ```text
//! plain     DELIMITER    (part_head JPEG AFTER_PICTURE)…
//! advance   ADVANCE_HEAD (JPEG AFTER_PICTURE_ADVANCE)…
//! ```

mod form;
mod reader;

pub use form::{Event, Field, FormReader};
pub use reader::{Part, PartReader};

/// Appends the fields of one part, their empty line included.
///
/// The time is Unix time, of the capture.
pub fn part_head(out: &mut Vec<u8>, length: usize, unix_time_micros: u64) {
    let (seconds, micros) = (unix_time_micros / 1_000_000, unix_time_micros % 1_000_000);
    let head = format!(
        "Content-Type: image/jpeg\r\nContent-Length: {length}\r\n\
         X-Timestamp: {seconds}.{micros:06}\r\n\r\n"
    );
    out.extend_from_slice(head.as_bytes());
}

/// What separates parts; no picture contains it.
pub const BOUNDARY: &str = "frame";

/// The `Content-Type` of the response. Not quoted: some players take quotes for
/// a part of the boundary.
pub const CONTENT_TYPE: &str = "multipart/x-mixed-replace;boundary=frame";

/// What opens the stream.
pub const DELIMITER: &[u8] = b"--frame\r\n";

/// What follows each picture, in the same write: its own line end, and the
/// delimiter that tells a player that the picture is whole.
pub const AFTER_PICTURE: &[u8] = b"\r\n--frame\r\n";

/// What opens a stream whose part heads go ahead of the pictures.
///
/// Chromium paints a picture once the next part's head is complete; this one,
/// without length and time, can be sent before the next picture exists.
pub const ADVANCE_HEAD: &[u8] = b"--frame\r\nContent-Type: image/jpeg\r\n\r\n";

/// What follows each picture of such a stream, in the same write.
pub const AFTER_PICTURE_ADVANCE: &[u8] = b"\r\n--frame\r\nContent-Type: image/jpeg\r\n\r\n";

/// What the fields of every part begin with.
pub const PART_HEAD_START: &[u8] = b"Content-Type: image/jpeg\r\nContent-Length: ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_stream_is_as_in_the_contract() {
        let mut out = DELIMITER.to_vec();
        part_head(&mut out, 4, 1_700_000_000_000_042);
        out.extend_from_slice(b"JPEG");
        out.extend_from_slice(AFTER_PICTURE);
        let expected = "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 4\r\n\
            X-Timestamp: 1700000000.000042\r\n\r\nJPEG\r\n--frame\r\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn constants_agree_with_each_other() {
        assert_eq!(DELIMITER, format!("--{BOUNDARY}\r\n").as_bytes());
        assert!(CONTENT_TYPE.ends_with(&format!("boundary={BOUNDARY}")));
        assert_eq!(AFTER_PICTURE.strip_prefix(b"\r\n"), Some(DELIMITER));
        let mut head = Vec::new();
        part_head(&mut head, 1, 2);
        assert!(head.starts_with(PART_HEAD_START));
        assert_eq!(AFTER_PICTURE_ADVANCE.strip_prefix(b"\r\n"), Some(ADVANCE_HEAD));
    }

    #[test]
    fn what_is_written_is_read_back() {
        let pictures: [&[u8]; 3] = [b"\xff\xd8one\xff\xd9", b"", b"--fram\r\n--frame!\r\n"];
        let mut plain = DELIMITER.to_vec();
        let mut advance = ADVANCE_HEAD.to_vec();
        for picture in pictures {
            part_head(&mut plain, picture.len(), 1_700_000_000_123_456);
            plain.extend_from_slice(&[picture, AFTER_PICTURE].concat());
            advance.extend_from_slice(&[picture, AFTER_PICTURE_ADVANCE].concat());
        }
        for stream in [plain, advance] {
            let mut reader = PartReader::new(CONTENT_TYPE, 64).unwrap();
            reader.feed(&stream);
            for picture in pictures {
                assert_eq!(reader.next_part().unwrap().unwrap().body, picture);
            }
            assert_eq!(reader.next_part(), Ok(None));
        }
    }
}
