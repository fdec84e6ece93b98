//! What lies below `/videos/`: `NAME/dash/FILE`, and decrypted `NAME/clear/FILE`. Pure.

/// A file of a title, as it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Address<'a> {
    /// The title's.
    pub(super) name: &'a str,
    pub(super) set: Set,
    /// Within a set of segments, as the packager made it: nothing else is asked of the disk.
    pub(super) file: &'a str,
    pub(super) sort: Sort,
}

/// As it lies there, or decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Set {
    Dash,
    Clear,
}

/// What sort of a file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// It changes with each rendition.
    Mpd,
    /// The same.
    M3u8,
    /// What stands before all segments.
    Init(Kind),
    Segment(Kind),
    Text,
}

/// What a segment holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Video,
    Audio,
}

impl<'a> Address<'a> {
    /// What stands behind `/videos/`, if something of this name could be there.
    pub(super) fn parse(rest: &'a str) -> Option<Self> {
        let (name, rest) = rest.split_once('/')?;
        let (set, file) = rest.split_once('/')?;
        let set = match set {
            "dash" => Set::Dash,
            "clear" => Set::Clear,
            _ => return None,
        };
        let is_name = name.len() == 6 && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let sort = sort(file).filter(|_| is_name)?;
        Some(Self { name, set, file, sort })
    }
}

fn sort(file: &str) -> Option<Sort> {
    match file {
        "stream.mpd" => return Some(Sort::Mpd),
        "master.m3u8" => return Some(Sort::M3u8),
        _ => {}
    }
    let (folder, file) = file.split_once('/')?;
    let (kind, number) = folder.split_once('-')?;
    let is_number = |text: &str| {
        (1..=6).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let kind = match kind {
        _ if !is_number(number) => return None,
        "video" => Some(Kind::Video),
        "audio" => Some(Kind::Audio),
        "text" => None,
        _ => return None,
    };
    match (file, file.rsplit_once('.'), kind) {
        ("index.m3u8", _, _) => Some(Sort::M3u8),
        ("init.mp4", _, Some(kind)) => Some(Sort::Init(kind)),
        (_, Some((number, "m4s")), Some(kind)) if is_number(number) => Some(Sort::Segment(kind)),
        ("all.vtt", _, None) => Some(Sort::Text),
        (_, Some((number, "vtt")), None) if is_number(number) => Some(Sort::Text),
        _ => None,
    }
}

impl Sort {
    /// Its media type.
    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Mpd => "application/dash+xml",
            Self::M3u8 => "application/vnd.apple.mpegurl",
            Self::Init(Kind::Video) | Self::Segment(Kind::Video) => "video/mp4",
            Self::Init(Kind::Audio) | Self::Segment(Kind::Audio) => "audio/mp4",
            Self::Text => "text/vtt; charset=utf-8",
        }
    }

    /// Whether it is another with each rendition that comes.
    pub(super) fn is_manifest(self) -> bool {
        matches!(self, Self::Mpd | Self::M3u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_packager_makes_is_found() {
        for (rest, file, sort) in [
            ("5F8LNI/dash/stream.mpd", "stream.mpd", Sort::Mpd),
            ("5F8LNI/dash/master.m3u8", "master.m3u8", Sort::M3u8),
            ("5F8LNI/dash/video-1/init.mp4", "video-1/init.mp4", Sort::Init(Kind::Video)),
            ("5F8LNI/dash/audio-12/345.m4s", "audio-12/345.m4s", Sort::Segment(Kind::Audio)),
            ("5F8LNI/dash/video-1/index.m3u8", "video-1/index.m3u8", Sort::M3u8),
            ("5F8LNI/dash/text-1/all.vtt", "text-1/all.vtt", Sort::Text),
            ("5F8LNI/dash/text-1/2.vtt", "text-1/2.vtt", Sort::Text),
        ] {
            let address = Address::parse(rest).unwrap();
            let found = (address.name, address.set, address.file, address.sort);
            assert_eq!(found, ("5F8LNI", Set::Dash, file, sort), "{rest}");
        }
        assert_eq!(Address::parse("5F8LNI/clear/stream.mpd").unwrap().set, Set::Clear);
    }

    #[test]
    fn nothing_else_is_asked_of_the_disk() {
        for rest in [
            "",
            "5F8LNI",
            "5F8LNI/",
            "5F8LNI/dash",
            "5F8LNI/dash/",
            "5F8LNI/dash/../poster.jpg",
            "../../dash/stream.mpd",
            "5F8LN/dash/stream.mpd",
            "5F8.NI/dash/stream.mpd",
            "5F8LNI/hls/stream.mpd",
            "5F8LNI/dash/video-1/../../x.m4s",
            "5F8LNI/dash/video-/1.m4s",
            "5F8LNI/dash/video-x/1.m4s",
            "5F8LNI/dash/video-1/1.m4s.tmp",
            "5F8LNI/dash/video-1/.m4s",
            "5F8LNI/dash/video-1/all.vtt",
            "5F8LNI/dash/text-1/init.mp4",
            "5F8LNI/dash/video-1/1234567.m4s",
            "5F8LNI/dash/video-1/1.m4s/",
            "5F8LNI/dash/film-1/1.m4s",
        ] {
            assert_eq!(Address::parse(rest), None, "{rest}");
        }
    }
}
