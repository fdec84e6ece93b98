//! What people call their files, made safe to keep and to show. Pure; no file here is called by it.

use crate::proto::text::clean_line;

/// The name of a file as somebody's program sent it: without the folders before it, as one line.
pub fn clean_file_name(text: &str) -> String {
    let name = text.rsplit(['/', '\\']).next().unwrap_or_default();
    clean(name)
}

/// One line of text, cut where it is too long.
pub(super) fn clean(text: &str) -> String {
    let shown = text.chars().filter(|c| !c.is_control()).take(MOST_CHARS * 2);
    let line = clean_line(&shown.collect::<String>(), usize::MAX).unwrap_or_default();
    line.chars().take(MOST_CHARS).collect::<String>().trim_end().to_owned()
}

const MOST_CHARS: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_without_folders_and_not_too_long() {
        for (text, name) in [
            ("a.mp4", "a.mp4"),
            ("Größe 名前.mp4", "Größe 名前.mp4"),
            (r"C:\films\a.mp4", "a.mp4"),
            ("../../etc/passwd", "passwd"),
            ("a\r\nSet-Cookie: b.mp4", "aSet-Cookie: b.mp4"),
            ("gpj\u{202e}4pm.exe", "gpj4pm.exe"),
            ("a\0b", "ab"),
            ("/", ""),
            ("", ""),
        ] {
            assert_eq!(clean_file_name(text), name, "{text:?}");
        }
        assert_eq!(clean_file_name(&"é".repeat(5000)).chars().count(), MOST_CHARS);
    }
}
