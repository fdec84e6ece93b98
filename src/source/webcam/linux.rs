//! What only Linux tells of its cameras: nodes, stable names, who holds one.
//!
//! Reads `/dev`, `/sys` and `/proc`; opens no camera. `other.rs` stands in for it
//! on other systems.

use std::fs;
use std::path::{Path, PathBuf};

use super::identity::{Holder, Node, visible};

/// The video nodes there are, in the order of their numbers.
pub(super) fn nodes() -> Vec<Node> {
    nodes_in(Path::new("/dev"), Path::new("/sys/class/video4linux"))
}

fn nodes_in(dev: &Path, class: &Path) -> Vec<Node> {
    let stable = stable_names(&dev.join("v4l/by-id"));
    let mut nodes: Vec<Node> = entries(dev)
        .into_iter()
        .filter_map(|path| {
            let index = number(&path)?;
            let about = class.join(format!("video{index}"));
            // A driver's name for itself need not be UTF-8.
            let read =
                |name| Some(String::from_utf8_lossy(&fs::read(about.join(name)).ok()?).into());
            Some(Node {
                index,
                name: read("name").map(|name: String| visible(&name)).filter(|n| !n.is_empty()),
                by_id: stable.iter().find(|(_, target)| *target == index).map(|(id, _)| id.clone()),
                bus: fs::canonicalize(about.join("device")).ok(),
                part: read("index").and_then(|part| part.trim().parse().ok()).unwrap_or(0),
                path: Some(path),
            })
        })
        .collect();
    nodes.sort_by_key(|node| node.index);
    nodes
}

/// The number of the video node that a path leads to, through links such as those
/// under `/dev/v4l/by-id`; `None` if it leads to none.
pub(super) fn index_of(path: &Path) -> Option<u32> {
    let direct = |path: &Path| number(path).filter(|_| path.parent() == Some(Path::new("/dev")));
    direct(path).or_else(|| direct(&fs::canonicalize(path).ok()?))
}

/// The other programs that have a device open, as far as this user may see.
pub(super) fn holders(device: &Path) -> Vec<Holder> {
    let own = std::process::id();
    entries(Path::new("/proc"))
        .into_iter()
        .filter_map(|process| {
            let id: u32 = process.file_name()?.to_str()?.parse().ok()?;
            let mut files = entries(&process.join("fd")).into_iter();
            let holds = id != own
                && files.any(|file| fs::read_link(file).is_ok_and(|target| target == device));
            holds.then(|| Holder {
                process: id,
                program: fs::read_to_string(process.join("comm"))
                    .map_or_else(|_| "a program".to_owned(), |name| name.trim().to_owned()),
            })
        })
        .collect()
}

/// What a person does who may not open a camera.
pub(super) fn denied_advice() -> &'static str {
    "Add the user that runs it to the group `video` (`sudo usermod -aG video USER`), then log in again."
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
}

fn number(path: &Path) -> Option<u32> {
    let digits = path.file_name()?.to_str()?.strip_prefix("video")?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

fn stable_names(folder: &Path) -> Vec<(PathBuf, u32)> {
    let mut names: Vec<_> = entries(folder)
        .into_iter()
        .filter_map(|link| {
            let target = number(&fs::read_link(&link).ok()?)?;
            Some((link, target))
        })
        .collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn write(&self, path: &str, text: &str) {
            let path = self.0.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn nodes_carry_their_stable_names() {
        let folder = Folder::new("livestream-nodes");
        for name in ["video2", "video0", "video10", "videodev", "null"] {
            folder.write(&format!("dev/{name}"), "");
        }
        folder.write("class/video2/name", "HD Webcam\n");
        folder.write("class/video10/name", "");
        fs::write(folder.0.join("class/video10/name"), b"Kamera \xc3\x1b[2J\n").unwrap();
        folder.write("class/video2/index", "1\n");
        fs::create_dir_all(folder.0.join("dev/v4l/by-id")).unwrap();
        let link = folder.0.join("dev/v4l/by-id/usb-Maker_HD-video-index0");
        symlink("../../video2", &link).unwrap();

        let nodes = nodes_in(&folder.0.join("dev"), &folder.0.join("class"));
        assert_eq!(nodes.iter().map(|node| node.index).collect::<Vec<_>>(), [0, 2, 10]);
        assert_eq!(nodes[1].name.as_deref(), Some("HD Webcam"));
        assert_eq!(nodes[2].name.as_deref(), Some("Kamera \u{fffd}\u{fffd}[2J"));
        assert_eq!(nodes[1].by_id.as_ref(), Some(&link));
        assert_eq!(nodes[1].part, 1);
        assert_eq!((&nodes[0].by_id, &nodes[0].name, nodes[0].part), (&None, &None, 0));
    }

    #[test]
    fn a_path_leads_to_its_number() {
        assert_eq!(index_of(Path::new("/dev/video7")), Some(7));
        assert_eq!(index_of(Path::new("/dev/null")), None);
        assert_eq!(index_of(Path::new("/elsewhere/video7")), None);
        let folder = Folder::new("livestream-links");
        symlink("/dev/null", folder.0.join("camera")).unwrap();
        assert_eq!(index_of(&folder.0.join("camera")), None);
    }

    #[test]
    fn who_holds_a_file_is_told_by_name_and_number() {
        let folder = Folder::new("livestream-holders");
        folder.write("camera", "");
        let path = fs::canonicalize(folder.0.join("camera")).unwrap();
        let file = fs::File::open(&path).unwrap();
        assert_eq!(holders(&path), [], "this process does not count");
        let mut child = std::process::Command::new("sleep").arg("100").stdin(file).spawn().unwrap();
        let found = holders(&path);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(found.iter().map(|holder| holder.process).collect::<Vec<_>>(), [child.id()]);
    }
}
