//! Says in plain language what is wrong with a camera.
//!
//! Asks the system who holds a busy camera, and nothing else.

use super::identity::{Holder, Node};
use super::system;
use crate::source::{Trouble, TroubleCode};

/// What a failed call on the camera at `node` means: the system's number of the error if there is
/// one, and its words.
pub(super) fn of(number: Option<i32>, words: &str, node: &Node) -> Trouble {
    match number {
        Some(ENOENT | ENXIO | ENODEV | ESHUTDOWN) => unplugged(),
        Some(EBUSY) => {
            busy(&node.place(), &node.path.as_deref().map(system::holders).unwrap_or_default())
        }
        Some(EACCES | EPERM) => denied(&node.place()),
        Some(ENOSPC) => no_room(),
        Some(_) => failed(format!("{words}. Trying again; if it stays, plug it in anew.")),
        None => failed(format!("{words}. Trying again.")),
    }
}

/// It was there, and is gone.
pub(super) fn unplugged() -> Trouble {
    trouble(
        TroubleCode::Unplugged,
        "The camera was unplugged",
        "Trying again; it goes on by itself when it is plugged in.",
    )
}

/// It was never there.
pub(super) fn absent(wanted: &str) -> Trouble {
    trouble(
        TroubleCode::Unplugged,
        "No camera is plugged in",
        format!("Looking for {wanted}; it starts by itself when it is plugged in."),
    )
}

/// Nothing comes.
pub(super) fn stalled() -> Trouble {
    trouble(
        TroubleCode::Stalled,
        "The camera sends no pictures",
        "It is plugged in but silent. Trying again; if it stays silent, plug it in anew.",
    )
}

/// What comes can't be read.
pub(super) fn garbage() -> Trouble {
    trouble(
        TroubleCode::Garbage,
        "The camera's pictures are broken",
        "None of them can be read. Trying again; a loose cable or a USB hub is often the cause.",
    )
}

/// It gives no pictures in any form.
pub(super) fn no_camera(node: &Node) -> Trouble {
    trouble(
        TroubleCode::Missing,
        "This device gives no pictures",
        format!("{} lists no picture format.", node.place()),
    )
}

/// It gives pictures, in no format that is known here.
pub(super) fn unreadable(node: &Node, formats: &[String]) -> Trouble {
    let formats = formats.join(", ");
    trouble(
        TroubleCode::Missing,
        UNREADABLE,
        format!("{} sends {formats} and nothing else. {ADVICE}", node.place()),
    )
}

/// Whether a trouble is that of [`unreadable`].
pub(super) fn is_unreadable(trouble: &Trouble) -> bool {
    trouble.title == UNREADABLE
}

/// The thread that was reading it panicked.
pub(super) fn crashed() -> Trouble {
    failed("The camera's driver library failed. Trying again.")
}

/// The system gives no thread to read it.
pub(super) fn no_thread(error: &std::io::Error) -> Trouble {
    failed(format!("No thread could be started to read it: {error}. Trying again."))
}

fn busy(place: &str, holders: &[Holder]) -> Trouble {
    // A desktop's media service keeps all cameras open, mostly without using them.
    let service = |holder: &&Holder| SERVICES.contains(&holder.program.as_str());
    let (services, programs): (Vec<&Holder>, Vec<&Holder>) = holders.iter().partition(service);
    let holders = if programs.is_empty() { services } else { programs };
    let detail = if holders.is_empty() {
        format!("Close the program that is using {place}; it goes on by itself then.")
    } else {
        let names: Vec<String> = holders
            .iter()
            .map(|holder| format!("`{}` (process {})", holder.program, holder.process))
            .collect();
        let (verb, them) = if names.len() == 1 { ("is", "it") } else { ("are", "them") };
        format!(
            "{} {verb} using {place}. Close {them}; it goes on by itself then.",
            names.join(" and ")
        )
    };
    trouble(TroubleCode::Busy, "Another program has the camera", detail)
}

fn denied(place: &str) -> Trouble {
    trouble(
        TroubleCode::Denied,
        "This server may not use the camera",
        format!("No permission for {place}. {}", system::denied_advice()),
    )
}

fn no_room() -> Trouble {
    failed(
        "The USB bus has no room for its pictures. Plug it into another port, away from other \
         cameras, or ask for less with --size 640x480.",
    )
}

/// It can't be used, for a reason of its own.
pub(super) fn failed(detail: impl Into<String>) -> Trouble {
    trouble(TroubleCode::Failed, "The camera can't be used", detail)
}

fn trouble(code: TroubleCode, title: &str, detail: impl Into<String>) -> Trouble {
    Trouble { code, title: title.to_owned(), detail: detail.into() }
}

const UNREADABLE: &str = "This camera's format can't be read";
const ADVICE: &str = "A camera that sends MJPEG or plain pictures works; for H.264 use go2rtc.";
const SERVICES: [&str; 2] = ["pipewire", "wireplumber"];

// Linux's numbers; elsewhere there are sentences without one.
const EPERM: i32 = 1;
const ENOENT: i32 = 2;
const ENXIO: i32 = 6;
const EACCES: i32 = 13;
const EBUSY: i32 = 16;
const ENODEV: i32 = 19;
const ENOSPC: i32 = 28;
const ESHUTDOWN: i32 = 108;

#[cfg(test)]
mod tests {
    use super::*;

    fn node() -> Node {
        let path = Some("/dev/video94".into());
        Node { index: 94, path, name: None, by_id: None, bus: None, part: 0 }
    }

    #[test]
    fn each_error_number_has_its_trouble() {
        for (number, code) in [
            (2, TroubleCode::Unplugged),
            (19, TroubleCode::Unplugged),
            (16, TroubleCode::Busy),
            (13, TroubleCode::Denied),
            (28, TroubleCode::Failed),
            (5, TroubleCode::Failed),
        ] {
            let words = std::io::Error::from_raw_os_error(number).to_string();
            assert_eq!(of(Some(number), &words, &node()).code, code, "{words}");
        }
        assert_eq!(of(None, "So it is", &node()).detail, "So it is. Trying again.");
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let told = unreadable(&node(), &["H264".into(), "HEVC".into()]);
        assert_eq!(told.code, TroubleCode::Missing);
        assert!(told.detail.starts_with("/dev/video94 sends H264, HEVC and nothing else."));
        assert!(is_unreadable(&told) && !is_unreadable(&no_camera(&node())));
    }

    #[test]
    fn a_busy_camera_names_its_holders() {
        let holder = |process, program: &str| Holder { process, program: program.into() };
        assert_eq!(
            busy("/dev/video0", &[holder(1234, "ffmpeg")]).to_string(),
            "Another program has the camera. `ffmpeg` (process 1234) is using /dev/video0. \
             Close it; it goes on by itself then."
        );
        assert!(
            busy("/dev/video0", &[holder(1, "a"), holder(2, "b")])
                .detail
                .starts_with("`a` (process 1) and `b` (process 2) are using")
        );
        assert!(busy("/dev/video0", &[]).detail.starts_with("Close the program"));
    }
}
