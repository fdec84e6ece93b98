//! Knows a camera again under another number.
//!
//! Pure: compares what `linux.rs` read. By-id name if there is one, else name and bus,
//! else the name alone.

use std::path::PathBuf;

/// A place where a camera may be, as the system lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    /// nokhwa's number of it; on Linux that of `/dev/videoN`.
    pub(super) index: u32,
    /// The device file, where there is one.
    pub(super) path: Option<PathBuf>,
    /// The camera's own name.
    pub(super) name: Option<String>,
    /// The name that stays: a link under `/dev/v4l/by-id`.
    pub(super) by_id: Option<PathBuf>,
    /// Where it is plugged in.
    pub(super) bus: Option<PathBuf>,
    /// Which of its device's nodes it is: most cameras have pictures at 0, metadata at 1.
    pub(super) part: u32,
}

impl Node {
    /// For a person: the device file, or the number.
    pub(super) fn place(&self) -> String {
        match &self.path {
            Some(path) => path.display().to_string(),
            None => format!("camera {}", self.index),
        }
    }

    /// For a person: the camera's name, or the place.
    pub(super) fn label(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.place())
    }
}

/// A program that has a camera open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Holder {
    /// Its process number.
    pub(super) process: u32,
    /// Its name.
    pub(super) program: String,
}

/// A name as it may be shown: without what steers a terminal, or blanks around it.
pub(super) fn visible(name: &str) -> String {
    name.trim().replace(char::is_control, "\u{fffd}")
}

/// What stays the same of a camera when it is plugged in again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    by_id: Option<PathBuf>,
    name: Option<String>,
    bus: Option<PathBuf>,
    part: u32,
    index: u32,
}

impl Identity {
    /// That of the camera at a node.
    pub(super) fn of(node: &Node) -> Self {
        Self {
            by_id: node.by_id.clone(),
            name: node.name.clone(),
            bus: node.bus.clone(),
            part: node.part,
            index: node.index,
        }
    }

    /// The node where that camera is now.
    pub(super) fn find<'a>(&self, nodes: &'a [Node]) -> Option<&'a Node> {
        let first = |same: &dyn Fn(&Node) -> bool| nodes.iter().find(|node| same(node));
        if let Some(found) = first(&|node| self.by_id.is_some() && node.by_id == self.by_id) {
            return Some(found);
        }
        // The by-id link comes a moment after the node, so a node without one may be it;
        // one that has another name is another camera of the same make.
        let named = |node: &Node| {
            self.name.is_some()
                && node.name == self.name
                && node.part == self.part
                && (self.by_id.is_none() || node.by_id.is_none())
        };
        first(&|node| named(node) && node.bus == self.bus)
            .or_else(|| first(&named))
            .or_else(|| first(&|node| self.name.is_none() && node.index == self.index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(index: u32, name: &str, by_id: Option<&str>, bus: Option<&str>) -> Node {
        Node {
            index,
            path: Some(format!("/dev/video{index}").into()),
            name: Some(name.to_owned()),
            by_id: by_id.map(Into::into),
            bus: bus.map(Into::into),
            part: 0,
        }
    }

    #[track_caller]
    fn found(known: &Node, nodes: &[Node], expected: Option<u32>) {
        let found = Identity::of(known).find(nodes).map(|node| node.index);
        assert_eq!(found, expected);
    }

    #[test]
    fn the_stable_name_goes_first() {
        let known = node(0, "Cam", Some("usb-a"), Some("1-1"));
        let twin = node(0, "Cam", Some("usb-b"), Some("1-1"));
        let moved = node(4, "Cam", Some("usb-a"), Some("1-2"));
        found(&known, &[twin.clone(), moved], Some(4));
        found(&known, &[twin], None);
    }

    #[test]
    fn a_node_whose_stable_name_is_not_there_yet_is_taken() {
        let known = node(0, "Cam", Some("usb-a"), Some("1-1"));
        found(&known, &[node(2, "Cam", None, Some("1-1"))], Some(2));
    }

    #[test]
    fn without_a_stable_name_the_bus_tells_twins_apart() {
        let known = node(0, "Cam", None, Some("1-1"));
        let nodes = [node(1, "Cam", None, Some("1-2")), node(2, "Cam", None, Some("1-1"))];
        found(&known, &nodes, Some(2));
        found(&known, &nodes[..1], Some(1));
        found(&known, &[node(0, "Other", None, Some("1-1"))], None);
    }

    #[test]
    fn a_metadata_node_is_not_the_camera() {
        let known = node(0, "Cam", None, None);
        let metadata = Node { part: 1, ..node(1, "Cam", None, None) };
        found(&known, &[metadata], None);
    }

    #[test]
    fn a_camera_without_a_name_is_known_by_its_number() {
        let known = Node { name: None, ..node(3, "", None, None) };
        found(&known, &[node(0, "Cam", None, None), known.clone()], Some(3));
    }
}
