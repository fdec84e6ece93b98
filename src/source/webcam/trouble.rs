//! Says in plain language what is wrong with a camera.
//!
//! nokhwa puts the system's error into a sentence; its number is read back out of that.
//! Asks the system who holds a busy camera, and nothing else.

use nokhwa::NokhwaError;

use super::identity::{Holder, Node};
use super::system;
use crate::source::{Trouble, TroubleCode};

/// What a failed call on the camera at `node` means.
pub(super) fn of(error: &NokhwaError, node: &Node) -> Trouble {
    let words = error.to_string();
    match os_error(&words) {
        Some(ENOENT | ENXIO | ENODEV | ESHUTDOWN) => unplugged(),
        Some(EBUSY) => {
            busy(&node.place(), &node.path.as_deref().map(system::holders).unwrap_or_default())
        }
        Some(EACCES | EPERM) => denied(&node.place()),
        Some(ENOSPC) => no_room(),
        Some(_) => failed(format!("{words}. Trying again; if it stays, plug it in anew.")),
        None => unnumbered(&words, node),
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
        format!("{} lists no picture format that can be used.", node.place()),
    )
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

/// Troubles that nokhwa finds itself.
fn unnumbered(words: &str, node: &Node) -> Trouble {
    let place = node.place();
    if words.contains("Framerate not whole") {
        // nokhwa 0.10.11 opens no camera that stands at such a rate.
        failed(format!(
            "It stands at a rate that is not a whole number of pictures a second, which can't be \
             read. `v4l2-ctl -d {place} --set-parm 30` helps if it has such a rate."
        ))
    } else if words.contains("FrameFormat: unsupported") {
        failed(format!(
            "Another program left it in a picture format that can't be read. \
             `v4l2-ctl -d {place} --set-fmt-video=pixelformat=MJPG` helps, or plugging it in anew."
        ))
    } else if words.contains("Failed to Fufill") {
        no_camera(node)
    } else {
        failed(format!("{words}. Trying again."))
    }
}

fn failed(detail: impl Into<String>) -> Trouble {
    trouble(TroubleCode::Failed, "The camera can't be used", detail)
}

fn trouble(code: TroubleCode, title: &str, detail: impl Into<String>) -> Trouble {
    Trouble { code, title: title.to_owned(), detail: detail.into() }
}

/// The number in `(os error N)`.
fn os_error(words: &str) -> Option<i32> {
    let (_, rest) = words.rsplit_once("(os error ")?;
    rest.split_once(')')?.0.parse().ok()
}

const SERVICES: [&str; 2] = ["pipewire", "wireplumber"];

// Linux's numbers; elsewhere nokhwa gives sentences without one.
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
            let error = NokhwaError::OpenDeviceError("94".into(), format!("V4L2 Error: {words}"));
            assert_eq!(of(&error, &node()).code, code, "{error}");
        }
    }

    #[test]
    fn errors_without_a_number_say_what_to_do() {
        let property = |property: &str, error: &str| NokhwaError::GetPropertyError {
            property: property.into(),
            error: error.into(),
        };
        let rate = property("V4L2 FrameRate", "Framerate not whole number: 30000 / 1001");
        assert!(of(&rate, &node()).detail.contains("v4l2-ctl -d /dev/video94 --set-parm"));
        let format = property("FrameFormat", "unsupported");
        assert!(of(&format, &node()).detail.contains("pixelformat=MJPG"));
        let none = property("CameraFormat", "Failed to Fufill");
        assert_eq!(of(&none, &node()).code, TroubleCode::Missing);
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
